//! From configuration keys to a checked endpoint.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use faucet_connect::{
    Auth, Credentials, ProxyChoice, ProxySetting, ReconnectKeys, TlsConfig, basic_headers,
    check_headers,
};
use faucet_core::{ComponentKind, KeyPath, Problem, ProblemKind, Problems, Secret, duration};
use faucet_session::hooks::Hooks;
use faucet_session::keys::{Around, SessionKeys, SessionMessage};
use faucet_session::plan::Plan;
use http::HeaderMap;
use http::header::HeaderName;

use crate::compression::Compression;
use crate::endpoint::Endpoint;
use crate::frame::Frame;
use crate::machine::{FrameLimits, Pool, Role, Settings, TimeLimits, Utf8Policy};
use crate::site::Means;
use crate::target::Offer;
use crate::url::UrlTemplate;
use crate::url_text::UrlText;

/// The largest limit of a message. Its bytes are one payload in memory.
const LARGEST_MESSAGE: usize = 2 << 30;
/// The largest read buffer that can be asked for.
const LARGEST_READ_BUFFER: usize = 64 << 20;
/// The most fragments of a message. Twice what the Autobahn suite sends.
pub(crate) const MAX_FRAGMENTS: u32 = 131_072;

/// The keys that both ends share, as they were configured.
#[derive(Debug)]
pub struct ConnectOptions {
    /// The kind of component that has the keys, for the log.
    pub end: ComponentKind,
    /// `url`.
    pub url: UrlText,
    /// The keys of the upgrade.
    pub request: RequestOptions,
    /// `proxy`.
    pub proxy: ProxySetting,
    /// `tls`.
    pub tls: TlsConfig,
    /// The time limits.
    pub times: TimeOptions,
    /// `reconnect` and the keys beside it.
    pub reconnect: ReconnectKeys,
    /// `max_message_bytes`.
    pub max_message_bytes: usize,
    /// `read_buffer_bytes`.
    pub read_buffer_bytes: Option<usize>,
    /// `reconnect_patience`; `None` is no limit.
    pub reconnect_patience: Option<Duration>,
    /// The keys that only a source has.
    pub feed: FeedOptions,
    /// The keys of the conversation, and the messages to send after every connect.
    pub session: SessionKeys,
    /// Whether records are to be JSON.
    pub checks_json: bool,
}

/// The keys of the upgrade.
#[derive(Debug, Default)]
pub struct RequestOptions {
    /// `auth`.
    pub auth: Auth,
    /// `headers`.
    pub headers: BTreeMap<String, Secret>,
    /// `subprotocols`.
    pub subprotocols: Vec<String>,
    /// `compression`.
    pub compression: Compression,
}

/// The time limits of a connection.
#[derive(Debug)]
pub struct TimeOptions {
    /// `connect_timeout`.
    pub connect_timeout: Duration,
    /// `ping_interval`.
    pub ping_interval: Option<Duration>,
    /// `pong_timeout`.
    pub pong_timeout: Option<Duration>,
}

/// The connection keys that only a source has.
#[derive(Debug, Default)]
pub struct FeedOptions {
    /// `stale_timeout`.
    pub stale_timeout: Option<Duration>,
    /// `idle_timeout`.
    pub idle_timeout: Option<Duration>,
    /// Whether `idle_resets_on` is `data`.
    pub idle_on_data: bool,
    /// `max_outage`.
    pub max_outage: Option<Duration>,
    /// `invalid_utf8`.
    pub invalid_utf8: Utf8Policy,
}

impl ConnectOptions {
    /// `connect_timeout` where it is left out.
    pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
    /// `reconnect_patience` where it is left out.
    pub const RECONNECT_PATIENCE: Duration = Duration::from_secs(300);
    /// `max_message_bytes` where it is left out.
    pub const MAX_MESSAGE_BYTES: usize = 64 << 20;

