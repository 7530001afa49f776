//! One connection that stands.

use std::io;

use faucet_connect::Secrets;
use faucet_session::script::{Batch, Conversation};

use crate::machine::end::End;
use crate::machine::inbox::Inbox;
use crate::machine::outbox::Outbox;

/// One connection that stands: its bytes in both directions.
pub(crate) struct Line {
    pub(crate) inbox: Inbox,
    pub(crate) outbox: Outbox,
    /// Texts that no message may show, although the peer may repeat them.
    pub(crate) secrets: Secrets,
    /// Writing has failed. Everything that arrived before is still read; then the connection ends
    /// with this error.
    pub(crate) write_error: Option<io::Error>,
    /// Writing has failed: nothing is encoded any more.
    pub(crate) write_failed: bool,
    /// The Close frame of the peer, which came in behind our own.
    pub(crate) peer_close: Option<End>,
    /// The records that the conversation found in the messages that wait.
    pub(crate) batch: Option<Batch>,
}

impl Line {
    pub(crate) fn new(inbox: Inbox, outbox: Outbox, secrets: Secrets) -> Self {
        Self {
            inbox,
            outbox,
            secrets,
            write_error: None,
            write_failed: false,
            peer_close: None,
            batch: None,
        }
    }

    /// Whether whole messages wait, or marks of messages that are no records.
    pub(crate) fn has_news(&self) -> bool {
        self.inbox.has_messages() || self.has_marks()
    }

    /// Whether marks of messages wait.
    pub(crate) fn has_marks(&self) -> bool {
        self.batch.as_ref().is_some_and(|batch| !batch.marks.is_empty())
    }

    /// The texts that no message may show: also those that came about while the connection stood.
    pub(crate) fn all_secrets(&self, talk: Option<&Conversation>) -> Secrets {
        talk.and_then(Conversation::secrets_of_connection).unwrap_or_else(|| self.secrets.clone())
    }
}
