//! Streams of frames as tables.

use std::ops::Range;

use super::*;
use crate::testing::raw_frame::{LengthForm, RawFrame, stream};

const LIMITS: FrameLimits = FrameLimits { max_message_bytes: 1000, max_fragments: 3 };

fn client() -> Frames {
    Frames::new(Role::Client, LIMITS, Utf8Policy::Fail)
}

fn server() -> Frames {
    Frames::new(Role::Server, LIMITS, Utf8Policy::Fail)
}

/// Everything that a reader finds in a stream.
#[derive(Debug, Default)]
struct Found {
    /// `text abc`, `binary abc`, `ping`, `close 1000`, and a violation as the last.
    events: Vec<String>,
    /// The whole buffer, and the places of the messages in it.
    buf: Vec<u8>,
    spans: Vec<Span>,
    skipped: u64,
}

impl Found {
    /// Reads on in `self.buf`, up to a violation. Whether there is none.
    fn scan(&mut self, frames: &mut Frames) -> bool {
        loop {
            let from = self.spans.len();
            let stop = frames.scan(&mut self.buf, &mut self.spans);
            let upto = frames.cut();
            let checked = frames.check_text(&mut self.buf, &mut self.spans, from, upto);
            let stop = match checked {
                Ok(skipped) => {
                    self.skipped += skipped;
                    stop
                }
                Err(violation) => Stop::Violation(violation),
            };
            for span in &self.spans[from..] {
                let kind = match span.kind {
                    MessageKind::Text => "text",
                    MessageKind::Binary => "binary",
                };
                let payload = self.buf[span.range()].escape_ascii();
                self.events.push(format!("{kind} {payload}"));
            }
            match stop {
                Stop::Compressed(span) => panic!("{span:?} is compressed"),
                Stop::More => return true,
                Stop::Control(Control::Ping(payload)) => {
                    self.events.push(format!("ping {payload:?}"));
                }
                Stop::Control(Control::Pong(payload)) => {
                    self.events.push(format!("pong {payload:?}"));
                }
                Stop::Control(Control::Close(close)) => {
                    self.events.push(format!("close {:?} {}", close.code, close.reason));
                }
                Stop::Violation(violation) => {
                    self.events.push(format!("{violation:?}"));
                    return false;
                }
            }
        }
    }

    /// Asserts that everything between the messages reads as line breaks, up to `end`.
    fn assert_gaps(&self, end: usize) {
        let mut at = 0;
        for span in &self.spans {
            let Range { start, end } = span.range();
            assert!(start > at, "nothing stands in front of a message");
            assert!(self.buf[at..start].iter().all(|byte| *byte == GAP), "{:?}", self.buf);
            at = end;
        }
        assert!(self.buf[at..end].iter().all(|byte| *byte == GAP));
    }
}

/// Reads `bytes`, of which `step` arrive at a time.
fn read(mut frames: Frames, bytes: &[u8], step: usize) -> Found {
    let mut found = Found::default();
    for part in bytes.chunks(step) {
        found.buf.extend(part);
        if !found.scan(&mut frames) {
            break;
        }
    }
    found
}

/// Whatever has arrived at a time, the events are the same.
fn assert_found(frames: impl Fn() -> Frames, bytes: &[u8], expected: &[&str]) {
    for step in 1..=bytes.len() {
        let found = read(frames(), bytes, step);
        assert_eq!(found.events, expected, "{step} bytes at a time");
        found.assert_gaps(bytes.len());
    }
}

#[test]
fn every_violation_shows_as_soon_as_the_header_has_it() {
    use Violation::*;
    let first = |payload: &str| RawFrame::text(payload).unfinished().bytes();
    let too_large = |size| TooLarge { size, max: 1000 };
    let long = |first: u8, len: u64| [&[first, 127][..], &len.to_be_bytes()].concat();
    // The bytes before, the bytes that break a rule, and the rule.
    let table: [(Vec<u8>, Vec<u8>, Violation); 22] = [
        (vec![], vec![0xc1, 0], ReservedBits),
        (vec![], vec![0xa1, 0], ReservedBits),
        (vec![], vec![0x91, 0], ReservedBits),
        (vec![], vec![0xc9, 0], ReservedBits),
        (vec![], vec![0x81, 0x80], Masked),
        (vec![], vec![0x89, 0xff], Masked),
        (vec![], vec![0x83, 0], Opcode(3)),
        (vec![], vec![0x07, 0], Opcode(7)),
        (vec![], vec![0x8b, 0], Opcode(11)),
        (vec![], vec![0x8f, 0], Opcode(15)),
        (vec![], vec![0x09, 0], FragmentedControl),
        (vec![], vec![0x08, 0], FragmentedControl),
        (vec![], vec![0x89, 126, 0, 126], LongControl),
        (vec![], long(0x8a, 126), LongControl),
        (vec![], vec![0x80, 0], NothingToContinue),
        (RawFrame::text("a").bytes(), vec![0x00, 1], NothingToContinue),
        (first("a"), vec![0x81, 0], Interleaved),
        (first("a"), vec![0x02, 1], Interleaved),
        (vec![], vec![0x82, 126, 0x03, 0xe9], too_large(1001)),
        (vec![], long(0x81, u64::MAX), too_large(u64::MAX)),
        (first(&"a".repeat(999)), vec![0x80, 2], too_large(1001)),
        (first("a"), long(0x80, u64::MAX), too_large(u64::MAX)),
    ];
    for (before, breaking, expected) in table {
        for step in [1, 1 << 20] {
            let all = [&before[..], &breaking].concat();
            let events = read(client(), &all, step).events;
            assert_eq!(events.last(), Some(&format!("{expected:?}")), "{breaking:x?}");
            let less = &all[..all.len() - 1];
            let events = read(client(), less, step).events;
            assert!(!events.contains(&format!("{expected:?}")), "{breaking:x?} is not needed");
        }
    }
    let unmasked = read(server(), &[0x81, 0], 1).events;
    assert_eq!(unmasked, ["NotMasked"]);
}

