//! Subscriptions and their answers.

use crate::support::play;

#[test]
fn answers_come_in_any_order() {
    play(
        r#"{"topics": ["a", "b", "c"], "subscribe": {"message": {"json": {"sub": "{topic}", "id": "{seq}"}}, "batch": 1,
            "ack": {"/id": "{seq}", "/ok": "{topic}"}}, "subscribe_messages": ["last"]}"#,
        r#"
        connect
        > {"id":1,"sub":"a"}
        > {"id":2,"sub":"b"}
        > {"id":3,"sub":"c"}
        < {"id": 3, "ok": "c"}
        & {"id": 1, "ok": "b"}
        & {"id": 2, "ok": "b"}
        & {"data": 1}
        & {"id": 2, "ok": "b"}
        = {"id": 1, "ok": "b"}
        = {"data": 1}
        = {"id": 2, "ok": "b"}
        < {"id": 1, "ok": "a"}
        > last
        complete
        "#,
    );
}

#[test]
fn a_message_may_get_an_answer_for_each_topic() {
    play(
        r#"{"topics": ["a", "b", "c"], "subscribe": {"message": {"text": "SUB {topics_csv}"}, "batch": 2, "ack_per": "topic",
            "ack": {"/ok": true}, "ack_is": "record"}, "control": [{"match": {"/ok": true}}]}"#,
        r#"
        connect
        > SUB a,b
        > SUB c
        < {"ok": true}
        & {"ok": true}
        = {"ok": true}
        = {"ok": true}
        < {"ok": true}
        complete
        = {"ok": true}
        < {"ok": true}
        "#,
    );
}

#[test]
fn a_refused_subscription_ends_the_connection_or_is_left_out() {
    let config = |on_fail: &str| {
        format!(
            r#"{{"topics": ["a", {{"b": 1}}, "c"], "subscribe": {{"message": {{"json": ["{{topics}}", "{{seq}}"]}}, "batch": 2,
            "ack": {{"/ok": "{{seq}}"}}, "fail": {{"/no": "{{seq}}"}}, "on_fail": "{on_fail}"}}}}"#
        )
    };
    play(
        &config("fail"),
        r#"
        connect
        > [["a",{"b":1}],1]
        > [["c"],2]
        < {"no": 1, "why": "unknown"}
        & {"no": 2}
        & {"data": 1}
        end a subscription was refused (subscribe.fail): "{\"no\": 1, \"why\": \"unknown\"}"
        = {"data": 1}
        "#,
    );
    play(
        &config("skip"),
        r#"
        connect
        > [["a",{"b":1}],1]
        > [["c"],2]
        < {"no": 1}
        refused a, {"b":1}: {\"no\": 1}
        < {"ok": 2}
        complete
        "#,
    );
}

#[test]
fn answers_have_their_time_from_the_last_message_on() {
    let config = r#"{"topics": ["a", "b"], "subscribe": {"message": {"json": ["{topic}", "{seq}"]}, "batch": 1, "ack": {"/ok": "{seq}"}, "timeout": 5}}"#;
    play(
        config,
        r#"
        connect
        > ["a",1]
        > ["b",2]
        wait 3
        < {"ok": 2}
        wait 3
        @2 end subscribe: no answer for 5s (timeout)
        "#,
    );
}

#[test]
fn an_answer_to_a_ping_gives_the_server_no_more_time() {
    // A reply or a heartbeat is no message whose answer is awaited.
    for (config, awaited) in [
        (
            r#"{"session": [{"send": "x"}, {"expect": {"/ok": 1}}], "control": [{"match": {"/ping": 1}, "reply": "pong"}]}"#,
            "session[1]",
        ),
        (
            r#"{"topics": ["a"], "subscribe": {"message": "x", "ack": {"/ok": 1}}, "control": [{"match": {"/ping": 1}, "reply": "pong"}]}"#,
            "subscribe",
        ),
    ] {
        play(
            config,
            &format!(
                r#"
                connect
                > x
                wait 9
                < {{"ping": 1}}
                > pong
                wait 2
                @1 end {awaited}: no answer for 10s (timeout)
                "#
            ),
        );
    }
}

#[test]
fn no_answer_is_awaited_to_a_message_that_is_left_out() {
    play(
        r#"{"topics": ["a"], "subscribe": {"message": {"json": "{none?}"}, "ack": {"/ok": 1}},
            "control": [{"match": {"/a": 1}, "take": {"none": "/b"}}]}"#,
        "connect\ncomplete",
    );
}
