//! The events that the owner of an inbox gets, read by read.

use std::time::Instant;

use faucet_core::Timestamp;

use super::*;
use crate::machine::frames::FrameLimits;
use crate::machine::role::Role;
use crate::machine::utf8_policy::Utf8Policy;
use crate::testing::raw_frame::{RawFrame, stream};

fn stamp() -> Stamp {
    Stamp { instant: Instant::now(), timestamp: Timestamp::from_unix_millis(0) }
}

/// An inbox that reads into buffers of `size` bytes.
fn inbox(size: usize, utf8: Utf8Policy) -> Inbox {
    let limits = FrameLimits { max_message_bytes: 1 << 24, max_fragments: 1000 };
    Inbox::new(Frames::new(Role::Client, limits, utf8), Pool::of(size), stamp())
}

/// Reads all of `bytes`; whether it is a violation. Control frames are dropped.
fn read(inbox: &mut Inbox, mut bytes: &[u8]) -> Result<(), Violation> {
    while !bytes.is_empty() {
        let space = inbox.space();
        let n = space.len().min(bytes.len());
        space[..n].copy_from_slice(&bytes[..n]);
        inbox.filled(n, stamp());
        bytes = &bytes[n..];
        while inbox.next()? != Inbound::More {}
    }
    Ok(())
}

/// Takes what waits: the messages, and whether the buffer was shared.
fn take(inbox: &mut Inbox) -> (Vec<String>, bool) {
    let mut spans = Vec::new();
    let taken = inbox.take(&mut spans);
    let (bytes, shared) = match &taken {
        Taken::Shared(bytes) => (&bytes[..], true),
        Taken::Small(bytes) => (*bytes, false),
    };
    let message = |span: &Span| bytes[span.range()].escape_ascii().to_string();
    let mut behind = 0;
    for span in &spans {
        assert_eq!(bytes[span.range().start - 1], b'\n');
        assert!(
            bytes[behind.max(span.range().start - 2)..span.range().start]
                .iter()
                .all(|b| *b == b'\n')
        );
        behind = span.range().end;
    }
    (spans.iter().map(message).collect(), shared)
}

#[test]
fn messages_that_fill_a_quarter_of_the_buffer_take_it_with_them() {
    for (len, shared) in [(61, false), (62, true), (200, true)] {
        let mut inbox = inbox(256, Utf8Policy::Fail);
        let payload = "a".repeat(len);
        let header = if len < 126 { 2 } else { 4 };
        assert_eq!((len + header >= 256 / SPARSE), shared);
        read(&mut inbox, &stream(&[RawFrame::text(&payload), RawFrame::text("b").unfinished()]))
            .unwrap();
        assert_eq!(take(&mut inbox), (vec![payload], shared), "{len}");
        // The unfinished message stays.
        read(&mut inbox, &RawFrame::continuation("c").bytes()).unwrap();
        assert_eq!(take(&mut inbox).0, ["bc"]);
    }
}

#[test]
fn a_shared_buffer_is_not_written_to_while_somebody_holds_it() {
    let mut inbox = inbox(64, Utf8Policy::Fail);
    let mut held = Vec::new();
    for n in 0..5 {
        let payload = n.to_string().repeat(40);
        read(&mut inbox, &RawFrame::text(&payload).bytes()).unwrap();
        let mut spans = Vec::new();
        let Taken::Shared(bytes) = inbox.take(&mut spans) else { panic!("it fills the buffer") };
        held.push((bytes.slice(spans[0].range()), payload));
    }
    for (bytes, payload) in held {
        assert_eq!(bytes, payload);
    }
}

#[test]
fn messages_that_wait_do_not_move_under_their_places() {
    let mut inbox = inbox(64, Utf8Policy::Fail);
    let mut expected = Vec::new();
    for n in 0..20 {
        let payload = n.to_string().repeat(15);
        read(&mut inbox, &RawFrame::text(&payload).bytes()).unwrap();
        expected.push(payload);
    }
    assert_eq!(take(&mut inbox).0, expected);
}

#[test]
fn a_buffer_grows_with_the_bytes_that_come_in_and_not_with_what_a_header_declares() {
    let mut inbox = inbox(1024, Utf8Policy::Fail);
    let payload = vec![b'a'; 100_000];
    let bytes = RawFrame::text(&payload).bytes();
    let mut most = 0;
    for part in bytes.chunks(500) {
        read(&mut inbox, part).unwrap();
        most += part.len();
        assert!(inbox.buf.len() <= (2 * most).max(1024), "{} for {most}", inbox.buf.len());
    }
    let (messages, shared) = take(&mut inbox);
    assert_eq!((messages[0].len(), shared), (100_000, true));
    inbox.rest();
    assert_eq!(inbox.space().len(), 1024, "the grown buffer went with its message");
}

#[test]
fn at_rest_the_buffer_is_given_back_and_up_to_4_kib_of_a_message_are_kept() {
    for (arrived, given_back) in [(1, true), (4096, true), (4097, false)] {
        let mut inbox = inbox(8192, Utf8Policy::Fail);
        let bytes = RawFrame::text("a".repeat(6000)).bytes();
        read(&mut inbox, &bytes[..arrived]).unwrap();
        inbox.rest();
        assert_eq!(inbox.buf.is_empty(), given_back, "{arrived}");
        assert!(inbox.is_mid_message());
        read(&mut inbox, &bytes[arrived..]).unwrap();
        assert_eq!(take(&mut inbox).0, ["a".repeat(6000)]);
        inbox.rest();
        assert!(inbox.buf.is_empty() && !inbox.is_mid_message());
    }
}

