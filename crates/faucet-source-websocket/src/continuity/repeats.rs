//! The records that were there before.

use std::collections::VecDeque;
use std::num::NonZeroUsize;

use faucet_common_websocket::session::keys::DedupKeys;
use faucet_core::select::{Pointers, Seen, SeenError};

/// The records that were there before, and where in the feed they were.
#[derive(Debug)]
pub(crate) struct Repeats {
    seen: Seen,
    limit: NonZeroUsize,
    /// `None`: the whole record.
    places: Option<Pointers>,
    /// The cursor of each remembered record, where it is a whole number.
    cursors: VecDeque<Option<i128>>,
    /// How many records were remembered so far.
    remembered: u64,
    key: Vec<u8>,
}

impl Repeats {
    pub(crate) fn new(keys: &DedupKeys) -> Self {
        let limit = NonZeroUsize::new(keys.records as usize).unwrap_or(NonZeroUsize::MIN);
        let has_places = !keys.key.is_empty();
        Self {
            seen: Seen::new(limit),
            limit,
            places: has_places.then(|| Pointers::new(keys.key.iter().cloned())),
            cursors: VecDeque::new(),
            remembered: 0,
            key: Vec::new(),
        }
    }

    /// Whether a record was there before. It is remembered with the cursor of the feed. A record that has
    /// none of the places is never a repeated one; `is_json` tells whether it may have places.
    pub(crate) fn is_repeat(&mut self, record: &[u8], is_json: bool, cursor: Option<i128>) -> bool {
        let key = match &self.places {
            None => record,
            Some(_) if !is_json => return false,
            Some(places) => {
                self.key.clear();
                if !places.key_of(record, &mut self.key) {
                    return false;
                }
                &self.key
            }
        };
        if !self.seen.insert(key) {
            return true;
        }
        self.remembered += 1;
        self.cursors.push_back(cursor);
        while self.cursors.len() > self.seen.len() {
            self.cursors.pop_front();
        }
        false
    }

    /// How many records were remembered so far.
    pub(crate) fn remembered(&self) -> u64 {
        self.remembered
    }

    /// The remembered records that the server may send again, as bytes: those behind the cursor `from`, of the
    /// first `upto`. All of those where cursors are no numbers.
    pub(crate) fn to_bytes(&self, from: Option<i128>, upto: u64) -> Vec<u8> {
        let may_return = |cursor: &Option<i128>| match (cursor, from) {
            (Some(cursor), Some(from)) => *cursor >= from,
            _ => true,
        };
        let before = self.cursors.iter().take_while(|cursor| !may_return(cursor)).count();
        let later = usize::try_from(self.remembered - upto).unwrap_or(usize::MAX);
        // A record has the cursor of the one before it: the last of those may come again as well.
        let start = before.saturating_sub(1);
        self.seen.range_to_bytes(start..self.seen.len().saturating_sub(later))
    }

    /// Goes on with remembered records, beside those that there are. None of them is behind `cursor`.
    ///
    /// # Errors
    /// The bytes are damaged, or come from a program with another hasher.
    pub(crate) fn restore(&mut self, bytes: &[u8], cursor: Option<i128>) -> Result<(), SeenError> {
        let more = Seen::from_bytes(bytes, self.limit)?;
        self.seen.extend(&more);
        self.cursors.resize(self.seen.len(), cursor);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn repeats(keys: serde_json::Value) -> Repeats {
        Repeats::new(&serde_json::from_value(keys).unwrap())
    }

    #[test]
    fn records_are_told_by_places_or_as_a_whole() {
        let mut by_id = repeats(json!({"records": 2, "key": ["/id"]}));
        for (record, is_json, repeat) in [
            (&br#"{"id":1,"n":1}"#[..], true, false),
            (br#"{"id":1,"n":2}"#, true, true),
            (br#"{"n":2}"#, true, false),
            (br#"{"n":2}"#, true, false),
            (b"text", false, false),
            (b"text", false, false),
            (br#"{"id":2}"#, true, false),
            (br#"{"id":3}"#, true, false),
            (br#"{"id":1}"#, true, false),
        ] {
            let text = String::from_utf8_lossy(record);
            assert_eq!(by_id.is_repeat(record, is_json, None), repeat, "{text}");
        }
        let mut whole = repeats(json!({"records": 9}));
        assert!(!whole.is_repeat(b"a", false, None) && whole.is_repeat(b"a", false, None));
    }

    #[test]
    fn only_records_that_may_come_again_are_saved() {
        let mut repeats_of = repeats(json!({"records": 100}));
        for n in 0..50_i128 {
            repeats_of.is_repeat(n.to_string().as_bytes(), true, Some(n * 10));
        }
        let saved = repeats_of.to_bytes(Some(450), 50);
        let mut again = repeats(json!({"records": 100}));
        again.restore(&saved, Some(490)).unwrap();
        let known =
            |repeats: &mut Repeats, n: u32| repeats.is_repeat(n.to_string().as_bytes(), true, None);
        assert!(known(&mut again, 45) && known(&mut again, 49) && !known(&mut again, 43));
        again.restore(&repeats_of.to_bytes(None, 50), None).unwrap();
        assert!(known(&mut again, 0));
        // Records that are in no page yet are not saved.
        let mut again = repeats(json!({"records": 100}));
        again.restore(&repeats_of.to_bytes(Some(450), 48), Some(470)).unwrap();
        assert!(known(&mut again, 47) && !known(&mut again, 48));
        // Restored records are forgotten as the feed goes on.
        let (whole, rest) =
            (again.to_bytes(Some(470), 1).len(), again.to_bytes(Some(471), 1).len());
        assert!(whole > rest, "{whole} {rest}");
        assert!(again.restore(b"x", None).is_err());
    }
}
