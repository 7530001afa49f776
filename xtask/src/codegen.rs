//! Files that are made from the code, and the check that they are up to date.

use std::collections::BTreeMap;

use faucet_core::Registry;

use crate::result::Result;
use crate::workspace::Workspace;
use crate::{doors, features, guide, marks};

const README: &str = "README.md";

/// Directories in which every file is made by us.
const OURS: [&str; 4] = ["docs/schema/", "docs/reference/", "docs/explain/", "docs/init/"];

/// The files of the transform `sql`, which a test of `faucet-sql` makes: this program is built without
/// DataFusion.
const OF_SQL: &str = "/transform-sql.";

/// Writes what is out of date.
pub(crate) fn write(workspace: &Workspace) -> Result<()> {
    let mut outputs = documents(&faucet_stream::registry())?;
    // A README without its marks is no reason to leave the documents as they are.
    let texts = texts(workspace).map(|texts| outputs.extend(texts));
    for path in stale(workspace, &outputs) {
        let file = workspace.root.join(&path);
        match outputs.get(&path) {
            Some(text) => {
                if let Some(directory) = file.parent() {
                    std::fs::create_dir_all(directory)?;
                }
                std::fs::write(file, text)?;
                println!("wrote {path}");
            }
            None => {
                std::fs::remove_file(file)?;
                println!("removed {path}");
            }
        }
    }
    texts
}

/// Fails when something is out of date.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    let mut outputs = documents(&faucet_stream::registry())?;
    outputs.extend(texts(workspace)?);
    let stale = stale(workspace, &outputs);
    match stale.is_empty() {
        true => Ok(()),
        false => {
            Err(format!("out of date, run `cargo xtask codegen`:\n  {}", stale.join("\n  ")).into())
        }
    }
}

/// The paths whose text differs from what it should be, and those that should not be.
fn stale(workspace: &Workspace, outputs: &BTreeMap<String, String>) -> Vec<String> {
    let differs = outputs.iter().filter(|(path, text)| workspace.file(path) != Some(text));
    let mut stale: Vec<String> = differs.map(|(path, _)| path.clone()).collect();
    let is_ours = |path: &str| OURS.iter().any(|d| path.starts_with(d)) && !path.contains(OF_SQL);
    let ours = workspace.files.iter().filter(|file| is_ours(&file.path));
    stale.extend(ours.filter(|file| !outputs.contains_key(&file.path)).map(|f| f.path.clone()));
    stale
}

/// The files of which a part is made, and the copies, by path.
fn texts(workspace: &Workspace) -> Result<BTreeMap<String, String>> {
    let mut texts = doors::files(workspace)?;
    texts.insert(README.into(), readme(workspace)?);
    texts.insert(guide::GUIDE.into(), guide::guide(workspace)?);
    texts.extend(guide::cookbook(workspace)?);
    Ok(texts)
}

fn readme(workspace: &Workspace) -> Result<String> {
    let table = features::of(workspace, workspace.package("faucet-stream")?)?;
    let readme = workspace.file(README).unwrap_or_default();
    marks::replaced(README, readme, "features", &table.unwrap_or_default())
}

/// The files in [`OURS`], by path.
fn documents(registry: &Registry) -> Result<BTreeMap<String, String>> {
    let documents = faucet_cli::documents(registry, "cargo xtask codegen")?;
    Ok(documents.into_iter().map(|(name, text)| (format!("docs/{name}"), text)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::File;

    #[test]
    fn what_differs_and_what_is_left_over_is_stale() {
        let file = |path: &str, text: &str| File { path: path.into(), text: text.into() };
        let workspace = Workspace {
            root: Default::default(),
            packages: Vec::new(),
            files: vec![
                file("README.md", "same"),
                file("docs/reference/gone.md", "x"),
                file("docs/explain/gone.txt", "x"),
                file("docs/init/gone.toml", "x"),
                file("docs/schema/a.json", "old"),
                file("docs/semantics.md", "not ours"),
                file("docs/reference/transform-sql.md", "made elsewhere"),
            ],
        };
        let outputs =
            [("README.md", "same"), ("docs/schema/a.json", "new"), ("docs/schema/b.json", "")];
        let outputs = outputs.map(|(path, text)| (path.to_owned(), text.to_owned())).into();
        assert_eq!(
            stale(&workspace, &outputs),
            [
                "docs/schema/a.json",
                "docs/schema/b.json",
                "docs/reference/gone.md",
                "docs/explain/gone.txt",
                "docs/init/gone.toml"
            ]
        );
    }

    #[test]
    fn the_repositorys_generated_files_are_up_to_date() {
        check(&Workspace::load().unwrap()).unwrap();
    }

    #[test]
    fn every_feature_build_has_all_connectors_here() {
        // Pages would silently vanish if xtask were built without one.
        let registry = faucet_stream::registry();
        let out = [
            registry.sources.left_out(),
            registry.transforms.left_out(),
            registry.sinks.left_out(),
        ];
        let out: Vec<&str> = out.concat().iter().map(|out| out.name).collect();
        // Its pages are made by a test of its own crate.
        assert_eq!(out, ["sql"]);
    }
}
