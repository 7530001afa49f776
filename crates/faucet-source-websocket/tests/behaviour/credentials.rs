//! Headers, credentials and what the URL hides.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use faucet_core::{Ended, Error, ErrorKind, Result, Source};
use faucet_source_websocket::{AuthProvider, WebsocketSource};
use faucet_testkit::{Script, ScriptedPeer, ScriptedServer};
use http::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue, UPGRADE};
use serde_json::json;

use crate::support::*;

#[tokio::test]
async fn secrets_of_the_url_reach_the_server_and_nothing_else() {
    let logs = Logs::collect();
    let server = ScriptedServer::start([
        up().close(1012, "restart"),
        Script::reject(404),
        Script::accept().send_text("not JSON"),
    ])
    .await;
    let url = format!("ws://me%40x:s3cret@{}/p?token=s3cret", server.address());
    let redacted = server.url_with("/p?token=***");
    for (keys, shown) in [
        (json!({"envelope": true}), "1012 service restart, \"restart\""),
        (json!({}), "404 Not Found"),
        (json!({}), "message 1 is not JSON"),
    ] {
        let source = source(&url, keys);
        let told = run(&source).await;
        assert!(told.error().to_string().contains(shown), "{:?}", told.error());
        let debugged = format!("{source:?} {:?} {:?}", source.info(), told.error());
        assert!(debugged.contains(&redacted), "{debugged}");
        let rendered: Vec<String> = told
            .pages
            .iter()
            .flat_map(faucet_core::StreamPage::iter)
            .map(|record| String::from_utf8(record.to_record().to_json()).unwrap())
            .collect();
        for text in rendered.iter().chain([&debugged]) {
            assert!(!text.contains("s3cret"), "{text}");
        }
        if let [record] = &rendered[..] {
            assert!(record.ends_with(&format!(",\"url\":\"{redacted}\"}}")), "{record}");
        }
    }
    let logged = logs.lines().join("\n");
    assert!(logged.contains(&redacted) && !logged.contains("s3cret"), "{logged}");
    for seen in server.finish().await {
        // me@x:s3cret
        assert_eq!(seen.header("Authorization"), Some("Basic bWVAeDpzM2NyZXQ="));
        assert_eq!(seen.path(), "/p?token=s3cret");
        assert_eq!(seen.header("Host"), Some(server.address().to_string().as_str()));
    }
}

#[tokio::test]
async fn placeholders_are_filled_anew_for_every_run_and_lead_nowhere_else() {
    let server = ScriptedServer::start([up()]).await;
    let url = server.url_with("/ws/{symbol}@trade?key={key}");
    let source = source(&url, json!({"max_messages": 1, "envelope": true}));
    for (symbol, key, path) in [
        ("btcusdt", "k", "/ws/btcusdt@trade?key=k"),
        ("ethusdt", "ü", "/ws/ethusdt@trade?key=%C3%BC"),
        ("x@evil.test/", "a&b=c", "/ws/x%40evil.test%2F@trade?key=a%26b%3Dc"),
        ("../../admin", "#", "/ws/..%2F..%2Fadmin@trade?key=%23"),
        ("http://169.254.169.254/", "", "/ws/http%3A%2F%2F169.254.169.254%2F@trade?key="),
        ("a\r\nHost: evil.test", " ", "/ws/a%0D%0AHost%3A%20evil.test@trade?key=%20"),
        ("%2e%2e", "{symbol}", "/ws/%252e%252e@trade?key=%7Bsymbol%7D"),
    ] {
        let told = run_with(&source, &context(&[("symbol", symbol), ("key", key)])).await;
        let record = told.pages[0].iter().next().unwrap().to_record().to_value().unwrap();
        let (filled, _) = path.split_once('?').unwrap();
        assert_eq!(record["url"], server.url_with(&format!("{filled}?key=***")));
        let seen = server.connections().pop().unwrap();
        assert_eq!(seen.path(), path);
        assert_eq!(seen.header("Host"), Some(server.address().to_string().as_str()));
    }
    let runs = server.finish().await.len();
    for (values, why) in [
        (context(&[("key", "k")]), "the placeholder {symbol} has no value in context"),
        (context(&[("symbol", ".."), ("key", "k")]), "the value of {symbol} must not be made"),
    ] {
        let error = source.open(&values).await.err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains(why), "{error}");
    }
    assert_eq!(server.connections().len(), runs, "nothing was tried");
}

