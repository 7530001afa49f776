//! Where in a pipeline file a key stands.

use std::collections::BTreeMap;
use std::fmt;

use faucet_core::KeyPath;

/// A place in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
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

/// The places of keys.
#[derive(Debug, Clone, Default)]
pub(crate) struct Locations(BTreeMap<KeyPath, Option<Location>>);

impl Locations {
    pub(crate) fn insert(&mut self, key: KeyPath, location: Location) {
        self.0.insert(key, Some(location));
    }

    /// Notes that `key` did not come from the text.
    pub(crate) fn forget(&mut self, key: &KeyPath) {
        self.0.retain(|other, _| !other.is_within(key));
        self.0.insert(key.clone(), None);
    }

    /// The place of `key`, or of the innermost key around it.
    pub(crate) fn find(&self, key: &KeyPath) -> Option<Location> {
        let around = std::iter::successors(Some(key.clone()), KeyPath::parent);
        let mut known = around.filter_map(|key| self.0.get(&key));
        *known.next()?
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
        let source = || KeyPath::key("source");
        let tls = || source().then("tls");
        let mut locations = Locations::default();
        locations.insert(source(), at(1));
        locations.insert(tls(), at(2));
        locations.insert(tls().then("ca_file"), at(3));
        locations.insert(source().then("tls_x"), at(4));
        for (key, line) in [
            (tls().then("ca_file"), Some(at(3))),
            (tls().then("ca_fil"), Some(at(2))),
            (source().then("list").at(3).then("data"), Some(at(1))),
            (KeyPath::key("sink").then("path"), None),
            (KeyPath::root(), None),
        ] {
            assert_eq!(locations.find(&key), line, "{key}");
        }
        locations.forget(&tls());
        assert_eq!(locations.find(&tls().then("ca_file")), None);
        assert_eq!(locations.find(&source().then("tls_x")), Some(at(4)));
    }
}
