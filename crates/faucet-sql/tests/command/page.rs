//! The page docs/sql.md: its scripts are planned, and its commands are run.

use std::process::{Command, Stdio};

use faucet_sql::Script;

use crate::serving::Serving;
use crate::support::{Scripts, command};

const PAGE: &str = include_str!("../../../../docs/sql.md");

/// The addresses on the page.
const FEED: &str = "127.0.0.1:9001";
const RECEIVER: &str = "127.0.0.1:9002";

/// A block of the page: what stands behind the three marks, and its text.
struct Block {
    info: &'static str,
    text: &'static str,
}

fn blocks() -> Vec<Block> {
    let parts: Vec<&str> = PAGE.split("```").collect();
    let block = |part: &&'static str| {
        let (info, text) = part.split_once('\n').unwrap();
        Block { info, text }
    };
    parts.iter().skip(1).step_by(2).map(block).collect()
}

#[test]
fn each_script_of_the_page_is_planned_or_has_the_error_that_the_page_says() {
    let registry = faucet_stream::registry();
    let (mut good, mut wrong) = (0, 0);
    for Block { info, text } in blocks() {
        let Some(info) = info.strip_prefix("sql") else { continue };
        let script = Script::parse(text).with_variables(|_| Some("secret".to_owned()));
        let verdict = script.check(&registry);
        let found: Vec<String> = verdict.diagnostics.iter().map(|found| found.message()).collect();
        match info.trim().strip_prefix("fails: ") {
            None => {
                assert!(!verdict.is_refused() && verdict.pipeline.is_some(), "{found:?}\n{text}");
                good += 1;
            }
            Some(words) => {
                assert!(found.iter().any(|found| found.contains(words)), "{found:?}\n{text}");
                assert!(verdict.is_refused(), "{text}");
                wrong += 1;
            }
        }
    }
    assert!(good >= 8 && wrong >= 3, "{good} {wrong}");
}

#[test]
fn the_pipeline_file_of_the_page_is_valid() {
    let registry = faucet_stream::registry();
    let block = blocks().into_iter().find(|block| block.info == "yaml").unwrap();
    let format = faucet_stream::SpecFormat::Yaml;
    let found = faucet_stream::validate(&registry, block.text, format);
    assert!(found.is_empty(), "{found:?}");
}

/// A command of the page, and what it prints there.
#[derive(Debug)]
struct Step {
    command: String,
    expected: Vec<String>,
}

fn steps(text: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for line in text.lines() {
        match line.strip_prefix("$ ") {
            Some(command) => {
                steps.push(Step { command: command.to_owned(), expected: Vec::new() });
            }
            None => steps.last_mut().unwrap().expected.push(line.to_owned()),
        }
    }
    steps
}

/// Whether the lines are those of the page, in which `…` stands for any text, and on a line of its own
/// for any lines.
fn matches(expected: &[String], found: &[&str]) -> bool {
    match (expected.split_first(), found.split_first()) {
        (None, None) => true,
        (Some((first, rest)), _) if first == "…" => {
            (0..=found.len()).any(|skipped| matches(rest, &found[skipped..]))
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

/// Both outputs of a shell in the folder that finds the command, in the order in which a person sees them.
fn shell(scripts: &Scripts, line: &str) -> String {
    let folder = command().parent().unwrap().to_owned();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(std::iter::once(folder).chain(std::env::split_paths(&path)));
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("{line} 2>&1")]).current_dir(scripts.dir());
    let output = shell.env("PATH", path.unwrap()).stdin(Stdio::null()).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn each_command_of_the_page_does_what_the_page_says() {
    let scripts = Scripts::new();
    let feed = Serving::start(["feed"]);
    let mut receiver = Serving::start(["receive", "--print"]);
    let mut ran = 0;
    for Block { info, text } in blocks() {
        match info.split_once(' ') {
            // The servers of the page have fixed ports; a test takes free ones.
            Some(("console", "feed")) => assert!(text.starts_with("$ faucet feed\n")),
            Some(("console", "receive")) => assert!(text.starts_with("$ faucet receive --print\n")),
            Some(("sql", name)) if name.ends_with(".sql") => {
                let text = text.replace(FEED, feed.address()).replace(RECEIVER, receiver.address());
                scripts.write(name, &text);
            }
            None if info == "console" => {
                for step in steps(text) {
                    let found = shell(&scripts, &step.command);
                    let found = found.replace(feed.address(), FEED);
                    let found = found.replace(receiver.address(), RECEIVER);
                    let lines: Vec<&str> = found.lines().collect();
                    assert!(matches(&step.expected, &lines), "{step:#?} printed\n{found}");
                    ran += 1;
                }
            }
            _ => {}
        }
    }
    assert!(ran >= 8, "{ran}");
    let row = receiver.line();
    assert!(row.starts_with(r#"{"symbol":""#) && row.contains(r#""avg_price":"#), "{row}");
}

#[test]
fn the_scripts_of_the_page_are_named_as_in_its_commands() {
    for Block { info, text } in blocks() {
        let console = info == "console";
        let words = text.split_whitespace().filter(|word| console && word.ends_with(".sql"));
        for word in words.filter(|word| *word != "wrong.sql") {
            let info = format!("sql {word}");
            assert!(blocks().iter().any(|block| block.info == info), "{word}");
        }
    }
}
