//! The lines of a connection in the log.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use faucet_core::ComponentKind;
use faucet_session::script::Note;

use crate::driver::chronicle::{Chronicle, Line};
use crate::machine::{Event, Failure, Over};
use crate::made::Made;
use crate::recurring::Recurring;

/// The latest connection, which may be gone already.
#[derive(Debug, Clone, Copy)]
pub(super) struct Link<'a> {
    /// The redacted URL.
    pub(super) url: &'a str,
    /// How it was made.
    pub(super) made: Option<&'a Made>,
    /// Whether compression is asked for.
    pub(super) asks_to_compress: bool,
}

impl Link<'_> {
    fn compressed(&self) -> Option<bool> {
        self.made.filter(|_| self.asks_to_compress).map(|made| made.compressed)
    }
}

/// Writes a line about a connection that was made, with all that is known of it behind the fields of its own.
macro_rules! made {
    ($level:ident, $component:expr, $link:expr, { $($own:ident),* }, $($message:tt)+) => {{
        let made = $link.made;
        tracing::$level!(
            component = $component,
            url = $link.url,
            $($own,)*
            took_ms = made.map(|made| made.took.as_millis() as u64),
            tls = made.and_then(|made| made.tls).map(tracing::field::display),
            subprotocol = made.and_then(|made| made.subprotocol.as_deref()),
            compressed = $link.compressed(),
            $($message)+
        );
    }};
}

/// The log of a connection.
#[derive(Debug)]
pub(super) struct Log {
    /// The kind of component that the connection belongs to.
    kind: ComponentKind,
    /// The component's name; `None` logs nothing.
    component: Option<Arc<str>>,
    chronicle: Chronicle,
    /// Warnings of the conversation, each by its rule; `None`: refused topics.
    warnings: HashMap<Option<usize>, Recurring>,
}

impl Log {
    pub(super) fn new(kind: ComponentKind, component: Option<Arc<str>>) -> Self {
        let (chronicle, warnings) = (Chronicle::default(), HashMap::new());
        Self { kind, component, chronicle, warnings }
    }

    /// The log of the connection that follows by plan.
    pub(super) fn of_successor(&self) -> Self {
        Self::new(self.kind, self.component.clone())
    }

    /// Writes nothing from now on.
    pub(super) fn silence(&mut self) {
        self.component = None;
    }

    /// Whether a line may come of the event. Messages come often, and nothing is told of most of them.
    pub(super) fn tells_of(&self, event: &Event) -> bool {
        self.component.is_some()
            && (!matches!(event, Event::Messages) || self.chronicle.has_losses())
    }

    /// Writes what is to be told of an event at `now`.
    pub(super) fn note(&mut self, event: &Event, link: Link<'_>, now: Instant) {
        let Some(component) = self.component.clone() else { return };
        let url = link.url;
        match event {
            Event::Up { again } => {
                let line = self.chronicle.up(*again, now);
                self.write(line, &component, &link);
            }
            Event::Lost { failure, wait, attempt } => {
                self.lost(failure, *wait, *attempt, (&component, url), now);
            }
            Event::Messages => {
                let line = self.chronicle.heard(now);
                self.write(line, &component, &link);
            }
            Event::Over(Over::Closed(failure)) => {
                tracing::info!(component = &*component, url, "{}", failure.error(url));
            }
            Event::Note(note) => self.warn(note, &component, url, now),
            _ => {}
        }
    }

    fn lost(
        &mut self,
        failure: &Arc<Failure>,
        wait: Duration,
        attempt: u32,
        (component, url): (&str, &str),
        now: Instant,
    ) {
        let error = failure.error(url);
        let when = match self.kind {
            ComponentKind::Sink => " when there is something to send",
            _ => "",
        };
        match self.chronicle.lost(&error.to_string(), now) {
            Some(Line::Lost) => {
                tracing::warn!(component, url, attempt, ?wait, "{error}; reconnecting{when}");
            }
            Some(Line::StillLost(telling)) => {
                let (losses, seconds) = (telling.count, telling.since.as_secs());
                tracing::warn!(
                    component,
                    url,
                    losses,
                    seconds,
                    ?wait,
                    "still no steady connection, {seconds} s, {losses} losses and attempts: {error}"
                );
            }
            _ => tracing::debug!(component, url, attempt, ?wait, "{error}; reconnecting{when}"),
        }
    }

    fn write(&self, line: Option<Line>, component: &str, link: &Link<'_>) {
        let url = link.url;
        match line {
            Some(Line::Connected) => made!(info, component, link, {}, "connected"),
            Some(Line::Again { down, attempts }) => {
                let seconds = down.as_secs_f64();
                // As loud as the warning that it ends.
                made!(warn, component, link, { seconds, attempts }, "connected again after {seconds:.1} s");
            }
            Some(Line::Steady(telling)) => {
                let (losses, seconds) = (telling.count, telling.since.as_secs());
                tracing::warn!(
                    component,
                    url,
                    losses,
                    seconds,
                    "the connection is steady again, after {losses} losses and attempts in {seconds} s"
                );
            }
            _ => {}
        }
    }

    /// Writes something that a conversation wants the user to know.
    fn warn(&mut self, note: &Note, component: &str, url: &str, now: Instant) {
        let mut telling = |cause| self.warnings.entry(cause).or_default().note(now);
        match note {
            Note::TopicsRefused { topics, count, words } => {
                let topics = Note::refused(topics, *count);
                if let Some(telling) = telling(None) {
                    let times = telling.count;
                    tracing::warn!(
                        component,
                        url,
                        times,
                        "subscription refused: {topics}: \"{words}\""
                    );
                }
            }
            Note::Warned { rule, words } => {
                if let Some(telling) = telling(Some(*rule)) {
                    let times = telling.count;
                    tracing::warn!(component, url, times, "control[{rule}]: \"{words}\"");
                }
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
}
