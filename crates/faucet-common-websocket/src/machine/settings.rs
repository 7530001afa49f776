//! The rules that a connection follows.

use std::sync::Arc;
use std::time::Duration;

use faucet_connect::ReconnectPolicy;

use crate::frame::Frame;
use crate::machine::frames::FrameLimits;
use crate::machine::pool::Pool;
use crate::machine::role::Role;
use crate::machine::utf8_policy::Utf8Policy;

/// The time limits of a connection. `None` is no limit.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct TimeLimits {
    /// `None` sends no keepalive Pings.
    pub(crate) ping_interval: Option<Duration>,
    pub(crate) pong_timeout: Duration,
    pub(crate) stale_timeout: Option<Duration>,
    pub(crate) idle_timeout: Option<Duration>,
    /// Whether only data resets the idle clock.
    pub(crate) idle_on_data: bool,
    pub(crate) max_outage: Option<Duration>,
}

/// The rules that a connection follows, whichever endpoint it connects to.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// The end of the connection that the machine is.
    pub(crate) role: Role,
    pub(crate) reconnect: Arc<ReconnectPolicy>,
    /// How long ends of one class may repeat; `None` is no limit.
    pub(crate) patience: Option<Duration>,
    pub(crate) times: TimeLimits,
    pub(crate) frames: FrameLimits,
    pub(crate) utf8: Utf8Policy,
    /// The buffers that are read into.
    pub(crate) pool: Arc<Pool>,
    /// Whether the owner is told the Pings of the peer, and the Pongs that answer no Ping of ours.
    pub(crate) tells_controls: bool,
    /// Sent in order after every connect.
    pub(crate) greeting: Arc<[Frame]>,
}
