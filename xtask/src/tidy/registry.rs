//! No text leads to a registry: the names of our crates belong to another project there.

use crate::result::Result;
use crate::workspace::{File, Workspace};

/// How the name of a crate of ours begins.
const OURS: &str = "faucet";

/// The commands that take a crate from a registry, unless an option says otherwise. Written in two
/// parts, or this file would break its rule.
const FETCHES: [&str; 2] = [concat!("cargo ", "add "), concat!("cargo ", "install ")];

/// Cargo packages a crate only if its path dependencies have versions as well. They stand here.
const VERSIONS: (&str, &str) = ("Cargo.toml", "[workspace.dependencies]");

pub(super) fn nothing_comes_from_a_registry(workspace: &Workspace) -> Result<Vec<String>> {
    Ok(workspace.files.iter().flat_map(suggestions).collect())
}

/// The lines that name a crate of ours with a version, or fetch one.
fn suggestions(file: &File) -> Vec<String> {
    let mut found = Vec::new();
    let mut section = "";
    for (number, line) in file.text.lines().enumerate() {
        let text = line.trim_start_matches(|c: char| c.is_whitespace() || "#/!*>".contains(c));
        if text.starts_with('[') {
            section = text.trim_end();
        }
        let workspace_table = (file.path.as_str(), section) == VERSIONS;
        let versioned = has_version(text) || is_table_of_ours(section) && is_key(text, "version");
        if fetches(text) || versioned && !workspace_table {
            let at = format!("{}:{}", file.path, number + 1);
            found.push(format!("{at}: a registry has no crate of ours, give a path"));
        }
    }
    found
}

/// Whether a command of cargo would fetch a crate of ours.
fn fetches(line: &str) -> bool {
    FETCHES.iter().any(|command| {
        let Some((_, arguments)) = line.split_once(command) else { return false };
        let mut words = arguments.split(|c: char| c.is_whitespace() || "`'\"".contains(c));
        let elsewhere = ["--path", "--git"].iter().any(|option| arguments.contains(option));
        !elsewhere && words.any(|word| word.starts_with(OURS))
    })
}

/// Whether a line has a dependency on a crate of ours with a version.
fn has_version(line: &str) -> bool {
    let starts = line.match_indices(OURS).map(|(at, _)| at);
    starts.filter(|at| !line[..*at].ends_with(is_of_name)).any(|at| {
        let rest = line[at..].trim_start_matches(is_of_name);
        let rest = rest.strip_prefix('"').unwrap_or(rest);
        let (rest, dotted) = match rest.strip_prefix(".version") {
            Some(rest) => (rest, true),
            None => (rest, false),
        };
        let Some(value) = rest.trim_start().strip_prefix('=') else {
            return is_renamed(&line[..at]) && names_version(line);
        };
        let value = value.trim_start();
        match value.strip_prefix('"') {
            Some(text) => dotted || text.starts_with(is_of_version),
            None => value.starts_with('{') && names_version(value),
        }
    })
}

/// Whether the name behind `before` is that of the package of a renamed dependency.
fn is_renamed(before: &str) -> bool {
    let before = before.trim_end_matches('"').trim_end();
    let key = before.strip_suffix('=').map(str::trim_end);
    key.is_some_and(|key| key.ends_with("package"))
}

fn names_version(table: &str) -> bool {
    let keys = table.split(['{', ',']).map(str::trim_start);
    keys.into_iter().any(|key| is_key(key, "version"))
}

fn is_key(text: &str, key: &str) -> bool {
    text.strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with('='))
}

/// Whether a header of TOML opens the table of a dependency on a crate of ours.
fn is_table_of_ours(section: &str) -> bool {
    let header = section.trim_start_matches('[').trim_end_matches(']');
    header
        .rsplit_once("dependencies.")
        .is_some_and(|(_, name)| name.trim_start_matches('"').starts_with(OURS))
}

fn is_of_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '-' || c == '_'
}

/// Whether a version can begin so.
fn is_of_version(c: char) -> bool {
    c.is_ascii_digit() || "^~=<>*".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The line numbers of the suggestions. Each `%` of the text is the name of a crate.
    fn found(path: &str, text: &str) -> Vec<String> {
        let text = text.replace('%', "faucet-stream");
        let file = File { path: path.into(), text };
        let lines = suggestions(&file).into_iter();
        lines.map(|line| line.split(':').nth(1).unwrap_or_default().to_owned()).collect()
    }

    #[test]
    fn a_version_of_a_crate_of_ours_is_found() {
        for (line, is_version) in [
            ("% = \"0.1\"", true),
            ("% = \"^0.1\"", true),
            ("# %=\"0.1.0\"", true),
            ("//! % = { version = \"0.1\", features = [] }", true),
            ("% = { path = \"../x\", version = \"0.1\" }", true),
            ("%.version = \"0.1\"", true),
            ("\"%\" = \"0.1\"", true),
            ("f = { package = \"%\", version = \"0.1\" }", true),
            ("f = { version = \"0.1\", package = \"%\" }", true),
            ("write `% = \"1\"` there", true),
            ("% = { path = \"../%/crates/%\" }", false),
            ("% = { workspace = true, features = [\"tls\"] }", false),
            ("%.workspace = true", false),
            ("my-% = \"0.1\"", false),
            ("let % = \"target/release\";", false),
            ("tokio = { version = \"1\" } # like %", false),
            ("name = \"%\"\nversion = \"0.1.0\"", false),
            ("f = { package = \"%\", path = \"..\" }", false),
        ] {
            assert_eq!(found("docs/a.md", line).len(), usize::from(is_version), "{line}");
        }
    }

    #[test]
    fn commands_that_fetch_are_found() {
        let [add, install] = FETCHES;
        for (rest, is_fetch) in [
            ("%", true),
            ("--features full %@0.1", true),
            ("`%`", true),
            ("--path crates/%", false),
            ("% --git https://example.com/x", false),
            ("tokio", false),
        ] {
            for command in [add, install] {
                let line = format!("$ {command}{rest}");
                assert_eq!(found("a.md", &line).len(), usize::from(is_fetch), "{line}");
            }
        }
    }

    #[test]
    fn only_the_table_of_the_workspace_has_versions() {
        let text = "[workspace.dependencies]\n% = { path = \"x\", version = \"0.1\" }\n\
                    [dependencies]\n% = { path = \"x\", version = \"0.1\" }\n";
        assert_eq!(found("Cargo.toml", text), ["4"]);
        assert_eq!(found("crates/a/Cargo.toml", text), ["2", "4"]);
        let table =
            "[dev-dependencies.%]\nfeatures = []\nversion = \"0.1\"\n[package]\nversion = \"1\"\n";
        assert_eq!(found("a.toml", table), ["3"]);
    }
}
