//! Instructions of the hot paths, counted by callgrind and compared with the file in the repository.
//! Not a part of CI: valgrind is no part of a Rust toolchain, and another compiler counts otherwise.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::result::Result;
use crate::workspace::{Workspace, cargo, output};

/// The counts that were accepted last.
const FILE: &str = "crates/faucet-bench/instructions.json";

/// A count that differs by less is the same: where memory lies, and the order of a few wake-ups, are
/// left to chance.
const TOLERANCE_PERCENT: f64 = 3.0;

/// Makes glibc copy by vector instructions, however much it is. `rep movsb` counts as one instruction
/// a byte, and would hide everything else.
const BY_VECTORS: &str = "glibc.cpu.x86_rep_movsb_threshold=0x40000000:\
                          glibc.cpu.x86_rep_stosb_threshold=0x40000000";

/// The file.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
struct Counts {
    /// What compiled the code that was counted.
    compiler: String,
    /// Instructions for one message, for each hot path.
    instructions_per_message: BTreeMap<String, f64>,
}

/// Counts, prints the differences, and fails when a path takes more instructions than in the file.
/// With `update` the file is written anew instead.
pub(crate) fn run(workspace: &Workspace, update: bool) -> Result<()> {
    if output(Command::new("valgrind").arg("--version")).is_err() {
        return Err("valgrind is not installed, so nothing was counted: install the package \
                    `valgrind` of the system"
            .into());
    }
    let bench = build(workspace)?;
    let counted = count(workspace, &bench)?;
    if update {
        let mut text = serde_json::to_string_pretty(&counted)?;
        text.push('\n');
        std::fs::write(workspace.root.join(FILE), text)?;
        println!("wrote {FILE}");
        return Ok(());
    }
    let known = workspace.file(FILE).ok_or_else(|| {
        format!("there is no {FILE}: `cargo xtask instructions --update` writes it")
    })?;
    let known: Counts = serde_json::from_str(known)?;
    if known.compiler != counted.compiler {
        println!(
            "the file is of {}, this is {}: counts may differ",
            known.compiler, counted.compiler
        );
    }
    let differences = differences(&known, &counted);
    differences.iter().for_each(|difference| println!("{}", difference.text));
    if differences.is_empty() {
        println!("all within {TOLERANCE_PERCENT} % of {FILE}");
    }
    match differences.iter().any(|difference| difference.fails) {
        false => Ok(()),
        true => Err(format!(
            "more than {TOLERANCE_PERCENT} % off {FILE}; if it is meant, `cargo xtask instructions \
             --update` writes the file"
        )
        .into()),
    }
}

/// Builds the bench, and returns where it is.
fn build(workspace: &Workspace) -> Result<PathBuf> {
    let args = ["bench", "-p", "faucet-bench", "--no-run", "--message-format=json"];
    let messages = output(cargo(&workspace.root).args(args))?;
    let executable = messages.lines().find_map(|line| {
        let message: Value = serde_json::from_str(line).ok()?;
        let is_bench = message["target"]["kind"] == serde_json::json!(["bench"]);
        message["executable"].as_str().filter(|_| is_bench).map(PathBuf::from)
    });
    executable.ok_or_else(|| "cargo built no bench".into())
}

fn count(workspace: &Workspace, bench: &Path) -> Result<Counts> {
    let mut counts =
        Counts { compiler: output(Command::new("rustc").arg("--version"))?, ..Counts::default() };
    counts.compiler.truncate(counts.compiler.trim_end().len());
    let scratch = workspace.root.join("target/callgrind.out");
    let paths = output(Command::new(bench).args(["--instructions", "list"]))?;
    for line in paths.lines() {
        let (path, messages) = line.split_once(' ').ok_or("the bench lists no hot paths")?;
        let messages: u64 = messages.parse()?;
        let once = callgrind(bench, path, messages, &scratch)?;
        let twice = callgrind(bench, path, 2 * messages, &scratch)?;
        // What both runs do, such as to start and to end, is in neither.
        let each = twice.saturating_sub(once) as f64 / messages as f64;
        counts.instructions_per_message.insert(path.to_owned(), (each * 10.0).round() / 10.0);
        println!("{path:<32} {each:>10.1}");
    }
    Ok(counts)
}

/// The instructions of a whole run.
fn callgrind(bench: &Path, path: &str, messages: u64, scratch: &Path) -> Result<u64> {
    output(
        Command::new("valgrind")
            .env("GLIBC_TUNABLES", BY_VECTORS)
            .args(["--tool=callgrind", "--quiet"])
            .arg(format!("--callgrind-out-file={}", scratch.display()))
            .arg(bench)
            .args(["--instructions", path, "--messages", &messages.to_string()]),
    )?;
    let counted = std::fs::read_to_string(scratch)?;
    std::fs::remove_file(scratch)?;
    total(&counted).ok_or_else(|| "callgrind wrote no total".into())
}

fn total(counted: &str) -> Option<u64> {
    let line = counted.lines().rev().find_map(|line| line.strip_prefix("totals: "))?;
    line.trim().parse().ok()
}

/// A path that takes another number of instructions than in the file.
#[derive(Debug, PartialEq)]
struct Difference {
    text: String,
    /// Fewer instructions are no failure.
    fails: bool,
}

fn differences(known: &Counts, counted: &Counts) -> Vec<Difference> {
    let (before, now) = (&known.instructions_per_message, &counted.instructions_per_message);
    let paths: BTreeSet<&String> = before.keys().chain(now.keys()).collect();
    let difference = |path: &String| match (before.get(path), now.get(path)) {
        (Some(before), Some(now)) => {
            let percent = (now / before - 1.0) * 100.0;
            let text = format!("{path}: {before:.1} before, {now:.1} now ({percent:+.1} %)");
            let fails = percent > TOLERANCE_PERCENT;
            (percent.abs() > TOLERANCE_PERCENT).then_some(Difference { text, fails })
        }
        (None, _) => Some(Difference { text: format!("{path}: not in {FILE}"), fails: true }),
        (_, None) => {
            Some(Difference { text: format!("{path}: not counted any more"), fails: true })
        }
    };
    paths.into_iter().filter_map(difference).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(paths: &[(&str, f64)]) -> Counts {
        let paths = paths.iter().map(|(path, count)| ((*path).to_owned(), *count)).collect();
        Counts { compiler: "rustc 1".into(), instructions_per_message: paths }
    }

    #[test]
    fn only_what_differs_by_more_than_the_tolerance_is_told() {
        let known = counts(&[("same", 100.0), ("slower", 100.0), ("faster", 100.0), ("gone", 1.0)]);
        let now = counts(&[("same", 102.9), ("slower", 103.5), ("faster", 90.0), ("new", 1.0)]);
        let found: Vec<(String, bool)> =
            differences(&known, &now).into_iter().map(|d| (d.text, d.fails)).collect();
        assert_eq!(
            found,
            [
                ("faster: 100.0 before, 90.0 now (-10.0 %)".to_owned(), false),
                ("gone: not counted any more".to_owned(), true),
                (format!("new: not in {FILE}"), true),
                ("slower: 100.0 before, 103.5 now (+3.5 %)".to_owned(), true),
            ]
        );
        assert_eq!(differences(&known, &known), []);
    }

    #[test]
    fn the_total_is_the_last_line_of_its_kind() {
        let file = "version: 1\nevents: Ir\nfn=(1) main\n0 5\ntotals: 1234567\n";
        assert_eq!(total(file), Some(1_234_567));
        assert_eq!(total("events: Ir\n"), None);
    }
}
