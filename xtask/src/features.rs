//! Tables of cargo features, made from the comments in a crate's manifest.

use std::fmt::Write as _;

use crate::result::Result;
use crate::workspace::{Package, Workspace};

/// The table of a crate; none where a crate has no features.
///
/// # Errors
/// A feature has no comment above it.
pub(crate) fn of(workspace: &Workspace, package: &Package) -> Result<Option<String>> {
    let manifest = format!("{}/Cargo.toml", package.directory);
    let manifest = workspace.file(&manifest).unwrap_or_default();
    let default = package.features.get("default").map_or(&[][..], Vec::as_slice);
    match package.features.keys().any(|name| name != "default") {
        true => table(manifest, default).map(Some),
        false => Ok(None),
    }
}

fn table(manifest: &str, default: &[String]) -> Result<String> {
    let mut out = String::from("| feature | what it brings |\n|---|---|\n");
    for (name, meaning) in described(manifest) {
        if name == "default" {
            continue;
        }
        if meaning.is_empty() {
            return Err(format!("the feature {name} has no comment above it").into());
        }
        let mark = if default.contains(&name) { " (on by default)" } else { "" };
        let _ = writeln!(out, "| `{name}`{mark} | {} |", meaning.replace('|', "\\|"));
    }
    Ok(out)
}

/// The features in the order of the manifest, each with the comment directly above it.
fn described(manifest: &str) -> Vec<(String, String)> {
    let lines = manifest.lines().skip_while(|line| line.trim() != "[features]").skip(1);
    let mut features = Vec::new();
    let mut comment = Vec::new();
    for line in lines.take_while(|line| !line.starts_with('[')) {
        if let Some(text) = line.strip_prefix('#') {
            comment.push(text.trim());
            continue;
        }
        // Indented lines go on with the list of a feature.
        if let (Some((name, _)), false) = (line.split_once('='), line.starts_with(' ')) {
            features.push((name.trim().trim_matches('"').to_owned(), comment.join(" ")));
        }
        comment.clear();
    }
    features
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = "[features]\n# Everything usual\ndefault = [\"a\"]\n\n# Does a\n# and more\n\
        a = [\n    \"dep:x\",\n]\n# Does b\nb = []\n\n[dependencies]\n# no feature\nc = \"1\"\n";

    #[test]
    fn the_table_has_the_comments() {
        assert_eq!(
            table(MANIFEST, &["a".to_owned()]).unwrap(),
            "| feature | what it brings |\n|---|---|\n\
             | `a` (on by default) | Does a and more |\n| `b` | Does b |\n"
        );
    }

    #[test]
    fn a_missing_comment_is_an_error() {
        let error = table("[features]\nx = []\n", &[]).unwrap_err().to_string();
        assert_eq!(error, "the feature x has no comment above it");
    }
}
