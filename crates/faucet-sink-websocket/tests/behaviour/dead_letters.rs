//! Records that the peer refuses, in a pipeline that has a place for them.

use faucet_core::{Payload, Scope};
use faucet_testkit::{Script, ScriptedServer};
use serde_json::json;

use crate::support::{Run, all_texts, at_least_once, distinct, in_memory, named, numbers, sink};
use crate::support::{soon, with};

/// Reads and answers until this record comes, which it refuses.
fn refuses(record: u64) -> Script {
    Script::accept().read_to(format!("record {record}")).close(1003, "not this one")
}

fn diverting() -> Scope {
    Scope::default().with_dead_letter()
}

/// The texts of the records that came back.
fn rejected(run: &Run) -> Vec<String> {
    let text = |payload: &Payload| String::from_utf8_lossy(payload.as_bytes()).into_owned();
    run.rejected.iter().map(|rejected| text(rejected.record.payload())).collect()
}

#[tokio::test]
async fn a_refused_record_comes_back_with_the_flush_and_the_run_goes_on() {
    let scripts = [refuses(7), refuses(7), Script::accept()];
    let server = ScriptedServer::start(scripts).await;
    let sink = sink(&server.url(), at_least_once(json!({})));
    let mut run = Run::open_in(&sink, diverting()).await;
    run.write(numbers(1, 10)).await.unwrap();
    assert_eq!(run.flush().await.unwrap(), 0);
    assert_eq!(rejected(&run), ["record 7"]);
    let reason = &run.rejected[0].reason;
    assert!(reason.contains("1003 ") && reason.contains("not this one"), "{reason}");
    run.write(numbers(11, 12)).await.unwrap();
    run.end().await.unwrap();
    let counts = run.counts();
    assert_eq!((counts.delivered, counts.unconfirmed, run.rejected.len()), (11, 0, 1));
    assert_eq!(run.skipped("refused_by_peer"), 0, "the runner counts it");
    assert_eq!(distinct(&all_texts(&soon(server.finish()).await)), named(1, 12));
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_refuses_one_record_after_the_other_takes_the_rest_all_the_same() {
    // More refusals than attempts to reconnect: each takes a record out of the way.
    let refusals = (1..=5).flat_map(|record| [refuses(record), refuses(record)]);
    let scripts = refusals.chain([Script::accept()]);
    let keys = json!({"delivery": "at_least_once", "max_reconnect_attempts": 3});
    let (peer, _, sink) = in_memory(scripts, keys);
    let mut run = Run::open_in(&sink, diverting()).await;
    run.write_page(numbers(1, 8)).await.unwrap();
    assert_eq!(run.flush_all().await.unwrap(), 0);
    assert_eq!(rejected(&run), named(1, 5));
    assert_eq!(run.counts().delivered, 3);
    run.end().await.unwrap();
    assert_eq!(peer.finish().await[10].texts(), named(6, 8));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_that_names_no_record_is_an_error_also_with_a_place_for_records() {
    for (delivery, words) in [
        ("at_most_once", "one of the records 1 to 3, or one before them"),
        ("at_least_once", "one of the records up to 3"),
    ] {
        let script = Script::accept().expect_data(3).expect_ping().close(1003, "no");
        let mute = Script::accept().no_pongs().expect_data(3).close(1003, "no");
        let script = if delivery == "at_most_once" { mute } else { script };
        let (_, _, sink) = in_memory([script, Script::accept()], json!({"delivery": delivery}));
        let mut run = Run::open_in(&sink, diverting()).await;
        run.write_page(numbers(1, 3)).await.unwrap();
        // Everything is confirmed, or lost, before the refusal comes in.
        tokio::time::sleep(std::time::Duration::from_secs(5)).await;
        let error = run.flush_all().await.unwrap_err();
        assert!(error.to_string().starts_with(&format!("the peer refused {words}")), "{error}");
        assert!(run.rejected.is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_gone_for_good_hands_back_what_was_refused_before() {
    let gone = Script::accept().expect_data(1).then_refuse().hang_up();
    let keys = at_least_once(json!({"max_unconfirmed_records": 4}));
    let keys = with(keys, json!({"max_reconnect_attempts": 2}));
    let (_, _, sink) = in_memory([refuses(2), refuses(2), gone], keys);
    let mut run = Run::open_in(&sink, diverting()).await;
    let error = run.write_page(numbers(1, 20)).await.unwrap_err();
    let written = error.written().unwrap();
    assert!((2..20).contains(&written), "{error}");
    run.flush_all().await.unwrap();
    run.close().await.unwrap();
    let counts = run.counts();
    assert_eq!(rejected(&run), ["record 2"]);
    assert_eq!(counts.delivered + counts.unconfirmed + 1, written);
    assert_eq!(counts.not_written, 20 - written);
}
