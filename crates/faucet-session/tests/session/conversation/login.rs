//! The script: its order, its numbers, its refusals and its limits of time.

use crate::support::{Talk, go_on, play};

#[test]
fn the_script_goes_step_by_step_and_then_come_subscriptions_and_messages() {
    play(
        r#"{"values": {"key": {"secret": "hunter2"}, "ts": {"clock": "ms"}},
            "session": [
                {"expect": {"/hello": {"exists": true}}, "take": {"id": "/hello/id"}},
                {"send": {"json": {"op": "login", "key": "{key}", "at": "{ts}", "id": "{id}", "n": "{seq}"}}},
                {"expect": {"/op": "login", "/n": "{seq}"}, "fail": {"/op": "error"}},
                {"send": {"text": "no number"}}
            ],
            "topics": ["a", {"b": 1}, "c"],
            "subscribe": {"message": {"json": {"sub": "{topics}", "n": "{seq}"}}, "batch": 2},
            "subscribe_messages": [{"json": {"last": "{seq}", "room": "{room}"}}, "{seq}"]}"#,
        r#"
        connect
        < {"data": 1}
        = {"data": 1}
        < {"hello": {"id": 1492420473027001234567}}
        > {"at":1795622400000,"id":1492420473027001234567,"key":"hunter2","n":1,"op":"login"}
        < {"op": "login", "n": 2}
        = {"op": "login", "n": 2}
        < {"op": "login", "n": 1}
        > no number
        > {"n":2,"sub":["a",{"b":1}]}
        > {"n":3,"sub":["c"]}
        > {"last":4,"room":"lobby"}
        > {seq}
        complete
        < {"op": "login", "n": 1}
        = {"op": "login", "n": 1}
        "#,
    );
}

#[test]
fn the_number_begins_anew_on_each_connection_and_a_message_left_out_has_none() {
    play(
        r#"{"session": [
            {"send": {"json": {"n": "{seq}"}}},
            {"send": {"text": "{later?} {seq}"}},
            {"send": {"json": {"n": "{seq}"}}}
        ], "control": [{"match": {"/later": 1}, "take": {"later": "/later"}}]}"#,
        r#"
        connect
        > {"n":1}
        > {"n":2}
        complete
        disconnect
        connect
        > {"n":1}
        > {"n":2}
        complete
        "#,
    );
}

#[test]
fn several_messages_are_awaited_and_the_last_value_is_taken() {
    play(
        r#"{"session": [
            {"expect": {"/ok": true}, "count": 2, "take": {"id": "/id"}, "expect_is": "record"},
            {"send": {"json": "{id}"}}
        ]}"#,
        r#"
        connect
        < {"ok": true, "id": 1}
        & {"data": 1}
        & {"ok": true, "id": "2"}
        & {"data": 2}
        > "2"
        complete
        = {"ok": true, "id": 1}
        = {"data": 1}
        = {"ok": true, "id": "2"}
        = {"data": 2}
        "#,
    );
}

#[test]
fn an_answer_is_no_record_and_asks_no_rule() {
    play(
        r#"{"session": [{"expect": {"/ok": true}}, {"expect": {"/ok": true}, "expect_is": "record"}],
            "control": [{"match": {"/ok": true}, "action": "fail"}]}"#,
        r#"
        connect
        < {"ok": true}
        < {"ok": true}
        complete
        = {"ok": true}
        < {"ok": true}
        end control[0] ends the run: "{\"ok\": true}"
        "#,
    );
}

#[test]
fn a_refusal_ends_the_connection_and_shows_no_secret() {
    play(
        r#"{"values": {"key": {"secret": "hunt\"er/2"}, "sig": {"hmac": "sha256", "key": "k3yk3y", "text": "{key}"}},
            "session": [
                {"send": {"json": {"key": "{key}", "sig": "{sig}"}}},
                {"expect": {"/ok": true}, "fail": {"/ok": false}},
                {"send": "never"}
            ]}"#,
        r#"
        connect
        > {"key":"hunt\"er/2","sig":"d08bae4af1252efd9c383a7a345ee59147b2e4dc692fc3742dfab56b4a9cf768"}
        < {"ok": false, "why": "hunt\"er/2 hunt%22er%2F2 k3yk3y d08bae4af1252efd9c383a7a345ee59147b2e4dc692fc3742dfab56b4a9cf768"}
        end session[1] was refused: "{\"ok\": false, \"why\": \"*** *** *** ***\"}"
        < {"data": 1}
        = {"data": 1}
        "#,
    );
}

#[test]
fn a_long_refusal_is_cut_and_hides_every_secret_in_it() {
    let secret = "s".repeat(100) + "hunter2";
    let config = format!(
        r#"{{"values": {{"key": {{"secret": "{secret}"}}}},
            "session": [{{"send": {{"text": "{{key}}"}}}}, {{"expect": {{"/ok": 1}}, "fail": {{"text": {{"prefix": "no"}}}}}}]}}"#
    );
    // So many secrets that the message would be cut in the midst of one.
    let story = format!(
        "connect\n> {secret}\n< no {}\nend session[1] was refused: \"no {}…\"",
        secret.repeat(90),
        "*".repeat(253)
    );
    play(&config, &story);
}

