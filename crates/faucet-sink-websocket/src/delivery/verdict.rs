//! Decides when a call of the writer is done, and what its answer is.

use faucet_core::{Error, Flushed, Rejected, Result};

use crate::delivery::connection_lost::{ConnectionLost, LostHow};
use crate::delivery::delivery_mode::DeliveryMode;
use crate::delivery::in_flight::{InFlight, Rejection};
use crate::delivery::policy::DeliveryPolicy;
use crate::delivery::rejection::Rejections;
use crate::delivery::window::Window;

/// The state of the connection at the moment of a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Line {
    /// Whether there is a connection.
    pub(crate) up: bool,
    /// Whether the socket has taken all bytes.
    pub(crate) flushed: bool,
}

/// The knowledge about a record that the peer rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    /// Which record it was. It goes back to the runner.
    HandedBack,
    /// Which record it was. It is an error of the run.
    Record,
    /// One of several. It will not be sent in the same way once more.
    Suspects,
    /// Nothing new.
    Nothing,
}

/// The records of a run, what the peer rejected of them, and whether the connection is lost for good.
#[derive(Debug)]
pub(crate) struct Verdicts {
    policy: DeliveryPolicy,
    /// The redacted URL of the peer.
    url: String,
    pub(crate) in_flight: InFlight,
    pub(crate) rejections: Rejections,
    /// Rejected records that go back to the runner with the next flush.
    handed_back: Vec<Rejected>,
    /// The Close by which the peer refused the sink, until a connection follows it.
    refusal: Option<Error>,
    lost: Option<ConnectionLost>,
}

impl Verdicts {
    pub(crate) fn new(policy: DeliveryPolicy, url: &str) -> Self {
        let window = Window::new(policy.limits, policy.ack_timeout);
        Self {
            policy,
            url: url.to_owned(),
            in_flight: InFlight::new(policy.mode, window, policy.hands_back),
            rejections: Rejections::default(),
            handed_back: Vec::new(),
            refusal: None,
            lost: None,
        }
    }

    /// A page is written when the socket has taken it. `left` of its `all` records are not accepted
    /// yet. The failure says how many were accepted: the next flush speaks of those.
    pub(crate) fn write(&mut self, all: u64, left: u64, line: Line) -> Option<Result<()>> {
        if let Some(failure) = self.failure(left) {
            return Some(Err(failure.with_written(all - left)));
        }
        let sent = left == 0 && self.in_flight.is_all_sent() && line.flushed;
        let done = sent && (!self.rejections.is_unreported() || self.is_delivered(line));
        done.then(|| self.report_rejection().map_err(|error| error.with_written(all)))
    }

    /// A lost connection fails a flush only where an answer would be a false promise. With
    /// `at_most_once` the counts are the promise, and the next call returns the failure.
    pub(crate) fn flush(&mut self, line: Line) -> Option<Result<Flushed>> {
        let failure = match &self.lost {
            Some(lost) if lost.reported || self.policy.mode == DeliveryMode::AtMostOnce => None,
            // A refusal that left nothing undelivered fails `close`: a failed flush would count
            // delivered records as unconfirmed.
            Some(lost)
                if lost.is_delivered(self.policy.mode) && !self.rejections.is_unreported() =>
            {
                None
            }
            Some(_) => self.failure(0),
            None if !self.is_delivered(line) || self.is_ending(line) => return None,
            None => self.report_rejection().err(),
        };
        // A failed flush speaks of its records too: all of them count as unconfirmed.
        let rejected = std::mem::take(&mut self.handed_back);
        let unconfirmed = self.in_flight.take_unconfirmed();
        let report = Flushed::but_unconfirmed(unconfirmed).with_rejected(rejected);
        Some(failure.map_or(Ok(report), Err))
    }

    /// `close` succeeds on a lost connection if no record is outstanding, or if a caller has received
    /// the failure.
    pub(crate) fn close(&mut self, line: Line) -> Option<Result<()>> {
        match &self.lost {
            Some(lost) if lost.reported || self.is_lost_well() => Some(Ok(())),
            Some(_) => Some(self.failure(0).map_or(Ok(()), Err)),
            None => (!self.is_ending(line)).then_some(Ok(())),
        }
    }

