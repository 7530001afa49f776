//! Why a value could not be made.

use std::sync::Arc;

use faucet_core::select::Pointer;

use crate::template::Unfilled;
use crate::values::CommandFailed;
use crate::values::FileFailed;
use crate::values::KeyFault;

/// Why the value of a name could not be made. `Display` shows no secret.
#[derive(Debug, thiserror::Error)]
#[error("values.{name}: {why}")]
pub struct ValueFailed {
    /// The name.
    pub name: Arc<str>,
    /// Why.
    #[source]
    pub why: MakerFailed,
}

/// Why a value could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MakerFailed {
    /// A placeholder has no value.
    #[error(transparent)]
    Unfilled(#[from] Unfilled),
    /// The key of a hash or a token is not in its form.
    #[error("the key {0}")]
    Key(KeyFault),
    /// The program failed.
    #[error("the command {0}")]
    Command(#[source] CommandFailed),
    /// The file could not be read.
    #[error("the file {0}")]
    File(#[source] FileFailed),
    /// The text is not JSON, or the place is not there.
    #[error("its output has no value at {0}")]
    NoPlace(Pointer),
    /// The key of a token is not in its form.
    #[cfg(feature = "http")]
    #[error("the key {0}")]
    JwtKey(#[source] crate::values::JwtKeyFault),
    /// The header or the claims of a token cannot be written, or there are no random numbers.
    #[error("the token could not be signed")]
    NotSigned,
}