    /// The keys of a source for `url`, all others as when left out.
    pub fn new(url: impl Into<UrlText>) -> Self {
        Self {
            end: ComponentKind::Source,
            url: url.into(),
            request: RequestOptions::default(),
            proxy: ProxySetting::default(),
            tls: TlsConfig::default(),
            times: TimeOptions {
                connect_timeout: Self::CONNECT_TIMEOUT,
                ping_interval: None,
                pong_timeout: None,
            },
            reconnect: ReconnectKeys::default(),
            max_message_bytes: Self::MAX_MESSAGE_BYTES,
            read_buffer_bytes: None,
            reconnect_patience: Some(Self::RECONNECT_PATIENCE),
            feed: FeedOptions::default(),
            session: SessionKeys::default(),
            checks_json: false,
        }
    }

    /// Checks all keys, noting every problem. `None` when the URL is not usable.
    pub fn check(self, problems: &mut Problems) -> Option<Endpoint> {
        let calls_give_url = self.session.route.url_from.is_some();
        let url = match self.url.is_given() {
            true => self.url.check().map_err(|problem| problems.push(problem)).ok(),
            false => {
                let key = Problem::missing("url").expected("a ws:// or wss:// URL");
                problems.push_if(!calls_give_url, || key);
                None
            }
        };
        self.check_times(problems);
        self.check_sizes(problems);
        self.check_subprotocols(problems);
        let proxy = self.proxy.check(&"proxy".into(), problems);
        self.check_tls(&proxy, problems);
        let headers = self.check_credentials(url.as_ref(), problems);
        let plan = self.check_session(problems);
        let greeting = plan.plain_greeting();
        let talks = greeting.is_none();
        let greeting: Vec<Frame> =
            greeting.unwrap_or_default().into_iter().map(Frame::from).collect();
        let reconnect = Arc::new(self.reconnect.check(problems));
        let settings = Settings {
            role: Role::Client,
            reconnect,
            patience: self.reconnect_patience,
            times: self.time_limits(),
            frames: FrameLimits {
                max_message_bytes: self.max_message_bytes as u64,
                max_fragments: MAX_FRAGMENTS,
            },
            utf8: self.feed.invalid_utf8,
            pool: self.read_buffer_bytes.map_or_else(Pool::shared, Pool::of),
            tells_controls: false,
            greeting: greeting.into(),
        };
        if url.is_none() && !calls_give_url {
            return None;
        }
        Some(Endpoint {
            url,
            plan: Arc::new(plan),
            talks,
            hooks: Hooks::default(),
            offer: Arc::new(Offer {
                credentials: Credentials { fixed: Arc::new(headers), provider: None },
                subprotocols: self.request.subprotocols,
                compression: self.request.compression,
                connect_timeout: self.times.connect_timeout,
            }),
            means: Means { dial: None, proxy, environment: None, tls: self.tls },
            kind: self.end,
            settings: Arc::new(settings),
        })
    }

    /// Checks the keys of the conversation.
    fn check_session(&self, problems: &mut Problems) -> Plan {
        let is_source = self.end == ComponentKind::Source;
        let greeting_key = if is_source { "subscribe_messages" } else { "connect_messages" };
        SessionMessage::check(greeting_key, &self.session.script.greeting, problems);
        let around = Around {
            url: self.url.is_given().then(|| self.url.as_str()),
            headers: &self.request.headers,
            reconnect: self.reconnect.reconnect,
            greeting_key,
            is_source,
            max_message_bytes: self.max_message_bytes,
            checks_json: self.checks_json,
        };
        self.session.check(&around, problems)
    }

    fn time_limits(&self) -> TimeLimits {
        TimeLimits {
            ping_interval: self.times.ping_interval,
            pong_timeout: self.times.pong_timeout.or(self.times.ping_interval).unwrap_or_default(),
            stale_timeout: self.feed.stale_timeout,
            idle_timeout: self.feed.idle_timeout,
            idle_on_data: self.feed.idle_on_data,
            max_outage: self.feed.max_outage,
        }
    }

