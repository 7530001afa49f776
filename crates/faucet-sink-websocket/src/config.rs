//! The configuration keys of the sink.

use std::collections::BTreeMap;
use std::time::Duration;

use faucet_common_websocket::patterns::{HeadersSchema, TOKEN};
use faucet_common_websocket::session::keys::{
    CloseRule, ControlRule, Heartbeat, HttpRequest, LimitKeys, NamedValue, QueryValue, RateLimit,
    RouteKeys, ScriptKeys, SessionKeys, SessionMessage, SessionStep, WatchKeys,
};
use faucet_common_websocket::{
    Auth, Compression, ConnectOptions, FeedOptions, ProxySetting, ReconnectKeys, RequestOptions,
    TimeOptions, TlsConfig, UrlText, connection_rules,
};
use faucet_core::duration::{self, Seconds};
use faucet_core::schema_rule::{any_of, given};
use faucet_core::size::{self, Bytes};
use faucet_core::{ComponentKind, Problem, Problems, Secret, schema_rule};
use schemars::{JsonSchema, Schema};
use serde::Deserialize;
use serde_json::json;

use crate::checked::Checked;
use crate::delivery::delivery_mode::DeliveryMode;
use crate::delivery::policy::DeliveryPolicy;
use crate::delivery::window::Limits;
use crate::encode::Encoder;
use crate::record_format::{MessageType, RecordFormat};

mod check;

