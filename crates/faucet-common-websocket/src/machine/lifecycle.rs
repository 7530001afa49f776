//! Whether to connect again, and when: the only place where reconnect policy lives. Pure.

use std::sync::Arc;
use std::time::{Duration, Instant};

use faucet_connect::{Attempts, ReconnectPolicy, Retry, STABLE};

use crate::machine::class::Class;
use crate::machine::run_failed::NoAttempt;

/// No wait is longer: a clock has an end.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_secs(366 * 24 * 3600);

/// How often ends of one class may follow one another without progress between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Repeats {
    /// As often as the attempts allow.
    Always,
    /// Once: the second one is final.
    Once,
    /// For `reconnect_patience`.
    ForAWhile,
    /// As often as the attempts allow, once the run was connected.
    Later,
    /// The first one is final.
    Never,
}

impl Class {
    fn repeats(self) -> Repeats {
        match self {
            Self::Clean | Self::Transient | Self::Silent | Self::Planned => Repeats::Always,
            Self::Value => Repeats::Later,
            Self::Credentials
            | Self::Certificate
            | Self::Handshake
            | Self::Complaint
            | Self::Refusal => Repeats::Once,
            Self::Answer(_) | Self::Violation | Self::Application(_) => Repeats::ForAWhile,
            Self::Fatal | Self::Finished => Repeats::Never,
        }
    }

    /// Whether the next connection may go on although nobody changes anything.
    fn may_pass(self) -> bool {
        matches!(self.repeats(), Repeats::Always | Repeats::ForAWhile | Repeats::Later)
    }
}

/// The decision after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Wait, then connect.
    Retry(Retry),
    /// The peer closed cleanly and reconnecting is off: a good end.
    Finish,
    /// The end of the run.
    GiveUp(NoAttempt),
}

/// Ends of one class that followed one another without progress.
#[derive(Debug, Clone, Copy)]
struct Repeated {
    class: Class,
    times: u32,
    since: Instant,
}

/// The history of a run's attempts, and the decision after each.
#[derive(Debug)]
pub(crate) struct Lifecycle {
    attempts: Attempts,
    /// How long ends of one class may repeat; `None` is no limit, and then no class is final after
    /// the first connect except [`Class::Fatal`].
    patience: Option<Duration>,
    was_connected: bool,
    connected_at: Option<Instant>,
    /// Whether the connection brought a record.
    has_progressed: bool,
    repeated: Option<Repeated>,
}

impl Lifecycle {
    /// A run that has not connected yet.
    pub(crate) fn new(policy: impl Into<Arc<ReconnectPolicy>>, patience: Option<Duration>) -> Self {
        let attempts = Attempts::new(policy);
        let (was_connected, has_progressed) = (false, false);
        Self {
            attempts,
            patience,
            was_connected,
            connected_at: None,
            has_progressed,
            repeated: None,
        }
    }

    /// An upgrade succeeded at `now`. By itself this is no progress. Returns whether the run was
    /// connected before.
    pub(crate) fn connected(&mut self, now: Instant) -> bool {
        self.connected_at = Some(now);
        self.has_progressed = false;
        self.attempts.connected(now);
        std::mem::replace(&mut self.was_connected, true)
    }

    /// The run was connected before: this connection follows another one.
    pub(crate) fn follows(&mut self) {
        self.was_connected = true;
    }

    /// A record arrived.
    pub(crate) fn progressed(&mut self) {
        self.attempts.progressed();
        self.has_progressed = true;
        self.repeated = None;
    }

    /// The last failure is explained, and what caused it will not be done again: the next of its
    /// class is not the second in a row. Attempts count on.
    pub(crate) fn explained(&mut self) {
        self.repeated = None;
    }

