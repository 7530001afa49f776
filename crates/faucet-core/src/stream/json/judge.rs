//! The scalar judge of JSON: says where a text stops being JSON, and why.
//!
//! The judge is ours because the libraries that skip values without building them accept
//! nesting of any depth and lone surrogates, which the first consumer that parses would then
//! refuse, and because validation is the largest cost of a record: this one takes about a third of
//! the time. A property test holds it against `serde_json`.

use fearless_simd::{Level, Simd, dispatch};

use crate::stream::json::digits::leading_digits;
use crate::stream::json::error::JsonError;
use crate::stream::json::plain::plain_prefix;
use crate::stream::utf8;

/// The deepest nesting that is accepted, the same as `serde_json`'s, so that what is valid here can
/// be parsed there.
pub const MAX_DEPTH: u32 = 127;

/// Checks `bytes` as UTF-8 and as exactly one JSON value.
///
/// # Errors
/// Where the bytes stop being JSON, and why.
pub fn check(bytes: &[u8]) -> Result<(), JsonError> {
    match utf8::check(bytes) {
        Ok(()) => check_utf8(bytes),
        Err(error) => Err(JsonError { offset: error.valid_up_to(), reason: "invalid UTF-8" }),
    }
}

/// Checks UTF-8 text as exactly one JSON value, in one pass and without allocating.
pub(super) fn check_utf8(text: &[u8]) -> Result<(), JsonError> {
    // Strings are too short for more than 16 bytes at a time, which the baseline of each machine has:
    // a choice at run time costs more than the better instructions save.
    dispatch!(Level::baseline(), simd => scan(simd, text))
}

#[inline(always)]
fn scan<S: Simd>(simd: S, text: &[u8]) -> Result<(), JsonError> {
    let mut scan = Scanner { simd, text, at: 0, objects: 0, depth: 0 };
    loop {
        let opened = scan.value()?;
        if !opened && !scan.after_value()? {
            return Ok(());
        }
    }
}

struct Scanner<'a, S> {
    simd: S,
    text: &'a [u8],
    at: usize,
    /// One bit a level, the innermost lowest: set where the level is an object.
    objects: u128,
    depth: u32,
}

