//! What the log says about a connection that comes and goes. Pure.

use std::time::{Duration, Instant};

use crate::recurring::{Recurring, Telling};

/// The most causes that are told apart.
const MOST_CAUSES: usize = 8;

/// A line of the log.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// The first connection.
    Connected,
    /// A connection or an attempt was lost, for a cause that was not told before.
    Lost,
    /// Losses go on: how many there were, since when.
    StillLost(Telling),
    /// There is a connection again: how long there was none, and the attempts.
    Again { down: Duration, attempts: u32 },
    /// A connection was not lost for a while, after several losses.
    Steady(Telling),
}

/// Follows a connection. Losses that follow each other within a minute are one story.
#[derive(Debug, Default)]
pub(super) struct Chronicle {
    losses: Recurring,
    causes: Vec<String>,
    /// There is no connection since then.
    down: Option<Instant>,
    attempts: u32,
    /// Whether the loss of this connection was told: then its end is, too.
    is_told: bool,
}

impl Chronicle {
    /// A connection or an attempt was lost for `cause`.
    pub(super) fn lost(&mut self, cause: &str, now: Instant) -> Option<Line> {
        self.down.get_or_insert(now);
        self.attempts += 1;
        let telling = self.losses.note(now);
        if telling.is_some_and(Telling::is_first) {
            self.causes.clear();
        }
        let is_new =
            self.causes.len() < MOST_CAUSES && !self.causes.iter().any(|known| known == cause);
        if is_new {
            self.causes.push(cause.to_owned());
            self.is_told = true;
            return Some(Line::Lost);
        }
        self.is_told |= telling.is_some();
        telling.map(Line::StillLost)
    }

    /// There is a connection.
    pub(super) fn up(&mut self, again: bool, now: Instant) -> Option<Line> {
        let (down, attempts) = (self.down.take(), std::mem::take(&mut self.attempts));
        let is_told = std::mem::take(&mut self.is_told);
        if !again {
            return Some(Line::Connected);
        }
        let down = now.saturating_duration_since(down.unwrap_or(now));
        is_told.then_some(Line::Again { down, attempts })
    }

    /// Whether losses are not forgotten yet.
    pub(super) fn has_losses(&self) -> bool {
        self.losses.is_going_on()
    }

    /// The connection brings something at `now`.
    pub(super) fn heard(&mut self, now: Instant) -> Option<Line> {
        let telling = self.losses.end(now)?;
        // One loss was told with its end.
        (telling.count > 1).then_some(Line::Steady(telling))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines of a story of seconds and events: `-x` is a loss for x, `+` a connection, `.` data.
    fn lines(story: &[(u64, &str)]) -> Vec<String> {
        let begin = Instant::now();
        let mut chronicle = Chronicle::default();
        let mut connected = false;
        let mut tell = |&(second, event): &(u64, &str)| {
            let now = begin + Duration::from_secs(second);
            let line = match event {
                "+" => chronicle.up(std::mem::replace(&mut connected, true), now),
                "." => chronicle.heard(now),
                lost => chronicle.lost(lost, now),
            };
            let words = match line? {
                Line::Connected => "connected".to_owned(),
                Line::Lost => "lost".to_owned(),
                Line::StillLost(told) => {
                    format!("still, {} in {}s", told.count, told.since.as_secs())
                }
                Line::Again { down, attempts } => {
                    format!("again after {}s, {attempts}", down.as_secs())
                }
                Line::Steady(told) => {
                    format!("steady, {} in {}s", told.count, told.since.as_secs())
                }
            };
            Some(format!("{second} {words}"))
        };
        story.iter().filter_map(&mut tell).collect()
    }

    #[test]
    fn an_outage_is_told_at_its_beginning_now_and_then_and_at_its_end() {
        let mut story = vec![(0, "+"), (1, "-refused")];
        story.extend((2..80).map(|second| (second, "-refused")));
        story.extend([(80, "+"), (81, "."), (200, "."), (201, ".")]);
        assert_eq!(
            lines(&story),
            [
                "0 connected",
                "1 lost",
                "11 still, 11 in 10s",
                "31 still, 31 in 30s",
                "71 still, 71 in 70s",
                "80 again after 79s, 79",
                "200 steady, 79 in 78s",
            ]
        );
    }

    #[test]
    fn another_cause_is_told_once() {
        let story = [
            (0, "+"),
            (1, "-a"),
            (2, "-b"),
            (3, "-a"),
            (4, "-b"),
            (5, "+"),
            (300, "-a"),
            (301, "+"),
            (400, "."),
        ];
        let told = [
            "0 connected",
            "1 lost",
            "2 lost",
            "5 again after 4s, 4",
            "300 lost",
            "301 again after 1s, 1",
        ];
        assert_eq!(lines(&story), told);
    }

    #[test]
    fn a_connection_that_comes_and_goes_is_told_now_and_then() {
        let mut story = vec![(0, "+")];
        (1..60).for_each(|second| story.extend([(second, "-a"), (second, "+"), (second, ".")]));
        story.push((130, "."));
        assert_eq!(
            lines(&story),
            [
                "0 connected",
                "1 lost",
                "1 again after 0s, 1",
                "11 still, 11 in 10s",
                "11 again after 0s, 1",
                "31 still, 31 in 30s",
                "31 again after 0s, 1",
                "130 steady, 59 in 58s",
            ]
        );
    }
}
