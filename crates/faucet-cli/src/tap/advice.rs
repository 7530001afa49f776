//! Errors of a tap, with advice that names its options.

use std::sync::Arc;

use faucet_common_websocket::{Advice, End, Failure, GaveUp, NoAttempt, RunFailed};
use faucet_core::Error;

/// The error of a connection that failed or ended.
pub(crate) fn of_failure(failure: &Arc<Failure>, url: &str) -> Error {
    advised(plain(failure, url), failure.advice())
}

/// The error of a tap that no attempt follows.
pub(crate) fn of_run(failed: &RunFailed, url: &str) -> Error {
    let error = match failed {
        RunFailed::After { failure, why: NoAttempt::NoProgress { times, within, .. }, .. } => {
            let error = plain(failure, url);
            let times = format!("; {times} such ends within {within:?} without a message between");
            let what = error.to_string() + &times;
            error.with_message(what)
        }
        RunFailed::After { failure, .. } => plain(failure, url),
        _ => failed.error(url),
    };
    advised(error, failed.advice())
}

/// The error as it is for a pipeline, with the words for what a tap sets itself.
fn plain(failure: &Arc<Failure>, url: &str) -> Error {
    let error = failure.error(url);
    match &**failure {
        Failure::End(End::GaveUp(GaveUp::NoPong(limit))) => {
            error.with_message(format!("WebSocket {url}: no Pong for {limit:?}"))
        }
        _ => error,
    }
}

fn advised(error: Error, advice: impl IntoIterator<Item = Advice>) -> Error {
    let words: Vec<String> = advice.into_iter().filter_map(words).collect();
    let error = error.without_hint();
    if words.is_empty() { error } else { error.with_hint(words.join("; ")) }
}

/// Advice in the words of the command line. `None`: a tap has no such remedy.
fn words(advice: Advice) -> Option<String> {
    let text = match advice {
        Advice::General(text) => text,
        Advice::InFile(_) | Advice::ReconnectKey(_) => return None,
        Advice::CheckAuth => "check --auth, --header and the URL: the token, the user, the headers",
        Advice::CheckAccount => "check the credentials and what the account may read",
        Advice::Redirected => "redirects are not followed; tap the URL that the answer names",
        Advice::CheckSubprotocols { offered: 0 } => {
            "none was offered: name that of the server with --subprotocol"
        }
        Advice::CheckSubprotocols { offered } => {
            return Some(format!("{offered} were offered; check --subprotocol"));
        }
        Advice::SelfSigned => {
            "make it with `openssl req -addext basicConstraints=critical,CA:FALSE`, and give it as \
             --ca; on a network that you trust, --insecure takes it as it is"
        }
        Advice::OldCertificate => {
            "the server needs a certificate of version 3; on a network that you trust, --insecure \
             takes this one as it is"
        }
        Advice::TrustCertificate => {
            "for a private CA give --ca; on a network that you trust, --insecure takes any certificate"
        }
        Advice::CheckTls => {
            "check the TLS version of the server, and whether it wants a client certificate (--cert, \
             --key)"
        }
        Advice::TrustProxy => "give the authority of the proxy's certificate as --ca",
        Advice::ProxyDown => {
            "is the proxy running, and is its port right? --proxy none connects without it"
        }
        Advice::ProxyUnreachable => {
            "check the proxy's host, its port and the network; --proxy none connects without it"
        }
        Advice::ProxyCredentials => {
            "a proxy on the way wants credentials: give them as the user and password of --proxy"
        }
        Advice::SlowUpgrade => {
            "the port is open but nothing answered the upgrade: is it a WebSocket server, and does \
             it want wss://?"
        }
        Advice::SlowProxy => {
            "the proxy did not open the connection in time: check --proxy, or the variable that \
             names it"
        }
        Advice::SlowTls => {
            "the port is open but nothing answered the TLS handshake: does it want ws://?"
        }
        Advice::SlowNetwork => "check the host, the network and the firewall",
        Advice::CheckMessages => {
            "the server refused what it was sent: check --subscribe, --execute and stdin"
        }
        Advice::WantsExtension => "the server wants an extension: try --deflate",
        Advice::CannotInflate => {
            "the server or a proxy violates RFC 7692; report this to its operator, or leave out \
             --deflate"
        }
        Advice::SlowPong => "give --ping a longer time if the peer is only slow",
        Advice::Reconnect => "--reconnect connects again after such ends",
    };
    Some(text.to_owned())
}

#[cfg(test)]
mod tests;
