//! The key `proxy`.

use std::borrow::Cow;
use std::fmt;

use faucet_core::{KeyPath, Problem, Problems};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;

use crate::patterns;
use crate::proxy::choice::ProxyChoice;
use crate::proxy::url::ProxyUrl;

/// The proxy as it was configured: `env`, `none`, or a URL. `Debug` shows no user info. Default: `env`.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct ProxySetting(String);

impl ProxySetting {
    /// Checks the setting, which stands at `path`.
    pub fn check(&self, path: &KeyPath, problems: &mut Problems) -> ProxyChoice {
        match self.read() {
            Ok(choice) => choice,
            Err(problem) => {
                problems.push(problem.under(path));
                ProxyChoice::Direct
            }
        }
    }

    fn read(&self) -> Result<ProxyChoice, Problem> {
        let text = self.0.as_str();
        match text.to_ascii_lowercase().as_str() {
            "env" => return Ok(ProxyChoice::Environment),
            "none" => return Ok(ProxyChoice::Direct),
            _ => {}
        }
        if !text.contains("://") {
            return Err(Problem::invalid(KeyPath::root(), "not understood")
                .expected("env, none, or a URL such as http://proxy.example:3128"));
        }
        ProxyUrl::parse(text).map(ProxyChoice::Url).map_err(|fault| {
            let problem = Problem::invalid(KeyPath::root(), fault.to_string());
            match fault.advice() {
                Some(advice) => problem.help(advice),
                None => problem,
            }
        })
    }
}

impl Default for ProxySetting {
    fn default() -> Self {
        Self("env".to_owned())
    }
}

impl From<&str> for ProxySetting {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<String> for ProxySetting {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for ProxySetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.read() {
            Ok(choice) => choice.fmt(f),
            Err(_) => f.write_str("(not a proxy)"),
        }
    }
}

impl JsonSchema for ProxySetting {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Proxy".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": patterns::proxy(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_urls_are_told_apart_and_never_shown() {
        for (text, shown) in [
            ("env", "Environment"),
            ("NONE", "Direct"),
            ("http://u:s3cret@proxy:1", "Url(http://proxy:1)"),
            ("s3cret", "(not a proxy)"),
        ] {
            assert_eq!(format!("{:?}", ProxySetting::from(text)), shown);
        }
        for (text, problem, help) in [
            ("evn", "proxy: not understood, expected env, none, or a URL such as http://", None),
            ("s3cret@proxy", "proxy: not understood", None),
            (
                "ftp://u:s3cret@proxy",
                "proxy: must start with http://, https://, socks5:// or",
                None,
            ),
            (
                "http://u:s3cret%0A@proxy",
                "proxy: has a password that has a line break",
                Some("a secret from a file often ends in a line break"),
            ),
            (
                "http://u%3Au:s3cret@proxy",
                "proxy: has a user that must not contain a colon",
                Some("give the user and the password in their own places"),
            ),
        ] {
            let mut problems = Problems::new();
            ProxySetting::from(text).check(&"proxy".into(), &mut problems);
            let found = problems.to_string();
            assert!(found.starts_with(problem) && !found.contains("s3cret"), "{found}");
            let told = problems.iter().next().unwrap().help.as_deref();
            assert_eq!(told.is_some(), help.is_some(), "{text}: {told:?}");
            assert!(told.unwrap_or_default().starts_with(help.unwrap_or_default()), "{told:?}");
        }
    }
}
