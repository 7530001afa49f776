//! Close codes (RFC 6455 §7.4 and the IANA registry) and what to do about each.

use std::time::Duration;

use crate::machine::class::{Class, Verdict};

/// The shortest wait before the next attempt at a server that restarts or is overloaded.
const BUSY: Duration = Duration::from_secs(5);

/// How long the peer may take to answer our Close, or to hang up after its own.
pub(crate) const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// Close codes that have a name here: those that are sent, and some that are received.
pub(crate) mod code {
    /// We are done.
    pub(crate) const NORMAL: u16 = 1000;
    /// The peer broke the protocol.
    pub(crate) const PROTOCOL: u16 = 1002;
    /// Text that is not UTF-8.
    pub(crate) const INVALID: u16 = 1007;
    /// A message of too many fragments.
    pub(crate) const POLICY: u16 = 1008;
    /// A message over the limit.
    pub(crate) const TOO_BIG: u16 = 1009;
    /// The server wants an extension that the client did not offer.
    pub(crate) const EXTENSION: u16 = 1010;
    /// The connection is planned to be followed by another: the session of the server goes on. Registered
    /// for nothing (RFC 6455 §7.4.2: 3000 to 3999 are for libraries).
    pub(crate) const COMING_BACK: u16 = 3999;
    /// The feed is stale or the peer does not answer (3008, IANA: timeout).
    pub(crate) const GIVEN_UP: u16 = 3008;
}

/// The meaning of a Close frame with `code` (`None`: without one).
pub(crate) const fn verdict(code: Option<u16>) -> Verdict {
    let class = match code {
        None | Some(1000) => Class::Clean,
        Some(1001 | 1006 | 1011..=1014) => Class::Transient,
        Some(1008 | 3000 | 3003) => Class::Credentials,
        Some(1002 | 1010) => Class::Complaint,
        Some(1003 | 1007 | 1009) => Class::Refusal,
        Some(code @ (3001 | 3002 | 3004..=4999)) => Class::Application(code),
        Some(_) => Class::Violation,
    };
    let wait_at_least = match code {
        Some(1012 | 1013) => BUSY,
        _ => Duration::ZERO,
    };
    Verdict { class, wait_at_least }
}

/// Whether a Close frame may carry `code` (RFC 6455 §7.4, IANA registry).
pub(crate) const fn is_sendable(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}

/// The name of a code, for messages.
pub(crate) const fn name(code: u16) -> &'static str {
    match code {
        1000 => "normal closure",
        1001 => "going away",
        1002 => "protocol error",
        1003 => "unsupported data",
        1006 => "abnormal closure",
        1007 => "invalid payload data",
        1008 => "policy violation",
        1009 => "message too big",
        1010 => "mandatory extension",
        1011 => "internal error",
        1012 => "service restart",
        1013 => "try again later",
        1014 => "bad gateway",
        3000 => "unauthorized",
        3003 => "forbidden",
        3008 => "timeout",
        3001 | 3002 | 3004..=3007 | 3009..=3999 => "library or framework",
        4000..=4999 => "application",
        _ => "not allowed on the wire",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_verdict() {
        for (codes, class) in [
            (vec![1000], Class::Clean),
            (vec![1001, 1006, 1011, 1012, 1013, 1014], Class::Transient),
            (vec![1008, 3000, 3003], Class::Credentials),
            (vec![1002, 1010], Class::Complaint),
            (vec![1003, 1007, 1009], Class::Refusal),
            (vec![4000], Class::Application(4000)),
            (vec![4999], Class::Application(4999)),
            (vec![3001], Class::Application(3001)),
            (vec![0, 999, 1004, 1005, 1015, 2999, 5000, u16::MAX], Class::Violation),
        ] {
            for code in codes {
                assert_eq!(verdict(Some(code)).class, class, "{code}");
            }
        }
        assert_eq!(verdict(None).class, Class::Clean);
    }

    #[test]
    fn a_busy_server_is_left_alone_for_five_seconds() {
        for (code, seconds) in [(1011, 0), (1012, 5), (1013, 5), (1014, 0)] {
            assert_eq!(verdict(Some(code)).wait_at_least.as_secs(), seconds, "{code}");
        }
    }
}
