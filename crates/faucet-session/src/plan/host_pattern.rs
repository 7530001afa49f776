//! The hosts that a URL from outside may have.

use std::net::IpAddr;

use url::{Host, Url};

/// A host that a URL from outside may have: `host`, `*.host` for its subdomains, with `:port` where the port is
/// not that of the scheme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HostPattern {
    host: String,
    is_subdomains: bool,
    port: Option<u16>,
}

/// Why a URL from outside is refused. `Display` shows the host at most.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UrlRefused {
    /// The text is no URL.
    #[error("is no URL")]
    NotAUrl,
    /// The scheme is another one.
    #[error("has the scheme {0}; wss is needed, or ws for this machine")]
    Scheme(String),
    /// The URL has a user or a password.
    #[error("has a user, which is not allowed")]
    User,
    /// No pattern allows the host and the port.
    #[error("leads to {0}, which url_hosts does not allow")]
    Host(String),
}

impl HostPattern {
    /// Reads a pattern; `None` where the text is none.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (is_subdomains, rest) = match text.strip_prefix("*.") {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (host, port) = match rest.rsplit_once(':') {
            Some((host, port)) if !host.contains(':') || host.ends_with(']') => {
                (host, Some(port.parse().ok().filter(|port| *port > 0)?))
            }
            _ => (rest, None),
        };
        let parsed = Host::parse(host).ok().filter(|_| !host.contains('*'))?;
        let is_name = matches!(parsed, Host::Domain(_));
        (!is_subdomains || is_name).then(|| Self { host: parsed.to_string(), is_subdomains, port })
    }

    fn allows(&self, host: &str, port: u16, default: u16) -> bool {
        let fits = match self.is_subdomains {
            true => host.strip_suffix(&self.host).is_some_and(|front| front.ends_with('.')),
            false => host == self.host,
        };
        fits && port == self.port.unwrap_or(default)
    }
}

/// Whether the host is this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => IpAddr::from(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::from(address).is_loopback(),
        None => false,
    }
}

/// Checks a URL that came from outside.
///
/// # Errors
/// Another scheme, a user, or a host that no pattern allows.
pub(crate) fn check(text: &str, patterns: &[HostPattern]) -> Result<(), UrlRefused> {
    let url = Url::parse(text).map_err(|_| UrlRefused::NotAUrl)?;
    let default = match url.scheme() {
        "wss" => 443,
        "ws" if is_loopback(&url) => 80,
        other => return Err(UrlRefused::Scheme(other.chars().take(10).collect())),
    };
    if !url.username().is_empty() || url.password().is_some() {
        return Err(UrlRefused::User);
    }
    let (host, port) = (url.host_str().unwrap_or_default(), url.port().unwrap_or(default));
    match patterns.iter().any(|pattern| pattern.allows(host, port, default)) {
        true => Ok(()),
        false => Err(UrlRefused::Host(format!("{host}:{port}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_listed_hosts_are_allowed() {
        let patterns: Vec<_> =
            ["*.kucoin.com", "x.example.com:8443", "127.0.0.1:9000", "[::1]:9000"]
                .map(|text| HostPattern::parse(text).unwrap())
                .into();
        for (url, allowed) in [
            ("wss://a.kucoin.com/x?token=1", true),
            ("wss://a.b.kucoin.com", true),
            ("wss://A.KUCOIN.COM:443", true),
            ("wss://kucoin.com", false),
            ("wss://evilkucoin.com", false),
            ("wss://a.kucoin.com.evil.org", false),
            ("wss://a.kucoin.com:8443", false),
            ("ws://a.kucoin.com", false),
            ("https://a.kucoin.com", false),
            ("wss://u:p@a.kucoin.com", false),
            ("wss://a.kucoin.com@evil.org", false),
            ("wss://x.example.com:8443/", true),
            ("wss://x.example.com/", false),
            ("ws://127.0.0.1:9000/", true),
            ("wss://[::1]:9000/", true),
            ("ws://127.0.0.1:9001/", false),
            ("not a url", false),
        ] {
            assert_eq!(
                check(url, &patterns).is_ok(),
                allowed,
                "{url}: {:?}",
                check(url, &patterns)
            );
        }
    }

    #[test]
    fn patterns() {
        for good in ["a.com", "*.a.com", "a.com:80", "[::1]", "10.0.0.1:1", "localhost"] {
            assert!(HostPattern::parse(good).is_some(), "{good}");
        }
        for bad in [
            "",
            "*",
            "*.",
            "a.com:0",
            "a.com:x",
            "https://a.com",
            "a b",
            "*.[::1]",
            "*.10.0.0.1",
            "a.com/",
        ] {
            assert!(HostPattern::parse(bad).is_none(), "{bad}");
        }
    }
}
