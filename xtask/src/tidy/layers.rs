//! Who may depend on whom.

use crate::result::Result;
use crate::workspace::Workspace;

/// What the contract must not bring to the author of a connector.
const HEAVY: [&str; 7] =
    ["hyper", "mio", "rustls", "socket2", "tokio", "tokio-tungstenite", "tungstenite"];

/// `core <- connect <- session <- common-*` and `core <- pipeline, testkit, transforms` and `pipeline <- sql`, then
/// `<- connectors <- stream <- cli, bench, xtask`, and beside them `core, connect, common-* <- lab <- cli`; dependencies of tests and
/// benches are free.
pub(super) fn edges_point_one_way(workspace: &Workspace) -> Result<Vec<String>> {
    let mut violations = Vec::new();
    for package in &workspace.packages {
        for dependency in package.dependencies.iter().filter(|dependency| dependency.local) {
            if !may_depend(&package.name, &dependency.name) {
                violations.push(format!("{} must not depend on {}", package.name, dependency.name));
            }
        }
    }
    Ok(violations)
}

/// The layers from the bottom to the top.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Layer {
    Core,
    /// Shared by connectors, whatever protocol they speak.
    Connect,
    /// The conversation with a provider, whatever carries its messages.
    Session,
    /// Shared by the connectors of one protocol.
    Common,
    /// Depends only on faucet-core; connectors must not depend on it.
    Beside,
    /// Another language than that of pipeline files, for the same runner; knows no connector.
    Language,
    /// Peers to try the others with. Only the command serves them.
    Lab,
    Connector,
    Umbrella,
    Top,
}

fn layer(name: &str) -> Layer {
    match name.strip_prefix("faucet-").unwrap_or(name) {
        "core" => Layer::Core,
        "connect" => Layer::Connect,
        "session" => Layer::Session,
        "pipeline" | "testkit" | "transforms" => Layer::Beside,
        "sql" => Layer::Language,
        "lab" => Layer::Lab,
        "stream" => Layer::Umbrella,
        "bench" | "cli" | "xtask" => Layer::Top,
        name if name.starts_with("common-") => Layer::Common,
        // Anything new is held to the strictest rule that fits.
        _ => Layer::Connector,
    }
}

fn may_depend(from: &str, to: &str) -> bool {
    // A program, for nobody to build on.
    if to == "faucet-bench" {
        return false;
    }
    let is_runner = to == "faucet-pipeline";
    let to = layer(to);
    if to == Layer::Lab {
        return from == "faucet-cli";
    }
    match layer(from) {
        Layer::Core => false,
        Layer::Connect | Layer::Beside => to == Layer::Core,
        Layer::Language => to == Layer::Core || is_runner,
        Layer::Session => matches!(to, Layer::Core | Layer::Connect),
        Layer::Common => matches!(to, Layer::Core | Layer::Connect | Layer::Session),
        Layer::Lab | Layer::Connector => {
            matches!(to, Layer::Core | Layer::Connect | Layer::Session | Layer::Common)
        }
        Layer::Umbrella => to < Layer::Umbrella,
        Layer::Top => true,
    }
}

/// `faucet-core` has no async runtime, no sockets and no TLS in its tree.
pub(super) fn the_contract_has_no_runtime(workspace: &Workspace) -> Result<Vec<String>> {
    let tree = workspace.tree("faucet-core")?;
    let heavy = HEAVY.iter().filter(|name| tree.iter().any(|found| found == *name));
    Ok(heavy.map(|name| format!("faucet-core must not bring in {name}")).collect())
}

/// Only the shared WebSocket crate, the test kit, and the bench, which is compared with it, use
/// tungstenite outside of tests.
pub(super) fn one_crate_knows_tungstenite(workspace: &Workspace) -> Result<Vec<String>> {
    const MAY: [&str; 3] = ["faucet-bench", "faucet-common-websocket", "faucet-testkit"];
    let mut violations = Vec::new();
    for package in workspace.packages.iter().filter(|p| !MAY.contains(&p.name.as_str())) {
        let depends = package.dependencies.iter().any(|d| is_tungstenite(&d.name));
        if depends {
            violations.push(format!("{} must not depend on tungstenite", package.name));
        }
        let source = format!("crates/{}/src/", package.name);
        for file in workspace.files.iter().filter(|file| file.path.starts_with(&source)) {
            if file.text.lines().any(uses_tungstenite) {
                violations.push(format!("{} must not use tungstenite", file.path));
            }
        }
    }
    Ok(violations)
}

