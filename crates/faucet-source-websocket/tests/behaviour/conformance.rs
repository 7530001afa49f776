//! The source satisfies what every source and every configuration must satisfy.

use std::sync::Arc;

use faucet_core::{Ended, PageReader, Scope, Source};
use faucet_source_websocket::WebsocketSourceConfig;
use faucet_testkit::config::{self, ConfigCase};
use faucet_testkit::source::{self, SourceCase, SourceSetup};
use faucet_testkit::{Chaos, Polls, Script, ScriptedServer, opcode, refused_address};
use serde_json::{Value, json};

use crate::counted::Counted;
use crate::examples::{every_key, every_session_key};
use crate::support::*;

const CANARY: &str = "c4n4ry";
const TEXTS: [&str; 7] =
    ["1", "{\"a\": 2.10}", "\"three parts\"", "4", "[ 5 ]", "\"\\u00e9\"", "7"];

/// Sends the first `n` texts: some with the answer to the upgrade, one in fragments, one slowly.
fn sends(n: usize) -> Script {
    let script = Script::accept().early();
    let script = TEXTS.iter().take(n).enumerate().fold(script, |script, (at, text)| match at {
        2 => script.send_fragments(opcode::TEXT, &["\"three", " parts", "\""], Some(b"?")),
        3 => script.expect_text(CANARY).dribble(ms(1)).send_text(*text),
        _ => script.send_text(*text),
    });
    if n <= 3 { script.expect_text(CANARY) } else { script }
}

/// Secrets in all places that can have them.
fn secrets(keys: Value) -> Value {
    let auth = json!({"type": "bearer", "config": {"token": CANARY}});
    let headers = json!({"X-Key": CANARY});
    with(json!({"auth": auth, "headers": headers, "subscribe_messages": [CANARY]}), keys)
}

/// A source in memory that knows what it has received.
fn setup(scripts: impl IntoIterator<Item = Script>, keys: &Value) -> SourceSetup {
    let far = Arc::new(Counted::new(scripts));
    let url = format!("ws://feed.test/{{symbol}}?token={CANARY}&more={{more}}");
    let source = source(&url, keys.clone()).with_dial(far.clone());
    let skips = keys["on_parse_error"] == "skip";
    let records = Arc::clone(&far);
    let is_record = move |message: &Vec<u8>| !skips || message != b"no JSON";
    SourceSetup::new(source)
        .sent(move || records.received().iter().filter(|it| is_record(it)).count() as u64)
        .connected(move || far.is_connected())
}

/// The keys of a source with small pages.
fn small(keys: Value) -> Value {
    secrets(with(json!({"batch_size": 2, "batch_timeout": 0.01}), keys))
}

/// A case with this feed on every connection, and with one that refuses the credentials.
fn case(feed: Script, keys: Value) -> SourceCase<'static> {
    let keys = small(keys);
    let away = keys.clone();
    let refuses = || Script::reject(401).body(format!("invalid token: {CANARY}"));
    SourceCase::new(async move || setup([feed.clone()], &keys))
        .name("websocket")
        .canary(CANARY)
        .scope([("symbol", "btc"), ("more", CANARY)])
        .page_limit(2)
        .unreachable(async move || setup([refuses()], &away))
}

