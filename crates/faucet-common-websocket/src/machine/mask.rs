//! Masks (RFC 6455 §5.3).

use rand::Rng as _;
use rand::rngs::StdRng;

/// Removes the mask from `payload`, whose first byte is byte `offset` of the frame's payload.
pub(crate) fn unmask(payload: &mut [u8], key: [u8; 4], offset: usize) {
    let mut key = key;
    key.rotate_left(offset & 3);
    let (words, rest) = payload.as_chunks_mut::<8>();
    let wide = wide(key);
    for word in words {
        *word = (u64::from_ne_bytes(*word) ^ wide).to_ne_bytes();
    }
    for (byte, key) in rest.iter_mut().zip(key.iter().cycle()) {
        *byte ^= key;
    }
}

/// Copies `payload` to `out`, which has its length, masked.
#[inline]
pub(crate) fn copy_masked(out: &mut [u8], payload: &[u8], key: [u8; 4]) {
    let (Some(_), Some(end)) = (out.last_chunk::<BLOCK>(), payload.last_chunk::<BLOCK>()) else {
        return copy_masked_short(out, payload, key);
    };
    let mask = repeated(key);
    for (to, from) in out.as_chunks_mut().0.iter_mut().zip(payload.as_chunks().0) {
        mask_block(to, from, &mask);
    }
    // One block over the end is faster than words and bytes; some of it is written a second time.
    if let (Some(to), false) = (out.last_chunk_mut(), payload.len().is_multiple_of(BLOCK)) {
        let mut key = key;
        key.rotate_left(payload.len() & 3);
        mask_block(to, end, &repeated(key));
    }
}

/// The compiler makes vector instructions of loops over so many bytes.
const BLOCK: usize = 32;

#[inline(always)]
fn repeated(key: [u8; 4]) -> [u8; BLOCK] {
    std::array::from_fn(|n| key[n & 3])
}

#[inline(always)]
fn mask_block(to: &mut [u8; BLOCK], from: &[u8; BLOCK], mask: &[u8; BLOCK]) {
    for n in 0..BLOCK {
        to[n] = from[n] ^ mask[n];
    }
}

#[inline]
fn copy_masked_short(out: &mut [u8], payload: &[u8], key: [u8; 4]) {
    let wide = wide(key);
    let ((to, to_rest), (from, from_rest)) = (out.as_chunks_mut::<8>(), payload.as_chunks::<8>());
    for (to, from) in to.iter_mut().zip(from) {
        *to = (u64::from_ne_bytes(*from) ^ wide).to_ne_bytes();
    }
    for ((to, from), key) in to_rest.iter_mut().zip(from_rest).zip(key.iter().cycle()) {
        *to = from ^ key;
    }
}

fn wide([a, b, c, d]: [u8; 4]) -> u64 {
    u64::from_ne_bytes([a, b, c, d, a, b, c, d])
}

/// The mask keys of a connection. RFC 6455 §5.3 wants keys that nobody can predict: they come from a
/// cryptographic generator, which the operating system seeds.
#[derive(Default)]
pub(crate) struct MaskKeys {
    /// Made with the first key: a connection that only receives does without.
    generator: Option<Box<StdRng>>,
}

impl MaskKeys {
    #[inline]
    pub(crate) fn next(&mut self) -> [u8; 4] {
        match &mut self.generator {
            Some(generator) => generator.next_u32().to_ne_bytes(),
            None => self.first(),
        }
    }

    #[cold]
    fn first(&mut self) -> [u8; 4] {
        self.generator.insert(Box::new(rand::make_rng())).next_u32().to_ne_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_directions_agree_at_every_length_and_offset() {
        let key = [1, 2, 3, 4];
        let plain: Vec<u8> = (0..100).collect();
        for len in 0..plain.len() {
            let mut masked = vec![0; len];
            copy_masked(&mut masked, &plain[..len], key);
            let slow: Vec<u8> =
                plain[..len].iter().zip(key.iter().cycle()).map(|(b, k)| b ^ k).collect();
            assert_eq!(masked, slow);
            let (front, back) = masked.split_at_mut(len / 3);
            unmask(front, key, 0);
            unmask(back, key, len / 3);
            assert_eq!(masked, plain[..len]);
        }
    }
}
