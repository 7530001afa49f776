//! From the text of a pipeline file to a tree that knows where its keys stand.

use std::path::Path;

use faucet_core::{Error, Result};
use serde::de::IgnoredAny;
use serde_json::{Map, Value};
use serde_saphyr::{Spanned, UserMessageFormatter};
use toml::de::{DeTable, DeValue};

use crate::location::{Location, Locations};
use crate::node::Node;

/// The language of a pipeline file. All have the same keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpecFormat {
    /// YAML 1.2: `yes` and `no` are text, and so is `007`.
    Yaml,
    /// JSON.
    Json,
    /// TOML.
    Toml,
}

impl SpecFormat {
    /// The format that the file's ending names: `.yaml`, `.yml`, `.json` or `.toml`.
    ///
    /// # Errors
    /// [`Config`](faucet_core::ErrorKind::Config) for any other ending.
    pub fn of(path: &Path) -> Result<Self> {
        let ending = path.extension().and_then(|ending| ending.to_str()).map(str::to_lowercase);
        match ending.as_deref() {
            Some("yaml" | "yml") => Ok(Self::Yaml),
            Some("json") => Ok(Self::Json),
            Some("toml") => Ok(Self::Toml),
            _ => Err(Error::config(format!(
                "{}: a pipeline file ends in .yaml, .yml, .json or .toml",
                path.display()
            ))),
        }
    }
}

/// A parsed text.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    pub(crate) value: Value,
    pub(crate) locations: Locations,
}

impl Tree {
    /// Parses `text`.
    ///
    /// # Errors
    /// What breaks the format, and where; also a key that stands twice in a map. Values are not
    /// printed.
    pub(crate) fn parse(text: &str, format: SpecFormat) -> Result<Self> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        match format {
            SpecFormat::Yaml => Self::yaml(text),
            SpecFormat::Json => {
                // JSON is YAML, but not the reverse.
                serde_json::from_str::<IgnoredAny>(text).map_err(|error| {
                    let at = Location { line: error.line(), column: error.column().max(1) };
                    let what = error.to_string();
                    syntax(what.split(" at line ").next().unwrap_or(&what), at)
                })?;
                Self::yaml(text)
            }
            SpecFormat::Toml => Self::toml(text),
        }
    }

    fn yaml(text: &str) -> Result<Self> {
        let options = serde_saphyr::options! {
            strict_booleans: true,
            leading_zero_numbers_as_strings: true,
            underscored_numbers_as_strings: true,
        };
        let root: Spanned<Node> = serde_saphyr::from_str_with_options(text, options)
            // The snippet of the text would show what stands in that line.
            .map_err(|error| {
                Error::config(error.without_snippet().render_with_formatter(&UserMessageFormatter))
            })?;
        let mut locations = Locations::default();
        let value = root.value.into_value("", &mut locations);
        Ok(Self { value, locations })
    }

    fn toml(text: &str) -> Result<Self> {
        let root = DeTable::parse(text).map_err(|error| {
            syntax(error.message(), Location::of(text, error.span().map_or(0, |span| span.start)))
        })?;
        let mut toml = Toml { text, locations: Locations::default() };
        let value = toml.table(root.get_ref(), "")?;
        Ok(Self { value, locations: toml.locations })
    }
}

fn syntax(what: &str, at: Location) -> Error {
    Error::config(format!("{what} at {at}"))
}

/// The path of `key` inside `path`.
pub(crate) fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// Turns TOML into JSON values.
struct Toml<'a> {
    text: &'a str,
    locations: Locations,
}

