//! The text of a JSON value, read token by token without building a tree.

use std::ops::Range;

use super::index::{Index, Marks};
use super::unescape::is_content;

/// The search enters no deeper nesting, so that no text can exhaust the stack.
pub(super) const MAX_DEPTH: usize = crate::json::MAX_DEPTH as usize;

/// The text is not JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Broken;

/// A key of an object.
#[derive(Debug, Clone, Copy)]
pub(super) struct Key<'a> {
    /// The bytes between the quotes.
    raw: &'a [u8],
    has_escapes: bool,
    /// Where the quote in front stands.
    at: usize,
}

impl Key<'_> {
    /// Whether the key's content, without escapes, is `name`.
    #[inline]
    pub(super) fn is(&self, name: &str) -> bool {
        if self.has_escapes { is_content(self.raw, name) } else { self.raw == name.as_bytes() }
    }

    /// The content; `None` where there are escapes.
    #[inline(always)]
    pub(super) fn plain(&self) -> Option<&[u8]> {
        (!self.has_escapes).then_some(self.raw)
    }

    /// Where the key stands, with its quotes.
    pub(super) fn range(&self) -> Range<usize> {
        self.at..self.at + self.raw.len() + 2
    }
}

/// A place in a JSON text, always outside strings. Each step either reads one token or value and stands
/// behind it, or finds the text broken; a step on bytes that are not JSON never panics.
///
/// [`value`](Self::value) tells exactly where a value stands. [`skip`](Self::skip) and
/// [`leave`](Self::leave) pass over text of no interest: both jump to the next comma or bracket, and
/// mistakes in between stay unnoticed.
// Most steps are inlined: a step is a few instructions, and a call with its result in memory as many
// again.
#[derive(Debug, Clone)]
pub(super) struct Cursor<'a> {
    at: usize,
    index: Index<'a>,
}

impl<'a> Cursor<'a> {
    #[inline(always)]
    pub(super) fn new(text: &'a [u8]) -> Self {
        Self::new_at(text, 0)
    }

    /// A cursor at a byte outside strings.
    #[inline(always)]
    pub(super) fn new_at(text: &'a [u8], at: usize) -> Self {
        Self { at, index: Index::new(text, at) }
    }

    #[inline]
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Returns to a place where the cursor stood before.
    #[inline]
    pub(super) fn back_to(&mut self, at: usize) {
        self.index.back_to(at);
        self.at = at;
    }

    #[inline(always)]
    fn peek(&self) -> Option<u8> {
        self.index.text().get(self.at).copied()
    }

    /// Skips whitespace and tells the byte behind it.
    #[inline(always)]
    pub(super) fn peek_token(&mut self) -> Option<u8> {
        match self.peek()? {
            ..=b' ' => self.peek_behind_whitespace(),
            token => Some(token),
        }
    }

    #[cold]
    fn peek_behind_whitespace(&mut self) -> Option<u8> {
        while let b' ' | b'\n' | b'\t' | b'\r' = self.peek()? {
            self.at += 1;
        }
        self.peek()
    }

    /// Skips whitespace, and `token` where the whitespace ends with it.
    #[inline(always)]
    pub(super) fn take(&mut self, token: u8) -> bool {
        // A branch lets the processor go on before it knows the byte; an addition would wait for it.
        match self.peek_token() {
            Some(found) if found == token => {
                self.at += 1;
                true
            }
            _ => false,
        }
    }

    /// Skips whitespace, which must reach to the end.
    #[inline]
    pub(super) fn end(&mut self) -> Result<(), Broken> {
        if self.peek_token().is_none() { Ok(()) } else { Err(Broken) }
    }

    /// Behind a value inside a container that `close` closes: skips the comma (`true`) or the
    /// closing bracket (`false`).
    #[inline(always)]
    pub(super) fn more(&mut self, close: u8) -> Result<bool, Broken> {
        let token = self.peek_token();
        self.at += 1;
        match token {
            Some(b',') => Ok(true),
            Some(token) if token == close => Ok(false),
            _ => Err(Broken),
        }
    }

