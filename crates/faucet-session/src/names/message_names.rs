//! The values of the names of one message.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::names::book::{Book, Moment, make_now};
use crate::names::maker_failed::ValueFailed;
use crate::template::{Filling, Placeholder, Reference, Token};

/// The values of the names of one message: those of the connection, and those of the message alone.
#[derive(Debug)]
pub(crate) struct MessageNames<'a> {
    book: &'a Book,
    /// The number of the message.
    seq: Option<Token>,
    /// The topics of the message.
    topics: &'a [Token],
    /// The message that is answered.
    answered: Option<&'a [u8]>,
    made: BTreeMap<Arc<str>, Token>,
}

impl<'a> MessageNames<'a> {
    pub(crate) fn new(book: &'a Book) -> Self {
        Self { book, seq: None, topics: &[], answered: None, made: BTreeMap::new() }
    }

    pub(crate) fn with_seq(mut self, seq: u64) -> Self {
        self.seq = Some(Token::number(seq.to_string()));
        self
    }

    pub(crate) fn with_topics(mut self, topics: &'a [Token]) -> Self {
        self.topics = topics;
        self
    }

    /// `answered` must be JSON, or no place is there.
    pub(crate) fn answering(mut self, answered: &'a [u8]) -> Self {
        self.answered = Some(answered);
        self
    }

    /// Makes the values for each message that stand in `placeholders`.
    pub(crate) fn make<'p>(
        &mut self,
        placeholders: impl IntoIterator<Item = &'p Placeholder>,
        at: &mut Moment<'_>,
    ) -> Result<(), ValueFailed> {
        for placeholder in placeholders {
            if let Reference::Name(name) = &placeholder.of {
                self.make_one(name, at)?;
            }
        }
        Ok(())
    }

    fn make_one(&mut self, name: &Arc<str>, at: &mut Moment<'_>) -> Result<(), ValueFailed> {
        if self.made.contains_key(name) {
            return Ok(());
        }
        let Some(plan) = self.book.plan_for_message(name) else { return Ok(()) };
        self.make(plan.placeholders(), at)?;
        let made = make_now(&plan.maker, self, at);
        let made = made.map_err(|why| ValueFailed { name: Arc::clone(name), why })?;
        self.made.insert(Arc::clone(name), made);
        Ok(())
    }

    /// The secrets that were made for the message.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &str> {
        self.made.values().filter(|token| token.is_secret()).map(Token::words)
    }

    fn list(&self) -> Token {
        let items: Vec<_> = self.topics.iter().map(Token::json).collect();
        Token::number(format!("[{}]", items.join(",")))
    }

    fn csv(&self) -> Token {
        let words: Vec<_> = self.topics.iter().map(Token::words).collect();
        Token::text(words.join(","))
    }
}

impl Filling for MessageNames<'_> {
    fn token(&self, of: &Reference) -> Option<Cow<'_, Token>> {
        let name = match of {
            Reference::Answered(pointer) => {
                return Token::of_json(&pointer.read(self.answered?)?).map(Cow::Owned);
            }
            Reference::Name(name) => name,
        };
        match &**name {
            "seq" => self.seq.as_ref().map(Cow::Borrowed),
            "topic" => self.topics.first().map(Cow::Borrowed),
            "topics" if !self.topics.is_empty() => Some(Cow::Owned(self.list())),
            "topics_csv" if !self.topics.is_empty() => Some(Cow::Owned(self.csv())),
            _ => match self.made.get(name) {
                Some(made) => Some(Cow::Borrowed(made)),
                None => Book::token(self.book, name).map(Cow::Borrowed),
            },
        }
    }
}
