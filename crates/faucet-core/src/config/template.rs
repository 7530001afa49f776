//! `{name}` placeholders in configuration, filled from the run's context.

use std::path::PathBuf;

use crate::component::scope::Scope;
use crate::config::path::KeyPath;
use crate::config::problem::Problem;
use crate::config::problem_kind::ProblemKind;

/// The text before the next `{name}`, the name, and the text behind it. A name is made of ASCII
/// letters, digits and `_` and does not begin with a digit; braces around anything else are text.
pub fn next_placeholder(text: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    while let Some(open) = text[from..].find('{').map(|at| from + at) {
        let close = open + text[open..].find('}')?;
        let name = &text[open + 1..close];
        if !name.starts_with(|c: char| c.is_ascii_digit())
            && !name.is_empty()
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        {
            return Some((&text[..open], name, &text[close + 1..]));
        }
        from = open + 1;
    }
    None
}

/// The names of the placeholders of `text`, in order.
pub fn placeholders(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((_, name, after)) = next_placeholder(rest) {
        found.push(name.to_owned());
        rest = after;
    }
    found
}

/// Fills the placeholders of `text`, the value of `key`; `encode` appends a value as it may stand
/// there, or says why it may not.
///
/// # Errors
/// The placeholder that has no value or a bad one. The value is not in the error.
pub fn fill(
    key: &str,
    text: &str,
    scope: &Scope,
    mut encode: impl FnMut(&mut String, &str) -> Result<(), &'static str>,
) -> Result<String, Problem> {
    let (mut rest, mut filled) = (text, String::with_capacity(text.len()));
    while let Some((before, name, after)) = next_placeholder(rest) {
        let value = scope.value(name).ok_or_else(|| no_value(key, name))?;
        filled.push_str(before);
        encode(&mut filled, value).map_err(|why| {
            Problem::new(key, ProblemKind::PlaceholderValue { name: name.to_owned(), why })
        })?;
        rest = after;
    }
    filled.push_str(rest);
    Ok(filled)
}

/// The problem of a placeholder without a value.
pub fn no_value(key: impl Into<KeyPath>, name: &str) -> Problem {
    Problem::new(key, ProblemKind::Placeholder { name: name.to_owned(), near: None })
        .help(format!("add `{name}` under `context`, or --context {name}=…"))
}

/// Fills the placeholders of a file's path. A value can name a part of the path's file or of one
/// directory and never leads elsewhere: separators and values of dots alone are refused.
///
/// # Errors
/// As [`fill`].
pub fn fill_path(key: &str, text: &str, scope: &Scope) -> Result<PathBuf, Problem> {
    let path = fill(key, text, scope, |path, value| {
        if value.contains(['/', '\\', '\0']) {
            return Err("must not contain a path separator");
        }
        if value.bytes().all(|byte| byte == b'.') {
            return Err("must not be empty or made of dots");
        }
        path.push_str(value);
        Ok(())
    })?;
    Ok(path.into())
}

/// The far end `target` of a component with its placeholders filled, for people. A name without a
/// value stays. In a URL the values are percent-encoded.
pub fn fill_target(target: &str, scope: &Scope) -> String {
    let is_url = target.contains("://");
    let (mut rest, mut filled) = (target, String::with_capacity(target.len()));
    while let Some((before, name, after)) = next_placeholder(rest) {
        filled.push_str(before);
        match scope.value(name) {
            None => filled.push_str(&format!("{{{name}}}")),
            Some(value) if is_url => value.bytes().for_each(|byte| encode(byte, &mut filled)),
            Some(value) => filled.push_str(value),
        }
        rest = after;
    }
    filled.push_str(rest);
    filled
}

/// Appends a byte as a part of a path may have it (RFC 3986 §2.3).
fn encode(byte: u8, text: &mut String) {
    match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            text.push(byte.into());
        }
        _ => text.push_str(&format!("%{byte:02X}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_filled_as_far_as_there_are_values() {
        let values = [("symbol", "btc/usdt"), ("day", "7")];
        let values: std::collections::BTreeMap<String, String> =
            values.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let scope = Scope::new("a").with_values(values);
        for (target, expected) in [
            ("ws://h/{symbol}@trade?day=***", "ws://h/btc%2Fusdt@trade?day=***"),
            ("{day}-{date}.jsonl", "7-{date}.jsonl"),
            ("{ symbol }", "{ symbol }"),
            ("stdout", "stdout"),
        ] {
            assert_eq!(fill_target(target, &scope), expected);
        }
    }

    fn scope() -> Scope {
        let pairs = [("symbol", "btc.usdt"), ("up", ".."), ("away", "../etc"), ("none", "")];
        let values: std::collections::BTreeMap<String, String> =
            pairs.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
        Scope::new("x").with_values(values)
    }

    #[test]
    fn placeholders_are_names_in_braces() {
        for (text, expected) in [
            ("a-{symbol}.jsonl", Some(("a-", "symbol", ".jsonl"))),
            ("{_1}{b}", Some(("", "_1", "{b}"))),
            ("{}{1x}{a b}{{a}}", Some(("{}{1x}{a b}{", "a", "}"))),
            ("{", None),
            ("{π}", None),
            ("plain", None),
        ] {
            assert_eq!(next_placeholder(text), expected, "{text}");
        }
    }

    #[test]
    fn placeholders_are_named_in_order() {
        assert_eq!(placeholders("{b}/{}/{a}{b"), ["b", "a"]);
    }

    #[test]
    fn paths_are_filled_and_stay_where_they_are() {
        for (text, expected) in [
            ("x/{symbol}/{symbol}.jsonl", Ok("x/btc.usdt/btc.usdt.jsonl")),
            ("x/{}.jsonl", Ok("x/{}.jsonl")),
            ("x/{other}", Err("path: the placeholder {other} has no value in context")),
            ("x/{up}/y", Err("path: the value of {up} must not be empty or made of dots")),
            ("x/{none}/y", Err("path: the value of {none} must not be empty or made of dots")),
            ("x/{away}", Err("path: the value of {away} must not contain a path separator")),
        ] {
            let filled = fill_path("path", text, &scope()).map_err(|e| e.to_string());
            assert_eq!(filled, expected.map(PathBuf::from).map_err(str::to_owned), "{text}");
        }
    }
}
