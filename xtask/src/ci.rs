//! Everything that CI runs, in the order in which it fails fastest.

use std::time::Instant;

use crate::result::Result;
use crate::workspace::{Package, Workspace, cargo};
use crate::{codegen, deny, tidy};

/// The crate that is outside the workspace: a stranger's, by the guide.
const STRANGER: &str = "examples/acme/Cargo.toml";

/// Runs it; the first failure ends it.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    tidy::run(workspace)?;
    codegen::check(workspace)?;
    deny::check(workspace)?;
    for command in commands(workspace)? {
        println!("$ cargo {command}");
        let began = Instant::now();
        let mut cargo = cargo(&workspace.root);
        if command.starts_with("doc ") {
            cargo.env("RUSTDOCFLAGS", "-D warnings");
        }
        if command.contains(STRANGER) {
            // Its dependencies are ours: built once.
            cargo.env("CARGO_TARGET_DIR", workspace.root.join("target"));
        }
        let status = cargo.args(command.split(' ')).status()?;
        if !status.success() {
            return Err(format!("`cargo {command}` failed").into());
        }
        println!("  {:.1} s", began.elapsed().as_secs_f64());
    }
    Ok(())
}

fn commands(workspace: &Workspace) -> Result<Vec<String>> {
    let mut commands = vec![
        "fmt --all --check".to_owned(),
        "clippy --workspace --all-targets --all-features -- -D warnings".to_owned(),
        "doc --workspace --no-deps --all-features".to_owned(),
    ];
    for package in &workspace.packages {
        let pairs = package.name == "faucet-stream";
        commands.extend(alone(package, pairs));
    }
    commands.push(test_command(workspace.file("README.md").unwrap_or_default())?);
    if workspace.file(STRANGER).is_some() {
        commands.push(format!("test --manifest-path {STRANGER}"));
    }
    Ok(commands)
}

/// A crate alone, with none of its features, with each, and where asked for with each pair.
fn alone(package: &Package, pairs: bool) -> Vec<String> {
    // A warning that only one set of features shows is one as well.
    let with = |features: &str| {
        format!("clippy -p {} --no-default-features{features} -- -D warnings", package.name)
    };
    let features: Vec<&String> =
        package.features.keys().filter(|name| *name != "default").collect();
    let mut commands = vec![with("")];
    commands.extend(features.iter().map(|feature| with(&format!(" --features {feature}"))));
    for (n, one) in features.iter().enumerate().filter(|_| pairs) {
        let others = features[n + 1..].iter().filter(|other| **other != "full" && *one != "full");
        commands.extend(others.map(|other| with(&format!(" --features {one},{other}"))));
    }
    commands
}

/// The README tells everybody how to run the tests; so it must be true.
fn test_command(readme: &str) -> Result<String> {
    let command = readme.lines().find_map(|line| line.trim().strip_prefix("cargo test"));
    let args = command.ok_or("README.md has no line that begins with `cargo test`")?;
    let args = args.split('#').next().unwrap_or_default();
    Ok(format!("test{}", args.trim_end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_test_command_is_the_readmes() {
        let readme = "# x\n```sh\ncargo build\ncargo test --workspace   # all of it\n```\n";
        assert_eq!(test_command(readme).unwrap(), "test --workspace");
        assert!(test_command("# x").is_err());
    }

    #[test]
    fn a_crate_is_checked_alone_with_each_feature_and_each_pair() {
        let features = ["a", "b", "default", "full"].map(|name| (name.to_owned(), Vec::new()));
        let (name, features) = ("x".to_owned(), features.into());
        let package = Package { name, features, ..Package::default() };
        let expected =
            ["", " --features a", " --features b", " --features full", " --features a,b"];
        let command = |rest| format!("clippy -p x --no-default-features{rest} -- -D warnings");
        assert_eq!(alone(&package, true), expected.map(command));
        assert_eq!(alone(&package, false).len(), 4);
    }
}
