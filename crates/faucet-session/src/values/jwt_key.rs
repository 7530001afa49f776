//! Keys of signed tokens.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use faucet_core::Secret;

use crate::values::jwt_algorithm::JwtAlgorithm;
use ring::error::KeyRejected;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::{self, PemObject as _};

use crate::values::hmac::HmacAlgorithm;

/// Why a text is no key of its algorithm. `Display` does not repeat the key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JwtKeyFault {
    /// There is no key.
    #[error("is empty")]
    Empty,
    /// The text holds no private key in PEM form.
    #[error("is no private key in PEM form")]
    NotPem,
    /// The text begins like a key in PEM form and goes on otherwise.
    #[error("is a damaged PEM text")]
    Damaged,
    /// A password protects the key.
    #[error("is encrypted with a password")]
    Encrypted,
    /// The key is one of another algorithm.
    #[error("is a key of another algorithm than {}", .wanted.name())]
    OtherAlgorithm {
        /// The algorithm that the configuration asks for.
        wanted: JwtAlgorithm,
    },
    /// The library that signs does not take the key: its curve or its size is another one, its parts
    /// do not belong together, or its public part is missing.
    #[error("is no usable key for {} ({reason})", .wanted.name())]
    Rejected {
        /// The algorithm that the configuration asks for.
        wanted: JwtAlgorithm,
        /// The reason of the library.
        reason: KeyRejected,
    },
}

impl JwtKeyFault {
    /// The remedy.
    pub const fn advice(&self) -> &'static str {
        match self {
            Self::Empty => "give the key",
            Self::NotPem | Self::Damaged => {
                "give the whole text from `-----BEGIN` to `-----END …-----`, with its line breaks or \
                 with `\\n` in the place of each"
            }
            Self::Encrypted => {
                "give the key without its password: `openssl pkey -in KEY.pem -out PLAIN.pem`"
            }
            Self::OtherAlgorithm { .. } => "set the algorithm that the key was made for",
            // The command adds a public part that is missing.
            Self::Rejected { .. } => {
                "check the curve or the size of the key, and write the key anew: \
                 `openssl pkey -in KEY.pem -out NEW.pem`"
            }
        }
    }
}

/// The text was not signed: the operating system has no random numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the operating system has no random numbers")]
pub struct NotSigned;

/// A key, ready to sign. `Debug` shows its algorithm only.
pub struct JwtKey(Pair);

enum Pair {
    Text(Secret),
    Ecdsa(EcdsaKeyPair),
    Rsa(RsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl JwtKey {
    /// Reads a key: PEM in the forms SEC 1, PKCS #1 or PKCS #8, its line breaks possibly written as
    /// `\n`. A key of `HS256` is any text; one of `EdDSA` may also be base64.
    ///
    /// # Errors
    /// The text is no key of the algorithm.
    pub fn read(algorithm: JwtAlgorithm, key: &Secret) -> Result<Self, JwtKeyFault> {
        let text = key.expose();
        if text.trim().is_empty() {
            return Err(JwtKeyFault::Empty);
        }
        let rejected = |reason| JwtKeyFault::Rejected { wanted: algorithm, reason };
        let other = Err(JwtKeyFault::OtherAlgorithm { wanted: algorithm });
        let pair = match algorithm {
            JwtAlgorithm::HS256 => Ok(Pair::Text(key.clone())),
            JwtAlgorithm::ES256 => match of_pem(text)? {
                PrivateKeyDer::Pkcs8(der) => ecdsa(der.secret_pkcs8_der()),
                PrivateKeyDer::Sec1(der) => ecdsa(&pkcs8_of_sec1(der.secret_sec1_der())),
                _ => return other,
            }
            .map(Pair::Ecdsa),
            JwtAlgorithm::RS256 => match of_pem(text)? {
                PrivateKeyDer::Pkcs8(der) => RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()),
                PrivateKeyDer::Pkcs1(der) => RsaKeyPair::from_der(der.secret_pkcs1_der()),
                _ => return other,
            }
            .map(Pair::Rsa),
            JwtAlgorithm::EdDSA => match raw_ed25519(text) {
                Some(pair) => pair,
                None => match of_pem(text)? {
                    PrivateKeyDer::Pkcs8(der) => {
                        Ed25519KeyPair::from_pkcs8_maybe_unchecked(der.secret_pkcs8_der())
                    }
                    _ => return other,
                },
            }
            .map(Pair::Ed25519),
        };
        pair.map(Self).map_err(rejected)
    }

    /// The algorithm that the key is for.
    pub fn algorithm(&self) -> JwtAlgorithm {
        match &self.0 {
            Pair::Text(_) => JwtAlgorithm::HS256,
            Pair::Ecdsa(_) => JwtAlgorithm::ES256,
            Pair::Rsa(_) => JwtAlgorithm::RS256,
            Pair::Ed25519(_) => JwtAlgorithm::EdDSA,
        }
    }

    /// The signature of `text` in the form of RFC 7518.
    pub(super) fn sign(&self, text: &[u8]) -> Result<Vec<u8>, NotSigned> {
        let random = SystemRandom::new();
        match &self.0 {
            Pair::Text(key) => Ok(HmacAlgorithm::Sha256.sign(key.expose().as_bytes(), text)),
            Pair::Ecdsa(pair) => {
                let signature = pair.sign(&random, text).map_err(|_| NotSigned)?;
                Ok(signature.as_ref().to_vec())
            }
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                let signed = pair.sign(&RSA_PKCS1_SHA256, &random, text, &mut signature);
                signed.map(|()| signature).map_err(|_| NotSigned)
            }
            Pair::Ed25519(pair) => Ok(pair.sign(text).as_ref().to_vec()),
        }
    }
}

