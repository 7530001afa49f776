//! Records that the peer does not want.

use std::time::Duration;

use faucet_core::{Error, ErrorKind, StreamPage};
use faucet_testkit::{Script, ScriptedServer};
use serde_json::json;

use crate::support::{
    Run, all_texts, at_least_once, distinct, in_memory, named, numbers, sink, soon, with,
};

/// Reads and answers until this record comes, which it refuses.
fn refuses(record: u64, code: u16) -> Script {
    Script::accept().read_to(format!("record {record}")).close(code, "not this one")
}

/// Writes `page` and flushes it: what either says went wrong.
async fn failure(run: &mut Run, page: StreamPage) -> Error {
    match run.write_page(page).await {
        Err(error) => error,
        Ok(()) => run.flush_all().await.unwrap_err(),
    }
}

#[tokio::test]
async fn a_poison_record_is_named_the_rest_is_sent_and_nothing_loops() {
    for code in [1003, 1007, 1009] {
        // They come again, one by one, and so does the seventh.
        let scripts = [refuses(7, code), refuses(7, code), Script::accept()];
        let server = ScriptedServer::start(scripts).await;
        let mut run = Run::open(&sink(&server.url(), at_least_once(json!({})))).await;
        let error = soon(failure(&mut run, numbers(1, 10))).await;
        assert_eq!(error.kind(), ErrorKind::Sink);
        let text = error.to_string();
        assert!(text.starts_with("the peer refused record 7 of 8 bytes: "), "{text}");
        assert!(text.contains(&format!("{code} ")) && text.contains("not this one"), "{text}");
        run.end().await.unwrap();
        let seen = soon(server.finish()).await;
        assert_eq!(seen.len(), 3);
        assert_eq!(seen[2].texts(), named(8, 10), "{code}");
        // A flush that fails leaves all its records unconfirmed.
        let counts = run.counts();
        assert!(matches!((counts.delivered, counts.unconfirmed), (9, 1) | (0, 10)), "{counts:?}");
        assert_eq!(run.skipped("refused_by_peer"), 1);
        assert_eq!(distinct(&all_texts(&seen)), named(1, 10));
    }
}

#[tokio::test]
async fn a_poison_record_is_found_though_the_peer_answers_no_ping_before_it() {
    let server = ScriptedServer::start([
        Script::accept().no_pongs().read_to("record 7").close(1003, "not this one"),
        refuses(7, 1003),
        refuses(7, 1003),
        Script::accept(),
    ])
    .await;
    let mut run = Run::open(&sink(&server.url(), at_least_once(json!({})))).await;
    let error = soon(failure(&mut run, numbers(1, 10))).await;
    assert!(error.to_string().starts_with("the peer refused record 7 of 8 bytes: "), "{error}");
    run.end().await.unwrap();
    assert_eq!(soon(server.finish()).await[3].texts(), named(8, 10));
}

#[tokio::test]
async fn a_refusal_behind_the_records_pong_is_laid_on_that_record() {
    // A library that answers at once, and a program that looks at the record a moment later.
    let late = Script::accept().expect_ping().expect_data(1).expect_ping().close(1003, "late");
    let scripts = [refuses(1, 1003), late, Script::accept()];
    let server = ScriptedServer::start(scripts).await;
    let mut run = Run::open(&sink(&server.url(), at_least_once(json!({})))).await;
    let error = soon(failure(&mut run, numbers(1, 3))).await;
    assert!(error.to_string().starts_with("the peer refused record 1 of 8 bytes"), "{error}");
    run.end().await.unwrap();
    assert_eq!(soon(server.finish()).await[2].texts(), named(2, 3));
    assert_eq!(run.counts().delivered + run.counts().unconfirmed, 3);
}

