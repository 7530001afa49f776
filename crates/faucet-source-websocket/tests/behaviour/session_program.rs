//! A program that holds a part of the conversation.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use faucet_common_websocket::session::hooks::{
    InboundMessage, ProgramEnd, ProgramSession, ProgramVerdict, SessionProgram,
};
use faucet_core::{Ended, ErrorKind, Scope, Source};
use faucet_testkit::{Script, ScriptedPeer};
use serde_json::{Value, json};

use crate::support::*;

/// Does what the server says: a message `!x` is an order.
#[derive(Default)]
struct Puppet {
    woken: u32,
    /// Asks to be woken at once, again and again.
    spins: bool,
}

impl SessionProgram for Puppet {
    type Answer = String;

    fn connected(&mut self, session: &mut ProgramSession<String>) {
        session.send_text("hello");
    }

    fn message(
        &mut self,
        message: InboundMessage<'_>,
        session: &mut ProgramSession<String>,
    ) -> ProgramVerdict {
        let Some(order) = message.text().and_then(|text| text.strip_prefix('!')) else {
            return ProgramVerdict::Pass;
        };
        let (order, about) = order.split_once(' ').unwrap_or((order, ""));
        let about = about.to_owned();
        match order {
            "ready" => session.ready(),
            "say" => session.send_text(about),
            "bytes" => session.send_binary(about),
            "sign" => session.work(async move {
                tokio::time::sleep(Duration::from_secs(1)).await;
                assert_ne!(about, "panic", "the wallet is gone");
                format!("signed {about}")
            }),
            "wake" => session.wake_after(Duration::from_secs(60)),
            "hide" => session.hide(about),
            "reconnect" => session.end(ProgramEnd::Reconnect { delay: None }),
            "give-up" => session.end(ProgramEnd::GiveUp(about)),
            "refused" => session.end(ProgramEnd::Refused(about)),
            "failed" => session.end(ProgramEnd::Failed(about)),
            "finished" => session.end(ProgramEnd::Finished),
            "say-and-finished" => {
                session.send_text("last");
                session.end(ProgramEnd::Finished);
            }
            "say-and-failed" => {
                session.send_text("last");
                session.end(ProgramEnd::Failed(about));
            }
            "say-and-reconnect" => {
                session.send_text("last");
                session.end(ProgramEnd::Reconnect { delay: Some(Duration::from_secs(1)) });
            }
            "sign-for-an-hour" => session.work(async {
                tokio::time::sleep(Duration::from_secs(3600)).await;
                String::new()
            }),
            "spin" => {
                self.spins = true;
                session.wake_after(Duration::ZERO);
            }
            "record" => return ProgramVerdict::Record,
            "hide-and-panic" => {
                session.hide(&about);
                panic!("lost {about}");
            }
            _ => {}
        }
        ProgramVerdict::Control
    }

    fn answered(&mut self, answer: String, session: &mut ProgramSession<String>) {
        session.send_text(answer);
    }

    fn woken(&mut self, session: &mut ProgramSession<String>) {
        if self.spins {
            return session.wake_after(Duration::ZERO);
        }
        self.woken += 1;
        session.send_text(format!("woken {}", self.woken));
    }
}

/// A run with the program, from its start to its end.
async fn follow(
    scripts: impl IntoIterator<Item = Script>,
    keys: Value,
) -> (Arc<ScriptedPeer>, Told) {
    let (peer, source) = in_memory(scripts, with(json!({"message_format": "raw_string"}), keys));
    let told = run_paused(&source.with_program(Puppet::default)).await;
    (peer, told)
}

fn ordered(orders: &[&str]) -> Script {
    let hello = Script::accept().expect_text("hello");
    orders.iter().fold(hello, |script, order| script.send_text(*order))
}

