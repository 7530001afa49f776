//! The keys of a map in all the forms that its schema allows.

use faucet_core::{SchemaKey, SchemaView};
use serde_json::Value;

use crate::pages::words::{plain, sentence, shape, variants};

/// The most keys in a path that is listed: a schema may hold itself.
pub(crate) const DEEPEST: usize = 4;

/// A key, with its schema in each form of the map in which it stands.
#[derive(Debug, Clone)]
pub(crate) struct Key<'a> {
    pub(crate) name: &'a str,
    pub(crate) required: bool,
    forms: Vec<Form<'a>>,
    /// The meaning of the key around this one; empty at the top.
    around: String,
}

/// The schema of a key, and that of the map around it.
#[derive(Debug, Clone, Copy)]
struct Form<'a> {
    map: SchemaView<'a>,
    schema: SchemaView<'a>,
}

/// A value that a key takes, with its meaning.
#[derive(Debug)]
pub(crate) struct Choice {
    pub(crate) value: String,
    pub(crate) meaning: String,
}

impl<'a> Key<'a> {
    fn new(map: SchemaView<'a>, key: SchemaKey<'a>) -> Self {
        let forms = vec![Form { map, schema: key.schema }];
        Self { name: key.name, required: key.required, forms, around: String::new() }
    }

    /// Adds a form, unless it says the same: every component of a file has the file's keys.
    fn add(&mut self, map: SchemaView<'a>, schema: SchemaView<'a>) {
        if !self.forms.iter().any(|form| form.schema.value() == schema.value()) {
            self.forms.push(Form { map, schema });
        }
    }

    /// The schema of the key in the first form.
    pub(crate) fn schema(&self) -> SchemaView<'a> {
        self.forms[0].schema
    }

    /// The schemas of the key in all forms.
    pub(crate) fn schemas(&self) -> impl Iterator<Item = SchemaView<'a>> {
        self.forms.iter().map(|form| form.schema)
    }

    /// The doc comment of the key. Where the key has none: of the only form in which it stands, as in
    /// `{exists: true}`, or of the key around it, as for the `type` of credentials.
    pub(crate) fn description(&self) -> String {
        let own = self.schemas().map(SchemaView::description).find(|text| !text.is_empty());
        own.unwrap_or_else(|| match self.forms.as_slice() {
            [only] if !only.map.description().is_empty() => only.map.description(),
            _ => self.around.clone(),
        })
    }

    /// The choices of the key, where each has a meaning of its own.
    pub(crate) fn choices(&self) -> Vec<Choice> {
        let tags = |form: &Form<'a>| form.schema.constant().is_some();
        let choices: Vec<Choice> = if self.forms.iter().all(tags) {
            let of_map = |form: &Form<'a>| {
                let own = form.schema.description();
                let meaning = match own.is_empty() {
                    true => sentence(&form.map.description()),
                    false => own,
                };
                Choice { value: shape(form.schema), meaning }
            };
            self.forms.iter().map(of_map).collect()
        } else {
            self.schemas().flat_map(choices_of).collect()
        };
        // A choice without any meaning is the type, which is shown anyway.
        match choices.iter().any(|choice| !choice.meaning.is_empty()) {
            true => choices,
            false => Vec::new(),
        }
    }

    /// The keys below this one; those of the items of a list.
    pub(crate) fn keys(&self) -> Vec<Key<'a>> {
        let mut maps: Vec<SchemaView<'a>> = self.schemas().collect();
        maps.extend(self.schemas().filter_map(SchemaView::items));
        let mut keys = keys_of(maps);
        keys.iter_mut().for_each(|key| key.around = self.description());
        keys
    }

    /// Whether the value is a list, whose items have no names of their own.
    pub(crate) fn is_list(&self) -> bool {
        self.schemas().any(|schema| schema.items().is_some())
    }

    /// The schema of the values, where the key is a map that takes any keys.
    pub(crate) fn map_values(&self) -> Option<SchemaView<'a>> {
        self.schemas().find_map(SchemaView::map_values)
    }

    /// The keys beside this one on which its effect depends, with the values that they must have;
    /// no values where it is enough that the key is given.
    pub(crate) fn only_with(&self) -> Vec<(&'a str, &'a [Value])> {
        self.schemas().flat_map(only_with).collect()
    }
}

/// The alternatives of a schema, and the words of a list, each with its text for editors.
fn choices_of(schema: SchemaView<'_>) -> Vec<Choice> {
    let variants = variants(schema);
    if !variants.is_empty() {
        let choice = |variant: SchemaView<'_>| match choices_of(variant) {
            words if words.is_empty() => {
                vec![Choice { value: shape(variant), meaning: variant.description() }]
            }
            words => words,
        };
        return variants.into_iter().flat_map(choice).collect();
    }
    let schema = schema.resolve();
    let texts = schema.value().get("enumDescriptions").and_then(Value::as_array);
    let words = schema.constants().into_iter().zip(texts.into_iter().flatten());
    let words = words.filter(|(word, _)| !word.is_null());
    words.map(|(word, text)| Choice { value: plain(word), meaning: plain(text) }).collect()
}

/// As [`Key::only_with`], for the schema of a key.
pub(crate) fn only_with(schema: SchemaView<'_>) -> Vec<(&str, &[Value])> {
    let others = schema.value().get("x-only-with").and_then(Value::as_object);
    let others = others.into_iter().flatten();
    others
        .map(|(key, values)| (key.as_str(), values.as_array().map_or(&[][..], Vec::as_slice)))
        .collect()
}

