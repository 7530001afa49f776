//! Checks the control rules.

use faucet_core::select::{MatchSet, Pointer};
use faucet_core::{KeyPath, Problem};

use crate::keys::{ControlAction, ControlRule, ReplyAfter};
use crate::plan::checker::Checker;
use crate::plan::known_names::{Allows, When};
use crate::plan::match_template::MatchTemplate;
use crate::plan::parts::{BeatPlan, Rule, Rules, Spots};
use crate::plan::plan::SequencePlan;
use crate::plan::takes::takes;
use crate::plan::{route_check, watch_check};

/// Checks `control`. `None` where a rule is wrong.
pub(super) fn rules(
    checker: &mut Checker<'_>,
    beat: Option<&BeatPlan>,
    sequence: Option<&SequencePlan>,
) -> Option<Rules> {
    let before = checker.problems.len();
    let (mut rules, mut matches) = (Vec::new(), Vec::new());
    let keys = checker.keys;
    for (index, written) in keys.control.iter().enumerate() {
        let path = KeyPath::key("control").at(index);
        let at = |key: &'static str| path.clone().then(key);
        let same = |rule: &ControlRule| rule.matches == written.matches;
        if let Some(first) = keys.control[..index].iter().position(same) {
            let of = KeyPath::key("control").at(first).then("match");
            let kind = faucet_core::ProblemKind::Duplicate { of };
            let never = Problem::new(at("match"), kind);
            checker
                .problems
                .push(never.help("the first rule that matches decides: this one never acts"));
        }
        let parsed =
            checker.matching(&written.matches, &at("match"), When::Later, Allows::default());
        if let Some(MatchTemplate::Filled(_)) = &parsed {
            let why = "has placeholders, which a control rule does not fill";
            checker.problems.push(Problem::invalid(at("match"), why));
        }
        let answered = Allows { answered: true, ..Allows::default() };
        let reply = written
            .reply
            .as_ref()
            .and_then(|reply| checker.message(reply, &at("reply"), When::Later, answered));
        check_action(checker, written, &path);
        let url = written
            .url
            .as_ref()
            .and_then(|url| route_check::url_of_names(checker, url, &at("url"), When::Later));
        matches.extend(parsed.as_ref().and_then(MatchTemplate::as_fixed).cloned());
        rules.push(Rule {
            action: written.action,
            reply,
            after: written.after,
            take: takes(&written.take),
            delay: written.delay,
            url,
        });
    }
    let mut extra = |extra: Option<&MatchTemplate>| {
        let fixed = extra.and_then(MatchTemplate::as_fixed)?;
        matches.push(fixed.clone());
        Some(matches.len() - 1)
    };
    let beat = extra(beat.and_then(|beat| beat.reply.as_ref()));
    let reset = extra(sequence.and_then(|sequence| sequence.reset.as_ref()));
    let (spots, places) = spots(checker, sequence);
    if checker.problems.len() > before {
        return None;
    }
    // The places behind a prefix are found in a pass of their own.
    let has_prefix = keys.reading.data_prefix.is_some();
    let data = has_prefix.then(|| MatchSet::new([], places.clone()));
    let places = if has_prefix { Vec::new() } else { places };
    Some(Rules { rules, set: MatchSet::new(matches, places), beat, reset, spots, data })
}

/// The places beside the matches.
fn spots(checker: &Checker<'_>, sequence: Option<&SequencePlan>) -> (Spots, Vec<Pointer>) {
    let mut places = Vec::new();
    let mut spot = |place: Option<&Pointer>| {
        places.push(place?.clone());
        Some(places.len() - 1)
    };
    let resume = checker.keys.continuity.resume.as_ref();
    let written = sequence.map(|sequence| &sequence.written);
    let spots = Spots {
        unwrap: spot(checker.keys.reading.unwrap.as_ref()),
        cursor: spot(resume.and_then(|resume| resume.cursor.as_ref())),
        last: spot(written.map(|written| &written.last)),
        first: spot(written.and_then(|written| written.first.as_ref())),
        previous: spot(written.and_then(|written| written.previous.as_ref())),
        per: written.iter().flat_map(|s| &s.per).filter_map(|per| spot(Some(per))).collect(),
    };
    (spots, places)
}

fn check_action(checker: &mut Checker<'_>, rule: &ControlRule, path: &KeyPath) {
    let at = |key: &'static str| path.clone().then(key);
    checker.duration(&at("delay"), rule.delay);
    let connects = matches!(rule.action, ControlAction::Reconnect | ControlAction::Restart);
    if connects && !checker.around.reconnect {
        checker.problems.push(watch_check::needs_reconnect(at("action")));
    }
    if rule.delay.is_some() && !connects {
        let why = "belongs to `action: reconnect` and `action: restart`";
        checker.problems.push(Problem::invalid(at("delay"), why));
    }
    if rule.url.is_some() && rule.action != ControlAction::Reconnect {
        let why = "belongs to `action: reconnect`";
        checker.problems.push(Problem::invalid(at("url"), why));
    }
    if rule.action == ControlAction::Keep && !checker.around.is_source {
        let why = "a sink has no records of what it receives";
        checker.problems.push(Problem::invalid(at("action"), why));
    }
    if rule.after == ReplyAfter::Flush {
        if rule.reply.is_none() {
            checker.problems.push(Problem::needs(at("after"), at("reply")));
        }
        if rule.action != ControlAction::Keep {
            let why = "needs `action: keep`: only a record is flushed";
            checker.problems.push(Problem::invalid(at("after"), why));
        }
    }
}
