//! How connections end, in both directions.

use std::time::Duration;

use super::*;
use crate::machine::frames::FrameLimits;
use crate::machine::settings::Settings;
use crate::machine::story::{S, Story, limits, once, settings};
use crate::machine::utf8_policy::Utf8Policy;
use crate::testing::raw_frame::{RawFrame, stream};

/// Ends the connection of a story.
type Ending = fn(&mut Story);

#[test]
fn a_close_of_the_peer_is_answered_with_its_code_and_then_the_peer_hangs_up() {
    for (code, class, answer) in [
        (1000, "Clean", "close 1000"),
        (1001, "Transient", "close 1001"),
        (1014, "Transient", "close 1014"),
        (1008, "Credentials", "close 1008"),
        (3999, "Application(3999)", "close 3999"),
        (4000, "Application(4000)", "close 4000"),
        // Codes that no Close may carry.
        (1005, "Violation", "close 1002"),
        (1006, "Transient", "close 1002"),
        (1015, "Violation", "close 1002"),
        (999, "Violation", "close 1002"),
        (2999, "Violation", "close 1002"),
        (5000, "Violation", "close 1002"),
    ] {
        let mut story = Story::connected(settings());
        story.reads(&[RawFrame::close(code, "why")]);
        assert_eq!(story.events(), [format!("lost {class} 1s 1")], "{code}");
        assert_eq!(story.sends(), [answer], "{code}");
        assert_eq!(story.tasks(), []);
        story.hangs_up();
        assert_eq!((story.events(), story.tasks()), (vec!["waiting".into()], vec![Output::HangUp]));
    }
}

#[test]
fn a_close_without_code_is_answered_by_one_without_code() {
    let mut story = Story::connected(once());
    story.reads(&[RawFrame::new(0x88, "")]);
    assert_eq!(story.sends(), ["close"]);
    story.hangs_up();
    assert_eq!(story.events(), ["closed"]);
}

#[test]
fn a_peer_that_does_not_hang_up_is_left_after_a_second() {
    let mut story = Story::connected(settings());
    story.reads(&[RawFrame::close(1001, ""), RawFrame::text("behind the Close")]);
    story.reads(&[RawFrame::text("later"), RawFrame::ping("later")]);
    assert_eq!((story.events(), story.sends().len()), (vec!["lost Transient 1s 1".into()], 1));
    story.wait(Duration::from_millis(999));
    assert_eq!(story.tasks(), []);
    story.wait(Duration::from_millis(1));
    assert_eq!(story.tasks(), [Output::HangUp, Output::Dial]);
}

#[test]
fn violations_are_answered_with_the_code_that_names_them() {
    let (first, part) =
        (RawFrame::text("a").unfinished(), RawFrame::continuation("b").unfinished());
    let interleaved = vec![first.clone(), first.clone()];
    for (frames, events, answer) in [
        (vec![RawFrame::new(0xf1, "")], &["lost Violation 1s 1"][..], "close 1002"),
        (vec![RawFrame::new(0x83, "")], &["lost Violation 1s 1"], "close 1002"),
        (vec![RawFrame::new(0x88, "x")], &["lost Violation 1s 1"], "close 1002"),
        (vec![RawFrame::new(0x88, b"\x03\xe8\xff")], &["lost Violation 1s 1"], "close 1007"),
        (vec![RawFrame::text([0xff])], &["not_utf8 1", "lost Violation 1s 1"], "close 1007"),
        (vec![RawFrame::text("a".repeat(1001))], &["too_large 1"], "close 1009"),
        (interleaved, &["partial_frame 1", "lost Violation 1s 1"], "close 1002"),
    ] {
        let mut story = Story::connected(settings());
        story.reads(&frames);
        assert_eq!(story.events(), events, "{frames:?}");
        assert_eq!(story.sends(), [answer], "{frames:?}");
    }
    let many = FrameLimits { max_message_bytes: 1000, max_fragments: 2 };
    let mut story = Story::connected(Settings { frames: many, ..settings() });
    story.reads(&[first, part, RawFrame::continuation("c")]);
    assert_eq!(
        (story.events(), story.sends()),
        (vec!["too_large 1".into()], vec!["close 1008".into()])
    );
    story.hangs_up();
    assert_eq!(story.events(), ["failed Fatal"]);
}

