//! The checked configuration.

use faucet_common_websocket::Endpoint;

use crate::delivery::policy::DeliveryPolicy;
use crate::encode::Encoder;

/// A checked configuration.
pub(crate) struct Checked {
    pub(crate) endpoint: Endpoint,
    pub(crate) encoder: Encoder,
    pub(crate) policy: DeliveryPolicy,
}
