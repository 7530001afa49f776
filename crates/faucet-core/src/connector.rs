//! Configuration structs that build connectors.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use crate::{OptionKey, Result, Sink, Source};

/// The configuration of a source, and its factory. The doc comment of the struct and of every field
/// is the connector's documentation: the schema's descriptions and the reference page.
///
/// Derive `Deserialize` with `#[serde(deny_unknown_fields)]` and `JsonSchema`.
pub trait SourceConfig: DeserializeOwned + JsonSchema {
    /// The `type` in a pipeline file.
    const NAME: &'static str;

    /// What it builds.
    type Source: Source + 'static;

    /// Checks the configuration and builds the source. Does no I/O and reports all problems
    /// together, each beginning with its key.
    fn build(self) -> Result<Self::Source>;

    /// Names and defaults that only the [option map](crate::options) has. Every key is an option
    /// `<NAME>.<key>` without being named here.
    fn options() -> &'static [OptionKey] {
        &[]
    }
}

/// The configuration of a sink, and its factory; see [`SourceConfig`].
pub trait SinkConfig: DeserializeOwned + JsonSchema {
    /// The `type` in a pipeline file.
    const NAME: &'static str;

    /// What it builds.
    type Sink: Sink + 'static;

    /// Checks the configuration and builds the sink; see [`SourceConfig::build`].
    fn build(self) -> Result<Self::Sink>;

    /// Names and defaults that only the option map has; see [`SourceConfig::options`].
    fn options() -> &'static [OptionKey] {
        &[]
    }
}
