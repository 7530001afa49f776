//! URLs, headers, proxies.

use serde_json::{Value, json};

use crate::case::{Case, Row, component_cases};
use crate::websocket::{both, sink, source};

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = both(headers);
    cases.extend(component_cases("source", &source(), of("url", good_urls(), bad_urls())));
    cases.extend(component_cases("sink", &sink(), of("url", good_urls(), bad_urls())));
    cases.extend(component_cases("source", &source(), of("proxy", good_proxies(), bad_proxies())));
    cases
}

fn of(key: &'static str, good: Vec<String>, bad: Vec<String>) -> Vec<Row> {
    let row = |(text, mistake): (String, &'static str)| (json!({ key: text }), mistake);
    let good = good.into_iter().map(|text| (text, ""));
    good.chain(bad.into_iter().map(|text| (text, key))).map(row).collect()
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn good_urls() -> Vec<String> {
    owned(&[
        "wss://h",
        "WSS://feed.example.com:9443/ws?a=b&c=%20#".trim_end_matches('#'),
        "ws://127.0.0.1:1/",
        "ws://[::1]:65535/",
        "ws://h:/",
        "ws://h?",
        "ws://h?a=/b",
        "ws://user:pass%20word@h/",
        "ws://h/a\\b",
        "ws://h/ü",
        "ws://h/${URL:-x}",
    ])
}

fn bad_urls() -> Vec<String> {
    let mut bad = owned(&[
        "",
        "h",
        "http://h/",
        "ws:/h",
        "ws://",
        "ws:///h",
        "ws://?a",
        "ws://:80/",
        "ws://h:0/",
        "ws://h:65536/",
        "ws://h:99999/",
        "ws://h:port/",
        "ws://h/#fragment",
        "ws://h/a b",
        " ws://h/",
        "ws://h/\n",
        "ws://h\\x/",
        "ws://{host}/",
        "ws://user:{password}@h/",
        "ws://us%3Aer:p@h/",
        "ws://user:p%0A@h/",
    ]);
    bad.push(format!("ws://h/{}", "x".repeat(9000)));
    bad
}

fn good_proxies() -> Vec<String> {
    owned(&[
        "env",
        "NONE",
        "http://proxy:3128",
        "HTTPS://user:pass@proxy/",
        "socks5://127.0.0.1",
        "socks5h://us%3Aer:pass@[::1]:9050",
        "${EMPTY:-none}",
    ])
}

fn bad_proxies() -> Vec<String> {
    owned(&[
        "",
        "evn",
        "proxy:3128",
        "ftp://proxy",
        "socks4://proxy",
        "http://",
        "http://proxy/path",
        "http://proxy?a",
        "http://pro xy",
        "http://proxy:0",
        "http://us%3Aer:p@proxy",
        "http://user:p%0A@proxy",
        "socks5://user@proxy",
        "socks5://:pass@proxy",
    ])
}

fn headers() -> Vec<Row> {
    let one = |name: &str, value: Value| json!({"headers": {name: value}});
    vec![
        (json!({"headers": {}}), ""),
        (one("X-Key", json!("a b")), ""),
        (one("Host", json!("h")), ""),
        (one("User-Agent", json!("")), ""),
        (one("Authorization", json!("Bearer ${TOKEN}")), ""),
        (one("X Key", json!("a")), "headers.X Key"),
        (one("", json!("a")), "headers"),
        (one("X:Key", json!("a")), "headers.X:Key"),
        (one("Connection", json!("a")), "headers.Connection"),
        (one("upgrade", json!("a")), "headers.upgrade"),
        (one("Sec-WebSocket-Key", json!("a")), "headers.Sec-WebSocket-Key"),
        (one("X-Key", json!("a\nb")), "headers.X-Key"),
        (one("X-Key", json!("é")), "headers.X-Key"),
        (one("X-Key", json!(5)), "headers.X-Key"),
        (one("X-Key", json!(null)), "headers.X-Key"),
        (json!({"headers": ["X-Key"]}), "headers"),
        (json!({"headers": null}), "headers"),
    ]
}
