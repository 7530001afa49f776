//! A file of the examples, made ready for a test.

use std::path::Path;
use std::time::Duration;

use faucet_stream::{PipelineSpec, Report, SpecFormat, Variable, registry};
use faucet_testkit::{Frame, Script};
use ring::hmac;
use tempfile::TempDir;

/// A file of the examples, made ready for a test.
pub(crate) struct Recipe {
    text: String,
    directory: TempDir,
    /// The file that the sink writes.
    output: String,
}

/// The files and the output of a run.
pub(crate) struct Ran {
    pub(crate) report: Report,
    /// The lines of the sink's file.
    pub(crate) lines: Vec<String>,
    /// Keeps the files of the run, for a run that goes on.
    pub(crate) recipe: Recipe,
}

impl Recipe {
    /// The file `examples/providers/NAME.yaml`. Its sink and its state are in a directory of the test, it ends
    /// after `records` records, and it connects again without a wait.
    pub(crate) fn new(name: &str, records: usize) -> Self {
        Self::of(name, records, 30)
    }

    /// The same for a file whose `reconnect_max_backoff` is `seconds`.
    pub(crate) fn of(name: &str, records: usize, seconds: u32) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"));
        let path = path.join(format!("../../examples/providers/{name}.yaml"));
        let text = std::fs::read_to_string(path).unwrap();
        let mut written = text.lines().filter_map(|line| line.strip_prefix("  path: "));
        let output = written.next_back().unwrap().to_owned();
        let directory = tempfile::tempdir().unwrap();
        let inside = format!("path: {}/", directory.path().display());
        let recipe = Self { text, directory, output };
        recipe
            .with("path: ", &inside)
            .with("unbounded: true", &format!("max_messages: {records}"))
            .with(&format!("reconnect_max_backoff: {seconds}"), "reconnect_backoff: 0.01")
    }

    /// The file with another text in the place of `from`, wherever it stands.
    pub(crate) fn with(mut self, from: &str, to: &str) -> Self {
        assert!(self.text.contains(from), "{from} does not stand in {}", self.text);
        self.text = self.text.replace(from, to);
        self
    }

    /// Runs the file with these environment variables.
    pub(crate) async fn run(self, variables: &[(&str, &str)]) -> Ran {
        let lookup = |name: &str| {
            let found = variables.iter().find(|(variable, _)| *variable == name);
            Variable::from(found.map(|(_, value)| (*value).to_owned()))
        };
        let spec = PipelineSpec::parse(&self.text, SpecFormat::Yaml, lookup).unwrap();
        let pipeline = spec.build(&registry()).unwrap();
        // Far beyond what a run takes, and below the patience of whoever runs the tests.
        let run = tokio::time::timeout(Duration::from_secs(60), pipeline.run());
        let report = run.await.expect("the run ends");
        let path = self.directory.path().join(&self.output);
        let text = std::fs::read_to_string(path).unwrap_or_default();
        Ran { report, lines: text.lines().map(str::to_owned).collect(), recipe: self }
    }
}

/// Goes on once the client has read everything.
pub(crate) fn read(script: Script) -> Script {
    script.ping("all read").expect_pong("all read")
}

/// Cuts the connection once the client has read everything.
pub(crate) fn cut(script: Script) -> Script {
    read(script).hang_up()
}

/// The HMAC-SHA256 of `text` under `key`.
pub(crate) fn signature(key: &str, text: &str) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
    hmac::sign(&key, text.as_bytes()).as_ref().to_vec()
}

/// The bytes in hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A text frame with this JSON.
pub(crate) fn text(json: &serde_json::Value) -> Frame {
    Frame::text(json.to_string())
}
