//! The configuration keys of the source.

use std::collections::BTreeMap;
use std::num::{NonZeroU64, NonZeroUsize};
use std::time::Duration;

use faucet_common_websocket::{
    Auth, Compression, ConnectMessage, ConnectOptions, FeedOptions, Frame, ProxySetting,
    ReconnectKeys, TlsConfig, UrlText, Utf8Policy,
};
use faucet_core::duration::{self, Seconds};
use faucet_core::size::{self, Bytes};
use faucet_core::{ComponentKind, KeyPath, PageLimits, Problem, ProblemKind, Problems, Secret};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::checked::Checked;
use crate::message_format::{IdleResetsOn, OnParseError, WsMessageFormat};
use crate::stop::StopRule;

/// Receives a WebSocket feed: connects to a `ws://` or `wss://` endpoint, sends subscription
/// messages, and hands over each incoming message as a record until `max_messages`,
/// `idle_timeout`, a clean close or an interrupt ends the run. A live feed cannot be resumed: after
/// a reconnect the source subscribes again, and what was sent in between is lost.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "websocket source")]
pub struct WebsocketSourceConfig {
    /// Endpoint, `ws://` or `wss://`. `{name}` in path and query is filled from the run's context,
    /// percent-encoded.
    pub url: UrlText,
    /// Credentials for the upgrade request, resolved anew on every connect. Default: `none`.
    #[serde(default)]
    pub auth: Auth,
    /// Messages sent in order after every connect and reconnect: text, or
    /// `{type: binary, data: <base64>}`.
    #[serde(default)]
    pub subscribe_messages: Vec<ConnectMessage>,
    /// What a message is taken as.
    #[serde(default)]
    pub message_format: WsMessageFormat,
    /// What happens to a message that is not what `message_format` says.
    #[serde(default)]
    pub on_parse_error: OnParseError,
    /// Renders a record as `{data, received_at, url}`; `received_at` is the time of the socket
    /// read in Unix milliseconds, `url` is redacted.
    #[serde(default)]
    pub envelope: bool,
    /// Interval between keepalive Pings. Default: none are sent.
    #[serde(default, with = "duration::option")]
    #[schemars(with = "Option<Seconds>")]
    pub ping_interval: Option<Duration>,
    /// Without the matching Pong in this time the peer is taken for dead and the connection is
    /// dropped. Default: `ping_interval`.
    #[serde(default, with = "duration::option")]
    #[schemars(with = "Option<Seconds>")]
    pub pong_timeout: Option<Duration>,
    /// Stop after exactly this many records. One of `max_messages`, `idle_timeout` and `unbounded`
    /// is required.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub max_messages: Option<u64>,
    /// Stop after this long in which no byte came in. It spans reconnects and backoff, so it also
    /// caps outages. The answer to a Ping of ours counts too; see `idle_resets_on`.
    #[serde(default, with = "duration::option")]
    #[schemars(with = "Option<Seconds>")]
    pub idle_timeout: Option<Duration>,
    /// The bytes that start `idle_timeout` anew.
    #[serde(default)]
    pub idle_resets_on: IdleResetsOn,
    /// Reconnect after this long without a byte of a data message: the connection is open but the
    /// server sends no data. Leave it out for quiet feeds.
    #[serde(default, with = "duration::option")]
    #[schemars(with = "Option<Seconds>")]
    pub stale_timeout: Option<Duration>,
    /// End the run with an error after this long without a connection, attempts included. Default:
    /// no limit.
    #[serde(default, with = "duration::option")]
    #[schemars(with = "Option<Seconds>")]
    pub max_outage: Option<Duration>,
    /// Run until stopped from outside.
    #[serde(default)]
    pub unbounded: bool,
    /// Reconnect on a drop or any close. Otherwise a close with 1000 or without a code ends the run
    /// well, and anything else ends it with an error.
    #[serde(default)]
    pub reconnect: bool,
    /// Wait before an attempt to reconnect; fixed unless `reconnect_max_backoff` is larger.
    #[serde(default = "default::reconnect_backoff", with = "duration")]
    #[schemars(with = "Seconds")]
    pub reconnect_backoff: Duration,
    /// When larger than `reconnect_backoff`, the wait doubles up to this. Default:
    /// `reconnect_backoff`.
    #[serde(default, with = "duration::option")]
    #[schemars(with = "Option<Seconds>")]
    pub reconnect_max_backoff: Option<Duration>,
    /// Largest random share of extra wait, from 0 to 1. A wait is never shorter than without.
    #[serde(default)]
    #[schemars(range(min = 0, max = 1))]
    pub reconnect_jitter: f64,
    /// Consecutive attempts to reconnect before giving up; 0 is none. A record or 10 s of stable
    /// connection start the count anew, a mere connect does not. Default: unlimited.
    #[serde(default)]
    pub max_reconnect_attempts: Option<u32>,
    /// Ends of one kind that are not mere network trouble may repeat for this long, without a record
    /// and without 10 s of stable connection between them. Then the run ends with an error. `null` is
    /// no limit.
    #[serde(default = "default::reconnect_patience", with = "duration::option")]
    #[schemars(with = "Option<Seconds>")]
    pub reconnect_patience: Option<Duration>,
    /// Budget for DNS, proxy, TCP, TLS and upgrade together.
    #[serde(default = "default::connect_timeout", with = "duration")]
    #[schemars(with = "Seconds")]
    pub connect_timeout: Duration,
    /// Largest message, from 1 byte to 2 GiB. A larger one ends the run. A message may also have at
    /// most 131,072 fragments.
    #[serde(default = "default::max_message_bytes", with = "size")]
    #[schemars(with = "Bytes", extend("minimum" = 1, "maximum" = 2_147_483_648_u64))]
    pub max_message_bytes: usize,
    /// What happens to a text message that is not UTF-8.
    #[serde(default)]
    pub invalid_utf8: Utf8Policy,
    /// Records in a page; 0 is the whole run in one page.
    #[serde(default = "default::batch_size")]
    pub batch_size: usize,
    /// A page is handed over when its payloads reach this many bytes. Not with `batch_size: 0`.
    #[serde(default = "default::batch_bytes", with = "size")]
    #[schemars(with = "Bytes", extend("minimum" = 1))]
    pub batch_bytes: usize,
    /// A page that is not full is handed over this long after its first record. Not with
    /// `batch_size: 0`.
    #[serde(default = "default::batch_timeout", with = "duration")]
    #[schemars(with = "Seconds")]
    pub batch_timeout: Duration,
    /// Size of the read buffer in bytes. Default: 256 KiB, shared with all other connections and
    /// borrowed only while there is something to read.
    #[serde(default)]
    #[schemars(range(min = 1, max = 67_108_864))]
    pub read_buffer_bytes: Option<usize>,
    /// Headers for the upgrade request; not `Connection`, `Upgrade` and `Sec-WebSocket-…`, which the
    /// upgrade itself owns. `User-Agent` is `faucet/VERSION` unless it is set here; an empty value leaves
    /// it out. A `Host` that is set here is sent in place of the host of `url`.
    #[serde(default)]
    pub headers: BTreeMap<String, Secret>,
    /// Subprotocols to offer, the preferred first. The server must choose one of them.
    #[serde(default)]
    pub subprotocols: Vec<String>,
    /// Whether to offer compression of messages in both directions. `max_message_bytes` and
    /// `invalid_utf8` hold for a message as it was before it was compressed.
    #[serde(default)]
    pub compression: Compression,
    /// Proxy to connect through: `http://`, `https://` (both HTTP CONNECT), `socks5://` (the host is
    /// looked up here) or `socks5h://` (the proxy looks it up), with `user:password@` where the proxy
    /// wants it; or `none`; or `env`: `HTTP_PROXY` for `ws://`, `HTTPS_PROXY` for `wss://`, else
    /// `ALL_PROXY`, unless `NO_PROXY` lists the host or it is this machine. A certificate of the proxy
    /// is verified by the trust store of the operating system and `tls.ca_file`.
    #[serde(default)]
    pub proxy: ProxySetting,
    /// How a `wss://` endpoint is verified. Default: by the trust store of the operating system.
    #[serde(default)]
    pub tls: TlsConfig,
}

