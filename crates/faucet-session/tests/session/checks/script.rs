//! The steps of the script, subscriptions and messages.

use super::check;

#[test]
fn a_step_has_one_verb_and_its_companions() {
    check(&[
        (
            r#"{"session": [{}, {"only": "fresh"}]}"#,
            &[
                "session[0]: at least one of send or expect or request must be set",
                "session[1]: at least one of send or expect or request must be set",
            ],
        ),
        (
            r#"{"session": [{"send": "a", "expect": {"/a": 1}}]}"#,
            &["session[0].expect: not together with session[0].send"],
        ),
        (
            r#"{"session": [{"send": "a", "fail": {"/a": 1}, "take": {"x": "/a"}, "count": 2, "expect_is": "record"}]}"#,
            &[
                "session[0].fail: needs session[0].expect",
                "session[0].take: needs session[0].expect",
                "session[0].count: needs session[0].expect",
                "session[0].expect_is: needs session[0].expect",
            ],
        ),
        (
            r#"{"session": [{"expect": {"/a": 1}, "count": 0}, {"expect": {"/a": 1}, "count": 100001}, {"expect": {"/a": 1}, "timeout": 0}]}"#,
            &[
                "session[0].count: out of range, expected from 1 to 100,000",
                "session[1].count: out of range, expected from 1 to 100,000",
                "session[2].timeout: out of range, expected a duration longer than zero",
            ],
        ),
        (
            r#"{"session_timeout": 0}"#,
            &["session_timeout: out of range, expected a duration longer than zero"],
        ),
    ]);
}

#[test]
fn matches_are_checked_where_they_stand() {
    check(&[(
        r#"{"session": [{"expect": {"a": 1}, "fail": {"/b": {"contains": "x"}}}, {"expect": {"/a": 1, "/b": {"min": "x"}}}],
            "topics": ["a"], "subscribe": {"message": "x", "ack": [], "fail": [{"/a": {}}]},
            "heartbeat": {"message": "x", "interval": 1, "reply": {}}, "control": [{"match": 5}, {"match": {"/a": "{/~}"}}]}"#,
        &[
            "session[0].expect.a: a JSON pointer begins with `/`, such as `/data/price`; `` is the whole value; or a place is one of `text`, `prefix`, `binary`",
            "session[0].fail./b.contains: unknown condition; write `exists`, `not`, `prefix`, `suffix`, `min` or `max`",
            "session[1].expect./b.min: must be a number",
            "subscribe.ack: the match is empty; name a place, such as `/type: trade`",
            "subscribe.fail[0]./a: a condition is missing",
            "heartbeat.reply: the match is empty; name a place, such as `/type: trade`",
            "control[0].match: a match is a map of JSON pointers to conditions, or a list of such maps",
            "control[1].match: {/~} is no place in a message: `~` at byte 1 needs `0` (for `~`) or `1` (for `/`) behind it",
        ],
    )]);
}

#[test]
fn topics_and_subscriptions_belong_together() {
    check(&[
        (r#"{"topics": ["a"]}"#, &["topics: needs subscribe"]),
        (r#"{"subscribe": {"message": "x"}}"#, &["subscribe: needs topics"]),
        (
            r#"{"topics": ["a", {"b": 1}, "a", 5, {"b": 1}], "subscribe": {"message": "x"}}"#,
            &[
                "topics[2]: means the same as topics[0]; give one of them",
                "topics[3]: a topic is text or a map",
                "topics[4]: means the same as topics[1]; give one of them",
            ],
        ),
        (
            r#"{"topics": ["a"], "subscribe": {"message": "x", "batch": 0, "timeout": 0, "fail": {"/a": 1}}}"#,
            &[
                "subscribe.batch: out of range, expected from 1 to 100,000",
                "subscribe.timeout: out of range, expected a duration longer than zero",
                "subscribe.fail: needs subscribe.ack",
            ],
        ),
        (
            r#"{"topics": ["a"], "subscribe": {"message": "x", "batch": 100001}}"#,
            &["subscribe.batch: out of range, expected from 1 to 100,000"],
        ),
    ]);
}

#[test]
fn there_is_a_limit_of_topics_and_it_is_checked_at_once() {
    let config = |many: usize| {
        let topics: Vec<String> = (0..many).map(|n| format!("\"t{n}\"")).collect();
        format!(
            r#"{{"topics": [{}], "subscribe": {{"message": {{"text": "{{topics_csv}}"}}}}}}"#,
            topics.join(",")
        )
    };
    check(&[
        (&config(100_000), &[]),
        (&config(100_001), &["topics: out of range, expected at most 100,000 topics"]),
    ]);
}
