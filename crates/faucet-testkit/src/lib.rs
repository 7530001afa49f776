//! For authors of connectors: a scripted WebSocket peer, test doubles, and conformance suites.
//!
//! # The scripted peer
//!
//! [`ScriptedServer`] listens on `127.0.0.1` and a free port; [`ScriptedPeer`] plays the same
//! scripts over in-memory streams, for tests with paused time. The n-th connection plays the n-th
//! [`Script`], the last one repeats.
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
//! What the client must send (a legal request, masked frames) is checked on every connection.
//!
//! # Doubles
//!
//! [`VecSource`] and [`FailingSource`]; [`MemorySink`], [`FailingSink`] and [`GatedSink`], a sink
//! that is as slow as the test wants, or blocks for ever.
//!
//! # Conformance
//!
//! [`conformance`] holds what every connector must satisfy; call it from your tests.

#[cfg(feature = "tls")]
mod ca;
pub mod conformance;
mod doubles;
mod gate;
#[cfg(feature = "server")]
mod scripted;

#[cfg(feature = "tls")]
pub use ca::{Identity, TestCa};
pub use doubles::{FailingSink, FailingSource, GatedSink, MemorySink, VecSource};
pub use gate::Gate;
#[cfg(feature = "server")]
pub use scripted::{
    End, Frame, ReceivedFrame, Request, Script, ScriptedPeer, ScriptedServer, Seen, opcode,
    refused_address,
};
