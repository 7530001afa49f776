//! The position of a run, as the runner saves it: one place for each connection.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use faucet_common_websocket::session::template::Token;
use faucet_core::{Error, ErrorKind, Position};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::continuity::continuity::Continuity;
use crate::continuity::place::{Place, Remembered, Restored};

/// The position of a run.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Places {
    connections: Vec<Saved>,
}

/// The place of one connection.
#[derive(Debug, Serialize, Deserialize)]
struct Saved {
    /// The topics of the connection.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    topics: Vec<Value>,
    /// As it came in: a number keeps its digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cursor: Option<Box<RawValue>>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    kept: BTreeMap<String, KeptValue>,
    /// The remembered records in base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seen: Option<String>,
    /// How many records the connection has handed over.
    #[serde(default)]
    records: u64,
}

#[derive(Debug, Serialize, Deserialize)]
struct KeptValue {
    value: Value,
    #[serde(default)]
    secret: bool,
}

impl Places {
    /// The position of the connections, where the page number `next` is handed over next; `None` where no
    /// connection has a position.
    pub(crate) fn position<'a>(
        connections: impl Iterator<Item = &'a Continuity>,
        next: u64,
    ) -> Option<Position> {
        let connections: Vec<Saved> = connections.filter_map(|each| saved(each, next)).collect();
        if connections.is_empty() {
            return None;
        }
        serde_json::to_string(&Self { connections }).ok().map(Position::new)
    }

    /// Reads a saved position.
    ///
    /// # Errors
    /// The text is none of ours.
    pub(crate) fn read(position: &Position) -> Result<Self, Error> {
        serde_json::from_str(position.as_str()).map_err(|_| {
            Error::new(ErrorKind::Config, "the saved position is not one of a websocket source")
                .with_hint(
                    "remove the state file to begin anew, or give back the one of this pipeline",
                )
        })
    }

    /// How many records the connection number `index` had handed over.
    pub(crate) fn handed_over(&self, index: usize) -> u64 {
        self.connections.get(index).map_or(0, |saved| saved.records)
    }

    /// The position that a connection with these topics goes on from: after a change of the topics the oldest of the
    /// places that had one of them. `None`: none had.
    pub(crate) fn for_topics(&self, topics: &[Token]) -> Option<Restored> {
        let topics: Vec<Value> =
            topics.iter().filter_map(|topic| serde_json::from_str(&topic.json()).ok()).collect();
        let shares = |saved: &&Saved| {
            (topics.is_empty() && saved.topics.is_empty())
                || saved.topics.iter().any(|topic| topics.contains(topic))
        };
        let mut found = Restored::default();
        let mut any = false;
        for saved in self.connections.iter().filter(shares) {
            let place = saved.place();
            let cursor = place.number();
            if !any || place.is_older_than(&found.place) {
                found.place = place;
            }
            any = true;
            let seen = saved.seen.as_ref().and_then(|seen| STANDARD.decode(seen).ok());
            found.seen.extend(seen.map(|bytes| Remembered { bytes, cursor }));
        }
        any.then_some(found)
    }
}

fn saved(continuity: &Continuity, next: u64) -> Option<Saved> {
    if !continuity.has_position() {
        return None;
    }
    let point = continuity.point(next);
    let Place { cursor, kept } = &point.place;
    let json = |token: &Token| serde_json::from_str(&token.json()).unwrap_or_default();
    let in_words = |(name, token): (&std::sync::Arc<str>, &Token)| {
        (name.to_string(), KeptValue { value: json(token), secret: token.is_secret() })
    };
    Some(Saved {
        topics: continuity.topics().iter().map(json).collect(),
        cursor: cursor.as_ref().and_then(|c| RawValue::from_string(c.json().into_owned()).ok()),
        kept: kept.iter().map(in_words).collect(),
        seen: continuity.seen(&point).map(|seen| STANDARD.encode(seen)),
        records: point.records,
    })
}

impl Saved {
    fn place(&self) -> Place {
        let token = |(name, kept): (&String, &KeptValue)| {
            let token = Token::of_json(kept.value.to_string().as_bytes())?;
            Some((name.as_str().into(), if kept.secret { token.secret() } else { token }))
        };
        Place {
            cursor: self.cursor.as_ref().and_then(|c| Token::of_json(c.get().as_bytes())),
            kept: self.kept.iter().filter_map(token).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn places(connections: Value) -> Places {
        Places::read(&Position::new(json!({ "connections": connections }).to_string())).unwrap()
    }

    fn cursor_for(places: &Places, topics: &[&str]) -> Option<String> {
        let topics: Vec<Token> = topics.iter().map(|topic| Token::text(*topic)).collect();
        let cursor = places.for_topics(&topics)?.place.cursor?;
        Some(cursor.words().to_owned())
    }

    #[test]
    fn after_a_change_of_topics_the_oldest_of_their_places_counts() {
        let places = places(json!([
            {"topics": ["a", "b"], "cursor": 9},
            {"topics": ["c"], "cursor": 10, "kept": {"sid": {"value": "x", "secret": true}}},
        ]));
        for (topics, cursor) in [
            (vec!["a"], Some("9")),
            (vec!["c"], Some("10")),
            (vec!["b", "c", "d"], Some("9")),
            (vec!["d"], None),
            (vec![], None),
        ] {
            assert_eq!(cursor_for(&places, &topics).as_deref(), cursor, "{topics:?}");
        }
        let restored = places.for_topics(&[Token::text("c")]).unwrap();
        assert!(restored.place.kept["sid"].is_secret());
    }

    #[test]
    fn a_place_without_topics_is_that_of_a_feed_without_topics() {
        let digits = "1732550400000001234567";
        let text = format!("{{\"connections\":[{{\"cursor\":{digits}}}]}}");
        let places = Places::read(&Position::new(text)).unwrap();
        assert_eq!(cursor_for(&places, &[]).as_deref(), Some(digits));
        for bad in ["", "7", "{}", "{\"connections\": 5}"] {
            assert!(Places::read(&Position::new(bad)).is_err(), "{bad}");
        }
    }
}
