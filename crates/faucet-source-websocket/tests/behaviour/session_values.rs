//! Named values: how each is made, how often, and where it may stand.

use std::time::{SystemTime, UNIX_EPOCH};

use faucet_core::ErrorKind;
use faucet_testkit::{Gate, Script};
use serde_json::{Map, Value, json};

use crate::support::*;

/// The keys of a source that says the values of all names twice on each connection.
fn says(values: Value) -> Value {
    let names = values.as_object().unwrap().keys();
    let tree: Map<_, _> = names.map(|name| (name.clone(), format!("{{{name}}}").into())).collect();
    let send = json!({"send": {"json": tree}});
    json!({"values": values, "session": [send, send]})
}

/// The messages on each of two connections, twice on each.
async fn said(values: Value) -> Vec<Value> {
    let script = Script::accept().expect_data(2).send_text("1").hang_up();
    let keys = reconnecting(with(says(values), json!({"max_messages": 2})));
    let (peer, told) = talk([script], keys).await;
    assert_eq!(told.texts(), ["1", "1"]);
    (0..2).flat_map(|connection| peer.json_messages(connection)).collect()
}

/// The forms of a value.
async fn value(made: Value) -> Value {
    said(json!({"it": made})).await.swap_remove(0)["it"].take()
}

#[tokio::test(start_paused = true)]
async fn fixed_values_are_texts() {
    for (made, expected) in [
        (json!("text"), "text"),
        (json!({"secret": "s3cret {it} {/x}"}), "s3cret {it} {/x}"),
        (json!({"literal": "query { price }\n{it}"}), "query { price }\n{it}"),
    ] {
        assert_eq!(value(made).await, expected);
    }
    let made = said(json!({"a": {"literal": "{b}"}, "b": "<{a}>", "c": "{b}{b}"})).await;
    assert_eq!(made[0], json!({"a": "{b}", "b": "<{b}>", "c": "<{b}><{b}>"}));
}

#[tokio::test(start_paused = true)]
async fn a_text_is_encoded_and_hashed_as_it_says() {
    // RFC 4231, test case 2.
    let text = "what do ya want for nothing?";
    let sha256 = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
    let hmac = |algorithm: &str, more: Value| {
        with(json!({"hmac": algorithm, "key": "Jefe", "text": text}), more)
    };
    for (made, expected) in [
        (json!({"encode": "base64", "text": "a?>~ü"}), "YT8+fsO8"),
        (json!({"encode": "base64url", "text": "a?>~ü!"}), "YT8-fsO8IQ"),
        (json!({"encode": "url", "text": "a?>~ü"}), "a%3F%3E~%C3%BC"),
        (json!({"encode": "hex", "text": "a?>~"}), "613f3e7e"),
        (hmac("sha256", json!({})), sha256),
        (hmac("sha256", json!({"as": "hex", "key_is": "text"})), sha256),
        (hmac("sha256", json!({"key_is": "hex", "key": "4a656665"})), sha256),
        (hmac("sha256", json!({"key_is": "base64", "key": "SmVmZQ=="})), sha256),
        (
            hmac("sha384", json!({"as": "base64url"})),
            "r0XS43ZIQDFhf3jStYprG5x-9GT1oBtH5C7Dc2MiRF6OIkDKXmnix4syOez6shZJ",
        ),
        (
            hmac("sha512", json!({"as": "base64"})),
            "Fkt6e/z4GeLjlfvnO1bgo4e9ZCIugx/WECcM1+olBVSXWL91wFqZSm0DT2X48Ob9yuqxo01Ka0tjbgcKOLznNw==",
        ),
    ] {
        assert_eq!(value(made.clone()).await, expected, "{made}");
    }
    // Names in the text and as the key.
    let values = json!({
        "secret": {"secret": "Jefe"}, "verb": "want",
        "it": {"hmac": "sha256", "key": "{secret}", "text": "what do ya {verb} for nothing?"},
    });
    assert_eq!(said(values).await[0]["it"], sha256);
}

/// The time in milliseconds.
fn now() -> i128 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i128
}

