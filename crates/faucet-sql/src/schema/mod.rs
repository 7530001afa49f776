//! The columns of streams.

mod column;
mod column_type;

pub(crate) use column::Column;
pub(crate) use column_type::{ColumnType, is_object};
