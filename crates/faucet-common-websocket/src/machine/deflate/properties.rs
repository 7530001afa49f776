//! Properties of all messages: the codecs against each other, and against an inflater of the tests.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use zlib_rs::{Deflate, DeflateFlush};

use crate::machine::deflate::oracle;
use crate::machine::deflate::{Compressor, Direction, Inflater, Refused, TAIL, WINDOW_BITS};

/// Messages as feeds have them: alike, with numbers between; and what no codec can compress.
pub(in crate::machine) fn message() -> impl Strategy<Value = Vec<u8>> {
    let words = select(&["{\"price\":", "\"volume\"", ",", "0.25", "BTC", "}", "\n", "é"][..]);
    let text = vec(words, 0..40).prop_map(|words| words.concat().into_bytes());
    let run = (any::<u8>(), 0..3000_usize).prop_map(|(byte, len)| vec![byte; len]);
    let long = (text.clone(), 0..400_usize).prop_map(|(text, times)| text.repeat(times));
    prop_oneof![4 => text, 2 => vec(any::<u8>(), 0..600), 1 => run, 1 => long]
}

pub(in crate::machine) fn direction() -> impl Strategy<Value = Direction> {
    (WINDOW_BITS, any::<bool>())
        .prop_map(|(window_bits, takeover)| Direction { window_bits, takeover })
}

/// Compresses as another implementation might: with any level, so with every kind of block.
fn foreign(level: i32, messages: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut deflate = Deflate::new(level, false, 15);
    let mut payloads = Vec::new();
    for message in messages {
        let mut out = vec![0; 2 * message.len() + 1000];
        let before = deflate.total_out();
        deflate.compress(message, &mut out, DeflateFlush::SyncFlush).unwrap();
        out.truncate((deflate.total_out() - before) as usize);
        assert!(out.ends_with(&TAIL));
        out.truncate(out.len() - TAIL.len());
        payloads.push(out);
    }
    payloads
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn what_is_compressed_is_inflated_by_any_inflater_with_the_agreed_window(
        messages in vec(message(), 1..12), direction in direction(), rests in any::<bool>(),
    ) {
        let mut compressor = Compressor::new(direction);
        let mut inflater = Inflater::new(direction);
        let mut out = Vec::new();
        let mut history = Vec::new();
        for message in &messages {
            let Some(payload) = compressor.compress(message) else {
                prop_assert!(message.is_empty() || !direction.takeover);
                continue;
            };
            prop_assert!(direction.takeover || payload.len() < message.len());
            let known: &[u8] = if direction.takeover { &history } else { &[] };
            let other = oracle::inflate(payload, known).unwrap();
            prop_assert_eq!(&other.message, message);
            prop_assert!(other.longest <= 1 << direction.window_bits, "{}", other.longest);
            let end = inflater.inflate(payload, &mut out, 1, message.len()).unwrap();
            prop_assert_eq!(&out[1..end], message);
            history.extend_from_slice(message);
            if rests {
                compressor.rest();
                inflater.rest();
            }
        }
    }

    #[test]
    fn every_kind_of_block_is_inflated(
        messages in vec(message().prop_filter("a flush", |m| !m.is_empty()), 1..8),
        level in 0..=9, rests in any::<bool>(),
    ) {
        let mut inflater = Inflater::new(Direction::default());
        let mut out = Vec::new();
        for (message, payload) in messages.iter().zip(foreign(level, &messages)) {
            let end = inflater.inflate(&payload, &mut out, 0, message.len()).unwrap();
            prop_assert_eq!(&out[..end], message);
            if rests {
                inflater.rest();
            }
            if message.len() > 1 {
                let mut small = Inflater::new(Direction::default());
                let refused = small.inflate(&payload, &mut Vec::new(), 0, message.len() - 1);
                prop_assert!(refused.is_err(), "one byte more than the limit");
            }
        }
    }

    #[test]
    fn a_damaged_payload_is_what_it_is_for_another_inflater(
        text in message(), level in 0..=9,
        damage in vec((any::<prop::sample::Index>(), any::<u8>()), 0..3),
        cut in proptest::option::of(any::<prop::sample::Index>()),
        more in vec(any::<u8>(), 0..3),
    ) {
        let mut payload = foreign(level, &[[&text[..], b"."].concat()]).remove(0);
        for (place, byte) in damage {
            let at = place.index(payload.len());
            payload[at] = byte;
        }
        if let Some(cut) = cut {
            payload.truncate(cut.index(payload.len()));
        }
        payload.extend(more);
        same_as_oracle(&payload)?;
    }

    #[test]
    fn any_bytes_are_what_they_are_for_another_inflater(
        bytes in vec(prop_oneof![select(&[0_u8, 1, 2, 3, 4, 5, 0xff][..]), any::<u8>()], 0..40),
    ) {
        same_as_oracle(&bytes)?;
    }
}

fn same_as_oracle(payload: &[u8]) -> Result<(), TestCaseError> {
    let mut out = Vec::new();
    let end = Inflater::new(Direction::default()).inflate(payload, &mut out, 0, 1 << 24);
    let inflated = end.map(|end| &out[..end]);
    let other = oracle::inflate(payload, &[]);
    let expected = other.as_ref().map(|other| &other.message[..]).ok_or(Refused::Corrupt);
    prop_assert_eq!(inflated, expected, "{:02x?}", payload);
    Ok(())
}
