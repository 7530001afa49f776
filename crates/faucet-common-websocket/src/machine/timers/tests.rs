//! Time limits in virtual time.

use super::*;
use crate::machine::output::Output;
use crate::machine::settings::{Settings, TimeLimits};
use crate::machine::story::{S, Story, limits, settings};
use crate::testing::raw_frame::RawFrame;

const MS: fn(u64) -> Duration = Duration::from_millis;

/// A Ping every 10 s, whose Pong has 5 s.
fn keepalive() -> Settings {
    limits(|times| (times.ping_interval, times.pong_timeout) = (Some(S(10)), S(5)))
}

/// The payload of the Ping that the machine has written.
fn ping(story: &mut Story) -> Vec<u8> {
    let frame = story.takes(usize::MAX);
    let (key, payload) = frame[2..].split_at(4);
    payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key).collect()
}

#[test]
fn a_peer_that_pongs_stays_and_one_that_does_not_is_dead() {
    let mut story = Story::connected(keepalive());
    for _ in 0..3 {
        story.wait(S(10));
        let payload = ping(&mut story);
        assert_eq!(payload.len(), 24);
        story.reads(&[RawFrame::pong(payload)]);
    }
    story.wait(S(10));
    ping(&mut story);
    story.wait(MS(4999));
    assert!(story.machine.is_up());
    story.wait(MS(1));
    let events = story.events();
    assert_eq!(events.last().map(String::as_str), Some("lost Silent 1s 1"), "{events:?}");
    assert_eq!(story.sends(), ["close 3008"]);
}

#[test]
fn any_byte_gives_the_pong_more_time() {
    let mut story = Story::connected(keepalive());
    story.wait(S(10));
    ping(&mut story);
    let long = RawFrame::text("a".repeat(900)).bytes();
    for byte in &long[..8] {
        story.wait(S(4));
        story.reads_bytes(&[*byte]);
        assert!(story.machine.is_up());
    }
    story.wait(S(5));
    assert!(!story.machine.is_up());
}

#[test]
fn a_server_waits_for_a_pong_as_a_client_does() {
    for role in [crate::machine::role::Role::Client, crate::machine::role::Role::Server] {
        let mut story = Story::connected(Settings { role, ..keepalive() });
        story.wait(S(10));
        story.takes(usize::MAX);
        // The socket has taken the Ping: what it takes later gives no more time.
        story.wait(S(3));
        story.machine.outbox().unwrap().message(faucet_core::MessageKind::Text, b"a");
        story.takes(usize::MAX);
        story.wait(S(2));
        assert!(!story.machine.is_up(), "{role:?}");
    }
}

#[test]
fn a_ping_never_follows_our_close() {
    let both = limits(|times| {
        (times.ping_interval, times.pong_timeout) = (Some(S(10)), S(5));
        times.stale_timeout = Some(S(10));
    });
    let mut story = Story::connected(both);
    story.wait(S(10));
    assert_eq!(
        (story.events(), story.sends()),
        (vec!["lost Silent 1s 1".into()], vec!["close 3008".into()])
    );
}

#[test]
fn a_feed_without_data_is_stale_whatever_else_comes() {
    let stale = || limits(|times| times.stale_timeout = Some(S(10)));
    let mut story = Story::connected(stale());
    for n in 0..5 {
        story.wait(S(9));
        story.reads(&[RawFrame::text(n.to_string())]);
        assert_eq!(story.events(), [n.to_string()]);
    }
    for _ in 0..3 {
        story.wait(S(3));
        story.reads(&[RawFrame::ping(""), RawFrame::pong("")]);
    }
    assert!(story.machine.is_up());
    story.wait(S(1));
    assert_eq!(story.events(), ["lost Silent 1s 1"]);
    // A long message that keeps coming in is data.
    let mut story = Story::connected(stale());
    let long = RawFrame::text("a".repeat(900)).bytes();
    for part in [&long[..5], b"a", b"a", b"a"] {
        story.wait(S(9));
        story.reads_bytes(part);
    }
    assert!(story.machine.is_up());
}

#[test]
fn a_run_is_idle_when_nothing_comes_in_across_connections() {
    let mut story = Story::connected(limits(|times| times.idle_timeout = Some(S(10))));
    story.wait(S(6));
    story.reads(&[RawFrame::ping("")]);
    story.wait(S(3));
    story.hangs_up();
    story.wait(S(1));
    story.connects(&[]);
    story.events();
    // A connect is nothing that comes in.
    story.wait(MS(5999));
    assert_eq!(story.events(), [""; 0]);
    story.wait(MS(1));
    assert_eq!((story.events(), story.next()), (vec!["idle".into()], None));
}

#[test]
fn only_data_counts_where_the_idle_clock_says_so() {
    let times =
        |times: &mut TimeLimits| (times.idle_timeout, times.idle_on_data) = (Some(S(10)), true);
    let mut story = Story::connected(limits(times));
    story.wait(S(9));
    // A part of a message is data.
    story.reads_bytes(&RawFrame::text("abc").bytes()[..3]);
    story.wait(S(9));
    story.reads_bytes(b"bc");
    assert_eq!(story.events(), ["abc"]);
    story.wait(S(9));
    story.reads(&[RawFrame::ping("")]);
    story.wait(S(1));
    assert_eq!(story.events(), ["idle"]);
}

