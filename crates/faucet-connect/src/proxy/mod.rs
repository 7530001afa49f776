//! Proxies between us and a far end: HTTP CONNECT and SOCKS5, from the configuration or from the
//! environment.

mod bypass;
mod choice;
mod dial;
mod environment;
pub(crate) mod failure;
mod http_tunnel;
mod setting;
mod socks;
mod url;

pub use choice::ProxyChoice;
pub use dial::ProxyDial;
pub use environment::ProxyEnvironment;
pub use failure::{ProxyFailure, ProxyFault, SocksRefusal};
pub use setting::ProxySetting;
pub use url::{ProxyScheme, ProxyUrl, ProxyUrlFault};
