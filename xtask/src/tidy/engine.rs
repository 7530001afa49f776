//! DataFusion takes minutes to compile: only those compile it who ask for SQL.

use crate::result::Result;
use crate::sql::SQL;
use crate::workspace::Workspace;

/// How the crates of DataFusion are called.
const ENGINE: &str = "datafusion";

/// Every member but [`SQL`] is a default member, and with all features but those of SQL none of them
/// has DataFusion in its tree, not even for its tests.
pub(super) fn only_sql_brings_it(workspace: &Workspace) -> Result<Vec<String>> {
    let mut violations = Vec::new();
    for package in &workspace.packages {
        match (package.name == SQL, package.is_default) {
            (true, true) => violations.push(format!("{SQL} must be no default member")),
            (false, false) => {
                violations.push(format!("{} must be a default member", package.name));
            }
            _ => {}
        }
    }
    let features = workspace.features_without(SQL).join(",");
    let edges = "normal,build,dev";
    let tree = ["--workspace", "--exclude", SQL, "--features", &features, "-e", edges];
    let tree = workspace.trees(&tree)?;
    let engines = tree.iter().filter(|line| is_of_sql(line));
    violations.extend(engines.map(|line| format!("without SQL nobody may depend on {line}")));
    violations.dedup();
    Ok(violations)
}

fn is_of_sql(line: &str) -> bool {
    let name = line.split(' ').next().unwrap_or_default();
    name == SQL || name.starts_with(ENGINE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_crates_of_sql_are_known_by_their_names() {
        for (line, is) in [
            ("datafusion v55.2.0", true),
            ("datafusion-common v55.2.0 (*)", true),
            ("faucet-sql v0.1.0 (/a)", true),
            ("faucet-stream v0.1.0 (/faucet-sql)", false),
        ] {
            assert_eq!(is_of_sql(line), is, "{line}");
        }
    }

    #[test]
    fn a_build_with_sql_has_it() {
        // The rule would hold for a wrong name too.
        let workspace = Workspace::load().unwrap();
        for (package, features) in [("faucet-cli", "sql"), ("faucet-stream", "sql"), (SQL, "")] {
            let tree = workspace.trees(&["-p", package, "--features", features, "-e", "normal"]);
            assert!(tree.unwrap().iter().any(|line| line.starts_with("datafusion ")), "{package}");
        }
    }
}
