//! `--serve`: what a run tells over HTTP while it goes on.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use faucet_testkit::{Gate, Script, ScriptedServer};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use crate::support::*;

/// An answer: its status, its head and its body.
#[derive(Debug)]
pub(crate) struct Answer {
    status: u16,
    head: String,
    pub(crate) body: String,
}

/// Asks the server with these lines behind the first.
pub(crate) async fn ask(address: SocketAddr, path: &str, headers: &[&str]) -> Answer {
    request(address, &format!("GET {path} HTTP/1.1"), headers).await
}

async fn request(address: SocketAddr, line: &str, headers: &[&str]) -> Answer {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let mut head = format!("{line}\r\n");
    if !headers.iter().any(|header| header.starts_with("Host:")) {
        head.push_str(&format!("Host: {address}\r\n"));
    }
    headers.iter().for_each(|header| head.push_str(&format!("{header}\r\n")));
    head.push_str("\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    soon("an answer", stream.read_to_string(&mut answer)).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, head: head.to_ascii_lowercase(), body: body.to_owned() }
}

/// Where the run serves, as it says on stderr.
async fn address(running: &mut Running) -> SocketAddr {
    let stderr = running.stderr.until("the address", |text| told_address(text).is_some()).await;
    told_address(&stderr).unwrap()
}

/// The address in what a run says.
pub(crate) fn told_address(text: &str) -> Option<SocketAddr> {
    let (_, rest) = text.split_once("serving http://")?;
    rest.split_once("/").and_then(|(address, _)| address.parse().ok())
}

/// A run of a pipeline file with `--serve`, and its address.
async fn serving(args: &[&str]) -> (Running, SocketAddr) {
    let all = ["run"].iter().chain(args).chain(&["--serve", "127.0.0.1:0"]).copied();
    let mut running = Running::start(&mut faucet(all));
    let address = address(&mut running).await;
    (running, address)
}

/// Asks for `path` until the answer is good.
pub(crate) async fn until(
    address: SocketAddr,
    path: &str,
    good: impl Fn(&Answer) -> bool,
) -> Answer {
    let asking = async {
        loop {
            let answer = ask(address, path, &[]).await;
            if good(&answer) {
                return answer;
            }
            sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    soon(path, asking).await
}

/// The samples of the text format by name and labels.
pub(crate) fn samples(text: &str) -> BTreeMap<String, f64> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let (name, value) = line.rsplit_once(' ').unwrap();
            (name.to_owned(), value.parse().unwrap_or_else(|e| panic!("{e}: {line}")))
        })
        .collect()
}

pub(crate) fn sample(samples: &BTreeMap<String, f64>, name: &str, labels: &str) -> Option<f64> {
    samples.get(&format!("faucet_{name}{{pipeline=\"pipeline\",{labels}}}")).copied()
}

pub(crate) const SOURCE: &str = "component=\"source\",kind=\"source\"";
pub(crate) const SINK: &str = "component=\"sink\",kind=\"sink\"";

