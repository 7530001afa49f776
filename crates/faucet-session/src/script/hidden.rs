//! The texts that no message of a dialogue may show.

use std::collections::VecDeque;

use faucet_connect::Secrets;

use crate::names::Book;

/// The most secrets of single messages that are remembered: a server repeats one soon or never.
const MOST_RECENT: usize = 16;

/// The most secrets of a session program that are remembered.
const MOST_OF_PROGRAM: usize = 64;

/// The texts that no message of a dialogue may show.
#[derive(Debug)]
pub(crate) struct Hidden {
    /// Those of the connection.
    lasting: Secrets,
    /// Those of the last messages.
    recent: VecDeque<String>,
    /// The secrets that the session program hides.
    of_program: VecDeque<String>,
}

impl Hidden {
    pub(crate) fn new(secrets: &Secrets, book: &Book) -> Self {
        Self {
            lasting: secrets.with(book.secrets()),
            recent: VecDeque::new(),
            of_program: VecDeque::new(),
        }
    }

    /// The book has new values.
    pub(crate) fn learn(&mut self, book: &Book) {
        self.lasting = self.lasting.with(book.secrets());
    }

    /// The session program has a secret.
    pub(crate) fn keep(&mut self, secret: &str) {
        if self.of_program.len() == MOST_OF_PROGRAM {
            self.of_program.pop_front();
        }
        self.of_program.push_back(secret.to_owned());
    }

    /// A message has secrets of its own.
    pub(crate) fn note<'a>(&mut self, secrets: impl Iterator<Item = &'a str>) {
        for secret in secrets {
            if self.recent.len() == MOST_RECENT {
                self.recent.pop_front();
            }
            self.recent.push_back(secret.to_owned());
        }
    }

    /// All of them.
    pub(crate) fn all(&self) -> Secrets {
        self.lasting.with(self.recent.iter().chain(&self.of_program).map(String::as_str))
    }
}
