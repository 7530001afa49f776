//! Messages that were received together.

use faucet_session::script::Batch;

use crate::machine::{Stamp, Taken};

/// Messages that were received together.
#[derive(Debug)]
pub struct Received<'a> {
    /// The bytes in which the messages stand.
    pub bytes: Taken<'a>,
    /// When they were read.
    pub stamp: Stamp,
    /// The records that a conversation found in the messages. `None`: there is no conversation, and line
    /// breaks alone stand between the messages.
    pub batch: Option<Batch>,
}