/// Sends records to a WebSocket endpoint: one record is one frame, its payload byte for byte.
/// Starting connects once; a connection that is lost later is opened anew when there is something
/// to send. `delivery` says what is promised about records that were on their way then.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "websocket sink", extend("examples" = [{"url": "wss://feed.example.com/ws"}]), transform = rules)]
pub struct WebsocketSinkConfig {
    /// Endpoint, `ws://` or `wss://`. `{name}` in path and query is filled from the run's context,
    /// percent-encoded. Required, unless `url_from` is given.
    #[schemars(extend("examples" = ["wss://feed.example.com/ws"]))]
    #[serde(default)]
    pub url: UrlText,
    /// Credentials for the upgrade request, resolved anew on every connect. Default: `none`.
    #[serde(default)]
    #[schemars(extend("examples" = [{"type": "bearer", "config": {"token": "${TOKEN}"}}], "default" = {"type": "none"}))]
    pub auth: Auth,
    /// Messages sent in order after every connect and reconnect, before any record: text, or
    /// `{type: binary, data: <base64>}`.
    #[serde(default)]
    #[schemars(extend("examples" = [["{\"op\":\"hello\"}"]], "maxItems" = 10_000, "default" = [], "writeOnly" = true))]
    pub connect_messages: Vec<SessionMessage>,
    /// The kind of frame that a record becomes.
    #[serde(default)]
    #[schemars(extend("examples" = ["text"]))]
    pub message_type: MessageType,
    /// The form that every record must have. Another one ends the run with an error that names it, before
    /// anything of its page is sent.
    #[serde(default)]
    #[schemars(extend("examples" = ["json"]))]
    pub record_format: RecordFormat,
    /// The promise about records that were on their way when the connection was lost.
    #[serde(default)]
    #[schemars(extend("examples" = ["at_least_once"]))]
    pub delivery: DeliveryMode,
    /// When no Pong comes for this long, though the socket has taken
    /// everything, the connection is dropped, and what it left unconfirmed is sent again.
    #[serde(default = "default::ack_timeout", with = "duration")]
    #[schemars(with = "Seconds")]
    #[schemars(extend("examples" = [30, "30s"], "x-only-with" = {"delivery": ["at_least_once"]}))]
    pub ack_timeout: Duration,
    /// Maximum number of unconfirmed records, kept in memory. Writing
    /// waits when it is reached. The sink lowers it for slow peers. It sends a Ping after every
    /// eighth of it and at the end of each page.
    #[serde(default = "default::max_unconfirmed_records")]
    #[schemars(range(min = 1))]
    #[schemars(extend("examples" = [16_000], "x-only-with" = {"delivery": ["at_least_once"]}))]
    pub max_unconfirmed_records: usize,
    /// Maximum size of the unconfirmed records in bytes. A larger
    /// record is sent alone.
    #[serde(default = "default::max_unconfirmed_bytes", with = "size")]
    #[schemars(with = "Bytes")]
    #[schemars(extend("examples" = [8_388_608, "8MiB"], "x-only-with" = {"delivery": ["at_least_once"]}))]
    pub max_unconfirmed_bytes: usize,
    /// When the socket takes nothing for this long the connection is dropped.
    #[serde(default = "default::write_timeout", with = "duration")]
    #[schemars(with = "Seconds")]
    #[schemars(extend("examples" = [30, "30s"]))]
    pub write_timeout: Duration,
    /// Size of the write buffer in bytes. A larger record is rejected. Control frames have 4 KiB of
    /// their own.
    #[serde(default = "default::max_write_buffer_bytes", with = "size")]
    #[schemars(with = "Bytes")]
    #[schemars(extend("examples" = [8_388_608, "8MiB"]))]
    pub max_write_buffer_bytes: usize,
    /// Interval between keepalive Pings. Default: none are sent.
    #[serde(default, with = "duration::option")]
    #[schemars(with = "Option<Seconds>")]
    #[schemars(extend("examples" = [20, "20s"]))]
    pub ping_interval: Option<Duration>,
    /// Without a Pong in this time after such a Ping the peer is taken for dead and the connection
    /// is dropped. Default: `ping_interval`.
    #[serde(default, with = "duration::option")]
    #[schemars(with = "Option<Seconds>")]
    #[schemars(extend("examples" = [10, "10s"]))]
    pub pong_timeout: Option<Duration>,
    /// Reconnect when there is something to send. Otherwise writing on a lost connection fails at
    /// once.
    #[serde(default = "default::reconnect")]
    #[schemars(extend("examples" = [false]))]
    pub reconnect: bool,
    /// Wait before the first attempt to reconnect, counted from the loss.
    #[serde(default = "default::reconnect_backoff", with = "duration")]
    #[schemars(with = "Seconds")]
    #[schemars(extend("examples" = [1, "500ms"], "x-only-with" = {"reconnect": [true]}))]
    pub reconnect_backoff: Duration,
    /// The wait doubles with each attempt up to this. Default: 30 seconds, or `reconnect_backoff` if
    /// that is longer.
    #[serde(default, with = "duration::option")]
    #[schemars(with = "Option<Seconds>")]
    #[schemars(extend("examples" = [30, "30s"], "x-only-with" = {"reconnect": [true]}))]
    pub reconnect_max_backoff: Option<Duration>,
    /// Largest random share of extra wait, from 0 to 1. A wait is never shorter than without.
    #[serde(default)]
    #[schemars(range(min = 0, max = 1))]
    #[schemars(extend("examples" = [0.2], "x-only-with" = {"reconnect": [true]}))]
    pub reconnect_jitter: f64,
    /// Consecutive attempts to reconnect before writing fails; 0 is none, null is unlimited. Proof
    /// that a record arrived or 10 s of stable connection start the count anew, a mere connect does
    /// not.
    #[serde(default = "default::max_reconnect_attempts")]
    #[schemars(extend("examples" = [10], "x-only-with" = {"reconnect": [true]}))]
    pub max_reconnect_attempts: Option<u32>,
    /// Ends of one kind that are not mere network trouble may repeat for this long, without a record
    /// that is confirmed and without 10 s of stable connection between them. Then the run ends with an
    /// error. `null` is no limit.
    #[serde(default = "default::reconnect_patience", with = "duration::option")]
    #[schemars(with = "Option<Seconds>")]
    #[schemars(extend("examples" = [300, "5 min"], "x-only-with" = {"reconnect": [true]}))]
    pub reconnect_patience: Option<Duration>,
    /// Budget for DNS, proxy, TCP, TLS and upgrade together.
    #[serde(default = "default::connect_timeout", with = "duration")]
    #[schemars(with = "Seconds")]
    #[schemars(extend("examples" = [10, "10s"]))]
    pub connect_timeout: Duration,
    /// Largest message from the peer, from 1 byte to 2 GiB. A larger one ends the run. The sink counts
    /// the peer's messages and drops them.
    #[serde(default = "default::max_message_bytes", with = "size")]
    #[schemars(with = "Bytes", extend("maximum" = 2_147_483_648_u64))]
    #[schemars(extend("examples" = [67_108_864, "64MiB"]))]
    pub max_message_bytes: usize,
    /// Size of the read buffer in bytes. Default: 256 KiB, shared with all other connections and
    /// borrowed only while there is something to read.
    #[serde(default, with = "size::option")]
    #[schemars(with = "Option<Bytes>", extend("maximum" = 67_108_864))]
    #[schemars(extend("examples" = [262_144, "256KiB"]))]
    pub read_buffer_bytes: Option<usize>,
    /// Headers for the upgrade request; not `Connection`, `Upgrade` and `Sec-WebSocket-…`, which the
    /// upgrade itself owns. `User-Agent` is `faucet/VERSION` unless it is set here; an empty value leaves
    /// it out. A `Host` that is set here is sent in place of the host of `url`.
    #[serde(default)]
    #[schemars(with = "HeadersSchema")]
    #[schemars(extend("examples" = [{"X-Client": "faucet"}], "default" = {}))]
    pub headers: BTreeMap<String, Secret>,
    /// Subprotocols to offer, the preferred first. The server must choose one of them.
    #[serde(default)]
    #[schemars(extend("examples" = [["v1.json"]], "items" = {"type": "string", "pattern": TOKEN}, "uniqueItems" = true))]
    pub subprotocols: Vec<String>,
    /// Whether to offer compression of messages in both directions. All limits of sizes hold for a
    /// message as it was before it was compressed.
    #[serde(default)]
    #[schemars(extend("examples" = ["deflate"]))]
    pub compression: Compression,
    /// Proxy to connect through: `http://`, `https://` (both HTTP CONNECT), `socks5://` (the host is
    /// looked up here) or `socks5h://` (the proxy looks it up), with `user:password@` where the proxy
    /// wants it; or `none`; or `env`: `HTTP_PROXY` for `ws://`, `HTTPS_PROXY` for `wss://`, else
    /// `ALL_PROXY`, unless `NO_PROXY` lists the host or it is this machine. A certificate of the proxy
    /// is verified by the trust store of the operating system and `tls.ca_file`.
    #[serde(default)]
    #[schemars(extend("examples" = ["env", "socks5h://127.0.0.1:9050"], "default" = "env"))]
    pub proxy: ProxySetting,
    /// How a `wss://` endpoint is verified. Default: by the trust store of the operating system.
    #[serde(default)]
    #[schemars(extend("examples" = [{"ca_file": "ca.pem"}]))]
    pub tls: TlsConfig,
    /// Named values for messages, headers and URLs. Each is made when it is first needed, once for a connection.
    #[serde(default)]
    #[schemars(extend("examples" = [{"ts": {"clock": "ms"}}], "default" = {}))]
    pub values: BTreeMap<String, NamedValue>,
    /// HTTP calls before every connect, in order. Needs the feature `session-http`.
    #[serde(default)]
    #[schemars(extend("examples" = [[{"url": "https://api.example.com/token", "take": {"token": "/token"}}]], "default" = []))]
    pub before_connect: Vec<HttpRequest>,
    /// The URL, complete, made of names that `before_connect` or a value gives. In place of `url`.
    #[serde(default)]
    #[schemars(extend("examples" = ["{endpoint}"]))]
    pub url_from: Option<String>,
    /// The hosts that a URL from outside may have (`url_from`, `control[].url`): `host`, `*.host` for
    /// subdomains, with `:port` where it is not that of the scheme. Such a URL is `wss://`, or leads to this
    /// machine.
    #[serde(default)]
    #[schemars(extend("examples" = [["*.example.com"]], "default" = []))]
    pub url_hosts: Vec<String>,
    /// Query parameters that are added to the URL, percent-encoded; a list repeats the name. A parameter with
    /// `{name?}` is left out while the name has no value.
    #[serde(default)]
    #[schemars(extend("examples" = [{"streams": "trades"}], "default" = {}, "writeOnly" = true))]
    pub query: BTreeMap<String, QueryValue>,
    /// The script that runs after every connect, before `connect_messages`: one of `send`,
    /// `expect` and `request` in each step.
    #[serde(default)]
    #[schemars(extend("examples" = [[{"expect": {"/type": "welcome"}}]], "default" = []))]
    pub session: Vec<SessionStep>,
    /// How long the script may take. Default: 30.
    #[serde(default, with = "duration::option")]
    #[schemars(with = "Option<Seconds>")]
    #[schemars(extend("examples" = [30, "30s"]))]
    pub session_timeout: Option<Duration>,
    /// Rules for messages of the server: the first that matches decides. A sink has no `keep`.
    #[serde(default)]
    #[schemars(extend("examples" = [[{"match": {"/type": "heartbeat"}}]], "default" = []))]
    pub control: Vec<ControlRule>,
    /// A message that keeps the connection alive, and its answer.
    #[serde(default)]
    #[schemars(extend("examples" = [{"message": "ping", "interval": 20, "reply": {"text": "pong"}}]))]
    pub heartbeat: Option<Heartbeat>,
    /// Reconnect after this long without any message of the server.
    #[serde(default, with = "duration::option")]
    #[schemars(with = "Option<Seconds>")]
    #[schemars(extend("examples" = [15, "15s"]))]
    pub silence_timeout: Option<Duration>,
    /// Messages sent before our Close when a run ends. A message whose names have no value is left out.
    #[serde(default)]
    #[schemars(extend("examples" = [[{"json": {"op": "unsubscribe"}}]], "default" = [], "writeOnly" = true))]
    pub goodbye: Vec<SessionMessage>,
    /// Rules for Closes of the server and for answers to the upgrade: the first that matches decides, before the
    /// general table.
    #[serde(default)]
    #[schemars(extend("examples" = [[{"codes": [4004], "action": "fail"}]], "default" = []))]
    pub close_rules: Vec<CloseRule>,
    /// A planned reconnect after this long, up to 5 % earlier.
    #[serde(default, with = "duration::option")]
    #[schemars(with = "Option<Seconds>")]
    #[schemars(extend("examples" = [82_800, "23h"]))]
    pub rotate_after: Option<Duration>,
    /// The most messages of the conversation that are sent in a time: steps, answers, heartbeats. Keepalive Pings
    /// and Pongs count; a Pong is never held back. Records neither count nor wait.
    #[serde(default)]
    #[schemars(extend("examples" = [{"count": 5, "per": 1}]))]
    pub send_limit: Option<RateLimit>,
    /// The most connects in a time to one host and port, by all connections of this process that set the key: the
    /// strictest limit holds.
    #[serde(default)]
    #[schemars(extend("examples" = [{"count": 300, "per": "5 min"}]))]
    pub connect_limit: Option<RateLimit>,
}

