//! Whether to connect again, and when: the only place where reconnect policy lives. Pure.

use std::time::{Duration, Instant};

use faucet_connect::{Attempts, ReconnectPolicy, Retry};
use faucet_core::{Error, ErrorKind};

/// What kind of end an attempt had. Two of one class in a row, with no record between them, are
/// fatal unless the class is [`Clean`](Self::Clean), [`Transient`](Self::Transient) or
/// [`Silent`](Self::Silent).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Close 1000 or a Close without code.
    Clean,
    /// Network trouble, a server that is busy or restarts: always worth another try.
    Transient,
    /// The peer or the feed fell silent. Worth another try like trouble on the line, but however
    /// long the silence was, it was no stable connection.
    Silent,
    /// The credentials were refused. They are resolved anew before the next try.
    Credentials,
    /// The upgrade was answered with this HTTP status.
    Answer(u16),
    /// The certificate or the TLS handshake was refused.
    Certificate,
    /// The answer to the upgrade was no proper one.
    Handshake,
    /// The peer broke the WebSocket protocol.
    Violation,
    /// The peer says that we broke the protocol, or lack an extension.
    Complaint,
    /// The peer refused a message that we sent.
    Refusal,
    /// The peer closed with a code of its own.
    Application(u16),
    /// A message was larger than the limit, or the configuration is wrong: nothing helps.
    Fatal,
}

/// How an attempt or a connection ended.
#[derive(Debug)]
pub struct Failure {
    /// What kind of end it was.
    pub class: Class,
    /// The next attempt comes no sooner.
    pub wait_at_least: Duration,
    /// The error of the run if no attempt follows.
    pub error: Error,
}

impl Failure {
    /// A failure after which no particular wait is asked for.
    pub fn new(class: Class, error: Error) -> Self {
        Self { class, wait_at_least: Duration::ZERO, error }
    }
}

/// What to do after a failure.
#[derive(Debug)]
pub enum Step {
    /// Wait this long, then connect: attempt `attempt` since the last success.
    Retry {
        /// How long to wait.
        wait: Duration,
        /// The attempt's number, from 1.
        attempt: u32,
        /// What happened.
        error: Error,
    },
    /// The peer closed cleanly and reconnecting is off: a good end. The error says how it closed.
    Finish(Error),
    /// The end, with the reason.
    GiveUp(Error),
}

/// The history of a run's attempts, and the decision after each.
#[derive(Debug)]
pub struct Lifecycle {
    attempts: Attempts,
    was_connected: bool,
    /// The last class that may not come twice, with its message.
    previous: Option<(Class, String)>,
}

impl Lifecycle {
    /// A run that has not connected yet.
    pub fn new(policy: ReconnectPolicy) -> Self {
        Self { attempts: Attempts::new(policy), was_connected: false, previous: None }
    }

    /// An upgrade succeeded at `now`. By itself this is no progress.
    pub fn connected(&mut self, now: Instant) {
        self.was_connected = true;
        self.attempts.connected(now);
    }

    /// A record arrived.
    pub fn progressed(&mut self) {
        self.attempts.progressed();
        self.previous = None;
    }

    /// The last failure is explained, and what caused it will not be done again: the next of its
    /// class is not the second in a row. Attempts count on.
    pub fn explained(&mut self) {
        self.previous = None;
    }

    /// An attempt or the connection ended at `now`; `chance` (0 to 1) is the jitter's.
    pub fn failed(&mut self, failure: Failure, now: Instant, chance: f64) -> Step {
        let Failure { class, wait_at_least, error } = failure;
        if !self.attempts.policy().reconnect {
            return match class {
                Class::Clean => Step::Finish(error),
                Class::Transient if self.was_connected && error.hint().is_none() => Step::GiveUp(
                    error.with_hint("set reconnect: true to reconnect after such ends"),
                ),
                _ => Step::GiveUp(error),
            };
        }
        if class == Class::Fatal {
            return Step::GiveUp(error);
        }
        if !matches!(class, Class::Clean | Class::Transient | Class::Silent)
            && let Some(error) = self.no_progress(class, &error)
        {
            return Step::GiveUp(error);
        }
        if class == Class::Silent {
            self.attempts.was_silent();
        }
        match self.attempts.failed(now, chance) {
            Some(Retry { wait, attempt }) => {
                Step::Retry { wait: wait.max(wait_at_least), attempt, error }
            }
            None => Step::GiveUp(match self.attempts.policy().max_attempts {
                None | Some(0) => error,
                Some(max) => error.with_attempt(max, Some(max)),
            }),
        }
    }

