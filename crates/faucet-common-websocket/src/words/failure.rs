//! The words for a failed attempt or the end of a connection.

use std::sync::Arc;

use faucet_core::Error;

use crate::machine::Failure;
use crate::words::advice::Advice;
use crate::words::{connect, end};

impl Failure {
    /// The advice of the error, unless a provider or a dialer made the error.
    pub fn advice(&self) -> Option<Advice> {
        match self {
            Self::Connect(failed) => connect::explanation(failed).ok()?.advice,
            Self::End(end) => end::explanation(end).advice,
        }
    }

    /// The error for the runner. `url` is that of the endpoint, redacted
    /// ([`Driver::url`](crate::Driver::url)). Its cause is this value, unless a provider or a dialer
    /// made an error of its own: that one is returned.
    pub fn error(self: &Arc<Self>, url: &str) -> Error {
        let error = match &**self {
            Self::Connect(failed) => match connect::error(failed, url) {
                Ok(error) => error,
                Err(own) => return own.clone(),
            },
            Self::End(end) => end::error(end, url),
        };
        let cause = Arc::clone(self);
        error.with_shared_source(cause)
    }
}
