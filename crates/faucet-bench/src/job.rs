//! What a child process does.

use std::io::{Read as _, Write as _};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::result::Result;
use crate::servers::paced::Pace;
use crate::servers::{black_hole, blaster, echo, paced, slow};
use crate::subject;
use crate::work::Work;

/// What a child process does. It travels as JSON on the command line.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Job {
    Blaster { ca_file: PathBuf },
    BlackHole { ca_file: PathBuf },
    Paced(Pace),
    Echo,
    Slow { messages: u64 },
    Measure(Work),
}

impl Job {
    /// Does it, to the end. A server prints where it listens, a measurement its sample.
    pub(crate) fn run(self) -> Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        if !matches!(self, Self::Measure(_)) {
            end_with_the_parent();
        }
        runtime.block_on(async {
            match self {
                Self::Blaster { ca_file } => blaster::serve(&ca_file).await,
                Self::BlackHole { ca_file } => black_hole::serve(&ca_file).await,
                Self::Paced(pace) => paced::serve(pace).await,
                Self::Echo => echo::serve().await,
                Self::Slow { messages } => slow::serve(messages).await,
                Self::Measure(work) => {
                    let sample = subject::measure(&work).await?;
                    let mut out = std::io::stdout().lock();
                    writeln!(out, "{}", serde_json::to_string(&sample)?)?;
                    Ok(out.flush()?)
                }
            }
        })
    }
}

/// The parent holds the other end of stdin, so it ends when the parent does, however that happens.
fn end_with_the_parent() {
    std::thread::spawn(|| {
        let _ = std::io::stdin().read(&mut [0]);
        std::process::exit(0);
    });
}
