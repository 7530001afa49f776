//! A peer that refuses the sink as a whole, not one of its records.

use std::time::Duration;

use faucet_core::{ErrorKind, Result};
use faucet_testkit::Script;
use serde_json::{Value, json};

use crate::support::{Run, gone, in_memory, named, numbers};

/// The codes of a Close that refuses the client, and the kind of error that each is.
const REFUSALS: [(u16, ErrorKind); 5] = [
    (1008, ErrorKind::Auth),
    (3000, ErrorKind::Auth),
    (3003, ErrorKind::Auth),
    (4001, ErrorKind::Closed),
    (4999, ErrorKind::Closed),
];

/// Both modes of delivery, each with and without `reconnect`.
fn all_keys() -> Vec<Value> {
    let mut all = Vec::new();
    for delivery in ["at_most_once", "at_least_once"] {
        for reconnect in [true, false] {
            all.push(json!({"delivery": delivery, "reconnect": reconnect}));
        }
    }
    all
}

const MOMENT: Duration = Duration::from_millis(5);

/// Reads three records and answers the Ping behind the first and the one behind the last.
fn confirms() -> Script {
    Script::accept().no_close_echo().expect_data(3).expect_ping().expect_ping().pause(MOMENT)
}

/// The peer closes with `code` at the end of a run that has delivered three records. The second of each
/// says whether the sink is idle then.
fn closes(code: u16) -> [(Script, bool); 3] {
    [
        (confirms().expect_close().send_close(code, "no"), false),
        (confirms().close(code, "no"), true),
        // The peer is slow to hang up.
        (confirms().send_close(code, "no").pause(MOMENT * 10), true),
    ]
}

/// Delivers three records, and closes once the sink was idle for a moment.
async fn deliver(run: &mut Run, idle: bool) -> Result<()> {
    run.write_page(numbers(1, 3)).await.unwrap();
    run.flush_all().await.unwrap();
    if idle {
        tokio::time::sleep(MOMENT * 2).await;
    }
    let closed = run.close().await;
    assert_eq!((run.counts().delivered, run.counts().unconfirmed), (3, 0));
    closed
}

#[tokio::test(start_paused = true)]
async fn a_refusal_of_the_sink_fails_the_run_and_what_is_delivered_stays_delivered() {
    for (code, kind) in REFUSALS {
        for keys in all_keys() {
            for (script, idle) in closes(code) {
                let (peer, memory, sink) = in_memory([script], keys.clone());
                let mut run = Run::open(&sink).await;
                let error = deliver(&mut run, idle).await.expect_err("a good end");
                let words = format!("closed by the server: {code} ");
                assert!(error.to_string().contains(&words), "{keys}, {idle}: {error}");
                assert_eq!(error.kind(), kind, "{keys}, {idle}");
                assert_eq!(peer.connections()[0].texts(), named(1, 3));
                assert_eq!(memory.asked().len(), 1, "no attempt follows the end of the run");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn any_other_close_at_the_end_of_a_run_is_a_good_end() {
    for code in [1000, 1001, 1011, 1013, 3001, 3999] {
        for keys in all_keys() {
            for (script, idle) in closes(code) {
                let (_, _, sink) = in_memory([script], keys.clone());
                let mut run = Run::open(&sink).await;
                let closed = deliver(&mut run, idle).await;
                assert!(closed.is_ok(), "{code}, {keys}, {idle}: {closed:?}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn at_most_once_a_refusal_fails_the_run_and_the_records_on_their_way_are_unconfirmed() {
    for (code, kind) in REFUSALS {
        for reconnect in [true, false] {
            let script = Script::accept().no_pongs().expect_data(3).close(code, "no");
            let (peer, _, sink) = in_memory([script], json!({"reconnect": reconnect}));
            let mut run = Run::open(&sink).await;
            run.write_page(numbers(1, 3)).await.unwrap();
            gone(&peer).await;
            assert_eq!(run.flush_all().await.unwrap(), 3);
            let error = run.close().await.unwrap_err();
            assert_eq!(error.kind(), kind, "{error}");
            assert!(error.to_string().contains(&format!("{code} ")), "{error}");
            assert_eq!((run.counts().delivered, run.counts().unconfirmed), (0, 3));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn at_least_once_a_refusal_that_repeats_fails_the_flush_with_its_own_kind() {
    let refuses = || Script::accept().no_pongs().expect_data(3).close(1008, "no");
    let keys = json!({"delivery": "at_least_once"});
    let (_, memory, sink) = in_memory([refuses(), refuses()], keys);
    let mut run = Run::open(&sink).await;
    run.write_page(numbers(1, 3)).await.unwrap();
    let error = run.flush_all().await.unwrap_err();
    assert_eq!((error.kind(), memory.asked().len()), (ErrorKind::Auth, 2), "{error}");
    let counts = "0 records confirmed, 3 sent without confirmation, 0 not sent";
    assert!(error.to_string().ends_with(counts), "{error}");
    run.close().await.expect("the flush has returned the error");
}

#[tokio::test(start_paused = true)]
async fn a_refusal_that_a_connection_follows_is_no_error() {
    for code in [1008, 4001] {
        for delivery in ["at_most_once", "at_least_once"] {
            let confirms =
                Script::accept().expect_data(2).expect_ping().expect_ping().pause(MOMENT);
            let first = confirms.close(code, "no");
            let keys = json!({"delivery": delivery});
            let (peer, _, sink) = in_memory([first, Script::accept()], keys);
            let mut run = Run::open(&sink).await;
            run.write_page(numbers(1, 2)).await.unwrap();
            run.flush_all().await.unwrap();
            gone(&peer).await;
            run.write_page(numbers(3, 4)).await.unwrap();
            run.end().await.unwrap();
            assert_eq!(peer.finish().await[1].texts(), named(3, 4));
            assert_eq!((run.counts().delivered, run.counts().unconfirmed), (4, 0));
        }
    }
}
