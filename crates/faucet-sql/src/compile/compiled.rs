//! What a script is compiled with, and to.

use std::collections::BTreeMap;
use std::sync::Arc;

use faucet_core::Registry;
use faucet_pipeline::diagnostic::{Diagnostic, Span};
use faucet_pipeline::{Component, Pipeline};

use crate::compile::components::Lookup;

/// What a script is compiled to.
#[derive(Debug, Default)]
pub(crate) struct Compiled {
    /// `None`: there are errors, or no query.
    pub(crate) pipeline: Option<Pipeline>,
    /// Errors and warnings.
    pub(crate) found: Vec<Diagnostic>,
    /// The places of secrets.
    pub(crate) secrets: Vec<Span>,
    /// Each planned query: its statement, and its plan.
    pub(crate) plans: Vec<(String, Arc<str>)>,
    /// The declared ends, for a check without a query.
    pub(crate) ends: Vec<Component>,
}

/// The world around a script.
pub(crate) struct Around<'a> {
    pub(crate) registry: &'a Registry,
    pub(crate) lookup: Lookup<'a>,
    pub(crate) context: &'a BTreeMap<String, String>,
    /// Whether statements are missing, because they cannot be read.
    pub(crate) incomplete: bool,
}
