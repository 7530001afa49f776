//! Two machines, a client and a server, joined by connections in virtual time.
//!
//! The machines, their owners and the way between them run in one thread and without a clock: a story
//! of minutes takes milliseconds, and a seed gives the same story each time.

mod link;
mod peer;
mod pipe;
mod world;

#[cfg(test)]
mod tests;

use std::time::{Duration, Instant};

pub use link::{Break, Cut, Side};
pub use peer::Peer;
pub use world::World;

use crate::connect_failed::ConnectFailed;
use crate::machine::{Event, GaveUp, Output};
use link::Link;

/// A story with more steps than this does not end.
const MOST_STEPS: u32 = 1_000_000;

/// A connection that was accepted.
struct Accepted {
    link: Link,
    /// Until its run is over.
    server: Option<Peer>,
}

/// Two machines in virtual time: a client that comes back, and a server for each of its connections.
pub struct Pair {
    world: World,
    begin: Instant,
    now: Instant,
    client: Peer,
    accepted: Vec<Accepted>,
    /// Whether the client has hung up the latest connection.
    hung_up: bool,
    /// The server accepts, or refuses, and then the client hears of it.
    dial: Option<Instant>,
    /// Whether something happened at this moment that the ends have not looked at.
    restless: bool,
    steps: u32,
}

impl Pair {
    /// A client that begins to dial.
    pub fn new(world: World) -> Self {
        let now = Instant::now();
        let mut client = Peer::new(Side::Client, world.settings(Side::Client), now);
        client.machine.dial();
        Self {
            world,
            begin: now,
            now,
            client,
            accepted: Vec::new(),
            hung_up: true,
            dial: None,
            restless: true,
            steps: 0,
        }
    }

    /// The time of the story.
    pub fn now(&self) -> Instant {
        self.now
    }

    /// How long the story lasts.
    pub fn elapsed(&self) -> Duration {
        self.now - self.begin
    }

    /// The client.
    pub fn client(&mut self) -> &mut Peer {
        &mut self.client
    }

    /// How many connections were accepted.
    pub fn connections(&self) -> usize {
        self.accepted.len()
    }

    /// The server of a connection, until its run is over.
    pub fn server(&mut self, connection: usize) -> Option<&mut Peer> {
        self.accepted[connection].server.as_mut()
    }

    /// How many bytes of a connection's other end `side` has read.
    pub fn bytes_read(&self, connection: usize, side: Side) -> u64 {
        self.accepted[connection].link.bytes_read(side)
    }

    /// The client's owner asks for an event.
    pub fn poll_client(&mut self) -> Option<Event> {
        self.client.machine.resume(self.now);
        loop {
            if let Some(event) = self.client.poll_event() {
                if matches!(event, Event::Over(_)) {
                    // The owner drops its end.
                    self.perform_tasks();
                }
                return Some(event);
            }
            if !self.advance_client() && !self.client.handle_timeout(self.now) {
                return None;
            }
        }
    }

    /// The client's owner is busy and keeps the connection alive.
    pub fn hold_client(&mut self) {
        self.client.machine.pause(self.now);
        while self.advance_client() || self.client.handle_timeout(self.now) {}
    }

    /// The client's owner gives up on the server.
    pub fn abandon(&mut self, why: GaveUp) {
        self.client.abandon(why, self.now);
        self.restless = true;
    }

    /// The client's owner leaves.
    pub fn leave(&mut self) {
        self.client.machine.close(self.now);
        self.restless = true;
    }

    /// Writes what the client has. Whether the socket has taken everything.
    pub fn flush_client(&mut self) -> bool {
        if !self.hung_up
            && let Some(Accepted { link, .. }) = self.accepted.last_mut()
        {
            self.restless |= self.client.flush(link, self.now);
        }
        self.hung_up || self.client.is_flushed()
    }

