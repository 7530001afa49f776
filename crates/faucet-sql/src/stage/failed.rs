//! A query that fails at run time.

use datafusion::error::DataFusionError;
use faucet_core::{Error, ErrorKind};

/// The error of a run whose query failed. `label` names the statement.
pub(crate) fn failed(label: &str, error: DataFusionError) -> Error {
    let kind = match error.find_root() {
        DataFusionError::ArrowError(..) | DataFusionError::Execution(_) => ErrorKind::Decode,
        _ => ErrorKind::Other,
    };
    let hint = match error.find_root() {
        DataFusionError::ResourcesExhausted(_) => Some(
            "use fewer groups, or smaller windows: a query keeps a row for each group of each open window",
        ),
        _ => None,
    };
    let failed = Error::new(kind, format!("{label}: {}", reason(&error)));
    let failed = match hint {
        Some(hint) => failed.with_hint(hint),
        None => failed,
    };
    failed.with_source(error)
}

/// Why a query failed, in a line.
pub(crate) fn reason(error: &DataFusionError) -> String {
    let root = error.find_root().message();
    let line = root.lines().next().unwrap_or_default();
    line.strip_prefix("Cast error: ").unwrap_or(line).to_owned()
}
