//! From the keys of a conversation to its plan.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use faucet_core::select::MatchSet;
use faucet_core::{KeyPath, Problem, Problems};

use crate::keys::{Around, Interval, SessionKeys, SessionMatch, SessionMessage};
use crate::plan::call::CallPlan;
use crate::plan::known_names::{Allows, KnownNames, When};
use crate::plan::maker::ValuePlan;
use crate::plan::match_template::MatchTemplate;
use crate::plan::outgoing::Outgoing;
use crate::plan::parts::{Rules, Spots, Takes};
use crate::plan::plan::{Plan, Script};
use crate::plan::{continuity_check, route_check, rules_check, script_check, watch_check};
use crate::template::Token;

/// `session_timeout` where it is left out.
pub const SESSION_TIMEOUT: Duration = Duration::from_secs(30);

/// Checks the keys of a conversation, noting every problem.
pub(crate) struct Checker<'a> {
    pub(crate) keys: &'a SessionKeys,
    pub(crate) around: &'a Around<'a>,
    pub(crate) names: KnownNames<'a>,
    pub(crate) problems: &'a mut Problems,
    /// The byte that ends our messages.
    end: Option<u8>,
}

impl SessionKeys {
    /// Checks the keys, noting every problem. The plan is of use only where there is none.
    pub fn check(&self, around: &Around<'_>, problems: &mut Problems) -> Plan {
        let mut values = BTreeMap::new();
        for (name, value) in &self.values {
            let path = KeyPath::key("values").then(name.as_str());
            let plan = ValuePlan::parse(value, &path, problems);
            values.extend(plan.map(|plan| (Arc::<str>::from(name.as_str()), plan)));
        }
        let has_cursor = self.continuity.resume.as_ref().is_some_and(|r| r.cursor.is_some());
        let mut checker = Checker {
            keys: self,
            around,
            names: KnownNames::new(&values, self.values.keys(), has_cursor),
            problems,
            end: self.reading.framing.end(),
        };
        checker.names.check_values(checker.problems);
        checker.take_all();
        let calls = checker.calls();
        let route = route_check::route(&mut checker);
        let script = script_check::script(&mut checker);
        let beat = watch_check::beat(&mut checker);
        let (reading, continuity) = continuity_check::continuity(&mut checker);
        let rules = rules_check::rules(&mut checker, beat.as_ref(), continuity.sequence.as_ref());
        let watch = watch_check::watch(&mut checker);
        continuity_check::position_is_used(&mut checker);
        let context_names = checker.names.context.iter().map(|name| name.to_string()).collect();
        let own_names = checker.names.own();
        let rules = rules.unwrap_or_else(|| Rules {
            rules: Vec::new(),
            set: MatchSet::new([], []),
            beat: None,
            reset: None,
            spots: Spots::default(),
            data: None,
        });
        let script = script.unwrap_or(Script {
            steps: Vec::new(),
            timeout: SESSION_TIMEOUT,
            subscribe: None,
            greeting: Vec::new(),
            goodbye: Vec::new(),
        });
        Plan {
            max_message_bytes: around.max_message_bytes,
            checks_json: around.checks_json,
            calls,
            route,
            script,
            beat,
            rules,
            watch,
            reading,
            continuity,
            context_names,
            own_names,
            values: Arc::new(values),
        }
    }
}