#[tokio::test]
async fn metrics_report_and_file_agree_exactly() {
    let gate = Gate::new();
    let first = (0..500).fold(Script::accept(), |script, n| script.send_text(format!("[{n}]")));
    let second = (500..700).fold(Script::accept(), |script, n| script.send_text(format!("[{n}]")));
    let scripts = [
        first.send_text("no JSON").hang_up(),
        second.send_text("no JSON").send_text("nor this").wait(&gate).close(1000, ""),
    ];
    let server = ScriptedServer::start(scripts).await;
    let files = Files::new();
    let keys = json!({
        "unbounded": true, "reconnect": true, "reconnect_backoff": 0.01, "on_parse_error": "skip",
        "batch_timeout": 0.05, "ping_interval": 0.05, "pong_timeout": 10,
    });
    let file = files.pipeline(&server.url(), keys);
    let (running, address) = serving(&[&file, "--set", "flush.interval=0.1"]).await;
    let delivered = format!("faucet_delivered_records_total{{pipeline=\"pipeline\",{SINK}}} 700\n");
    let measured = "faucet_ping_round_trip_seconds{";
    // The feed is silent from here on.
    let metrics = until(address, "/metrics", |answer| {
        answer.body.contains(&delivered) && answer.body.contains(measured)
    });
    let metrics = metrics.await;
    assert!(metrics.head.contains("content-type: text/plain; version=0.0.4"), "{metrics:?}");
    assert!(metrics.body.contains("# TYPE faucet_records_total counter\n"), "{metrics:?}");
    // Prometheus asks so.
    let accept = "Accept: application/openmetrics-text;version=1.0.0,text/plain;q=0.5";
    let open = ask(address, "/metrics", &[accept]).await;
    assert!(open.head.contains("content-type: application/openmetrics-text"), "{open:?}");
    assert!(open.body.contains("# TYPE faucet_records counter\n"), "{open:?}");
    assert!(open.body.ends_with("# EOF\n") && open.body.contains(&delivered), "{open:?}");
    let report: Value = serde_json::from_str(&ask(address, "/report", &[]).await.body).unwrap();
    let lines = files.read("out.jsonl");
    let seen = samples(&metrics.body);

    assert_eq!(lines.lines().count(), 700);
    let bytes = lines.len() as f64 - 700.0;
    for (name, labels, expected) in [
        ("records_total", SOURCE, 700.0),
        ("records_total", SINK, 700.0),
        ("arrived_records_total", SOURCE, 700.0),
        ("arrived_bytes_total", SOURCE, bytes),
        ("payload_bytes_total", SOURCE, bytes),
        ("payload_bytes_total", SINK, bytes),
        ("unconfirmed_records_total", SINK, 0.0),
        ("gaps_total", SOURCE, 1.0),
        ("ready", SOURCE, 1.0),
        ("ready", SINK, 1.0),
    ] {
        assert_eq!(sample(&seen, name, labels), Some(expected), "{name}{labels}: {metrics:?}");
    }
    for (name, labels, expected) in [
        ("skipped_total", "reason=\"parse_error\"", 3.0),
        ("reconnects_total", "cause=\"transient\"", 1.0),
        ("link_state", "state=\"up\"", 1.0),
        ("link_state", "state=\"waiting\"", 0.0),
    ] {
        let found = sample(&seen, name, &format!("{SOURCE},{labels}"));
        assert_eq!(found, Some(expected), "{name}{labels}: {metrics:?}");
    }
    // Each page has been measured once, and each flush.
    for (count, of) in
        [("page_latency_seconds_count", "pages_total"), ("flush_seconds_count", "flushes_total")]
    {
        let number = sample(&seen, count, SINK);
        assert!(number > Some(0.0) && number == sample(&seen, of, SINK), "{count}: {metrics:?}");
    }
    let (source, sink) = (&report["components"]["source"], &report["components"]["sink"]);
    assert_eq!(report["ended"], "running");
    assert_eq!((&source["records"], &sink["delivered"]), (&json!(700), &json!(700)), "{report}");
    assert_eq!(report["bytes"], json!(bytes as u64), "{report}");
    assert_eq!(report["skipped"], json!({"parse_error": 3}), "{report}");
    assert_eq!(source["reconnect_causes"], json!({"transient": 1}), "{report}");
    assert_eq!(report["gaps"].as_array().map(Vec::len), Some(1), "{report}");
    let gap_seconds = sample(&seen, "gap_seconds_total", SOURCE);
    assert_eq!(report["disconnected_seconds"].as_f64(), gap_seconds, "{report}");
    drop(running);
}

#[tokio::test]
async fn ready_follows_the_connections_and_health_does_not() {
    let gate = Gate::new();
    let scripts = [
        Script::accept().send_text("1").wait(&gate).hang_up(),
        Script::reject(503).body("busy"),
        Script::accept().send_text("2").stall(),
    ];
    let server = ScriptedServer::start(scripts).await;
    let files = Files::new();
    let keys = json!({"unbounded": true, "reconnect": true, "reconnect_backoff": 0.7});
    let file = files.pipeline(&server.url(), keys);
    let (running, address) = serving(&[&file]).await;
    let ready = until(address, "/readyz", |answer| answer.status == 200).await;
    assert_eq!(ready.body, "{\"not_ready\":[],\"ready\":true}\n");

    gate.open();
    let not_ready = until(address, "/readyz", |answer| answer.status == 503).await;
    let not_ready: Value = serde_json::from_str(&not_ready.body).unwrap();
    assert_eq!(not_ready["ready"], false);
    assert_eq!(not_ready["not_ready"][0]["component"], "source", "{not_ready}");
    let health = ask(address, "/healthz", &[]).await;
    assert_eq!((health.status, health.body.as_str()), (200, "ok\n"));
    until(address, "/readyz", |answer| answer.status == 200).await;
    drop(running);
}

