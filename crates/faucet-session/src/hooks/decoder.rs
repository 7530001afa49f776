//! A decoder of messages in a packing of their own.

use crate::hooks::decode_failed::DecodeFailed;
use crate::hooks::decoded::DecodedMessages;
use crate::hooks::decoded_message::DecodedMessage;
use crate::hooks::inbound::InboundMessage;

/// Reads messages of a packing of its own, such as CBOR, and makes messages of them that the
/// conversation can read.
///
/// The decoder is called for each message that came in, behind `decompress` and before `framing`, in
/// the order of the feed. Each connection has a decoder of its own, so a decoder may keep state from
/// message to message.
///
/// ```
/// use faucet_session::hooks::{
///     DecodeFailed, DecodedMessage, DecodedMessages, DecodedRecord, InboundMessage, MessageDecoder,
/// };
///
/// /// Reads messages whose first four bytes are their number. The rest is the record.
/// struct Numbered;
///
/// impl MessageDecoder for Numbered {
///     fn decode(
///         &mut self,
///         message: InboundMessage<'_>,
///         decoded: &mut DecodedMessages,
///     ) -> Result<(), DecodeFailed> {
///         let Some((number, _)) = message.bytes.split_first_chunk::<4>() else {
///             return Err(DecodeFailed::new("the message has no number"));
///         };
///         // `resume: {cursor: /number}` and `sequence: {last: /number}` can read this.
///         let about = format!("{{\"number\":{}}}", u32::from_be_bytes(*number));
///         decoded.record(about, DecodedRecord::Slice(4..message.bytes.len()));
///         Ok(())
///     }
/// }
///
/// // A test of the decoder needs neither a source nor a server.
/// let message = InboundMessage::binary(b"\0\0\0\x07hello");
/// let found = Numbered.decode_one(message, 1 << 20)?;
/// let about = "{\"number\":7}".to_owned();
/// assert_eq!(found, [DecodedMessage::Record { about, record: b"hello".to_vec() }]);
/// # Ok::<(), DecodeFailed>(())
/// ```
pub trait MessageDecoder: Send {
    /// Decodes a message: adds to `decoded` whatever the message holds, nothing included.
    ///
    /// # Errors
    /// The message cannot be decoded. `on_parse_error` of the source decides about it, as about a
    /// message that is not JSON. Messages that were added before the error are dropped. A panic counts
    /// as an error.
    fn decode(
        &mut self,
        message: InboundMessage<'_>,
        decoded: &mut DecodedMessages,
    ) -> Result<(), DecodeFailed>;

    /// Decodes a message for a test: the messages in it, as the source takes them where
    /// `max_message_bytes` is `max_bytes`.
    ///
    /// # Errors
    /// The message cannot be decoded, or the decoder has broken a rule of [`DecodedMessages`].
    fn decode_one(
        &mut self,
        message: InboundMessage<'_>,
        max_bytes: usize,
    ) -> Result<Vec<DecodedMessage>, DecodeFailed>
    where
        Self: Sized,
    {
        let mut decoded = DecodedMessages::default();
        decoded.begin(message, max_bytes);
        self.decode(message, &mut decoded)?;
        let parts = decoded.take_parts(message)?;
        Ok(parts.iter().map(|part| part.owned(decoded.bytes(), message.bytes)).collect())
    }
}