#[tokio::test(start_paused = true)]
async fn the_script_of_the_configuration_begins_when_the_program_is_ready() {
    let keys = json!({
        "session": [{"send": {"json": {"op": "login"}}}, {"expect": {"/op": "in"}}],
        "topics": ["a"],
        "subscribe": {"message": {"json": {"sub": "{topics}"}}, "ack": {"/ok": true}},
        "subscribe_messages": ["last"],
        "control": [{"match": {"prefix": "pong"}}],
    });
    // The answer of a step that has not begun is data.
    let script = ordered(&[r#"{"op":"in"}"#, "!say 1", "data", "!ready"])
        .expect_text("1")
        .expect_text(r#"{"op":"login"}"#)
        .send_text(r#"{"op":"in"}"#)
        .expect_text(r#"{"sub":["a"]}"#)
        .send_text(r#"{"ok":true}"#)
        .expect_text("last")
        .send_text("pong")
        .send_text("!record pong")
        .send_text("!bytes later")
        .expect_binary("later")
        .close(1000, "");
    let (peer, told) = follow([script], keys).await;
    assert_eq!(peer.failures(), Vec::<String>::new());
    assert_eq!(told.texts(), [r#"{"op":"in"}"#, "data", "!record pong"]);
}

#[tokio::test(start_paused = true)]
async fn work_is_done_one_after_the_other_and_wakes_the_program() {
    let (peer, told) = follow(
        [ordered(&["!sign a", "!sign b", "!wake"])
            .expect_text("signed a")
            .expect_text("signed b")
            .send_text("!ready")
            .expect_text("woken 1")
            .send_text("!wake")
            .expect_text("woken 2")
            .close(1000, "")],
        json!({}),
    )
    .await;
    assert_eq!(peer.failures(), Vec::<String>::new());
    assert!((120..122).contains(&told.took.as_secs()), "{:?}", told.took);
}

#[tokio::test(start_paused = true)]
async fn work_goes_with_its_connection() {
    let scripts = [ordered(&["!sign a"]).cut(), ordered(&["!ready", "data"]).stall()];
    let keys = json!({"reconnect": true, "idle_timeout": 5});
    let (peer, told) = follow(scripts, keys).await;
    assert_eq!((told.ended(), told.texts()), (Ended::Idle, vec!["data".to_owned()]));
    assert_eq!(peer.connections()[1].texts(), ["hello"]);
}

#[tokio::test(start_paused = true)]
async fn a_program_that_is_never_ready_is_a_session_without_an_end() {
    let (_, told) = follow([ordered(&["!nothing"]).stall()], json!({"session_timeout": 3})).await;
    let error = told.error();
    assert!(error.to_string().contains("was not complete after 3s (session_timeout)"), "{error}");
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!((3..=4).contains(&told.took.as_secs()), "{:?}", told.took);
}

#[tokio::test(start_paused = true)]
async fn a_program_ends_the_connection_in_its_way() {
    // A refused login: tried once more, then the run ends. The program's secret is struck out.
    let good = || ordered(&["!ready", "data"]).close(1012, "");
    let refused = || ordered(&["!hide s3cret-word", "!refused no s3cret-word here"]).stall();
    let keys = json!({"reconnect": true});
    let (peer, told) = follow([good(), refused(), refused()], keys.clone()).await;
    let error = told.error();
    assert_eq!((error.kind(), peer.connections().len()), (ErrorKind::Auth, 3));
    let words = "the session program was refused: \"no *** here\"";
    assert!(error.to_string().contains(words), "{error}");

    // The connection is of no use.
    let scripts = [good(), ordered(&["!give-up odd"]).stall(), good()];
    let (peer, told) = follow(scripts, with(keys.clone(), json!({"max_messages": 2}))).await;
    assert_eq!((told.texts().len(), peer.connections().len()), (2, 3));
    let (_, told) = follow([ordered(&["!give-up odd"]).stall()], json!({})).await;
    let words = "the session program gives the connection up: \"odd\"";
    assert!(told.error().to_string().contains(words), "{}", told.error());

    // An error that ends the run, whatever `reconnect` says.
    let script = ordered(&["!ready", "data", "!failed it's over"]).stall();
    let (_, told) = follow([script], keys.clone()).await;
    assert_eq!(told.texts(), ["data"]);
    let words = "the session program ends the run: \"it\\'s over\"";
    assert!(told.error().to_string().contains(words), "{}", told.error());

    // A planned end, with and without a run behind it.
    let planned = ordered(&["!ready", "data", "!reconnect"]).expect_close_code(3999);
    let keys = with(keys, json!({"max_messages": 2, "goodbye": ["bye"]}));
    let (peer, told) = follow([planned, good()], keys.clone()).await;
    assert_eq!((told.texts().len(), told.reconnects(), peer.failures()), (2, 1, vec![]));
    let (peer, told) =
        follow([ordered(&["!ready", "data", "!finished"]).read_to("bye").expect_close()], keys)
            .await;
    assert_eq!((told.ended(), told.texts()), (Ended::Closed, vec!["data".to_owned()]));
    assert_eq!(peer.connections()[0].texts(), ["hello", "bye"]);
}

#[tokio::test(start_paused = true)]
async fn a_panic_of_a_program_ends_the_run_and_loses_no_record_before_it() {
    let keys = json!({"reconnect": true});
    // The program would take the message behind the panic.
    let orders = ["!ready", "data", "!hide-and-panic s3cret-word", "!nothing"];
    let (_, told) = follow([ordered(&orders).stall()], keys.clone()).await;
    assert_eq!((told.texts(), told.error().kind()), (vec!["data".to_owned()], ErrorKind::Panic));
    let error = told.error().to_string();
    assert!(error.contains("a hook panicked: lost ***"), "{error}");
    let script = ordered(&["!ready", "data", "!sign panic"]).stall();
    let (_, told) = follow([script], keys.clone()).await;
    assert_eq!(told.texts(), ["data"]);
    assert!(told.error().to_string().contains("the wallet is gone"), "{}", told.error());
    let (_, source) = in_memory([Script::accept().stall()], keys);
    let told = run_paused(&source.with_program(|| -> Puppet { panic!("no wallet") })).await;
    assert!(told.error().to_string().contains("a hook panicked: no wallet"), "{}", told.error());
}

#[tokio::test(start_paused = true)]
async fn a_message_before_an_end_leaves() {
    for end in ["finished", "failed x", "reconnect"] {
        let order = format!("!say-and-{end}");
        let keys = json!({"reconnect": true, "max_messages": 2});
        let last = ordered(&["!ready", "data", "data"]).stall();
        let scripts = [ordered(&["!ready", "data", &order]).read_to("last"), last];
        let (peer, _) = follow(scripts, keys).await;
        assert_eq!(peer.connections()[0].texts(), ["hello", "last"], "{end}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_hidden_text_is_struck_out_of_a_close() {
    let script = ordered(&["!hide s3cret-word", "!ready", "!say hidden"])
        .expect_text("hidden")
        .close(4000, "who is s3cret-word?");
    let (_, told) = follow([script], json!({})).await;
    assert!(told.error().to_string().ends_with("\"who is ***?\""), "{}", told.error());
}

#[tokio::test(start_paused = true)]
async fn work_does_not_hold_the_script_up() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("token");
    std::fs::write(&path, "t").unwrap();
    let keys = json!({"session": [{"send": "login"}, {"expect": {"/op": "in"}}],
        "values": {"token": {"file": path}},
        "heartbeat": {"message": {"json": {"beat": "{token}"}}, "interval": 5}});
    let script = ordered(&["!ready", "!sign-for-an-hour"])
        .expect_text("login")
        .send_text(r#"{"op":"in"}"#)
        .expect_text(r#"{"beat":"t"}"#)
        .send_text("data")
        .close(1000, "");
    let (peer, told) = follow([script], keys).await;
    assert_eq!((told.texts(), peer.failures()), (vec!["data".to_owned()], vec![]));
    assert!(told.took < Duration::from_secs(60), "{:?}", told.took);
}

#[tokio::test(start_paused = true)]
async fn a_timer_without_a_time_lets_others_have_their_turn() {
    let (_, told) =
        follow([ordered(&["!ready", "!spin"]).stall()], json!({"idle_timeout": 1})).await;
    assert_eq!(told.ended(), Ended::Idle);
}

#[tokio::test(start_paused = true)]
async fn messages_of_a_program_are_no_answers_to_a_server_that_asks_without_end() {
    // 150 messages wait for the limit when the server asks once.
    let rule = json!({"match": {"text": "ping"}, "reply": "pong"});
    let keys = json!({"send_limit": {"count": 1, "per": 1}, "control": [rule]});
    let many = vec!["!say x"; 150];
    let script = ordered(&["!ready"]).send_text("up");
    let script = many.iter().fold(script, |script, order| script.send_text(*order));
    let script = script.send_text("ping").read_to("pong").close(1000, "");
    let (_, told) = follow([script], keys).await;
    assert_eq!((told.ended(), told.texts()), (Ended::Closed, vec!["up".to_owned()]));
    // The server makes the program talk, and is not given more time for that.
    let keys = json!({"send_limit": {"count": 1, "per": 1}, "session_timeout": 5});
    let script = many.iter().fold(ordered(&[]), |script, order| script.send_text(*order));
    let (_, told) = follow([script.stall()], keys).await;
    assert!(told.error().to_string().contains("session_timeout"), "{}", told.error());
    assert!(told.took < Duration::from_secs(10), "{:?}", told.took);
}

#[tokio::test(start_paused = true)]
async fn an_end_of_the_run_is_one_while_another_connection_is_on_its_way() {
    for (order, failed) in [("!failed no more", true), ("!finished", false)] {
        let first = ordered(&["!ready", "data"]).pause(secs(15)).send_text(order).stall();
        let never = Script::accept().send_text("other").stall();
        let keys = json!({"reconnect": true, "rotate_after": 10, "handover": "overlap",
            "session_timeout": 3000});
        let (_, told) = follow([first, never], keys).await;
        assert_eq!((told.texts(), told.end.is_err()), (vec!["data".to_owned()], failed), "{order}");
        assert_eq!(told.counters.skipped.get("after_outage"), Some(&1), "{order}");
    }
}

#[tokio::test(start_paused = true)]
async fn each_connection_has_a_program_of_its_own() {
    let made = Arc::new(AtomicU32::new(0));
    let scripts = [ordered(&["!ready", "1"]).cut(), ordered(&["!ready", "2"]).stall()];
    let keys = json!({"reconnect": true, "max_messages": 2, "message_format": "raw_string"});
    let (_, source) = in_memory(scripts, keys);
    let count = Arc::clone(&made);
    let source = source.with_program(move || {
        count.fetch_add(1, Ordering::Relaxed);
        Puppet::default()
    });
    assert_eq!(run_paused(&source).await.texts(), ["1", "2"]);
    assert_eq!(made.load(Ordering::Relaxed), 2);
}

#[tokio::test(start_paused = true)]
async fn a_check_waits_for_the_program() {
    let (_, source) = in_memory([ordered(&["!ready", "data"]).stall()], json!({}));
    let report = source.with_program(Puppet::default).check(&Scope::default()).await;
    let names: Vec<&str> = report.steps.iter().map(|step| &*step.name).collect();
    assert!(names.contains(&"session program"), "{names:?}");
    let (_, source) = in_memory([ordered(&["!refused who are you"]).stall()], json!({}));
    let report = source.with_program(Puppet::default).check(&Scope::default()).await;
    assert!(format!("{report:?}").contains("who are you"), "{report:?}");
}
