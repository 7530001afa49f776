//! The connections of the feeds behind a query.

use faucet_core::Scope;

/// The cause of a reconnect that loses nothing.
const PLANNED: &str = "planned";

/// The connections of the feeds behind a query. A gap is told with the first message behind it: a window that
/// closes before has to ask whether its feeds are there.
#[derive(Debug)]
pub(crate) struct Links {
    /// How many connections were lost at the last look.
    lost: u64,
}

impl Links {
    pub(crate) fn new(scope: &Scope) -> Self {
        Self { lost: lost(scope) }
    }

    /// Whether a feed is down, or was lost since the last look.
    pub(crate) fn were_lost(&mut self, scope: &Scope) -> bool {
        let before = std::mem::replace(&mut self.lost, lost(scope));
        before != self.lost || scope.feeds().any(|feed| feed.connection().is_down())
    }
}

/// How many connections were lost and made again.
fn lost(scope: &Scope) -> u64 {
    scope.feeds().map(|feed| feed.reconnects(|cause| cause != PLANNED)).sum()
}

#[cfg(test)]
mod tests {
    use faucet_core::ConnectionState;

    use super::*;

    #[test]
    fn a_feed_that_is_down_or_came_back_was_lost() {
        let (one, other) = (Scope::new("a"), Scope::new("b"));
        let scope = Scope::new("query").with_feeds([&one, &other]);
        let mut links = Links::new(&scope);
        assert!(!links.were_lost(&scope));
        other.counters().set_connection(ConnectionState::Waiting);
        assert!(links.were_lost(&scope) && links.were_lost(&scope));
        other.counters().set_connection(ConnectionState::Up);
        assert!(!links.were_lost(&scope));
        one.counters().reconnected("transient");
        assert!(links.were_lost(&scope));
        one.counters().reconnected(PLANNED);
        assert!(!links.were_lost(&scope));
    }
}