    /// An attempt or the connection ended at `now`; `chance` (0 to 1) is the jitter's. The next
    /// attempt comes no sooner than `wait_at_least`.
    pub(crate) fn failed(
        &mut self,
        class: Class,
        wait_at_least: Duration,
        now: Instant,
        chance: f64,
    ) -> Step {
        if class == Class::Finished {
            return Step::Finish;
        }
        let was_connected = self.connected_at.take();
        if !self.attempts.policy().reconnect {
            return match class {
                Class::Clean => Step::Finish,
                _ if self.was_connected && class.may_pass() => {
                    Step::GiveUp(NoAttempt::ReconnectOff)
                }
                _ => Step::GiveUp(NoAttempt::Final),
            };
        }
        let stable = was_connected.is_some_and(|at| now.saturating_duration_since(at) >= STABLE);
        if stable && class != Class::Silent {
            self.repeated = None;
        }
        if let Some(why) = self.no_progress(class, now) {
            return Step::GiveUp(why);
        }
        if class == Class::Silent {
            self.attempts.was_silent();
        }
        match self.attempts.failed(now, chance) {
            Some(Retry { attempt, .. }) if class == Class::Planned && self.has_progressed => {
                Step::Retry(Retry { wait: wait_at_least, attempt })
            }
            Some(Retry { wait, attempt }) => {
                Step::Retry(Retry { wait: wait.max(wait_at_least), attempt })
            }
            None => {
                let max = self.attempts.policy().max_attempts;
                Step::GiveUp(max.map_or(NoAttempt::Final, NoAttempt::Attempts))
            }
        }
    }

    /// Why no attempt may follow an end of this class: before the first connect always, later when
    /// such ends repeat.
    fn no_progress(&mut self, class: Class, now: Instant) -> Option<NoAttempt> {
        let repeats = class.repeats();
        match repeats {
            Repeats::Never => return Some(NoAttempt::Final),
            Repeats::Always => return None,
            Repeats::Later => return (!self.was_connected).then_some(NoAttempt::Final),
            Repeats::Once | Repeats::ForAWhile => {}
        }
        // Both say that what we sent was wrong.
        let class = if class == Class::Refusal { Class::Complaint } else { class };
        let before = self.repeated.filter(|repeated| repeated.class == class);
        let Repeated { times, since, .. } =
            before.unwrap_or(Repeated { class, times: 0, since: now });
        let times = times + 1;
        self.repeated = Some(Repeated { class, times, since });
        if !self.was_connected {
            return Some(NoAttempt::Final);
        }
        let (patience, within) = (self.patience?, now.saturating_duration_since(since));
        let limit = (repeats == Repeats::ForAWhile).then_some(patience);
        let spent = times >= 2 && limit.is_none_or(|limit| within >= limit);
        spent.then_some(NoAttempt::NoProgress { times, within, limit })
    }
}

#[cfg(test)]
mod tests {
    use faucet_connect::Backoff;

    use super::*;

    const MS: fn(u64) -> Duration = Duration::from_millis;
    const PATIENCE: u64 = 300_000;

    fn policy(max_attempts: Option<u32>) -> ReconnectPolicy {
        let backoff = Backoff { initial: MS(1000), max: MS(30_000), jitter: 0.0 };
        ReconnectPolicy { reconnect: true, backoff, max_attempts }
    }

    /// An event in a test's story, all at once unless a duration says otherwise.
    #[derive(Debug, Clone, Copy)]
    enum Story {
        Up,
        Record,
        Explained,
        After(u64),
        Fails(Class),
    }
    use Class::{Answer, Application, Certificate, Clean, Complaint, Credentials, Fatal};
    use Class::{Handshake, Refusal, Silent, Transient, Violation};
    use Story::{After, Explained, Fails, Record, Up};

    /// `1000` for a wait in milliseconds, `finish`, or `give up`.
    fn outcomes(policy: ReconnectPolicy, story: &[Story]) -> Vec<String> {
        steps(policy, Some(MS(PATIENCE)), story)
            .into_iter()
            .map(|step| match step {
                Step::Retry(Retry { wait, .. }) => wait.as_millis().to_string(),
                Step::Finish => "finish".into(),
                Step::GiveUp(_) => "give up".into(),
            })
            .collect()
    }

