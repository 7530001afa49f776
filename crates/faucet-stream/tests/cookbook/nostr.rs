//! Nostr: another filter for a first and for a later connect, and notes that come twice.

use faucet_stream::{End, ErrorKind};
use faucet_testkit::{Script, ScriptedServer};
use serde_json::json;

use crate::recipe::{Recipe, cut, read};

fn note(n: u32, time: u64) -> String {
    format!(r#"["EVENT","feed",{{"id":"n{n}","created_at":{time}}}]"#)
}

fn recipe(server: &ScriptedServer, records: usize) -> Recipe {
    Recipe::new("nostr", records).with("wss://relay.damus.io", &server.url())
}

#[tokio::test]
async fn notes_since_the_last_one_are_asked_for() {
    let fresh =
        json!({"/0": "REQ", "/2/kinds/0": 1, "/2/limit": 20, "/2/since": {"exists": false}});
    let since = |time: u64| json!({"/0": "REQ", "/2/since": time, "/2/limit": {"exists": false}});
    let server = ScriptedServer::start([
        cut(Script::accept()
            .next_json(fresh)
            .send_text(note(1, 1000))
            .send_text(r#"["EOSE","feed"]"#)
            .send_text(r#"["NOTICE","hello"]"#)
            // A late note does not move the position back.
            .send_text(note(2, 990))),
        read(Script::accept().next_json(since(940)).send_text(note(1, 1000)))
            .send_text(note(3, 1005))
            .expect_close(),
        // Another run.
        read(Script::accept().next_json(since(945)).send_text(note(3, 1005)))
            .send_text(note(4, 1010))
            .send_text(note(5, 1011))
            .send_text(note(6, 1012))
            .expect_close(),
    ])
    .await;
    let first = recipe(&server, 3).run(&[]).await;
    assert_eq!(first.report.ended, End::MaxMessages, "{:?}", first.report.error);
    let second = first.recipe.run(&[]).await;
    server.finish().await;
    assert_eq!(second.report.ended, End::MaxMessages, "{:?}", second.report.error);
    let expected = [(1, 1000), (2, 990), (3, 1005), (4, 1010), (5, 1011), (6, 1012)];
    let line = |(n, time): (u32, u64)| format!(r#"{{"id":"n{n}","created_at":{time}}}"#);
    assert_eq!(second.lines, expected.map(line));
}

#[tokio::test]
async fn a_refused_filter_ends_the_run() {
    let closed = r#"["CLOSED","feed","auth-required: log in"]"#;
    let server =
        ScriptedServer::start([Script::accept().expect_data(1).send_text(closed).expect_close()])
            .await;
    let error = recipe(&server, 1).run(&[]).await.report.error.unwrap();
    assert_eq!(error.kind(), ErrorKind::Closed, "{error}");
    assert!(error.to_string().contains("auth-required"), "{error}");
}