impl Checker<'_> {
    /// Notes every name that is taken anywhere, so that its uses may come in any order.
    fn take_all(&mut self) {
        let keys = self.keys;
        for (index, call) in keys.before_connect.iter().enumerate() {
            let path = KeyPath::key("before_connect").at(index).then("take");
            self.take(call.take.keys(), When::Call(index), &path);
        }
        for (index, step) in keys.script.session.iter().enumerate() {
            let path = KeyPath::key("session").at(index);
            self.take(step.take.keys(), When::Step(index), &path.clone().then("take"));
            if let Some(request) = &step.request {
                let path = path.then("request").then("take");
                self.take(request.take.keys(), When::Step(index), &path);
            }
        }
        for (index, rule) in keys.control.iter().enumerate() {
            let path = KeyPath::key("control").at(index).then("take");
            self.take(rule.take.keys(), When::Later, &path);
        }
        let resume = keys.continuity.resume.as_ref();
        for (index, name) in resume.iter().flat_map(|resume| resume.keep.iter().enumerate()) {
            let path = KeyPath::key("resume").then("keep").at(index);
            self.names.keep(name, path, self.problems);
        }
    }

    fn take<'n>(&mut self, names: impl Iterator<Item = &'n String>, when: When, path: &KeyPath) {
        for name in names {
            self.names.take(name, when, path.clone().then(name.as_str()), self.problems);
        }
    }

    fn calls(&mut self) -> Vec<CallPlan> {
        let keys = self.keys;
        let mut calls = Vec::new();
        for (index, request) in keys.before_connect.iter().enumerate() {
            let path = KeyPath::key("before_connect").at(index);
            calls.extend(self.call(request, &path, "before_connect", When::Call(index)));
        }
        calls
    }

    /// Parses a call and checks the names in it.
    pub(crate) fn call(
        &mut self,
        request: &crate::keys::HttpRequest,
        path: &KeyPath,
        key: &'static str,
        when: When,
    ) -> Option<CallPlan> {
        let call = CallPlan::parse(request, path, key, self.problems)?;
        let allows = Allows::default();
        for (path, placeholders) in call.texts(path) {
            self.names.uses(placeholders, &path, when, allows, self.problems);
        }
        if let Some(expect) = &call.expect {
            let path = path.clone().then("expect");
            self.names.uses(&expect.placeholders(), &path, when, allows, self.problems);
        }
        Some(call)
    }

    /// Parses a message at `path` and checks the names in it.
    pub(crate) fn message(
        &mut self,
        message: &SessionMessage,
        path: &KeyPath,
        when: When,
        allows: Allows,
    ) -> Option<Outgoing> {
        match Outgoing::parse(message, self.end) {
            Ok(outgoing) => {
                let allows = Allows { seq: true, ..allows };
                self.names.uses(outgoing.placeholders(), path, when, allows, self.problems);
                Some(outgoing)
            }
            Err(error) => {
                self.problems.push(Problem::invalid(path.clone(), error.to_string()));
                None
            }
        }
    }

    /// Parses a match at `path` and checks the names in it.
    pub(crate) fn matching(
        &mut self,
        written: &SessionMatch,
        path: &KeyPath,
        when: When,
        allows: Allows,
    ) -> Option<MatchTemplate> {
        let parsed = MatchTemplate::parse(written, path, self.problems)?;
        self.names.uses(&parsed.placeholders(), path, when, allows, self.problems);
        Some(parsed)
    }

    /// Checks an interval at `path`.
    pub(crate) fn interval(&mut self, interval: &Interval, path: &KeyPath, when: When) {
        match interval {
            Interval::Fixed(duration) => self.duration(path, Some(*duration)),
            Interval::Named { name, unit: _ } if self.keys.values.contains_key(name) => {
                let why = format!("{{{name}}} is a value; write the duration, or take the name");
                self.problems.push(Problem::invalid(path.clone(), why));
            }
            Interval::Named { name, unit: _ } => {
                let text = crate::template::TextTemplate::parse(&format!("{{{name}}}"));
                if let Ok(text) = text {
                    let allows = Allows::default();
                    self.names.uses(text.placeholders(), path, when, allows, self.problems);
                }
            }
        }
    }

    /// Checks a duration at `path`.
    pub(crate) fn duration(&mut self, path: &KeyPath, duration: Option<Duration>) {
        let mut found = Problems::new();
        faucet_core::duration::check("", duration, &mut found);
        let moved = found.into_iter().map(|problem| problem.map_paths(|_| path.clone()));
        self.problems.extend(moved);
    }
}

/// The names of a map of name to place.
pub(crate) fn takes(take: &BTreeMap<String, faucet_core::select::Pointer>) -> Takes {
    take.iter().map(|(name, place)| (name.as_str().into(), place.clone())).collect()
}

/// A topic as a value.
pub(crate) fn topic(topic: &serde_json::Value) -> Option<Token> {
    Token::of_json(topic.to_string().as_bytes())
}
