//! Texts with slips are read as if they were mended, so that a slip does not hide the rest.

use crate::diagnostic::{Advice, Diagnostic, Span};
use crate::file::format::SpecFormat;
use crate::file::patched::Patched;
use crate::file::places::Places;
use crate::file::tree::{Tree, parsed};
use crate::file::{json_slips, toml_slips, yaml_slips};

/// The most slips of a text that are repaired.
const MOST_REPAIRS: usize = 20;
/// How many bytes are parsed again, at the most, to find out which slip explains an error.
const MOST_WORK: usize = 512 * 1024;
/// A smaller text counts as much as this: 128 attempts are enough for any file that a person wrote.
const SMALL: usize = 4 * 1024;

/// Parses `text`. Values are not printed.
pub(crate) fn parse(text: &str, format: SpecFormat) -> Tree {
    let whole = Patched::new(text);
    // The mark says nothing in UTF-8, and two of the parsers do not know it.
    let start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let text = whole.with(0..start, "");
    match other_format(&text.text, format) {
        Some(other) => {
            let found = Tree { found: vec![other], ..Tree::default() };
            found.in_original(&text)
        }
        None => parse_repairing(text, format),
    }
}

/// Parses the text. Where a slip explains an error, the text is read as if it was mended.
fn parse_repairing(mut text: Patched, format: SpecFormat) -> Tree {
    let mut slips: Vec<Diagnostic> = Vec::new();
    let mut work = MOST_WORK;
    loop {
        let failed = match parsed(&text.text, format) {
            Ok(mut tree) => {
                tree = tree.in_original(&text);
                tree.found.extend(slips);
                return tree;
            }
            Err(failed) => failed,
        };
        let may = slips.len() < MOST_REPAIRS && !failed.is_limit;
        let mut failed = *failed.found;
        let repaired = may.then(|| repair(&text, format, &failed, &mut work)).flatten();
        let Some((mut slip, next)) = repaired else {
            failed.span = failed.span.map(|span| text.original(span));
            slips.push(failed);
            return Tree { value: None, places: Places::default(), found: slips };
        };
        slip.span = slip.span.map(|span| text.original(span));
        slips.push(slip);
        text = next;
    }
}

/// The slip that explains the error best, and the text without it: the first that brings the parser
/// to the end, else the first that brings it farther. `work` is what may be parsed yet, in bytes.
fn repair(
    text: &Patched,
    format: SpecFormat,
    failed: &Diagnostic,
    work: &mut usize,
) -> Option<(Diagnostic, Patched)> {
    let line = |text: &str, at: usize| text[..at.min(text.len())].matches('\n').count();
    let offset = failed.span.map_or(text.text.len(), |span| span.start).min(text.text.len());
    let reached = line(&text.text, offset);
    let candidates = match format {
        SpecFormat::Yaml => yaml_slips::candidates(&text.text, offset),
        SpecFormat::Json => json_slips::candidates(&text.text, offset),
        SpecFormat::Toml => toml_slips::candidates(&text.text, offset),
    };
    let mut best = None;
    for slip in candidates {
        let Some(rest) = work.checked_sub(text.text.len().max(SMALL)) else { break };
        *work = rest;
        let next = slip.repaired(text);
        let found = || {
            let mut found = failed.clone();
            (found.span, found.advice) = (Some(slip.span), Some(slip.advice.clone()));
            found
        };
        match parsed(&next.text, format) {
            Ok(_) => return Some((found(), next)),
            Err(later) if best.is_none() => {
                let at = later.found.span.map_or(next.text.len(), |span| span.start);
                if line(&next.text, at) > reached {
                    best = Some((found(), next));
                }
            }
            Err(_) => {}
        }
    }
    best
}

