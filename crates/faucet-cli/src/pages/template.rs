//! A new pipeline file as text.

use std::fmt::Write as _;

use faucet_pipeline::SpecFormat;
use serde_json::Value;
use textwrap::{Options, WordSplitter};

use crate::pages::inline::{inline, toml_key, yaml};
use crate::pages::skeleton::{Entry, Section, Skeleton};

/// The file in which `init` and `schema --write` put the schema of pipeline files.
pub(crate) const SCHEMA_FILE: &str = "faucet.schema.json";

/// The line of a pipeline file from which editors learn the schema's file.
fn schema_line(format: SpecFormat, schema: &str) -> String {
    match format {
        SpecFormat::Yaml => format!("# yaml-language-server: $schema={schema}"),
        SpecFormat::Toml => format!("#:schema {schema}"),
        SpecFormat::Json => format!("\"$schema\": {},", Value::from(schema)),
    }
}

/// The advice how a pipeline file names its schema, for all formats.
pub(crate) fn schema_lines(schema: &str) -> String {
    let schema = if schema.contains(['/', '\\']) { schema.into() } else { format!("./{schema}") };
    let line = |format| schema_line(format, &schema);
    let (yaml, toml, json) =
        (line(SpecFormat::Yaml), line(SpecFormat::Toml), line(SpecFormat::Json));
    format!(
        ". A pipeline file names it in its first line, for editors:\n  YAML  {yaml}\n  TOML  {toml}\n  \
         JSON  {{ {json} …"
    )
}

/// The text of the file. `command` is the name of the command.
pub(crate) fn text(skeleton: &Skeleton, format: SpecFormat, command: &str) -> String {
    match format {
        SpecFormat::Json => json(skeleton),
        _ => Commented { skeleton, format, command }.text(),
    }
}

/// A file in a format with comments.
#[derive(Clone, Copy)]
struct Commented<'a> {
    skeleton: &'a Skeleton,
    format: SpecFormat,
    command: &'a str,
}

impl Commented<'_> {
    fn text(self) -> String {
        let mut out = self.intro();
        // A key below a table of TOML belongs to the table.
        if self.format == SpecFormat::Toml {
            self.file_keys(&mut out);
        }
        for section in &self.skeleton.components {
            self.section(&mut out, section);
        }
        self.context(&mut out);
        if self.format == SpecFormat::Yaml {
            self.file_keys(&mut out);
        }
        out
    }

    fn intro(self) -> String {
        let command = self.command;
        let topic = self.skeleton.components.first().map_or_else(String::new, |section| {
            let first = section.entries.first().map_or("KEY", |entry| &entry.name);
            [section.kind.as_str(), &section.connector, first].join(".")
        });
        let mut intro = schema_line(self.format, &["./", SCHEMA_FILE].concat());
        let _ = write!(
            intro,
            "\n# Records come from `source` and go to `sink`. Keys behind a # are not set: they show \
             their\n# default, or an example where there is none.\n\
             #   {command} validate FILE   reports every mistake, without touching the network\n\
             #   {command} check FILE      reaches both ends step by step\n\
             #   {command} run FILE        runs it until Ctrl-C\n\
             # All about a key: {command} explain {topic}\n"
        );
        intro
    }

    fn section(self, out: &mut String, section: &Section) {
        let Section { kind, connector, entries } = section;
        let name = Value::from(connector.as_str());
        let (head, indent) = match self.format {
            SpecFormat::Yaml => (format!("\n{kind}:\n  type: {}\n", yaml(&name)), "  "),
            _ => (format!("\n[{kind}]\ntype = {}\n", inline(&name, self.format)), ""),
        };
        out.push_str(&head);
        entries.iter().for_each(|entry| self.entry(out, indent, entry));
    }

    fn context(self, out: &mut String) {
        let context = &self.skeleton.context;
        if context.is_empty() {
            return;
        }
        let yaml = self.format == SpecFormat::Yaml;
        let head = if yaml { "context:" } else { "[context]" };
        let _ = writeln!(
            out,
            "\n# Values of the {{placeholders}}; --context NAME=VALUE replaces one.\n{head}"
        );
        for (name, value) in context {
            let _ = writeln!(out, "{}{}", if yaml { "  " } else { "" }, self.pair(name, value));
        }
    }

    fn file_keys(self, out: &mut String) {
        if !self.skeleton.file.is_empty() {
            out.push_str("\n# The pipeline as a whole.\n");
            self.skeleton.file.iter().for_each(|entry| self.entry(out, "", entry));
        }
    }

    /// A key below its meaning.
    fn entry(self, out: &mut String, indent: &str, entry: &Entry) {
        out.push('\n');
        if !entry.comment.is_empty() {
            let begin = [indent, "# "].concat();
            let options = Options::new(100).initial_indent(&begin).subsequent_indent(&begin);
            let options = options.word_splitter(WordSplitter::NoHyphenation).break_words(false);
            let _ = writeln!(out, "{}", textwrap::fill(&entry.comment, options));
        }
        // TOML has no null.
        let is_set = entry.is_set && !(self.format == SpecFormat::Toml && entry.value.is_null());
        let mark = if is_set { "" } else { "#" };
        let _ = writeln!(out, "{indent}{mark}{}", self.pair(&entry.name, &entry.value));
    }

    fn pair(self, name: &str, value: &Value) -> String {
        let value = inline(value, self.format);
        match self.format {
            SpecFormat::Yaml => format!("{}: {value}", yaml(&Value::from(name))),
            _ => format!("{} = {value}", toml_key(name)),
        }
    }
}

