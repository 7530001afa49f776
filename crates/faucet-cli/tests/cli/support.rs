//! What the tests share: the command as a child, files for it, and waits that end.

use std::ffi::OsStr;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

/// How long anything may take before its test fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
/// How often a file is looked at.
const LOOK: Duration = Duration::from_millis(5);

/// Waits for `future`, which must be ready in time.
pub(crate) async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    match timeout(PATIENCE, future).await {
        Ok(value) => value,
        Err(_) => panic!("{what}: not within {PATIENCE:?}"),
    }
}

/// The command with these arguments. It dies with the test.
pub(crate) fn faucet<A: AsRef<OsStr>>(args: impl IntoIterator<Item = A>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_faucet"));
    command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.kill_on_drop(true);
    command
}

/// Runs the command to its end.
pub(crate) async fn faucet_ran<A: AsRef<OsStr>>(args: impl IntoIterator<Item = A>) -> Ran {
    Running::start(&mut faucet(args)).ended().await
}

/// What a child left that has ended.
#[derive(Debug)]
pub(crate) struct Ran {
    /// `None` when a signal killed it.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    /// From its start to its end.
    pub(crate) took: Duration,
}

impl Ran {
    /// Checks the exit code and that `words` are on stderr.
    #[track_caller]
    pub(crate) fn failed_with(&self, code: i32, words: &[&str]) {
        assert_eq!(self.code, Some(code), "{self:#?}");
        for words in words {
            assert!(self.stderr.contains(words), "{words:?} is not in {self:#?}");
        }
        assert!(!self.stderr.contains("panicked"), "{self:#?}");
    }

    /// Checks that it ended well.
    #[track_caller]
    pub(crate) fn succeeded(&self) -> &Self {
        assert_eq!(self.code, Some(0), "{self:#?}");
        assert!(!self.stderr.contains("panicked"), "{self:#?}");
        self
    }

    pub(crate) fn lines(&self) -> Vec<&str> {
        self.stdout.lines().collect()
    }
}

/// A child that goes on.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    started: Instant,
    pub(crate) stdout: Option<Heard>,
    pub(crate) stderr: Heard,
}

impl Running {
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut running = Self::start_unheard(command);
        running.stdout = running.child.stdout.take().map(Heard::listen);
        running
    }

    /// The same without reading its stdout, which fills.
    pub(crate) fn start_unheard(command: &mut Command) -> Self {
        let started = Instant::now();
        let mut child = command.spawn().unwrap();
        let stderr = Heard::listen(child.stderr.take().unwrap());
        Self { child, started, stdout: None, stderr }
    }

    /// The same at a terminal of the test's.
    #[cfg(unix)]
    pub(crate) fn start_at(command: &mut Command, pty: &crate::pty::Pty) -> Self {
        command.stdin(pty.end()).stdout(pty.end());
        let mut running = Self::start_unheard(command);
        // The command keeps its ends for the next start: the screen would never close.
        command.stdin(Stdio::null()).stdout(Stdio::null());
        running.stdout = Some(Heard::listen(pty.screen()));
        running
    }

    /// Its stdout, for a test that reads it by itself.
    pub(crate) fn take_stdout(&mut self) -> tokio::process::ChildStdout {
        self.child.stdout.take().unwrap()
    }

    /// The first whole line of its stdout.
    pub(crate) async fn first_line(&mut self) -> String {
        let stdout = self.stdout.as_mut().unwrap();
        let text = stdout.until("a line on stdout", |text| text.contains('\n')).await;
        text.lines().next().unwrap().to_owned()
    }

    #[cfg(unix)]
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().expect("it goes on").to_string();
        let sent = std::process::Command::new("kill").args(["-s", name, &id]).status();
        assert!(sent.unwrap().success());
    }

    /// Waits for its end.
    pub(crate) async fn ended(self) -> Ran {
        let Self { mut child, started, stdout, stderr } = self;
        let Ok(status) = timeout(PATIENCE, child.wait()).await else {
            panic!("it does not end; stderr so far: {}", stderr.so_far());
        };
        let took = started.elapsed();
        let stdout = match stdout {
            Some(stdout) => stdout.whole().await,
            None => String::new(),
        };
        Ran { code: status.unwrap().code(), stdout, stderr: stderr.whole().await, took }
    }
}

/// What comes out of a child, as it comes.
#[derive(Debug)]
pub(crate) struct Heard(watch::Receiver<Vec<u8>>);

impl Heard {
    fn listen(mut from: impl AsyncRead + Unpin + Send + 'static) -> Self {
        let (sender, receiver) = watch::channel(Vec::new());
        tokio::spawn(async move {
            let mut piece = vec![0; 64 * 1024];
            while let Ok(n @ 1..) = from.read(&mut piece).await {
                sender.send_modify(|heard| heard.extend_from_slice(&piece[..n]));
            }
        });
        Self(receiver)
    }

    pub(crate) fn so_far(&self) -> String {
        String::from_utf8_lossy(&self.0.borrow()).into_owned()
    }

    /// Waits until what was heard is enough, and returns it.
    pub(crate) async fn until(&mut self, what: &str, enough: impl Fn(&str) -> bool) -> String {
        let heard = self.0.wait_for(|heard| enough(&String::from_utf8_lossy(heard)));
        let ended = timeout(PATIENCE, heard).await.map(|found| found.is_err());
        match ended {
            Ok(false) => self.so_far(),
            Ok(true) => panic!("{what}: it ended before, with {:?}", self.so_far()),
            Err(_) => panic!("{what}: not within {PATIENCE:?}, but {:?}", self.so_far()),
        }
    }

    /// All of it, once the child has closed it.
    async fn whole(mut self) -> String {
        soon("the end of a child's output", async { while self.0.changed().await.is_ok() {} })
            .await;
        self.so_far()
    }
}

/// A directory of a test's own.
pub(crate) struct Files(TempDir);

impl Files {
    pub(crate) fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    pub(crate) fn dir(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir().join(name)
    }

    /// The path as text, for arguments and configuration.
    pub(crate) fn name(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    /// Writes a file and returns its path.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        std::fs::write(self.path(name), content).unwrap();
        self.name(name)
    }

    /// Reads a file; one that is not there is empty.
    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    pub(crate) fn json(&self, name: &str) -> Value {
        let text = self.read(name);
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text:?}"))
    }

    /// Waits until the content of a file is enough.
    pub(crate) async fn until(&self, name: &str, limit: Duration, enough: impl Fn(&str) -> bool) {
        let looking = async {
            while !enough(&self.read(name)) {
                sleep(LOOK).await;
            }
        };
        if timeout(limit, looking).await.is_err() {
            panic!("{name}: not within {limit:?}, but {:?}", self.read(name));
        }
    }

    /// Writes the file of a pipeline from `url` to `out.jsonl`, with these keys of the source.
    pub(crate) fn pipeline(&self, url: &str, keys: Value) -> String {
        self.pipeline_to(url, keys, json!({"type": "jsonl", "path": self.name("out.jsonl")}))
    }

    /// The same to another sink.
    pub(crate) fn pipeline_to(&self, url: &str, keys: Value, sink: Value) -> String {
        let mut source = json!({"type": "websocket", "url": url});
        source.as_object_mut().unwrap().extend(keys.as_object().unwrap().clone());
        let pipeline = json!({"source": source, "sink": sink});
        self.write("pipeline.json", pipeline.to_string())
    }
}