impl fmt::Debug for JwtKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JwtKey({})", self.algorithm().name())
    }
}

/// The first private key of a PEM text.
fn of_pem(text: &str) -> Result<PrivateKeyDer<'static>, JwtKeyFault> {
    if text.contains("BEGIN ENCRYPTED") || text.contains(",ENCRYPTED") {
        return Err(JwtKeyFault::Encrypted);
    }
    // A key in an environment variable or in a JSON file has its line breaks written like this.
    let lines = text.replace("\\r", "").replace("\\n", "\n");
    PrivateKeyDer::from_pem_slice(lines.as_bytes()).map_err(|error| match error {
        pem::Error::NoItemsFound => JwtKeyFault::NotPem,
        // The error repeats a part of the key.
        _ => JwtKeyFault::Damaged,
    })
}

fn ecdsa(pkcs8: &[u8]) -> Result<EcdsaKeyPair, KeyRejected> {
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8, &SystemRandom::new())
}

/// The key of a text that is base64 of a seed, or of a seed and the public key behind it.
fn raw_ed25519(text: &str) -> Option<Result<Ed25519KeyPair, KeyRejected>> {
    let bytes = STANDARD.decode(text.trim()).ok()?;
    match bytes.len() {
        32 => Some(Ed25519KeyPair::from_seed_unchecked(&bytes)),
        64 => Some(Ed25519KeyPair::from_seed_and_public_key(&bytes[..32], &bytes[32..])),
        _ => None,
    }
}

/// Puts a P-256 key of the form SEC 1 (RFC 5915) into the form PKCS #8 (RFC 5958), the only one that
/// *ring* reads.
fn pkcs8_of_sec1(sec1: &[u8]) -> Vec<u8> {
    const VERSION: &[u8] = &[0x02, 0x01, 0x00];
    // id-ecPublicKey (1.2.840.10045.2.1) with prime256v1 (1.2.840.10045.3.1.7).
    const ALGORITHM: &[u8] = &[
        0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86,
        0x48, 0xce, 0x3d, 0x03, 0x01, 0x07,
    ];
    const SEQUENCE: u8 = 0x30;
    const OCTET_STRING: u8 = 0x04;
    der(SEQUENCE, &[VERSION, ALGORITHM, &der(OCTET_STRING, sec1)].concat())
}

