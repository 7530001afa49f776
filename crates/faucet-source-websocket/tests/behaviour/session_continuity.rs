//! Numbers, repeated records, several connections, and a connection that takes over.

use std::time::Duration;

use faucet_core::{ErrorKind, GapReason, Position, Scope, Source as _};
use faucet_testkit::{Frame, Script};
use serde_json::{Value, json};

use crate::support::*;

fn sends(script: Script, messages: &[Value]) -> Script {
    messages.iter().fold(script, |script, message| script.send_text(message.to_string()))
}

/// The gaps of the sequence: the records before each, and how many are missing.
fn holes(told: &Told) -> Vec<(usize, Option<u64>)> {
    let gaps = told.gaps().into_iter().filter(|(_, gap)| gap.reason == GapReason::Sequence);
    gaps.map(|(records, gap)| (records, gap.missing)).collect()
}

#[tokio::test(start_paused = true)]
async fn a_hole_in_the_numbers_is_a_gap_with_its_size() {
    let n = |numbers: &[u64]| numbers.iter().map(|n| json!({"n": n})).collect::<Vec<_>>();
    let bare = [json!({"n": 5}), json!({"t": "snap"}), json!({"n": 51})];
    let snapshot = [json!({"n": 5}), json!({"n": 50, "t": "snap"}), json!({"n": 51})];
    let of_two = [("a", 1), ("b", 1), ("a", 2), ("b", 3)].map(|(s, n)| json!({"s": s, "n": n}));
    let spans = [(1, 3), (6, 7)].map(|(from, to)| json!({"from": from, "to": to}));
    let chain = [(9, 10), (10, 14), (15, 20)].map(|(p, n)| json!({"p": p, "n": n}));
    for (keys, messages, expected) in [
        (json!({"last": "/n"}), n(&[1, 2, 5]), vec![(2, Some(2))]),
        (json!({"last": "/n", "order": "increasing"}), n(&[1, 2, 5]), vec![]),
        (json!({"last": "/to", "first": "/from"}), spans.to_vec(), vec![(1, Some(2))]),
        (json!({"last": "/n", "previous": "/p"}), chain.to_vec(), vec![(2, None)]),
        (json!({"last": "/n", "per": ["/s"]}), of_two.to_vec(), vec![(3, Some(1))]),
        (json!({"last": "/n"}), snapshot.to_vec(), vec![(1, Some(44))]),
        (json!({"last": "/n", "reset": {"/t": "snap"}}), snapshot.to_vec(), vec![]),
        // A snapshot without a number counts as well.
        (json!({"last": "/n"}), bare.to_vec(), vec![(2, Some(45))]),
        (json!({"last": "/n", "reset": {"/t": "snap"}}), bare.to_vec(), vec![]),
    ] {
        let script = sends(Script::accept(), &messages);
        let all = json!({"sequence": keys, "max_messages": messages.len()});
        let (_, told) = talk([script], all).await;
        assert_eq!(holes(&told), expected, "{keys}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_begins_the_count_anew_by_its_text_or_its_kind() {
    let script = || {
        let script = Script::accept().send_text(r#"{"n":1}"#);
        script.send_frame(Frame::binary(r#"{"n":7}"#)).send_text(r#"{"n":8}"#)
    };
    for (reset, expected) in [
        (json!({"text": "{\"n\":7}"}), vec![]),
        (json!({"text": "{\"n\":9}"}), vec![(1, Some(5))]),
        (json!({"prefix": "{\"n\":7"}), vec![]),
        (json!({"prefix": "{\"m"}), vec![(1, Some(5))]),
        (json!({"binary": true}), vec![]),
        (json!({"binary": false, "/n": 7}), vec![(1, Some(5))]),
    ] {
        let keys = json!({"sequence": {"last": "/n", "reset": reset}, "max_messages": 3});
        let (_, told) = talk([script()], keys).await;
        assert_eq!(holes(&told), expected, "{reset}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_count_lasts_for_a_connection_or_tells_what_an_outage_cost() {
    for (scope, first, missing) in [
        ("connection", 6, None),
        ("feed", 6, Some(3)),
        ("feed", 3, Some(0)),
        // The replay begins before the hole.
        ("feed", 2, Some(0)),
    ] {
        let one = sends(Script::accept(), &[json!({"n": 1}), json!({"n": 2})]).hang_up();
        let two = sends(Script::accept(), &[json!({"n": first}), json!({"n": first + 1})]);
        let keys = json!({"sequence": {"last": "/n", "scope": scope}, "max_messages": 4});
        let (_, told) = talk([one, two], reconnecting(keys)).await;
        let gaps = told.gaps();
        let [(2, gap)] = &gaps[..] else { panic!("one gap: {gaps:?}") };
        assert_eq!((&gap.reason, gap.missing), (&GapReason::Outage, missing), "{scope} {first}");
    }
}

/// A feed whose messages are read one by one: `beat` is control.
fn one_by_one(said: &[(u64, &str)]) -> Script {
    said.iter().fold(Script::accept(), |script, (n, kind)| {
        script.send_text(json!({"n": n, "type": kind}).to_string()).pause(secs(1))
    })
}

#[tokio::test(start_paused = true)]
async fn all_messages_count_or_those_that_are_data() {
    // A beat has the number of a record that is missing.
    let said = [(1, "data"), (2, "beat"), (3, "beat"), (5, "data"), (6, "data")];
    for (messages, expected) in [
        (None, vec![(1, Some(1))]),
        (Some("all"), vec![(1, Some(1))]),
        (Some("data"), vec![(1, Some(3))]),
    ] {
        let mut sequence = json!({"last": "/n"});
        if let Some(messages) = messages {
            sequence["messages"] = json!(messages);
        }
        let keys = json!({"sequence": sequence, "control": [{"match": {"/type": "beat"}}],
            "max_messages": 3});
        let (_, told) = talk([one_by_one(&said)], keys).await;
        assert_eq!(holes(&told), expected, "{messages:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_hole_between_control_messages_acts_at_once() {
    let said = [(1, "data"), (2, "beat"), (4, "beat")];
    let keys = json!({"sequence": {"last": "/n", "on_gap": "reconnect"}, "max_messages": 2,
        "control": [{"match": {"/type": "beat"}}]});
    let scripts = [one_by_one(&said).pause(secs(1000)), one_by_one(&[(5, "data")])];
    let began = tokio::time::Instant::now();
    let (_, told) = talk(scripts, reconnecting(keys)).await;
    assert_eq!((told.texts().len(), told.reconnects()), (2, 1));
    assert!(began.elapsed() < secs(10), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_value_of_a_message_that_comes_alone_is_kept_with_the_next_record() {
    let keys = json!({"session": [{"expect": {"/id": {"exists": true}}, "take": {"id": "/id"}}],
        "query": {"id": "{id?}"}, "resume": {"keep": ["id"]}});
    let script = Script::accept().send_text(r#"{"id":"s1"}"#).pause(secs(1)).send_text("1");
    let (_peer, source) = in_memory([script], keys);
    let mut reader = open(&source).await;
    page_within(&mut *reader, secs(5)).await;
    assert!(reader.position().unwrap().as_str().contains(r#""s1""#), "{:?}", reader.position());
    stop(&mut *reader).await;
}

#[tokio::test(start_paused = true)]
async fn a_hole_is_reported_or_ends_the_connection_or_the_run() {
    let talk_with = async |on_gap: &str, most: usize| {
        let one = sends(Script::accept(), &[json!({"n": 1}), json!({"n": 4})]);
        let two = sends(Script::accept(), &[json!({"n": 5})]);
        let keys = json!({"sequence": {"last": "/n", "on_gap": on_gap}, "max_messages": most});
        talk([one, two], reconnecting(keys)).await.1
    };
    let told = talk_with("report", 2).await;
    assert_eq!((told.texts().len(), told.reconnects()), (2, 0));
    let told = talk_with("reconnect", 3).await;
    assert_eq!((told.texts().len(), told.reconnects()), (3, 1));
    let told = talk_with("fail", 3).await;
    assert_eq!(told.error().kind(), ErrorKind::Protocol);
    assert!(told.error().to_string().contains("sequence"), "{}", told.error());
}

#[tokio::test(start_paused = true)]
async fn a_repeated_record_is_left_out_and_counted() {
    let id = |id: u64, x: u64| json!({"id": id, "x": x});
    let script = || {
        let one = sends(Script::accept(), &[id(1, 1), id(2, 1), id(2, 2)]).hang_up();
        [one, sends(Script::accept(), &[id(1, 1), id(2, 1), id(3, 1)])]
    };
    for (dedup, expected) in [
        (json!({"records": 10, "key": ["/id"]}), vec![id(1, 1), id(2, 1), id(3, 1)]),
        (json!({"records": 10}), vec![id(1, 1), id(2, 1), id(2, 2), id(3, 1)]),
        // Only the last record is remembered.
        (json!({"records": 1}), vec![id(1, 1), id(2, 1), id(2, 2), id(1, 1), id(2, 1), id(3, 1)]),
    ] {
        let keys = json!({"dedup": dedup, "max_messages": expected.len()});
        let (_, told) = talk(script(), reconnecting(keys)).await;
        let expected: Vec<String> = expected.iter().map(Value::to_string).collect();
        assert_eq!(told.texts(), expected, "{dedup}");
        let duplicates = told.counters.skipped.get("duplicate").copied().unwrap_or_default();
        assert_eq!(duplicates as usize, 6 - expected.len(), "{dedup}");
    }
}

#[tokio::test(start_paused = true)]
async fn topics_are_spread_over_connections() {
    let subscribe = json!({"message": {"json": {"subscribe": "{topics}"}}});
    for (most, expected) in [(1, vec![1, 1, 1]), (2, vec![2, 1]), (3, vec![3])] {
        let scripts = expected.iter().map(|_| Script::accept().expect_data(1).send_text("1"));
        let keys = json!({"topics": ["a", "b", "c"], "subscribe": subscribe, "reconnect": true,
            "topics_per_connection": most, "max_messages": expected.len()});
        let (peer, told) = talk(scripts.collect::<Vec<_>>(), keys).await;
        assert_eq!(told.texts().len(), expected.len());
        let count = |at: usize| peer.json_messages(at)[0]["subscribe"].as_array().unwrap().len();
        let found: Vec<usize> = (0..peer.connections().len()).map(count).collect();
        assert_eq!(found, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn an_old_connection_goes_on_until_the_new_one_is_complete() {
    let scripts = || {
        let hello = |wait| Script::accept().pause(secs(wait)).send_text(r#"{"ok":1}"#);
        [
            hello(0).send_text("1").pause(secs(12)).send_text("2").pause(secs(100)),
            hello(5).send_text("3").pause(secs(100)),
        ]
    };
    for (handover, expected) in [("break", ["1", "3"].as_slice()), ("overlap", &["1", "2", "3"])] {
        let keys = json!({"session": [{"expect": {"/ok": 1}}], "rotate_after": 10,
            "handover": handover, "max_messages": expected.len()});
        let (_, told) = talk(scripts(), reconnecting(keys)).await;
        assert_eq!(told.texts(), expected, "{handover}");
        assert!(told.took.as_secs() < 17, "{handover} took {:?}", told.took);
    }
}

#[tokio::test(start_paused = true)]
async fn a_stop_takes_everything_that_the_next_connection_has_brought() {
    let n = |n: u64| json!({"n": n}).to_string();
    // Each message of the next connection comes in alone; the last one completes its session.
    let next =
        (2..=4).fold(Script::accept(), |script, number| script.send_text(n(number)).pause(secs(1)));
    let next = next.send_text(r#"{"ok":1}"#).send_text(n(5)).pause(secs(100));
    let scripts = [Script::accept().send_text(r#"{"ok":1}"#).send_text(n(1)), next];
    let keys = json!({"session": [{"expect": {"/ok": 1}}], "rotate_after": 10,
        "handover": "overlap", "batch_size": 1, "resume": {"cursor": "/n"},
        "query": {"from": "{cursor?}"}});
    let (_, source) = in_memory(scripts, reconnecting(keys));
    let mut reader = open(&source).await;
    let mut found = Vec::new();
    for _ in 0..2 {
        found.extend(texts(&page_within(&mut *reader, secs(60)).await));
    }
    let rest = reader.drain().await.unwrap();
    found.extend(rest.iter().flat_map(texts));
    assert_eq!(found, (1..=5).map(n).collect::<Vec<_>>());
    assert_eq!(cursor_of(&reader.position().unwrap()), json!(5));
    stop(&mut *reader).await;
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_takes_over_has_a_count_of_its_own() {
    let n = |n: u64| json!({"n": n}).to_string();
    for (scope, expected) in [("connection", vec![]), ("feed", vec![(2, Some(4))])] {
        let scripts = [
            Script::accept().send_text(n(1)).send_text(n(2)),
            Script::accept().pause(secs(1)).send_text(n(7)),
        ];
        let keys = json!({"sequence": {"last": "/n", "scope": scope}, "rotate_after": 10,
            "handover": "overlap", "max_messages": 3});
        let (_, told) = talk(scripts, reconnecting(keys)).await;
        assert_eq!(told.texts(), [n(1), n(2), n(7)]);
        assert_eq!(holes(&told), expected, "{scope}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_repeated_record_is_answered_too() {
    let rule = json!({"match": {"/id": {"exists": true}}, "action": "keep", "after": "flush",
        "reply": {"json": {"ack": "{/id}"}}});
    let keys = json!({"control": [rule], "batch_size": 1, "dedup": {"records": 10}});
    let script = Script::accept().send_text(r#"{"id":1}"#).send_text(r#"{"id":1}"#);
    let (peer, source) = in_memory([script], keys);
    let mut reader = open(&source).await;
    page_within(&mut *reader, secs(5)).await;
    let place = reader.position().expect("the place behind the record");
    no_page_for(&mut *reader, secs(5)).await;
    assert!(peer.json_messages(0).is_empty());
    reader.committed(&place).await.unwrap();
    no_page_for(&mut *reader, secs(5)).await;
    assert_eq!(peer.json_messages(0), [json!({"ack": 1}), json!({"ack": 1})]);
    stop(&mut *reader).await;
}

/// The cursor of the first connection in a position.
fn cursor_of(position: &Position) -> Value {
    let position: Value = serde_json::from_str(position.as_str()).unwrap();
    position["connections"][0]["cursor"].clone()
}

#[tokio::test(start_paused = true)]
async fn a_position_stands_behind_the_pages_that_were_handed_over_and_no_further() {
    let n = |n: u64| json!({"n": n}).to_string();
    let keys = json!({"resume": {"cursor": "/n"}, "query": {"from": "{cursor?}"},
        "dedup": {"records": 100}, "batch_timeout": 0.05});
    let script = Script::accept().send_text(n(1)).pause(secs(1)).send_text(n(2)).send_text(n(3));
    let (_peer, source) = in_memory([script], keys.clone());
    let mut reader = open(&source).await;
    assert_eq!(texts(&page_within(&mut *reader, secs(1)).await), [n(1)]);
    // The next two records are in a page that is not due.
    no_page_for(&mut *reader, Duration::from_millis(970)).await;
    let position = reader.position().expect("a position");
    assert_eq!(cursor_of(&position), 1);
    assert_eq!(texts(&page_within(&mut *reader, secs(1)).await), [n(2), n(3)]);
    assert_eq!(cursor_of(&reader.position().unwrap()), 3);
    stop(&mut *reader).await;
    // The records in hand are not among those that count as repeated.
    let script = Script::accept().send_text(n(1)).send_text(n(2)).send_text(n(3));
    let (_peer, source) = in_memory([script], keys);
    let mut reader = source.open(&Scope::default().with_position(position)).await.unwrap();
    assert_eq!(texts(&page_within(&mut *reader, secs(1)).await), [n(2), n(3)]);
    stop(&mut *reader).await;
}

#[tokio::test(start_paused = true)]
async fn a_gap_ends_a_page_and_the_position_stands_before_it() {
    let n = |n: u64| json!({"n": n}).to_string();
    let keys = json!({"resume": {"cursor": "/n"}, "query": {"from": "{cursor?}"},
        "sequence": {"last": "/n"}});
    let all = [n(1), n(2), n(5), n(6), n(9)];
    let script = all.iter().fold(Script::accept(), |script, n| script.send_text(n.as_str()));
    let (_peer, source) = in_memory([script], keys);
    let mut reader = open(&source).await;
    for expected in [&all[..2], &all[2..4], &all[4..]] {
        let page = page_within(&mut *reader, secs(1)).await;
        assert_eq!(texts(&page), expected);
        let last: Value = serde_json::from_str(expected.last().unwrap()).unwrap();
        assert_eq!(cursor_of(&reader.position().unwrap()), last["n"]);
    }
    stop(&mut *reader).await;
}
