//! Connecting through proxies.

use std::sync::Arc;

use faucet_core::{ErrorKind, Scope, Source, StepOutcome};
use faucet_source_websocket::{ProxyEnvironment, WebsocketSource};
use faucet_testkit::{
    ProxyScript, Script, ScriptedPeer, ScriptedProxy, ScriptedServer, TestCa, refused_address,
};
use serde_json::{Value, json};

use crate::support::*;

const FEED: &str = "ws://feed.test/";

/// A source for `url` that reads no proxy from the environment of the process.
fn alone(url: &str, keys: Value) -> WebsocketSource {
    source(url, keys).with_proxy_environment(ProxyEnvironment::default())
}

fn environment(variables: &[(&'static str, String)]) -> ProxyEnvironment {
    let find = |name: &str| variables.iter().find(|(known, _)| *known == name);
    ProxyEnvironment::new(|name| find(name).map(|(_, value)| value.clone()))
}

fn once() -> Script {
    Script::accept().send_text("1").close(1000, "")
}

#[tokio::test]
async fn every_kind_of_proxy_brings_the_connection() {
    let server = ScriptedServer::start([once()]).await;
    let port = server.address().port();
    let of_name = format!("localhost:{port}");
    let of_address = [format!("127.0.0.1:{port}"), format!("[::1]:{port}")];
    for (script, scheme, user) in [
        (ProxyScript::http(), "http", ""),
        (ProxyScript::http().wants("u", "p@ss"), "http", "u:p%40ss@"),
        (ProxyScript::socks5(), "socks5h", ""),
        (ProxyScript::socks5().wants("u", "p@ss"), "socks5h", "u:p%40ss@"),
        (ProxyScript::socks5().wants("u", "p@ss"), "SOCKS5", "u:p%40ss@"),
    ] {
        let proxy = ScriptedProxy::start(script, server.address()).await;
        let setting = format!("{scheme}://{user}{}", proxy.address());
        // A proxy that is configured is used for this machine, too.
        let source = alone(&format!("ws://localhost:{port}/"), json!({"proxy": setting}));
        assert_eq!(run(&source).await.texts(), ["1"], "{setting}");
        let asked = proxy.asked();
        match scheme {
            "SOCKS5" => assert!(of_address.contains(&asked[0]), "{asked:?}"),
            _ => assert_eq!(asked, [of_name.as_str()], "{setting}"),
        }
    }
}

#[tokio::test]
async fn tls_goes_through_the_proxy_and_to_it() {
    let ca = TestCa::new();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), ca.pem()).unwrap();
    let trusting = |proxy: String| json!({"proxy": proxy, "tls": {"ca_file": file.path()}});
    let plain = ScriptedServer::start([once()]).await;
    let tls = ScriptedServer::start_tls([once()], ca.good().server_config()).await;
    for server in [&plain, &tls] {
        let config = ca.good().server_config();
        let proxy = ScriptedProxy::start_tls(ProxyScript::http(), server.address(), config).await;
        let keys = trusting(format!("https://{}", proxy.address()));
        assert_eq!(run(&alone(&server.url(), keys)).await.texts(), ["1"]);
    }
    let proxy = ScriptedProxy::start(ProxyScript::socks5(), tls.address()).await;
    let keys = trusting(format!("socks5h://{}", proxy.address()));
    assert_eq!(run(&alone(&tls.url(), keys)).await.texts(), ["1"]);
}

#[tokio::test]
async fn the_proxy_of_the_environment_is_used_and_said_once() {
    let server = ScriptedServer::start([once_up()]).await;
    let script = ProxyScript::http().wants("u", "s3cret");
    let proxy = ScriptedProxy::start(script, server.address()).await;
    let ours = |name| (name, format!("u:s3cret@{}", proxy.address()));
    let other = |name| (name, "http://127.0.0.1:1".to_owned());
    for variables in [
        [ours("HTTP_PROXY"), other("HTTPS_PROXY"), other("ALL_PROXY")],
        [
            ("all_proxy", format!("http://u:s3cret@{}", proxy.address())),
            other("HTTPS_PROXY"),
            other("X"),
        ],
    ] {
        let logs = Logs::collect();
        let source = source(FEED, reconnecting(json!({"max_messages": 3})));
        let told = run(&source.with_proxy_environment(environment(&variables))).await;
        assert_eq!(told.texts(), [UP, UP, UP]);
        let lines = logs.lines();
        let said = lines.iter().filter(|line| line.contains("the environment's proxy"));
        let said: Vec<_> = said.collect();
        assert!(matches!(said[..], [line] if line.contains(variables[0].0)), "{lines:?}");
        assert!(!lines.join("").contains("s3cret"), "{lines:?}");
    }
    assert_eq!(proxy.asked(), ["feed.test:80"; 6]);
}

