//! Configuration structs that build components.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use crate::component::{Sink, Source, Transform};
use crate::config::option_key::OptionKey;
use crate::config::problem::Problems;

/// The configuration of a source, and its factory. The doc comment of the struct and of every field
/// is the connector's documentation: the schema's descriptions and the reference page.
///
/// Derive `Deserialize` with `#[serde(deny_unknown_fields)]` and `JsonSchema`. The keys `type`,
/// `from`, `buffer` and `dead_letter` belong to the pipeline file.
pub trait SourceConfig: DeserializeOwned + JsonSchema {
    /// The `type` in a pipeline file.
    const NAME: &'static str;

    /// The component that `build` makes.
    type Source: Source + 'static;

    /// Checks the configuration and builds the source. Does no I/O.
    ///
    /// # Errors
    /// All problems together.
    fn build(self) -> Result<Self::Source, Problems>;

    /// Names and defaults that only the [option map](crate::option_map) has. Every key is an option
    /// `<NAME>.<key>` without being named here.
    fn options() -> &'static [OptionKey] {
        &[]
    }
}

/// The configuration of a sink, and its factory; see [`SourceConfig`].
pub trait SinkConfig: DeserializeOwned + JsonSchema {
    /// The `type` in a pipeline file.
    const NAME: &'static str;

    /// The component that `build` makes.
    type Sink: Sink + 'static;

    /// Checks the configuration and builds the sink. Does no I/O.
    ///
    /// # Errors
    /// All problems together.
    fn build(self) -> Result<Self::Sink, Problems>;

    /// Names and defaults that only the option map has; see [`SourceConfig::options`].
    fn options() -> &'static [OptionKey] {
        &[]
    }
}

/// The configuration of a transform, and its factory; see [`SourceConfig`].
pub trait TransformConfig: DeserializeOwned + JsonSchema {
    /// The `type` in a pipeline file.
    const NAME: &'static str;

    /// The component that `build` makes.
    type Transform: Transform + 'static;

    /// Checks the configuration and builds the transform. Does no I/O.
    ///
    /// # Errors
    /// All problems together.
    fn build(self) -> Result<Self::Transform, Problems>;

    /// Names and defaults that only the option map has; see [`SourceConfig::options`].
    fn options() -> &'static [OptionKey] {
        &[]
    }
}
