//! Control rules.

use super::check;

#[test]
fn what_belongs_to_an_action_stands_beside_it() {
    check(&[
        (
            r#"{"reconnect": false, "control": [{"match": {"/a": 1}, "action": "reconnect"}, {"match": {"/a": 2}, "action": "restart"}]}"#,
            &["control[0].action: needs reconnect", "control[1].action: needs reconnect"],
        ),
        (
            r#"{"url_hosts": ["h.example"], "control": [{"match": {"/a": 1}, "take": {"u": "/u"}, "delay": 5, "url": "{u}"},
                {"match": {"/a": 2}, "action": "restart", "delay": 5, "url": "{u}"}, {"match": {"/a": 3}, "action": "reconnect", "delay": 5, "url": "{u}"}]}"#,
            &[
                "control[0].delay: belongs to `action: reconnect` and `action: restart`",
                "control[0].url: belongs to `action: reconnect`",
                "control[1].url: belongs to `action: reconnect`",
            ],
        ),
        (
            r#"{"control": [{"match": {"/a": 1}, "action": "reconnect", "delay": 0}]}"#,
            &["control[0].delay: out of range, expected a duration longer than zero"],
        ),
        (
            r#"{"is_sink": true, "control": [{"match": {"/a": 1}, "action": "keep"}]}"#,
            &["control[0].action: a sink has no records of what it receives"],
        ),
        (
            r#"{"control": [{"match": {"/a": 1}, "after": "flush"}, {"match": {"/a": 2}, "action": "keep", "after": "flush"},
                {"match": {"/a": 3}, "action": "keep", "after": "flush", "reply": "x"}]}"#,
            &[
                "control[0].after: needs control[0].reply",
                "control[0].after: needs `action: keep`: only a record is flushed",
                "control[1].after: needs control[1].reply",
            ],
        ),
    ]);
}

#[test]
fn a_rule_that_can_never_act_is_told() {
    check(&[
        (
            r#"{"control": [{"match": {"/a": 1}}, {"match": {"/b": 1}}, {"match": {"/a": 1}, "action": "keep"}]}"#,
            &["control[2].match: means the same as control[0].match; give one of them"],
        ),
        (
            r#"{"control": [{"match": {"/a": "{room}"}}]}"#,
            &["control[0].match: has placeholders, which a control rule does not fill"],
        ),
    ]);
}
