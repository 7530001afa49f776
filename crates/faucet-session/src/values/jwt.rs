//! Signed tokens (RFC 7519 in the compact form of RFC 7515).
//!
//! *ring* signs, which TLS uses anyway. The library that is usual for such tokens has no backend of
//! *ring*: one of its two would bring a second C library, the other an RSA with an open advisory
//! (RUSTSEC-2023-0071).

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::values::jwt_key::{JwtKey, NotSigned};

/// The parts of a token that the configuration gives.
#[derive(Debug, Clone, Copy)]
pub struct JwtParts<'a> {
    /// Members of the header beside `alg` and `typ`, such as `kid`.
    pub header: &'a Map<String, Value>,
    /// The claims beside the times.
    pub claims: &'a Map<String, Value>,
    /// The time from now to the end of the token, in whole seconds.
    pub expires_in: Duration,
}

impl JwtKey {
    /// Signs a token at `now`. The claims `iat`, `nbf` and `exp` and the header's `typ` are added; one
    /// that is given stays as it is. The header's `alg` is always that of the key.
    ///
    /// # Errors
    /// The operating system has no random numbers.
    pub fn token(&self, parts: JwtParts<'_>, now: SystemTime) -> Result<String, NotSigned> {
        let issued = seconds(now);
        let expires_in = i64::try_from(parts.expires_in.as_secs()).unwrap_or(i64::MAX);
        let expires = issued.saturating_add(expires_in);
        let typ = [("typ", Value::from("JWT"))];
        let times = [("iat", issued), ("nbf", issued), ("exp", expires)];
        let mut header = joined(typ, parts.header);
        header.insert("alg", self.algorithm().name().into());
        let claims = joined(times.map(|(name, time)| (name, time.into())), parts.claims);
        let text = format!("{}.{}", encoded(&header), encoded(&claims));
        let signature = URL_SAFE_NO_PAD.encode(self.sign(text.as_bytes())?);
        Ok(format!("{text}.{signature}"))
    }
}

fn seconds(time: SystemTime) -> i64 {
    // A clock beyond the year 9999 is as wrong as one that stands at 1970: no server takes the token.
    Timestamp::try_from(time).map_or(0, Timestamp::as_second)
}

/// The members in the order of their names: the order of a JSON map is a matter of the features that
/// other crates switch on.
fn joined<'a, const N: usize>(
    added: [(&'a str, Value); N],
    given: &'a Map<String, Value>,
) -> BTreeMap<&'a str, Value> {
    let given = given.iter().map(|(name, value)| (name.as_str(), value.clone()));
    added.into_iter().chain(given).collect()
}

fn encoded(members: &impl Serialize) -> String {
    let json = serde_json::to_vec(members).expect("a map with text keys is JSON");
    URL_SAFE_NO_PAD.encode(json)
}

#[cfg(test)]
mod tests {
    use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
    use serde_json::json;

    use super::*;
    use crate::values::jwt_algorithm::JwtAlgorithm;

    /// 2026-11-25T16:00:00Z
    const NOW: u64 = 1_795_622_400;

    fn token(algorithm: JwtAlgorithm, key: &str) -> String {
        let header = json!({"kid": "k1", "alg": "none"});
        let claims = json!({"iss": "cdp", "sub": "key/1", "n": 5});
        sign(algorithm, key, &header, &claims)
    }

    fn sign(algorithm: JwtAlgorithm, key: &str, header: &Value, claims: &Value) -> String {
        let parts = JwtParts {
            header: header.as_object().unwrap(),
            claims: claims.as_object().unwrap(),
            expires_in: Duration::from_millis(120_900),
        };
        let now = SystemTime::UNIX_EPOCH + Duration::from_millis(NOW * 1000 + 999);
        JwtKey::read(algorithm, &key.into()).unwrap().token(parts, now).unwrap()
    }

    fn decoded(part: &str) -> Value {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
    }

