//! Each crate says what it is: to somebody who lists packages, and to somebody who opens its folder.

use std::ops::RangeInclusive;

use crate::doors::LICENCES;
use crate::result::Result;
use crate::workspace::{Package, Workspace};

const README: &str = "README.md";
const README_LINES: RangeInclusive<usize> = 10..=30;

/// The registry takes no more keywords, and no more categories.
const MOST: usize = 5;
const LONGEST_KEYWORD: usize = 20;

/// The categories in use, as the registry spells them. It ignores a category that it does not know.
const CATEGORIES: [&str; 11] = [
    "asynchronous",
    "authentication",
    "command-line-utilities",
    "database",
    "development-tools",
    "development-tools::profiling",
    "development-tools::testing",
    "encoding",
    "filesystem",
    "network-programming",
    "web-programming::websocket",
];

pub(super) fn crates_have_front_doors(workspace: &Workspace) -> Result<Vec<String>> {
    let missing = |package| {
        let missing = manifest(package).into_iter().chain(folder(workspace, package));
        missing.map(|what| format!("{}: {what}", package.name)).collect::<Vec<_>>()
    };
    Ok(workspace.packages.iter().flat_map(missing).collect())
}

/// What is wrong with the manifest.
fn manifest(package: &Package) -> Vec<String> {
    let card = &package.card;
    let mut wrong = Vec::new();
    let texts =
        [("description", &card.description), ("license", &card.license), ("readme", &card.readme)];
    let empty = texts.iter().filter(|(_, text)| text.trim().is_empty());
    wrong.extend(empty.map(|(key, _)| format!("the manifest has no {key}")));
    for (key, list) in [("keywords", &card.keywords), ("categories", &card.categories)] {
        if list.is_empty() || list.len() > MOST {
            wrong.push(format!("the manifest has {} {key}, 1 to {MOST} are allowed", list.len()));
        }
    }
    let keywords = card.keywords.iter().filter(|keyword| !is_keyword(keyword));
    wrong.extend(keywords.map(|keyword| format!("{keyword:?} is no keyword")));
    let unknown = card.categories.iter().filter(|c| !CATEGORIES.contains(&c.as_str()));
    wrong.extend(unknown.map(|category| format!("{category:?} is no category in use")));
    if !card.documents_all_features {
        wrong.push("[package.metadata.docs.rs] lacks all-features = true".into());
    }
    wrong
}

fn is_keyword(text: &str) -> bool {
    text.len() <= LONGEST_KEYWORD
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "_-+".contains(c))
}

