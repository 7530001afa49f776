//! One place in a JSON text.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::cursor::{Broken, Cursor, MAX_DEPTH};
use super::unescape::unescape;
use super::value::is_json;

/// A JSON pointer (RFC 6901), such as `/data/0/price`: a place in a JSON text.
///
/// `~1` in a pointer stands for `/` and `~0` for `~`. The empty pointer is the whole value. Beyond
/// the RFC, `-1` in an array is its last element. Of several members with one name the last counts,
/// as for most parsers.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Pointer {
    tokens: Vec<Token>,
}

/// One step of a pointer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Token {
    pub(super) name: Box<str>,
    pub(super) element: Element,
}

/// Which element of an array a step names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Element {
    /// None: the step is no array index.
    No,
    /// An element counted from the front, from 0.
    At(usize),
    /// The last one.
    Last,
}

/// Why a text is not a JSON pointer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PointerError {
    /// The text is not empty and does not begin with `/`.
    #[error("a JSON pointer begins with `/`, such as `/data/price`; `` is the whole value")]
    NoSlash,
    /// `~` is followed neither by `0` nor by `1`.
    #[error("`~` at byte {at} needs `0` (for `~`) or `1` (for `/`) behind it")]
    Escape {
        /// The offset of the `~` in bytes.
        at: usize,
    },
}

impl Pointer {
    /// Reads a pointer.
    ///
    /// # Errors
    /// A text that is no JSON pointer.
    pub fn parse(text: &str) -> Result<Self, PointerError> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        if !text.starts_with('/') {
            return Err(PointerError::NoSlash);
        }
        for (at, _) in text.match_indices('~') {
            if !matches!(text.as_bytes().get(at + 1), Some(b'0' | b'1')) {
                return Err(PointerError::Escape { at });
            }
        }
        let steps = text.split('/').skip(1);
        Ok(Self {
            tokens: steps.map(|s| Token::new(s.replace("~1", "/").replace("~0", "~"))).collect(),
        })
    }

    /// Whether the pointer is the empty one, which is the whole value.
    pub fn is_whole(&self) -> bool {
        self.tokens.is_empty()
    }

    /// The pointer's steps, without escapes.
    pub fn steps(&self) -> impl ExactSizeIterator<Item = &str> {
        self.tokens.iter().map(|token| &*token.name)
    }

    /// The pointer to the member or element `step` (without escapes) of this place.
    #[must_use]
    pub fn join(&self, step: &str) -> Self {
        let mut tokens = self.tokens.clone();
        tokens.push(Token::new(step.to_owned()));
        Self { tokens }
    }

    /// Whether the place is `outer` or inside of it.
    pub fn is_within(&self, outer: &Self) -> bool {
        self.tokens.starts_with(&outer.tokens)
    }

    pub(super) fn tokens(&self) -> &[Token] {
        &self.tokens
    }

    /// The bytes of the value at this place of the JSON text `json`, without whitespace around it.
    ///
    /// The bytes come as they are, so a string has its quotes and escapes. `None` where the place is
    /// not there or `json` is not JSON. Text that is not JSON never causes a panic, but
    /// not every mistake in the text is noticed: check text from outside with
    /// [`JsonText`](crate::JsonText) before.
    pub fn find<'a>(&self, json: &'a [u8]) -> Option<&'a [u8]> {
        json.get(self.find_range(&mut Cursor::new(json))?)
    }

    /// Where the value stands in the JSON text at the cursor.
    pub(super) fn find_range(&self, cursor: &mut Cursor<'_>) -> Option<Range<usize>> {
        match walk(cursor, &self.tokens)? {
            (range, []) => Some(range),
            _ => None,
        }
    }

    /// As [`find`](Self::find), but the pointer leads on through strings: a string on the way is
    /// read as JSON text, so `/data/id` is 7 in `{"data":"{\"id\":7}"}`. Only such a value is
    /// copied.
    pub fn read<'a>(&self, json: &'a [u8]) -> Option<Cow<'a, [u8]>> {
        match walk(&mut Cursor::new(json), &self.tokens)? {
            (range, []) => json.get(range).map(Cow::Borrowed),
            (range, rest) => read_string(json.get(range)?, rest).map(Cow::Owned),
        }
    }
}

