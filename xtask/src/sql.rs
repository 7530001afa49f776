//! How CI checks the crate that brings DataFusion.

/// The crate, a member of the workspace and no default member.
pub(crate) const SQL: &str = "faucet-sql";

/// The lints of the crate, those of the umbrella and of the command with all their features, and the
/// documentation.
///
/// Cargo compiles a crate once for each set of features, also where the features are those of a crate
/// far below. The three commands select packages with which every crate of DataFusion has one set, so
/// that DataFusion is checked once, and not three times.
pub(crate) const CHECKS: [&str; 3] = [
    "clippy -p faucet-sql --all-targets --all-features -- -D warnings",
    "clippy -p faucet-stream -p faucet-cli --all-features -- -D warnings",
    "doc -p faucet-sql -p faucet-stream -p faucet-cli --no-deps --all-features",
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::workspace::Workspace;

    /// The crates of a tree, each with its features.
    fn crates(workspace: &Workspace, selection: &[&str], edges: &str) -> BTreeSet<String> {
        let with = ["-f", "{p} [{f}]", "--all-features", "-e", edges];
        let tree = workspace.trees(&[selection, &with].concat()).unwrap();
        let line = |line: &String| line.trim_end_matches(" (*)").to_owned();
        tree.iter().map(line).collect()
    }

    #[test]
    fn all_checks_share_one_datafusion() {
        let workspace = Workspace::load().unwrap();
        let name = |line: &str| line.split(" [").next().unwrap_or_default().to_owned();
        // Features of crates outside of the workspace cannot be asked for.
        let engine = ["-p", "datafusion", "-p", "datafusion-functions-json", "-e", "normal"];
        let engine = workspace.trees(&engine).unwrap();
        let engine: BTreeSet<&str> =
            engine.iter().map(|line| line.trim_end_matches(" (*)")).collect();
        let of_engine = |selection: &[&str], edges| {
            let mut crates = crates(&workspace, selection, edges);
            crates.retain(|line| engine.contains(&*name(line)));
            crates
        };
        let lints = of_engine(&["-p", SQL], "normal,dev");
        assert!(lints.len() > 50, "{lints:#?}");
        let ends = of_engine(&["-p", "faucet-stream", "-p", "faucet-cli"], "normal");
        let docs = of_engine(&["-p", SQL, "-p", "faucet-stream", "-p", "faucet-cli"], "normal");
        for (what, other) in [("umbrella and command", ends), ("documentation", docs)] {
            let differs: Vec<_> = lints.symmetric_difference(&other).collect();
            assert!(differs.is_empty(), "{what}: {differs:#?}");
        }
    }
}