    fn steps(policy: ReconnectPolicy, patience: Option<Duration>, story: &[Story]) -> Vec<Step> {
        let (mut life, mut now) = (Lifecycle::new(policy, patience), Instant::now());
        let mut steps = Vec::new();
        for event in story {
            match event {
                Up => _ = life.connected(now),
                Record => life.progressed(),
                Explained => life.explained(),
                After(millis) => now += MS(*millis),
                Fails(class) => steps.push(life.failed(*class, Duration::ZERO, now, 0.0)),
            }
        }
        steps
    }

    #[test]
    fn before_the_first_upgrade_only_transient_trouble_is_retried() {
        for (class, expected) in [
            (Transient, "1000"),
            (Credentials, "give up"),
            (Answer(404), "give up"),
            (Certificate, "give up"),
            (Handshake, "give up"),
            (Fatal, "give up"),
        ] {
            assert_eq!(outcomes(policy(None), &[Fails(class)]), [expected], "{class:?}");
        }
    }

    #[test]
    fn some_classes_get_one_more_try_and_a_record_starts_the_count_anew() {
        for class in [Credentials, Certificate, Handshake, Complaint, Refusal] {
            let twice = [Up, Fails(class), Up, Fails(class)];
            assert_eq!(outcomes(policy(None), &twice), ["1000", "give up"], "{class:?}");
            let between = [Up, Fails(class), Up, Record, Fails(class), Fails(class)];
            assert_eq!(outcomes(policy(None), &between), ["1000", "1000", "give up"], "{class:?}");
            // Trouble on the line between two such ends changes nothing.
            let trouble = [Up, Fails(class), Fails(Transient), Fails(class)];
            assert_eq!(outcomes(policy(None), &trouble), ["1000", "2000", "give up"], "{class:?}");
        }
        let explained = [Up, Fails(Refusal), Explained, Fails(Refusal), Fails(Refusal)];
        assert_eq!(outcomes(policy(None), &explained), ["1000", "2000", "give up"]);
        let alternating = [Up, Fails(Complaint), Up, Fails(Refusal)];
        assert_eq!(outcomes(policy(None), &alternating), ["1000", "give up"]);
        let other = [Up, Fails(Credentials), Fails(Complaint), Fails(Credentials)];
        assert_eq!(outcomes(policy(None), &other), ["1000", "2000", "4000"]);
        assert_eq!(outcomes(policy(None), &[Up, Fails(Fatal)]), ["give up"]);
    }

    #[test]
    fn other_classes_may_repeat_for_as_long_as_the_patience_lasts() {
        for class in [Answer(404), Violation, Application(4001)] {
            let impatient =
                [Up, Fails(class), After(PATIENCE - 1), Fails(class), After(1), Fails(class)];
            assert_eq!(
                outcomes(policy(None), &impatient),
                ["1000", "2000", "give up"],
                "{class:?}"
            );
            // A single end is not a repetition, however late it comes.
            assert_eq!(outcomes(policy(None), &[Up, After(PATIENCE), Fails(class)]), ["1000"]);
            let record = [Up, Fails(class), After(PATIENCE), Up, Record, Fails(class)];
            assert_eq!(outcomes(policy(None), &record), ["1000", "1000"], "{class:?}");
            let stable = [Up, Fails(class), Up, After(PATIENCE), Fails(class)];
            assert_eq!(outcomes(policy(None), &stable), ["1000", "1000"], "{class:?}");
        }
    }

    #[test]
    fn without_a_limit_of_patience_only_a_first_connect_and_a_large_message_are_final() {
        for class in [Credentials, Certificate, Handshake, Complaint, Answer(404), Violation] {
            let story = [Up, Fails(class), After(PATIENCE), Fails(class), Fails(class)];
            let steps = steps(policy(None), None, &story);
            assert!(steps.iter().all(|step| matches!(step, Step::Retry(_))), "{class:?}");
        }
        assert_eq!(
            steps(policy(None), None, &[Fails(Handshake)]),
            [Step::GiveUp(NoAttempt::Final)]
        );
        assert_eq!(
            steps(policy(None), None, &[Up, Fails(Fatal)]),
            [Step::GiveUp(NoAttempt::Final)]
        );
    }