#[test]
fn a_missing_value_ends_the_connection_and_names_the_place_only() {
    for message in [r#"{"ok":1}"#, r#"{"ok":1,"a":{"b":null}}"#] {
        play(
            r#"{"session": [{"expect": {"/ok": 1}, "take": {"x": "/a/b"}}]}"#,
            &format!("connect\n< {message}\nend session[0]: the message has no value at /a/b"),
        );
    }
    // A value that cannot stand in a text message.
    play(
        r#"{"session": [{"expect": {"/ok": 1}, "take": {"x": "/x"}}, {"send": "first"}, {"send": {"text": "SUB {x}"}}]}"#,
        r#"
        connect
        < {"ok": 1, "x": "a\nb"}
        end session[2]: the value of {x} has a control character
        "#,
    );
}

#[test]
fn steps_are_for_fresh_sessions_or_for_those_that_go_on() {
    let config = r#"{"session": [
            {"send": {"json": {"fresh": "{id?}", "cursor": "{cursor}"}}, "only": "fresh"},
            {"send": {"json": {"resume": "{id?}", "cursor": "{cursor}"}}, "only": "resume"},
            {"expect": {"/ok": true}, "take": {"id": "/id"}, "only": "fresh"}
        ], "resume": {"keep": ["id"], "cursor": "/seq", "rewind": 2},
        "control": [{"match": {"/op": "restart"}, "action": "restart"}]}"#;
    play(
        config,
        r#"
        connect
        > {"cursor":null}
        < {"ok": true, "id": "s1"}
        complete
        kept id
        < {"seq": 12}
        & {"seq": null}
        & {"seq": "13"}
        = {"seq": 12}
        cursor 12
        = {"seq": null}
        = {"seq": "13"}
        cursor "13"
        disconnect
        connect
        resumes
        > {"cursor":"11","resume":"s1"}
        complete
        < {"op": "restart"}
        end control[0] restarts: "{\"op\": \"restart\"}"
        forget
        disconnect
        connect
        > {"cursor":null}
        "#,
    );
}

#[test]
fn a_kept_value_alone_resumes_and_so_does_what_a_call_took() {
    play(
        r#"{"session": [{"send": {"json": {"token": "{token?}", "id": "{id?}"}}, "only": "resume"}, {"expect": {"/id": {"exists": true}}, "take": {"id": "/id"}}],
            "control": [{"match": {"/t": {"exists": true}}, "take": {"token": "/t"}}],
            "resume": {"keep": ["id", "token"]}}"#,
        r#"
        connect token="t1"
        < {"id": 5}
        complete
        cursor none
        kept token
        kept id, token
        disconnect
        connect
        resumes
        > {"id":5,"token":"t1"}
        < {"t": "t2"}
        kept id, token
        disconnect
        connect
        resumes
        > {"id":5,"token":"t2"}
        "#,
    );
}

#[test]
fn an_answer_has_its_time() {
    let config = r#"{"session": [{"send": "login"}, {"expect": {"/ok": true}, "timeout": 5}, {"expect": {"/ok": true}, "count": 2}]}"#;
    play(
        config,
        r#"
        connect
        > login
        wait 6
        @5 end session[1]: no answer for 5s (timeout)
        wait 100
        "#,
    );
    play(
        config,
        r#"
        connect
        > login
        wait 4
        < {"data": 1}
        = {"data": 1}
        wait 0.999
        < {"ok": true}
        wait 4
        < {"ok": true}
        wait 7
        @6 end session[2]: no answer for 10s (timeout)
        "#,
    );
}

#[test]
fn the_whole_session_has_its_time() {
    play(
        r#"{"session": [{"expect": {"/ok": true}, "timeout": 60}], "session_timeout": 7}"#,
        r#"
        connect
        wait 8
        @7 end the session was not complete after 7s (session_timeout)
        "#,
    );
    play(
        r#"{"session": [{"expect": {"/ok": true}, "count": 100, "timeout": 3600}]}"#,
        r#"
        connect
        wait 29
        < {"ok": true}
        wait 2
        @1 end the session was not complete after 30s (session_timeout)
        "#,
    );
    play(r#"{"session_timeout": 7}"#, "connect\ncomplete\nwait 100");
}

#[test]
fn steps_that_are_done_are_told_with_their_time() {
    let mut talk = Talk::new(
        r#"{"session": [{"send": "login"}, {"expect": {"/ok": true}}], "topics": ["a"],
            "subscribe": {"message": "sub", "ack": {"/sub": true}}, "subscribe_messages": ["hi"]}"#,
        0,
    )
    .unwrap();
    talk.tell_steps();
    go_on(
        &mut talk,
        r#"
        connect
        done session[0] send 0ns
        > login
        wait 2
        < {"ok": true}
        done session[1] expect 2s
        > sub
        wait 1.5
        < {"sub": true}
        done subscribe subscribe 1.5s
        > hi
        done a message after the connect send 0ns
        complete
        "#,
    );
}
