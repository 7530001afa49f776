//! The records that were found in a batch of messages.

use faucet_connect::Quote;

use crate::plan::Sent;
use crate::script::memory::Kept;
use crate::template::Token;

/// The records that were found in a batch of messages. Their places replace those of the messages.
#[derive(Debug, Default)]
pub struct Batch {
    /// The bytes in which the records stand, where these are not the received ones.
    pub made: Option<Vec<u8>>,
    /// Whether each record is known to be JSON without a line break.
    pub is_json: bool,
    /// How many messages were control.
    pub control: u64,
    /// How many messages were neither control nor began as data.
    pub unmatched: u64,
    /// The marks between the records, in order.
    pub marks: Vec<Mark>,
    /// Whether the records are the messages as they were received.
    pub is_whole: bool,
    /// The records that a decoder could not read, in order. Each is a whole message, behind `decompress`.
    pub undecoded: Vec<Undecoded>,
}

/// A message that a decoder could not read.
#[derive(Debug)]
pub struct Undecoded {
    /// The number of the record that the message is, from 0.
    pub at: usize,
    /// Why not.
    pub why: Quote,
}

impl Batch {
    /// Messages that nobody has looked at.
    pub(crate) fn whole() -> Self {
        Self { is_whole: true, ..Self::default() }
    }

    /// The batch follows messages that were no records, and that left these marks.
    pub fn follow(&mut self, marks: Vec<Mark>) {
        self.marks.splice(0..0, marks.into_iter().map(|mark| Mark { at: 0, ..mark }));
    }
}

/// Something that stands between the records of a batch.
#[derive(Debug)]
pub struct Mark {
    /// How many records of the batch stand before it.
    pub at: usize,
    /// The kind of the mark.
    pub what: MarkKind,
}

/// A mark between records.
#[derive(Debug)]
#[non_exhaustive]
pub enum MarkKind {
    /// The position behind the records before; `None`: it was forgotten.
    Cursor(Option<Token>),
    /// The kept values have changed.
    Kept(Kept),
    /// The next message has numbers.
    Number(MessageNumber),
    /// The count of this key begins anew with the next number: the message itself has none.
    CountReset(Vec<u8>),
    /// The answer to send once the records before are flushed.
    Reply(Sent),
}

/// The numbers of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageNumber {
    /// The values that have a count of their own, one behind the other.
    pub key: Vec<u8>,
    /// The number of the first element.
    pub first: i128,
    /// The number of the last element.
    pub last: i128,
    /// The number of the message before.
    pub previous: Option<i128>,
    /// Whether the count begins anew.
    pub resets: bool,
}
