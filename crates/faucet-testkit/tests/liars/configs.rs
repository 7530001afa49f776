//! The lies of configurations.

use std::collections::BTreeMap;
use std::fs::File;
use std::net::TcpStream;

use faucet_core::{Problem, Problems, Secret, SourceConfig};
use faucet_testkit::VecSource;
use faucet_testkit::config::{self, ConfigCase};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::lie::Lie;

/// A configuration that is a source of nothing.
macro_rules! config {
    ($(#[$meta:meta])* $name:ident $text:literal { $($body:tt)* } $self:ident => $build:expr) => {
        #[derive(Debug, Deserialize, JsonSchema)]
        #[allow(dead_code, reason = "some only matter by their schema")]
        $(#[$meta])*
        struct $name { $($body)* }

        impl SourceConfig for $name {
            const NAME: &'static str = $text;
            type Source = VecSource;

            fn build($self) -> Result<VecSource, Problems> {
                $build
            }
        }
    };
}

fn nothing() -> Result<VecSource, Problems> {
    Ok(VecSource::new([]))
}

config! {
    /// Honest.
    #[serde(deny_unknown_fields)]
    Honest "http2" {
        /// Where to.
        url: String,
        /// How often.
        #[serde(default)]
        retries: Option<u8>,
        /// The credentials.
        #[serde(default)]
        auth: Auth,
        /// More headers.
        #[serde(default)]
        headers: BTreeMap<String, Secret>,
        /// Encrypts.
        #[serde(default)]
        tls: Option<Tls>,
        /// Which part of a record is the key.
        #[serde(default)]
        key: Option<String>,
        /// A document that the far end gets as it is.
        #[serde(default)]
        query: Option<Value>,
        /// How long to wait.
        #[serde(default, with = "faucet_core::duration::option")]
        #[schemars(with = "Option<faucet_core::duration::Seconds>")]
        timeout: Option<std::time::Duration>,
    }
    self => {
        let mut problems = Problems::new();
        problems.push_if(self.url.is_empty(), || Problem::out_of_range("url", "a URL"));
        problems.push_if(self.retries == Some(0), || Problem::out_of_range("retries", "at least 1"));
        problems.push_if(self.tls.is_some() && !self.url.starts_with("wss"), || {
            Problem::conflict("tls", "url")
        });
        problems.into_result()?;
        nothing()
    }
}

/// Credentials.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(tag = "type", content = "config", rename_all = "lowercase", deny_unknown_fields)]
#[expect(dead_code, reason = "only the schema matters")]
enum Auth {
    /// None.
    #[default]
    None,
    /// A token.
    Bearer {
        /// The token.
        token: Secret,
    },
}

/// Encryption.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only the schema matters")]
struct Tls {
    /// The authorities.
    #[serde(default)]
    ca_file: Option<String>,
    /// The key.
    #[serde(default)]
    key_file: Option<String>,
}

/// A tagged enum.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(tag = "mode", rename_all = "lowercase", deny_unknown_fields)]
#[expect(dead_code, reason = "only the schema matters")]
enum Tagged {
    /// Reads a file.
    File {
        /// Which.
        path: String,
    },
    /// Reads a bucket.
    Bucket {
        /// Which.
        bucket: String,
        /// Its secret.
        secret: Secret,
    },
}

impl SourceConfig for Tagged {
    const NAME: &'static str = "s3";
    type Source = VecSource;

    fn build(self) -> Result<VecSource, Problems> {
        nothing()
    }
}

config! {
    /// Takes any key.
    Open "open" { /** How many. */ #[serde(default)] count: u8 }
    self => nothing()
}

config! {
    /// Takes any key into a map.
    Flat "flat" {
        /** How many. */ #[serde(default)] count: u8,
        /** The rest. */ #[serde(flatten)] rest: BTreeMap<String, Value>,
    }
    self => nothing()
}

config! {
    /// Has a key without a comment.
    #[serde(deny_unknown_fields)]
    Undocumented "undocumented" { #[serde(default)] count: u8 }
    self => nothing()
}

config! {
    #[serde(deny_unknown_fields)]
    NoComment "no-comment" { /** How many. */ #[serde(default)] count: u8 }
    self => nothing()
}

config! {
    /// Has a value that takes anything.
    #[serde(deny_unknown_fields)]
    Free "free" { /** Anything. */ #[serde(default)] extra: Value }
    self => nothing()
}

config! {
    /// Has a secret that is text.
    #[serde(deny_unknown_fields)]
    Plain "plain" { /** The token. */ #[serde(default)] token: String }
    self => nothing()
}

config! {
    /// Opens its file.
    #[serde(deny_unknown_fields)]
    Opens "opens" { /** Which. */ path: String }
    self => match File::open(&self.path) {
        Ok(_) => nothing(),
        Err(error) => Err(Problem::invalid("path", error.to_string()).into()),
    }
}

config! {
    /// Makes its file.
    #[serde(deny_unknown_fields)]
    Makes "makes" { /** Which. */ path: String }
    self => { drop(File::create(&self.path)); nothing() }
}

config! {
    /// Connects.
    #[serde(deny_unknown_fields)]
    Dials "dials" { /** Where to. */ address: String }
    self => { drop(TcpStream::connect(self.address.as_str())); nothing() }
}

config! {
    /// Panics.
    #[serde(deny_unknown_fields)]
    Panics "panics" { /** How many. */ count: u64 }
    self => { assert!(self.count < 1_000_000, "too many"); nothing() }
}

config! {
    /// Names a key that is none.
    #[serde(deny_unknown_fields)]
    Astray "astray" { /** How many. */ count: u64 }
    self => match self.count {
        0 => Err(Problem::out_of_range("size", "at least 1").into()),
        _ => nothing(),
    }
}

config! {
    /// Takes the pipeline's key.
    #[serde(deny_unknown_fields)]
    Takes "takes" { /** What. */ #[serde(default)] buffer: u8 }
    self => nothing()
}

config! {
    /// Tells its secret.
    #[serde(deny_unknown_fields)]
    Tells "tells" { /** The token. */ token: Secret, /** How many. */ count: u8 }
    self => match self.count {
        0 => nothing(),
        _ => Err(Problem::invalid("token", format!("is {}", self.token.expose())).into()),
    }
}

config! {
    /// Has a capital in its name.
    #[serde(deny_unknown_fields)]
    Shouts "Shouts" { /** How many. */ #[serde(default)] count: u8 }
    self => nothing()
}

fn case<C: SourceConfig + 'static>(example: Value) -> ConfigCase {
    ConfigCase::source::<C>(example)
}

pub(crate) fn honest() {
    let url = "wss://h/";
    let honest = case::<Honest>(json!({"url": url}))
        .example(json!({
            "url": url,
            "retries": 3,
            "auth": {"type": "bearer", "config": {"token": "t"}},
            "headers": {"X-Token": "t"},
            "tls": {"ca_file": "ca.pem", "key_file": "key.pem"},
            "key": "/id",
            "query": {"any": [1, null]},
            "timeout": "5s",
        }))
        .not_secret("key")
        .any_json("query");
    config::conforms(&honest);
    let tagged = case::<Tagged>(json!({"mode": "file", "path": "x"}))
        .example(json!({"mode": "bucket", "bucket": "b", "secret": "s"}));
    config::conforms(&tagged);
}

fn lie(
    what: &'static str,
    reviewed: bool,
    rule: &'static str,
    attempt: fn(&ConfigCase),
    case: fn() -> ConfigCase,
) -> Lie {
    let attempt = move || -> crate::lie::Local { Box::pin(async move { attempt(&case()) }) };
    Lie { what, rule, reviewed, attempt: Box::new(attempt) }
}

macro_rules! lies {
    ($($what:literal => $rule:ident, $config:ident $example:tt, $reviewed:literal;)*) => {
        vec![$(lie(
            $what,
            $reviewed,
            concat!("config::", stringify!($rule)),
            config::$rule,
            || case::<$config>(json!($example)),
        ),)*]
    };
}

pub(crate) fn lies() -> Vec<Lie> {
    lies![
        "accepts unknown keys" => refuses_unknown_keys, Open {}, false;
        "accepts unknown keys, and says so" => closes_its_maps, Open {}, true;
        "accepts unknown keys by flatten" => closes_its_maps, Flat {}, true;
        "an undocumented key" => documents_every_key, Undocumented {}, true;
        "an undocumented connector" => documents_every_key, NoComment {}, true;
        "a value that takes anything" => closes_its_maps, Free {}, true;
        "token as plain text" => marks_its_secrets, Plain {}, true;
        "build opens a file" => builds_without_io, Opens {"path": "x"}, true;
        "build makes a file" => builds_without_io, Makes {"path": "x"}, false;
        "build connects" => builds_without_io, Dials {"address": "x"}, false;
        "build panics" => builds_without_panic, Panics {"count": 1}, true;
        "an example that does not build" => builds_its_examples, Astray {"count": 0}, false;
        "a problem at a key that is none" => names_places_that_exist, Astray {"count": 1}, false;
        "a key of the pipeline file" => leaves_the_pipelines_keys, Takes {}, false;
        "a problem shows a secret" => keeps_its_secrets, Tells {"token": "t", "count": 1}, false;
        "a name with a capital" => has_a_plain_name, Shouts {}, false;
    ]
}
