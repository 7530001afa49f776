//! Where in a pipeline file a key stands.

use std::collections::BTreeMap;
use std::fmt;

/// A place in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Location {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
}

impl Location {
    /// The place of the byte at `offset`.
    pub(crate) fn of(text: &str, offset: usize) -> Self {
        let before = &text.as_bytes()[..offset.min(text.len())];
        let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        Self { line, column: String::from_utf8_lossy(&before[start..]).chars().count() + 1 }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// The places of keys, by their paths (`source.subscribe_messages[0].data`).
#[derive(Debug, Clone, Default)]
pub(crate) struct Locations(BTreeMap<String, Option<Location>>);

impl Locations {
    pub(crate) fn insert(&mut self, key: String, location: Location) {
        self.0.insert(key, Some(location));
    }

    /// Notes that `key` did not come from the text.
    pub(crate) fn forget(&mut self, key: &str) {
        let inside =
            |other: &str| other.strip_prefix(key).is_some_and(|rest| rest.starts_with(['.', '[']));
        self.0.retain(|other, _| !inside(other));
        self.0.insert(key.to_owned(), None);
    }

    /// The place of `key`, or of what it would stand in.
    pub(crate) fn find(&self, key: &str) -> Option<Location> {
        let mut key = key;
        loop {
            if let Some(location) = self.0.get(key) {
                return *location;
            }
            key = &key[..key.rfind(['.', '['])?];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_counted_in_lines_and_characters() {
        let text = "a\nπ = 1\n";
        for (offset, line, column) in [(0, 1, 1), (2, 2, 1), (4, 2, 2), (99, 3, 1)] {
            assert_eq!(Location::of(text, offset), Location { line, column }, "{offset}");
        }
    }

    #[test]
    fn a_key_that_is_not_there_stands_where_its_parent_does() {
        let at = |line| Location { line, column: 1 };
        let mut locations = Locations::default();
        locations.insert("source".into(), at(1));
        locations.insert("source.tls".into(), at(2));
        locations.insert("source.tls.ca_file".into(), at(3));
        locations.insert("source.tls_x".into(), at(4));
        for (key, line) in [
            ("source.tls.ca_file", Some(at(3))),
            ("source.tls.ca_fil", Some(at(2))),
            ("source.list[3].data", Some(at(1))),
            ("sink.path", None),
        ] {
            assert_eq!(locations.find(key), line, "{key}");
        }
        locations.forget("source.tls");
        assert_eq!(locations.find("source.tls.ca_file"), None);
        assert_eq!(locations.find("source.tls_x"), Some(at(4)));
    }
}
