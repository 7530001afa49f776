//! `faucet new`: a crate with a component of one's own to start from.

use std::fs;
use std::path::{Path, PathBuf};

use faucet_core::{Error, ErrorKind, Result};

use crate::args::{NewArgs, NewKind};
use crate::output::note;

impl NewKind {
    /// The component, and its test.
    fn templates(self) -> [&'static str; 2] {
        match self {
            Self::Source => {
                [include_str!("templates/source.rs"), include_str!("templates/source_test.rs")]
            }
            Self::Sink => {
                [include_str!("templates/sink.rs"), include_str!("templates/sink_test.rs")]
            }
            Self::Transform => [
                include_str!("templates/transform.rs"),
                include_str!("templates/transform_test.rs"),
            ],
        }
    }
}

pub(crate) fn new(args: &NewArgs) -> Result<()> {
    let directory = Path::new(&args.name);
    check_name(args)?;
    let files = files(args, &checkout(args.faucet.as_deref())?);
    // A file that exists may hold a user's work: the command never overwrites it.
    if directory.exists() {
        let what = format!("{} exists already and was left alone", args.name);
        return Err(Error::usage(what).with_hint("choose another name, or another directory"));
    }
    for (path, text) in files {
        let file = directory.join(path);
        let made = file.parent().map_or(Ok(()), fs::create_dir_all);
        made.and_then(|()| fs::write(&file, text)).map_err(|e| {
            Error::new(ErrorKind::Sink, format!("cannot write {}", file.display())).with_source(e)
        })?;
    }
    note(&format!(
        "wrote {0}. Try it:\n  cd {0}\n  cargo test\nHow to go on: docs/writing-a-connector.md of \
         faucet-stream. A command's main.rs registers the crate with {1}::register(&mut registry).",
        args.name,
        args.name.replace('-', "_")
    ));
    Ok(())
}

/// Fails when no crate, or no component, can have the name.
fn check_name(args: &NewArgs) -> Result<()> {
    let [component, _] = args.kind.templates();
    // The type must not hide one that the template uses.
    let used = |name: &str| component.split(|c: char| !c.is_alphanumeric()).any(|w| w == name);
    if !is_name(&args.name) || used(&type_name(&args.name)) {
        return Err(Error::usage(format!("{:?} is not a name for a component", args.name))
            .with_hint(
                "write a lower-case letter, then lower-case letters, digits and single `-`; words of \
                 Rust and names of its dependencies are taken",
            ));
    }
    Ok(())
}

/// The files of the crate, by path.
fn files(args: &NewArgs, checkout: &Path) -> Vec<(&'static str, String)> {
    let [component, test] = args.kind.templates();
    let fill = |template: &str| {
        let filled = template.replace("TheType", &type_name(&args.name));
        filled.replace("the_crate", &args.name.replace('-', "_")).replace("the-name", &args.name)
    };
    vec![
        (".gitignore", "/target\n".to_owned()),
        ("Cargo.toml", manifest(args, checkout)),
        ("src/lib.rs", fill(component)),
        ("tests/conformance.rs", fill(test)),
    ]
}

/// Names that a crate cannot have beside the standard library and its own dependencies.
const TAKEN: [&str; 12] = [
    "alloc",
    "core",
    "faucet-core",
    "faucet-testkit",
    "proc-macro",
    "schemars",
    "serde",
    "serde-json",
    "std",
    "tempfile",
    "test",
    "tokio",
];

/// Words of Rust.
const KEYWORDS: [&str; 39] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate",
    "do", "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl",
    "in", "let", "loop", "macro", "match", "mod", "move", "mut", "pub", "ref", "return", "self",
    "static", "struct", "super", "trait", "true",
];

/// Whether a crate and a component can have this name.
fn is_name(name: &str) -> bool {
    let word = |word: &str| {
        word.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
            && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
    };
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.split('-').all(word)
        && !TAKEN.contains(&name)
        && !KEYWORDS.contains(&name)
}

/// `acme-feed` as `AcmeFeed`.
fn type_name(name: &str) -> String {
    let word = |word: &str| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
    };
    name.split('-').map(word).collect::<Vec<String>>().concat()
}

