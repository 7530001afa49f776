//! JSON values as the values of columns.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use faucet_core::json;
use faucet_core::select::unescape_into;

/// The value is none for the column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unfit;

/// A number that JSON text is parsed to.
pub(super) trait Number: Sized {
    fn of(text: &str) -> Option<Self>;
}

macro_rules! whole {
    ($($type:ty),*) => { $(
        impl Number for $type {
            // `1.0` and `1e3` are whole numbers too, but a sender that writes them may write `1.5`
            // next.
            fn of(text: &str) -> Option<Self> {
                text.parse().ok()
            }
        }
    )* };
}
whole!(i32, i64);

macro_rules! float {
    ($($type:ty),*) => { $(
        impl Number for $type {
            fn of(text: &str) -> Option<Self> {
                text.parse().ok().filter(|number: &$type| number.is_finite())
            }
        }
    )* };
}
float!(f32, f64);

/// Reads a JSON number.
#[inline]
pub(super) fn number<N: Number>(json: &[u8]) -> Result<N, Unfit> {
    match json.first() {
        Some(b'-' | b'0'..=b'9') => std::str::from_utf8(json).ok().and_then(N::of).ok_or(Unfit),
        _ => Err(Unfit),
    }
}

/// Reads `true` or `false`.
#[inline]
pub(super) fn bool(json: &[u8]) -> Result<bool, Unfit> {
    match json {
        b"true" => Ok(true),
        b"false" => Ok(false),
        _ => Err(Unfit),
    }
}

/// Appends the content of a string, or the JSON text of a number or of `true` and `false`.
#[inline]
pub(super) fn push_text(json: &[u8], out: &mut Vec<u8>) -> Result<(), Unfit> {
    match json {
        [b'"', content @ .., b'"'] if !content.contains(&b'\\') => out.extend_from_slice(content),
        [b'"', ..] if unescape_into(json, out) => {}
        [b'"' | b'{' | b'[', ..] | [] => return Err(Unfit),
        _ => out.extend_from_slice(json),
    }
    Ok(())
}

/// Appends the JSON text of any value.
#[inline]
pub(super) fn push_object(json: &[u8], is_checked: bool, out: &mut Vec<u8>) -> Result<(), Unfit> {
    if !is_checked && json::check(json).is_err() {
        return Err(Unfit);
    }
    out.extend_from_slice(json);
    Ok(())
}

