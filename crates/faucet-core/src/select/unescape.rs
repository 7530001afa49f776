//! The content of a JSON string.

use std::borrow::Cow;
use std::cmp::Ordering;

/// The content of the JSON string `value`, without quotes and escapes. A string without escapes is
/// not copied. `None` where `value` is not a JSON string.
///
/// [`unescape_into`] needs no memory of its own.
pub fn unescape(value: &[u8]) -> Option<Cow<'_, str>> {
    let raw = raw_content(value)?;
    if memchr::memchr2(b'"', b'\\', raw).is_none() {
        return simdutf8::basic::from_utf8(raw).ok().map(Cow::Borrowed);
    }
    let mut content = Vec::with_capacity(raw.len());
    push_content(raw, &mut content)?;
    String::from_utf8(content).ok().map(Cow::Owned)
}

/// Appends the content of the JSON string `value` to `out`, without quotes and escapes. `false` where
/// `value` is not a JSON string: then `out` stays as it is. The content has never more bytes than the
/// string.
pub fn unescape_into(value: &[u8], out: &mut Vec<u8>) -> bool {
    let from = out.len();
    let done = raw_content(value).is_some_and(|raw| {
        push_content(raw, out).is_some()
            // No escape makes text valid that was none before, so the check comes last.
            && out.get(from..).is_some_and(|content| simdutf8::basic::from_utf8(content).is_ok())
    });
    if !done {
        out.truncate(from);
    }
    done
}

/// The bytes between the quotes of a JSON string.
fn raw_content(value: &[u8]) -> Option<&[u8]> {
    value.trim_ascii().strip_prefix(b"\"")?.strip_suffix(b"\"")
}

/// Whether `raw`, the bytes between the quotes of a JSON string, have the content `content`.
#[inline]
pub(super) fn is_content(raw: &[u8], content: &str) -> bool {
    // An escape is longer than its character.
    match raw.len().cmp(&content.len()) {
        Ordering::Less => false,
        Ordering::Equal => raw == content.as_bytes() && !raw.contains(&b'\\'),
        Ordering::Greater => is_escaped_content(raw, content),
    }
}

fn is_escaped_content(raw: &[u8], content: &str) -> bool {
    let mut left = content.as_bytes();
    for part in (Parts { rest: raw }) {
        let behind = match part {
            Ok(Part::Text(text)) => left.strip_prefix(text),
            Ok(Part::Char(char)) => left.strip_prefix(char.encode_utf8(&mut [0; 4]).as_bytes()),
            Err(NoString) => None,
        };
        let Some(behind) = behind else { return false };
        left = behind;
    }
    left.is_empty()
}

/// Appends the content of `raw`, the bytes between the quotes. `None`: they are no content, and
/// anything may be appended.
fn push_content(raw: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let from = out.len();
    // No content is longer than its string.
    out.resize(from + raw.len(), 0);
    let content = out.get_mut(from..)?;
    let (mut parts, mut end) = (Parts { rest: raw }, 0);
    while !parts.rest.is_empty() {
        // JSON in a string has an escape every few bytes: to copy eight bytes takes less time than to
        // copy as many as there are up to the escape. The next bytes overwrite those too many.
        let length = match (parts.rest.first_chunk::<8>(), content.get_mut(end..end + 8)) {
            (Some(eight), Some(to)) => {
                to.copy_from_slice(eight);
                first_special(*eight).unwrap_or(8)
            }
            _ => {
                let length = parts.rest.iter().position(is_special).unwrap_or(parts.rest.len());
                content.get_mut(end..end + length)?.copy_from_slice(&parts.rest[..length]);
                length
            }
        };
        end += length;
        parts.rest = &parts.rest[length..];
        if parts.rest.first().is_some_and(is_special) {
            let char = parts.escape()?;
            if char.is_ascii() {
                *content.get_mut(end)? = char as u8;
                end += 1;
            } else {
                end += char.encode_utf8(content.get_mut(end..end + char.len_utf8())?).len();
            }
        }
    }
    out.truncate(from + end);
    Some(())
}

/// The text is not the content of a JSON string.
#[derive(Debug)]
struct NoString;

/// A part of a content.
#[derive(Debug)]
enum Part<'a> {
    /// Text without escapes.
    Text(&'a [u8]),
    /// An escape, such as `\n`.
    Char(char),
}

/// The parts of a content. An error is the last part.
struct Parts<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Parts<'a> {
    type Item = Result<Part<'a>, NoString>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let length = memchr::memchr2(b'"', b'\\', self.rest).unwrap_or(self.rest.len());
        if length == 0 {
            return Some(self.escape().map(Part::Char).ok_or(NoString));
        }
        let text;
        (text, self.rest) = self.rest.split_at(length);
        Some(Ok(Part::Text(text)))
    }
}

