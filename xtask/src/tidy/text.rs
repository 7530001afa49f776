//! What must not stand in a file.

use crate::result::Result;
use crate::workspace::{File, Workspace};

/// The longest file of Rust, tests included.
const MOST_LINES: usize = 450;

/// Macros and attributes that say "later". Written in two parts, or this file would break its rule.
const UNDONE: [&str; 4] = [
    concat!("to", "do!("),
    concat!("unimplem", "ented!("),
    concat!("db", "g!("),
    concat!("#[ig", "nore"),
];

/// How a path into somebody's machine begins.
const MACHINES: [&str; 5] = [
    concat!("/ho", "me/"),
    concat!("/Us", "ers/"),
    concat!("/ro", "ot/"),
    concat!("/wo", "rk/"),
    concat!("C:", "\\"),
];

pub(super) fn files_are_short(workspace: &Workspace) -> Result<Vec<String>> {
    let files = workspace.files.iter().filter(|file| is_ours(file));
    let lines = files.map(|file| (&file.path, file.text.lines().count()));
    let long = lines.filter(|(_, lines)| *lines > MOST_LINES);
    Ok(long
        .map(|(path, lines)| format!("{path} has {lines} lines, {MOST_LINES} are enough"))
        .collect())
}

fn is_ours(file: &File) -> bool {
    let in_src = file.path.starts_with("crates/") && file.path.contains("/src/");
    file.path.ends_with(".rs") && (in_src || file.path.starts_with("xtask/"))
}

pub(super) fn nothing_is_left_undone(workspace: &Workspace) -> Result<Vec<String>> {
    let rust = workspace.files.iter().filter(|file| file.path.ends_with(".rs"));
    Ok(rust.flat_map(|file| found(file, &UNDONE, |_, _| true)).collect())
}

pub(super) fn no_machine_is_named(workspace: &Workspace) -> Result<Vec<String>> {
    let begins = |line: &str, at: usize| {
        let before = line[..at].chars().next_back();
        // Inside a URL or another path it is an ordinary word.
        before.is_none_or(|c| !c.is_alphanumeric() && !"/._-~}".contains(c))
    };
    Ok(workspace.files.iter().flat_map(|file| found(file, &MACHINES, begins)).collect())
}

/// Where one of `words` stands in a way that counts.
fn found(file: &File, words: &[&str], counts: impl Fn(&str, usize) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for (number, line) in file.text.lines().enumerate() {
        for word in words {
            if line.match_indices(word).any(|(at, _)| counts(line, at)) {
                found.push(format!("{}:{}: {word}", file.path, number + 1));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workspace(path: &str, text: String) -> Workspace {
        let files = vec![File { path: path.into(), text }];
        Workspace { root: Default::default(), packages: Vec::new(), files }
    }

    #[test]
    fn long_files_are_named_where_they_count() {
        for (path, lines, breaks) in [
            ("crates/a/src/b/c.rs", 450, false),
            ("crates/a/src/b/c.rs", 451, true),
            ("xtask/src/main.rs", 451, true),
            ("crates/a/tests/long.rs", 451, false),
            ("crates/a/src/notes.md", 451, false),
        ] {
            let violations = files_are_short(&workspace(path, "x\n".repeat(lines))).unwrap();
            assert_eq!(violations.len(), usize::from(breaks), "{path} {lines}");
        }
    }

    #[test]
    fn unfinished_code_and_machine_paths_are_found_with_their_line() {
        for (index, word) in UNDONE.iter().enumerate() {
            let violations =
                nothing_is_left_undone(&workspace("a.rs", format!("\n  {word}"))).unwrap();
            assert_eq!(violations, [format!("a.rs:2: {}", UNDONE[index])]);
        }
        for machine in MACHINES {
            for (text, breaks) in [
                (format!("cd {machine}x"), true),
                (format!("\"{machine}x\""), true),
                (format!("https://example.com{machine}x"), false),
                (format!("docs{machine}x"), false),
            ] {
                let violations = no_machine_is_named(&workspace("a.md", text.clone())).unwrap();
                assert_eq!(violations.len(), usize::from(breaks), "{text}");
            }
        }
    }
}
