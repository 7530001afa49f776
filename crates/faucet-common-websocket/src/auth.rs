//! Credentials and request headers.

use std::collections::BTreeMap;
use std::fmt;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use faucet_core::{Error, ErrorKind, Problems, Result, Secret};
use http::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::url::WsUrl;

/// Credentials for the upgrade request, resolved anew on every connect.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(tag = "type", content = "config", rename_all = "snake_case", deny_unknown_fields)]
pub enum Auth {
    /// No credentials.
    #[default]
    None,
    /// `Authorization: Bearer <token>` (RFC 6750).
    Bearer {
        /// The token.
        token: Secret,
    },
    /// `Authorization: Basic …` (RFC 7617).
    Basic {
        /// The user.
        username: String,
        /// The password.
        password: Secret,
    },
    /// Headers of your own.
    Custom {
        /// Header names and values.
        headers: BTreeMap<String, Secret>,
    },
}

/// Brings the credentials of each connect, for programs whose tokens expire.
#[async_trait]
pub trait AuthProvider: Send + Sync {
    /// The headers to add to the next upgrade request. Called once for every connect, also when
    /// the last credentials were refused. Its time counts towards `connect_timeout`.
    ///
    /// # Errors
    /// A retryable error is tried again like network trouble; another one is like credentials that
    /// the server refused: fatal at first, and after the first connect it gets one more try.
    async fn headers(&self) -> Result<HeaderMap>;
}

/// Names that the upgrade owns (RFC 6455 §4.1) and names that frame the message (RFC 9110).
const RESERVED: [&str; 6] =
    ["host", "connection", "upgrade", "content-length", "transfer-encoding", "expect"];

fn is_reserved(name: &HeaderName) -> bool {
    RESERVED.contains(&name.as_str()) || name.as_str().starts_with("sec-websocket-")
}

/// Checks headers, noting problems that name the header and never its value.
pub(crate) fn check_headers(
    key: &str,
    headers: &BTreeMap<String, Secret>,
    problems: &mut Problems,
) -> HeaderMap {
    let mut checked = HeaderMap::new();
    for (name, value) in headers {
        let shown = name.escape_debug();
        let Ok(name) = HeaderName::from_bytes(name.as_bytes()) else {
            problems.push(format!("{key}: header \"{shown}\": not a valid name (RFC 9110 §5.1)"));
            continue;
        };
        if is_reserved(&name) {
            problems.push(format!("{key}: header \"{shown}\": reserved for the upgrade itself"));
            continue;
        }
        match header_value(value.expose()) {
            Some(value) if !checked.contains_key(&name) => {
                checked.insert(name, value);
            }
            Some(_) => problems.push(format!("{key}: header \"{shown}\": given twice")),
            None => problems.push(format!(
                "{key}: header \"{shown}\": its value has a line break or another character that \
                 a header cannot carry"
            )),
        }
    }
    checked
}

/// A sensitive header value of visible ASCII, blanks and tabs.
fn header_value(text: &str) -> Option<HeaderValue> {
    let plain = text.bytes().all(|b| matches!(b, b'\t' | b' '..=b'~'));
    let mut value = plain.then(|| HeaderValue::from_str(text).ok())??;
    value.set_sensitive(true);
    Some(value)
}

fn basic(username: &str, password: &Secret) -> String {
    format!("Basic {}", STANDARD.encode(format!("{username}:{}", password.expose())))
}

impl Auth {
    /// Checks the credentials and makes headers of them.
    pub(crate) fn check(&self, problems: &mut Problems) -> HeaderMap {
        let text = match self {
            Self::None => return HeaderMap::new(),
            Self::Custom { headers } => {
                return check_headers("auth.config.headers", headers, problems);
            }
            Self::Bearer { token } => {
                problems.push_if(token.expose().is_empty(), "auth.config.token: must not be empty");
                format!("Bearer {}", token.expose())
            }
            Self::Basic { username, password } => {
                problems.push_if(
                    username.contains(':'),
                    "auth.config.username: must not contain a colon (RFC 7617 §2)",
                );
                basic(username, password)
            }
        };
        let mut headers = HeaderMap::new();
        match header_value(&text) {
            Some(value) => drop(headers.insert(AUTHORIZATION, value)),
            None => problems.push(
                "auth.config.token: has a line break or another character that a header cannot \
                 carry",
            ),
        }
        headers
    }
}

/// `Authorization` for a URL's user info.
pub(crate) fn from_user_info(username: &str, password: &Secret) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if let Some(value) = header_value(&basic(username, password)) {
        headers.insert(AUTHORIZATION, value);
    }
    headers
}

