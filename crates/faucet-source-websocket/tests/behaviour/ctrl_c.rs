//! Ctrl-C in a program that reads the source by itself. The program is this test binary once more.

use std::io::{BufRead, BufReader, Lines};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};

use faucet_core::{Cancel, Record, Scope, Source};
use faucet_testkit::{Script, ScriptedServer, opcode};
use futures_util::TryStreamExt as _;
use serde_json::{Value, json};

use super::support::{source, with};

/// The variables that make a program of the test [`program`].
const URL: &str = "FAUCET_TEST_URL";
const KEYS: &str = "FAUCET_TEST_KEYS";
const ROLE: &str = "FAUCET_TEST_ROLE";

/// The signal that Ctrl-C sends.
const SIGINT: i32 = 2;

/// Reads the source to its end and prints its records, then does what its role says. It leaves by
/// `exit`: the test harness would print a result as well.
#[test]
fn program() {
    let Ok(role) = std::env::var(ROLE) else { return };
    let (url, keys) = (std::env::var(URL).unwrap(), std::env::var(KEYS).unwrap());
    let source = source(&url, serde_json::from_str(&keys).unwrap());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let cancel = Cancel::new();
    let scope = match role.as_str() {
        "pipeline" => Scope::default().with_cancelled(cancel.cancelled()),
        _ => Scope::default(),
    };
    let read = runtime.block_on(async {
        match role.as_str() {
            "pages" | "pipeline" => {
                let pages = source.stream_pages(&scope).map_ok(|page| page.into_records());
                pages.try_collect::<Vec<Vec<Record>>>().await.map(|pages| pages.concat())
            }
            _ => source.fetch_all().await,
        }
    });
    for record in read.unwrap() {
        eprintln!("{}", String::from_utf8_lossy(record.payload().as_bytes()));
    }
    // No runtime is left that could listen to anything.
    drop(runtime);
    eprintln!("ended");
    if role == "stays" {
        loop {
            std::thread::park();
        }
    }
    std::process::exit(0);
}

struct Program {
    child: Child,
    said: Lines<BufReader<ChildStderr>>,
}

impl Program {
    fn start(role: &str, url: &str, keys: &Value) -> Self {
        Self::assert_interruptible();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "ctrl_c::program", "--nocapture"])
            .envs([(ROLE, role), (URL, url), (KEYS, &keys.to_string())])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let said = BufReader::new(child.stderr.take().unwrap()).lines();
        Self { child, said }
    }

    /// A signal that this process ignores is ignored by its children as well.
    fn assert_interruptible() {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        let mask = ignored.map_or(Ok(0), |mask| u64::from_str_radix(mask.trim(), 16)).unwrap();
        assert_eq!(mask >> (SIGINT - 1) & 1, 0, "run the tests with SIGINT at its default");
    }

    fn interrupt(&self) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", "INT", &id]).status().unwrap().success());
    }

    /// The records that it prints before it says that its run has ended.
    fn records(&mut self) -> Vec<String> {
        let lines = self.said.by_ref().map(|line| line.unwrap());
        lines.take_while(|line| line != "ended").collect()
    }

    fn status(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // The child has ended already unless the test fails.
        let _ = self.child.kill();
    }
}

/// A server that sends two records, and knows when both were read.
async fn two_records() -> ScriptedServer {
    let records = Script::accept().send_text("1").send_text("2");
    ScriptedServer::start([records.ping("p").expect_pong("p")]).await
}

async fn until_read(server: &ScriptedServer) {
    server.until(|all| all.iter().any(|seen| !seen.payloads(opcode::PONG).is_empty())).await;
}

fn listening() -> Value {
    json!({"stop_on_ctrl_c": true, "unbounded": true, "batch_timeout": 60})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ctrl_c_ends_a_run_well_and_the_next_ends_the_process() {
    for (role, interrupts, code) in [("exits", 1, 0), ("pages", 1, 0), ("stays", 2, 130)] {
        let server = two_records().await;
        let mut program = Program::start(role, &server.url(), &listening());
        until_read(&server).await;
        program.interrupt();
        assert_eq!(program.records(), ["1", "2"], "{role}");
        assert_eq!(server.finish().await[0].close_code(), Some(1000), "{role}");
        if interrupts == 2 {
            assert!(program.child.try_wait().unwrap().is_none());
            program.interrupt();
        }
        assert_eq!(program.status().code(), Some(code), "{role}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ctrl_c_after_a_run_that_ended_by_itself_ends_the_process() {
    let server = two_records().await;
    let keys = with(listening(), json!({"max_messages": 2}));
    let mut program = Program::start("stays", &server.url(), &keys);
    assert_eq!(program.records(), ["1", "2"]);
    program.interrupt();
    assert_eq!(program.status().code(), Some(130));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_key_and_under_a_runner_ctrl_c_does_what_it_always_does() {
    for (role, keys) in
        [("exits", with(listening(), json!({"stop_on_ctrl_c": false}))), ("pipeline", listening())]
    {
        let server = two_records().await;
        let mut program = Program::start(role, &server.url(), &keys);
        until_read(&server).await;
        program.interrupt();
        assert_eq!(program.status().signal(), Some(SIGINT), "{role}");
        assert!(program.records().is_empty(), "{role}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ctrl_c_is_heard_while_the_source_waits_to_connect_again() {
    let script = Script::accept().send_text("1").ping("p").expect_pong("p").close(1012, "");
    let server = ScriptedServer::start([script.then_refuse()]).await;
    let keys = with(listening(), json!({"reconnect": true, "reconnect_backoff": 60}));
    let mut program = Program::start("exits", &server.url(), &keys);
    server.until(|all| all.iter().any(|seen| seen.end.is_some())).await;
    program.interrupt();
    assert_eq!(program.records(), ["1"]);
    assert_eq!(program.status().code(), Some(0));
}
