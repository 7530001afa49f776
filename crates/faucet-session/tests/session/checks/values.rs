//! The ways to make values, and the keys that belong to each.

use super::{check, problems};

#[test]
fn a_value_is_made_in_exactly_one_way() {
    check(&[
        (
            r#"{"values": {"a": {}, "b": {"as": "hex"}}}"#,
            &[
                "values.a: at least one of secret or literal or file or command or clock or random or hmac or jwt or encode must be set",
                "values.b: at least one of secret or literal or file or command or clock or random or hmac or jwt or encode must be set",
            ],
        ),
        (
            r#"{"values": {"a": {"secret": "s3cr3t", "clock": "ms"}}}"#,
            &["values.a.clock: not together with values.a.secret"],
        ),
        (
            r#"{"values": {"a": {"clock": "ms", "offset": -5, "as": "text"}, "b": {"random": "uuid"}, "c": "x{a}",
                "d": {"literal": "{"}, "e": {"file": "f", "pointer": "/a"}, "f": {"command": ["p", "{a}"], "timeout": 3, "pointer": "/a"},
                "g": {"encode": "url", "text": "{a}"}, "h": {"hmac": "sha256", "key": "{c}", "text": "{a}", "as": "base64url", "key_is": "hex"}}}"#,
            &[],
        ),
    ]);
}

#[test]
fn each_way_has_companions_of_its_own() {
    check(&[
        (
            r#"{"values": {"a": {"secret": "s3cr3t", "text": "x", "timeout": 3, "per": "message"}}}"#,
            &[
                "values.a.text: not together with values.a.secret",
                "values.a.timeout: not together with values.a.secret",
            ],
        ),
        (
            r#"{"values": {"a": {"clock": "ms", "as": "hex"}, "b": {"hmac": "sha256", "key": "k", "text": "", "as": "number"}}}"#,
            &[
                "values.a.as: out of range, expected number or text",
                "values.b.as: out of range, expected hex, base64 or base64url",
            ],
        ),
        (
            r#"{"values": {"a": {"random": "hex", "as": "hex"}, "b": {"file": "x", "offset": 1}, "c": {"encode": "hex", "text": "a", "key": "k"},
                "d": {"literal": "x", "header": {"a": 1}, "claims": {"b": 2}, "expires_in": 5}, "e": {"clock": "s", "key_is": "hex", "pointer": "/a"}}}"#,
            &[
                "values.a.as: not together with values.a.random",
                "values.b.offset: not together with values.b.file",
                "values.c.key: not together with values.c.encode",
                "values.d.header: not together with values.d.literal",
                "values.d.claims: not together with values.d.literal",
                "values.d.expires_in: not together with values.d.literal",
                "values.e.key_is: not together with values.e.clock",
                "values.e.pointer: not together with values.e.clock",
            ],
        ),
        (
            r#"{"values": {"a": {"hmac": "sha256"}, "b": {"encode": "hex"}}}"#,
            &["values.a.key: missing", "values.a.text: missing", "values.b.text: missing"],
        ),
        (
            r#"{"values": {"a": {"file": "x", "per": "message"}, "b": {"command": ["x"], "per": "message"}}}"#,
            &[
                "values.a.per: a file or a program is asked once for each connection",
                "values.b.per: a file or a program is asked once for each connection",
            ],
        ),
    ]);
}

#[test]
fn contents_are_checked() {
    check(&[
        (
            r#"{"values": {"a": {"command": []}, "b": {"command": [""]}, "c": {"command": ["p", "{/~}"]}}}"#,
            &[
                "values.a.command: out of range, expected a program and its arguments",
                "values.b.command: out of range, expected a program and its arguments",
                "values.c.command[1]: {/~} is no place in a message: `~` at byte 1 needs `0` (for `~`) or `1` (for `/`) behind it",
            ],
        ),
        (
            r#"{"values": {"a": {"command": ["p"], "timeout": 0}}}"#,
            &["values.a.timeout: out of range, expected a duration longer than zero"],
        ),
        (
            r#"{"values": {"a": {"command": ["p"], "timeout": 400000000}}}"#,
            &[
                "values.a.timeout: out of range, expected a duration longer than zero and not longer than ten years",
            ],
        ),
        (
            r#"{"values": {"a": "{/~}", "b": {"encode": "hex", "text": "{/~}"}}}"#,
            &[
                "values.a: {/~} is no place in a message: `~` at byte 1 needs `0` (for `~`) or `1` (for `/`) behind it",
                "values.b.text: {/~} is no place in a message: `~` at byte 1 needs `0` (for `~`) or `1` (for `/`) behind it",
            ],
        ),
    ]);
}

#[test]
fn the_key_of_a_hash_is_in_its_form_and_never_shown() {
    for (key, key_is, good) in [
        ("hunter2*hunter2", "base64", false),
        ("hunter2hunter2g", "hex", false),
        ("aHVudGVyMg==", "base64", true),
        ("hunter2*hunter2", "text", true),
        ("{k}", "base64", true),
    ] {
        let config = format!(
            r#"{{"values": {{"k": {{"secret": "x"}}, "a": {{"hmac": "sha256", "key": "{key}", "key_is": "{key_is}", "text": "t"}}}}}}"#
        );
        let found = problems(&config);
        assert_eq!(found.is_empty(), good, "{key} {key_is}: {found:?}");
        for problem in found {
            assert!(problem.starts_with("values.a.key: "), "{problem}");
            assert!(!problem.contains("hunter2"), "{problem}");
        }
    }
}

#[cfg(feature = "http")]
#[test]
fn the_key_of_a_token_fits_its_algorithm_and_is_never_shown() {
    let found = problems(
        r#"{"values": {"a": {"jwt": "ES256", "key": "hunter2", "header": {"kid": "{x}"}}, "b": {"jwt": "HS256", "key": "long enough to be a key of thirty-two bytes"},
            "c": {"jwt": "HS256", "expires_in": 0}, "d": {"jwt": "HS256", "key": "{b}", "claims": {"a": ["{/~}"]}}}}"#,
    );
    let keys: Vec<&str> = found.iter().filter_map(|line| Some(line.split_once(": ")?.0)).collect();
    assert_eq!(
        keys,
        ["values.a.key", "values.c.key", "values.c.expires_in", "values.d.claims"],
        "{found:?}"
    );
    assert!(found.iter().all(|line| !line.contains("hunter2")), "{found:?}");
}

#[cfg(not(feature = "http"))]
#[test]
fn a_build_without_http_refuses_what_needs_it() {
    let why = |path: &str, key: &str| {
        format!(
            "{path}: the key \"{key}\" is not part of this build; enable the cargo feature `session-http`"
        )
    };
    check(&[(
        r#"{"values": {"a": {"jwt": "HS256", "key": "k"}}, "before_connect": [{"url": "https://h/"}],
            "session": [{"request": {"url": "https://h/"}}]}"#,
        &[
            &why("values.a.jwt", "jwt"),
            &why("before_connect[0]", "before_connect"),
            &why("session[0].request", "request"),
        ],
    )]);
}