mod default {
    use super::*;

    pub(super) const fn reconnect_backoff() -> Duration {
        Duration::from_secs(1)
    }

    pub(super) const fn reconnect_patience() -> Option<Duration> {
        Some(Duration::from_secs(300))
    }

    pub(super) const fn connect_timeout() -> Duration {
        Duration::from_secs(10)
    }

    pub(super) const fn max_message_bytes() -> usize {
        64 << 20
    }

    pub(super) const fn batch_size() -> usize {
        1000
    }

    pub(super) const fn batch_bytes() -> usize {
        1 << 20
    }

    pub(super) const fn batch_timeout() -> Duration {
        Duration::from_millis(50)
    }
}

impl WebsocketSourceConfig {
    /// Checks all keys and reports all problems together.
    pub(crate) fn check(self) -> Result<Checked, Problems> {
        let mut problems = Problems::new();
        let stop = self.check_stop(&mut problems);
        let page = self.check_page(&mut problems);
        ConnectMessage::check("subscribe_messages", &self.subscribe_messages, &mut problems);
        let (format, on_parse_error) = (self.message_format, self.on_parse_error);
        let envelope = self.envelope;
        let endpoint = self.connect_options().check(&mut problems);
        problems.into_result()?;
        let endpoint = endpoint.expect("an endpoint without problems");
        Ok(Checked { endpoint, format, on_parse_error, envelope, stop, page })
    }

