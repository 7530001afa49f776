//! The algorithms of signed tokens.

use schemars::JsonSchema;
use serde::Deserialize;

/// The algorithm that signs a token (RFC 7518 §3.1, RFC 8037).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum JwtAlgorithm {
    /// HMAC with SHA-256. The key is text.
    HS256,
    /// ECDSA on P-256 with SHA-256. The key is PEM.
    ES256,
    /// RSA with SHA-256. The key is PEM.
    RS256,
    /// Ed25519. The key is PEM.
    EdDSA,
}
