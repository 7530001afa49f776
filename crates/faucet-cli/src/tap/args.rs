//! The options of `faucet tap`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use faucet_core::duration;

use crate::tap::filter::{Condition, condition};

/// Where to, and how.
#[derive(Debug, Args)]
#[command(next_help_heading = "Connection")]
pub(crate) struct ConnectArgs {
    /// ws:// or wss:// endpoint.
    #[arg(required_unless_present = "pipeline", help_heading = None)]
    pub(crate) url: Option<String>,
    #[command(flatten)]
    pub(crate) request: RequestArgs,
    #[command(flatten)]
    pub(crate) tls: TlsArgs,
    /// Connects again whenever the connection ends: after 1 s, and then up to 30 s.
    #[arg(long)]
    pub(crate) reconnect: bool,
    /// Sends a Ping in this interval, such as 20s. A connection whose peer does not answer in that time
    /// is lost.
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) ping: Option<Duration>,
    /// Proxy to connect through, such as socks5h://127.0.0.1:9050, or `none`. Without it the variables
    /// HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY decide.
    #[arg(long, value_name = "URL")]
    pub(crate) proxy: Option<String>,
}

/// The upgrade.
#[derive(Debug, Args)]
pub(crate) struct RequestArgs {
    /// Header of the upgrade request, may be given more than once.
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE")]
    pub(crate) header: Vec<String>,
    /// Subprotocol to offer, may be given more than once, the preferred first.
    #[arg(short = 's', long = "subprotocol", value_name = "NAME")]
    pub(crate) subprotocol: Vec<String>,
    /// The header Origin.
    #[arg(short = 'o', long, value_name = "ORIGIN")]
    pub(crate) origin: Option<String>,
    /// Basic credentials.
    #[arg(long, value_name = "USER:PASSWORD")]
    pub(crate) auth: Option<String>,
    /// Offers compression of messages (permessage-deflate).
    #[arg(long)]
    pub(crate) deflate: bool,
}

/// How a wss:// endpoint is verified.
#[derive(Debug, Args)]
pub(crate) struct TlsArgs {
    /// PEM file with certificate authorities to trust beside those of the system.
    #[arg(long, value_name = "FILE")]
    pub(crate) ca: Option<String>,
    /// PEM file with the certificate of the client.
    #[arg(long, value_name = "FILE", requires = "key")]
    pub(crate) cert: Option<String>,
    /// PEM file with the private key of the client.
    #[arg(long, value_name = "FILE", requires = "cert")]
    pub(crate) key: Option<String>,
    /// Accepts any certificate: everyone on the way can read and change the data.
    #[arg(short = 'k', long, conflicts_with = "ca")]
    pub(crate) insecure: bool,
}

/// What is sent.
#[derive(Debug, Args)]
#[command(next_help_heading = "Sending")]
pub(crate) struct SendArgs {
    /// Text message to send after every connect, may be given more than once.
    #[arg(long, value_name = "TEXT")]
    pub(crate) subscribe: Vec<String>,
    /// Text message to send once, after the first connect, may be given more than once.
    #[arg(short = 'x', long, value_name = "TEXT")]
    pub(crate) execute: Vec<String>,
    /// Sends each line that you type; Ctrl-D ends. Lines of a pipe or a file on stdin are sent without
    /// it. A line that is not UTF-8 goes out as a binary message.
    #[arg(short = 'i', long)]
    pub(crate) interactive: bool,
    /// Takes lines that begin with / as commands: /ping [DATA], /pong [DATA] and
    /// /close [CODE [REASON]]. //TEXT sends /TEXT. Pings and Pongs are shown.
    #[arg(long)]
    pub(crate) slash: bool,
    /// Ends well so many seconds after the last message was sent: after those of -x, and the end of
    /// stdin. Without it, the feed decides about the end.
    #[arg(short = 'w', long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) wait: Option<Duration>,
}

/// What is shown, and for how long.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct ShowArgs {
    /// Stop after this many messages that were shown.
    #[arg(short = 'n', long = "count", value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) count: Option<u64>,
    /// Stop well after this time, such as 10s.
    #[arg(long = "for", value_name = "TIME", value_parser = time)]
    pub(crate) duration: Option<Duration>,
    /// Shows messages only that have this value at this place, such as /type=trade or
    /// '/price={"min": 100}'. May be given more than once: all must hold.
    #[arg(long, value_name = "/POINTER=VALUE", value_parser = condition)]
    pub(crate) filter: Vec<Condition>,
    /// Adds each message that comes to this file, shown or not, as a line
    /// {"at": MILLISECONDS, "kind": "text"|"binary", "data": TEXT|BASE64}.
    #[arg(long, value_name = "FILE")]
    pub(crate) record: Option<PathBuf>,
    /// Prints counts, rate, bytes and the round trip of Pings at the end. Without --ping one Ping is
    /// sent after each connect.
    #[arg(long)]
    pub(crate) stats: bool,
    /// Shows Pings and Pongs, with the round trip of those of --ping.
    #[arg(long)]
    pub(crate) show_pings: bool,
    #[command(flatten)]
    pub(crate) form: FormArgs,
}

/// How messages look.
#[derive(Debug, Args)]
pub(crate) struct FormArgs {
    /// Shows binary messages as hexadecimal digits.
    #[arg(long, conflicts_with = "raw")]
    pub(crate) hex: bool,
    /// Writes the bytes of binary messages as they came, with nothing around them. Not on a terminal.
    /// Without it a pipe gets a line for each: binary:BASE64, or hex:DIGITS.
    #[arg(long)]
    pub(crate) raw: bool,
    /// Shows JSON over several lines on a terminal.
    #[arg(long)]
    pub(crate) pretty: bool,
    /// Shows whole messages on a terminal, also where a line is longer than the terminal is wide.
    #[arg(long)]
    pub(crate) full: bool,
}

fn time(text: &str) -> Result<Duration, String> {
    match duration::parse(text) {
        Some(time) if !time.is_zero() => Ok(time),
        _ => Err("write a duration longer than zero, such as 20s or 250ms".into()),
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    duration::parse(text).ok_or_else(|| "write seconds, such as 2 or 0.5".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_people_write_them() {
        let ms = Duration::from_millis;
        for (text, expected) in [("2", 2000), ("0.5", 500), ("0", 0), ("250ms", 250)] {
            assert_eq!(seconds(text), Ok(ms(expected)), "{text}");
        }
        assert!(seconds("-1").is_err() && seconds("soon").is_err() && seconds("NaN").is_err());
        assert_eq!(time("10s"), Ok(ms(10_000)));
        assert!(time("0s").is_err() && time("x").is_err());
    }
}