    #[test]
    fn no_progress_says_how_many_ends_within_how_long() {
        let story = [Up, Fails(Credentials), After(7000), Fails(Credentials)];
        let expected =
            Step::GiveUp(NoAttempt::NoProgress { times: 2, within: MS(7000), limit: None });
        assert_eq!(steps(policy(None), Some(MS(PATIENCE)), &story)[1], expected);
        let story = [Up, Fails(Violation), After(7000), Fails(Violation)];
        let limit = Some(MS(6000));
        let expected = Step::GiveUp(NoAttempt::NoProgress { times: 2, within: MS(7000), limit });
        assert_eq!(steps(policy(None), limit, &story)[1], expected);
    }

    #[test]
    fn transient_trouble_and_clean_closes_go_on_with_growing_waits() {
        let story = [Fails(Transient), Fails(Transient), Up, Fails(Clean), Up, Fails(Transient)];
        assert_eq!(outcomes(policy(None), &story), ["1000", "2000", "4000", "8000"]);
    }

    #[test]
    fn attempts_are_counted_exactly_and_zero_means_none() {
        let story = [Fails(Transient), Fails(Transient), Fails(Transient)];
        assert_eq!(outcomes(policy(Some(2)), &story), ["1000", "2000", "give up"]);
        assert_eq!(outcomes(policy(Some(0)), &story)[0], "give up");
        for max in [0, 1] {
            let last = steps(policy(Some(max)), None, &story)[max as usize];
            assert_eq!(last, Step::GiveUp(NoAttempt::Attempts(max)));
        }
    }

    #[test]
    fn a_mere_connect_is_no_progress_but_ten_stable_seconds_or_a_record_are() {
        let flap = [Up, Fails(Transient), Up, After(9_999), Fails(Transient), Up, Fails(Transient)];
        assert_eq!(outcomes(policy(Some(2)), &flap), ["1000", "2000", "give up"]);
        let stable = [Up, Fails(Transient), Up, After(10_000), Fails(Transient)];
        assert_eq!(outcomes(policy(Some(2)), &stable), ["1000", "1000"]);
        let record = [Up, Fails(Transient), Up, Record, Fails(Transient)];
        assert_eq!(outcomes(policy(Some(2)), &record), ["1000", "1000"]);
        // A peer that says nothing for ten seconds is not stable.
        let silent = [Up, After(60_000), Fails(Silent), Up, After(60_000), Fails(Silent)];
        assert_eq!(outcomes(policy(Some(1)), &silent), ["1000", "give up"]);
        // The time between attempts is not time connected.
        let waiting = [Up, Fails(Transient), After(60_000), Fails(Transient)];
        assert_eq!(outcomes(policy(Some(2)), &waiting), ["1000", "2000"]);
    }

    #[test]
    fn without_reconnect_only_a_clean_close_ends_well() {
        let off = ReconnectPolicy { reconnect: false, ..policy(None) };
        assert_eq!(outcomes(off, &[Up, Fails(Clean)]), ["finish"]);
        for (class, why) in [
            (Transient, NoAttempt::ReconnectOff),
            (Silent, NoAttempt::ReconnectOff),
            (Application(4000), NoAttempt::ReconnectOff),
            (Violation, NoAttempt::ReconnectOff),
            (Credentials, NoAttempt::Final),
            (Complaint, NoAttempt::Final),
            (Fatal, NoAttempt::Final),
        ] {
            let steps = |story: &[Story]| steps(off, None, story);
            assert_eq!(steps(&[Up, Record, Fails(class)]), [Step::GiveUp(why)], "{class:?}");
            assert_eq!(steps(&[Fails(class)]), [Step::GiveUp(NoAttempt::Final)], "{class:?}");
        }
    }

    #[test]
    fn the_peer_may_ask_for_a_longer_wait_but_not_for_a_shorter_one() {
        let mut life = Lifecycle::new(policy(None), None);
        for (asked, waited) in [(5000, 5000), (100, 2000)] {
            let step = life.failed(Transient, MS(asked), Instant::now(), 0.0);
            assert!(matches!(step, Step::Retry(Retry { wait, .. }) if wait == MS(waited)));
        }
    }
}
