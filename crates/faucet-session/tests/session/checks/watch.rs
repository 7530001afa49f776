//! Heartbeats, time limits, close rules and rates.

use super::check;

#[test]
fn heartbeats() {
    check(&[
        (
            r#"{"heartbeat": {"message": {"text": "{topics}"}, "interval": 0, "timeout": 0}}"#,
            &[
                "heartbeat.message: {topics} stands in `subscribe` only",
                "heartbeat.interval: out of range, expected a duration longer than zero",
                "heartbeat.timeout: out of range, expected a duration longer than zero",
                "heartbeat.timeout: needs heartbeat.reply",
            ],
        ),
        // The interval is a number that the server gave, or one of the run's context.
        (
            r#"{"values": {"beat": "20"}, "heartbeat": {"message": "x", "interval": "{beat} s", "timeout": "{room} s", "reply": {"/a": 1}}}"#,
            &["heartbeat.interval: {beat} is a value; write the duration, or take the name"],
        ),
        (
            r#"{"heartbeat": {"message": "x", "interval": "{beat} h"}}"#,
            &[
                "heartbeat.interval: is neither a duration (seconds as a number, or text such as \"20s\") nor a name with a unit such as \"{beat_ms} ms\"",
            ],
        ),
    ]);
}

#[test]
fn limits_of_time() {
    check(&[
        (
            r#"{"silence_timeout": 0, "rotate_after": 0}"#,
            &[
                "silence_timeout: out of range, expected a duration longer than zero",
                "rotate_after: out of range, expected a duration longer than zero",
            ],
        ),
        (
            r#"{"reconnect": false, "silence_timeout": 5, "rotate_after": 5}"#,
            &["silence_timeout: needs reconnect", "rotate_after: needs reconnect"],
        ),
    ]);
}

#[test]
fn close_rules() {
    check(&[
        (
            r#"{"close_rules": [{"action": "fail"}, {"codes": [4000], "status": 400, "action": "end"}, {"status": 99, "action": "fail"},
                {"codes": ["4000-4099"], "action": "fail", "delay": 5}, {"contains": "x", "action": "restart", "delay": 0}]}"#,
            &[
                "close_rules[0]: at least one of codes or status or contains must be set",
                "close_rules[1].status: not together with close_rules[1].codes",
                "close_rules[2].status: out of range, expected from 100 to 599",
                "close_rules[3].delay: nothing is waited for: the rule ends the run",
                "close_rules[4].delay: out of range, expected a duration longer than zero",
            ],
        ),
        (
            r#"{"reconnect": false, "close_rules": [{"codes": [4000], "action": "reconnect"}, {"codes": [4001], "action": "restart"}]}"#,
            &["close_rules[0].action: needs reconnect", "close_rules[1].action: needs reconnect"],
        ),
    ]);
}

#[test]
fn rates() {
    check(&[
        (
            r#"{"send_limit": {"count": 0, "per": 0}, "connect_limit": {"count": 1000001, "per": 1}}"#,
            &[
                "send_limit.per: out of range, expected a duration longer than zero",
                "send_limit.count: out of range, expected from 1 to 1,000,000",
                "connect_limit.count: out of range, expected from 1 to 1,000,000",
            ],
        ),
        (r#"{"send_limit": {"count": 1000000, "per": 1}}"#, &[]),
    ]);
}
