//! All keys of a conversation.

use std::collections::BTreeMap;
use std::time::Duration;

use faucet_core::Secret;
use faucet_core::select::Pointer;
use serde_json::Value;

use crate::keys::close_rule::CloseRule;
use crate::keys::control::ControlRule;
use crate::keys::dedup::DedupKeys;
use crate::keys::heartbeat::Heartbeat;
use crate::keys::message::SessionMessage;
use crate::keys::query_value::QueryValue;
use crate::keys::rate_limit::RateLimit;
use crate::keys::request::HttpRequest;
use crate::keys::resume::{Handover, ResumeKeys};
use crate::keys::sequence::SequenceKeys;
use crate::keys::step::SessionStep;
use crate::keys::subscribe::Subscribe;
use crate::keys::value::NamedValue;
use crate::reading::{Decompress, Framing};

/// All keys of a conversation, as a connector has read them. The default has none.
#[derive(Debug, Default)]
pub struct SessionKeys {
    /// `values`.
    pub values: BTreeMap<String, NamedValue>,
    /// `before_connect`.
    pub before_connect: Vec<HttpRequest>,
    /// The keys of the URL.
    pub route: RouteKeys,
    /// The keys of the script.
    pub script: ScriptKeys,
    /// `control`.
    pub control: Vec<ControlRule>,
    /// The keys that watch the connection.
    pub watch: WatchKeys,
    /// The limits.
    pub limits: LimitKeys,
    /// The keys of reading. A sink has none.
    pub reading: ReadingKeys,
    /// The keys of continuity. A sink has none.
    pub continuity: ContinuityKeys,
}

/// The keys of the URL.
#[derive(Debug, Default)]
pub struct RouteKeys {
    /// `url_from`.
    pub url_from: Option<String>,
    /// `url_hosts`.
    pub url_hosts: Vec<String>,
    /// `query`.
    pub query: BTreeMap<String, QueryValue>,
}

/// The keys of the script.
#[derive(Debug, Default)]
pub struct ScriptKeys {
    /// `session`.
    pub session: Vec<SessionStep>,
    /// `session_timeout`.
    pub session_timeout: Option<Duration>,
    /// `topics`.
    pub topics: Vec<Value>,
    /// `subscribe`.
    pub subscribe: Option<Subscribe>,
    /// `subscribe_messages` or `connect_messages`.
    pub greeting: Vec<SessionMessage>,
    /// `goodbye`.
    pub goodbye: Vec<SessionMessage>,
}

/// The keys that watch the connection.
#[derive(Debug, Default)]
pub struct WatchKeys {
    /// `heartbeat`.
    pub heartbeat: Option<Heartbeat>,
    /// `silence_timeout`.
    pub silence_timeout: Option<Duration>,
    /// `rotate_after`.
    pub rotate_after: Option<Duration>,
    /// `close_rules`.
    pub close_rules: Vec<CloseRule>,
}

/// The limits.
#[derive(Debug, Default)]
pub struct LimitKeys {
    /// `send_limit`.
    pub send_limit: Option<RateLimit>,
    /// `connect_limit`.
    pub connect_limit: Option<RateLimit>,
    /// `topics_per_connection`.
    pub topics_per_connection: Option<u32>,
}

/// The keys of reading.
#[derive(Debug, Default)]
pub struct ReadingKeys {
    /// `decompress`.
    pub decompress: Decompress,
    /// `decompress_dictionary`: the path of a file.
    pub decompress_dictionary: Option<String>,
    /// `framing`.
    pub framing: Framing,
    /// `data_prefix`.
    pub data_prefix: Option<String>,
    /// `split_arrays`.
    pub split_arrays: bool,
    /// `unwrap`.
    pub unwrap: Option<Pointer>,
    /// `explode`.
    pub explode: bool,
}

/// The keys of continuity.
#[derive(Debug, Default)]
pub struct ContinuityKeys {
    /// `resume`.
    pub resume: Option<ResumeKeys>,
    /// `dedup`.
    pub dedup: Option<DedupKeys>,
    /// `sequence`.
    pub sequence: Option<SequenceKeys>,
    /// `handover`.
    pub handover: Handover,
}

/// The keys around those of a conversation that the checks look at.
#[derive(Debug)]
pub struct Around<'a> {
    /// `url`, if it is given.
    pub url: Option<&'a str>,
    /// `headers`.
    pub headers: &'a BTreeMap<String, Secret>,
    /// `reconnect`.
    pub reconnect: bool,
    /// `subscribe_messages` or `connect_messages`: the name of the key.
    pub greeting_key: &'static str,
    /// Whether the connector is a source.
    pub is_source: bool,
    /// `max_message_bytes`.
    pub max_message_bytes: usize,
    /// Whether records are to be JSON.
    pub checks_json: bool,
}
