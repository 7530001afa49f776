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

    /// Whether the connection must end after this failure: a stream over messages cannot go on, and a text
    /// over the limit may not be passed on in pieces.
    pub fn ends_with(self, failure: DecompressFailed) -> bool {
        use DecompressFailed::{TooLarge, WindowTooLarge};
        self.is_stream() || matches!(failure, TooLarge { .. } | WindowTooLarge { .. })
    }
}

/// The result for a message.
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
/// The contexts are made with the first message that needs them, or with the dictionary, and stay:
/// about 64 KiB for gzip, zlib and DEFLATE, and 110 KiB for zstd. For zstd a copy of the dictionary
/// comes on top, and a window of at most 8 MiB once a frame has more than 16 KiB or does not tell its
/// size. A message causes no allocation but for the growth of the caller's buffer or of the window.
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
        if message.starts_with(&gzip::MAGIC[..2]) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::compressed::{Frame, deflate, deflated_stream, gzip, zlib};

    const MAX: usize = 64 << 10;
    const TEXT: &[u8] = br#"{"ch":"market.btcusdt.trade","tick":{"id":1,"price":1.50}}"#;

    fn zstd(text: &[u8]) -> Vec<u8> {
        Frame { level: 3, checksum: true, ..Frame::default() }.zstd(text)
    }

    fn new(kind: Decompress) -> Decompressor {
        Decompressor::new(kind, None, MAX).unwrap()
    }

    /// Reads a message into a buffer that is not empty.
    fn read(decompressor: &mut Decompressor, message: &[u8]) -> Result<Vec<u8>, DecompressFailed> {
        let mut out = b"before".to_vec();
        let done = decompressor.decompress(message, &mut out);
        let text = out.strip_prefix(b"before").unwrap();
        assert_eq!(done == Ok(Decompressed::Text), !text.is_empty(), "{done:?}");
        done.map(|_| text.to_vec())
    }

    #[test]
    fn each_kind_reads_its_messages_and_refuses_damage() {
        for (kind, message) in [
            (Decompress::Gzip, gzip(6, TEXT)),
            (Decompress::Zlib, zlib(6, TEXT)),
            (Decompress::Deflate, deflate(6, TEXT)),
            (Decompress::Zstd, zstd(TEXT)),
        ] {
            let mut decompressor = new(kind);
            let corrupt = |decompressor: &mut Decompressor, message: &[u8], what: &str| {
                let done = read(decompressor, message);
                assert_eq!(done, Err(DecompressFailed::Corrupt), "{kind:?}: {what}");
            };
            for end in 0..message.len() {
                corrupt(&mut decompressor, &message[..end], "the message ends early");
            }
            corrupt(&mut decompressor, &[&message[..], b"}"].concat(), "garbage behind the end");
            corrupt(&mut decompressor, TEXT, "not compressed");
            if kind != Decompress::Deflate {
                let mut wrong = message.clone();
                // The first byte of the checksum of each kind lies within the last eight.
                let at = wrong.len() - if kind == Decompress::Gzip { 8 } else { 4 };
                wrong[at] ^= 1;
                corrupt(&mut decompressor, &wrong, "a wrong checksum");
            }
            assert_eq!(read(&mut decompressor, &message).as_deref(), Ok(TEXT), "{kind:?}");
        }
    }

    #[test]
    fn several_members_or_frames_are_one_text() {
        let twice = [TEXT, TEXT].concat();
        for (kind, one) in [(Decompress::Gzip, gzip(6, TEXT)), (Decompress::Zstd, zstd(TEXT))] {
            assert_eq!(read(&mut new(kind), &one.repeat(2)).as_deref(), Ok(&twice[..]));
        }
        let one = zlib(6, TEXT);
        let two = read(&mut new(Decompress::Zlib), &one.repeat(2));
        assert_eq!(two, Err(DecompressFailed::Corrupt));
    }

    #[test]
    fn the_first_bytes_tell_the_kind() {
        let mut auto = new(Decompress::Auto);
        let levels = [0, 2, 6, 9].map(|level| zlib(level, TEXT));
        let second = levels.each_ref().map(|message| message[1]);
        assert_eq!(second, [0x01, 0x5e, 0x9c, 0xda]);
        for message in levels.iter().chain([&gzip(6, TEXT), &zstd(TEXT)]) {
            assert_eq!(read(&mut auto, message).as_deref(), Ok(TEXT));
        }
        for message in [TEXT, b"", b"x", b"xyz", b"\x1f", b"\x28\xb5\x2f", b"x\x9d"] {
            let mut out = Vec::new();
            assert_eq!(auto.decompress(message, &mut out), Ok(Decompressed::Untouched));
            assert!(out.is_empty());
        }
        assert_eq!(read(&mut auto, b"\x1f\x8b"), Err(DecompressFailed::Corrupt));
    }

    #[test]
    fn none_leaves_messages_alone() {
        let mut out = Vec::new();
        let done = new(Decompress::None).decompress(&gzip(6, TEXT), &mut out);
        assert_eq!((done, out.len()), (Ok(Decompressed::Untouched), 0));
    }

    #[test]
    fn a_bomb_takes_no_memory_beyond_the_limit() {
        let zeros = vec![0; 10 << 20];
        let frame = Frame { level: 3, ..Frame::default() };
        let bombs = [
            (Decompress::Gzip, gzip(9, &zeros)),
            (Decompress::Zlib, zlib(9, &zeros)),
            (Decompress::Deflate, deflate(9, &zeros)),
            (Decompress::Zstd, frame.zstd(&zeros)),
            (Decompress::Auto, gzip(9, &zeros)),
            (
                Decompress::ZlibStream,
                deflated_stream(true, 9, std::slice::from_ref(&zeros)).remove(0),
            ),
            (Decompress::ZstdStream, frame.stream(&[zeros]).remove(0)),
        ];
        for (kind, bomb) in bombs {
            assert!(bomb.len() < 16 << 10, "{kind:?}: {}", bomb.len());
            let mut out = Vec::new();
            let done = new(kind).decompress(&bomb, &mut out);
            assert_eq!(done, Err(DecompressFailed::TooLarge { max: MAX }), "{kind:?}");
            assert!(out.is_empty() && out.capacity() <= MAX, "{kind:?}: {}", out.capacity());
        }
    }

    #[test]
    fn a_text_may_be_as_large_as_the_limit() {
        for size in [MAX - 1, MAX, MAX + 1] {
            let text = vec![b' '; size];
            let expected = (size <= MAX).then_some(&text[..]);
            assert_eq!(read(&mut new(Decompress::Gzip), &gzip(6, &text)).ok().as_deref(), expected);
            assert_eq!(read(&mut new(Decompress::Zstd), &zstd(&text)).ok().as_deref(), expected);
        }
    }

    #[test]
    fn a_text_of_a_stream_may_end_in_a_later_message() {
        let texts = [TEXT.to_vec(), br#"{"op":11}"#.to_vec(), TEXT.repeat(3)];
        let zlib = deflated_stream(true, 6, &texts);
        assert!(zlib.iter().all(|message| message.ends_with(&[0, 0, 0xff, 0xff])));
        let frame = Frame { level: 3, checksum: true, ..Frame::default() };
        for (kind, messages) in [
            (Decompress::ZlibStream, zlib),
            (Decompress::ZstdStream, frame.stream(&texts)),
            (Decompress::ZstdStream, frame.frames(&texts)),
        ] {
            let mut decompressor = new(kind);
            let mut ended = Vec::new();
            for byte in messages.concat() {
                let mut out = Vec::new();
                match decompressor.decompress(&[byte], &mut out).unwrap() {
                    Decompressed::Text => ended.push(out),
                    done => assert_eq!((done, out.len()), (Decompressed::NotYet, 0)),
                }
                assert_eq!(decompressor.decompress(b"", &mut Vec::new()), Ok(Decompressed::NotYet));
            }
            assert_eq!(ended, texts, "{kind:?}");
        }
    }

    #[test]
    fn a_stream_ends_with_its_first_error() {
        for (kind, message) in [
            (Decompress::ZlibStream, deflated_stream(true, 6, &[TEXT.to_vec()]).remove(0)),
            (Decompress::ZstdStream, zstd(TEXT)),
        ] {
            let mut decompressor = new(kind);
            assert_eq!(read(&mut decompressor, &message).as_deref(), Ok(TEXT));
            for message in [b"plain text", &message[..]] {
                assert_eq!(read(&mut decompressor, message), Err(DecompressFailed::Corrupt));
            }
        }
    }

    #[test]
    fn a_zstd_window_has_a_limit() {
        let text = vec![TEXT.to_vec()];
        for (window_log, fits) in [(23, true), (24, false), (27, false)] {
            let frame = Frame { level: 3, window_log, ..Frame::default() };
            for (kind, message) in [
                (Decompress::Zstd, frame.frames(&text).remove(0)),
                (Decompress::ZstdStream, frame.stream(&text).remove(0)),
            ] {
                let expected = if fits {
                    Ok(TEXT)
                } else {
                    Err(DecompressFailed::WindowTooLarge { max: 8 << 20 })
                };
                assert_eq!(read(&mut new(kind), &message).as_deref(), expected.as_ref().copied());
            }
        }
    }

    #[test]
    fn dictionaries() {
        let samples: Vec<Vec<u8>> = (0..2000)
            .map(|n| format!(r#"{{"did":"did:plc:{n}","time_us":{},"kind":"commit"}}"#, n * 7919))
            .map(String::into_bytes)
            .collect();
        let mut trained = vec![0; 4096];
        let lengths: Vec<usize> = samples.iter().map(Vec::len).collect();
        let size = zstd_safe::train_from_buffer(&mut trained[..], &samples.concat(), &lengths);
        trained.truncate(size.unwrap());
        let mut damaged = trained.clone();
        damaged[8..].fill(0xff);
        let given = |kind, bytes: &[u8]| Decompressor::new(kind, Some(bytes.into()), MAX);
        assert_eq!(given(Decompress::Zstd, &damaged).unwrap_err(), DictionaryUnusable);
        assert!(given(Decompress::Gzip, &damaged).is_ok());

        let text = &samples[7];
        for dictionary in [&trained[..], &text[2..]] {
            let frame = Frame { level: 3, dictionary: dictionary.to_vec(), ..Frame::default() };
            let message = frame.zstd(text);
            assert!(message.len() < zstd(text).len());
            for kind in [Decompress::Zstd, Decompress::Auto, Decompress::ZstdStream] {
                let mut decompressor = given(kind, dictionary).unwrap();
                assert_eq!(read(&mut decompressor, &message).as_ref(), Ok(text));
                // The dictionary stays for the next message, and does not hinder others.
                assert_eq!(read(&mut decompressor, &message).as_ref(), Ok(text));
                assert_eq!(read(&mut decompressor, &zstd(TEXT)).as_deref(), Ok(TEXT));
            }
            assert!(read(&mut new(Decompress::Zstd), &message).is_err());
        }
        let frame = Frame { level: 3, dictionary: trained, ..Frame::default() };
        let other = read(&mut new(Decompress::Zstd), &frame.zstd(text));
        assert_eq!(other, Err(DecompressFailed::OtherDictionary));
    }

    #[test]
    fn words_and_helpers() {
        for (word, kind, takes_dictionary, is_stream) in [
            ("none", Decompress::None, false, false),
            ("gzip", Decompress::Gzip, false, false),
            ("zlib", Decompress::Zlib, false, false),
            ("deflate", Decompress::Deflate, false, false),
            ("zstd", Decompress::Zstd, true, false),
            ("auto", Decompress::Auto, true, false),
            ("zlib_stream", Decompress::ZlibStream, false, true),
            ("zstd_stream", Decompress::ZstdStream, true, true),
        ] {
            assert_eq!(serde_json::from_value::<Decompress>(word.into()).unwrap(), kind);
            assert_eq!((kind.takes_dictionary(), kind.is_stream()), (takes_dictionary, is_stream));
        }
        assert_eq!(Decompress::default(), Decompress::None);
    }
}
