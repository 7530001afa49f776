//! From received messages to the records inside them.
//!
//! The steps in their order: a [`Decompressor`] makes a message text again, [`Framing::parts`] cuts
//! the text where a message holds several, [`Shape::messages`] cuts off a prefix and takes arrays
//! apart, [`value`] and [`Shape::records`] find the records. No step does any input or output.

#[cfg(test)]
mod compressed;
mod decompress;
mod failure;
mod framing;
mod gzip;
mod inflater;
mod output;
mod pending;
#[cfg(test)]
mod properties;
mod shape;
mod unwrap;
mod zstd;
mod zstd_blocks;

pub use decompress::{Decompress, Decompressed, Decompressor};
pub use failure::{DecompressFailed, DictionaryUnusable};
pub use framing::{Framing, Parts};
pub use shape::{Message, Messages, Records, Shape};
pub use unwrap::{Part, Unwrapped, value};
