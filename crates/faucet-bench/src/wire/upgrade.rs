//! The HTTP upgrade, from both sides. Trusts the other side: it is a process of the bench.

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::result::Result;

const END: &[u8] = b"\r\n\r\n";
const LONGEST_HEAD: usize = 16 << 10;

/// What a client asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) path: String,
    key: String,
    /// Whether permessage-deflate was offered.
    pub(crate) deflate: bool,
}

impl Request {
    /// What the head of a request asks for.
    pub(crate) fn parse(head: &str) -> Result<Self> {
        let path = head.split(' ').nth(1).ok_or("the request has no path")?.to_owned();
        let value = |name: &str| {
            let headers = head.lines().filter_map(|line| line.split_once(':'));
            let found = headers.filter(|(header, _)| header.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.trim()).collect::<Vec<_>>().join(", ")
        };
        let deflate = value("sec-websocket-extensions").contains("permessage-deflate");
        Ok(Self { path, key: value("sec-websocket-key"), deflate })
    }

    /// The path without its first `/`, split at the others.
    pub(crate) fn steps(&self) -> Vec<&str> {
        self.path.trim_start_matches('/').split('/').collect()
    }
}

/// Reads what a client asks for.
pub(crate) async fn asked(stream: &mut (impl AsyncRead + Unpin)) -> Result<Request> {
    let (head, _) = head(stream).await?;
    Request::parse(&head)
}

/// The answer that lets the connection begin. `extensions` is what the server agrees to.
pub(crate) fn answer(request: &Request, extensions: Option<&str>) -> String {
    let accept = derive_accept_key(request.key.as_bytes());
    let extensions =
        extensions.map(|e| format!("Sec-WebSocket-Extensions: {e}\r\n")).unwrap_or_default();
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n{extensions}\r\n"
    )
}

/// Asks a server for `path`, and returns the bytes that came in behind its answer.
///
/// # Errors
/// The server refuses.
pub(crate) async fn ask(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    path: &str,
    deflate: bool,
) -> Result<Vec<u8>> {
    let offer = if deflate { "Sec-WebSocket-Extensions: permessage-deflate\r\n" } else { "" };
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n{offer}\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    stream.flush().await?;
    let (head, rest) = head(stream).await?;
    match head.starts_with("HTTP/1.1 101 ") {
        true => Ok(rest),
        false => Err(format!("{path} was refused: {head}").into()),
    }
}

/// The head of an HTTP message, and what was read behind it.
async fn head(stream: &mut (impl AsyncRead + Unpin)) -> Result<(String, Vec<u8>)> {
    let mut bytes = Vec::with_capacity(1024);
    loop {
        if let Some(at) = bytes.windows(END.len()).position(|window| window == END) {
            let rest = bytes.split_off(at + END.len());
            return Ok((String::from_utf8(bytes)?, rest));
        }
        if bytes.len() > LONGEST_HEAD || stream.read_buf(&mut bytes).await? == 0 {
            return Err("the upgrade ended before its head was whole".into());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn both_sides_agree() {
        let (mut client, mut server) = tokio::io::duplex(4096);
        let served = async {
            let request = asked(&mut server).await.unwrap();
            server.write_all(answer(&request, None).as_bytes()).await.unwrap();
            server.write_all(b"frames").await.unwrap();
            request
        };
        let (request, rest) = tokio::join!(served, ask(&mut client, "/feed/135B/3", true));
        assert_eq!(request.steps(), ["feed", "135B", "3"]);
        assert!(request.deflate);
        assert!(b"frames".starts_with(&rest.unwrap()[..]));
    }

    #[tokio::test]
    async fn a_refusal_is_an_error() {
        let (mut client, mut server) = tokio::io::duplex(4096);
        server.write_all(b"HTTP/1.1 404 Not Found\r\n\r\n").await.unwrap();
        let error = ask(&mut client, "/x", false).await.unwrap_err().to_string();
        assert_eq!(error, "/x was refused: HTTP/1.1 404 Not Found\r\n\r\n");
    }
}
