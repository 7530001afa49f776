//! The transform keeps every promise of the contract.

use the_crate::TheTypeConfig;
use faucet_core::TransformConfig;
use faucet_testkit::config::{self, ConfigCase};
use faucet_testkit::transform::{self, TransformCase};
use serde_json::json;

#[tokio::test(start_paused = true)]
async fn it_conforms() {
    config::conforms(&ConfigCase::transform::<TheTypeConfig>(json!({ "bytes": 2 })));
    let long = async || TheTypeConfig { bytes: 2 }.build().expect("it builds");
    let case = TransformCase::new(long).inputs(["1", "22", "333"]).expect(["22", "333"]);
    transform::conforms(&case.name("the-name")).await;
}
