//! A run of bytes that is to be a number, `true`, `false` or `null`.

use crate::stream::json::digits::{are_digits, leading_digits};

/// Whether `run` is a number, `true`, `false` or `null`, and nothing else.
#[cold]
pub(super) fn is_scalar(run: &[u8]) -> bool {
    match run.first() {
        Some(b't') => run == b"true",
        Some(b'f') => run == b"false",
        Some(b'n') => run == b"null",
        Some(b'1'..=b'9') if are_digits(run) => true,
        _ => is_number(run),
    }
}

fn is_number(run: &[u8]) -> bool {
    let run = run.strip_prefix(b"-").unwrap_or(run);
    let has_leading_zero = matches!(run, [b'0', b'0'..=b'9', ..]);
    let Some(mut run) = behind_digits(run).filter(|_| !has_leading_zero) else { return false };
    if let [b'.', fraction @ ..] = run {
        let Some(behind) = behind_digits(fraction) else { return false };
        run = behind;
    }
    if let [b'e' | b'E', b'+' | b'-', exponent @ ..] | [b'e' | b'E', exponent @ ..] = run {
        let Some(behind) = behind_digits(exponent) else { return false };
        run = behind;
    }
    run.is_empty()
}

/// What stands behind the digits at the start of `text`. `None` where there is no digit.
#[inline(always)]
fn behind_digits(text: &[u8]) -> Option<&[u8]> {
    match leading_digits(text) {
        0 => None,
        count => text.get(count..),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_are_told_from_other_text() {
        for scalar in [
            "true",
            "false",
            "null",
            "0",
            "-0",
            "7",
            "10",
            "-0.5E+10",
            "0.25",
            "1e5",
            "12345678901",
        ] {
            assert!(is_scalar(scalar.as_bytes()), "{scalar}");
        }
        for other in [
            "",
            "-",
            "+1",
            "01",
            "-01",
            "00",
            ".5",
            "1.",
            "1.e5",
            "1e",
            "1e+",
            "1ee5",
            "1.5.2",
            "tru",
            "truee",
            "nul",
            "False",
            "NaN",
            "1x",
            "0x1",
            "--1",
            "1-1",
            "12345678901a",
        ] {
            assert!(!is_scalar(other.as_bytes()), "{other}");
        }
    }
}