/// The `case` with a feed that fails behind the third text, and one whose connection is lost
/// behind the fourth.
fn with_failures(case: SourceCase<'static>) -> SourceCase<'static> {
    let fails = || sends(3).close(1008, &format!("{CANARY} is not allowed"));
    let back = || TEXTS[4..].iter().fold(Script::accept(), |script, text| script.send_text(*text));
    case.fails_after(3, async move || setup([fails()], &small(json!({})))).outage(async move || {
        let lost = sends(4).hang_up();
        let scripts = [lost, Script::hang_up_on_request(), Script::reject(503), back()];
        setup(scripts, &reconnecting(small(json!({}))))
    })
}

#[tokio::test(start_paused = true)]
async fn a_live_feed_conforms() {
    let case = case(sends(7), json!({})).payloads(TEXTS).live();
    source::conforms(&with_failures(case)).await;
}

#[tokio::test(start_paused = true)]
async fn a_slow_feed_conforms() {
    let slowly = Script::accept().dribble(ms(3));
    let feed = TEXTS.iter().fold(slowly, |script, text| script.send_text(*text));
    let keys = json!({"ping_interval": 1, "stale_timeout": 30});
    source::conforms(&case(feed, keys).payloads(TEXTS).live()).await;
}

#[tokio::test(start_paused = true)]
async fn a_feed_with_an_end_conforms() {
    for (feed, keys, ended) in [
        (sends(7).close(1000, ""), json!({}), Ended::Closed),
        (sends(7), json!({"idle_timeout": 60}), Ended::Idle),
        (sends(7).send_text("8"), json!({"max_messages": 7}), Ended::MaxRecords),
    ] {
        let whole = small(keys.clone());
        let case = case(feed, keys)
            .payloads(TEXTS)
            .ends(ended)
            .reachable(async move || setup([sends(7)], &whole));
        source::conforms(&case).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_feed_with_messages_that_are_no_json_conforms() {
    for on_parse_error in ["skip", "divert"] {
        let feed = sends(2).send_text("no JSON").send_text("4").send_text("no JSON");
        let keys = json!({"on_parse_error": on_parse_error});
        let case = case(feed.send_text("5"), keys).payloads(["1", "{\"a\": 2.10}", "4", "5"]);
        source::conforms(&case.skipped(2).live()).await;
    }
}

#[tokio::test]
async fn a_feed_over_tcp_conforms() {
    let over_tcp = async |script: Script| {
        let server = Arc::new(ScriptedServer::start([script]).await);
        let keys = small(json!({}));
        let source = source(&server.url_with(&format!("/{{symbol}}?token={CANARY}")), keys);
        SourceSetup::new(source)
            .connected(move || server.connections().iter().any(|seen| seen.end.is_none()))
    };
    let nowhere = refused_address().await;
    let case = SourceCase::new(async || over_tcp(sends(7)).await)
        .payloads(TEXTS)
        .live()
        .page_limit(2)
        .name("websocket")
        .canary(CANARY)
        .scope([("symbol", "btc")])
        .fails_after(3, async || over_tcp(sends(3).close(1011, CANARY)).await)
        .unreachable(async || source(&format!("ws://{nowhere}/?token={CANARY}"), json!({})));
    source::conforms(&case).await;
}

/// Reads three pages with every call that a runner makes. May be killed between two calls, and in
/// the dial.
async fn life(source: &dyn Source, scope: &Scope, chaos: &Chaos) -> Box<dyn PageReader> {
    let mut reader = source.open(scope).await.unwrap();
    for _ in 0..3 {
        chaos.step().await;
        page_of(reader.next_page().await.unwrap());
        chaos.step().await;
        hold_for(&mut *reader, ms(1)).await;
    }
    reader.drain().await.unwrap();
    chaos.step().await;
    reader.close().await.unwrap();
    chaos.step().await;
    reader
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_killed_at_any_step_or_poll_leaves_no_connection_behind() {
    for by_polls in [false, true] {
        let mut kills = 0;
        loop {
            kills += 1;
            let (chaos, polls) = match by_polls {
                true => (Chaos::none(), kills),
                false => (Chaos::kill_at(kills), u64::MAX),
            };
            let far = Arc::new(Counted::new([sends(7)]).killed_by(chaos.clone()));
            let keys = small(json!({}));
            let source = source("ws://feed.test/", keys).with_dial(far.clone());
            let scope = Scope::default();
            let run = Polls::new(polls, chaos.run(life(&source, &scope, &chaos)));
            let whole = run.await.flatten().is_some();
            tokio::time::sleep(secs(1)).await;
            assert!(!far.is_connected(), "killed at {kills}, by polls: {by_polls}");
            if whole {
                break;
            }
            // The source itself is as good as new.
            let mut reader = open(&source).await;
            let mut all = Vec::new();
            while all.len() < TEXTS.len() {
                all.extend(texts(&page_within(&mut *reader, secs(60)).await));
            }
            assert_eq!(all, TEXTS);
        }
        assert!(kills > 8, "{kills}");
    }
}

#[test]
fn the_configuration_conforms() {
    let custom = json!({"type": "custom", "config": {"headers": {"X-Key": "k"}}});
    let case =
        ConfigCase::source::<WebsocketSourceConfig>(json!({"url": "ws://h/", "unbounded": true}))
            .example(every_key())
            .example(json!({"url": "ws://h/", "max_messages": 1, "auth": custom}))
            .example(json!({"url": "ws://h/", "idle_timeout": 1, "auth": {"type": "basic",
            "config": {"username": "u", "password": "p"}}}))
            .example(every_session_key());
    // A message is any JSON, and so are the parts of a token.
    let free =
        ["subscribe_messages", "goodbye", "send", "message", "reply", "json", "header", "claims"];
    let case = free.into_iter().fold(case, ConfigCase::any_json);
    config::conforms(&case);
}