impl Toml<'_> {
    fn table(&mut self, table: &DeTable<'_>, path: &str) -> Result<Value> {
        let mut object = Map::new();
        for (key, value) in table {
            let path = join(path, key.get_ref());
            self.locations.insert(path.clone(), Location::of(self.text, key.span().start));
            object.insert(key.get_ref().to_string(), self.value(value.get_ref(), &path)?);
        }
        Ok(Value::Object(object))
    }

    fn value(&mut self, value: &DeValue<'_>, path: &str) -> Result<Value> {
        Ok(match value {
            DeValue::String(text) => text.as_ref().into(),
            DeValue::Boolean(value) => (*value).into(),
            DeValue::Datetime(moment) => moment.to_string().into(),
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
                .map_err(|_| Error::config(format!("{path}: the number is too large")))?
                .into(),
            // JSON has neither infinity nor NaN: they would become null, which unsets a key.
            DeValue::Float(number) => match number.as_str().parse::<f64>() {
                Ok(number) if number.is_finite() => number.into(),
                _ => return Err(Error::config(format!("{path}: not a finite number"))),
            },
            DeValue::Array(items) => {
                let mut list = Vec::with_capacity(items.len());
                for (index, item) in items.iter().enumerate() {
                    let path = format!("{path}[{index}]");
                    self.locations.insert(path.clone(), Location::of(self.text, item.span().start));
                    list.push(self.value(item.get_ref(), &path)?);
                }
                Value::Array(list)
            }
            DeValue::Table(table) => self.table(table, path)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refused(text: &str, format: SpecFormat) -> String {
        Tree::parse(text, format).unwrap_err().to_string()
    }

    #[test]
    fn all_formats_have_the_same_keys_and_know_where_they_stand() {
        let yaml = "\u{feff}source:\n  type: x\n  list:\n    - a\n    - {b: 1}\n  on: true\n";
        let json = "{\n\t\"source\": {\n\t\t\"type\": \"x\", \"on\": true,\n\
                    \"list\": [\"a\", {\"b\": 1}]\n}}";
        let toml = "[source]\ntype = \"x\"\non = true\nlist = [\"a\", {b = 1}]\n";
        let expected = json!({"source": {"type": "x", "list": ["a", {"b": 1}], "on": true}});
        for (text, format, list, b) in [
            (yaml, SpecFormat::Yaml, (3, 3), (5, 8)),
            (json, SpecFormat::Json, (4, 1), (4, 16)),
            (toml, SpecFormat::Toml, (4, 1), (4, 15)),
        ] {
            let tree = Tree::parse(text, format).unwrap();
            assert_eq!(tree.value, expected, "{format:?}");
            let place = |(line, column)| Some(Location { line, column });
            assert_eq!(tree.locations.find("source.list"), place(list), "{format:?}");
            assert_eq!(tree.locations.find("source.list[1].b"), place(b), "{format:?}");
        }
    }

    #[test]
    fn scalars_are_what_they_look_like_and_nothing_more() {
        let yaml =
            "[no, 007, 1_000, 2.5, 1e3, ~, '5', 2020-01-01, 12:30, -3, 18446744073709551615]";
        let tree = Tree::parse(yaml, SpecFormat::Yaml).unwrap();
        let big = u64::MAX;
        assert_eq!(
            tree.value,
            json!(["no", "007", "1_000", 2.5, 1e3, null, "5", "2020-01-01", "12:30", -3, big])
        );
        let toml = "a = [0x10, 1_000, 2.5, 1979-05-27, 'x', false]";
        let tree = Tree::parse(toml, SpecFormat::Toml).unwrap();
        assert_eq!(tree.value["a"], json!([16, 1000, 2.5, "1979-05-27", "x", false]));
        let json = r#"["\ud83d\ude00\/", 1E3, "a: #b"]"#;
        let tree = Tree::parse(json, SpecFormat::Json).unwrap();
        assert_eq!(tree.value, json!(["😀/", 1e3, "a: #b"]));
    }

    #[test]
    fn what_breaks_the_format_is_named_with_its_place_and_without_the_text() {
        use SpecFormat::{Json, Toml, Yaml};
        for (format, text, what) in [
            (Yaml, "a: hunter2\na: hunter2\n", "key `a` is not allowed here at line 2, column 1"),
            (Yaml, "a: hunter2: x\n", "at line 1, column 11"),
            (Yaml, "a: [hunter2\nb: 3\n", "at line 2, column 2"),
            (Yaml, "a: 1\n---\nb: hunter2\n", "at line 3, column 1"),
            (
                Json,
                "{\"a\": \"hunter2\", \"a\": 2}",
                "`a` is not allowed here at line 1, column 18",
            ),
            (Json, "{\n\"a\": hunter2}", "expected value at line 2, column 6"),
            (Json, "a: hunter2", "expected value at line 1, column 1"),
            (Toml, "a = 'hunter2'\na = 2\n", "duplicate key at line 2, column 1"),
            (Toml, "a = hunter2\n", "string values must be quoted, expected literal string at"),
        ] {
            let error = refused(text, format);
            assert!(error.contains(what) && !error.contains("hunter2"), "{text:?}: {error}");
        }
    }

    #[test]
    fn the_ending_names_the_format() {
        assert_eq!(SpecFormat::of(Path::new("a/b.YML")).unwrap(), SpecFormat::Yaml);
        let error = SpecFormat::of(Path::new("feed.conf")).unwrap_err().to_string();
        assert!(error.starts_with("feed.conf: a pipeline file ends in"), "{error}");
    }
}
