//! What a later run needs, as a document.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::graph::node::Component;

/// The version of the document that this build reads and writes.
pub(crate) const VERSION: u32 = 1;

/// Positions of sources and saved bytes of transforms and sinks, committed together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct State {
    pub(crate) version: u32,
    /// Grows with each commit, so that a writer notices another one.
    pub(crate) epoch: u64,
    pub(crate) components: BTreeMap<String, Saved>,
}

/// What one component left, and what it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Saved {
    /// The connector's name.
    #[serde(rename = "type")]
    pub(crate) connector: String,
    /// The far end, redacted.
    pub(crate) target: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) position: Option<String>,
    /// Bytes that are text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) saved: Option<String>,
    /// Other bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) saved_base64: Option<String>,
}

impl Saved {
    pub(crate) fn set(&mut self, bytes: &Bytes) {
        match std::str::from_utf8(bytes) {
            Ok(text) => (self.saved, self.saved_base64) = (Some(text.to_owned()), None),
            Err(_) => (self.saved, self.saved_base64) = (None, Some(STANDARD.encode(bytes))),
        }
    }

    pub(crate) fn bytes(&self) -> Option<Bytes> {
        let binary = self.saved_base64.as_ref().and_then(|text| STANDARD.decode(text).ok());
        self.saved.clone().map(Bytes::from).or_else(|| binary.map(Bytes::from))
    }
}

/// How a component differs from what a state was written for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Changed {
    #[error("the component {id} is gone")]
    Gone { id: String },
    #[error("the component {id} was {} {} and is {} {}", before[0], before[1], now[0], now[1])]
    Other { id: String, before: [String; 2], now: [String; 2] },
}

impl State {
    /// The state before the first commit of a pipeline.
    pub(crate) fn new(components: &[Component]) -> Self {
        let saved = |component: &Component| Saved {
            connector: component.info.connector.to_owned(),
            target: component.info.target.clone(),
            position: None,
            saved: None,
            saved_base64: None,
        };
        let components = components.iter().map(|c| (c.id.to_string(), saved(c))).collect();
        Self { version: VERSION, epoch: 0, components }
    }

    /// Whether the state was written for these components. New ones may have joined them.
    pub(crate) fn fits(&self, components: &[Component]) -> Result<(), Changed> {
        let now = Self::new(components).components;
        for (id, before) in &self.components {
            let Some(now) = now.get(id) else { return Err(Changed::Gone { id: id.clone() }) };
            if (&before.connector, &before.target) != (&now.connector, &now.target) {
                let named = |saved: &Saved| [saved.connector.clone(), saved.target.clone()];
                return Err(Changed::Other {
                    id: id.clone(),
                    before: named(before),
                    now: named(now),
                });
            }
        }
        Ok(())
    }

    /// The same state with a place for components that have joined.
    pub(crate) fn joined_by(mut self, components: &[Component]) -> Self {
        for (id, saved) in Self::new(components).components {
            self.components.entry(id).or_insert(saved);
        }
        self
    }
}
