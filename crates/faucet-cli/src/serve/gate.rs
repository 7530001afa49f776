//! Decides which requests the server answers. Pure.

use std::net::IpAddr;

use http::header::{AUTHORIZATION, HOST, ORIGIN};
use http::{HeaderMap, Method, StatusCode};
use subtle::ConstantTimeEq as _;

/// Why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Only GET and HEAD are answered.
    Method,
    /// The name of the host is none of this server: another page may have led the browser here.
    Host,
    /// The request comes from a page of another origin.
    Origin,
    /// The token is missing or wrong.
    Token,
}

impl Refusal {
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::Host | Self::Origin => StatusCode::FORBIDDEN,
            Self::Token => StatusCode::UNAUTHORIZED,
        }
    }

    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Method => "only GET and HEAD are answered",
            Self::Host => {
                "ask by IP address or as localhost, or set a token: other host names are refused"
            }
            Self::Origin => "requests from pages of another origin are refused",
            Self::Token => "the token is missing or wrong: Authorization: Bearer TOKEN",
        }
    }
}

/// The token that a request must have.
#[derive(Clone)]
pub(crate) struct Token(String);

impl Token {
    /// A token without the white space around it. `None`: it is empty, or no header can carry it.
    pub(crate) fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        let is_fit = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        is_fit.then(|| Self(text.to_owned()))
    }

    /// Takes as long for each token of this length.
    fn is(&self, token: &[u8]) -> bool {
        self.0.as_bytes().ct_eq(token).into()
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(***)")
    }
}

/// Decides about requests.
#[derive(Debug, Clone, Default)]
pub(crate) struct Gate {
    pub(crate) token: Option<Token>,
}

impl Gate {
    /// Whether a request may be answered. `open`: the answer says nothing about the run.
    ///
    /// # Errors
    /// Why not.
    pub(crate) fn pass(
        &self,
        method: &Method,
        headers: &HeaderMap,
        open: bool,
    ) -> Result<(), Refusal> {
        if ![Method::GET, Method::HEAD].contains(method) {
            return Err(Refusal::Method);
        }
        let host = text(headers, HOST.as_str());
        let origin = text(headers, ORIGIN.as_str());
        if origin.is_some_and(|origin| Some(without_scheme(origin)) != host)
            || (is_from_elsewhere(headers) && !is_followed_link(headers))
        {
            return Err(Refusal::Origin);
        }
        match &self.token {
            // A page that has led a browser here under a name of its own does not know the token.
            Some(_) if open => Ok(()),
            Some(token) => {
                let given = headers.get(AUTHORIZATION).and_then(|value| bearer(value.as_bytes()));
                given.filter(|given| token.is(given)).map(|_| ()).ok_or(Refusal::Token)
            }
            None if host.is_some_and(is_own_name) => Ok(()),
            None => Err(Refusal::Host),
        }
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    // Two values are none that could be compared.
    Some(value.to_str().ok().filter(|_| values.next().is_none()).unwrap_or_default())
}

/// Whether the browser says that a page of another origin asks.
fn is_from_elsewhere(headers: &HeaderMap) -> bool {
    text(headers, "sec-fetch-site").is_some_and(|site| matches!(site, "cross-site" | "same-site"))
}

/// Whether somebody follows a link: the browser shows the answer, and the page with the link cannot read it.
fn is_followed_link(headers: &HeaderMap) -> bool {
    text(headers, "sec-fetch-mode") == Some("navigate")
        && text(headers, "sec-fetch-dest") == Some("document")
}

fn without_scheme(origin: &str) -> &str {
    origin.split_once("://").map_or(origin, |(_, host)| host)
}

/// Whether a host is written in a way that no name server of somebody else can answer for.
fn is_own_name(host: &str) -> bool {
    let name = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((name, _)) => name,
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    name.parse::<IpAddr>().is_ok() || name.eq_ignore_ascii_case("localhost")
}

/// The token of `Bearer TOKEN`.
fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = value.split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then_some(token)
}

