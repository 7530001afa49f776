//! URLs of proxies.

use std::fmt;

use faucet_core::Secret;
use percent_encoding::percent_decode_str;
use url::Url;

use crate::secret_fault::{SecretFault, SecretUse, check_secret};

/// The longest user and password of SOCKS5 (RFC 1929 §2).
const LONGEST_SOCKS_SECRET: usize = 255;

/// The protocol of a proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProxyScheme {
    /// HTTP CONNECT.
    Http,
    /// HTTP CONNECT over TLS.
    Https,
    /// SOCKS5 with the address of the far end, which is looked up here.
    Socks5,
    /// SOCKS5 with the name of the far end, which the proxy looks up.
    Socks5h,
}

impl ProxyScheme {
    const ALL: [Self; 4] = [Self::Http, Self::Https, Self::Socks5, Self::Socks5h];

    /// The scheme as URLs have it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
            Self::Socks5 => "socks5",
            Self::Socks5h => "socks5h",
        }
    }

    /// The port of a URL that names none.
    pub const fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
            Self::Socks5 | Self::Socks5h => 1080,
        }
    }

    fn is_socks(self) -> bool {
        matches!(self, Self::Socks5 | Self::Socks5h)
    }
}

/// Why text is not the URL of a proxy. `Display` does not repeat the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProxyUrlFault {
    /// Another scheme, or none.
    #[error("must start with http://, https://, socks5:// or socks5h://")]
    Scheme,
    /// A character that no URL has.
    #[error("must not contain spaces or control characters")]
    Character,
    /// No host or port that could be understood.
    #[error("must be scheme://host:port or scheme://user:password@host:port")]
    Shape,
    /// A user that cannot be sent.
    #[error("has a user that {0}")]
    User(SecretFault),
    /// A password that cannot be sent.
    #[error("has a password that {0}")]
    Password(SecretFault),
    /// A user or password that SOCKS5 cannot carry.
    #[error("must have a user and a password of 1 to 255 bytes for SOCKS5, or none")]
    SocksSecret,
}

impl ProxyUrlFault {
    /// The remedy, where the words of the fault do not say it.
    pub const fn advice(self) -> Option<&'static str> {
        match self {
            Self::User(fault) | Self::Password(fault) => Some(fault.advice()),
            Self::Scheme | Self::Character | Self::Shape | Self::SocksSecret => None,
        }
    }
}

/// A user and a password.
#[derive(Clone)]
pub(crate) struct ProxyUser {
    pub(crate) name: String,
    pub(crate) password: Secret,
}

/// The URL of a proxy. `Display` and `Debug` show no user info.
#[derive(Clone)]
pub struct ProxyUrl {
    scheme: ProxyScheme,
    /// A name or an IP address, an IPv6 address without brackets.
    host: String,
    port: u16,
    user: Option<ProxyUser>,
}

impl ProxyUrl {
    /// Reads `scheme://user:password@host:port`; user info and port may be left out.
    ///
    /// # Errors
    /// The first fault.
    pub fn parse(text: &str) -> Result<Self, ProxyUrlFault> {
        let (scheme, _) = text.split_once("://").ok_or(ProxyUrlFault::Scheme)?;
        let known = ProxyScheme::ALL.into_iter();
        let scheme = known.into_iter().find(|known| known.as_str().eq_ignore_ascii_case(scheme));
        let scheme = scheme.ok_or(ProxyUrlFault::Scheme)?;
        if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(ProxyUrlFault::Character);
        }
        let url = Url::parse(text).map_err(|_| ProxyUrlFault::Shape)?;
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let more =
            !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some();
        if host.is_empty() || more || url.port() == Some(0) {
            return Err(ProxyUrlFault::Shape);
        }
        let port = url.port().unwrap_or(scheme.default_port());
        Ok(Self { scheme, host, port, user: user_of(&url, scheme)? })
    }

    /// The protocol.
    pub fn scheme(&self) -> ProxyScheme {
        self.scheme
    }

    /// The host, an IPv6 address without its brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn user(&self) -> Option<&ProxyUser> {
        self.user.as_ref()
    }
}

fn user_of(url: &Url, scheme: ProxyScheme) -> Result<Option<ProxyUser>, ProxyUrlFault> {
    let decode = |text| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let (name, password) = (decode(url.username()), decode(url.password().unwrap_or_default()));
    if name.is_empty() && password.is_empty() {
        return Ok(None);
    }
    let carried = |text: &str| (1..=LONGEST_SOCKS_SECRET).contains(&text.len());
    if scheme.is_socks() && !(carried(&name) && carried(&password)) {
        return Err(ProxyUrlFault::SocksSecret);
    }
    // SOCKS5 has a place of its own for the password, so that a user may have a colon.
    let place = if scheme.is_socks() { SecretUse::BasicPassword } else { SecretUse::BasicUser };
    check_secret(place, &name).map_err(ProxyUrlFault::User)?;
    check_secret(SecretUse::BasicPassword, &password).map_err(ProxyUrlFault::Password)?;
    Ok(Some(ProxyUser { name, password: password.into() }))
}

impl fmt::Display for ProxyUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { scheme, host, port, .. } = self;
        match host.contains(':') {
            true => write!(f, "{}://[{host}]:{port}", scheme.as_str()),
            false => write!(f, "{}://{host}:{port}", scheme.as_str()),
        }
    }
}

impl fmt::Debug for ProxyUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_read_and_shown_without_their_secrets() {
        for (text, shown, user) in [
            ("http://proxy:3128", "http://proxy:3128", None),
            ("HTTP://proxy/", "http://proxy:80", None),
            ("https://u:s3cret@proxy", "https://proxy:443", Some(("u", "s3cret"))),
            ("http://u@proxy:1", "http://proxy:1", Some(("u", ""))),
            ("socks5://[::1]", "socks5://[::1]:1080", None),
            (
                "socks5h://a%3Ab:s3%20cret@10.0.0.1:9050",
                "socks5h://10.0.0.1:9050",
                Some(("a:b", "s3 cret")),
            ),
        ] {
            let url = ProxyUrl::parse(text).unwrap();
            assert_eq!((url.to_string(), format!("{url:?}")), (shown.into(), shown.into()));
            let found = url.user().map(|user| (user.name.as_str(), user.password.expose()));
            assert_eq!(found, user, "{text}");
        }
    }

    #[test]
    fn what_is_no_url_of_a_proxy_is_refused() {
        use ProxyUrlFault::{Character, Password, Scheme, Shape, SocksSecret, User};
        let long = format!("socks5://u:{}@proxy", "x".repeat(256));
        for (text, fault) in [
            ("", Scheme),
            ("proxy:3128", Scheme),
            ("socks4://proxy", Scheme),
            ("http://pro xy", Character),
            ("http://proxy\n", Character),
            ("http://", Shape),
            ("http://proxy:0", Shape),
            ("http://proxy:99999", Shape),
            ("http://proxy/path", Shape),
            ("http://proxy?x", Shape),
            ("http://u:p%0A@proxy", Password(SecretFault::LineBreak)),
            ("http://u%0d:p@proxy", User(SecretFault::LineBreak)),
            ("http://a%3Ab:p@proxy", User(SecretFault::Colon)),
            ("socks5://u:p%0A@proxy", Password(SecretFault::LineBreak)),
            ("socks5://u@proxy", SocksSecret),
            (long.as_str(), SocksSecret),
        ] {
            assert_eq!(ProxyUrl::parse(text).err(), Some(fault), "{text}");
        }
    }
}
