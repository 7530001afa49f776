//! `faucet list`: the connectors of this build.

use faucet_core::{Registry, Result};

use crate::output::print_line;

pub(crate) fn list(registry: &Registry) -> Result<()> {
    let mut entries: Vec<_> = registry.entries().collect();
    entries.sort_by_key(|entry| (entry.kind(), entry.name()));
    for entry in entries {
        let schema = entry.schema();
        let text = schema.get("description").and_then(|d| d.as_str()).unwrap_or_default();
        let first = text.split(['.', ':']).next().unwrap_or_default().replace('\n', " ");
        print_line(&format!("{:<7} {:<10} {first}", entry.kind(), entry.name()))?;
    }
    for out in registry.left_out() {
        let how = format!("not in this build; cargo feature `{}`", out.feature);
        print_line(&format!("{:<7} {:<10} {how}", out.kind, out.name))?;
    }
    Ok(())
}