/// Appends the bytes that a string has in base64.
pub(super) fn push_base64(json: &[u8], out: &mut Vec<u8>) -> Result<(), Unfit> {
    let from = out.len();
    let decoded = match json {
        [b'"', content @ .., b'"'] if !content.contains(&b'\\') => {
            STANDARD.decode_vec(content, out).is_ok()
        }
        // Some encoders write `/` as `\/`.
        [b'"', ..] => {
            let mut content = Vec::new();
            unescape_into(json, &mut content) && STANDARD.decode_vec(content, out).is_ok()
        }
        _ => false,
    };
    if !decoded {
        out.truncate(from);
        return Err(Unfit);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers() {
        for (json, expected) in [
            ("0", Ok(0)),
            ("-0", Ok(0)),
            ("-7", Ok(-7)),
            ("9223372036854775807", Ok(i64::MAX)),
            ("-9223372036854775808", Ok(i64::MIN)),
            ("9223372036854775808", Err(Unfit)),
            ("101027219534255757415994639", Err(Unfit)),
            ("12.0", Err(Unfit)),
            ("1e3", Err(Unfit)),
            ("1.5", Err(Unfit)),
            ("\"12\"", Err(Unfit)),
            ("true", Err(Unfit)),
            ("[1]", Err(Unfit)),
            ("{}", Err(Unfit)),
            ("", Err(Unfit)),
        ] {
            assert_eq!(number::<i64>(json.as_bytes()), expected, "{json}");
        }
        for (json, expected) in [
            ("2147483647", Ok(i32::MAX)),
            ("-2147483648", Ok(i32::MIN)),
            ("2147483648", Err(Unfit)),
            ("\"1\"", Err(Unfit)),
        ] {
            assert_eq!(number::<i32>(json.as_bytes()), expected, "{json}");
        }
    }

    #[test]
    fn floats_are_rounded_once() {
        for (json, expected) in [
            ("0.10", Ok(0.1)),
            ("12", Ok(12.0)),
            ("-0", Ok(0.0)),
            ("1e3", Ok(1000.0)),
            ("9007199254740993", Ok(9_007_199_254_740_992.0)),
            ("101027219534255757415994639", Ok(1.010_272_195_342_557_6e26)),
            ("1e-400", Ok(0.0)),
            ("1.7976931348623157e308", Ok(f64::MAX)),
            ("1E400", Err(Unfit)),
            ("\"1.5\"", Err(Unfit)),
            ("NaN", Err(Unfit)),
            ("true", Err(Unfit)),
            ("[]", Err(Unfit)),
        ] {
            assert_eq!(number::<f64>(json.as_bytes()), expected, "{json}");
        }
        // By way of a DOUBLE the number is rounded down to a tie and then to the even neighbour.
        assert_eq!(number::<f32>(b"1.00000017881393432617187499"), Ok(1.000_000_1));
        assert_eq!(number::<f32>(b"0.1"), Ok(0.1));
        assert_eq!(number::<f32>(b"1e39"), Err(Unfit));
    }

    #[test]
    fn bools() {
        for (json, expected) in [
            ("true", Ok(true)),
            ("false", Ok(false)),
            ("0", Err(Unfit)),
            ("\"true\"", Err(Unfit)),
            ("{}", Err(Unfit)),
        ] {
            assert_eq!(bool(json.as_bytes()), expected, "{json}");
        }
    }

    fn pushed(
        json: &str,
        push: impl Fn(&[u8], &mut Vec<u8>) -> Result<(), Unfit>,
    ) -> Result<String, Unfit> {
        let mut out = b"before".to_vec();
        let done = push(json.as_bytes(), &mut out);
        let behind = out.strip_prefix(b"before").unwrap().to_vec();
        if done.is_err() {
            assert!(behind.is_empty(), "{json}");
        }
        done.map(|()| String::from_utf8(behind).unwrap())
    }

    #[test]
    fn texts() {
        for (json, expected) in [
            (r#""""#, Some("")),
            (r#""BTC""#, Some("BTC")),
            (r#""a\u00e9\n\"\\\ud83d\ude00\/""#, Some("aé\n\"\\😀/")),
            (r#""é""#, Some("é")),
            ("0.10", Some("0.10")),
            ("101027219534255757415994639", Some("101027219534255757415994639")),
            ("1E400", Some("1E400")),
            ("true", Some("true")),
            ("{}", None),
            ("[1]", None),
            ("", None),
        ] {
            assert_eq!(pushed(json, push_text).ok().as_deref(), expected, "{json}");
        }
    }

    #[test]
    fn bytes_are_base64() {
        for (json, expected) in [
            (r#""""#, Some("")),
            (r#""YWJj""#, Some("abc")),
            (r#""YQ==""#, Some("a")),
            (r#""Pz8\/""#, Some("???")),
            (r#""YQ""#, None),
            (r#""YWJj\n""#, None),
            (r#""Pz8_""#, None),
            (r#""YR==""#, None),
            (r#""a b""#, None),
            ("1234", None),
            ("null", None),
            ("[]", None),
        ] {
            assert_eq!(pushed(json, push_base64).ok().as_deref(), expected, "{json}");
        }
    }

    #[test]
    fn objects_from_inside_of_strings_are_checked() {
        for (json, checked, expected) in [
            ("{\"a\" : 0.10}", true, Some("{\"a\" : 0.10}")),
            ("{\"a\" : 0.10}", false, Some("{\"a\" : 0.10}")),
            (r#""\ud800""#, false, None),
        ] {
            let push = |json: &[u8], out: &mut Vec<u8>| push_object(json, checked, out);
            assert_eq!(pushed(json, push).ok().as_deref(), expected, "{json}");
        }
    }
}
