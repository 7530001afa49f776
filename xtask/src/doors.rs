//! The front doors of the crates: the part of each README that repeats, and the licence files.

use std::collections::BTreeMap;

use crate::result::Result;
use crate::workspace::{Package, Workspace};
use crate::{features, marks};

/// The licence files of the repository. Each crate has a copy, so that a packaged crate has them. A
/// copy and not a symlink: git writes a symlink as a file with a path in it where the system or an
/// archive has none, and cargo would package that. A copy costs git nothing.
pub(crate) const LICENCES: [&str; 2] = ["LICENSE-APACHE", "LICENSE-MIT"];

/// The name of the marks in a README.
const MARK: &str = "door";

/// The README and the licence files of each crate, by path.
///
/// # Errors
/// A README lacks its marks, a feature has no comment, or the repository has no licence file.
pub(crate) fn files(workspace: &Workspace) -> Result<BTreeMap<String, String>> {
    let mut files = BTreeMap::new();
    for package in &workspace.packages {
        for name in LICENCES {
            let text = workspace.file(name).ok_or_else(|| format!("{name} is missing"))?;
            files.insert(format!("{}/{name}", package.directory), text.to_owned());
        }
        let path = format!("{}/README.md", package.directory);
        let door = door(package, features::of(workspace, package)?);
        let readme = workspace.file(&path).unwrap_or_default();
        let readme = marks::replaced(&path, readme, MARK, &door)?;
        files.insert(path, readme);
    }
    Ok(files)
}

/// How to depend on a crate, where to read on, and the licence.
fn door(package: &Package, table: Option<String>) -> String {
    let Package { name, directory, .. } = package;
    let table = table.map(|table| table + "\n").unwrap_or_default();
    // A crate with a feature for everything has nothing without one.
    let full = match package.features.contains_key("full") {
        true => ", features = [\"full\"]",
        false => "",
    };
    let depend = match package.card.publish {
        true => format!(
            "The `faucet-` names on the public registry belong to another project; depend on a \
             checkout instead:\n```toml\n\
             {name} = {{ path = \"../faucet-stream/{directory}\"{full} }}\n```\n"
        ),
        false => "No crate depends on this one: it is a program for work on the project.\n".into(),
    };
    let up = "../".repeat(directory.split('/').count());
    format!(
        "{table}{depend}\n\
         More: [README]({up}README.md), [map of the code]({up}docs/ARCHITECTURE.md), \
         [changes]({up}CHANGELOG.md). \
         Licensed under [MIT](LICENSE-MIT) or [Apache-2.0](LICENSE-APACHE), as you like.\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::{Card, File};

    fn package(publish: bool, features: &[&str]) -> Package {
        Package {
            name: "faucet-a".into(),
            directory: "crates/faucet-a".into(),
            features: features.iter().map(|name| (name.to_string(), Vec::new())).collect(),
            card: Card { publish, ..Card::default() },
            ..Package::default()
        }
    }

    #[test]
    fn a_library_says_how_to_depend_on_a_checkout() {
        let plain = door(&package(true, &[]), None);
        assert!(
            plain.contains("\nfaucet-a = { path = \"../faucet-stream/crates/faucet-a\" }\n"),
            "{plain}"
        );
        assert!(
            plain.contains("](../../README.md)") && plain.contains("](LICENSE-MIT)"),
            "{plain}"
        );
        let full = door(&package(true, &["full"]), Some("| table |\n".into()));
        assert!(full.starts_with("| table |\n\nThe `faucet-`"), "{full}");
        assert!(full.contains("/faucet-a\", features = [\"full\"] }\n"), "{full}");
    }

    #[test]
    fn a_program_of_the_project_is_no_dependency() {
        let text = door(&package(false, &[]), None);
        assert!(
            text.starts_with("No crate depends on this one") && !text.contains("toml"),
            "{text}"
        );
    }

    #[test]
    fn each_crate_has_a_readme_and_the_licences() {
        let file = |path: &str, text: &str| File { path: path.into(), text: text.into() };
        let mut workspace = Workspace {
            root: Default::default(),
            packages: vec![package(true, &[])],
            files: vec![
                file("LICENSE-APACHE", "apache"),
                file("LICENSE-MIT", "mit"),
                file("crates/faucet-a/README.md", "# a\n<!-- door -->\n<!-- /door -->\n"),
            ],
        };
        let made = files(&workspace).unwrap();
        assert_eq!(made["crates/faucet-a/LICENSE-APACHE"], "apache");
        assert_eq!(made["crates/faucet-a/LICENSE-MIT"], "mit");
        assert!(made["crates/faucet-a/README.md"].starts_with("# a\n<!-- door -->\nThe "));
        workspace.files.pop();
        let error = files(&workspace).unwrap_err().to_string();
        assert_eq!(error, "crates/faucet-a/README.md lacks <!-- door --> … <!-- /door -->");
    }
}