fn is_tungstenite(name: &str) -> bool {
    matches!(name, "tungstenite" | "tokio-tungstenite")
}

/// A path into it. Its name may be said: in a comment, or as the target of log lines.
fn uses_tungstenite(line: &str) -> bool {
    let code = line.split("//").next().unwrap_or_default();
    code.contains("tungstenite::") && !code.contains('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arrows_of_the_architecture() {
        for (from, to, may) in [
            ("faucet-core", "faucet-testkit", false),
            ("faucet-connect", "faucet-core", true),
            ("faucet-connect", "faucet-common-websocket", false),
            ("faucet-core", "faucet-connect", false),
            ("faucet-common-websocket", "faucet-connect", true),
            ("faucet-common-websocket", "faucet-session", true),
            ("faucet-session", "faucet-connect", true),
            ("faucet-session", "faucet-common-websocket", false),
            ("faucet-connect", "faucet-session", false),
            ("faucet-pipeline", "faucet-connect", false),
            ("faucet-source-something", "faucet-connect", true),
            ("faucet-lab", "faucet-connect", true),
            ("faucet-common-websocket", "faucet-core", true),
            ("faucet-common-websocket", "faucet-pipeline", false),
            ("faucet-pipeline", "faucet-source-websocket", false),
            ("faucet-testkit", "faucet-common-websocket", false),
            ("faucet-sink-websocket", "faucet-common-websocket", true),
            ("faucet-source-websocket", "faucet-sink-jsonl", false),
            ("faucet-source-jsonl", "faucet-testkit", false),
            ("faucet-transforms", "faucet-core", true),
            ("faucet-transforms", "faucet-common-websocket", false),
            ("faucet-transforms", "faucet-pipeline", false),
            ("faucet-sql", "faucet-core", true),
            ("faucet-sql", "faucet-pipeline", true),
            ("faucet-sql", "faucet-testkit", false),
            ("faucet-sql", "faucet-source-jsonl", false),
            ("faucet-pipeline", "faucet-sql", false),
            ("faucet-source-something", "faucet-sql", false),
            ("faucet-stream", "faucet-sql", true),
            ("faucet-cli", "faucet-sql", true),
            ("faucet-stream", "faucet-transforms", true),
            ("faucet-stream", "faucet-source-jsonl", true),
            ("faucet-stream", "faucet-cli", false),
            ("faucet-something-new", "faucet-stream", false),
            ("faucet-cli", "faucet-stream", true),
            ("xtask", "faucet-cli", true),
            ("faucet-lab", "faucet-core", true),
            ("faucet-lab", "faucet-common-websocket", true),
            ("faucet-lab", "faucet-source-jsonl", false),
            ("faucet-lab", "faucet-pipeline", false),
            ("faucet-lab", "faucet-cli", false),
            ("faucet-cli", "faucet-lab", true),
            ("faucet-stream", "faucet-lab", false),
            ("faucet-sink-websocket", "faucet-lab", false),
            ("xtask", "faucet-lab", false),
            ("faucet-bench", "faucet-stream", true),
            ("faucet-bench", "faucet-connect", true),
            ("faucet-bench", "faucet-lab", false),
            ("faucet-stream", "faucet-bench", false),
            ("faucet-cli", "faucet-bench", false),
        ] {
            assert_eq!(may_depend(from, to), may, "{from} -> {to}");
        }
    }

    #[test]
    fn its_name_may_be_said_but_not_used() {
        for (line, uses) in [
            ("use tokio_tungstenite::client_async;", true),
            ("    let x = tungstenite::Message::Text(y);", true),
            ("/// What tungstenite::Message calls it.", false),
            ("    (\"tungstenite::handshake\", LevelFilter::INFO),", false),
            ("    let tungstenite = 3;", false),
        ] {
            assert_eq!(uses_tungstenite(line), uses, "{line}");
        }
    }
}
