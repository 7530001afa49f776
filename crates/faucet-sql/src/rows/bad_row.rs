//! Why a record is no row.

use std::fmt;

use crate::schema::ColumnType;

/// The most characters of an excerpt.
const EXCERPT: usize = 40;

/// Why a record is no row.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadRow {
    #[error("the record is not JSON")]
    NotJson,
    #[error("the record is not a JSON object")]
    NotAnObject,
    #[error("the record is not UTF-8 text")]
    NotText,
    #[error("column `{column}` takes {}, and not {value}", Taken(*.kind))]
    WrongType {
        column: String,
        kind: ColumnType,
        /// The first characters of the value's JSON text.
        value: String,
    },
    #[error("column `{column}` has more than 2 GiB in one page of records")]
    NoRoom { column: String },
}

impl BadRow {
    /// The JSON value `value` is none for the column.
    pub(super) fn wrong_type(column: &str, kind: ColumnType, value: &[u8]) -> Self {
        Self::WrongType { column: column.to_owned(), kind, value: excerpt(value) }
    }
}

/// What a column of this type takes, as a phrase.
struct Taken(ColumnType);

impl fmt::Display for Taken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            kind @ (ColumnType::Int | ColumnType::Object) => write!(f, "an {kind}"),
            ColumnType::Bytes => f.write_str("BYTES as base64"),
            kind => write!(f, "a {kind}"),
        }
    }
}

/// The first characters of `value`, with control characters escaped.
fn excerpt(value: &[u8]) -> String {
    // No character has more than four bytes, and the last may be cut.
    let start = value.get(..4 * EXCERPT).unwrap_or(value);
    let text = String::from_utf8_lossy(start);
    let mut excerpt = String::new();
    let mut length = 0;
    for char in text.chars() {
        let shown = match char {
            '"' | '\'' | '\\' => char.to_string(),
            _ => char.escape_debug().to_string(),
        };
        length += shown.chars().count();
        if length > EXCERPT - 1 {
            excerpt.push('…');
            break;
        }
        excerpt.push_str(&shown);
    }
    excerpt
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences() {
        let wrong = |kind, value: &str| BadRow::wrong_type("n", kind, value.as_bytes());
        for (bad, sentence) in [
            (BadRow::NotJson, "the record is not JSON"),
            (BadRow::NotAnObject, "the record is not a JSON object"),
            (BadRow::NotText, "the record is not UTF-8 text"),
            (wrong(ColumnType::Long, "1.5"), "column `n` takes a LONG, and not 1.5"),
            (wrong(ColumnType::Int, "\"7\""), "column `n` takes an INT, and not \"7\""),
            (wrong(ColumnType::Bytes, "7"), "column `n` takes BYTES as base64, and not 7"),
            (
                wrong(ColumnType::String, "[\n1,\u{202e}2]"),
                "column `n` takes a STRING, and not [\\n1,\\u{202e}2]",
            ),
            (
                BadRow::NoRoom { column: "n".into() },
                "column `n` has more than 2 GiB in one page of records",
            ),
        ] {
            assert_eq!(bad.to_string(), sentence);
        }
    }

    #[test]
    fn an_excerpt_is_short() {
        for long in ["x".repeat(100), "é".repeat(100), "\n".repeat(100), "\u{1f600}".repeat(100)] {
            let excerpt = excerpt(long.as_bytes());
            assert!(excerpt.chars().count() <= EXCERPT, "{excerpt}");
            assert!(excerpt.ends_with('…'), "{excerpt}");
        }
        assert_eq!(excerpt(b"1"), "1");
        assert_eq!(excerpt(b"[\xff]"), "[\u{fffd}]");
    }
}
