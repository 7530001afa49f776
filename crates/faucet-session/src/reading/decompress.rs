//! The choice of decompression, and its work on one connection.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::reading::failure::{DecompressFailed, DictionaryUnusable};
use crate::reading::inflater::Inflater;
use crate::reading::output::Output;
use crate::reading::pending::Pending;
use crate::reading::zstd::Unzstd;
use crate::reading::{gzip, zstd};

/// How the provider compresses the content of its binary messages. This is not permessage-deflate,
/// which the connection itself undoes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Decompress {
    /// Leaves messages as they are.
    #[default]
    None,
    /// Each message is gzip (RFC 1952). Several members in one message are one text.
    Gzip,
    /// Each message is one zlib stream (RFC 1950).
    Zlib,
    /// Each message is one raw DEFLATE stream (RFC 1951), without a header or a checksum.
    Deflate,
    /// Each message is zstd (RFC 8878), with or without the dictionary of `decompress_dictionary`.
    /// Several frames in one message are one text. A frame may ask for a window of at most 8 MiB.
    Zstd,
    /// The first bytes of each message tell gzip, zlib or zstd. A message that begins like none of
    /// them stays as it is. Raw DEFLATE has no first bytes of its own and needs `deflate`.
    Auto,
    /// All messages of a connection are one zlib stream, as Discord's `zlib-stream`. The bytes
    /// `00 00 ff ff` at the end of a message end a text; a message without them goes on in the next.
    ZlibStream,
    /// All messages of a connection are one zstd stream, as Discord's `zstd-stream`. A message that
    /// ends inside of a block goes on in the next. The window has at most 8 MiB.
    ZstdStream,
}

impl Decompress {
    /// Whether a zstd dictionary has an effect.
    pub fn takes_dictionary(self) -> bool {
        matches!(self, Self::Zstd | Self::Auto | Self::ZstdStream)
    }

    /// Whether all messages of a connection are one stream.
    pub fn is_stream(self) -> bool {
        matches!(self, Self::ZlibStream | Self::ZstdStream)
    }
}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decompressed {
    /// The message is not compressed: the message itself is the text, and nothing is appended.
    Untouched,
    /// The text is appended.
    Text,
    /// No text ends with this message. Nothing is appended; the text comes with a later message.
    NotYet,
}

/// Decompresses the messages of one connection.
///
/// It takes no memory before the first compressed message, unless there is a dictionary. From then
/// on it keeps its contexts, about 64 KiB for gzip, zlib and DEFLATE, and about 200 KiB for zstd
/// with a window of at most 8 MiB and the dictionary. A message causes no allocation but for the
/// growth of the caller's buffer, or of the window.
pub struct Decompressor {
    kind: Decompress,
    max_message_bytes: usize,
    codecs: Codecs,
    pending: Pending,
}

impl Decompressor {
    /// A decompressor for one connection, whose texts have at most `max_message_bytes` bytes each.
    /// Bytes that do not begin like a zstd dictionary are a dictionary of mere content. A kind that
    /// takes no dictionary ignores it.
    ///
    /// # Errors
    /// The dictionary is damaged.
    pub fn new(
        kind: Decompress,
        dictionary: Option<Arc<[u8]>>,
        max_message_bytes: usize,
    ) -> Result<Self, DictionaryUnusable> {
        let mut codecs = Codecs::default();
        if let Some(dictionary) = dictionary.filter(|_| kind.takes_dictionary()) {
            codecs.unzstd().load(&dictionary)?;
        }
        Ok(Self { kind, max_message_bytes, codecs, pending: Pending::default() })
    }

    /// Appends the text of `message` to `out`. The limit holds while the text comes out: `out` does
    /// not grow beyond it, and at most 16 KiB more are decompressed. `out` stays as it is where no
    /// text is appended.
    ///
    /// # Errors
    /// The message is not compressed as expected, or its text is too large. A stream cannot go on
    /// behind an error: the connection must end, and further messages meet the same error. With the
    /// other kinds each message stands alone, and the next may be read.
    pub fn decompress(
        &mut self,
        message: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<Decompressed, DecompressFailed> {
        let (codecs, max) = (&mut self.codecs, self.max_message_bytes);
        let whole = match self.kind {
            Decompress::None => None,
            Decompress::Gzip => Some(Whole::Gzip),
            Decompress::Zlib => Some(Whole::Zlib),
            Decompress::Deflate => Some(Whole::Deflate),
            Decompress::Zstd => Some(Whole::Zstd),
            Decompress::Auto => Whole::told_by(message),
            Decompress::ZlibStream => {
                let read = |output: &mut Output<'_>| codecs.inflater().go_on(message, output);
                return self.pending.read(out, max, read).map(ended);
            }
            Decompress::ZstdStream => {
                let read = |output: &mut Output<'_>| codecs.unzstd().go_on(message, output);
                return self.pending.read(out, max, read).map(ended);
            }
        };
        let Some(whole) = whole else { return Ok(Decompressed::Untouched) };
        let mut output = Output::new(out, max);
        match codecs.read(whole, message, &mut output) {
            Ok(()) => Ok(Decompressed::Text),
            Err(failed) => {
                output.undo();
                Err(failed)
            }
        }
    }
}

impl std::fmt::Debug for Decompressor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let max = self.max_message_bytes;
        write!(f, "Decompressor({:?}, at most {max} bytes)", self.kind)
    }
}

fn ended(ended: bool) -> Decompressed {
    if ended { Decompressed::Text } else { Decompressed::NotYet }
}

/// The kind of a message that stands alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whole {
    Gzip,
    Zlib,
    Deflate,
    Zstd,
}

impl Whole {
    /// The kind that the first bytes tell.
    fn told_by(message: &[u8]) -> Option<Self> {
        // The largest window, and a level. The second byte makes both a multiple of 31.
        const ZLIB: [[u8; 2]; 4] = [[0x78, 0x01], [0x78, 0x5e], [0x78, 0x9c], [0x78, 0xda]];
        if message.starts_with(&gzip::MAGIC) {
            Some(Self::Gzip)
        } else if message.starts_with(&zstd::MAGIC) {
            Some(Self::Zstd)
        } else if message.first_chunk().is_some_and(|first| ZLIB.contains(first)) {
            Some(Self::Zlib)
        } else {
            None
        }
    }
}

/// The contexts, made when the first message needs them.
#[derive(Default)]
struct Codecs {
    inflater: Option<Inflater>,
    unzstd: Option<Unzstd>,
}

impl Codecs {
    fn inflater(&mut self) -> &mut Inflater {
        self.inflater.get_or_insert_with(Inflater::new)
    }

    fn unzstd(&mut self) -> &mut Unzstd {
        self.unzstd.get_or_insert_with(Unzstd::new)
    }

    fn read(
        &mut self,
        kind: Whole,
        message: &[u8],
        output: &mut Output<'_>,
    ) -> Result<(), DecompressFailed> {
        match kind {
            Whole::Gzip => self.inflater().gzip(message, output),
            Whole::Zlib => self.inflater().stream(true, message, output),
            Whole::Deflate => self.inflater().stream(false, message, output),
            Whole::Zstd => self.unzstd().whole(message, output),
        }
    }
}