/// A value of DER.
fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let significant =
        &length[length.iter().position(|byte| *byte != 0).unwrap_or(length.len() - 1)..];
    let mut value = vec![tag];
    if significant.len() > 1 || significant[0] >= 0x80 {
        value.push(0x80 | significant.len() as u8);
    }
    value.extend_from_slice(significant);
    value.extend_from_slice(content);
    value
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use ring::signature::KeyPair as _;

    use super::*;

    const SEC1: &str = include_str!("testdata/es256_sec1.pem");
    const EC_PKCS8: &str = include_str!("testdata/es256_pkcs8.pem");
    const PKCS1: &str = include_str!("testdata/rs256_pkcs1.pem");
    const RSA_PKCS8: &str = include_str!("testdata/rs256_pkcs8.pem");
    const ED25519: &str = include_str!("testdata/ed25519_pkcs8.pem");
    /// The seed and the public part of the same key.
    const RAW: &str = "v5GuYqtQ1yJ8UdIAaLPSXz6pOUhLWivzQ0OBIgg9rkWr9XNo7a6EvwL7i7EzwDBpoe0YJVAapVOK\
                       d/fWR0s0PA==";
    const SEED: &str = "v5GuYqtQ1yJ8UdIAaLPSXz6pOUhLWivzQ0OBIgg9rkU=";

    fn public(algorithm: JwtAlgorithm, text: &str) -> Result<Vec<u8>, JwtKeyFault> {
        Ok(match JwtKey::read(algorithm, &text.into())?.0 {
            Pair::Text(key) => key.expose().into(),
            Pair::Ecdsa(pair) => pair.public_key().as_ref().to_vec(),
            Pair::Rsa(pair) => pair.public_key().as_ref().to_vec(),
            Pair::Ed25519(pair) => pair.public_key().as_ref().to_vec(),
        })
    }

    #[test]
    fn one_key_is_read_in_all_its_forms() {
        use JwtAlgorithm::{ES256, EdDSA, RS256};
        let one_line = SEC1.trim().replace('\n', "\\n");
        let windows = EC_PKCS8.replace('\n', "\r\n");
        let windows_line = SEC1.replace('\n', "\\r\\n");
        let behind = format!(
            "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n{SEC1}"
        );
        for (algorithm, forms) in [
            (ES256, &[EC_PKCS8, SEC1, &one_line, &windows, &windows_line, &behind][..]),
            (RS256, &[PKCS1, RSA_PKCS8]),
            (EdDSA, &[ED25519, RAW, SEED]),
        ] {
            let keys: Vec<_> = forms.iter().map(|form| public(algorithm, form).unwrap()).collect();
            assert!(keys.iter().all(|key| *key == keys[0]), "{algorithm:?}: {keys:?}");
        }
    }

    #[test]
    fn other_texts_are_refused_without_an_echo() {
        use JwtAlgorithm::{ES256, EdDSA, HS256, RS256};
        let without_public = include_str!("testdata/es256_without_public.pem");
        let p384 = include_str!("testdata/p384_sec1.pem");
        let damaged = SEC1.replace('M', "!");
        let half = SEC1.split_at(100).0;
        let other_public = RAW.replace("QQ==", "PA==").replace("Wr9X", "Wr9Y");
        for (algorithm, text, words) in [
            (HS256, "", "is empty"),
            (ES256, " \n", "is empty"),
            (ES256, "s3cret", "is no private key in PEM form"),
            (EdDSA, "s3cret", "is no private key in PEM form"),
            (ES256, include_str!("testdata/public.pem"), "is no private key in PEM form"),
            (ES256, &damaged, "is a damaged PEM text"),
            (ES256, half, "is a damaged PEM text"),
            (ES256, include_str!("testdata/encrypted.pem"), "is encrypted with a password"),
            (ES256, include_str!("testdata/encrypted_sec1.pem"), "is encrypted with a password"),
            (ES256, PKCS1, "is a key of another algorithm than ES256"),
            (RS256, SEC1, "is a key of another algorithm than RS256"),
            (EdDSA, SEC1, "is a key of another algorithm than EdDSA"),
            (ES256, RSA_PKCS8, "is no usable key for ES256"),
            (RS256, EC_PKCS8, "is no usable key for RS256"),
            (EdDSA, EC_PKCS8, "is no usable key for EdDSA"),
            (EdDSA, &other_public, "is no usable key for EdDSA"),
            (ES256, p384, "is no usable key for ES256"),
            (ES256, without_public, "is no usable key for ES256"),
        ] {
            let fault = public(algorithm, text).unwrap_err();
            assert!(fault.to_string().starts_with(words), "{words}: {fault}");
            assert!(!fault.advice().is_empty());
            let shown = format!("{fault} {fault:?}");
            let lines = text.lines().map(str::trim).filter(|line| line.len() > 4);
            lines.for_each(|line| assert!(!shown.contains(line), "{shown}"));
        }
    }

    #[test]
    fn a_signature_is_that_of_rfc_8037() {
        let seed = "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=";
        let text = b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
        let key = JwtKey::read(JwtAlgorithm::EdDSA, &seed.into()).unwrap();
        assert_eq!(
            URL_SAFE_NO_PAD.encode(key.sign(text).unwrap()),
            "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
        );
        assert_eq!(format!("{key:?}"), "JwtKey(EdDSA)");
    }

    #[test]
    fn lengths_of_der_have_their_shortest_form() {
        for (length, head) in [
            (0, &[0x04, 0x00][..]),
            (127, &[0x04, 0x7f]),
            (128, &[0x04, 0x81, 0x80]),
            (256, &[0x04, 0x82, 0x01, 0x00]),
        ] {
            let value = der(0x04, &vec![7; length]);
            assert!(value.starts_with(head) && value.len() == head.len() + length, "{length}");
        }
    }
}
