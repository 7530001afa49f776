//! Random values.

use data_encoding::HEXLOWER;
use ring::rand::{SecureRandom as _, SystemRandom};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The form of a random value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RandomForm {
    /// A UUID of version 4 (RFC 9562 §5.4), in lower case.
    Uuid,
    /// 128 bits in 32 hexadecimal digits, in lower case.
    Hex,
    /// A whole number from 0 to 9007199254740991 (53 bits, which every JSON parser keeps).
    Number,
}

impl RandomForm {
    /// Whether the value is a number.
    pub fn is_number(self) -> bool {
        self == Self::Number
    }

    /// Makes a value out of `entropy`, which fills a buffer with random bytes.
    pub fn make(self, entropy: &mut dyn FnMut(&mut [u8])) -> String {
        match self {
            Self::Uuid => uuid(bytes(entropy)),
            Self::Hex => HEXLOWER.encode(&bytes::<16>(entropy)),
            Self::Number => (u64::from_be_bytes(bytes(entropy)) >> (64 - 53)).to_string(),
        }
    }
}

fn bytes<const N: usize>(entropy: &mut dyn FnMut(&mut [u8])) -> [u8; N] {
    let mut bytes = [0; N];
    entropy(&mut bytes);
    bytes
}

fn uuid(mut bytes: [u8; 16]) -> String {
    // Version 4 and the variant of RFC 9562.
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let digits = HEXLOWER.encode(&bytes);
    [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]].join("-")
}

/// Fills `bytes` from the random number generator of the operating system.
///
/// # Panics
/// When the operating system has no random numbers. No supported one is without them.
pub fn system_entropy(bytes: &mut [u8]) {
    SystemRandom::new().fill(bytes).expect("the operating system has random numbers");
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_bytes_of_the_entropy_are_written_in_order() {
        let mut counting = |bytes: &mut [u8]| {
            bytes.iter_mut().zip(0xf0..=0xff).for_each(|(byte, value)| *byte = value);
        };
        for (form, value) in [
            (RandomForm::Uuid, "f0f1f2f3-f4f5-46f7-b8f9-fafbfcfdfeff"),
            (RandomForm::Hex, "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"),
            // 0xf0f1f2f3f4f5f6f7 without its last 11 bits.
            (RandomForm::Number, "8477502523481790"),
        ] {
            assert_eq!(form.make(&mut counting), value, "{form:?}");
        }
    }

    #[test]
    fn the_largest_number_is_the_largest_safe_one() {
        let number = RandomForm::Number.make(&mut |bytes| bytes.fill(0xff));
        assert_eq!(number, ((1_u64 << 53) - 1).to_string());
        assert_eq!(RandomForm::Number.make(&mut |bytes| bytes.fill(0)), "0");
    }

    #[test]
    fn the_system_has_entropy() {
        for form in [RandomForm::Uuid, RandomForm::Hex, RandomForm::Number] {
            let values: BTreeSet<String> = (0..8).map(|_| form.make(&mut system_entropy)).collect();
            assert_eq!(values.len(), 8, "{form:?}: {values:?}");
        }
    }

    proptest! {
        #[test]
        fn a_uuid_has_its_form(seed: [u8; 16]) {
            let uuid = RandomForm::Uuid.make(&mut |bytes| bytes.copy_from_slice(&seed));
            let groups: Vec<usize> = uuid.split('-').map(str::len).collect();
            prop_assert_eq!(groups, [8, 4, 4, 4, 12]);
            prop_assert_eq!(uuid.as_bytes()[14], b'4');
            prop_assert!(b"89ab".contains(&uuid.as_bytes()[19]));
            prop_assert!(uuid.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f' | b'-')));
        }
    }
}
