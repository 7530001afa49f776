//! All problems are told at once, and no secret with them.

use super::{check, problems};

#[test]
fn all_problems_are_told_at_once() {
    check(&[(
        r#"{"reconnect": false, "values": {"a": {"clock": "ms", "as": "hex"}, "1": "x"}, "topics": ["a"],
            "session": [{}, {"send": {"text": "{sub_id}"}}, {"expect": {"/a": 1}, "take": {"sub_id": "/b", "1": "/c"}}],
            "control": [{"match": {"/a": 1}}, {"match": {"/a": 1}, "delay": 3}], "silence_timeout": 5,
            "resume": {"cursor": "/c", "keep": ["never"]}, "send_limit": {"count": 0, "per": 1}}"#,
        &[
            "values.a.as: out of range, expected number or text",
            "values.1: a name has letters, digits and `_`, and does not begin with a digit",
            "session[2].take.1: a name has letters, digits and `_`, and does not begin with a digit",
            "resume.keep[0]: no step takes this name",
            "session[0]: at least one of send or expect or request must be set",
            "session[1].send: {sub_id} has no value yet: session[2].take.sub_id takes it later",
            "topics: needs subscribe",
            "control[1].match: means the same as control[0].match; give one of them",
            "control[1].delay: belongs to `action: reconnect` and `action: restart`",
            "silence_timeout: needs reconnect",
            "send_limit.count: out of range, expected from 1 to 1,000,000",
            "resume: neither {cursor} nor a kept name stands in url, query, session or a message: nothing would be resumed",
        ],
    )]);
}

#[test]
fn no_problem_shows_a_secret() {
    let config = r#"{"url": "wss://h/?key=hunter2", "headers": {"X": "hunter2 {/~}"},
        "values": {"a": {"secret": "hunter2", "hmac": "sha256"}, "b": {"hmac": "sha256", "key": "hunter2*", "key_is": "base64", "text": "hunter2"}},
        "session": [{"send": {"text": "hunter2 {topic}"}}, {"send": {"type": "binary", "data": "hunter2*"}}],
        "before_connect": [{"url": "http://h/?hunter2", "body": "hunter2 {/~}", "headers": {"A": "hunter2 {/~}"}}]}"#;
    for problem in problems(config) {
        assert!(!problem.contains("hunter2"), "{problem}");
    }
    // Without the mistake that stops the decoding.
    let config = config.replace(r#""type": "binary", "data""#, r#""type": "text", "data""#);
    let found = problems(&config);
    assert!(found.len() >= 6, "{found:?}");
    assert!(found.iter().all(|problem| !problem.contains("hunter2")), "{found:?}");
}