impl Parts<'_> {
    /// Reads an escape. `None`: here stands a quote, or an escape that JSON does not know.
    #[inline]
    fn escape(&mut self) -> Option<char> {
        let [b'\\', letter, rest @ ..] = self.rest else { return None };
        self.rest = rest;
        Some(match letter {
            b'"' | b'\\' | b'/' => char::from(*letter),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.unicode(),
            _ => return None,
        })
    }

    /// Reads what stands behind `\u`: four digits, or with another escape a pair of surrogates.
    fn unicode(&mut self) -> Option<char> {
        let first = self.hex4()?;
        if !(0xd800..0xdc00).contains(&first) {
            // `None` for a low surrogate.
            return char::from_u32(first);
        }
        self.rest = self.rest.strip_prefix(b"\\u")?;
        let second = self.hex4()?.checked_sub(0xdc00).filter(|second| *second < 0x400)?;
        char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + second)
    }

    fn hex4(&mut self) -> Option<u32> {
        let (digits, rest) = self.rest.split_first_chunk::<4>()?;
        self.rest = rest;
        let digit = |code, digit: &u8| Some(code << 4 | char::from(*digit).to_digit(16)?);
        digits.iter().try_fold(0, digit)
    }
}

fn is_special(byte: &u8) -> bool {
    matches!(byte, b'"' | b'\\')
}

/// Where the first quote or backslash stands among eight bytes.
#[inline(always)]
fn first_special(bytes: [u8; 8]) -> Option<usize> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = 0x8080_8080_8080_8080;
    // A byte of a word becomes zero where it is the wanted one. The subtraction borrows from a zero
    // byte, which sets its highest bit; only bytes behind the first zero may have that bit in error.
    let word = u64::from_le_bytes(bytes);
    let zeros = |word: u64| word.wrapping_sub(ONES) & !word & HIGHS;
    let found = zeros(word ^ (ONES * u64::from(b'"'))) | zeros(word ^ (ONES * u64::from(b'\\')));
    (found != 0).then(|| found.trailing_zeros() as usize / 8)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn contents() {
        for (value, content) in [
            (r#""""#, Some("")),
            (r#" "plain" "#, Some("plain")),
            (r#""\"\\\/\b\f\n\r\t""#, Some("\"\\/\u{8}\u{c}\n\r\t")),
            (r#""a\u00e9\u20AC\ud83d\ude00z""#, Some("aé€😀z")),
            (
                r#""{\"a\":[\"long enough for two words\", \"\\n\"]}""#,
                Some("{\"a\":[\"long enough for two words\", \"\\n\"]}"),
            ),
            (r#""a"b""#, None),
            (r#""\""#, None),
            (r#""\x""#, None),
            (r#""\u12g4""#, None),
            (r#""\u123""#, None),
            (r#""\ud800""#, None),
            (r#""\ud800\u0041""#, None),
            (r#""\ud800\ud800""#, None),
            (r#""\udc00""#, None),
            ("\"", None),
            ("plain", None),
        ] {
            assert_eq!(unescape(value.as_bytes()).as_deref(), content, "{value}");
            let mut out = b"before".to_vec();
            assert_eq!(unescape_into(value.as_bytes(), &mut out), content.is_some(), "{value}");
            assert_eq!(out, format!("before{}", content.unwrap_or_default()).as_bytes(), "{value}");
            let raw = value.trim().trim_start_matches('"').trim_end_matches('"');
            if let Some(content) = content {
                assert!(is_content(raw.as_bytes(), content) && !is_content(raw.as_bytes(), "b"));
            }
        }
        assert!(matches!(unescape(b"\"plain\""), Some(Cow::Borrowed("plain"))));
        for not_utf8 in [&b"\"\xff\""[..], b"\"\\n\xff\"", b"\"\xc3\\u00e9\"", b"\"\\u00e9\xa9\""] {
            assert_eq!(unescape(not_utf8), None);
            assert!(!unescape_into(not_utf8, &mut Vec::new()));
        }
    }

    proptest! {
        #[test]
        fn the_first_special_byte(text in r#"[a-c"\\!#\[\]é\x01\x02]{8,16}"#) {
            let bytes = *text.as_bytes().first_chunk().unwrap();
            prop_assert_eq!(first_special(bytes), bytes.iter().position(is_special));
        }

        #[test]
        fn contents_are_those_of_serde_json(
            parts in proptest::collection::vec(
                prop_oneof![
                    "[ -~é😀]{0,20}",
                    r#"\\["\\/bfnrtux]"#,
                    r"\\u[0-9a-fA-F]{4}",
                    r"\\ud[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2}",
                ],
                0..8,
            )
        ) {
            let value = format!("\"{}\"", parts.concat());
            let expected = serde_json::from_str::<String>(&value).ok();
            let found = unescape(value.as_bytes());
            prop_assert_eq!(found.as_deref(), expected.as_deref());
            let mut out = Vec::new();
            prop_assert_eq!(unescape_into(value.as_bytes(), &mut out), expected.is_some());
            if let Some(expected) = expected {
                prop_assert!(is_content(&value.as_bytes()[1..value.len() - 1], &expected));
                prop_assert_eq!(out, expected.as_bytes());
            }
        }
    }
}
