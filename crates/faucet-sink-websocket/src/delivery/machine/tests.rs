//! A sink and a server in virtual time, on connections that break at any byte.

use std::collections::BTreeSet;
use std::sync::Arc;

use fastrand::Rng;
use faucet_common_websocket::testing::pair::{Pair, World};
use faucet_common_websocket::{End, Failure, NoAttempt, Quote, RunFailed};
use faucet_core::{ErrorKind, MessageKind, Payload, Record, StreamPage, Timestamp};

use super::*;
use crate::delivery::window::Limits;

/// Stories of the test run, for each mode.
const SEEDS: u64 = 1000;
/// So many bytes of frames wait for the socket.
const WRITE_AHEAD: usize = 1000;

fn policy(mode: DeliveryMode) -> DeliveryPolicy {
    let seconds = Duration::from_secs(30);
    DeliveryPolicy {
        mode,
        limits: Limits { records: 64, bytes: 1 << 20 },
        ack_timeout: seconds,
        write_timeout: seconds,
        reconnect: true,
        hands_back: false,
    }
}

/// A sink with its machine, as the task of a run drives it, and the servers of its connections.
struct Story {
    random: Rng,
    pair: Pair,
    machine: SinkMachine,
    /// The numbers of the records that arrived on each connection.
    arrived: Vec<Vec<u64>>,
    /// The owner of the latest connection's server does not look before.
    busy: Option<Instant>,
    /// The most records of a page, and the most bytes of a record.
    most: (u64, usize),
    records: u64,
    resent: u64,
    lost_late: u64,
    unconfirmed: u64,
}

impl Story {
    fn new(seed: u64, mode: DeliveryMode) -> Self {
        let mut random = Rng::with_seed(seed);
        let cuts = random.usize(..6);
        let world = World::random(&mut random, cuts);
        let policy = DeliveryPolicy {
            mode,
            limits: Limits { records: 1 + random.usize(..60), bytes: 1 << 20 },
            ..policy(mode)
        };
        // A narrow way takes few bytes, or the story has too many steps.
        let most = if world.socket < 64 { (4, 3) } else { (20, 200) };
        let mut pair = Pair::new(world);
        while !matches!(pair.poll_client(), Some(Event::Up { .. })) {
            assert!(pair.step(None), "no connection");
        }
        let machine = SinkMachine::new(policy, "ws://h/");
        Self {
            random,
            pair,
            machine,
            arrived: Vec::new(),
            busy: None,
            most,
            records: 0,
            resent: 0,
            lost_late: 0,
            unconfirmed: 0,
        }
    }

    /// A page of new records, each of which begins with its number.
    fn page(&mut self) -> StreamPage {
        let (records, bytes) = self.most;
        let page = (0..1 + self.random.u64(..records)).map(|_| {
            self.records += 1;
            let filler = "x".repeat(self.random.usize(..bytes));
            let text = format!("{} {filler}", self.records);
            Record::new(Payload::Text(text.into()), Timestamp::from_unix_millis(0))
        });
        page.collect()
    }

    /// Works on a call until its answer has come.
    fn call(&mut self, task: Task) -> Flushed {
        self.machine.begin(task);
        loop {
            if let Some((_, answer)) = self.live() {
                return answer.unwrap();
            }
            self.serve();
            let due = [self.machine.next_timeout(), self.busy];
            let due = due.into_iter().flatten().filter(|at| *at > self.pair.now()).min();
            assert!(self.pair.step(due), "nothing will ever happen");
        }
    }

    /// The sink's task: as `SinkTask`, without the waiting.
    fn live(&mut self) -> Option<(Task, Result<Flushed>)> {
        loop {
            self.send();
            if !self.pair.client().is_up() {
                self.machine.hung_up();
            }
            if let Some(answer) = self.machine.answer() {
                return Some(answer);
            }
            assert!(!self.machine.is_lost(), "the sink has given up");
            self.pair.client().want(self.machine.wants_connection());
            match self.pair.poll_client() {
                Some(event) => self.note(event),
                None => self.pair.abandon(self.machine.give_up(self.pair.now())?),
            }
        }
    }

    fn send(&mut self) {
        loop {
            self.encode();
            let flushed = self.pair.flush_client();
            if self.pair.client().is_up() {
                let written = self.pair.client().written();
                self.machine.wrote(flushed, written, self.pair.now());
            }
            if !flushed || !self.encode() {
                return;
            }
        }
    }

