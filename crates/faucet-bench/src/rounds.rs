//! Runs all lines, round by round, so that whatever changes on the machine hits all of them.

use std::path::Path;

use crate::child::{self, Server};
use crate::endpoint::Listening;
use crate::job::Job;
use crate::line::Line;
use crate::lines::PACE;
use crate::result::Result;
use crate::results::Results;
use crate::sample::Sample;
use crate::servers::paced::Pace;
use crate::work::{Compression, Subject, Work};

/// Measures `lines`. `divisor` makes fewer messages of all. A line that fails is said on stderr and
/// goes on in the next round.
///
/// # Errors
/// A server does not start.
pub(crate) fn run(lines: Vec<Line>, rounds: usize, divisor: u64) -> Result<Results> {
    let directory = directory()?;
    let servers = Servers::start(directory.path())?;
    let mut results = Results::new(lines);
    for round in 1..=rounds {
        eprint!("round {round} of {rounds} ");
        results.add_round(|line| {
            let sample = servers.measure(line, (line.messages / divisor).max(1));
            match sample {
                Ok(sample) => {
                    eprint!(".");
                    Some(sample)
                }
                Err(error) => {
                    eprintln!("\n{}: {error}", line.name);
                    None
                }
            }
        });
        eprintln!();
    }
    Ok(results)
}

/// A folder for files of JSON Lines: in memory where there is such a place, so that no disk is
/// measured.
fn directory() -> Result<tempfile::TempDir> {
    let memory = Path::new("/dev/shm");
    let builder = || tempfile::Builder::new().prefix("faucet-bench-").to_owned();
    let in_memory = memory.is_dir().then(|| builder().tempdir_in(memory));
    match in_memory {
        Some(Ok(directory)) => Ok(directory),
        _ => Ok(builder().tempdir()?),
    }
}

/// The servers that serve all lines in turn.
struct Servers<'a> {
    blaster: Server,
    black_hole: Server,
    directory: &'a Path,
}

impl<'a> Servers<'a> {
    fn start(directory: &'a Path) -> Result<Self> {
        let ca_file = |name: &str| directory.join(name);
        Ok(Self {
            blaster: Server::start(&Job::Blaster { ca_file: ca_file("blaster.pem") })?,
            black_hole: Server::start(&Job::BlackHole { ca_file: ca_file("black-hole.pem") })?,
            directory,
        })
    }

    fn measure(&self, line: &Line, messages: u64) -> Result<Sample> {
        // What holds connections to one client is started for it.
        let own = match line.subject {
            Subject::ManyScan | Subject::ManyTungstenite | Subject::ManyPages => {
                Some(Server::start(&Job::Paced(Pace {
                    connections: line.connections,
                    messages,
                    messages_per_second: PACE,
                }))?)
            }
            Subject::EchoTungstenite | Subject::EchoPages => Some(Server::start(&Job::Echo)?),
            Subject::SlowFeed => Some(Server::start(&Job::Slow { messages })?),
            _ => None,
        };
        let from = own.as_ref().map_or(&self.blaster.listening, |server| &server.listening);
        child::measure(self.work(line, messages, from))
    }

    fn work(&self, line: &Line, messages: u64, from: &Listening) -> Work {
        let compression = line.transport.compression();
        let tls = line.transport == crate::line::Transport::Tls;
        let feed = if compression == Compression::Reset { "feed-reset" } else { "feed" };
        Work {
            subject: line.subject,
            payload: line.payload,
            compression,
            messages,
            connections: line.connections,
            from: from.at(format!("/{feed}/{}/{messages}", line.payload), tls),
            to: self.black_hole.listening.at(format!("/{messages}"), tls),
            directory: self.directory.to_owned(),
        }
    }
}