#[cfg(test)]
mod tests {
    use http::HeaderName;

    use super::*;

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        let pair = |(name, value): &(&str, &str)| {
            (name.parse::<HeaderName>().unwrap(), value.parse().unwrap())
        };
        pairs.iter().map(pair).collect()
    }

    #[test]
    fn only_pages_of_the_server_itself_may_ask() {
        let gate = Gate::default();
        let host = ("host", "127.0.0.1:9100");
        let link = ("sec-fetch-site", "cross-site");
        for (pairs, expected) in [
            (vec![host], Ok(())),
            (vec![("host", "localhost:9100")], Ok(())),
            (vec![("host", "[::1]:9100")], Ok(())),
            (vec![("host", "192.168.1.5")], Ok(())),
            (vec![], Err(Refusal::Host)),
            (vec![("host", "attacker.example:9100")], Err(Refusal::Host)),
            (vec![("host", "127.0.0.1.attacker.example")], Err(Refusal::Host)),
            (vec![("host", "localhost.attacker.example")], Err(Refusal::Host)),
            (vec![host, host], Err(Refusal::Host)),
            (vec![host, ("origin", "http://127.0.0.1:9100")], Ok(())),
            (vec![host, ("origin", "http://127.0.0.1:9101")], Err(Refusal::Origin)),
            (vec![host, ("origin", "https://attacker.example")], Err(Refusal::Origin)),
            (vec![host, ("origin", "null")], Err(Refusal::Origin)),
            (vec![host, ("sec-fetch-site", "same-origin")], Ok(())),
            (vec![host, ("sec-fetch-site", "none")], Ok(())),
            (vec![host, ("sec-fetch-site", "cross-site")], Err(Refusal::Origin)),
            (
                vec![host, link, ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")],
                Ok(()),
            ),
            (
                vec![host, link, ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "iframe")],
                Err(Refusal::Origin),
            ),
            (
                vec![host, link, ("sec-fetch-mode", "no-cors"), ("sec-fetch-dest", "script")],
                Err(Refusal::Origin),
            ),
        ] {
            assert_eq!(gate.pass(&Method::GET, &headers(&pairs), false), expected, "{pairs:?}");
        }
        let post = gate.pass(&Method::POST, &headers(&[host]), false);
        assert_eq!(post, Err(Refusal::Method));
        assert_eq!(gate.pass(&Method::HEAD, &headers(&[host]), false), Ok(()));
    }

    #[test]
    fn a_token_is_asked_for_where_there_is_one() {
        let gate = Gate { token: Token::new(" s3cret\n") };
        let host = ("host", "feed.example:9100");
        for (given, expected) in [
            (None, Err(Refusal::Token)),
            (Some("Bearer s3cret"), Ok(())),
            (Some("bearer s3cret"), Ok(())),
            (Some("Bearer s3cre"), Err(Refusal::Token)),
            (Some("Bearer s3cret2"), Err(Refusal::Token)),
            (Some("Basic s3cret"), Err(Refusal::Token)),
            (Some("s3cret"), Err(Refusal::Token)),
            (Some(""), Err(Refusal::Token)),
        ] {
            let mut pairs = vec![host];
            pairs.extend(given.map(|given| ("authorization", given)));
            let headers = headers(&pairs);
            assert_eq!(gate.pass(&Method::GET, &headers, false), expected, "{given:?}");
            assert_eq!(gate.pass(&Method::GET, &headers, true), Ok(()), "{given:?}");
        }
        let foreign = headers(&[host, ("origin", "http://a"), ("authorization", "Bearer s3cret")]);
        assert_eq!(gate.pass(&Method::GET, &foreign, true), Err(Refusal::Origin));
        assert!(!format!("{gate:?}").contains("s3cret"));
        for unfit in ["", " \n", "two words", "ünfit"] {
            assert!(Token::new(unfit).is_none(), "{unfit:?}");
        }
    }
}
