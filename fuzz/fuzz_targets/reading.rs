//! The reading of messages: decompression, cuts and shapes. The first byte chooses the compression,
//! the second the framing and the shape, the third where a stream is cut.
#![no_main]

use std::io::Read;

use faucet_core::json;
use faucet_core::select::{Pointer, Pointers};
use faucet_session::reading::{
    Decompress, DecompressFailed, Decompressed, Decompressor, Framing, Shape, Unwrapped, value,
};
use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

const MAX: usize = 64 << 10;
const KINDS: [Decompress; 8] = [
    Decompress::None,
    Decompress::Gzip,
    Decompress::Zlib,
    Decompress::Deflate,
    Decompress::Zstd,
    Decompress::Auto,
    Decompress::ZlibStream,
    Decompress::ZstdStream,
];

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((&[kind, shape, cut], message)) = data.split_first_chunk::<3>() else { return };
    let kind = KINDS[usize::from(kind) % KINDS.len()];
    let mut text = Vec::new();
    let done = read(kind, &[message], &mut text);
    match done {
        Ok(Decompressed::Untouched) => text.extend_from_slice(message),
        Ok(Decompressed::Text) if kind.is_stream() => {
            let at = usize::from(cut) % (message.len() + 1);
            let (first, second) = message.split_at(at);
            let mut parts = Vec::new();
            read(kind, &[first, second], &mut parts).unwrap();
            assert_eq!(parts, text, "a stream that is cut at {at}");
        }
        Ok(_) => {}
        Err(_) => assert!(text.is_empty()),
    }
    if let Some(other) = other(kind, message) {
        assert!(
            done != Ok(Decompressed::Text) || other == text,
            "another decoder reads other text"
        );
    }
    for part in framing(shape).parts(&text) {
        records(&text[part], shape);
    }
});

/// Reads `messages` in order to the last or to an error.
fn read(
    kind: Decompress,
    messages: &[&[u8]],
    out: &mut Vec<u8>,
) -> Result<Decompressed, DecompressFailed> {
    let mut decompressor = Decompressor::new(kind, None, MAX).unwrap();
    let mut last = Ok(Decompressed::NotYet);
    for message in messages {
        let mut text = Vec::new();
        last = Ok(decompressor.decompress(message, &mut text)?);
        assert!(text.capacity() <= MAX);
        out.append(&mut text);
    }
    last
}

/// What another decoder reads; what follows behind the end does not count.
fn other(kind: Decompress, message: &[u8]) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    let limit = MAX as u64 + 1;
    match kind {
        Decompress::Gzip => MultiGzDecoder::new(message).take(limit).read_to_end(&mut text).ok()?,
        Decompress::Zlib => ZlibDecoder::new(message).take(limit).read_to_end(&mut text).ok()?,
        Decompress::Deflate => {
            DeflateDecoder::new(message).take(limit).read_to_end(&mut text).ok()?
        }
        _ => return None,
    };
    Some(text)
}

fn framing(choice: u8) -> Framing {
    match choice % 3 {
        0 => Framing::Message,
        1 => Framing::Lines,
        _ => Framing::RecordSeparator,
    }
}

fn records(text: &[u8], choice: u8) {
    let shape = Shape::new((choice & 4 != 0).then_some("42"), choice & 8 != 0, choice & 16 != 0);
    let places = ["/data", "/1", "/payload/a"].map(|place| Pointer::parse(place).unwrap());
    let pointers = Pointers::new(places);
    for message in shape.messages(text) {
        let message = &text[message.range];
        for index in 0..pointers.as_slice().len() {
            let place = match json::check(message) {
                Ok(()) => pointers.find_all(message, |found| Unwrapped::find(found, index)),
                Err(_) => Unwrapped::Absent,
            };
            let mut made = Vec::new();
            let value = value(message, place, &mut made);
            assert!(made.len() <= message.len());
            for record in shape.records(message, value, &made) {
                let record = record.bytes(message, &made);
                assert_eq!(json::check(record).is_ok(), json::check(message).is_ok());
            }
        }
    }
}
