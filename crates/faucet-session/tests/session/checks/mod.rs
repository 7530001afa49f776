//! The problems that the checks of a configuration find.

mod all_at_once;
mod continuity;
mod names;
mod route;
mod rules;
mod script;
mod values;
mod watch;

use faucet_core::Problems;

use crate::support::Keys;

/// The problems of a configuration, a line each. `None`: there are none.
pub(crate) fn problems(config: &str) -> Vec<String> {
    let tree = serde_json::from_str(config).unwrap_or_else(|why| panic!("{config}: {why}"));
    let mut problems = Problems::new();
    match faucet_core::decode::<Keys>(tree) {
        Ok(keys) => {
            let (keys, surroundings) = keys.split();
            keys.check(&surroundings.around(), &mut problems);
        }
        Err(found) => problems = found,
    }
    problems.iter().map(ToString::to_string).collect()
}

/// Each configuration has exactly these problems, in any order.
#[track_caller]
pub(crate) fn check(table: &[(&str, &[&str])]) {
    let mut wrong = String::new();
    for (config, expected) in table {
        let mut found = problems(config);
        let mut expected: Vec<String> = expected.iter().map(ToString::to_string).collect();
        found.sort();
        expected.sort();
        if found != expected {
            let (found, expected) = (found.join("\n  "), expected.join("\n  "));
            wrong += &format!("{config}\n found:\n  {found}\n expected:\n  {expected}\n");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
