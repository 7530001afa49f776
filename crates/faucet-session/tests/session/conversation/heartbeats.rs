//! Heartbeats: when they leave, what answers them, and what no answer means.

use crate::support::play;

#[test]
fn a_heartbeat_leaves_at_its_interval() {
    play(
        r#"{"heartbeat": {"message": {"json": {"ping": "{seq}"}}, "interval": 10}}"#,
        r#"
        connect
        complete
        wait 5
        < {"data": 1}
        = {"data": 1}
        wait 30
        @5 > {"ping":1}
        @15 > {"ping":2}
        @25 > {"ping":3}
        "#,
    );
}

#[test]
fn a_heartbeat_for_silence_waits_for_silence() {
    play(
        r#"{"heartbeat": {"message": "ping", "interval": 10, "when": "idle"}}"#,
        r#"
        connect
        complete
        wait 5
        < {"data": 1}
        = {"data": 1}
        wait 25
        @10 > ping
        @20 > ping
        "#,
    );
}

#[test]
fn the_server_dictates_the_interval() {
    let config = |more: &str| {
        format!(
            r#"{{"session": [{{"expect": {{"/hello": {{"exists": true}}}}, "take": {{"beat": "/hello"}}}}],
                "heartbeat": {{"message": "ping", "interval": "{{beat}} ms"{more}}}}}"#
        )
    };
    play(&config(""), "connect\n< {\"hello\": 2500}\ncomplete\nwait 5\n@2.5 > ping\n@5 > ping");
    play(&config(""), "connect\n< {\"hello\": \"2500\"}\ncomplete\nwait 3\n@2.5 > ping");
    // Random bytes are 0x80: one half.
    play(
        &config(r#", "first": "random""#),
        "connect\n< {\"hello\": 4000}\ncomplete\nwait 7\n@2.007843137 > ping\n@6.007843137 > ping",
    );
    for (hello, kept) in
        [("10", "1s"), ("0", "1s"), ("-5", "1s"), ("864000000", "600s"), ("1e300", "600s")]
    {
        play(&config(""), &format!("connect\n< {{\"hello\": {hello}}}\nclamped {kept}\ncomplete"));
    }
    for hello in ["\"soon\"", "[1]", "true"] {
        play(
            &config(""),
            &format!(
                "connect\n< {{\"hello\": {hello}}}\nend heartbeat: the value of {{beat}} is no number"
            ),
        );
    }
}

#[test]
fn a_heartbeat_begins_with_the_session_if_it_is_to() {
    let config = |during: bool| {
        format!(
            r#"{{"session": [{{"expect": {{"/hello": {{"exists": true}}}}, "take": {{"beat": "/hello"}}}}, {{"expect": {{"/ok": 1}}, "timeout": 60}}],
                "heartbeat": {{"message": "ping", "interval": "{{beat}} s", "during_session": {during}}}}}"#
        )
    };
    play(
        &config(true),
        "connect\nwait 4\n< {\"hello\": 5}\nwait 12\n@5 > ping\n@10 > ping\n< {\"ok\": 1}\ncomplete\nwait 4\n@3 > ping",
    );
    play(
        &config(false),
        "connect\nwait 4\n< {\"hello\": 5}\nwait 12\n< {\"ok\": 1}\ncomplete\nwait 6\n@5 > ping",
    );
}

#[test]
fn a_rule_may_bring_the_interval_later() {
    play(
        r#"{"heartbeat": {"message": "ping", "interval": "{beat} s"}, "control": [{"match": {"/beat": {"exists": true}}, "take": {"beat": "/beat"}}]}"#,
        "connect\ncomplete\nwait 100\n< {\"beat\": 5}\nwait 6\n@5 > ping",
    );
    play(
        r#"{"session": [{"expect": {"/ok": 1}}], "heartbeat": {"message": "ping", "interval": "{beat} s", "during_session": true},
            "control": [{"match": {"/beat": {"exists": true}}, "take": {"beat": "/beat"}}]}"#,
        "connect\n< {\"beat\": 5}\nwait 6\n@5 > ping",
    );
}

#[test]
fn what_answers_a_heartbeat_is_no_data() {
    play(
        r#"{"heartbeat": {"message": {"json": {"ping": "{seq}"}}, "interval": 10, "reply": {"/pong": "{seq}"}, "timeout": 25},
            "control": [{"match": {"/pong": {"exists": true}}, "action": "keep"}]}"#,
        r#"
        connect
        complete
        < {"pong": 1}
        = {"pong": 1}
        wait 20
        @10 > {"ping":1}
        @20 > {"ping":2}
        < {"pong": 2}
        & {"pong": 2}
        & {"pong": 1}
        & {"pong": 3}
        = {"pong": 3}
        wait 20
        @10 > {"ping":3}
        @20 > {"ping":4}
        < {"pong": 4}
        "#,
    );
    // An answer without a number is none of the data even before the first heartbeat.
    play(
        r#"{"heartbeat": {"message": "ping", "interval": 10, "reply": {"text": "pong"}}, "session": [{"expect": {"/ok": 1}}]}"#,
        "connect\n< pong\n< {\"ok\": 1}\ncomplete\nwait 10\n@10 > ping\n< pong\n& pong",
    );
}

