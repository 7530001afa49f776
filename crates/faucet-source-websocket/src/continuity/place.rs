//! The position of a feed, as the runner saves it.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use faucet_common_websocket::session::script::Kept;
use faucet_common_websocket::session::template::Token;
use faucet_core::{Error, ErrorKind, Position};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

/// The position of a feed: behind the last record that was handed over.
#[derive(Debug, Clone, Default)]
pub(crate) struct Place {
    pub(crate) cursor: Option<Token>,
    pub(crate) kept: Kept,
}

/// The form in which a position is saved.
#[derive(Debug, Serialize, Deserialize)]
struct Saved {
    /// As it came in: a number keeps its digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cursor: Option<Box<RawValue>>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    kept: BTreeMap<String, KeptValue>,
    /// The remembered records in base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seen: Option<String>,
    /// How many records the run has handed over.
    #[serde(default)]
    records: u64,
}

#[derive(Debug, Serialize, Deserialize)]
struct KeptValue {
    value: Value,
    #[serde(default)]
    secret: bool,
}

impl Place {
    /// The position to save: `seen` are the remembered records, `records` is how many were handed over.
    pub(crate) fn position(&self, seen: Option<Vec<u8>>, records: u64) -> Option<Position> {
        let cursor = self.cursor.as_ref();
        let saved = Saved {
            cursor: cursor
                .and_then(|cursor| RawValue::from_string(cursor.json().into_owned()).ok()),
            kept: self.kept.iter().map(|(name, token)| (name.to_string(), kept(token))).collect(),
            seen: seen.map(|seen| STANDARD.encode(seen)),
            records,
        };
        serde_json::to_string(&saved).ok().map(Position::new)
    }

    /// Reads a saved position, and the remembered records.
    ///
    /// # Errors
    /// The text is none of ours.
    pub(crate) fn read(position: &Position) -> Result<(Self, Option<Vec<u8>>), Error> {
        let damaged = || {
            Error::new(ErrorKind::Config, "the saved position is not one of a websocket source")
                .with_hint(
                    "remove the state file to begin anew, or give back the one of this pipeline",
                )
        };
        let saved: Saved = serde_json::from_str(position.as_str()).map_err(|_| damaged())?;
        let cursor = match &saved.cursor {
            Some(cursor) => Some(Token::of_json(cursor.get().as_bytes()).ok_or_else(damaged)?),
            None => None,
        };
        let token = |(name, kept): (String, KeptValue)| {
            let token = Token::of_json(kept.value.to_string().as_bytes())?;
            Some((name.into(), if kept.secret { token.secret() } else { token }))
        };
        let kept = saved.kept.into_iter().filter_map(token).collect();
        let seen = match saved.seen {
            Some(seen) => Some(STANDARD.decode(seen).map_err(|_| damaged())?),
            None => None,
        };
        Ok((Self { cursor, kept }, seen))
    }

    /// How many records were handed over before the position.
    pub(crate) fn handed_over(position: &Position) -> u64 {
        serde_json::from_str::<Saved>(position.as_str()).map_or(0, |saved| saved.records)
    }

    /// The cursor as a whole number.
    pub(crate) fn number(&self) -> Option<i128> {
        self.cursor.as_ref()?.words().parse().ok()
    }
}

fn kept(token: &Token) -> KeptValue {
    let value = serde_json::from_str(&token.json()).unwrap_or_default();
    KeptValue { value, secret: token.is_secret() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_comes_back_as_it_was() {
        let place = Place {
            cursor: Some(Token::number("1732550400000001234567")),
            kept: [("sid".into(), Token::text("a\"b").secret()), ("n".into(), Token::number("7"))]
                .into_iter()
                .collect(),
        };
        let position = place.position(Some(vec![1, 2, 255]), 5).unwrap();
        let (again, seen) = Place::read(&position).unwrap();
        assert_eq!((again.cursor, again.kept), (place.cursor, place.kept));
        assert_eq!(seen, Some(vec![1, 2, 255]));
        assert_eq!(Place::handed_over(&position), 5);
        for bad in ["", "7", "{\"seen\": \"*\"}", "{\"cursor\": }"] {
            assert!(Place::read(&Position::new(bad)).is_err(), "{bad}");
        }
    }
}
