//! The lines of a connection in the log.

use faucet_core::ComponentKind;
use faucet_session::script::Note;

use crate::compression::Compression;
use crate::driver::driver::Driver;
use crate::machine::{Event, Over};

impl Driver {
    /// Whether compression is used, where it was asked for.
    fn compressed(&self) -> Option<bool> {
        let asked = self.target.offer.compression == Compression::Deflate;
        self.made.as_ref().filter(|_| asked).map(|made| made.compressed)
    }

    /// Logs an event.
    pub(super) fn log(&self, event: &Event) {
        let Some(component) = self.component.as_deref() else { return };
        let url = self.url();
        match event {
            Event::Up { again } => {
                let made = self.made();
                let took_ms = made.map(|made| made.took.as_millis() as u64);
                let tls = made.and_then(|made| made.tls).map(tracing::field::display);
                let subprotocol = made.and_then(|made| made.subprotocol.as_deref());
                let compressed = self.compressed();
                tracing::info!(
                    component,
                    url,
                    again,
                    took_ms,
                    tls,
                    subprotocol,
                    compressed,
                    "connected"
                );
            }
            Event::Lost { failure, wait, attempt } => {
                let error = failure.error(url);
                let when = match self.kind {
                    ComponentKind::Sink => " when there is something to send",
                    _ => "",
                };
                tracing::warn!(component, url, attempt, ?wait, "{error}; reconnecting{when}");
            }
            Event::Over(Over::Closed(failure)) => {
                tracing::info!(component, url, "{}", failure.error(url));
            }
            Event::Note(note) => log_note(component, url, note),
            _ => {}
        }
    }
}

/// Logs something that a conversation wants the user to know.
fn log_note(component: &str, url: &str, note: &Note) {
    match note {
        Note::TopicsRefused { topics, count, words } => {
            let topics = Note::refused(topics, *count);
            tracing::warn!(component, url, "subscription refused: {topics}: \"{words}\"");
        }
        Note::Warned { rule, words } => {
            tracing::warn!(component, url, "control[{rule}]: \"{words}\"");
        }
        Note::Clamped { interval } => {
            let what = "the server asks for an interval that is out of bounds";
            tracing::warn!(component, url, ?interval, "{what}; the nearest one is kept");
        }
        Note::Done { place, verb, took } => {
            tracing::debug!(component, url, ?took, "{place} {verb}");
        }
        _ => {}
    }
}
