//! Errors of the commands that listen.

use std::io;
use std::net::SocketAddr;

use faucet_core::{Error, ErrorKind};

/// The error of a server that cannot listen on `address`.
pub(crate) fn cannot_listen(address: SocketAddr) -> impl Fn(io::Error) -> Error + Copy {
    move |error| {
        Error::new(ErrorKind::Connect, format!("cannot listen on {address}"))
            .with_source(error)
            .with_hint("choose another address with --listen; port 0 takes a free one")
    }
}
