//! No secret is ever printed, however much is logged and whatever goes wrong.

use faucet_testkit::{Script, ScriptedServer, TestCa, refused_address};
use serde_json::{Value, json};

use crate::support::*;

/// Stands wherever a secret can.
const CANARY: &str = "c4n4ry-5ecret";
/// How it could look elsewhere: in base64 as a part of `user:password`, percent-encoded, quoted.
const TRACES: [&str; 3] = ["c4n4ry", "YzRuNHJ5", "5ecret"];

/// The keys of a source that is full of secrets. A bearer token and a user in the URL exclude each
/// other: with the latter the token goes into a header of its own.
fn secretive(with_user: bool, more: Value) -> Value {
    let auth = match with_user {
        true => json!({"type": "custom", "config": {"headers": {"X-Token": "${E2E_CANARY}"}}}),
        false => json!({"type": "bearer", "config": {"token": "${E2E_CANARY}"}}),
    };
    let mut keys = json!({
        "unbounded": true,
        "headers": {"X-Api-Key": CANARY},
        "auth": auth,
        "subscribe_messages": [
            format!("{{\"key\":\"{CANARY}\"}}"), "${E2E_CANARY}",
            {"type": "binary", "data": "YzRuNHJ5LTVlY3JldA=="},
        ],
    });
    keys.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    keys
}

fn secret_url(with_user: bool, url: &str) -> String {
    let user = if with_user { format!("://{CANARY}:{CANARY}@") } else { "://".to_owned() };
    let url = url.replace("://", &user);
    format!("{url}?token={CANARY}&{CANARY}&other=${{E2E_CANARY}}")
}

async fn told(files: &Files, args: &[&str]) -> Ran {
    let mut command = faucet(["--log-level", "trace", "--log-format", "json"]);
    command.env("E2E_CANARY", CANARY).args(args);
    let ran = Running::start(&mut command).ended().await;
    let report = files.read("report.json");
    for trace in TRACES {
        for (what, text) in [("stdout", &ran.stdout), ("stderr", &ran.stderr), ("report", &report)]
        {
            assert!(!text.contains(trace), "{trace} is in {what}: {text}");
        }
    }
    ran
}

#[tokio::test]
async fn nothing_shows_a_secret_of_a_run() {
    let (ca, files) = (TestCa::new(), Files::new());
    let tls = json!({"tls": {"ca_file": files.write("ca.pem", ca.pem())}});
    let wrong = json!({"tls": {"server_name": "elsewhere.example"}});
    let retry = json!({"reconnect": true, "reconnect_backoff": 0.01, "max_reconnect_attempts": 2});
    let greeted = || Script::accept().expect_data(3);
    let plain = ScriptedServer::start([
        greeted().send_text("1").close(1000, ""),
        greeted().send_text("1").close(1011, "no"),
        greeted().send_text("oops"),
        Script::reject(401),
        Script::reject(302).header("Location", &format!("ws://u:{CANARY}@h/?t={CANARY}")),
        Script::hang_up_on_request(),
        Script::garbage("SSH-2.0\r\n"),
    ]);
    let plain = plain.await;
    let secure = ScriptedServer::start_tls(
        [greeted().send_text("1").close(1000, ""), greeted().stall()],
        ca.good().server_config(),
    );
    let secure = secure.await;
    let refused = format!("ws://{}/", refused_address().await);
    let none = json!({});
    let report = files.name("report.json");
    let cases = [
        (plain.url(), &none, 0),
        (plain.url(), &none, 4),
        (plain.url(), &none, 6),
        (plain.url(), &none, 3),
        (plain.url(), &none, 5),
        (plain.url(), &none, 4),
        (plain.url(), &none, 5),
        (secure.url(), &tls, 0),
        (secure.url(), &wrong, 4),
        (plain.url().replace("ws:", "wss:"), &tls, 4),
        (refused, &retry, 4),
    ];
    for (index, (url, more, code)) in cases.into_iter().enumerate() {
        let with_user = index % 2 == 0;
        let keys = secretive(with_user, more.clone());
        let file = files.pipeline(&secret_url(with_user, &url), keys);
        let ran = told(&files, &["run", &file, "--report", &report]).await;
        assert_eq!(ran.code, Some(code), "{url} {ran:#?}");
        assert!(ran.stderr.contains(&url), "{ran:#?}");
    }
    // They reached whom they are for.
    let seen = plain.connections();
    assert_eq!(seen[0].header("X-Token"), Some(CANARY));
    assert!(seen[0].header("Authorization").unwrap().starts_with("Basic YzRuNHJ5"));
    assert!(seen[0].path().contains(&format!("other={CANARY}")));
    assert_eq!(seen[0].texts()[1], CANARY);
    assert_eq!(seen[1].header("Authorization"), Some(&*format!("Bearer {CANARY}")));
}

