//! The command line of `faucet feed`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use faucet_core::duration;

#[derive(Debug, Args)]
pub(crate) struct FeedArgs {
    /// Address to listen on; port 0 takes a free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:9001")]
    pub(crate) listen: SocketAddr,
    /// Messages a second to each client; 0 is as fast as the client reads.
    #[arg(long, value_name = "N", default_value_t = 1000)]
    pub(crate) rate: u32,
    /// Serves the records of a JSON Lines file instead of synthetic trades. Recorded with
    /// `envelope: true` or `frames: true` they keep their own pace, and frames their kind. The file
    /// may be compressed; a pattern such as `trades-*.jsonl` matches several. All of it is read once
    /// before it is served.
    #[arg(long, value_name = "RECORDING.jsonl")]
    pub(crate) file: Option<PathBuf>,
    /// Shortens the holes of a recording that keeps its pace: no wait between two records is longer.
    #[arg(long, value_name = "TIME", value_parser = mean_time, requires = "file")]
    pub(crate) max_pause: Option<Duration>,
    /// Leaves out lines of the recording that are no records, such as a torn last one.
    #[arg(long, requires = "file")]
    pub(crate) skip: bool,
    /// How much faster than it was recorded; 0 is as fast as the client reads.
    #[arg(long, value_name = "X", default_value_t = 1.0, value_parser = speed)]
    pub(crate) speed: f64,
    /// The content of a line of the recording.
    #[arg(long, value_enum, default_value_t = RecordingFormat::Json)]
    pub(crate) format: RecordingFormat,
    /// Starts the recording anew when it ends, instead of closing with 1000.
    #[arg(long = "loop")]
    pub(crate) repeat: bool,
    /// Seed of the synthetic trades and of the faults: the same seed makes the same ones.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Drops each connection without a close handshake after this mean time, also within a message
    /// and with a reset.
    #[arg(long, value_name = "MEAN", value_parser = mean_time)]
    pub(crate) drop: Option<Duration>,
    /// Sends and reads nothing for up to 3 s. This mean time is between two such stalls of a
    /// connection.
    #[arg(long, value_name = "MEAN", value_parser = mean_time)]
    pub(crate) stall: Option<Duration>,
    /// Sends the next one to two seconds of the feed as fast as the client reads. This mean time is
    /// between two such floods of a connection. Needs a feed with a pace.
    #[arg(long, value_name = "MEAN", value_parser = mean_time)]
    pub(crate) flood: Option<Duration>,
    /// Writes a few bytes at a time for up to 3 s. This mean time is between two such dribbles of a
    /// connection.
    #[arg(long, value_name = "MEAN", value_parser = mean_time)]
    pub(crate) dribble: Option<Duration>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum RecordingFormat {
    /// A line is a message.
    Json,
    /// A line is a JSON string with the message's text.
    RawString,
    /// A line is a JSON string with the message's bytes in base64.
    Binary,
}

fn speed(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(speed) if speed >= 0.0 && speed.is_finite() => Ok(speed),
        _ => Err("write a number that is not negative".into()),
    }
}

pub(crate) fn mean_time(text: &str) -> Result<Duration, String> {
    match duration::parse(text) {
        Some(mean) if !mean.is_zero() => Ok(mean),
        _ => Err("write a duration longer than zero, such as 5s or 250ms".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_speed_is_a_number() {
        assert_eq!(speed("2.5"), Ok(2.5));
        assert!(speed("-1").is_err() && speed("NaN").is_err());
    }
}