#[tokio::test]
async fn a_proxy_of_the_environment_is_left_out_where_it_is_not_for_the_far_end() {
    let server = ScriptedServer::start([once()]).await;
    let port = server.address().port();
    let dead = refused_address().await;
    let proxies =
        [("HTTP_PROXY", format!("http://{dead}")), ("ALL_PROXY", format!("http://{dead}"))];
    for url in [server.url(), format!("ws://localhost:{port}/")] {
        let source = source(&url, json!({})).with_proxy_environment(environment(&proxies));
        assert_eq!(run(&source).await.texts(), ["1"], "{url}");
    }
    // No resolver takes a label of more than 63 characters (RFC 1035), so none is asked.
    let url = format!("ws://{}.test/", "x".repeat(64));
    let listed = [proxies[0].clone(), ("no_proxy", "a.test, .test".to_owned())];
    for (keys, variables) in [(json!({"proxy": "none"}), &proxies), (json!({}), &listed)] {
        let told = run(&source(&url, keys).with_proxy_environment(environment(variables))).await;
        assert_eq!(told.error().phase(), Some("dns"), "{:?}", told.error());
    }
    let told = run(&source(&url, json!({})).with_proxy_environment(environment(&proxies))).await;
    assert_eq!(told.error().phase(), Some("proxy"));
}

#[tokio::test]
async fn a_variable_that_is_no_url_ends_the_run_before_it_begins() {
    let variables = [("HTTP_PROXY", "socks4://u:s3cret@proxy.test".to_owned())];
    let source = source(FEED, json!({})).with_proxy_environment(environment(&variables));
    let error = source.open(&Scope::default()).await.err().unwrap();
    let words = "proxy: the environment variable HTTP_PROXY must start with http://, https://, ";
    assert!(error.to_string().starts_with(words), "{error}");
    assert!(error.hint().unwrap().contains("proxy: none"), "{error:?}");
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
}

/// The error of a run that may reconnect twice, and the number of times that a proxy was asked.
async fn refused_through(
    script: ProxyScript,
    scheme: &str,
    user: &str,
) -> (faucet_core::Error, usize) {
    let proxy = ScriptedProxy::start(script, refused_address().await).await;
    let setting = format!("{scheme}://{user}{}", proxy.address());
    let keys = json!({"proxy": setting, "max_reconnect_attempts": 2});
    let told = run(&alone(FEED, reconnecting(keys))).await;
    let error = told.end.expect_err("the run ended well");
    let shown = format!("{error:?}");
    assert!(!shown.contains("s3cret"), "{shown}");
    let begin =
        format!("Failed to connect to WebSocket {FEED}: proxy {scheme}://{}: ", proxy.address());
    assert!(error.to_string().starts_with(&begin), "{error}");
    assert_eq!(error.phase(), Some("proxy"));
    (error, proxy.asked().len())
}

#[tokio::test]
async fn a_refusal_of_the_proxy_says_that_it_is_the_proxys() {
    use ErrorKind::{Auth, Connect};
    let (http, socks) = (ProxyScript::http, ProxyScript::socks5);
    for (script, scheme, user, kind, asked, words, hint) in [
        (http().wants("u", "p"), "http", "", Auth, 1, "407 Proxy Authentication", "user:password@"),
        (http().wants("u", "p"), "http", "u:s3cret@", Auth, 1, "407 Proxy Auth", "user:password@"),
        (http().refuses(403), "http", "", Connect, 1, "403 Forbidden", "allow CONNECT"),
        (http().refuses(503), "http", "", Connect, 3, "503 Service Unavailable", "may recover"),
        (socks().wants("u", "p"), "socks5h", "", Auth, 0, "refused or missing", "user:password@"),
        (
            socks().wants("u", "p"),
            "socks5h",
            "u:s3cret@",
            Auth,
            0,
            "refused or missing",
            "user:password@",
        ),
        (socks().refuses(1), "socks5h", "", Connect, 3, "general failure", "cannot reach"),
        (socks().refuses(2), "socks5h", "", Connect, 1, "not allowed by its rules", "operator"),
        (socks().refuses(5), "socks5h", "", Connect, 3, "connection refused", "cannot reach"),
        (socks().refuses(8), "socks5h", "", Connect, 1, "address type not supported", "socks5h://"),
    ] {
        let (error, times) = refused_through(script, scheme, user).await;
        assert!(error.to_string().contains(words), "{error}");
        assert!(error.hint().unwrap().contains(hint), "{error:?}");
        assert_eq!((error.kind(), times), (kind, asked), "{error}");
    }
}

