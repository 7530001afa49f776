//! WebSocket URLs (RFC 6455 §3), with placeholders and without secrets in print.

use std::fmt;
use std::sync::Arc;

use faucet_core::template;
use faucet_core::{Problem, Scope, Secret};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use url::{Url, form_urlencoded};

pub(crate) const LONGEST: usize = 8192;
/// The characters of a value that are escaped: all but the unreserved ones (RFC 3986 §2.3).
const VALUE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The characters beyond visible ASCII, which a request line cannot carry. All others go out as they
/// were written: a path may be an opaque or signed name.
const BEYOND: &AsciiSet = percent_encoding::CONTROLS;

/// Splits the text behind `://` into authority and the rest, which begins with `/` or `?` or is empty.
pub(crate) fn split_authority(rest: &str) -> (&str, &str) {
    rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()))
}

/// A checked URL whose `{name}` placeholders are not filled yet.
#[derive(Clone)]
pub struct UrlTemplate {
    pub(crate) text: String,
    /// The URL with its placeholders as text.
    pub(crate) unfilled: WsUrl,
}

impl UrlTemplate {
    /// Fills the placeholders, percent-encoded, from the run's context.
    ///
    /// # Errors
    /// A problem at the key `url` that names the placeholder without a value.
    pub fn resolve(&self, scope: &Scope) -> Result<WsUrl, Problem> {
        let filled = template::fill("url", &self.text, scope, |filled, value| {
            // A value of dots would leave its directory where a server or a proxy normalizes the path.
            if matches!(value, "." | "..") {
                return Err("must not be made of dots");
            }
            filled.extend(utf8_percent_encode(value, VALUE));
            Ok(())
        })?;
        // All runs of a URL without placeholders share it.
        if filled == self.text { Ok(self.unfilled.clone()) } else { WsUrl::parse(&filled) }
    }

    /// The URL as it was configured. It may hold secrets.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the scheme is `wss`.
    pub fn is_tls(&self) -> bool {
        self.unfilled.is_tls()
    }

    /// The host, an IPv6 address without its brackets.
    pub fn host(&self) -> &str {
        self.unfilled.host()
    }

    /// The host and the port that a connect goes to.
    pub(crate) fn place(&self) -> (String, u16) {
        (self.host().to_owned(), self.unfilled.port())
    }

    /// User and password, if the URL has a user.
    pub fn user_info(&self) -> Option<(String, Secret)> {
        self.unfilled.user_info()
    }

    /// The URL with its placeholders, without user info and query values.
    pub fn redacted(&self) -> String {
        let (scheme, rest) = self.text.split_once("://").unwrap_or_default();
        let (authority, resource) = split_authority(rest);
        let host = authority.rsplit('@').next().unwrap_or_default();
        format!("{}://{host}{}", scheme.to_ascii_lowercase(), redact_resource(resource))
    }
}

/// Path and query with the values of the query replaced.
fn redact_resource(resource: &str) -> String {
    let (path, query) = match resource.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (resource, None),
    };
    format!("{path}{}", redact_query(query))
}

fn redact_query(query: Option<&str>) -> String {
    let Some(query) = query else { return String::new() };
    let pairs: Vec<String> = query
        .split('&')
        .map(|pair| match pair.split_once('=') {
            Some((key, _)) => format!("{key}=***"),
            None if pair.is_empty() => String::new(),
            None => "***".to_owned(),
        })
        .collect();
    format!("?{}", pairs.join("&"))
}

/// A checked URL to connect to. Cheap to clone.
#[derive(Clone)]
pub struct WsUrl(Arc<Parts>);

struct Parts {
    /// Scheme, user info, host and port.
    origin: Url,
    /// Path and query, as the request line has them.
    resource: String,
    redacted: String,
}

impl WsUrl {
    pub(crate) fn parse(text: &str) -> Result<Self, Problem> {
        let invalid = |why: String| Problem::invalid("url", why);
        let (scheme, rest) = text.split_once("://").unwrap_or_default();
        let (authority, resource) = split_authority(rest);
        let origin = Url::parse(&format!("{scheme}://{authority}/")).map_err(|e| match e {
            url::ParseError::InvalidPort => {
                invalid("not valid: its port is no number from 1 to 65535".into())
                    .help("write the port as a number from 1 to 65535, or leave it out")
            }
            e => invalid(format!("not valid: {e}")),
        })?;
        if origin.host_str().is_none_or(str::is_empty) {
            return Err(invalid("must name a host".into()));
        }
        if origin.port() == Some(0) {
            return Err(invalid("must not have port 0".into()));
        }
        // A request line needs a path (RFC 9112 §3.2.1).
        let slash = if resource.starts_with('/') { "" } else { "/" };
        let resource = format!("{slash}{}", utf8_percent_encode(resource, BEYOND));
        let mut plain = origin.clone();
        // Both fail only for URLs that cannot have user info, and those have none.
        let _ = plain.set_username("");
        let _ = plain.set_password(None);
        let redacted =
            format!("{}{}", plain.as_str().trim_end_matches('/'), redact_resource(&resource));
        Ok(Self(Arc::new(Parts { origin, resource, redacted })))
    }

