//! Plays answers on one HTTP connection.

use std::pin::pin;
use std::sync::Arc;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;

use super::script::{Body, HttpScript, Stop};
use super::seen::HttpSeen;
use super::stage::Stage;
use crate::scripted::conversation::Memory;
use crate::scripted::line::{Below, Ending, Line, Turn};
use crate::scripted::log::Entry;
use crate::scripted::player::PATIENCE;
use crate::scripted::seen::{End, Request};
use crate::scripted::upgrade::{Response, take_request};
use crate::scripted::wrap::Play;

/// An endless body is written in pieces of about this size.
const PIECE: usize = 64 * 1024;

/// The n-th request of the server plays the n-th script.
pub(crate) struct Guest(pub(crate) Arc<Stage>);

impl Play for Guest {
    async fn play<S>(self, stream: S, below: Below<S>)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send,
    {
        HttpPlayer { line: Line::new(stream, below), stage: self.0 }.run().await;
    }

    #[cfg(feature = "tls")]
    fn tls_failed(self, error: String) {
        end(&self.0.log.begin(HttpSeen::new(None)), End::Tls(error));
    }
}

struct HttpPlayer<S> {
    line: Line<S>,
    stage: Arc<Stage>,
}

/// The step behind an answer.
enum Then {
    NextRequest,
    Fin,
    Reset,
}

fn end(entry: &Entry<HttpSeen>, end: End) {
    entry.update(|seen| {
        seen.end = Some(end);
        seen.doing = None;
    });
}

fn doing(entry: &Entry<HttpSeen>, what: Option<&'static str>) {
    entry.update(|seen| seen.doing = what);
}

impl<S: AsyncRead + AsyncWrite + Unpin> HttpPlayer<S> {
    async fn run(mut self) {
        let ending = loop {
            let request = match self.head().await {
                Ok(Some(request)) => request,
                Ok(None) => break Ending::Fin,
                Err(rule) => {
                    let failure = End::Failure(format!("the client sent {rule}"));
                    end(&self.stage.log.begin(HttpSeen::new(None)), failure);
                    break Ending::Fin;
                }
            };
            let entry = self.stage.log.begin(HttpSeen::new(Some(request.clone())));
            let script = self.stage.next();
            match self.request(&script, &request, &entry).await {
                Ok(Then::NextRequest) => end(&entry, End::Script),
                Ok(then) => {
                    end(&entry, End::Script);
                    break if matches!(then, Then::Reset) { Ending::Reset } else { Ending::Fin };
                }
                Err(why) => {
                    end(&entry, why);
                    break Ending::Fin;
                }
            }
        };
        self.line.end(ending, PATIENCE).await;
        if matches!(ending, Ending::Fin) {
            // A reset because of unread bytes would take from the client what it has not read yet.
            let _ = timeout(PATIENCE, async { while self.turn().await.is_ok() {} }).await;
        }
    }

    async fn turn(&mut self) -> Result<(), End> {
        match self.line.turn().await {
            Ok(Turn::Read | Turn::Wrote) => Ok(()),
            Ok(Turn::Over) => Err(End::ClientLeft),
            Err(error) => Err(End::Broken(error.to_string())),
        }
    }

    /// The head of the next request, `None` when the client has left, or the rule that it breaks.
    async fn head(&mut self) -> Result<Option<Request>, String> {
        loop {
            if let Some(request) = take_request(&mut self.line.inbox)? {
                return Ok(Some(request));
            }
            if self.turn().await.is_err() {
                return Ok(None);
            }
        }
    }

    /// Reads the body of a request, and answers it.
    async fn request(
        &mut self,
        script: &HttpScript,
        request: &Request,
        entry: &Entry<HttpSeen>,
    ) -> Result<Then, End> {
        let body = match length(request) {
            Ok(length) => self.body(length).await?,
            Err(failure) => return self.refuse(request, failure).await,
        };
        entry.update(|seen| seen.body = body.clone());
        if let Some((method, path)) = &script.expected
            && (method, path) != (&request.method().to_owned(), &request.path().to_owned())
        {
            let (got, at) = (request.method(), request.path());
            let failure = format!("expected {method} {path}, got {got} {at}");
            return self.refuse(request, failure).await;
        }
        if let Some(gate) = &script.gate {
            doing(entry, Some("waits for a gate"));
            self.during(gate.pass()).await?;
        }
        doing(entry, Some("writes the answer"));
        match script.stop {
            Stop::Silent => {
                doing(entry, None);
                self.during(std::future::pending()).await?;
            }
            Stop::HungUp => return Ok(Then::Fin),
            _ => {}
        }
        self.answer(script, request, entry).await
    }

