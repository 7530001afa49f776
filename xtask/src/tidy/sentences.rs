//! Facts stay typed: no code takes a sentence apart, and only renderers write one about a key.

use crate::result::Result;
use crate::workspace::{File, Workspace};

/// How code takes a sentence apart. Written in two parts, or this file would break its rule.
const PARSES: [&str; 11] = [
    concat!("to_string()", ".contains("),
    concat!("to_string()", ".starts_with("),
    concat!("to_string()", ".split"),
    concat!("to_string()", ".replace("),
    concat!("split_once(", "\": \")"),
    concat!("split(\"", " at line"),
    concat!("strip_prefix(\"", "missing field"),
    concat!("(\", ", "expected \")"),
    concat!("contains(\"", "invalid type"),
    concat!("starts_with(\"", "self-signed"),
    concat!("ends_with(\"", ": must"),
];

/// How code writes a sentence about a key outside of a renderer.
const WRITES: [&str; 3] = [
    concat!("format!(\"", "{key}: "),
    concat!("format!(\"", "{path}: "),
    concat!("format!(\"", "{kind}."),
];

/// The renderers.
const MAY_WRITE: [&str; 2] =
    ["crates/faucet-core/src/config/problem.rs", "crates/faucet-pipeline/src/file/render.rs"];

pub(super) fn facts_stay_typed(workspace: &Workspace) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for file in workspace.files.iter().filter(|file| is_production(file)) {
        let renders = MAY_WRITE.contains(&file.path.as_str());
        for (number, line) in production_lines(&file.text) {
            let code = line.split("//").next().unwrap_or_default();
            let parses = PARSES.iter().find(|way| code.contains(**way));
            let writes = WRITES.iter().find(|way| !renders && code.contains(**way));
            if let Some(way) = parses.or(writes) {
                found.push(format!("{}:{number}: {way} handles a sentence", file.path));
            }
        }
    }
    Ok(found)
}

fn is_production(file: &File) -> bool {
    let in_src = file.path.starts_with("crates/") && file.path.contains("/src/");
    in_src && file.path.ends_with(".rs") && !file.path.ends_with("/tests.rs")
}

/// The lines before the tests of a file, numbered from 1.
fn production_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = text.lines().take_while(|line| line.trim() != "#[cfg(test)]");
    lines.enumerate().map(|(index, line)| (index + 1, line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_known_ways_are_found_where_they_count() {
        let workspace = |path: &str, text: &str| Workspace {
            root: Default::default(),
            packages: Vec::new(),
            files: vec![File { path: path.into(), text: text.into() }],
        };
        for way in PARSES.iter().chain(&WRITES) {
            let code = format!("fn x() {{\n    e.{way} y\n}}\n");
            for (path, text, breaks) in [
                ("crates/a/src/b.rs", code.clone(), true),
                ("crates/a/tests/b.rs", code.clone(), false),
                ("crates/a/src/b.rs", format!("#[cfg(test)]\n{code}"), false),
                ("crates/a/src/b.rs", format!("// {way}"), false),
            ] {
                let found = facts_stay_typed(&workspace(path, &text)).unwrap();
                assert_eq!(found.len(), usize::from(breaks), "{path} {text}");
            }
        }
        let renderer = workspace(MAY_WRITE[0], WRITES[0]);
        assert!(facts_stay_typed(&renderer).unwrap().is_empty());
    }
}
