//! Frames as the socket takes them.

use faucet_core::MessageKind::{Binary, Text};

use super::*;
use crate::testing::raw_frame::described;

fn outbox(role: Role) -> Outbox {
    Outbox::new(role, Pool::of(64))
}

/// The socket takes everything.
fn taken(outbox: &mut Outbox) -> Vec<String> {
    let mut bytes = Vec::new();
    while !outbox.pending().is_empty() {
        bytes.extend(outbox.pending());
        outbox.wrote(outbox.pending().len());
    }
    described(&bytes)
}

fn pong(outbox: &mut Outbox, payload: &str) {
    outbox.pong(ControlPayload::new(payload.as_bytes()));
}

#[test]
fn frames_leave_in_order_and_only_those_of_a_client_are_masked() {
    for (role, mask) in [(Role::Client, "masked "), (Role::Server, "")] {
        let mut outbox = outbox(role);
        outbox.message(Text, b"one");
        outbox.ping(b"p");
        outbox.message(Binary, b"\xff");
        pong(&mut outbox, "q");
        outbox.close(Some(1000));
        outbox.close(None);
        let expected = ["text one", "ping p", "binary \\xff", "pong q", "close 1000", "close"];
        assert_eq!(taken(&mut outbox), expected.map(|frame| format!("{mask}{frame}")));
    }
}

#[test]
fn each_length_is_written_in_its_shortest_form() {
    for (len, header) in [(0, 2), (125, 2), (126, 4), (0xffff, 4), (0x1_0000, 10)] {
        for (role, key) in [(Role::Client, 4), (Role::Server, 0)] {
            let mut outbox = outbox(role);
            let payload = vec![b'a'; len];
            outbox.message(Text, &payload);
            assert_eq!(outbox.pending().len(), header + key + len);
            assert!(taken(&mut outbox)[0].ends_with(&*String::from_utf8_lossy(&payload)));
        }
    }
}

#[test]
fn keys_of_masks_differ() {
    let mut outbox = outbox(Role::Client);
    (0..4).for_each(|_| outbox.message(Text, b""));
    let mut keys: Vec<&[u8]> = outbox.pending().chunks(6).map(|frame| &frame[2..]).collect();
    keys.sort_unstable();
    keys.dedup();
    assert!(keys.len() > 1, "four equal keys are one in 2^96");
}

#[test]
fn the_socket_may_take_any_number_of_bytes_at_a_time() {
    for step in [1, 3, 50, 1000] {
        let mut outbox = outbox(Role::Server);
        let (mut bytes, mut encoded) = (Vec::new(), 0);
        for n in 0..30 {
            outbox.message(Text, n.to_string().repeat(10).as_bytes());
            encoded += 2 + n.to_string().len() as u64 * 10;
            assert_eq!(outbox.encoded(), encoded);
            let part = &outbox.pending()[..step.min(outbox.pending().len())];
            bytes.extend(part);
            outbox.wrote(part.len());
            assert_eq!(outbox.written(), bytes.len() as u64);
        }
        bytes.extend(outbox.pending());
        let expected: Vec<String> =
            (0..30).map(|n| format!("text {}", n.to_string().repeat(10))).collect();
        assert_eq!(described(&bytes), expected, "{step}");
    }
}

#[test]
fn while_the_socket_is_blocked_only_the_latest_pong_is_kept() {
    let mut outbox = outbox(Role::Server);
    for n in 0..100_000 {
        pong(&mut outbox, &format!("{n:0100}"));
    }
    assert!(outbox.pending().len() <= CONTROL_ROOM, "{}", outbox.pending().len());
    let pongs = taken(&mut outbox);
    assert_eq!(pongs.last(), Some(&format!("pong {:0100}", 99_999)));
    assert_eq!(pongs[0], format!("pong {:0100}", 0));
    pong(&mut outbox, "next");
    assert_eq!(taken(&mut outbox), ["pong next"]);
}

#[test]
fn an_answer_leaves_though_messages_always_wait() {
    // A sender that never lets the outbox run empty, and a socket that takes little at a time.
    let mut outbox = outbox(Role::Server);
    let mut bytes = Vec::new();
    for n in 0..20 {
        while outbox.pending().len() < 2 * CONTROL_ROOM {
            outbox.message(Text, &[b'a'; 1000]);
        }
        if n == 0 {
            pong(&mut outbox, "answer");
        }
        let part = &outbox.pending()[..1500];
        bytes.extend(part);
        outbox.wrote(part.len());
    }
    bytes.extend(outbox.pending());
    let at = described(&bytes).iter().position(|frame| frame == "pong answer");
    assert!(at.is_some_and(|at| at <= 9), "{at:?}");
}

#[test]
fn a_pong_never_leaves_behind_a_later_one() {
    let mut outbox = outbox(Role::Server);
    let mut bytes = Vec::new();
    for n in 0..1000 {
        pong(&mut outbox, &format!("{n:0100}"));
        let part = &outbox.pending()[..(n * 7 % 103).min(outbox.pending().len())];
        bytes.extend(part);
        outbox.wrote(part.len());
    }
    bytes.extend(outbox.pending());
    outbox.wrote(outbox.pending().len());
    bytes.extend(outbox.pending());
    let pongs = described(&bytes);
    assert!(pongs.is_sorted(), "{pongs:?}");
    assert!((400..1000).contains(&pongs.len()), "{}", pongs.len());
    assert_eq!(pongs.last(), Some(&format!("pong {:0100}", 999)));
}

#[test]
fn after_a_failed_write_nothing_waits_and_nothing_more_counts_as_taken() {
    let mut outbox = outbox(Role::Server);
    outbox.message(Text, b"abc");
    outbox.wrote(2);
    pong(&mut outbox, "p");
    outbox.clear();
    assert_eq!((outbox.pending(), outbox.written()), (&[][..], 2));
}
