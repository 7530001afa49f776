//! The source keeps every promise of the contract.

use faucet_testkit::config::{self, ConfigCase};
use faucet_testkit::source::{self, SourceCase};
use serde_json::json;

use the_crate::TheType;

#[tokio::test(start_paused = true)]
async fn it_conforms() {
    config::conforms(&ConfigCase::source::<TheType>(json!({ "last": 3 })));
    let numbers = async || TheType { last: 3 };
    let case = SourceCase::new(numbers)
        .payloads(["1", "2", "3"])
        .page_limit(1)
        .name("the-name");
    source::conforms(&case).await;
}
