//! The ledger as tables.

use super::*;
use crate::window::Limits;

const S: fn(u64) -> Duration = Duration::from_secs;

fn ledger(mode: DeliveryMode, window: usize) -> Ledger {
    Ledger::new(mode, Window::new(Limits { records: window, bytes: 1 << 20 }, S(30)))
}

fn outbound(size: usize) -> Outbound {
    Outbound { frame: Frame::Binary(vec![0; size].into()), record: None }
}

/// Accepts `n` records; whether there was room for all.
fn accept(ledger: &mut Ledger, n: u64) -> bool {
    (0..n).all(|_| {
        let record = outbound(8);
        let room = ledger.has_room(&record);
        if room {
            ledger.accept(record);
        }
        room
    })
}

/// What goes out: the number of records between two Pings, and the marks of the Pings.
fn sent(ledger: &mut Ledger, now: Instant) -> (Vec<u64>, Vec<u64>) {
    let (mut runs, mut marks) = (vec![0], Vec::new());
    while let Some(outgoing) = ledger.next(now) {
        match outgoing {
            Outgoing::Frame(_) => *runs.last_mut().unwrap() += 1,
            Outgoing::Barrier(mark) => {
                marks.push(mark);
                runs.push(0);
            }
        }
    }
    (runs, marks)
}

/// What a flush says: how many are unconfirmed, how many were lost late, and how many were resent.
fn flushed(ledger: &mut Ledger) -> (u64, u64, u64) {
    (ledger.take_unconfirmed(), ledger.take_late_losses(), ledger.take_resent())
}

fn refused(ledger: &mut Ledger) -> String {
    match ledger.refused() {
        Refused::Record(number, outbound) => format!("{number} of {}", outbound.size()),
        Refused::OneOf(first, last) => format!("{first} to {last}"),
        Refused::Before(last) => format!("up to {last}"),
        Refused::None => "none".to_owned(),
    }
}

#[test]
fn a_ping_follows_each_sixteenth_of_the_window_and_the_last_record() {
    let (mut ledger, now) = (ledger(DeliveryMode::AtLeastOnce, 64), Instant::now());
    assert!(accept(&mut ledger, 13));
    assert_eq!(sent(&mut ledger, now), (vec![1, 2, 4, 4, 2, 0], vec![1, 3, 7, 11, 13]));
    assert!(accept(&mut ledger, 1));
    assert_eq!(sent(&mut ledger, now), (vec![1, 0], vec![14]));
}

#[test]
fn at_least_once_the_window_bounds_what_is_unconfirmed() {
    let (mut ledger, now) = (ledger(DeliveryMode::AtLeastOnce, 8), Instant::now());
    assert!(!accept(&mut ledger, 9));
    sent(&mut ledger, now);
    assert!(ledger.read(3, true, now));
    assert!(!ledger.read(2, true, now), "that is no news");
    assert!(!ledger.read(9, true, now), "that was never sent");
    assert!(accept(&mut ledger, 3) && !accept(&mut ledger, 1));
    assert_eq!((ledger.in_flight(), ledger.confirmed()), (5, 3));
}

#[test]
fn at_least_once_a_loss_sends_the_rest_again_in_order_and_counts_it() {
    let (mut ledger, now) = (ledger(DeliveryMode::AtLeastOnce, 64), Instant::now());
    accept(&mut ledger, 10);
    sent(&mut ledger, now);
    ledger.read(4, true, now);
    ledger.lost();
    accept(&mut ledger, 2);
    assert_eq!(sent(&mut ledger, now).1, [5, 7, 11, 12]);
    ledger.read(12, true, now);
    assert!(ledger.is_settled());
    assert_eq!((flushed(&mut ledger), ledger.confirmed()), ((0, 0, 6), 12));
}

#[test]
fn at_least_once_no_more_goes_out_than_the_window_holds_once_it_is_narrowed() {
    let (mut ledger, now) = (ledger(DeliveryMode::AtLeastOnce, 64), Instant::now());
    accept(&mut ledger, 64);
    sent(&mut ledger, now);
    ledger.pong_missing();
    ledger.lost();
    assert_eq!(sent(&mut ledger, now), (vec![1, 1, 1, 1, 0], vec![1, 2, 3, 4]));
    ledger.read(2, true, now);
    assert_eq!(sent(&mut ledger, now).1, [5, 6]);
    assert!(!accept(&mut ledger, 1));
}

