//! The option map: a connector configured by flat text, such as the `WITH` clause of SQL.
//!
//! Every key of a configuration is an option `<connector>.<key>`, inner keys after another dot:
//! `websocket.tls.ca_file`, `websocket.headers.X-Key`. Lists and objects may also be written as JSON
//! text. A connector may add names and defaults of its own with a table of [`OptionKey`]s.

use std::collections::{BTreeMap, HashMap};

use schemars::{JsonSchema, schema_for};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::config::connector::{SinkConfig, SourceConfig};
use crate::config::decode::decode_and_check;
use crate::config::kind::ComponentKind;
pub use crate::config::option_key::{FollowKeys, OptionKey, ReadOption, boolean, text};
use crate::config::option_reader::{ReadOptions, Reader};
use crate::config::path::KeyPath;
use crate::config::problem::{Problem, Problems};
use crate::config::schema_view::SchemaView;

/// Builds the source that `options` describe. Does no I/O.
///
/// # Errors
/// All problems together, each at the option that it is about. No value is repeated.
pub fn build_source<C: SourceConfig>(
    options: &HashMap<String, String>,
) -> Result<C::Source, Problems> {
    build(ComponentKind::Source, C::NAME, C::options(), options, C::build)
}

/// Builds the sink that `options` describe; see [`build_source`].
///
/// # Errors
/// As [`build_source`].
pub fn build_sink<C: SinkConfig>(options: &HashMap<String, String>) -> Result<C::Sink, Problems> {
    build(ComponentKind::Sink, C::NAME, C::options(), options, C::build)
}

/// Builds the component of type `B` that `options` describe. Does no I/O. A connector's own factory
/// calls it; a program asks its [`Registry`](crate::Registry).
///
/// # Errors
/// All problems together, each at the option that it is about. No value is repeated.
pub fn build<T: DeserializeOwned + JsonSchema, B>(
    kind: ComponentKind,
    connector: &'static str,
    table: &'static [OptionKey],
    options: &HashMap<String, String>,
    build: impl FnOnce(T) -> Result<B, Problems>,
) -> Result<B, Problems> {
    let document = schema_for!(T).to_value();
    let options: BTreeMap<&str, &str> =
        options.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let read = Reader::new(SchemaView::new(&document), kind, connector, table).read(&options);
    let ReadOptions { config, open, names, mut problems } = read;
    let built = |config| build(config).map(Box::new);
    let checked = decode_and_check(Value::Object(config), &open, built);
    problems.extend(checked.problems.into_iter().flat_map(|problem| names.rename(problem)));
    problems.into_result()?;
    let unread = || Problem::custom(KeyPath::root(), "is not readable").into();
    checked.built.map(|built| *built).ok_or_else(unread)
}

#[cfg(test)]
mod tests;
