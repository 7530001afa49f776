//! Stories of records in flight as tables.

use faucet_core::{Payload, Record, Timestamp};

use super::*;
use crate::delivery::window::Limits;

const S: fn(u64) -> Duration = Duration::from_secs;

/// More than any test sends.
const ROOM: Room = Room { used: 0, limit: 1 << 20 };

fn records(mode: DeliveryMode, window: usize) -> InFlight {
    InFlight::new(mode, Window::new(Limits { records: window, bytes: 1 << 20 }, S(30)), false)
}

/// A page of records of these sizes.
fn page(sizes: &[usize]) -> StreamPage {
    let record = |size: &usize| {
        let payload = Payload::Binary(vec![0; *size].into());
        Record::new(payload, Timestamp::from_unix_millis(0))
    };
    sizes.iter().map(record).collect()
}

/// Accepts `n` records; whether there was room for all.
fn accept(in_flight: &mut InFlight, n: usize) -> bool {
    let mut page = page(&vec![8; n]);
    in_flight.accept(&mut page);
    page.is_empty()
}

/// Sends everything: the number of records between two Pings, and the marks of the Pings.
fn sent(in_flight: &mut InFlight, now: Instant) -> (Vec<u64>, Vec<u64>) {
    let (mut runs, mut marks) = (vec![0], Vec::new());
    while let Some(outgoing) = in_flight.next(now, ROOM) {
        match outgoing {
            Outgoing::Records(run) => *runs.last_mut().unwrap() += run.range.len() as u64,
            Outgoing::Barrier(mark) => {
                marks.push(mark);
                runs.push(0);
            }
        }
    }
    (runs, marks)
}

/// The report of a flush: how many are unconfirmed, how many were lost late, and how many were resent.
fn flushed(in_flight: &mut InFlight) -> (u64, u64, u64) {
    (in_flight.take_unconfirmed(), in_flight.take_late_losses(), in_flight.take_resent())
}

fn rejected(in_flight: &mut InFlight) -> String {
    match in_flight.rejected() {
        Rejection::Record(number, record) => {
            format!("{number} of {}", record.payload().as_bytes().len())
        }
        Rejection::OneOf(first, last) => format!("{first} to {last}"),
        Rejection::Before(last) => format!("up to {last}"),
        Rejection::None => "none".to_owned(),
    }
}

#[test]
fn a_ping_follows_each_eighth_of_the_window_and_the_last_record() {
    let (mut in_flight, now) = (records(DeliveryMode::AtLeastOnce, 64), Instant::now());
    assert!(accept(&mut in_flight, 13));
    assert_eq!(sent(&mut in_flight, now), (vec![1, 2, 4, 6, 0], vec![1, 3, 7, 13]));
    assert!(accept(&mut in_flight, 1));
    assert_eq!(sent(&mut in_flight, now), (vec![1, 0], vec![14]));
}

#[test]
fn no_more_is_encoded_than_may_wait_for_the_socket() {
    for (used, limit, expected) in [
        (0, 100, 4),
        (0, 1 << 20, 73),
        (50, 100, 2),
        (90, 100, 0),
        // A frame that is larger than the limit goes out alone.
        (0, 10, 1),
        (1, 10, 0),
    ] {
        let window = Window::new(Limits { records: 1 << 12, bytes: 1 << 20 }, S(30));
        let mut in_flight = InFlight::new(DeliveryMode::AtLeastOnce, window, false);
        accept(&mut in_flight, 200);
        // Each connection begins with a Ping behind its first record.
        for _ in 0..14 {
            in_flight.next(Instant::now(), ROOM);
        }
        let run = match in_flight.next(Instant::now(), Room { used, limit }) {
            Some(Outgoing::Records(run)) => run.range.len(),
            _ => 0,
        };
        assert_eq!(run, expected, "{used} of {limit}");
    }
}

#[test]
fn at_least_once_the_window_bounds_what_is_unconfirmed() {
    let (mut in_flight, now) = (records(DeliveryMode::AtLeastOnce, 8), Instant::now());
    assert!(!accept(&mut in_flight, 9));
    sent(&mut in_flight, now);
    assert!(in_flight.read(3, true, now));
    assert!(!in_flight.read(2, true, now), "that is no news");
    assert!(!in_flight.read(9, true, now), "that was never sent");
    assert!(accept(&mut in_flight, 3) && !accept(&mut in_flight, 1));
    assert_eq!((in_flight.in_flight(), in_flight.confirmed()), (5, 3));
}

#[test]
fn at_least_once_a_loss_sends_the_rest_again_in_order_and_counts_it() {
    let (mut in_flight, now) = (records(DeliveryMode::AtLeastOnce, 64), Instant::now());
    accept(&mut in_flight, 10);
    sent(&mut in_flight, now);
    in_flight.read(4, true, now);
    in_flight.lost();
    accept(&mut in_flight, 2);
    assert_eq!(sent(&mut in_flight, now).1, [5, 7, 11, 12]);
    in_flight.read(12, true, now);
    assert!(in_flight.is_settled());
    assert_eq!((flushed(&mut in_flight), in_flight.confirmed()), ((0, 0, 6), 12));
}

