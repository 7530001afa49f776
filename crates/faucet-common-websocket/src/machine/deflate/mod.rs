//! permessage-deflate (RFC 7692): each message is compressed with DEFLATE (RFC 1951).
//!
//! `agreed` is what the upgrade settled. The `inflater` and the `compressor` turn payloads into
//! payloads; they know no frames. Both borrow their codec from a `stock` that all connections share,
//! because a codec is far larger than what a connection must remember between two messages.
//!
//! The codec is zlib-rs: DEFLATE in Rust, with windows of every size for both directions (miniz_oxide
//! compresses with the largest window only). It is used without flate2, which has no setting for the
//! memory of a compressor and takes a C library as soon as another crate of the program asks for one.

mod agreed;
mod compressor;
mod history;
mod inflater;
#[cfg(test)]
mod oracle;
#[cfg(test)]
pub(super) mod properties;
mod stock;

pub(crate) use agreed::{Agreed, Direction, WINDOW_BITS};
pub(crate) use compressor::Compressor;
pub(crate) use inflater::{Inflater, Refused};

/// The end of every flushed DEFLATE stream: an empty block without compression. The sender leaves it
/// out of the message (RFC 7692 §7.2.1).
const TAIL: [u8; 4] = [0, 0, 0xff, 0xff];
