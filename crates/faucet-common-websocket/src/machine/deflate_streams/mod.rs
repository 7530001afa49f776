//! Tests of whole streams with permessage-deflate: from the outbox to the inbox, whatever the pieces.

mod receiver;

use faucet_core::MessageKind;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::machine::deflate::properties::{direction, message};
use crate::machine::deflate::{Compressor, Direction};
use crate::machine::deflate_streams::receiver::{MAX, Received, Receiver};
use crate::machine::outbox::Outbox;
use crate::machine::pool::Pool;
use crate::machine::role::Role;
use crate::machine::utf8_policy::Utf8Policy;
use crate::machine::violation::Violation;

fn kind_of(message: &[u8]) -> MessageKind {
    match std::str::from_utf8(message) {
        Ok(_) => MessageKind::Text,
        Err(_) => MessageKind::Binary,
    }
}

/// A frame of a server.
fn frame(first: u8, payload: &[u8], out: &mut Vec<u8>) {
    out.push(first);
    match payload.len() {
        short @ 0..126 => out.push(short as u8),
        medium @ 126..=0xffff => {
            out.push(126);
            out.extend_from_slice(&(medium as u16).to_be_bytes());
        }
        long => {
            out.push(127);
            out.extend_from_slice(&(long as u64).to_be_bytes());
        }
    }
    out.extend_from_slice(payload);
}

/// How a message is sent.
#[derive(Debug, Clone)]
struct Sending {
    message: Vec<u8>,
    compressed: bool,
    /// Where the payload is cut into fragments.
    cuts: Vec<prop::sample::Index>,
    /// Whether a Ping stands in front of each fragment.
    pings: bool,
}

fn sending() -> impl Strategy<Value = Sending> {
    let cuts = vec(any::<prop::sample::Index>(), 0..4);
    let cuts = prop_oneof![2 => Just(Vec::new()), 1 => cuts];
    (message(), any::<bool>(), cuts, any::<bool>())
        .prop_map(|(message, compressed, cuts, pings)| Sending { message, compressed, cuts, pings })
}

/// The frames of all messages, and the number of Pings among them.
fn frames_of(sendings: &[Sending], outbound: Direction) -> (Vec<u8>, usize) {
    let mut compressor = Compressor::new(outbound);
    let (mut out, mut pings) = (Vec::new(), 0);
    for Sending { message, compressed, cuts, pings: with_pings } in sendings {
        let packed = compressed.then(|| compressor.compress(message)).flatten();
        let bit = if packed.is_some() { 0x40 } else { 0 };
        let payload = packed.unwrap_or(message);
        let opcode = if kind_of(message) == MessageKind::Text { 1 } else { 2 };
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(payload.len() + 1)).collect();
        cuts.sort_unstable();
        cuts.push(payload.len());
        let mut start = 0;
        for (index, end) in cuts.iter().enumerate() {
            if *with_pings {
                frame(0x89, b"\n\x00ping", &mut out);
                pings += 1;
            }
            let fin = if index + 1 == cuts.len() { 0x80 } else { 0 };
            let first = if index == 0 { fin | bit | opcode } else { fin };
            frame(first, &payload[start..*end], &mut out);
            start = *end;
        }
    }
    (out, pings)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn messages_arrive_whole_and_in_order_whatever_the_pieces(
        sendings in vec(sending(), 1..20), outbound in direction(),
        buffer in prop_oneof![Just(16_usize), Just(700), Just(20_000)],
        piece in prop_oneof![1..8_usize, 8..3000_usize, Just(usize::MAX)], patient in any::<bool>(),
    ) {
        let (bytes, pings) = frames_of(&sendings, outbound);
        let mut receiver = Receiver::new(Role::Client, Utf8Policy::Fail, outbound, buffer);
        receiver.patient = patient;
        prop_assert_eq!(receiver.read(&bytes, piece), Ok(()));
        let sent: Vec<Received> =
            sendings.into_iter().map(|s| (kind_of(&s.message), s.message)).collect();
        prop_assert_eq!(&receiver.received, &sent);
        prop_assert_eq!(receiver.controls, pings);
    }

    #[test]
    fn what_the_outbox_sends_arrives_at_the_other_role(
        messages in vec(message(), 1..20), outbound in direction(), piece in 1..2000_usize,
        client in any::<bool>(), flushes in any::<bool>(),
    ) {
        let (from, to) = match client {
            true => (Role::Client, Role::Server),
            false => (Role::Server, Role::Client),
        };
        let mut outbox = Outbox::new(from, Pool::of(1000)).with_deflate(outbound);
        let mut receiver = Receiver::new(to, Utf8Policy::Fail, outbound, 1000);
        for message in &messages {
            outbox.message(kind_of(message), message);
            outbox.ping(b"p");
            if flushes {
                receiver.read(outbox.pending(), piece).unwrap();
                outbox.wrote(outbox.pending().len());
            } else if message.len() % 3 == 0 {
                outbox.forget_context();
            }
        }
        receiver.read(outbox.pending(), piece).unwrap();
        let sent: Vec<Received> = messages.iter().map(|m| (kind_of(m), m.clone())).collect();
        prop_assert_eq!(&receiver.received, &sent);
        prop_assert_eq!(receiver.controls, messages.len());
    }
}

