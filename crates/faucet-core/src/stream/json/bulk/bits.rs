//! Operations on masks. The lowest bit of a mask is the first byte of its block, so "behind" is to
//! the left: `<< 1` moves each bit to the byte behind it.

/// Each bit of the result is the parity of the mask's bits up to and including it: the result is set
/// from each odd bit of the mask (the first, the third …) up to the next, which is not included.
///
/// With quotes as the mask, this is "inside a string".
#[inline(always)]
pub(crate) fn prefix_xor(mut mask: u64) -> u64 {
    // Each step doubles how many bits to the right a bit has taken in.
    mask ^= mask << 1;
    mask ^= mask << 2;
    mask ^= mask << 4;
    mask ^= mask << 8;
    mask ^= mask << 16;
    mask ^ mask << 32
}

/// All bits set, or none.
#[inline(always)]
pub(crate) fn all_if(condition: bool) -> u64 {
    0u64.wrapping_sub(u64::from(condition))
}

/// The bytes that a backslash escapes, and whether the first byte of the next block is escaped.
/// `pending` is 1 where the first byte of this block is escaped, else 0.
#[inline(always)]
pub(crate) fn escaped_bytes(backslash: u64, pending: u64) -> (u64, u64) {
    const ODD: u64 = 0xaaaa_aaaa_aaaa_aaaa;
    // Of a run of backslashes the first, the third and so on escape the byte behind. The subtraction
    // tells odd bytes from even ones in each run: its borrow passes through the run and toggles the
    // bits of either, according to where the run begins.
    let starts = backslash & !pending;
    let toggled = ((starts << 1 | ODD).wrapping_sub(starts)) ^ ODD;
    let escapes = toggled & backslash;
    (toggled ^ (backslash | pending), escapes >> 63)
}

/// The bytes behind tokens of one sort, with spaces between skipped.
#[derive(Default)]
pub(crate) struct Behind {
    /// Bit 0 is set where the next block begins behind such a token.
    carry: u64,
}

impl Behind {
    /// The text begins as if such a token stood in front.
    pub(super) const AT_START: Self = Self { carry: 1 };

    /// The first byte that is no space behind each of `ends`, the last bytes of tokens. `also` are
    /// bytes that stand directly behind such a token.
    ///
    /// An addition skips the spaces: it carries through a run of set bits, as 0111 + 1 = 1000.
    #[inline(always)]
    pub(crate) fn of(&mut self, ends: u64, also: u64, spaces: u64) -> u64 {
        let next = ends << 1 | self.carry | also;
        self.carry = ends >> 63;
        if spaces == 0 {
            return next;
        }
        let (skipped, beyond_block) = spaces.overflowing_add(next & spaces);
        self.carry |= u64::from(beyond_block);
        (next | skipped) & !spaces
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A mask of 64 bits from a picture whose first character is the first byte.
    fn mask(picture: &str) -> u64 {
        picture.bytes().enumerate().fold(0, |mask, (n, c)| mask | u64::from(c == b'#') << n)
    }

    #[test]
    fn parity_is_set_between_pairs() {
        for (bits, expected) in
            [("", ""), ("#  #", "###"), ("  #   #  # #", "  ####   ##"), ("##", "#")]
        {
            assert_eq!(prefix_xor(mask(bits)), mask(expected), "{bits}");
        }
        assert_eq!(prefix_xor(1 << 60), 0xf << 60);
    }

    #[test]
    fn escapes_come_in_pairs() {
        // A backslash that is escaped escapes nothing.
        let slow = |backslash: u64, pending: u64| {
            let mut is_escaped = pending == 1;
            let escaped = (0..64).fold(0, |escaped, n| {
                let here = u64::from(is_escaped) << n;
                is_escaped = !is_escaped && backslash >> n & 1 == 1;
                escaped | here
            });
            (escaped, u64::from(is_escaped))
        };
        let mut noise = 0x9e37_79b9_7f4a_7c15_u64;
        for n in 0..10_000 {
            noise ^= noise << 13;
            noise ^= noise >> 7;
            noise ^= noise << 17;
            // Dense, sparse, and with long runs.
            let backslash = match n % 3 {
                0 => noise,
                1 => noise & noise.rotate_left(9) & noise.rotate_left(27),
                _ => noise | noise.rotate_left(9) | noise.rotate_left(27),
            };
            for pending in [0, 1] {
                let found = escaped_bytes(backslash, pending);
                assert_eq!(found, slow(backslash, pending), "{backslash:b} {pending}");
            }
        }
        assert_eq!(escaped_bytes(mask(r"### #"), 0), (mask(" # # #"), 0));
        assert_eq!(escaped_bytes(1 << 63, 0), (0, 1));
    }

    #[test]
    fn spaces_behind_tokens_are_skipped_across_blocks() {
        let mut behind = Behind::default();
        assert_eq!(behind.of(mask("#    #"), 0, mask(" ##")), mask("   #  #"));
        // A token at the end of a block, one with a space behind it, and one far from the end.
        for (ends, spaces) in [(1 << 63, 0), (1 << 62, 1 << 63), (1 << 50, !0 << 51)] {
            let mut behind = Behind::default();
            assert_eq!(behind.of(ends, 0, spaces), 0);
            assert_eq!(behind.of(0, 0, mask("##")), mask("  #"));
            assert_eq!(behind.of(0, 0, mask("##")), 0);
        }
        // A block of nothing but spaces.
        let mut behind = Behind::AT_START;
        assert_eq!((behind.of(0, 0, !0), behind.of(0, 0, 0)), (0, 1));
    }
}