#[test]
fn messages_in_front_of_the_end_come_first() {
    for end in [RawFrame::new(0xf1, ""), RawFrame::text([0xff]), RawFrame::close(1001, "")] {
        let mut story = Story::connected(settings());
        story.reads(&[RawFrame::text("a"), RawFrame::text("b"), end, RawFrame::text("c")]);
        assert_eq!(story.events()[0], "a,b");
    }
}

#[test]
fn half_a_message_is_counted_once_however_the_connection_ends() {
    let half = RawFrame::text("half").unfinished().bytes();
    let header = vec![0x81, 0x05, b'h'];
    let whole = RawFrame::text("a").bytes();
    // Half a Ping is no message.
    let ping = vec![0x89, 0x05, b'p'];
    let ends: [(&str, Ending); 5] = [
        ("the stream ends", Story::hangs_up),
        ("a write fails", |story| {
            story.write_fails();
            story.drained();
        }),
        ("we give up", Story::abandons),
        ("the owner leaves", Story::leaves),
        ("the owner leaves after a failed write", |story| {
            story.write_fails();
            story.leaves();
            story.drained();
        }),
    ];
    for (name, end) in ends {
        for (arrived, counted) in [(&half, 1), (&header, 1), (&whole, 0), (&ping, 0)] {
            let mut story = Story::connected(settings());
            story.reads_bytes(arrived);
            story.events();
            end(&mut story);
            story.wait(S(2));
            let events = story.events();
            let found = events.iter().filter(|event| *event == "partial_frame 1").count();
            assert_eq!(found, counted, "{name}: {events:?}");
        }
    }
    // A control frame can come inside a message only between fragments.
    for (arrived, counted) in [(&half, 1), (&whole, 0)] {
        for end in [RawFrame::close(1001, ""), RawFrame::new(0xf9, "")] {
            let mut story = Story::connected(settings());
            story.reads_bytes(&[arrived, &end.bytes()[..]].concat());
            let found = story.events().iter().filter(|event| *event == "partial_frame 1").count();
            assert_eq!(found, counted, "{end:?}");
        }
    }
}

#[test]
fn broken_text_is_skipped_and_counted_or_kept_where_the_policy_says_so() {
    let frames = [RawFrame::text("a"), RawFrame::text([0xff]), RawFrame::text("b")];
    for (utf8, expected) in
        [(Utf8Policy::Skip, &["not_utf8 1", "a,b"][..]), (Utf8Policy::Binary, &["a,\\xff,b"])]
    {
        let mut story = Story::connected(Settings { utf8, ..settings() });
        story.reads(&frames);
        assert_eq!(story.events(), expected);
        story.reads(&[RawFrame::text([0xff])]);
        let only = if utf8 == Utf8Policy::Skip { "not_utf8 1" } else { "\\xff" };
        assert_eq!(story.events(), [only]);
    }
}

#[test]
fn the_owner_leaves_with_a_close_handshake() {
    let mut story = Story::connected(settings());
    story.leaves();
    assert_eq!(story.sends(), ["close 1000"]);
    assert!(!story.machine.is_up() && story.machine.outbox().is_none());
    story.reads(&[RawFrame::text("late"), RawFrame::ping("late"), RawFrame::close(1000, "")]);
    assert_eq!((story.events(), story.sends()), (vec![], vec![]));
    story.hangs_up();
    assert_eq!((story.events(), story.tasks()), (vec!["left Clean".into()], vec![Output::HangUp]));
    assert_eq!(story.next(), None);
}

#[test]
fn a_refusal_that_crosses_our_close_is_reported() {
    let mut story = Story::connected(settings());
    story.leaves();
    story.reads(&[RawFrame::close(1008, "no")]);
    story.hangs_up();
    assert_eq!(story.events(), ["left Credentials"]);
}

#[test]
fn a_refusal_is_read_although_our_close_cannot_be_written() {
    for leaves_first in [true, false] {
        let mut story = Story::connected(settings());
        if leaves_first {
            story.leaves();
        }
        story.write_fails();
        if !leaves_first {
            story.leaves();
        }
        story.reads_more(&RawFrame::close(1008, "no").bytes());
        story.drained();
        assert_eq!(story.events(), ["left Credentials"]);
    }
}

