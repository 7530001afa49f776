//! The words for answers to the upgrade that are no proper ones.

use faucet_core::ErrorKind;

use crate::refusal::Refusal;
use crate::upgrade_failed::UpgradeFailed;
use crate::words::advice::Advice;
use crate::words::explanation::Explanation;

pub(super) fn explanation(failed: &UpgradeFailed) -> Explanation {
    let hint = match failed {
        UpgradeFailed::SpeaksTls => "the endpoint speaks TLS, use wss://",
        UpgradeFailed::NotHttp(_) => {
            "check the port: something else than a WebSocket server answered"
        }
        UpgradeFailed::TooLong | UpgradeFailed::TooManyHeaders => {
            "the limit is fixed: the server or a proxy must answer with fewer headers"
        }
        UpgradeFailed::Malformed(_)
        | UpgradeFailed::OldHttp
        | UpgradeFailed::NoUpgrade
        | UpgradeFailed::NoConnection
        | UpgradeFailed::NoAccept
        | UpgradeFailed::WrongAccept
        | UpgradeFailed::Repeated(_)
        | UpgradeFailed::Extensions(_) => "the server's upgrade is not RFC 6455",
        UpgradeFailed::Subprotocol { offered, .. } => {
            let advice = Advice::CheckSubprotocols { offered: *offered };
            return Explanation::new(ErrorKind::Protocol, "upgrade", advice);
        }
        UpgradeFailed::Refused(refusal) => return refused(refusal),
    };
    Explanation::new(ErrorKind::Protocol, "upgrade", Advice::General(hint))
}

fn refused(refusal: &Refusal) -> Explanation {
    let (kind, hint) = match refusal.status {
        401 => return Explanation::new(ErrorKind::Auth, "upgrade", Advice::CheckAuth),
        403 => (
            ErrorKind::Auth,
            "the server does not let this client in: check the path of url, what the account may \
             do, and the headers that it wants (Origin, User-Agent, Host)",
        ),
        407 => return Explanation::new(ErrorKind::Auth, "upgrade", Advice::ProxyCredentials),
        _ if refusal.asks_too_long() => (ErrorKind::Connect, "try again after that time"),
        _ if refusal.is_busy() => (ErrorKind::Connect, "the server is busy; it may recover"),
        404 => (ErrorKind::Protocol, "check the path of url"),
        300..=399 => return Explanation::new(ErrorKind::Protocol, "upgrade", Advice::Redirected),
        _ => (ErrorKind::Protocol, "check url: is it a WebSocket endpoint?"),
    };
    Explanation::new(kind, "upgrade", Advice::General(hint))
}
