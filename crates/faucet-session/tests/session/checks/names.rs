//! Names: unknown, taken twice, used too early, made of themselves.

use super::check;

#[test]
fn a_name_has_one_source_and_a_good_form() {
    check(&[
        (
            r#"{"values": {"a": "x"}, "session": [{"expect": {"/a": 1}, "take": {"a": "/a"}}]}"#,
            &["session[0].take.a: means the same as values.a; give one of them"],
        ),
        (
            r#"{"values": {"a": "x"}, "control": [{"match": {"/a": 1}, "take": {"a": "/a"}}]}"#,
            &["control[0].take.a: means the same as values.a; give one of them"],
        ),
        (
            r#"{"values": {"1a": "x", "a b": "x", "": "x", "cursor": "x", "topics_csv": "x"}}"#,
            &[
                r#"values.1a: a name has letters, digits and `_`, and does not begin with a digit"#,
                r#"values.a b: a name has letters, digits and `_`, and does not begin with a digit"#,
                r#"values.: a name has letters, digits and `_`, and does not begin with a digit"#,
                "values.cursor: is a built-in name",
                "values.topics_csv: is a built-in name",
            ],
        ),
        (
            r#"{"session": [{"expect": {"/a": 1}, "take": {"a-b": "/a", "seq": "/b"}}]}"#,
            &[
                "session[0].take.a-b: a name has letters, digits and `_`, and does not begin with a digit",
                "session[0].take.seq: is a built-in name",
            ],
        ),
        // A name may be taken in several places: the last value counts.
        (
            r#"{"session": [
                {"expect": {"/a": 1}, "take": {"a": "/a"}},
                {"expect": {"/b": 1}, "take": {"a": "/b"}}
            ], "control": [{"match": {"/c": 1}, "take": {"a": "/c"}}]}"#,
            &[],
        ),
        // Any other name is one of the run's context.
        (r#"{"session": [{"send": {"json": "{room} {other}"}}]}"#, &[]),
    ]);
}