#[test]
fn leaving_ends_whatever_goes_on() {
    let mut dialing = Story::new(settings());
    dialing.leaves();
    assert_eq!(dialing.events(), ["left"]);
    assert_eq!(dialing.tasks(), [Output::Dial, Output::HangUp]);

    let mut waiting = Story::new(settings());
    waiting.refused();
    waiting.leaves();
    assert_eq!(waiting.events(), ["lost Transient 1s 1", "waiting", "left"]);
    assert_eq!(waiting.next(), None);

    let mut closing = Story::connected(settings());
    closing.reads(&[RawFrame::close(1001, "")]);
    closing.leaves();
    closing.wait(S(1));
    assert_eq!(closing.events(), ["lost Transient 1s 1", "left"]);
    assert_eq!(closing.tasks(), [Output::HangUp]);

    let mut over = Story::connected(once());
    over.hangs_up();
    assert_eq!(over.events(), ["failed Transient"]);
    over.leaves();
    assert_eq!(over.events(), ["left"]);
}

#[test]
fn an_owner_that_leaves_waits_for_no_messages_that_it_has_not_taken() {
    let mut story = Story::connected(settings());
    story.reads(&[RawFrame::text("a"), RawFrame::close(1001, "")]);
    story.leaves();
    assert!(story.machine.reads(), "the peer's end is seen at once");
    story.hangs_up();
    assert_eq!(story.tasks(), [Output::HangUp]);
}

#[test]
fn we_give_up_with_3008_and_listen_for_the_answer() {
    let mut story = Story::connected(settings());
    story.abandons();
    story.abandons();
    assert_eq!(
        (story.events(), story.sends()),
        (vec!["lost Silent 1s 1".into()], vec!["close 3008".into()])
    );
    story.reads(&[RawFrame::text("late"), RawFrame::close(3008, "")]);
    story.hangs_up();
    assert_eq!(story.events(), ["waiting"]);
    // The owner leaves meanwhile: the answer is the last word.
    let mut story = Story::connected(settings());
    story.abandons();
    story.leaves();
    story.reads(&[RawFrame::close(1008, "no")]);
    story.hangs_up();
    assert_eq!(story.events(), ["lost Silent 1s 1", "left Credentials"]);
}

#[test]
fn a_run_is_over_once() {
    // The close handshake ends at the moment at which there was no connection for too long.
    let mut story = Story::connected(limits(|times| times.max_outage = Some(S(1))));
    story.reads(&[RawFrame::text("a".repeat(1001))]);
    story.wait(S(5));
    assert_eq!(story.events(), ["too_large 1", "failed Fatal"]);
}

#[test]
fn an_outage_ends_the_run_but_replaces_no_better_reason() {
    let outage = || limits(|times| times.max_outage = Some(Duration::from_millis(500)));
    let mut story = Story::connected(outage());
    story.reads(&[RawFrame::text("a".repeat(1001))]);
    story.wait(S(5));
    assert_eq!(story.events(), ["too_large 1", "failed Fatal"]);
    let mut story = Story::connected(outage());
    story.reads(&[RawFrame::close(1001, "")]);
    story.wait(Duration::from_millis(999));
    assert_eq!((story.events(), story.tasks()), (vec!["lost Transient 1s 1".into()], vec![]));
    story.wait(Duration::from_millis(1));
    assert_eq!(story.events(), ["failed Transient"], "behind the close handshake");
    let mut story = Story::connected(outage());
    story.hangs_up();
    story.wait(Duration::from_millis(499));
    assert_eq!(story.events(), ["lost Transient 1s 1", "waiting"]);
    story.wait(Duration::from_millis(1));
    assert_eq!(story.events(), ["failed Transient"]);
}

#[test]
fn a_decided_end_is_not_hidden_by_idleness() {
    let mut story =
        Story::connected(limits(|times| times.idle_timeout = Some(Duration::from_millis(500))));
    story.reads(&[RawFrame::text("a".repeat(1001))]);
    story.wait(S(5));
    assert_eq!(story.events(), ["too_large 1", "failed Fatal"]);
}

#[test]
fn the_bytes_of_a_whole_close_handshake_cross() {
    // Both ends close at once.
    let mut story = Story::connected(settings());
    story.leaves();
    story.reads_more(&stream(&[RawFrame::close(1001, "bye")]));
    assert_eq!(story.sends(), ["close 1000"], "an answer to a Close that crossed is no second one");
    story.hangs_up();
    assert_eq!(story.events(), ["left Transient"]);
}
