//! The keys that delivery follows.

use std::time::Duration;

use crate::delivery::delivery_mode::DeliveryMode;
use crate::delivery::window::Limits;

/// The keys that delivery follows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DeliveryPolicy {
    pub(crate) mode: DeliveryMode,
    pub(crate) limits: Limits,
    pub(crate) ack_timeout: Duration,
    pub(crate) write_timeout: Duration,
    pub(crate) reconnect: bool,
    /// Whether a record that the peer rejects goes back to the runner.
    pub(crate) hands_back: bool,
}
