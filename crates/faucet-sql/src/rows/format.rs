//! The formats of records.

use std::fmt;

/// How the records of a stream are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// A record is a JSON object; its members are the columns.
    Json,
    /// A record is text, and the only column.
    Text,
    /// A record is bytes, and the only column.
    Bytes,
}

impl Format {
    /// All formats, in the order in which messages list them.
    pub(crate) const ALL: [Self; 3] = [Self::Json, Self::Text, Self::Bytes];

    /// The name in scripts.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Text => "text",
            Self::Bytes => "bytes",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
