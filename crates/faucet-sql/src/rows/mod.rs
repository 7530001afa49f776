//! Records as rows of Arrow batches, and rows as records.

mod bad_row;
mod cells;
mod decode;
mod encode;
mod format;
mod json_writer;
mod single;
mod value;

pub(crate) use bad_row::BadRow;
pub(crate) use decode::{Decoded, Decoder};
pub(crate) use encode::{EncodeError, Encoder};
pub(crate) use format::Format;
