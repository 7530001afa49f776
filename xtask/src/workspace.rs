//! The workspace as cargo and the file system see it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::result::Result;

/// A crate of the workspace.
#[derive(Debug, Clone, Default)]
pub(crate) struct Package {
    pub(crate) name: String,
    /// Relative to the root, with `/`.
    pub(crate) directory: String,
    pub(crate) card: Card,
    /// Its dependencies, optional ones too, without those of its tests.
    pub(crate) dependencies: Vec<Dependency>,
    pub(crate) features: BTreeMap<String, Vec<String>>,
    /// Whether a command of cargo that names no crate means this one too.
    pub(crate) is_default: bool,
}

/// What a manifest says to somebody who looks for a crate.
#[derive(Debug, Clone, Default)]
pub(crate) struct Card {
    pub(crate) description: String,
    pub(crate) license: String,
    /// Relative to the crate.
    pub(crate) readme: String,
    pub(crate) keywords: Vec<String>,
    pub(crate) categories: Vec<String>,
    /// Whether its documentation is built with every feature.
    pub(crate) documents_all_features: bool,
    pub(crate) publish: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    /// Whether it is a crate of the workspace.
    pub(crate) local: bool,
}

/// A file of the repository.
#[derive(Debug, Clone)]
pub(crate) struct File {
    /// Relative to the root, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
}

#[derive(Debug)]
pub(crate) struct Workspace {
    pub(crate) root: PathBuf,
    pub(crate) packages: Vec<Package>,
    pub(crate) files: Vec<File>,
}

impl Workspace {
    pub(crate) fn load() -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
        let root = root.ok_or("xtask lies in no workspace")?.to_owned();
        let metadata = output(cargo(&root).args(["metadata", "--format-version=1", "--no-deps"]))?;
        let packages = packages(&serde_json::from_str(&metadata)?);
        let mut files = Vec::new();
        walk(&root, "", &mut files)?;
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(Self { root, packages, files })
    }

    /// Everything that cargo knows of the workspace and of all that it depends on. Crates that only another
    /// target needs are fetched where they are missing.
    pub(crate) fn metadata(&self) -> Result<Value> {
        let mut command = cargo(&self.root);
        let text = output(command.args(["metadata", "--format-version=1", "--locked"]))?;
        Ok(serde_json::from_str(&text)?)
    }

    pub(crate) fn package(&self, name: &str) -> Result<&Package> {
        let package = self.packages.iter().find(|package| package.name == name);
        package.ok_or_else(|| format!("there is no crate {name}").into())
    }

    pub(crate) fn file(&self, path: &str) -> Option<&str> {
        self.files.iter().find(|file| file.path == path).map(|file| file.text.as_str())
    }

    /// The names of the crates in the tree of `package` without the dependencies of tests and
    /// build scripts.
    pub(crate) fn tree(&self, package: &str) -> Result<Vec<String>> {
        let tree = self.trees(&["-e", "normal", "-p", package])?;
        let name = |line: &String| line.split(' ').next().unwrap_or_default().to_owned();
        Ok(tree.iter().map(name).collect())
    }

    /// The lines of `cargo tree` with these arguments, without their indentation.
    pub(crate) fn trees(&self, arguments: &[&str]) -> Result<Vec<String>> {
        let mut command = cargo(&self.root);
        let tree = output(command.args(["tree", "--prefix", "none"]).args(arguments))?;
        Ok(tree.lines().map(str::to_owned).collect())
    }

    /// The features of all crates, as `crate/feature`, without those that bring in the crate `without`.
    pub(crate) fn features_without(&self, without: &str) -> Vec<String> {
        let packages = self.packages.iter().filter(|package| package.name != without);
        let of = |package: &Package| {
            let names = package.features.keys().filter(|name| *name != "default");
            let names = names.filter(|name| !self.leads_to(package, name, without));
            names.map(|name| format!("{}/{name}", package.name)).collect::<Vec<_>>()
        };
        packages.flat_map(of).collect()
    }

    /// Whether the feature `feature` of `package` brings in the crate `to`, directly or through others.
    pub(crate) fn leads_to(&self, package: &Package, feature: &str, to: &str) -> bool {
        let enables = package.features.get(feature).into_iter().flatten();
        enables.into_iter().any(|enabled| {
            if let Some(dependency) = enabled.strip_prefix("dep:") {
                return dependency == to;
            }
            match enabled.split_once('/') {
                Some((name, feature)) => {
                    let name = name.trim_end_matches('?');
                    let other = self.packages.iter().find(|package| package.name == name);
                    name == to || other.is_some_and(|other| self.leads_to(other, feature, to))
                }
                None => enabled != feature && self.leads_to(package, enabled, to),
            }
        })
    }
}

/// The cargo that runs this, in the root.
pub(crate) fn cargo(root: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root);
    command
}

