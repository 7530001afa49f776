//! The checked conversation.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use faucet_core::select::Pointer;
use faucet_core::{Problem, ProblemKind, Scope};

use crate::keys::{
    CloseRule, CountScope, CountedMessages, CursorOrder, DedupKeys, Handover, NumberOrder, OnGap,
    RateLimit, SequenceKeys,
};
use crate::names::Book;
use crate::plan::call::CallPlan;
use crate::plan::host_pattern::{self, HostPattern, UrlRefused};
use crate::plan::maker::ValuePlan;
use crate::plan::match_template::MatchTemplate;
use crate::plan::outgoing::{Outgoing, Sent};
use crate::plan::parts::{BeatPlan, Rules, Step, SubscribePlan, Verb};
use crate::reading::{Decompress, Framing};
use crate::template::{Filling, Placeholder, TextTemplate, Token, Unfilled};

/// `session_timeout` where it is left out.
pub const SESSION_TIMEOUT: Duration = Duration::from_secs(30);

/// A checked conversation: immutable, shared by all runs. `Debug` shows no content.
pub struct Plan {
    pub(crate) values: Arc<BTreeMap<Arc<str>, ValuePlan>>,
    pub(crate) calls: Vec<CallPlan>,
    pub(crate) route: Route,
    pub(crate) script: Script,
    pub(crate) beat: Option<BeatPlan>,
    pub(crate) rules: Rules,
    pub(crate) watch: Watch,
    pub(crate) reading: Reading,
    pub(crate) continuity: Continuity,
    /// The largest message, also after decompression.
    pub(crate) max_message_bytes: usize,
    /// Whether records are to be JSON.
    pub(crate) checks_json: bool,
    /// The placeholders that the run's context must have values for.
    pub context_names: Vec<String>,
    /// The names that the configuration gives values.
    pub own_names: Vec<String>,
}

/// Where a connect goes.
#[derive(Debug, Default)]
pub(crate) struct Route {
    pub(crate) url_from: Option<TextTemplate>,
    pub(crate) hosts: Vec<HostPattern>,
    pub(crate) query: Vec<(String, Vec<TextTemplate>)>,
    pub(crate) resume_url: Option<TextTemplate>,
    /// Headers whose values have placeholders.
    pub(crate) headers: Vec<(String, TextTemplate)>,
    /// `url`, where it has placeholders of values.
    pub(crate) url: Option<TextTemplate>,
}

/// The messages after a connect, and before the end.
#[derive(Debug)]
pub(crate) struct Script {
    pub(crate) steps: Vec<Step>,
    pub(crate) timeout: Duration,
    pub(crate) subscribe: Option<SubscribePlan>,
    pub(crate) greeting: Vec<Outgoing>,
    pub(crate) goodbye: Vec<Outgoing>,
}

/// The limits and rules that end a connection.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    pub(crate) silence_timeout: Option<Duration>,
    pub(crate) rotate_after: Option<Duration>,
    pub(crate) close_rules: Vec<CloseRule>,
    pub(crate) send_limit: Option<RateLimit>,
    pub(crate) connect_limit: Option<RateLimit>,
    pub(crate) topics_per_connection: Option<usize>,
}

/// How records are found in messages.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    pub(crate) decompress: Decompress,
    pub(crate) dictionary: Option<String>,
    pub(crate) framing: Framing,
    pub(crate) data_prefix: Option<String>,
    pub(crate) split_arrays: bool,
    pub(crate) unwrap: Option<Pointer>,
    pub(crate) explode: bool,
}

/// How a feed goes on over connections.
#[derive(Debug, Default)]
pub struct Continuity {
    /// The position.
    pub cursor: Option<CursorPlan>,
    /// The names that belong to the position.
    pub keep: Vec<Arc<str>>,
    /// Which records are left out as repeated.
    pub dedup: Option<DedupKeys>,
    /// The numbers of messages.
    pub sequence: Option<SequencePlan>,
    /// Whether `resume` is set.
    pub has_resume: bool,
    /// Whether a connection ends before the next one begins, at a planned reconnect.
    pub handover: Handover,
}