    /// Returns the final error if this class may not be retried: always before the first successful
    /// connect, afterwards on the second failure of the same class without a record in between.
    fn no_progress(&mut self, class: Class, error: &Error) -> Option<Error> {
        let message = error.to_string();
        // Both say that what we sent was wrong.
        let class = if class == Class::Refusal { Class::Complaint } else { class };
        let before = self.previous.replace((class, message.clone()));
        let twice = before.filter(|(previous, _)| *previous == class);
        if self.was_connected && twice.is_none() {
            return None;
        }
        let ended = match twice {
            Some((_, before)) if before != message => {
                format!("{message}; the attempt before it ended the same way: {before}")
            }
            Some(_) => format!("{message}; twice in a row without a record between"),
            None => message,
        };
        Some(relabel(error, ended))
    }
}

/// The same error with another message.
fn relabel(error: &Error, message: String) -> Error {
    let mut relabelled = Error::new(error.kind(), message);
    if let Some(phase) = error.phase() {
        relabelled = relabelled.with_phase(phase);
    }
    if let Some(endpoint) = error.endpoint() {
        relabelled = relabelled.with_endpoint(endpoint);
    }
    if let Some(hint) = error.hint() {
        relabelled = relabelled.with_hint(hint);
    }
    relabelled
}

/// A policy violation and a lost credential have kinds of their own; the rest follows the class.
pub(crate) fn kind_of(class: Class) -> ErrorKind {
    match class {
        Class::Clean | Class::Transient | Class::Application(_) => ErrorKind::Closed,
        Class::Silent => ErrorKind::Timeout,
        Class::Credentials => ErrorKind::Auth,
        Class::Certificate => ErrorKind::Tls,
        Class::Answer(_)
        | Class::Handshake
        | Class::Violation
        | Class::Complaint
        | Class::Refusal => ErrorKind::Protocol,
        Class::Fatal => ErrorKind::TooLarge,
    }
}

#[cfg(test)]
mod tests {
    use faucet_connect::Backoff;

    use super::*;

    const MS: fn(u64) -> Duration = Duration::from_millis;

    fn policy(max_attempts: Option<u32>) -> ReconnectPolicy {
        let backoff = Backoff { initial: MS(1000), max: MS(30_000), jitter: 0.0 };
        ReconnectPolicy { reconnect: true, backoff, max_attempts }
    }

    fn failure(class: Class) -> Failure {
        Failure::new(class, Error::new(kind_of(class), format!("{class:?}")))
    }

    /// What happens in a test's story, all at once unless a duration says otherwise.
    enum Tell {
        Up,
        Record,
        Explained,
        After(u64),
        Fails(Class),
    }
    use Class::{Answer, Application, Certificate, Clean, Complaint, Credentials, Fatal};
    use Class::{Handshake, Refusal, Silent, Transient, Violation};
    use Tell::{After, Explained, Fails, Record, Up};

