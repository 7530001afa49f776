//! What every connector must satisfy. Each function panics with the rule that is broken.
//!
//! ```no_run
//! use faucet_core::{Source, SourceConfig};
//! use faucet_testkit::conformance;
//!
//! async fn mine_conforms<C: SourceConfig + 'static>(source: &C::Source) {
//!     conformance::source_config::<C>();
//!     let records = conformance::source(source).await;
//!     assert_eq!(records.len(), 3);
//!     conformance::keeps_secret(&source.info(), "hunter2");
//! }
//! ```

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;
use std::time::{Duration, Instant};

use faucet_core::{
    ComponentKind, Info, Next, Record, Registry, Scope, SinkConfig, Source, SourceConfig,
};
use serde_json::{Value, json};

/// How long a finite source may take to reach its end.
const LIMIT: Duration = Duration::from_secs(30);

/// A source's configuration: its schema documents every key and allows no others, and a misspelt
/// key is refused together with the right one.
pub fn source_config<C: SourceConfig + 'static>() {
    let mut registry = Registry::new();
    registry.add_source::<C>().expect("an empty registry takes any source");
    config(&registry, ComponentKind::Source, C::NAME);
}

/// The same for a sink's configuration.
pub fn sink_config<C: SinkConfig + 'static>() {
    let mut registry = Registry::new();
    registry.add_sink::<C>().expect("an empty registry takes any sink");
    config(&registry, ComponentKind::Sink, C::NAME);
}

fn config(registry: &Registry, kind: ComponentKind, name: &str) {
    assert!(
        !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c == '_' || c == '-'),
        "{kind} {name:?}: a name consists of lower case letters, `-` and `_`"
    );
    let schema = match kind {
        ComponentKind::Source => registry.sources.get(name).map(|entry| entry.schema().clone()),
        _ => registry.sinks.get(name).map(|entry| entry.schema().clone()),
    };
    let schema = schema.expect("it was just registered");
    assert!(
        schema.get("description").is_some(),
        "{kind} {name}: the configuration has no doc comment"
    );
    let faults = undocumented(&schema);
    assert!(faults.is_empty(), "{kind} {name}: {}", faults.join("; "));
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return };
    for key in properties.keys() {
        let misspelt = format!("{key}z");
        let config = json!({ &misspelt: null });
        let refused = match kind {
            ComponentKind::Source => registry.sources.build(name, config).map(drop),
            _ => registry.sinks.build(name, config).map(drop),
        };
        let error = refused.expect_err("a misspelt key is refused").to_string();
        let expected = format!("{misspelt}: unknown key (did you mean `");
        assert!(error.contains(&expected), "{kind} {name}: {error:?} lacks {expected:?}");
    }
}

/// The objects of a schema that are open or have keys without a description.
fn undocumented(schema: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    if schema.get("type") != Some(&"object".into()) {
        faults.push("the schema is no object schema".to_owned());
    }
    walk(schema, "", &mut faults);
    faults
}

fn walk(schema: &Value, at: &str, faults: &mut Vec<String>) {
    if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
        if schema.get("additionalProperties") != Some(&Value::Bool(false)) {
            faults.push(format!("{at}/ allows unknown keys (`deny_unknown_fields` is missing)"));
        }
        for (key, property) in properties {
            // The tag of an enum is documented by its variants, what it wraps by its own keys.
            let documented = ["description", "const", "properties"];
            if !documented.iter().any(|by| property.get(by).is_some()) {
                faults.push(format!("{at}/{key} has no doc comment"));
            }
        }
    }
    match schema {
        Value::Object(object) => {
            for (key, inner) in object.iter().filter(|(key, _)| *key != "default") {
                walk(inner, &format!("{at}/{key}"), faults);
            }
        }
        Value::Array(items) => {
            for (index, inner) in items.iter().enumerate() {
                walk(inner, &format!("{at}/{index}"), faults);
            }
        }
        _ => {}
    }
}

/// A finite source: two runs yield the same payloads, also when the futures of the second are
/// dropped whenever they are not ready at once. Returns the records.
///
/// Runs on whatever runtime the source needs.
pub async fn source(source: &dyn Source) -> Vec<Record> {
    let scope = Scope::default();
    let mut reader = source.open(&scope).await.expect("the source opens");
    let mut patient = Vec::new();
    while let Next::Page(page) = reader.next_page().await.expect("the source reads to its end") {
        patient.extend(page.into_records());
    }
    reader.close().await.expect("the run closes");

    let mut reader = source.open(&scope).await.expect("the source opens again");
    let mut hasty = Vec::new();
    let begin = Instant::now();
    loop {
        assert!(begin.elapsed() < LIMIT, "with dropped futures the source does not end");
        match once(reader.next_page()).await {
            Some(page) => match page.expect("the source reads to its end") {
                Next::Page(page) => hasty.extend(page.into_records()),
                _ => break,
            },
            None => yield_now().await,
        }
    }
    reader.close().await.expect("the run closes");
    let payloads = |records: &[Record]| -> Vec<_> {
        records.iter().map(|record| record.payload().clone()).collect()
    };
    assert_eq!(
        payloads(&hasty),
        payloads(&patient),
        "next_page is not cancel safe: dropping its future changes what is read"
    );
    patient
}

/// Polls a future once and drops it.
async fn once<F: Future>(future: F) -> Option<F::Output> {
    let mut future = Box::pin(future);
    poll_fn(move |cx| {
        Poll::Ready(match Pin::new(&mut future).poll(cx) {
            Poll::Ready(output) => Some(output),
            Poll::Pending => None,
        })
    })
    .await
}

/// Lets the runtime do its work.
async fn yield_now() {
    let mut yielded = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// What is printed about a connector does not contain `canary`, a secret of its configuration.
pub fn keeps_secret(info: &Info, canary: &str) {
    let shown = format!("{info:?}");
    assert!(!shown.contains(canary), "the connector's info shows a secret: {shown}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_objects_and_undocumented_keys_are_found_at_any_depth() {
        let inner = json!({"type": "object", "additionalProperties": false, "properties": {
            "type": {"const": "bearer"},
            "token": {"type": "string"},
        }});
        let schema = json!({
            "type": "object",
            "properties": {"auth": {"description": "d", "$ref": "#/$defs/Auth"}},
            "$defs": {"Auth": {"oneOf": [inner]}},
        });
        assert_eq!(
            undocumented(&schema),
            [
                "/ allows unknown keys (`deny_unknown_fields` is missing)",
                "/$defs/Auth/oneOf/0/token has no doc comment",
            ]
        );
        assert_eq!(undocumented(&json!(true)), ["the schema is no object schema"]);
    }
}
