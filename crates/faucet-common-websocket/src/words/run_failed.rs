//! The words for the end of a run that no attempt follows.

use std::sync::Arc;
use std::time::Duration;

use faucet_core::{Error, ErrorKind};

use crate::machine::{Failure, NoAttempt, RunFailed};
use crate::words::advice::Advice;
use crate::words::explanation::Explanation;

impl RunFailed {
    /// The error for the runner. `url` is that of the endpoint, redacted
    /// ([`Driver::url`](crate::Driver::url)).
    pub fn error(&self, url: &str) -> Error {
        match self {
            Self::After { failure, why, before } => after(failure, *why, before.as_ref(), url),
            Self::Outage { limit, last } => outage(*limit, last.as_ref(), url),
        }
    }

    /// The advice of the error: that of the last failure first.
    pub fn advice(&self) -> Vec<Advice> {
        match self {
            Self::After { failure, why, .. } => {
                failure.advice().into_iter().chain(advice_of(*why)).collect()
            }
            Self::Outage { .. } => vec![OUTAGE],
        }
    }
}

const OUTAGE: Advice = Advice::InFile("raise max_outage if longer outages are expected");

/// The remedy for a policy that allows no attempt.
fn advice_of(why: NoAttempt) -> Option<Advice> {
    Some(match why {
        NoAttempt::Final => return None,
        NoAttempt::ReconnectOff => Advice::Reconnect,
        NoAttempt::Attempts(0) => Advice::ReconnectKey(
            "max_reconnect_attempts: 0 allows no attempt to reconnect, raise it",
        ),
        NoAttempt::Attempts(_) => {
            Advice::ReconnectKey("raise max_reconnect_attempts to try for longer")
        }
        NoAttempt::NoProgress { limit: Some(_), .. } => {
            Advice::ReconnectKey("raise reconnect_patience to go on for longer after such ends")
        }
        NoAttempt::NoProgress { limit: None, .. } => {
            Advice::ReconnectKey("reconnect_patience: null goes on after such ends")
        }
    })
}

fn after(
    failure: &Arc<Failure>,
    why: NoAttempt,
    before: Option<&Arc<Failure>>,
    url: &str,
) -> Error {
    let error = failure.error(url);
    let error = match why {
        NoAttempt::Final | NoAttempt::ReconnectOff | NoAttempt::Attempts(0) => error,
        NoAttempt::Attempts(max) => error.with_attempt(max, Some(max)),
        NoAttempt::NoProgress { times, within, limit } => {
            let last = error.to_string();
            let within = rounded(within);
            let mut what =
                format!("{last}; {times} such ends within {within:?} without a record between");
            if let Some(limit) = limit {
                what.push_str(&format!(" (reconnect_patience: {limit:?})"));
            }
            let before = before.map(|before| before.error(url).to_string());
            if let Some(before) = before.filter(|before| *before != last) {
                what.push_str(&format!("; the one before: {before}"));
            }
            error.with_message(what)
        }
    };
    match advice_of(why) {
        Some(advice) => advised(error, &advice.to_string()),
        None => error,
    }
}

/// Adds advice to that which the error has.
fn advised(error: Error, advice: &str) -> Error {
    let hint = match error.hint() {
        None => advice.to_owned(),
        Some(hint) if hint.ends_with('?') => format!("{hint} {advice}"),
        Some(hint) => format!("{hint}; {advice}"),
    };
    error.with_hint(hint)
}

/// Rounds to tenths of a second, and below a second to milliseconds, of which it is at least one.
fn rounded(time: Duration) -> Duration {
    let unit = Duration::from_millis(if time < Duration::from_secs(1) { 1 } else { 100 });
    let units = time.saturating_add(unit / 2).as_millis() / unit.as_millis();
    unit.saturating_mul(u32::try_from(units).unwrap_or(u32::MAX).max(1))
}

