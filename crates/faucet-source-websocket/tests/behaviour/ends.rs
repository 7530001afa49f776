//! The end of a run: half a message is counted, and the peer's last word is heard.

use faucet_core::{Ended, ErrorKind, Scope, Source};
use faucet_testkit::{Frame, Script, opcode};
use serde_json::{Value, json};

use crate::support::*;

/// Half a message, in one frame and in two.
fn halves() -> [Vec<u8>; 3] {
    let whole = Frame::text("\"a longer message of many words\"").to_bytes();
    let between = [
        Frame::text("\"a").not_final(),
        Frame::new(opcode::PING, ""),
        Frame::continuation("b").not_final(),
    ];
    [whole[..1].to_vec(), whole[..9].to_vec(), raw(&between)]
}

#[tokio::test(start_paused = true)]
async fn half_a_message_is_counted_however_the_run_ends() {
    for half in halves() {
        let script = || Script::accept().early().send_text("1").send_raw(half.clone()).no_pongs();
        for (keys, ended) in [
            (json!({"idle_timeout": 1}), Ok(Ended::Idle)),
            (json!({"max_messages": 1}), Ok(Ended::MaxRecords)),
            (json!({"stale_timeout": 1}), Err(ErrorKind::Timeout)),
            (json!({"ping_interval": 1, "pong_timeout": 1}), Err(ErrorKind::Timeout)),
        ] {
            let (_, source) = in_memory([script()], keys.clone());
            let told = run_paused(&source).await;
            assert_eq!(told.texts(), ["1"], "{keys}");
            assert_eq!(told.end.map_err(|error| error.kind()), ended, "{keys}");
            assert_eq!(told.counters.skipped, skipped(&[("partial_frame", 1)]), "{keys}");
        }
        let (_, source) = in_memory([script()], json!({"batch_size": 1}));
        let scope = Scope::default();
        let mut reader = source.open(&scope).await.unwrap();
        page_within(&mut *reader, secs(1)).await;
        assert!(stop(&mut *reader).await.is_none());
        assert_eq!(scope.counters().read().skipped, skipped(&[("partial_frame", 1)]));
    }
}

#[tokio::test(start_paused = true)]
async fn half_a_message_in_front_of_a_close_or_a_violation_is_counted() {
    let first = Frame::text("\"a").not_final();
    for (last, counted) in [
        (Frame::close(1000, ""), "partial_frame"),
        (Frame::close(1011, "broken"), "partial_frame"),
        (Frame::new(3, "x"), "partial_frame"),
        // The message itself is the reason.
        (Frame::continuation(&b"\xff"[..]), "not_utf8"),
        (Frame::continuation("x".repeat(1000)), "too_large"),
    ] {
        let script = Script::accept().send_raw(raw(&[first.clone(), last]));
        let (_, source) = in_memory([script], json!({"max_message_bytes": 1000}));
        assert_eq!(run_paused(&source).await.counters.skipped, skipped(&[(counted, 1)]));
    }
}

#[tokio::test(start_paused = true)]
async fn broken_text_is_at_fault_though_a_close_stands_behind_it() {
    let fragments =
        [Frame::text(&b"\"\xe2\x82"[..]).not_final(), Frame::continuation(&b"\x28\""[..])];
    for broken in [raw(&[Frame::text(&b"\"caf\xe9\""[..])]), raw(&fragments)] {
        for close in
            [Frame::new(opcode::CLOSE, ""), Frame::close(1000, ""), Frame::close(1001, "bye")]
        {
            let behind = [broken.clone(), raw(&[close])].concat();
            let script = Script::accept().early().send_text("1").send_raw(behind);
            let (peer, source) = in_memory([script.expect_close_code(1007)], json!({}));
            let told = run_paused(&source).await;
            assert_eq!(told.texts(), ["1"]);
            let message = told.error().to_string();
            assert!(message.ends_with("a text message is not UTF-8"), "{message}");
            assert_eq!(told.counters.skipped, skipped(&[("not_utf8", 1)]));
            peer.finish().await;
        }
    }
}

