//! From configuration keys to a checked endpoint.

use std::collections::BTreeMap;
use std::time::Duration;

use faucet_core::{Kind, Problems, Secret, duration};
use http::HeaderMap;

use crate::auth::{Auth, check_headers, from_user_info};
use crate::backoff::Backoff;
use crate::endpoint::Endpoint;
use crate::frame::Frame;
use crate::lifecycle::ReconnectPolicy;
use crate::session_policy::SessionPolicy;
use crate::tls::TlsConfig;
use crate::url::{UrlTemplate, UrlText};
use crate::wire::ReadBuffer;

/// The largest read buffer that can be asked for.
const LARGEST_READ_BUFFER: usize = 64 << 20;

/// The keys that both ends share, as they were configured.
#[derive(Debug)]
pub struct ConnectOptions {
    /// Whose they are, for the log.
    pub end: Kind,
    /// `url`.
    pub url: UrlText,
    /// `auth`.
    pub auth: Auth,
    /// `headers`.
    pub headers: BTreeMap<String, Secret>,
    /// `subprotocols`.
    pub subprotocols: Vec<String>,
    /// `tls`.
    pub tls: TlsConfig,
    /// `connect_timeout`.
    pub connect_timeout: Duration,
    /// `reconnect`.
    pub reconnect: bool,
    /// `reconnect_backoff`.
    pub reconnect_backoff: Duration,
    /// `reconnect_max_backoff`.
    pub reconnect_max_backoff: Option<Duration>,
    /// `reconnect_jitter`.
    pub reconnect_jitter: f64,
    /// `max_reconnect_attempts`.
    pub max_reconnect_attempts: Option<u32>,
    /// `ping_interval`.
    pub ping_interval: Option<Duration>,
    /// `pong_timeout`.
    pub pong_timeout: Option<Duration>,
    /// `stale_timeout`.
    pub stale_timeout: Option<Duration>,
    /// `max_message_bytes`.
    pub max_message_bytes: usize,
    /// `read_buffer_bytes`.
    pub read_buffer_bytes: Option<usize>,
    /// Sent in order after every connect.
    pub greeting: Vec<Frame>,
    /// The largest message that will be sent besides. Not much more waits for the socket.
    pub largest_sent: usize,
}

impl ConnectOptions {
    /// Checks all keys, noting every problem. `None` when there is one.
    pub fn check(self, problems: &mut Problems) -> Option<Endpoint> {
        let url = match self.url.check() {
            Ok(url) => Some(url),
            Err(error) => {
                problems.push(format!("url: {error}"));
                None
            }
        };
        self.check_times(problems);
        self.check_sizes(problems);
        self.tls.check(problems);
        problems.push_if(
            self.tls != TlsConfig::default() && url.as_ref().is_some_and(|url| !url.is_tls()),
            "tls: has no effect on ws://; use wss://",
        );
        let headers = self.check_credentials(url.as_ref(), problems);
        let backoff = Backoff {
            initial: self.reconnect_backoff,
            max: self.reconnect_max_backoff.unwrap_or(self.reconnect_backoff),
            jitter: self.reconnect_jitter,
        };
        Some(Endpoint {
            url: url?,
            headers,
            provider: None,
            dial: None,
            subprotocols: self.subprotocols,
            tls: self.tls,
            connect_timeout: self.connect_timeout,
            max_message_bytes: self.max_message_bytes,
            read_buffer: self.read_buffer_bytes.map_or(ReadBuffer::Adaptive, ReadBuffer::Fixed),
            largest_sent: self.largest_sent,
            policy: SessionPolicy {
                end: self.end,
                reconnect: ReconnectPolicy {
                    reconnect: self.reconnect,
                    backoff,
                    max_attempts: self.max_reconnect_attempts,
                },
                ping_interval: self.ping_interval,
                pong_timeout: self.pong_timeout.or(self.ping_interval).unwrap_or_default(),
                stale_timeout: self.stale_timeout,
                greeting: self.greeting,
            },
        })
    }

    fn check_times(&self, problems: &mut Problems) {
        for (key, value) in [
            ("connect_timeout", Some(self.connect_timeout)),
            ("reconnect_backoff", Some(self.reconnect_backoff)),
            ("reconnect_max_backoff", self.reconnect_max_backoff),
            ("ping_interval", self.ping_interval),
            ("pong_timeout", self.pong_timeout),
            ("stale_timeout", self.stale_timeout),
        ] {
            duration::check(key, value, problems);
        }
        problems.push_if(
            self.reconnect_max_backoff.is_some_and(|max| max < self.reconnect_backoff),
            "reconnect_max_backoff: must not be below reconnect_backoff",
        );
        problems.push_if(
            !(0.0..=1.0).contains(&self.reconnect_jitter),
            "reconnect_jitter: must be from 0 to 1",
        );
        problems.push_if(
            self.pong_timeout.is_some() && self.ping_interval.is_none(),
            "pong_timeout: needs ping_interval",
        );
    }

    fn check_sizes(&self, problems: &mut Problems) {
        problems.push_if(self.max_message_bytes == 0, "max_message_bytes: must not be 0");
        problems.push_if(
            self.read_buffer_bytes.is_some_and(|n| n == 0 || n > LARGEST_READ_BUFFER),
            "read_buffer_bytes: must be from 1 to 64 MiB",
        );
        let is_token = |p: &String| http::HeaderName::from_bytes(p.as_bytes()).is_ok();
        let names: std::collections::BTreeSet<&String> = self.subprotocols.iter().collect();
        problems.push_if(
            names.len() < self.subprotocols.len(),
            "subprotocols: a name is given twice (RFC 6455 §4.1)",
        );
        problems.push_if(
            !self.subprotocols.iter().all(is_token),
            "subprotocols: a name must be a token (RFC 6455 §4.1), without spaces or commas",
        );
    }

    fn check_credentials(&self, url: Option<&UrlTemplate>, problems: &mut Problems) -> HeaderMap {
        let mut headers = check_headers("headers", &self.headers, problems);
        let mut add = |from: &str, more: HeaderMap, headers: &mut HeaderMap| {
            for (name, value) in more {
                let Some(name) = name else { continue };
                if headers.insert(&name, value).is_some() {
                    problems.push(format!(
                        "{from}: the header {name} is given twice; keep one of url, headers, auth"
                    ));
                }
            }
        };
        if let Some((user, password)) = url.and_then(UrlTemplate::user_info) {
            add("url", from_user_info(&user, &password), &mut headers);
        }
        let mut own = Problems::new();
        add("auth", self.auth.check(&mut own), &mut headers);
        if let Err(error) = own.into_result() {
            error.problems().for_each(|problem| problems.push(problem));
        }
        headers
    }
}
