//! The texts of `explain`.

use faucet_core::{Code, ComponentKind, OptionKey};
use textwrap::{Options, WordSplitter};

use crate::pages::connector::Connector;
use crate::pages::inline::yaml;
use crate::pages::meaning::{bounds, default_and_meaning, only_with};
use crate::pages::topic::{FILE, KeyTopic, Subject, Topic, Topics, kind_of};
use crate::pages::tree::{self, Key};
use crate::pages::value::example;
use crate::pages::words::{first_sentence, kind};

/// The width of the committed texts, and the most that a terminal gets.
pub(crate) const WIDTH: usize = 100;

/// Makes texts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Writer<'a> {
    pub(crate) topics: &'a Topics<'a>,
    /// The name of the command, for hints.
    pub(crate) command: &'a str,
    /// The most characters in a line.
    pub(crate) width: usize,
}

impl Writer<'_> {
    /// The text of a topic.
    pub(crate) fn text(self, topic: &Topic<'_>) -> String {
        let body = match &topic.subject {
            Subject::File(keys) => self.file(keys),
            Subject::Connector(connector) => self.connector(*connector),
            Subject::Key(key) => self.key(key),
            Subject::Code(code) => self.code(*code),
        };
        format!("{}\n\n{}", topic.name, body.join("\n\n"))
    }

    /// The connectors, the file and the codes, each in a line: what `explain` shows without a topic.
    pub(crate) fn overview(self) -> String {
        let line = |topic: &Topic<'_>| match &topic.subject {
            Subject::File(_) => {
                Some((topic.name.clone(), "The keys of a pipeline file".to_owned()))
            }
            Subject::Connector(connector) => {
                Some((topic.name.clone(), connector.view().description()))
            }
            _ => None,
        };
        let connectors = self.topics.all.iter().filter_map(line);
        let codes = Code::ALL.iter().map(|code| (code.to_string(), code.meaning().to_owned()));
        let (command, example) = (self.command, self.example_topic());
        [
            self.list("Connectors, and the file around them:", connectors),
            self.list("Codes of mistakes and warnings:", codes),
            self.wrapped(&format!(
                "`{command} explain {example}` lists the keys of a connector. Behind another dot stands \
                 a key, and keys below it. The end of a name is enough where it is the end of no other."
            )),
        ]
        .join("\n\n")
    }

    /// Topics, each with its first sentence.
    pub(crate) fn candidates(self, text: &str, topics: &[&Topic<'_>]) -> String {
        let meaning = |topic: &Topic<'_>| match &topic.subject {
            Subject::File(_) => String::new(),
            Subject::Connector(connector) => connector.view().description(),
            Subject::Key(topic) => topic.key.description(),
            Subject::Code(code) => code.meaning().to_owned(),
        };
        let lines = topics.iter().map(|topic| (topic.name.clone(), meaning(topic)));
        self.list(&format!("{text} is the end of several names:"), lines)
    }

    /// The name of a connector, for hints.
    fn example_topic(self) -> String {
        let mut topics = self.topics.all.iter();
        let first = topics.find(|topic| matches!(topic.subject, Subject::Connector(_)));
        first.map_or_else(|| FILE.to_owned(), |topic| topic.name.clone())
    }

    fn file(self, keys: &[Key<'_>]) -> Vec<String> {
        let about = "The pipeline file: what the keys at its top mean. Those of a connector stand below \
                     `source`, `transform` or `sink`, beside `type`.";
        let more = format!("All about one of them: {} explain {FILE}.KEY", self.command);
        vec![self.wrapped(about), self.keys(keys), self.wrapped(&more)]
    }

    fn connector(self, connector: Connector<'_>) -> Vec<String> {
        let mut parts = vec![self.wrapped(&connector.view().description())];
        let keys = tree::keys(connector.view());
        let (command, topic, kind) = (self.command, connector.topic(), connector.kind);
        let common = format!("Keys of every {kind}: {command} explain {FILE}.{kind}");
        if keys.is_empty() {
            parts.push(self.wrapped(&format!("It has no keys of its own. {common}")));
            return parts;
        }
        parts.push(self.keys(&keys));
        parts.push(self.wrapped(&format!("All about one of them: {command} explain {topic}.KEY")));
        parts.push(self.wrapped(&common));
        parts
    }

    fn key(self, topic: &KeyTopic<'_>) -> Vec<String> {
        let key = &topic.key;
        let (default, meaning) = default_and_meaning(key.name, key.schema(), key.description());
        let mut parts = vec![self.wrapped(&meaning)];
        let conditions = only_with(key.only_with());
        parts.extend(conditions.map(|sentence| self.wrapped(&sentence)));
        parts.push(self.facts(topic, &default));
        match self.component_of(topic) {
            Some(kind) => parts.extend(self.components(kind)),
            None => {
                let choices = key.choices().into_iter();
                let lines: Vec<(String, String)> =
                    choices.map(|choice| (choice.value, choice.meaning)).collect();
                parts.extend((!lines.is_empty()).then(|| self.paragraphs("One of:", lines)));
            }
        }
        if !topic.below.is_empty() {
            parts.push(self.keys(&topic.below));
        }
        parts
    }

    /// The kind of component, where the key of the file holds one or names its connector.
    fn component_of(self, topic: &KeyTopic<'_>) -> Option<ComponentKind> {
        let path = topic.path.as_ref().filter(|_| topic.connector.is_none())?;
        kind_of(path.strip_suffix(".type").unwrap_or(path))
    }

    /// The connectors of a kind.
    fn components(self, kind: ComponentKind) -> Option<String> {
        let of_kind = self.topics.all.iter().filter_map(|topic| match topic.subject {
            Subject::Connector(connector) if connector.kind == kind => {
                Some((topic.name.clone(), connector.view().description()))
            }
            _ => None,
        });
        let of_kind: Vec<(String, String)> = of_kind.collect();
        (!of_kind.is_empty()).then(|| self.list("One of:", of_kind.into_iter()))
    }

    fn code(self, code: Code) -> Vec<String> {
        let kind = match code.is_warning() {
            true => "The code of a warning: the pipeline runs all the same.",
            false => "The code of a mistake: the pipeline does not run.",
        };
        vec![self.wrapped(kind), self.wrapped(code.meaning())]
    }

    /// Type, default, example and names, each in a line.
    fn facts(self, topic: &KeyTopic<'_>, default: &str) -> String {
        let key = &topic.key;
        let kind = match self.component_of(topic) {
            Some(_) if key.name == "type" => "the name of a connector".to_owned(),
            _ => kind_in_full(key),
        };
        let mut facts = vec![("type", kind)];
        facts.extend(bounds(key.schema()).map(|bounds| ("bounds", bounds)));
        match key.required {
            true => facts.push(("required", "yes".to_owned())),
            // The meaning has to say it.
            false if default == "–" => {}
            false => facts.push(("default", default.to_owned())),
        }
        if key.schemas().any(|schema| schema.is_secret()) {
            let words = "yes; it is never shown. Better than the value is a variable: \"${NAME}\"";
            facts.push(("secret", words.to_owned()));
        }
        let value = yaml(&example(key.name, key.schema()));
        facts.push(("example", [key.name, &value].join(": ")));
        facts.extend(options(topic).into_iter().map(|option| ("option map", option)));
        let width = facts.iter().map(|(label, _)| label.len()).max().unwrap_or_default() + 3;
        let lines = facts.into_iter().map(|(label, text)| {
            self.hanging(&format!("{:<width$}", [label, ":"].concat()), width, &text)
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    /// Keys, each in a line.
    fn keys(self, keys: &[Key<'_>]) -> String {
        let line = |key: &Key<'_>| {
            let required = if key.required { "(required) " } else { "" };
            (key.name.to_owned(), [required, first_sentence(&key.description())].concat())
        };
        self.list("Keys:", keys.iter().map(line))
    }

    /// Names, each with its whole meaning.
    fn paragraphs(self, title: &str, lines: Vec<(String, String)>) -> String {
        let width = column(&lines).min(self.width / 2);
        let line = |(name, text): (String, String)| match name.chars().count() > width {
            // The text of a name that does not fit begins below the name.
            true => format!("  {name}\n{}", self.hanging("      ", 6, &text)),
            false => self.hanging(&format!("  {name:<width$}  "), width + 4, &text),
        };
        let lines: Vec<String> = lines.into_iter().map(line).collect();
        [title, &lines.join("\n")].join("\n")
    }

    /// Names, each with the first sentence of its meaning, as far as it fits into the line.
    fn list(self, title: &str, lines: impl Iterator<Item = (String, String)>) -> String {
        let lines: Vec<(String, String)> = lines.collect();
        let width = column(&lines);
        let line = |(name, text): (String, String)| {
            let line = format!("  {name:<width$}  {}", first_sentence(&text));
            match line.chars().count() > self.width {
                true => line.chars().take(self.width - 1).chain(['…']).collect(),
                false => line.trim_end().to_owned(),
            }
        };
        let lines: Vec<String> = lines.into_iter().map(line).collect();
        [title, &lines.join("\n")].join("\n")
    }

    /// Paragraphs of text, in lines.
    fn wrapped(self, text: &str) -> String {
        textwrap::fill(text, options_of(self.width))
    }

    /// Text behind a label, with its further lines below its beginning.
    fn hanging(self, label: &str, indent: usize, text: &str) -> String {
        let indent = " ".repeat(indent.min(self.width / 2));
        let options = options_of(self.width).initial_indent(label).subsequent_indent(&indent);
        textwrap::fill(&text.replace("\n\n", " "), options).trim_end().to_owned()
    }
}

fn options_of<'a>(width: usize) -> Options<'a> {
    // A name with a hyphen stays in one piece, and so does a long word.
    Options::new(width).word_splitter(WordSplitter::NoHyphenation).break_words(false)
}

/// The width of the column of names.
fn column(lines: &[(String, String)]) -> usize {
    lines.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default().min(48)
}

/// The type, with both forms of a duration and of a size.
fn kind_in_full(key: &Key<'_>) -> String {
    let mut kinds: Vec<String> = key.schemas().map(kind).collect();
    kinds.dedup();
    let kind = kinds.join(" or ");
    match kind.as_str() {
        "duration" => "duration: seconds as a number, or text such as `250ms` or `1 min`".into(),
        "size" => "size: bytes as a number, or text such as `64KiB` or `8 MiB`".into(),
        _ => kind,
    }
}

/// The names of a key in the option map, with the defaults that only the map has.
fn options(topic: &KeyTopic<'_>) -> Vec<String> {
    let (Some(connector), Some(path)) = (topic.connector, &topic.path) else { return Vec::new() };
    if !connector.has_option_map() {
        return Vec::new();
    }
    let default = |option: &OptionKey| match option.default {
        Some(default) => format!("; default there: `{default}`"),
        None => String::new(),
    };
    let own = [connector.name, path].join(".");
    let table = || connector.options.iter().filter(|option| option.key == path);
    let of_own = table().find(|option| option.name == own).map(default).unwrap_or_default();
    let aliases = table().filter(|option| option.name != own);
    let aliases =
        aliases.map(|option| format!("{}{}; {}", option.name, default(option), option.help));
    [own.clone() + &of_own].into_iter().chain(aliases).collect()
}
