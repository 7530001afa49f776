//! WebSocket peers to try faucet-stream with, on one machine: the servers behind `faucet feed`,
//! `faucet receive` and `faucet demo`.
//!
//! A [`FeedServer`] serves a synthetic exchange or a recording to each client. A [`Receiver`] takes
//! messages, counts them in a [`Tally`] and checks the order of their trade [`Numbers`]. Both can make
//! [`Faults`]: drops, stalls and more, at random and the same for the same seed. Neither server checks credentials or speaks TLS: use them on loopback and in networks of your own.
//!
//! ```no_run
//! use faucet_lab::{FeedServer, Program};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! let rate = std::num::NonZeroU32::new(1000);
//! let program = Program::Synthetic { rate, seed: 1, drop_after: None };
//! let server = FeedServer::bind(([127, 0, 0, 1], 0).into(), program).await?;
//! println!("{}", server.url()?);
//! server.serve(std::future::pending()).await;
//! # Ok(())
//! # }
//! ```

mod exchange;
mod faults;
mod feed;
mod line;
mod listening;
mod market;
mod numbers;
mod receiver;
mod recording;
mod sending;
mod tally;
mod trading;

pub use exchange::Exchange;
pub use faucet_common_websocket::Frame;
pub use faults::Faults;
pub use feed::{FeedServer, Program};
pub use numbers::{Numbers, number_of};
pub use receiver::{Print, Received, Receiver, ReceiverOptions};
pub use recording::Pace;
pub use tally::{Amount, Cursor, Tally};

/// The example of the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
