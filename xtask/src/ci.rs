//! Everything that CI runs, in the order in which it fails fastest.

use crate::result::Result;
use crate::workspace::{Workspace, cargo};
use crate::{codegen, tidy};

/// Runs it; the first failure ends it.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    tidy::run(workspace)?;
    codegen::check(workspace)?;
    for command in commands(workspace)? {
        println!("$ cargo {command}");
        let status = cargo(&workspace.root).args(command.split(' ')).status()?;
        if !status.success() {
            return Err(format!("`cargo {command}` failed").into());
        }
    }
    Ok(())
}

fn commands(workspace: &Workspace) -> Result<Vec<String>> {
    let mut commands = vec![
        "fmt --all --check".to_owned(),
        "clippy --workspace --all-targets --all-features -- -D warnings".to_owned(),
    ];
    let features = workspace.package("faucet-stream")?.features.keys();
    let alone = "check -p faucet-stream --no-default-features";
    commands.push(alone.to_owned());
    commands.extend(features.map(|feature| format!("{alone} --features {feature}")));
    commands.push(test_command(workspace.file("README.md").unwrap_or_default())?);
    Ok(commands)
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
}
