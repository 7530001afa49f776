//! The checked configuration.

use faucet_common_websocket::Endpoint;
use faucet_core::PageLimits;

use crate::message_format::{OnParseError, WsMessageFormat};
use crate::stop::StopRule;

/// A checked configuration.
pub(crate) struct Checked {
    pub(crate) endpoint: Endpoint,
    pub(crate) format: WsMessageFormat,
    pub(crate) on_parse_error: OnParseError,
    /// Whether errors show an excerpt of the message.
    pub(crate) excerpts: bool,
    pub(crate) envelope: bool,
    pub(crate) stop: StopRule,
    pub(crate) stop_on_ctrl_c: bool,
    pub(crate) page: PageLimits,
}
