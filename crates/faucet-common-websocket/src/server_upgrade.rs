//! The accepting side of the upgrade (RFC 6455 §4.2).

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

const LONGEST_HEAD: usize = 16 * 1024;
const MOST_HEADERS: usize = 64;
const REFUSAL: &[u8] =
    b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";

/// A client that asks for something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the request is no upgrade to WebSocket")]
pub struct NotAnUpgrade;

/// Answers a request for an upgrade. Returns the bytes behind the request: frames already.
pub(crate) async fn accept(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut read = Vec::with_capacity(1024);
    loop {
        if stream.read_buf(&mut read).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        match parse(&read) {
            Parsed::Upgrade { key, length } => {
                let answer = format!(
                    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
                     Connection: Upgrade\r\nSec-WebSocket-Accept: {}\r\n\r\n",
                    derive_accept_key(key.as_bytes())
                );
                stream.write_all(answer.as_bytes()).await?;
                return Ok(read.split_off(length));
            }
            Parsed::More if read.len() <= LONGEST_HEAD => {}
            Parsed::More | Parsed::Other => {
                stream.write_all(REFUSAL).await?;
                return Err(io::Error::new(io::ErrorKind::InvalidData, NotAnUpgrade));
            }
        }
    }
}

/// The bytes of a client so far, as a request.
#[derive(Debug, PartialEq, Eq)]
enum Parsed {
    /// A whole request for an upgrade, of so many bytes.
    Upgrade { key: String, length: usize },
    /// The beginning of a request.
    More,
    /// Something else.
    Other,
}

fn parse(read: &[u8]) -> Parsed {
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    let length = match request.parse(read) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return Parsed::More,
        Err(_) => return Parsed::Other,
    };
    let header = |name: &str| {
        let found = request.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
        found.and_then(|header| std::str::from_utf8(header.value).ok()).map(str::trim)
    };
    let upgrade = header("upgrade").is_some_and(|to| to.eq_ignore_ascii_case("websocket"));
    match header("sec-websocket-key") {
        Some(key) if upgrade && request.method == Some("GET") => {
            Parsed::Upgrade { key: key.to_owned(), length }
        }
        _ => Parsed::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_request_for_an_upgrade_is_accepted() {
        let upgrade = "GET / HTTP/1.1\r\nHost: h\r\nupgrade: WebSocket\r\nConnection: Upgrade\r\n\
                       Sec-WebSocket-Key: k\r\nSec-WebSocket-Version: 13\r\n\r\n";
        let whole = Parsed::Upgrade { key: "k".into(), length: upgrade.len() };
        assert_eq!(parse(format!("{upgrade}frames").as_bytes()), whole);
        for length in 0..upgrade.len() {
            assert_eq!(parse(&upgrade.as_bytes()[..length]), Parsed::More);
        }
        for other in [
            upgrade.replace("GET", "POST"),
            upgrade.replace("Sec-WebSocket-Key: k\r\n", ""),
            upgrade.replace("WebSocket\r\n", "h2c\r\n"),
            "\x16\x03\x01".into(),
        ] {
            assert_eq!(parse(other.as_bytes()), Parsed::Other, "{other}");
        }
    }
    #[tokio::test]
    async fn another_request_is_refused_with_a_typed_error() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        client.write_all(b"POST / HTTP/1.1\r\nHost: h\r\n\r\n").await.unwrap();
        let (mut stream, _) = listener.accept().await.unwrap();
        let error = accept(&mut stream).await.unwrap_err();
        assert!(error.get_ref().is_some_and(|inner| inner.is::<NotAnUpgrade>()), "{error:?}");
        drop(stream);
        let mut answer = Vec::new();
        client.read_to_end(&mut answer).await.unwrap();
        assert_eq!(answer, REFUSAL);
    }
}
