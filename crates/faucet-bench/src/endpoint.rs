//! Where a server of the bench listens.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// A path of a server of the bench.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Endpoint {
    pub(crate) address: SocketAddr,
    pub(crate) path: String,
    /// The certificate authority of a server that speaks TLS.
    pub(crate) ca_file: Option<PathBuf>,
}

impl Endpoint {
    pub(crate) fn url(&self) -> String {
        let scheme = if self.ca_file.is_some() { "wss" } else { "ws" };
        format!("{scheme}://{}{}", self.address, self.path)
    }
}

/// Where a server listens, as its process prints it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Listening {
    pub(crate) plain: SocketAddr,
    /// The port for TLS and the certificate authority behind it, of servers that have one.
    pub(crate) tls: Option<(SocketAddr, PathBuf)>,
}

impl Listening {
    /// A path of the server; with TLS if it is asked for and there.
    pub(crate) fn at(&self, path: String, tls: bool) -> Endpoint {
        match &self.tls {
            Some((address, ca_file)) if tls => {
                Endpoint { address: *address, path, ca_file: Some(ca_file.clone()) }
            }
            _ => Endpoint { address: self.plain, path, ca_file: None },
        }
    }
}
