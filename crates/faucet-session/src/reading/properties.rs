//! Properties of all messages: of every compression, cut and shape.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::value::RawValue;

use crate::reading::compressed::{Frame, deflate, deflated_stream, gzip, zlib};
use crate::reading::{
    Decompress, Decompressed, Decompressor, Framing, Part, Shape, Unwrapped, value,
};

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
/// More than any text here.
const MAX: usize = 1 << 20;

/// Texts as feeds have them, and bytes that no codec compresses; now and then several blocks long.
fn text() -> impl Strategy<Value = Vec<u8>> {
    let words = select(&["{\"price\":", "\"volume\"", ",", "0.25", "BTC", "}", "\n", "é"][..]);
    let text = vec(words, 1..40).prop_map(|words| words.concat().into_bytes());
    let long = (text.clone(), 1..6000_usize).prop_map(|(text, times)| {
        text.repeat(times).into_iter().take(300_000).collect::<Vec<u8>>()
    });
    prop_oneof![6 => text, 3 => vec(any::<u8>(), 1..600), 1 => long]
}

fn frame() -> impl Strategy<Value = Frame> {
    let dictionary = prop_oneof![Just(Vec::new()), text()];
    (select(&[-5, 1, 3, 9][..]), any::<bool>(), select(&[0, 10, 17, 23][..]), dictionary).prop_map(
        |(level, checksum, window_log, dictionary)| Frame {
            level,
            checksum,
            window_log,
            dictionary,
        },
    )
}