    /// The claims of the tokens that another library has signed.
    const CLAIMS: &str = "eyJleHAiOjE3OTU2MjI1MjAsImlhdCI6MTc5NTYyMjQwMCwiaXNzIjoiY2RwIiwibiI6NSwi\
                          bmJmIjoxNzk1NjIyNDAwLCJzdWIiOiJrZXkvMSJ9";

    #[test]
    fn tokens_are_those_of_another_library() {
        let rsa = include_str!("testdata/rs256_pkcs8.pem");
        let rsa_signature = "S4VIGugj9j1QlHFKKDS4VRgG-iY8ahopLiQ3IjSuL7KZemV3Cc31qOADEm6uRveu4DuKsVDj\
             Y0EiWuToDPfRrxx5zSBz2Sw_Ter1AavbMvmU1nPNM23X_shU2dnAE5WWoujhdxL1HeUhOQ3VyemMNsH_c_VYknTyd\
             P59kaNLWeLfRNUjKygknVEVtzz4gdh4PpOCv7iTyqStHtKxdxcIMSGgb6uOvSdDsP9YW72YU3XivOCjzTtHesVs-\
             fZdktiG1d1I42-KzIzAp-uYfpAL4QsXXJBKcKLo7nfyqI9xmW2UqOyU2GFTWKFULDdhNnpknGRUiUd_UjqQmWAD1\
             QVhYg";
        let ed25519 = include_str!("testdata/ed25519_pkcs8.pem");
        for (algorithm, key, header, signature) in [
            (
                JwtAlgorithm::HS256,
                "hunter22",
                "eyJhbGciOiJIUzI1NiIsImtpZCI6ImsxIiwidHlwIjoiSldUIn0",
                "jXKhNSc32mXidASlwVDLxmvFELONF_ijc6gi7gcBQSE",
            ),
            (
                JwtAlgorithm::RS256,
                rsa,
                "eyJhbGciOiJSUzI1NiIsImtpZCI6ImsxIiwidHlwIjoiSldUIn0",
                rsa_signature,
            ),
            (
                JwtAlgorithm::EdDSA,
                ed25519,
                "eyJhbGciOiJFZERTQSIsImtpZCI6ImsxIiwidHlwIjoiSldUIn0",
                "Oj8ufsU2SZqtc_HYxcDiOSUhCq-5oSuTvraqWIsUItZZhu-4lhWiBeHHLg7c7ViK6dRqgCetsLSAwMLKvVi1Cg",
            ),
        ] {
            let expected = format!("{header}.{CLAIMS}.{signature}");
            assert_eq!(token(algorithm, key), expected, "{algorithm:?}");
        }
    }

    #[test]
    fn an_es256_token_is_verified_by_the_public_key() {
        let token = token(JwtAlgorithm::ES256, include_str!("testdata/es256_sec1.pem"));
        let (text, signature) = token.rsplit_once('.').unwrap();
        let public = data_encoding::HEXLOWER
            .decode(
                b"0413c04e2afef6b60cda69921af4f54554d56972f2f06dc7a7394e5d0a556408cc\
                  74a2b06f0f06884fe9078bc2028b3daa3f21896379eeabc34b80294f6583c63b",
            )
            .unwrap();
        let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, public);
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        assert_eq!(signature.len(), 64);
        public.verify(text.as_bytes(), &signature).unwrap();
        assert!(public.verify(b"another text", &signature).is_err());
    }

    #[test]
    fn given_claims_stay_and_the_algorithm_is_that_of_the_key() {
        let header = json!({"typ": "at+jwt", "alg": "none", "nonce": "n"});
        let claims = json!({"exp": 7, "aud": ["a"], "deep": {"b": null}});
        let token = sign(JwtAlgorithm::HS256, "k", &header, &claims);
        let parts: Vec<&str> = token.split('.').collect();
        assert_eq!(decoded(parts[0]), json!({"typ": "at+jwt", "alg": "HS256", "nonce": "n"}));
        let times = json!({
            "exp": 7, "iat": NOW, "nbf": NOW, "aud": ["a"], "deep": {"b": null},
        });
        assert_eq!(decoded(parts[1]), times);
    }
}
