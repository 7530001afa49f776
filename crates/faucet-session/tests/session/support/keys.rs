//! The keys of a conversation, flat as in the configuration of a connector.

use std::collections::BTreeMap;
use std::time::Duration;

use faucet_core::Secret;
use faucet_core::duration::{self, Seconds};
use faucet_core::select::Pointer;
use faucet_session::keys::{
    Around, CloseRule, ContinuityKeys, ControlRule, DedupKeys, Heartbeat, HttpRequest, LimitKeys,
    NamedValue, QueryValue, RateLimit, ReadingKeys, ResumeKeys, RouteKeys, ScriptKeys,
    SequenceKeys, SessionKeys, SessionMessage, SessionStep, Subscribe, WatchKeys,
};
use faucet_session::reading::{Decompress, Framing};
use schemars::JsonSchema;
use serde::Deserialize;

/// The keys of a conversation and those around them.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Keys {
    url: Option<String>,
    headers: BTreeMap<String, Secret>,
    reconnect: Option<bool>,
    is_sink: bool,
    checks_json: bool,
    max_message_bytes: Option<usize>,
    values: BTreeMap<String, NamedValue>,
    before_connect: Vec<HttpRequest>,
    url_from: Option<String>,
    url_hosts: Vec<String>,
    query: BTreeMap<String, QueryValue>,
    session: Vec<SessionStep>,
    #[serde(with = "duration::option")]
    #[schemars(with = "Option<Seconds>")]
    session_timeout: Option<Duration>,
    topics: Vec<serde_json::Value>,
    subscribe: Option<Subscribe>,
    subscribe_messages: Vec<SessionMessage>,
    goodbye: Vec<SessionMessage>,
    control: Vec<ControlRule>,
    heartbeat: Option<Heartbeat>,
    #[serde(with = "duration::option")]
    #[schemars(with = "Option<Seconds>")]
    silence_timeout: Option<Duration>,
    #[serde(with = "duration::option")]
    #[schemars(with = "Option<Seconds>")]
    rotate_after: Option<Duration>,
    close_rules: Vec<CloseRule>,
    send_limit: Option<RateLimit>,
    connect_limit: Option<RateLimit>,
    decompress: Decompress,
    decompress_dictionary: Option<String>,
    framing: Framing,
    data_prefix: Option<String>,
    split_arrays: bool,
    unwrap: Option<Pointer>,
    explode: bool,
    resume: Option<ResumeKeys>,
    dedup: Option<DedupKeys>,
    sequence: Option<SequenceKeys>,
}

/// The keys that are not those of a conversation.
pub(crate) struct Surroundings {
    url: Option<String>,
    headers: BTreeMap<String, Secret>,
    reconnect: bool,
    is_source: bool,
    checks_json: bool,
    max_message_bytes: usize,
}

impl Surroundings {
    pub(crate) fn around(&self) -> Around<'_> {
        Around {
            url: self.url.as_deref(),
            headers: &self.headers,
            reconnect: self.reconnect,
            greeting_key: "subscribe_messages",
            is_source: self.is_source,
            max_message_bytes: self.max_message_bytes,
            checks_json: self.checks_json,
        }
    }
}

impl Keys {
    /// The keys as the crate wants them. Without `reconnect` the connector connects again.
    pub(crate) fn split(self) -> (SessionKeys, Surroundings) {
        let surroundings = Surroundings {
            url: self.url,
            headers: self.headers,
            reconnect: self.reconnect.unwrap_or(true),
            is_source: !self.is_sink,
            checks_json: self.checks_json,
            max_message_bytes: self.max_message_bytes.unwrap_or(1 << 20),
        };
        let keys = SessionKeys {
            values: self.values,
            before_connect: self.before_connect,
            route: RouteKeys {
                url_from: self.url_from,
                url_hosts: self.url_hosts,
                query: self.query,
            },
            script: ScriptKeys {
                session: self.session,
                session_timeout: self.session_timeout,
                topics: self.topics,
                subscribe: self.subscribe,
                greeting: self.subscribe_messages,
                goodbye: self.goodbye,
            },
            control: self.control,
            watch: WatchKeys {
                heartbeat: self.heartbeat,
                silence_timeout: self.silence_timeout,
                rotate_after: self.rotate_after,
                close_rules: self.close_rules,
            },
            limits: LimitKeys {
                send_limit: self.send_limit,
                connect_limit: self.connect_limit,
                ..LimitKeys::default()
            },
            reading: ReadingKeys {
                decompress: self.decompress,
                decompress_dictionary: self.decompress_dictionary,
                framing: self.framing,
                data_prefix: self.data_prefix,
                split_arrays: self.split_arrays,
                unwrap: self.unwrap,
                explode: self.explode,
            },
            continuity: ContinuityKeys {
                resume: self.resume,
                dedup: self.dedup,
                sequence: self.sequence,
                ..ContinuityKeys::default()
            },
        };
        (keys, surroundings)
    }
}

impl Keys {
    /// Whether there are heartbeats.
    pub(crate) fn has_beat(&self) -> bool {
        self.heartbeat.is_some()
    }
}
