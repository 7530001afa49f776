//! The reference page of the metrics.

use std::fmt::Write as _;

use faucet_core::{ConnectionState, Distribution};

use crate::serve::table::METRICS;

/// The page, written by the command `writer`.
pub(crate) fn page(writer: &str) -> String {
    let mut out = format!(
        "<!-- Written by `{writer}` from the list of metrics in the code. -->\n\n\
         # Metrics\n\n\
         The series of `/metrics` ([metrics.md](../metrics.md)), in the order of the text. Each has the labels \
         `pipeline`, `component` and `kind` (`source`, `transform`, `sink`); those of the run have `pipeline` \
         only. The column \"of\" says which components have it.\n\n\
         | name | type | unit | of | label | meaning |\n|---|---|---|---|---|---|\n"
    );
    for metric in METRICS {
        let label = metric.label.map(|label| format!("`{label}`")).unwrap_or_default();
        let (name, kind, unit) = (metric.full_name(), metric.kind_word(), metric.unit());
        let (owner, help) = (metric.owner(), metric.help);
        let _ = writeln!(out, "| `{name}` | {kind} | {unit} | {owner} | {label} | {help} |");
    }
    let states = ConnectionState::ALL.map(|state| format!("`{}`", state.as_str())).join(", ");
    let bounds = Distribution::BOUNDS.map(|micros| (micros as f64 / 1e6).to_string()).join(", ");
    let _ = write!(
        out,
        "\nThe states of `faucet_link_state` are {states}. A histogram has the buckets {bounds} seconds, and one \
         for all that is longer.\n"
    );
    out
}
