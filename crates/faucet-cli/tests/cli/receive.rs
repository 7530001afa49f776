//! `faucet receive`: a server for sinks to be tried on.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::{Error as WsError, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::reports::report;
use crate::support::*;

/// A receiver on a free port.
struct Receiver {
    url: String,
    running: Running,
}

impl Receiver {
    async fn start(args: &[&str]) -> Self {
        let mut command = faucet(["receive", "--listen", "127.0.0.1:0"]);
        let mut running = Running::start(command.args(args));
        let url = running.first_line().await;
        assert!(url.starts_with("ws://127.0.0.1:") && !url.contains(":0/"), "{url}");
        Self { url, running }
    }

    fn address(&self) -> &str {
        self.url.trim_start_matches("ws://").trim_end_matches('/')
    }

    async fn client(&self) -> Client {
        Client(soon("a connect", connect_async(&self.url)).await.unwrap().0)
    }

    #[cfg(unix)]
    async fn interrupted(self) -> Ran {
        self.running.signal("INT");
        self.running.ended().await
    }
}

struct Client(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Client {
    async fn send(&mut self, messages: impl IntoIterator<Item = Message>) {
        for message in messages {
            self.0.feed(message).await.unwrap();
        }
        self.0.flush().await.unwrap();
    }

    async fn trades(&mut self, numbers: impl IntoIterator<Item = u64>) {
        self.send(numbers.into_iter().map(trade)).await;
    }

    async fn next(&mut self) -> Option<Result<Message, WsError>> {
        soon("the server's next message", self.0.next()).await
    }

    /// Returns when the server has read everything.
    async fn settle(&mut self) {
        self.send([Message::Ping("barrier".into())]).await;
        assert_eq!(self.next().await.unwrap().unwrap(), Message::Pong("barrier".into()));
    }

    /// Waits for the server's goodbye and answers it.
    async fn dismissed(mut self) -> (u16, String) {
        match self.next().await {
            Some(Ok(Message::Close(Some(frame)))) => {
                while self.next().await.is_some_and(|next| next.is_ok()) {}
                (frame.code.into(), frame.reason.as_str().to_owned())
            }
            other => panic!("{other:?} is no goodbye"),
        }
    }

    async fn leave(mut self) {
        self.0.close(None).await.unwrap();
        while let Some(Ok(_)) = self.next().await {}
    }
}

fn trade(number: u64) -> Message {
    Message::text(format!("{{\"t\":{number}}}"))
}

#[tokio::test]
async fn it_counts_until_n_and_says_goodbye() {
    let receiver = Receiver::start(&["-n", "1000"]).await;
    let mut client = receiver.client().await;
    client.trades(1..=999).await;
    client.settle().await;
    client.trades([1000]).await;
    // What waits for a Pong gets it, also after the last message.
    client.settle().await;
    assert_eq!(client.dismissed().await, (1000, "enough messages".into()));
    let ran = receiver.running.ended().await;
    assert_eq!(ran.succeeded().lines().len(), 1, "only the url: {ran:#?}");
    let summary =
        "1,000 messages (8.9 kB) from 1 connection, in order, nothing missing, nothing repeated";
    assert!(ran.stderr.contains(summary), "{}", ran.stderr);
    assert!(ran.stderr.contains("until 1,000 messages or Ctrl-C"), "{}", ran.stderr);
    assert!(ran.stderr.contains("client dismissed after 1000 messages"), "{}", ran.stderr);
}

#[tokio::test]
async fn what_is_not_wanted_any_more_is_neither_counted_nor_confirmed() {
    let receiver = Receiver::start(&["-n", "3", "--print"]).await;
    let (mut one, mut two) = (receiver.client().await, receiver.client().await);
    one.trades([1, 2]).await;
    one.settle().await;
    let ping = |payload: &'static str| Message::Ping(payload.into());
    two.send([trade(3), ping("taken"), trade(4), ping("not taken")]).await;
    assert_eq!(two.next().await.unwrap().unwrap(), Message::Pong("taken".into()));
    assert_eq!(two.dismissed().await.0, 1000);
    assert_eq!(one.dismissed().await.0, 1000);
    let ran = receiver.running.ended().await;
    assert_eq!(ran.succeeded().lines()[1..], ["{\"t\":1}", "{\"t\":2}", "{\"t\":3}"]);
    assert!(ran.stderr.contains("3 messages (21 B) from 2 connections"), "{}", ran.stderr);
}

#[tokio::test]
async fn it_continues_over_connections_and_tells_repetitions_from_gaps() {
    let mut receiver = Receiver::start(&["-n", "10"]).await;
    let mut client = receiver.client().await;
    client.trades([1, 2, 3, 4]).await;
    client.settle().await;
    client.leave().await;
    let left = |text: &str| text.contains("client left after 4 messages");
    receiver.running.stderr.until("the first client's end", left).await;
    // This one repeats 3 and 4, and then lacks 6, 7 and 8.
    let mut client = receiver.client().await;
    client.trades([3, 4, 5, 9, 10]).await;
    client.send([Message::binary(b"\xff".to_vec())]).await;
    client.dismissed().await;
    let ran = receiver.running.ended().await;
    let summary = "9 text messages (64 B) and 1 binary message (1 B) from 2 connections, in order, \
                   3 missing, 2 repeated, 1 without a trade number";
    assert!(ran.succeeded().stderr.contains(summary), "{}", ran.stderr);
}

#[tokio::test]
async fn disorder_is_seen_and_other_messages_are_only_counted() {
    for (messages, summary) in [
        (
            [trade(1), trade(3), trade(2)],
            "from 1 connection, not all in order, nothing missing, nothing repeated",
        ),
        (
            [Message::text("1"), Message::text("{\"t\":\"x\"}"), Message::text("")],
            "3 messages (10 B) from 1 connection, order not checked: no trade numbers",
        ),
    ] {
        let receiver = Receiver::start(&["-n", "3"]).await;
        let mut client = receiver.client().await;
        client.send(messages).await;
        client.dismissed().await;
        let ran = receiver.running.ended().await;
        assert!(ran.succeeded().stderr.contains(summary), "{}", ran.stderr);
    }
}

#[tokio::test]
async fn it_prints_one_line_per_message() {
    let receiver = Receiver::start(&["-n", "5", "--print"]).await;
    let mut client = receiver.client().await;
    let texts = ["{\"a\":\n1.50}", "\"\u{9b}2J π\"", "\x1b[31mred", ""];
    client.send(texts.map(Message::text)).await;
    client.send([Message::binary(b"\xff\x00".to_vec())]).await;
    client.dismissed().await;
    let ran = receiver.running.ended().await;
    let lines = ["{\"a\": 1.50}", "\"\\u009b2J π\"", "\\u001b[31mred", "", "\"/wA=\""];
    assert_eq!(ran.succeeded().lines()[1..], lines);
}

#[cfg(unix)]
#[tokio::test]
async fn a_signal_ends_it_with_a_goodbye_to_everybody() {
    for signal in ["INT", "TERM"] {
        let receiver = Receiver::start(&[]).await;
        let (mut one, mut two) = (receiver.client().await, receiver.client().await);
        one.trades([1]).await;
        one.settle().await;
        two.settle().await;
        // One that never says what it wants.
        let _silent = TcpStream::connect(receiver.address()).await.unwrap();
        receiver.running.signal(signal);
        for client in [one, two] {
            assert_eq!(client.dismissed().await, (1001, "the receiver ends".into()), "{signal}");
        }
        let ran = receiver.running.ended().await;
        let summary = "1 message (7 B) from 2 connections, in order";
        assert!(ran.succeeded().stderr.contains(summary), "{signal}: {}", ran.stderr);
    }
    let ran = Receiver::start(&[]).await.interrupted().await;
    assert!(ran.succeeded().stderr.contains("0 messages (0 B) from 0 connections"), "{ran:#?}");
}

#[cfg(unix)]
#[tokio::test]
async fn neither_a_deaf_client_nor_a_full_pipe_keeps_it() {
    let receiver = Receiver::start(&[]).await;
    let mut deaf = receiver.client().await;
    deaf.settle().await;
    let ran = receiver.interrupted().await;
    assert!(ran.succeeded().stderr.contains("client dismissed after 0 messages"), "{ran:#?}");
    drop(deaf);

    let mut command = faucet(["receive", "--listen", "127.0.0.1:0", "--print"]);
    let mut running = Running::start_unheard(&mut command);
    let mut stdout = running.take_stdout();
    let url = first_line(&mut stdout).await;
    let mut client = Client(connect_async(&url).await.unwrap().0);
    let line = "x".repeat(64 << 10);
    // More than the pipe holds, with a socket and buffers that do.
    client.send((0..8).map(|_| Message::text(line.clone()))).await;
    let connected = |text: &str| text.contains("client connected");
    running.stderr.until("the client", connected).await;
    running.signal("INT");
    running.ended().await.succeeded();
}

#[cfg(unix)]
async fn first_line(stdout: &mut tokio::process::ChildStdout) -> String {
    use tokio::io::AsyncReadExt as _;
    let mut line = Vec::new();
    while !line.ends_with(b"\n") {
        line.push(soon("the url", stdout.read_u8()).await.unwrap());
    }
    String::from_utf8(line).unwrap().trim_end().to_owned()
}

#[cfg(unix)]
#[tokio::test]
async fn a_reader_that_leaves_ends_it_quietly() {
    let mut command = faucet(["receive", "--listen", "127.0.0.1:0", "--print"]);
    let mut running = Running::start_unheard(&mut command);
    let mut stdout = running.take_stdout();
    let url = first_line(&mut stdout).await;
    drop(stdout);
    let mut client = Client(connect_async(&url).await.unwrap().0);
    client.trades([1]).await;
    assert_eq!(client.dismissed().await.0, 1001);
    let ran = running.ended().await;
    assert!(!ran.succeeded().stderr.contains("error"), "{}", ran.stderr);
}

#[tokio::test]
async fn the_first_connection_is_dropped_without_a_farewell() {
    let receiver = Receiver::start(&["--drop-after", "3", "-n", "8"]).await;
    let mut client = receiver.client().await;
    client.trades(1..=5).await;
    let dropped = client.next().await;
    assert!(!matches!(dropped, Some(Ok(_))), "{dropped:?}");
    let mut client = receiver.client().await;
    client.trades(2..=6).await;
    client.dismissed().await;
    let ran = receiver.running.ended().await;
    let summary = "8 messages (56 B) from 2 connections, in order, nothing missing, 2 repeated";
    assert!(ran.succeeded().stderr.contains(summary), "{}", ran.stderr);
    assert!(ran.stderr.contains("client dropped as asked after 3 messages"), "{}", ran.stderr);
}

#[tokio::test]
async fn a_sink_that_promises_delivery_loses_nothing_when_it_is_dropped() {
    let files = Files::new();
    let records: String = (1..=5000).map(|number| format!("{{\"t\":{number}}}\n")).collect();
    let recording = files.write("in.jsonl", records);
    let mut receiver = Receiver::start(&["--drop-after", "1000"]).await;
    let pipeline = json!({
        "source": {"type": "jsonl", "path": recording},
        "sink": {
            "type": "websocket",
            "url": receiver.url,
            "delivery": "at_least_once",
            "reconnect_backoff": 0.01,
        },
    });
    let file = files.write("pipeline.json", pipeline.to_string());
    let ran = faucet_ran(["run", &file, "--report", &files.name("report.json")]).await;
    let report = report(&files);
    assert_eq!((&report["delivered"], &report["unconfirmed"]), (&json!(5000), &json!(0)));
    assert_eq!((&report["reconnects"], &report["sink_reconnects"]), (&json!(0), &json!(1)));
    let resent = report["resent"].as_u64().unwrap();
    assert!(resent > 0, "{report}");
    let told = &ran.succeeded().stderr;
    assert!(told.contains("sent again · 0 reconnects of the source, 1 of the sink"), "{told}");
    let left = |text: &str| text.contains("client left after");
    receiver.running.stderr.until("the sink's goodbye", left).await;
    #[cfg(unix)]
    {
        let ran = receiver.interrupted().await;
        let summary = "from 2 connections, in order, nothing missing, ";
        assert!(ran.succeeded().stderr.contains(summary), "{}", ran.stderr);
    }
}

#[tokio::test]
async fn whoever_is_no_websocket_client_does_not_disturb() {
    use tokio::io::AsyncWriteExt as _;
    let mut receiver = Receiver::start(&["-n", "1"]).await;
    let mut stranger = TcpStream::connect(receiver.address()).await.unwrap();
    stranger.write_all(b"GET / HTTP/1.0\r\n\r\n").await.unwrap();
    let gone = |text: &str| text.contains("client gone before its first message");
    receiver.running.stderr.until("the stranger's end", gone).await;
    let mut client = receiver.client().await;
    client.trades([1]).await;
    client.dismissed().await;
    let ran = receiver.running.ended().await;
    assert!(ran.succeeded().stderr.contains("from 1 connection,"), "{}", ran.stderr);
}

#[tokio::test]
async fn many_clients_are_counted_together() {
    let receiver = Receiver::start(&["-n", "20000"]).await;
    let mut clients = tokio::task::JoinSet::new();
    for number in 0..4 {
        let mut client = receiver.client().await;
        clients.spawn(async move {
            client.trades((1..=5000).map(|n| n * 4 + number)).await;
            client.dismissed().await.0
        });
    }
    while let Some(code) = clients.join_next().await {
        assert_eq!(code.unwrap(), 1000);
    }
    let ran = receiver.running.ended().await;
    assert!(ran.succeeded().stderr.contains("20,000 messages ("), "{}", ran.stderr);
    assert!(ran.stderr.contains("nothing missing, nothing repeated"), "{}", ran.stderr);
    assert!(ran.took < Duration::from_secs(15), "{:?}", ran.took);
}

#[tokio::test]
async fn a_port_that_is_taken_is_4_and_wrong_arguments_are_2() {
    let receiver = Receiver::start(&[]).await;
    let ran = faucet_ran(["receive", "--listen", receiver.address()]).await;
    let words = format!("error: cannot listen on {}", receiver.address());
    ran.failed_with(4, &[&words, "caused by: ", "\n  hint: choose another address with --listen"]);
    for arg in ["--count=0", "--count=x", "--drop-after=0", "--listen=localhost"] {
        let flag = arg.split('=').next().unwrap();
        faucet_ran(["receive", arg]).await.failed_with(2, &[flag]);
    }
}
