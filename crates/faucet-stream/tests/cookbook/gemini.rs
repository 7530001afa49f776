//! Gemini: a signature in the headers of the upgrade.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use faucet_stream::End;
use faucet_testkit::{Script, ScriptedServer};
use ring::hmac;
use serde_json::{Value, json};

use crate::recipe::{Recipe, cut, hex, read};

fn up() -> Script {
    Script::accept()
        .send_text(json!({"type": "subscription_ack", "accountId": 1}).to_string())
        .send_text(json!({"type": "heartbeat", "socket_sequence": 0}).to_string())
}

#[tokio::test]
async fn each_connect_is_signed() {
    let server = ScriptedServer::start([
        cut(up()
            .send_text(r#"[{"type":"initial","order_id":"1"},{"type":"initial","order_id":"2"}]"#)),
        read(up()).send_text(r#"[{"type":"accepted","order_id":"3"}]"#).expect_close(),
    ])
    .await;
    let recipe = Recipe::new("gemini", 3).with("wss://api.gemini.com/", &server.url());
    let ran = recipe.run(&[("GEMINI_KEY", "key-1"), ("GEMINI_SECRET", "secret-1")]).await;
    let seen = server.finish().await;
    assert_eq!(ran.report.ended, End::MaxMessages, "{:?}", ran.report.error);
    let order = |kind: &str, n: u32| format!(r#"{{"type":"{kind}","order_id":"{n}"}}"#);
    assert_eq!(ran.lines, [order("initial", 1), order("initial", 2), order("accepted", 3)]);
    for seen in seen {
        assert_eq!(seen.header("X-GEMINI-APIKEY"), Some("key-1"));
        let payload = seen.header("X-GEMINI-PAYLOAD").unwrap();
        let request: Value = serde_json::from_slice(&STANDARD.decode(payload).unwrap()).unwrap();
        assert_eq!(request["request"], "/v1/order/events");
        assert!(request["nonce"].is_u64(), "{request}");
        let key = hmac::Key::new(hmac::HMAC_SHA384, b"secret-1");
        let expected = hex(hmac::sign(&key, payload.as_bytes()).as_ref());
        assert_eq!(seen.header("X-GEMINI-SIGNATURE"), Some(&*expected));
    }
}
