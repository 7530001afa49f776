//! The log of a scripted HTTP server.

use bytes::Bytes;
use serde_json::Value;
use tokio::time::Instant;

use crate::scripted::conversation::shown;
use crate::scripted::log::Logged;
use crate::scripted::seen::{End, Request};

/// One request as the scripted HTTP server saw it so far.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct HttpSeen {
    /// When its head was complete, on tokio's clock.
    pub received_at: Instant,
    /// Its head. `None` where the TLS handshake failed or the head is malformed.
    pub request: Option<Request>,
    /// Its body.
    pub body: Bytes,
    /// How it ended; `None` while it goes on. [`End::Script`]: answered as the script says.
    pub end: Option<End>,
    /// The step that the script waits for.
    pub(crate) doing: Option<&'static str>,
}

impl HttpSeen {
    pub(crate) fn new(request: Option<Request>) -> Self {
        let doing = Some("reads the body");
        Self { received_at: Instant::now(), request, body: Bytes::new(), end: None, doing }
    }

    /// The method; empty where there is no request.
    pub fn method(&self) -> &str {
        self.request.as_ref().map_or("", Request::method)
    }

    /// Path and query as they were sent; empty where there is no request.
    pub fn path(&self) -> &str {
        self.request.as_ref().map_or("", Request::path)
    }

    /// A header; the name's case does not matter.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.request.as_ref()?.header(name)
    }

    /// The body as text. What is not UTF-8 is shown with U+FFFD.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// When it is not JSON; the panic shows it.
    #[track_caller]
    pub fn json(&self) -> Value {
        match serde_json::from_slice(&self.body) {
            Ok(value) => value,
            Err(error) => {
                let (method, path, body) = (self.method(), self.path(), shown(&self.body));
                panic!("the body of {method} {path} is not JSON ({error}): {body}")
            }
        }
    }

    /// The mistake of the client.
    pub fn failure(&self) -> Option<&str> {
        match &self.end {
            Some(End::Failure(why)) => Some(why),
            _ => None,
        }
    }
}

impl Logged for HttpSeen {
    fn waits_for(&self) -> Option<String> {
        self.doing.map(str::to_owned)
    }

    fn failure(&self) -> Option<&str> {
        self.failure()
    }
}