    /// The URL of a connect: `base`, or a made one with the way in which messages show it, and the
    /// parameters to add with theirs.
    ///
    /// # Errors
    /// The text is no URL.
    pub(crate) fn made(
        base: Option<&Self>,
        made: Option<(String, String)>,
        query: Option<(String, String)>,
    ) -> Result<Self, Problem> {
        let (mut text, mut shown) = match (made, base) {
            (Some(made), _) => made,
            (None, Some(base)) => (base.text(), base.redacted().to_owned()),
            (None, None) => return Err(Problem::missing("url")),
        };
        if let Some((query, names)) = query.filter(|(query, _)| !query.is_empty()) {
            for (url, more) in [(&mut text, query), (&mut shown, names)] {
                let separator = if url.contains('?') { '&' } else { '?' };
                url.push(separator);
                url.push_str(&more);
            }
        }
        let url = Self::parse(&text)?;
        // A URL made of values may hold secrets anywhere behind the host.
        let redacted = match Self::parse(&shown) {
            Ok(shown) => shown.redacted().to_owned(),
            Err(_) => url.redacted().to_owned(),
        };
        let parts =
            Parts { origin: url.0.origin.clone(), resource: url.0.resource.clone(), redacted };
        Ok(Self(Arc::new(parts)))
    }

    /// The whole URL.
    fn text(&self) -> String {
        format!("{}{}", self.0.origin.as_str().trim_end_matches('/'), self.0.resource)
    }

    /// Whether the scheme is `wss`.
    pub fn is_tls(&self) -> bool {
        self.0.origin.scheme() == "wss"
    }

    /// The host, an IPv6 address without its brackets.
    pub fn host(&self) -> &str {
        self.0.origin.host_str().unwrap_or_default().trim_matches(['[', ']'])
    }

    /// The port, the scheme's own if none is given.
    pub fn port(&self) -> u16 {
        self.0.origin.port_or_known_default().unwrap_or(80)
    }

