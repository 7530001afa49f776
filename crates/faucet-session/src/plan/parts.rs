//! The parts of a conversation, parsed.

use std::sync::Arc;
use std::time::Duration;

use faucet_core::select::{Match, MatchSet};

use crate::keys::{
    AckPer, AnswerIs, BeatWhen, ControlAction, FirstBeat, Interval, OnFail, Only, ReplyAfter,
};
use crate::plan::call::CallPlan;
use crate::plan::match_template::MatchTemplate;
use crate::plan::outgoing::Outgoing;
use crate::plan::takes::Takes;
use crate::template::{TextTemplate, Token};

/// A step of the script.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) verb: Verb,
    pub(crate) only: Option<Only>,
}

/// The action of a step.
#[derive(Debug)]
pub(crate) enum Verb {
    Send(Outgoing),
    Expect(Box<Expect>),
    Request(Box<CallPlan>),
}

/// An awaited message.
#[derive(Debug)]
pub(crate) struct Expect {
    pub(crate) matches: MatchTemplate,
    pub(crate) fail: Option<MatchTemplate>,
    pub(crate) count: u32,
    pub(crate) timeout: Duration,
    pub(crate) take: Takes,
    pub(crate) is: AnswerIs,
}

/// How topics are subscribed to.
#[derive(Debug)]
pub(crate) struct SubscribePlan {
    pub(crate) message: Outgoing,
    pub(crate) batch: usize,
    pub(crate) ack: Option<MatchTemplate>,
    pub(crate) ack_per: AckPer,
    pub(crate) timeout: Duration,
    pub(crate) ack_is: AnswerIs,
    pub(crate) fail: Option<MatchTemplate>,
    pub(crate) on_fail: OnFail,
    /// Each answer fits one of these; none: it may have any shape.
    pub(crate) any: Vec<Match>,
    /// The topics of the connection.
    pub(crate) topics: Arc<[Token]>,
}

/// The heartbeat.
#[derive(Debug)]
pub(crate) struct BeatPlan {
    pub(crate) message: Outgoing,
    pub(crate) interval: Interval,
    pub(crate) when: BeatWhen,
    pub(crate) first: FirstBeat,
    pub(crate) during_session: bool,
    pub(crate) reply: Option<MatchTemplate>,
    pub(crate) timeout: Option<Interval>,
}

/// The control rules, and the places that are found in the same pass over a message.
#[derive(Debug)]
pub(crate) struct Rules {
    pub(crate) rules: Vec<Rule>,
    /// The matches of the rules in their order, behind them those of `beat` and `reset`, and the places.
    pub(crate) set: MatchSet,
    /// The number of the match for answers to heartbeats, where it has no placeholders.
    pub(crate) beat: Option<usize>,
    /// The number of the match that begins a count anew.
    pub(crate) reset: Option<usize>,
    pub(crate) spots: Spots,
    /// The places alone, where they are those of the text behind `data_prefix`.
    pub(crate) data: Option<MatchSet>,
}

/// The numbers of the places in a set.
#[derive(Debug, Default)]
pub(crate) struct Spots {
    pub(crate) unwrap: Option<usize>,
    pub(crate) cursor: Option<usize>,
    pub(crate) last: Option<usize>,
    pub(crate) first: Option<usize>,
    pub(crate) previous: Option<usize>,
    pub(crate) per: Vec<usize>,
}

/// The action of a control rule.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) action: ControlAction,
    pub(crate) reply: Option<Outgoing>,
    pub(crate) after: ReplyAfter,
    pub(crate) take: Takes,
    pub(crate) delay: Option<Duration>,
    pub(crate) url: Option<TextTemplate>,
}
