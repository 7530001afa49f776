//! A connector's description, as data.

use crate::config::problem::Problem;
use crate::config::template::placeholders;

/// A connector's name, target and promises, as data.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Info {
    /// The name under which the connector is registered.
    pub connector: &'static str,
    /// The far end (URL, path), redacted.
    pub target: String,
    /// What the connector promises about delivery.
    pub delivery: Delivery,
    /// What a source's positions are good for. Sinks and transforms leave it at [`Resume::No`].
    pub resume: Resume,
    /// How many records the far end of a source hands out before it waits for acknowledgement. The
    /// runner then flushes at half of it. `None`: no limit.
    pub ack_window: Option<u64>,
    /// Whether a source diverts messages that it cannot decode, so that it needs a `dead_letter`.
    pub diverts: bool,
    /// Whether a transform holds records that it cannot save, so that its pipeline keeps no `state`.
    pub carries_unsaved: bool,
    /// The `{name}` placeholders that the run's context must have values for.
    pub placeholders: Vec<String>,
    /// The names that the configuration itself gives values. The run's context must not have them.
    pub own_names: Vec<String>,
    /// What the configuration has that does not help in a pipeline, and does not keep it from
    /// running. `faucet validate` shows it.
    pub warnings: Vec<Problem>,
}

impl Info {
    /// `target` is printed: pass it redacted.
    pub fn new(connector: &'static str, target: impl Into<String>, delivery: Delivery) -> Self {
        Self {
            connector,
            target: target.into(),
            delivery,
            resume: Resume::No,
            ack_window: None,
            diverts: false,
            carries_unsaved: false,
            placeholders: Vec::new(),
            own_names: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// Says what the source's positions are good for.
    #[must_use]
    pub fn with_resume(mut self, resume: Resume) -> Self {
        self.resume = resume;
        self
    }

    /// Says how many records the far end hands out before it waits for acknowledgement.
    #[must_use]
    pub fn with_ack_window(mut self, records: u64) -> Self {
        self.ack_window = Some(records);
        self
    }

    /// Says that the source needs a `dead_letter` for messages that it cannot decode.
    #[must_use]
    pub fn with_diverts(mut self, diverts: bool) -> Self {
        self.diverts = diverts;
        self
    }

    /// Says that the transform holds records that it cannot save: its stage answers
    /// [`Carry::Unsaved`](crate::Carry::Unsaved). A pipeline with it refuses `state`.
    #[must_use]
    pub fn with_unsaved(mut self) -> Self {
        self.carries_unsaved = true;
        self
    }

    /// Warns of a key that does not help in a pipeline. The problem's path begins at the component.
    #[must_use]
    pub fn with_warning(mut self, warning: Problem) -> Self {
        self.warnings.push(warning);
        self
    }

    /// Warns of several keys; see [`with_warning`](Self::with_warning).
    #[must_use]
    pub fn with_warnings(mut self, warnings: Vec<Problem>) -> Self {
        self.warnings.extend(warnings);
        self
    }

    /// Names placeholders that the run's context must have values for.
    #[must_use]
    pub fn with_placeholders(mut self, names: Vec<String>) -> Self {
        self.placeholders.extend(names);
        self
    }

    /// Names the names that the configuration itself gives values.
    #[must_use]
    pub fn with_own_names(mut self, names: Vec<String>) -> Self {
        self.own_names.extend(names);
        self
    }

    /// Names the placeholders that stand in `text`, such as a path or a URL.
    #[must_use]
    pub fn with_placeholders_of(mut self, text: &str) -> Self {
        self.placeholders.extend(placeholders(text));
        self
    }
}

/// What a connector can prove about the records that went through it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Delivery {
    /// A record may be lost when the connection or the process dies.
    AtMostOnce,
    /// A record may arrive twice, never not at all.
    AtLeastOnce,
}

/// What a source's positions are good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Resume {
    /// There are none: what a process has read and not written is lost with it.
    #[default]
    No,
    /// The far end keeps what is not acknowledged. A position means nothing to the next connection:
    /// the runner tells it to the source and does not save it.
    Acks,
    /// The runner saves them, and the next run begins behind the last one.
    Positions,
}
