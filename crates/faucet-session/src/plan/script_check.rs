//! Checks the keys of the script.

use std::collections::BTreeMap;

use faucet_core::{KeyPath, Problem, Problems};
use serde_json::Value;

use crate::keys::{AnswerIs, SessionStep, Subscribe};
use crate::plan::checker::{Checker, topic};
use crate::plan::known_names::{Allows, When};
use crate::plan::match_template::MatchTemplate;
use crate::plan::outgoing::Outgoing;
use crate::plan::parts::{Expect, Step, SubscribePlan, Verb};
use crate::plan::plan::SESSION_TIMEOUT;
use crate::plan::plan::Script;
use crate::plan::takes::takes;

/// The most topics.
const MOST_TOPICS: usize = 100_000;

/// Checks `session`, `topics`, `subscribe`, the messages after them and `goodbye`. `None` where one of them is
/// wrong.
pub(super) fn script(checker: &mut Checker<'_>) -> Option<Script> {
    let keys = &checker.keys.script;
    let before = checker.problems.len();
    checker.duration(&KeyPath::key("session_timeout"), keys.session_timeout);
    let mut steps = Vec::new();
    for (index, each) in keys.session.iter().enumerate() {
        let path = KeyPath::key("session").at(index);
        steps.extend(step(checker, each, &path, When::Step(index)));
    }
    let subscribe = subscribe(checker);
    let greeting = messages(checker, checker.around.greeting_key, When::Greeting);
    let goodbye = messages(checker, "goodbye", When::Later);
    let timeout = keys.session_timeout.unwrap_or(SESSION_TIMEOUT);
    (checker.problems.len() == before).then_some(Script {
        steps,
        timeout,
        subscribe,
        greeting,
        goodbye,
    })
}

fn messages(checker: &mut Checker<'_>, key: &'static str, when: When) -> Vec<Outgoing> {
    let keys = &checker.keys.script;
    let list = if key == "goodbye" { &keys.goodbye } else { &keys.greeting };
    let mut messages = Vec::new();
    for (index, each) in list.iter().enumerate() {
        let path = KeyPath::key(key).at(index);
        messages.extend(checker.message(each, &path, when, Allows::default()));
    }
    messages
}

fn step(checker: &mut Checker<'_>, step: &SessionStep, path: &KeyPath, when: When) -> Option<Step> {
    let at = |key: &'static str| path.clone().then(key);
    let verbs = [
        ("send", step.send.is_some()),
        ("expect", step.expect.is_some()),
        ("request", step.request.is_some()),
    ];
    let given: Vec<&str> =
        verbs.iter().filter(|(_, given)| *given).map(|(verb, _)| *verb).collect();
    match given[..] {
        [_] => {}
        [] => {
            let one = Problem::missing_one_of(["send", "expect", "request"]).under(path);
            checker.problems.push(one);
            return None;
        }
        [first, second, ..] => {
            let two = Problem::conflict(path.clone().then(second), path.clone().then(first));
            checker.problems.push(two.help("write two steps"));
            return None;
        }
    }
    if step.expect.is_none() {
        let waits = [
            ("fail", step.fail.is_some()),
            ("take", !step.take.is_empty()),
            ("count", step.count != 1),
            ("expect_is", step.expect_is == AnswerIs::Record),
        ];
        for (key, _) in waits.iter().filter(|(_, given)| *given) {
            checker.problems.push(Problem::needs(at(key), at("expect")));
        }
    }
    if !(1..=100_000).contains(&step.count) {
        checker.problems.push(Problem::out_of_range(at("count"), "from 1 to 100,000"));
    }
    checker.duration(&at("timeout"), Some(step.timeout));
    let verb = if let Some(message) = &step.send {
        Verb::Send(checker.message(message, &at("send"), when, Allows::default())?)
    } else if let Some(expect) = &step.expect {
        let numbered = Allows { seq: true, ..Allows::default() };
        let matches = checker.matching(expect, &at("expect"), when, numbered);
        let fail =
            step.fail.as_ref().map(|fail| checker.matching(fail, &at("fail"), when, numbered));
        let (count, timeout, is) = (step.count, step.timeout, step.expect_is);
        let take = takes(&step.take);
        let fail = match fail {
            None => None,
            Some(fail) => Some(fail?),
        };
        Verb::Expect(Box::new(Expect { matches: matches?, fail, count, timeout, take, is }))
    } else {
        let request = step.request.as_ref()?;
        Verb::Request(Box::new(checker.call(request, &at("request"), "request", when)?))
    };
    Some(Step { verb, only: step.only })
}

fn subscribe(checker: &mut Checker<'_>) -> Option<SubscribePlan> {
    let keys = &checker.keys.script;
    let topics = check_topics(&keys.topics, checker.problems);
    let Some(written) = &keys.subscribe else {
        if !keys.topics.is_empty() {
            let help = "say how topics are subscribed to: subscribe: {message: …}";
            checker.problems.push(Problem::needs("topics", "subscribe").help(help));
        }
        return None;
    };
    if keys.topics.is_empty() {
        checker
            .problems
            .push(Problem::needs("subscribe", "topics").help("list what to subscribe to"));
    }
    let Subscribe { message, batch, ack_per, timeout, ack_is, on_fail, .. } = written;
    let at = |key: &'static str| KeyPath::key("subscribe").then(key);
    if !(1..=100_000).contains(batch) {
        checker.problems.push(Problem::out_of_range(at("batch"), "from 1 to 100,000"));
    }
    checker.duration(&at("timeout"), Some(*timeout));
    let allows = Allows { seq: true, topics: true, topic: *batch == 1, answered: false };
    let message = checker.message(message, &at("message"), When::Subscribe, allows);
    let mut matching = |written: &Option<_>, key| match written {
        None => Some(None),
        Some(written) => checker.matching(written, &at(key), When::Subscribe, allows).map(Some),
    };
    let (ack, fail) = (matching(&written.ack, "ack"), matching(&written.fail, "fail"));
    if written.fail.is_some() && written.ack.is_none() {
        let help = "without an answer to wait for, a control rule sees refusals";
        checker.problems.push(Problem::needs(at("fail"), at("ack")).help(help));
    }
    let (ack, fail) = (ack?, fail?);
    let any = ack.iter().chain(&fail).map(MatchTemplate::any).collect::<Option<_>>();
    Some(SubscribePlan {
        message: message?,
        batch: *batch as usize,
        ack,
        ack_per: *ack_per,
        timeout: *timeout,
        ack_is: *ack_is,
        fail,
        on_fail: *on_fail,
        any: any.unwrap_or_default(),
        topics: topics?.into(),
    })
}

fn check_topics(topics: &[Value], problems: &mut Problems) -> Option<Vec<crate::template::Token>> {
    if topics.len() > MOST_TOPICS {
        problems.push(Problem::out_of_range("topics", "at most 100,000 topics"));
        return None;
    }
    let (mut parsed, mut before) = (Vec::new(), BTreeMap::new());
    for (index, each) in topics.iter().enumerate() {
        let path = KeyPath::key("topics").at(index);
        let first = *before.entry(each.to_string()).or_insert(index);
        if first < index {
            let of = KeyPath::key("topics").at(first);
            problems.push(Problem::new(path, faucet_core::ProblemKind::Duplicate { of }));
            continue;
        }
        match each {
            Value::String(_) | Value::Object(_) => parsed.extend(topic(each)),
            _ => problems.push(Problem::invalid(path, "a topic is text or a map")),
        }
    }
    Some(parsed)
}
