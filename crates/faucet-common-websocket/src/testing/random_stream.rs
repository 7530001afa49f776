//! Random streams of frames, most of them legal.

use fastrand::Rng;

use crate::machine::Role;
use crate::machine::control::opcode;
use crate::testing::raw_frame::{LengthForm, RawFrame};

/// The stream of `seed` that a reader in this role may get.
pub(crate) fn random_stream(role: Role, seed: u64) -> Vec<u8> {
    let mut random = Rng::with_seed(seed);
    let mut stream = Vec::new();
    for _ in 0..random.usize(..12) {
        for frame in message(&mut random) {
            stream.extend(oddly_written(frame, role, &mut random).bytes());
        }
    }
    if random.u8(..3) == 0 {
        damage(&mut stream, &mut random);
    }
    if random.u8(..5) == 0 {
        stream.truncate(random.usize(..=stream.len()));
    }
    stream
}

/// The frames of one message, or a control frame.
fn message(random: &mut Rng) -> Vec<RawFrame> {
    let len = match random.u8(..10) {
        0 => 0,
        1..=5 => random.usize(..130),
        6..=8 => random.usize(..400),
        _ => random.usize(..3400),
    };
    match random.u8(..12) {
        0..=4 => vec![RawFrame::text(text(random, len))],
        5 => vec![RawFrame::binary(vec![0xff; len])],
        6..=8 => fragments(random, len),
        9 if random.bool() => vec![RawFrame::ping(vec![b'q'; random.usize(..126)])],
        9 => vec![RawFrame::pong(vec![b'q'; random.usize(..126)])],
        10 => vec![RawFrame::new(0x80 | opcode::CLOSE, close(random))],
        _ => {
            let payload = text(random, len.min(200));
            vec![RawFrame::new(random.u8(..), payload)]
        }
    }
}

/// A message in fragments, with Pings between them.
fn fragments(random: &mut Rng, len: usize) -> Vec<RawFrame> {
    let binary = random.u8(..4) == 0;
    let payload = if binary { vec![0xfe; len] } else { text(random, len) };
    let mut cuts: Vec<usize> = (0..1 + random.usize(..5)).map(|_| random.usize(..=len)).collect();
    cuts.sort_unstable();
    let (mut frames, mut from) = (Vec::new(), 0);
    for (index, cut) in cuts.iter().map(|cut| (*cut).min(payload.len())).enumerate() {
        let part = &payload[from..cut];
        frames.push(match (index, binary) {
            (0, true) => RawFrame::binary(part).unfinished(),
            (0, false) => RawFrame::text(part).unfinished(),
            _ => RawFrame::continuation(part).unfinished(),
        });
        if random.u8(..3) == 0 {
            frames.push(RawFrame::ping(vec![b'p'; random.usize(..126)]));
        }
        from = cut;
    }
    frames.push(RawFrame::continuation(&payload[from..]));
    frames
}

/// At least `len` bytes of text.
fn text(random: &mut Rng, len: usize) -> Vec<u8> {
    const SOME: [char; 8] =
        ['a', '"', '\n', '\u{e9}', '\u{20ac}', '\u{1f600}', '\u{7ff}', '\u{ffff}'];
    let ascii = random.bool();
    let mut text = String::new();
    while text.len() < len {
        text.push(if ascii { 'x' } else { SOME[random.usize(..SOME.len())] });
    }
    text.into_bytes()
}

fn close(random: &mut Rng) -> Vec<u8> {
    const CODES: [u16; 10] = [1000, 1001, 1005, 1006, 999, 3000, 4999, 1014, 1015, 5000];
    match random.u8(..12) {
        0 => vec![3],
        1..=5 => Vec::new(),
        _ => [&CODES[random.usize(..10)].to_be_bytes()[..], &text(random, 20)].concat(),
    }
}

/// The frame masked as the reader wants it, nearly always, and now and then with a length that is
/// written longer than it has to be.
fn oddly_written(frame: RawFrame, role: Role, random: &mut Rng) -> RawFrame {
    let wanted = role == Role::Server;
    let odd = random.u8(..) == 0;
    let frame = if wanted != odd { frame.masked() } else { frame };
    match random.u8(..20) {
        0 => frame.with_length(LengthForm::Long),
        1 => frame.lengthened(),
        _ => frame,
    }
}

fn damage(stream: &mut Vec<u8>, random: &mut Rng) {
    for _ in 0..1 + random.usize(..3) {
        if stream.is_empty() {
            return;
        }
        let at = random.usize(..stream.len());
        match random.u8(..4) {
            0 => stream[at] = random.u8(..),
            1 => drop(stream.remove(at)),
            2 => stream.insert(at, random.u8(..)),
            _ => stream[at] ^= 1 << random.u8(..8),
        }
    }
}
