//! The names of components.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The names of components: a letter, and then letters, digits and `_`. A stream keeps its name where the
/// name is one.
#[derive(Debug, Default)]
pub(crate) struct Ids {
    streams: BTreeMap<String, Arc<str>>,
    taken: BTreeSet<Arc<str>>,
}

impl Ids {
    /// The name of the source or sink of the stream.
    pub(crate) fn stream(&mut self, name: &str) -> Arc<str> {
        if let Some(known) = self.streams.get(name) {
            return Arc::clone(known);
        }
        let id = self.free(name);
        self.streams.insert(name.to_owned(), Arc::clone(&id));
        id
    }

    /// The name of the source or sink that [`stream`](Self::stream) has named.
    pub(crate) fn known(&self, name: &str) -> Arc<str> {
        self.streams.get(name).map_or_else(|| Arc::from(name), Arc::clone)
    }

    /// The name of the query number `n`, from 0, which writes `into`. A sink keeps the name of the stream
    /// for itself.
    pub(crate) fn query(&mut self, into: Option<&str>, n: usize, is_sink: bool) -> Arc<str> {
        match into {
            Some(into) if is_sink => self.free(&format!("to_{into}")),
            Some(into) => self.free(into),
            None => self.free(&format!("query_{}", n + 1)),
        }
    }

    fn free(&mut self, name: &str) -> Arc<str> {
        let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
        let mut id: String = name.chars().map(plain).collect();
        if !id.starts_with(|c: char| c.is_ascii_alphabetic()) {
            id.insert_str(0, "s_");
        }
        let mut free: Arc<str> = id.as_str().into();
        let mut number = 2;
        while !self.taken.insert(Arc::clone(&free)) {
            free = format!("{id}_{number}").into();
            number += 1;
        }
        free
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_keep_their_names_and_queries_are_named_by_their_targets() {
        let mut ids = Ids::default();
        for (into, n, is_sink, expected) in [
            (Some("Stats"), 0, true, "to_Stats"),
            (Some("Stats"), 1, true, "to_Stats_2"),
            (Some("clean"), 2, false, "clean"),
            (None, 3, false, "query_4"),
        ] {
            assert_eq!(&*ids.query(into, n, is_sink), expected);
        }
        for (name, expected) in [
            ("Stats", "Stats"),
            ("Stats", "Stats"),
            ("a b", "a_b"),
            ("a-b", "a_b_2"),
            ("1é", "s_1_"),
        ] {
            assert_eq!(&*ids.stream(name), expected);
        }
        assert_eq!(&*ids.known("a-b"), "a_b_2");
    }
}
