//! The answer to an HTTP call.

use std::fmt;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderName};

/// The answer to an HTTP call. `Debug` shows neither headers nor body.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpAnswer {
    /// The status, whatever it is: a refusal is an answer, too.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, of at most 1 MiB.
    pub body: Bytes,
}

impl HttpAnswer {
    /// How long the server asks to wait, from `now`: `Retry-After` in seconds or as a date (RFC 9110
    /// §10.2.3). Anything else is ignored.
    pub fn retry_after(&self, now: SystemTime) -> Option<Duration> {
        let text = self.text(&header::RETRY_AFTER)?;
        if let Ok(seconds) = text.parse() {
            return Some(Duration::from_secs(seconds));
        }
        let date = httpdate::parse_http_date(text).ok()?;
        Some(date.duration_since(now).unwrap_or_default())
    }

    /// The time of the server, from its `Date` header, in whole seconds.
    pub fn date(&self) -> Option<SystemTime> {
        httpdate::parse_http_date(self.text(&header::DATE)?).ok()
    }

    fn text(&self, name: &HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok().map(str::trim)
    }
}

impl fmt::Debug for HttpAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HttpAnswer({}, {} bytes)", self.status, self.body.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(name: &'static str, value: &str) -> HttpAnswer {
        let mut headers = HeaderMap::new();
        headers.insert(name, value.parse().unwrap());
        HttpAnswer { status: 429, headers, body: "s3cret".into() }
    }

    #[test]
    fn a_wait_is_seconds_or_a_date() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        for (value, wait) in [
            ("0", Some(0)),
            (" 120 ", Some(120)),
            ("Sun, 06 Nov 1994 08:50:37 GMT", Some(60)),
            ("Sun, 06 Nov 1994 08:49:00 GMT", Some(0)),
            ("1.5", None),
            ("-1", None),
            ("soon", None),
        ] {
            let answer = answer("retry-after", value);
            assert_eq!(answer.retry_after(now), wait.map(Duration::from_secs), "{value}");
        }
        assert_eq!(answer("x", "1").retry_after(now), None);
    }

    #[test]
    fn the_date_of_the_server_is_read() {
        let date = answer("date", "Sun, 06 Nov 1994 08:49:37 GMT").date();
        assert_eq!(date, Some(SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777)));
        assert_eq!(answer("date", "today").date(), None);
        assert_eq!(answer("x", "1").date(), None);
    }

    #[test]
    fn an_answer_shows_no_secret() {
        assert_eq!(format!("{:?}", answer("set-cookie", "s3cret")), "HttpAnswer(429, 6 bytes)");
    }
}