/// The bytes of `message` in as many pieces as `cuts` makes.
fn cut<'a>(message: &'a [u8], cuts: &[prop::sample::Index]) -> Vec<&'a [u8]> {
    let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(message.len())).collect();
    places.extend([0, message.len()]);
    places.sort_unstable();
    places.windows(2).map(|pair| &message[pair[0]..pair[1]]).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn messages_that_stand_alone_come_back(
        texts in vec(text(), 1..6), level in 0..=9, frame in frame(),
    ) {
        let all = |kind: Decompress, compress: &dyn Fn(&[u8]) -> Vec<u8>| {
            let dictionary = Some(&frame.dictionary).filter(|bytes| !bytes.is_empty());
            let dictionary = dictionary.map(|bytes| bytes.as_slice().into());
            let mut decompressor = Decompressor::new(kind, dictionary, MAX).unwrap();
            let mut out = Vec::new();
            for text in &texts {
                let done = decompressor.decompress(&compress(text), &mut out);
                assert_eq!(done, Ok(Decompressed::Text), "{kind:?}");
            }
            assert!(out == texts.concat(), "{kind:?}");
        };
        all(Decompress::Gzip, &|text| gzip(level, text));
        all(Decompress::Zlib, &|text| zlib(level, text));
        all(Decompress::Deflate, &|text| deflate(level, text));
        all(Decompress::Zstd, &|text| frame.zstd(text));
        all(Decompress::Zstd, &|text| frame.frames(&[text.to_vec()]).remove(0));
        all(Decompress::Auto, &|text| gzip(level, text));
        all(Decompress::Auto, &|text| zlib(level, text));
        all(Decompress::Auto, &|text| frame.zstd(text));
    }

    #[test]
    fn streams_come_back_however_they_are_cut(
        texts in vec(text(), 1..8),
        cuts in vec(any::<prop::sample::Index>(), 0..4),
        level in 1..=9, frame in frame(),
    ) {
        for (kind, messages) in [
            (Decompress::ZlibStream, deflated_stream(true, level, &texts)),
            (Decompress::ZstdStream, frame.stream(&texts)),
            (Decompress::ZstdStream, frame.frames(&texts)),
            (Decompress::ZstdStream, texts.iter().map(|text| frame.zstd(text)).collect()),
        ] {
            let dictionary = Some(frame.dictionary.as_slice().into());
            let mut decompressor = Decompressor::new(kind, dictionary, MAX).unwrap();
            for (message, text) in messages.iter().zip(&texts) {
                let mut out = Vec::new();
                let mut ended = 0;
                for piece in cut(message, &cuts) {
                    let before = out.len();
                    let done = decompressor.decompress(piece, &mut out).unwrap();
                    ended += usize::from(done == Decompressed::Text);
                    prop_assert_eq!(done == Decompressed::Text, out.len() > before);
                }
                prop_assert!(&out == text, "{:?}", kind);
                // Where a message ends between two blocks, nothing tells that the text goes on. With
                // the smallest window a block has 1 KiB.
                let blocks = kind == Decompress::ZstdStream && text.len() > 1 << 10;
                prop_assert!(ended == 1 || blocks, "{:?}: {} texts", kind, ended);
            }
        }
    }

    #[test]
    fn no_bytes_break_the_limit(
        texts in vec(text(), 1..4), damage in vec((any::<prop::sample::Index>(), any::<u8>()), 0..3),
        max in 0..2000_usize, noise in vec(any::<u8>(), 0..200), frame in frame(),
    ) {
        let mut inputs = vec![noise];
        for text in &texts {
            inputs.extend([gzip(6, text), zlib(6, text), deflate(6, text), frame.zstd(text)]);
        }
        inputs.extend(deflated_stream(true, 6, &texts));
        inputs.extend(frame.stream(&texts));
        for input in &mut inputs {
            for (at, byte) in &damage {
                let length = input.len().max(1);
                if let Some(damaged) = input.get_mut(at.index(length)) {
                    *damaged ^= byte;
                }
            }
        }
        for kind in KINDS {
            let mut decompressor = Decompressor::new(kind, None, max).unwrap();
            for input in &inputs {
                let mut out = Vec::new();
                let done = decompressor.decompress(input, &mut out);
                prop_assert!(out.capacity() <= max.max(8), "{:?}: {}", kind, out.capacity());
                prop_assert!(done == Ok(Decompressed::Text) || out.is_empty());
            }
        }
    }

    #[test]
    fn framed_parts_are_all_that_is_not_blank(message in "[a{} \t\r\n\u{1e}é]{0,40}") {
        for (framing, end) in [(Framing::Lines, "\n"), (Framing::RecordSeparator, "\u{1e}")] {
            let parts: Vec<&str> = framing.parts(message.as_bytes()).map(|p| &message[p]).collect();
            let whole = |part: &str| match framing {
                Framing::Lines => part.strip_suffix('\r').unwrap_or(part).to_owned(),
                _ => part.to_owned(),
            };
            let expected: Vec<String> = message
                .split(end)
                .map(whole)
                .filter(|part| !part.trim_ascii().is_empty())
                .collect();
            prop_assert_eq!(parts, expected);
        }
        let whole: Vec<_> = Framing::Message.parts(message.as_bytes()).collect();
        prop_assert_eq!(whole, vec![0..message.len()]);
    }

    #[test]
    fn arrays_come_apart_as_for_serde_json(
        elements in vec(select(&ELEMENTS[..]), 0..8), spaces in vec(select(&SPACES[..]), 1..6),
    ) {
        let mut space = spaces.iter().cycle().copied();
        let mut array = format!("{}[{}", space.next().unwrap(), space.next().unwrap());
        for (number, element) in elements.iter().enumerate() {
            array.push_str(if number > 0 { "," } else { "" });
            array.extend([space.next().unwrap(), element, space.next().unwrap()]);
        }
        array.extend(["]", space.next().unwrap()]);
        let expected: Vec<&RawValue> = serde_json::from_str(&array).unwrap();
        let expected: Vec<&str> = expected.iter().map(|element| element.get()).collect();
        prop_assert_eq!(&expected, &elements);

        let shape = Shape::new(Some("42"), true, true);
        let text = format!("42{array}");
        let split: Vec<&str> =
            shape.messages(text.as_bytes()).map(|message| &text[message.range]).collect();
        prop_assert_eq!(&split, &expected);

        // As a value of a message, and as the text of a string in it.
        let quoted = serde_json::to_string(&array).unwrap();
        for (inner, is_string) in [(array.trim(), false), (&quoted, true)] {
            let message = format!("{{\"data\":{inner}}}");
            let at = Unwrapped::At(8..message.len() - 1);
            let mut made = Vec::new();
            let value = value(message.as_bytes(), at, &mut made);
            prop_assert!(is_string || matches!(value, Part::Slice(_)));
            let records: Vec<&[u8]> = shape
                .records(message.as_bytes(), value, &made)
                .map(|record| record.bytes(message.as_bytes(), &made))
                .collect();
            let expected: Vec<&[u8]> = expected.iter().map(|text| text.as_bytes()).collect();
            prop_assert_eq!(records, expected);
        }
    }

    #[test]
    fn no_bytes_lead_out_of_the_message(
        message in vec(select(&b"[]{},:\"\\u0 19nd\x80"[..]), 0..40), from in 0..50_usize, to in 0..50_usize,
    ) {
        let shape = Shape::new(Some("["), true, true);
        for part in shape.messages(&message) {
            prop_assert!(part.range.end <= message.len());
        }
        let inside = message.get(from..to).unwrap_or_default().to_vec();
        for unwrapped in [Unwrapped::Absent, Unwrapped::At(from..to), Unwrapped::Inside(inside)] {
            let mut made = Vec::new();
            let value = value(&message, unwrapped, &mut made);
            prop_assert!(made.len() <= message.len());
            for record in shape.records(&message, value, &made) {
                let inside = match &record {
                    Part::Slice(range) => range.end <= message.len(),
                    Part::Made(range) => range.end <= made.len(),
                };
                prop_assert!(inside, "{:?}", record);
            }
        }
    }
}

const ELEMENTS: [&str; 12] = [
    "null",
    "true",
    "1.50",
    "-0",
    "2.50e1",
    "12345678901234567890123",
    r#""a""#,
    r#""\u0061]},\"{[\\""#,
    "[]",
    r#"[ 1 , [2.0]]"#,
    r#"{"a" : [1, {}], "b":"}"}"#,
    r#""[1,2]""#,
];
const SPACES: [&str; 4] = ["", " ", "\n", "\t \r\n"];