#[test]
fn a_message_may_be_as_large_as_the_limit_in_one_frame_or_in_fragments() {
    let half = "a".repeat(500);
    let whole = format!("text {}", "a".repeat(1000));
    let in_one = RawFrame::text("a".repeat(1000)).bytes();
    assert_eq!(read(client(), &in_one, 7).events, [&whole[..]]);
    let in_two = [RawFrame::text(&half).unfinished(), RawFrame::continuation(&half)];
    assert_eq!(read(client(), &stream(&in_two), 7).events, [&whole[..]]);
}

#[test]
fn a_message_may_have_as_many_fragments_as_the_limit() {
    let limits = FrameLimits { max_message_bytes: 1 << 20, max_fragments: 131_072 };
    let part = |_| RawFrame::continuation("a").unfinished();
    let mut parts: Vec<RawFrame> = (0..131_072).map(part).collect();
    parts[0] = RawFrame::text("a").unfinished();
    parts.push(RawFrame::continuation("a"));
    let step = 1 << 16;
    let frames = || Frames::new(Role::Client, limits, Utf8Policy::Fail);
    let refused = read(frames(), &stream(&parts), step).events;
    assert_eq!(refused, ["TooManyFragments { max: 131072 }"]);
    parts.remove(1);
    let found = read(frames(), &stream(&parts), step);
    assert_eq!((found.spans.len(), found.spans[0].len), (1, 131_072));
}

#[test]
fn lengths_are_read_in_every_form_that_can_hold_them() {
    let limits = FrameLimits { max_message_bytes: 100_000, max_fragments: 3 };
    let frames = |role| Frames::new(role, limits, Utf8Policy::Fail);
    for len in [0, 1, 125, 126, 127, 0xffff, 0x1_0000, 100_000] {
        let payload: Vec<u8> = (0..len).map(|n| n as u8).collect();
        // A length that is written longer than it has to be breaks RFC 6455 §5.2, and harms nobody.
        let forms = [LengthForm::Short, LengthForm::Medium, LengthForm::Long];
        for form in forms.into_iter().filter(|form| *form >= LengthForm::shortest(len)) {
            let frame = RawFrame::binary(&payload).with_length(form);
            for (role, frame) in [(Role::Client, frame.clone()), (Role::Server, frame.masked())] {
                for step in [1 + len / 3, 1 << 20] {
                    let found = read(frames(role), &frame.bytes(), step);
                    assert_eq!(found.spans.len(), 1, "{len} {form:?} {role:?} {:?}", found.events);
                    assert_eq!(found.buf[found.spans[0].range()], payload);
                }
            }
        }
    }
}

/// Whole messages, fragments with control frames between them, and empty frames.
fn mixed() -> Vec<RawFrame> {
    vec![
        RawFrame::text("one"),
        RawFrame::ping("p1"),
        RawFrame::text("t\u{20ac}").unfinished(),
        RawFrame::pong("p2"),
        RawFrame::continuation("").unfinished(),
        RawFrame::ping("p3"),
        RawFrame::continuation("wo"),
        RawFrame::binary(""),
        RawFrame::binary([0xff]).unfinished(),
        RawFrame::continuation([0xfe]),
        RawFrame::text("last"),
        RawFrame::close(1000, "bye"),
    ]
}

const MIXED: [&str; 9] = [
    "text one",
    "ping p1",
    "pong p2",
    "ping p3",
    "text t\\xe2\\x82\\xacwo",
    "binary ",
    "binary \\xff\\xfe",
    "text last",
    "close Some(1000) bye",
];

#[test]
fn fragments_are_joined_and_everything_else_becomes_line_breaks() {
    assert_found(client, &stream(&mixed()), &MIXED);
}

#[test]
fn a_server_finds_the_same_in_masked_frames() {
    let masked: Vec<RawFrame> = mixed().into_iter().map(RawFrame::masked).collect();
    assert_found(server, &stream(&masked), &MIXED);
}

