//! Streams through TLS, a proxy, and a dialer.

use std::sync::{Arc, Mutex};
use std::{fs, io};

use faucet_connect::{
    Destination, Dial, DialFailure, Io, NetDial, ProxyChoice, ProxyEnvironment, ProxyFault,
    ProxySetting, StepLog, TlsConfig, TlsFailure,
};
use faucet_core::{Problems, async_trait};
use faucet_session::http::{HttpClient, HttpFailed, HttpMethod};
use faucet_testkit::{
    Identity, ProxyScript, ScriptedProxy, ScriptedTcp, TcpScript, TestCa, refused_address,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::calls::{call, client};

const ANSWER: &str = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone";

/// A server behind TLS that answers every request. Dropping it ends it.
struct TlsServer {
    port: u16,
    _tasks: JoinSet<()>,
}

impl TlsServer {
    async fn start(config: Arc<rustls::ServerConfig>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let acceptor = TlsAcceptor::from(config);
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                match acceptor.accept(tcp).into_fallible().await {
                    // A client that goes away in the middle is the matter of its test.
                    Ok(tls) => drop(answer(tls).await),
                    // A stream that is dropped with bytes of the client in it is reset, and the reset
                    // could overtake the alert.
                    Err((_, mut tcp)) => {
                        let _ = tokio::io::copy(&mut tcp, &mut tokio::io::sink()).await;
                    }
                }
            }
        });
        Self { port, _tasks: tasks }
    }

    fn url(&self, host: &str) -> String {
        format!("https://{host}:{}/", self.port)
    }
}

async fn answer(mut tls: TlsStream<TcpStream>) -> io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(tls.read_u8().await?);
    }
    tls.write_all(ANSWER.as_bytes()).await?;
    tls.shutdown().await
}

struct Files(tempfile::TempDir);

impl Files {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn write(&self, name: &str, text: &str) -> Option<String> {
        let path = self.0.path().join(name);
        fs::write(&path, text).unwrap();
        Some(path.to_str().unwrap().to_owned())
    }
}

fn trusting(ca: &TestCa, files: &Files) -> TlsConfig {
    TlsConfig { ca_file: files.write("ca.pem", &ca.pem()), ..TlsConfig::default() }
}

#[tokio::test]
async fn a_server_behind_tls_is_verified() {
    let (ca, files) = (TestCa::new(), Files::new());
    let server = TlsServer::start(ca.good().server_config()).await;
    let trusting = HttpClient::new(ProxyChoice::Direct, trusting(&ca, &files));
    // The second call takes what the first has loaded.
    for _ in 0..2 {
        let answer = trusting.send(call(HttpMethod::Get, &server.url("127.0.0.1"))).await.unwrap();
        assert_eq!(answer.body, "done");
    }
    let others = HttpClient::new(
        ProxyChoice::Direct,
        TlsConfig {
            ca_file: files.write("other.pem", &TestCa::new().pem()),
            ..TlsConfig::default()
        },
    );
    let refused = others.send(call(HttpMethod::Get, &server.url("127.0.0.1"))).await.unwrap_err();
    assert!(matches!(refused, HttpFailed::Tls(TlsFailure::Certificate { .. })), "{refused:?}");
}

#[tokio::test]
async fn a_server_name_is_that_of_one_host() {
    let (ca, files) = (TestCa::new(), Files::new());
    let server = TlsServer::start(ca.wrong_name().server_config()).await;
    let tls = TlsConfig { server_name: Some("elsewhere.example".into()), ..trusting(&ca, &files) };
    let client = HttpClient::new(ProxyChoice::Direct, tls).with_server_name_of("127.0.0.1");
    let named = client.send(call(HttpMethod::Get, &server.url("127.0.0.1"))).await.unwrap();
    assert_eq!(named.body, "done");
    let other = client.send(call(HttpMethod::Get, &server.url("localhost"))).await.unwrap_err();
    assert_eq!(other.to_string(), "certificate verify failed: not valid for name");
}

#[tokio::test]
async fn a_server_that_misses_the_certificate_of_the_client_is_told_so() {
    let (ca, files) = (TestCa::new(), Files::new());
    let config = ca.good().server_config_for_clients_of(&ca);
    let server = TlsServer::start(config).await;
    let url = server.url("127.0.0.1");
    let without = HttpClient::new(ProxyChoice::Direct, trusting(&ca, &files));
    let refused = without.send(call(HttpMethod::Get, &url)).await.unwrap_err();
    assert!(matches!(refused, HttpFailed::Tls(TlsFailure::Refused { .. })), "{refused:?}");

    let identity: Identity = ca.client("me");
    let tls = TlsConfig {
        client_cert_file: files.write("client.pem", identity.cert_pem()),
        client_key_file: files.write("client.key", identity.key_pem()),
        ..trusting(&ca, &files)
    };
    let with = HttpClient::new(ProxyChoice::Direct, tls);
    assert_eq!(with.send(call(HttpMethod::Get, &url)).await.unwrap().status, 200);
}

