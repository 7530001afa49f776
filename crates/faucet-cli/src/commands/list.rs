//! `faucet list`: the components of this build.

use faucet_core::{ComponentKind, LeftOut, Registry, Result, SchemaView};
use serde_json::Value;

use crate::output::print_line;

/// A line of the list.
struct Line {
    kind: ComponentKind,
    name: &'static str,
    text: String,
}

pub(crate) fn list(registry: &Registry) -> Result<()> {
    let Registry { sources, transforms, sinks, .. } = registry;
    let mut lines = Vec::new();
    for entry in sources.iter() {
        lines.push(present(sources.kind(), entry.name(), entry.schema()));
    }
    for entry in transforms.iter() {
        lines.push(present(transforms.kind(), entry.name(), entry.schema()));
    }
    for entry in sinks.iter() {
        lines.push(present(sinks.kind(), entry.name(), entry.schema()));
    }
    lines.sort_by_key(|line| (line.kind, line.name));
    lines.extend(sources.left_out().iter().map(|out| absent(sources.kind(), out)));
    lines.extend(transforms.left_out().iter().map(|out| absent(transforms.kind(), out)));
    lines.extend(sinks.left_out().iter().map(|out| absent(sinks.kind(), out)));
    let width = lines.iter().map(|line| line.name.len()).max().unwrap_or_default();
    for Line { kind, name, text } in lines {
        print_line(&format!("{kind:<9} {name:<width$}  {text}"))?;
    }
    Ok(())
}

/// The first sentence says what it is.
fn present(kind: ComponentKind, name: &'static str, schema: &Value) -> Line {
    let text = SchemaView::new(schema).description();
    let text = text.split(['.', ':', '\n']).next().unwrap_or_default().to_owned();
    Line { kind, name, text }
}

fn absent(kind: ComponentKind, out: &LeftOut) -> Line {
    let text = format!("not in this build; cargo feature `{}`", out.feature);
    Line { kind, name: out.name, text }
}
