//! A message that came in, for a hook.

use faucet_core::MessageKind;

/// A message that came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InboundMessage<'a> {
    /// The kind of message.
    pub kind: MessageKind,
    /// The payload.
    pub bytes: &'a [u8],
}

impl<'a> InboundMessage<'a> {
    /// A binary message, for a test.
    pub const fn binary(bytes: &'a [u8]) -> Self {
        Self { kind: MessageKind::Binary, bytes }
    }

    /// A text message, for a test.
    pub const fn text_message(text: &'a str) -> Self {
        Self { kind: MessageKind::Text, bytes: text.as_bytes() }
    }

    /// The payload as text. `None` where it is not UTF-8.
    pub fn text(self) -> Option<&'a str> {
        std::str::from_utf8(self.bytes).ok()
    }
}