#[tokio::test(start_paused = true)]
async fn headers_and_credentials_are_sent_on_every_connect() {
    for (keys, name, value) in [
        (json!({"headers": {"X-Api-Key": "k1", "User-Agent": "me"}}), "X-Api-Key", "k1"),
        (json!({"headers": {"Authorization": "Custom x"}}), "Authorization", "Custom x"),
        (
            json!({"auth": {"type": "bearer", "config": {"token": "t1"}}}),
            "Authorization",
            "Bearer t1",
        ),
        (
            json!({"auth": {"type": "basic", "config": {"username": "u", "password": "p"}}}),
            "Authorization",
            "Basic dTpw",
        ),
        (
            json!({"auth": {"type": "custom", "config": {"headers": {"X-Token": "t2"}}}}),
            "X-Token",
            "t2",
        ),
    ] {
        let more = json!({"reconnect": true, "max_messages": 3});
        let (peer, source) = in_memory([once_up()], with(keys, more));
        run_paused(&source).await;
        let connections = peer.finish().await;
        assert_eq!(connections.len(), 3);
        for seen in connections {
            assert_eq!(seen.header(name), Some(value));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn host_and_user_agent_are_what_they_are_set_to() {
    let default = concat!("faucet/", env!("CARGO_PKG_VERSION"));
    for (headers, host, user_agent) in [
        (json!({}), "feed.test", Some(default)),
        (json!({"Host": "gate.test:81", "user-agent": "mine/1"}), "gate.test:81", Some("mine/1")),
        (json!({"User-Agent": ""}), "feed.test", None),
    ] {
        let (peer, source) = in_memory([up()], json!({"max_messages": 1, "headers": headers}));
        assert_eq!(run_paused(&source).await.texts(), [UP]);
        let seen = peer.finish().await.swap_remove(0);
        assert_eq!((seen.header("Host"), seen.header("User-Agent")), (Some(host), user_agent));
    }
}

#[tokio::test(start_paused = true)]
async fn path_and_query_go_out_as_they_were_written() {
    for written in
        ["/a/./b/../c", "/a/%2e%2e/b", "//x//y", "/a%2Fb?z=1+2&f[a]={\"b\"}", "/a\\b?p=a\\b"]
    {
        let peer = Arc::new(ScriptedPeer::new([up()]));
        let source = source(&format!("ws://feed.test{written}"), json!({"max_messages": 1}));
        run_paused(&source.with_dial(Arc::new(Memory(Arc::clone(&peer))))).await;
        assert_eq!(peer.finish().await[0].path(), written);
    }
}

/// Gives these credentials, one after the other, and counts.
struct Tokens {
    left: Mutex<VecDeque<Result<&'static str>>>,
    asked: AtomicUsize,
}

impl Tokens {
    fn new(tokens: impl IntoIterator<Item = Result<&'static str>>) -> Arc<Self> {
        let left = Mutex::new(tokens.into_iter().collect());
        Arc::new(Self { left, asked: AtomicUsize::new(0) })
    }
}

#[async_trait]
impl AuthProvider for Tokens {
    async fn headers(&self) -> Result<HeaderMap> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let token = self.left.lock().unwrap().pop_front().expect("asked too often")?;
        let value = HeaderValue::from_str(&format!("Bearer {token}")).unwrap();
        Ok(HeaderMap::from_iter([(AUTHORIZATION, value)]))
    }
}

fn trouble(kind: ErrorKind, retryable: bool) -> Result<&'static str> {
    Err(Error::new(kind, "no token today").retryable(retryable))
}

#[tokio::test(start_paused = true)]
async fn a_token_that_expired_is_replaced_by_the_next() {
    for refusal in [
        Script::reject(401),
        Script::accept().close(1008, "token expired"),
        Script::accept().close(3000, "token expired"),
        Script::accept().close(3003, "token expired"),
    ] {
        let scripts = [once_up(), refusal, up()];
        let (peer, source) = in_memory(scripts, json!({"reconnect": true, "max_messages": 2}));
        let tokens = Tokens::new([Ok("tok1"), Ok("tok1"), Ok("tok2")]);
        let told = run_paused(&source.with_auth_provider(tokens.clone())).await;
        assert_eq!(told.ended(), Ended::MaxRecords);
        let sent: Vec<_> = peer
            .finish()
            .await
            .iter()
            .map(|seen| seen.header("Authorization").map(str::to_owned))
            .collect();
        let expected = ["Bearer tok1", "Bearer tok1", "Bearer tok2"];
        assert_eq!(sent, expected.map(|token| Some(token.to_owned())));
        assert_eq!(tokens.asked.load(Ordering::Relaxed), 3, "asked once for every connect");
    }
}

#[tokio::test(start_paused = true)]
async fn a_provider_without_credentials_is_asked_again_only_if_that_may_help() {
    let provided = |tokens: Vec<Result<&'static str>>, scripts: Vec<Script>| {
        let (peer, source) = in_memory(scripts, json!({"reconnect": true, "max_messages": 1}));
        (peer, source.with_auth_provider(Tokens::new(tokens)))
    };
    let (peer, source) = provided(
        vec![trouble(ErrorKind::Connect, true), trouble(ErrorKind::Connect, true), Ok("tok1")],
        vec![up()],
    );
    assert_eq!(run_paused(&source).await.ended(), Ended::MaxRecords);
    assert_eq!(peer.finish().await.len(), 1);

    let (peer, source) = provided(vec![trouble(ErrorKind::Auth, false)], vec![up()]);
    let told = run_paused(&source).await;
    assert_eq!(told.error().to_string(), "no token today");
    assert_eq!((told.error().kind(), peer.connections().len()), (ErrorKind::Auth, 0));
}

