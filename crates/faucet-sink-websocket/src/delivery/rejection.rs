//! What the peer rejected, until a caller has received it.

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
    untold: bool,
}

impl Rejections {
    /// The peer rejected record `number`, of `size` bytes.
    pub(crate) fn record(&mut self, number: u64, size: usize, close: &Error) {
        let refusal = (About::Record { number, size }, close.clone());
        self.suspicion = None;
        self.records += 1;
        match &mut self.first {
            // It is the same one, found at last.
            Some(first) if self.untold && first.0.may_be(number) => *first = refusal,
            _ => self.add(refusal),
        }
    }

    /// Record `number` goes back to the runner: nobody else is told about it.
    pub(crate) fn handed_back(&mut self, number: u64) {
        self.suspicion = None;
        // An earlier answer that left open which record it was is explained now.
        if self.untold && self.first.as_ref().is_some_and(|(about, _)| about.may_be(number)) {
            (self.first, self.untold) = (None, false);
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
        self.untold = true;
    }

    /// Whether there is something to tell.
    pub(crate) fn is_untold(&self) -> bool {
        self.untold
    }

    /// What is to be told, once; `url` is the peer's.
    pub(crate) fn tell(&mut self, url: &str) -> Option<Error> {
        let (about, close) = self.first.as_ref().filter(|_| self.untold)?;
        let what = format!("{}: {close}", self.words()?);
        let hint = match about {
            About::Record { .. } => "everything else was sent; see what the peer accepts",
            _ => "see what the peer accepts; what came behind it may be lost with it",
        };
        self.untold = false;
        Some(
            Error::new(ErrorKind::Sink, what)
                .with_phase("write")
                .with_endpoint(url)
                .with_hint(hint)
                .with_source(close.clone()),
        )
    }

    /// Nobody heard what was told.
    pub(crate) fn unheard(&mut self) {
        self.untold = self.first.is_some();
    }

    /// How many records are known by their number.
    pub(crate) fn records(&self) -> u64 {
        self.records
    }

    /// What was refused, in words; `None` when nothing was.
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

    fn told(rejections: &mut Rejections) -> Option<String> {
        rejections.tell("ws://h/").map(|error| error.to_string())
    }

    #[test]
    fn what_is_refused_is_told_once_unless_nobody_heard_it() {
        let mut rejections = Rejections::default();
        assert_eq!(told(&mut rejections), None);
        rejections.unheard();
        assert!(!rejections.is_untold());
        rejections.record(7, 8, &close());
        let words = "the peer refused record 7 of 8 bytes";
        assert_eq!(told(&mut rejections), Some(format!("{words}: closed with 1003")));
        assert_eq!(told(&mut rejections), None);
        rejections.unheard();
        let error = rejections.tell("ws://h/").unwrap();
        assert_eq!(error.source().unwrap().to_string(), "closed with 1003");
        assert_eq!((rejections.words(), rejections.records()), (Some(words.to_owned()), 1));
        rejections.up_to(9, &close());
        assert_eq!(told(&mut rejections), Some(format!("{words} and 1 more: closed with 1003")));
    }

    #[test]
    fn a_suspicion_is_told_when_nothing_explains_it_until_it_is_known_which() {
        for (first, last, words) in [
            (3, 9, "one of the records 3 to 9, or one before them"),
            (3, 3, "record 3, or one before it"),
        ] {
            let mut rejections = Rejections::default();
            rejections.suspect(first, last, &close());
            assert!(!rejections.is_untold());
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
