//! Checks the keys that watch a connection.

use faucet_core::{KeyPath, Problem};

use crate::keys::CloseAction;
use crate::plan::checker::Checker;
use crate::plan::known_names::{Allows, When};
use crate::plan::parts::BeatPlan;
use crate::plan::plan::Watch;

/// Checks `heartbeat`.
pub(super) fn beat(checker: &mut Checker<'_>) -> Option<BeatPlan> {
    let beat = checker.keys.watch.heartbeat.as_ref()?;
    let at = |key: &'static str| KeyPath::key("heartbeat").then(key);
    let message = checker.message(&beat.message, &at("message"), When::Later, Allows::default());
    checker.interval(&beat.interval, &at("interval"), When::Later);
    let numbered = Allows { seq: true, ..Allows::default() };
    let reply = match &beat.reply {
        None => None,
        Some(reply) => Some(checker.matching(reply, &at("reply"), When::Later, numbered)?),
    };
    if let Some(timeout) = &beat.timeout {
        checker.interval(timeout, &at("timeout"), When::Later);
        if beat.reply.is_none() {
            checker.problems.push(Problem::needs(at("timeout"), at("reply")));
        }
    }
    Some(BeatPlan {
        message: message?,
        interval: beat.interval.clone(),
        when: beat.when,
        first: beat.first,
        during_session: beat.during_session,
        reply,
        timeout: beat.timeout.clone(),
    })
}

/// Checks `silence_timeout`, `rotate_after`, `close_rules` and the limits.
pub(super) fn watch(checker: &mut Checker<'_>) -> Watch {
    let keys = &checker.keys.watch;
    for (key, value) in
        [("silence_timeout", keys.silence_timeout), ("rotate_after", keys.rotate_after)]
    {
        checker.duration(&KeyPath::key(key), value);
        if value.is_some() && !checker.around.reconnect {
            checker.problems.push(needs_reconnect(key));
        }
    }
    for (index, rule) in keys.close_rules.iter().enumerate() {
        let path = KeyPath::key("close_rules").at(index);
        checker.duration(&path.clone().then("delay"), rule.delay);
        if rule.codes.is_empty() && rule.status.is_none() && rule.contains.is_none() {
            let one = Problem::missing_one_of(["codes", "status", "contains"]).under(&path);
            checker.problems.push(one);
        }
        if let (false, Some(_)) = (rule.codes.is_empty(), rule.status) {
            let (codes, status) = (path.clone().then("codes"), path.clone().then("status"));
            let help = "a Close has a code, an answer to the upgrade a status: write two rules";
            checker.problems.push(Problem::conflict(status, codes).help(help));
        }
        if rule.status.is_some_and(|status| !(100..=599).contains(&status)) {
            let status = path.clone().then("status");
            checker.problems.push(Problem::out_of_range(status, "from 100 to 599"));
        }
        let connects = matches!(rule.action, CloseAction::Reconnect | CloseAction::Restart);
        if connects && !checker.around.reconnect {
            checker.problems.push(needs_reconnect(path.clone().then("action")));
        }
        if rule.delay.is_some() && !connects {
            let why = "nothing is waited for: the rule ends the run";
            checker.problems.push(Problem::invalid(path.then("delay"), why));
        }
    }
    let limits = &checker.keys.limits;
    for (key, limit) in [("send_limit", limits.send_limit), ("connect_limit", limits.connect_limit)]
    {
        let Some(limit) = limit else { continue };
        let at = |inner: &'static str| KeyPath::key(key).then(inner);
        checker.duration(&at("per"), Some(limit.per));
        if !(1..=1_000_000).contains(&limit.count) {
            checker.problems.push(Problem::out_of_range(at("count"), "from 1 to 1,000,000"));
        }
    }
    Watch {
        silence_timeout: keys.silence_timeout,
        rotate_after: keys.rotate_after,
        close_rules: keys.close_rules.clone(),
        send_limit: limits.send_limit,
        connect_limit: limits.connect_limit,
        topics_per_connection: shards(checker),
    }
}

/// The most connections of one source.
const MOST_CONNECTIONS: usize = 1000;

/// Checks `topics_per_connection`.
fn shards(checker: &mut Checker<'_>) -> Option<usize> {
    let most = checker.keys.limits.topics_per_connection? as usize;
    let path = KeyPath::key("topics_per_connection");
    let topics = checker.keys.script.topics.len();
    if most == 0 {
        checker.problems.push(Problem::out_of_range(path, "at least 1"));
        return None;
    }
    if topics.div_ceil(most) > MOST_CONNECTIONS {
        let help = "several sources can share the topics";
        let expected = "a number that makes at most 1,000 connections";
        checker.problems.push(Problem::out_of_range(path, expected).help(help));
    } else if topics == 0 {
        checker.problems.push(Problem::needs(path, "topics"));
    }
    Some(most)
}

/// The problem of a key that connects again, beside `reconnect: false`.
pub(super) fn needs_reconnect(path: impl Into<KeyPath>) -> Problem {
    Problem::needs(path, "reconnect").help("set reconnect: true")
}