#[test]
fn without_an_answer_the_connection_is_left() {
    play(
        r#"{"heartbeat": {"message": "ping", "interval": 10, "reply": {"text": "pong"}}}"#,
        r#"
        connect
        complete
        wait 12
        @10 > ping
        < pong
        wait 8
        @8 > ping
        < {"data": 1}
        = {"data": 1}
        wait 20
        @10 end no answer to a heartbeat for 10s (heartbeat.timeout)
        "#,
    );
    play(
        r#"{"heartbeat": {"message": {"text": "p{seq}"}, "interval": 2, "reply": {"text": "p{seq}"}, "timeout": "{limit} ms"},
            "session": [{"expect": {"/limit": {"exists": true}}, "take": {"limit": "/limit"}}]}"#,
        r#"
        connect
        < {"limit": 5000}
        complete
        wait 6
        @2 > p1
        @4 > p2
        @6 > p3
        < p2
        wait 100
        @2 > p4
        @4 > p5
        @5 end no answer to a heartbeat for 5s (heartbeat.timeout)
        "#,
    );
}

#[test]
fn silence_ends_the_connection() {
    play(
        r#"{"silence_timeout": 10, "control": [{"match": {"/beat": 1}}], "session": [{"expect": {"/ok": 1}}]}"#,
        r#"
        connect
        wait 5
        < {"ok": 1}
        complete
        wait 9
        < {"beat": 1}
        wait 11
        @10 end no message for 10s (silence_timeout)
        "#,
    );
    // Not even the first message comes.
    play(
        r#"{"silence_timeout": 10}"#,
        "connect\ncomplete\nwait 11\n@10 end no message for 10s (silence_timeout)",
    );
}

#[test]
fn a_connection_rotates_a_little_early() {
    // Random bytes are 0x80: one half of 5 %.
    play(
        r#"{"rotate_after": 1000, "session": [{"expect": {"/ok": 1}, "timeout": 2000}], "session_timeout": 2000}"#,
        r#"
        connect
        wait 900
        < {"ok": 1}
        complete
        wait 100
        @74.90196079 end rotate_after connects again
        "#,
    );
    // The rotation waits for the session.
    play(
        r#"{"rotate_after": 5, "session": [{"expect": {"/ok": 1}}]}"#,
        "connect\nwait 9\n< {\"ok\": 1}\ncomplete\nwait 1\n@0 end rotate_after connects again",
    );
}

#[test]
fn time_in_which_nobody_reads_is_none_of_the_server() {
    play(
        r#"{"session": [{"expect": {"/ok": 1}, "timeout": 5}], "session_timeout": 8, "silence_timeout": 6}"#,
        r#"
        connect
        wait 3
        pause 100
        wait 3
        @2 end session[0]: no answer for 5s (timeout)
        "#,
    );
    play(
        r#"{"session": [{"expect": {"/ok": 1}, "timeout": 50}], "session_timeout": 8}"#,
        "connect\nwait 3\npause 100\nwait 6\n@5 end the session was not complete after 8s (session_timeout)",
    );
    play(
        r#"{"silence_timeout": 6}"#,
        "connect\ncomplete\nwait 3\npause 100\nwait 6\n@3 end no message for 6s (silence_timeout)",
    );
    play(
        r#"{"topics": ["a"], "subscribe": {"message": "s", "ack": {"/ok": 1}, "timeout": 6}}"#,
        "connect\n> s\nwait 3\npause 100\nwait 6\n@3 end subscribe: no answer for 6s (timeout)",
    );
    // Heartbeats go on; their answers cannot be seen.
    play(
        r#"{"heartbeat": {"message": "ping", "interval": 10, "reply": {"text": "pong"}, "timeout": 4}}"#,
        "connect\ncomplete\nwait 8\npause 15\n@2 > ping\n@12 > ping\nwait 5\n@4 end no answer to a heartbeat for 4s (heartbeat.timeout)",
    );
    // A pause does not keep a connection young.
    play(
        r#"{"rotate_after": 100}"#,
        "connect\ncomplete\npause 200\nwait 1\n@0 end rotate_after connects again",
    );
}
