//! The configuration keys of the source.

use std::collections::BTreeMap;
use std::num::{NonZeroU64, NonZeroUsize};
use std::time::Duration;

use faucet_common_websocket::patterns::{HeadersSchema, TOKEN};
use faucet_common_websocket::session::keys::{
    CloseRule, ContinuityKeys, ControlRule, DedupKeys, Handover, Heartbeat, HttpRequest, LimitKeys,
    NamedValue, QueryValue, RateLimit, ReadingKeys, ResumeKeys, RouteKeys, ScriptKeys,
    SequenceKeys, SessionKeys, SessionMessage, SessionStep, Subscribe, TopicSchema, WatchKeys,
};
use faucet_common_websocket::session::reading::{Decompress, Framing};
use faucet_common_websocket::{
    Auth, Compression, ConnectOptions, FeedOptions, ProxySetting, ReconnectKeys, RequestOptions,
    TimeOptions, TlsConfig, UrlText, Utf8Policy, connection_rules,
};
use faucet_core::duration::{self, Seconds, SecondsOrZero};
use faucet_core::schema_rule::{self, any_of, given, is, when};
use faucet_core::select::Pointer;
use faucet_core::size::{self, Bytes};
use faucet_core::{ComponentKind, KeyPath, PageLimits, Problem, ProblemKind, Problems, Secret};
use schemars::{JsonSchema, Schema};
use serde::Deserialize;
use serde_json::json;

use crate::checked::Checked;
use crate::message_format::{IdleResetsOn, OnParseError, WsMessageFormat};
use crate::stop::StopRule;

mod check;

