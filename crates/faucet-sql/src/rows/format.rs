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

    /// The format that `name` names, in any case.
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.as_str().eq_ignore_ascii_case(name))
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_is_found_by_its_name() {
        for format in Format::ALL {
            assert_eq!(Format::of_name(format.as_str()), Some(format));
        }
        assert_eq!(Format::of_name("JSON"), Some(Format::Json));
        assert_eq!(Format::of_name("csv"), None);
    }
}
