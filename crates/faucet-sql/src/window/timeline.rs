//! How far time has come. Pure: it takes `now`, in milliseconds since 1970.

/// By which time rows are put into windows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Time {
    /// The time at which rows arrived. A window waits `grace` for rows that have arrived and are on their way.
    Arrival { grace: i64 },
    /// A time that rows bring. A window waits until a row is `lateness` past its end. An input that brings no
    /// row for `idle` goes on by the clock.
    Event { lateness: i64, idle: i64 },
}

/// How far one input has come.
#[derive(Debug, Clone, Copy)]
struct Progress {
    /// The latest time of its rows.
    latest: Option<i64>,
    /// When that row came.
    seen: i64,
}

/// How far time has come.
#[derive(Debug, Clone)]
pub(crate) struct Timeline {
    time: Time,
    inputs: Vec<Progress>,
    /// Windows that end here or before are closed.
    closed: i64,
}

impl Timeline {
    pub(crate) fn new(time: Time, inputs: usize, now: i64) -> Self {
        Self { time, inputs: vec![Progress { latest: None, seen: now }; inputs], closed: i64::MIN }
    }

    /// Rows of `input` with times up to `latest` have come.
    pub(crate) fn saw(&mut self, input: usize, latest: i64, now: i64) {
        if let Some(progress) = self.inputs.get_mut(input) {
            progress.latest = Some(progress.latest.map_or(latest, |known| known.max(latest)));
            progress.seen = now;
        }
    }

    /// The latest time of any row.
    pub(crate) fn latest(&self) -> Option<i64> {
        self.inputs.iter().filter_map(|input| input.latest).max()
    }

    /// Windows that end here or before are closed, and take no row.
    pub(crate) fn closed(&self) -> i64 {
        self.closed
    }

    /// Moves on to `now`, and returns [`closed`](Self::closed).
    pub(crate) fn advance(&mut self, now: i64) -> i64 {
        let rows = self.inputs.iter().map(|input| self.progress_of(input, now));
        let reached = match self.time {
            Time::Arrival { grace } => {
                // An input that has brought nothing yet does not hold up the others: the clock does.
                let rows = self.inputs.iter().map(|input| input.latest.unwrap_or(i64::MIN));
                rows.min().unwrap_or(i64::MIN).max(now.saturating_sub(grace))
            }
            Time::Event { .. } => {
                // An input that was always idle has no say.
                let known = rows.flatten().min();
                known.unwrap_or(i64::MIN)
            }
        };
        self.closed = self.closed.max(reached);
        self.closed
    }

    /// How far an input has come by event time. `None`: it has no say.
    fn progress_of(&self, input: &Progress, now: i64) -> Option<i64> {
        let Time::Event { lateness, idle } = self.time else { return None };
        let waited = now.saturating_sub(input.seen);
        let is_idle = waited >= idle;
        match input.latest {
            Some(latest) if is_idle => Some(latest.saturating_add(waited).saturating_sub(lateness)),
            Some(latest) => Some(latest.saturating_sub(lateness)),
            None if is_idle => None,
            None => Some(i64::MIN),
        }
    }

    /// When the window that ends at `end` closes, if no row comes.
    pub(crate) fn due(&self, end: i64) -> i64 {
        match self.time {
            Time::Arrival { grace } => end.saturating_add(grace),
            Time::Event { lateness, idle } => {
                let due = |input: &Progress| match input.latest {
                    Some(latest) if latest.saturating_sub(lateness) >= end => input.seen,
                    Some(latest) => {
                        let missing = end.saturating_sub(latest).saturating_add(lateness);
                        input.seen.saturating_add(idle.max(missing))
                    }
                    None => input.seen.saturating_add(idle),
                };
                self.inputs.iter().map(due).max().unwrap_or(i64::MAX)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARRIVAL: Time = Time::Arrival { grace: 10 };
    const EVENT: Time = Time::Event { lateness: 5, idle: 100 };

    #[test]
    fn arrival_closes_by_rows_and_by_the_clock() {
        let mut one = Timeline::new(ARRIVAL, 1, 0);
        assert_eq!(one.advance(0), -10);
        // A row proves that no older one is on its way.
        one.saw(0, 60, 61);
        assert_eq!((one.advance(61), one.due(120)), (60, 130));
        assert_eq!(one.advance(130), 120);
        // Nothing goes back, not even the system clock.
        one.saw(0, 50, 51);
        assert_eq!(one.advance(51), 120);
        let mut two = Timeline::new(ARRIVAL, 2, 0);
        two.saw(0, 60, 61);
        assert_eq!(two.advance(61), 51, "the other input may have older rows");
        two.saw(1, 58, 62);
        assert_eq!(two.advance(62), 58);
    }

    #[test]
    fn event_time_waits_for_late_rows_and_not_for_idle_inputs() {
        let mut one = Timeline::new(EVENT, 1, 1000);
        assert_eq!((one.advance(1099), one.due(60)), (i64::MIN, 1100));
        one.saw(0, 64, 1000);
        assert_eq!((one.advance(1001), one.due(60)), (59, 1100));
        one.saw(0, 65, 1002);
        assert_eq!((one.advance(1002), one.due(60)), (60, 1002));
        // Idle: event time goes on with the clock.
        assert_eq!((one.advance(1101), one.due(120)), (60, 1102));
        assert_eq!(one.advance(1102), 65 + 100 - 5);
        let mut two = Timeline::new(EVENT, 2, 1000);
        two.saw(0, 200, 1050);
        assert_eq!(two.advance(1050), i64::MIN, "the other input may begin anywhere");
        assert_eq!((two.due(100), two.advance(1100)), (1100, 195));
    }
}
