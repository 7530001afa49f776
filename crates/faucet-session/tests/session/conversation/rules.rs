//! Control rules: what they do, in which order, and where nothing is done any more.

use crate::support::play;

const ALL: &str = r#"{"url_hosts": ["h.example"], "control": [
    {"match": {"/do": "drop"}},
    {"match": {"/do": ["keep", "twice"]}, "action": "keep"},
    {"match": {"/do": "warn"}, "action": "warn"},
    {"match": {"/do": "reconnect"}, "action": "reconnect", "delay": 5},
    {"match": {"/do": "move"}, "action": "reconnect", "take": {"url": "/url"}, "url": "{url}"},
    {"match": {"/do": "restart"}, "action": "restart"},
    {"match": {"/do": "fail"}, "action": "fail"},
    {"match": {"/do": "end"}, "action": "end"},
    {"match": {"/do": "twice"}, "action": "fail"}
]}"#;

#[test]
fn each_action() {
    for (message, does) in [
        (r#"{"do": "drop"}"#, ""),
        (r#"{"do": "keep"}"#, r#"= {"do": "keep"}"#),
        (r#"{"do": "warn"}"#, r#"warned 2: {\"do\": \"warn\"}"#),
        (r#"{"do": "reconnect"}"#, "end control[3] connects again"),
        (
            r#"{"do": "move", "url": "wss://h.example/?t=1"}"#,
            "end control[4] connects again\ndisconnect\nconnect\nresumes\nto wss://h.example/?t=1\ncomplete\ndisconnect\nconnect\ncomplete",
        ),
        (
            r#"{"do": "move"}"#,
            "end control[4]: the message has no value at /url\ndisconnect\nconnect\ncomplete",
        ),
        (r#"{"do": "restart"}"#, r#"end control[5] restarts: "{\"do\": \"restart\"}""#),
        (r#"{"do": "fail"}"#, r#"end control[6] ends the run: "{\"do\": \"fail\"}""#),
        (r#"{"do": "end"}"#, "end control[7] ends the run"),
        // The first rule that matches decides.
        (r#"{"do": "twice"}"#, r#"= {"do": "twice"}"#),
        (r#"{"do": "nothing"}"#, r#"= {"do": "nothing"}"#),
        ("drop", "= drop"),
    ] {
        play(ALL, &format!("connect\ncomplete\n< {message}\n{does}"));
    }
}

#[test]
fn an_answer_has_the_places_digit_for_digit() {
    play(
        r#"{"values": {"at": {"clock": "s"}, "sig": {"encode": "hex", "text": "{seq}", "per": "message"}}, "control": [
            {"match": {"/ping": {"exists": true}}, "reply": {"json": {"pong": "{/ping}", "n": "{seq}", "more": "{/more?}", "t": "at {/ping}"}}},
            {"match": {"prefix": "2"}, "reply": {"text": "3{/a/0?}"}},
            {"match": {"/sig": 1}, "reply": {"json": ["{sig}", "{seq}", "{at}"]}},
            {"match": {"/all": 1}, "reply": {"json": "{/b}"}, "action": "keep"}
        ]}"#,
        r#"
        connect
        complete
        < {"ping": 1492420473027001234567}
        > {"n":1,"pong":1492420473027001234567,"t":"at 1492420473027001234567"}
        < {"ping": 2.10, "more": [1, {"a": 1e5}]}
        > {"more":[1, {"a": 1e5}],"n":2,"pong":2.10,"t":"at 2.10"}
        < 2{"a": ["x"]}
        > 3x
        < 2
        < {"sig": 1}
        > ["33",3,1795622400]
        < {"all": 1, "b": "a\"\u00e4"}
        > "a\"ä"
        = {"all": 1, "b": "a\"\u00e4"}
        < {"all": 1}
        end control[3]: {/b} has no value
        = {"all": 1}
        "#,
    );
}

#[test]
fn an_answer_may_wait_until_the_record_is_safe() {
    play(
        r#"{"control": [{"match": {"/id": {"exists": true}}, "action": "keep", "reply": {"json": {"ack": "{/id}"}}, "after": "flush"}],
            "resume": {"cursor": "/id"}, "goodbye": [{"json": "{cursor}"}]}"#,
        r#"
        connect
        complete
        < {"id": 1}
        & {"data": 1}
        & {"id": 2}
        = {"id": 1}
        cursor 1
        flushed > {"ack":1}
        = {"data": 1}
        = {"id": 2}
        cursor 2
        flushed > {"ack":2}
        goodbye
        > 2
        "#,
    );
}

#[test]
fn nothing_is_done_on_a_connection_that_is_left() {
    play(
        r#"{"session": [{"send": "a"}], "topics": ["t"], "subscribe": {"message": "s", "ack": {"/ok": 1}, "fail": {"/no": 1}, "on_fail": "skip"},
            "control": [
                {"match": {"/do": "end"}, "action": "end"},
                {"match": {"/ping": {"exists": true}}, "reply": {"json": "{/ping}"}, "take": {"p": "/ping"}},
                {"match": {"/keep": 1}, "action": "keep"},
                {"match": {"/do": "fail"}, "action": "fail"}
            ], "heartbeat": {"message": "h", "interval": 1, "during_session": true}, "silence_timeout": 20}"#,
        r#"
        connect
        > a
        > s
        < {"do": "end"}
        & {"ping": 1}
        & {"ping": null}
        & {"keep": 1}
        & {"do": "fail"}
        & {"no": 1}
        & {"data": 1}
        end control[0] ends the run
        = {"keep": 1}
        = {"data": 1}
        wait 100
        "#,
    );
}

#[test]
fn an_end_stops_what_waits_for_the_limit() {
    play(
        r#"{"send_limit": {"count": 1, "per": 10}, "session": [{"send": "a"}, {"send": "b"}],
            "control": [{"match": {"/ping": 1}, "reply": "pong", "action": "reconnect"}]}"#,
        "connect\n> a\n< {\"ping\": 1}\nend control[0] connects again\nwait 100",
    );
    // Without a limit the answer leaves first.
    play(
        r#"{"control": [{"match": {"/ping": 1}, "reply": "pong", "action": "reconnect"}]}"#,
        "connect\ncomplete\n< {\"ping\": 1}\n> pong\nend control[0] connects again",
    );
}

#[test]
fn the_last_messages_leave_out_those_without_values() {
    let config = r#"{"session": [{"expect": {"/ok": 1}, "timeout": 5}], "values": {"ts": {"clock": "s", "per": "message"}},
        "control": [{"match": {"/id": {"exists": true}}, "take": {"id": "/id"}}],
        "goodbye": ["bye", {"json": {"bye": "{id}", "n": "{seq}"}}, {"text": "{id?}"}, {"json": ["{ts}", "{seq}"]}]}"#;
    play(config, "connect\n< {\"ok\": 1}\ncomplete\nwait 2\ngoodbye\n> bye\n> [1795622402,1]");
    play(
        config,
        "connect\n< {\"ok\": 1}\ncomplete\n< {\"id\": 7}\ngoodbye\n> bye\n> {\"bye\":7,\"n\":1}\n> 7\n> [1795622400,2]",
    );
    // Without a session there is nothing to leave.
    play(config, "connect\ngoodbye");
    play(config, "goodbye");
}
