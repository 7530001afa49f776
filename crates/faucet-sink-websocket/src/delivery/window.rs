//! How much may be on its way, and how often a Ping follows.

use std::time::Duration;

/// Pings on their way when the window is full, at least. Each costs both ends a wake-up.
const BARRIERS: usize = 8;
/// How often the window is halved when a Pong is missing.
const HALVINGS: u32 = 4;

/// The most that may be unconfirmed at a time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) records: usize,
    pub(crate) bytes: usize,
}

/// The limits at a moment. They are narrowed for a peer that is slow to read, so that its Pongs come
/// in time and little is sent again after a loss, and widened up to `most` while Pongs come soon.
#[derive(Debug)]
pub(crate) struct Window {
    most: Limits,
    /// A Pong that takes longer is missing.
    ack_timeout: Duration,
    /// How often `most` is halved.
    halvings: u32,
    /// Records up to this one do not widen the window: they were sent before its latest change.
    widens_after: u64,
    /// Records up to this one do not narrow the window again. Reset on every connection.
    narrows_after: u64,
    /// Records from a Ping to the next. It begins with one on each connection, and doubles: the
    /// first Pong shows soon that the peer answers at all.
    stride: usize,
}

impl Window {
    pub(crate) fn new(most: Limits, ack_timeout: Duration) -> Self {
        Self { most, ack_timeout, halvings: 0, widens_after: 0, narrows_after: 0, stride: 1 }
    }

    fn records(&self) -> usize {
        (self.most.records >> self.halvings).max(1)
    }

    fn bytes(&self) -> usize {
        (self.most.bytes >> self.halvings).max(1)
    }

    /// Whether a record of `size` bytes may join `records` records of `bytes` bytes.
    pub(crate) fn has_room(&self, records: usize, bytes: usize, size: usize) -> bool {
        records == 0 || (records < self.records() && bytes + size <= self.bytes())
    }

    /// Whether a Ping is due behind `records` records of `bytes` bytes.
    pub(crate) fn wants_ping(&self, records: usize, bytes: usize) -> bool {
        records >= self.stride.min(self.records() / BARRIERS).max(1)
            // Use half the byte budget, because the record that triggers a Ping may be large.
            || bytes >= (self.bytes() / (2 * BARRIERS)).max(1)
    }

    /// A Ping went out.
    pub(crate) fn pinged(&mut self) {
        self.stride = (self.stride * 2).min(self.most.records);
    }

    /// A connection begins behind record `begin`.
    pub(crate) fn restart(&mut self, begin: u64) {
        self.stride = 1;
        self.narrows_after = begin;
    }

    /// The Pong for what was sent up to record `upto` took so long; by now record `sent` was sent.
    pub(crate) fn answered(&mut self, took: Duration, upto: u64, sent: u64) {
        let late = took > self.ack_timeout / 4 && upto > self.narrows_after;
        let soon = took < self.ack_timeout / 8 && upto > self.widens_after;
        if late && self.records() > 1 {
            self.halvings += 1;
        } else if soon && self.halvings > 0 {
            self.halvings -= 1;
        } else {
            return;
        }
        (self.narrows_after, self.widens_after) = (sent, sent);
    }

    /// A Pong was missing; what follows is a connection on which it has to come sooner.
    pub(crate) fn unanswered(&mut self, sent: u64) {
        for _ in 0..HALVINGS {
            self.halvings += u32::from(self.records() > 1);
        }
        (self.narrows_after, self.widens_after) = (sent, sent);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: fn(u64) -> Duration = Duration::from_secs;

    fn window(records: usize) -> Window {
        Window::new(Limits { records, bytes: 1000 }, S(8))
    }

    /// The most records that it holds.
    fn held(window: &Window) -> usize {
        (0..).find(|n| !window.has_room(*n, 0, 1)).unwrap()
    }

    #[test]
    fn it_holds_records_and_bytes_and_a_record_alone_whatever_its_size() {
        let window = window(3);
        for (records, bytes, size, room) in
            [(0, 0, 5000, true), (2, 900, 100, true), (2, 900, 101, false), (3, 3, 1, false)]
        {
            assert_eq!(window.has_room(records, bytes, size), room, "{records} {bytes} {size}");
        }
    }

    #[test]
    fn pings_begin_close_together_and_end_at_an_eighth_of_it() {
        let mut window = window(160);
        let mut strides = |n: usize| -> Vec<usize> {
            let stride = |window: &mut Window| {
                let stride = (1..).find(|records| window.wants_ping(*records, 0)).unwrap();
                window.pinged();
                stride
            };
            (0..n).map(|_| stride(&mut window)).collect()
        };
        assert_eq!(strides(6), [1, 2, 4, 8, 16, 20]);
        window.restart(0);
        assert!(window.wants_ping(1, 0) && !window.wants_ping(0, 61));
        assert!(window.wants_ping(0, 62), "a sixteenth of the bytes");
    }

    #[test]
    fn late_pongs_narrow_it_and_soon_ones_widen_it_once_for_what_was_sent_since() {
        let mut window = window(1024);
        for (took, upto, sent, records) in [
            (S(2), 10, 1024, 1024),
            (S(3), 20, 1024, 512),
            // Sent before the window was narrowed.
            (S(7), 1024, 1500, 512),
            (S(3), 1500, 1600, 256),
            (S(0), 1600, 1700, 256),
            (S(0), 1601, 1800, 512),
            (S(0), 1801, 1900, 1024),
            (S(0), 1901, 2000, 1024),
        ] {
            window.answered(took, upto, sent);
            assert_eq!(held(&window), records, "{took:?} for {upto} of {sent}");
        }
    }

    #[test]
    fn a_missing_pong_narrows_it_to_a_sixteenth_and_never_below_one_record() {
        let mut window = window(1000);
        for (sent, records) in [(1000, 62), (1010, 3), (1020, 1), (1030, 1)] {
            window.unanswered(sent);
            assert_eq!(held(&window), records);
        }
        window.answered(S(8), 2000, 2000);
        assert_eq!(held(&window), 1);
    }

    #[test]
    fn on_a_new_connection_it_narrows_at_once_but_widens_only_for_what_is_new() {
        let mut window = window(1024);
        window.unanswered(1024);
        window.restart(100);
        window.answered(S(0), 101, 164);
        assert_eq!(held(&window), 64, "it was sent before");
        window.answered(S(7), 120, 184);
        assert_eq!(held(&window), 32);
        window.answered(S(0), 1025, 1025);
        assert_eq!(held(&window), 64);
    }
}