/// What is wrong with the files.
fn folder(workspace: &Workspace, package: &Package) -> Vec<String> {
    let file = |name: &str| workspace.file(&format!("{}/{name}", package.directory));
    let mut wrong = Vec::new();
    if package.card.readme != README {
        wrong.push(format!("its readme is not {README}"));
    }
    let readme = file(README).unwrap_or_default();
    let lines = readme.lines().count();
    if !README_LINES.contains(&lines) {
        let (least, most) = README_LINES.into_inner();
        wrong.push(format!("{README} has {lines} lines, {least} to {most} are wanted"));
    }
    if readme.lines().next() != Some(format!("# {}", package.name).as_str()) {
        wrong.push(format!("{README} does not begin with the name of the crate"));
    }
    let compiled =
        file("src/lib.rs").unwrap_or_default().contains("include_str!(\"../README.md\")");
    if readme.contains("```rust") && !compiled {
        wrong.push(format!("no doctest of src/lib.rs compiles the example of {README}"));
    }
    let differs = LICENCES.iter().filter(|name| {
        let here = file(name);
        here.is_none() || here != workspace.file(name)
    });
    wrong.extend(differs.map(|name| format!("{name} is not the repository's")));
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::{Card, File};

    fn package() -> Package {
        Package {
            name: "a".into(),
            directory: "crates/a".into(),
            card: Card {
                description: "Does a".into(),
                license: "MIT".into(),
                readme: README.into(),
                keywords: vec!["web-socket_2".into()],
                categories: vec!["encoding".into()],
                documents_all_features: true,
                publish: true,
            },
            ..Package::default()
        }
    }

    fn workspace(package: Package, change: impl Fn(&str, &str) -> Option<String>) -> Workspace {
        let files = [
            ("LICENSE-APACHE", "apache"),
            ("LICENSE-MIT", "mit"),
            ("crates/a/LICENSE-APACHE", "apache"),
            ("crates/a/LICENSE-MIT", "mit"),
            ("crates/a/README.md", "# a\n\n1\n2\n3\n```rust\n```\n4\n5\n6\n"),
            ("crates/a/src/lib.rs", "#[doc = include_str!(\"../README.md\")]"),
        ];
        let file = |(path, text): (&str, &str)| {
            change(path, text).map(|text| File { path: path.into(), text })
        };
        let files = files.into_iter().filter_map(file).collect();
        Workspace { root: Default::default(), packages: vec![package], files }
    }

    fn found(workspace: &Workspace) -> Vec<String> {
        crates_have_front_doors(workspace).unwrap()
    }

    #[test]
    fn what_a_manifest_lacks_is_named() {
        let keep = |_: &str, text: &str| Some(text.to_owned());
        assert_eq!(found(&workspace(package(), keep)), Vec::<String>::new());
        let strings =
            |texts: &[&str]| texts.iter().map(|text| text.to_string()).collect::<Vec<_>>();
        type Change = Box<dyn Fn(&mut Card)>;
        let cases: [(Change, &str); 9] = [
            (Box::new(|card| card.description.clear()), "no description"),
            (Box::new(|card| card.license.clear()), "no license"),
            (Box::new(|card| card.readme = "../README.md".into()), "readme is not README.md"),
            (Box::new(|card| card.keywords.clear()), "0 keywords"),
            (Box::new(|card| card.categories.clear()), "0 categories"),
            (Box::new(move |card| card.keywords = strings(&["x"; 6])), "6 keywords"),
            (
                Box::new(|card| card.keywords.push("two words".into())),
                "\"two words\" is no keyword",
            ),
            (Box::new(|card| card.categories.push("web".into())), "\"web\" is no category"),
            (Box::new(|card| card.documents_all_features = false), "lacks all-features"),
        ];
        for (change, what) in cases {
            let mut package = package();
            change(&mut package.card);
            let found = found(&workspace(package, keep));
            assert!(found.len() == 1 && found[0].contains(what), "{what}: {found:?}");
        }
    }

    #[test]
    fn keywords_are_what_the_registry_takes() {
        for (text, good) in [
            ("websocket", true),
            ("c++", true),
            ("12345678901234567890", true),
            ("123456789012345678901", false),
            ("", false),
            ("-a", false),
            ("ä", false),
        ] {
            assert_eq!(is_keyword(text), good, "{text}");
        }
    }

    #[test]
    fn what_a_folder_lacks_is_named() {
        let long = format!("# a\n{}", "x\n".repeat(30));
        for (path, text, what) in [
            ("crates/a/LICENSE-MIT", None, "LICENSE-MIT is not the repository's"),
            ("crates/a/LICENSE-APACHE", Some("other"), "LICENSE-APACHE is not the repository's"),
            ("crates/a/README.md", Some("# a\n1\n2\n"), "3 lines, 10 to 30 are wanted"),
            ("crates/a/README.md", Some(long.as_str()), "31 lines, 10 to 30 are wanted"),
            ("crates/a/README.md", Some("# b\n2\n3\n4\n5\n6\n7\n8\n9\n10\n"), "not begin with the"),
            ("crates/a/src/lib.rs", Some("//! a"), "no doctest of src/lib.rs"),
        ] {
            let change = |at: &str, kept: &str| match at == path {
                true => text.map(str::to_owned),
                false => Some(kept.to_owned()),
            };
            let found = found(&workspace(package(), change));
            assert!(found.len() == 1 && found[0].contains(what), "{what}: {found:?}");
        }
        let none = |at: &str, kept: &str| (at != "crates/a/README.md").then(|| kept.to_owned());
        assert!(found(&workspace(package(), none))[0].contains("0 lines"));
    }
}
