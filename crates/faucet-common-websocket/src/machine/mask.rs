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

/// Copies `payload` to `out`, masked, in one pass over words.
#[inline]
pub(crate) fn copy_masked(out: &mut [u8], payload: &[u8], key: [u8; 4]) {
    let wide = wide(key);
    // Blocks of 32 bytes let the compiler use vector instructions for the loop inside.
    let (to, to_rest) = out.as_chunks_mut::<32>();
    let (from, from_rest) = payload.as_chunks::<32>();
    for (to, from) in to.iter_mut().zip(from) {
        let words = to.as_chunks_mut::<8>().0.iter_mut().zip(from.as_chunks::<8>().0);
        words.for_each(|(to, from)| *to = (u64::from_ne_bytes(*from) ^ wide).to_ne_bytes());
    }
    let (to, _) = to_rest.as_chunks_mut::<8>();
    let (from, from_rest) = from_rest.as_chunks::<8>();
    for (to, from) in to.iter_mut().zip(from) {
        *to = (u64::from_ne_bytes(*from) ^ wide).to_ne_bytes();
    }
    if !from_rest.is_empty() {
        copy_masked_end(out, payload, key);
    }
}

/// Masks the last bytes, fewer than eight; all of them where there are no more.
#[inline]
fn copy_masked_end(out: &mut [u8], payload: &[u8], mut key: [u8; 4]) {
    match (out.last_chunk_mut::<8>(), payload.last_chunk::<8>()) {
        // One word over the end is faster than bytes; some of it is written a second time.
        (Some(to), Some(from)) => {
            key.rotate_left(payload.len() & 3);
            *to = (u64::from_ne_bytes(*from) ^ wide(key)).to_ne_bytes();
        }
        _ => {
            let bytes = out.iter_mut().zip(payload).zip(key.iter().cycle());
            bytes.for_each(|((to, from), key)| *to = from ^ key);
        }
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
        let generator = self.generator.get_or_insert_with(|| Box::new(rand::make_rng()));
        generator.next_u32().to_ne_bytes()
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
