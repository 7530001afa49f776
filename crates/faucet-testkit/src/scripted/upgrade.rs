//! The HTTP side of a connection: the client's request, and an answer that may be wrong.

use bytes::{Buf as _, BytesMut};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::seen::Request;

/// Heads longer than this are refused; no honest client sends one.
const LONGEST_HEAD: usize = 256 * 1024;

/// The answer to the request.
#[derive(Debug, Clone)]
pub(crate) struct Response {
    version: &'static str,
    status: u16,
    reason: Option<String>,
    headers: Vec<(String, String)>,
    without: Vec<String>,
    body: Vec<u8>,
}

impl Response {
    pub(crate) fn new(status: u16) -> Self {
        let (headers, without, body) = (Vec::new(), Vec::new(), Vec::new());
        Self { version: "HTTP/1.1", status, reason: None, headers, without, body }
    }

    pub(crate) fn is_upgrade(&self) -> bool {
        self.status == 101
    }

    pub(crate) fn http10(&mut self) {
        self.version = "HTTP/1.0";
    }

    pub(crate) fn reason(&mut self, reason: &str) {
        self.reason = Some(reason.to_owned());
    }

    pub(crate) fn header(&mut self, name: &str, value: &str) {
        self.headers.push((name.to_owned(), value.to_owned()));
    }

    pub(crate) fn without(&mut self, name: &str) {
        self.without.push(name.to_owned());
    }

    pub(crate) fn body(&mut self, body: &[u8]) {
        self.body = body.to_vec();
    }

    /// The extensions that the answer chooses.
    pub(crate) fn extensions(&self) -> &str {
        let named =
            |(name, _): &&(String, String)| name.eq_ignore_ascii_case("sec-websocket-extensions");
        self.headers.iter().find(named).map_or("", |(_, value)| value)
    }

    /// The answer's bytes.
    pub(crate) fn to_bytes(&self, request: &Request) -> Vec<u8> {
        let mut headers = Vec::new();
        if self.is_upgrade() {
            let key = request.header("sec-websocket-key").unwrap_or_default();
            headers.push(("Upgrade".to_owned(), "websocket".to_owned()));
            headers.push(("Connection".to_owned(), "Upgrade".to_owned()));
            headers.push(("Sec-WebSocket-Accept".to_owned(), derive_accept_key(key.as_bytes())));
        } else {
            headers.push(("Content-Length".to_owned(), self.body.len().to_string()));
            headers.push(("Connection".to_owned(), "close".to_owned()));
        }
        let mut out = self.head(headers);
        out.extend_from_slice(&self.body);
        out
    }

    /// The answer's head, with the headers that belong there. A header of the script replaces the one
    /// that belongs there.
    pub(crate) fn head(&self, mut headers: Vec<(String, String)>) -> Vec<u8> {
        let named = |name: &str, (key, _): &(String, String)| key.eq_ignore_ascii_case(name);
        headers.retain(|(name, _)| {
            !self.headers.iter().any(|header| named(name, header))
                && !self.without.iter().any(|other| other.eq_ignore_ascii_case(name))
        });
        headers.extend_from_slice(&self.headers);
        let reason = self.reason.as_deref().unwrap_or_else(|| usual_reason(self.status));
        let mut out = format!("{} {} {reason}\r\n", self.version, self.status);
        for (name, value) in headers {
            out.push_str(&format!("{name}: {value}\r\n"));
        }
        out.push_str("\r\n");
        out.into_bytes()
    }
}

fn usual_reason(status: u16) -> &'static str {
    match status {
        101 => "Switching Protocols",
        200 => "OK",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        407 => "Proxy Authentication Required",
        408 => "Request Timeout",
        425 => "Too Early",
        426 => "Upgrade Required",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "Whatever",
    }
}

