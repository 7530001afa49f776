//! The words for a peer that sends no Pongs.

use faucet_core::{Error, ErrorKind};

use crate::words::advice::Advice;
use crate::words::explanation::Explanation;

/// The error for a peer of a sink that needs Pongs and has not sent any.
pub fn never_ponged(url: &str) -> Error {
    let what = format!(
        "WebSocket {url}: the peer answers no Pings, so nothing can be known to have arrived \
         (delivery: at_least_once)"
    );
    let hint =
        "fix the peer so that it answers Pings (RFC 6455 §5.5.2), or use delivery: at_most_once";
    Explanation::new(ErrorKind::Protocol, "ping", Advice::InFile(hint)).error(url, what)
}