    async fn answer(
        &mut self,
        script: &HttpScript,
        request: &Request,
        entry: &Entry<HttpSeen>,
    ) -> Result<Then, End> {
        let plain = match &script.body {
            Body::Bytes(bytes) => bytes.clone(),
            Body::Json(template) => {
                let body = entry.read().body;
                match template.fill(Some(&body), &Memory::default()) {
                    Ok(json) => json.into(),
                    Err(why) => {
                        return self.refuse(request, format!("answer {template:?}: {why}")).await;
                    }
                }
            }
            Body::With(make) => make(&entry.read()).into(),
            Body::Endless(piece) => return self.endless(script, piece, entry).await,
        };
        let mut defaults = vec![match script.chunks {
            Some(_) => ("Transfer-Encoding".to_owned(), "chunked".to_owned()),
            None => ("Content-Length".to_owned(), plain.len().to_string()),
        }];
        if matches!(script.body, Body::Json(_)) {
            defaults.push(("Content-Type".to_owned(), "application/json".to_owned()));
        }
        let body = script.chunks.map_or(plain.clone(), |size| chunked(&plain, size));
        let sent = match script.stop {
            Stop::Cut(n) | Stop::Reset(n) | Stop::Hang(n) => n.min(body.len()),
            _ => body.len(),
        };
        self.put_head(script, defaults);
        self.line.out.extend_from_slice(&body[..sent]);
        self.flush().await?;
        match script.stop {
            Stop::Cut(_) => Ok(Then::Fin),
            Stop::Reset(_) => Ok(Then::Reset),
            Stop::Hang(_) => {
                doing(entry, None);
                self.during(std::future::pending()).await?;
                Ok(Then::Fin)
            }
            _ if script.keeps_alive => Ok(Then::NextRequest),
            _ => Ok(Then::Fin),
        }
    }

    /// Sends `piece` until the client leaves.
    async fn endless(
        &mut self,
        script: &HttpScript,
        piece: &Bytes,
        entry: &Entry<HttpSeen>,
    ) -> Result<Then, End> {
        doing(entry, None);
        let chunks = script.chunks.map(|_| ("Transfer-Encoding".to_owned(), "chunked".to_owned()));
        self.put_head(script, chunks.into_iter().collect());
        let piece = match script.chunks {
            Some(_) => chunk(piece).into(),
            None => piece.clone(),
        };
        let many = piece.repeat((PIECE / piece.len()).max(1));
        loop {
            self.line.out.extend_from_slice(&many);
            self.flush().await?;
        }
    }

    fn put_head(&mut self, script: &HttpScript, mut defaults: Vec<(String, String)>) {
        let connection = if script.keeps_alive { "keep-alive" } else { "close" };
        defaults.push(("Connection".to_owned(), connection.to_owned()));
        self.line.out.extend_from_slice(&script.response.head(defaults));
    }

    /// Answers 400 to a request that is not the expected one.
    async fn refuse(&mut self, request: &Request, failure: String) -> Result<Then, End> {
        let mut response = Response::new(400);
        response.body(failure.as_bytes());
        self.line.out.extend_from_slice(&response.to_bytes(request));
        self.flush().await?;
        Err(End::Failure(failure))
    }

    async fn body(&mut self, length: usize) -> Result<Bytes, End> {
        while self.line.inbox.len() < length {
            self.turn().await?;
        }
        Ok(self.line.inbox.split_to(length).freeze())
    }

    /// Reads until `enough` is ready.
    async fn during(&mut self, enough: impl Future<Output = ()>) -> Result<(), End> {
        let mut enough = pin!(enough);
        loop {
            tokio::select! {
                biased;
                () = &mut enough => return Ok(()),
                turned = self.turn() => turned?,
            }
        }
    }

    async fn flush(&mut self) -> Result<(), End> {
        while !self.line.is_written() {
            self.turn().await?;
        }
        Ok(())
    }
}

/// The length of the request's body.
fn length(request: &Request) -> Result<usize, String> {
    if request.header("transfer-encoding").is_some() {
        return Err("the scripted HTTP server reads only bodies with `Content-Length`".to_owned());
    }
    match request.header("content-length") {
        None => Ok(0),
        Some(text) => text.parse().map_err(|_| format!("`Content-Length: {text}` is no length")),
    }
}

fn chunked(body: &[u8], size: usize) -> Bytes {
    let mut out: Vec<u8> = body.chunks(size).flat_map(chunk).collect();
    out.extend_from_slice(b"0\r\n\r\n");
    out.into()
}

fn chunk(bytes: &[u8]) -> Vec<u8> {
    [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat()
}