/// The keys that are set: JSON has no comments.
fn json(skeleton: &Skeleton) -> String {
    let line = |name: &str, value: &Value| {
        format!("{}: {}", Value::from(name), inline(value, SpecFormat::Json))
    };
    let set = |entries: &[Entry]| -> Vec<String> {
        let set = entries.iter().filter(|entry| entry.is_set);
        set.map(|entry| line(&entry.name, &entry.value)).collect()
    };
    let map = |name: &str, lines: Vec<String>| {
        format!("\"{name}\": {{\n    {}\n  }}", lines.join(",\n    "))
    };
    let mut parts = vec![line("$schema", &["./", SCHEMA_FILE].concat().into())];
    for Section { kind, connector, entries } in &skeleton.components {
        let mut lines = vec![line("type", &connector.as_str().into())];
        lines.extend(set(entries));
        parts.push(map(kind.as_str(), lines));
    }
    if !skeleton.context.is_empty() {
        let lines = skeleton.context.iter().map(|(name, value)| line(name, value));
        parts.push(map("context", lines.collect()));
    }
    parts.extend(set(&skeleton.file));
    format!("{{\n  {}\n}}\n", parts.join(",\n  "))
}

#[cfg(test)]
mod tests {
    use faucet_core::ComponentKind;
    use serde_json::json;

    use super::*;

    fn skeleton() -> Skeleton {
        let entry = |name: &str, value: Value, is_set| Entry {
            name: name.into(),
            comment: "Why.".into(),
            value,
            is_set,
        };
        let section =
            |kind, connector: &str, entries| Section { kind, connector: connector.into(), entries };
        Skeleton {
            components: vec![
                section(
                    ComponentKind::Source,
                    "feed",
                    vec![entry("url", json!("x://{a}"), true), entry("wait", json!(1), false)],
                ),
                section(ComponentKind::Sink, "null", Vec::new()),
            ],
            file: vec![entry("parallel", json!(true), true), entry("grace", json!(1.8), false)],
            context: [("a".to_owned(), json!("b"))].into_iter().collect(),
            problems: Default::default(),
        }
    }

    /// The text behind the comment that opens it.
    fn body(format: SpecFormat) -> String {
        let text = text(&skeleton(), format, "acme");
        assert!(text.contains("#   acme run FILE"), "{text}");
        assert!(text.contains("acme explain source.feed.url\n"), "{text}");
        text.split_once("source.feed.url\n").unwrap().1.to_owned()
    }

    #[test]
    fn yaml_has_sections_and_comments() {
        let expected = "
source:
  type: feed

  # Why.
  url: \"x://{a}\"

  # Why.
  #wait: 1

sink:
  type: \"null\"

# Values of the {placeholders}; --context NAME=VALUE replaces one.
context:
  a: b

# The pipeline as a whole.

# Why.
parallel: true

# Why.
#grace: 1.8
";
        assert_eq!(body(SpecFormat::Yaml), expected);
    }

    #[test]
    fn toml_has_the_files_keys_above_the_tables() {
        let expected = "
# The pipeline as a whole.

# Why.
parallel = true

# Why.
#grace = 1.8

[source]
type = \"feed\"

# Why.
url = \"x://{a}\"

# Why.
#wait = 1

[sink]
type = \"null\"

# Values of the {placeholders}; --context NAME=VALUE replaces one.
[context]
a = \"b\"
";
        assert_eq!(body(SpecFormat::Toml), expected);
    }

    #[test]
    fn json_has_only_what_is_set() {
        let expected = r#"{
  "$schema": "./faucet.schema.json",
  "source": {
    "type": "feed",
    "url": "x://{a}"
  },
  "sink": {
    "type": "null"
  },
  "context": {
    "a": "b"
  },
  "parallel": true
}
"#;
        assert_eq!(text(&skeleton(), SpecFormat::Json, "acme"), expected);
    }
}