/// Receives a WebSocket feed: connects to a `ws://` or `wss://` endpoint, sends subscription
/// messages, and hands over each incoming message as a record until `max_messages`,
/// `idle_timeout`, a clean close or an interrupt ends the run. After a reconnect the source subscribes
/// again. A message that the server sends in between is lost, unless `resume` asks for it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "websocket source", extend("examples" = [{"url": "wss://feed.example.com/ws", "reconnect": true, "unbounded": true}]), transform = rules)]
pub struct WebsocketSourceConfig {
    /// Endpoint, `ws://` or `wss://`. `{name}` in path and query is filled from the run's context,
    /// percent-encoded. Required, unless `url_from` is given.
    #[schemars(extend("examples" = ["wss://feed.example.com/ws"]))]
    #[serde(default)]
    pub url: UrlText,
    /// Credentials for the upgrade request, resolved anew on every connect. Default: `none`.
    #[serde(default)]
    #[schemars(extend("examples" = [{"type": "bearer", "config": {"token": "${TOKEN}"}}], "default" = {"type": "none"}))]
    pub auth: Auth,
    /// Messages sent in order after every connect and reconnect, behind `session` and `subscribe`: text; a map or
    /// list, which is sent as JSON; `{json: …}` or `{text: …}` with placeholders; or
    /// `{type: binary, data: <base64>}`.
    #[serde(default)]
    #[schemars(extend("examples" = [["{\"op\":\"subscribe\"}"]], "maxItems" = 10_000, "default" = [], "writeOnly" = true))]
    pub subscribe_messages: Vec<SessionMessage>,
    /// The format that a message is taken as.
    #[serde(default)]
    #[schemars(extend("examples" = ["raw_string"]))]
    pub message_format: WsMessageFormat,
    /// The treatment of a message that is not what `message_format` says.
    #[serde(default)]
    #[schemars(extend("examples" = ["skip"], "x-diverts" = ["divert"], "x-only-with" = {"message_format": ["json", "raw_string"]}))]
    pub on_parse_error: OnParseError,
    /// Whether errors and logs show an excerpt of a message that is not what `message_format` says.
    /// Default: true.
    #[serde(default = "default::excerpts")]
    #[schemars(extend("examples" = [false], "x-only-with" = {"message_format": ["json", "raw_string"]}))]
    pub error_excerpts: bool,
    /// Renders a record as `{data, received_at, url}`; `received_at` is the time of the socket
    /// read in Unix milliseconds, `url` is redacted.
    #[serde(default)]
    #[schemars(extend("examples" = [true]))]
    pub envelope: bool,
    /// Interval between keepalive Pings. Default: none are sent.
    #[serde(default, with = "duration::option")]
    #[schemars(with = "Option<Seconds>")]
    #[schemars(extend("examples" = [20, "20s"]))]
    pub ping_interval: Option<Duration>,
    /// Without the matching Pong in this time the peer is taken for dead and the connection is
    /// dropped. Default: `ping_interval`.
    #[serde(default, with = "duration::option")]
    #[schemars(with = "Option<Seconds>")]
    #[schemars(extend("examples" = [10, "10s"]))]
    pub pong_timeout: Option<Duration>,
    /// Stop after exactly this many records. One of `max_messages`, `idle_timeout` and `unbounded`
    /// is required.
    #[serde(default)]
    #[schemars(range(min = 1))]
    #[schemars(extend("examples" = [1000]))]
    pub max_messages: Option<u64>,
    /// Stop after this long in which no byte came in. It spans reconnects and backoff, so it also
    /// caps outages. The answer to a Ping of ours counts too; see `idle_resets_on`.
    #[serde(default, with = "duration::option")]
    #[schemars(with = "Option<Seconds>")]
    #[schemars(extend("examples" = [60, "1 min"]))]
    pub idle_timeout: Option<Duration>,
    /// The bytes that start `idle_timeout` anew.
    #[serde(default)]
    #[schemars(extend("examples" = ["data"], "x-only-with" = {"idle_timeout": "given"}))]
    pub idle_resets_on: IdleResetsOn,
    /// Reconnect after this long without a byte of a data message: the connection is open but the
    /// server sends no data. Leave it out for quiet feeds.
    #[serde(default, with = "duration::option")]
    #[schemars(with = "Option<Seconds>")]
    #[schemars(extend("examples" = [60, "60s"]))]
    pub stale_timeout: Option<Duration>,
    /// End the run with an error after this long without a connection, attempts included. Default:
    /// no limit.
    #[serde(default, with = "duration::option")]
    #[schemars(with = "Option<Seconds>")]
    #[schemars(extend("examples" = [600, "10 min"]))]
    pub max_outage: Option<Duration>,
    /// Listens to Ctrl-C and then ends the run well, with what was received. Once more while the run
    /// stops, and any time later, Ctrl-C ends the process with exit code 130. For programs that read
    /// the source by themselves: in a pipeline this key changes nothing, because the pipeline's caller
    /// stops it.
    #[serde(default)]
    #[schemars(extend("examples" = [true]))]
    pub stop_on_ctrl_c: bool,
    /// Run until stopped from outside.
    #[serde(default)]
    #[schemars(extend("examples" = [true]))]
    pub unbounded: bool,
    /// Reconnect on a drop or any close. Otherwise a close with 1000 or without a code ends the run
    /// well, and anything else ends it with an error.
    #[serde(default)]
    #[schemars(extend("examples" = [true]))]
    pub reconnect: bool,
    /// Wait before an attempt to reconnect; fixed unless `reconnect_max_backoff` is larger.
    #[serde(default = "default::reconnect_backoff", with = "duration")]
    #[schemars(with = "Seconds")]
    #[schemars(extend("examples" = [1, "500ms"], "x-only-with" = {"reconnect": [true]}))]
    pub reconnect_backoff: Duration,
    /// When larger than `reconnect_backoff`, the wait doubles up to this. Default:
    /// `reconnect_backoff`.
    #[serde(default, with = "duration::option")]
    #[schemars(with = "Option<Seconds>")]
    #[schemars(extend("examples" = [30, "30s"], "x-only-with" = {"reconnect": [true]}))]
    pub reconnect_max_backoff: Option<Duration>,
    /// Largest random share of extra wait, from 0 to 1. A wait is never shorter than without.
    #[serde(default)]
    #[schemars(range(min = 0, max = 1))]
    #[schemars(extend("examples" = [0.2], "x-only-with" = {"reconnect": [true]}))]
    pub reconnect_jitter: f64,
    /// Consecutive attempts to reconnect before giving up; 0 is none. A record or 10 s of stable
    /// connection start the count anew, a mere connect does not. Default: unlimited.
    #[serde(default)]
    #[schemars(extend("examples" = [10], "x-only-with" = {"reconnect": [true]}))]
    pub max_reconnect_attempts: Option<u32>,
    /// Ends of one kind that are not mere network trouble may repeat for this long, without a record
    /// and without 10 s of stable connection between them. Then the run ends with an error. `null` is
    /// no limit.
    #[serde(default = "default::reconnect_patience", with = "duration::option")]
    #[schemars(with = "Option<Seconds>")]
    #[schemars(extend("examples" = [300, "5 min"], "x-only-with" = {"reconnect": [true]}))]
    pub reconnect_patience: Option<Duration>,
    /// Budget for DNS, proxy, TCP, TLS and upgrade together.
    #[serde(default = "default::connect_timeout", with = "duration")]
    #[schemars(with = "Seconds")]
    #[schemars(extend("examples" = [10, "10s"]))]
    pub connect_timeout: Duration,
    /// Largest message, from 1 byte to 2 GiB. A larger one ends the run. A message may also have at
    /// most 131,072 fragments.
    #[serde(default = "default::max_message_bytes", with = "size")]
    #[schemars(with = "Bytes", extend("maximum" = 2_147_483_648_u64))]
    #[schemars(extend("examples" = [67_108_864, "64MiB"]))]
    pub max_message_bytes: usize,
    /// The treatment of a text message that is not UTF-8. `binary` keeps such a message only together
    /// with `message_format: binary`; with the other formats `on_parse_error` decides about it.
    #[serde(default)]
    #[schemars(extend("examples" = ["skip"]))]
    pub invalid_utf8: Utf8Policy,
    /// Records in a page; 0 is the whole run in one page.
    #[serde(default = "default::batch_size")]
    #[schemars(extend("examples" = [1000]))]
    pub batch_size: usize,
    /// A page is handed over when its payloads reach this many bytes. Not with `batch_size: 0`.
    #[serde(default, with = "size::option")]
    #[schemars(with = "Option<Bytes>")]
    #[schemars(extend("examples" = [1_048_576, "1MiB"], "default" = 1_048_576))]
    pub batch_bytes: Option<usize>,
    /// A page that is not full is handed over this long after its first record, if the consumer waits
    /// for one. 0 hands it over as soon as nothing more is there to read. Not with `batch_size: 0`.
    #[serde(default, with = "duration::option")]
    #[schemars(with = "Option<SecondsOrZero>")]
    #[schemars(extend("examples" = [0.05, "50ms"], "default" = 0.05))]
    pub batch_timeout: Option<Duration>,
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
    /// Whether to offer compression of messages in both directions. `max_message_bytes` and
    /// `invalid_utf8` hold for a message as it was before it was compressed.
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
    /// The hosts that a URL from outside may have (`url_from`, `resume.url`, `control[].url`): `host`, `*.host` for
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
    /// The script that runs after every connect, before `subscribe` and `subscribe_messages`: one of `send`,
    /// `expect` and `request` in each step.
    #[serde(default)]
    #[schemars(extend("examples" = [[{"expect": {"/type": "welcome"}}]], "default" = []))]
    pub session: Vec<SessionStep>,
    /// How long the script and the answers to subscriptions may take together. Default: 30.
    #[serde(default, with = "duration::option")]
    #[schemars(with = "Option<Seconds>")]
    #[schemars(extend("examples" = [30, "30s"]))]
    pub session_timeout: Option<Duration>,
    /// The topics that `subscribe` subscribes to: texts or maps.
    #[serde(default)]
    #[schemars(with = "Vec<TopicSchema>", extend("examples" = [["trades.BTC-USD"]], "default" = [], "uniqueItems" = true, "maxItems" = 100_000, "x-only-with" = {"subscribe": "given"}))]
    pub topics: Vec<serde_json::Value>,
    /// How `topics` are subscribed to after every connect.
    #[serde(default)]
    #[schemars(extend("examples" = [{"message": {"json": {"op": "subscribe", "args": "{topics}"}}}]))]
    pub subscribe: Option<Subscribe>,
    /// Rules for messages that are no data: the first that matches decides.
    #[serde(default)]
    #[schemars(extend("examples" = [[{"match": {"/type": "heartbeat"}}]], "default" = []))]
    pub control: Vec<ControlRule>,
    /// A message that keeps the connection alive, and its answer.
    #[serde(default)]
    #[schemars(extend("examples" = [{"message": "ping", "interval": 20, "reply": {"text": "pong"}}]))]
    pub heartbeat: Option<Heartbeat>,
    /// Reconnect after this long without any message, be it data or control.
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
    /// The most messages that are sent in a time. Pings and Pongs count; a Pong is never held back.
    #[serde(default)]
    #[schemars(extend("examples" = [{"count": 5, "per": 1}]))]
    pub send_limit: Option<RateLimit>,
    /// The most connects in a time to one host and port, by all sources of this process that set the key: the
    /// strictest limit holds.
    #[serde(default)]
    #[schemars(extend("examples" = [{"count": 300, "per": "5 min"}]))]
    pub connect_limit: Option<RateLimit>,
    /// How the content of binary messages is compressed. Text messages stay as they are. `max_message_bytes` holds
    /// for the text.
    #[serde(default)]
    #[schemars(extend("examples" = ["gzip"]))]
    pub decompress: Decompress,
    /// A zstd dictionary.
    #[serde(default)]
    #[schemars(extend("examples" = ["feed.dict"], "x-file" = "read", "x-only-with" = {"decompress": ["zstd", "auto", "zstd_stream"]}))]
    pub decompress_dictionary: Option<String>,
    /// How one message holds several texts.
    #[serde(default)]
    #[schemars(extend("examples" = ["lines"]))]
    pub framing: Framing,
    /// Text that begins every data message and is cut off. A message without it can be control only.
    #[serde(default)]
    #[schemars(length(min = 1), extend("examples" = ["42"]))]
    pub data_prefix: Option<String>,
    /// Takes the elements of an array at the top as several messages.
    #[serde(default)]
    #[schemars(extend("examples" = [true]))]
    pub split_arrays: bool,
    /// The place of the record in a message: a JSON pointer. A string there that holds JSON is taken as that JSON.
    /// A message without the place is the record itself.
    #[serde(default)]
    #[schemars(extend("examples" = ["/data"]))]
    pub unwrap: Option<Pointer>,
    /// Takes the elements of an array, after `unwrap`, as several records.
    #[serde(default)]
    #[schemars(extend("examples" = [true]))]
    pub explode: bool,
    /// How the feed goes on where the last connection was.
    #[serde(default)]
    #[schemars(extend("examples" = [{"cursor": "/time_us", "order": "increasing"}]))]
    pub resume: Option<ResumeKeys>,
    /// More topics than this are spread over several connections of this source, in the given order. Each has its own
    /// session, clocks and cursor. At most 1,000 connections. Default: all topics are on one.
    #[serde(default)]
    #[schemars(range(min = 1), extend("examples" = [100], "x-only-with" = {"topics": "given"}))]
    pub topics_per_connection: Option<u32>,
    /// Whether a connection ends before the next one begins, at a planned reconnect (`rotate_after`, and a
    /// control rule with `action: reconnect`).
    #[serde(default)]
    #[schemars(extend("examples" = ["overlap"]))]
    pub handover: Handover,
    /// Which records count as repeated and are left out.
    #[serde(default)]
    #[schemars(extend("examples" = [{"records": 10_000, "key": ["/id"]}]))]
    pub dedup: Option<DedupKeys>,
    /// Where messages have numbers, and what a hole in them does.
    #[serde(default)]
    #[schemars(extend("examples" = [{"last": "/trade_id", "per": ["/product_id"]}]))]
    pub sequence: Option<SequenceKeys>,
}

/// The rules between the keys, for the schema; `check` checks them.
fn rules(schema: &mut Schema) {
    let ends = [given("max_messages"), given("idle_timeout"), is("unbounded", &[true.into()])];
    // Text without another digit than 0.
    let zero =
        json!({ "type": ["number", "string", "null"], "maximum": 0, "pattern": "^[^1-9]*$" });
    let whole = is("batch_size", &[0.into()]);
    let no_limits = json!({
        "properties": { "batch_bytes": { "type": "null" }, "batch_timeout": zero },
    });
    // Null is another mistake of `url`.
    let where_to = any_of([json!({ "required": ["url"] }), given("url_from")]);
    schema_rule::add(schema, [where_to, any_of(ends), when(whole, no_limits)]);
    schema_rule::add(schema, connection_rules());
}

mod default {
    use super::*;

    pub(super) const fn reconnect_backoff() -> Duration {
        Duration::from_secs(1)
    }

    pub(super) const fn excerpts() -> bool {
        true
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

    pub(super) const fn batch_size() -> usize {
        1000
    }

    pub(super) const BATCH_BYTES: usize = 1 << 20;

    pub(super) const BATCH_TIMEOUT: Duration = Duration::from_millis(50);
}

#[cfg(test)]
mod tests;
