//! The README's table of cargo features, made from the comments in the umbrella's manifest.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::result::Result;

const OPEN: &str = "<!-- features -->";
const CLOSE: &str = "<!-- /features -->";

/// The README with its table anew.
pub(crate) fn readme(
    readme: &str,
    manifest: &str,
    features: &BTreeMap<String, Vec<String>>,
) -> Result<String> {
    let table = table(manifest, features)?;
    let outside = readme
        .split_once(OPEN)
        .and_then(|(before, rest)| rest.split_once(CLOSE).map(|(_, after)| (before, after)));
    let (before, after) = outside.ok_or_else(|| format!("README.md lacks {OPEN} … {CLOSE}"))?;
    Ok(format!("{before}{OPEN}\n{table}{CLOSE}{after}"))
}

fn table(manifest: &str, features: &BTreeMap<String, Vec<String>>) -> Result<String> {
    let default = features.get("default").map_or(&[][..], Vec::as_slice);
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

    fn features() -> BTreeMap<String, Vec<String>> {
        BTreeMap::from([("default".into(), vec!["a".into()])])
    }

    #[test]
    fn the_table_is_replaced_between_its_markers() {
        let text = "# x\n<!-- features -->\nold\n<!-- /features -->\nrest\n";
        let once = readme(text, MANIFEST, &features()).unwrap();
        assert_eq!(
            once,
            "# x\n<!-- features -->\n| feature | what it brings |\n|---|---|\n\
             | `a` (on by default) | Does a and more |\n| `b` | Does b |\n<!-- /features -->\nrest\n"
        );
        assert_eq!(readme(&once, MANIFEST, &features()).unwrap(), once);
    }

    #[test]
    fn missing_markers_and_missing_comments_are_errors() {
        assert!(readme("# x", MANIFEST, &features()).is_err());
        let error = table("[features]\nx = []\n", &features()).unwrap_err().to_string();
        assert_eq!(error, "the feature x has no comment above it");
    }
}
