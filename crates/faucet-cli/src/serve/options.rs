//! The options of the server on the command line.

use std::env;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;

use faucet_core::{Error, ErrorKind, Result};

use crate::serve::board::Board;
use crate::serve::gate::{Gate, Token};
use crate::serve::server::{Bound, Server};

/// The variable that may have the token.
const VARIABLE: &str = "FAUCET_SERVE_TOKEN";

/// A server that is about to begin: its socket is bound.
#[derive(Debug)]
pub(crate) struct Options {
    bound: Bound,
    gate: Gate,
}

/// Reads the address of `--serve`: `HOST:PORT` with an IP address or `localhost`, or a port of this
/// machine alone.
pub(crate) fn address(text: &str) -> std::result::Result<SocketAddr, String> {
    let loopback = |port: &str| {
        let port = port.parse().ok()?;
        Some(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port))
    };
    let local = text.strip_prefix("localhost:").or_else(|| text.strip_prefix(':'));
    let found = text.parse().ok().or_else(|| loopback(local.unwrap_or(text)));
    found.ok_or_else(|| "write it as 127.0.0.1:9100, or a port alone".to_owned())
}

impl Options {
    /// Binds the socket and reads the token.
    ///
    /// # Errors
    /// The address is taken, or there is no token where one is to be.
    pub(crate) fn new(address: SocketAddr, token_file: Option<&Path>) -> Result<Self> {
        let gate = Gate { token: token(token_file)? };
        let bound = Bound::new(address).map_err(|e| {
            Error::new(ErrorKind::Config, format!("--serve {address}: cannot listen"))
                .with_hint("name another port, or end the process that has this one")
                .with_source(e)
        })?;
        Ok(Self { bound, gate })
    }

    /// Begins to answer, and says where.
    ///
    /// # Errors
    /// The system has no thread for it.
    pub(crate) fn begin(self, board: Board) -> Result<Server> {
        let address = self.bound.address;
        let is_guarded = self.gate.token.is_some();
        let failed = |e| Error::new(ErrorKind::Other, "--serve").with_source(e);
        let pipeline = board.name().to_owned();
        let server = self.bound.serve(board, self.gate).map_err(failed)?;
        tracing::info!(pipeline, %address, "serving http://{address}/");
        if !is_guarded && !address.ip().is_loopback() {
            tracing::warn!(
                "--serve {address}: other machines can read it; --serve-token-file asks them for a token"
            );
        }
        Ok(server)
    }
}

fn token(file: Option<&Path>) -> Result<Option<Token>> {
    let (name, text) = match file {
        Some(file) => {
            let name = format!("--serve-token-file {}", file.display());
            let text = fs::read_to_string(file)
                .map_err(|e| Error::usage(format!("{name}: cannot be read")).with_source(e))?;
            (name, text)
        }
        None => match env::var(VARIABLE) {
            Ok(text) => (VARIABLE.to_owned(), text),
            Err(env::VarError::NotPresent) => return Ok(None),
            Err(env::VarError::NotUnicode(_)) => (VARIABLE.to_owned(), String::new()),
        },
    };
    let wrong = || Error::usage(format!("{name}: a token is one word of visible ASCII characters"));
    Token::new(&text).map(Some).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_without_a_host_is_this_machine_alone() {
        for (text, expected) in [
            ("127.0.0.1:9100", Some("127.0.0.1:9100")),
            ("0.0.0.0:9100", Some("0.0.0.0:9100")),
            ("[::1]:0", Some("[::1]:0")),
            ("localhost:9100", Some("127.0.0.1:9100")),
            (":9100", Some("127.0.0.1:9100")),
            ("9100", Some("127.0.0.1:9100")),
            ("feed.example:9100", None),
            ("127.0.0.1", None),
            ("99999", None),
            ("", None),
        ] {
            let found = address(text).ok().map(|address| address.to_string());
            assert_eq!(found.as_deref(), expected, "{text}");
        }
    }
}