    /// The peer refused the sink by a Close, which `error` describes. A connection may follow.
    pub(crate) fn refused(&mut self, error: Error) {
        self.refusal = Some(error);
    }

    /// There is a connection again: an earlier refusal is settled.
    pub(crate) fn reconnected(&mut self) {
        self.refusal = None;
    }

    /// The close handshake is over. `answered`: the peer has read everything that was sent.
    /// `rejection`: the Close by which it rejected a record. Fails if the peer has refused the sink and
    /// no connection followed.
    pub(crate) fn closed(&mut self, answered: bool, rejection: Option<&Error>) -> Result<()> {
        if let Some(close) = rejection {
            self.rejected(close);
            self.rejections.unexplained();
        }
        if !answered {
            self.in_flight.lost();
        }
        self.report_rejection()?;
        self.refusal.take().map_or(Ok(()), Err)
    }

    /// The caller was dropped and has not received the failure of a call with `left` records that
    /// were not accepted.
    pub(crate) fn not_received(&mut self, left: u64) {
        self.rejections.not_received();
        if let Some(lost) = &mut self.lost {
            lost.reported = false;
            lost.unsent += left;
        }
    }

    /// The peer closed because of a message that it received; `close` says so.
    pub(crate) fn rejected(&mut self, close: &Error) -> Found {
        match self.in_flight.rejected() {
            Rejection::Record(number, record) if self.in_flight.hands_back() => {
                let reason = format!("the peer refused the record: {close}");
                self.handed_back.push(Rejected::new(record, reason));
                self.rejections.handed_back(number);
                Found::HandedBack
            }
            Rejection::Record(number, record) => {
                self.rejections.record(number, record.payload().as_bytes().len(), close);
                Found::Record
            }
            Rejection::OneOf(first, last) => {
                self.rejections.suspect(first, last, close);
                // With at_most_once no record is sent again, and the search cannot begin.
                if !self.in_flight.is_quarantined() {
                    self.rejections.unexplained();
                }
                Found::Suspects
            }
            Rejection::Before(last) => {
                self.rejections.up_to(last, close);
                Found::Nothing
            }
            Rejection::None => Found::Nothing,
        }
    }

    /// The connection is lost for good.
    pub(crate) fn lost_for_good(&mut self, how: LostHow, cause: Error) {
        let unsent = self.in_flight.unsent();
        self.in_flight.give_up();
        self.rejections.unexplained();
        self.refusal = None;
        self.lost = Some(ConnectionLost {
            how,
            cause,
            confirmed: self.in_flight.confirmed(),
            unconfirmed: self.in_flight.unconfirmed(),
            unsent,
            reconnect: self.policy.reconnect,
            reported: false,
        });
    }

    /// Whether the connection is lost for good.
    pub(crate) fn is_lost(&self) -> bool {
        self.lost.is_some()
    }

    /// Whether a lost connection is wanted back, by a call with `left` records that are not accepted.
    pub(crate) fn wants_connection(&self, left: u64) -> bool {
        let outstanding = match self.policy.mode {
            DeliveryMode::AtMostOnce => !self.in_flight.is_all_sent(),
            DeliveryMode::AtLeastOnce => !self.in_flight.is_settled(),
        };
        !self.is_lost() && (outstanding || left > 0)
    }

    /// Whether every accepted record is delivered as promised.
    fn is_delivered(&self, line: Line) -> bool {
        match self.policy.mode {
            DeliveryMode::AtMostOnce => self.in_flight.is_all_sent() && line.flushed,
            DeliveryMode::AtLeastOnce => self.in_flight.is_settled(),
        }
    }

    /// Whether the connection is lost for good with records on their way, and an event that says
    /// why is on its way.
    fn is_ending(&self, line: Line) -> bool {
        self.in_flight.in_flight() > 0 && !line.up
    }

