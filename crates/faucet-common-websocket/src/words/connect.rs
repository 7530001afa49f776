//! The words for an attempt to connect that failed.

use std::io;

use faucet_connect::{CertificateFault, TlsFailure};
use faucet_core::{Error, ErrorKind};
use faucet_session::keys::CloseAction;

use crate::connect_failed::{ConnectFailed, Handshake};
use crate::machine::Class;
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

fn explanation(failed: &ConnectFailed) -> Result<Explanation, &Error> {
    Ok(match failed {
        ConnectFailed::Credentials(own) | ConnectFailed::Dialer(own) => return Err(own),
        ConnectFailed::Dns(_) => {
            let hint = "check the host name and the DNS configuration";
            Explanation::new(ErrorKind::Connect, "dns", hint)
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
            Explanation::new(ErrorKind::Auth, "upgrade", hint)
        }
        ConnectFailed::Ruled(answer) => upgrade::explanation(&answer.failed),
        ConnectFailed::Dialing(failed) => session::of_dialing(failed),
        ConnectFailed::Url(_) | ConnectFailed::NoUrl => {
            Explanation::new(ErrorKind::Config, "before_connect", "check url and url_from")
        }
        ConnectFailed::TimedOut { phase, .. } => {
            Explanation::new(ErrorKind::Timeout, phase, hint_of_timeout(phase))
        }
        ConnectFailed::Panicked(_) => {
            let hint =
                "this is a fault of the dialer or the auth provider; report it to its author";
            Explanation::new(ErrorKind::Panic, "connect", hint)
        }
    })
}

fn hint_of_network(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "is the server running, and is the port right?",
        _ => "check the host, the port and the network",
    }
}

fn broken(during: Handshake, error: &io::Error) -> Explanation {
    use io::ErrorKind::{BrokenPipe, ConnectionReset, UnexpectedEof};
    let phase = match during {
        Handshake::Tls => "tls",
        Handshake::Upgrade => "upgrade",
    };
    let hint = match (error.kind(), during) {
        (UnexpectedEof | ConnectionReset | BrokenPipe, Handshake::Tls) => {
            "the server hung up: does the port speak TLS, or does it want ws://?"
        }
        (UnexpectedEof | ConnectionReset | BrokenPipe, Handshake::Upgrade) => {
            "the server hung up: does the port speak WebSocket, or want wss://?"
        }
        _ => hint_of_network(error),
    };
    Explanation::new(ErrorKind::Connect, phase, hint)
}

fn hint_of_tls(failure: &TlsFailure) -> &'static str {
    match failure {
        TlsFailure::Certificate { fault: CertificateFault::SelfSigned, .. } => {
            "make it with `openssl req -addext basicConstraints=critical,CA:FALSE`, and give it as \
             tls.ca_file"
        }
        TlsFailure::Certificate { fault: CertificateFault::VersionOne, .. } => {
            "the server needs a certificate of version 3: `openssl x509 -req` makes one with \
             `-extfile FILE`, where FILE has a line such as subjectAltName=DNS:feed.example; on a \
             network that you trust, tls.insecure_skip_verify takes it as it is"
        }
        TlsFailure::Certificate { .. } => {
            "for a private CA give tls.ca_file; for another name tls.server_name"
        }
        TlsFailure::NotTls(_) => "the endpoint speaks plain text, use ws://",
        _ => {
            "check the TLS version of the server, and whether it wants a client certificate \
             (tls.client_cert_file, tls.client_key_file)"
        }
    }
}

fn hint_of_timeout(phase: &str) -> &'static str {
    match phase {
        "upgrade" => {
            "the port is open but nothing answered the upgrade: is it a WebSocket server, and does \
             it want wss://? raise connect_timeout if it is only slow"
        }
        "proxy" => {
            "the proxy did not open the connection in time: check proxy (or the variable that names \
             it), or raise connect_timeout"
        }
        "tls" => {
            "the port is open but nothing answered the TLS handshake: does it want ws://? raise \
             connect_timeout if it is only slow"
        }
        _ => "check the host, the network and the firewall, or raise connect_timeout",
    }
}