#[test]
fn a_name_is_used_after_it_was_taken() {
    let early = |path: &str, name: &str, by: &str| {
        format!("{path}: {{{name}}} has no value yet: {by} takes it later")
    };
    let takes = r#"{"expect": {"/a": 1}, "take": {"id": "/id"}}"#;
    for (config, path, by) in [
        (
            format!(r#"{{"session": [{{"send": {{"json": "{{id}}"}}}}, {takes}]}}"#),
            "session[0].send",
            "session[1].take.id",
        ),
        (
            r#"{"session": [{"expect": {"/a": "{id}"}, "take": {"id": "/id"}}]}"#.to_owned(),
            "session[0].expect",
            "session[0].take.id",
        ),
        (
            r#"{"session": [{"expect": {"/a": 1}, "fail": {"/a": "{id}"}, "take": {"id": "/id"}}]}"#
                .to_owned(),
            "session[0].fail",
            "session[0].take.id",
        ),
        (
            format!(r#"{{"query": {{"id": "{{id}}"}}, "session": [{takes}]}}"#),
            "query.id",
            "session[0].take.id",
        ),
        (
            format!(r#"{{"url": "wss://h/{{id}}", "session": [{takes}]}}"#),
            "url",
            "session[0].take.id",
        ),
        (
            format!(
                r#"{{"url_from": "{{id}}", "url_hosts": ["h.example"], "session": [{takes}]}}"#
            ),
            "url_from",
            "session[0].take.id",
        ),
        (
            format!(
                r#"{{"values": {{"a": "x{{id}}"}}, "query": {{"id": "{{a}}"}}, "session": [{takes}]}}"#
            ),
            "query.id",
            "session[0].take.id",
        ),
        (
            format!(
                r#"{{"values": {{"a": "x"}}, "headers": {{"X-Id": "{{id}}"}}, "session": [{takes}]}}"#
            ),
            "headers.X-Id",
            "session[0].take.id",
        ),
    ] {
        check(&[(&config, &[&early(path, "id", by)])]);
    }
    // Optional uses, kept names, and places that come later are good.
    for good in [
        format!(r#"{{"session": [{{"send": {{"json": {{"a": "{{id?}}"}}}}}}, {takes}]}}"#),
        format!(
            r#"{{"resume": {{"keep": ["id"]}}, "session": [{{"send": {{"json": "{{id}}"}}, "only": "resume"}}, {takes}]}}"#
        ),
        format!(r#"{{"session": [{takes}, {{"send": {{"json": "{{id}}"}}}}]}}"#),
        format!(
            r#"{{"session": [{takes}], "topics": ["a"], "subscribe": {{"message": {{"text": "{{id}}{{topics}}"}}}}}}"#
        ),
        format!(r#"{{"session": [{takes}], "subscribe_messages": [{{"text": "{{id}}"}}]}}"#),
        format!(r#"{{"session": [{takes}], "goodbye": [{{"text": "{{id}}"}}]}}"#),
        format!(
            r#"{{"session": [{takes}], "heartbeat": {{"message": "x", "interval": "{{id}} ms", "timeout": "{{id}} s", "reply": {{"/id": "{{id}}"}}}}}}"#
        ),
        r#"{"control": [{"match": {"/a": 1}, "take": {"id": "/id"}}], "session": [{"send": {"text": "{id}"}}]}"#
            .to_owned(),
    ] {
        check(&[(&good, &[])]);
    }
}

#[test]
fn built_in_names_stand_where_they_have_a_value() {
    check(&[
        (r#"{"url": "wss://h/{seq}"}"#, &["url: {seq} numbers messages: it has no value here"]),
        (
            r#"{"query": {"a": "{seq}", "b": ["{topics}", "{topic}", "{topics_csv}"]}}"#,
            &[
                "query.a: {seq} numbers messages: it has no value here",
                "query.b: {topics} stands in `subscribe` only",
                "query.b: {topic} stands in `subscribe` only",
                "query.b: {topics_csv} stands in `subscribe` only",
            ],
        ),
        (
            r#"{"topics": ["a"], "subscribe": {"message": {"text": "{topic}"}}}"#,
            &["subscribe.message: {topic} is the only topic of a message: set `batch: 1`"],
        ),
        (
            r#"{"topics": ["a"], "subscribe": {"message": {"text": "{topic}"}, "batch": 1, "ack": {"/t": "{topic}", "/id": "{seq}"}}}"#,
            &[],
        ),
        (
            r#"{"session": [{"send": {"text": "{topics}"}}], "goodbye": [{"text": "{topic}"}]}"#,
            &[
                "session[0].send: {topics} stands in `subscribe` only",
                "goodbye[0]: {topic} stands in `subscribe` only",
            ],
        ),
        (
            r#"{"heartbeat": {"message": "x", "interval": "{seq} ms"}}"#,
            &["heartbeat.interval: {seq} numbers messages: it has no value here"],
        ),
        (r#"{"session": [{"send": {"text": "{cursor}"}}]}"#, &["session[0].send: needs resume"]),
        (
            r#"{"resume": {"keep": ["a"]}, "session": [{"expect": {"/a": 1}, "take": {"a": "/a"}}, {"send": {"text": "{cursor}{a}"}}]}"#,
            &["session[1].send: needs resume"],
        ),
        (
            r#"{"values": {"a": "{seq}", "b": "{topic}", "c": "{/x}"}}"#,
            &[
                "values.a: {seq} differs between messages: set `per: message`",
                "values.b: {topic} differs between messages: set `per: message`",
                "values.c: {/x} is a place of a message that is answered: it stands in `reply` only",
            ],
        ),
        // A value for each message has the names of the message that it stands in.
        (
            r#"{"values": {"a": {"encode": "hex", "text": "{seq}", "per": "message"}}, "session": [{"send": {"text": "{a}"}}]}"#,
            &[],
        ),
        (
            r#"{"values": {"a": {"encode": "hex", "text": "{seq}{topic}", "per": "message"}}, "query": {"q": "{a}"}, "session": [{"send": {"text": "{a}"}}]}"#,
            &[
                "query.q: {seq} numbers messages: it has no value here",
                "query.q: {topic} stands in `subscribe` only",
                "session[0].send: {topic} stands in `subscribe` only",
            ],
        ),
        (
            r#"{"values": {"a": {"encode": "hex", "text": "{seq}", "per": "message"}, "b": "{a}"}}"#,
            &["values.b: {a} is a value for each message: set `per: message` here too"],
        ),
    ]);
}

#[test]
fn the_answered_message_stands_in_a_reply_only() {
    let why = |place: &str| {
        format!(
            "{place}: {{/id}} is a place of a message that is answered: it stands in `reply` only"
        )
    };
    check(&[
        (r#"{"session": [{"send": {"json": "{/id}"}}]}"#, &[&why("session[0].send")]),
        (r#"{"session": [{"expect": {"/a": "{/id}"}}]}"#, &[&why("session[0].expect")]),
        (r#"{"query": {"a": "{/id}"}}"#, &[&why("query.a")]),
        (
            r#"{"topics": ["a"], "subscribe": {"message": {"json": ["{topics}", "{/id}"]}}}"#,
            &[&why("subscribe.message")],
        ),
        (
            r#"{"heartbeat": {"message": {"text": "{/id}"}, "interval": 1}}"#,
            &[&why("heartbeat.message")],
        ),
        (r#"{"goodbye": [{"text": "{/id}"}]}"#, &[&why("goodbye[0]")]),
        (r#"{"control": [{"match": {"/a": 1}, "reply": {"json": ["{/id}", "{/b?}"]}}]}"#, &[]),
        (
            r#"{"control": [{"match": {"/a": 1}, "reply": {"json": "{/~}"}}]}"#,
            &[
                "control[0].reply: {/~} is no place in a message: `~` at byte 1 needs `0` (for `~`) or `1` (for `/`) behind it",
            ],
        ),
    ]);
}

#[test]
fn no_value_is_made_of_itself() {
    check(&[
        (
            r#"{"values": {"a": "{a}"}, "session": [{"send": {"text": "{a}"}}]}"#,
            &["values.a: is made of itself: a → a"],
        ),
        (
            r#"{"values": {"a": "{b}", "b": {"encode": "hex", "text": "{c}"}, "c": {"command": ["p", "{a}"]}, "d": "{a}"},
                "query": {"q": "{d}"}}"#,
            &[
                "values.a: is made of itself: a → b → c → a",
                "values.b: is made of itself: b → c → a → b",
                "values.c: is made of itself: c → a → b → c",
            ],
        ),
        // Two ways to the same value are no circle.
        (
            r#"{"values": {"a": "{b}{c}", "b": "{d}", "c": "{d}", "d": "x"}, "query": {"q": "{a}"}}"#,
            &[],
        ),
    ]);
}

#[test]
fn values_that_are_made_of_each_other_many_times_are_checked_at_once() {
    let mut values = vec![r#""v0": "{early}""#.to_owned()];
    values.extend((1..60).map(|n| format!(r#""v{n}": "{{v{0}}}{{v{0}}}""#, n - 1)));
    let config = format!(
        r#"{{"values": {{{}}}, "query": {{"q": "{{v59}}"}},
            "session": [{{"expect": {{"/a": 1}}, "take": {{"early": "/b"}}}}]}}"#,
        values.join(",")
    );
    check(&[(
        &config,
        &["query.q: {early} has no value yet: session[0].take.early takes it later"],
    )]);
}

#[test]
fn a_message_with_a_mistake_many_times_says_so_once() {
    check(&[(
        r#"{"session": [{"send": {"json": ["{topic}", "{topic}", "{/a}", "{/a}"]}}]}"#,
        &[
            "session[0].send: {topic} stands in `subscribe` only",
            "session[0].send: {/a} is a place of a message that is answered: it stands in `reply` only",
        ],
    )]);
}
