//! A tunnel through an HTTP proxy (RFC 9110 §9.3.6).
//!
//! Own code because no library gives what is needed: hyper-util's tunnel says only that a proxy refused,
//! not with which status, whose meaning decides about another attempt.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::dial::Destination;
use crate::headers::USER_AGENT;
use crate::io::Io;
use crate::proxy::failure::ProxyFault;
use crate::proxy::url::ProxyUser;

const LONGEST_HEAD: usize = 16 * 1024;
const MOST_HEADERS: usize = 64;

/// Asks the proxy behind `io` for a connection to `to`. The caller bounds the time.
pub(crate) async fn open(
    io: &mut dyn Io,
    to: &Destination,
    user: Option<&ProxyUser>,
) -> Result<(), ProxyFault> {
    io.write_all(&request(to, user)).await.map_err(ProxyFault::Lost)?;
    io.flush().await.map_err(ProxyFault::Lost)?;
    let mut read = Vec::with_capacity(1024);
    let status = loop {
        if io.read_buf(&mut read).await.map_err(ProxyFault::Lost)? == 0 {
            return Err(ProxyFault::Lost(std::io::ErrorKind::UnexpectedEof.into()));
        }
        if let Some(status) = parse(&read)? {
            break status;
        }
    };
    match status {
        200..=299 => Ok(()),
        other => Err(ProxyFault::Status(other)),
    }
}

fn request(to: &Destination, user: Option<&ProxyUser>) -> Vec<u8> {
    let authority = match to.host.contains(':') {
        true => format!("[{}]:{}", to.host, to.port),
        false => format!("{}:{}", to.host, to.port),
    };
    let mut head = format!(
        "CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\nUser-Agent: {USER_AGENT}\r\n"
    );
    if let Some(user) = user {
        let pair = STANDARD.encode(format!("{}:{}", user.name, user.password.expose()));
        head.push_str(&format!("Proxy-Authorization: Basic {pair}\r\n"));
    }
    head.push_str("\r\n");
    head.into_bytes()
}

/// The status of the answer, once its head is complete.
fn parse(read: &[u8]) -> Result<Option<u16>, ProxyFault> {
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut response = httparse::Response::new(&mut headers);
    // Nothing but the status matters, so that headers may be odd.
    let mut lenient = httparse::ParserConfig::default();
    lenient
        .allow_spaces_after_header_name_in_responses(true)
        .allow_obsolete_multiline_headers_in_responses(true)
        .ignore_invalid_headers_in_responses(true);
    let status = match lenient.parse_response(&mut response, read) {
        Ok(httparse::Status::Complete(length)) => response.code.map(|status| (status, length)),
        Ok(httparse::Status::Partial) if read.len() <= LONGEST_HEAD => return Ok(None),
        _ => None,
    };
    match status {
        // The far end must not speak before it is spoken to, neither in TLS nor in HTTP.
        Some((200..=299, length)) if length < read.len() => Err(ProxyFault::NotAProxy),
        Some((status, _)) => Ok(Some(status)),
        None => Err(ProxyFault::NotAProxy),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_request_names_the_far_end_and_the_user() {
        let to = |host: &str| Destination::new(host, 443, true);
        let agent = format!("User-Agent: {USER_AGENT}\r\n");
        let plain = String::from_utf8(request(&to("feed.test"), None)).unwrap();
        let expected = "CONNECT feed.test:443 HTTP/1.1\r\nHost: feed.test:443\r\n";
        assert_eq!(plain, format!("{expected}{agent}\r\n"));
        let user = ProxyUser { name: "u".into(), password: "p".into() };
        let with_user = String::from_utf8(request(&to("::1"), Some(&user))).unwrap();
        assert!(with_user.starts_with("CONNECT [::1]:443 HTTP/1.1\r\nHost: [::1]:443\r\n"));
        assert!(with_user.ends_with("\r\nProxy-Authorization: Basic dTpw\r\n\r\n"), "{with_user}");
    }

    #[test]
    fn the_answer_is_read_to_the_end_of_its_head() {
        for (answer, status) in [
            ("", None),
            ("HTTP/1.1 200 Connection established\r\n", None),
            ("HTTP/1.1 200 Connection established\r\n\r\n", Some(200)),
            ("HTTP/1.1 200 OK\r\nProxy agent : odd\r\n\r\n", Some(200)),
            ("HTTP/1.0 407 x\r\nContent-Length: 3\r\n\r\nno!", Some(407)),
        ] {
            assert_eq!(parse(answer.as_bytes()).unwrap(), status, "{answer}");
        }
        let endless = format!("HTTP/1.1 200 OK\r\nX: {}", "x".repeat(LONGEST_HEAD));
        for answer in ["SSH-2.0\r\n", "HTTP/1.1 200 OK\r\n\r\nearly", &endless] {
            assert!(matches!(parse(answer.as_bytes()), Err(ProxyFault::NotAProxy)));
        }
    }
}