#[test]
fn at_least_once_late_pongs_narrow_the_window() {
    let (mut ledger, t0) = (ledger(DeliveryMode::AtLeastOnce, 64), Instant::now());
    accept(&mut ledger, 64);
    sent(&mut ledger, t0);
    ledger.read(1, true, t0 + S(8));
    ledger.lost();
    sent(&mut ledger, t0 + S(9));
    assert_eq!(ledger.in_flight(), 32);
}

#[test]
fn at_least_once_a_ping_follows_where_the_next_record_has_no_room() {
    let now = Instant::now();
    let limits = Limits { records: 1000, bytes: 3200 };
    let mut ledger = Ledger::new(DeliveryMode::AtLeastOnce, Window::new(limits, S(30)));
    for size in [8, 8, 8, 8, 3190] {
        ledger.accept(outbound(size));
    }
    // The fourth is behind no Ping of its own accord.
    assert_eq!(sent(&mut ledger, now), (vec![1, 2, 1, 0], vec![1, 3, 4]));
    ledger.read(4, true, now);
    assert_eq!(sent(&mut ledger, now).1, [5]);
}

#[test]
fn at_most_once_pings_go_along_and_a_loss_is_counted() {
    let (mut ledger, now) = (ledger(DeliveryMode::AtMostOnce, 64), Instant::now());
    assert!(accept(&mut ledger, 100), "what is not kept needs no room");
    let (runs, marks) = sent(&mut ledger, now);
    assert_eq!(marks[..5], [1, 3, 7, 11, 15]);
    assert_eq!((marks.last(), runs.last()), (Some(&99), Some(&1)), "one is on its way already");
    accept(&mut ledger, 1);
    assert_eq!(sent(&mut ledger, now), (vec![1], vec![]));
    ledger.read(99, true, now);
    assert_eq!(sent(&mut ledger, now), (vec![0, 0], vec![101]));
    accept(&mut ledger, 3);
    ledger.lost();
    assert_eq!(sent(&mut ledger, now), (vec![1, 2], vec![102]), "what was not sent goes out");
    ledger.read(102, true, now);
    assert_eq!(sent(&mut ledger, now).1, [104]);
    ledger.read(104, true, now);
    assert_eq!((flushed(&mut ledger), ledger.confirmed()), ((2, 0, 0), 102));
    // A peer that answers none does not fill the memory.
    accept(&mut ledger, 10_000);
    assert_eq!(sent(&mut ledger, now).1.len(), MOST_BARRIERS);
}

#[test]
fn a_pong_is_waited_for_from_the_oldest_ping_or_the_latest_pong_on() {
    let (mut ledger, t0) = (ledger(DeliveryMode::AtLeastOnce, 64), Instant::now());
    assert_eq!(ledger.pong_due(S(30)), None);
    accept(&mut ledger, 8);
    sent(&mut ledger, t0);
    accept(&mut ledger, 4);
    sent(&mut ledger, t0 + S(10));
    assert_eq!(ledger.pong_due(S(30)), Some(t0 + S(30)));
    ledger.read(4, true, t0 + S(20));
    assert_eq!(ledger.pong_due(S(30)), Some(t0 + S(50)));
    ledger.read(12, true, t0 + S(21));
    ledger.flushed(t0 + S(22));
    assert_eq!(ledger.pong_due(S(30)), None);
    accept(&mut ledger, 1);
    sent(&mut ledger, t0 + S(23));
    ledger.flushed(t0 + S(40));
    assert_eq!(ledger.pong_due(S(30)), Some(t0 + S(70)), "the socket took it late");
}

/// A suspect goes out, and both of its Pings are answered.
fn probe(ledger: &mut Ledger, number: u64, now: Instant) {
    assert_eq!(sent(ledger, now), (vec![1, 0], vec![number]));
    assert!(!ledger.read(number, true, now), "the program may not have looked at it yet");
    assert_eq!(sent(ledger, now), (vec![0, 0], vec![number]));
    assert!(ledger.read(number, true, now));
}

/// A connection begins, and so does the search.
fn search(ledger: &mut Ledger, settled: u64, now: Instant) {
    ledger.lost();
    assert!(ledger.is_searching());
    assert_eq!(sent(ledger, now), (vec![0, 0], vec![settled]));
    assert!(!ledger.read(settled, true, now));
}

