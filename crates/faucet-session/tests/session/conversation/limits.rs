//! The limit of our messages, and what it means for the server's time.

use crate::support::play;

#[test]
fn messages_are_held_back_and_the_server_has_its_time_from_the_last_on() {
    play(
        r#"{"send_limit": {"count": 2, "per": 10}, "session_timeout": 7, "topics": ["a", "b", "c", "d", "e"],
            "subscribe": {"message": {"text": "{topic}"}, "batch": 1, "ack": {"/ok": 1}, "timeout": 5}}"#,
        r#"
        connect
        > a
        > b
        wait 19
        @10 > c
        @10 > d
        < {"ok": 1}
        wait 6
        @1 > e
        @6 end subscribe: no answer for 5s (timeout)
        "#,
    );
}

#[test]
fn the_time_of_the_limit_is_none_of_the_session() {
    play(
        r#"{"send_limit": {"count": 1, "per": 100}, "session_timeout": 7, "session": [{"send": "a"}, {"send": "b"}, {"expect": {"/ok": 1}}]}"#,
        r#"
        connect
        > a
        wait 108
        @100 > b
        @107 end the session was not complete after 7s (session_timeout)
        "#,
    );
}

#[test]
fn the_session_is_complete_once_its_messages_have_left() {
    play(
        r#"{"send_limit": {"count": 1, "per": 10}, "topics": ["a", "b"], "subscribe": {"message": {"text": "{topic}"}, "batch": 1},
            "subscribe_messages": ["c"]}"#,
        r#"
        connect
        > a
        wait 60
        @10 > b
        @20 > c
        @20 complete
        "#,
    );
}

#[test]
fn frames_count_and_a_pong_is_sent_all_the_same() {
    play(
        r#"{"send_limit": {"count": 2, "per": 10}, "session": [{"expect": {"/ok": 1}}, {"send": "a"}, {"send": "b"}]}"#,
        r#"
        connect
        frame
        wait 1
        < {"ok": 1}
        > a
        wait 20
        @9 > b
        @9 complete
        "#,
    );
}

#[test]
fn replies_wait_for_the_limit_and_do_not_move_the_time_of_the_session() {
    // The server asks faster than the limit lets answers leave.
    play(
        r#"{"send_limit": {"count": 1, "per": 20}, "session_timeout": 30, "session": [{"send": "x"}, {"expect": {"/ok": 1}, "timeout": 25}],
            "control": [{"match": {"/ping": {"exists": true}}, "reply": {"json": "{/ping}"}}]}"#,
        r#"
        connect
        > x
        < {"ping": 1}
        & {"ping": 2}
        & {"ping": 3}
        wait 26
        @20 > 1
        @25 end session[1]: no answer for 25s (timeout)
        "#,
    );
}

#[test]
fn a_heartbeat_waits_for_the_limit_and_its_answer_has_time_from_when_it_left() {
    play(
        r#"{"send_limit": {"count": 1, "per": 10}, "heartbeat": {"message": {"json": "{seq}"}, "interval": 3, "reply": {"/n": "{seq}"}, "timeout": 4}}"#,
        r#"
        connect
        complete
        wait 4
        @3 > 1
        < {"n": 1}
        wait 17
        @9 > 2
        @13 end no answer to a heartbeat for 4s (heartbeat.timeout)
        "#,
    );
}

#[test]
fn a_server_that_asks_without_end_is_left() {
    let config = |limit: &str| {
        format!(r#"{{{limit}"control": [{{"match": {{"/ping": 1}}, "reply": "pong"}}]}}"#)
    };
    let pings = |count: usize| vec![r#"{"ping": 1}"#; count].join("\n& ");
    let pongs = |count: usize| vec!["> pong"; count].join("\n");
    let flood = "end more than 100 answers in a second, or waiting for send_limit: the server asks without end";
    // A hundred in a second are answered, whenever the second begins.
    play(
        &config(""),
        &format!(
            "connect\ncomplete\n< {}\n{}\nwait 0.5\n< {}\n{}\nwait 0.5\n< {}\n{}\n{flood}",
            pings(60),
            pongs(60),
            pings(40),
            pongs(40),
            pings(61),
            pongs(60),
        ),
    );
    // With a limit answers wait, and so many may wait.
    play(
        &config(r#""send_limit": {"count": 5, "per": 100}, "#),
        &format!("connect\ncomplete\n< {}\n{}\n{flood}", pings(106), pongs(5)),
    );
}
