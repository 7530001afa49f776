//! Reads flat text into a configuration, by its schema.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::config::kind::ComponentKind;
use crate::config::option_advice::{Instead, help, instead_of};
use crate::config::option_key::{OptionKey, boolean};
use crate::config::option_names::OptionNames;
use crate::config::path::KeyPath;
use crate::config::problem::{Problem, Problems};
use crate::config::problem_kind::ProblemKind;
use crate::config::schema_view::SchemaView;
use crate::config::suggest::nearest;

/// Reads the options of one connector.
pub(crate) struct Reader<'a> {
    schema: SchemaView<'a>,
    kind: ComponentKind,
    connector: &'static str,
    table: &'static [OptionKey],
    read: ReadOptions,
}

/// What the options say.
pub(crate) struct ReadOptions {
    /// The configuration; null stands at the places that are open.
    pub(crate) config: Map<String, Value>,
    /// The places whose options have a text that cannot be read.
    pub(crate) open: Vec<KeyPath>,
    pub(crate) names: OptionNames,
    pub(crate) problems: Problems,
}

/// What an option sets.
enum Setting<'a> {
    /// A name of the connector's table.
    Own(&'static OptionKey),
    /// `type` or `extension`, which only repeat what is being built: the word.
    Component(&'static str),
    /// A key of the schema.
    Key(Vec<String>, SchemaView<'a>),
}

/// An unknown option, and what was probably meant.
struct Meant {
    /// An option.
    near: Option<String>,
    /// It comes from another engine: its text may mean something else here.
    advice: Option<String>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(
        schema: SchemaView<'a>,
        kind: ComponentKind,
        connector: &'static str,
        table: &'static [OptionKey],
    ) -> Self {
        let read = ReadOptions {
            config: Map::new(),
            open: Vec::new(),
            names: OptionNames::new(connector, table),
            problems: Problems::new(),
        };
        Self { schema, kind, connector, table, read }
    }

    /// Reads all options. Unknown ones come last: a key that is given by its name keeps its value.
    pub(crate) fn read(mut self, options: &BTreeMap<&str, &str>) -> ReadOptions {
        let (known, unknown): (Vec<_>, Vec<_>) = options
            .iter()
            .map(|(name, text)| (*name, *text))
            .partition(|(name, _)| self.setting(name).is_some());
        for (name, text) in known {
            if let Some(setting) = self.setting(name) {
                self.take(name, text, setting);
            }
        }
        for (name, text) in unknown {
            self.take_unknown(name, text);
        }
        self.fill_defaults();
        self.read
    }

    fn setting(&self, name: &str) -> Option<Setting<'a>> {
        if let Some(own) = self.table.iter().find(|own| own.name == name) {
            return Some(Setting::Own(own));
        }
        match name {
            "type" => return Some(Setting::Component(self.kind.as_str())),
            "extension" => return Some(Setting::Component(self.connector)),
            _ => {}
        }
        let path = name.strip_prefix(self.connector)?.strip_prefix('.')?;
        let (keys, schema) = self.schema.find_dotted(path)?;
        Some(Setting::Key(keys, schema))
    }

    /// Takes the text of the option `name` for `setting`.
    fn take(&mut self, name: &str, text: &str, setting: Setting<'a>) {
        let (keys, value) = match setting {
            Setting::Component(word) => {
                if !text.eq_ignore_ascii_case(word) {
                    self.not_understood(name, &format!("`{word}`"));
                }
                return;
            }
            Setting::Own(own) => (vec![own.key.to_owned()], (own.read)(text)),
            Setting::Key(keys, schema) => {
                let value = read(schema, &words_at(self.schema, &keys), text);
                (keys, value)
            }
        };
        let at = keys.iter().fold(KeyPath::root(), |path, key| path.then(key.as_str()));
        if let Some(other) = self.put(&keys, value.clone().unwrap_or_default()) {
            // Inside a value that is not known everything may stand.
            if at == other || !self.read.open.contains(&other) {
                let of = self.read.names.setter(&other).map_or(other, KeyPath::key);
                self.read.problems.push(Problem::new(name, ProblemKind::Duplicate { of }));
            }
            return;
        }
        if let Err(expected) = value {
            self.not_understood(name, expected);
            self.read.open.push(at.clone());
        }
        self.read.names.note(at, name, text);
    }

    fn not_understood(&mut self, name: &str, expected: &str) {
        self.read.problems.push(Problem::invalid(name, "not understood").expected(expected));
    }

    /// Notes that there is no option `name`. The option that was probably meant is given then: with
    /// this text where only the name is wrong.
    fn take_unknown(&mut self, name: &str, text: &str) {
        let Meant { near, advice } = self.meant_by(name);
        let problem = Problem::new(name, ProblemKind::UnknownKey { near: near.clone() });
        self.read.problems.push(match &advice {
            Some(advice) => problem.help(advice),
            None => problem,
        });
        let setting = near.and_then(|near| self.setting(&near));
        let keys = match &setting {
            Some(Setting::Own(own)) => vec![own.key.to_owned()],
            Some(Setting::Key(keys, _)) => keys.clone(),
            _ => Vec::new(),
        };
        let at = keys.iter().fold(KeyPath::root(), |path, key| path.then(key.as_str()));
        match setting {
            Some(setting) if self.read.names.setter(&at).is_none() && advice.is_none() => {
                self.take(name, text, setting);
            }
            Some(_) if self.put(&keys, Value::Null).is_none() => {
                self.read.names.note(at.clone(), name, "");
                self.read.open.push(at);
            }
            _ => {}
        }
    }

    fn meant_by(&self, name: &str) -> Meant {
        if let Some(place) = self.place_of(name) {
            return Meant { near: Some(place), advice: None };
        }
        let short = self.without_connector(name);
        let found = instead_of(short, |instead| self.option_of(instead, "a").is_some());
        if let Some((instead, rest)) = found {
            let near = self.option_of(instead, rest).flatten();
            return Meant { advice: Some(help(near.as_deref())), near };
        }
        Meant { near: self.nearest_to(name), advice: None }
    }

    /// The option whose name is close. The connector's name, which most have, is no likeness.
    fn nearest_to(&self, name: &str) -> Option<String> {
        let prefix = format!("{}.", self.connector);
        let keys = self.schema.paths().into_iter().map(|path| format!("{prefix}{path}"));
        let names = self.table.iter().map(|own| own.name).chain(["type", "extension"]);
        let all: Vec<String> = names.map(str::to_owned).chain(keys).collect();
        let shorts = all.iter().map(|option| self.without_connector(option));
        let near = nearest(self.without_connector(name), shorts);
        let found = all.iter().find(|option| near == Some(self.without_connector(option)));
        let wholly = || match name.starts_with(&prefix) {
            true => None,
            false => nearest(name, all.iter().map(String::as_str)).map(str::to_owned),
        };
        found.cloned().or_else(wholly)
    }

    fn without_connector<'b>(&self, name: &'b str) -> &'b str {
        name.strip_prefix(self.connector).and_then(|rest| rest.strip_prefix('.')).unwrap_or(name)
    }

    /// The option with this name behind the connector's, or the one that sets the last key of `name`
    /// somewhere below the keys before it.
    fn place_of(&self, name: &str) -> Option<String> {
        let path = self.without_connector(name);
        let whole = format!("{}.{path}", self.connector);
        if self.setting(&whole).is_some() {
            return Some(whole);
        }
        let place = match path.rsplit_once('.') {
            None => self.only_path_to(path)?,
            Some((above, last)) => {
                let (_, schema) = self.schema.find_dotted(above)?;
                format!("{above}.{}", schema.path_to(last)?)
            }
        };
        Some(format!("{}.{place}", self.connector))
    }

    /// The path to the keys of this name below the connector's, if there is but one place for them.
    fn only_path_to(&self, name: &str) -> Option<String> {
        let mut paths = self.schema.paths();
        paths.retain(|path| path.rsplit('.').next() == Some(name));
        paths.sort();
        paths.dedup();
        if paths.len() == 1 { paths.pop() } else { None }
    }

    /// The option that stands for one of another engine: `None` if the connector has no such key,
    /// `Some(None)` if nothing stands for it.
    fn option_of(&self, instead: Instead, rest: &str) -> Option<Option<String>> {
        let of_key = |path: String| {
            let (keys, _) = self.schema.find_dotted(&path)?;
            let at = keys.iter().fold(KeyPath::root(), |path, key| path.then(key.as_str()));
            Some(Some(self.read.names.would_set(&at).to_string()))
        };
        match instead {
            Instead::Plain(name) => self.setting(name).map(|_| Some(name.to_owned())),
            Instead::Key(path) => of_key(path.to_owned()),
            Instead::Inside(map) => of_key(format!("{map}.{rest}")),
            Instead::Nothing => Some(None),
        }
    }

    /// Puts the value where `keys` lead, unless something stands there or around it: then its place
    /// comes back.
    fn put(&mut self, keys: &[String], value: Value) -> Option<KeyPath> {
        let [outer @ .., last] = keys else { return None };
        let mut object = &mut self.read.config;
        let mut at = KeyPath::root();
        for key in outer {
            at = at.then(key.as_str());
            let inner = object.entry(key).or_insert_with(|| Value::Object(Map::new()));
            match inner {
                Value::Object(inner) => object = inner,
                _ => return Some(at),
            }
        }
        if object.contains_key(last) {
            return Some(at.then(last.as_str()));
        }
        object.insert(last.clone(), value);
        None
    }

    /// Sets each key that was not given and has a default of the option map's own.
    fn fill_defaults(&mut self) {
        let given = self.read.config.clone();
        for own in self.table.iter().filter(|own| !given.contains_key(own.key)) {
            let follows = own.follows.and_then(|follows| follows(&given));
            let value = follows.or_else(|| own.default.and_then(|text| (own.read)(text).ok()));
            if let Some(value) = value {
                self.read.config.entry(own.key).or_insert(value);
            }
        }
    }
}

