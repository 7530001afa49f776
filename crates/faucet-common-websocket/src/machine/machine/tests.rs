//! The life of connections that end in no particular way.

use super::*;
use crate::frame::Frame;
use crate::machine::role::Role;
use crate::machine::story::{S, Story, once, settings};
use crate::testing::raw_frame::{RawFrame, stream};

#[test]
fn a_dial_leads_to_a_connection_and_a_loss_to_the_next_dial() {
    let mut story = Story::new(settings());
    story.refused();
    assert_eq!(story.events(), ["lost Transient 1s 1", "waiting"]);
    assert_eq!(story.tasks(), [Output::HangUp]);
    story.wait(S(1));
    story.connects(&[]);
    assert_eq!(story.events(), ["up"]);
    story.reads(&[RawFrame::text("a"), RawFrame::binary("b")]);
    assert_eq!(story.events(), ["a,b"]);
    story.machine.progressed();
    story.hangs_up();
    assert_eq!(story.events(), ["lost Transient 1s 1", "waiting"]);
    assert!(story.machine.is_waiting() && !story.machine.is_up());
    story.wait(S(1));
    story.connects(&[]);
    assert_eq!(story.events(), ["up again"]);
}

#[test]
fn no_attempt_begins_while_none_is_wanted() {
    let mut story = Story::connected(settings());
    story.machine.want(false);
    story.hangs_up();
    story.wait(S(100));
    assert_eq!((story.tasks(), story.next()), (vec![Output::HangUp], None));
    story.machine.want(true);
    story.wait(S(0));
    story.connects(&[]);
    assert_eq!(story.events(), ["lost Transient 1s 1", "waiting", "up again"]);
}

#[test]
fn the_greeting_goes_out_first_on_every_connection() {
    let greeting = [Frame::Text("hello".into()), Frame::Binary("\u{1}".into())];
    let mut story = Story::connected(Settings { greeting: greeting.into(), ..settings() });
    assert_eq!(story.sends(), ["text hello", "binary \\x01"]);
    story.hangs_up();
    story.wait(S(1));
    story.connects(&[]);
    story.machine.outbox().unwrap().message(faucet_core::MessageKind::Text, b"a");
    assert_eq!(story.sends(), ["text hello", "binary \\x01", "text a"]);
}

#[test]
fn messages_behind_the_answer_to_the_upgrade_come_behind_the_event() {
    let mut story = Story::new(settings());
    let many: Vec<RawFrame> = (0..20).map(|n| RawFrame::text(n.to_string().repeat(9))).collect();
    story.connects(&many);
    let events = story.events();
    assert_eq!((&events[0][..], events[1].split(',').count()), ("up", 20));
    let mut story = Story::new(settings());
    story.connects(&[RawFrame::text("a"), RawFrame::close(1001, "")]);
    assert_eq!(story.events(), ["up", "a", "lost Transient 1s 1"]);
}

#[test]
fn control_frames_of_the_peer_are_told_where_they_are_asked_for() {
    let frames = [RawFrame::ping("1"), RawFrame::text("a"), RawFrame::pong("x")];
    for (tells_controls, events) in [(true, &["ping 1", "pong x", "a"][..]), (false, &["a"])] {
        let mut story = Story::connected(Settings { tells_controls, ..settings() });
        story.reads(&frames);
        assert_eq!(story.events(), events);
        assert_eq!(story.sends(), ["pong 1"]);
    }
}

#[test]
fn pings_are_answered_in_order_and_with_their_payload() {
    let mut story = Story::connected(settings());
    story.reads(&[
        RawFrame::ping("1"),
        RawFrame::text("a"),
        RawFrame::ping(""),
        RawFrame::pong("x"),
    ]);
    assert_eq!(story.sends(), ["pong 1", "pong"]);
    assert_eq!(story.events(), ["a"]);
}

