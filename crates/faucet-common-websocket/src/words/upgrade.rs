//! The words for answers to the upgrade that are no proper ones.

use faucet_core::ErrorKind;

use crate::refusal::Refusal;
use crate::upgrade_failed::UpgradeFailed;
use crate::words::explanation::Explanation;

pub(super) fn explanation(failed: &UpgradeFailed) -> Explanation {
    let hint = match failed {
        UpgradeFailed::SpeaksTls => "the endpoint speaks TLS, use wss://".to_owned(),
        UpgradeFailed::NotHttp(_) => {
            "check the port: something else than a WebSocket server answered".to_owned()
        }
        UpgradeFailed::TooLong | UpgradeFailed::TooManyHeaders => {
            "the limit is fixed: the server or a proxy must answer with fewer headers".to_owned()
        }
        UpgradeFailed::Malformed(_)
        | UpgradeFailed::OldHttp
        | UpgradeFailed::NoUpgrade
        | UpgradeFailed::NoConnection
        | UpgradeFailed::NoAccept
        | UpgradeFailed::WrongAccept
        | UpgradeFailed::Repeated(_)
        | UpgradeFailed::Extensions(_) => "the server's upgrade is not RFC 6455".to_owned(),
        UpgradeFailed::Subprotocol { offered, .. } => {
            format!("{offered} were offered; check subprotocols")
        }
        UpgradeFailed::Refused(refusal) => return refused(refusal),
    };
    Explanation::new(ErrorKind::Protocol, "upgrade", hint)
}

fn refused(refusal: &Refusal) -> Explanation {
    let (kind, hint) = match refusal.status {
        401 => (ErrorKind::Auth, "check auth: the token, the user, the headers"),
        403 => (
            ErrorKind::Auth,
            "the server does not let this client in: check the path of url, what the account may \
             do, and the headers that it wants (Origin, User-Agent, Host)",
        ),
        407 => (
            ErrorKind::Auth,
            "a proxy on the way wants credentials: give them as the user and password of proxy",
        ),
        _ if refusal.asks_too_long() => (ErrorKind::Connect, "try again after that time"),
        _ if refusal.is_busy() => (ErrorKind::Connect, "the server is busy; it may recover"),
        404 => (ErrorKind::Protocol, "check the path of url"),
        300..=399 => (ErrorKind::Protocol, "redirects are not followed; set url"),
        _ => (ErrorKind::Protocol, "check url: is it a WebSocket endpoint?"),
    };
    Explanation::new(kind, "upgrade", hint)
}