#[test]
fn a_close_alone_is_no_sign_of_life() {
    let mut story = Story::connected(limits(|times| times.idle_timeout = Some(S(10))));
    for _ in 0..4 {
        story.wait(S(2));
        story.reads(&[RawFrame::close(1012, "")]);
        story.hangs_up();
        let events = story.events();
        assert!(!events.contains(&"idle".to_owned()), "{events:?}");
        story.machine.want(true);
        if story.next() > Some(S(10)) {
            break;
        }
        story.wait(S(5));
        if story.events() == ["idle"] {
            return;
        }
        story.connects(&[]);
    }
    panic!("the run goes on");
}

#[test]
fn no_connection_for_max_outage_ends_the_run_also_while_a_dial_hangs() {
    let mut story = Story::connected(limits(|times| times.max_outage = Some(S(10))));
    story.hangs_up();
    story.wait(S(1));
    assert_eq!(story.tasks(), [Output::HangUp, Output::Dial]);
    story.wait(MS(8999));
    story.events();
    story.wait(MS(1));
    assert_eq!(
        (story.events(), story.tasks()),
        (vec!["failed Transient".into()], vec![Output::HangUp])
    );
    // Attempts that fail do not begin it anew.
    let mut story = Story::connected(limits(|times| times.max_outage = Some(S(10))));
    story.hangs_up();
    for _ in 0..9 {
        story.wait(S(1));
        story.refused();
    }
    story.events();
    story.wait(S(1));
    assert_eq!(story.events(), ["failed Transient"]);
    // A connect ends the outage.
    let mut story = Story::connected(limits(|times| times.max_outage = Some(S(10))));
    for _ in 0..20 {
        story.hangs_up();
        story.wait(S(1));
        story.connects(&[]);
    }
    assert!(story.machine.is_up());
}

#[test]
fn while_the_owner_pauses_only_unsolicited_pongs_go_out() {
    let all = limits(|times| {
        (times.ping_interval, times.pong_timeout) = (Some(S(10)), S(5));
        times.stale_timeout = Some(S(7));
        times.idle_timeout = Some(S(8));
    });
    let mut story = Story::connected(all);
    story.wait(S(3));
    story.pauses();
    for _ in 0..6 {
        story.wait(S(10));
        assert_eq!(story.sends(), ["pong"]);
    }
    story.resumes();
    assert_eq!(story.events(), [""; 0]);
    // Seconds of the pause count for nothing: 4 are left of the 7.
    story.wait(MS(3999));
    assert!(story.machine.is_up());
    story.wait(MS(1));
    assert_eq!(story.events(), ["lost Silent 1s 1"]);
}

#[test]
fn an_unsolicited_pong_goes_out_only_when_nothing_else_does() {
    let mut story = Story::new(settings());
    story.wait(S(50));
    story.connects(&[]);
    story.pauses();
    story.wait(MS(9999));
    assert_eq!(story.sends(), [""; 0], "the request for the upgrade was a sign of life");
    story.wait(MS(1));
    assert_eq!(story.sends(), ["pong"]);
    for _ in 0..5 {
        story.wait(S(6));
        story.machine.outbox().unwrap().message(faucet_core::MessageKind::Text, b"a");
        assert_eq!(story.sends(), ["text a"]);
    }
    // A socket that takes nothing gets no more, and an answer that waits for it is not replaced.
    let mut story = Story::connected(settings());
    let pings: Vec<RawFrame> = (0..300).map(|n| RawFrame::ping(format!("{n:0100}"))).collect();
    story.reads(&pings);
    story.pauses();
    story.wait(S(60));
    let sent = story.sends();
    assert_eq!(sent.last(), Some(&format!("pong {:0100}", 299)));
    assert!(!sent.contains(&"pong".to_owned()));
}

#[test]
fn what_happens_during_a_pause_is_not_moved_into_the_future() {
    // The connection is lost in the middle of a pause.
    let mut story = Story::connected(limits(|times| times.max_outage = Some(S(20))));
    story.reads(&[RawFrame::close(1001, "")]);
    story.wait(MS(999));
    story.pauses();
    story.wait(S(10));
    story.resumes();
    story.machine.want(false);
    story.events();
    story.machine.want(true);
    assert!(story.next() <= Some(S(11)), "{:?}", story.next());
    // A dial succeeds in the middle of a pause.
    let mut story = Story::new(limits(|times| times.idle_timeout = Some(S(20))));
    story.pauses();
    story.wait(S(50));
    story.connects(&[RawFrame::text("a")]);
    story.wait(S(50));
    story.resumes();
    assert_eq!(story.next(), Some(S(120)));
    // The socket takes a Ping in the middle of a pause.
    let mut story = Story::connected(keepalive());
    story.wait(S(10));
    story.pauses();
    story.wait(S(50));
    ping(&mut story);
    story.wait(S(50));
    story.resumes();
    assert_eq!(story.next(), Some(S(115)));
}

#[test]
fn a_failed_write_leaves_no_limit_in_the_past() {
    let mut story = Story::connected(keepalive());
    story.write_fails();
    story.wait(S(30));
    story.drained();
    assert_eq!(story.events(), ["lost Transient 1s 1", "waiting"]);
}

#[test]
fn all_limits_that_passed_while_nobody_looked_act_in_order() {
    // The machine's process was asleep: the close handshake, the wait and the outage are all over.
    let mut story = Story::connected(limits(|times| times.max_outage = Some(S(10))));
    story.reads(&[RawFrame::close(1001, "")]);
    story.sleep(S(1000));
    story.wait(S(0));
    assert_eq!(story.events(), ["lost Transient 1s 1", "waiting", "failed Transient"]);
    assert_eq!(story.next(), None);
}