fn manifest(args: &NewArgs, checkout: &Path) -> String {
    let dependency = |name: &str| {
        let path = checkout.join("crates").join(name);
        format!("{name} = {{ path = {:?} }}\n", path.display().to_string())
    };
    let (fs, dev) = match args.kind {
        NewKind::Sink => (
            "tokio = { version = \"1\", features = [\"fs\", \"io-util\"] }\n",
            "tempfile = \"3\"\n",
        ),
        _ => ("", ""),
    };
    let (core, testkit) = (dependency("faucet-core"), dependency("faucet-testkit"));
    format!(
        "[package]\nname = \"{}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n\
         [dependencies]\n{core}schemars = \"1\"\nserde = {{ version = \"1\", features = [\"derive\"] }}\n{fs}\n\
         [dev-dependencies]\n{testkit}serde_json = \"1\"\n{dev}\
         tokio = {{ version = \"1\", features = [\"macros\", \"rt\", \"test-util\"] }}\n\n\
         # A crate of its own, wherever it stands.\n[workspace]\n",
        args.name
    )
}

/// The checkout as the new crate finds it.
fn checkout(directory: Option<&Path>) -> Result<PathBuf> {
    const NAME_ONE: &str = "name a checkout of faucet-stream, as in `faucet new source my-feed --faucet ../faucet-stream`";
    // A crate that takes a version instead would get another project's code: its crates have our names.
    let directory = directory.ok_or_else(|| {
        let what =
            "--faucet is missing: the new crate depends on a checkout of faucet-stream by path";
        Error::usage(what).with_hint(NAME_ONE)
    })?;
    let found = directory.canonicalize().ok();
    found.filter(|found| found.join("crates/faucet-core").is_dir()).ok_or_else(|| {
        Error::usage(format!("--faucet {}: holds no crates/faucet-core", directory.display()))
            .with_hint(NAME_ONE)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(kind: NewKind, name: &str) -> NewArgs {
        NewArgs { kind, name: name.into(), faucet: None }
    }

    #[test]
    fn a_new_crate_is_small_and_has_its_own_names() {
        for kind in [NewKind::Source, NewKind::Sink, NewKind::Transform] {
            let args = args(kind, "acme-s3");
            check_name(&args).unwrap();
            let files = files(&args, Path::new("checkout"));
            let code = |text: &str| {
                let lines = text.lines().map(str::trim);
                lines.filter(|line| !line.is_empty() && !line.starts_with("//")).count()
            };
            let text = files.iter().find(|(path, _)| *path == "src/lib.rs").unwrap().1.clone();
            assert!(code(&text) <= 60, "{kind:?}: {}", code(&text));
            assert!(
                text.contains("AcmeS3") && text.contains("const NAME: &'static str = \"acme-s3\"")
            );
            let all: String = files.into_iter().map(|(_, text)| text).collect();
            for placeholder in ["TheType", "the_crate", "the-name"] {
                assert!(!all.contains(placeholder), "{kind:?}: {all}");
            }
            assert!(all.contains("use acme_s3::AcmeS3;"), "{all}");
        }
    }

    #[test]
    fn every_crate_of_ours_comes_from_the_checkout() {
        for kind in [NewKind::Source, NewKind::Sink, NewKind::Transform] {
            let manifest = manifest(&args(kind, "mine"), Path::new("checkout"));
            let ours: Vec<&str> = manifest.lines().filter(|l| l.starts_with("faucet")).collect();
            assert_eq!(ours.len(), 2, "{manifest}");
            for line in ours {
                assert!(line.contains("path = ") && !line.contains("version"), "{line}");
            }
        }
        assert!(checkout(None).is_err());
    }

    #[test]
    fn names_that_no_crate_can_have_are_refused() {
        for name in ["Acme", "", "a--b", "a-", "-a", "async", "core", "serde", "1a", "sink"] {
            assert!(check_name(&args(NewKind::Sink, name)).is_err(), "{name}");
        }
    }
}
