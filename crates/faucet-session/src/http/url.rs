//! URLs of HTTP calls.

use std::fmt;

use ::url::{Host, ParseError, Url};
use http::{HeaderValue, Uri};

/// The longest URL, in bytes.
const LONGEST: usize = 8192;

/// A checked URL of an HTTP call: `https`, or `http` to this machine; without user info and fragment.
/// `Debug` shows neither path nor query.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpUrl {
    url: Url,
    /// Path and query, as the request line has them.
    resource: Uri,
    host_header: HeaderValue,
}

/// Why a text is no URL of an HTTP call. `Display` does not repeat the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HttpUrlFault {
    /// The text is longer than 8192 bytes.
    #[error("is longer than 8192 bytes")]
    TooLong,
    /// There is a blank or a control character.
    #[error("has a blank or a control character")]
    Character,
    /// The scheme is another one.
    #[error("does not begin with https://")]
    Scheme,
    /// The scheme is `http`, and the host is not this machine.
    #[error("begins with http://, which is allowed for this machine only")]
    Plain,
    /// There is a user or a password, which would stand in logs of others.
    #[error("has a user or a password in front of its host")]
    UserInfo,
    /// There is a fragment, which is never sent.
    #[error("has a fragment (#)")]
    Fragment,
    /// There is no host.
    #[error("names no host")]
    Host,
    /// The port is 0.
    #[error("has port 0")]
    Port,
    /// The text is no URL.
    #[error("is not valid: {0}")]
    Invalid(ParseError),
    /// Path or query have a character that a request line cannot carry.
    #[error("has a path or query that a request cannot carry")]
    Resource,
}

impl HttpUrlFault {
    /// The remedy.
    pub const fn advice(self) -> &'static str {
        match self {
            Self::TooLong => "shorten the URL, or send the data in the body",
            Self::Character | Self::Resource => "percent-encode the character",
            Self::Scheme | Self::Plain => "write `https://`",
            Self::UserInfo => "give the credentials in a header",
            Self::Fragment => "leave the fragment out, or write `%23` for a `#` that is meant",
            Self::Host | Self::Invalid(_) => "write a URL such as https://api.example.com/token",
            Self::Port => "write the port as a number from 1 to 65535, or leave it out",
        }
    }
}

impl HttpUrl {
    /// Checks a URL.
    ///
    /// # Errors
    /// The first fault.
    pub fn parse(text: &str) -> Result<Self, HttpUrlFault> {
        if text.len() > LONGEST {
            return Err(HttpUrlFault::TooLong);
        }
        // The parser would drop tabs and line breaks.
        if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(HttpUrlFault::Character);
        }
        let (scheme, rest) = text.split_once("://").ok_or(HttpUrlFault::Scheme)?;
        if !["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) {
            return Err(HttpUrlFault::Scheme);
        }
        // The parser would skip any number of slashes, also backward ones, and take what follows for
        // the host.
        if rest.starts_with(['/', '\\']) {
            return Err(HttpUrlFault::Host);
        }
        if text.contains('#') {
            return Err(HttpUrlFault::Fragment);
        }
        Self::check(Url::parse(text).map_err(HttpUrlFault::Invalid)?)
    }

    fn check(url: Url) -> Result<Self, HttpUrlFault> {
        let is_local = match url.host() {
            None => return Err(HttpUrlFault::Host),
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.to_canonical().is_loopback(),
            // RFC 6761 §6.3.
            Some(Host::Domain(name)) => {
                let name = name.trim_end_matches('.');
                name == "localhost" || name.ends_with(".localhost")
            }
        };
        match url.scheme() {
            "https" => {}
            "http" if is_local => {}
            "http" => return Err(HttpUrlFault::Plain),
            _ => return Err(HttpUrlFault::Scheme),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(HttpUrlFault::UserInfo);
        }
        if url.port() == Some(0) {
            return Err(HttpUrlFault::Port);
        }
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        let resource = format!("{}{query}", url.path());
        let resource = Uri::try_from(resource).map_err(|_| HttpUrlFault::Resource)?;
        let host = url.host_str().unwrap_or_default();
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        let host_header =
            HeaderValue::try_from(format!("{host}{port}")).map_err(|_| HttpUrlFault::Host)?;
        Ok(Self { url, resource, host_header })
    }

    /// The URL that `reference`, the value of a `Location` header, names from here. Its fragment is
    /// left out.
    ///
    /// # Errors
    /// The fault of the reference or of the URL that it names.
    pub(super) fn join(&self, reference: &str) -> Result<Self, HttpUrlFault> {
        let mut url = self.url.join(reference).map_err(HttpUrlFault::Invalid)?;
        url.set_fragment(None);
        Self::check(url)
    }

    /// Scheme, host and port of the URL that `reference` names from here, whatever its scheme.
    pub(super) fn origin_of(&self, reference: &str) -> Option<String> {
        self.url.join(reference).ok().map(|url| origin(&url))
    }

    /// Whether TLS is spoken.
    pub fn is_tls(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// The host, an IPv6 address without its brackets.
    pub fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default().trim_matches(['[', ']'])
    }

    /// The port, the scheme's own if none is given.
    pub fn port(&self) -> u16 {
        self.url.port_or_known_default().unwrap_or(443)
    }

    /// Scheme, host, and the port where it is not the scheme's own, such as
    /// `https://api.example.com:8443`.
    pub fn origin(&self) -> String {
        origin(&self.url)
    }

    /// The URL with its query values replaced by `***`. The path is shown: it may hold a secret that
    /// was filled in.
    pub fn redacted(&self) -> String {
        let Some(query) = self.url.query() else {
            return format!("{}{}", self.origin(), self.url.path());
        };
        let pairs: Vec<String> = query
            .split('&')
            .map(|pair| match pair.split_once('=') {
                Some((name, _)) => format!("{name}=***"),
                None if pair.is_empty() => String::new(),
                None => "***".to_owned(),
            })
            .collect();
        format!("{}{}?{}", self.origin(), self.url.path(), pairs.join("&"))
    }

    /// The value of the `Host` header: the port only where it is not the scheme's.
    pub(super) fn host_header(&self) -> &HeaderValue {
        &self.host_header
    }

    /// Path and query.
    pub(super) fn resource(&self) -> &Uri {
        &self.resource
    }
}