#[tokio::test]
async fn nothing_shows_a_secret_of_the_other_commands() {
    let server = ScriptedServer::start([Script::reject(401), Script::reject(403)]).await;
    let files = Files::new();
    let url = secret_url(true, &server.url());
    let file = files.pipeline(&url, secretive(true, json!({})));
    told(&files, &["validate", &file]).await.succeeded();
    assert_eq!(told(&files, &["check", &file]).await.code, Some(3));
    let header = format!("X-Key: {CANARY}");
    let url = url.replace("${E2E_CANARY}", CANARY);
    let args = ["tap", &url, "--header", &header, "--subscribe", CANARY];
    assert_eq!(told(&files, &args).await.code, Some(3));
    let args = ["tap", &url, "--header", CANARY];
    assert_eq!(told(&files, &args).await.code, Some(2));
}

#[tokio::test]
async fn a_configuration_error_shows_no_secret() {
    let files = Files::new();
    let report = files.name("report.json");
    for broken in [
        json!({"headers": {"X-Key": format!("{CANARY}\r\n")}}),
        json!({"headers": [CANARY]}),
        json!({"headers": {"Upgrade": CANARY}}),
        json!({"proxy": format!("u:{CANARY}@proxy.test")}),
        json!({"proxy": format!("ftp://u:{CANARY}@proxy.test")}),
        json!({"proxy": format!("http://u:{CANARY}%0A@proxy.test")}),
        json!({"auth": {"type": "bearer", "config": {"token": format!("Bearer {CANARY}")}}}),
        json!({"auth": {"type": "basic", "config": {"username": "u", "password": format!("{CANARY}\n")}}}),
        json!({"auth": CANARY}),
        json!({"auth": {"type": "bearer", "config": CANARY}}),
        json!({"auth": {"type": "bearer", "token": CANARY}}),
        json!({"auth": {"type": "bearer", "config": {"token": CANARY, "tokn": CANARY}}}),
        json!({"auth": {"type": "bearer", "config": {"token": [CANARY]}}}),
        json!({"auth": {"type": "basic", "config": {"password": CANARY}}}),
        json!({"subscribe_messages": CANARY}),
        json!({"goodbye": [CANARY, 5]}),
        json!({"subscribe_messages": [{"type": "binary", "data": format!("{CANARY}?")}]}),
        json!({"url": format!("http://{CANARY}@h/")}),
        json!({"url": format!("ws://{CANARY}@h/#{CANARY}")}),
        json!({"url": format!("ws://{CANARY}@h:99999/?{CANARY}")}),
        json!({"idle_timeout": "${E2E_CANARY}"}),
        json!({"message_format": "${E2E_CANARY}"}),
    ] {
        let file = files.pipeline("ws://h/", secretive(false, broken.clone()));
        for args in [
            &["validate", &file][..],
            &["validate", &file, "--format", "json"],
            &["validate", &file, "--print"],
            &["run", &file, "--report", &report],
        ] {
            assert_eq!(told(&files, args).await.code, Some(2), "{broken}");
        }
        // For people, with the lines of the file.
        let mut command = faucet(["validate", &file]);
        let ran = Running::start(command.env("E2E_CANARY", CANARY)).ended().await;
        assert!(ran.code == Some(2) && !ran.stderr.contains("c4n4ry"), "{broken}: {}", ran.stderr);
    }
    // A line that is not YAML may be the one with the secret.
    for text in [
        format!("source:\n  auth: token: {CANARY}\n"),
        format!("source:\n  auth: {{type: bearer, config: {{token: {CANARY}\n"),
        format!("source:\n  headers:\n    X: \"{CANARY}\n  url: ws://h\n"),
    ] {
        let file = files.write("pipeline.yaml", text);
        assert_eq!(told(&files, &["validate", &file]).await.code, Some(2));
    }
}
