//! The workspace's rules about itself.

mod circles;
mod doors;
mod engine;
mod faults;
mod layers;
mod links;
mod modules;
mod registry;
mod sentences;
mod source;
mod text;

use crate::result::Result;
use crate::workspace::Workspace;

/// Finds what breaks a rule; each violation in one line.
type Rule = fn(&Workspace) -> Result<Vec<String>>;

const RULES: [Rule; 13] = [
    circles::files_form_no_circle,
    doors::crates_have_front_doors,
    engine::only_sql_brings_it,
    faults::named_tests_exist,
    layers::edges_point_one_way,
    layers::the_contract_has_no_runtime,
    layers::one_crate_knows_tungstenite,
    links::links_lead_somewhere,
    registry::nothing_comes_from_a_registry,
    sentences::facts_stay_typed,
    text::files_are_short,
    text::nothing_is_left_undone,
    text::no_machine_is_named,
];

/// Fails with everything that breaks a rule.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let mut violations = Vec::new();
    for rule in RULES {
        violations.extend(rule(workspace)?);
    }
    if violations.is_empty() { Ok(()) } else { Err(violations.join("\n").into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_workspace_is_tidy() {
        run(&Workspace::load().unwrap()).unwrap();
    }
}
