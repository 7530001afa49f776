//! Each failure in a table: its class, its words, its cause.

mod connecting;
mod ends;

use std::error::Error as _;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use faucet_connect::{DialFailure, ProxyFailure, ProxyFault, Secrets, TlsFailure};
use faucet_core::{Error, ErrorKind};

use crate::connect_failed::{ConnectFailed, Handshake};
use crate::machine::{Class, End, Failure};
use crate::words::Advice;

const URL: &str = "ws://h/?k=***";
const S: fn(u64) -> Duration = Duration::from_secs;

/// The kind and the step of an error, and whether another attempt may help.
type Place = (ErrorKind, &'static str, bool);

/// A failure with its class, the place, its words, and a part of its hint.
type Row<F> = (F, Class, Place, &'static str, &'static str);

/// Checks the rows. `begin` stands in front of the words.
fn check<F: Into<Failure>>(begin: &str, rows: impl IntoIterator<Item = Row<F>>) {
    for (failure, class, place, words, hint) in rows {
        let failure = Arc::new(failure.into());
        assert_eq!(failure.class(), class, "{failure}");
        let error = failure.error(URL);
        assert_eq!(error.to_string(), format!("{begin}{words}"));
        assert_eq!((error.kind(), error.phase().unwrap(), error.is_retryable()), place, "{error}");
        assert_eq!(error.endpoint(), Some(URL), "{error}");
        let given = error.hint().unwrap_or_default();
        assert_eq!(failure.advice().map(|advice| advice.to_string()).unwrap_or_default(), given);
        if let Some(Advice::General(text)) = failure.advice() {
            // `tls.ca_file`, `connect_timeout`, `proxy: none` and so on are of a kind of their own.
            assert!(
                !text.contains('_') && !text.contains("tls.") && !text.contains(": none"),
                "{text}"
            );
        }
        assert!(given.contains(hint) && given.is_empty() == hint.is_empty(), "{error}: {given}");
        let cause = error.source().and_then(|cause| cause.downcast_ref::<Failure>()).unwrap();
        assert!(std::ptr::eq(cause, &raw const *failure), "{error}");
        assert!(words.contains(&cause.to_string()), "the message has all words: {error:#}");
    }
}

fn refused() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionRefused, "Connection refused (os error 111)")
}

fn other() -> io::Error {
    io::Error::other("no route")
}

fn eof() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "early end")
}

#[test]
fn the_error_of_a_plugin_stays_as_it_is() {
    let own = |again| {
        Error::new(ErrorKind::Auth, "the vault is sealed")
            .with_phase("vault")
            .with_hint("unseal it")
            .with_source(other())
            .retryable(again)
    };
    for (failed, class) in [
        (ConnectFailed::Credentials(own(false)), Class::Credentials),
        (ConnectFailed::Credentials(own(true)), Class::Transient),
        (ConnectFailed::from(DialFailure::Other(own(false))), Class::Fatal),
        (ConnectFailed::from(DialFailure::Other(own(true))), Class::Transient),
    ] {
        let again = class == Class::Transient;
        let failure = Arc::new(Failure::from(failed));
        assert_eq!(failure.class(), class);
        let error = failure.error(URL);
        assert_eq!(format!("{error:?}"), format!("{:?}", own(again)));
        assert_eq!(error.is_retryable(), again);
        assert!(error.source().is_some_and(|cause| cause.is::<io::Error>()));
    }
}

#[test]
fn the_causes_lead_to_the_error_of_the_operating_system() {
    let proxy = ProxyFailure::new("http://p:1", ProxyFault::Unreachable(refused()));
    for failure in [
        Failure::from(ConnectFailed::Dns(refused())),
        ConnectFailed::Tcp(refused()).into(),
        ConnectFailed::Broken { during: Handshake::Upgrade, error: refused() }.into(),
        ConnectFailed::Proxy(proxy).into(),
        ConnectFailed::Tls(TlsFailure::NotTls(refused())).into(),
        End::Dropped(Some(refused())).into(),
    ] {
        let error = Arc::new(failure).error(URL);
        let mut causes = std::iter::successors(error.source(), |cause| (*cause).source());
        let io = causes.find_map(|cause| cause.downcast_ref::<io::Error>());
        let kind = io.map(io::Error::kind);
        assert_eq!(kind, Some(io::ErrorKind::ConnectionRefused), "{error}");
    }
}
