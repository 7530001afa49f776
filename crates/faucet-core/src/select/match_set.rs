//! Several matches and places, looked up in one pass over a message.

use std::borrow::Cow;
use std::ops::Range;

use super::match_rule::{Match, Message, Table};
use super::pointer::Pointer;
use super::pointers::{Found, Pointers};

/// Several matches, and places beside them, looked up in one pass over a message.
///
/// ```
/// use faucet_core::select::{Match, MatchSet, Message, Pointer};
///
/// let beats: Match = serde_json::from_str(r#"{"/type": "heartbeat"}"#)?;
/// let set = MatchSet::new([beats], [Pointer::parse("/id")?]);
/// set.look(Message::json(br#"{"type":"trade","id":7}"#), |seen| {
///     assert_eq!(seen.first_match(), None);
///     assert_eq!(seen.range(0), Some(21..22));
/// });
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct MatchSet {
    matches: Vec<Sort>,
    pointers: Pointers,
    /// The index of the first place that belongs to no match.
    places: usize,
    /// Whether no pointer is asked for.
    is_shallow: bool,
}

#[derive(Debug, Clone)]
enum Sort {
    /// The places are among those of the set.
    Shared(Vec<Table>),
    /// The match reads the JSON behind a prefix and makes a pass of its own.
    Alone(Match),
}

impl MatchSet {
    /// Prepares the look-up of `matches`, and of `places` beside them.
    pub fn new(
        matches: impl IntoIterator<Item = Match>,
        places: impl IntoIterator<Item = Pointer>,
    ) -> Self {
        let mut pointers: Vec<Pointer> = Vec::new();
        let mut sort = |each: Match| match each.tables() {
            Some(tables) => {
                let share = |table: &Table| {
                    let shared = table.moved(pointers.len());
                    pointers.extend(table.places().cloned());
                    shared
                };
                Sort::Shared(tables.iter().map(share).collect())
            }
            None => Sort::Alone(each),
        };
        let matches = matches.into_iter().map(&mut sort).collect();
        let first = pointers.len();
        pointers.extend(places);
        let is_shallow = pointers.is_empty();
        Self { matches, pointers: Pointers::new(pointers), places: first, is_shallow }
    }

    /// Whether the set has neither a match nor a place.
    pub fn is_empty(&self) -> bool {
        self.matches.is_empty() && self.is_shallow
    }

    /// Looks at a message once and hands the findings to `read`.
    pub fn look<'a, T>(&self, message: Message<'a>, read: impl FnOnce(&Looked<'_, 'a>) -> T) -> T {
        if self.is_shallow || !message.is_json() {
            return read(&Looked { set: self, message, found: None });
        }
        self.pointers.find_all(message.bytes(), |found| {
            read(&Looked { set: self, message, found: Some(found) })
        })
    }
}

/// The findings of [`MatchSet::look`].
#[derive(Debug)]
pub struct Looked<'s, 'a> {
    set: &'s MatchSet,
    message: Message<'a>,
    /// `None`: no pointer is there.
    found: Option<&'s Found<'s, 'a>>,
}

impl<'a> Looked<'_, 'a> {
    /// Whether the match number `index` matches.
    pub fn matches(&self, index: usize) -> bool {
        match self.set.matches.get(index) {
            Some(Sort::Shared(tables)) => {
                tables.iter().any(|table| table.fits(self.message) && table.holds(self.found))
            }
            Some(Sort::Alone(alone)) => alone.matches(self.message),
            None => false,
        }
    }

    /// The number of the first match that matches.
    pub fn first_match(&self) -> Option<usize> {
        (0..self.set.matches.len()).find(|index| self.matches(*index))
    }

    /// Where the value of the place number `index` stands in the message; `None` where the place is
    /// absent, or inside of a string.
    pub fn range(&self, index: usize) -> Option<Range<usize>> {
        self.found?.range(self.set.places + index)
    }

    /// The value of the place number `index`, also through strings; see [`Pointer::read`].
    pub fn read(&self, index: usize) -> Option<Cow<'a, [u8]>> {
        self.found?.read(self.set.places + index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(matches: &[&str], places: &[&str]) -> MatchSet {
        let matches = matches.iter().map(|text| serde_json::from_str(text).unwrap());
        MatchSet::new(matches, places.iter().map(|text| Pointer::parse(text).unwrap()))
    }

    #[test]
    fn each_match_says_of_a_message_the_same_as_alone() {
        let texts = [
            r#"{"/op": "pong"}"#,
            r#"[{"/op": "ping", "/m": "pong"}, {"text": "pong"}]"#,
            r#"{"prefix": "42", "/0": "a"}"#,
            r#"{"/table": {"exists": false}}"#,
            r#"{"binary": true}"#,
            r#"{"/op": {"not": ["pong", "ping"]}, "/m": {"exists": true}}"#,
        ];
        let all = set(&texts, &[]);
        for message in [
            &br#"{"op":"pong"}"#[..],
            br#"{"op":"ping","m":"pong"}"#,
            br#"{"op":"other","m":1,"table":[]}"#,
            b"pong",
            b"42[\"a\"]",
            b"[]",
            b"{\"op\":\"pong\"",
            b"",
        ] {
            for binary in [false, true] {
                let message = Message::unchecked(message).binary(binary);
                let alone: Vec<bool> = texts
                    .iter()
                    .map(|text| serde_json::from_str::<Match>(text).unwrap().matches(message))
                    .collect();
                all.look(message, |seen| {
                    let together: Vec<bool> = (0..texts.len()).map(|n| seen.matches(n)).collect();
                    assert_eq!(together, alone, "{message:?}");
                    assert_eq!(seen.first_match(), alone.iter().position(|holds| *holds));
                    assert!(!seen.matches(texts.len()));
                });
            }
        }
    }

    #[test]
    fn places_are_found_in_the_same_pass() {
        let set = set(&[r#"{"/data/id": 7}"#], &["/data", "/data/id", "/none"]);
        let look = |text: &'static str| {
            set.look(Message::unchecked(text.as_bytes()), |seen| {
                let texts: Vec<_> = (0..3)
                    .map(|n| seen.read(n).map(|v| String::from_utf8(v.into_owned()).unwrap()))
                    .collect();
                (seen.matches(0), texts, seen.range(1))
            })
        };
        let (matched, texts, range) = look(r#"{"data":{"id":7}}"#);
        assert!(matched && texts == [Some(r#"{"id":7}"#.into()), Some("7".into()), None]);
        assert_eq!(range, Some(14..15));
        let (matched, texts, range) = look(r#"{"data":"{\"id\":7}"}"#);
        assert!(matched && texts[1].as_deref() == Some("7") && range.is_none());
        assert_eq!(look("{"), (false, vec![None, None, None], None));
        assert!(MatchSet::new([], []).is_empty() && !set.is_empty());
    }
}
