//! Credentials.

use std::collections::BTreeMap;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use faucet_core::{KeyPath, Problem, Problems, Result, Secret};
use http::header::{AUTHORIZATION, HeaderMap};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::headers::{check_headers, header_value};
use crate::patterns::{BASIC_PASSWORD, BASIC_USER, BEARER_TOKEN, HeadersSchema};
use crate::secret_fault::{SecretUse, check_secret};

/// Credentials for a request, resolved anew on every connect.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(tag = "type", content = "config", rename_all = "snake_case", deny_unknown_fields)]
#[schemars(title = "credentials")]
pub enum Auth {
    /// No credentials.
    #[default]
    None,
    /// `Authorization: Bearer <token>` (RFC 6750).
    Bearer {
        /// The token, without the word `Bearer`.
        #[schemars(extend("pattern" = BEARER_TOKEN, "examples" = ["${TOKEN}"]))]
        token: Secret,
    },
    /// `Authorization: Basic …` (RFC 7617).
    Basic {
        /// The user.
        #[schemars(extend("pattern" = BASIC_USER, "examples" = ["faucet"]))]
        username: String,
        /// The password.
        #[schemars(extend("pattern" = BASIC_PASSWORD, "examples" = ["${PASSWORD}"]))]
        password: Secret,
    },
    /// Headers of your own.
    Custom {
        /// Header names and values.
        #[schemars(with = "HeadersSchema", extend("examples" = [{"X-Api-Key": "${API_KEY}"}]))]
        headers: BTreeMap<String, Secret>,
    },
}

/// Brings the credentials of each connect, for programs whose tokens expire.
#[async_trait]
pub trait AuthProvider: Send + Sync {
    /// The headers to add to the next request. Called once for every connect, also when
    /// the last credentials were refused. Its time counts towards `connect_timeout`.
    ///
    /// # Errors
    /// A retryable error is tried again like network trouble; another one is like credentials that
    /// the server refused: fatal at first, and after the first connect it gets one more try.
    async fn headers(&self) -> Result<HeaderMap>;
}

fn basic(username: &str, password: &Secret) -> String {
    format!("Basic {}", STANDARD.encode(format!("{username}:{}", password.expose())))
}

impl Auth {
    /// Checks the credentials, which stand at `path`, and makes headers of them.
    pub fn check(&self, path: &KeyPath, problems: &mut Problems) -> HeaderMap {
        let at = |key: &str| path.clone().then("config").then(key);
        let mut check = |key: &str, place, text: &str| {
            if let Err(fault) = check_secret(place, text) {
                problems.push(fault.at(at(key)));
            }
        };
        match self {
            Self::None => HeaderMap::new(),
            Self::Custom { headers } => check_headers(&at("headers"), headers, problems),
            Self::Bearer { token } if token.expose().is_empty() => {
                problems.push(Problem::out_of_range(at("token"), "a token that is not empty"));
                HeaderMap::new()
            }
            Self::Bearer { token } => {
                check("token", SecretUse::BearerToken, token.expose());
                authorization(&format!("Bearer {}", token.expose()))
            }
            Self::Basic { username, password } => {
                check("username", SecretUse::BasicUser, username);
                check("password", SecretUse::BasicPassword, password.expose());
                basic_headers(username, password)
            }
        }
    }
}

/// The header with a value that was checked; none for one that is wrong.
fn authorization(value: &str) -> HeaderMap {
    header_value(&AUTHORIZATION, value).map(|value| (AUTHORIZATION, value)).into_iter().collect()
}

/// `Authorization: Basic …` for a user and a password, such as those of a URL.
pub fn basic_headers(username: &str, password: &Secret) -> HeaderMap {
    authorization(&basic(username, password))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_become_headers() {
        let header = |auth: Auth| {
            let mut problems = Problems::new();
            let headers = auth.check(&"auth".into(), &mut problems);
            problems.into_result().map(|()| headers)
        };
        let bearer = header(Auth::Bearer { token: "t0k".into() }).unwrap();
        assert_eq!(bearer[AUTHORIZATION], "Bearer t0k");
        assert!(bearer[AUTHORIZATION].is_sensitive());
        let basic = Auth::Basic { username: "Aladdin".into(), password: "open sesame".into() };
        assert_eq!(header(basic).unwrap()[AUTHORIZATION], "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        for (auth, why) in [
            (Auth::Bearer { token: "t\n0k".into() }, "auth.config.token: has a line break"),
            (Auth::Bearer { token: "".into() }, "auth.config.token: out of range"),
            (Auth::Bearer { token: "Bearer t0k".into() }, "auth.config.token: begins with its own"),
            (
                Auth::Basic { username: "u".into(), password: "t0k\n".into() },
                "auth.config.password: has a line break",
            ),
            (
                Auth::Basic { username: "t0k\r".into(), password: "p".into() },
                "auth.config.username: has a line break",
            ),
            (
                Auth::Custom { headers: BTreeMap::from([("X-Key".into(), "t0k\n".into())]) },
                "auth.config.headers.X-Key: has a line break",
            ),
            (
                Auth::Custom {
                    headers: BTreeMap::from([("authorization".into(), "Bearer bearer t0k".into())]),
                },
                "auth.config.headers.authorization: begins with its own",
            ),
            (
                Auth::Basic { username: "a:b".into(), password: "t0k".into() },
                "auth.config.username: must not contain a colon",
            ),
            (
                Auth::Custom { headers: BTreeMap::from([("Upgrade".into(), "t0k".into())]) },
                "auth.config.headers.Upgrade: reserved",
            ),
        ] {
            let problems = header(auth).unwrap_err().to_string();
            assert!(problems.starts_with(why), "{problems}");
            assert!(!problems.contains("0k"), "{problems}");
        }
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