#[tokio::test(start_paused = true)]
async fn a_token_at_fault_is_refused_before_anything_is_sent() {
    for (token, fault) in [
        ("Bearer tok1", "begins with its own `Bearer `"),
        ("bearer  tok1", "begins with its own `Bearer `"),
    ] {
        let (peer, source) = in_memory([up()], json!({"reconnect": true}));
        let told = run_paused(&source.with_auth_provider(Tokens::new([Ok(token)]))).await;
        let error = told.error();
        assert_eq!(error.to_string(), format!("the auth provider's header authorization {fault}"));
        assert_eq!((error.kind(), peer.connections().len()), (ErrorKind::Auth, 0));
    }
}

/// Brings a header that the upgrade owns, after any time.
struct Odd(std::time::Duration);

#[async_trait]
impl AuthProvider for Odd {
    async fn headers(&self) -> Result<HeaderMap> {
        tokio::time::sleep(self.0).await;
        let name: HeaderName = UPGRADE;
        Ok(HeaderMap::from_iter([(name, HeaderValue::from_static("h2c"))]))
    }
}

#[tokio::test(start_paused = true)]
async fn a_provider_can_neither_take_the_upgrades_headers_nor_all_the_time() {
    let provided = |time| -> WebsocketSource {
        in_memory([up()], json!({})).1.with_auth_provider(Arc::new(Odd(time)))
    };
    let told = run_paused(&provided(secs(1))).await;
    assert_eq!(told.error().to_string(), "the auth provider returned the reserved header upgrade");
    let told = run_paused(&provided(secs(3600))).await;
    assert!(told.error().to_string().ends_with("timed out after 10 seconds"));
    assert_eq!(told.took, secs(10), "its time counts towards connect_timeout");
}

/// Panics when it is asked a second time.
struct PanicsLater(AtomicUsize);

#[async_trait]
impl AuthProvider for PanicsLater {
    async fn headers(&self) -> Result<HeaderMap> {
        assert!(self.0.fetch_add(1, Ordering::Relaxed) == 0, "no second token");
        Ok(HeaderMap::new())
    }
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_panics_ends_the_run_behind_the_records_that_were_received() {
    let script = Script::accept().send_text("1").send_text("2").hang_up();
    let keys = json!({"reconnect": true, "batch_timeout": 60});
    let (_, source) = in_memory([script], keys);
    let source = source.with_auth_provider(Arc::new(PanicsLater(AtomicUsize::new(0))));
    let told = run_paused(&source).await;
    assert_eq!(told.texts(), ["1", "2"]);
    assert_eq!(told.error().kind(), ErrorKind::Panic);
    let message = told.error().to_string();
    assert!(message.ends_with("a plugin panicked: no second token"), "{message}");
}