/// How the server refuses us while a run ends by itself: with its answer to our Close, or before.
fn refusals(code: u16) -> [(Script, Value, &'static str); 3] {
    let accept = || Script::accept().early().send_text("1").no_close_echo();
    let answers = || accept().expect_close().send_close(code, "no");
    let enough = || json!({"max_messages": 1});
    [
        (answers(), enough(), "its answer, after max_messages"),
        (answers(), json!({"idle_timeout": 5}), "its answer, after idle_timeout"),
        (accept().send_close(code, "no"), enough(), "right behind the last record"),
    ]
}

#[tokio::test(start_paused = true)]
async fn a_refusal_that_comes_before_our_close_is_answered_is_the_error_of_the_run() {
    for (code, kind) in [
        (1008, ErrorKind::Auth),
        (3000, ErrorKind::Auth),
        (3003, ErrorKind::Auth),
        (4000, ErrorKind::Closed),
        (4999, ErrorKind::Closed),
    ] {
        for reconnect in [false, true] {
            for (script, keys, when) in refusals(code) {
                let keys = with(keys, json!({"reconnect": reconnect}));
                let (peer, source) = in_memory([script], keys);
                let told = run_paused(&source).await;
                assert_eq!(told.texts(), ["1"], "{when}: what came before is handed over");
                let Err(error) = told.end else { panic!("{code}, {reconnect}, {when}: well") };
                assert!(error.to_string().contains(&format!("by the server: {code} ")), "{error}");
                assert_eq!((error.kind(), peer.connections().len()), (kind, 1), "{code} {when}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn any_other_close_that_meets_ours_ends_the_run_well() {
    for code in [1000, 1001, 1002, 1003, 1011, 1012, 3001, 3999] {
        for (script, keys, when) in refusals(code) {
            let (_, source) = in_memory([script], keys);
            let ended = run_paused(&source).await.end;
            assert!(ended.is_ok(), "{code}, {when}: {ended:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_error_of_a_run_says_which_key_ended_it_and_never_to_set_what_is_set() {
    let (off, on) = (json!({"reconnect": false}), json!({"reconnect": true}));
    let tries = "raise max_reconnect_attempts";
    let again = "set reconnect: true";
    let silent = || Script::accept().no_pongs();
    for (script, keys, words, advice) in [
        (
            silent(),
            json!({"ping_interval": 2, "pong_timeout": 3}),
            "no Pong for 3s",
            "pong_timeout",
        ),
        (silent(), json!({"stale_timeout": 3}), "no data for 3s (stale_timeout)", "stale_timeout"),
        (Script::accept().hang_up(), json!({}), "connection lost", ""),
        (Script::accept().close(1011, ""), json!({}), "1011 internal error", ""),
        (Script::accept().close(4000, ""), json!({}), "4000 application", "documentation"),
        (Script::accept().close(2999, ""), json!({}), "protocol violation: ", "RFC 6455"),
    ] {
        for (reconnect, advised, other) in [(&off, again, tries), (&on, tries, again)] {
            let keys = with(keys.clone(), json!({"max_reconnect_attempts": 1}));
            let (_, source) = in_memory([script.clone()], with(keys, reconnect.clone()));
            let told = run_paused(&source).await;
            let (error, hint) = (told.error(), told.error().hint().unwrap());
            assert!(error.to_string().contains(words), "{error}");
            assert!(hint.contains(advice) && hint.contains(advised), "{error:?}");
            assert!(!hint.contains(other), "{error:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_that_was_read_before_the_run_is_stopped_is_its_error_behind_the_last_page() {
    let refuses = |code| Script::accept().early().send_text("1").send_text("2").close(code, "no");
    for (code, refused) in [(1008, true), (4001, true), (1000, false), (1011, false)] {
        for reconnect in [false, true] {
            let keys = json!({"batch_size": 1, "reconnect": reconnect, "reconnect_backoff": 60});
            let (_, source) = in_memory([refuses(code)], keys);
            let mut reader = open(&source).await;
            page_within(&mut *reader, secs(1)).await;
            // The close handshake ends meanwhile.
            hold_for(&mut *reader, secs(2)).await;
            let drained = reader.drain().await;
            let closed = reader.close().await;
            let words = closed.map_err(|error| error.to_string());
            let fails = matches!(&words, Err(words) if words.contains(&format!("{code} ")));
            assert_eq!(fails, refused, "{code} {reconnect}: {words:?}");
            assert_eq!(texts(&drained.unwrap().unwrap()), ["2"]);
        }
    }
}
