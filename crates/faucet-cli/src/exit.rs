//! Exit codes.

use std::process::ExitCode;

use faucet_core::{Error, ErrorKind};

/// What the process exits with after `error`.
pub(crate) fn code(error: &Error) -> ExitCode {
    ExitCode::from(number(error.kind()))
}

fn number(kind: ErrorKind) -> u8 {
    match kind {
        ErrorKind::Cancelled => 0,
        ErrorKind::Config => 2,
        ErrorKind::Auth => 3,
        ErrorKind::Connect | ErrorKind::Tls | ErrorKind::Timeout | ErrorKind::Closed => 4,
        ErrorKind::Protocol | ErrorKind::TooLarge => 5,
        ErrorKind::Decode => 6,
        ErrorKind::Sink => 7,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_code() {
        for (kind, expected) in [
            (ErrorKind::Config, 2),
            (ErrorKind::Auth, 3),
            (ErrorKind::Connect, 4),
            (ErrorKind::Closed, 4),
            (ErrorKind::Timeout, 4),
            (ErrorKind::Tls, 4),
            (ErrorKind::Protocol, 5),
            (ErrorKind::TooLarge, 5),
            (ErrorKind::Decode, 6),
            (ErrorKind::Sink, 7),
            (ErrorKind::Other, 1),
            (ErrorKind::Cancelled, 0),
        ] {
            assert_eq!(number(kind), expected, "{kind:?}");
        }
    }
}
