//! The words for an attempt to connect that failed.

use std::io;

use faucet_connect::{CertificateFault, TlsFailure};
use faucet_core::{Error, ErrorKind};
use faucet_session::keys::CloseAction;

use crate::connect_failed::{ConnectFailed, Handshake};
use crate::machine::Class;
use crate::words::advice::Advice;
use crate::words::explanation::Explanation;
use crate::words::{proxy, session, upgrade};

/// The error about the endpoint `url`, without its cause.
///
/// # Errors
/// The error that a provider or a dialer has made itself: it stands for itself.
pub(super) fn error<'a>(failed: &'a ConnectFailed, url: &str) -> Result<Error, &'a Error> {
    let message = match failed {
        ConnectFailed::TimedOut { .. } => format!("Connection to WebSocket {url} {failed}"),
        _ => format!("Failed to connect to WebSocket {url}: {failed}"),
    };
    let error = explanation(failed)?.error(url, message);
    Ok(error.retryable(failed.verdict().class == Class::Transient))
}

pub(super) fn explanation(failed: &ConnectFailed) -> Result<Explanation, &Error> {
    Ok(match failed {
        ConnectFailed::Credentials(own) | ConnectFailed::Dialer(own) => return Err(own),
        ConnectFailed::Dns(_) => {
            let hint = "check the host name and the DNS configuration";
            Explanation::new(ErrorKind::Connect, "dns", Advice::General(hint))
        }
        ConnectFailed::Tcp(error) => {
            Explanation::new(ErrorKind::Connect, "tcp", hint_of_network(error))
        }
        ConnectFailed::Proxy(failure) => proxy::explanation(&failure.fault),
        ConnectFailed::Broken { during, error } => broken(*during, error),
        ConnectFailed::Tls(failure) => {
            Explanation::new(ErrorKind::Tls, "tls", hint_of_tls(failure))
        }
        ConnectFailed::Upgrade(failed) => upgrade::explanation(failed),
        ConnectFailed::Ruled(answer) if answer.action == CloseAction::Refuse => {
            let hint = "check the credentials; close_rules says that this answer refuses them";
            Explanation::new(ErrorKind::Auth, "upgrade", Advice::InFile(hint))
        }
        ConnectFailed::Ruled(answer) => upgrade::explanation(&answer.failed),
        ConnectFailed::Dialing(failed) => session::of_dialing(failed),
        ConnectFailed::Url(_) | ConnectFailed::NoUrl => {
            let hint = "check url and url_from";
            Explanation::new(ErrorKind::Config, "before_connect", Advice::InFile(hint))
        }
        ConnectFailed::TimedOut { phase, .. } => {
            Explanation::new(ErrorKind::Timeout, phase, hint_of_timeout(phase))
        }
        ConnectFailed::Panicked(_) => {
            let hint =
                "this is a fault of the dialer or the auth provider; report it to its author";
            Explanation::new(ErrorKind::Panic, "connect", Advice::General(hint))
        }
    })
}

fn hint_of_network(error: &io::Error) -> Advice {
    Advice::General(match error.kind() {
        io::ErrorKind::ConnectionRefused => "is the server running, and is the port right?",
        _ => "check the host, the port and the network",
    })
}

fn broken(during: Handshake, error: &io::Error) -> Explanation {
    use io::ErrorKind::{BrokenPipe, ConnectionReset, UnexpectedEof};
    let phase = match during {
        Handshake::Tls => "tls",
        Handshake::Upgrade => "upgrade",
    };
    let hint = match (error.kind(), during) {
        (UnexpectedEof | ConnectionReset | BrokenPipe, Handshake::Tls) => {
            Advice::General("the server hung up: does the port speak TLS, or does it want ws://?")
        }
        (UnexpectedEof | ConnectionReset | BrokenPipe, Handshake::Upgrade) => {
            Advice::General("the server hung up: does the port speak WebSocket, or want wss://?")
        }
        _ => hint_of_network(error),
    };
    Explanation::new(ErrorKind::Connect, phase, hint)
}

fn hint_of_tls(failure: &TlsFailure) -> Advice {
    match failure {
        TlsFailure::Certificate { fault: CertificateFault::SelfSigned, .. } => Advice::SelfSigned,
        TlsFailure::Certificate { fault: CertificateFault::VersionOne, .. } => {
            Advice::OldCertificate
        }
        TlsFailure::Certificate { .. } => Advice::TrustCertificate,
        TlsFailure::NotTls(_) => Advice::General("the endpoint speaks plain text, use ws://"),
        _ => Advice::CheckTls,
    }
}

fn hint_of_timeout(phase: &str) -> Advice {
    match phase {
        "upgrade" => Advice::SlowUpgrade,
        "proxy" => Advice::SlowProxy,
        "tls" => Advice::SlowTls,
        _ => Advice::SlowNetwork,
    }
}
