//! Stories of two machines, each from a seed.

use fastrand::Rng;
use faucet_core::MessageKind;

use super::*;
use crate::machine::{Discarded, Over};

/// Stories of the test run.
const SEEDS: u64 = 1000;

/// The messages in one direction of one connection.
#[derive(Debug, Default)]
struct Direction {
    /// Each message, with the positions of its first byte and of the byte behind its last.
    sent: Vec<(Vec<u8>, u64, u64)>,
    received: Vec<Vec<u8>>,
    partial: u64,
    /// Messages in front of the latest barrier.
    marked: usize,
    acked: u64,
}

impl Direction {
    /// How many messages have arrived whole with the first `bytes`.
    fn whole(&self, bytes: u64) -> usize {
        self.sent.iter().filter(|(_, _, end)| *end <= bytes).count()
    }

    /// Whether byte `bytes` lies inside a message.
    fn is_inside(&self, bytes: u64) -> bool {
        self.sent.iter().any(|(_, start, end)| (start + 1..*end).contains(&bytes))
    }
}

/// The known facts about one connection.
#[derive(Debug, Default)]
struct Connection {
    to_client: Direction,
    to_server: Direction,
    left: bool,
}

/// An owner that sends messages, takes what comes and is busy now and then.
#[derive(Debug, Default)]
struct Owner {
    busy: Option<Instant>,
}

struct Story {
    random: Rng,
    pair: Pair,
    connections: Vec<Connection>,
    client: Owner,
    servers: Vec<Owner>,
    /// Messages that each end sends on each connection.
    count: usize,
    largest: usize,
    over: bool,
    lost: usize,
}

impl Story {
    fn new(seed: u64, cuts: usize) -> Self {
        let mut random = Rng::with_seed(seed);
        let cuts = random.usize(..=cuts);
        let world = World::random(&mut random, cuts);
        // A narrow way takes few bytes, or the story has too many steps.
        let largest = if world.socket < 64 { 20 } else { 600 };
        let count = random.usize(..if world.socket < 64 { 6 } else { 25 });
        let (client, servers) = (Owner::default(), Vec::new());
        let (pair, connections) = (Pair::new(world), Vec::new());
        Self { random, pair, connections, client, servers, count, largest, over: false, lost: 0 }
    }

    /// Lives through all of it.
    fn run(&mut self) {
        loop {
            self.live_client();
            for number in 0..self.connections.len() {
                self.live_server(number);
            }
            let connections = 0..self.connections.len();
            if self.over
                && !connections.into_iter().any(|number| self.pair.server(number).is_some())
            {
                return;
            }
            let busy = self.servers.iter().filter_map(|server| server.busy);
            let due = busy.chain(self.client.busy).filter(|at| *at > self.pair.now()).min();
            assert!(self.pair.step(due), "nothing will ever happen");
        }
    }

    /// Whether the owner has something else to do, from time to time.
    fn is_busy(random: &mut Rng, owner: &mut Owner, now: Instant) -> bool {
        match owner.busy {
            Some(at) if at > now => return true,
            Some(_) => owner.busy = None,
            None if random.u8(..40) == 0 => {
                owner.busy = Some(now + Duration::from_millis(random.u64(1..500)));
                return true;
            }
            None => {}
        }
        false
    }

    fn live_client(&mut self) {
        if Self::is_busy(&mut self.random, &mut self.client, self.pair.now()) {
            return self.pair.hold_client();
        }
        while let Some(event) = self.pair.poll_client() {
            let number = self.pair.connections().saturating_sub(1);
            match event {
                Event::Up { again } => {
                    assert_eq!(again, number > 0);
                    self.connections.push(Connection::default());
                    self.servers.push(Owner::default());
                }
                Event::Messages => {
                    let taken = self.pair.client().take();
                    self.connections[number].to_client.received.extend(taken);
                }
                Event::Acked { upto, .. } => {
                    let read = self.pair.bytes_read(number, Side::Server);
                    self.connections[number].to_server.acknowledged(upto, read);
                }
                Event::Discarded(reason, messages) => {
                    assert_eq!(reason, Discarded::PartialFrame);
                    self.connections[number].to_client.partial += messages;
                }
                Event::Lost { .. } => self.lost += 1,
                Event::Waiting => {}
                Event::Over(over) => {
                    assert!(matches!(over, Over::Left(_)), "{over:?}");
                    self.over = true;
                    return;
                }
                event => panic!("{event:?}"),
            }
            if self.random.u8(..30) == 0 {
                // Events wait meanwhile.
                self.client.busy = Some(self.pair.now() + Duration::from_millis(30));
                return self.pair.hold_client();
            }
        }
        self.send(Side::Client, self.connections.len().saturating_sub(1));
        self.leave_when_done();
    }

