//! Counters of a receiver.

use faucet_common_websocket::Frame;

use crate::numbers::{Numbers, number_of};

/// A number of messages, and the bytes of their payloads.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Amount {
    /// Messages.
    pub messages: u64,
    /// Payload bytes.
    pub bytes: u64,
}

/// The counters of all connections together.
#[derive(Debug, Default)]
pub struct Tally {
    text: Amount,
    binary: Amount,
    connections: u64,
    open: u64,
    numbers: Numbers,
}

/// The latest trade number of one connection.
#[derive(Debug, Default)]
pub struct Cursor(Option<u64>);

impl Tally {
    /// Counts a connection that begins, and returns its number, from 1.
    pub fn connected(&mut self) -> u64 {
        self.open += 1;
        self.connections += 1;
        self.connections
    }

    /// Counts the end of a connection that [`connected`](Self::connected) has counted.
    pub fn disconnected(&mut self) {
        self.open -= 1;
    }

    /// Counts a message of the connection that `cursor` belongs to.
    pub fn add(&mut self, frame: &Frame, cursor: &mut Cursor) {
        let (amount, bytes) = match frame {
            Frame::Text(bytes) => (&mut self.text, bytes),
            Frame::Binary(bytes) => (&mut self.binary, bytes),
        };
        amount.messages += 1;
        amount.bytes += bytes.len() as u64;
        if let Some(number) = number_of(bytes) {
            self.numbers.see(cursor.0, number);
            cursor.0 = Some(number);
        }
    }

    /// Text messages.
    pub fn text(&self) -> Amount {
        self.text
    }

    /// Binary messages.
    pub fn binary(&self) -> Amount {
        self.binary
    }

    /// Connections that are open.
    pub fn open(&self) -> u64 {
        self.open
    }

    /// All connections, closed ones included.
    pub fn connections(&self) -> u64 {
        self.connections
    }

    /// The trade numbers.
    pub fn numbers(&self) -> &Numbers {
        &self.numbers
    }

    /// Messages of both kinds.
    pub fn messages(&self) -> u64 {
        self.text.messages + self.binary.messages
    }
}
