//! Runs of decimal digits, eight at a time.

const EACH: u64 = 0x0101_0101_0101_0101;

/// The number of digits at the start of `text`.
#[inline(always)]
pub(super) fn leading_digits(text: &[u8]) -> usize {
    let mut count = 0;
    while let Some(word) = text[count..].first_chunk::<8>() {
        let others = not_digits(*word);
        if others != 0 {
            return count + others.trailing_zeros() as usize / 8;
        }
        count += 8;
    }
    count + text[count..].iter().take_while(|byte| byte.is_ascii_digit()).count()
}

/// Whether `text` has digits only.
#[inline(always)]
pub(super) fn are_digits(text: &[u8]) -> bool {
    // Two words that overlap have all bytes of the most frequent lengths, without a loop.
    if let (8..=16, Some(first), Some(last)) = (text.len(), text.first_chunk(), text.last_chunk()) {
        return not_digits(*first) | not_digits(*last) == 0;
    }
    if let (4..8, Some(first), Some(last)) = (text.len(), text.first_chunk(), text.last_chunk()) {
        let ([a, b, c, d], [e, f, g, h]) = (*first, *last);
        return not_digits([a, b, c, d, e, f, g, h]) == 0;
    }
    leading_digits(text) == text.len()
}

/// The highest bit of each byte that is no digit. Bits of bytes behind the first such byte may be
/// wrong, because carries run into them.
#[inline(always)]
fn not_digits(word: [u8; 8]) -> u64 {
    let word = u64::from_le_bytes(word);
    // The highest bit gets set: by the addition in the bytes from `:` (0x3a) to 0xb9, by the
    // subtraction in those below `0` and from 0xb0 on.
    let above = word.wrapping_add(EACH * (0x80 - u64::from(b':')));
    let below = word.wrapping_sub(EACH * u64::from(b'0'));
    (above | below) & (EACH * 0x80)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_end_at_the_first_other_byte() {
        for length in 0..40 {
            let digits: Vec<u8> = (0..length).map(|n| b'0' + n as u8 % 10).collect();
            assert_eq!((leading_digits(&digits), are_digits(&digits)), (length, true));
            for at in 0..length {
                for byte in 0..=255u8 {
                    let mut text = digits.clone();
                    text[at] = byte;
                    let is_digit = byte.is_ascii_digit();
                    let expected = if is_digit { length } else { at };
                    assert_eq!(leading_digits(&text), expected, "{text:?}");
                    assert_eq!(are_digits(&text), is_digit, "{text:?}");
                }
            }
        }
    }
}
