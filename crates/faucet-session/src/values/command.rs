//! The output of a program.

use std::fmt;
use std::process::ExitStatus;
use std::time::Duration;

use faucet_connect::Secrets;
use http::HeaderMap;
use tokio::io::AsyncReadExt as _;
use tokio::process::{ChildStderr, ChildStdout};
use tokio::time::timeout;

use crate::values::child::Running;
use crate::values::command_failed::CommandFailed;
use crate::values::line_end::without_line_end;
use crate::values::tail::Tail;

/// The longest output, in bytes: 64 KiB.
pub const LONGEST_OUTPUT: usize = 64 * 1024;

/// How long a program that has failed may take to close its standard error. A process that it left
/// behind may hold the stream open for ever.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// One argument of a program. `Debug` shows no filled text.
#[derive(Clone, PartialEq, Eq)]
pub struct Argument {
    /// The text, its placeholders filled.
    text: String,
    origin: Origin,
}

/// Where the text of an argument comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    Configured,
    /// A placeholder is filled, behind a beginning from the configuration.
    Filled,
    /// The first character may be that of a placeholder.
    BeginsFilled,
}

impl Argument {
    /// An argument without placeholders, as it stands in the configuration.
    pub fn configured(text: impl Into<String>) -> Self {
        Self { text: text.into(), origin: Origin::Configured }
    }

    /// An argument whose placeholders are filled. `begins_filled`: a placeholder stands at its
    /// beginning, so that `text` may not begin with `-`. `--nonce={nonce}` does not begin filled.
    pub fn filled(text: impl Into<String>, begins_filled: bool) -> Self {
        let origin = if begins_filled { Origin::BeginsFilled } else { Origin::Filled };
        Self { text: text.into(), origin }
    }

    fn is_foreign_option(&self) -> bool {
        self.origin == Origin::BeginsFilled && self.text.starts_with('-')
    }
}

impl fmt::Debug for Argument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.origin {
            Origin::Configured => self.text.fmt(f),
            _ => f.write_str("***"),
        }
    }
}

/// A program that prints a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandCall {
    /// The program: a path, or a name that is looked for in `PATH`. It is a text of the configuration,
    /// never a filled one.
    pub program: String,
    /// The arguments. No shell reads them.
    pub arguments: Vec<Argument>,
    /// The time that the program has.
    pub limit: Duration,
}

impl CommandCall {
    /// Runs the program and returns its standard output without the line end behind it. Standard
    /// input is empty. The environment is that of the process.
    ///
    /// An error may quote the last line of the standard error. The texts of filled arguments and
    /// `secrets` are struck out of it.
    ///
    /// Cancel safe: a dropped future kills the program and the processes that the program started.
    ///
    /// # Errors
    /// The program could not be started, failed, took too long, or wrote what is no value.
    pub async fn run(&self, secrets: &Secrets) -> Result<String, CommandFailed> {
        if let Some(at) = self.arguments.iter().position(Argument::is_foreign_option) {
            return Err(CommandFailed::FilledOption { number: at + 1 });
        }
        let limit = self.limit;
        let bounded = timeout(limit, self.run_unbounded(secrets)).await;
        bounded.unwrap_or(Err(CommandFailed::TimedOut { limit }))
    }

    async fn run_unbounded(&self, secrets: &Secrets) -> Result<String, CommandFailed> {
        let arguments = self.arguments.iter().map(|argument| argument.text.as_str());
        let (mut running, streams) =
            Running::start(&self.program, arguments).map_err(CommandFailed::CouldNotStart)?;
        let mut tail = Tail::new(streams.stderr);
        let (output, status) = {
            let work = async {
                let output = read(streams.stdout).await?;
                let status = running.wait().await.map_err(CommandFailed::Lost)?;
                Ok::<_, CommandFailed>((output, status))
            };
            // A full pipe of the standard error would stop the program.
            tokio::pin!(work);
            tokio::select! {
                done = &mut work => done?,
                () = tail.read() => work.await?,
            }
        };
        if !status.success() {
            return Err(self.failure(status, tail, secrets).await);
        }
        let text = String::from_utf8(output).map_err(|_| CommandFailed::NotUtf8)?;
        Ok(without_line_end(text))
    }

    /// The failure that a bad status means.
    async fn failure(
        &self,
        status: ExitStatus,
        mut tail: Tail<ChildStderr>,
        secrets: &Secrets,
    ) -> CommandFailed {
        // The quote is made of what there is by then.
        let _ = timeout(LAST_WORDS, tail.read()).await;
        let said = tail.last_line([&self.filled_texts(), secrets]);
        match status.code() {
            Some(status) => CommandFailed::Status { status, said },
            None => CommandFailed::Killed { signal: signal_of(status), said },
        }
    }

    /// The texts of arguments that are not in the configuration.
    fn filled_texts(&self) -> Secrets {
        let filled = self.arguments.iter().filter(|given| given.origin != Origin::Configured);
        let texts = filled.map(|argument| argument.text.clone()).collect();
        Secrets::new(&HeaderMap::new(), texts)
    }
}

async fn read(stdout: ChildStdout) -> Result<Vec<u8>, CommandFailed> {
    let mut output = Vec::new();
    let mut most = stdout.take(LONGEST_OUTPUT as u64 + 1);
    most.read_to_end(&mut output).await.map_err(CommandFailed::Lost)?;
    if output.len() > LONGEST_OUTPUT {
        return Err(CommandFailed::TooMuchOutput);
    }
    Ok(output)
}

#[cfg(unix)]
fn signal_of(status: ExitStatus) -> i32 {
    std::os::unix::process::ExitStatusExt::signal(&status).unwrap_or_default()
}