    /// The value of the `Host` header (RFC 6455 §4.1): the port only where it is not the scheme's.
    pub fn host_header(&self) -> String {
        let host = self.0.origin.host_str().unwrap_or_default();
        self.0.origin.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    /// Path and query as they were written, but for characters beyond ASCII, which are
    /// percent-encoded.
    pub fn resource(&self) -> &str {
        &self.0.resource
    }

    fn query(&self) -> &str {
        self.0.resource.split_once('?').map_or("", |(_, query)| query)
    }

    /// User and password, if the URL has a user.
    pub fn user_info(&self) -> Option<(String, Secret)> {
        let decode = |text| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let user = decode(self.0.origin.username());
        let password = decode(self.0.origin.password().unwrap_or_default());
        (!user.is_empty() || !password.is_empty()).then(|| (user, password.into()))
    }

    /// The texts that [`redacted`](Self::redacted) leaves out, encoded and decoded.
    pub(crate) fn secrets(&self) -> Vec<String> {
        let password = self.user_info().map(|(_, password)| password.expose().to_owned());
        let written =
            self.query().split('&').map(|pair| pair.split_once('=').map_or(pair, |(_, v)| v));
        let meant =
            form_urlencoded::parse(self.query().as_bytes()).map(|(_, value)| value.into_owned());
        written.map(str::to_owned).chain(meant).chain(password).collect()
    }

    /// The URL without user info and with its query values replaced by `***`.
    pub fn redacted(&self) -> &str {
        &self.0.redacted
    }
}

impl fmt::Debug for WsUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.redacted())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::url_text::UrlText;

    fn url(text: &str) -> WsUrl {
        UrlText::from(text).check().unwrap().resolve(&Scope::default()).unwrap()
    }

    fn context(pairs: &[(&str, &str)]) -> Scope {
        let pairs = pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        Scope::default().with_values(pairs.collect::<BTreeMap<_, _>>())
    }

    #[test]
    fn good_urls() {
        for (text, host, port, header, resource) in [
            ("ws://h", "h", 80, "h", "/"),
            ("WSS://h/a?b=c", "h", 443, "h", "/a?b=c"),
            ("ws://h:9000/ws", "h", 9000, "h:9000", "/ws"),
            ("ws://[::1]:9000/", "::1", 9000, "[::1]:9000", "/"),
            ("wss://h:443/", "h", 443, "h", "/"),
            ("ws://h?", "h", 80, "h", "/?"),
        ] {
            let url = url(text);
            assert_eq!((url.host(), url.port()), (host, port), "{text}");
            assert_eq!((url.host_header().as_str(), url.resource()), (header, resource));
        }
    }

    #[test]
    fn what_stands_behind_the_host_goes_out_as_it_was_written() {
        for resource in [
            "/a/./b/../c",
            "/a/%2e%2e/b",
            "/x//y",
            "/a%2Fb?u=https%3A%2F%2Fh%2F&z=1+2",
            "/?filter[a]=1&f={\"a\":<1>}`|^",
            "/a{}{1x}",
            "/~u/(x);v=1,2",
            "/a\\b?path=a\\b",
            "/?a=b?c=d@e:f//g",
        ] {
            let url = url(&format!("ws://h{resource}"));
            assert_eq!((url.resource(), url.host()), (resource, "h"));
        }
        assert_eq!(url("ws://h?a=b").resource(), "/?a=b");
        assert_eq!(url("ws://h/ü/π?ü=x").resource(), "/%C3%BC/%CF%80?%C3%BC=x");
    }

    #[test]
    fn bad_urls_are_refused_without_an_echo() {
        for (text, why) in [
            ("", "url: url must start with ws:// or wss://"),
            ("http://u:s3cret@h/", "url: url must start with ws:// or wss://"),
            ("ws:/h", "url: url must start with ws:// or wss://"),
            ("ws://", "url: not valid: empty host"),
            ("wss:///u:s3cret@h/", "url: must name its host right behind ://"),
            ("ws:///{host}/x", "url: must name its host right behind ://"),
            ("ws://\\h/", "url: must not have a \\ in front of the path"),
            ("ws://h\\x", "url: must not have a \\ in front of the path"),
            ("ws://a%3Ab:s3cret@h/", "url: its user must not contain a colon (RFC 7617 §2)"),
            ("ws://u%0A:s3cret@h/", "url: its user has a line break"),
            ("ws://u:s3cret%0d@h/", "url: its password has a line break"),
            ("ws://h:0/", "url: must not have port 0"),
            ("ws://h:99999/", "url: not valid: its port is no number from 1 to 65535"),
            ("ws://h/#s3cret", "url: must not have a fragment (RFC 6455 §3)"),
            ("ws://h/a b", "url: must not contain spaces or control characters"),
            ("ws://h/\r\nX: y", "url: must not contain spaces or control characters"),
            ("ws://{host}/", "url: {placeholders} may stand in the path and the query only"),
            ("ws://u:{p}@h/", "url: {placeholders} may stand in the path and the query only"),
        ] {
            let text = UrlText::from(text);
            assert_eq!(text.check().err().map(|e| e.to_string()), Some(why.to_owned()));
            assert!(!format!("{text:?}").contains("s3cret"));
        }
        assert!(UrlText::from(format!("ws://h/{}", "x".repeat(9000))).check().is_err());
    }

    #[test]
    fn placeholders_are_percent_encoded_and_must_have_a_value() {
        let template = UrlText::from("ws://h/ws/{symbol}@trade?t={t}").check().unwrap();
        let scope = context(&[("symbol", "btc/../usd?x"), ("t", "a&b=π")]);
        let url = template.resolve(&scope).unwrap();
        assert_eq!(url.resource(), "/ws/btc%2F..%2Fusd%3Fx@trade?t=a%26b%3D%CF%80");
        assert_eq!(url.host(), "h");
        let error = template.resolve(&context(&[("t", "1")])).unwrap_err();
        assert_eq!(error.to_string(), "url: the placeholder {symbol} has no value in context");
        assert!(template.resolve(&context(&[("symbol", ".."), ("t", "1")])).is_err());
    }

    #[test]
    fn print_has_no_user_info_and_no_query_values() {
        let text = "ws://me:s3cret@h:1/p?token=s3cret&s3cret&x=s3cret";
        let redacted = "ws://h:1/p?token=***&***&x=***";
        assert_eq!(url(text).redacted(), redacted);
        assert_eq!(format!("{:?}", url(text)), redacted);
        assert_eq!(format!("{:?}", UrlText::from(text)), redacted);
        let (user, password) = url("ws://me%40x:p%3Aw@h/").user_info().unwrap();
        assert_eq!((user.as_str(), password.expose()), ("me@x", "p:w"));
        assert!(url("ws://h/").user_info().is_none());
    }
}