#[test]
fn a_refusal_is_traced_to_its_record_by_sending_one_at_a_time() {
    let (mut ledger, now) = (ledger(DeliveryMode::AtLeastOnce, 64), Instant::now());
    accept(&mut ledger, 12);
    assert_eq!(sent(&mut ledger, now).1, [1, 3, 7, 11, 12]);
    ledger.read(3, true, now);
    assert_eq!(refused(&mut ledger), "4 to 12");
    accept(&mut ledger, 3);
    // The Ping behind record 7 was not answered.
    search(&mut ledger, 3, now);
    probe(&mut ledger, 4, now);
    assert_eq!(sent(&mut ledger, now), (vec![1, 0], vec![5]));
    ledger.read(5, true, now);
    assert_eq!(refused(&mut ledger), "5 of 8", "its first Pong proves nothing");
    search(&mut ledger, 5, now);
    assert_eq!(sent(&mut ledger, now), (vec![1, 0], vec![6]));
    ledger.read(6, true, now);
    sent(&mut ledger, now);
    assert!(!ledger.read(6, false, now), "that answers the keepalive's Ping");
    assert!(ledger.read(6, true, now));
    probe(&mut ledger, 7, now);
    // Nobody is suspected any more.
    assert!(!ledger.is_searching());
    assert_eq!(sent(&mut ledger, now), (vec![4, 4, 0], vec![11, 15]));
    ledger.read(15, true, now);
    assert_eq!((flushed(&mut ledger), ledger.confirmed()), ((1, 0, 9), 14));
}

#[test]
fn a_refusal_of_something_else_is_not_laid_on_records() {
    let (mut ledger, now) = (ledger(DeliveryMode::AtLeastOnce, 64), Instant::now());
    assert_eq!(refused(&mut ledger), "none");
    accept(&mut ledger, 2);
    sent(&mut ledger, now);
    ledger.read(2, true, now);
    assert_eq!(refused(&mut ledger), "up to 2", "its Pong came before its refusal");
    accept(&mut ledger, 1);
    sent(&mut ledger, now);
    ledger.refused();
    ledger.lost();
    sent(&mut ledger, now);
    assert_eq!(refused(&mut ledger), "none", "no suspect was sent on this connection");
    let mut once = Ledger::new(DeliveryMode::AtMostOnce, ledger.window);
    accept(&mut once, 3);
    sent(&mut once, now);
    once.read(1, true, now);
    assert_eq!(refused(&mut once), "2 to 3");
}

#[test]
fn records_that_are_given_up_are_unconfirmed_whether_they_were_sent_or_not() {
    let (mut ledger, now) = (ledger(DeliveryMode::AtLeastOnce, 64), Instant::now());
    accept(&mut ledger, 6);
    sent(&mut ledger, now);
    ledger.read(4, true, now);
    ledger.lost();
    accept(&mut ledger, 3);
    assert_eq!((ledger.doubtful(), ledger.unsent()), (2, 3));
    ledger.give_up();
    assert!(ledger.is_settled() && ledger.is_all_sent());
    assert_eq!((ledger.unconfirmed(), ledger.confirmed()), (2, 4));
    assert_eq!(flushed(&mut ledger), (5, 0, 0));
}

#[test]
fn at_most_once_a_flush_speaks_of_each_record_once() {
    let (mut ledger, now) = (ledger(DeliveryMode::AtMostOnce, 64), Instant::now());
    accept(&mut ledger, 4);
    sent(&mut ledger, now);
    ledger.read(1, true, now);
    assert_eq!(flushed(&mut ledger), (0, 0, 0), "the socket has them");
    accept(&mut ledger, 3);
    sent(&mut ledger, now);
    ledger.lost();
    assert_eq!(flushed(&mut ledger), (3, 3, 0), "three of them were called delivered");
    assert_eq!((flushed(&mut ledger), ledger.unconfirmed()), ((0, 0, 0), 6));
    accept(&mut ledger, 2);
    ledger.give_up();
    assert_eq!((flushed(&mut ledger), ledger.unconfirmed()), ((2, 0, 0), 6), "never sent");
}

#[test]
fn a_refused_record_is_unconfirmed_unless_it_is_handed_back() {
    for keeps in [false, true] {
        let (mut ledger, now) = (ledger(DeliveryMode::AtLeastOnce, 64), Instant::now());
        let original = Record::new(
            faucet_core::Payload::Text("1".into()),
            faucet_core::Timestamp::from_unix_millis(0),
        );
        let record = keeps.then(|| Box::new(original));
        ledger.accept(Outbound { frame: Frame::Text("1".into()), record });
        sent(&mut ledger, now);
        assert_eq!(refused(&mut ledger), "1 to 1");
        search(&mut ledger, 0, now);
        sent(&mut ledger, now);
        let Refused::Record(1, outbound) = ledger.refused() else { panic!("not found") };
        assert_eq!(outbound.record.is_some(), keeps);
        assert_eq!(ledger.take_unconfirmed(), u64::from(!keeps));
    }
}