#[test]
fn at_least_once_no_more_goes_out_than_the_window_holds_once_it_is_narrowed() {
    let (mut in_flight, now) = (records(DeliveryMode::AtLeastOnce, 64), Instant::now());
    accept(&mut in_flight, 64);
    sent(&mut in_flight, now);
    in_flight.pong_missing();
    in_flight.lost();
    assert_eq!(sent(&mut in_flight, now), (vec![1, 1, 1, 1, 0], vec![1, 2, 3, 4]));
    in_flight.read(2, true, now);
    assert_eq!(sent(&mut in_flight, now).1, [5, 6]);
    assert!(!accept(&mut in_flight, 1));
}

#[test]
fn at_least_once_late_pongs_narrow_the_window() {
    let (mut in_flight, t0) = (records(DeliveryMode::AtLeastOnce, 64), Instant::now());
    accept(&mut in_flight, 64);
    sent(&mut in_flight, t0);
    in_flight.read(1, true, t0 + S(8));
    in_flight.lost();
    sent(&mut in_flight, t0 + S(9));
    assert_eq!(in_flight.in_flight(), 32);
}

#[test]
fn at_least_once_a_ping_follows_where_the_next_record_has_no_room() {
    let now = Instant::now();
    let limits = Limits { records: 1000, bytes: 3200 };
    let window = Window::new(limits, S(30));
    let mut in_flight = InFlight::new(DeliveryMode::AtLeastOnce, window, false);
    let mut all = page(&[8, 8, 8, 8, 3190]);
    in_flight.accept(&mut all);
    // The fourth is behind no Ping of its own accord.
    assert_eq!(sent(&mut in_flight, now), (vec![1, 2, 1, 0], vec![1, 3, 4]));
    in_flight.read(4, true, now);
    in_flight.accept(&mut all);
    assert_eq!(sent(&mut in_flight, now).1, [5]);
}

#[test]
fn at_most_once_pings_go_along_and_a_loss_is_counted() {
    let (mut in_flight, now) = (records(DeliveryMode::AtMostOnce, 64), Instant::now());
    assert!(accept(&mut in_flight, 100), "what is not kept needs no room");
    let (runs, marks) = sent(&mut in_flight, now);
    assert_eq!(marks[..5], [1, 3, 7, 15, 23]);
    assert_eq!((marks.last(), runs.last()), (Some(&95), Some(&5)), "one is on its way already");
    accept(&mut in_flight, 1);
    assert_eq!(sent(&mut in_flight, now), (vec![1], vec![]));
    in_flight.read(95, true, now);
    assert_eq!(sent(&mut in_flight, now), (vec![0, 0], vec![101]));
    accept(&mut in_flight, 3);
    in_flight.lost();
    assert_eq!(sent(&mut in_flight, now), (vec![1, 2], vec![102]), "what was not sent goes out");
    in_flight.read(102, true, now);
    assert_eq!(sent(&mut in_flight, now).1, [104]);
    in_flight.read(104, true, now);
    assert_eq!((flushed(&mut in_flight), in_flight.confirmed()), ((6, 0, 0), 98));
    // A peer that answers none does not fill the memory.
    accept(&mut in_flight, 10_000);
    assert_eq!(sent(&mut in_flight, now).1.len(), MOST_BARRIERS);
}

#[test]
fn a_pong_is_waited_for_from_the_oldest_ping_or_the_latest_pong_on() {
    let (mut in_flight, t0) = (records(DeliveryMode::AtLeastOnce, 64), Instant::now());
    assert_eq!(in_flight.pong_due(S(30)), None);
    accept(&mut in_flight, 8);
    sent(&mut in_flight, t0);
    accept(&mut in_flight, 4);
    sent(&mut in_flight, t0 + S(10));
    assert_eq!(in_flight.pong_due(S(30)), Some(t0 + S(30)));
    in_flight.read(4, true, t0 + S(20));
    assert_eq!(in_flight.pong_due(S(30)), Some(t0 + S(50)));
    in_flight.read(12, true, t0 + S(21));
    in_flight.flushed(t0 + S(22));
    assert_eq!(in_flight.pong_due(S(30)), None);
    accept(&mut in_flight, 1);
    sent(&mut in_flight, t0 + S(23));
    in_flight.flushed(t0 + S(40));
    assert_eq!(in_flight.pong_due(S(30)), Some(t0 + S(70)), "the socket took it late");
}

/// A suspect goes out, and both of its Pings are answered.
fn probe(in_flight: &mut InFlight, number: u64, now: Instant) {
    assert_eq!(sent(in_flight, now), (vec![1, 0], vec![number]));
    assert!(!in_flight.read(number, true, now), "the program may not have looked at it yet");
    assert_eq!(sent(in_flight, now), (vec![0, 0], vec![number]));
    assert!(in_flight.read(number, true, now));
}

/// A connection begins, and so does the search.
fn search(in_flight: &mut InFlight, settled: u64, now: Instant) {
    in_flight.lost();
    assert!(in_flight.is_quarantined());
    assert_eq!(sent(in_flight, now), (vec![0, 0], vec![settled]));
    assert!(!in_flight.read(settled, true, now));
}

