//! The rules that a session follows.

use std::time::Duration;

use faucet_connect::ReconnectPolicy;
use faucet_core::ComponentKind;

use crate::frame::Frame;

/// The rules that a session follows, whichever endpoint it connects to.
#[derive(Debug, Clone)]
pub(crate) struct SessionPolicy {
    /// The kind of component that the session belongs to.
    pub(crate) end: ComponentKind,
    pub(crate) reconnect: ReconnectPolicy,
    /// `None` sends no keepalive Pings.
    pub(crate) ping_interval: Option<Duration>,
    pub(crate) pong_timeout: Duration,
    pub(crate) stale_timeout: Option<Duration>,
    /// Sent in order after every connect.
    pub(crate) greeting: Vec<Frame>,
}
