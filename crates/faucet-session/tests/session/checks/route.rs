//! URLs, hosts, parameters, headers, and calls.

use super::check;

#[test]
fn a_url_of_names_needs_hosts() {
    check(&[
        (r#"{"url_from": "{endpoint}"}"#, &["url_from: needs url_hosts"]),
        (
            r#"{"url_from": "{endpoint}", "url": "wss://h/", "url_hosts": ["*.example.com"]}"#,
            &["url_from: not together with url"],
        ),
        (
            r#"{"url_from": "wss://h/", "url_hosts": ["h.example"]}"#,
            &["url_from: is made of names, such as {endpoint}; a fixed URL belongs to `url`"],
        ),
        (
            r#"{"url_hosts": ["*", "https://a.com", "a.com:0"]}"#,
            &[
                "url_hosts[0]: is no host: write `host`, `*.host` or `host:port`",
                "url_hosts[1]: is no host: write `host`, `*.host` or `host:port`",
                "url_hosts[2]: is no host: write `host`, `*.host` or `host:port`",
            ],
        ),
        (
            r#"{"control": [{"match": {"/a": 1}, "action": "reconnect", "take": {"u": "/u"}, "url": "{u}"}]}"#,
            &["control[0].url: needs url_hosts"],
        ),
        (
            r#"{"resume": {"keep": ["u"], "url": "{u}"}, "session": [{"expect": {"/a": 1}, "take": {"u": "/u"}}]}"#,
            &["resume.url: needs url_hosts"],
        ),
        (
            r#"{"url_from": "{/a}", "query": {"a": "{/~}"}, "url_hosts": ["h.example"]}"#,
            &[
                "url_from: {/a} is a place of a message that is answered: it stands in `reply` only",
                "query.a: {/~} is no place in a message: `~` at byte 1 needs `0` (for `~`) or `1` (for `/`) behind it",
            ],
        ),
    ]);
}

#[test]
fn braces_in_headers_mean_something_once_there_are_names() {
    check(&[
        (r#"{"headers": {"X": "{/a}"}}"#, &[]),
        (
            r#"{"headers": {"X": "{/a}"}, "values": {"v": "x"}}"#,
            &[
                "headers.X: {/a} is a place of a message that is answered: it stands in `reply` only",
            ],
        ),
    ]);
}

#[cfg(feature = "http")]
#[test]
fn a_call_is_checked() {
    let url = |written: &str, why: &str| {
        let config = format!(r#"{{"before_connect": [{{"url": "{written}"}}]}}"#);
        let expected: Vec<String> = (!why.is_empty())
            .then(|| format!("before_connect[0].url: {why}"))
            .into_iter()
            .collect();
        let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
        check(&[(&config, &expected)]);
    };
    for (written, why) in [
        ("https://h/token?a={room}", ""),
        ("http://127.0.0.1:1/x", ""),
        ("http://localhost/x", ""),
        ("http://h/", "must begin with https:// (http:// is for this machine only)"),
        ("ftp://h/", "must begin with https:// (http:// is for this machine only)"),
        ("h/x", "must begin with https://"),
        ("https://{room}/x", "{placeholders} may stand in the path and the query only"),
        ("https://u:p@h/", "must not have a user; write an Authorization header"),
        ("https://h:x/", "is not a valid URL"),
        (
            "https://h/{/~}",
            "{/~} is no place in a message: `~` at byte 1 needs `0` (for `~`) or `1` (for `/`) behind it",
        ),
        ("https://h/{seq}", "{seq} numbers messages: it has no value here"),
    ] {
        url(written, why);
    }
    check(&[
        (
            r#"{"before_connect": [{"url": "https://h/", "headers": {"a b": "x", "c": "{/~}"}, "json": {"a": "{/~}"}, "status": [],
                "expect": {"a": 1}, "timeout": 0, "take": {"a b": "/a"}}]}"#,
            &[
                r#"before_connect[0].take.a b: a name has letters, digits and `_`, and does not begin with a digit"#,
                r#"before_connect[0].headers.a b: is no name of a header"#,
                "before_connect[0].headers.c: {/~} is no place in a message: `~` at byte 1 needs `0` (for `~`) or `1` (for `/`) behind it",
                "before_connect[0].json: {/~} is no place in a message: `~` at byte 1 needs `0` (for `~`) or `1` (for `/`) behind it",
                "before_connect[0].status: out of range, expected statuses from 100 to 599",
                "before_connect[0].expect.a: a JSON pointer begins with `/`, such as `/data/price`; `` is the whole value; or a place is one of `text`, `prefix`, `binary`",
                "before_connect[0].timeout: out of range, expected a duration longer than zero",
            ],
        ),
        (
            r#"{"session": [{"request": {"url": "https://h/", "json": {}, "body": "x", "status": [200, 99]}}]}"#,
            &[
                "session[0].request.json: not together with session[0].request.body",
                "session[0].request.status: out of range, expected statuses from 100 to 599",
            ],
        ),
        // Names are in order: a call sees what the calls before it took.
        (
            r#"{"before_connect": [{"url": "https://h/{t}", "take": {"t": "/t"}}, {"url": "https://h/{t}", "body": "{u}", "expect": {"/a": "{u}"}},
                {"url": "https://h/", "take": {"u": "/u"}}], "query": {"t": "{t}{u}"}}"#,
            &[
                "before_connect[0].url: {t} has no value yet: before_connect[0].take.t takes it later",
                "before_connect[1].body: {u} has no value yet: before_connect[2].take.u takes it later",
                "before_connect[1].expect: {u} has no value yet: before_connect[2].take.u takes it later",
            ],
        ),
        // A wrong name is told beside another mistake of the call.
        (
            r#"{"before_connect": [{"url": "http://h/{seq}"}]}"#,
            &[
                "before_connect[0].url: must begin with https:// (http:// is for this machine only)",
                "before_connect[0].url: {seq} numbers messages: it has no value here",
            ],
        ),
    ]);
}
