//! The pipeline files of the repository: its examples, and those in its documentation.

use std::path::{Path, PathBuf};

use faucet_testkit::page::{Block, blocks};

use crate::start::shown_files;
use crate::support::*;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

async fn is_valid(file: &str) {
    let mut command = faucet(["validate", file]);
    let ran = Running::start(command.env("FEED_TOKEN", "t")).ended().await;
    assert_eq!(ran.succeeded().stderr, "", "{file}");
}

#[tokio::test]
async fn all_examples_are_valid() {
    let mut seen = 0;
    for entry in std::fs::read_dir(repository().join("examples")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "yaml") {
            is_valid(path.to_str().unwrap()).await;
            seen += 1;
        }
    }
    assert!(seen >= 5, "{seen}");
}

/// Read from the disk as a user's file is, without the variables.
#[tokio::test]
async fn the_files_of_the_cookbook_are_valid() {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(repository().join("examples/providers")).unwrap() {
        files.push(entry.unwrap().path());
    }
    assert!(files.len() >= 32, "{}", files.len());
    let mut command = faucet(["validate", "--no-env", "--strict"]);
    let ran = Running::start(command.args(&files)).ended().await;
    assert_eq!(ran.succeeded().stderr, "");
}

#[tokio::test]
async fn pipeline_files_in_the_documentation_are_valid() {
    let files = Files::new();
    let text = |page: &str| std::fs::read_to_string(repository().join(page)).unwrap();
    let readme = text("README.md");
    let yaml = blocks(&readme).into_iter().filter(|block| block.info == "yaml");
    let pipelines = yaml.map(|block| block.text).filter(|text| text.contains("source"));
    let pipelines: Vec<&str> = pipelines.collect();
    assert_eq!(pipelines.len(), 2);
    for pipeline in pipelines {
        is_valid(&files.write("pipeline.yaml", pipeline)).await;
    }
    let page = text("docs/pipeline-file.md");
    let pipelines = shown_files(&page);
    // No file of the page goes without a name.
    let languages = ["yaml", "json", "toml"];
    let of_files = |block: &Block<'_>| languages.iter().any(|name| block.info.starts_with(name));
    let begun = blocks(&page).into_iter().filter(of_files).count();
    assert_eq!((pipelines.len(), begun), (6, 6));
    for (name, pipeline) in pipelines {
        is_valid(&files.write(name, pipeline)).await;
    }
}

#[tokio::test]
async fn the_example_that_routes_sends_each_record_to_one_file() {
    let files = Files::new();
    let example = repository().join("examples/routed.yaml").canonicalize().unwrap();
    let mut feed = Running::start(&mut faucet(["feed", "--listen", "127.0.0.1:0"]));
    let url = format!("sources.trades.url={}", feed.first_line().await);
    let mut command = faucet(["run", example.to_str().unwrap(), "--set", &url]);
    command.args(["--set", "sources.trades.max_messages=100"]).current_dir(files.dir());
    Running::start(&mut command).ended().await.succeeded();
    let (buys, sells) = (files.read("buys.jsonl"), files.read("sells.jsonl"));
    assert_eq!(buys.lines().count() + sells.lines().count(), 100);
    assert!(buys.lines().all(|line| line.contains("\"m\":false")), "{buys}");
    assert!(sells.lines().all(|line| line.contains("\"m\":true")), "{sells}");
    assert!(!files.path("rejected.jsonl").exists());
    assert!(files.json("routed.state.json")["components"]["buys_file"]["saved"].is_string());
}