/// A receiver and a compressor of whole streams, the context of which goes on.
fn pair(utf8: Utf8Policy) -> (Receiver, Compressor) {
    let direction = Direction::default();
    (Receiver::new(Role::Client, utf8, direction, 1000), Compressor::new(direction))
}

fn texts(receiver: &Receiver) -> Vec<String> {
    receiver.received.iter().map(|(_, m)| String::from_utf8_lossy(m).into_owned()).collect()
}

#[test]
fn the_bit_of_a_compressed_message_stands_in_its_first_frame_only() {
    for (first, second, refused) in [
        (0xc1, None, false),
        (0xc2, None, false),
        (0x41, Some(0x80), false),
        (0x41, Some(0xc0), true),
        (0x02, Some(0xc0), true),
        (0xc0, None, true),
        (0xc8, None, true),
        (0xc9, None, true),
        (0xca, None, true),
        (0xe1, None, true),
        (0xd1, None, true),
        (0xa1, None, true),
    ] {
        let (mut receiver, mut compressor) = pair(Utf8Policy::Fail);
        let payload = compressor.compress(b"Hello").unwrap();
        let mut bytes = Vec::new();
        match second {
            None => frame(first, payload, &mut bytes),
            Some(second) => {
                frame(first, &payload[..2], &mut bytes);
                frame(second, &payload[2..], &mut bytes);
            }
        }
        let expected = if refused { Err(Violation::ReservedBits) } else { Ok(()) };
        assert_eq!(receiver.read(&bytes, usize::MAX), expected, "{first:x} {second:x?}");
        assert_eq!(receiver.received.len(), usize::from(!refused));
    }
}

#[test]
fn text_is_checked_after_it_was_inflated_and_the_policy_holds() {
    for (policy, expected, refused) in [
        (Utf8Policy::Fail, vec!["a", "b"], Err(Violation::NotUtf8)),
        (Utf8Policy::Skip, vec!["a", "b", "c", "d"], Ok(())),
        (Utf8Policy::Binary, vec!["a", "b", "\u{fffd}", "c", "\u{fffd}", "d"], Ok(())),
    ] {
        let (mut receiver, mut compressor) = pair(policy);
        let mut bytes = Vec::new();
        let mut packed =
            |message: &[u8]| frame(0xc1, compressor.compress(message).unwrap(), &mut bytes);
        packed(b"a");
        packed(b"b");
        packed(b"\xff");
        packed(b"c");
        // One that was not compressed, in a batch with others.
        frame(0x81, b"\xfe", &mut bytes);
        let mut compressor_bytes = Vec::new();
        frame(0xc1, compressor.compress(b"d").unwrap(), &mut compressor_bytes);
        bytes.extend(compressor_bytes);
        assert_eq!(receiver.read(&bytes, usize::MAX), refused, "{policy:?}");
        assert_eq!(texts(&receiver), expected, "{policy:?}");
        if policy == Utf8Policy::Skip {
            assert_eq!(receiver.inbox.take_skipped(), 2);
        }
    }
}

