//! Pages of documentation whose commands a test runs.
//!
//! ```
//! use faucet_testkit::page::{blocks, matches, steps};
//!
//! let page = "Say hello:\n\n```console\n$ echo hello world\nhello …\n```\n";
//! for block in blocks(page) {
//!     for step in steps(block.text) {
//!         assert_eq!(step.command, "echo hello world");
//!         assert!(matches(&step.expected, &["hello world"]));
//!     }
//! }
//! ```

use std::path::Path;
use std::process::{Command, Stdio};

/// What begins and ends a block.
const FENCE: &str = "```";

/// A fenced block of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block<'a> {
    /// What stands behind the opening fence, such as `yaml trades.yaml`.
    pub info: &'a str,
    /// The lines between the fences.
    pub text: &'a str,
}

/// The fenced blocks of a Markdown page, in order.
#[must_use]
pub fn blocks(page: &str) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let mut open: Option<(&str, usize)> = None;
    let mut at = 0;
    for line in page.split_inclusive('\n') {
        let next = at + line.len();
        open = match (line.trim_end().strip_prefix(FENCE), open) {
            (Some(info), None) => Some((info, next)),
            (Some(_), Some((info, from))) => {
                blocks.push(Block { info, text: &page[from..at] });
                None
            }
            (None, open) => open,
        };
        at = next;
    }
    blocks
}

/// A command of a page, and what it prints there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step<'a> {
    /// The line behind `$ `.
    pub command: &'a str,
    /// The lines up to the next command; see [`matches()`].
    pub expected: Vec<&'a str>,
}

/// The commands of a block, which begin with `$ `. Lines before the first one are left out.
#[must_use]
pub fn steps(text: &str) -> Vec<Step<'_>> {
    let mut steps: Vec<Step<'_>> = Vec::new();
    for line in text.lines() {
        match (line.strip_prefix("$ "), steps.last_mut()) {
            (Some(command), _) => steps.push(Step { command, expected: Vec::new() }),
            (None, Some(step)) => step.expected.push(line),
            (None, None) => {}
        }
    }
    steps
}

/// Whether a command printed the lines that the page shows. There `…` stands for any text, and on a line of
/// its own for any lines.
#[must_use]
pub fn matches(expected: &[&str], printed: &[&str]) -> bool {
    match (expected.split_first(), printed.split_first()) {
        (None, None) => true,
        (Some((&"…", rest)), _) => {
            (0..=printed.len()).any(|skipped| matches(rest, &printed[skipped..]))
        }
        (Some((first, rest)), Some((line, others))) => {
            matches_line(first, line) && matches(rest, others)
        }
        _ => false,
    }
}

fn matches_line(expected: &str, line: &str) -> bool {
    let Some((before, after)) = expected.split_once('…') else { return expected == line };
    let Some(rest) = line.strip_prefix(before) else { return false };
    let mut ends = rest.char_indices().map(|(at, _)| at).chain([rest.len()]);
    ends.any(|at| matches_line(after, &rest[at..]))
}

/// A shell in `folder` that finds the program at `program` by its name. It has no stdin, and its outputs are
/// pipes.
#[must_use]
pub fn shell(folder: &Path, program: &Path, command: &str) -> Command {
    let own = program.parent().map(Path::to_owned);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut shell = Command::new("sh");
    shell.args(["-c", command]).current_dir(folder);
    // A folder whose name cannot stand in PATH leaves PATH as it is.
    if let Ok(path) = std::env::join_paths(own.into_iter().chain(std::env::split_paths(&path))) {
        shell.env("PATH", path);
    }
    shell.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    shell
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_and_their_commands_are_found() {
        let page = "a\n```yaml x.yaml\nk: v\n```\n\n```console feed\n…\n$ one\n1\n2\n$ two\n```\nb\n```\nopen";
        let found = blocks(page);
        assert_eq!(
            found,
            [
                Block { info: "yaml x.yaml", text: "k: v\n" },
                Block { info: "console feed", text: "…\n$ one\n1\n2\n$ two\n" },
            ]
        );
        let step = |command, expected| Step { command, expected };
        assert_eq!(steps(found[1].text), [step("one", vec!["1", "2"]), step("two", vec![])]);
        assert_eq!(steps(found[0].text), []);
    }

    #[test]
    fn dots_stand_for_any_text() {
        for (expected, found, same) in [
            (&["a", "…", "d…"][..], &["a", "b", "c", "do"][..], true),
            (&["a", "…"], &["a"], true),
            (&["a…c"], &["abbc"], true),
            (&["a…c"], &["abb"], false),
            (&["a"], &["a", "b"], false),
            (&["a", "b"], &["a"], false),
        ] {
            assert_eq!(matches(expected, found), same, "{expected:?} {found:?}");
        }
    }
}