    /// `1000` for a wait in milliseconds, `finish`, or `give up`.
    fn told(policy: ReconnectPolicy, story: &[Tell]) -> Vec<String> {
        let (mut life, mut now) = (Lifecycle::new(policy), Instant::now());
        let mut said = Vec::new();
        for event in story {
            match event {
                Up => life.connected(now),
                Record => life.progressed(),
                Explained => life.explained(),
                After(millis) => now += MS(*millis),
                Fails(class) => said.push(match life.failed(failure(*class), now, 0.0) {
                    Step::Retry { wait, .. } => wait.as_millis().to_string(),
                    Step::Finish(_) => "finish".into(),
                    Step::GiveUp(_) => "give up".into(),
                }),
            }
        }
        said
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
            assert_eq!(told(policy(None), &[Fails(class)]), [expected], "{class:?}");
        }
    }

    #[test]
    fn later_each_class_gets_one_more_try_and_a_record_wipes_the_slate() {
        for class in [
            Credentials,
            Answer(404),
            Certificate,
            Handshake,
            Violation,
            Complaint,
            Refusal,
            Application(4001),
        ] {
            let twice = [Up, Fails(class), Up, Fails(class)];
            assert_eq!(told(policy(None), &twice), ["1000", "give up"], "{class:?}");
            let between = [Up, Fails(class), Up, Record, Fails(class), Fails(class)];
            assert_eq!(told(policy(None), &between), ["1000", "1000", "give up"], "{class:?}");
            // Trouble on the line in between tells nothing about the answer.
            let trouble = [Up, Fails(class), Fails(Transient), Fails(class)];
            assert_eq!(told(policy(None), &trouble), ["1000", "2000", "give up"], "{class:?}");
        }
        let explained = [Up, Fails(Refusal), Explained, Fails(Refusal), Fails(Refusal)];
        assert_eq!(told(policy(None), &explained), ["1000", "2000", "give up"]);
        let alternating = [Up, Fails(Complaint), Up, Fails(Refusal)];
        assert_eq!(told(policy(None), &alternating), ["1000", "give up"]);
        let other = [Up, Fails(Answer(404)), Fails(Answer(403)), Fails(Application(4000))];
        assert_eq!(told(policy(None), &other), ["1000", "2000", "4000"]);
        assert_eq!(told(policy(None), &[Up, Fails(Fatal)]), ["give up"]);
    }

    #[test]
    fn transient_trouble_and_clean_closes_go_on_with_growing_waits() {
        let story = [Fails(Transient), Fails(Transient), Up, Fails(Clean), Up, Fails(Transient)];
        assert_eq!(told(policy(None), &story), ["1000", "2000", "4000", "8000"]);
    }

    #[test]
    fn attempts_are_counted_exactly_and_zero_means_none() {
        let story = || [Fails(Transient), Fails(Transient), Fails(Transient)];
        assert_eq!(told(policy(Some(2)), &story()), ["1000", "2000", "give up"]);
        assert_eq!(told(policy(Some(0)), &story())[0], "give up");
        let mut life = Lifecycle::new(policy(Some(1)));
        life.failed(failure(Transient), Instant::now(), 0.0);
        let Step::GiveUp(error) = life.failed(failure(Transient), Instant::now(), 0.0) else {
            panic!("a second attempt was granted");
        };
        assert_eq!(error.to_string(), "Transient (attempt 1/1)");
    }

    #[test]
    fn a_mere_connect_is_no_progress_but_ten_stable_seconds_or_a_record_are() {
        let flap = [Up, Fails(Transient), Up, After(9_999), Fails(Transient), Up, Fails(Transient)];
        assert_eq!(told(policy(Some(2)), &flap), ["1000", "2000", "give up"]);
        let stable = [Up, Fails(Transient), Up, After(10_000), Fails(Transient)];
        assert_eq!(told(policy(Some(2)), &stable), ["1000", "1000"]);
        let record = [Up, Fails(Transient), Up, Record, Fails(Transient)];
        assert_eq!(told(policy(Some(2)), &record), ["1000", "1000"]);
        // A peer that says nothing for ten seconds is not stable.
        let silent = [Up, After(60_000), Fails(Silent), Up, After(60_000), Fails(Silent)];
        assert_eq!(told(policy(Some(1)), &silent), ["1000", "give up"]);
        // The time between attempts is not time connected.
        let waiting = [Up, Fails(Transient), After(60_000), Fails(Transient)];
        assert_eq!(told(policy(Some(2)), &waiting), ["1000", "2000"]);
    }

    #[test]
    fn without_reconnect_only_a_clean_close_ends_well() {
        let off = ReconnectPolicy { reconnect: false, ..policy(None) };
        assert_eq!(told(off, &[Up, Fails(Clean)]), ["finish"]);
        for class in [Transient, Credentials, Application(4000), Violation] {
            assert_eq!(told(off, &[Up, Record, Fails(class)]), ["give up"], "{class:?}");
        }
    }

    #[test]
    fn the_peer_may_ask_for_a_longer_wait_but_not_for_a_shorter_one() {
        let mut life = Lifecycle::new(policy(None));
        for (asked, waited) in [(5000, 5000), (100, 2000)] {
            let failure = Failure { wait_at_least: MS(asked), ..failure(Transient) };
            let Step::Retry { wait, .. } = life.failed(failure, Instant::now(), 0.0) else {
                panic!("no retry");
            };
            assert_eq!(wait, MS(waited));
        }
    }

    #[test]
    fn the_error_of_no_progress_names_both_ends() {
        let mut life = Lifecycle::new(policy(None));
        life.connected(Instant::now());
        let closed = |text: &str| Failure::new(Credentials, Error::new(ErrorKind::Auth, text));
        life.failed(closed("closed with 1008"), Instant::now(), 0.0);
        let Step::GiveUp(error) = life.failed(closed("401 Unauthorized"), Instant::now(), 0.0)
        else {
            panic!("retried");
        };
        assert_eq!(
            error.to_string(),
            "401 Unauthorized; the attempt before it ended the same way: closed with 1008"
        );
    }
}