fn origin(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}://{host}{port}", url.scheme())
}

impl fmt::Debug for HttpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/…", self.origin())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_urls() {
        for (text, host, port, header, resource, redacted) in [
            ("https://h", "h", 443, "h", "/", "https://h/"),
            ("HTTPS://H:443/a?b=s3cret", "h", 443, "h", "/a?b=s3cret", "https://h/a?b=***"),
            (
                "https://h:8443/a%2Fb/?x&y=s3cret&=&&z=",
                "h",
                8443,
                "h:8443",
                "/a%2Fb/?x&y=s3cret&=&&z=",
                "https://h:8443/a%2Fb/?***&y=***&=***&&z=***",
            ),
            ("http://127.0.0.1:80/", "127.0.0.1", 80, "127.0.0.1", "/", "http://127.0.0.1/"),
            ("http://[::1]:9/", "::1", 9, "[::1]:9", "/", "http://[::1]:9/"),
            ("http://localhost/x", "localhost", 80, "localhost", "/x", "http://localhost/x"),
            (
                "http://a.localhost./x",
                "a.localhost.",
                80,
                "a.localhost.",
                "/x",
                "http://a.localhost./x",
            ),
            ("https://h/{x}?y={z}", "h", 443, "h", "/%7Bx%7D?y={z}", "https://h/%7Bx%7D?y=***"),
            (
                "https://bücher.de/ü|^",
                "xn--bcher-kva.de",
                443,
                "xn--bcher-kva.de",
                "/%C3%BC|^",
                "https://xn--bcher-kva.de/%C3%BC|^",
            ),
        ] {
            let url = HttpUrl::parse(text).unwrap_or_else(|fault| panic!("{text}: {fault}"));
            assert_eq!((url.host(), url.port()), (host, port), "{text}");
            assert_eq!(url.host_header(), header, "{text}");
            assert_eq!(url.resource().to_string(), resource, "{text}");
            assert_eq!(url.redacted(), redacted, "{text}");
            assert_eq!(url.is_tls(), redacted.starts_with("https"), "{text}");
            assert!(!format!("{url:?}").contains("s3cret"), "{url:?}");
        }
    }

    #[test]
    fn bad_urls_are_refused_without_an_echo() {
        let long = format!("https://h/{}", "s3cret".repeat(2000));
        for (text, fault) in [
            (long.as_str(), HttpUrlFault::TooLong),
            ("https://h/a s3cret", HttpUrlFault::Character),
            ("https://h/\r\ns3cret", HttpUrlFault::Character),
            ("https:h/s3cret", HttpUrlFault::Scheme),
            ("wss://h/s3cret", HttpUrlFault::Scheme),
            ("", HttpUrlFault::Scheme),
            ("http://h/s3cret", HttpUrlFault::Plain),
            ("http://localhost.example/", HttpUrlFault::Plain),
            ("http://128.0.0.1/", HttpUrlFault::Plain),
            ("https://s3cret@h/", HttpUrlFault::UserInfo),
            ("https://:s3cret@h/", HttpUrlFault::UserInfo),
            ("https://h/#s3cret", HttpUrlFault::Fragment),
            ("https:///s3cret", HttpUrlFault::Host),
            ("https://\\s3cret", HttpUrlFault::Host),
            ("https://", HttpUrlFault::Invalid(ParseError::EmptyHost)),
            ("https://h:0/", HttpUrlFault::Port),
            ("https://h:99999/", HttpUrlFault::Invalid(ParseError::InvalidPort)),
        ] {
            let found = HttpUrl::parse(text).unwrap_err();
            assert_eq!(found, fault, "{text}");
            assert!(!found.to_string().contains("s3cret") && !found.advice().is_empty(), "{found}");
        }
    }
}