#[test]
fn what_comes_first_in_the_stream_decides() {
    let corrupt: &[u8] = b"\xff\xff";
    let broken: &[u8] = b"\xff";
    for (payloads, kept, why) in [
        ([(0x81, broken), (0xc1, corrupt)], 0, Violation::NotUtf8),
        ([(0xc1, corrupt), (0x81, broken)], 0, Violation::Corrupt),
        ([(0x81, b"fine"), (0xc1, corrupt)], 1, Violation::Corrupt),
        ([(0x81, b"fine"), (0x81, broken)], 1, Violation::NotUtf8),
        ([(0x82, b"\xff"), (0x89 | 0x40, b"")], 1, Violation::ReservedBits),
    ] {
        let (mut receiver, _) = pair(Utf8Policy::Fail);
        let mut bytes = Vec::new();
        payloads.iter().for_each(|(first, payload)| frame(*first, payload, &mut bytes));
        assert_eq!(receiver.read(&bytes, usize::MAX), Err(why), "{payloads:?}");
        assert_eq!(receiver.received.len(), kept, "{payloads:?}");
    }
}

#[test]
fn a_message_is_refused_at_its_limit_and_a_batch_ends_at_its_size() {
    let (_, mut compressor) = pair(Utf8Policy::Fail);
    let mut receiver =
        Receiver::new(Role::Client, Utf8Policy::Fail, Direction::default(), 256 * 1024);
    let mut bytes = Vec::new();
    let large = vec![b'x'; MAX as usize];
    for _ in 0..4 {
        frame(0xc1, compressor.compress(&large).unwrap(), &mut bytes);
    }
    assert!(bytes.len() < MAX as usize / 20, "{}", bytes.len());
    receiver.patient = true;
    receiver.read(&bytes, usize::MAX).unwrap();
    assert_eq!(receiver.received.len(), 4);
    // A batch takes no further message once it is half full.
    assert!(receiver.chunks.iter().all(|size| *size < 2 * MAX as usize), "{:?}", receiver.chunks);

    let mut bytes = Vec::new();
    frame(0xc1, compressor.compress(&[&large[..], b"x"].concat()).unwrap(), &mut bytes);
    let refused = receiver.read(&bytes, usize::MAX);
    assert_eq!(refused, Err(Violation::InflatesTooLarge { max: MAX }));
}

#[test]
fn skipped_messages_take_no_place_in_a_batch() {
    let mut compressor = Compressor::new(Direction::default());
    let mut receiver =
        Receiver::new(Role::Client, Utf8Policy::Skip, Direction::default(), 256 * 1024);
    let mut bytes = Vec::new();
    let broken = vec![0xff; MAX as usize];
    for message in [&broken[..], &broken, &broken, &broken, b"kept"] {
        frame(0xc1, compressor.compress(message).unwrap(), &mut bytes);
    }
    receiver.patient = true;
    receiver.read(&bytes, usize::MAX).unwrap();
    assert_eq!((texts(&receiver), receiver.inbox.take_skipped()), (vec!["kept".into()], 4));
    assert!(receiver.chunks[0] < 256 * 1024, "{:?}", receiver.chunks);
}

#[test]
fn a_context_that_is_forgotten_makes_messages_as_large_as_the_first() {
    let mut outbox = Outbox::new(Role::Client, Pool::of(1000)).with_deflate(Direction::default());
    let mut size = |forget: bool| {
        let before = outbox.pending().len();
        outbox.message(MessageKind::Text, b"{\"symbol\":\"BTCUSDT\",\"side\":\"buy\"}");
        if forget {
            outbox.forget_context();
        }
        outbox.pending().len() - before
    };
    let [first, second, third, fourth] = [false, true, false, false].map(&mut size);
    assert!(second < first && fourth < third, "{second} {fourth}");
    assert_eq!(third, first);
}

#[test]
fn a_message_that_compression_makes_larger_may_be_as_large_as_the_limit() {
    let (mut receiver, mut compressor) = pair(Utf8Policy::Fail);
    let mut noise = vec![0; MAX as usize];
    let mut random = fastrand::Rng::with_seed(7);
    noise.iter_mut().for_each(|byte| *byte = random.u8(..));
    let payload = compressor.compress(&noise).unwrap();
    assert!(payload.len() > noise.len());
    let mut bytes = Vec::new();
    frame(0xc2, payload, &mut bytes);
    receiver.read(&bytes, usize::MAX).unwrap();
    assert!(receiver.received[0].1 == noise);
    // Far above the limit a message is refused at its header.
    let declared = MAX + MAX / 8 + 65;
    let header = [&[0xc2, 127][..], &declared.to_be_bytes()].concat();
    let refused = receiver.read(&header, usize::MAX);
    assert_eq!(refused, Err(Violation::TooLarge { size: declared, max: MAX }));
}