    fn check_tls(&self, proxy: &ProxyChoice, problems: &mut Problems) {
        self.tls.check(&"tls".into(), problems);
        // A conversation may call, or be sent to, another place with TLS.
        let session = &self.session;
        let elsewhere = session.route.url_from.is_some() || !session.before_connect.is_empty();
        let plain = self.url.is_plain() && !elsewhere;
        // The authorities of `ca_file` are trusted for the certificate of a proxy, too.
        let of_proxy = TlsConfig { ca_file: self.tls.ca_file.clone(), ..TlsConfig::default() };
        let used = if proxy.is_tls() { of_proxy } else { TlsConfig::default() };
        problems.push_if(plain && self.tls != used, || {
            Problem::invalid("tls", "has no effect on a ws:// url; use wss://")
        });
    }

    fn check_times(&self, problems: &mut Problems) {
        for (key, value) in [
            ("connect_timeout", Some(self.times.connect_timeout)),
            ("ping_interval", self.times.ping_interval),
            ("pong_timeout", self.times.pong_timeout),
            ("stale_timeout", self.feed.stale_timeout),
            ("reconnect_patience", self.reconnect_patience),
            ("max_outage", self.feed.max_outage),
            ("idle_timeout", self.feed.idle_timeout),
        ] {
            duration::check(key, value, problems);
        }
        problems.push_if(
            self.times.pong_timeout.is_some() && self.times.ping_interval.is_none(),
            || Problem::needs("pong_timeout", "ping_interval"),
        );
    }

    fn check_sizes(&self, problems: &mut Problems) {
        problems.push_if(!(1..=LARGEST_MESSAGE).contains(&self.max_message_bytes), || {
            Problem::out_of_range("max_message_bytes", "from 1 byte to 2 GiB")
        });
        problems.push_if(
            self.read_buffer_bytes.is_some_and(|n| n == 0 || n > LARGEST_READ_BUFFER),
            || Problem::out_of_range("read_buffer_bytes", "from 1 byte to 64 MiB"),
        );
    }

    /// Subprotocols are distinct tokens (RFC 6455 §4.1).
    fn check_subprotocols(&self, problems: &mut Problems) {
        let at = |index| KeyPath::key("subprotocols").at(index);
        let mut first: BTreeMap<&str, usize> = BTreeMap::new();
        for (index, name) in self.request.subprotocols.iter().enumerate() {
            problems.push_if(HeaderName::from_bytes(name.as_bytes()).is_err(), || {
                Problem::invalid(at(index), "not a token (RFC 6455 §4.1)")
                    .expected("a name without spaces and commas")
            });
            let before = *first.entry(name).or_insert(index);
            problems.push_if(before < index, || {
                Problem::new(at(index), ProblemKind::Duplicate { of: at(before) })
            });
        }
    }

    /// The headers of the request. `Authorization` comes from one of `headers`, `url` and `auth`.
    fn check_credentials(&self, url: Option<&UrlTemplate>, problems: &mut Problems) -> HeaderMap {
        let path = KeyPath::key("headers");
        let mut headers = check_headers(&path, &self.request.headers, problems);
        let user = url.and_then(UrlTemplate::user_info);
        let of_url = user.map(|(user, password)| basic_headers(&user, &password));
        let of_auth = self.request.auth.check(&"auth".into(), problems);
        for (from, more) in [("url", of_url.unwrap_or_default()), ("auth", of_auth)] {
            for (name, value) in more {
                // No header of these is repeated, so that each has its name.
                let Some(name) = name else { continue };
                if headers.contains_key(&name) {
                    problems.push(Problem::conflict(from, self.origin_of(&name)));
                }
                headers.insert(name, value);
            }
        }
        headers
    }

    /// The key that has set the header `name` already.
    fn origin_of(&self, name: &HeaderName) -> KeyPath {
        let same = |written: &&String| written.eq_ignore_ascii_case(name.as_str());
        match self.request.headers.keys().find(same) {
            Some(written) => KeyPath::key("headers").then(written.as_str()),
            None => "url".into(),
        }
    }
}
