//! The sink keeps every promise of the contract.

use faucet_testkit::config::{self, ConfigCase};
use faucet_testkit::sink::{self, SinkCase};
use serde_json::json;

use the_crate::TheType;

#[tokio::test]
async fn it_conforms() {
    config::conforms(&ConfigCase::sink::<TheType>(json!({ "path": "x" })));
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("out");
    let case = SinkCase::new(
        async || TheType { path: path.clone() },
        async || {
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            text.lines().map(str::to_owned).collect::<Vec<_>>()
        },
    );
    sink::conforms(&case.name("the-name")).await;
}