#[test]
fn messages_that_wait_keep_the_buffer() {
    let mut inbox = inbox(64, Utf8Policy::Fail);
    read(&mut inbox, &RawFrame::text("a").bytes()).unwrap();
    inbox.rest();
    assert!(!inbox.buf.is_empty());
    assert_eq!(take(&mut inbox).0, ["a"]);
    inbox.rest();
    assert!(inbox.buf.is_empty());
    assert_eq!(take(&mut inbox), (vec![], false), "nothing waits, and no buffer is borrowed");
    assert!(inbox.buf.is_empty());
}

#[test]
fn control_frames_take_no_memory() {
    for between in [vec![], RawFrame::text("ab").unfinished().bytes()] {
        let mut inbox = inbox(256, Utf8Policy::Fail);
        read(&mut inbox, &between).unwrap();
        let pings = stream(&vec![RawFrame::ping("p".repeat(100)); 3]);
        for n in 0..1000 {
            read(&mut inbox, &pings).unwrap();
            assert!(inbox.buf.len() <= 1024, "{} after {n} reads", inbox.buf.len());
            if n % 7 == 0 {
                inbox.rest();
                assert!(inbox.carry.len() <= 4, "{} after {n} reads", inbox.carry.len());
            }
        }
        if !between.is_empty() {
            read(&mut inbox, &RawFrame::continuation("c").bytes()).unwrap();
            assert_eq!(take(&mut inbox).0, ["abc"]);
        }
    }
}

#[test]
fn the_headers_of_many_fragments_take_no_memory() {
    let mut inbox = inbox(256, Utf8Policy::Fail);
    read(&mut inbox, &RawFrame::text("").unfinished().bytes()).unwrap();
    for _ in 0..900 {
        let part = [RawFrame::ping("p".repeat(60)), RawFrame::continuation("a").unfinished()];
        read(&mut inbox, &stream(&part)).unwrap();
        assert!(inbox.buf.len() <= 4096, "{}", inbox.buf.len());
    }
    read(&mut inbox, &stream(&[RawFrame::continuation("z"), RawFrame::text("next")])).unwrap();
    assert_eq!(take(&mut inbox).0, ["a".repeat(900) + "z", "next".to_owned()]);
}

#[test]
fn the_messages_in_front_of_a_violation_wait() {
    for broken in [RawFrame::new(0xc1, ""), RawFrame::text([0xff])] {
        let mut inbox = inbox(64, Utf8Policy::Fail);
        let frames = [RawFrame::text("a"), RawFrame::ping(""), RawFrame::text("b"), broken];
        read(&mut inbox, &stream(&frames)).unwrap_err();
        assert_eq!(take(&mut inbox).0, ["a", "b"]);
    }
}

#[test]
fn skipped_messages_are_counted_and_leave_line_breaks() {
    let mut inbox = inbox(64, Utf8Policy::Skip);
    let frames = [RawFrame::text("a"), RawFrame::text([0xff; 9]), RawFrame::text("b")];
    read(&mut inbox, &stream(&frames)).unwrap();
    assert_eq!((inbox.take_skipped(), inbox.take_skipped()), (1, 0));
    assert_eq!(take(&mut inbox).0, ["a", "b"]);
}

#[test]
fn forgotten_and_discarded_bytes_leave_nothing_behind() {
    let half = RawFrame::text("half").unfinished().bytes();
    let frames = [&RawFrame::text("a").bytes()[..], &half, &[0x80]].concat();
    for forgets in [true, false] {
        let mut inbox = inbox(64, Utf8Policy::Fail);
        for _ in 0..100 {
            read(&mut inbox, &frames).unwrap();
            if forgets {
                inbox.forget();
            } else {
                inbox.discard();
                // The rest of the second header, and of the message.
                read(&mut inbox, &[0x00]).unwrap();
                assert_eq!(take(&mut inbox).0, ["half"]);
            }
            assert!(!inbox.has_messages() && inbox.buf.len() == 64);
            inbox.rest();
        }
    }
}

#[test]
fn any_sizes_of_buffers_and_reads_give_the_same_messages() {
    let frames: Vec<RawFrame> = (0..40)
        .map(|n| match n % 4 {
            0 => RawFrame::text("t".repeat(n * 3)),
            1 => RawFrame::text("f".repeat(n)).unfinished(),
            2 => RawFrame::ping("p".repeat(n)),
            _ => RawFrame::continuation("g".repeat(200)),
        })
        .collect();
    let bytes = stream(&frames);
    let expected: Vec<String> = (0..40)
        .filter_map(|n| match n % 4 {
            0 => Some("t".repeat(n * 3)),
            3 => Some("f".repeat(n - 2) + &"g".repeat(200)),
            _ => None,
        })
        .collect();
    for size in [1, 2, 16, 100, 300, 5000] {
        for (step, takes_every) in [(1, 1), (7, 3), (64, 1), (1000, 2)] {
            let mut inbox = inbox(size, Utf8Policy::Fail);
            let mut messages = Vec::new();
            for (n, part) in bytes.chunks(step).enumerate() {
                read(&mut inbox, part).unwrap();
                if n % takes_every == 0 {
                    messages.append(&mut take(&mut inbox).0);
                    inbox.rest();
                }
            }
            messages.append(&mut take(&mut inbox).0);
            assert_eq!(messages, expected, "buffers of {size}, reads of {step}");
        }
    }
}
