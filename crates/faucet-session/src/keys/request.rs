//! An HTTP call.

use std::collections::BTreeMap;
use std::time::Duration;

use faucet_core::Secret;
use faucet_core::duration::{self, Seconds};
use faucet_core::select::Pointer;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::keys::session_match::SessionMatch;
use crate::keys::time_limit::ten_seconds;

/// An HTTP call before a connect, or as a step of the script. Values may stand in `url` (percent-encoded,
/// behind the host), in `headers`, in the texts of `json` and in `body`. `https` only, but for this
/// machine. Redirects to another host are refused. An answer has at most 1 MiB.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("examples" = [{"url": "https://api.example.com/token", "method": "POST", "take": {"token": "/data/token"}}]))]
pub struct HttpRequest {
    /// The URL of the call.
    #[schemars(extend("examples" = ["https://api.example.com/token"]))]
    pub url: String,
    /// The method.
    #[serde(default)]
    #[schemars(extend("examples" = ["POST"]))]
    pub method: HttpMethod,
    /// Headers of the call.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, HeaderText>")]
    #[schemars(extend("examples" = [{"Authorization": "Bearer {token}"}], "default" = {}))]
    pub headers: BTreeMap<String, SecretText>,
    /// The body as JSON, whose texts may have placeholders. Not together with `body`.
    #[serde(default)]
    #[schemars(extend("examples" = [{"key": "{key}"}], "writeOnly" = true))]
    pub json: Option<Value>,
    /// The body as text with placeholders.
    #[serde(default)]
    #[schemars(with = "Option<HeaderText>")]
    #[schemars(extend("examples" = ["grant_type=client_credentials"], "writeOnly" = true))]
    pub body: Option<SecretText>,
    /// The statuses that are good.
    #[serde(default = "ok")]
    #[schemars(inner(range(min = 100, max = 599)), length(min = 1))]
    #[schemars(extend("examples" = [[200, 202]], "default" = [200]))]
    pub status: Vec<u16>,
    /// The match of a good answer. An answer that does not match is a refusal; the same refusal twice in a row
    /// ends the run as refused credentials do.
    #[serde(default)]
    #[schemars(extend("examples" = [{"/code": "200000"}]))]
    pub expect: Option<SessionMatch>,
    /// Names for values of the answer: a map of name to JSON pointer. The values are secrets.
    #[serde(default)]
    #[schemars(extend("examples" = [{"token": "/data/token"}], "default" = {}))]
    pub take: BTreeMap<String, Pointer>,
    /// How long the whole call may take.
    #[serde(default = "ten_seconds", with = "duration")]
    #[schemars(with = "Seconds")]
    #[schemars(extend("examples" = [5, "5s"]))]
    pub timeout: Duration,
}

fn ok() -> Vec<u16> {
    vec![200]
}

/// The method of an HTTP call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum HttpMethod {
    /// Asks for a resource.
    #[default]
    Get,
    /// Asks for the headers of a resource.
    Head,
    /// Sends data.
    Post,
    /// Creates or replaces a resource.
    Put,
    /// Changes a resource.
    Patch,
    /// Deletes a resource.
    Delete,
}

impl HttpMethod {
    /// Whether a request of this method usually has a body, so that a server wants its length.
    #[cfg(feature = "http")]
    pub(crate) fn has_body(self) -> bool {
        matches!(self, Self::Post | Self::Put | Self::Patch)
    }

    #[cfg(feature = "http")]
    pub(crate) fn to_http(self) -> http::Method {
        match self {
            Self::Get => http::Method::GET,
            Self::Head => http::Method::HEAD,
            Self::Post => http::Method::POST,
            Self::Put => http::Method::PUT,
            Self::Patch => http::Method::PATCH,
            Self::Delete => http::Method::DELETE,
        }
    }

    /// The method as the request line has it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// Text that must not be printed and may have placeholders.
#[derive(Debug, Clone, Deserialize)]
#[serde(transparent)]
pub struct SecretText(pub Secret);

impl PartialEq for SecretText {
    fn eq(&self, other: &Self) -> bool {
        self.0.expose() == other.0.expose()
    }
}

impl From<&str> for SecretText {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

/// The schema of a text that must not be printed and may have placeholders.
#[derive(Debug)]
pub(crate) struct HeaderText;

impl JsonSchema for HeaderText {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "SecretText".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "writeOnly": true })
    }
}
