//! Names of the option map.

use serde_json::{Map, Value};

/// Reads the text of an option; the error says what the option takes and does not repeat the text.
pub type ReadOption = fn(&str) -> Result<Value, &'static str>;

/// The value that stands for a key beside the keys that are given, in place of the default. `None`: the
/// default stands.
pub type FollowKeys = fn(&Map<String, Value>) -> Option<Value>;

/// A name that the option map has beside `<connector>.<key>`, or a default that only it has.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct OptionKey {
    /// The whole name, such as `websocket.reconnect.delay.ms`.
    pub name: &'static str,
    /// The key of the configuration that it sets.
    pub key: &'static str,
    /// Reads the text.
    pub read: ReadOption,
    /// The text that stands for the key where it is not given, if not the key's own default does.
    pub default: Option<&'static str>,
    /// What stands for the key where it is not given and others are, if that is not the default.
    pub follows: Option<FollowKeys>,
    /// The meaning of the key, in one line.
    pub help: &'static str,
}

impl OptionKey {
    /// The option `name`, which sets `key`.
    pub const fn new(
        name: &'static str,
        key: &'static str,
        read: ReadOption,
        help: &'static str,
    ) -> Self {
        Self { name, key, read, default: None, follows: None, help }
    }

    /// The text that stands for the key where it is not given.
    #[must_use]
    pub const fn with_default(self, text: &'static str) -> Self {
        Self { default: Some(text), ..self }
    }

    /// What stands for the key in place of its default, where other keys are given. A key whose text
    /// cannot be read is null among them.
    #[must_use]
    pub const fn following(self, follows: FollowKeys) -> Self {
        Self { follows: Some(follows), ..self }
    }
}

/// Reads any text as it is.
///
/// # Errors
/// None.
pub fn text(text: &str) -> Result<Value, &'static str> {
    Ok(Value::String(text.to_owned()))
}

/// Reads `true` or `false`, in any case.
///
/// # Errors
/// Any other text.
pub fn boolean(text: &str) -> Result<Value, &'static str> {
    text.to_ascii_lowercase().parse().map(Value::Bool).map_err(|_| "true or false")
}
