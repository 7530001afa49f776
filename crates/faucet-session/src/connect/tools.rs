//! The means of calls.

/// The means of calls before a connect and in a session.
#[derive(Clone, Default)]
pub struct Tools {
    /// Makes HTTP calls.
    #[cfg(feature = "http")]
    pub http: Option<std::sync::Arc<crate::http::HttpClient>>,
}

impl std::fmt::Debug for Tools {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tools")
    }
}