#[tokio::test]
async fn a_server_without_tls_is_told_so() {
    let plain = ScriptedTcp::start([TcpScript::accept().send(ANSWER).close()]).await;
    let failed = client().send(call(HttpMethod::Get, &plain.url("https", "/"))).await.unwrap_err();
    assert!(matches!(failed, HttpFailed::Tls(TlsFailure::NotTls(_))), "{failed:?}");
}

#[tokio::test]
async fn unusable_files_are_a_problem_of_their_key() {
    let tls = TlsConfig { ca_file: Some("no/such.pem".into()), ..TlsConfig::default() };
    let client = HttpClient::new(ProxyChoice::Direct, tls);
    let address = refused_address().await;
    let failed = client.send(call(HttpMethod::Get, &format!("https://{address}/"))).await;
    let failed = failed.unwrap_err();
    let HttpFailed::Setup(problem) = &failed else { panic!("{failed:?}") };
    assert_eq!(problem.path.to_string(), "tls.ca_file");
}

fn through(url: &str) -> HttpClient {
    let mut problems = Problems::new();
    let choice = ProxySetting::from(url).check(&"proxy".into(), &mut problems);
    assert!(problems.is_empty());
    HttpClient::new(choice, TlsConfig::default())
}

#[tokio::test]
async fn a_proxy_stands_between() {
    let script = TcpScript::accept().read_to("\r\n\r\n").send(ANSWER);
    let server = ScriptedTcp::start([script]).await;
    let proxy = ScriptedProxy::start(ProxyScript::http(), server.address()).await;
    let client = through(&format!("http://{}", proxy.address()));
    let answer = client.send(call(HttpMethod::Get, "http://localhost:81/")).await.unwrap();
    assert_eq!(answer.body, "done");
    assert_eq!(proxy.asked(), ["localhost:81"]);

    let refusing = ScriptedProxy::start(ProxyScript::http().refuses(503), server.address()).await;
    let client = through(&format!("http://{}", refusing.address()));
    let failed = client.send(call(HttpMethod::Get, "https://feed.test/")).await.unwrap_err();
    let HttpFailed::Proxy(failure) = &failed else { panic!("{failed:?}") };
    assert!(matches!(failure.fault, ProxyFault::Status(503)), "{failed:?}");
}

#[tokio::test]
async fn the_environment_may_name_the_proxy() {
    let refusing =
        ScriptedProxy::start(ProxyScript::http().refuses(403), refused_address().await).await;
    let url = format!("http://{}", refusing.address());
    let environment = ProxyEnvironment::new(|name| (name == "HTTPS_PROXY").then(|| url.clone()));
    let client = HttpClient::new(ProxyChoice::Environment, TlsConfig::default())
        .with_proxy_environment(environment);
    let failed = client.send(call(HttpMethod::Get, "https://feed.test/")).await.unwrap_err();
    assert!(matches!(&failed, HttpFailed::Proxy(_)), "{failed:?}");
    assert_eq!(refusing.asked(), ["feed.test:443"]);

    let wrong = ProxyEnvironment::new(|_| Some("socks4://u:s3cret@h".into()));
    let client = HttpClient::new(ProxyChoice::Environment, TlsConfig::default())
        .with_proxy_environment(wrong);
    let failed = client.send(call(HttpMethod::Get, "https://feed.test/")).await.unwrap_err();
    assert!(matches!(&failed, HttpFailed::Setup(_)), "{failed:?}");
    assert!(!failed.to_string().contains("s3cret"), "{failed}");
}

/// A dialer that reaches one address, whatever far end is asked for.
struct Rerouted {
    port: u16,
    asked: Mutex<Vec<Destination>>,
}

#[async_trait]
impl Dial for Rerouted {
    async fn dial(&self, to: &Destination, log: &mut StepLog) -> Result<Box<dyn Io>, DialFailure> {
        self.asked.lock().unwrap().push(to.clone());
        NetDial.dial(&Destination::new("127.0.0.1", self.port, to.tls), log).await
    }
}

#[tokio::test]
async fn a_dialer_replaces_dns_and_tcp() {
    let (ca, files) = (TestCa::new(), Files::new());
    let server = TlsServer::start(ca.wrong_name().server_config()).await;
    let dial = Arc::new(Rerouted { port: server.port, asked: Mutex::default() });
    let client =
        HttpClient::new(ProxyChoice::Direct, trusting(&ca, &files)).with_dial(dial.clone());
    let answer = client.send(call(HttpMethod::Get, "https://elsewhere.example/x")).await.unwrap();
    assert_eq!(answer.body, "done");
    let asked = dial.asked.lock().unwrap().clone();
    assert_eq!(asked, [Destination::new("elsewhere.example", 443, true)]);
}