#[test]
fn nothing_is_read_while_messages_wait_or_the_owner_pauses() {
    let mut story = Story::connected(settings());
    story.reads(&[RawFrame::text("a")]);
    assert!(story.machine.space().is_none());
    assert_eq!(story.events(), ["a"]);
    assert!(story.machine.space().is_some());
    story.pauses();
    assert!(story.machine.space().is_none());
    story.resumes();
    story.reads(&[RawFrame::text("b")]);
    assert_eq!(story.events(), ["b"]);
}

#[test]
fn messages_are_taken_before_the_loss_although_the_stream_ended_behind_them() {
    let mut story = Story::connected(settings());
    story.reads_more(&stream(&[RawFrame::text("a"), RawFrame::text("b")]));
    assert!(!story.machine.reads(), "the end is read when the messages were taken");
    assert_eq!(story.events(), ["a,b"]);
    story.hangs_up();
    assert_eq!(story.events(), ["lost Transient 1s 1", "waiting"]);
    // A Close is the end now, with messages that are taken only when the connection is gone.
    story.wait(S(1));
    story.connects(&[]);
    story.reads(&[RawFrame::text("c"), RawFrame::close(1000, "")]);
    story.wait(S(1));
    assert_eq!(story.events(), ["up again", "c", "lost Clean 1s 2", "waiting"]);
}

#[test]
fn a_failed_write_is_reported_after_everything_that_was_read() {
    let mut story = Story::connected(settings());
    story.machine.outbox().unwrap().ping(b"");
    story.write_fails();
    assert!(story.machine.pending().is_empty() && story.machine.outbox().is_none());
    assert!(!story.machine.is_flushed(), "nobody may take the bytes for sent");
    assert_eq!(story.events(), [""; 0]);
    story.reads_more(&stream(&[RawFrame::text("a"), RawFrame::ping("p"), RawFrame::text("b")]));
    assert_eq!(story.events(), ["a,b"]);
    story.reads_more(&RawFrame::text("c").bytes());
    assert_eq!(story.events(), ["c"]);
    story.drained();
    assert_eq!(
        (story.events(), story.sends()),
        (events(["lost Transient 1s 1", "waiting"]), vec![])
    );
}

fn events<const N: usize>(events: [&str; N]) -> Vec<String> {
    events.map(str::to_owned).into()
}

#[test]
fn the_first_error_of_a_failed_write_is_reported() {
    let mut story = Story::connected(once());
    story.write_fails();
    story.write_fails_with(io::ErrorKind::NotConnected);
    story.drained();
    let Some(Event::Over(Over::Failed(failed))) = story.machine.poll_event() else {
        panic!("no failure")
    };
    let error = failed.error("ws://h/");
    assert!(error.to_string().contains("broken pipe"), "{error}");
}

#[test]
fn a_pong_acknowledges_what_its_ping_was_sent_behind() {
    let mut story = Story::connected(settings());
    story.machine.barrier(5);
    story.machine.barrier(7);
    let pings: Vec<Vec<u8>> = story.takes(usize::MAX).chunks(2 + 4 + 24).map(unmasked).collect();
    story.reads(&[RawFrame::pong(&pings[0])]);
    assert_eq!(story.events(), ["acked 5"]);
    story.reads(&[RawFrame::pong("other"), RawFrame::pong(&pings[1]), RawFrame::pong(&pings[0])]);
    assert_eq!(story.events(), ["acked 7 latest", "acked 5"]);
}

/// The payload of a short masked frame.
fn unmasked(frame: &[u8]) -> Vec<u8> {
    let (key, payload) = frame[2..].split_at(4);
    payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key).collect()
}

#[test]
fn a_server_sends_plain_frames_and_wants_masked_ones() {
    let mut story = Story::connected(Settings { role: Role::Server, ..settings() });
    story.machine.outbox().unwrap().message(faucet_core::MessageKind::Text, b"a");
    assert_eq!(story.takes(usize::MAX), b"\x81\x01a");
    story.reads(&[RawFrame::text("a").masked()]);
    assert_eq!(story.events(), ["a"]);
    story.reads(&[RawFrame::text("a")]);
    assert_eq!(
        (story.events(), story.sends()),
        (events(["lost Violation 1s 1"]), events(["close 1002"]))
    );
}
