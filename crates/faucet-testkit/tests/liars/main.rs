//! Liars: doubles that break one promise each. Each rule of the suites must catch its liars, and let
//! their honest twins pass.
#![allow(clippy::unwrap_used, reason = "a panic in a test is the report")]

mod configs;
mod feed;
mod lie;
mod sinks;
mod sources;
mod stage;
mod store;
mod transforms;

use std::collections::BTreeSet;

use lie::{Lie, caught, run};

/// Lies of the review's table that the contract makes impossible, and why.
const IMPOSSIBLE: [(&str, &str); 5] = [
    ("source: page after the end", "after `End` no page is asked for"),
    ("source: `close` fails the second time", "`close` is called once"),
    ("sink: `close` fails the second time", "`close` is called once"),
    ("sink: never counts `delivered`", "the runner counts what `write_page` took"),
    ("sink: counts twice", "the runner counts what `write_page` took"),
];

/// How many lies the review's table has: 29 of sources, 8 of configurations, 16 of sinks.
const REVIEWED: usize = 53;

fn all() -> Vec<Lie> {
    let mut all = sources::lies();
    all.extend(sinks::lies());
    all.extend(transforms::lies());
    all.extend(configs::lies());
    all
}

#[test]
fn every_lie_is_caught_by_the_rule_that_it_breaks() {
    let mut free = Vec::new();
    let mut reviewed = IMPOSSIBLE.len();
    for lie in all() {
        match caught(&lie) {
            Ok(()) => reviewed += usize::from(lie.reviewed),
            Err(why) => free.push(format!("{}: {}: {why}", lie.rule, lie.what)),
        }
    }
    assert!(free.is_empty(), "not caught:\n{}", free.join("\n"));
    assert_eq!(reviewed, REVIEWED, "each lie of the review has a liar");
}

#[test]
fn every_rule_catches_a_lie() {
    let proved: BTreeSet<&str> = all().iter().map(|lie| lie.rule).collect();
    let suites = [
        ("source", include_str!("../../src/suites/source/mod.rs")),
        ("sink", include_str!("../../src/suites/sink/mod.rs")),
        ("transform", include_str!("../../src/suites/transform/mod.rs")),
        ("config", include_str!("../../src/suites/config/mod.rs")),
    ];
    let mut rules = 0;
    for (suite, text) in suites {
        let (exports, body) = text.split_once("pub async fn conforms").unwrap_or_else(|| {
            text.split_once("pub fn conforms").expect("each suite has a function for all rules")
        });
        let tried: Vec<&str> =
            body.lines().filter_map(|line| Some(line.trim().split_once("(case)")?.0)).collect();
        for name in &tried {
            let rule = format!("{suite}::{name}");
            assert!(proved.contains(rule.as_str()), "no liar proves {rule}");
        }
        // The types of a suite have capitals, its rules have none.
        let lists = exports.split("pub use").skip(1).filter_map(|rest| rest.split(';').next());
        let lists = lists.filter_map(|list| Some(list.split_once("::")?.1));
        let exported = lists.flat_map(|list| list.split([',', '{', '}', '\n', ' ']));
        let exported = exported.filter(|word| word.starts_with(|c: char| c.is_ascii_lowercase()));
        let missing: Vec<&str> = exported.filter(|name| !tried.contains(name)).collect();
        assert!(missing.is_empty(), "{suite}::conforms does not try {missing:?}");
        rules += tried.len();
    }
    assert_eq!(rules, proved.len(), "each rule with a liar is part of a suite");
}

#[test]
fn honest_components_pass() {
    for paused in [true, false] {
        run(paused, sources::honest());
        run(paused, sinks::honest());
        run(paused, transforms::honest());
    }
    configs::honest();
}