/// What `command` prints.
///
/// # Errors
/// It does not start, or it fails.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = command.output()?;
    if !output.status.success() {
        let why = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(format!("{command:?} failed: {why}").into());
    }
    Ok(String::from_utf8(output.stdout)?)
}

fn packages(metadata: &Value) -> Vec<Package> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let texts = |value: &Value| list(value).iter().map(text).collect::<Vec<_>>();
    let root = text(&metadata["workspace_root"]);
    let directory = |manifest: &str| {
        let directory = Path::new(manifest).parent().unwrap_or(Path::new(""));
        let directory = directory.strip_prefix(&root).unwrap_or(directory);
        directory.to_string_lossy().replace('\\', "/")
    };
    let card = |package: &Value| Card {
        description: text(&package["description"]),
        license: text(&package["license"]),
        readme: text(&package["readme"]),
        keywords: texts(&package["keywords"]),
        categories: texts(&package["categories"]),
        documents_all_features: package["metadata"]["docs"]["rs"]["all-features"] == true,
        // `publish = false` is an empty list of registries.
        publish: package["publish"].is_null(),
    };
    let package = |package: &Value| Package {
        name: text(&package["name"]),
        directory: directory(&text(&package["manifest_path"])),
        card: card(package),
        dependencies: list(&package["dependencies"])
            .iter()
            .filter(|dependency| dependency["kind"] != "dev")
            .map(|dependency| Dependency {
                name: text(&dependency["name"]),
                local: dependency["path"].is_string(),
            })
            .collect(),
        features: package["features"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, enables)| (name.clone(), texts(enables)))
            .collect(),
        is_default: list(&metadata["workspace_default_members"]).contains(&package["id"]),
    };
    list(&metadata["packages"]).iter().map(package).collect()
}

/// Reads what can be read as text below `directory`.
fn walk(root: &Path, directory: &str, files: &mut Vec<File>) -> Result<()> {
    for entry in std::fs::read_dir(root.join(directory))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if directory.is_empty() { name.clone() } else { format!("{directory}/{name}") };
        // In a worktree of git `.git` is a file, with a path of the machine.
        if matches!(name.as_str(), "target" | ".git") {
            continue;
        }
        if entry.file_type()?.is_dir() {
            walk(root, &path, files)?;
        } else if let Ok(text) = std::fs::read_to_string(entry.path()) {
            files.push(File { path, text });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn packages_come_without_the_dependencies_of_their_tests() {
        let dependency = |name: &str, kind: Value, path: Value| json!({"name": name, "kind": kind, "path": path});
        let metadata = json!({"workspace_root": "/w", "workspace_default_members": ["a-id"], "packages": [{
            "name": "a",
            "id": "a-id",
            "manifest_path": "/w/crates/a/Cargo.toml",
            "keywords": ["x"],
            "publish": [],
            "metadata": {"docs": {"rs": {"all-features": true}}},
            "features": {"default": ["x"], "x": []},
            "dependencies": [
                dependency("b", Value::Null, "/b".into()),
                dependency("c", "dev".into(), "/c".into()),
                dependency("serde", "build".into(), Value::Null),
            ],
        }]});
        let packages = packages(&metadata);
        assert_eq!(packages[0].features["default"], ["x"]);
        assert_eq!(packages[0].directory, "crates/a");
        assert_eq!(packages[0].card.keywords, ["x"]);
        assert!(packages[0].card.documents_all_features && !packages[0].card.publish);
        let found: Vec<_> =
            packages[0].dependencies.iter().map(|d| (d.name.as_str(), d.local)).collect();
        assert_eq!(found, [("b", true), ("serde", false)]);
        assert!(packages[0].is_default);
    }

    #[test]
    fn features_that_lead_to_a_crate_are_left_out() {
        let features = |all: &[(&str, &[&str])]| {
            let owned = |enables: &&[&str]| enables.iter().map(|e| (*e).to_owned()).collect();
            all.iter().map(|(name, enables)| ((*name).to_owned(), owned(enables))).collect()
        };
        let package = |name: &str, all: &[(&str, &[&str])]| {
            let (name, features) = (name.to_owned(), features(all));
            Package { name, features, ..Package::default() }
        };
        let (root, files) = (PathBuf::new(), Vec::new());
        let packages = vec![
            package("engine", &[("fast", &[])]),
            package("door", &[("default", &[]), ("a", &["dep:x"]), ("sql", &["dep:engine", "a"])]),
            package("cli", &[("sql", &["door/sql"]), ("all", &["sql", "b"]), ("b", &["door/a"])]),
            package("other", &[("quick", &["engine?/fast"])]),
        ];
        let workspace = Workspace { root, packages, files };
        assert_eq!(workspace.features_without("engine"), ["door/a", "cli/b"]);
    }
}
