//! A connection in virtual time, and how it breaks.

use std::io;
use std::time::{Duration, Instant};

use crate::testing::pair::pipe::{Pipe, Read};

/// An end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The end that connects.
    Client,
    /// The end that accepts.
    Server,
}

impl Side {
    /// The other end.
    pub fn other(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
}

/// How a connection breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Break {
    /// The network loses all bytes of both directions, and neither end gets an error.
    Silence,
    /// Both ends get an error behind what has arrived.
    Reset,
    /// Both ends see the end of the stream.
    End,
}

/// Where a connection breaks.
#[derive(Debug, Clone, Copy)]
pub struct Cut {
    /// The end whose bytes are counted.
    pub writer: Side,
    /// The last byte of that end that arrives.
    pub at: u64,
    /// How it breaks.
    pub how: Break,
}

/// A connection in virtual time.
#[derive(Debug)]
pub(super) struct Link {
    to_client: Pipe,
    to_server: Pipe,
    cut: Option<Cut>,
}

impl Link {
    pub(super) fn new(latency: Duration, capacity: usize, cut: Option<Cut>) -> Self {
        let (to_client, to_server) = (Pipe::new(latency, capacity), Pipe::new(latency, capacity));
        let mut link = Self { to_client, to_server, cut };
        if let Some(cut) = cut {
            link.to(cut.writer.other()).lose_from(cut.at);
        }
        link
    }

    fn to(&mut self, side: Side) -> &mut Pipe {
        match side {
            Side::Client => &mut self.to_client,
            Side::Server => &mut self.to_server,
        }
    }

    pub(super) fn write(&mut self, from: Side, bytes: &[u8], now: Instant) -> io::Result<usize> {
        let n = self.to(from.other()).write(bytes, now)?;
        if let Some(cut) = self.cut.filter(|cut| cut.writer == from)
            && self.to(from.other()).taken() >= cut.at
        {
            self.cut = None;
            self.breaks(cut.how, now);
        }
        Ok(n)
    }

    fn breaks(&mut self, how: Break, now: Instant) {
        for pipe in [&mut self.to_client, &mut self.to_server] {
            match how {
                Break::Silence => pipe.lose_from(0),
                Break::Reset => pipe.end(Some(io::ErrorKind::ConnectionReset), now),
                Break::End => pipe.end(None, now),
            }
            if how != Break::Silence {
                pipe.refuse(now);
            }
        }
    }

    pub(super) fn read(&mut self, side: Side, space: &mut [u8], now: Instant) -> Read {
        self.to(side).read(space, now)
    }

    /// The end at `side` drops the connection.
    pub(super) fn hang_up(&mut self, side: Side, now: Instant) {
        self.to(side.other()).end(None, now);
        self.to(side).refuse(now);
    }

    /// The bytes that `side` has read.
    pub(super) fn bytes_read(&self, side: Side) -> u64 {
        match side {
            Side::Client => self.to_client.bytes_read(),
            Side::Server => self.to_server.bytes_read(),
        }
    }

    /// The next moment after `now` at which an end finds something else.
    pub(super) fn next_change(&self, now: Instant) -> Option<Instant> {
        self.to_client.changes(now).chain(self.to_server.changes(now)).min()
    }
}