    /// Reads a key and the colon behind it.
    #[inline(always)]
    pub(super) fn key(&mut self) -> Result<Key<'a>, Broken> {
        if self.peek_token() != Some(b'"') {
            return Err(Broken);
        }
        let at = self.at;
        self.string()?;
        let raw = self.index.text().get(at + 1..self.at - 1).ok_or(Broken)?;
        let has_escapes = self.index.has_escapes() && raw.contains(&b'\\');
        if self.take(b':') { Ok(Key { raw, has_escapes, at }) } else { Err(Broken) }
    }

    /// Reads a value of any kind, and tells where it stands.
    #[inline]
    pub(super) fn value(&mut self) -> Result<Range<usize>, Broken> {
        let first = self.peek_token();
        let from = self.at;
        match first {
            Some(b'"') => self.string()?,
            Some(b'{' | b'[') => self.container()?,
            Some(b'-' | b'0'..=b'9' | b't' | b'f' | b'n') => {
                let rest = self.index.text().get(from..).unwrap_or_default();
                let ends = |b: &u8| matches!(b, b',' | b'}' | b']' | b' ' | b'\n' | b'\t' | b'\r');
                self.at += rest.iter().position(ends).unwrap_or(rest.len());
            }
            _ => return Err(Broken),
        }
        Ok(from..self.at)
    }

    /// Skips a value inside a container, up to the token behind it.
    #[inline(always)]
    pub(super) fn skip(&mut self) -> Result<(), Broken> {
        match self.peek_token() {
            Some(b'{' | b'[') => self.container(),
            _ => {
                let from = self.at;
                self.at = self.index.next(from, Marks::tokens).ok_or(Broken)?;
                if self.at > from { Ok(()) } else { Err(Broken) }
            }
        }
    }

    /// Skips the rest of the container around the cursor, with the bracket `close` at its end.
    pub(super) fn leave(&mut self, close: u8) -> Result<(), Broken> {
        self.at = self.index.close(self.at).ok_or(Broken)?;
        if self.take(close) { Ok(()) } else { Err(Broken) }
    }

    /// Skips a container and looks only at brackets.
    #[inline(always)]
    fn container(&mut self) -> Result<(), Broken> {
        self.at = self.index.close(self.at + 1).ok_or(Broken)? + 1;
        Ok(())
    }

    /// Skips a string.
    #[inline(always)]
    fn string(&mut self) -> Result<(), Broken> {
        self.at = self.index.next(self.at + 1, Marks::quotes).ok_or(Broken)? + 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_ends_where_it_ends() {
        for (text, value) in [
            (" 12 ,", "12"),
            ("true]", "true"),
            ("7", "7"),
            (r#" "a\\" , "b""#, r#""a\\""#),
            (r#""sixteen bytes and a \" more" 1"#, r#""sixteen bytes and a \" more""#),
            (r#"[{"]":"}"}] ]"#, r#"[{"]":"}"}]"#),
        ] {
            let range = Cursor::new(text.as_bytes()).value().unwrap();
            assert_eq!(&text[range], value, "{text}");
        }
        for broken in ["", ",", "[1", "\"a", "\"a\\", "\"a\\\"", "{\"a\":\"}"] {
            assert_eq!(Cursor::new(broken.as_bytes()).value(), Err(Broken), "{broken}");
        }
    }

    #[test]
    fn a_skipped_value_ends_before_the_token_behind() {
        for (text, end) in
            [(" 12 ,", 4), ("true]", 4), (r#""a,]" }"#, 6), (r#"[[1], {"]":2}]x,"#, 14)]
        {
            let mut cursor = Cursor::new(text.as_bytes());
            assert_eq!((cursor.skip(), cursor.at()), (Ok(()), end), "{text}");
        }
        for broken in ["", ",", " ]", "12", "[1", "\"a,"] {
            assert_eq!(Cursor::new(broken.as_bytes()).skip(), Err(Broken), "{broken}");
        }
    }

    #[test]
    fn a_container_is_left_at_its_end() {
        let text = br#"[1, [2, {"]":3}], 4] 5"#;
        let mut cursor = Cursor::new(text);
        assert!(cursor.take(b'[') && cursor.leave(b']').is_ok());
        assert_eq!((cursor.at(), cursor.peek_token()), (20, Some(b'5')));
        cursor.back_to(4);
        assert!(cursor.take(b'[') && cursor.leave(b']').is_ok());
        assert_eq!(cursor.at(), 16);
        cursor.back_to(1);
        assert_eq!(cursor.leave(b'}'), Err(Broken));
    }

    #[test]
    fn keys() {
        let text = br#"{ "a" : 1, "\u0062":2, "c" 3}"#;
        let mut cursor = Cursor::new(text);
        assert!(cursor.take(b'{'));
        let key = cursor.key().unwrap();
        assert!(key.is("a") && !key.is("b"));
        assert_eq!((key.plain(), key.range()), (Some(&b"a"[..]), 2..5));
        assert_eq!((cursor.skip(), cursor.more(b'}')), (Ok(()), Ok(true)));
        let key = cursor.key().unwrap();
        assert!(key.is("b") && !key.is("\\u0062"));
        assert_eq!((key.plain(), &text[key.range()]), (None, &br#""\u0062""#[..]));
        assert_eq!((cursor.skip(), cursor.more(b'}')), (Ok(()), Ok(true)));
        assert_eq!(cursor.key().unwrap_err(), Broken);
    }
}
