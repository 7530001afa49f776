//! A connection through a SOCKS5 proxy (RFC 1928, RFC 1929).

use tokio_socks::tcp::Socks5Stream;
use tokio_socks::{Error, TargetAddr};

use crate::io::Io;
use crate::proxy::failure::{ProxyFault, SocksRefusal};
use crate::proxy::url::ProxyUser;

/// Asks the proxy behind `io` for a connection to `to`. The caller bounds the time.
pub(crate) async fn open(
    io: Box<dyn Io>,
    to: TargetAddr<'_>,
    user: Option<&ProxyUser>,
) -> Result<Box<dyn Io>, ProxyFault> {
    let stream = match user {
        None => Socks5Stream::connect_with_socket(io, to).await,
        Some(ProxyUser { name, password }) => {
            Socks5Stream::connect_with_password_and_socket(io, to, name, password.expose()).await
        }
    };
    stream.map(Socks5Stream::into_inner).map_err(fault)
}

fn fault(error: Error) -> ProxyFault {
    use SocksRefusal as Refusal;
    let refusal = match error {
        Error::Io(error) => return ProxyFault::Lost(error),
        Error::NoAcceptableAuthMethods
        | Error::PasswordAuthFailure(_)
        | Error::AuthorizationRequired => return ProxyFault::Credentials,
        Error::GeneralSocksServerFailure => Refusal::General,
        Error::ConnectionNotAllowedByRuleset => Refusal::NotAllowed,
        Error::NetworkUnreachable => Refusal::NetworkUnreachable,
        Error::HostUnreachable => Refusal::HostUnreachable,
        Error::ConnectionRefused => Refusal::ConnectionRefused,
        Error::TtlExpired => Refusal::Expired,
        Error::AddressTypeNotSupported => Refusal::AddressType,
        Error::CommandNotSupported => Refusal::Command,
        _ => return ProxyFault::NotAProxy,
    };
    ProxyFault::Socks(refusal)
}