    /// Whether a connection that is lost for good left no record undelivered.
    fn is_lost_well(&self) -> bool {
        let well = self.lost.as_ref().is_none_or(|lost| lost.is_well(self.policy.mode));
        well && !self.rejections.is_unreported()
    }

    /// The failure of a connection that is lost for good, for a caller that receives it. `left`
    /// records were not accepted.
    fn failure(&mut self, left: u64) -> Option<Error> {
        let lost = self.lost.as_mut()?;
        lost.reported = true;
        Some(lost.failure(left, &self.rejections, &self.url))
    }

    fn report_rejection(&mut self) -> Result<()> {
        self.rejections.report(&self.url).map_or(Ok(()), Err)
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;
    use std::time::{Duration, Instant};

    use faucet_core::{ErrorKind, Payload, Record, StreamPage, Timestamp};

    use super::*;
    use crate::delivery::in_flight::Room;
    use crate::delivery::window::Limits;

    const UP: Line = Line { up: true, flushed: true };
    const STUCK: Line = Line { up: true, flushed: false };
    const DOWN: Line = Line { up: false, flushed: true };

    fn verdicts(mode: DeliveryMode) -> Verdicts {
        let second = Duration::from_secs(1);
        let policy = DeliveryPolicy {
            mode,
            limits: Limits { records: 64, bytes: 1 << 20 },
            ack_timeout: second,
            write_timeout: second,
            reconnect: true,
            hands_back: false,
        };
        Verdicts::new(policy, "ws://h/")
    }

    /// Accepts and sends `records`.
    fn send(verdicts: &mut Verdicts, records: usize) {
        let record = Record::new(Payload::Text("1".into()), Timestamp::from_unix_millis(0));
        verdicts.in_flight.accept(&mut StreamPage::new(vec![record; records]));
        let room = Room { used: 0, limit: 1 << 20 };
        while verdicts.in_flight.next(Instant::now(), room).is_some() {}
    }

    fn cause() -> Error {
        Error::new(ErrorKind::Closed, "lost")
    }

    #[test]
    fn a_write_waits_for_the_socket_and_a_flush_for_what_was_promised() {
        for (mode, flushed_without_pong) in
            [(DeliveryMode::AtMostOnce, true), (DeliveryMode::AtLeastOnce, false)]
        {
            let mut verdicts = verdicts(mode);
            assert!(matches!(verdicts.flush(DOWN), Some(Ok(flushed)) if flushed == Flushed::ALL));
            send(&mut verdicts, 3);
            assert!(verdicts.write(3, 0, STUCK).is_none() && verdicts.write(4, 1, UP).is_none());
            assert!(matches!(verdicts.write(3, 0, UP), Some(Ok(()))));
            assert!(verdicts.flush(STUCK).is_none());
            assert_eq!(verdicts.flush(UP).is_some(), flushed_without_pong);
            assert!(verdicts.close(DOWN).is_none(), "an event that says why is on its way");
            verdicts.in_flight.read(3, true, Instant::now());
            assert!(matches!(verdicts.flush(UP), Some(Ok(flushed)) if flushed == Flushed::ALL));
            assert!(matches!(verdicts.close(UP), Some(Ok(()))));
        }
    }

    #[test]
    fn a_failed_write_is_reported_once_and_the_flush_behind_it_counts() {
        for mode in [DeliveryMode::AtMostOnce, DeliveryMode::AtLeastOnce] {
            let mut verdicts = verdicts(mode);
            send(&mut verdicts, 5);
            verdicts.in_flight.read(2, true, Instant::now());
            verdicts.lost_for_good(LostHow::Otherwise, cause());
            let Some(Err(error)) = verdicts.write(9, 4, DOWN) else { panic!("no failure") };
            assert_eq!(error.written(), Some(5));
            assert!(error.to_string().contains("3 sent without confirmation, 4 not sent"));
            assert_eq!(error.source().unwrap().to_string(), "lost");
            let flushed = verdicts.flush(DOWN);
            assert!(matches!(flushed, Some(Ok(report)) if report.unconfirmed() == 3));
            assert!(matches!(verdicts.close(DOWN), Some(Ok(()))));
        }
    }

    #[test]
    fn a_loss_that_no_write_has_met_fails_the_flush_or_the_close() {
        for (mode, how, flush, close) in [
            (DeliveryMode::AtMostOnce, LostHow::Otherwise, true, false),
            (DeliveryMode::AtMostOnce, LostHow::Refused, true, false),
            (DeliveryMode::AtMostOnce, LostHow::ClosedCleanly, true, true),
            (DeliveryMode::AtLeastOnce, LostHow::Otherwise, false, true),
            (DeliveryMode::AtLeastOnce, LostHow::Refused, false, true),
            (DeliveryMode::AtLeastOnce, LostHow::ClosedCleanly, false, true),
        ] {
            let mut verdicts = verdicts(mode);
            send(&mut verdicts, 2);
            verdicts.lost_for_good(how, cause());
            let flushed = verdicts.flush(DOWN);
            assert_eq!(matches!(flushed, Some(Ok(_))), flush, "{mode:?} {how:?}");
            if let Some(Ok(report)) = flushed {
                assert_eq!(report.unconfirmed(), 2);
            }
            let closed = verdicts.close(DOWN);
            assert_eq!(matches!(closed, Some(Ok(()))), close, "{mode:?} {how:?}");
        }
    }

    #[test]
    fn a_refusal_fails_the_close_and_leaves_what_is_delivered_delivered() {
        for mode in [DeliveryMode::AtMostOnce, DeliveryMode::AtLeastOnce] {
            for for_good in [false, true] {
                let mut verdicts = verdicts(mode);
                send(&mut verdicts, 2);
                verdicts.in_flight.read(2, true, Instant::now());
                match for_good {
                    true => verdicts.lost_for_good(LostHow::Refused, cause()),
                    false => verdicts.refused(cause()),
                }
                let flushed = verdicts.flush(DOWN);
                assert!(matches!(flushed, Some(Ok(flushed)) if flushed == Flushed::ALL));
                let closed =
                    verdicts.close(DOWN).unwrap().and_then(|()| verdicts.closed(false, None));
                let error = closed.unwrap_err();
                assert_eq!(
                    (error.kind(), error.to_string()),
                    (ErrorKind::Closed, "lost".to_owned())
                );
            }
        }
    }

    #[test]
    fn a_refusal_with_records_on_their_way_keeps_its_kind_and_counts_them() {
        for mode in [DeliveryMode::AtMostOnce, DeliveryMode::AtLeastOnce] {
            let mut verdicts = verdicts(mode);
            send(&mut verdicts, 2);
            verdicts.lost_for_good(LostHow::Refused, cause());
            let Some(Err(error)) = verdicts.write(1, 1, DOWN) else { panic!("no failure") };
            assert_eq!(error.kind(), ErrorKind::Closed);
            let counts = "0 records confirmed, 2 sent without confirmation, 1 not sent";
            assert!(error.to_string().ends_with(counts), "{error}");
            assert!(matches!(verdicts.close(DOWN), Some(Ok(()))), "the caller has the error");
        }
    }

    #[test]
    fn a_refusal_is_settled_by_the_next_connection() {
        let mut verdicts = verdicts(DeliveryMode::AtMostOnce);
        verdicts.refused(cause());
        verdicts.reconnected();
        assert!(verdicts.closed(true, None).is_ok());
    }

    #[test]
    fn a_failure_that_its_caller_has_not_received_is_reported_again() {
        let mut verdicts = verdicts(DeliveryMode::AtLeastOnce);
        verdicts.lost_for_good(LostHow::Otherwise, cause());
        assert!(matches!(verdicts.write(3, 3, DOWN), Some(Err(_))));
        verdicts.not_received(3);
        let Some(Err(error)) = verdicts.flush(DOWN) else { panic!("no failure") };
        assert!(error.to_string().contains("3 not sent"), "{error}");
    }
}
