//! The tokens of a script, cut into statements.

use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer};
use faucet_pipeline::diagnostic::{Advice, Diagnostic, Span};

use crate::script::fault::{With, syntax};
use crate::script::places::Places;

/// The dialect of scripts: it reads `->`, `->>` and names in double quotes, and lets users write what DataFusion
/// does not plan, so that the planner refuses it by name.
pub(crate) const DIALECT: GenericDialect = GenericDialect {};

/// A token, and its place in bytes.
#[derive(Debug, Clone)]
pub(crate) struct Piece {
    pub(crate) token: TokenWithSpan,
    pub(crate) span: Span,
}

impl Piece {
    /// Whether the token is this word, in any case and without quotes.
    pub(crate) fn is_word(&self, word: &str) -> bool {
        self.word().is_some_and(|found| found.eq_ignore_ascii_case(word))
    }

    /// Whether the token is one of these words.
    pub(crate) fn is_one_of(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.is_word(word))
    }

    /// A word without quotes.
    pub(crate) fn word(&self) -> Option<&str> {
        match &self.token.token {
            Token::Word(word) if word.quote_style.is_none() => Some(&word.value),
            _ => None,
        }
    }

    /// A word, with or without quotes.
    pub(crate) fn name(&self) -> Option<&str> {
        match &self.token.token {
            Token::Word(word) => Some(&word.value),
            _ => None,
        }
    }

    pub(crate) fn is(&self, token: &Token) -> bool {
        self.token.token == *token
    }

    /// The token as a message shows it. A string may be a secret.
    pub(crate) fn shown(&self) -> String {
        match &self.token.token {
            token @ (Token::Word(_) | Token::Number(..)) => format!("`{token}`"),
            token if token.to_string().len() <= 3 => format!("`{token}`"),
            _ => "a string".to_owned(),
        }
    }
}

/// Whether these words follow each other at the beginning of `pieces`.
pub(crate) fn begins_with(pieces: &[Piece], words: &[&str]) -> bool {
    pieces.len() >= words.len() && words.iter().zip(pieces).all(|(word, piece)| piece.is_word(word))
}

/// From the first byte of `pieces` to the last.
pub(crate) fn whole(pieces: &[Piece]) -> Option<Span> {
    Some(Span::new(pieces.first()?.span.start, pieces.last()?.span.end))
}

/// The statements of a script, none of them empty, and the fault that ended the reading.
pub(crate) fn statements(places: &Places<'_>) -> (Vec<Vec<Piece>>, Option<Diagnostic>) {
    let mut tokens = Vec::new();
    let read = Tokenizer::new(&DIALECT, places.text()).tokenize_with_location_into_buf(&mut tokens);
    let begin = tokens.last().and_then(|last| places.span(last.span)).map_or(0, |span| span.end);
    let mut statements = vec![Vec::new()];
    for token in tokens {
        match (&token.token, places.span(token.span)) {
            (Token::SemiColon, _) => statements.push(Vec::new()),
            (Token::Whitespace(_) | Token::EOF, _) | (_, None) => {}
            (_, Some(span)) => {
                if let Some(statement) = statements.last_mut() {
                    statement.push(Piece { token, span });
                }
            }
        }
    }
    let broken = read.err().map(|error| {
        // The statement that does not end.
        let open = statements.pop().unwrap_or_default();
        unreadable(places.text(), begin, &open, &error.message)
    });
    statements.retain(|statement| !statement.is_empty());
    (statements, broken)
}

/// The token at `begin`, behind `open`, cannot be read.
fn unreadable(text: &str, begin: usize, open: &[Piece], why: &str) -> Diagnostic {
    let rest = &text[begin..];
    let length = rest.chars().next().map_or(0, char::len_utf8);
    let here = |length| Span::new(begin, begin + length);
    if rest.starts_with("/*") {
        return syntax(here(2), "a comment is not closed").with_help("add `*/` at its end");
    }
    if rest.starts_with(['\'', '"', '`']) {
        let span = swallowing(open).unwrap_or_else(|| here(length));
        return syntax(span, why).with_advice(Advice::UnclosedQuote);
    }
    syntax(here(length), format!("this cannot be read: {why}"))
}

/// The text that ends with the quote of the next one, as in `'x, b = 'y'`: a word follows without a blank.
fn swallowing(pieces: &[Piece]) -> Option<Span> {
    let is_text = |piece: &Piece| matches!(piece.token.token, Token::SingleQuotedString(_));
    let mut pairs = pieces.windows(2);
    let found = pairs.find(|two| {
        is_text(&two[0]) && two[1].name().is_some() && two[0].span.end == two[1].span.start
    })?;
    Some(found[0].span)
}

/// A place in a list of tokens.
#[derive(Debug, Clone)]
pub(crate) struct Cursor<'a> {
    pieces: &'a [Piece],
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(pieces: &'a [Piece]) -> Self {
        Self { pieces, at: 0 }
    }

    /// The tokens from here on.
    pub(crate) fn rest(&self) -> &'a [Piece] {
        self.pieces.get(self.at..).unwrap_or_default()
    }

    pub(crate) fn peek(&self) -> Option<&'a Piece> {
        self.pieces.get(self.at)
    }

    /// The token before this place.
    pub(crate) fn last(&self) -> Option<&'a Piece> {
        self.pieces.get(self.at.checked_sub(1)?)
    }

    pub(crate) fn skip(&mut self, tokens: usize) {
        self.at = (self.at + tokens).min(self.pieces.len());
    }

    /// Passes the token, if it stands here.
    pub(crate) fn take(&mut self, token: &Token) -> bool {
        let stands = self.peek().is_some_and(|piece| piece.is(token));
        self.skip(usize::from(stands));
        stands
    }

    /// Passes the word, if it stands here.
    pub(crate) fn take_word(&mut self, word: &str) -> bool {
        let stands = self.peek().is_some_and(|piece| piece.is_word(word));
        self.skip(usize::from(stands));
        stands
    }

    /// The token here, or the place behind the last one.
    pub(crate) fn here(&self) -> Span {
        match (self.peek(), self.pieces.last()) {
            (Some(piece), _) => piece.span,
            (None, Some(last)) => Span::new(last.span.end, last.span.end),
            (None, None) => Span::default(),
        }
    }

    /// The fault that something else stands here.
    pub(crate) fn expected(&self, what: &str) -> Diagnostic {
        syntax(self.here(), expected(what, self.peek()))
    }
}

/// The sentence that something else than `what` was found.
pub(crate) fn expected(what: &str, found: Option<&Piece>) -> String {
    match found {
        Some(found) => format!("expected {what}, found {}", found.shown()),
        None => format!("expected {what}, and the statement ends here"),
    }
}
