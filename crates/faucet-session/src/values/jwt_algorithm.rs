//! The algorithms of signed tokens.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The algorithm that signs a token (RFC 7518 §3, RFC 8037 §3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum JwtAlgorithm {
    /// HMAC with SHA-256. The key is the text itself.
    HS256,
    /// ECDSA on the curve P-256 with SHA-256. The key is in PEM form.
    ES256,
    /// RSA (PKCS #1 v1.5) with SHA-256. The key is in PEM form and has 2048 bits or more.
    RS256,
    /// Ed25519. The key is in PEM form, or its 32 or 64 bytes are in base64.
    EdDSA,
}

impl JwtAlgorithm {
    /// The name in the header of a token.
    pub const fn name(self) -> &'static str {
        match self {
            Self::HS256 => "HS256",
            Self::ES256 => "ES256",
            Self::RS256 => "RS256",
            Self::EdDSA => "EdDSA",
        }
    }
}
