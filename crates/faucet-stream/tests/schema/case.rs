//! A configuration of the corpus, and the two judges.

use faucet_stream::{PipelineSpec, Registry, Severity, SpecFormat};
use jsonschema::error::ValidationErrorKind;
use jsonschema::{ValidationError, Validator};
use serde_json::{Value, json};

/// What a patch has for a key that it takes away.
pub(crate) const GONE: &str = "(gone)";

/// A pipeline file.
pub(crate) struct Case {
    pub(crate) file: Value,
    /// Where the parser finds the only mistake. `None`: the file is good.
    pub(crate) mistake: Option<String>,
}

/// A change of a component, and the key of the mistake: `""` where there is none, `"."` where the
/// component itself is at fault.
pub(crate) type Row = (Value, &'static str);

/// A file for each change of `component`, which stands at `place`: `source`, `sink` or `transform`.
pub(crate) fn component_cases(place: &str, component: &Value, rows: Vec<Row>) -> Vec<Case> {
    let case = |(patch, key): Row| {
        let mut file = file_around(place);
        let mut changed = component.clone();
        apply(&mut changed, &patch);
        file[place] = changed;
        let mistake = match key {
            "" => None,
            "." => Some(place.to_owned()),
            key => Some(format!("{place}.{key}")),
        };
        Case { file, mistake }
    };
    rows.into_iter().map(case).collect()
}

/// A file for each change of `file`.
pub(crate) fn file_cases(file: &Value, rows: Vec<Row>) -> Vec<Case> {
    let case = |(patch, key): Row| {
        let mut file = file.clone();
        apply(&mut file, &patch);
        let mistake = match key {
            "" => None,
            "." => Some(String::new()),
            key => Some(key.to_owned()),
        };
        Case { file, mistake }
    };
    rows.into_iter().map(case).collect()
}

/// The smallest file with something else at `place`.
pub(crate) fn file_around(place: &str) -> Value {
    let mut file =
        json!({"source": {"type": "jsonl", "path": "in.jsonl"}, "sink": {"type": "stdout"}});
    file[place] = Value::Null;
    file
}

/// Sets the keys of `patch`; a dotted key stands in the maps around it.
fn apply(value: &mut Value, patch: &Value) {
    for (path, new) in patch.as_object().unwrap() {
        let mut at = &mut *value;
        let mut keys: Vec<&str> = path.split('.').collect();
        let last = keys.pop().unwrap();
        for key in keys {
            at = &mut at[key];
        }
        match new == GONE {
            true => drop(at.as_object_mut().unwrap().remove(last)),
            false => at[last] = new.clone(),
        }
    }
}

/// The schema and the parser.
pub(crate) struct Judges {
    registry: Registry,
    schema: Validator,
}

impl Judges {
    pub(crate) fn new() -> Self {
        let registry = faucet_stream::registry();
        let document = faucet_stream::schema(&registry);
        jsonschema::draft202012::meta::validate(&document).unwrap();
        let schema = jsonschema::draft202012::new(&document).unwrap();
        Self { registry, schema }
    }

    /// The mistakes that the schema finds.
    pub(crate) fn schema(&self, file: &Value) -> Vec<String> {
        let errors = self.schema.iter_errors(file);
        errors.map(|error| format!("{} ({error})", error.instance_path())).collect()
    }

    /// The places at which the schema finds mistakes: keys from the root. A rule that forbids null is
    /// told at the key that must not be null, and the parser tells it at the key that needs this one:
    /// then the place is the map around both.
    fn places(&self, file: &Value) -> Vec<Vec<String>> {
        let errors = self.schema.iter_errors(file);
        let place = |error: ValidationError<'_>| {
            let pointer = error.instance_path().to_string();
            let mut keys: Vec<String> = pointer.split('/').skip(1).map(unescaped).collect();
            if matches!(error.kind(), ValidationErrorKind::Not { .. }) {
                keys.pop();
            }
            keys
        };
        errors.map(place).collect()
    }

    /// The places at which the parser finds mistakes.
    pub(crate) fn parser(&self, file: &Value) -> Vec<String> {
        let text = serde_json::to_string(file).unwrap();
        let spec = PipelineSpec::parse(&text, SpecFormat::Json, variable);
        let built = spec.and_then(|spec| spec.build(&self.registry));
        let Err(errors) = built else { return Vec::new() };
        let found = errors.diagnostics().iter().filter(|one| one.severity == Severity::Error);
        found.map(|found| found.problem.path.to_string()).collect()
    }

    /// What is wrong with the judges, if something is.
    pub(crate) fn disagreement(&self, case: &Case) -> Option<String> {
        let (schema, parser) = (self.schema(&case.file), self.parser(&case.file));
        let right = match &case.mistake {
            None => schema.is_empty() && parser.is_empty(),
            Some(at) => {
                let at_key = !parser.is_empty() && parser.iter().all(|path| path.starts_with(at));
                let places = self.places(&case.file);
                let one = places.len() == 1 && is_near(&places[0], at);
                at_key && one
            }
        };
        let Case { file, mistake } = case;
        (!right).then(|| format!("{file}\n  {mistake:?}\n  schema {schema:?}\n  parser {parser:?}"))
    }
}

fn unescaped(step: &str) -> String {
    step.replace("~1", "/").replace("~0", "~")
}

/// Whether the schema's place is that of the parser, or around it, or inside.
fn is_near(schema: &[String], parser: &str) -> bool {
    let parser = parser.replace('[', ".").replace(']', "");
    let parser = parser.split('.').filter(|key| !key.is_empty());
    schema.iter().zip(parser).all(|(one, other)| one == other)
}

/// The variables that the corpus uses.
pub(crate) fn variable(name: &str) -> Option<String> {
    let value = match name {
        "URL" => "wss://feed.example.com/ws",
        "TOKEN" => "t0k",
        "FORMAT" => "raw_string",
        "SOURCE" => "jsonl",
        "WAIT" => "20s",
        "SIZE" => "64KiB",
        "NUMBER" => "5",
        "HOST" => "feed.example.com",
        "NAME" => "trades",
        "EMPTY" => "",
        "BAD" => "#",
        _ => return None,
    };
    Some(value.to_owned())
}
