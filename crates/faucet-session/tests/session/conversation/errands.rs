//! Values that a program, a file or an HTTP call brings.

use crate::support::play;

const CONFIG: &str = r#"{"values": {"token": {"command": ["get-token", "{challenge}"]}, "key": {"file": "key.txt"},
        "sig": {"encode": "base64", "text": "{key}:{token}"}},
    "session": [
        {"expect": {"/challenge": {"exists": true}}, "take": {"challenge": "/challenge"}},
        {"send": {"json": {"sig": "{sig}", "n": "{seq}"}}},
        {"expect": {"/ok": true}, "fail": {"/ok": false}}
    ], "subscribe_messages": ["hi"]}"#;

#[test]
fn the_script_waits_for_a_value_and_goes_on() {
    play(
        CONFIG,
        r#"
        connect
        < {"challenge": "abc"}
        runs key
        wait 2
        < {"data": 1}
        & {"ok": true}
        = {"data": 1}
        = {"ok": true}
        brings key "k3y"
        runs token
        brings token "t0k3n"
        > {"n":1,"sig":"azN5OnQwazNu"}
        < {"ok": false, "token": "t0k3n", "sig": "azN5OnQwazNu", "key": "k3y"}
        end session[2] was refused: "{\"ok\": false, \"token\": \"***\", \"sig\": \"***\", \"key\": \"k3y\"}"
        disconnect
        connect
        < {"challenge": "abc"}
        runs key
        "#,
    );
}

#[test]
fn a_value_that_is_not_there_ends_the_connection() {
    play(
        CONFIG,
        r#"
        connect
        < {"challenge": "abc"}
        runs key
        fails key
        end session[1]: values.key: the token could not be signed
        wait 100
        "#,
    );
}

#[test]
fn the_session_has_its_time_also_while_a_program_runs() {
    play(
        CONFIG,
        r#"
        connect
        < {"challenge": "abc"}
        runs key
        wait 31
        @30 end the session was not complete after 30s (session_timeout)
        brings key "late"
        wait 100
        "#,
    );
}

#[cfg(feature = "http")]
#[test]
fn the_script_waits_for_a_call() {
    let config = r#"{"session": [
            {"expect": {"/id": {"exists": true}}, "take": {"id": "/id"}},
            {"request": {"url": "https://h.example/subs?id={id}", "method": "POST", "json": {"id": "{id}"}, "take": {"sub": "/sub"}}},
            {"send": {"json": {"sub": "{sub}", "kept": "{kept?}"}}},
            {"expect": {"/ok": 1}, "fail": {"/ok": 0}}
        ], "resume": {"keep": ["sub"]}}"#;
    play(
        config,
        r#"
        connect
        < {"id": 5}
        calls POST https://h.example/subs?id=***
        wait 2
        < {"data": 1}
        = {"data": 1}
        answers sub="s3cr3t"
        > {"sub":"s3cr3t"}
        < {"ok": 0, "sub": "s3cr3t"}
        end session[3] was refused: "{\"ok\": 0, \"sub\": \"***\"}"
        cursor none
        kept sub
        disconnect
        connect
        resumes
        "#,
    );
    play(
        config,
        r#"
        connect
        < {"id": 5}
        calls POST https://h.example/subs?id=***
        refuses
        end session[1]: this build has no HTTP client (feature session-http)
        "#,
    );
}

#[cfg(feature = "http")]
#[test]
fn an_answer_that_comes_after_the_end_changes_nothing() {
    play(
        r#"{"session": [{"request": {"url": "https://h.example/", "take": {"a": "/a"}}}, {"send": {"text": "{a}"}}],
            "control": [{"match": {"/do": "end"}, "action": "end"}]}"#,
        r#"
        connect
        calls GET https://h.example/
        < {"do": "end"}
        end control[0] ends the run
        answers a="x"
        wait 100
        "#,
    );
}

#[test]
fn a_heartbeat_waits_for_its_value_and_the_program_is_asked_once() {
    play(
        r#"{"values": {"token": {"command": ["get-token"]}}, "session": [{"expect": {"/ok": 1}, "timeout": 60}], "session_timeout": 60,
            "heartbeat": {"message": {"json": "{token}"}, "interval": 5, "during_session": true}}"#,
        r#"
        connect
        wait 20
        @5 runs token
        < {"data": 1}
        = {"data": 1}
        brings token "t"
        wait 5
        @0 > "t"
        @5 > "t"
        < {"ok": 1}
        complete
        "#,
    );
}

#[test]
fn an_answer_does_not_wait_for_a_program() {
    // The values that answers use are made before the script begins.
    play(
        r#"{"values": {"token": {"command": ["get-token"]}, "sig": {"hmac": "sha256", "key": "{token}", "text": "{at}"}, "at": {"clock": "s"}},
            "session": [{"expect": {"/ok": 1}}],
            "control": [{"match": {"/ping": 1}, "reply": {"json": ["{token}", "{at}"]}}, {"match": {"/other": 1}, "reply": {"json": "{sig}"}}]}"#,
        r#"
        connect
        runs token
        brings token "t0k3n"
        wait 5
        < {"ping": 1}
        > ["t0k3n",1795622405]
        "#,
    );
}
