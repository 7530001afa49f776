//! The head of the answer to an upgrade: lenient where nothing depends on a header.

use std::time::{Duration, SystemTime};

/// The most headers that an answer may have.
pub(crate) const MOST_HEADERS: usize = 128;
const LONGEST_HEAD: usize = 64 * 1024;

/// The headers that decide about the upgrade (RFC 6455 §4.1).
const DECISIVE: [&str; 5] = [
    "Upgrade",
    "Connection",
    "Sec-WebSocket-Accept",
    "Sec-WebSocket-Protocol",
    "Sec-WebSocket-Extensions",
];

/// Why bytes are not the head of an answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum BadHead {
    NotHttp,
    /// Over 64 KiB.
    TooLong,
    /// Over [`MOST_HEADERS`].
    TooManyHeaders,
    /// The header of this name holds bytes that no header may hold.
    Header(String),
}

/// Reads past headers that break RFC 9112: small servers send them, and the upgrade does not depend on
/// them. [`malformed_header`] looks at those on which it does.
fn lenient() -> httparse::ParserConfig {
    let mut config = httparse::ParserConfig::default();
    config
        .allow_spaces_after_header_name_in_responses(true)
        .allow_obsolete_multiline_headers_in_responses(true)
        .ignore_invalid_headers_in_responses(true);
    config
}

/// Whether the bytes may still become `HTTP/`.
fn could_be_http(read: &[u8]) -> bool {
    let magic = b"HTTP/";
    let common = read.len().min(magic.len());
    read[..common] == magic[..common]
}

/// The lines behind the status line, without their ends.
fn header_lines(head: &[u8]) -> impl Iterator<Item = &[u8]> {
    head.split(|b| *b == b'\n').skip(1).map(|line| line.strip_suffix(b"\r").unwrap_or(line))
}

/// The text in front of the colon, and what stands behind it if there is one.
fn split_name(line: &[u8]) -> (String, Option<&[u8]>) {
    let colon = line.iter().position(|b| *b == b':');
    let name = String::from_utf8_lossy(&line[..colon.unwrap_or(line.len())]).into_owned();
    (name, colon.map(|at| &line[at + 1..]))
}

/// The first of the [`DECISIVE`] headers that breaks RFC 9112 §5: a blank in front of its colon, no
/// colon, a folded line, a control character.
fn malformed_header(head: &[u8]) -> Option<&'static str> {
    let decisive = |name: &str| {
        DECISIVE.into_iter().find(|known| known.eq_ignore_ascii_case(name.trim_ascii()))
    };
    let mut before = None;
    for line in header_lines(head) {
        if matches!(line, [b' ' | b'\t', ..]) {
            match before {
                None => continue,
                folded => return folded,
            }
        }
        let (name, value) = split_name(line);
        before = decisive(&name);
        let fine = name.trim_ascii() == name
            && value
                .is_some_and(|value| !value.iter().any(|b| b.is_ascii_control() && *b != b'\t'));
        if before.is_some() && !fine {
            return before;
        }
    }
    None
}

/// The name of the header that holds a byte which even a lenient reader does not pass: a zero, or a
/// carriage return inside a line. `None` when the status line is at fault.
fn unreadable_header(read: &[u8]) -> Option<String> {
    let status_line = read.split_inclusive(|b| *b == b'\n').next()?;
    let mut response = httparse::Response::new(&mut []);
    let alone = [status_line, b"\r\n"].concat();
    response.parse(&alone).ok()?;
    let line = header_lines(read).find(|line| line.iter().any(|b| matches!(b, b'\0' | b'\r')))?;
    Some(split_name(line).0.trim().to_owned())
}

/// The head of an answer, owned.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) http11: bool,
    pub(crate) status: u16,
    pub(crate) reason: String,
    /// The first malformed header of those that decide about the upgrade.
    pub(crate) malformed: Option<&'static str>,
    /// Names in lower case, and values without the blanks around them.
    headers: Vec<(String, String)>,
}

impl Answer {
    /// The head at the beginning of `read` and its length, once it is complete.
    pub(crate) fn parse(read: &[u8]) -> Result<Option<(Self, usize)>, BadHead> {
        if !could_be_http(read) {
            return Err(BadHead::NotHttp);
        }
        let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
        let mut response = httparse::Response::new(&mut headers);
        match lenient().parse_response(&mut response, read) {
            Ok(httparse::Status::Complete(length)) if length <= LONGEST_HEAD => {
                let malformed = malformed_header(&read[..length]);
                Ok(Some((Self::new(&response, malformed), length)))
            }
            Ok(_) if read.len() > LONGEST_HEAD => Err(BadHead::TooLong),
            Ok(_) => Ok(None),
            Err(httparse::Error::TooManyHeaders) => Err(BadHead::TooManyHeaders),
            Err(_) => Err(unreadable_header(read).map_or(BadHead::NotHttp, BadHead::Header)),
        }
    }

