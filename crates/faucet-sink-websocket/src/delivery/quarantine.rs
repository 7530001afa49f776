//! Finds the record that the peer rejected: sends the suspects one at a time, and waits until the peer
//! has had the time to reject each.

/// Pongs after which a record is taken to be accepted. A library may answer a Ping before its
/// program looks at the record in front of it; the second Ping goes out when the first was answered.
const PONGS: u32 = 2;

/// The next step of the search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// A Ping goes out behind what was sent.
    Ping,
    /// Wait for its Pong.
    Wait,
    /// The next record goes out.
    Record,
}

/// How far the search for a rejected record is on this connection.
#[derive(Debug)]
pub(crate) struct Quarantine {
    /// The last suspect.
    until: u64,
    turn: Turn,
    /// Pongs since the last record.
    answered: u32,
}

impl Quarantine {
    pub(crate) fn new() -> Self {
        Self { until: 0, turn: Turn::Ping, answered: 0 }
    }

    /// Records up to `until` are suspected; the search begins on the next connection.
    pub(crate) fn begin(&mut self, until: u64) {
        self.until = until;
    }

    /// Whether a record behind `settled` is suspected.
    pub(crate) fn is_on(&self, settled: u64) -> bool {
        settled < self.until
    }

    /// A connection begins. The peer may refuse the messages that come before all records: one Pong
    /// says that it did not.
    pub(crate) fn restart(&mut self) {
        (self.turn, self.answered) = (Turn::Ping, PONGS - 1);
    }

    /// Takes the next turn.
    pub(crate) fn take_turn(&mut self) -> Turn {
        let turn = self.turn;
        match turn {
            Turn::Ping => self.turn = Turn::Wait,
            Turn::Wait => {}
            Turn::Record => (self.turn, self.answered) = (Turn::Ping, 0),
        }
        turn
    }

    /// The Pong came that is waited for. Whether what was sent is accepted.
    pub(crate) fn pong(&mut self) -> bool {
        if self.turn != Turn::Wait {
            return false;
        }
        self.answered += 1;
        let accepted = self.answered >= PONGS;
        self.turn = if accepted { Turn::Record } else { Turn::Ping };
        accepted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_goes_out_when_the_one_before_it_had_two_pongs() {
        let mut quarantine = Quarantine::new();
        quarantine.begin(3);
        assert!(quarantine.is_on(2) && !quarantine.is_on(3));
        quarantine.restart();
        for (turn, pong) in [
            (Turn::Ping, false),
            (Turn::Wait, true),
            (Turn::Record, false),
            (Turn::Ping, false),
            (Turn::Wait, true),
            (Turn::Ping, false),
            (Turn::Wait, true),
            (Turn::Record, false),
        ] {
            assert_eq!(quarantine.take_turn(), turn);
            if pong {
                quarantine.pong();
            } else if turn != Turn::Ping {
                assert!(!quarantine.pong(), "nothing was asked");
            }
        }
    }
}