    fn encode(&mut self) -> bool {
        let now = self.pair.now();
        let mut any = false;
        while let Some(outbox) = self.pair.client().outbox() {
            let room = Room { used: outbox.pending().len(), limit: WRITE_AHEAD };
            match self.machine.next(now, room) {
                Some(Outgoing::Records(run)) => {
                    for record in run.page.range(run.range) {
                        outbox.message(MessageKind::Text, record.as_bytes());
                    }
                }
                Some(Outgoing::Barrier(mark)) => self.pair.client().barrier(mark),
                None => break,
            }
            any = true;
        }
        any
    }

    fn note(&mut self, event: Event) {
        match event {
            Event::Messages => drop(self.pair.client().take()),
            event => self.machine.event(event, self.pair.now()),
        }
        for effect in self.machine.take_effects() {
            match effect {
                Effect::Progressed => self.pair.client().progressed(),
                Effect::Explained => self.pair.client().explained(),
                Effect::Reconnected(_) | Effect::Refused => {}
            }
        }
        let in_flight = &mut self.machine.verdicts.in_flight;
        self.resent += in_flight.take_resent();
        self.lost_late += in_flight.take_late_losses();
    }

    /// The servers take what comes. The latest is busy now and then, or leaves.
    fn serve(&mut self) {
        self.arrived.resize(self.pair.connections(), Vec::new());
        let latest = self.pair.connections() - 1;
        for number in 0..=latest {
            if number == latest && self.is_busy() {
                self.pair.hold_server(number);
                continue;
            }
            while let Some(event) = self.pair.poll_server(number) {
                if let (Event::Messages, Some(server)) = (event, self.pair.server(number)) {
                    let name = |message: Vec<u8>| {
                        let text = String::from_utf8(message).unwrap();
                        text.split(' ').next().unwrap().parse::<u64>().unwrap()
                    };
                    self.arrived[number].extend(server.take().into_iter().map(name));
                }
            }
        }
        if self.random.u16(..400) == 0 {
            self.pair.leave_server(latest);
        }
    }

    fn is_busy(&mut self) -> bool {
        let now = self.pair.now();
        if self.busy.is_some_and(|at| at <= now) {
            self.busy = None;
        } else if self.busy.is_none() && self.random.u8(..50) == 0 {
            self.busy = Some(now + Duration::from_millis(self.random.u64(1..500)));
        }
        self.busy.is_some()
    }

    /// Writes pages, with a flush now and then and a last one.
    fn run(&mut self) {
        for _ in 0..self.random.usize(1..8) {
            let page = self.page();
            assert_eq!(self.call(Task::write(page)), Flushed::ALL);
            if self.random.bool() {
                self.flush();
            }
        }
        self.flush();
        assert_eq!(self.call(Task::Close), Flushed::ALL);
    }

    fn flush(&mut self) {
        let flushed = self.call(Task::Flush);
        self.unconfirmed += flushed.unconfirmed();
        if self.machine.policy.mode == DeliveryMode::AtLeastOnce {
            assert_eq!(flushed, Flushed::ALL);
            assert_eq!(self.missing(), 0, "a flush has confirmed what has not arrived");
        }
    }

    /// How many records have not arrived on any connection.
    fn missing(&mut self) -> u64 {
        self.arrived.resize(self.pair.connections(), Vec::new());
        let all: BTreeSet<u64> = self.arrived.iter().flatten().copied().collect();
        self.records - all.len() as u64
    }

    /// Each connection has one run of records, and none begins behind a record that is missing.
    fn assert_in_order(&self) {
        let mut highest = 0;
        for arrived in &self.arrived {
            for (index, number) in arrived.iter().enumerate() {
                let expected = arrived[0] + index as u64;
                assert_eq!(*number, expected, "{arrived:?}");
            }
            if let (Some(first), Some(last)) = (arrived.first(), arrived.last()) {
                assert!(*first <= highest + 1, "{first} behind {highest}");
                highest = highest.max(*last);
            }
        }
    }
}

/// Says which seed it was if a story fails.
struct Seed(u64);

impl Drop for Seed {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("seed {}", self.0);
        }
    }
}

