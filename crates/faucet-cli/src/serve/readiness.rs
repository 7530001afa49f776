//! Whether the components of a run do their work. Pure.

use std::fmt;
use std::time::{Duration, Instant};

use faucet_core::{ActivityReading, ComponentKind, Phase};

/// A sink whose call to write or flush takes longer than this is not healthy.
const STUCK: Duration = Duration::from_secs(10);

/// Why a component is not ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotReady {
    /// The component is not open yet.
    Opening,
    /// Its first connection is not made yet.
    Connecting,
    /// Its connection is lost and not back.
    Reconnecting,
    /// It has written or flushed for so many seconds, and is not done.
    Stuck(u64),
    /// It has ended.
    Over,
}

impl fmt::Display for NotReady {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Opening => f.write_str("opening"),
            Self::Connecting => f.write_str("connecting"),
            Self::Reconnecting => f.write_str("reconnecting"),
            Self::Stuck(seconds) => write!(f, "one write or flush takes {seconds} s so far"),
            Self::Over => f.write_str("ended"),
        }
    }
}

/// Whether a component does its work.
///
/// # Errors
/// Why it does not.
pub(crate) fn is_ready(
    kind: ComponentKind,
    activity: &ActivityReading,
    now: Instant,
) -> Result<(), NotReady> {
    use faucet_core::ConnectionState as State;
    match activity.phase {
        Phase::Opening => return Err(NotReady::Opening),
        Phase::Over => return Err(NotReady::Over),
        _ => {}
    }
    match activity.connection {
        State::Waiting => return Err(NotReady::Reconnecting),
        State::Connecting => return Err(NotReady::Connecting),
        _ => {}
    }
    let since = activity.busy_since.filter(|_| kind == ComponentKind::Sink);
    match since.map(|since| now.saturating_duration_since(since)) {
        Some(busy) if busy >= STUCK => Err(NotReady::Stuck(busy.as_secs())),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use faucet_core::{ConnectionState as State, Counters};

    use super::*;

    #[test]
    fn a_component_is_ready_while_it_can_do_its_work() {
        let now = Instant::now();
        let before = |seconds| now.checked_sub(Duration::from_secs(seconds));
        let source = ComponentKind::Source;
        let sink = ComponentKind::Sink;
        for (kind, phase, state, busy, expected) in [
            (source, Phase::Opening, State::None, None, Err(NotReady::Opening)),
            (source, Phase::Open, State::Connecting, None, Err(NotReady::Connecting)),
            (source, Phase::Open, State::Up, None, Ok(())),
            (source, Phase::Open, State::None, None, Ok(())),
            (source, Phase::Open, State::Waiting, None, Err(NotReady::Reconnecting)),
            (source, Phase::Over, State::None, None, Err(NotReady::Over)),
            (sink, Phase::Open, State::None, None, Ok(())),
            (sink, Phase::Open, State::Waiting, None, Err(NotReady::Reconnecting)),
            (sink, Phase::Open, State::None, before(9), Ok(())),
            (sink, Phase::Open, State::Up, before(12), Err(NotReady::Stuck(12))),
        ] {
            let counters = Counters::default();
            counters.set_phase(phase);
            counters.set_connection(state);
            counters.set_busy(busy);
            let activity = counters.read().activity;
            assert_eq!(
                is_ready(kind, &activity, now),
                expected,
                "{kind} {phase:?} {state:?} {busy:?}"
            );
        }
    }
}