/// The rules between the keys, for the schema; `check` checks them.
fn rules(schema: &mut Schema) {
    schema_rule::add(schema, [any_of([json!({ "required": ["url"] }), given("url_from")])]);
    schema_rule::add(schema, connection_rules());
}

mod default {
    use super::*;

    pub(super) const LONGEST_BACKOFF: Duration = Duration::from_secs(30);

    pub(super) const fn ack_timeout() -> Duration {
        Duration::from_secs(30)
    }

    pub(super) const fn max_unconfirmed_records() -> usize {
        16_000
    }

    pub(super) const fn max_unconfirmed_bytes() -> usize {
        8 << 20
    }

    pub(super) const fn write_timeout() -> Duration {
        Duration::from_secs(30)
    }

    pub(super) const fn max_write_buffer_bytes() -> usize {
        8 << 20
    }

    pub(super) const fn reconnect() -> bool {
        true
    }

    pub(super) const fn reconnect_backoff() -> Duration {
        Duration::from_secs(1)
    }

    pub(super) const fn max_reconnect_attempts() -> Option<u32> {
        Some(3)
    }

    pub(super) const fn reconnect_patience() -> Option<Duration> {
        Some(ConnectOptions::RECONNECT_PATIENCE)
    }

    pub(super) const fn connect_timeout() -> Duration {
        ConnectOptions::CONNECT_TIMEOUT
    }