#[tokio::test]
async fn strangers_are_refused_and_a_token_is_asked_for() {
    let server = ScriptedServer::start([Script::accept().stall(), Script::accept().stall()]).await;
    let files = Files::new();
    let file = files.pipeline(&server.url(), json!({"unbounded": true}));
    let (open, address) = serving(&[&file]).await;
    for (line, header, status) in [
        ("GET /metrics HTTP/1.1", "Host: attacker.example", 403),
        ("GET /metrics HTTP/1.1", "Origin: http://attacker.example", 403),
        ("GET /report HTTP/1.1", "Sec-Fetch-Site: cross-site", 403),
        ("POST /metrics HTTP/1.1", "Accept: */*", 405),
        ("GET /elsewhere HTTP/1.1", "Accept: */*", 404),
        ("GET /../metrics HTTP/1.1", "Accept: */*", 404),
        ("HEAD /metrics HTTP/1.1", "Accept: */*", 200),
        ("GET /metrics?x=1 HTTP/1.1", "Host: localhost", 200),
    ] {
        let answer = request(address, line, &[header]).await;
        assert_eq!(answer.status, status, "{line} {header}: {answer:?}");
        assert!(!answer.head.contains("access-control"), "{answer:?}");
        assert!(answer.head.contains("cross-origin-resource-policy: same-origin"), "{answer:?}");
    }
    drop(open);

    let token = files.write("token", "s3cret\n");
    let (guarded, address) = serving(&[&file, "--serve-token-file", &token]).await;
    for (headers, status) in [
        (vec![], 401),
        (vec!["Authorization: Bearer s3cre"], 401),
        (vec!["Authorization: Bearer s3cret"], 200),
        (vec!["Authorization: Bearer s3cret", "Host: feed.example"], 200),
    ] {
        assert_eq!(ask(address, "/metrics", &headers).await.status, status, "{headers:?}");
    }
    // The page asks for the token: it has no numbers of the run.
    for (path, status) in
        [("/healthz", 200), ("/", 200), ("/events", 401), ("/records", 401), ("/readyz", 401)]
    {
        assert_eq!(ask(address, path, &[]).await.status, status, "{path}");
    }
    assert!(!guarded.stderr.so_far().contains("s3cret"));
}

#[tokio::test]
async fn what_cannot_be_served_is_said_before_the_run() {
    let server = ScriptedServer::start([Script::accept().stall()]).await;
    let files = Files::new();
    let file = files.pipeline(&server.url(), json!({"unbounded": true}));
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken_address = taken.local_addr().unwrap().to_string();
    let empty = files.write("token", "\n");
    let missing = files.name("missing");
    for (args, words) in [
        (vec!["--serve", "feed.example:9100"], "127.0.0.1:9100"),
        (vec!["--serve", &taken_address], "cannot listen"),
        (vec!["--serve-token-file", &empty], "--serve"),
        (vec!["--serve", ":0", "--serve-token-file", &empty], "a token is one word"),
        (vec!["--serve", ":0", "--serve-token-file", &missing], "cannot be read"),
    ] {
        let args: Vec<&str> = ["run", &file].into_iter().chain(args).collect();
        faucet_ran(&args).await.failed_with(2, &[words]);
    }
    drop(taken);
    assert!(server.connections().is_empty());
}

#[tokio::test]
async fn clients_that_do_not_read_or_write_cost_the_run_nothing() {
    let numbers = (0..100).fold(Script::accept(), |script, n| script.send_text(format!("{n}")));
    let gate = Gate::new();
    let server = ScriptedServer::start([numbers.wait(&gate).close(1000, "")]).await;
    let files = Files::new();
    let file = files.pipeline(&server.url(), json!({"unbounded": true}));
    let (running, address) = serving(&[&file]).await;
    let mut silent = Vec::new();
    for _ in 0..40 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nX: ").await.unwrap();
        silent.push(stream);
    }
    let delivered = format!("faucet_delivered_records_total{{pipeline=\"pipeline\",{SINK}}} 100\n");
    until(address, "/metrics", |answer| answer.body.contains(&delivered)).await;
    // The server itself lets them go.
    let gone = async {
        let mut rest = Vec::new();
        silent[0].read_to_end(&mut rest).await
    };
    let gone = timeout(PATIENCE, gone).await;
    assert!(gone.is_ok(), "the server keeps a client that says nothing");
    gate.open();
    running.ended().await.succeeded();
    assert_eq!(files.read("out.jsonl").lines().count(), 100);
}

