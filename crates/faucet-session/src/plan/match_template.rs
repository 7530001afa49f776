//! A match whose texts may have placeholders, parsed.

use faucet_core::select::Match;
use faucet_core::{KeyPath, Problem, Problems};
use serde_json::{Map, Value, json};

use crate::keys::SessionMatch;
use crate::template::{Filling, Placeholder, TextTemplate, Token, Unfilled};

/// A match whose texts may have placeholders, parsed.
#[derive(Debug, Clone)]
pub(crate) enum MatchTemplate {
    /// Without placeholders.
    Fixed(Match),
    /// Filled before each use.
    Filled(Value),
}

impl MatchTemplate {
    /// Parses a match that stands at `path`.
    pub(crate) fn parse(
        written: &SessionMatch,
        path: &KeyPath,
        problems: &mut Problems,
    ) -> Option<Self> {
        let mistakes = Match::mistakes(&written.0);
        let is_good = mistakes.is_empty();
        problems.extend(mistakes.iter().map(|error| error.problem_at(path)));
        let mut bad = None;
        let mut has_placeholders = false;
        for_each_text(&written.0, &mut |text| match TextTemplate::parse(text) {
            Ok(template) => has_placeholders |= template.placeholders().next().is_some(),
            Err(error) => bad = Some(error),
        });
        if let Some(error) = bad {
            problems.push(Problem::invalid(path.clone(), error.to_string()));
            return None;
        }
        match (is_good, has_placeholders) {
            (false, _) => None,
            (true, true) => Some(Self::Filled(written.0.clone())),
            (true, false) => Match::parse(&written.0).ok().map(Self::Fixed),
        }
    }

    /// The placeholders in the conditions.
    pub(crate) fn placeholders(&self) -> Vec<Placeholder> {
        let mut found = Vec::new();
        if let Self::Filled(written) = self {
            for_each_text(written, &mut |text| {
                let template = TextTemplate::parse(text).ok();
                found.extend(template.iter().flat_map(TextTemplate::placeholders).cloned());
            });
        }
        found
    }

    /// A match that holds wherever the filled one does, whatever its values are. `None`: there is none.
    pub(crate) fn any(&self) -> Option<Match> {
        match self {
            Self::Fixed(fixed) => Some(fixed.clone()),
            Self::Filled(written) => Match::parse(&loosened(written)?).ok(),
        }
    }

    /// The match, where it has no placeholders.
    pub(crate) fn as_fixed(&self) -> Option<&Match> {
        match self {
            Self::Fixed(fixed) => Some(fixed),
            Self::Filled(_) => None,
        }
    }

    /// The match with its placeholders filled.
    ///
    /// # Errors
    /// A placeholder without a value, or a value that no condition can hold.
    pub(crate) fn fill(&self, names: &dyn Filling) -> Result<Match, Unfilled> {
        match self {
            Self::Fixed(fixed) => Ok(fixed.clone()),
            Self::Filled(written) => {
                let filled = filled(written, names)?;
                Match::parse(&filled).map_err(|_| Unfilled::NoValue("a condition".to_owned()))
            }
        }
    }
}

/// The match `written` without its placeholders: whatever stands at their places fits.
fn loosened(written: &Value) -> Option<Value> {
    let table = |table: &Map<String, Value>| {
        let place = |(place, condition): (&String, &Value)| {
            let mut is_open = false;
            for_each_text(condition, &mut |text| {
                let template = TextTemplate::parse(text).ok();
                is_open |= template.is_some_and(|text| text.placeholders().next().is_some());
            });
            match (is_open, place.starts_with('/')) {
                (false, _) => Some((place.clone(), condition.clone())),
                (true, true) => Some((place.clone(), json!({"exists": true}))),
                // The text of a message always exists, and a prefix moves the places beside it.
                (true, false) => None,
            }
        };
        table.iter().map(place).collect::<Option<Map<_, _>>>().map(Value::Object)
    };
    match written {
        Value::Object(members) => table(members),
        Value::Array(tables) => {
            let tables = tables.iter().map(|each| table(each.as_object()?));
            tables.collect::<Option<Vec<_>>>().map(Value::Array)
        }
        _ => None,
    }
}

/// Calls `see` with each text of the conditions. Keys are places and have no placeholders.
fn for_each_text(written: &Value, see: &mut dyn FnMut(&str)) {
    match written {
        Value::String(text) => see(text),
        Value::Array(items) => items.iter().for_each(|item| for_each_text(item, see)),
        Value::Object(members) => members.values().for_each(|value| for_each_text(value, see)),
        _ => {}
    }
}

