//! Records as rows of Arrow batches, and rows as records.

mod bad_row;
mod cells;
mod decode;
mod encode;
mod encode_error;
mod format;
mod json_writer;
mod lines;
#[cfg(test)]
mod properties;
mod single;
mod value;

pub(crate) use bad_row::BadRow;
pub(crate) use decode::{Decoded, Decoder};
pub(crate) use encode::Encoder;
pub(crate) use encode_error::EncodeError;
pub(crate) use format::Format;
