//! How often something that goes on is told. Pure.

use std::time::{Duration, Instant};

/// The first time between two tellings. Each next one is twice as long.
const FIRST: Duration = Duration::from_secs(10);

/// The longest time between two tellings.
const LONGEST: Duration = Duration::from_secs(600);

/// After this time without it, it is over: the next time it begins anew.
const CALM: Duration = Duration::from_secs(60);

/// Something that happens again and again: told at its beginning, then with growing intervals.
#[derive(Debug, Clone, Default)]
pub struct Recurring(Option<Course>);

#[derive(Debug, Clone)]
struct Course {
    began: Instant,
    last: Instant,
    told: Instant,
    interval: Duration,
    count: u64,
}

/// What is to be told now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Telling {
    /// How often it has happened since it began.
    pub count: u64,
    /// How long ago it began.
    pub since: Duration,
}

impl Telling {
    /// Whether it has just begun.
    pub fn is_first(self) -> bool {
        self.count == 1
    }
}

impl Recurring {
    /// It happens at `now`. `None`: it was told shortly before.
    pub fn note(&mut self, now: Instant) -> Option<Telling> {
        let course = match &mut self.0 {
            Some(course) if now.saturating_duration_since(course.last) < CALM => course,
            begun => {
                let (count, interval) = (1, FIRST);
                *begun = Some(Course { began: now, last: now, told: now, interval, count });
                return Some(Telling { count, since: Duration::ZERO });
            }
        };
        course.count += 1;
        course.last = now;
        if now.saturating_duration_since(course.told) < course.interval {
            return None;
        }
        course.told = now;
        course.interval = (course.interval * 2).min(LONGEST);
        let since = now.saturating_duration_since(course.began);
        Some(Telling { count: course.count, since })
    }

    /// Whether it has begun, and its end was not told.
    pub fn is_going_on(&self) -> bool {
        self.0.is_some()
    }

    /// It has ended by `now`: nothing happened for a while. Returns the whole of it, once.
    pub fn end(&mut self, now: Instant) -> Option<Telling> {
        let course = self.0.as_ref()?;
        let Course { began, last, count, .. } = *course;
        if now.saturating_duration_since(last) < CALM {
            return None;
        }
        self.0 = None;
        Some(Telling { count, since: last.saturating_duration_since(began) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_intervals_between_tellings_grow() {
        let begin = Instant::now();
        let mut recurring = Recurring::default();
        let at = |seconds| begin + Duration::from_secs(seconds);
        // Once a second for an hour.
        let told: Vec<(u64, u64)> = (0..3600)
            .filter_map(|second| recurring.note(at(second)))
            .map(|telling| (telling.since.as_secs(), telling.count))
            .collect();
        let seconds = [0, 10, 30, 70, 150, 310, 630, 1230, 1830, 2430, 3030];
        assert_eq!(told, seconds.map(|second| (second, second + 1)));
        assert_eq!(recurring.end(at(3600)), None);
        let all = Telling { count: 3600, since: Duration::from_secs(3599) };
        assert_eq!(recurring.end(at(3659)), Some(all));
        assert_eq!(recurring.end(at(3660)), None);
        assert!(recurring.note(at(3661)).unwrap().is_first());
    }

    #[test]
    fn after_a_calm_minute_it_begins_anew() {
        let begin = Instant::now();
        let mut recurring = Recurring::default();
        for (seconds, told) in [(0, true), (9, false), (68, true), (130, true), (131, false)] {
            let telling = recurring.note(begin + Duration::from_secs(seconds));
            assert_eq!(telling.is_some(), told, "{seconds}");
            assert_eq!(telling.is_some_and(Telling::is_first), matches!(seconds, 0 | 130));
        }
    }
}
