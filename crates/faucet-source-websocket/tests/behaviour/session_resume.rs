//! How a feed goes on where the last connection was.

use faucet_core::Ended;
use faucet_testkit::{Script, ScriptedPeer};
use serde_json::{Value, json};

use crate::support::*;

/// Sends messages with these cursors, and hangs up.
fn feed(cursors: &[Value]) -> Script {
    feed_after(Script::accept(), cursors)
}

fn feed_after(mut script: Script, cursors: &[Value]) -> Script {
    for cursor in cursors {
        script = script.send_text(json!({"at": {"n": cursor}}).to_string());
    }
    script.hang_up()
}

fn paths(peer: &ScriptedPeer) -> Vec<String> {
    peer.connections().iter().map(|seen| seen.path().to_owned()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_reconnect_goes_on_from_the_last_cursor() {
    let script = || {
        [
            feed(&[json!(5), json!(12_345_678_901_234_567_890_u64), json!(7)]),
            Script::reject(503),
            feed(&[json!("opaque/8")]),
            feed(&[]),
            feed(&[json!(9)]),
        ]
    };
    for (more, expected) in [
        (json!({}), ["/", "/?from=7", "/?from=7", "/?from=opaque%2F8", "/?from=opaque%2F8"]),
        (
            json!({"order": "increasing"}),
            [
                "/",
                "/?from=12345678901234567890",
                "/?from=12345678901234567890",
                "/?from=opaque%2F8",
                "/?from=opaque%2F8",
            ],
        ),
        (
            json!({"start": 3, "rewind": 2}),
            ["/?from=1", "/?from=5", "/?from=5", "/?from=opaque%2F8", "/?from=opaque%2F8"],
        ),
        (
            json!({"start": "begin", "order": "opaque"}),
            ["/?from=begin", "/?from=7", "/?from=7", "/?from=opaque%2F8", "/?from=opaque%2F8"],
        ),
    ] {
        let keys = json!({"resume": with(json!({"cursor": "/at/n"}), more),
            "query": {"from": "{cursor?}"}, "max_messages": 5});
        let (peer, told) = talk(script(), reconnecting(keys)).await;
        assert_eq!((told.texts().len(), told.ended()), (5, Ended::MaxRecords));
        assert_eq!(paths(&peer), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn a_cursor_stands_in_messages_as_it_came() {
    let subscribe = json!([{"json": {"sub": "x", "cursor": "{cursor}", "or": "{cursor?}"}}]);
    let cursors = [json!(7), json!("k\"8"), json!({"a": [1]}), json!(1)];
    let scripts = cursors.map(|cursor| feed_after(Script::accept().expect_data(1), &[cursor]));
    let keys =
        json!({"resume": {"cursor": "/at/n"}, "subscribe_messages": subscribe, "max_messages": 4});
    let (peer, _) = talk(scripts, reconnecting(keys)).await;
    let said: Vec<String> =
        peer.connections().iter().flat_map(faucet_testkit::Seen::texts).collect();
    assert_eq!(
        said,
        [
            r#"{"cursor":null,"sub":"x"}"#,
            r#"{"cursor":7,"or":7,"sub":"x"}"#,
            r#"{"cursor":"k\"8","or":"k\"8","sub":"x"}"#,
            r#"{"cursor":{"a":[1]},"or":{"a":[1]},"sub":"x"}"#,
        ]
    );
}

/// A session that is begun once, and resumed with its id and its URL.
fn session_keys() -> Value {
    json!({
        "session": [
            {"send": {"json": {"op": "identify"}}, "only": "fresh"},
            {"send": {"json": {"op": "resume", "id": "{id}"}}, "only": "resume"},
            {"expect": {"/op": "ready"}, "only": "fresh", "take": {"id": "/id", "other": "/other"}},
            {"send": {"json": {"after": "{other?}"}}},
        ],
        "control": [{"match": {"/op": "invalid"}, "action": "restart"}],
        "resume": {"keep": ["id"]}, "reconnect": true, "reconnect_backoff": 0.001,
    })
}

fn ready(id: u32) -> Script {
    Script::accept()
        .next_json(json!({"/op": "identify"}))
        .send_text(json!({"op": "ready", "id": id, "other": "o"}).to_string())
        .next_json(json!({"/after": "o"}))
}

#[tokio::test(start_paused = true)]
async fn kept_names_live_over_connections_and_others_do_not() {
    let resumed = |id: u32| {
        Script::accept()
            .next_json(json!({"/op": "resume", "/id": id}))
            .next_json(json!({"/after": {"exists": false}}))
    };
    let scripts = [
        ready(7).send_text("1").hang_up(),
        resumed(7).send_text("2").hang_up(),
        resumed(7).send_text(r#"{"op":"invalid"}"#),
        // `restart` has forgotten the session.
        ready(8).send_text("3").hang_up(),
        resumed(8).send_text("4"),
    ];
    let (peer, told) = talk(scripts, with(session_keys(), json!({"max_messages": 4}))).await;
    assert_eq!(told.texts(), ["1", "2", "3", "4"]);
    assert_eq!(peer.finish().await.len(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_close_rule_forgets_the_session_where_it_says_restart() {
    for (action, second) in [("restart", "identify"), ("reconnect", "resume")] {
        let scripts = [
            ready(7).send_text("1").close(4009, "timed out"),
            Script::accept().next_json(json!({"/op": second})).send_text("2"),
        ];
        let rules = json!([{"codes": [4009], "action": action}]);
        let keys = with(session_keys(), json!({"close_rules": rules, "max_messages": 2}));
        let (peer, told) = talk(scripts, keys).await;
        assert_eq!(told.texts(), ["1", "2"]);
        peer.finish().await;
    }
}
