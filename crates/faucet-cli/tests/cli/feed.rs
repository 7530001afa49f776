//! `faucet feed`: a synthetic or recorded feed.

#[cfg(target_os = "linux")]
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::*;

/// A feed on a free port.
struct Feed {
    url: String,
    running: Running,
}

impl Feed {
    async fn start(args: &[&str]) -> Self {
        let mut command = faucet(["feed", "--listen", "127.0.0.1:0"]);
        let mut running = Running::start(command.args(args));
        let url = running.first_line().await;
        assert!(url.starts_with("ws://127.0.0.1:") && !url.contains(":0/"), "{url}");
        Self { url, running }
    }

    async fn tap(&self, args: &[&str]) -> Ran {
        Running::start(faucet(["tap", &self.url]).args(args)).ended().await
    }

    /// Its first `n` messages.
    async fn trades(&self, n: &str) -> Vec<Value> {
        let ran = self.tap(&["-n", n]).await;
        ran.succeeded()
            .lines()
            .into_iter()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

/// A trade without its time.
fn timeless(mut trade: Value) -> Value {
    let trade = trade.as_object_mut().unwrap();
    assert!(trade.remove("E").unwrap().is_u64() && trade.remove("T").unwrap().is_u64());
    Value::Object(trade.clone())
}

fn number(trade: &Value) -> Option<u64> {
    trade["t"].as_u64()
}

#[tokio::test]
async fn the_same_seed_makes_the_same_feed() {
    let mut made = Vec::new();
    for seed in [&[][..], &["--seed", "1"], &["--seed", "2"]] {
        let feed = Feed::start(&[&["--rate", "0"], seed].concat()).await;
        let trades: Vec<_> = feed.trades("500").await.into_iter().map(timeless).collect();
        assert_eq!(trades.len(), 500);
        assert!((1_u64..).zip(&trades).all(|(number, trade)| trade["t"] == number));
        made.push(trades);
    }
    assert_eq!(made[0], made[1], "the default seed is 1");
    assert_ne!(made[1], made[2]);
}

#[tokio::test]
async fn all_clients_see_the_same_feed_at_the_same_time() {
    let feed = Feed::start(&["--rate", "200"]).await;
    let mut long = Running::start(&mut faucet(["tap", &feed.url]));
    long.first_line().await;
    let (one, two) = tokio::join!(feed.trades("20"), feed.trades("20"));
    let last = one.iter().chain(&two).filter_map(number).max().unwrap();
    let last = format!("\"t\":{last},");
    let all = long.stdout.as_mut().unwrap();
    let text = all.until("what the others saw", |text| text.contains(&last)).await;
    let all: Vec<Value> =
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).map(timeless).collect();
    for trades in [one, two] {
        assert!(trades.windows(2).all(|pair| number(&pair[0]).unwrap() + 1 == pair[1]["t"]));
        for trade in trades.into_iter().map(timeless) {
            assert!(all.contains(&trade), "{trade} is not in {all:?}");
        }
    }
}

#[tokio::test]
async fn a_rate_is_kept() {
    let feed = Feed::start(&["--rate", "50"]).await;
    let ran = feed.tap(&["-n", "26"]).await;
    // The first may come at once.
    assert!(ran.succeeded().took >= Duration::from_millis(480), "{:?}", ran.took);
    assert_eq!(ran.lines().len(), 26);
}

#[tokio::test]
async fn a_feed_at_full_speed_answers_pings_and_hears_a_goodbye() {
    let files = Files::new();
    let recording = files.write("in.jsonl", "[1,2,3]\n".repeat(1000));
    for args in [&["--rate", "0"][..], &["--file", &recording, "--speed", "0", "--loop"]] {
        let mut feed = Feed::start(args).await;
        let file = files.pipeline(&feed.url, json!({"unbounded": true}));
        let ran = faucet_ran(["check", &file]).await;
        assert!(ran.succeeded().stdout.contains("ping         ok"), "{ran:#?}");
        let gone = |text: &str| text.contains("client gone") || text.contains("client served");
        feed.running.stderr.until("the client's end", gone).await;
    }
}

#[tokio::test]
async fn a_recording_is_served_as_it_is_and_ends_with_1000() {
    let files = Files::new();
    for (lines, args, shown) in [
        ("{\"b\": 2.10}\n\n[1]\n", &[][..], "{\"b\": 2.10}\n[1]\n"),
        ("\"a \\\"b\\\"\"\n\"π\"\n", &["--format", "raw_string"], "a \"b\"\nπ\n"),
        ("\"AP8=\"\n\"YWJj\"\n", &["--format", "binary"], "binary:AP8=\nbinary:YWJj\n"),
        ("1\n2\n3", &["--rate", "0"], "1\n2\n3\n"),
        ("1\n2\n3", &["--speed", "0", "--rate", "1"], "1\n2\n3\n"),
        ("", &[], ""),
        ("", &["--loop"], ""),
    ] {
        let file = files.write("in.jsonl", lines);
        let feed = Feed::start(&[&["--file", &file], args].concat()).await;
        for _ in 0..2 {
            // Only a close with 1000 is a good end.
            assert_eq!(feed.tap(&[]).await.succeeded().stdout, shown, "{lines:?} {args:?}");
        }
    }
    let file = files.write("in.jsonl", "1\n2\n3\n");
    let feed = Feed::start(&["--file", &file, "--loop"]).await;
    assert_eq!(feed.tap(&["-n", "7"]).await.succeeded().stdout, "1\n2\n3\n1\n2\n3\n1\n");
    let slow = Feed::start(&["--file", &file, "--rate", "4"]).await;
    let ran = slow.tap(&[]).await;
    assert!(ran.succeeded().took >= Duration::from_millis(500), "{:?}", ran.took);
}

#[tokio::test]
async fn what_was_recorded_with_envelopes_keeps_its_pace() {
    let files = Files::new();
    // A minute apart each.
    let lines: String = (0..3)
        .map(|n| {
            let at = 1_700_000_000_000_u64 + n * 60_000;
            format!("{{\"data\":[{n}],\"received_at\":{at},\"url\":\"ws://h/\"}}\n")
        })
        .collect();
    let file = files.write("in.jsonl", lines);
    let feed = Feed::start(&["--file", &file, "--speed", "200"]).await;
    let ran = feed.tap(&[]).await;
    assert_eq!(ran.succeeded().stdout, "[0]\n[1]\n[2]\n");
    assert!(ran.took >= Duration::from_millis(600), "{:?}", ran.took);
    let feed = Feed::start(&["--file", &file, "--speed", "0"]).await;
    assert_eq!(feed.tap(&[]).await.succeeded().stdout, "[0]\n[1]\n[2]\n");
}

#[tokio::test]
async fn a_feed_that_was_recorded_can_be_recorded_again() {
    let files = Files::new();
    let live = Feed::start(&["--rate", "1000"]).await;
    let keys = json!({"max_messages": 300, "envelope": true});
    faucet_ran(["run", &files.pipeline(&live.url, keys)]).await.succeeded();
    let first = files.read("out.jsonl");
    assert_eq!(first.lines().count(), 300);
    std::fs::rename(files.path("out.jsonl"), files.path("in.jsonl")).unwrap();

    let again = Feed::start(&["--file", &files.name("in.jsonl"), "--speed", "10"]).await;
    let keys = json!({"unbounded": true});
    faucet_ran(["run", &files.pipeline(&again.url, keys)]).await.succeeded();
    let data = |line: &str| serde_json::from_str::<Value>(line).unwrap()["data"].clone();
    let expected: Vec<Value> = first.lines().map(data).collect();
    let second = files.read("out.jsonl");
    let found: Vec<Value> =
        second.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(found, expected);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn more_clients_than_the_system_allows_do_not_end_it() {
    let mut command = tokio::process::Command::new("sh");
    let limited = "ulimit -n 24 && exec \"$0\" feed --listen 127.0.0.1:0 --rate 100";
    command.args(["-c", limited, env!("CARGO_BIN_EXE_faucet")]).kill_on_drop(true);
    let mut running = Running::start(command.stdout(Stdio::piped()).stderr(Stdio::piped()));
    let url = running.first_line().await;
    let address = url.trim_start_matches("ws://").trim_end_matches('/');
    let mut clients = Vec::new();
    for _ in 0..32 {
        clients.push(tokio::net::TcpStream::connect(address).await.unwrap());
    }
    let refused = |text: &str| text.contains("a client was not accepted: Too many open files");
    running.stderr.until("the limit", refused).await;
    drop(clients);
    let feed = Feed { url, running };
    assert_eq!(feed.trades("3").await.len(), 3);
}

#[tokio::test]
async fn a_recording_that_is_no_recording_is_named() {
    let files = Files::new();
    let missing = files.name("none.jsonl");
    let ran = faucet_ran(["feed", "--listen", "127.0.0.1:0", "--file", &missing]).await;
    ran.failed_with(2, &[&format!("--file {missing}: No such file")]);

    let ran = faucet_ran(["feed", "--listen", "127.0.0.1:0", "--file", "-"]).await;
    ran.failed_with(2, &["--file -: standard input can be read once only"]);

    let file = files.write("in.jsonl", "1\noops\n");
    let ran = faucet_ran(["feed", "--listen", "127.0.0.1:0", "--file", &file]).await;
    ran.failed_with(6, &["in.jsonl, line 2: not JSON", "--skip leaves out lines"]);
}

#[tokio::test]
async fn a_port_that_is_taken_is_4() {
    let feed = Feed::start(&[]).await;
    let address = feed.url.trim_start_matches("ws://").trim_end_matches('/');
    let ran = faucet_ran(["feed", "--listen", address]).await;
    let words = format!("error: cannot listen on {address}");
    ran.failed_with(4, &[&words, "caused by: ", "\n  hint: choose another address with --listen"]);
    for arg in ["--speed=-1", "--rate=-1", "--listen=localhost"] {
        let flag = arg.split('=').next().unwrap();
        faucet_ran(["feed", arg]).await.failed_with(2, &[flag]);
    }
}

/// A file with this content.
fn recording(content: impl AsRef<[u8]>) -> (tempfile::TempDir, String) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("recording");
    std::fs::write(&path, content).unwrap();
    let path = path.to_str().unwrap().to_owned();
    (dir, path)
}

#[tokio::test]
async fn a_recording_is_checked_before_it_is_served() {
    let (_dir, path) = recording("{\"a\":1}\n{\"b\":2}\n{\"c\":");
    let mut command = faucet(["feed", "--listen", "127.0.0.1:0", "--file", &path]);
    let ran = Running::start(&mut command).ended().await;
    assert_eq!(ran.code, Some(6));
    for words in ["line 3: the last line is torn", "--skip leaves out lines"] {
        assert!(ran.stderr.contains(words), "{}", ran.stderr);
    }
    let feed = Feed::start(&["--file", &path, "--rate", "0", "--skip"]).await;
    assert_eq!(feed.tap(&[]).await.succeeded().lines(), ["{\"a\":1}", "{\"b\":2}"]);
}

#[tokio::test]
async fn the_holes_of_a_recording_are_told_and_can_be_shortened() {
    let frame = |at: u64| format!("{{\"at\":{at},\"kind\":\"text\",\"data\":\"{at}\"}}\n");
    let (_dir, path) = recording([1, 2, 86_400_002].map(frame).concat());
    let feed = Feed::start(&["--file", &path, "--max-pause", "10ms"]).await;
    assert_eq!(feed.tap(&[]).await.succeeded().lines(), ["1", "2", "86400002"]);
    let mut feed = Feed::start(&["--file", &path]).await;
    assert_eq!(feed.tap(&["-n", "2"]).await.succeeded().lines(), ["1", "2"]);
    feed.running
        .stderr
        .until("the hole", |text| text.contains("its next record comes in 86"))
        .await;
    let (_dir, bare) = recording("1\n2\n");
    let mut command = faucet(["feed", "--file", &bare, "--max-pause", "1s"]);
    let ran = Running::start(&mut command).ended().await;
    assert!(ran.stderr.contains("--max-pause: the recording has no times"), "{}", ran.stderr);
}
