//! Streams of frames.

use crate::machine::Role;
use crate::testing::differential::compare;

/// Reads a stream of frames as tungstenite does. The first byte chooses the role, and the next two
/// the sizes of buffers and reads.
///
/// # Panics
/// The two disagree.
pub fn messages(data: &[u8]) {
    let Some((&[role, high, low], stream)) = data.split_first_chunk::<3>() else { return };
    let role = if role % 2 == 0 { Role::Client } else { Role::Server };
    let seed = u64::from(u16::from_be_bytes([high, low]));
    if let Err(difference) = compare(stream, role, seed) {
        panic!("{role:?}: {difference}");
    }
}
