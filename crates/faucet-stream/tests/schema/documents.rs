//! The pipeline files of the repository are valid.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::case::Judges;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn files(folder: &str, ending: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join(folder)).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.filter(|path| path.extension().is_some_and(|found| found == ending)).collect()
}

/// The YAML blocks of a page, each with the number of its first line.
fn blocks(page: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut inside: Option<(usize, String)> = None;
    for (n, line) in page.lines().enumerate() {
        match &mut inside {
            None if line.trim() == "```yaml" => inside = Some((n + 2, String::new())),
            Some(_) if line.trim() == "```" => found.extend(inside.take()),
            Some((_, text)) => {
                text.push_str(line);
                text.push('\n');
            }
            None => {}
        }
    }
    found
}

fn check(judges: &Judges, name: &str, text: &str) {
    let file: Value = serde_saphyr::from_str(text).unwrap();
    let mistakes = judges.schema(&file);
    assert!(mistakes.is_empty(), "{name}: {mistakes:#?}");
}

#[test]
fn the_examples_are_valid() {
    let judges = Judges::new();
    let examples = files("examples", "yaml");
    assert!(examples.len() >= 5, "{examples:?}");
    for path in examples {
        check(&judges, &path.display().to_string(), &fs::read_to_string(&path).unwrap());
    }
}

#[test]
fn whole_files_in_the_documentation_are_valid() {
    let judges = Judges::new();
    let mut pages = files("docs", "md");
    // The connectors in that guide are those of its reader.
    pages.retain(|page| !page.ends_with("writing-a-connector.md"));
    pages.push(root().join("README.md"));
    let mut count = 0;
    for page in pages {
        for (line, text) in blocks(&fs::read_to_string(&page).unwrap()) {
            let begins = |key: &str| text.lines().any(|line| line.starts_with(key));
            let whole = (begins("source:") || begins("sources:")) && begins("sink");
            let is_known = cfg!(feature = "sql") || !text.contains("type: sql");
            // Parts of files have no source or no sink, and some leave keys out with an ellipsis.
            if whole && is_known && !text.contains('\u{2026}') {
                check(&judges, &format!("{}:{line}", page.display()), &text);
                count += 1;
            }
        }
    }
    assert!(count >= 2, "{count} files");
}
