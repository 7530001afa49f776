//! A server that refuses the session.

use faucet_core::{Error, ErrorKind};
use faucet_testkit::{Script, ScriptedPeer};
use serde_json::{Value, json};

use crate::support::*;

/// Logs in with a random number, and reconnects.
fn keys(more: Value) -> Value {
    let session = json!([
        {"send": {"json": {"op": "login", "nonce": "{nonce}", "sign": "{sign}", "key": "{key}"}}},
        {"expect": {"/event": "login"}, "fail": [{"/event": "error"}, {"prefix": "denied"}]},
    ]);
    let values = json!({
        "nonce": {"random": "hex"},
        "key": {"secret": "k\"ey/s3cret+x"},
        "sign": {"hmac": "sha256", "key": "{key}", "text": "{nonce}"},
    });
    let keys = json!({"values": values, "session": session, "reconnect": true});
    with(keys, more)
}

fn accepts() -> Script {
    Script::accept().next_json(json!({"/op": "login"})).send_text(r#"{"event":"login"}"#)
}

fn refuses() -> Script {
    Script::accept()
        .next_json(json!({"/op": "login"}))
        .reply_json(json!({"event": "error", "msg": "bad {/sign} of {/key}", "code": 60009}))
}

/// The nonces of all logins.
fn nonces(peer: &ScriptedPeer) -> Vec<String> {
    let all = 0..peer.connections().len();
    all.map(|n| peer.json_messages(n)[0]["nonce"].to_string()).collect()
}

fn assert_refused(error: &Error) {
    assert_eq!(error.kind(), ErrorKind::Auth);
    let words = r#"session[1] was refused: "{\"code\":60009,\"event\":\"error\",\"msg\":\"bad *** of ***\"}""#;
    assert!(error.to_string().contains(words), "{error}");
    assert!(error.hint().unwrap().contains("credentials of the session"), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn a_refused_login_is_tried_once_more_with_fresh_values_and_then_ends_the_run() {
    let good = accepts().send_text("1").close(1012, "restart");
    let (peer, told) = talk([good, refuses()], keys(json!({"reconnect_patience": 3600}))).await;
    assert_eq!(told.texts(), ["1"]);
    assert_refused(told.error());
    let error = told.error().to_string();
    assert!(error.contains("2 such ends within 1s without a record between"), "{error}");
    let mut nonces = nonces(&peer);
    nonces.dedup();
    assert_eq!(nonces.len(), 3, "values are made anew for each login");
    assert_eq!(peer.connections()[2].close_code(), Some(1000));
}

#[tokio::test(start_paused = true)]
async fn a_first_login_that_is_refused_ends_the_run_as_a_refused_upgrade_does() {
    for script in [refuses(), Script::reject(401)] {
        let (peer, told) = talk([script], keys(json!({}))).await;
        assert_eq!((told.error().kind(), peer.connections().len()), (ErrorKind::Auth, 1));
    }
    let (_, told) = talk([refuses()], keys(json!({"reconnect": false}))).await;
    assert_refused(told.error());
}

#[tokio::test(start_paused = true)]
async fn a_good_login_between_two_refused_ones_starts_the_count_anew() {
    let good = || accepts().send_text("1").close(1012, "restart");
    let scripts = [good(), refuses(), good(), refuses(), good()];
    let (peer, told) = talk(scripts, keys(json!({"max_messages": 3}))).await;
    assert_eq!((told.texts().len(), peer.connections().len()), (3, 5));
}

#[tokio::test(start_paused = true)]
async fn data_before_a_refusal_is_kept_and_proves_nothing() {
    let scripts = [
        accepts().send_text("1").close(1012, "restart"),
        Script::accept().send_text("2").expect_data(1).send_text("denied"),
        Script::accept().send_text("3").expect_data(1).send_text("denied"),
    ];
    let (peer, told) = talk(scripts, keys(json!({}))).await;
    assert_eq!(told.texts(), ["1", "2", "3"]);
    assert_eq!((told.error().kind(), peer.connections().len()), (ErrorKind::Auth, 3));
}

#[tokio::test(start_paused = true)]
async fn a_secret_is_struck_out_in_every_spelling_of_the_refusal() {
    let base64 = "ayJleS9zM2NyZXQreA==";
    for said in [
        r#"denied: k"ey/s3cret+x"#.to_owned(),
        json!({"event": "error", "key": "k\"ey/s3cret+x"}).to_string(),
        r#"{"event":"error","key":"k\"ey\/s3cret+x"}"#.to_owned(),
        "denied: /login?key=k%22ey%2Fs3cret%2Bx".to_owned(),
        format!("denied: Basic {base64}"),
    ] {
        let logs = Logs::collect();
        let good = accepts().send_text("1").close(1012, "restart");
        let script = Script::accept().expect_data(1).send_text(&*said);
        let (_, told) = talk([good, script], keys(json!({}))).await;
        let shown = format!("{:#} {:?} {}", told.error(), told.error(), logs.lines().join("\n"));
        assert!(shown.contains("***"), "{shown}");
        for secret in ["s3cret", base64.trim_end_matches('=')] {
            assert!(!shown.contains(secret), "{said}: {shown}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_cut_after_256_characters() {
    let said = format!("denied: {}", "x".repeat(5000));
    let script = Script::accept().expect_data(1).send_text(said);
    let (_, told) = talk([script], keys(json!({}))).await;
    let shown = told.error().to_string();
    assert!(shown.matches('x').count() <= 256 && shown.ends_with("x…\""), "{shown}");
}