    fn perform_tasks(&mut self) -> bool {
        let mut any = false;
        while let Some(output) = self.client.poll_output() {
            any = true;
            self.dial = None;
            match output {
                Output::Dial => self.dial = Some(self.now + 2 * self.world.latency),
                Output::HangUp => {
                    if !std::mem::replace(&mut self.hung_up, true)
                        && let Some(Accepted { link, .. }) = self.accepted.last_mut()
                    {
                        link.hang_up(Side::Client, self.now);
                    }
                }
                // The world has no conversation.
                Output::Errand(_) | Output::Call { .. } | Output::Work(_) => {}
            }
        }
        any
    }

    fn advance_client(&mut self) -> bool {
        let mut any = self.perform_tasks();
        if self.dial.is_some_and(|at| at <= self.now) {
            any = true;
            self.dial = None;
            self.dialed();
        }
        if !self.hung_up
            && let Some(Accepted { link, .. }) = self.accepted.last_mut()
        {
            any |= self.client.transfer(link, self.now);
        }
        self.restless |= any;
        any
    }

    /// The dial is over.
    fn dialed(&mut self) {
        if self.world.refusals > 0 {
            self.world.refusals -= 1;
            let refused = ConnectFailed::Tcp(std::io::ErrorKind::ConnectionRefused.into());
            return self.client.machine.dial_failed(refused, self.now);
        }
        let number = self.accepted.len();
        let cut = self.world.cuts.get(number).copied().flatten();
        let link = Link::new(self.world.latency, self.world.socket, cut);
        let mut server = Peer::new(Side::Server, self.world.settings(Side::Server), self.now);
        server.connected(&[], self.now);
        self.client.connected(&[], self.now);
        self.accepted.push(Accepted { link, server: Some(server) });
        self.hung_up = false;
    }

    /// The owner of a connection's server asks for an event.
    pub fn poll_server(&mut self, connection: usize) -> Option<Event> {
        let now = self.now;
        let event = loop {
            let peer = self.server(connection)?;
            peer.machine.resume(now);
            if let Some(event) = peer.poll_event() {
                break event;
            }
            if !self.advance_server(connection) {
                return None;
            }
        };
        if matches!(event, Event::Over(_)) {
            self.accepted[connection].server = None;
        }
        Some(event)
    }

    /// The owner of a connection's server is busy.
    pub fn hold_server(&mut self, connection: usize) {
        let now = self.now;
        self.server(connection).into_iter().for_each(|peer| peer.machine.pause(now));
        while self.advance_server(connection) {}
    }

    /// Reads, writes and acts on limits. Returns whether there was anything to do.
    fn advance_server(&mut self, connection: usize) -> bool {
        let Accepted { link, server } = &mut self.accepted[connection];
        let Some(peer) = server else { return false };
        let mut any = peer.transfer(link, self.now);
        while peer.poll_output().is_some() {
            // The only task of a server: it does not dial.
            link.hang_up(Side::Server, self.now);
            any = true;
        }
        self.restless |= any;
        any || peer.handle_timeout(self.now)
    }

    /// The owner of a connection's server leaves.
    pub fn leave_server(&mut self, connection: usize) {
        if let Some(server) = &mut self.accepted[connection].server {
            server.machine.close(self.now);
            self.restless = true;
        }
    }

    /// Goes on to the next moment at which something happens, at the latest to `due`. Returns whether
    /// anything ever will.
    ///
    /// # Panics
    /// The story has more steps than it can need.
    pub fn step(&mut self, due: Option<Instant>) -> bool {
        self.steps += 1;
        assert!(self.steps < MOST_STEPS, "the story does not end");
        if std::mem::take(&mut self.restless) {
            return true;
        }
        let of_client = self.client.machine.next_timeout();
        let mut next: Vec<Instant> = [due, self.dial, of_client].into_iter().flatten().collect();
        for Accepted { link, server } in &self.accepted {
            next.extend(link.next_change(self.now));
            next.extend(server.as_ref().and_then(|server| server.machine.next_timeout()));
        }
        let Some(next) = next.into_iter().min() else { return false };
        assert!(next > self.now, "something that is due does not happen");
        self.now = next;
        true
    }
}
