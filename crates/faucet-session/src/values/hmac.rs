//! Keyed hashes (RFC 2104).

use ring::hmac::{self, HMAC_SHA256, HMAC_SHA384, HMAC_SHA512, Key};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The hash function of an HMAC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HmacAlgorithm {
    /// HMAC with SHA-256: 32 bytes.
    Sha256,
    /// HMAC with SHA-384: 48 bytes.
    Sha384,
    /// HMAC with SHA-512: 64 bytes.
    Sha512,
}

impl HmacAlgorithm {
    /// The HMAC of `text` under `key`.
    pub fn sign(self, key: &[u8], text: &[u8]) -> Vec<u8> {
        let algorithm = match self {
            Self::Sha256 => HMAC_SHA256,
            Self::Sha384 => HMAC_SHA384,
            Self::Sha512 => HMAC_SHA512,
        };
        hmac::sign(&Key::new(algorithm, key), text).as_ref().to_vec()
    }
}

#[cfg(test)]
mod tests {
    use data_encoding::HEXLOWER;

    use super::*;

    /// The test cases of RFC 4231 §4 whose digests are not truncated: key, data, digests.
    fn cases() -> Vec<(Vec<u8>, Vec<u8>, [&'static str; 3])> {
        vec![
            (
                vec![0x0b; 20],
                b"Hi There".to_vec(),
                [
                    "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
                    "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59c\
                     faea9ea9076ede7f4af152e8b2fa9cb6",
                    "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cde\
                     daa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854",
                ],
            ),
            (
                b"Jefe".to_vec(),
                b"what do ya want for nothing?".to_vec(),
                [
                    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
                    "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e\
                     8e2240ca5e69e2c78b3239ecfab21649",
                    "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554\
                     9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
                ],
            ),
            (
                vec![0xaa; 20],
                vec![0xdd; 50],
                [
                    "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
                    "88062608d3e6ad8a0aa2ace014c8a86f0aa635d947ac9febe83ef4e55966144b\
                     2a5ab39dc13814b94e3ab6e101a34f27",
                    "fa73b0089d56a284efb0f0756c890be9b1b5dbdd8ee81a3655f83e33b2279d39\
                     bf3e848279a722c806b485a47e67c807b946a337bee8942674278859e13292fb",
                ],
            ),
            (
                vec![0xaa; 131],
                b"Test Using Larger Than Block-Size Key - Hash Key First".to_vec(),
                [
                    "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
                    "4ece084485813e9088d2c63a041bc5b44f9ef1012a2b588f3cd11f05033ac4c6\
                     0c2ef6ab4030fe8296248df163f44952",
                    "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f352\
                     6b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598",
                ],
            ),
        ]
    }

    #[test]
    fn digests_are_those_of_rfc_4231() {
        use HmacAlgorithm::{Sha256, Sha384, Sha512};
        for (key, text, digests) in cases() {
            for (algorithm, digest) in [Sha256, Sha384, Sha512].into_iter().zip(digests) {
                assert_eq!(HEXLOWER.encode(&algorithm.sign(&key, &text)), digest, "{algorithm:?}");
            }
        }
    }

    #[test]
    fn the_words_of_the_configuration() {
        use HmacAlgorithm::{Sha256, Sha384, Sha512};
        for (word, algorithm) in [("sha256", Sha256), ("sha384", Sha384), ("sha512", Sha512)] {
            assert_eq!(serde_json::from_value::<HmacAlgorithm>(word.into()).unwrap(), algorithm);
        }
    }
}