impl<S: Simd> Scanner<'_, S> {
    #[inline(always)]
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn fail<T>(&self, reason: &'static str) -> Result<T, JsonError> {
        let reason = if self.at >= self.text.len() { "EOF while parsing" } else { reason };
        Err(JsonError { offset: self.at, reason })
    }

    #[inline(always)]
    fn skip_whitespace(&mut self) {
        while let Some(b' ' | b'\n' | b'\t' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    /// Reads a scalar or an empty container, or opens a container and stands before its first
    /// value: then the answer is `true`.
    #[inline(always)]
    fn value(&mut self) -> Result<bool, JsonError> {
        self.skip_whitespace();
        match self.peek() {
            Some(b'"') => self.string()?,
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(b'{') => return self.open(true),
            Some(b'[') => return self.open(false),
            Some(b't') => self.literal(b"true")?,
            Some(b'f') => self.literal(b"false")?,
            Some(b'n') => self.literal(b"null")?,
            _ => return self.fail("expected a JSON value"),
        }
        Ok(false)
    }

    #[inline(always)]
    fn open(&mut self, object: bool) -> Result<bool, JsonError> {
        if self.depth == MAX_DEPTH {
            return self.fail("recursion limit exceeded");
        }
        self.at += 1;
        self.skip_whitespace();
        if self.peek() == Some(if object { b'}' } else { b']' }) {
            self.at += 1;
            return Ok(false);
        }
        self.depth += 1;
        self.objects = self.objects << 1 | u128::from(object);
        if object {
            self.key()?;
        }
        Ok(true)
    }

    #[inline(always)]
    fn key(&mut self) -> Result<(), JsonError> {
        self.skip_whitespace();
        if self.peek() != Some(b'"') {
            return self.fail("expected a string as key");
        }
        self.string()?;
        self.skip_whitespace();
        if self.peek() != Some(b':') {
            return self.fail("expected `:`");
        }
        self.at += 1;
        Ok(())
    }

    /// Behind a value: whether another one follows.
    #[inline(always)]
    fn after_value(&mut self) -> Result<bool, JsonError> {
        while self.depth > 0 {
            self.skip_whitespace();
            let object = self.objects & 1 == 1;
            match self.peek() {
                Some(b',') => {
                    self.at += 1;
                    if object {
                        self.key()?;
                    }
                    return Ok(true);
                }
                Some(b'}') if object => {}
                Some(b']') if !object => {}
                _ if object => return self.fail("expected `,` or `}`"),
                _ => return self.fail("expected `,` or `]`"),
            }
            self.at += 1;
            self.depth -= 1;
            self.objects >>= 1;
        }
        self.skip_whitespace();
        if self.at < self.text.len() {
            return self.fail("trailing characters");
        }
        Ok(false)
    }

    #[inline(always)]
    fn literal(&mut self, word: &[u8]) -> Result<(), JsonError> {
        if self.text[self.at..].starts_with(word) {
            self.at += word.len();
            return Ok(());
        }
        self.fail("expected `true`, `false` or `null`")
    }

    #[inline(always)]
    fn digits(&mut self) -> Result<(), JsonError> {
        match leading_digits(&self.text[self.at..]) {
            0 => self.fail("invalid number"),
            count => {
                self.at += count;
                Ok(())
            }
        }
    }

    #[inline(always)]
    fn number(&mut self) -> Result<(), JsonError> {
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(())
    }

    #[inline(always)]
    fn string(&mut self) -> Result<(), JsonError> {
        self.at += 1;
        loop {
            self.at += plain_prefix(self.simd, &self.text[self.at..]);
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => self.escape()?,
                Some(0..=0x1f) => return self.fail("control character in a string"),
                Some(_) => self.at += 1,
                None => return self.fail("unterminated string"),
            }
        }
    }

    fn escape(&mut self) -> Result<(), JsonError> {
        self.at += 1;
        match self.peek() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 1,
            Some(b'u') => match self.hex4()? {
                0xd800..=0xdbff => {
                    let low = self.text[self.at..].starts_with(b"\\u");
                    self.at += usize::from(low);
                    if !low || !(0xdc00..=0xdfff).contains(&self.hex4()?) {
                        return self.fail("lone surrogate in a string");
                    }
                }
                0xdc00..=0xdfff => return self.fail("lone surrogate in a string"),
                _ => {}
            },
            _ => return self.fail("invalid escape"),
        }
        Ok(())
    }

    /// Reads `uXXXX` and stands behind it.
    fn hex4(&mut self) -> Result<u32, JsonError> {
        let mut code = 0;
        for _ in 0..4 {
            self.at += 1;
            match self.peek().and_then(|b| char::from(b).to_digit(16)) {
                Some(digit) => code = code << 4 | digit,
                None => return self.fail("invalid escape"),
            }
        }
        self.at += 1;
        Ok(code)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str) -> Result<(), String> {
        check_utf8(text.as_bytes()).map_err(|e| e.to_string())
    }

    #[test]
    fn verdicts() {
        for good in [
            "0",
            "-0",
            "1e400",
            "2.10",
            " [ ] ",
            "{}",
            "null",
            "\"\"",
            r#""\ud83d\ude00""#,
            "101027219534255757415994639",
            r#"{"a":[1,{"b":"c d e f g h i"}],"a":false}"#,
            "[1 ,\n2]",
            "\"π and a long string without anything special in it\"",
        ] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for (bad, why) in [
            ("", "EOF while parsing at byte 0"),
            ("  ", "EOF while parsing at byte 2"),
            ("NaN", "expected a JSON value at byte 0"),
            ("01", "trailing characters at byte 1"),
            ("1.", "EOF while parsing at byte 2"),
            ("[1,]", "expected a JSON value at byte 3"),
            ("{\"a\":1,}", "expected a string as key at byte 7"),
            ("{\"a\" 1}", "expected `:` at byte 5"),
            ("[1}", "expected `,` or `]` at byte 2"),
            ("{} {}", "trailing characters at byte 3"),
            ("\"a\nb\"", "control character in a string at byte 2"),
            ("\"\\ud800\"", "lone surrogate in a string at byte 7"),
            ("\"\\ude00\"", "lone surrogate in a string at byte 7"),
            ("\"\\x\"", "invalid escape at byte 2"),
            ("\u{feff}1", "expected a JSON value at byte 0"),
            ("tru", "expected `true`, `false` or `null` at byte 0"),
        ] {
            assert_eq!(check(bad), Err(why.to_owned()), "{bad}");
        }
    }

    #[test]
    fn nesting_is_limited_where_serde_json_limits_it() {
        let nested = |n: usize| "[".repeat(n) + &"]".repeat(n);
        assert_eq!(check(&nested(127)), Ok(()));
        assert!(serde_json::from_str::<serde_json::Value>(&nested(127)).is_ok());
        assert_eq!(check(&nested(128)), Err("recursion limit exceeded at byte 127".into()));
        assert!(serde_json::from_str::<serde_json::Value>(&nested(128)).is_err());
        assert!(check(&"[".repeat(1_000_000)).is_err());
    }

    /// Numbers beyond `f64` are the one place where we accept more: they pass through as text.
    fn reference(text: &str) -> bool {
        match serde_json::from_str::<serde_json::Value>(text) {
            Ok(_) => true,
            Err(error) => error.to_string().starts_with("number out of range"),
        }
    }

    proptest! {
        #[test]
        fn agrees_with_serde_json_on_json_like_noise(
            text in r#"([\[\]{}:,"0-9.eE+ \-]|\\u[dD][89cC]00|\\n|\\|true|null|"[a-f]{0,12}"|π){0,24}"#
        ) {
            prop_assert_eq!(check(&text).is_ok(), reference(&text), "{}", text);
        }

        #[test]
        fn agrees_with_serde_json_on_damaged_json(
            cut in 0usize..90, byte in any::<char>(),
        ) {
            let good = r#"{"e":"trade","E":1672515782136,"p":"0.001\u00e9","m":true,"x":[1.5e-3,null,{}]}"#;
            let mut chars: Vec<char> = good.chars().collect();
            let cut = cut % chars.len();
            chars[cut] = byte;
            let text: String = chars.into_iter().collect();
            prop_assert_eq!(check(&text).is_ok(), reference(&text), "{}", text);
        }
    }
}
