//! What schemas of configurations say beyond JSON Schema.

use serde_json::Value;

use crate::config::schema_view::SchemaView;

/// What another key must be for a key to have an effect; see [`SchemaView::only_with`].
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Beside<'a> {
    /// The other key must be given.
    Given,
    /// The other key must have one of these values. Its default counts where it is not given.
    OneOf(&'a [Value]),
}

/// What a program does with the file that a key names; see [`SchemaView::file_use`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileUse {
    /// It reads the file.
    Read,
    /// It writes the file.
    Write,
}

impl<'a> SchemaView<'a> {
    /// The keys beside this one without which it has no effect (`x-only-with`): each sibling, and what
    /// it must be. All must hold.
    pub fn only_with(self) -> Vec<(&'a str, Beside<'a>)> {
        let note = self.value().get("x-only-with").and_then(Value::as_object);
        let entries = note.into_iter().flatten().filter_map(|(key, value)| {
            let beside = match value {
                Value::Array(values) => Beside::OneOf(values),
                Value::String(word) if word == "given" => Beside::Given,
                _ => return None,
            };
            Some((key.as_str(), beside))
        });
        entries.collect()
    }

    /// Whether `{name}` placeholders in the text are filled from the context (`x-placeholders`).
    pub fn has_placeholders(self) -> bool {
        let noted = |schema: Self| schema.value().get("x-placeholders") == Some(&Value::Bool(true));
        noted(self) || noted(self.resolve())
    }

    /// The placeholders that the connector fills itself, and the context does not (`x-own-placeholders`).
    pub fn own_placeholders(self) -> Vec<&'a str> {
        let names = self.value().get("x-own-placeholders").and_then(Value::as_array);
        names.into_iter().flatten().filter_map(Value::as_str).collect()
    }

    /// What happens to the file that the key names (`x-file`). `None`: the key names no file.
    pub fn file_use(self) -> Option<FileUse> {
        match self.value().get("x-file")?.as_str()? {
            "read" => Some(FileUse::Read),
            "write" => Some(FileUse::Write),
            _ => None,
        }
    }

    /// The words that the text must be one of, each with its meaning (`enumDescriptions`); none where
    /// the words have no meanings.
    pub fn described_words(self) -> Vec<(&'a str, &'a str)> {
        let list = |keyword: &str| self.resolve().value().get(keyword).and_then(Value::as_array);
        let (Some(words), Some(about)) = (list("enum"), list("enumDescriptions")) else {
            return Vec::new();
        };
        let pairs = words.iter().zip(about);
        pairs.filter_map(|(word, about)| Some((word.as_str()?, about.as_str()?))).collect()
    }

    /// How the value may be written beyond its type (`x-form`): `duration` or `size`.
    pub fn form(self) -> Option<&'a str> {
        let form = |schema: Self| schema.value().get("x-form").and_then(Value::as_str);
        form(self).or_else(|| form(self.resolve()))
    }
}

/// Removes defaults that are null: an editor would write them into a file, and the key that is left out
/// means the same.
pub fn without_null_defaults(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            if object.get("default") == Some(&Value::Null) {
                object.remove("default");
            }
            object.values_mut().for_each(without_null_defaults);
        }
        Value::Array(items) => items.iter_mut().for_each(without_null_defaults),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn notes_are_read() {
        let document = json!({"properties": {
            "wait": {"x-only-with": {"retry": [true, null], "times": "given", "odd": 5}},
            "path": {"x-file": "read", "x-placeholders": true, "x-own-placeholders": ["date"]},
            "out": {"x-file": "write"},
            "size": {"anyOf": [{"x-form": "size"}, {"type": "null"}]},
            "word": {"anyOf": [
                {"enum": ["a", null], "enumDescriptions": ["One.", "None."]},
                {"type": "string", "x-variable": true},
            ]},
        }});
        let key = |name: &str| SchemaView::new(&document).property(name)[0];
        let values = [json!(true), Value::Null];
        let expected = vec![("retry", Beside::OneOf(&values)), ("times", Beside::Given)];
        assert_eq!(key("wait").only_with(), expected);
        assert_eq!(key("path").file_use(), Some(FileUse::Read));
        assert_eq!(key("out").file_use(), Some(FileUse::Write));
        assert!(key("path").has_placeholders() && !key("out").has_placeholders());
        assert_eq!(key("path").own_placeholders(), ["date"]);
        assert!(key("out").own_placeholders().is_empty());
        assert_eq!(key("word").described_words(), [("a", "One.")]);
        assert_eq!(key("word").words(), ["a"]);
        assert_eq!((key("size").form(), key("out").form()), (Some("size"), None));
    }

    #[test]
    fn null_defaults_go() {
        let mut schema = json!({"a": [{"default": null, "type": "null"}], "default": 0});
        without_null_defaults(&mut schema);
        assert_eq!(schema, json!({"a": [{"type": "null"}], "default": 0}));
    }
}
