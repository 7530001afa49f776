//! Schemas in the form that editors work with best: one mistake is one message, and every word has its
//! text.

use serde_json::{Map, Value, json};

use crate::file::schema::walk::each_schema;

/// A text with a variable, `${NAME}`, `${NAME:-default}` or `${NAME:?message}`, in which every other
/// `${` is well-formed or escaped.
fn with_variable() -> String {
    let variable = r"\$\{[A-Za-z_][0-9A-Za-z_]*(?::[-?](?:(?!\$\{)[^}])*)?\}";
    // Neither a dollar in front of a brace, nor an escaped one.
    let other = r"[^$]|\$(?!\$*\{)|\$\$+\{";
    format!("^(?:{other})*{variable}(?:{other}|{variable})*$")
}

/// Puts the schema of a configuration into that form.
pub(crate) fn for_editors(schema: &mut Value) {
    each_schema(schema, &mut |schema| {
        let Value::Object(object) = schema else { return };
        bound_integer(object);
        list_words(object);
        branch_by_type(object);
    });
}

/// Lets every text be a variable as well. The parser replaces variables before it reads any text.
pub(crate) fn allow_variables(schema: &mut Value) {
    let variable = with_variable();
    each_schema(schema, &mut |schema| {
        let Value::Object(object) = schema else { return };
        if let Some(Value::String(pattern)) = object.get_mut("pattern") {
            *pattern = format!("{pattern}|{variable}");
        }
        let words = |value: &Value| value.is_string() || value.is_null();
        let Some(Value::Array(values)) = object.get("enum") else { return };
        if !values.iter().all(words) || !values.iter().any(Value::is_string) {
            return;
        }
        let mut known = Map::new();
        for keyword in ["type", "enum", "enumDescriptions", "markdownEnumDescriptions"] {
            known.extend(object.remove(keyword).map(|value| (keyword.to_owned(), value)));
        }
        let variable = json!({ "type": "string", "pattern": variable, "x-variable": true });
        object.insert("anyOf".to_owned(), json!([known, variable]));
    });
}

/// The bounds of Rust's integers: a number beyond them is refused by the parser.
fn bound_integer(object: &mut Map<String, Value>) {
    let Some(Value::String(format)) = object.remove("format") else { return };
    let (least, most): (i64, u64) = match format.as_str() {
        "uint8" => (0, u8::MAX.into()),
        "uint16" => (0, u16::MAX.into()),
        "uint32" => (0, u32::MAX.into()),
        "uint64" | "uint" => (0, u64::MAX),
        "int8" => (i8::MIN.into(), i8::MAX as u64),
        "int16" => (i16::MIN.into(), i16::MAX as u64),
        "int32" => (i32::MIN.into(), i32::MAX as u64),
        "int64" | "int" => (i64::MIN, i64::MAX as u64),
        "double" | "float" => return,
        _ => {
            object.insert("format".to_owned(), format.into());
            return;
        }
    };
    object.entry("minimum").or_insert(least.into());
    object.entry("maximum").or_insert(most.into());
}

fn alternatives(object: &Map<String, Value>) -> Option<(&'static str, &[Value])> {
    let of = |keyword: &'static str| Some((keyword, object.get(keyword)?.as_array()?.as_slice()));
    of("oneOf").or_else(|| of("anyOf"))
}

/// Makes one list of words of alternatives that are a word each.
fn list_words(object: &mut Map<String, Value>) {
    let Some((keyword, branches)) = alternatives(object) else { return };
    let (mut words, mut about, mut null) = (Vec::new(), Vec::new(), false);
    for branch in branches {
        let (one, several) = (branch.get("const"), branch.get("enum").and_then(Value::as_array));
        if branch["type"] == "null" {
            null = true;
            continue;
        }
        let listed: Vec<&Value> = one.into_iter().chain(several.into_iter().flatten()).collect();
        if listed.is_empty() || !listed.iter().all(|word| word.is_string()) {
            return;
        }
        for word in listed {
            words.push(word.clone());
            about.push(unwrapped(branch["description"].as_str().unwrap_or_default()));
        }
    }
    let mut types = vec![Value::from("string")];
    if null {
        words.push(Value::Null);
        about.push("As if the key was not there.".to_owned());
        types.push("null".into());
    }
    let types = if null { types.into() } else { Value::from("string") };
    object.remove(keyword);
    object.insert("type".to_owned(), types);
    object.insert("enum".to_owned(), words.into());
    object.insert("markdownEnumDescriptions".to_owned(), about.clone().into());
    object.insert("enumDescriptions".to_owned(), about.into());
}