/// The keys of a map that `schema` describes: those that the schema or one of its alternatives names,
/// required ones first, then those of which one is required, then those that only a condition names.
pub(crate) fn keys(schema: SchemaView<'_>) -> Vec<Key<'_>> {
    keys_of(vec![schema])
}

fn keys_of(schemas: Vec<SchemaView<'_>>) -> Vec<Key<'_>> {
    let (mut always, mut conditional) = (Vec::new(), Vec::new());
    for schema in schemas {
        parts(schema, false, &mut always, &mut conditional);
    }
    let choices: Vec<&str> = always.iter().flat_map(|schema| choices_between(*schema)).collect();
    let mut keys: Vec<Key<'_>> = Vec::new();
    for map in always {
        for key in map.keys() {
            match keys.iter_mut().find(|known| known.name == key.name) {
                Some(known) => {
                    known.required &= key.required;
                    known.add(map, key.schema);
                }
                None => keys.push(Key::new(map, key)),
            }
        }
    }
    // A condition that names a known key only narrows it.
    let known: Vec<&str> = keys.iter().map(|key| key.name).collect();
    for map in conditional {
        for key in map.keys().into_iter().filter(|key| !known.contains(&key.name)) {
            match keys.iter_mut().find(|found| found.name == key.name) {
                Some(found) => found.add(map, key.schema),
                None => keys.push(Key { required: false, ..Key::new(map, key) }),
            }
        }
    }
    let choice = |name: &str| choices.iter().position(|choice| *choice == name);
    keys.sort_by_key(|key| (!key.required, choice(key.name).unwrap_or(usize::MAX)));
    keys
}

/// The keys of rules that ask for one of several: `url` or `url_from`.
fn choices_between(schema: SchemaView<'_>) -> Vec<&str> {
    let mut rules = schema.at_keyword("allOf");
    rules.push(schema);
    let alternatives = rules.iter().flat_map(|rule| rule.at_keyword("anyOf"));
    let required = alternatives.filter_map(|choice| choice.value().get("required")?.as_array());
    required.flatten().filter_map(Value::as_str).collect()
}

/// The schemas that describe the same value as `schema`.
fn parts<'a>(
    schema: SchemaView<'a>,
    under_condition: bool,
    always: &mut Vec<SchemaView<'a>>,
    conditional: &mut Vec<SchemaView<'a>>,
) {
    let schema = schema.resolve();
    if under_condition { &mut *conditional } else { &mut *always }.push(schema);
    // A rule beside keys narrows them: one of two is required, for example.
    let has_keys = schema.value().get("properties").is_some();
    for keyword in ["oneOf", "anyOf", "allOf", "then", "else"] {
        let under_condition = under_condition || has_keys || matches!(keyword, "then" | "else");
        for part in schema.at_keyword(keyword) {
            parts(part, under_condition, always, conditional);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keys_are_found_in_every_form_of_a_map() {
        let document = json!({
            "required": ["url"],
            "properties": {"auth": {"$ref": "#/$defs/Auth"}, "url": {"description": "Where."},
                "list": {"type": "array", "items": {"anyOf": [
                    {"type": "string"}, {"properties": {"data": {}}, "description": "An item."}]}}},
            "anyOf": [{"required": ["url"], "properties": {"url": {"const": 1}}}, {"required": ["b"]}],
            "if": {}, "then": {"properties": {"url": {"type": "null"}, "late": {}}},
            "$defs": {"Auth": {"description": "Who.", "oneOf": [
                {"description": "None.", "properties": {"type": {"const": "none"}}, "required": ["type"]},
                {"description": "One.", "required": ["type", "token"], "properties": {
                    "type": {"const": "one"}, "token": {"description": "It."}}},
            ]}},
        });
        let names =
            |keys: &[Key<'_>]| keys.iter().map(|key| key.name).collect::<Vec<_>>().join(" ");
        let top = keys(SchemaView::new(&document));
        assert_eq!(names(&top), "url auth list late");
        assert_eq!((top[0].description().as_str(), top[0].required), ("Where.", true));
        assert_eq!(top[0].schemas().count(), 1);
        let auth = top[1].keys();
        assert_eq!(names(&auth), "type token");
        assert_eq!(
            (auth[0].description().as_str(), auth[1].description().as_str()),
            ("Who.", "It.")
        );
        let choices: Vec<String> = auth[0].choices().into_iter().map(|c| c.meaning).collect();
        assert_eq!(choices, ["None.", "One."]);
        assert_eq!(top[1].choices().len(), 2);
        let item = &top[2].keys()[0];
        assert!(top[2].is_list());
        assert_eq!((item.name, item.description().as_str()), ("data", "An item."));
    }

    #[test]
    fn words_have_their_texts_for_editors() {
        let document = json!({"properties": {"mode": {"anyOf": [
            {"enum": ["a", "b", null], "enumDescriptions": ["One.", "Two.", "None."]},
            {"type": "string", "pattern": "[$][{]"},
        ]}}});
        let choices = keys(SchemaView::new(&document))[0].choices();
        let choices: Vec<String> =
            choices.into_iter().map(|choice| choice.value + ": " + &choice.meaning).collect();
        assert_eq!(choices, ["a: One.", "b: Two."]);
    }

    #[test]
    fn a_key_says_what_it_depends_on() {
        let schema = json!({"x-only-with": {"idle_timeout": "given", "reconnect": [true]}});
        let found = only_with(SchemaView::new(&schema));
        assert_eq!(found, [("idle_timeout", &[][..]), ("reconnect", &[json!(true)][..])]);
    }
}