impl Token {
    fn new(name: String) -> Self {
        let digits = !name.is_empty() && name.bytes().all(|b| b.is_ascii_digit());
        let element = match name.as_str() {
            "-1" => Element::Last,
            "0" => Element::At(0),
            text if digits && !text.starts_with('0') => {
                text.parse().map_or(Element::No, Element::At)
            }
            _ => Element::No,
        };
        Self { name: name.into(), element }
    }
}

/// The value at `tokens` of the JSON text inside the JSON string `string`.
pub(super) fn read_string(string: &[u8], tokens: &[Token]) -> Option<Vec<u8>> {
    let mut text = unescape(string)?.into_owned().into_bytes();
    let mut tokens = tokens;
    loop {
        if !is_json(&text) {
            return None;
        }
        let (range, rest) = walk(&mut Cursor::new(&text), tokens)?;
        if rest.is_empty() {
            text.truncate(range.end);
            text.drain(..range.start);
            return Some(text);
        }
        text = unescape(text.get(range)?)?.into_owned().into_bytes();
        tokens = rest;
    }
}

/// The value at `tokens` and no tokens, or a string on the way there and the tokens behind it.
fn walk<'t>(cursor: &mut Cursor<'_>, tokens: &'t [Token]) -> Place<'t> {
    let found = step(cursor, tokens, 0).ok()?;
    cursor.end().ok()?;
    found
}

type Place<'t> = Option<(Range<usize>, &'t [Token])>;

/// Reads the value at the cursor to its end.
fn step<'t>(
    cursor: &mut Cursor<'_>,
    tokens: &'t [Token],
    depth: usize,
) -> Result<Place<'t>, Broken> {
    let opening = cursor.peek_token();
    let Some((token, rest)) = tokens.split_first() else {
        return cursor.value().map(|range| Some((range, tokens)));
    };
    match opening {
        Some(b'"') => cursor.value().map(|range| Some((range, tokens))),
        Some(b'{') if depth < MAX_DEPTH => member(cursor, token, rest, depth),
        Some(b'[') if depth < MAX_DEPTH => element(cursor, token, rest, depth),
        _ => cursor.value().map(|_| None),
    }
}

fn member<'t>(
    cursor: &mut Cursor<'_>,
    token: &Token,
    rest: &'t [Token],
    depth: usize,
) -> Result<Place<'t>, Broken> {
    let mut found = None;
    cursor.take(b'{');
    if cursor.take(b'}') {
        return Ok(found);
    }
    loop {
        let key = cursor.key()?;
        if key.is(&token.name) {
            found = step(cursor, rest, depth + 1)?;
        } else {
            cursor.skip()?;
        }
        if !cursor.more(b'}')? {
            return Ok(found);
        }
    }
}

fn element<'t>(
    cursor: &mut Cursor<'_>,
    token: &Token,
    rest: &'t [Token],
    depth: usize,
) -> Result<Place<'t>, Broken> {
    let mut found = None;
    cursor.take(b'[');
    if cursor.take(b']') {
        return Ok(found);
    }
    for index in 0.. {
        let from = cursor.at();
        match token.element {
            Element::At(wanted) if index == wanted => found = step(cursor, rest, depth + 1)?,
            Element::At(wanted) if index < wanted => cursor.skip()?,
            Element::Last => cursor.skip()?,
            _ => return cursor.leave(b']').map(|()| found),
        }
        if !cursor.more(b']')? {
            // Only the bracket behind an element tells that the element is the last.
            if token.element == Element::Last {
                cursor.back_to(from);
                found = step(cursor, rest, depth + 1)?;
                cursor.more(b']')?;
            }
            break;
        }
    }
    Ok(found)
}

impl FromStr for Pointer {
    type Err = PointerError;

    fn from_str(text: &str) -> Result<Self, PointerError> {
        Self::parse(text)
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.steps().try_for_each(|s| write!(f, "/{}", s.replace('~', "~0").replace('/', "~1")))
    }
}

impl fmt::Debug for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pointer({self})")
    }
}

impl Serialize for Pointer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Pointer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(de::Error::custom)
    }
}

/// What a JSON pointer looks like, as a regular expression for schemas.
pub(super) const PATTERN: &str = "^(/([^/~]|~[01])*)*$";