/// A text that is broken in the language of its ending, and can be read in another one.
fn other_format(text: &str, expected: SpecFormat) -> Option<Diagnostic> {
    let mut lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    let first = lines.find(|line| !line.trim().is_empty())?.trim();
    let (format, name, ending) = match first.starts_with('{') {
        true => (SpecFormat::Json, "JSON", "json"),
        false if first.starts_with('[') || first.contains(" = ") => {
            (SpecFormat::Toml, "TOML", "toml")
        }
        false => (SpecFormat::Yaml, "YAML", "yaml"),
    };
    if format == expected {
        return None;
    }
    let mut failed = parsed(text, expected).err()?.found;
    let tree = parsed(text, format).ok()?;
    tree.value?.as_object().filter(|map| !map.is_empty())?;
    let at = text.find(first)?;
    failed.span = Some(Span::new(at, at + first.len()));
    failed.advice = Some(Advice::OtherFormat { format: name, ending });
    Some(*failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is told of a text: the parts and the advice.
    fn told(format: SpecFormat, text: &str) -> (bool, Vec<(String, String)>) {
        let tree = parse(text, format);
        let told = tree.found.iter().map(|found| {
            let part = found.span.map(|span| text[span.range()].to_owned());
            let advice = match &found.advice {
                Some(advice) => format!("{advice:?}"),
                None => found.problem.to_string(),
            };
            let name = advice.split([' ', '{']).next().unwrap_or_default().to_owned();
            (part.unwrap_or_default(), name)
        });
        (tree.value.is_some(), told.collect())
    }

    #[test]
    fn a_slip_is_told_and_does_not_hide_the_rest() {
        use SpecFormat::{Json, Toml, Yaml};
        let mut wrong = Vec::new();
        for (format, text, part, advice) in [
            (Yaml, "a:1\nb: 2\n", ":", "BlankAfterColon"),
            (Yaml, "a: 1\nb 2\n", "b", "NoColon"),
            (Yaml, "source\n  type: x\n", "source", "NoColon"),
            (Yaml, "a:\n  b: 1\n   c: 2\n", "   c:", "Indentation"),
            (Yaml, "a:\n  b: 1\n\u{a0}\u{a0}c: 2\n  d: 3\n", "\u{a0}", "OddBlank"),
            (Yaml, "a: {b: 1\nc: 2\n", "{", "UnclosedBracket"),
            (Yaml, "a: \"x\nb: 1\nc: \"y\"\n", "\"x", "UnclosedQuote"),
            (Yaml, "a: {b}.c\n", "{b}.c", "Quote"),
            (Yaml, "a: 1\n---\na: 2\n", "---", "SecondDocument"),
            (Json, "{\"a\": 1,}", ",", "TrailingComma"),
            (Json, "{\"a\": 1 // one\n}", "// one", "JsonComment"),
            (Json, "{\"a\": 1\n\"b\": 2}", "1", "NoComma"),
            (Json, "{\"a\" 1}", "\"a\"", "NoColon"),
            (Json, "{a: 1}", "a", "Quote"),
            (Json, "{'a': 1, 'b': 'c'}", "'a'", "Quote"),
            (Json, "{\"a\": True}", "True", "Boolean"),
            (Json, "{\"a\": \"x,\n\"b\": 1}", "\"x", "UnclosedQuote"),
            (Json, "{\"a\": {\"b\": [1]", "{", "UnclosedBracket"),
            (Json, "{\"a\": 1}\n{}", "{", "SecondDocument"),
            (Toml, "a = b c\n", "b c", "Quote"),
            (Toml, "a = 20s\n", "20s", "Quote"),
            (Toml, "a = True\n", "True", "Boolean"),
            (Toml, "a: 1\nb = 2\n", "a", "NoEquals"),
            (Toml, "a = 1\nb 2\n", "b", "NoEquals"),
            (Toml, "[a\nb = 2\n", "[", "UnclosedBracket"),
            (Toml, "a = \"x\nb = 2\n", "\"x", "UnclosedQuote"),
            (Toml, "a = {b = 1\nc = 2\n", "{", "UnclosedBracket"),
        ] {
            let expected = (true, vec![(part.to_owned(), advice.to_owned())]);
            let found = told(format, text);
            if found != expected {
                wrong.push(format!("{text:?}: {found:?}, and not {expected:?}"));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn a_text_in_another_language_is_told_as_that() {
        use SpecFormat::{Json, Toml, Yaml};
        for (format, text) in
            [(Json, "a: 1\nb: 2\n"), (Toml, "# x\na: 1\n"), (Yaml, "[a]\nb = 'c'\n")]
        {
            let (is_read, told) = told(format, text);
            assert!(!is_read && told.len() == 1 && told[0].1 == "OtherFormat", "{text}: {told:?}");
        }
    }

    #[test]
    fn what_is_parsed_again_has_a_bound() {
        // Each line may have an open quote, and none explains the error.
        let text = "a: \"x\n".repeat(20_000) + "}\n";
        let tree = parse(&text, SpecFormat::Yaml);
        assert!(tree.value.is_none() && tree.found.len() <= MOST_REPAIRS + 1);
    }
}