/// The tag of a map that is told from other maps by its `type`.
fn tag_of(branch: &Value) -> Option<&str> {
    let required = branch.get("required")?.as_array()?;
    let tag = branch.get("properties")?.get("type")?.get("const")?.as_str()?;
    required.iter().any(|key| key == "type").then_some(tag)
}

/// Makes alternatives that differ in their `type` a chain of `if` and `then`.
fn branch_by_type(object: &mut Map<String, Value>) {
    let Some((keyword, branches)) = alternatives(object) else { return };
    let tagged = branches.iter().filter(|branch| tag_of(branch).is_some()).count();
    if tagged < 2 {
        return;
    }
    let mut others = Vec::new();
    let mut chain = Chain::default();
    for branch in branches {
        match tag_of(branch) {
            Some(tag) => chain.add(tag, branch),
            None => others.push(branch.clone()),
        }
    }
    let chain = chain.into_schema("What it is. It decides which keys stand beside it.");
    object.remove(keyword);
    if others.is_empty() {
        for (keyword, value) in chain {
            object.entry(keyword).or_insert(value);
        }
    } else if others.iter().all(is_plain) {
        let mut types: Vec<Value> = others.iter().map(|other| other["type"].clone()).collect();
        types.push("object".into());
        object.insert("type".to_owned(), types.into());
        object.insert("if".to_owned(), json!({ "type": "object" }));
        object.insert("then".to_owned(), chain.into());
    } else {
        others.push(chain.into());
        object.insert("anyOf".to_owned(), others.into());
    }
}

/// Whether an alternative takes every value of one type that is no map.
fn is_plain(branch: &Value) -> bool {
    let mut keywords =
        branch.as_object().into_iter().flatten().map(|(keyword, _)| keyword.as_str());
    branch["type"].is_string()
        && branch["type"] != "object"
        && keywords.all(|keyword| matches!(keyword, "type" | "description" | "title"))
}

/// Maps that are told by their `type`.
#[derive(Default)]
pub(crate) struct Chain {
    tags: Vec<Value>,
    about: Vec<Value>,
    branches: Vec<Value>,
}

impl Chain {
    /// Adds what a map must be where its `type` is `tag`.
    pub(crate) fn add(&mut self, tag: &str, branch: &Value) {
        let mut branch = branch.clone();
        // An editor would show this text where it should show that of the key.
        let about = branch.as_object_mut().and_then(|branch| branch.remove("description"));
        let about = about.as_ref().and_then(Value::as_str).unwrap_or_default();
        self.add_with(tag, about, branch);
    }

    pub(crate) fn add_with(&mut self, tag: &str, about: &str, branch: Value) {
        self.tags.push(tag.into());
        self.about.push(unwrapped(about).into());
        self.branches.push(json!({
            "if": {
                "type": "object",
                "properties": { "type": { "const": tag } },
                "required": ["type"],
            },
            "then": branch,
        }));
    }

    pub(crate) fn into_schema(self, about: &str) -> Map<String, Value> {
        let Self { tags, about: each, branches } = self;
        let example = tags.first().cloned();
        let schema = json!({
            "type": "object",
            "properties": { "type": {
                "description": about,
                "type": "string",
                "enum": tags,
                "enumDescriptions": each,
                "markdownEnumDescriptions": each,
                "examples": example.into_iter().collect::<Vec<_>>(),
            } },
            "required": ["type"],
            "allOf": branches,
        });
        match schema {
            Value::Object(schema) => schema,
            _ => Map::new(),
        }
    }
}

/// The first paragraph of a doc comment in one line.
pub(crate) fn unwrapped(text: &str) -> String {
    text.split("\n\n").next().unwrap_or_default().replace('\n', " ")
}