    fn check_stop(&self, problems: &mut Problems) -> StopRule {
        problems.push_if(self.max_messages == Some(0), || {
            Problem::out_of_range("max_messages", "at least 1")
        });
        let endless = self.max_messages.is_none() && self.idle_timeout.is_none();
        problems.push_if(endless && !self.unbounded, || {
            let keys = vec!["max_messages".into(), "idle_timeout".into()];
            let or = Some("unbounded".into());
            Problem::new(KeyPath::root(), ProblemKind::MissingOneOf { keys, or })
        });
        StopRule::new(self.max_messages.and_then(NonZeroU64::new))
    }

    fn check_page(&self, problems: &mut Problems) -> PageLimits {
        duration::check("batch_timeout", Some(self.batch_timeout), problems);
        problems.push_if(self.batch_bytes == 0, || {
            Problem::out_of_range("batch_bytes", "at least 1 byte")
        });
        let Some(records) = NonZeroUsize::new(self.batch_size) else {
            for (key, given) in [
                ("batch_bytes", self.batch_bytes != default::batch_bytes()),
                ("batch_timeout", self.batch_timeout != default::batch_timeout()),
            ] {
                problems.push_if(given, || {
                    Problem::conflict(key, "batch_size")
                        .help("batch_size: 0 is the whole run in one page")
                });
            }
            return PageLimits::ONE_PAGE;
        };
        PageLimits::records(Some(records))
            .with_bytes(NonZeroUsize::new(self.batch_bytes))
            .with_age(Some(self.batch_timeout))
    }

