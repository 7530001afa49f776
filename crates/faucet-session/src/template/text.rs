//! Text with placeholders.

use crate::template::filling::{Filling, Unfilled};
use crate::template::placeholder::{BadPlaceholder, Placeholder};
use crate::template::token::Token;

/// Text with placeholders. `Debug` shows the text as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextTemplate {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(Box<str>),
    Value(Placeholder),
}

impl TextTemplate {
    /// Reads a text. Braces around anything else than a name or a place are text.
    ///
    /// # Errors
    /// A `{/…}` that is no JSON pointer.
    pub fn parse(text: &str) -> Result<Self, BadPlaceholder> {
        let (mut parts, mut rest, mut from) = (Vec::new(), text, 0);
        while let Some(open) = rest[from..].find('{').map(|at| from + at) {
            let Some(close) = rest[open..].find('}').map(|at| open + at) else { break };
            let Some(placeholder) = Placeholder::parse(&rest[open + 1..close])? else {
                from = open + 1;
                continue;
            };
            if open > 0 {
                parts.push(Part::Text(rest[..open].into()));
            }
            parts.push(Part::Value(placeholder));
            (rest, from) = (&rest[close + 1..], 0);
        }
        if !rest.is_empty() || parts.is_empty() {
            parts.push(Part::Text(rest.into()));
        }
        Ok(Self { parts })
    }

    /// Text in which braces mean nothing.
    pub fn literal(text: &str) -> Self {
        Self { parts: vec![Part::Text(text.into())] }
    }

    /// The placeholders in order.
    pub fn placeholders(&self) -> impl Iterator<Item = &Placeholder> {
        self.parts.iter().filter_map(|part| match part {
            Part::Value(placeholder) => Some(placeholder),
            Part::Text(_) => None,
        })
    }

    /// The only placeholder of a text that is nothing else.
    pub fn whole(&self) -> Option<&Placeholder> {
        match &self.parts[..] {
            [Part::Value(placeholder)] => Some(placeholder),
            _ => None,
        }
    }

