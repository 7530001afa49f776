//! A URL as it is configured.

use std::borrow::Cow;
use std::fmt;

use faucet_connect::{SecretFault, SecretUse, check_secret, patterns};
use faucet_core::Problem;
use faucet_core::template::next_placeholder;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;

use crate::url::{LONGEST, UrlTemplate, WsUrl, split_authority};

/// User and password go out as Basic credentials, whose rules they must keep.
fn check_user_info(url: &WsUrl) -> Result<(), Problem> {
    let Some((user, password)) = url.user_info() else { return Ok(()) };
    let at = |part: &str, fault: SecretFault| {
        Problem::invalid("url", format!("its {part} {fault}")).help(fault.advice())
    };
    check_secret(SecretUse::BasicUser, &user).map_err(|fault| at("user", fault))?;
    check_secret(SecretUse::BasicPassword, password.expose()).map_err(|fault| at("password", fault))
}

/// A URL as it was configured. `Debug` shows no user info and no query values. The default is no URL.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct UrlText(String);

impl UrlText {
    /// Whether the scheme is `ws`, also where the rest is no URL.
    pub(crate) fn is_plain(&self) -> bool {
        self.0.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("ws://"))
    }

    /// Whether a URL is given. An empty text is none.
    pub fn is_given(&self) -> bool {
        !self.0.is_empty()
    }

    /// The text as it was configured. It may hold secrets.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Checks the URL and where its placeholders stand.
    ///
    /// # Errors
    /// A problem at the key `url`, without the URL in it.
    pub fn check(&self) -> Result<UrlTemplate, Problem> {
        let text = self.0.as_str();
        let wrong = |why: &str| Err(Problem::invalid("url", why));
        if text.len() > LONGEST {
            return Err(Problem::out_of_range("url", "at most 8192 bytes"));
        }
        if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return wrong("must not contain spaces or control characters");
        }
        let not_ours = |help: &str| {
            Err(Problem::invalid("url", "url must start with ws:// or wss://").help(help))
        };
        let Some((scheme, rest)) = text.split_once("://") else {
            return not_ours("put `wss://` in front, or `ws://` without TLS");
        };
        match &*scheme.to_ascii_lowercase() {
            "ws" | "wss" => {}
            "http" => return not_ours("write `ws://` in the place of `http://`"),
            "https" => return not_ours("write `wss://` in the place of `https://`"),
            _ => return not_ours("write `wss://`, or `ws://` without TLS"),
        }
        // The parser would skip any number of slashes and take what follows for the host.
        if rest.starts_with('/') {
            return wrong("must name its host right behind ://");
        }
        if text.contains('#') {
            return wrong("must not have a fragment (RFC 6455 §3)");
        }
        let (authority, _) = split_authority(rest);
        // The parser would take a backslash for the end of the host.
        if authority.contains('\\') {
            return wrong("must not have a \\ in front of the path");
        }
        if next_placeholder(authority).is_some() {
            return wrong("{placeholders} may stand in the path and the query only");
        }
        let unfilled = WsUrl::parse(text)?;
        check_user_info(&unfilled)?;
        Ok(UrlTemplate { text: text.to_owned(), unfilled })
    }
}

impl From<&str> for UrlText {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<String> for UrlText {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for UrlText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.check() {
            Ok(template) => f.write_str(&template.redacted()),
            Err(_) => f.write_str("(not a WebSocket URL)"),
        }
    }
}

impl JsonSchema for UrlText {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Url".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let origin = patterns::origin(&(patterns::any_case("ws") + "[sS]?"));
        json_schema!({
            "type": "string",
            "pattern": format!(r"^{origin}(?:[/?][^\s#\u0000-\u001f\u007f-\u009f]*)?$"),
            "maxLength": LONGEST,
            "x-placeholders": true,
        })
    }
}
