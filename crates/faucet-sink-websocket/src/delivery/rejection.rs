//! The rejections of the peer, until a caller has received them.

use std::fmt;

use faucet_core::{Error, ErrorKind};

/// The records that a rejection may be about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum About {
    Record {
        number: u64,
        size: usize,
    },
    /// One of these, or one before them.
    OneOf {
        first: u64,
        last: u64,
    },
    /// Any up to this one.
    UpTo(u64),
}

impl About {
    /// Whether it leaves open which record of several it was, and `number` is one of them.
    fn may_be(self, number: u64) -> bool {
        match self {
            Self::Record { .. } => false,
            Self::OneOf { first, last } => (first..=last).contains(&number),
            Self::UpTo(last) => number <= last,
        }
    }
}

impl fmt::Display for About {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Record { number, size } => write!(f, "record {number} of {size} bytes"),
            Self::OneOf { first, last } if first == last => {
                write!(f, "record {last}, or one before it")
            }
            Self::OneOf { first, last } => {
                write!(f, "one of the records {first} to {last}, or one before them")
            }
            Self::UpTo(last) => write!(f, "one of the records up to {last}"),
        }
    }
}

/// The rejections of a run.
#[derive(Debug, Default)]
pub(crate) struct Rejections {
    /// The first one, and how the peer put it.
    first: Option<(About, Error)>,
    /// How many came after it.
    more: u64,
    /// Records that are known by their number; they are not sent again.
    records: u64,
    /// One that the next connection may explain.
    suspicion: Option<(About, Error)>,
    /// Whether a rejection is to be reported.
    unreported: bool,
}

impl Rejections {
    /// The peer rejected record `number`, of `size` bytes.
    pub(crate) fn record(&mut self, number: u64, size: usize, close: &Error) {
        let refusal = (About::Record { number, size }, close.clone());
        self.suspicion = None;
        self.records += 1;
        match &mut self.first {
            // A record that was one of several suspects until now.
            Some(first) if self.unreported && first.0.may_be(number) => *first = refusal,
            _ => self.add(refusal),
        }
    }

    /// Record `number` goes back to the runner: no caller receives it as an error.
    pub(crate) fn handed_back(&mut self, number: u64) {
        self.suspicion = None;
        // An earlier answer that left open which record it was is explained now.
        if self.unreported && self.first.as_ref().is_some_and(|(about, _)| about.may_be(number)) {
            (self.first, self.unreported) = (None, false);
        }
    }

    /// The peer rejected one of the records up to `last`.
    pub(crate) fn up_to(&mut self, last: u64, close: &Error) {
        self.add((About::UpTo(last), close.clone()));
    }

    /// The peer rejected one of the records `first` to `last`, or one before them. The next connection
    /// may show which.
    pub(crate) fn suspect(&mut self, first: u64, last: u64, close: &Error) {
        self.suspicion = Some((About::OneOf { first, last }, close.clone()));
    }

    /// Gives up identifying the rejected record.
    pub(crate) fn unexplained(&mut self) {
        if let Some(refusal) = self.suspicion.take() {
            self.add(refusal);
        }
    }

    fn add(&mut self, refusal: (About, Error)) {
        match self.first {
            Some(_) => self.more += 1,
            None => self.first = Some(refusal),
        }
        self.unreported = true;
    }

    /// Whether a rejection is to be reported.
    pub(crate) fn is_unreported(&self) -> bool {
        self.unreported
    }

    /// The error of a rejection that is to be reported, once; `url` is the peer's.
    pub(crate) fn report(&mut self, url: &str) -> Option<Error> {
        let (about, close) = self.first.as_ref().filter(|_| self.unreported)?;
        let what = format!("{}: {close}", self.words()?);
        let hint = match about {
            About::Record { .. } => "everything else was sent; see what the peer accepts",
            _ => "see what the peer accepts; what came behind it may be lost with it",
        };
        self.unreported = false;
        Some(
            Error::new(ErrorKind::Sink, what)
                .with_phase("write")
                .with_endpoint(url)
                .with_hint(hint)
                .with_source(close.clone()),
        )
    }

    /// No caller has received the last report.
    pub(crate) fn not_received(&mut self) {
        self.unreported = self.first.is_some();
    }

    /// How many records are known by their number.
    pub(crate) fn records(&self) -> u64 {
        self.records
    }

    /// The refused records in words; `None` when none was refused.
    pub(crate) fn words(&self) -> Option<String> {
        let (which, _) = self.first.as_ref()?;
        let more = match self.more {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        Some(format!("the peer refused {which}{more}"))
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use super::*;

    fn close() -> Error {
        Error::new(ErrorKind::Protocol, "closed with 1003")
    }

    fn reported(rejections: &mut Rejections) -> Option<String> {
        rejections.report("ws://h/").map(|error| error.to_string())
    }

    #[test]
    fn a_rejection_is_reported_once_unless_no_caller_received_it() {
        let mut rejections = Rejections::default();
        assert_eq!(reported(&mut rejections), None);
        rejections.not_received();
        assert!(!rejections.is_unreported());
        rejections.record(7, 8, &close());
        let words = "the peer refused record 7 of 8 bytes";
        assert_eq!(reported(&mut rejections), Some(format!("{words}: closed with 1003")));
        assert_eq!(reported(&mut rejections), None);
        rejections.not_received();
        let error = rejections.report("ws://h/").unwrap();
        assert_eq!(error.source().unwrap().to_string(), "closed with 1003");
        assert_eq!((rejections.words(), rejections.records()), (Some(words.to_owned()), 1));
        rejections.up_to(9, &close());
        assert_eq!(
            reported(&mut rejections),
            Some(format!("{words} and 1 more: closed with 1003"))
        );
    }

    #[test]
    fn a_suspicion_is_reported_when_nothing_explains_it_until_it_is_known_which() {
        for (first, last, words) in [
            (3, 9, "one of the records 3 to 9, or one before them"),
            (3, 3, "record 3, or one before it"),
        ] {
            let mut rejections = Rejections::default();
            rejections.suspect(first, last, &close());
            assert!(!rejections.is_unreported());
            rejections.unexplained();
            assert_eq!(rejections.words(), Some(format!("the peer refused {words}")));
            rejections.record(3, 1, &close());
            assert_eq!(rejections.words(), Some("the peer refused record 3 of 1 bytes".to_owned()));
            rejections.record(4, 1, &close());
            assert!(rejections.words().is_some_and(|words| words.ends_with("and 1 more")));
        }
        let mut rejections = Rejections::default();
        rejections.suspect(3, 9, &close());
        rejections.record(5, 1, &close());
        rejections.unexplained();
        assert_eq!(rejections.words(), Some("the peer refused record 5 of 1 bytes".to_owned()));
    }
}
