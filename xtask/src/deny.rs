//! What `deny.toml` says, as far as it can be checked without a network: licences, banned crates and
//! sources of everything that is compiled in. Advisories need `cargo deny`.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::Value;
use spdx::{Expression, LicenseReq};

use crate::result::Result;
use crate::workspace::Workspace;

#[derive(Debug, Deserialize)]
struct Deny {
    licenses: Licenses,
    bans: Bans,
}

#[derive(Debug, Deserialize)]
struct Licenses {
    allow: BTreeSet<String>,
    #[serde(default)]
    exceptions: Vec<Exception>,
}

/// Licences that are allowed for one crate.
#[derive(Debug, Deserialize)]
struct Exception {
    #[serde(rename = "crate")]
    name: String,
    allow: BTreeSet<String>,
}

#[derive(Debug, Deserialize)]
struct Bans {
    deny: Vec<Banned>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Banned {
    #[serde(rename = "crate")]
    name: String,
}

/// Fails with everything that `deny.toml` forbids.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    let deny: Deny = toml::from_str(workspace.file("deny.toml").unwrap_or_default())?;
    let metadata = workspace.metadata()?;
    let packages = metadata["packages"].as_array().cloned().unwrap_or_default();
    let forbidden: Vec<String> =
        packages.iter().filter_map(|package| forbidden(package, &deny)).collect();
    match forbidden.is_empty() {
        true => Ok(()),
        false => Err(forbidden.join("\n").into()),
    }
}

/// Why a package may not be compiled in.
fn forbidden(package: &Value, deny: &Deny) -> Option<String> {
    let text = |key: &str| package[key].as_str().unwrap_or_default();
    let name = text("name");
    if deny.bans.deny.iter().any(|banned| banned.name == name) {
        return Some(format!("{name}: deny.toml bans it"));
    }
    let source = package["source"].as_str();
    if source.is_some_and(|source| !source.starts_with("registry+")) {
        return Some(format!("{name}: its source is no registry"));
    }
    if source.is_none() && package["publish"].as_array().is_some_and(Vec::is_empty) {
        // A crate of ours that is never published needs no licence.
        return None;
    }
    let allowed = |requirement: &LicenseReq| {
        let id = requirement.license.id().map(|id| id.name);
        let own = deny.licenses.exceptions.iter().filter(|exception| exception.name == name);
        let mut lists = own.map(|exception| &exception.allow).chain([&deny.licenses.allow]);
        id.is_some_and(|id| lists.any(|list| list.contains(id)))
    };
    match Expression::parse_mode(text("license"), spdx::ParseMode::LAX) {
        Err(_) => Some(format!("{name}: its licence {:?} is no SPDX expression", text("license"))),
        Ok(expression) if expression.evaluate(allowed) => None,
        Ok(_) => Some(format!("{name}: deny.toml does not allow {:?}", text("license"))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn licences_bans_and_sources_are_looked_at() {
        let deny: Deny = toml::from_str(
            "[licenses]\nallow = [\"MIT\"]\nexceptions = [{ crate = \"hash\", allow = [\"CC0-1.0\"] }]\n[bans]\ndeny = [{ crate = \"openssl-sys\" }]\n",
        )
        .unwrap();
        let registry = "registry+https://example.com";
        for (name, license, source, why) in [
            ("a", "MIT", Some(registry), None),
            ("a", "MIT OR Apache-2.0", Some(registry), None),
            ("a", "MIT/Apache-2.0", Some(registry), None),
            ("a", "MIT AND BSD-3-Clause", Some(registry), Some("does not allow")),
            ("a", "GPL-3.0-only", Some(registry), Some("does not allow")),
            ("hash", "CC0-1.0", Some(registry), None),
            ("a", "CC0-1.0", Some(registry), Some("does not allow")),
            ("a", "", Some(registry), Some("no SPDX expression")),
            ("a", "MIT", Some("git+https://example.com"), Some("no registry")),
            ("openssl-sys", "MIT", Some(registry), Some("bans")),
        ] {
            let package = json!({ "name": name, "license": license, "source": source });
            let found = forbidden(&package, &deny);
            assert_eq!(found.is_some(), why.is_some(), "{name} {license}: {found:?}");
            assert!(found.unwrap_or_default().contains(why.unwrap_or_default()));
        }
    }

    #[test]
    fn nothing_that_is_compiled_in_is_forbidden() {
        check(&Workspace::load().unwrap()).unwrap();
    }
}
