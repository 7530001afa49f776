//! Encodings of texts, digests and keys.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use faucet_core::Secret;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// All characters but the unreserved ones (RFC 3986 §2.3).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Reads base64 whether it ends in padding or not: providers hand out keys in both forms.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The encoding of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    /// Base64 with padding (RFC 4648 §4).
    Base64,
    /// Base64 for URLs and file names, without padding (RFC 4648 §5).
    Base64url,
    /// Percent-encoding of everything but letters, digits and `-._~` (RFC 3986 §2.3).
    Url,
    /// Hexadecimal digits in lower case.
    Hex,
}

impl Encoding {
    /// Encodes the UTF-8 bytes of `text`.
    pub fn encode(self, text: &str) -> String {
        let bytes = text.as_bytes();
        match self {
            Self::Base64 => STANDARD.encode(bytes),
            Self::Base64url => URL_SAFE_NO_PAD.encode(bytes),
            Self::Url => percent_encode(bytes, RESERVED).to_string(),
            Self::Hex => HEXLOWER.encode(bytes),
        }
    }
}

/// How a digest is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DigestForm {
    /// Hexadecimal digits in lower case.
    #[default]
    Hex,
    /// Base64 with padding (RFC 4648 §4).
    Base64,
    /// Base64 for URLs and file names, without padding (RFC 4648 §5).
    Base64url,
}

impl DigestForm {
    /// Writes `digest`.
    pub fn encode(self, digest: &[u8]) -> String {
        match self {
            Self::Hex => HEXLOWER.encode(digest),
            Self::Base64 => STANDARD.encode(digest),
            Self::Base64url => URL_SAFE_NO_PAD.encode(digest),
        }
    }
}

/// How the key of a keyed hash is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeyForm {
    /// The key is the text itself, in UTF-8.
    #[default]
    Text,
    /// The key is in base64, of either alphabet, with or without padding.
    Base64,
    /// The key is in hexadecimal digits, of either case.
    Hex,
}

/// Why a text is no key of its form. `Display` does not repeat the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFault {
    /// There is no key.
    #[error("is empty")]
    Empty,
    /// There is a blank or a line break, which neither base64 nor hexadecimal digits have.
    #[error("has a blank or a line break")]
    Blank,
    /// The text is not in base64.
    #[error("is not base64")]
    NotBase64,
    /// The text is not an even number of hexadecimal digits.
    #[error("is not an even number of hexadecimal digits")]
    NotHex,
}

impl KeyForm {
    /// The bytes of the key.
    ///
    /// # Errors
    /// The key is empty, or its text is not of this form.
    pub fn decode(self, key: &Secret) -> Result<Vec<u8>, KeyFault> {
        let text = key.expose();
        if text.is_empty() {
            return Err(KeyFault::Empty);
        }
        if self != Self::Text && text.contains(char::is_whitespace) {
            return Err(KeyFault::Blank);
        }
        match self {
            Self::Text => Ok(text.as_bytes().to_vec()),
            Self::Base64 => {
                let standard = text.replace('-', "+").replace('_', "/");
                LENIENT.decode(standard).map_err(|_| KeyFault::NotBase64)
            }
            Self::Hex => HEXLOWER_PERMISSIVE.decode(text.as_bytes()).map_err(|_| KeyFault::NotHex),
        }
    }
}

#[cfg(test)]
mod tests {
    use percent_encoding::percent_decode_str;
    use proptest::prelude::*;

    use super::*;

    fn decode(form: KeyForm, text: &str) -> Result<Vec<u8>, KeyFault> {
        form.decode(&text.into())
    }

    #[test]
    fn each_encoding_writes_its_characters() {
        for (encoding, text, encoded) in [
            (Encoding::Base64, "a", "YQ=="),
            (Encoding::Base64, "\u{3ff}\u{3ff}>", "z7/Pvz4="),
            (Encoding::Base64url, "\u{3ff}\u{3ff}>", "z7_Pvz4"),
            (Encoding::Url, "a/b c+ü-._~&=", "a%2Fb%20c%2B%C3%BC-._~%26%3D"),
            (Encoding::Hex, "\n\u{ff}Z", "0ac3bf5a"),
            (Encoding::Hex, "", ""),
        ] {
            assert_eq!(encoding.encode(text), encoded, "{encoding:?}");
        }
    }

    #[test]
    fn digests_are_written_in_three_forms() {
        let digest = [0xfb, 0xff, 0x0a, 0x01];
        assert_eq!(DigestForm::default().encode(&digest), "fbff0a01");
        assert_eq!(DigestForm::Base64.encode(&digest), "+/8KAQ==");
        assert_eq!(DigestForm::Base64url.encode(&digest), "-_8KAQ");
    }

    #[test]
    fn keys_are_read_in_their_forms() {
        let bytes = vec![0xfb, 0xff, 0x0a, 0x01];
        for (form, text, expected) in [
            (KeyForm::Text, "k\n", Ok(b"k\n".to_vec())),
            (KeyForm::Text, "", Err(KeyFault::Empty)),
            (KeyForm::Base64, "+/8KAQ==", Ok(bytes.clone())),
            (KeyForm::Base64, "+/8KAQ", Ok(bytes.clone())),
            (KeyForm::Base64, "-_8KAQ==", Ok(bytes.clone())),
            (KeyForm::Base64, "-_8KAQ", Ok(bytes.clone())),
            (KeyForm::Base64, "-_8KA", Err(KeyFault::NotBase64)),
            (KeyForm::Base64, "", Err(KeyFault::Empty)),
            (KeyForm::Base64, "-_8KAQ==\n", Err(KeyFault::Blank)),
            (KeyForm::Base64, "s3cret!", Err(KeyFault::NotBase64)),
            (KeyForm::Hex, "fbFF0a01", Ok(bytes)),
            (KeyForm::Hex, "fbf", Err(KeyFault::NotHex)),
            (KeyForm::Hex, "+b", Err(KeyFault::NotHex)),
            (KeyForm::Hex, "fb ff", Err(KeyFault::Blank)),
        ] {
            assert_eq!(decode(form, text), expected, "{form:?} {text:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_read_back(text in ".*") {
            let bytes = text.as_bytes();
            let url = Encoding::Url.encode(&text);
            prop_assert!(url.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~%".contains(&b)));
            prop_assert_eq!(percent_decode_str(&url).collect::<Vec<u8>>(), bytes);
            if !text.is_empty() {
                for (encoding, form) in [
                    (Encoding::Base64, KeyForm::Base64),
                    (Encoding::Base64url, KeyForm::Base64),
                    (Encoding::Hex, KeyForm::Hex),
                ] {
                    prop_assert_eq!(decode(form, &encoding.encode(&text)).unwrap(), bytes);
                }
            }
        }

        #[test]
        fn a_digest_is_read_back(digest in prop::collection::vec(any::<u8>(), 1..70)) {
            for (written, read) in [
                (DigestForm::Hex, KeyForm::Hex),
                (DigestForm::Base64, KeyForm::Base64),
                (DigestForm::Base64url, KeyForm::Base64),
            ] {
                prop_assert_eq!(&decode(read, &written.encode(&digest)).unwrap(), &digest);
            }
        }
    }
}
