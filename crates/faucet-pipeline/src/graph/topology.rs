//! Whether components form a pipeline. Pure.

use std::collections::{BTreeMap, BTreeSet};

use faucet_core::{ComponentKind, KeyPath, Problem, ProblemKind, Problems, Step, nearest};

/// What the rules look at.
#[derive(Debug, Clone)]
pub(crate) struct Member<'a> {
    pub(crate) id: &'a str,
    pub(crate) kind: ComponentKind,
    pub(crate) from: Vec<&'a str>,
    pub(crate) dead_letter: Option<&'a str>,
    /// It rejects messages, and needs a place for them.
    pub(crate) diverts: bool,
    pub(crate) buffer_pages: usize,
    pub(crate) buffer_bytes: usize,
}

impl Member<'_> {
    fn path(&self) -> KeyPath {
        let section = match self.kind {
            ComponentKind::Source => "sources",
            ComponentKind::Transform => "transforms",
            _ => "sinks",
        };
        KeyPath::key(section).then(self.id)
    }
}

/// The members in an order in which each stands behind all that it takes pages from.
///
/// # Errors
/// Everything that keeps them from being a pipeline, at `sources.ID`, `transforms.ID.from[n]` and so
/// on.
pub(crate) fn order(members: &[Member<'_>]) -> Result<Vec<usize>, Problems> {
    let mut problems = Problems::new();
    names(members, &mut problems);
    inputs(members, &mut problems);
    dead_letters(members, &mut problems);
    let order = sorted(members, &mut problems);
    consumers(members, order.len() < members.len(), &mut problems);
    problems.into_result().map(|()| order)
}

fn names(members: &[Member<'_>], problems: &mut Problems) {
    let mut seen: BTreeMap<&str, ComponentKind> = BTreeMap::new();
    for member in members {
        let good = member.id.starts_with(|c: char| c.is_ascii_alphabetic())
            && member.id.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        problems.push_if(!good, || {
            let why = "is not a name for a component".to_owned();
            Problem::new(member.path(), ProblemKind::InvalidKey { why })
                .expected("a letter, then letters, digits and `_`")
        });
        if let Some(kind) = seen.insert(member.id, member.kind) {
            let why = match kind == member.kind {
                true => format!("another {} has this name", kind.as_str()),
                false => format!("a {} has this name too", kind.as_str()),
            };
            problems.push(Problem::new(member.path(), ProblemKind::InvalidKey { why }));
        }
        problems.push_if(member.buffer_pages == 0, || {
            Problem::out_of_range(member.path().then("buffer").then("pages"), "at least 1")
        });
        problems.push_if(member.buffer_bytes == 0, || {
            Problem::out_of_range(member.path().then("buffer").then("bytes"), "at least 1")
        });
    }
    for (kind, section) in [(ComponentKind::Source, "sources"), (ComponentKind::Sink, "sinks")] {
        problems.push_if(members.iter().all(|m| m.kind != kind), || Problem::missing(section));
    }
}

fn unknown(what: &'static str, path: KeyPath, id: &str, known: Vec<&str>) -> Problem {
    let near = nearest(id, known.iter().copied()).map(str::to_owned);
    let known = known.into_iter().map(str::to_owned).collect();
    Problem::new(path, ProblemKind::UnknownName { what, name: Some(id.to_owned()), near, known })
}

fn inputs(members: &[Member<'_>], problems: &mut Problems) {
    let producers: Vec<&str> =
        members.iter().filter(|m| m.kind != ComponentKind::Sink).map(|m| m.id).collect();
    for member in members.iter().filter(|m| m.kind != ComponentKind::Source) {
        let path = member.path().then("from");
        let takes_letters = members.iter().any(|other| other.dead_letter == Some(member.id));
        problems.push_if(member.from.is_empty() && !takes_letters, || {
            Problem::missing(path.clone()).help(format!("name one of {}", producers.join(", ")))
        });
        let mut seen = BTreeSet::new();
        for (n, from) in member.from.iter().enumerate() {
            let at = path.clone().at(n);
            let is_other = |other: &&Member<'_>| other.id == *from && !std::ptr::eq(*other, member);
            let other = members.iter().filter(is_other).min_by_key(|other| is_sink(other));
            if *from == member.id && other.is_none() {
                problems.push(Problem::custom(at, "a component cannot take its own records"));
            } else if other.is_some_and(is_sink) {
                let why = format!("`{from}` is a sink, and a sink gives no records on");
                problems.push(Problem::custom(at, why));
            } else if other.is_none() {
                let known = producers.iter().copied().filter(|id| *id != member.id).collect();
                problems.push(unknown("component", at, from, known));
            } else if !seen.insert(from) {
                problems.push(Problem::custom(at, "stands twice in the list"));
            }
        }
    }
}

fn dead_letters(members: &[Member<'_>], problems: &mut Problems) {
    let sinks: Vec<&str> =
        members.iter().filter(|m| m.kind == ComponentKind::Sink).map(|m| m.id).collect();
    for member in members {
        let path = member.path().then("dead_letter");
        match member.dead_letter {
            None if member.diverts => problems.push(
                Problem::missing(path)
                    .help("name the sink that takes what cannot be decoded, or do not divert it"),
            ),
            Some(id) if id == member.id && is_sink(member) => {
                let why = "a sink cannot be its own dead letter";
                problems.push(Problem::custom(path, why));
            }
            Some(id) if !sinks.contains(&id) && members.iter().any(|other| other.id == id) => {
                let why = format!("`{id}` is no sink, and only a sink takes what is rejected");
                problems.push(Problem::custom(path, why));
            }
            Some(id) if !sinks.contains(&id) => {
                let known = sinks.iter().copied().filter(|sink| *sink != member.id).collect();
                problems.push(unknown("sink", path, id, known));
            }
            _ => {}
        }
    }
}

fn is_sink(member: &Member<'_>) -> bool {
    member.kind == ComponentKind::Sink
}

/// Looks for components whose pages nothing takes. Where a `from` is missing, or the pages go in a
/// circle, that mistake is the reason; and so is a misspelled name for the component that was meant.
fn consumers(members: &[Member<'_>], has_circle: bool, problems: &mut Problems) {
    let mut meant: BTreeSet<String> = BTreeSet::new();
    let mut is_open = has_circle;
    for problem in problems.iter() {
        let of_from = problem.path.steps().iter().any(|step| *step == Step::Key("from".into()));
        match &problem.kind {
            ProblemKind::Missing => is_open |= of_from,
            ProblemKind::UnknownName { what: "component", near: Some(near), .. } => {
                meant.insert(near.clone());
            }
            ProblemKind::UnknownName { what: "component", .. } => is_open = true,
            _ => {}
        }
    }
    if is_open {
        return;
    }
    let used: BTreeSet<&str> = members.iter().flat_map(|m| m.from.iter().copied()).collect();
    for member in members {
        let unused = !is_sink(member) && !used.contains(member.id) && !meant.contains(member.id);
        problems.push_if(unused, || {
            Problem::custom(member.path(), "no component takes its pages")
                .help(format!("name it in the `from` of a transform or sink: from: {}", member.id))
        });
    }
}

/// The components that send something to `member`: pages, or what they reject.
fn producers<'a>(members: &'a [Member<'a>], member: &'a Member<'a>) -> Vec<&'a str> {
    let letters =
        members.iter().filter(|other| is_sink(member) && other.dead_letter == Some(member.id));
    member.from.iter().copied().chain(letters.map(|other| other.id)).collect()
}

/// Sorts by dependency; what is left over stands on a circle.
fn sorted(members: &[Member<'_>], problems: &mut Problems) -> Vec<usize> {
    // What is told of a name that is not known is enough.
    let known = |member: &Member<'_>, id: &&str| {
        *id != member.id && members.iter().any(|other| other.id == *id)
    };
    let mut waits: BTreeMap<usize, Vec<&str>> = BTreeMap::new();
    for (n, member) in members.iter().enumerate() {
        let on = producers(members, member).into_iter().filter(|id| known(member, id));
        waits.insert(n, on.collect());
    }
    let mut order = Vec::new();
    loop {
        let done: Vec<&str> = order.iter().map(|n: &usize| members[*n].id).collect();
        let ready = waits.iter().find(|(_, on)| on.iter().all(|id| done.contains(id)));
        let Some(n) = ready.map(|(n, _)| *n) else { break };
        waits.remove(&n);
        order.push(n);
    }
    // What is left over stands on a circle, or behind one.
    let leads_to = |from: &str, to: &str| {
        let (mut seen, mut next) = (BTreeSet::new(), vec![to]);
        while let Some(id) = next.pop() {
            if !seen.insert(id) {
                continue;
            }
            let before = waits.iter().filter(|(n, _)| members[**n].id == id);
            next.extend(before.flat_map(|(_, on)| on.iter().copied()));
        }
        seen.contains(from)
    };
    let is_back = |member: &Member<'_>, id: &str| id != member.id && leads_to(member.id, id);
    for member in waits.keys().map(|n| &members[*n]) {
        let inputs = member.from.iter().enumerate();
        for (at, _) in inputs.filter(|(_, id)| is_back(member, id)) {
            let path = member.path().then("from").at(at);
            problems
                .push(Problem::custom(path, "its pages would come back to where they came from"));
        }
        // The sink that takes the rejected records leads back to the member.
        if member.dead_letter.is_some_and(|id| id != member.id && leads_to(id, member.id)) {
            let path = member.path().then("dead_letter");
            problems.push(Problem::custom(path, "what it rejects would come back to it"));
        }
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member<'a>(id: &'a str, from: &[&'a str]) -> Member<'a> {
        let kind = match id.as_bytes().first() {
            Some(b't') => ComponentKind::Transform,
            Some(b'k') => ComponentKind::Sink,
            _ => ComponentKind::Source,
        };
        let from = from.to_vec();
        let (dead_letter, diverts) = (None, false);
        Member { id, kind, from, dead_letter, diverts, buffer_pages: 1, buffer_bytes: 1 }
    }

    fn problems(members: &[Member<'_>]) -> Vec<String> {
        order(members).unwrap_err().iter().map(Problem::to_string).collect()
    }

    #[test]
    fn consumers_stand_behind_their_producers() {
        let members = [
            member("k1", &["t1", "s1"]),
            member("t1", &["t2"]),
            member("t2", &["s1"]),
            member("s1", &[]),
        ];
        assert_eq!(order(&members).unwrap(), [3, 2, 1, 0]);
        let mut letters = vec![member("s1", &[]), member("k1", &["s1"]), member("k2", &[])];
        letters[1].dead_letter = Some("k2");
        assert_eq!(order(&letters).unwrap(), [0, 1, 2]);
    }

    #[test]
    fn each_fault_is_named_at_its_place() {
        let s = || member("s1", &[]);
        let with_letter = |id, from: &[&'static str], to| {
            let mut member = member(id, from);
            member.dead_letter = Some(to);
            member
        };
        let mut diverting = s();
        diverting.diverts = true;
        for (members, expected) in [
            (vec![], vec!["sources: missing", "sinks: missing"]),
            (
                vec![s(), member("k1", &["s2"])],
                vec!["sinks.k1.from[0]: unknown component \"s2\" (did you mean `s1`?); known: s1"],
            ),
            (
                vec![s(), member("s3", &[]), member("k1", &["s1"])],
                vec!["sources.s3: no component takes its pages"],
            ),
            (
                vec![s(), member("k1", &["s1"]), member("k2", &["k1", "s1"])],
                vec!["sinks.k2.from[0]: `k1` is a sink, and a sink gives no records on"],
            ),
            (
                vec![s(), member("t1", &["s1", "t1"]), member("k1", &["t1"])],
                vec!["transforms.t1.from[1]: a component cannot take its own records"],
            ),
            (vec![s(), member("k1", &["s1"]), member("k2", &[])], vec!["sinks.k2.from: missing"]),
            (
                vec![s(), member("k1", &["s1", "s1"])],
                vec!["sinks.k1.from[1]: stands twice in the list"],
            ),
            (
                vec![
                    s(),
                    member("t1", &["t2"]),
                    member("t2", &["t1"]),
                    member("k1", &["s1", "t1"]),
                ],
                vec![
                    "transforms.t1.from[0]: its pages would come back to where they came from",
                    "transforms.t2.from[0]: its pages would come back to where they came from",
                ],
            ),
            (
                vec![s(), with_letter("k1", &["s1"], "k2"), with_letter("k2", &["s1"], "k1")],
                vec![
                    "sinks.k1.dead_letter: what it rejects would come back to it",
                    "sinks.k2.dead_letter: what it rejects would come back to it",
                ],
            ),
            (
                vec![s(), with_letter("k1", &["s1"], "k1")],
                vec!["sinks.k1.dead_letter: a sink cannot be its own dead letter"],
            ),
            (
                vec![s(), with_letter("k1", &["s1"], "s1")],
                vec![
                    "sinks.k1.dead_letter: `s1` is no sink, and only a sink takes what is rejected",
                ],
            ),
            (vec![diverting, member("k1", &["s1"])], vec!["sources.s1.dead_letter: missing"]),
            (
                vec![member("_s", &[]), member("k1", &["_s"]), member("k1", &["_s"])],
                vec![
                    "sources._s: is not a name for a component, expected a letter, then letters, \
                     digits and `_`",
                    "sinks.k1: another sink has this name",
                ],
            ),
        ] {
            assert_eq!(problems(&members), expected);
        }
    }
}
