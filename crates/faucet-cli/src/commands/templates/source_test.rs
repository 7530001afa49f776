//! The source keeps every promise of the contract.

use the_crate::TheTypeConfig;
use faucet_core::SourceConfig;
use faucet_testkit::config::{self, ConfigCase};
use faucet_testkit::source::{self, SourceCase};
use serde_json::json;

#[tokio::test(start_paused = true)]
async fn it_conforms() {
    config::conforms(&ConfigCase::source::<TheTypeConfig>(json!({ "last": 3 })));
    let numbers = async || TheTypeConfig { last: 3 }.build().expect("it builds");
    let case = SourceCase::new(numbers).payloads(["1", "2", "3"]).page_limit(1).name("the-name");
    source::conforms(&case).await;
}