#[test]
fn a_refusal_is_traced_to_its_record_by_sending_one_at_a_time() {
    let (mut in_flight, now) = (records(DeliveryMode::AtLeastOnce, 64), Instant::now());
    accept(&mut in_flight, 12);
    assert_eq!(sent(&mut in_flight, now).1, [1, 3, 7, 12]);
    in_flight.read(3, true, now);
    assert_eq!(rejected(&mut in_flight), "4 to 12");
    accept(&mut in_flight, 3);
    // The Ping behind record 7 was not answered.
    search(&mut in_flight, 3, now);
    probe(&mut in_flight, 4, now);
    assert_eq!(sent(&mut in_flight, now), (vec![1, 0], vec![5]));
    in_flight.read(5, true, now);
    assert_eq!(rejected(&mut in_flight), "5 of 8", "its first Pong proves nothing");
    search(&mut in_flight, 5, now);
    assert_eq!(sent(&mut in_flight, now), (vec![1, 0], vec![6]));
    in_flight.read(6, true, now);
    sent(&mut in_flight, now);
    assert!(!in_flight.read(6, false, now), "that answers the keepalive's Ping");
    assert!(in_flight.read(6, true, now));
    probe(&mut in_flight, 7, now);
    // Nobody is suspected any more.
    assert!(!in_flight.is_quarantined());
    assert_eq!(sent(&mut in_flight, now), (vec![8, 0], vec![15]));
    in_flight.read(15, true, now);
    assert_eq!((flushed(&mut in_flight), in_flight.confirmed()), ((1, 0, 9), 14));
}

#[test]
fn a_refusal_of_something_else_is_not_laid_on_records() {
    let (mut in_flight, now) = (records(DeliveryMode::AtLeastOnce, 64), Instant::now());
    assert_eq!(rejected(&mut in_flight), "none");
    accept(&mut in_flight, 2);
    sent(&mut in_flight, now);
    in_flight.read(2, true, now);
    assert_eq!(rejected(&mut in_flight), "up to 2", "its Pong came before its refusal");
    accept(&mut in_flight, 1);
    sent(&mut in_flight, now);
    in_flight.rejected();
    in_flight.lost();
    sent(&mut in_flight, now);
    assert_eq!(rejected(&mut in_flight), "none", "no suspect was sent on this connection");
    let mut once = InFlight::new(DeliveryMode::AtMostOnce, in_flight.window, false);
    accept(&mut once, 3);
    sent(&mut once, now);
    once.read(1, true, now);
    assert_eq!(rejected(&mut once), "2 to 3");
}

#[test]
fn records_that_are_given_up_are_unconfirmed_whether_they_were_sent_or_not() {
    let (mut in_flight, now) = (records(DeliveryMode::AtLeastOnce, 64), Instant::now());
    accept(&mut in_flight, 6);
    sent(&mut in_flight, now);
    in_flight.read(4, true, now);
    in_flight.lost();
    accept(&mut in_flight, 3);
    assert_eq!((in_flight.doubtful(), in_flight.unsent()), (2, 3));
    in_flight.give_up();
    assert!(in_flight.is_settled() && in_flight.is_all_sent());
    assert_eq!((in_flight.unconfirmed(), in_flight.confirmed()), (2, 4));
    assert_eq!(flushed(&mut in_flight), (5, 0, 0));
}

#[test]
fn at_most_once_a_flush_speaks_of_each_record_once() {
    let (mut in_flight, now) = (records(DeliveryMode::AtMostOnce, 64), Instant::now());
    accept(&mut in_flight, 4);
    sent(&mut in_flight, now);
    in_flight.read(1, true, now);
    assert_eq!(flushed(&mut in_flight), (0, 0, 0), "the socket has them");
    accept(&mut in_flight, 3);
    sent(&mut in_flight, now);
    in_flight.lost();
    assert_eq!(flushed(&mut in_flight), (3, 3, 0), "three of them were called delivered");
    assert_eq!((flushed(&mut in_flight), in_flight.unconfirmed()), ((0, 0, 0), 6));
    accept(&mut in_flight, 2);
    in_flight.give_up();
    assert_eq!((flushed(&mut in_flight), in_flight.unconfirmed()), ((2, 0, 0), 6), "never sent");
}

#[test]
fn a_refused_record_is_unconfirmed_unless_it_is_handed_back() {
    for hands_back in [false, true] {
        let window = Window::new(Limits { records: 64, bytes: 1 << 20 }, S(30));
        let mut in_flight = InFlight::new(DeliveryMode::AtLeastOnce, window, hands_back);
        let now = Instant::now();
        accept(&mut in_flight, 1);
        sent(&mut in_flight, now);
        assert_eq!(rejected(&mut in_flight), "1 to 1");
        search(&mut in_flight, 0, now);
        sent(&mut in_flight, now);
        assert_eq!(rejected(&mut in_flight), "1 of 8");
        assert_eq!(in_flight.take_unconfirmed(), u64::from(!hands_back));
    }
}
