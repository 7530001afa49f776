//! The page docs/sql.md: its scripts are planned, and its commands are run.

use faucet_sql::Script;
use faucet_testkit::page::{self, Block, blocks, matches, steps};

use crate::serving::Serving;
use crate::support::{Scripts, command};

const PAGE: &str = include_str!("../../../../docs/sql.md");

/// The addresses on the page.
const FEED: &str = "127.0.0.1:9001";
const RECEIVER: &str = "127.0.0.1:9002";

#[test]
fn each_script_of_the_page_is_planned_or_has_the_error_that_the_page_says() {
    let registry = faucet_stream::registry();
    let (mut good, mut wrong) = (0, 0);
    for Block { info, text } in blocks(PAGE) {
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
    let block = blocks(PAGE).into_iter().find(|block| block.info == "yaml").unwrap();
    let format = faucet_stream::SpecFormat::Yaml;
    let found = faucet_stream::validate(&registry, block.text, format);
    assert!(found.is_empty(), "{found:?}");
}

/// Both outputs of a shell in the folder that finds the command, in the order in which a person sees them.
fn shell(scripts: &Scripts, line: &str) -> String {
    let mut shell = page::shell(scripts.dir(), &command(), &format!("{line} 2>&1"));
    String::from_utf8(shell.output().unwrap().stdout).unwrap()
}

#[test]
fn each_command_of_the_page_does_what_the_page_says() {
    let scripts = Scripts::new();
    let feed = Serving::start(["feed"]);
    let mut receiver = Serving::start(["receive", "--print"]);
    let mut ran = 0;
    for Block { info, text } in blocks(PAGE) {
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
                    let found = shell(&scripts, step.command);
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
    for Block { info, text } in blocks(PAGE) {
        let console = info == "console";
        let words = text.split_whitespace().filter(|word| console && word.ends_with(".sql"));
        for word in words.filter(|word| *word != "wrong.sql") {
            let info = format!("sql {word}");
            assert!(blocks(PAGE).iter().any(|block| block.info == info), "{word}");
        }
    }
}