    fn new(response: &httparse::Response<'_, '_>, malformed: Option<&'static str>) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        Self {
            http11: response.version == Some(1),
            status: response.code.unwrap_or_default(),
            reason: response.reason.unwrap_or_default().to_owned(),
            malformed,
            headers: response
                .headers
                .iter()
                .map(|h| (h.name.to_ascii_lowercase(), text(h.value)))
                .collect(),
        }
    }

    /// Whether the real answer is still to come (RFC 9110 §15.2).
    pub(crate) fn is_interim(&self) -> bool {
        matches!(self.status, 100 | 102..=199)
    }

    /// The values of a header, whose name is in lower case.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.headers.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The first value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// Whether a comma-separated header has the token, whatever its case.
    pub(crate) fn has_token(&self, name: &str, token: &str) -> bool {
        self.all(name)
            .flat_map(|value| value.split(','))
            .any(|found| found.trim().eq_ignore_ascii_case(token))
    }

    pub(crate) fn body_length(&self) -> usize {
        match self.header("content-length").map(str::parse) {
            Some(Ok(length)) => length,
            _ => usize::MAX,
        }
    }

    /// Seconds or a date (RFC 9110 §10.2.3); anything else is ignored.
    pub(crate) fn retry_after(&self, now: SystemTime) -> Option<Duration> {
        let text = self.header("retry-after")?;
        if let Ok(seconds) = text.parse::<u64>() {
            return Some(Duration::from_secs(seconds));
        }
        let date = httpdate::parse_http_date(text).ok()?;
        Some(date.duration_since(now).unwrap_or_default())
    }

    pub(crate) fn redacted_location(&self) -> String {
        let location = self.header("location").unwrap_or("nowhere");
        let path = location.split(['?', '#']).next().unwrap_or_default();
        match path.split_once("://") {
            Some((scheme, rest)) => {
                let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
                let host = authority.rsplit('@').next().unwrap_or_default();
                format!("{scheme}://{host}/{path}")
            }
            None => path.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(headers: &str) -> Answer {
        let head = format!("HTTP/1.1 101 x\r\nUpgrade: websocket\r\n{headers}\r\nrest");
        let (answer, length) = Answer::parse(head.as_bytes()).unwrap().unwrap();
        assert_eq!(&head[length..], "rest");
        answer
    }

    #[test]
    fn oddities_change_nothing_where_the_upgrade_does_not_depend_on_the_header() {
        for odd in [
            "X-A : b\r\n",
            "X-A: a\r\n b\r\n\tc\r\n",
            "X-A: a\r\n Upgrade: b\r\n",
            "Bad Header: x\r\n",
            "no colon\r\n",
            "X-A: a\x01b\r\n",
            ": nameless\r\n",
            "X-A:\r\n",
            "X-Upgrade : a\r\n b\r\n",
            "Sec-WebSocket-Extensions: \r\n",
        ] {
            let answer = parsed(&format!("{odd}Connection: Upgrade\r\n"));
            assert_eq!(answer.malformed, None, "{odd:?}");
            assert!(answer.has_token("upgrade", "websocket"), "{odd:?}");
            assert!(answer.has_token("connection", "upgrade"), "{odd:?}");
        }
    }

    #[test]
    fn a_malformed_header_is_named_where_the_upgrade_depends_on_it() {
        for (odd, name) in [
            ("connection : Upgrade\r\n", "Connection"),
            ("Connection: keep-alive,\r\n Upgrade\r\n", "Connection"),
            ("Sec-WebSocket-Accept:\r\n\tx\r\n", "Sec-WebSocket-Accept"),
            ("Sec-WebSocket-Protocol: v\x011\r\n", "Sec-WebSocket-Protocol"),
            ("Sec-WebSocket-Extensions\r\n", "Sec-WebSocket-Extensions"),
            (" X-A: b\r\n", "Upgrade"),
        ] {
            assert_eq!(parsed(odd).malformed, Some(name), "{odd:?}");
        }
    }

    #[test]
    fn a_head_that_cannot_be_read_says_where() {
        let head = |text: &str| Answer::parse(text.as_bytes()).unwrap_err();
        assert_eq!(head("HTTP/1.1 101 x\r\nX-A: a\0\r\n\r\n"), BadHead::Header("X-A".into()));
        assert_eq!(head("HTTP/1.1 101 x\r\nX-A: a\rb\r\n"), BadHead::Header("X-A".into()));
        for text in ["SSH-2.0\r\n", "HTTP/1.1 one\r\n", "HTTP/1.1 101 x\0\r\nX-A: a\r\n"] {
            assert_eq!(head(text), BadHead::NotHttp, "{text:?}");
        }
        for text in ["", "HTT", "HTTP/1.1 101 x\r\n", "HTTP/1.1 101 x\r\nX-A: a\r\n"] {
            assert!(Answer::parse(text.as_bytes()).unwrap().is_none(), "{text:?}");
        }
    }

    fn answer(headers: &[(&str, &str)]) -> Answer {
        let headers = headers.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        Answer { http11: true, status: 429, reason: String::new(), malformed: None, headers }
    }

    #[test]
    fn retry_after_is_seconds_or_a_date_and_junk_is_ignored() {
        let now = httpdate::parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT").unwrap();
        for (text, seconds) in [
            ("2", Some(2)),
            ("999999", Some(999_999)),
            ("Sun, 06 Nov 1994 08:50:37 GMT", Some(60)),
            ("Sun, 06 Nov 1994 08:00:00 GMT", Some(0)),
            ("-1", None),
            ("soon", None),
        ] {
            let wait = answer(&[("retry-after", text)]).retry_after(now);
            assert_eq!(wait.map(|w| w.as_secs()), seconds, "{text}");
        }
    }

    #[test]
    fn tokens_are_found_in_lists_and_repeated_headers() {
        let answer = answer(&[("connection", "keep-alive, UPGRADE"), ("connection", "x")]);
        assert!(answer.has_token("connection", "upgrade"));
        assert!(answer.has_token("connection", "X"));
        assert!(!answer.has_token("connection", "up"));
    }

    #[test]
    fn a_location_is_shown_without_secrets() {
        for (location, shown) in [
            ("https://u:p@h/login?token=s", "https://h/login"),
            ("/login?token=s#f", "/login"),
            ("http://169.254.169.254/", "http://169.254.169.254/"),
        ] {
            assert_eq!(answer(&[("location", location)]).redacted_location(), shown);
        }
    }
}
