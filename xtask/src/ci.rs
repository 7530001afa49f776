//! Everything that CI runs, in the order in which it fails fastest.

use std::time::Instant;

use crate::result::Result;
use crate::sql::{self, SQL};
use crate::times::Times;
use crate::workspace::{Workspace, cargo};
use crate::{codegen, deny, tidy};

/// The crate that is outside the workspace: a stranger's, by the guide.
const STRANGER: &str = "examples/acme/Cargo.toml";

/// Runs it; the first failure ends it. Prints how long each step took, and at the end the slowest.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    tidy::run(workspace)?;
    codegen::check(workspace)?;
    deny::check(workspace)?;
    let mut times = Times::default();
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
        println!("  {:.1} s", began.elapsed().as_secs_f64());
        times.add(&command, began.elapsed());
        if !status.success() {
            return Err(format!("`cargo {command}` failed").into());
        }
    }
    print!("{}", times.slowest());
    Ok(())
}

fn commands(workspace: &Workspace) -> Result<Vec<String>> {
    let features = workspace.features_without(SQL).join(",");
    let mut commands = vec![
        "fmt --all --check".to_owned(),
        format!(
            "clippy --workspace --exclude {SQL} --all-targets --features {features} -- -D warnings"
        ),
        format!("doc --workspace --exclude {SQL} --no-deps --features {features}"),
    ];
    for package in workspace.packages.iter().filter(|package| package.name != SQL) {
        let pairs = package.name == "faucet-stream";
        let is_light = |feature: &&String| !workspace.leads_to(package, feature, SQL);
        let features = package.features.keys().filter(|name| *name != "default").filter(is_light);
        commands.extend(alone(&package.name, &features.collect::<Vec<_>>(), pairs));
    }
    if workspace.package(SQL).is_ok() {
        commands.extend(sql::CHECKS.map(str::to_owned));
    }
    commands.extend(test_commands(workspace.file("README.md").unwrap_or_default())?);
    if workspace.file(STRANGER).is_some() {
        commands.push(format!("test --manifest-path {STRANGER}"));
    }
    Ok(commands)
}

/// A crate alone, with none of these features, with each, and where asked for with each pair.
fn alone(package: &str, features: &[&String], pairs: bool) -> Vec<String> {
    // A warning that only one set of features shows is one as well.
    let with = |features: &str| {
        format!("clippy -p {package} --no-default-features{features} -- -D warnings")
    };
    let mut commands = vec![with("")];
    commands.extend(features.iter().map(|feature| with(&format!(" --features {feature}"))));
    for (n, one) in features.iter().enumerate().filter(|_| pairs) {
        let others = features[n + 1..].iter().filter(|other| **other != "full" && *one != "full");
        commands.extend(others.map(|other| with(&format!(" --features {one},{other}"))));
    }
    commands
}

/// The README tells everybody how to run the tests; so it must be true.
fn test_commands(readme: &str) -> Result<Vec<String>> {
    let lines = readme.lines().filter_map(|line| line.trim().strip_prefix("cargo test"));
    let arguments = lines.map(|line| line.split('#').next().unwrap_or_default().trim_end());
    let commands: Vec<String> = arguments.map(|arguments| format!("test{arguments}")).collect();
    match commands.is_empty() {
        true => Err("README.md has no line that begins with `cargo test`".into()),
        false => Ok(commands),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_test_commands_are_the_readmes() {
        let readme = "# x\n```sh\ncargo build\ncargo test   # but y\ncargo test -p y\n```\n";
        assert_eq!(test_commands(readme).unwrap(), ["test", "test -p y"]);
        assert!(test_commands("# x").is_err());
    }

    #[test]
    fn a_crate_is_checked_alone_with_each_feature_and_each_pair() {
        let features = ["a", "b", "full"].map(str::to_owned);
        let features: Vec<&String> = features.iter().collect();
        let expected =
            ["", " --features a", " --features b", " --features full", " --features a,b"];
        let command = |rest| format!("clippy -p x --no-default-features{rest} -- -D warnings");
        assert_eq!(alone("x", &features, true), expected.map(command));
        assert_eq!(alone("x", &features, false).len(), 4);
    }

    #[test]
    fn sql_is_compiled_by_its_own_checks_and_tests_alone() {
        let commands = commands(&Workspace::load().unwrap()).unwrap();
        let of_sql = |command: &&String| {
            let excluded = format!("--exclude {SQL}");
            command.replace(&excluded, "").contains("sql") || command.contains("--all-features")
        };
        let of_sql: Vec<&str> = commands.iter().filter(of_sql).map(String::as_str).collect();
        let [lints, docs] = sql::CHECKS;
        assert_eq!(of_sql, [lints, docs, "test -p faucet-sql"]);
        assert!(commands.iter().any(|command| command == "test"));
    }
}