fn filled(written: &Value, names: &dyn Filling) -> Result<Value, Unfilled> {
    Ok(match written {
        Value::String(text) => {
            let Ok(template) = TextTemplate::parse(text) else { return Ok(written.clone()) };
            let no_value = || Unfilled::NoValue(text.clone());
            match template.whole() {
                Some(placeholder) => {
                    let token = names.token(&placeholder.of).ok_or_else(no_value)?;
                    value_of(&token)
                }
                None => template.fill(names)?.ok_or_else(no_value)?.into(),
            }
        }
        Value::Array(items) => {
            Value::Array(items.iter().map(|item| filled(item, names)).collect::<Result<_, _>>()?)
        }
        Value::Object(members) => {
            let member = |(key, value): (&String, &Value)| Ok((key.clone(), filled(value, names)?));
            Value::Object(members.iter().map(member).collect::<Result<Map<_, _>, Unfilled>>()?)
        }
        other => other.clone(),
    })
}

/// A whole value keeps its type.
fn value_of(token: &Token) -> Value {
    serde_json::from_str(&token.json()).unwrap_or_else(|_| token.words().into())
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;
    use crate::template::Reference;

    struct Numbered(u64);

    impl Filling for Numbered {
        fn token(&self, of: &Reference) -> Option<Cow<'_, Token>> {
            let is_seq = *of == Reference::Name("seq".into());
            is_seq.then(|| Cow::Owned(Token::number(self.0.to_string())))
        }
    }

    fn parse(written: Value) -> (Option<MatchTemplate>, Vec<String>) {
        let mut problems = Problems::new();
        let parsed = MatchTemplate::parse(&SessionMatch(written), &"ack".into(), &mut problems);
        (parsed, problems.iter().map(Problem::to_string).collect())
    }

    #[test]
    fn texts_are_filled_and_keep_the_type_of_a_whole_value() {
        for (written, message, expected) in [
            (json!({"/id": "{seq}"}), r#"{"id":7}"#, true),
            (json!({"/id": "{seq}"}), r#"{"id":"7"}"#, false),
            (json!({"/id": "s{seq}"}), r#"{"id":"s7"}"#, true),
            (json!([{"/a": 1}, {"/id": {"not": ["{seq}"]}}]), r#"{"id":8}"#, true),
            (json!({"/id": {"prefix": "s{seq}-"}}), r#"{"id":"s7-1"}"#, true),
        ] {
            let template = parse(written.clone()).0.unwrap();
            assert!(template.as_fixed().is_none() && !template.placeholders().is_empty());
            let matches = template.fill(&Numbered(7)).unwrap().is_match(message.as_bytes());
            assert_eq!(matches, expected, "{written} {message}");
        }
        let fixed = parse(json!({"/id": "{}"})).0.unwrap();
        assert!(fixed.as_fixed().is_some() && fixed.fill(&Numbered(1)).is_ok());
        let unknown = parse(json!({"/id": "{x}"})).0.unwrap();
        assert_eq!(unknown.fill(&Numbered(1)).unwrap_err(), Unfilled::NoValue("{x}".into()));
    }

    #[test]
    fn what_fits_any_values_fits_wherever_the_filled_match_does() {
        for (written, expected) in [
            (
                json!({"/id": "{seq}", "/ok": true}),
                Some(json!({"/id": {"exists": true}, "/ok": true})),
            ),
            (json!({"/id": "s{seq}"}), Some(json!({"/id": {"exists": true}}))),
            (json!({"/id": {"not": ["{seq}", 1]}}), Some(json!({"/id": {"exists": true}}))),
            (
                json!([{"/id": {"prefix": "{seq}"}}, {"prefix": "42", "/a": null}]),
                Some(json!([{"/id": {"exists": true}}, {"prefix": "42", "/a": null}])),
            ),
            (json!({"/id": "{}"}), Some(json!({"/id": "{}"}))),
            (json!({"text": "ok {seq}"}), None),
            (json!([{"/id": "{seq}"}, {"prefix": "{seq}", "/a": 1}]), None),
        ] {
            let any = parse(written.clone()).0.unwrap().any();
            assert_eq!(any.map(|any| any.as_value().clone()), expected, "{written}");
        }
    }

    #[test]
    fn mistakes_have_their_places() {
        let (parsed, problems) = parse(json!({"id": "{seq}", "/a": {"contains": 1}}));
        assert!(parsed.is_none() && problems.len() == 2, "{problems:?}");
        assert!(
            problems.iter().any(|problem| problem.starts_with("ack./a.contains")),
            "{problems:?}"
        );
        let (parsed, problems) = parse(json!({"/a": "{/~}"}));
        assert!(
            parsed.is_none() && problems[0].starts_with("ack: {/~} is no place"),
            "{problems:?}"
        );
    }
}