/// Other systems have no signals, and always a status.
#[cfg(not(unix))]
fn signal_of(_: ExitStatus) -> i32 {
    0
}

#[cfg(all(test, unix))]
mod tests {
    use std::io::Read as _;
    use std::{fs, thread};

    use tokio::sync::mpsc;

    use super::*;

    /// A call of a shell script.
    fn script(script: &str, arguments: &[Argument]) -> CommandCall {
        let fixed = ["-c", script, "sh"].map(Argument::configured);
        let arguments = fixed.into_iter().chain(arguments.iter().cloned()).collect();
        CommandCall { program: "sh".into(), arguments, limit: Duration::from_secs(10) }
    }

    async fn run(text: &str, arguments: &[Argument]) -> Result<String, CommandFailed> {
        script(text, arguments).run(Secrets::NONE).await
    }

    #[tokio::test]
    async fn the_output_comes_without_its_line_end() {
        for (text, output) in [
            ("echo t0k", "t0k"),
            ("printf 'a\\n\\n'", "a\n"),
            ("true", ""),
            ("cat; echo end of input", "end of input"),
            ("echo noise >&2; echo t0k", "t0k"),
            // More than a pipe holds, on the stream that nobody asked for.
            ("head -c 300000 /dev/zero >&2; echo t0k", "t0k"),
        ] {
            assert_eq!(run(text, &[]).await.unwrap(), output, "{text}");
        }
        let longest = run("head -c 65536 /dev/zero", &[]).await.unwrap();
        assert_eq!(longest.len(), LONGEST_OUTPUT);
    }

    #[tokio::test]
    async fn arguments_reach_the_program_as_they_are() {
        let arguments = [
            Argument::configured("-x"),
            Argument::filled("$(id) 'a\" b\n", true),
            Argument::filled("--nonce=-1", false),
            Argument::filled("", true),
        ];
        let output = run("printf '%s|' \"$@\"", &arguments).await.unwrap();
        assert_eq!(output, "-x|$(id) 'a\" b\n|--nonce=-1||");
        let shown = format!("{:?}", script("", &arguments));
        assert!(shown.contains("\"-x\"") && !shown.contains("nonce"), "{shown}");
    }

    #[tokio::test]
    async fn a_filled_argument_is_no_option() {
        let arguments = [Argument::configured("-x"), Argument::filled("--s3cret", true)];
        let failed = run("echo started >&2; exit 1", &arguments).await.unwrap_err();
        assert!(matches!(failed, CommandFailed::FilledOption { number: 5 }), "{failed:?}");
        let shown = format!("{failed} {failed:?}");
        assert!(!shown.contains("s3cret"), "{shown}");
    }

    #[tokio::test]
    async fn a_failure_names_its_reason() {
        for (text, words) in [
            ("exit 3", "ended with status 3"),
            (
                "echo one >&2; echo 'no key hunter22' >&2; exit 1",
                "ended with status 1: \"no key ***\"",
            ),
            ("echo 'bad $1' >&2; exit 1", "ended with status 1: \"bad ***\""),
            ("echo bad >&2; kill -9 $$", "was killed by signal 9: \"bad\""),
            ("head -c 65537 /dev/zero; sleep 1000", "wrote more than 64 KiB"),
            ("printf '\\377'", "wrote output that is not UTF-8"),
        ] {
            let text = text.replace("'bad $1'", "\"bad $1\"");
            let call = script(&text, &[Argument::filled("f1lled", true)]);
            let secrets = Secrets::new(&HeaderMap::new(), vec!["hunter22".into()]);
            assert_eq!(call.run(&secrets).await.unwrap_err().to_string(), words, "{text}");
        }
    }

    #[tokio::test]
    async fn a_program_that_is_not_there_does_not_start() {
        let program = "no/such/program".to_owned();
        let call = CommandCall { program, ..script("", &[]) };
        let failed = call.run(Secrets::NONE).await.unwrap_err();
        assert!(matches!(failed, CommandFailed::CouldNotStart(_)), "{failed:?}");
    }

    /// The clock is paused: it jumps to the limit, since nothing else happens.
    #[tokio::test(start_paused = true)]
    async fn a_program_that_takes_too_long_is_given_up() {
        let failed = run("sleep 1000", &[]).await.unwrap_err();
        let limit = Duration::from_secs(10);
        assert!(matches!(failed, CommandFailed::TimedOut { limit: l } if l == limit), "{failed:?}");
        assert_eq!(failed.to_string(), "timed out after 10 s");
    }

    #[tokio::test]
    async fn a_dropped_call_ends_the_program_and_those_it_started() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&path).status().unwrap();
        assert!(made.success());
        // The pipe ends when the last process that holds it has ended.
        let (told, mut tells) = mpsc::unbounded_channel();
        let reading = path.clone();
        thread::spawn(move || {
            let mut pipe = fs::File::open(reading).unwrap();
            let mut first = [0];
            pipe.read_exact(&mut first).unwrap();
            told.send("started").unwrap();
            pipe.read_to_end(&mut Vec::new()).unwrap();
            told.send("ended").unwrap();
        });
        let path = Argument::configured(path.to_str().unwrap());
        let call = script("exec 3>\"$1\"; (printf x >&3; exec sleep 1000); true", &[path]);
        let call = CommandCall { limit: Duration::from_secs(900), ..call };
        let started = tokio::select! {
            ended = call.run(Secrets::NONE) => panic!("{ended:?}"),
            started = tells.recv() => started,
        };
        assert_eq!(started, Some("started"));
        let ended = timeout(Duration::from_secs(10), tells.recv()).await;
        assert_eq!(ended, Ok(Some("ended")));
    }
}
