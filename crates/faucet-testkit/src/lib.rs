//! For authors of connectors: conformance suites, test doubles, and scripted peers.
//!
//! # Conformance
//!
//! [`source`], [`sink`], [`transform`] and [`config`] hold what every component must satisfy: one
//! function for each promise, and `conforms` for all that apply. A case says what the suite cannot
//! know: how to make the component, what a run yields, how to read the far end.
//!
//! ```
//! use faucet_testkit::source::{self, SourceCase};
//! use faucet_testkit::{FailingSource, VecSource};
//! # use faucet_core::{Error, ErrorKind};
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() {
//! let feed = VecSource::texts(&["one", "two", "three"], 2);
//! let case = SourceCase::new(async || feed.clone())
//!     .payloads(["one", "two", "three"])
//!     .page_limit(2)
//!     .replays()
//!     .name("vec")
//!     .unreachable(async || FailingSource::new(|| Error::new(ErrorKind::Connect, "refused")));
//! source::conforms(&case).await;
//! # }
//! ```
//!
//! # Doubles
//!
//! [`VecSource`] and [`FailingSource`]; [`PassTransform`] and [`BufferingTransform`]; [`MemorySink`],
//! [`FailingSink`] and [`GatedSink`], a sink that is as slow as the test wants, or blocks for ever.
//! [`Chaos`] and [`Polls`] kill a run at a chosen step or poll.
//!
//! # Pages
//!
//! [`page`] finds the commands of a page of documentation and compares their output with the page.
//!
//! # Scripted peers
//!
//! With the feature `tcp`, `ScriptedTcp` is a peer for protocols of bytes and lines. With the feature
//! `server`, `ScriptedServer` is a WebSocket peer that can break every rule, and `ScriptedPeer`
//! plays the same scripts over in-memory streams, for tests with paused time. `HttpServer` answers the
//! HTTP calls that come before a connect. The feature `tls` puts both behind TLS. `ScriptedProxy` is an
//! HTTP or SOCKS5 proxy in front of one of them. All listen on `127.0.0.1` and a free port; the n-th
//! connection (of `HttpServer`: request) plays the n-th script, the last one repeats.
//!
//! ```
//! # #[cfg(feature = "server")]
//! # async fn demo() {
//! use faucet_testkit::{Frame, Gate, Script, ScriptedServer};
//!
//! let gate = Gate::new();
//! let server = ScriptedServer::start([
//!     Script::reject(503).header("Retry-After", "2").body("busy"),
//!     Script::accept().expect_text("subscribe").send_text(r#"{"a":1}"#).close(1012, "restart"),
//!     Script::accept().send_frame(Frame::text("x").rsv(0b100)).expect_close_code(1002),
//!     Script::accept().wait(&gate).repeat(1_000_000, |i| format!("{{\"i\":{i}}}")).stall(),
//! ])
//! .await;
//! // … the client under test connects to server.url() …
//! server.until(|connections| connections.len() == 2).await;
//! gate.open();
//! let connections = server.finish().await; // panics when a client did not do what was expected
//! assert_eq!(connections[0].header("Authorization"), Some("Bearer t"));
//! assert_eq!(connections[1].texts(), ["subscribe"]);
//! assert_eq!(connections[1].close_code(), Some(1012));
//! # }
//! ```
//!
//! A script also holds a conversation: it waits for messages by what they hold, and answers with
//! values of the message.
//!
//! ```
//! # #[cfg(feature = "server")]
//! # async fn demo() {
//! use faucet_testkit::{Frame, Script, ScriptedServer};
//! use serde_json::json;
//!
//! let server = ScriptedServer::start([Script::accept()
//!     .whenever(json!({"text": "ping"}), Frame::text("pong"))
//!     .next_json(json!({"/op": "login", "/args/0/apiKey": {"exists": true}}))
//!     .remember("session", "/session")
//!     .reply_json(json!({"id": "{/id}", "result": "ok"})) // a number keeps its digits
//!     .unordered([
//!         (json!({"/channel": "trades"}), json!({"subscribed": "{/channel}"})),
//!         (json!({"/channel": "books"}), json!({"error": "no {/channel} in {session}"})),
//!     ])
//!     .close(1012, "restart")])
//! .await;
//! // … the client under test connects to server.url() …
//! server.finish().await;
//! assert_eq!(server.json_messages(0)[0]["op"], "login");
//! # }
//! ```
//!
//! The WebSocket peers check on every connection that the client sends a legal request and masked
//! frames. Where a script chose permessage-deflate they log and compare the client's messages as they
//! were before they were compressed.

#[cfg(feature = "tls")]
mod ca;
mod chaos;
mod doubles;
mod gate;
mod keys;
pub mod page;
#[cfg(feature = "tcp")]
mod scripted;
mod suites;
#[cfg(feature = "tls")]
mod version_one;

#[cfg(feature = "tls")]
pub use ca::{Identity, TestCa};
pub use chaos::{Chaos, Polls};
pub use doubles::{
    BufferingTransform, FailingSink, FailingSource, GatedSink, MemorySink, PassTransform, VecSource,
};
pub use gate::Gate;
pub use keys::keys_have_tests;
#[cfg(feature = "server")]
pub use scripted::{
    Deflater, End, Frame, HttpScript, HttpSeen, HttpServer, ReceivedFrame, Reply, Request, Script,
    ScriptedPeer, ScriptedServer, Seen, opcode,
};
#[cfg(feature = "tcp")]
pub use scripted::{
    ProxyScript, ScriptedProxy, ScriptedTcp, TcpEnd, TcpScript, TcpSeen, refused_address,
};
pub use suites::sample::record;
pub use suites::{config, sink, source, transform};

/// The example of the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
