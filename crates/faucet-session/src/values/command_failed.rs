//! Why a program brought no value.

use std::io;
use std::time::Duration;

use faucet_connect::io_words;

/// Why a program brought no value. `Display` shows neither arguments nor output, but for the last line
/// that the program wrote to its standard error.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CommandFailed {
    /// The program could not be started.
    #[error("could not start: {}", io_words(.0))]
    CouldNotStart(#[source] io::Error),
    /// A filled argument begins with `-`, so that the program would take it for an option.
    #[error("argument {number} is filled and begins with `-`, as an option does")]
    FilledOption {
        /// The place of the argument, from 1.
        number: usize,
    },
    /// The output could not be read, or the end of the program could not be waited for.
    #[error("could not be followed: {}", io_words(.0))]
    Lost(#[source] io::Error),
    /// The program ended with a status other than 0.
    #[error("ended with status {status}{}", said_words(.said))]
    Status {
        /// The status.
        status: i32,
        /// The last line of the standard error, fit to print. Empty where there is none.
        said: String,
    },
    /// A signal ended the program.
    #[error("was killed by signal {signal}{}", said_words(.said))]
    Killed {
        /// The number of the signal.
        signal: i32,
        /// The last line of the standard error, fit to print. Empty where there is none.
        said: String,
    },
    /// The program did not end in time, and was killed.
    #[error("timed out after {} s", .limit.as_secs_f64())]
    TimedOut {
        /// The time that the program had.
        limit: Duration,
    },
    /// The program wrote more than 64 KiB, and was killed.
    #[error("wrote more than 64 KiB")]
    TooMuchOutput,
    /// The output is not UTF-8.
    #[error("wrote output that is not UTF-8")]
    NotUtf8,
}

fn said_words(said: &str) -> String {
    if said.is_empty() { String::new() } else { format!(": \"{said}\"") }
}
