//! Records that the peer does not want.

use faucet_core::ErrorKind;
use faucet_testkit::{Script, ScriptedServer};
use serde_json::json;

use crate::support::{Run, all_texts, at_least_once, distinct, named, numbers, sink, soon};

/// Reads `good` records, each with its Ping, which it answers, and refuses the next.
fn refuses_after(good: usize, code: u16) -> Script {
    let reading = (0..good).fold(Script::accept(), |s, _| s.expect_data(1).expect_ping());
    reading.no_pongs().expect_data(1).close(code, "not this one")
}

/// Reads `n` records, and refuses one of them.
fn refuses_one_of(n: usize, code: u16) -> Script {
    Script::accept().no_pongs().expect_data(n).close(code, "not this one")
}

#[tokio::test]
async fn a_poison_record_is_named_the_rest_is_sent_and_nothing_loops() {
    for code in [1003, 1007, 1009] {
        let server = ScriptedServer::start([
            refuses_one_of(10, code),
            // They come again, one by one, and so does the seventh.
            refuses_after(6, code),
            Script::accept(),
        ])
        .await;
        let mut run = Run::open(&sink(&server.url(), at_least_once(json!({})))).await;
        let written = run.write(numbers(1, 10)).await;
        let error = match written {
            Err(error) => error,
            Ok(()) => run.flush().await.unwrap_err(),
        };
        assert_eq!(error.kind(), ErrorKind::Sink);
        let text = error.to_string();
        assert!(text.starts_with("the peer refused record 7 of 8 bytes: "), "{text}");
        assert!(text.contains(&format!("{code} ")) && text.contains("not this one"), "{text}");
        run.close().await.unwrap();
        let seen = soon(server.finish()).await;
        assert_eq!(seen.len(), 3);
        assert_eq!(seen[2].texts(), named(8, 10), "{code}");
        let meter = run.meter();
        assert_eq!((meter.delivered, meter.unconfirmed), (9, 0));
        assert_eq!(meter.skipped.get("refused_by_peer"), Some(&1));
        assert_eq!(distinct(&all_texts(&seen)), named(1, 10));
    }
}

#[tokio::test]
async fn a_peer_that_refuses_everything_ends_the_run() {
    let server = ScriptedServer::start((0..20).map(|_| refuses_after(0, 1003))).await;
    let keys = at_least_once(json!({"max_reconnect_attempts": 3}));
    let mut run = Run::open(&sink(&server.url(), keys)).await;
    let written = run.write(numbers(1, 10)).await;
    let error = match written {
        Err(error) => error,
        Ok(()) => run.flush().await.unwrap_err(),
    };
    assert!(error.to_string().contains("1003 unsupported data"), "{error}");
    drop(run.writer);
    let seen = soon(server.finish()).await;
    assert!(seen.len() <= 4, "{} connections", seen.len());
}

#[tokio::test]
async fn at_most_once_the_refused_record_is_one_of_those_named_and_the_rest_is_sent() {
    let server = ScriptedServer::start([refuses_one_of(3, 1009), Script::accept()]).await;
    let keys = json!({"reconnect_backoff": 0.001});
    let mut run = Run::open(&sink(&server.url(), keys)).await;
    run.write(numbers(1, 3)).await.unwrap();
    soon(server.until(|seen| seen[0].end.is_some())).await;
    let error = run.write(numbers(4, 6)).await.unwrap_err();
    assert!(
        error.to_string().starts_with("the peer refused one of the records 1 to 3: "),
        "{error}"
    );
    run.close().await.unwrap();
    assert_eq!(soon(server.finish()).await[1].texts(), named(4, 6));
    assert_eq!((run.meter().unconfirmed, run.meter().delivered), (3, 3));
}