/// Takes the request's head off `input` once it is complete.
pub(crate) fn take_request(input: &mut BytesMut) -> Result<Option<Request>, String> {
    let Some(end) = input.windows(4).position(|four| four == b"\r\n\r\n") else {
        if input.len() > LONGEST_HEAD {
            return Err(format!("a request head of more than {LONGEST_HEAD} bytes"));
        }
        return Ok(None);
    };
    let head = input.split_to(end);
    input.advance(4);
    let head = String::from_utf8_lossy(&head);
    let mut lines = head.split("\r\n");
    let line = lines.next().unwrap_or_default().to_owned();
    let mut headers = Vec::new();
    for line in lines {
        let Some((name, value)) = line.split_once(':') else {
            return Err(format!("a header line without a colon: {line:?}"));
        };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    Ok(Some(Request { line, headers }))
}

/// Which rule of RFC 6455 (section 4.1) the request breaks.
pub(crate) fn broken_rule(request: &Request) -> Option<String> {
    let key = request.header("sec-websocket-key").unwrap_or_default();
    let count = |name: &str| request.headers.iter().filter(|(key, _)| key == name).count();
    let single = ["host", "upgrade", "sec-websocket-key", "sec-websocket-version"];
    if let Some(name) = single.iter().find(|name| count(name) != 1) {
        return Some(format!("a request with {} {name} headers", count(name)));
    }
    let rules = [
        (request.line.starts_with("GET /"), "that does not GET a path"),
        (request.line.ends_with(" HTTP/1.1"), "that is not HTTP/1.1"),
        (request.has_token("upgrade", "websocket"), "without `Upgrade: websocket`"),
        (request.has_token("connection", "upgrade"), "without `Connection: Upgrade`"),
        (key.len() == 24 && key.ends_with("=="), "whose Sec-WebSocket-Key is not 16 bytes"),
        (request.header("sec-websocket-version") == Some("13"), "of another WebSocket version"),
    ];
    let (_, what) = rules.iter().find(|(holds, _)| !holds)?;
    Some(format!("a request {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "GET /a?b HTTP/1.1\r\nHost: h\r\nUPGRADE: WebSocket\r\nConnection: x, \
        upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

    fn request(text: &str) -> Request {
        take_request(&mut text.as_bytes().into()).unwrap().unwrap()
    }

    #[test]
    fn a_request_is_read_and_what_follows_is_left() {
        let mut input = BytesMut::from(&GOOD.as_bytes()[..GOOD.len() - 1]);
        assert_eq!(take_request(&mut input).unwrap(), None);
        input.extend_from_slice(b"\nrest");
        let request = take_request(&mut input).unwrap().unwrap();
        assert_eq!((request.path(), request.header("UPGRADE")), ("/a?b", Some("WebSocket")));
        assert_eq!(&input[..], b"rest");
        assert_eq!(broken_rule(&request), None);
    }

    #[test]
    fn requests_that_break_a_rule_are_told_which() {
        for (from, to, expected) in [
            ("GET /", "POST /", "GET a path"),
            ("HTTP/1.1", "HTTP/1.0", "not HTTP/1.1"),
            ("Host: h\r\n", "", "0 host headers"),
            ("WebSocket", "h2c", "Upgrade: websocket"),
            ("x, upgrade", "close", "Connection: Upgrade"),
            ("dGhl", "", "16 bytes"),
            ("13", "8", "version"),
        ] {
            let rule = broken_rule(&request(&GOOD.replacen(from, to, 1))).unwrap();
            assert!(rule.contains(expected), "{rule}");
        }
    }

    #[test]
    fn the_scripts_headers_replace_those_that_belong_there() {
        let mut response = Response::new(101);
        response.header("connection", "keep-alive, Upgrade");
        response.without("Upgrade");
        let text = String::from_utf8(response.to_bytes(&request(GOOD))).unwrap();
        assert_eq!(
            text,
            "HTTP/1.1 101 Switching Protocols\r\n\
             Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\
             connection: keep-alive, Upgrade\r\n\r\n"
        );
    }
}