/// The position of a feed.
#[derive(Debug)]
pub struct CursorPlan {
    /// Where a message tells its position.
    pub place: Pointer,
    /// Which of two cursors is the later one.
    pub order: CursorOrder,
    /// Taken off a numeric cursor.
    pub rewind: u64,
    /// The cursor of the very first run.
    pub start: Option<Token>,
}

/// The check of the numbers of messages. Their places are among those of the rules.
#[derive(Debug, Clone)]
pub struct SequencePlan {
    /// Whether each number is one more than the one before.
    pub order: NumberOrder,
    /// The messages that count.
    pub messages: CountedMessages,
    /// How long a count lasts.
    pub scope: CountScope,
    /// The consequence of a hole.
    pub on_gap: OnGap,
    pub(crate) written: SequenceKeys,
    pub(crate) reset: Option<MatchTemplate>,
}

impl SequencePlan {
    /// The plan of these keys. The plan of their match is left out.
    pub fn of(written: SequenceKeys) -> Self {
        let SequenceKeys { order, messages, scope, on_gap, .. } = written;
        Self { order, messages, scope, on_gap, written, reset: None }
    }
}

impl Plan {
    /// The names of a run, before any connect.
    pub fn book(&self, scope: &Scope) -> Book {
        Book::new(Arc::clone(&self.values), scope)
    }

    /// How the feed goes on over connections.
    pub fn continuity(&self) -> &Continuity {
        &self.continuity
    }

    /// Whether answers wait until a record is flushed.
    pub fn has_late_replies(&self) -> bool {
        self.rules.rules.iter().any(|rule| rule.after == crate::keys::ReplyAfter::Flush)
    }

    /// The rules for Closes and answers to upgrades.
    pub fn close_rules(&self) -> &[CloseRule] {
        &self.watch.close_rules
    }

    /// The topics of each connection: one list where `topics_per_connection` is left out.
    pub fn topics_by_connection(&self) -> Vec<Arc<[Token]>> {
        let all = self.topics();
        match self.watch.topics_per_connection {
            Some(most) if !all.is_empty() => all.chunks(most).map(Arc::from).collect(),
            _ => vec![all],
        }
    }

    /// All topics.
    pub fn topics(&self) -> Arc<[Token]> {
        let subscribe = self.script.subscribe.as_ref();
        subscribe.map_or_else(|| Arc::from([]), |subscribe| Arc::clone(&subscribe.topics))
    }

    /// Warnings about keys that together do something that is rarely wanted. `compresses`: the connection
    /// has compression of its own.
    pub fn warnings(&self, compresses: bool) -> Vec<Problem> {
        let Continuity { handover, dedup, .. } = &self.continuity;
        let mut warnings = Vec::new();
        if *handover == Handover::Overlap && dedup.is_none() {
            let what = "both connections bring the same messages for a moment, which come as records twice";
            let doubtful = Problem::new("handover", ProblemKind::Doubtful { what });
            warnings
                .push(doubtful.help("remember records, so that repeated ones are left out: dedup"));
        }
        if compresses && self.reading.decompress.is_stream() {
            let what = "messages that are compressed already are compressed once more";
            let doubtful = Problem::new("decompress", ProblemKind::Doubtful { what });
            warnings.push(doubtful.help("leave `compression` out"));
        }
        warnings
    }

    /// How many calls are made before a connect.
    pub fn calls(&self) -> usize {
        self.calls.len()
    }

    /// The limit of messages.
    pub fn send_limit(&self) -> Option<RateLimit> {
        self.watch.send_limit
    }

    /// The limit of connects.
    pub fn connect_limit(&self) -> Option<RateLimit> {
        self.watch.connect_limit
    }

    /// Whether each text is one message.
    pub(crate) fn reads_whole_texts(&self) -> bool {
        let reading = &self.reading;
        reading.framing == Framing::Message
            && reading.data_prefix.is_none()
            && !reading.split_arrays
    }

