//! A scripted HTTP server.

mod player;
mod script;
mod seen;
mod server;
mod stage;

pub use script::HttpScript;
pub use seen::HttpSeen;
pub use server::HttpServer;
