//! JSON with placeholders.

use serde_json::Value;

use crate::template::filling::{Filling, Unfilled};
use crate::template::placeholder::{BadPlaceholder, Placeholder};
use crate::template::text::TextTemplate;
use crate::template::token::Token;

/// JSON with placeholders in its texts. Keys are taken as they are.
///
/// A text that is one placeholder becomes the value with its type. In a longer text the words of the
/// value stand in the place of the placeholder. The whole is written as JSON after it was filled: a value cannot
/// leave its text.
#[derive(Debug, Clone, PartialEq)]
pub struct TreeTemplate(Node);

#[derive(Debug, Clone, PartialEq)]
enum Node {
    /// JSON without placeholders.
    Fixed(Box<str>),
    /// A text that is one placeholder.
    Whole(Placeholder),
    Text(TextTemplate),
    Array(Vec<Node>),
    /// Each key as a JSON string.
    Object(Vec<(Box<str>, Node)>),
}

impl TreeTemplate {
    /// Reads a tree.
    ///
    /// # Errors
    /// A `{/…}` that is no JSON pointer.
    pub fn parse(tree: &Value) -> Result<Self, BadPlaceholder> {
        Node::parse(tree).map(Self)
    }

    /// A tree in which braces mean nothing.
    pub fn literal(tree: &Value) -> Self {
        Self(Node::Fixed(tree.to_string().into()))
    }

    /// The placeholders in order.
    pub fn placeholders(&self) -> Vec<&Placeholder> {
        let mut found = Vec::new();
        self.0.collect(&mut found);
        found
    }

    /// The JSON, where it has no placeholder.
    pub fn as_fixed(&self) -> Option<&str> {
        match &self.0 {
            Node::Fixed(json) => Some(json),
            _ => None,
        }
    }

    /// Appends the filled JSON to `out`. Returns `false`, and appends nothing, where the tree is an
    /// optional placeholder without a value.
    ///
    /// # Errors
    /// A placeholder without a value.
    pub fn fill(&self, names: &dyn Filling, out: &mut String) -> Result<bool, Unfilled> {
        self.0.fill(names, out)
    }
}

impl Node {
    fn parse(tree: &Value) -> Result<Self, BadPlaceholder> {
        let node = match tree {
            Value::String(text) => {
                let text = TextTemplate::parse(text)?;
                match text.whole() {
                    Some(placeholder) => Self::Whole(placeholder.clone()),
                    None => Self::Text(text),
                }
            }
            Value::Array(items) => {
                Self::Array(items.iter().map(Self::parse).collect::<Result<_, _>>()?)
            }
            Value::Object(members) => {
                let member = |(key, value): (&String, &Value)| {
                    Ok((Value::from(key.as_str()).to_string().into(), Self::parse(value)?))
                };
                Self::Object(members.iter().map(member).collect::<Result<_, _>>()?)
            }
            scalar => Self::Fixed(scalar.to_string().into()),
        };
        let mut placeholders = Vec::new();
        node.collect(&mut placeholders);
        match placeholders.is_empty() {
            true => Ok(Self::Fixed(tree.to_string().into())),
            false => Ok(node),
        }
    }

    fn collect<'a>(&'a self, found: &mut Vec<&'a Placeholder>) {
        match self {
            Self::Fixed(_) => {}
            Self::Whole(placeholder) => found.push(placeholder),
            Self::Text(text) => found.extend(text.placeholders()),
            Self::Array(items) => items.iter().for_each(|item| item.collect(found)),
            Self::Object(members) => members.iter().for_each(|(_, value)| value.collect(found)),
        }
    }

    /// Appends the node; `false` where it is left out.
    fn fill(&self, names: &dyn Filling, out: &mut String) -> Result<bool, Unfilled> {
        match self {
            Self::Fixed(json) => out.push_str(json),
            Self::Whole(placeholder) => match names.token(&placeholder.of) {
                Some(token) => out.push_str(&token.json()),
                None if placeholder.is_optional => return Ok(false),
                None if placeholder.is_cursor() => out.push_str("null"),
                None => return Err(Unfilled::NoValue(placeholder.to_string())),
            },
            Self::Text(text) => match text.fill(names)? {
                Some(text) => out.push_str(&Token::text(text).json()),
                None => return Ok(false),
            },
            Self::Array(items) => {
                out.push('[');
                let mut separator = "";
                for item in items {
                    let before = out.len();
                    out.push_str(separator);
                    match item.fill(names, out)? {
                        true => separator = ",",
                        false => out.truncate(before),
                    }
                }
                out.push(']');
            }
            Self::Object(members) => {
                out.push('{');
                let mut separator = "";
                for (key, value) in members {
                    let before = out.len();
                    out.extend([separator, key, ":"]);
                    match value.fill(names, out)? {
                        true => separator = ",",
                        false => out.truncate(before),
                    }
                }
                out.push('}');
            }
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::template::text::tests::{Values, values};

    fn filled(tree: &Value) -> Result<Option<String>, Unfilled> {
        let mut out = String::new();
        let whole = TreeTemplate::parse(tree).unwrap().fill(&values(), &mut out)?;
        Ok(whole.then_some(out))
    }

    #[test]
    fn trees_are_filled_and_then_written() {
        for (tree, expected) in [
            (
                json!({"op": "sub", "n": 1.5, "l": [true, null]}),
                Some(r#"{"l":[true,null],"n":1.5,"op":"sub"}"#),
            ),
            (
                json!(["{a}", "-{a}", "{n}", "n{n}"]),
                Some(r#"["x\"y","-x\"y",1492420473027001234567,"n1492420473027001234567"]"#),
            ),
            (json!({"args": "{list}", "id": "{/id}"}), Some(r#"{"args":[1, {}],"id":7}"#)),
            (json!({"t": "{trap}"}), Some(r#"{"t":"{a}"}"#)),
            (
                json!({"a": "{none?}", "b": [1, "x{none?}", 2], "c": 3}),
                Some(r#"{"b":[1,2],"c":3}"#),
            ),
            (json!(["{none?}", 1, "{none?}"]), Some("[1]")),
            (json!({"a": "{cursor}", "b": "{cursor?}"}), Some(r#"{"a":null}"#)),
            (json!({"{a}": "{}"}), Some(r#"{"{a}":"{}"}"#)),
            (json!("{none?}"), None),
        ] {
            assert_eq!(filled(&tree), Ok(expected.map(str::to_owned)), "{tree}");
        }
        assert_eq!(filled(&json!([{"a": "{none}"}])), Err(Unfilled::NoValue("{none}".into())));
        let fixed = json!({"a": ["{}", 1]});
        assert_eq!(TreeTemplate::parse(&fixed).unwrap().as_fixed(), Some(r#"{"a":["{}",1]}"#));
        assert_eq!(TreeTemplate::literal(&json!("{a}")).as_fixed(), Some(r#""{a}""#));
    }

    proptest! {
        /// Whatever a value holds, it stays inside of its text.
        #[test]
        fn a_value_cannot_leave_its_text(value in any::<String>()) {
            let names = Values([("a", Token::text(value.as_str()))].into());
            let mut out = String::new();
            let tree = json!({"x": "{a}", "y": ["<{a}>"]});
            TreeTemplate::parse(&tree).unwrap().fill(&names, &mut out).unwrap();
            let read: Value = serde_json::from_str(&out).unwrap();
            prop_assert_eq!(read, json!({"x": value, "y": [format!("<{value}>")]}));
        }
    }
}