#[test]
fn the_buffer_may_be_cut_and_moved_whenever_the_scan_stops() {
    let bytes = stream(&mixed());
    for at in 0..bytes.len() {
        let (mut found, mut frames) = (Found::default(), client());
        let mut messages = Vec::new();
        for part in [&bytes[..at], &bytes[at..]] {
            found.buf.extend(part);
            found.scan(&mut frames);
            messages.append(&mut found.spans);
            let cut = frames.cut();
            found.buf.drain(..cut);
            frames.moved(cut);
        }
        assert_eq!(found.events, MIXED, "cut at byte {at}");
        assert_eq!((frames.cut(), frames.is_mid_message(&found.buf)), (0, false));
    }
}

#[test]
fn a_message_has_begun_with_the_first_byte_of_its_header() {
    let bytes = stream(&[RawFrame::text("ab").unfinished(), RawFrame::continuation("c")]);
    let mut found = Found::default();
    let mut frames = client();
    let mut begun = Vec::new();
    for byte in &bytes {
        found.buf.push(*byte);
        found.scan(&mut frames);
        begun.push((frames.is_mid_message(&found.buf), frames.is_mid_fragments()));
    }
    let fragment = (true, true);
    let header = (true, false);
    assert_eq!(begun, [header, header, header, fragment, fragment, fragment, (false, false)]);
}

#[test]
fn text_that_is_not_utf8_is_treated_as_the_policy_says() {
    let bytes = stream(&[
        RawFrame::text("a"),
        RawFrame::binary([0xff]),
        RawFrame::text([b'b', 0xff]),
        RawFrame::ping(""),
        RawFrame::text([0xc3]).unfinished(),
        RawFrame::continuation("c"),
        RawFrame::text([0xe2, 0x82]).unfinished(),
        RawFrame::continuation([0xac]),
    ]);
    let frames = |utf8| move || Frames::new(Role::Client, LIMITS, utf8);
    let fails: &[&str] = &["text a", "binary \\xff", "NotUtf8"];
    for step in 1..=bytes.len() {
        assert_eq!(read(frames(Utf8Policy::Fail)(), &bytes, step).events, fails);
    }
    let euro = "text \\xe2\\x82\\xac";
    assert_found(frames(Utf8Policy::Skip), &bytes, &["text a", "binary \\xff", "ping ", euro]);
    assert_eq!(read(frames(Utf8Policy::Skip)(), &bytes, 5).skipped, 2);
    let kept = ["text a", "binary \\xff", "binary b\\xff", "ping ", "binary \\xc3c", euro];
    assert_found(frames(Utf8Policy::Binary), &bytes, &kept);
}

#[test]
fn a_character_may_be_split_between_frames_but_not_between_messages() {
    for (frames, good) in [
        (vec![RawFrame::text([0xe2]).unfinished(), RawFrame::continuation([0x82, 0xac])], true),
        (vec![RawFrame::text([0xe2]).unfinished(), RawFrame::continuation([0x82])], false),
        (vec![RawFrame::text([0xe2, 0x82]), RawFrame::text([0xac])], false),
    ] {
        let events = read(client(), &stream(&frames), 99).events;
        assert_eq!(!events.contains(&"NotUtf8".to_owned()), good, "{events:?}");
    }
}

#[test]
fn broken_text_is_refused_before_its_frame_is_whole() {
    for (parts, refused_at) in [
        // Behind the header of 4 bytes: the first byte that cannot be UTF-8.
        (vec![RawFrame::text([&b"ab\xff"[..], &[b'c'; 500]].concat())], 4 + 3),
        (vec![RawFrame::text([&b"\xe2\x82a"[..], &[b'c'; 500]].concat())], 4 + 3),
        // In a later fragment: behind the first frame of 3 bytes.
        (
            vec![
                RawFrame::text("a").unfinished(),
                RawFrame::continuation([&b"\xff"[..], &[b'c'; 500]].concat()),
            ],
            3 + 4 + 1,
        ),
    ] {
        let bytes = stream(&parts);
        let mut found = Found::default();
        let mut frames = client();
        let refused = bytes.iter().position(|byte| {
            found.buf.push(*byte);
            found.scan(&mut frames);
            found.events == ["NotUtf8"]
        });
        assert_eq!(refused, Some(refused_at - 1));
    }
}

#[test]
fn bytes_of_data_frames_are_counted_apart_from_control_frames() {
    let (mut found, mut frames) = (Found::default(), client());
    let mut table = Vec::new();
    for (what, part) in [
        ("a Ping", RawFrame::ping("p").bytes()),
        ("a message", RawFrame::text("a").bytes()),
        ("nothing", vec![]),
        ("the header of a long message", vec![0x81, 126, 0, 200]),
        ("a byte of it", vec![b'a']),
        ("the rest of it", vec![b'a'; 199]),
        ("a fragment", RawFrame::text("a").unfinished().bytes()),
        ("a Pong inside", RawFrame::pong("p").bytes()),
        ("the empty last fragment", RawFrame::continuation("").bytes()),
        ("an empty message", RawFrame::text("").bytes()),
    ] {
        found.buf.extend(part);
        found.scan(&mut frames);
        table.push((what, frames.take_data_seen()));
    }
    let control = ["a Ping", "nothing", "the header of a long message", "a Pong inside"];
    for (what, data) in table {
        assert_eq!(data, !control.contains(&what), "{what}");
    }
}