#[tokio::test(start_paused = true)]
async fn a_clock_tells_the_time_in_its_form() {
    for (form, nanos) in [("s", 1_000_000_000), ("ms", 1_000_000), ("us", 1000), ("ns", 1)] {
        for (offset, seconds) in [(json!(0), 0), (json!("-1h"), -3600), (json!(90), 90)] {
            let before = now();
            let made = value(json!({"clock": form, "offset": offset})).await;
            let told = i128::from(made.as_u64().expect("a number")) * nanos / 1_000_000;
            let told = told - seconds * 1000;
            assert!((before - 1000..=now()).contains(&told), "{form}: {told}");
            let text = value(json!({"clock": form, "as": "text"})).await;
            assert!(text.as_str().unwrap().parse::<u64>().is_ok(), "{text}");
        }
    }
    for (form, length) in [("rfc3339", "2026-11-25T16:00:00.123Z".len()), ("utc", 19)] {
        let now = value(json!({"clock": form})).await;
        let later = value(json!({"clock": form, "offset": "19200h"})).await;
        let (now, later) = (now.as_str().unwrap(), later.as_str().unwrap());
        assert!(now.len() == length && now[..4] < later[..4], "{now} {later}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_value_is_made_once_for_a_connection_or_for_each_message() {
    let values = json!({
        "uuid": {"random": "uuid"},
        "number": {"random": "number"},
        "each": {"random": "hex", "per": "message"},
        "again": {"encode": "url", "text": "{each}", "per": "message"},
        "numbered": {"encode": "url", "text": "n{seq}", "per": "message"},
    });
    let said = said(values).await;
    let of = |name: &str| said.iter().map(|said| said[name].to_string()).collect::<Vec<_>>();
    for name in ["uuid", "number"] {
        let of = of(name);
        assert!(of[0] == of[1] && of[2] == of[3] && of[0] != of[2], "{name}: {of:?}");
    }
    assert_eq!(of("uuid")[0].len(), 38);
    assert!(said[0]["number"].is_u64());
    let mut each = of("each");
    assert_eq!(each, of("again"), "one value in all of a message");
    assert_eq!(of("numbered"), ["\"n1\"", "\"n2\"", "\"n1\"", "\"n2\""]);
    each.sort();
    each.dedup();
    assert_eq!(each.len(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_file_is_read_anew_for_each_connection() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("token");
    std::fs::write(&path, "{\"token\": \"first\"}\n").unwrap();
    let gate = Gate::new();
    let scripts = [
        Script::accept().expect_data(2).send_text("1").wait(&gate).close(1012, ""),
        Script::accept().expect_data(2).send_text("2"),
    ];
    let values = json!({
        "whole": {"file": path.to_str().unwrap()},
        "token": {"file": path.to_str().unwrap(), "pointer": "/token"},
    });
    let keys = with(says(values), json!({"reconnect": true, "batch_size": 1}));
    let (peer, source) = in_memory(scripts, keys);
    let mut reader = open(&source).await;
    assert_eq!(texts(&page_within(&mut *reader, secs(10)).await), ["1"]);
    let expected = json!({"token": "first", "whole": "{\"token\": \"first\"}"});
    assert_eq!(peer.json_messages(0)[0], expected);
    // While a later connect finds no file, the run goes on trying.
    std::fs::remove_file(&path).unwrap();
    gate.open();
    no_page_for(&mut *reader, secs(60)).await;
    std::fs::write(&path, r#"{"token": "second"}"#).unwrap();
    assert_eq!(texts(&page_within(&mut *reader, secs(600)).await), ["2"]);
    assert_eq!(peer.connections().last().unwrap().json_messages()[0]["token"], "second");
    stop(&mut *reader).await;
}

#[tokio::test(start_paused = true)]
async fn a_value_that_cannot_be_made_ends_a_run_that_was_never_connected() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("token");
    std::fs::write(&path, r#"{"token": {"hidden": 1}}"#).unwrap();
    let path = path.to_str().unwrap();
    for (made, words) in [
        (json!({"file": format!("{path}.none")}), "values.it: the file "),
        (json!({"file": path, "pointer": "/key"}), "values.it: its output has no value at /key"),
        (
            json!({"command": ["sleep", "3600"], "timeout": 7}),
            "values.it: the command timed out after 7 s",
        ),
        (json!({"command": ["sleep", "3600"]}), "values.it: the command timed out after 10 s"),
        (json!({"command": ["/no/such/program"]}), "values.it: the command could not start"),
    ] {
        let keys = with(says(json!({"it": made})), json!({"reconnect": true}));
        let (peer, told) = talk([Script::accept()], keys).await;
        let error = told.error().to_string();
        assert!(error.contains(words) && !error.contains("hidden"), "{error}");
        assert_eq!((told.error().kind(), peer.connections().len()), (ErrorKind::Auth, 1));
    }
}

/// The child process runs on the clock of the machine.
#[tokio::test]
async fn a_program_prints_a_value_without_a_shell() {
    for (made, expected) in [
        (json!({"command": ["echo", "a $HOME; {word}"]}), json!("a $HOME; x\"y")),
        (json!({"command": ["echo", r#"{"a":{"b":[1.50]}}"#], "pointer": "/a/b/0"}), json!(1.50)),
    ] {
        let values = json!({"it": made, "word": {"literal": "x\"y"}});
        let (peer, source) = in_memory(
            [Script::accept().expect_data(2).send_text("1")],
            with(says(values), json!({"max_messages": 1})),
        );
        assert_eq!(run(&source).await.texts(), ["1"]);
        assert_eq!(peer.json_messages(0)[0]["it"], expected);
    }
    let values = json!({"word": {"literal": "-n"}, "it": {"command": ["echo", "{word}"]}});
    let (_, source) = in_memory([Script::accept()], says(values));
    let error = run(&source).await.end.unwrap_err().to_string();
    assert!(error.contains("argument 1 is filled and begins with `-`"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn values_stand_in_url_query_headers_and_in_values() {
    let keys = json!({
        "values": {"key": {"secret": "s3c/ret?"}, "n": {"random": "number"}, "pair": "{n}:{key}"},
        "headers": {"X-Pair": "{pair}", "X-Plain": "{}"},
        "query": {"key": "{key}", "n": ["{n}", "a b"], "left": "out{cursor?}"},
        "resume": {"cursor": "/id"},
        "max_messages": 2,
    });
    let (peer, source) = in_memory_at("ws://feed.test/{key}?a=1", [once_up()], reconnecting(keys));
    let logs = Logs::collect();
    let told = run_paused(&source).await;
    assert_eq!(told.texts(), [UP, UP]);
    let seen = peer.finish().await;
    for seen in &seen {
        let pair = seen.header("X-Pair").unwrap();
        let (n, key) = pair.split_once(':').unwrap();
        assert_eq!((key, seen.header("X-Plain")), ("s3c/ret?", Some("{}")));
        assert_eq!(seen.path(), format!("/s3c%2Fret%3F?a=1&key=s3c%2Fret%3F&n={n}&n=a%20b"));
    }
    assert_ne!(seen[0].header("X-Pair"), seen[1].header("X-Pair"));
    let logged = logs.lines().join("\n");
    assert!(logged.contains("connected") && !logged.contains("s3c"), "{logged}");
}

#[cfg(feature = "session-http")]
#[tokio::test(start_paused = true)]
async fn a_token_is_signed_with_its_header_and_its_claims() {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    let token = async |more: Value| {
        let made = with(json!({"jwt": "HS256", "key": "k".repeat(32)}), more);
        let token = value(made).await.as_str().unwrap().to_owned();
        let parts: Vec<_> = token.split('.').map(str::to_owned).collect();
        let json = |part: &str| -> Value {
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
        };
        (json(&parts[0]), json(&parts[1]), parts[2].clone())
    };
    let (header, claims, signature) = token(json!({})).await;
    assert_eq!(header, json!({"alg": "HS256", "typ": "JWT"}));
    let time = |claims: &Value, name: &str| claims[name].as_i64().unwrap();
    assert_eq!(time(&claims, "exp") - time(&claims, "iat"), 120);
    assert!((now() / 1000 - i128::from(time(&claims, "nbf"))).abs() < 60);
    let more = json!({"header": {"kid": "k{seq}"}, "claims": {"iss": "cdp", "aud": ["x"]},
        "expires_in": "1 min", "key": "l".repeat(32), "per": "message"});
    let (header, claims, other) = token(more).await;
    assert_eq!(header, json!({"alg": "HS256", "typ": "JWT", "kid": "k1"}));
    assert_eq!((&claims["iss"], &claims["aud"]), (&json!("cdp"), &json!(["x"])));
    assert_eq!(time(&claims, "exp") - time(&claims, "iat"), 60);
    assert_ne!(signature, other);
    assert_eq!(URL_SAFE_NO_PAD.decode(signature).unwrap().len(), 32);
}
