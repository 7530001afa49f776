//! The checked configuration.

use std::time::Duration;

use faucet_common_websocket::Endpoint;

use crate::delivery_mode::DeliveryMode;
use crate::encode::Encoder;
use crate::window::Limits;

/// A checked configuration.
pub(crate) struct Checked {
    pub(crate) endpoint: Endpoint,
    pub(crate) encoder: Encoder,
    pub(crate) terms: Terms,
}

/// What the driver goes by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms {
    pub(crate) delivery: DeliveryMode,
    pub(crate) limits: Limits,
    pub(crate) ack_timeout: Duration,
    pub(crate) write_timeout: Duration,
    pub(crate) reconnect: bool,
}
