//! Why a connect could not be prepared.

use crate::connect::call_failed::CallFailed;
use crate::names::ValueFailed;
use crate::place::Place;
use crate::plan::UrlRefused;
use crate::template::Unfilled;
use crate::values::FileFailed;

/// Why a connect could not be prepared. `Display` shows no secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DialingFailed {
    /// A call brought nothing.
    #[error("{place}: {shown}: {why}")]
    Call {
        /// The call.
        place: Place,
        /// Its method and URL, for messages.
        shown: String,
        /// Why.
        #[source]
        why: CallFailed,
    },
    /// A value could not be made.
    #[error(transparent)]
    Value(#[from] ValueFailed),
    /// A URL, a parameter or a header could not be filled.
    #[error("{place}: {why}")]
    Unfilled {
        /// Where.
        place: Place,
        /// Why not.
        why: Unfilled,
    },
    /// A URL from outside is refused.
    #[error("the URL of {key} {why}")]
    Url {
        /// The key that gave the URL.
        key: &'static str,
        /// Why.
        why: UrlRefused,
    },
    /// The dictionary cannot be read.
    #[error("decompress_dictionary: the file {0}")]
    Dictionary(#[source] FileFailed),
}
