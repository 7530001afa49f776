//! Where in a pipeline file keys and values stand.

use std::collections::BTreeMap;

use faucet_core::KeyPath;

use crate::diagnostic::Span;

/// Where a key and its value stand. An item of a list has no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Place {
    pub(crate) key: Option<Span>,
    /// A map or list in several lines ends with the first of them.
    pub(crate) value: Option<Span>,
}

/// The places of keys and values. Those of values that do not come from the text are `None`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Places(BTreeMap<KeyPath, Option<Place>>);

impl Places {
    pub(crate) fn insert(&mut self, path: KeyPath, place: Place) {
        self.0.insert(path, Some(place));
    }

    /// Notes that what stands at `path` did not come from the text.
    pub(crate) fn forget(&mut self, path: &KeyPath) {
        self.0.retain(|other, _| !other.is_within(path));
        self.0.insert(path.clone(), None);
    }

    /// Everything at `from` stands at `to` from now on.
    pub(crate) fn rebase(&mut self, from: &KeyPath, to: &KeyPath) {
        let moved: Vec<_> = self.0.iter().filter(|(path, _)| path.is_within(from)).collect();
        let moved: Vec<_> =
            moved.into_iter().map(|(path, place)| (path.rebased(from, to), *place)).collect();
        self.0.extend(moved);
    }

    /// The place of exactly this path.
    pub(crate) fn get(&self, path: &KeyPath) -> Option<Place> {
        *self.0.get(path)?
    }

    /// The part of the text that stands for `path`: its key where `of_key` is wanted, else its value.
    /// Where there is neither, it is the key around it.
    pub(crate) fn find(&self, path: &KeyPath, of_key: bool) -> Option<Span> {
        if let Some(known) = self.0.get(path) {
            let Place { key, value } = (*known)?;
            return if of_key { key.or(value) } else { value.or(key) };
        }
        let around = std::iter::successors(path.parent(), KeyPath::parent);
        let mut known = around.filter_map(|path| self.0.get(&path));
        let Place { key, value } = (*known.next()?)?;
        key.or(value)
    }

    /// The first key of the text.
    pub(crate) fn first_key(&self) -> Option<Span> {
        self.iter().filter_map(|(_, place)| place.key).min()
    }

    /// All paths and their places.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&KeyPath, Place)> {
        self.0.iter().filter_map(|(path, place)| Some((path, (*place)?)))
    }

    /// Moves all places by `map`.
    pub(crate) fn map_spans(&mut self, map: impl Fn(Span) -> Span) {
        for place in self.0.values_mut().flatten() {
            place.key = place.key.map(&map);
            place.value = place.value.map(&map);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_is_not_there_stands_where_its_parent_does() {
        let at = |n| Place { key: Some(Span::new(n, n + 1)), value: Some(Span::new(n + 5, n + 6)) };
        let key = |n| Some(Span::new(n, n + 1));
        let source = || KeyPath::key("source");
        let tls = || source().then("tls");
        let mut places = Places::default();
        places.insert(source(), at(10));
        places.insert(tls(), at(20));
        places.insert(tls().then("ca_file"), at(30));
        places.insert(source().then("tls_x"), at(40));
        for (path, of_key, found) in [
            (tls().then("ca_file"), true, key(30)),
            (tls().then("ca_file"), false, key(35)),
            (tls().then("ca_fil"), false, key(20)),
            (source().then("list").at(3).then("data"), false, key(10)),
            (KeyPath::key("sink").then("path"), true, None),
            (KeyPath::root(), true, None),
        ] {
            assert_eq!(places.find(&path, of_key), found, "{path}");
        }
        places.rebase(&tls(), &"tls".into());
        assert_eq!(places.find(&KeyPath::key("tls").then("ca_file"), true), key(30));
        places.forget(&tls());
        assert_eq!(places.find(&tls().then("ca_file"), true), None);
        assert_eq!(places.find(&source().then("tls_x"), true), key(40));
    }
}
