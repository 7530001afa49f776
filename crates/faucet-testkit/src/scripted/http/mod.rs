//! A scripted HTTP server.

mod player;
mod script;
mod seen;
mod server;

pub use script::HttpScript;
pub use seen::HttpSeen;
pub use server::HttpServer;
