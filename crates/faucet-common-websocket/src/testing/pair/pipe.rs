//! One direction of a connection in virtual time.

use std::collections::VecDeque;
use std::io;
use std::time::{Duration, Instant};

/// The result of a read.
#[derive(Debug)]
pub(super) enum Read {
    Bytes(usize),
    Nothing,
    /// The stream has ended, with an error where the connection was reset.
    Ended(Option<io::Error>),
}

/// One direction of a connection. Bytes arrive in order, each after `latency`.
#[derive(Debug)]
pub(super) struct Pipe {
    latency: Duration,
    /// The most bytes that are on their way or wait to be read: what both sockets hold.
    capacity: usize,
    segments: VecDeque<(Instant, VecDeque<u8>)>,
    held: usize,
    /// Bytes that the writer's socket has taken.
    taken: u64,
    /// Bytes that were read.
    read: u64,
    /// The bytes from here on are lost.
    cut: Option<u64>,
    /// The reader sees the end from then on, behind all bytes.
    ends: Option<(Instant, Option<io::ErrorKind>)>,
    /// The writer gets an error from then on.
    refuses: Option<Instant>,
}

impl Pipe {
    pub(super) fn new(latency: Duration, capacity: usize) -> Self {
        Self {
            latency,
            capacity,
            segments: VecDeque::new(),
            held: 0,
            taken: 0,
            read: 0,
            cut: None,
            ends: None,
            refuses: None,
        }
    }

    /// How many of `bytes` the socket takes.
    pub(super) fn write(&mut self, bytes: &[u8], now: Instant) -> io::Result<usize> {
        if self.refuses.is_some_and(|at| at <= now) {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let n = bytes.len().min(self.capacity - self.held);
        let arrives = self.cut.map_or(n, |cut| n.min(cut.saturating_sub(self.taken) as usize));
        if arrives > 0 {
            let segment = bytes[..arrives].iter().copied().collect();
            self.segments.push_back((now + self.latency, segment));
        }
        self.taken += n as u64;
        self.held += n;
        Ok(n)
    }

    pub(super) fn read(&mut self, space: &mut [u8], now: Instant) -> Read {
        match self.segments.front_mut() {
            Some((at, segment)) if *at <= now => {
                let n = io::Read::read(segment, space).unwrap_or_default();
                if segment.is_empty() {
                    self.segments.pop_front();
                }
                self.held -= n;
                self.read += n as u64;
                Read::Bytes(n)
            }
            Some(_) => Read::Nothing,
            None => match self.ends {
                Some((at, error)) if at <= now => Read::Ended(error.map(io::Error::from)),
                _ => Read::Nothing,
            },
        }
    }

    /// Bytes that the writer's socket has taken.
    pub(super) fn taken(&self) -> u64 {
        self.taken
    }

    /// Bytes that were read.
    pub(super) fn bytes_read(&self) -> u64 {
        self.read
    }

    /// Loses all bytes from byte `at` on; from now on, if byte `at` was written already.
    pub(super) fn lose_from(&mut self, at: u64) {
        self.cut.get_or_insert(at.max(self.taken));
    }

    /// The reader sees the end behind what has been written.
    pub(super) fn end(&mut self, error: Option<io::ErrorKind>, now: Instant) {
        self.ends.get_or_insert((now + self.latency, error));
        let taken = self.taken;
        self.lose_from(taken);
    }

    /// The writer gets an error as soon as it can know.
    pub(super) fn refuse(&mut self, now: Instant) {
        self.refuses.get_or_insert(now + self.latency);
    }

    /// The moments after `now` at which a read or a write finds something else.
    pub(super) fn changes(&self, now: Instant) -> impl Iterator<Item = Instant> {
        let arrives = self.segments.front().map(|(at, _)| *at);
        let ends = self.ends.map(|(at, _)| at);
        [arrives, ends, self.refuses].into_iter().flatten().filter(move |at| *at > now)
    }
}
