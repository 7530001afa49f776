//! KuCoin: an HTTP call before each connect brings the address, a token for one connect, and the heartbeat.

use faucet_stream::{End, ErrorKind};
use faucet_testkit::{HttpScript, HttpServer, Script, ScriptedServer};
use serde_json::json;

use crate::recipe::{Recipe, cut};

/// The answer to the call. The token has characters that a URL must not have as they are.
fn token(number: u32, endpoint: &str) -> HttpScript {
    let server = json!({"endpoint": endpoint, "pingInterval": 1000, "pingTimeout": 5000});
    let data = json!({"token": format!("t+/={number}"), "instanceServers": [server]});
    HttpScript::answer(200)
        .expect("POST", "/api/v1/bullet-public")
        .json(json!({"code": "200000", "data": data}))
}

fn up() -> Script {
    let both = json!({
        "/type": "subscribe", "/topic": "/market/match:BTC-USDT,ETH-USDT", "/response": true,
        "/id": {"prefix": "s"},
    });
    Script::accept()
        .send_text(json!({"id": "hello", "type": "welcome"}).to_string())
        .next_json(both)
        .reply_json(json!({"id": "{/id}", "type": "ack"}))
}

fn trade(n: u32) -> String {
    let data = json!({"symbol": "BTC-USDT", "tradeId": n.to_string()});
    json!({"type": "message", "topic": "/market/match:BTC-USDT", "data": data}).to_string()
}

fn recipe(http: &HttpServer, records: usize) -> Recipe {
    Recipe::new("kucoin", records)
        .with("https://api.kucoin.com/", &http.url())
        .with("*.kucoin.com", "127.0.0.1")
}

#[tokio::test]
async fn each_connect_has_a_token_of_its_own() {
    let pong = || json!({"id": "{/id}", "type": "pong"});
    let server = ScriptedServer::start([
        cut(up()
            .send_text(trade(1))
            // The interval that the call brought is one second.
            .expect_json(json!({"/type": "ping"}))
            .reply_json(pong())
            .send_text(trade(2))),
        up().whenever(json!({"/type": "ping"}), pong()).send_text(trade(3)).expect_close(),
    ])
    .await;
    let endpoint = server.url_with("/endpoint");
    let http = HttpServer::start([token(1, &endpoint), token(2, &endpoint)]).await;
    let host = format!("127.0.0.1:{}", server.address().port());
    let ran = recipe(&http, 3).with("[\"127.0.0.1\"]", &format!("[\"{host}\"]")).run(&[]).await;
    let seen = server.finish().await;
    assert_eq!(ran.report.ended, End::MaxMessages, "{:?}", ran.report.error);
    let expected = [1, 2, 3].map(|n| format!(r#"{{"symbol":"BTC-USDT","tradeId":"{n}"}}"#));
    assert_eq!(ran.lines, expected);
    assert_eq!(http.finish().await.len(), 2);
    for (connection, number) in seen.iter().zip([1, 2]) {
        let (path, query) = connection.path().split_once('?').unwrap();
        let (id, token) = query.split_once('&').unwrap();
        assert_eq!((path, token), ("/endpoint", &*format!("token=t%2B%2F%3D{number}")));
        assert_eq!(id.len(), "connectId=".len() + 36, "{id}");
    }
}

#[tokio::test]
async fn what_the_call_brings_is_not_trusted() {
    for (answer, kind, words) in [
        (json!({"code": "400100", "msg": "no"}), ErrorKind::Auth, "before_connect[0]"),
        (json!({"code": "200000", "data": {}}), ErrorKind::Protocol, "/data"),
    ] {
        let http = HttpServer::start([HttpScript::answer(200).json(answer)]).await;
        let recipe = recipe(&http, 1)
            .with("reconnect: true", "reconnect: true\n  max_reconnect_attempts: 1");
        let error = recipe.run(&[]).await.report.error.unwrap();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(words), "{error}");
    }
    let elsewhere = HttpServer::start([token(1, "wss://127.0.0.2:1/endpoint")]).await;
    let error = recipe(&elsewhere, 1).run(&[]).await.report.error.unwrap();
    assert_eq!(error.kind(), ErrorKind::Config, "{error}");
    assert!(error.to_string().contains("which url_hosts does not allow"), "{error}");
}
