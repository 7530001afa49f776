//! One attempt to connect.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use faucet_connect::StepLog;
use faucet_session::connect::Dialing;
use futures_util::FutureExt;

use crate::connect_failed::ConnectFailed;
use crate::target::{Attempt, Target};

/// Connects once. A dialer or a provider of credentials that panics fails the attempt: the records
/// that were received before are not lost with it.
pub(crate) async fn dial(target: Arc<Target>, dialing: Option<Dialing>) -> Attempt {
    let mut log = StepLog::new();
    let dialing = AssertUnwindSafe(target.connect(&mut log, dialing));
    let dialed = dialing.catch_unwind().await;
    dialed.unwrap_or_else(|panic| Attempt {
        result: Err(ConnectFailed::panicked(&*panic, &target.secrets())),
        shown: None,
    })
}
