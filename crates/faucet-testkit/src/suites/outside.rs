//! The outputs of a component of any kind: name, placeholders, texts.

use std::collections::BTreeMap;
use std::fmt::{Debug, Write as _};

use faucet_core::{Error, Info, ProblemKind, Scope};

use crate::suites::rule::Rule;

/// The name, the secret and the placeholders of a case.
#[derive(Debug, Clone, Default)]
pub(crate) struct Outside {
    pub(crate) name: Option<&'static str>,
    pub(crate) canary: Option<String>,
    pub(crate) values: BTreeMap<String, String>,
}

/// The methods that set the outside of a case, for the kind of component that it has.
macro_rules! outside_methods {
    ($kind:literal) => {
        #[doc = concat!("A secret of the configuration that `", $kind, "` uses.")]
        #[must_use]
        pub fn canary(mut self, secret: impl Into<String>) -> Self {
            self.outside.canary = Some(secret.into());
            self
        }

        /// The values of the `{name}` placeholders of the configuration.
        #[must_use]
        pub fn scope<K: Into<String>, V: Into<String>>(
            mut self,
            values: impl IntoIterator<Item = (K, V)>,
        ) -> Self {
            self.outside.set_values(values);
            self
        }

        #[doc = concat!("The name under which the ", $kind, " is registered.")]
        #[must_use]
        pub fn name(mut self, name: &'static str) -> Self {
            self.outside.name = Some(name);
            self
        }
    };
}
pub(crate) use outside_methods;

impl Outside {
    /// Takes the values of the placeholders.
    pub(crate) fn set_values<K: Into<String>, V: Into<String>>(
        &mut self,
        values: impl IntoIterator<Item = (K, V)>,
    ) {
        self.values = values.into_iter().map(|(k, v)| (k.into(), v.into())).collect();
    }

    /// A scope with the values of the case.
    pub(crate) fn scope(&self) -> Scope {
        Scope::new("case").with_values(self.values.clone())
    }

    /// The connector's name is the one under which it is registered.
    pub(crate) fn check_name(&self, rule: Rule, info: &Info) {
        if let Some(name) = self.name {
            rule.check(info.connector == name, || {
                format!("Info::connector is {:?}, the registered name is {name:?}", info.connector)
            });
        }
    }

    /// A scope that has only the values that `info` asks for, and a place for rejected records.
    pub(crate) fn scope_of(&self, info: &Info) -> Scope {
        let asked = self.values.iter().filter(|(name, _)| info.placeholders.contains(name));
        let asked: BTreeMap<_, _> = asked.map(|(k, v)| (k.clone(), v.clone())).collect();
        Scope::new("case").with_values(asked).with_dead_letter()
    }

    /// An open with the scope of [`scope_of`](Self::scope_of) did not miss a value.
    pub(crate) fn check_opened(&self, rule: Rule, info: &Info, error: Option<&Error>) {
        let Some(error) = error else { return };
        for problem in error.problems().iter() {
            if let ProblemKind::Placeholder { name, .. } = &problem.kind {
                rule.broken(format_args!(
                    "it needs a value for {{{name}}}, and Info::placeholders has {:?}",
                    info.placeholders
                ));
            }
        }
        rule.broken(format_args!("open failed: {error:#}"));
    }
}

/// Everything that a component has shown, to be searched for a secret.
#[derive(Debug, Default)]
pub(crate) struct Shown(Vec<(&'static str, String)>);

impl Shown {
    /// Adds what `shown` prints; `place` says where it was shown.
    pub(crate) fn add(&mut self, place: &'static str, shown: &dyn Debug) {
        self.0.push((place, format!("{shown:?}")));
    }

    /// Adds an error in all its forms.
    pub(crate) fn error(&mut self, place: &'static str, error: &Error) {
        let mut text = format!("{error} {error:#} {error:?} {:?}", error.endpoint());
        let mut cause = std::error::Error::source(error);
        while let Some(inner) = cause {
            let _ = write!(text, " {inner} {inner:?}");
            cause = inner.source();
        }
        self.0.push((place, text));
    }

    /// Adds a run's counters.
    pub(crate) fn scope(&mut self, scope: &Scope) {
        self.add("a counter", &scope.counters().read());
    }

    /// Fails where an output has the secret.
    pub(crate) fn check(&self, rule: Rule, canary: &str) {
        for (place, text) in &self.0 {
            rule.check(!text.contains(canary), || {
                format!("{place} shows a secret: {}", text.replace(canary, "***"))
            });
        }
    }
}
