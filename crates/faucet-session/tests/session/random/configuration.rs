//! Random configurations out of all of the vocabulary.

use fastrand::Rng;
use serde_json::{Map, Value, json};

/// A random configuration that is in order.
pub(super) fn random(rng: &mut Rng) -> Value {
    let mut keys = Map::new();
    keys.insert("values".into(), values());
    keys.insert("url_hosts".into(), json!(["*.example.com"]));
    let resumes = rng.u8(0..3) == 0;
    if resumes {
        let resume = json!({"keep": ["id"], "cursor": "/c", "order": "increasing", "rewind": 1});
        keys.insert("resume".into(), resume);
    }
    keys.insert("session".into(), Value::Array(steps(rng, resumes)));
    keys.insert("control".into(), Value::Array(rules(rng)));
    let mut maybe = |key: &str, value: Value, share: u8| {
        if rng.u8(0..100) < share {
            keys.insert(key.to_owned(), value);
        }
    };
    maybe("session_timeout", json!(20), 40);
    maybe("silence_timeout", json!(12), 20);
    maybe("rotate_after", json!(25), 20);
    maybe("subscribe_messages", json!(["hi", numbered("hi", "{room}")]), 30);
    maybe("goodbye", json!([numbered("bye", "{id?}"), {"text": "{id}"}, "bye"]), 30);
    maybe("decompress", json!("auto"), 20);
    maybe("data_prefix", json!("42"), 10);
    maybe("split_arrays", json!(true), 20);
    maybe("unwrap", json!("/data"), 20);
    maybe("explode", json!(true), 10);
    maybe("checks_json", json!(true), 30);
    if rng.u8(0..3) == 0 {
        keys.insert("send_limit".into(), json!({"count": rng.u8(1..6), "per": rng.u8(1..8)}));
    }
    if rng.u8(0..4) == 0 {
        let framing = if rng.bool() { "lines" } else { "record_separator" };
        keys.insert("framing".into(), framing.into());
    }
    if rng.bool() {
        let topics: Vec<String> = (0..rng.u8(1..6)).map(|n| format!("t{n}")).collect();
        keys.insert("topics".into(), json!(topics));
        keys.insert("subscribe".into(), subscribe(rng));
    }
    if rng.bool() {
        keys.insert("heartbeat".into(), heartbeat(rng));
    }
    Value::Object(keys)
}

fn values() -> Value {
    json!({
        "key": {"secret": "hunter2hunter2"},
        "now": {"clock": "ms", "per": "message"},
        "sig": {"hmac": "sha256", "key": "{key}", "text": "{now}{seq}", "per": "message"},
        "token": {"command": ["get-token", "{key}"]},
        "text": {"file": "text", "pointer": "/a"},
        "both": "{text}{room}"
    })
}

fn numbered(op: &str, about: &str) -> Value {
    json!({"json": {"op": op, "about": about, "seq": "{seq}"}})
}

fn steps(rng: &mut Rng, resumes: bool) -> Vec<Value> {
    let mut steps = Vec::new();
    for _ in 0..rng.u8(0..5) {
        let mut step = match rng.u8(0..7) {
            0 => json!({"send": numbered("login", "{sig}")}),
            1 => json!({"send": numbered("token", "{token}")}),
            2 => json!({"send": numbered("text", "{both}{id?}")}),
            3 if resumes => json!({"send": {"text": "{cursor} {id?}"}}),
            4 if cfg!(feature = "http") => {
                json!({"request": {"url": "https://h.example/{room}", "take": {"called": "/a"}}})
            }
            _ => expect(rng),
        };
        match rng.u8(0..6) {
            0 => step["only"] = "fresh".into(),
            1 => step["only"] = "resume".into(),
            _ => {}
        }
        steps.push(step);
    }
    steps.push(json!({"send": numbered("end", "{id?}")}));
    steps
}

fn expect(rng: &mut Rng) -> Value {
    let expect =
        if rng.bool() { json!({"/ok": "{seq}"}) } else { json!({"/ok": {"exists": true}}) };
    let mut step = json!({"expect": expect, "timeout": rng.u8(1..15), "count": rng.u8(1..3)});
    if rng.bool() {
        step["fail"] = json!({"/no": {"exists": true}});
    }
    if rng.u8(0..3) == 0 {
        step["take"] = json!({"id": "/id"});
    }
    if rng.u8(0..4) == 0 {
        step["expect_is"] = "record".into();
    }
    step
}

fn subscribe(rng: &mut Rng) -> Value {
    let batch = rng.u8(1..4);
    let topics = if batch == 1 { "{topic}" } else { "{topics}" };
    let mut subscribe = json!({"message": numbered("sub", topics), "batch": batch});
    if rng.u8(0..3) > 0 {
        subscribe["ack"] =
            if rng.bool() { json!({"/ok": "{seq}"}) } else { json!({"/ok": {"exists": true}}) };
        subscribe["timeout"] = rng.u8(1..15).into();
        if rng.bool() {
            subscribe["fail"] = json!({"/no": "{seq}"});
            subscribe["on_fail"] = if rng.bool() { "skip" } else { "fail" }.into();
        }
        if rng.bool() {
            subscribe["ack_per"] = "topic".into();
        }
        if rng.bool() {
            subscribe["ack_is"] = "record".into();
        }
    }
    subscribe
}

fn heartbeat(rng: &mut Rng) -> Value {
    let interval = if rng.bool() { json!(rng.u8(1..9)) } else { json!("{beat} ms") };
    let about = if rng.bool() { "{now}" } else { "{token}" };
    let mut beat = json!({"message": numbered("beat", about), "interval": interval});
    beat["when"] = if rng.bool() { "idle" } else { "always" }.into();
    beat["first"] = if rng.bool() { "random" } else { "interval" }.into();
    beat["during_session"] = rng.bool().into();
    if rng.bool() {
        beat["reply"] =
            if rng.bool() { json!({"/pong": "{seq}"}) } else { json!({"text": "pong"}) };
        if rng.bool() {
            beat["timeout"] = json!(rng.u8(1..9));
        }
    }
    beat
}

fn rules(rng: &mut Rng) -> Vec<Value> {
    let mut rules =
        vec![json!({"match": {"/ping": {"exists": true}}, "reply": {"json": {"pong": "{/ping}"}}})];
    let actions = ["drop", "keep", "warn", "reconnect", "restart", "fail", "end"];
    for (number, action) in actions.into_iter().enumerate() {
        if rng.u8(0..3) == 0 {
            continue;
        }
        let mut rule = json!({"match": {"/do": number}, "action": action});
        match rng.u8(0..8) {
            0 => rule["take"] = json!({"beat": "/id"}),
            1 => rule["reply"] = numbered("reply", "{/id?}"),
            2 => rule["reply"] = numbered("reply", "{token}"),
            3 => rule["reply"] = json!({"text": "{/id}"}),
            _ => {}
        }
        if action == "keep" && rule.get("reply").is_some() && rng.bool() {
            rule["after"] = "flush".into();
        }
        if action == "reconnect" && rng.bool() {
            rule["take"] = json!({"next": "/id"});
            rule["url"] = "wss://h.example.com/{next}".into();
        }
        rules.push(rule);
    }
    rng.shuffle(&mut rules);
    // The interval of a heartbeat and the id may come at any time.
    rules.push(
        json!({"match": {"/set": {"exists": true}}, "take": {"id": "/set"}, "action": "keep"}),
    );
    rules.push(json!({"match": {"/beat": {"exists": true}}, "take": {"beat": "/beat"}}));
    rules
}