#[test]
fn at_least_once_no_record_is_lost_and_what_was_not_confirmed_is_sent_again() {
    let (mut resent, mut connections) = (0, 0);
    for seed in 0..SEEDS {
        let _seed = Seed(seed);
        let mut story = Story::new(seed, DeliveryMode::AtLeastOnce);
        story.run();
        assert_eq!((story.missing(), story.unconfirmed, story.lost_late), (0, 0, 0));
        story.assert_in_order();
        let arrived: usize = story.arrived.iter().map(Vec::len).sum();
        let duplicates = arrived as u64 - story.records;
        assert!(duplicates <= story.resent, "{duplicates} twice, {} sent again", story.resent);
        (resent, connections) = (resent + story.resent, connections + story.arrived.len());
    }
    assert!(resent > SEEDS && connections > 2 * SEEDS as usize, "{resent} {connections}");
}

#[test]
fn at_most_once_no_record_arrives_twice_and_every_loss_is_counted() {
    let mut lost = 0;
    for seed in 0..SEEDS {
        let _seed = Seed(seed);
        let mut story = Story::new(seed, DeliveryMode::AtMostOnce);
        story.run();
        assert!(story.arrived.concat().is_sorted_by(|a, b| a < b), "{:?}", story.arrived);
        assert_eq!(story.resent, 0);
        // The way to the server may still hold some: they are not known to be lost.
        let on_the_way = story.machine.verdicts.in_flight.in_flight();
        let missing = story.missing();
        let counted = story.unconfirmed + story.lost_late + on_the_way;
        assert!(missing <= counted, "{missing} missing, {counted} counted");
        lost += missing;
    }
    assert!(lost > 0);
}

/// A Close of the peer.
fn closed(code: u16) -> Arc<Failure> {
    Arc::new(End::Closed { code: Some(code), reason: Quote::default() }.into())
}

#[test]
fn a_close_that_refuses_the_sink_is_the_error_of_its_run_unless_a_connection_follows() {
    let lost = |code| Event::Lost { failure: closed(code), wait: Duration::ZERO, attempt: 1 };
    let left = |code| Over::Left(Some(closed(code)));
    let failed = |code| {
        Over::Failed(RunFailed::After {
            failure: closed(code),
            why: NoAttempt::Final,
            before: None,
        })
    };
    let up = || Event::Up { again: true };
    let (auth, other) = (Some(ErrorKind::Auth), Some(ErrorKind::Closed));
    for mode in [DeliveryMode::AtMostOnce, DeliveryMode::AtLeastOnce] {
        for (events, over, expected) in [
            (vec![], Over::Left(None), None),
            (vec![], left(1000), None),
            (vec![], left(1001), None),
            (vec![], left(1008), auth),
            (vec![], left(4001), other),
            // The peer was slow to hang up.
            (vec![], failed(1008), auth),
            (vec![], failed(1011), None),
            (vec![lost(4001)], Over::Left(None), other),
            (vec![lost(1001)], Over::Left(None), None),
            (vec![lost(1008), up()], left(1000), None),
            (vec![lost(1008), up()], left(4001), other),
            (vec![lost(1008), up(), lost(1001)], Over::Left(None), None),
        ] {
            let story = format!("{mode:?} {events:?} {over:?}");
            let mut machine = SinkMachine::new(policy(mode), "ws://h/");
            for event in events {
                machine.event(event, Instant::now());
            }
            let ended = machine.closed(over);
            assert_eq!(ended.err().map(|error| error.kind()), expected, "{story}");
        }
    }
}

#[test]
fn a_refusal_for_good_counts_as_one_and_a_loss_for_good_does_not() {
    for (code, expected) in
        [(1008, ErrorKind::Auth), (4999, ErrorKind::Closed), (1011, ErrorKind::Sink)]
    {
        let mut machine = SinkMachine::new(policy(DeliveryMode::AtLeastOnce), "ws://h/");
        let failure = closed(code);
        let why = NoAttempt::ReconnectOff;
        let failed = RunFailed::After { failure, why, before: None };
        machine.event(Event::Over(Over::Failed(failed)), Instant::now());
        let record = Record::new(Payload::Text("1".into()), Timestamp::from_unix_millis(0));
        machine.begin(Task::write(StreamPage::new(vec![record])));
        let Some((_, Err(error))) = machine.answer() else { panic!("no failure") };
        assert_eq!(error.kind(), expected, "{error}");
    }
}
