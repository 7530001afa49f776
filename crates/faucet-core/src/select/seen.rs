//! The last keys that came by.
//!
//! A key is remembered by a hash of 128 bits: keys may be as long as whole records, and a
//! configuration bounds only their number. The bits are two hashes of the standard library's default hasher over
//! different beginnings. With a million remembered keys, a new key is taken for a known one with
//! odds of 1 to 10^32. The hashes are not secret: a sender who spends 2^64 work can find two keys
//! that look alike here. The standard library may change its hasher in a later release, so saved
//! bytes carry the hash of a fixed text, and bytes of another hasher are refused.

use std::collections::hash_map::DefaultHasher;
use std::collections::{HashSet, VecDeque};
use std::hash::Hasher;
use std::num::NonZeroUsize;
use std::ops::Range;

/// Remembers the last keys, in the order in which they came; memory is about 50 bytes for each.
#[derive(Debug, Clone)]
pub struct Seen {
    limit: usize,
    known: HashSet<u128>,
    order: VecDeque<u128>,
}

/// Why saved keys cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SeenError {
    /// The bytes are not those that [`Seen::to_bytes`] writes.
    #[error("the remembered keys are damaged")]
    Damaged,
    /// The bytes were written by a program with another hasher.
    #[error(
        "the remembered keys were saved by a program that hashes differently; \
         start without them, which may let some duplicates pass"
    )]
    OtherHasher,
}

const FORMAT: u8 = 1;

impl Seen {
    /// Remembers the last `limit` keys.
    pub fn new(limit: NonZeroUsize) -> Self {
        Self { limit: limit.get(), known: HashSet::new(), order: VecDeque::new() }
    }

    /// Remembers `key` and tells whether it is new. A known key keeps its age.
    pub fn insert(&mut self, key: &[u8]) -> bool {
        self.insert_hash(hash(key))
    }

    /// Whether `key` is remembered.
    pub fn contains(&self, key: &[u8]) -> bool {
        self.known.contains(&hash(key))
    }

    /// The number of remembered keys.
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Whether no key is remembered.
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// The remembered keys as bytes, 16 for each and 17 more.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.range_to_bytes(0..self.order.len())
    }

    /// Some of the remembered keys as bytes, counted from the oldest one.
    pub fn range_to_bytes(&self, keys: Range<usize>) -> Vec<u8> {
        let end = keys.end.min(self.order.len());
        let start = keys.start.min(end);
        let mut bytes = Vec::with_capacity(17 + 16 * (end - start));
        bytes.push(FORMAT);
        bytes.extend_from_slice(&hash(PROBE).to_le_bytes());
        for hash in self.order.range(start..end) {
            bytes.extend_from_slice(&hash.to_le_bytes());
        }
        bytes
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote; of more than `limit` keys the last ones.
    ///
    /// # Errors
    /// The bytes are damaged, or come from a program with another hasher.
    pub fn from_bytes(bytes: &[u8], limit: NonZeroUsize) -> Result<Self, SeenError> {
        let (format, hashes) = bytes.split_first().ok_or(SeenError::Damaged)?;
        let (hashes, rest) = hashes.as_chunks::<16>();
        let (probe, hashes) = hashes.split_first().ok_or(SeenError::Damaged)?;
        if *format != FORMAT || !rest.is_empty() {
            return Err(SeenError::Damaged);
        }
        if u128::from_le_bytes(*probe) != hash(PROBE) {
            return Err(SeenError::OtherHasher);
        }
        let mut seen = Self::new(limit);
        for hash in hashes.iter().skip(hashes.len().saturating_sub(seen.limit)) {
            if !seen.insert_hash(u128::from_le_bytes(*hash)) {
                return Err(SeenError::Damaged);
            }
        }
        Ok(seen)
    }

    /// Remembers all keys of `other`, as if they came now.
    pub fn extend(&mut self, other: &Self) {
        for hash in &other.order {
            self.insert_hash(*hash);
        }
    }

    fn insert_hash(&mut self, hash: u128) -> bool {
        if !self.known.insert(hash) {
            return false;
        }
        self.order.push_back(hash);
        if self.order.len() > self.limit
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        true
    }
}

const PROBE: &[u8] = b"the hasher of remembered keys";

fn hash(key: &[u8]) -> u128 {
    let half = |beginning: u8| {
        let mut hasher = DefaultHasher::new();
        hasher.write(&[beginning]);
        hasher.write(key);
        u128::from(hasher.finish())
    };
    half(0) << 64 | half(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(limit: usize) -> NonZeroUsize {
        NonZeroUsize::new(limit).unwrap()
    }

    #[test]
    fn the_last_keys_are_known() {
        let mut seen = Seen::new(limit(2));
        assert!(seen.is_empty());
        for (key, new) in [
            ("a", true),
            ("a", false),
            ("b", true),
            ("a", false),
            ("c", true),
            ("b", false),
            ("a", true),
        ] {
            assert_eq!(seen.insert(key.as_bytes()), new, "{key}");
        }
        assert!(seen.contains(b"c") && !seen.contains(b"b"));
        assert_eq!(seen.len(), 2);
    }

    #[test]
    fn memory_is_bounded() {
        let mut seen = Seen::new(limit(100));
        for n in 0..10_000u32 {
            assert!(seen.insert(&n.to_le_bytes()));
        }
        assert_eq!((seen.known.len(), seen.order.len()), (100, 100));
        assert!(seen.known.capacity() < 1000 && seen.order.capacity() < 1000);
    }

    #[test]
    fn saved_and_read() {
        let mut seen = Seen::new(limit(3));
        for key in ["a", "b", "c", "d"] {
            seen.insert(key.as_bytes());
        }
        let bytes = seen.to_bytes();
        let mut same = Seen::from_bytes(&bytes, limit(3)).unwrap();
        assert_eq!(same.to_bytes(), bytes);
        assert!(!same.insert(b"b") && same.insert(b"a"), "order and limit come back");
        let fewer = Seen::from_bytes(&bytes, limit(1)).unwrap();
        assert!(fewer.contains(b"d") && fewer.len() == 1);
        let mut other = bytes.clone();
        other[1] ^= 1;
        let mut twice = bytes.clone();
        twice.extend_from_slice(&bytes[17..33]);
        let mut format = bytes.clone();
        format[0] = 9;
        for (bytes, error) in [
            (&[][..], SeenError::Damaged),
            (&[FORMAT], SeenError::Damaged),
            (&bytes[..20], SeenError::Damaged),
            (&format, SeenError::Damaged),
            (&other, SeenError::OtherHasher),
            (&twice, SeenError::Damaged),
        ] {
            assert_eq!(Seen::from_bytes(bytes, limit(9)).unwrap_err(), error);
        }
    }

    #[test]
    fn keys_of_one_byte_and_of_none_differ() {
        let hashes = [hash(b""), hash(b"\0"), hash(b"\x01"), hash(b"\0\0"), hash(PROBE)];
        for (i, a) in hashes.iter().enumerate() {
            assert!(hashes[..i].iter().all(|b| a != b && a >> 64 != b >> 64));
        }
    }
}
