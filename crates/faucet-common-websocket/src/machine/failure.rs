//! Why an attempt to connect failed, or a connection ended.

use faucet_session::Place;

use crate::connect_failed::ConnectFailed;
use crate::machine::class::{Class, Verdict};
use crate::machine::end::End;

/// Why an attempt to connect failed, or a connection ended. `Display` says what happened, without
/// the URL. [`error`](Self::error) makes the runner's error of it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// There was no connection.
    #[error(transparent)]
    Connect(#[from] ConnectFailed),
    /// A connection that stood has ended.
    #[error(transparent)]
    End(#[from] End),
}

impl Failure {
    /// The kind of end.
    pub fn class(&self) -> Class {
        self.verdict().class
    }

    /// Whether the peer refuses the client by a Close with 1008, 3000, 3003, or 4000 to 4999. Such an
    /// end is the error of its run, also where the run is about to end well. A refused attempt to
    /// connect is no such Close.
    pub fn refuses_client(&self) -> bool {
        matches!(self, Self::End(_))
            && matches!(self.class(), Class::Credentials | Class::Application(4000..=4999))
    }

    /// The part of the session in which the connection failed. `None`: it is not about one part.
    pub(crate) fn place(&self) -> Option<Place> {
        match self {
            Self::End(End::Session(end)) => end.place(),
            _ => None,
        }
    }

    /// The meaning of the end for the next attempt.
    pub(crate) fn verdict(&self) -> Verdict {
        match self {
            Self::Connect(failed) => failed.verdict(),
            Self::End(end) => end.verdict(),
        }
    }
}

#[cfg(test)]
mod tests {
    use faucet_connect::Secrets;
    use faucet_core::{Error, ErrorKind};

    use super::*;
    use crate::machine::control::PeerClose;

    #[test]
    fn some_closes_refuse_the_client_and_no_other_end_does() {
        let closed = |code| {
            let close = PeerClose { code, reason: String::new() };
            Failure::from(End::closed(&close, &Secrets::default()))
        };
        for code in [1008, 3000, 3003, 4000, 4001, 4999] {
            assert!(closed(Some(code)).refuses_client(), "{code}");
        }
        for code in [1000, 1001, 1002, 1003, 1007, 1009, 1011, 1013, 3001, 3999, 5000] {
            assert!(!closed(Some(code)).refuses_client(), "{code}");
        }
        assert!(!closed(None).refuses_client());
        assert!(!Failure::from(End::Dropped(None)).refuses_client());
        let unauthorized = ConnectFailed::Credentials(Error::new(ErrorKind::Auth, "no token"));
        assert_eq!(unauthorized.verdict().class, Class::Credentials);
        assert!(!Failure::from(unauthorized).refuses_client());
    }
}