    /// The client leaves when everything has arrived on a connection that does not break.
    fn leave_when_done(&mut self) {
        let Some(connection) = self.connections.last_mut().filter(|_| self.pair.client().is_up())
        else {
            return;
        };
        let done = |direction: &Direction| {
            direction.received.len() == self.count && direction.acked == self.count as u64
        };
        if done(&connection.to_client) && done(&connection.to_server) {
            connection.left = true;
            self.pair.leave();
        }
    }

    fn live_server(&mut self, number: usize) {
        if Self::is_busy(&mut self.random, &mut self.servers[number], self.pair.now()) {
            return self.pair.hold_server(number);
        }
        while let Some(event) = self.pair.poll_server(number) {
            let connection = &mut self.connections[number];
            match event {
                Event::Messages => {
                    let taken = self.pair.server(number).unwrap().take();
                    connection.to_server.received.extend(taken);
                }
                Event::Acked { upto, .. } => {
                    let read = self.pair.bytes_read(number, Side::Client);
                    connection.to_client.acknowledged(upto, read);
                }
                Event::Discarded(_, messages) => connection.to_server.partial += messages,
                _ => {}
            }
        }
        self.send(Side::Server, number);
    }

    /// Sends a few messages, and a Ping behind them.
    fn send(&mut self, side: Side, number: usize) {
        let Some(connection) = self.connections.get_mut(number) else { return };
        let direction = match side {
            Side::Client => &mut connection.to_server,
            Side::Server => &mut connection.to_client,
        };
        let peer = match side {
            Side::Client => self.pair.client(),
            Side::Server => match self.pair.server(number) {
                Some(peer) => peer,
                None => return,
            },
        };
        let few = self.random.usize(..4);
        for _ in 0..few.min(self.count - direction.sent.len()) {
            let Some(outbox) = peer.outbox().filter(|outbox| outbox.pending().len() < 5000) else {
                return;
            };
            let name = format!("{side:?} {number} {}: ", direction.sent.len());
            let payload =
                [name.as_bytes(), &vec![b'x'; self.random.usize(..self.largest)]].concat();
            let kind = [MessageKind::Text, MessageKind::Binary][self.random.usize(..2)];
            let start = outbox.encoded();
            outbox.message(kind, &payload);
            direction.sent.push((payload, start, outbox.encoded()));
        }
        let sent = direction.sent.len();
        if sent > direction.marked && (self.random.bool() || sent == self.count) {
            direction.marked = sent;
            peer.barrier(sent as u64);
        }
    }

    /// Holds everything that was seen against what was sent.
    fn check(&self) {
        let last = self.connections.len() - 1;
        assert!(self.lost >= last, "a connection was lost without an event");
        for (number, connection) in self.connections.iter().enumerate() {
            for (direction, side) in
                [(&connection.to_client, Side::Client), (&connection.to_server, Side::Server)]
            {
                let read = self.pair.bytes_read(number, side);
                let name = format!("to the {side:?} of connection {number}, {read} bytes");
                let whole = direction.whole(read);
                let sent = direction.sent[..whole].iter().map(|(payload, _, _)| payload);
                assert!(sent.eq(&direction.received), "{name}: {direction:?}");
                let partial = u64::from(direction.is_inside(read));
                assert_eq!(direction.partial, partial, "{name}: {direction:?}");
                if connection.left {
                    assert_eq!(whole, self.count, "{name}");
                }
            }
        }
    }
}

impl Direction {
    fn acknowledged(&mut self, upto: u64, bytes_read: u64) {
        let whole = self.whole(bytes_read) as u64;
        assert!(upto <= whole, "{upto} acknowledged, {whole} read");
        self.acked = self.acked.max(upto);
    }
}

/// Runs a story, and says which it was if it fails.
fn live(seed: u64, cuts: usize) -> Story {
    struct Said(u64);
    impl Drop for Said {
        fn drop(&mut self) {
            if std::thread::panicking() {
                eprintln!("seed {}", self.0);
            }
        }
    }
    let said = Said(seed);
    let mut story = Story::new(seed, cuts);
    story.run();
    story.check();
    drop(said);
    story
}

#[test]
fn everything_arrives_once_and_in_order_where_no_connection_breaks() {
    for seed in 0..SEEDS {
        let story = live(seed, 0);
        assert_eq!(story.connections.len(), 1, "seed {seed}");
        assert!(story.connections[0].left, "seed {seed}");
    }
}

#[test]
fn a_connection_that_breaks_has_delivered_the_beginning_and_tears_no_message() {
    let mut broken = 0;
    for seed in 0..SEEDS {
        broken += live(seed, 4).connections.len() - 1;
    }
    assert!(broken as u64 > SEEDS, "{broken}");
}
