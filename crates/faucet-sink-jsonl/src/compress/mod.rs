//! Compressed files: frames that end with each flush.

mod algorithm;
mod encoder;
mod pack;
mod tail;

pub use algorithm::Compress;
pub(crate) use encoder::{Encoder, default_level, levels};
pub(crate) use pack::Pack;
pub(crate) use tail::{TailError, whole_length};
