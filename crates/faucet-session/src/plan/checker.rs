//! The checks that all keys of a conversation share.

use std::time::Duration;

use faucet_core::{KeyPath, Problem, Problems};

use crate::keys::{Around, Interval, SessionKeys, SessionMatch, SessionMessage};
use crate::plan::call::CallPlan;
use crate::plan::known_names::{Allows, KnownNames, When};
use crate::plan::match_template::MatchTemplate;
use crate::plan::outgoing::Outgoing;
use crate::template::Token;

/// Checks the keys of a conversation, noting every problem.
pub(crate) struct Checker<'a> {
    pub(crate) keys: &'a SessionKeys,
    pub(crate) around: &'a Around<'a>,
    pub(crate) names: KnownNames<'a>,
    pub(crate) problems: &'a mut Problems,
    /// The byte that ends our messages.
    pub(crate) end: Option<u8>,
}

impl Checker<'_> {
    /// Notes every name that is taken anywhere, so that its uses may come in any order.
    pub(crate) fn take_all(&mut self) {
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

    pub(crate) fn calls(&mut self) -> Vec<CallPlan> {
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

/// A topic as a value.
pub(crate) fn topic(topic: &serde_json::Value) -> Option<Token> {
    Token::of_json(topic.to_string().as_bytes())
}
