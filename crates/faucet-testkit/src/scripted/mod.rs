//! The scripted peers.

mod address;
#[cfg(feature = "server")]
mod arrived;
#[cfg(feature = "server")]
mod channel;
#[cfg(feature = "server")]
mod conversation;
#[cfg(feature = "server")]
mod deflate;
#[cfg(feature = "server")]
mod http;
mod line;
mod log;
#[cfg(feature = "server")]
mod peer;
#[cfg(feature = "server")]
mod player;
mod proxy;
#[cfg(feature = "server")]
mod script;
#[cfg(feature = "server")]
mod seen;
#[cfg(feature = "server")]
mod server;
#[cfg(feature = "server")]
mod step;
mod tcp_player;
mod tcp_script;
mod tcp_seen;
mod tcp_server;
#[cfg(feature = "server")]
mod upgrade;
#[cfg(feature = "server")]
mod wire;
#[cfg(feature = "server")]
mod wrap;

pub use address::refused_address;
#[cfg(feature = "server")]
pub use conversation::Reply;
#[cfg(feature = "server")]
pub use deflate::Deflater;
#[cfg(feature = "server")]
pub use http::{HttpScript, HttpSeen, HttpServer};
#[cfg(feature = "server")]
pub use peer::ScriptedPeer;
pub use proxy::{ProxyScript, ScriptedProxy};
#[cfg(feature = "server")]
pub use script::Script;
#[cfg(feature = "server")]
pub use seen::{End, Request, Seen};
#[cfg(feature = "server")]
pub use server::ScriptedServer;
pub use tcp_script::TcpScript;
pub use tcp_seen::{TcpEnd, TcpSeen};
pub use tcp_server::ScriptedTcp;
#[cfg(feature = "server")]
pub use wire::{Frame, ReceivedFrame, opcode};
