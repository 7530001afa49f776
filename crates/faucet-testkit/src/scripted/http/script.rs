//! The answer to one HTTP request.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value;

use super::seen::HttpSeen;
use crate::Gate;
use crate::scripted::conversation::Template;
use crate::scripted::upgrade::Response;

/// The answer of an [`HttpServer`](crate::HttpServer) to one request.
///
/// The answer carries `Content-Length` and `Connection: close`, and the connection ends with it,
/// unless the script says otherwise.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
/// use faucet_testkit::{HttpScript, HttpServer};
/// use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
///
/// let server = HttpServer::start([
///     HttpScript::redirect(307, "/there"),
///     HttpScript::answer(200).body("0123456789").cut_after(4),
/// ])
/// .await;
/// for (path, end) in [("/here", "Location: /there\r\n\r\n"), ("/there", "\r\n\r\n0123")] {
///     let mut client = tokio::net::TcpStream::connect(server.address()).await?;
///     client.write_all(format!("GET {path} HTTP/1.1\r\nHost: h\r\n\r\n").as_bytes()).await?;
///     let mut answer = String::new();
///     client.read_to_string(&mut answer).await?;
///     assert!(answer.ends_with(end), "{answer}");
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct HttpScript {
    pub(crate) response: Response,
    pub(crate) body: Body,
    pub(crate) stop: Stop,
    /// Bytes of a chunk.
    pub(crate) chunks: Option<usize>,
    pub(crate) keeps_alive: bool,
    pub(crate) gate: Option<Gate>,
    pub(crate) expected: Option<(String, String)>,
}

/// Makes a body of the request.
type Make = Arc<dyn Fn(&HttpSeen) -> Vec<u8> + Send + Sync>;

#[derive(Clone)]
pub(crate) enum Body {
    Bytes(Bytes),
    Json(Template),
    With(Make),
    /// These bytes again and again.
    Endless(Bytes),
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(bytes) => write!(f, "{} bytes", bytes.len()),
            Self::Json(template) => write!(f, "{template:?}"),
            Self::With(_) => f.write_str("made of the request"),
            Self::Endless(piece) => write!(f, "endless, {} bytes at once", piece.len()),
        }
    }
}

/// Where an answer stops, if not at its end.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Stop {
    Never,
    /// Before the head, with the connection open.
    Silent,
    /// Before the head, with a FIN.
    HungUp,
    /// Behind so many bytes of the body, with a FIN.
    Cut(usize),
    /// Behind so many bytes of the body, with a reset.
    Reset(usize),
    /// Behind so many bytes of the body, with the connection open.
    Hang(usize),
}

/// How the answer begins.
impl HttpScript {
    /// Answers with this status, and no body so far.
    pub fn answer(status: u16) -> Self {
        Self {
            response: Response::new(status),
            body: Body::Bytes(Bytes::new()),
            stop: Stop::Never,
            chunks: None,
            keeps_alive: false,
            gate: None,
            expected: None,
        }
    }

    /// Sends the client to another place.
    pub fn redirect(status: u16, location: &str) -> Self {
        Self::answer(status).header("Location", location)
    }

    /// Reads the request, keeps the connection open, and never answers.
    pub fn hang() -> Self {
        Self { stop: Stop::Silent, ..Self::answer(200) }
    }

    /// Reads the request, and ends the stream without an answer.
    pub fn hang_up() -> Self {
        Self { stop: Stop::HungUp, ..Self::answer(200) }
    }

    /// Asks for this method and this path with its query. Another request is a failure, and is
    /// answered with 400.
    #[must_use]
    pub fn expect(mut self, method: &str, path: &str) -> Self {
        self.expected = Some((method.to_owned(), path.to_owned()));
        self
    }

    /// Answers when the test opens the gate.
    #[must_use]
    pub fn wait(mut self, gate: &Gate) -> Self {
        self.gate = Some(gate.clone());
        self
    }

    /// Adds a header. It replaces one that belongs there: `.header("Content-Length", "5")`.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.response.header(name, value);
        self
    }

    /// Leaves a header out that belongs there.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.response.without(name);
        self
    }

    /// Reads another request from the same connection.
    #[must_use]
    pub fn keep_alive(mut self) -> Self {
        self.keeps_alive = true;
        self
    }
}

/// The body.
impl HttpScript {
    /// Sets the body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = Body::Bytes(body.into());
        self
    }

    /// Sets a body in JSON, and `Content-Type`. In a text of `template`, `{/pointer}` stands for a
    /// value of the request's body in JSON, as in a [`Reply`](crate::Reply).
    ///
    /// # Panics
    /// When the text between `{/` and `}` is no JSON pointer.
    #[must_use]
    #[track_caller]
    pub fn json(mut self, template: Value) -> Self {
        self.body = Body::Json(Template::new(template));
        self
    }

    /// Makes the body of the request.
    #[must_use]
    pub fn body_with(
        mut self,
        make: impl Fn(&HttpSeen) -> Vec<u8> + Send + Sync + 'static,
    ) -> Self {
        self.body = Body::With(Arc::new(make));
        self
    }

    /// Sends `piece` again and again until the client leaves, and no `Content-Length`.
    ///
    /// # Panics
    /// When `piece` is empty.
    #[must_use]
    #[track_caller]
    pub fn endless(mut self, piece: impl Into<Bytes>) -> Self {
        let piece = piece.into();
        assert!(!piece.is_empty(), "an endless body needs at least one byte to repeat");
        self.body = Body::Endless(piece);
        self
    }

    /// Sends the body in chunks of at most `size` bytes, with `Transfer-Encoding: chunked`.
    ///
    /// # Panics
    /// When `size` is 0.
    #[must_use]
    #[track_caller]
    pub fn chunked(mut self, size: usize) -> Self {
        assert!(size > 0, "a chunk of 0 bytes ends the body");
        self.chunks = Some(size);
        self
    }

    /// Ends the stream (FIN) behind `n` bytes of the body, of which `Content-Length` still says the
    /// whole. The bytes of a chunked body include the lines with the sizes.
    #[must_use]
    pub fn cut_after(mut self, n: usize) -> Self {
        self.stop = Stop::Cut(n);
        self
    }

    /// Breaks the connection (RST) behind `n` bytes of the body. What the client has not read may be
    /// lost.
    #[must_use]
    pub fn reset_after(mut self, n: usize) -> Self {
        self.stop = Stop::Reset(n);
        self
    }

    /// Sends nothing behind `n` bytes of the body, and keeps the connection open.
    #[must_use]
    pub fn hang_after(mut self, n: usize) -> Self {
        self.stop = Stop::Hang(n);
        self
    }
}
