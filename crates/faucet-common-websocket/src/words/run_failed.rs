//! The words for the end of a run that no attempt follows.

use std::sync::Arc;
use std::time::Duration;

use faucet_core::{Error, ErrorKind};

use crate::machine::{Failure, NoAttempt, RunFailed};
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
}

fn after(
    failure: &Arc<Failure>,
    why: NoAttempt,
    before: Option<&Arc<Failure>>,
    url: &str,
) -> Error {
    let error = failure.error(url);
    match why {
        NoAttempt::Final => error,
        NoAttempt::Attempts(max) => error.with_attempt(max, Some(max)),
        NoAttempt::ReconnectOff if error.hint().is_some() => error,
        NoAttempt::ReconnectOff => {
            error.with_hint("set reconnect: true to reconnect after such ends")
        }
        NoAttempt::NoProgress { times, within } => {
            let last = error.to_string();
            // A whole number of seconds, at least one.
            let since = Duration::from_secs(within.as_secs().max(1));
            let mut what =
                format!("{last}; {times} such ends within {since:?} without a record between");
            let before = before.map(|before| before.error(url).to_string());
            if let Some(before) = before.filter(|before| *before != last) {
                what.push_str(&format!("; the one before: {before}"));
            }
            error.with_message(what)
        }
    }
}

fn outage(limit: Duration, last: Option<&Arc<Failure>>, url: &str) -> Error {
    let mut what = format!("WebSocket {url}: no connection for {limit:?} (max_outage)");
    let last = last.map(|last| last.error(url));
    if let Some(last) = &last {
        what.push_str(&format!("; the last attempt: {last}"));
    }
    let hint = "raise max_outage if longer outages are expected";
    let error =
        Explanation::new(ErrorKind::Connect, "connect", hint).error(url, what).retryable(true);
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

    fn no_progress(within: Duration) -> NoAttempt {
        NoAttempt::NoProgress { times: 2, within }
    }

    #[test]
    fn the_reason_for_which_no_attempt_follows_is_told() {
        let (second, minute) = (Duration::from_secs(1), Duration::from_secs(60));
        let silent = || Arc::new(End::from(GaveUp::NoPong).into());
        let repeated = |within: &str| {
            format!("{DROPPED}; 2 such ends within {within} without a record between")
        };
        for (failure, why, before, words, hint) in [
            (refused(), NoAttempt::Final, Some(dropped()), REFUSED.into(), "server running"),
            (
                refused(),
                NoAttempt::Attempts(3),
                None,
                format!("{REFUSED} (attempt 3/3)"),
                "server running",
            ),
            (dropped(), NoAttempt::ReconnectOff, None, DROPPED.into(), "set reconnect: true to"),
            (
                silent(),
                NoAttempt::ReconnectOff,
                None,
                "WebSocket ws://h/: no pong in pong_timeout: the peer is dead".into(),
                "raise pong_timeout",
            ),
            (dropped(), no_progress(Duration::ZERO), None, repeated("1s"), ""),
            (dropped(), no_progress(second * 3 / 2), Some(dropped()), repeated("1s"), ""),
            (
                dropped(),
                no_progress(minute),
                Some(refused()),
                format!("{}; the one before: {REFUSED}", repeated("60s")),
                "",
            ),
        ] {
            let failed = RunFailed::After { failure: Arc::clone(&failure), why, before };
            let error = failed.error("ws://h/");
            assert_eq!(error.to_string(), words);
            let told = error.hint().unwrap_or_default();
            assert!(told.contains(hint) && told.is_empty() == hint.is_empty(), "{why:?}: {told}");
            assert_eq!(failed.class(), failure.class());
            let cause = error.source().and_then(|cause| cause.downcast_ref::<Failure>());
            assert_eq!(cause.map(Failure::to_string), Some(failure.to_string()));
        }
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
