//! A column of a stream.

use faucet_core::select::Pointer;

use crate::schema::ColumnType;

/// A column of a stream.
#[derive(Debug, Clone)]
pub(crate) struct Column {
    /// The name, in the case in which it was declared.
    pub(crate) name: String,
    pub(crate) kind: ColumnType,
    /// Where its value stands in a JSON record. `None`: the member called `name`.
    pub(crate) pointer: Option<Pointer>,
}
