//! Credentials.

use serde_json::{Value, json};

use crate::case::{Case, Row};
use crate::websocket::both;

pub(crate) fn cases() -> Vec<Case> {
    both(credentials)
}

fn credentials() -> Vec<Row> {
    let auth = |auth: Value| json!({ "auth": auth });
    let bearer = |token: &str| json!({"auth": {"type": "bearer", "config": {"token": token}}});
    let basic = |user: &str, password: &str| json!({"auth": {"type": "basic", "config": {"username": user, "password": password}}});
    let custom = |name: &str, value: &str| json!({"auth": {"type": "custom", "config": {"headers": {name: value}}}});
    vec![
        (auth(json!({"type": "none"})), ""),
        (bearer("t0k"), ""),
        (bearer("${TOKEN:?set it}"), ""),
        (bearer("Bearertoken"), ""),
        (bearer(""), "auth.config.token"),
        (bearer("t0k\n"), "auth.config.token"),
        (bearer("Bearer t0k"), "auth.config.token"),
        (bearer("bearer\tt0k"), "auth.config.token"),
        (bearer("t\u{f6}k"), "auth.config.token"),
        (basic("user", "pass:word"), ""),
        (basic("\u{fc}ser", ""), ""),
        (basic("us:er", "p"), "auth.config.username"),
        (basic("us\ner", "p"), "auth.config.username"),
        (basic("user", "p\r\n"), "auth.config.password"),
        (custom("X-Key", "a"), ""),
        (custom("Upgrade", "a"), "auth.config.headers.Upgrade"),
        (custom("X-Key", "a\n"), "auth.config.headers.X-Key"),
        (auth(json!({"type": "custom", "config": {"headers": {}}})), ""),
        (auth(json!({"type": "bearr", "config": {"token": "t"}})), "auth.type"),
        (auth(json!({"type": "Bearer", "config": {"token": "t"}})), "auth.type"),
        (auth(json!({"type": "bearer"})), "auth"),
        (auth(json!({"type": "bearer", "config": {}})), "auth.config"),
        (auth(json!({"type": "bearer", "config": {"token": 5}})), "auth.config.token"),
        (auth(json!({"type": "bearer", "config": {"token": null}})), "auth.config.token"),
        (auth(json!({"type": "bearer", "config": {"token": "t", "more": 1}})), "auth.config.more"),
        (auth(json!({"type": "bearer", "config": {"token": "t"}, "token": "t"})), "auth.token"),
        (auth(json!({"type": "bearer", "config": ["t"]})), "auth.config"),
        (auth(json!({"type": "basic", "config": {"username": "u"}})), "auth.config"),
        (auth(json!({"config": {"token": "t"}})), "auth"),
        (auth(json!({"ref": "name"})), "auth"),
        (auth(json!({})), "auth"),
        (auth(json!(null)), "auth"),
        (auth(json!("none")), "auth"),
        (auth(json!(["bearer", {"token": "t"}])), "auth"),
    ]
}
