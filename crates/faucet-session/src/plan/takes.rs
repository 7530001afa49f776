//! Names for values of a message.

use std::collections::BTreeMap;
use std::sync::Arc;

use faucet_core::select::Pointer;

/// Names for values of a message.
pub(crate) type Takes = Vec<(Arc<str>, Pointer)>;

/// The names of a map of name to place.
pub(crate) fn takes(take: &BTreeMap<String, Pointer>) -> Takes {
    take.iter().map(|(name, place)| (name.as_str().into(), place.clone())).collect()
}