impl JsonSchema for Pointer {
    fn schema_name() -> Cow<'static, str> {
        "Pointer".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A JSON pointer such as \"/data/0/price\"; \"\" is the whole value, \
                            \"-1\" the last element of an array. Write \"/\" inside a name as \
                            \"~1\" and \"~\" as \"~0\".",
            "type": "string",
            "pattern": PATTERN,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pointer(text: &str) -> Pointer {
        Pointer::parse(text).unwrap()
    }

    #[test]
    fn texts_of_pointers() {
        for text in ["", "/", "/a/0/b~1c", "/~0~01/-1", "//x", "/é"] {
            assert_eq!(pointer(text).to_string(), text);
        }
        assert_eq!(pointer("/b~1c/~01").steps().collect::<Vec<_>>(), ["b/c", "~1"]);
        assert_eq!(pointer("/a").join("b/c"), pointer("/a/b~1c"));
        assert!(pointer("/a/b").is_within(&pointer("/a")) && pointer("/a").is_within(&pointer("")));
        assert!(!pointer("/ab").is_within(&pointer("/a")));
        for (bad, error) in [
            ("a", PointerError::NoSlash),
            ("$.a", PointerError::NoSlash),
            ("/a~2", PointerError::Escape { at: 2 }),
            ("/é~", PointerError::Escape { at: 3 }),
        ] {
            assert_eq!(Pointer::parse(bad), Err(error), "{bad}");
        }
        let read: Pointer = serde_json::from_str("\"/a/b\"").unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), "\"/a/b\"");
        let error = serde_json::from_str::<Pointer>("\"a\"").unwrap_err().to_string();
        assert!(error.starts_with("a JSON pointer begins with `/`"), "{error}");
    }

    #[test]
    fn finds() {
        let json = r#" {"a" : [ 1.50 , {"b":"x"} , [ ] ], "e\u0301/": null, "d":1, "d": {"k":2},
            "-1": 5, "01": 6, "o": {}, "s": "{\"i\":[7, \"{\\\"j\\\": 8}\"]}"} "#;
        for (place, value) in [
            ("/a/0", Some("1.50")),
            ("/a/1/b", Some("\"x\"")),
            ("/a/1", Some("{\"b\":\"x\"}")),
            ("/a/-1", Some("[ ]")),
            ("/a/-1/-1", None),
            ("/a/3", None),
            ("/a/00", None),
            ("/a/-", None),
            ("/a/0/x", None),
            ("/é~1", None),
            ("/e\u{301}~1", Some("null")),
            ("/d", Some("{\"k\":2}")),
            ("/d/k", Some("2")),
            ("/-1", Some("5")),
            ("/01", Some("6")),
            ("/o/x", None),
            ("/s/i", None),
        ] {
            let found = pointer(place).find(json.as_bytes());
            assert_eq!(found, value.map(str::as_bytes), "{place}");
        }
        assert_eq!(pointer("").find(json.as_bytes()), Some(json.trim().as_bytes()));
        for (place, value) in
            [("/s/i/0", "7"), ("/s/i/1/j", "8"), ("/s/i/-1/j", "8"), ("/a/0", "1.50")]
        {
            let found = pointer(place).read(json.as_bytes()).unwrap();
            assert_eq!(String::from_utf8_lossy(&found), value, "{place}");
        }
        assert_eq!(pointer("/s/j").read(json.as_bytes()), None);
        assert_eq!(pointer("/a/1/b/c").read(json.as_bytes()), None);
    }

    #[test]
    fn the_last_of_two_members_counts_even_where_only_the_first_has_the_place() {
        let json = br#"{"a":{"b":1},"a":{"c":2}}"#;
        assert_eq!(pointer("/a/b").find(json), None);
        assert_eq!(pointer("/a/c").find(json), Some(&b"2"[..]));
    }

    #[test]
    fn text_that_is_not_json_has_no_places() {
        for text in ["", "ping", "{\"a\":1", "{\"a\" 1}", "{\"a\":1} x", "{a:1}", "{\"a\":1]"] {
            assert_eq!(pointer("/a").find(text.as_bytes()), None, "{text}");
        }
        let deep = "[".repeat(1_000_000);
        assert_eq!(pointer(&"/0".repeat(1000)).find(deep.as_bytes()), None);
        let closed = "[".repeat(1000) + &"]".repeat(1000);
        assert_eq!(pointer(&"/0".repeat(900)).find(closed.as_bytes()), None);
    }
}
