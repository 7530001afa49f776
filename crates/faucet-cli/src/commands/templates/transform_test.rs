//! The transform keeps every promise of the contract.

use faucet_testkit::config::{self, ConfigCase};
use faucet_testkit::transform::{self, TransformCase};
use serde_json::json;

use the_crate::TheType;

#[tokio::test(start_paused = true)]
async fn it_conforms() {
    config::conforms(&ConfigCase::transform::<TheType>(json!({ "bytes": 2 })));
    let long = async || TheType { bytes: 2 };
    let case = TransformCase::new(long)
        .inputs(["1", "22", "333"])
        .expect(["22", "333"]);
    transform::conforms(&case.name("the-name")).await;
}