    pub(super) const fn max_message_bytes() -> usize {
        ConnectOptions::MAX_MESSAGE_BYTES
    }
}

impl WebsocketSinkConfig {
    /// All keys but `url` have their defaults.
    pub fn new(url: impl Into<UrlText>) -> Self {
        Self {
            url: url.into(),
            auth: Auth::default(),
            connect_messages: Vec::new(),
            message_type: MessageType::default(),
            record_format: RecordFormat::default(),
            delivery: DeliveryMode::default(),
            ack_timeout: default::ack_timeout(),
            max_unconfirmed_records: default::max_unconfirmed_records(),
            max_unconfirmed_bytes: default::max_unconfirmed_bytes(),
            write_timeout: default::write_timeout(),
            max_write_buffer_bytes: default::max_write_buffer_bytes(),
            ping_interval: None,
            pong_timeout: None,
            reconnect: default::reconnect(),
            reconnect_backoff: default::reconnect_backoff(),
            reconnect_max_backoff: None,
            reconnect_jitter: 0.0,
            max_reconnect_attempts: default::max_reconnect_attempts(),
            reconnect_patience: default::reconnect_patience(),
            connect_timeout: default::connect_timeout(),
            max_message_bytes: default::max_message_bytes(),
            read_buffer_bytes: None,
            headers: BTreeMap::new(),
            subprotocols: Vec::new(),
            compression: Compression::default(),
            proxy: ProxySetting::default(),
            tls: TlsConfig::default(),
            values: BTreeMap::new(),
            before_connect: Vec::new(),
            url_from: None,
            url_hosts: Vec::new(),
            query: BTreeMap::new(),
            session: Vec::new(),
            session_timeout: None,
            control: Vec::new(),
            heartbeat: None,
            silence_timeout: None,
            goodbye: Vec::new(),
            close_rules: Vec::new(),
            rotate_after: None,
            send_limit: None,
            connect_limit: None,
        }
    }
}
