//! Advice to the user: what to do about a failure.

use std::fmt;

/// Advice to the user. `Display` names the keys of a pipeline file; a program whose users give the same
/// in other ways, such as options, writes its own words for each kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Advice {
    /// A remedy that needs no key.
    General(&'static str),
    /// A remedy by a key that only a pipeline file has.
    InFile(&'static str),
    /// The server refuses the credentials of the upgrade.
    CheckAuth,
    /// The server refuses, by a Close, what the account may do.
    CheckAccount,
    /// The answer leads to another URL.
    Redirected,
    /// The server chose none of the subprotocols, or one that was not offered.
    CheckSubprotocols {
        /// How many were offered.
        offered: usize,
    },
    /// The server's certificate is signed by itself.
    SelfSigned,
    /// The server's certificate is of an old version.
    OldCertificate,
    /// The server's certificate is not trusted.
    TrustCertificate,
    /// The ends agree on no TLS, or the server wants a certificate of the client.
    CheckTls,
    /// The certificate of the proxy is not trusted.
    TrustProxy,
    /// The proxy refuses the connection.
    ProxyDown,
    /// The proxy cannot be reached.
    ProxyUnreachable,
    /// A proxy on the way wants credentials.
    ProxyCredentials,
    /// Nothing answered the upgrade in time.
    SlowUpgrade,
    /// The proxy did not open the connection in time.
    SlowProxy,
    /// Nothing answered the TLS handshake in time.
    SlowTls,
    /// There was no connection in time.
    SlowNetwork,
    /// The server refused what it was sent.
    CheckMessages,
    /// The server wants an extension.
    WantsExtension,
    /// A compressed message cannot be inflated.
    CannotInflate,
    /// The peer did not answer a Ping in time.
    SlowPong,
    /// Reconnecting is off.
    Reconnect,
    /// A remedy by a reconnect key beside `reconnect`.
    ReconnectKey(&'static str),
}

impl fmt::Display for Advice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::General(text) | Self::InFile(text) | Self::ReconnectKey(text) => text,
            Self::CheckAuth => "check auth: the token, the user, the headers",
            Self::CheckAccount => "check auth and what the account may read",
            Self::Redirected => "redirects are not followed; set url",
            Self::CheckSubprotocols { offered } => {
                return write!(f, "{offered} were offered; check subprotocols");
            }
            Self::SelfSigned => {
                "make it with `openssl req -addext basicConstraints=critical,CA:FALSE`, and give it as \
                 tls.ca_file"
            }
            Self::OldCertificate => {
                "the server needs a certificate of version 3: `openssl x509 -req` makes one with \
                 `-extfile FILE`, where FILE has a line such as subjectAltName=DNS:feed.example; on a \
                 network that you trust, tls.insecure_skip_verify takes it as it is"
            }
            Self::TrustCertificate => {
                "for a private CA give tls.ca_file; for another name tls.server_name"
            }
            Self::CheckTls => {
                "check the TLS version of the server, and whether it wants a client certificate \
                 (tls.client_cert_file, tls.client_key_file)"
            }
            Self::TrustProxy => "give the authority of the proxy's certificate as tls.ca_file",
            Self::ProxyDown => {
                "is the proxy running, and is its port right? proxy: none connects without it"
            }
            Self::ProxyUnreachable => {
                "check the proxy's host, its port and the network; proxy: none connects without it"
            }
            Self::ProxyCredentials => {
                "a proxy on the way wants credentials: give them as the user and password of proxy"
            }
            Self::SlowUpgrade => {
                "the port is open but nothing answered the upgrade: is it a WebSocket server, and does \
                 it want wss://? raise connect_timeout if it is only slow"
            }
            Self::SlowProxy => {
                "the proxy did not open the connection in time: check proxy (or the variable that names \
                 it), or raise connect_timeout"
            }
            Self::SlowTls => {
                "the port is open but nothing answered the TLS handshake: does it want ws://? raise \
                 connect_timeout if it is only slow"
            }
            Self::SlowNetwork => {
                "check the host, the network and the firewall, or raise connect_timeout"
            }
            Self::CheckMessages => {
                "the server refused what it was sent: check the messages that are sent \
                 (subscribe_messages of a source, connect_messages and the records of a sink)"
            }
            Self::WantsExtension => "the server wants an extension: try compression: deflate",
            Self::CannotInflate => {
                "the server or a proxy violates RFC 7692; report this to its operator, or set \
                 compression: none"
            }
            Self::SlowPong => "raise pong_timeout if the peer is only slow",
            Self::Reconnect => "set reconnect: true to reconnect after such ends",
        })
    }
}