#[tokio::test]
async fn a_proxy_that_is_none_or_not_there_is_named() {
    let garbage = ScriptedServer::start([Script::garbage("SSH-2.0-OpenSSH_9.6\r\n").stall()]).await;
    let closing = ScriptedServer::start([Script::hang_up_on_request()]).await;
    let tls = ScriptedServer::start_tls([once()], TestCa::new().good().server_config()).await;
    let dead = refused_address().await;
    let nowhere = format!("{}.invalid", "x".repeat(64));
    for (proxy, kind, words, hint) in [
        (format!("http://{dead}"), ErrorKind::Connect, "Connection refused", "proxy running"),
        (format!("http://{nowhere}:1"), ErrorKind::Connect, "dns: ", "proxy's host name"),
        (
            format!("http://{}", closing.address()),
            ErrorKind::Connect,
            "closed before",
            "scheme and",
        ),
        (format!("http://{}", garbage.address()), ErrorKind::Protocol, "not that of", "scheme and"),
        (format!("socks5h://{}", garbage.address()), ErrorKind::Protocol, "not that of", "scheme"),
        (format!("https://{}", garbage.address()), ErrorKind::Tls, "not speak TLS", "use http://"),
        (format!("https://{}", tls.address()), ErrorKind::Tls, "unknown issuer", "tls.ca_file"),
    ] {
        let told = run(&alone(FEED, json!({"proxy": proxy}))).await;
        let error = told.error();
        let begin = format!("Failed to connect to WebSocket {FEED}: proxy {proxy}: ");
        assert!(error.to_string().starts_with(&begin), "{error}");
        assert!(error.to_string().contains(words), "{error}");
        assert!(error.hint().unwrap().contains(hint), "{error:?}");
        assert_eq!((error.kind(), error.phase()), (kind, Some("proxy")));
    }
}

#[tokio::test]
async fn a_silent_proxy_is_left_within_the_connect_timeout() {
    let silent = ScriptedServer::start([Script::silent()]).await;
    for scheme in ["http", "socks5h"] {
        let proxy = format!("{scheme}://{}", silent.address());
        let told = run(&alone(FEED, json!({"proxy": proxy, "connect_timeout": 0.05}))).await;
        let error = told.error();
        assert_eq!((error.kind(), error.phase()), (ErrorKind::Timeout, Some("proxy")));
        assert!(error.hint().unwrap().contains("the proxy did not open"), "{error:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_dial_of_ones_own_bypasses_every_proxy() {
    let dead = "http://127.0.0.1:1";
    for proxy in ["env", dead] {
        let peer = Arc::new(ScriptedPeer::new([once()]));
        let source = source(FEED, json!({"proxy": proxy}))
            .with_proxy_environment(environment(&[("ALL_PROXY", dead.to_owned())]))
            .with_dial(Arc::new(Memory(peer)));
        assert_eq!(run_paused(&source).await.texts(), ["1"], "{proxy}");
    }
}

#[tokio::test]
async fn a_check_shows_the_proxy_as_a_step() {
    let server = ScriptedServer::start([up()]).await;
    let proxy = ScriptedProxy::start(ProxyScript::http(), server.address()).await;
    let setting = format!("http://u:s3cret@{}", proxy.address());
    let report = alone(FEED, json!({"proxy": setting})).check(&Scope::default()).await;
    let names: Vec<_> = report.steps.iter().map(|step| &*step.name).collect();
    assert_eq!(names, ["proxy", "upgrade", "first frame", "ping"], "{report:?}");
    let shown = format!("http://{}", proxy.address());
    assert!(matches!(&report.steps[0].outcome, StepOutcome::Passed(detail) if *detail == shown));

    let refusing = ScriptedProxy::start(ProxyScript::http().refuses(403), server.address()).await;
    let setting = format!("http://{}", refusing.address());
    let report = alone(FEED, json!({"proxy": setting})).check(&Scope::default()).await;
    assert!(matches!(&report.steps[..], [step] if step.name == "proxy"), "{report:?}");
    assert!(!report.passed());
}