    /// The text, where it has no placeholder.
    pub fn as_fixed(&self) -> Option<&str> {
        match &self.parts[..] {
            [Part::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// Whether the first character may be that of a value.
    pub fn begins_filled(&self) -> bool {
        matches!(self.parts.first(), Some(Part::Value(_)))
    }

    /// Appends the filled text to `out`; `put` appends each value. Returns `false` where an optional
    /// placeholder has no value: then whatever holds the text is left out, and `out` is as before.
    ///
    /// # Errors
    /// A placeholder without a value, or whatever `put` refuses.
    pub fn fill_with(
        &self,
        names: &dyn Filling,
        out: &mut String,
        put: &mut dyn FnMut(&mut String, &Placeholder, &Token) -> Result<(), Unfilled>,
    ) -> Result<bool, Unfilled> {
        let from = out.len();
        for part in &self.parts {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Value(placeholder) => match names.token(&placeholder.of) {
                    Some(token) => put(out, placeholder, &token)?,
                    None if placeholder.is_optional => {
                        out.truncate(from);
                        return Ok(false);
                    }
                    None if placeholder.is_cursor() => {}
                    None => return Err(Unfilled::NoValue(placeholder.to_string())),
                },
            }
        }
        Ok(true)
    }

    /// The filled text; `None` where an optional placeholder has no value.
    ///
    /// # Errors
    /// A placeholder without a value.
    pub fn fill(&self, names: &dyn Filling) -> Result<Option<String>, Unfilled> {
        let mut out = String::new();
        let whole = self.fill_with(names, &mut out, &mut |out, _, token| {
            out.push_str(token.words());
            Ok(())
        })?;
        Ok(whole.then_some(out))
    }

    /// The filled text, whose values have no control characters. As [`fill`](Self::fill).
    ///
    /// # Errors
    /// A placeholder without a value, or a value with a control character.
    pub fn fill_line(&self, names: &dyn Filling) -> Result<Option<String>, Unfilled> {
        let mut out = String::new();
        let whole = self.fill_with(names, &mut out, &mut |out, placeholder, token| {
            if token.words().chars().any(char::is_control) {
                return Err(Unfilled::Control(placeholder.to_string()));
            }
            out.push_str(token.words());
            Ok(())
        })?;
        Ok(whole.then_some(out))
    }
}

impl std::fmt::Display for TextTemplate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.parts.iter().try_for_each(|part| match part {
            Part::Text(text) => f.write_str(text),
            Part::Value(placeholder) => placeholder.fmt(f),
        })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::borrow::Cow;
    use std::collections::BTreeMap;

    use super::*;
    use crate::template::placeholder::Reference;

    /// Values by name; pointers name values by their text.
    pub(in crate::template) struct Values(pub(in crate::template) BTreeMap<&'static str, Token>);

    impl Filling for Values {
        fn token(&self, of: &Reference) -> Option<Cow<'_, Token>> {
            let name = match of {
                Reference::Name(name) => name.to_string(),
                Reference::Answered(pointer) => pointer.to_string(),
            };
            self.0.get(&*name).map(Cow::Borrowed)
        }
    }

    pub(in crate::template) fn values() -> Values {
        Values(BTreeMap::from([
            ("a", Token::text("x\"y")),
            ("n", Token::number("1492420473027001234567")),
            ("list", Token::of_json(b"[1, {}]").unwrap()),
            ("trap", Token::text("{a}")),
            ("line", Token::text("a\r\nb")),
            ("/id", Token::number("7")),
        ]))
    }

    fn filled(text: &str) -> Result<Option<String>, String> {
        let template = TextTemplate::parse(text).map_err(|error| error.to_string())?;
        template.fill(&values()).map_err(|error| error.to_string())
    }

    #[test]
    fn texts_are_filled_once() {
        for (text, expected) in [
            ("", Ok(Some(""))),
            ("plain {} {1x} {", Ok(Some("plain {} {1x} {"))),
            (r#"{"nonce":{n}}"#, Ok(Some(r#"{"nonce":1492420473027001234567}"#))),
            ("{a}-{a?}-{trap}", Ok(Some("x\"y-x\"y-{a}"))),
            ("{list}{/id}", Ok(Some("[1, {}]7"))),
            ("a{none?}", Ok(None)),
            ("a{cursor}", Ok(Some("a"))),
            ("a{cursor?}", Ok(None)),
            ("a{none}", Err("{none} has no value")),
            ("{/x}", Err("{/x} has no value")),
            (
                "{/~}",
                Err(
                    "{/~} is no place in a message: `~` at byte 1 needs `0` (for `~`) or `1` (for `/`) behind it",
                ),
            ),
        ] {
            let expected = expected.map(|text: Option<&str>| text.map(str::to_owned));
            assert_eq!(filled(text), expected.map_err(str::to_owned), "{text}");
        }
    }

    #[test]
    fn a_line_takes_no_control_characters_from_values() {
        let line = |text| TextTemplate::parse(text).unwrap().fill_line(&values());
        assert_eq!(line("SUB {a}"), Ok(Some("SUB x\"y".into())));
        assert_eq!(line("SUB {line}"), Err(Unfilled::Control("{line}".into())));
    }

    #[test]
    fn placeholders_are_told() {
        let template = TextTemplate::parse("{a} {b?} {/c}").unwrap();
        let names: Vec<String> = template.placeholders().map(ToString::to_string).collect();
        assert_eq!(names, ["{a}", "{b?}", "{/c}"]);
        assert!(template.whole().is_none() && template.as_fixed().is_none());
        assert!(TextTemplate::parse("{a}").unwrap().whole().is_some());
        assert_eq!(TextTemplate::literal("{a}").as_fixed(), Some("{a}"));
    }
}
