//! Jetstream: a cursor in the query, over a cut and over the end of the process.

use faucet_stream::End;
use faucet_testkit::{Script, ScriptedServer};
use serde_json::json;

use crate::recipe::{Recipe, cut};

fn event(time: u64) -> String {
    json!({"did": "did:plc:a", "kind": "commit", "time_us": time}).to_string()
}

/// A connection that brings these events.
fn events(times: &[u64]) -> Script {
    times.iter().fold(Script::accept(), |script, time| script.send_text(event(*time)))
}

const COLLECTIONS: &str =
    "wantedCollections=app.bsky.feed.post&wantedCollections=app.bsky.feed.like";

#[tokio::test]
async fn each_event_is_recorded_once_over_a_cut_and_a_restart() {
    let server = ScriptedServer::start([
        cut(events(&[10, 20, 21].map(|second| second * 1_000_000))),
        // Five seconds are repeated.
        events(&[20, 21, 22].map(|second| second * 1_000_000)).expect_close(),
        events(&[20, 21, 22, 23, 24, 25, 26].map(|second| second * 1_000_000)).expect_close(),
    ])
    .await;
    let recipe =
        Recipe::new("jetstream", 4).with("wss://jetstream2.us-east.bsky.network/", &server.url());
    let first = recipe.run(&[]).await;
    assert_eq!(first.report.ended, End::MaxMessages, "{:?}", first.report.error);
    let of = |seconds: &[u64]| -> Vec<String> {
        seconds.iter().map(|second| event(second * 1_000_000)).collect()
    };
    assert_eq!(first.lines, of(&[10, 20, 21, 22]));
    assert_eq!(first.report.reconnects, 1);

    // A new run remembers the records of the one before.
    let second = first.recipe.run(&[]).await;
    let seen = server.finish().await;
    assert_eq!(second.report.ended, End::MaxMessages, "{:?}", second.report.error);
    assert_eq!(second.lines, of(&[10, 20, 21, 22, 23, 24, 25, 26]));
    let paths: Vec<&str> = seen.iter().map(|seen| seen.path()).collect();
    assert_eq!(
        paths,
        [
            format!("/subscribe?{COLLECTIONS}"),
            format!("/subscribe?cursor=16000000&{COLLECTIONS}"),
            format!("/subscribe?cursor=17000000&{COLLECTIONS}"),
        ]
    );
}
