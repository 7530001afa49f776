//! The case of a configuration.

use std::fmt::{self, Debug};

use faucet_core::{
    ComponentKind, KeyPath, Problems, Registry, SchemaView, SinkConfig, SourceConfig, Step,
    TransformConfig,
};
use serde_json::Value;

use crate::suites::rule::Rule;

type Build = Box<dyn Fn(Value) -> Result<Box<dyn Debug>, Problems>>;

/// A configuration under test, with one or more examples that build.
pub struct ConfigCase {
    pub(crate) kind: ComponentKind,
    pub(crate) name: &'static str,
    pub(crate) document: Value,
    pub(crate) examples: Vec<Value>,
    pub(crate) build: Build,
    pub(crate) public: Vec<String>,
    pub(crate) free: Vec<String>,
}

impl Debug for ConfigCase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("ConfigCase");
        shown.field("kind", &self.kind).field("name", &self.name).finish_non_exhaustive()
    }
}

macro_rules! of_kind {
    ($($(#[$doc:meta])* $method:ident $config:ident $kind:ident $table:ident $add:ident;)*) => {
        $(
            $(#[$doc])*
            ///
            /// # Panics
            /// When the registry refuses it.
            pub fn $method<C: $config + 'static>(example: Value) -> Self {
                let mut registry = Registry::new();
                registry.$add::<C>().expect("an empty registry takes any name");
                let entry = registry.$table.find(C::NAME).expect("it was just registered").clone();
                Self {
                    kind: ComponentKind::$kind,
                    name: C::NAME,
                    document: entry.schema().clone(),
                    examples: vec![example],
                    build: Box::new(move |value| Ok(Box::new(entry.build(value)?))),
                    public: Vec::new(),
                    free: Vec::new(),
                }
            }
        )*
    };
}

impl ConfigCase {
    of_kind! {
        /// The configuration of a source. `example` builds, and has every required key.
        source SourceConfig Source sources add_source;
        /// The configuration of a transform. `example` builds, and has every required key.
        transform TransformConfig Transform transforms add_transform;
        /// The configuration of a sink. `example` builds, and has every required key.
        sink SinkConfig Sink sinks add_sink;
    }

    /// Another example: of another variant, or with the optional maps and secrets.
    #[must_use]
    pub fn example(mut self, example: Value) -> Self {
        self.examples.push(example);
        self
    }

    /// The key of this name sounds like a secret and is none.
    #[must_use]
    pub fn not_secret(mut self, key: impl Into<String>) -> Self {
        self.public.push(key.into());
        self
    }

    /// The value of the key of this name is any JSON by design.
    #[must_use]
    pub fn any_json(mut self, key: impl Into<String>) -> Self {
        self.free.push(key.into());
        self
    }

    /// Whether the path leads to a value that is any JSON by design, or into one.
    pub(crate) fn takes_any_json(&self, path: &KeyPath) -> bool {
        path.steps().iter().any(|step| match step {
            Step::Key(key) => self.free.iter().any(|free| free == &**key),
            _ => false,
        })
    }

    pub(crate) fn schema(&self) -> SchemaView<'_> {
        SchemaView::new(&self.document)
    }

    /// Builds; a panic breaks the rule.
    pub(crate) fn try_build(&self, rule: Rule, value: &Value) -> Result<Box<dyn Debug>, Problems> {
        let built = std::cell::Cell::new(None);
        rule.run_now(|| built.set(Some((self.build)(value.clone()))));
        let built = built.into_inner();
        built.unwrap_or_else(|| rule.broken("build did not return"))
    }
}
