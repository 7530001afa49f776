//! The check of UTF-8.

use std::str::Utf8Error;

/// Checks `bytes` as UTF-8. The fast check does not say where a fault is: the standard library's,
/// which does, runs only behind a fault.
pub(crate) fn check(bytes: &[u8]) -> Result<(), Utf8Error> {
    match simdutf8::basic::from_utf8(bytes) {
        Ok(_) => Ok(()),
        Err(_) => std::str::from_utf8(bytes).map(|_| ()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn agrees_with_the_standard_library(
            text in ".{0,100}", at in any::<prop::sample::Index>(), byte in any::<u8>(),
        ) {
            let mut bytes = text.into_bytes();
            prop_assert_eq!(check(&bytes), Ok(()));
            if !bytes.is_empty() {
                let at = at.index(bytes.len());
                bytes[at] = byte;
                prop_assert_eq!(check(&bytes), std::str::from_utf8(&bytes).map(|_| ()));
            }
        }
    }
}