fn outage(limit: Duration, last: Option<&Arc<Failure>>, url: &str) -> Error {
    let mut what = format!("WebSocket {url}: no connection for {limit:?} (max_outage)");
    let last = last.map(|last| last.error(url));
    if let Some(last) = &last {
        what.push_str(&format!("; the last attempt: {last}"));
    }
    let error =
        Explanation::new(ErrorKind::Connect, "connect", OUTAGE).error(url, what).retryable(true);
    match last {
        Some(last) => error.with_source(last),
        None => error,
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;
    use std::io;

    use super::*;
    use crate::connect_failed::ConnectFailed;
    use crate::machine::{End, GaveUp};

    const REFUSED: &str = "Failed to connect to WebSocket ws://h/: Connection refused";
    const DROPPED: &str = "WebSocket ws://h/: connection lost without a Close frame (1006)";

    fn refused() -> Arc<Failure> {
        Arc::new(ConnectFailed::Tcp(io::ErrorKind::ConnectionRefused.into()).into())
    }

    fn dropped() -> Arc<Failure> {
        Arc::new(End::Dropped(None).into())
    }

    fn silent() -> Arc<Failure> {
        Arc::new(End::from(GaveUp::NoPong(Duration::from_secs(4))).into())
    }

    fn no_progress(within: Duration) -> NoAttempt {
        NoAttempt::NoProgress { times: 2, within, limit: None }
    }

    /// A failure with the reason for which no attempt follows, the one before it, its words, and its
    /// hint.
    type Row<'a> = (Arc<Failure>, NoAttempt, Option<Arc<Failure>>, String, &'a str);

    fn check<'a>(rows: impl IntoIterator<Item = Row<'a>>) {
        for (failure, why, before, words, hint) in rows {
            let failed = RunFailed::After { failure: Arc::clone(&failure), why, before };
            let error = failed.error("ws://h/");
            assert_eq!(error.to_string(), words);
            assert_eq!(error.hint(), Some(hint), "{why:?}");
            assert_eq!(failed.class(), failure.class());
            let cause = error.source().and_then(|cause| cause.downcast_ref::<Failure>());
            assert_eq!(cause.map(Failure::to_string), Some(failure.to_string()));
        }
    }

    #[test]
    fn the_key_that_allows_no_attempt_is_named_behind_the_advice_of_the_failure() {
        let silence = || "WebSocket ws://h/: no Pong for 4s (pong_timeout)".to_owned();
        let server = "is the server running, and is the port right?";
        let pong = "raise pong_timeout if the peer is only slow";
        let (off, spent) = (NoAttempt::ReconnectOff, NoAttempt::Attempts(3));
        check([
            (refused(), NoAttempt::Final, Some(dropped()), REFUSED.into(), server),
            (
                refused(),
                spent,
                None,
                format!("{REFUSED} (attempt 3/3)"),
                &format!("{server} raise max_reconnect_attempts to try for longer"),
            ),
            (
                dropped(),
                spent,
                None,
                format!("{DROPPED} (attempt 3/3)"),
                "raise max_reconnect_attempts to try for longer",
            ),
            (
                dropped(),
                NoAttempt::Attempts(0),
                None,
                DROPPED.into(),
                "max_reconnect_attempts: 0 allows no attempt to reconnect, raise it",
            ),
            (
                dropped(),
                off,
                None,
                DROPPED.into(),
                "set reconnect: true to reconnect after such ends",
            ),
            (
                silent(),
                off,
                None,
                silence(),
                &format!("{pong}; set reconnect: true to reconnect after such ends"),
            ),
            (
                silent(),
                spent,
                None,
                format!("{} (attempt 3/3)", silence()),
                &format!("{pong}; raise max_reconnect_attempts to try for longer"),
            ),
        ]);
    }

    #[test]
    fn ends_without_progress_are_counted_and_their_limit_is_named() {
        let (second, ms) = (Duration::from_secs(1), Duration::from_millis(1));
        let repeated = |within: &str| {
            format!("{DROPPED}; 2 such ends within {within} without a record between")
        };
        let null = "reconnect_patience: null goes on after such ends";
        check([
            (dropped(), no_progress(Duration::ZERO), None, repeated("1ms"), null),
            (dropped(), no_progress(ms * 100), None, repeated("100ms"), null),
            (dropped(), no_progress(second + ms), None, repeated("1s"), null),
            (dropped(), no_progress(second * 3 / 2), Some(dropped()), repeated("1.5s"), null),
            (
                dropped(),
                no_progress(second * 60),
                Some(refused()),
                format!("{}; the one before: {REFUSED}", repeated("60s")),
                null,
            ),
            (
                dropped(),
                NoAttempt::NoProgress { times: 2, within: second, limit: Some(ms * 500) },
                Some(refused()),
                format!(
                    "{} (reconnect_patience: 500ms); the one before: {REFUSED}",
                    repeated("1s")
                ),
                "raise reconnect_patience to go on for longer after such ends",
            ),
        ]);
    }

    #[test]
    fn an_outage_names_the_last_attempt() {
        let begin = "WebSocket ws://h/: no connection for 60s (max_outage)";
        for (last, words) in [
            (None, begin.to_owned()),
            (Some(refused()), format!("{begin}; the last attempt: {REFUSED}")),
        ] {
            let caused = last.is_some();
            let error = RunFailed::Outage { limit: Duration::from_secs(60), last }.error("ws://h/");
            assert_eq!(error.to_string(), words);
            assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Connect, true));
            assert_eq!(error.phase(), Some("connect"));
            assert_eq!(error.source().is_some(), caused);
        }
    }
}