#[tokio::test]
async fn a_refusal_that_nothing_explains_is_reported_all_the_same() {
    for (script, flushed, words) in [
        // The search for it finds nobody.
        (refuses(2, 1003), false, "one of the records 2 to 3, or one before them"),
        // The refusal comes when everything is confirmed.
        (
            Script::accept().expect_data(3).expect_ping().close(1003, "not this one"),
            true,
            "one of the records up to 3",
        ),
    ] {
        let server = ScriptedServer::start([script, Script::accept()]).await;
        let mut run = Run::open(&sink(&server.url(), at_least_once(json!({})))).await;
        run.write(numbers(1, 3)).await.unwrap();
        let error = if flushed {
            soon(server.until(|seen| seen[0].end.is_some())).await;
            soon(failure(&mut run, numbers(4, 4))).await
        } else {
            run.flush().await.unwrap_err()
        };
        let words = format!("the peer refused {words}: ");
        assert!(error.to_string().starts_with(&words), "{error}");
        run.end().await.unwrap();
        assert_eq!(run.counts().delivered + run.counts().unconfirmed, if flushed { 4 } else { 3 });
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_in_place_of_the_answer_to_our_close_is_reported() {
    for delivery in ["at_least_once", "at_most_once"] {
        let script = Script::accept().no_close_echo().expect_close().send_close(1003, "no");
        let (_, _, sink) = in_memory([script], json!({"delivery": delivery}));
        let mut run = Run::open(&sink).await;
        run.write_page(numbers(1, 2)).await.unwrap();
        run.flush_all().await.unwrap();
        let error = run.close().await.unwrap_err().to_string();
        assert!(error.starts_with("the peer refused one of the records up to 2: "), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_reported_though_the_peer_is_slow_to_hang_up_and_nothing_comes_after_it() {
    for keys in [json!({"reconnect": false}), json!({"max_reconnect_attempts": 0}), json!({})] {
        for delivery in ["at_least_once", "at_most_once"] {
            let read = Script::accept().no_close_echo().expect_data(2).expect_ping();
            let moment = Duration::from_millis(50);
            let script = read.pause(moment).send_close(1003, "no").pause(moment * 10);
            let keys = with(json!({"delivery": delivery}), keys.clone());
            let (_, _, sink) = in_memory([script], keys.clone());
            let mut run = Run::open(&sink).await;
            run.write_page(numbers(1, 2)).await.unwrap();
            run.flush_all().await.unwrap();
            tokio::time::sleep(Duration::from_millis(100)).await;
            let error = match run.flush_all().await {
                Err(error) => error,
                Ok(_) => run.close().await.unwrap_err(),
            };
            assert!(error.to_string().contains("the peer refused "), "{error}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_refuses_everything_ends_the_run_and_keeps_no_more_than_it_must() {
    for attempts in [json!(3), json!(null)] {
        let scripts = [1, 1, 2].map(|record| refuses(record, 1003));
        let keys = json!({"delivery": "at_least_once", "max_reconnect_attempts": attempts});
        let (peer, memory, sink) = in_memory(scripts, keys);
        let mut run = Run::open(&sink).await;
        let error = failure(&mut run, numbers(1, 10)).await.to_string();
        assert!(error.contains("1003 unsupported data"), "{error}");
        assert!(error.contains("2 such ends within 2s without a record between"), "{error}");
        let counts = "0 records confirmed, 9 sent without confirmation, 0 not sent, 1 refused: \
                      the peer refused record 1 of 8 bytes and 1 more";
        assert!(error.ends_with(counts), "{error}");
        assert_eq!((memory.asked().len(), peer.connections().len()), (3, 3));
    }
}

#[tokio::test(start_paused = true)]
async fn refused_connect_messages_are_not_laid_on_records() {
    let refuses = || Script::accept().read_to("hello").close(1003, "no hello");
    let well = Script::accept().expect_data(2).expect_ping().hang_up();
    let scripts = [well, refuses(), refuses(), refuses()];
    let keys = json!({"delivery": "at_least_once", "connect_messages": ["hello"]});
    let (peer, _, sink) = in_memory(scripts, keys);
    let mut run = Run::open(&sink).await;
    run.write_page(numbers(1, 1)).await.unwrap();
    run.flush_all().await.unwrap();
    let error = failure(&mut run, numbers(2, 6)).await.to_string();
    assert!(
        error.contains("1 records confirmed, 5 sent without confirmation, 0 not sent"),
        "{error}"
    );
    assert!(error.contains("no hello"), "{error}");
    assert_eq!(run.skipped("refused_by_peer"), 0);
    assert_eq!(peer.connections()[2].texts(), ["hello"], "no record before it is accepted");
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_reported_though_the_connection_is_gone_for_good_then() {
    for keys in [json!({"reconnect": false}), json!({"max_reconnect_attempts": 0})] {
        let keys = with(json!({"delivery": "at_least_once"}), keys);
        let (_, _, sink) = in_memory([refuses(1, 1003)], keys);
        let mut run = Run::open(&sink).await;
        let error = failure(&mut run, numbers(1, 3)).await.to_string();
        let words = "3 sent without confirmation, 0 not sent, 0 refused: the peer refused one of \
                     the records 1 to 3, or one before them";
        assert!(error.contains(words), "{error}");
    }
    let scripts = [
        refuses(1, 1003),
        refuses(1, 1003),
        Script::accept().expect_data(2).expect_ping().send_text("x".repeat(2000)),
    ];
    let keys = at_least_once(json!({"max_message_bytes": 1000}));
    let (_, _, sink) = in_memory(scripts, keys);
    let mut run = Run::open(&sink).await;
    run.write_page(numbers(1, 3)).await.unwrap();
    tokio::time::sleep(Duration::from_secs(5)).await;
    let error = run.flush_all().await.unwrap_err().to_string();
    assert!(error.contains("2000 bytes is over the limit of 1000 bytes"), "{error}");
    assert!(error.ends_with("1 refused: the peer refused record 1 of 8 bytes"), "{error}");
}

#[tokio::test]
async fn at_most_once_the_refused_record_is_one_of_those_named_and_the_rest_is_sent() {
    let server = ScriptedServer::start([refuses(1, 1009), Script::accept()]).await;
    let keys = json!({"reconnect_backoff": 0.001});
    let mut run = Run::open(&sink(&server.url(), keys)).await;
    run.write(numbers(1, 3)).await.unwrap();
    soon(server.until(|seen| seen[0].end.is_some())).await;
    let error = run.write(numbers(4, 6)).await.unwrap_err();
    let words = "the peer refused one of the records 1 to 3, or one before them: ";
    assert!(error.to_string().starts_with(words), "{error}");
    run.end().await.unwrap();
    assert_eq!(soon(server.finish()).await[1].texts(), named(4, 6));
    let counts = run.counts();
    assert_eq!((counts.unconfirmed, counts.delivered, error.written()), (3, 3, Some(3)));
}