/// What must not be shown though a peer sends it back to us.
#[derive(Default)]
pub(crate) struct Secrets(Vec<String>);

impl Secrets {
    /// Shorter ones would hide words that are none.
    const SHORTEST: usize = 4;

    pub(crate) const NONE: &Self = &Self(Vec::new());

    /// The values of sensitive headers, with and without their scheme, and what the URL hides.
    pub(crate) fn new(url: &WsUrl, headers: &HeaderMap) -> Self {
        let sensitive = headers.values().filter(|value| value.is_sensitive());
        let mut found: Vec<String> = url.secrets();
        for text in sensitive.filter_map(|value| value.to_str().ok()) {
            found.extend([text, text.rsplit(' ').next().unwrap_or(text)].map(str::to_owned));
        }
        found.retain(|text| text.len() >= Self::SHORTEST);
        found.sort_by_key(|text| std::cmp::Reverse(text.len()));
        Self(found)
    }

    pub(crate) fn scrub(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, secret| text.replace(secret, "***"))
    }
}

/// What each connect sends besides the upgrade's own headers.
pub(crate) struct Credentials {
    /// From `headers`, `auth` and the URL.
    pub(crate) fixed: HeaderMap,
    /// From the program.
    pub(crate) provider: Option<std::sync::Arc<dyn AuthProvider>>,
}

impl Credentials {
    pub(crate) async fn resolve(&self) -> Result<HeaderMap> {
        let mut headers = self.fixed.clone();
        if let Some(provider) = &self.provider {
            let mut last = None;
            for (name, mut value) in provider.headers().await? {
                // A name that is repeated comes once.
                let repeated = name.is_none();
                let Some(name) = name.or_else(|| last.clone()) else { continue };
                last = Some(name.clone());
                if is_reserved(&name) {
                    return Err(Error::new(
                        ErrorKind::Auth,
                        format!("the auth provider returned the reserved header {name}"),
                    ));
                }
                value.set_sensitive(true);
                if repeated {
                    headers.append(name, value);
                } else {
                    headers.insert(name, value);
                }
            }
        }
        Ok(headers)
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credentials({} headers)", self.fixed.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(name: &str, value: &str) -> Result<HeaderMap, String> {
        let mut problems = Problems::new();
        let headers = BTreeMap::from([(name.to_owned(), Secret::from(value))]);
        let headers = check_headers("headers", &headers, &mut problems);
        problems.into_result().map(|()| headers).map_err(|e| e.to_string())
    }

    #[test]
    fn headers_are_checked_by_name_and_their_values_never_shown() {
        assert_eq!(checked("X-Key", "a b~").unwrap()["x-key"], "a b~");
        for (name, value) in [
            ("X-Foo", "a\r\nX: s3cret"),
            ("X-Foo", "s3cret\0"),
            ("X-Foo", "s3cret\u{e9}"),
            ("", "s3cret"),
            ("X Foo", "s3cret"),
            ("X\r\nFoo", "s3cret"),
            ("Host", "s3cret"),
            ("upgrade", "s3cret"),
            ("Sec-WebSocket-Key", "s3cret"),
            ("Sec-WebSocket-Anything", "s3cret"),
        ] {
            let error = checked(name, value).unwrap_err();
            assert!(error.starts_with("headers: header \""), "{error}");
            assert!(!error.contains("s3cret") && !error.contains('\n'), "{error}");
        }
    }

    #[test]
    fn credentials_become_headers() {
        let header = |auth: Auth| {
            let mut problems = Problems::new();
            let headers = auth.check(&mut problems);
            problems.into_result().map(|()| headers)
        };
        let bearer = header(Auth::Bearer { token: "t0k".into() }).unwrap();
        assert_eq!(bearer[AUTHORIZATION], "Bearer t0k");
        assert!(bearer[AUTHORIZATION].is_sensitive());
        let basic = Auth::Basic { username: "Aladdin".into(), password: "open sesame".into() };
        assert_eq!(header(basic).unwrap()[AUTHORIZATION], "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        assert!(header(Auth::Bearer { token: "t\n0k".into() }).is_err());
        assert!(header(Auth::None).unwrap().is_empty());
    }

    #[test]
    fn the_wire_form_is_type_and_config() {
        let auth: Auth = serde_json::from_value(
            serde_json::json!({"type": "bearer", "config": {"token": "s3cret"}}),
        )
        .unwrap();
        assert_eq!(format!("{auth:?}"), "Bearer { token: *** }");
    }
}
