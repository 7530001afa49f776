//! Pages whose commands are run, and print what the page says.

use faucet_testkit::page::{self, blocks, matches, steps};
use tokio::process::Command;

use crate::support::*;

const START: &str = include_str!("../../../../docs/start.md");
const OPERATE: &str = include_str!("../../../../docs/operate.md");
const PIPELINE_FILE: &str = include_str!("../../../../docs/pipeline-file.md");

/// The address of the feed on the pages.
const FEED: &str = "127.0.0.1:9001";

/// The files that a page shows, by name: blocks such as "yaml trades.yaml".
pub(crate) fn shown_files(page: &str) -> Vec<(&str, &str)> {
    let files = blocks(page).into_iter().filter(|block| block.info.contains('.'));
    files.filter_map(|block| Some((block.info.split_once(' ')?.1, block.text))).collect()
}

/// A shell in the directory that finds the command under test.
pub(crate) fn shell(files: &Files, command: &str) -> Command {
    let binary = std::path::Path::new(env!("CARGO_BIN_EXE_faucet"));
    let mut shell = Command::from(page::shell(files.dir(), binary, command));
    shell.kill_on_drop(true);
    shell
}

/// Runs the commands of a page, and returns how many there are.
async fn follow(page: &str) -> usize {
    let files = Files::new();
    let mut feed = faucet(["feed", "--listen", "127.0.0.1:0"]);
    let mut feed = Running::start(&mut feed);
    let address = feed.first_line().await;
    let address = address.trim_start_matches("ws://").trim_end_matches('/').to_owned();
    for (name, text) in shown_files(page) {
        files.write(name, text.replace(FEED, &address));
    }
    let mut ran = 0;
    let consoles = blocks(page).into_iter().filter(|block| block.info.starts_with("console"));
    let steps =
        consoles.flat_map(|block| steps(block.text).into_iter().map(move |step| (block, step)));
    for (block, step) in steps {
        ran += 1;
        if block.info == "console feed" {
            // The feed of the page has a fixed port; a test takes a free one.
            assert_eq!(step.command, "faucet feed");
            assert_eq!(step.expected[0], format!("ws://{FEED}/"));
            continue;
        }
        // Both outputs of a terminal, in the order in which a person sees them.
        let ended = Running::start(&mut shell(&files, &format!("{} 2>&1", step.command))).ended();
        let found = ended.await;
        let shown = found.stdout.replace(&address, FEED);
        let lines: Vec<&str> = shown.lines().collect();
        assert!(matches(&step.expected, &lines), "{step:#?} printed\n{shown}");
        if step.command == "faucet init" {
            let text = files.read("pipeline.yaml");
            assert!(text.contains(FEED), "{text}");
            files.write("pipeline.yaml", text.replace(FEED, &address));
        }
    }
    ran
}

#[tokio::test]
async fn each_command_of_the_first_page_does_what_the_page_says() {
    let ran = follow(START).await;
    assert!(ran >= 11, "{ran}");
}

#[tokio::test]
async fn each_command_for_operators_does_what_the_page_says() {
    let ran = follow(OPERATE).await;
    assert!(ran >= 5, "{ran}");
}

#[tokio::test]
async fn each_command_about_pipeline_files_does_what_the_page_says() {
    let ran = follow(PIPELINE_FILE).await;
    assert!(ran >= 9, "{ran}");
}

#[test]
fn the_alerts_are_about_metrics_that_exist() {
    let metrics = include_str!("../../../../docs/reference/metrics.md");
    let is_name = |c: char| c.is_ascii_lowercase() || c == '_';
    let histogram = |name: &str| name.trim_end_matches("_bucket").to_owned();
    let rules = OPERATE.split("expr: ").skip(1).map(|rule| rule.lines().next().unwrap());
    let names = rules.flat_map(|rule| rule.split(|c| !is_name(c)));
    let names: Vec<String> =
        names.filter(|name| name.starts_with("faucet_")).map(histogram).collect();
    assert_eq!(names.len(), 9);
    for name in names {
        assert!(metrics.contains(&format!("`{name}`")), "{name}");
    }
}

/// The command line of a unit of contrib, without the program.
fn command_of(unit: &str, state: &str) -> Vec<String> {
    let line = unit.lines().find_map(|line| line.strip_prefix("ExecStart=")).unwrap();
    let mut words = line.replace("%i", "trades").replace("${STATE_DIRECTORY}", state);
    for (name, value) in
        unit.lines().filter_map(|line| line.strip_prefix("Environment=")?.split_once('='))
    {
        words = words.replace(&format!("${{{name}}}"), value);
    }
    assert!(!words.contains("${"), "{words}");
    words.split(' ').skip(1).map(str::to_owned).collect()
}

#[tokio::test]
async fn the_units_of_contrib_have_arguments_that_the_command_takes() {
    for unit in [
        include_str!("../../../../contrib/systemd/faucet.service"),
        include_str!("../../../../contrib/systemd/faucet@.service"),
    ] {
        let files = Files::new();
        let args = command_of(unit, &files.name("state").replace("/state", ""));
        let ran = Running::start(&mut faucet(&args)).ended().await;
        // The file is missing, and nothing else is wrong.
        ran.failed_with(2, &["/etc/faucet/", "there is no such file"]);
        assert!(args.contains(&"--serve".to_owned()), "{args:?}");
        assert!(unit.contains("Type=notify") && unit.contains("WatchdogSec="));
    }
}
