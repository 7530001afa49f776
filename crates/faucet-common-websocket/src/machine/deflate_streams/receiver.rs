//! The receiving end of a stream under test.

use std::time::Instant;

use faucet_core::{MessageKind, Span, Timestamp};

use crate::machine::control::Control;
use crate::machine::deflate::Direction;
use crate::machine::frames::{FrameLimits, Frames};
use crate::machine::inbox::{Inbound, Inbox};
use crate::machine::pool::Pool;
use crate::machine::role::Role;
use crate::machine::stamp::Stamp;
use crate::machine::taken::Taken;
use crate::machine::utf8_policy::Utf8Policy;
use crate::machine::violation::Violation;

pub(super) const MAX: u64 = 2_000_000;

/// A message as the owner gets it.
pub(super) type Received = (MessageKind, Vec<u8>);

/// The receiving end, and what it has received.
pub(super) struct Receiver {
    pub(super) inbox: Inbox,
    /// Messages are taken only when nothing is left to look at, or when they must be.
    pub(super) patient: bool,
    pub(super) received: Vec<Received>,
    /// The sizes of the chunks that were taken.
    pub(super) chunks: Vec<usize>,
    pub(super) controls: usize,
}

impl Receiver {
    pub(super) fn new(role: Role, utf8: Utf8Policy, inbound: Direction, buffer: usize) -> Self {
        let limits = FrameLimits { max_message_bytes: MAX, max_fragments: 1000 };
        let now = Stamp { instant: Instant::now(), timestamp: Timestamp::from_unix_millis(0) };
        let inbox = Inbox::new(Frames::new(role, limits, utf8), Pool::of(buffer), now);
        Self {
            inbox: inbox.with_deflate(inbound),
            patient: false,
            received: Vec::new(),
            chunks: Vec::new(),
            controls: 0,
        }
    }

    /// Receives `bytes` in pieces of at most `piece` bytes.
    pub(super) fn read(&mut self, bytes: &[u8], piece: usize) -> Result<(), Violation> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let space = self.inbox.space();
            let n = space.len().min(rest.len()).min(piece);
            space[..n].copy_from_slice(&rest[..n]);
            self.inbox.filled(n, self.inbox.stamp());
            rest = &rest[n..];
            let looked = self.look();
            self.take();
            looked?;
            while self.inbox.is_unread() {
                let looked = self.look();
                self.take();
                looked?;
            }
            self.inbox.rest();
        }
        Ok(())
    }

    fn look(&mut self) -> Result<(), Violation> {
        loop {
            match self.inbox.next()? {
                Inbound::More | Inbound::Full => return Ok(()),
                Inbound::Control(Control::Ping(_)) => self.controls += 1,
                Inbound::Control(other) => panic!("{other:?}"),
            }
            if !self.patient {
                self.take();
            }
        }
    }

    /// Takes the messages that wait, and checks what a batch promises.
    fn take(&mut self) {
        if !self.inbox.has_messages() {
            return;
        }
        let mut spans = Vec::new();
        let taken = self.inbox.take(&mut spans);
        let bytes = match &taken {
            Taken::Shared(bytes) => &bytes[..],
            Taken::Small(bytes) => bytes,
        };
        let mut end = 0;
        for Span { at, len, kind } in spans {
            let (at, len) = (at as usize, len as usize);
            assert!(at > end, "a line break stands in front of each message");
            // The buffer may begin with what was taken before.
            let gap = if end == 0 { &bytes[at - 1..at] } else { &bytes[end..at] };
            assert!(gap.iter().all(|byte| *byte == b'\n'), "{gap:?}");
            end = at + len;
            self.received.push((kind, bytes[at..end].to_vec()));
        }
        let size = bytes.len();
        self.chunks.push(size);
    }
}