    /// Whether each message is one text as it was received.
    pub(crate) fn reads_whole_messages(&self) -> bool {
        self.reads_whole_texts() && self.reading.decompress == Decompress::None
    }

    /// Whether records may be parts of messages, or new texts.
    pub(crate) fn shapes_records(&self) -> bool {
        !self.reads_whole_messages() || self.reading.unwrap.is_some() || self.reading.explode
    }

    /// Checks a URL that came from outside.
    ///
    /// # Errors
    /// Another scheme, a user, or a host that `url_hosts` does not allow.
    pub fn check_url(&self, url: &str) -> Result<(), UrlRefused> {
        host_pattern::check(url, &self.route.hosts)
    }

    /// The placeholders of the URL, the query and the headers.
    pub(crate) fn route_placeholders(&self) -> Vec<Placeholder> {
        let route = &self.route;
        let query = route.query.iter().flat_map(|(_, texts)| texts);
        let headers = route.headers.iter().map(|(_, text)| text);
        let urls = route.url_from.iter().chain(&route.resume_url).chain(&route.url);
        let texts = query.chain(headers).chain(urls);
        texts.flat_map(TextTemplate::placeholders).cloned().collect()
    }

    /// The parameters of `query`, percent-encoded and joined by `&`; and the names alone, for messages.
    ///
    /// # Errors
    /// A placeholder without a value.
    pub fn query(&self, names: &dyn Filling) -> Result<(String, String), Unfilled> {
        let encode = |text: &str| {
            percent_encoding::utf8_percent_encode(text, crate::plan::call::VALUE).to_string()
        };
        let (mut query, mut shown) = (Vec::new(), Vec::new());
        for (name, texts) in &self.route.query {
            for text in texts {
                if let Some(value) = text.fill(names)? {
                    query.push(format!("{}={}", encode(name), encode(&value)));
                    shown.push(format!("{}=***", encode(name)));
                }
            }
        }
        Ok((query.join("&"), shown.join("&")))
    }

    /// Whether messages are looked at: some may be control, or hold their records inside.
    pub(crate) fn looks_at_messages(&self) -> bool {
        let has_answers = self.script.subscribe.as_ref().is_some_and(|s| s.ack.is_some());
        let awaits = |step: &Step| matches!(step.verb, Verb::Expect(_));
        has_answers
            || self.script.steps.iter().any(awaits)
            || self.beat.as_ref().is_some_and(|beat| beat.reply.is_some())
            || !self.rules.rules.is_empty()
            || self.shapes_records()
            || self.continuity.cursor.is_some()
            || self.continuity.sequence.is_some()
    }

    /// The messages to send after every connect, where these are all that the configuration asks for.
    pub fn plain_greeting(&self) -> Option<Vec<Sent>> {
        let Script { steps, subscribe, greeting, goodbye, .. } = &self.script;
        let Watch { silence_timeout, rotate_after, close_rules, send_limit, connect_limit, .. } =
            &self.watch;
        let Route { url_from, query, resume_url, headers, .. } = &self.route;
        let Continuity { has_resume, dedup, sequence, .. } = &self.continuity;
        let asks_more = !steps.is_empty()
            || subscribe.is_some()
            || !goodbye.is_empty()
            || self.beat.is_some()
            || !self.rules.rules.is_empty()
            || silence_timeout.is_some()
            || rotate_after.is_some()
            || !close_rules.is_empty()
            || send_limit.is_some()
            || connect_limit.is_some()
            || !self.values.is_empty()
            || !self.calls.is_empty()
            || url_from.is_some()
            || !query.is_empty()
            || resume_url.is_some()
            || !headers.is_empty()
            || self.shapes_records()
            || *has_resume
            || dedup.is_some()
            || sequence.is_some();
        if asks_more {
            return None;
        }
        greeting.iter().map(Outgoing::as_fixed).collect()
    }
}

impl std::fmt::Debug for Plan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Plan({} values, {} steps)", self.values.len(), self.script.steps.len())
    }
}