/// The words that the key may be, in all variants of the maps around it.
fn words_at<'a>(schema: SchemaView<'a>, keys: &[String]) -> Vec<&'a str> {
    let places = keys.iter().fold(vec![schema], |places, key| {
        places.iter().flat_map(|place| place.property(key)).collect()
    });
    places.iter().flat_map(|place| place.words()).collect()
}

/// The text as a value of the type that the schema wants; the error says what it takes. Words are
/// taken in any case.
fn read(schema: SchemaView<'_>, words: &[&str], text: &str) -> Result<Value, &'static str> {
    let mut types = schema.types();
    // The variants of a list are those of its items: the list itself has a type.
    if types.is_empty() {
        types.extend(schema.variants().iter().flat_map(|variant| variant.types()));
    }
    let is = |name: &str| types.contains(&name);
    let null = text.eq_ignore_ascii_case("null") && schema.is_nullable();
    match () {
        () if null && (is("integer") || is("number")) => Ok(Value::Null),
        () if is("string") || !words.is_empty() => {
            let word = words.iter().find(|word| word.eq_ignore_ascii_case(text));
            Ok(Value::String((*word.unwrap_or(&text)).to_owned()))
        }
        () if is("boolean") => boolean(text),
        () if is("integer") => match text.parse::<u64>() {
            Ok(number) => Ok(number.into()),
            Err(_) => Err("a whole number that is not negative"),
        },
        () if is("number") => match text.parse::<f64>().ok().map(Value::from) {
            Some(number) if number.is_number() => Ok(number),
            _ => Err("a number"),
        },
        () if is("array") => serde_json::from_str(text).map_err(|_| "a list as JSON"),
        () => serde_json::from_str(text).map_err(|_| "a map as JSON"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_list_of_items_that_may_be_text_is_a_list() {
        let items = json!({"anyOf": [{"type": "string"}, {"type": "object"}]});
        let document = json!({"type": "array", "items": items});
        let schema = SchemaView::new(&document);
        assert_eq!(read(schema, &[], "[\"a\", {}]"), Ok(json!(["a", {}])));
        assert_eq!(read(schema, &[], "a"), Err("a list as JSON"));
    }
}