    fn connect_options(self) -> ConnectOptions {
        ConnectOptions {
            end: ComponentKind::Source,
            url: self.url,
            auth: self.auth,
            headers: self.headers,
            subprotocols: self.subprotocols,
            compression: self.compression,
            proxy: self.proxy,
            tls: self.tls,
            connect_timeout: self.connect_timeout,
            reconnect: ReconnectKeys {
                reconnect: self.reconnect,
                backoff: self.reconnect_backoff,
                max_backoff: self.reconnect_max_backoff,
                jitter: self.reconnect_jitter,
                max_attempts: self.max_reconnect_attempts,
            },
            ping_interval: self.ping_interval,
            pong_timeout: self.pong_timeout,
            stale_timeout: self.stale_timeout,
            max_message_bytes: self.max_message_bytes,
            read_buffer_bytes: self.read_buffer_bytes,
            reconnect_patience: self.reconnect_patience,
            feed: FeedOptions {
                idle_timeout: self.idle_timeout,
                idle_on_data: self.idle_resets_on == IdleResetsOn::Data,
                max_outage: self.max_outage,
                invalid_utf8: self.invalid_utf8,
            },
            greeting: self.subscribe_messages.into_iter().map(Frame::from).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use faucet_core::{SourceConfig as _, decode};
    use serde_json::{Value, json};

    use super::*;
    use crate::source::WebsocketSource;

    fn build(extra: Value) -> Result<WebsocketSource, Problems> {
        let mut config = json!({"url": "ws://h/", "unbounded": true});
        let keys = config.as_object_mut().unwrap();
        keys.extend(extra.as_object().unwrap().clone());
        keys.retain(|_, value| !value.is_null());
        decode::<WebsocketSourceConfig>(config)?.build()
    }

    #[test]
    fn wrong_values_are_refused_with_their_key() {
        let eternity = 1e10;
        for (extra, why) in [
            (
                json!({"unbounded": null}),
                "at least one of max_messages or idle_timeout must be set",
            ),
            (json!({"url": null}), "url: missing"),
            (json!({"url": "http://h/"}), "url must start with ws:// or wss://"),
            (json!({"max_mesages": 1}), "max_mesages: unknown key (did you mean `max_messages`?)"),
            (
                json!({"max_messages": "1"}),
                "max_messages: wrong type: text, expected a whole number",
            ),
            (json!({"max_messages": 0}), "max_messages: out of range, expected at least 1"),
            (json!({"max_messages": -1}), "max_messages: out of range, expected a whole number"),
            (
                json!({"idle_timeout": 0}),
                "idle_timeout: out of range, expected a duration longer than zero",
            ),
            (json!({"idle_timeout": eternity}), "idle_timeout: out of range"),
            (json!({"ping_interval": 0}), "ping_interval: out of range"),
            (json!({"pong_timeout": 3}), "pong_timeout: needs ping_interval"),
            (json!({"stale_timeout": "0s"}), "stale_timeout: out of range"),
            (json!({"reconnect_backoff": 0}), "reconnect_backoff: out of range"),
            (
                json!({"reconnect_max_backoff": 0.5}),
                "reconnect_max_backoff: out of range, expected a duration that is",
            ),
            (
                json!({"reconnect_jitter": 1.5}),
                "reconnect_jitter: out of range, expected a number from 0 to 1",
            ),
            (json!({"connect_timeout": 0}), "connect_timeout: out of range"),
            (
                json!({"max_message_bytes": 0}),
                "max_message_bytes: out of range, expected from 1 byte to 2 GiB",
            ),
            (json!({"max_message_bytes": "2049 MiB"}), "max_message_bytes: out of range"),
            (json!({"proxy": "evn"}), "proxy: not understood, expected env, none, or a URL"),
            (json!({"proxy": "ftp://h"}), "proxy: must start with http://"),
            (json!({"proxy": "http://u:p%0A@h"}), "proxy: has a password that has a line break"),
            (json!({"url": "ws://u:p%0A@h/"}), "url: its password has a line break"),
            (
                json!({"auth": {"type": "bearer", "config": {"token": "Bearer t"}}}),
                "auth.config.token: begins with its own `Bearer `",
            ),
            (
                json!({"auth": {"type": "basic", "config": {"username": "u", "password": "p\n"}}}),
                "auth.config.password: has a line break",
            ),
            (json!({"batch_bytes": 0}), "batch_bytes: out of range"),
            (
                json!({"batch_size": 0, "batch_bytes": 5}),
                "batch_bytes: not together with batch_size",
            ),
            (
                json!({"batch_size": 0, "batch_timeout": 5}),
                "batch_timeout: not together with batch_size",
            ),
            (json!({"batch_timeout": 0}), "batch_timeout: out of range"),
            (
                json!({"read_buffer_bytes": 0}),
                "read_buffer_bytes: out of range, expected from 1 byte to 64 MiB",
            ),
            (json!({"headers": {"X-Foo": "a\r\nb"}}), "headers.X-Foo: has a line break"),
            (json!({"headers": {"Upgrade": "a"}}), "headers.Upgrade: reserved"),
            (json!({"subprotocols": ["a", "a"]}), "subprotocols[1]: means the same as"),
            (json!({"tls": {"server_name": "x"}}), "tls: has no effect on a ws:// url"),
            (
                json!({"tls": {"server_name": "x"}, "proxy": "https://h"}),
                "tls: has no effect on a ws:// url",
            ),
            (
                json!({"tls": {"ca_file": "x"}, "proxy": "http://h"}),
                "tls: has no effect on a ws://",
            ),
            (
                json!({"url": "ws://u:p@h/", "headers": {"authorization": "x"}}),
                "url: not together with headers.authorization",
            ),
            (json!({"subprotocols": ["a b"]}), "subprotocols[0]: not a token"),
            (
                json!({"tls": {"client_cert_file": "x"}}),
                "tls.client_cert_file: needs tls.client_key_file",
            ),
            (json!({"tls": {"cafile": "x"}}), "tls.cafile: unknown key (did you mean `ca_file`?)"),
            (
                json!({"headers": {"Authorization": "x"}, "auth": {"type": "bearer",
                    "config": {"token": "t"}}}),
                "auth: not together with headers.Authorization",
            ),
            (json!({"subscribe_messages": [7]}), "subscribe_messages[0]: "),
            (
                json!({"subscribe_messages": [{"type": "binary", "data": "?"}]}),
                "subscribe_messages[0]: data is not base64",
            ),
            (json!({"compression": "gzip"}), "compression: unknown value"),
            (json!({"message_format": "jsn"}), "message_format: unknown value"),
            (json!({"reconnect": "yes"}), "reconnect: wrong type: text, expected true or false"),
        ] {
            let error = build(extra.clone()).err().map(|e| e.to_string()).unwrap_or_default();
            assert!(error.contains(why), "{extra}: {error}");
        }
    }

    #[test]
    fn all_problems_are_reported_together() {
        let error =
            build(json!({"max_messages": 0, "url": "x", "connect_timeout": 0})).unwrap_err();
        assert!(error.to_string().starts_with("3 problems:"), "{error}");
    }

    #[test]
    fn every_key_has_a_place_to_be_written() {
        let all = json!({
            "url": "wss://h/{symbol}?k={k}", "auth": {"type": "bearer", "config": {"token": "t"}},
            "subscribe_messages": ["a", {"type": "binary", "data": "AQ=="},
                {"type": "text", "data": "b"}],
            "message_format": "raw_string", "on_parse_error": "skip", "envelope": true,
            "ping_interval": 20, "pong_timeout": "5s", "max_messages": 5, "idle_timeout": "1 min",
            "idle_resets_on": "data", "max_outage": 600, "reconnect_patience": "10 min",
            "invalid_utf8": "skip", "stale_timeout": 60, "unbounded": true, "reconnect": true, "reconnect_backoff": 0.5,
            "reconnect_max_backoff": "30s", "reconnect_jitter": 0.2, "max_reconnect_attempts": 0,
            "connect_timeout": 3, "max_message_bytes": "2GiB", "batch_size": 10, "batch_bytes": "8 KiB",
            "batch_timeout": 0.1, "read_buffer_bytes": 4096, "headers": {"X-Key": "k"},
            "subprotocols": ["v1.json"], "compression": "deflate", "proxy": "none",
            "tls": {"server_name": "x.example", "insecure_skip_verify": true},
        });
        build(all.clone()).unwrap();
        let schema = schemars::schema_for!(WebsocketSourceConfig);
        let keys = faucet_core::SchemaView::new(schema.as_value()).keys();
        assert_eq!(keys.len(), all.as_object().unwrap().len());
        for key in keys {
            assert!(all.get(key.name).is_some(), "{} is missing here", key.name);
            // A list of lists is no value of any key: the key is read.
            let problems = build(with_key(&all, key.name, json!([[[]]]))).unwrap_err();
            let named = problems.iter().any(|problem| problem.path.first_key() == Some(key.name));
            assert!(named, "{}: {problems}", key.name);
        }
    }

    fn with_key(all: &Value, key: &str, value: Value) -> Value {
        let mut changed = all.clone();
        changed[key] = value;
        changed
    }

    #[test]
    fn a_secret_is_in_no_debug_output() {
        let canary = "s3cret";
        let config: WebsocketSourceConfig = serde_json::from_value(json!({
            "url": format!("wss://u:{canary}@h/?token={canary}"), "max_messages": 1,
            "subscribe_messages": [canary, {"type": "text", "data": canary}],
            "headers": {"X-Key": canary},
            "auth": {"type": "custom", "config": {"headers": {"X-Auth": canary}}},
            "proxy": format!("http://u:{canary}@h"),
        }))
        .unwrap();
        assert!(!format!("{config:?}").contains(canary), "{config:?}");
        let source = WebsocketSource::new(config).unwrap();
        assert!(!format!("{source:?}").contains(canary), "{source:?}");
    }
}
