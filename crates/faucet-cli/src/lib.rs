//! The command `faucet`, as a library: give it a registry and it is the command line of your own
//! build, under your own name.
//!
//! ```no_run
//! # mod acme { pub fn register(_: &mut faucet_core::Registry) -> Result<(), faucet_core::Problems> { Ok(()) } }
//! use std::process::ExitCode;
//!
//! fn main() -> ExitCode {
//!     let mut registry = faucet_stream::registry();
//!     acme::register(&mut registry).expect("the name is free");
//!     faucet_cli::App::new(registry).name("acme").version(env!("CARGO_PKG_VERSION")).run()
//! }
//! ```

mod app;
mod args;
mod commands;
mod examples;
mod exit;
mod feed_args;
mod graph;
mod line;
mod live;
mod logging;
mod output;
mod pages;
mod rate;
mod running;
mod screen;
mod script;
mod serve;
mod signals;
mod spec;
mod stderr;
mod supervisor;
mod tap;

pub use app::App;
pub use pages::documents;