/// Reads the first events of the page.
pub(crate) async fn events(address: SocketAddr, count: usize) -> Vec<Value> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!("GET /events HTTP/1.1\r\nHost: {address}\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut lines = BufReader::new(stream).lines();
    let reading = async {
        let mut events = Vec::new();
        while events.len() < count {
            let line = lines.next_line().await.unwrap().expect("the events go on");
            let data = line.strip_prefix("data: ");
            events.extend(data.map(|data| serde_json::from_str::<Value>(data).unwrap()));
        }
        events
    };
    soon("the events", reading).await
}

#[tokio::test]
async fn the_page_gets_what_it_shows_as_events() {
    let markup = r#"{"note":"</script><img src=x onerror=alert(1)>","user":"eva"}"#;
    let numbered = |n: u64| format!("{{\"i\":{n}}}");
    let gate = Gate::new();
    let scripts = [
        Script::accept().send_text(numbered(0)).hang_up(),
        Script::accept().send_text(numbered(1)).wait(&gate).send_text(markup).stall(),
    ];
    let server = ScriptedServer::start(scripts).await;
    let files = Files::new();
    let keys = json!({
        "unbounded": true, "reconnect": true, "reconnect_backoff": 0.01, "batch_timeout": 0.01,
    });
    let file = files.pipeline(&server.url(), keys);
    let (running, address) = serving(&[&file, "--serve-redact"]).await;

    let page = ask(address, "/", &[]).await;
    assert_eq!(page.status, 200);
    assert!(page.head.contains("content-security-policy: default-src 'none'"), "{}", page.head);
    assert!(page.body.contains("<!doctype html>") && !page.body.contains("{{nonce}}"));
    for outside in ["http://", "https://", "//cdn", "innerHTML", "insertAdjacent", "eval("] {
        let lines = page.body.lines().filter(|line| line.contains(outside));
        let lines: Vec<&str> = lines.filter(|line| !line.contains("www.w3.org/2000/svg")).collect();
        assert_eq!(lines, [""; 0], "{outside}");
    }

    until(address, "/report", |answer| answer.body.contains("outage")).await;
    let [event, next] = events(address, 2).await.try_into().unwrap();
    assert_eq!((&event["pipeline"], &event["whole"]), (&json!("pipeline"), &json!(true)));
    assert_eq!(
        (&next["whole"], next["samples"]["times"].as_array().map(Vec::len)),
        (&json!(false), Some(1))
    );
    assert_eq!(event["gaps"][0]["reason"], "outage", "{event}");
    let source = &event["components"][0];
    assert_eq!((&source["id"], &source["connection"]), (&json!("source"), &json!("up")), "{event}");
    assert_eq!(source["reconnect_causes"], json!({"transient": 1}), "{event}");
    let seconds = event["samples"]["times"].as_array().unwrap().len();
    let of_source = &event["samples"]["components"]["source"];
    assert_eq!(of_source["records"].as_array().map(Vec::len), Some(seconds), "{event}");

    // Records are kept from the first look on.
    assert_eq!(ask(address, "/records", &[]).await.body, r#"{"records":{},"redacted":true}"#);
    gate.open();
    let shown = until(address, "/records", |answer| answer.body.contains("sink")).await;
    let shown: Value = serde_json::from_str(&shown.body).unwrap();
    let text = r#"{"note":"***","user":"***"}"#;
    for component in ["source", "sink"] {
        let record = &shown["records"][component][0];
        assert_eq!(record["text"], text, "{shown}");
        assert_eq!(record["bytes"], markup.len(), "{shown}");
    }
    drop(running);
}

#[tokio::test]
async fn a_page_that_does_not_read_is_let_go_and_the_run_goes_on() {
    let numbers = Script::accept().repeat(u64::MAX, |i| format!("{{\"i\":{i}}}"));
    let server = ScriptedServer::start([numbers]).await;
    let files = Files::new();
    let keys = json!({"max_messages": 200_000});
    let file = files.pipeline(&server.url(), keys);
    let (running, address) = serving(&[&file]).await;
    let mut deaf = Vec::new();
    for _ in 0..20 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let head = format!("GET /events HTTP/1.1\r\nHost: {address}\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        deaf.push(stream);
    }
    running.ended().await.succeeded();
    assert_eq!(files.read("out.jsonl").lines().count(), 200_000);
}
