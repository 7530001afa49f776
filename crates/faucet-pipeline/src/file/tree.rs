//! From the text of a pipeline file to a tree that knows where its keys and values stand.

use std::borrow::Cow;

use faucet_core::KeyPath;
use serde::de::IgnoredAny;
use serde_json::Value;
use serde_saphyr::{
    DuplicateKeyPolicy, Localizer, MessageFormatter, Spanned, UserMessageFormatter,
};

use crate::diagnostic::{Advice, Diagnostic, Span};
use crate::file::format::SpecFormat;
use crate::file::node::{Collected, Node, span};
use crate::file::patched::Patched;
use crate::file::places::{Place, Places};
use crate::file::slips;
use crate::file::toml_tree::{self, syntax};

/// The most slips of a text that are repaired.
const MOST_REPAIRS: usize = 20;
/// The longest text of which slips are looked for, in bytes.
const LONGEST_REPAIRED: usize = 256 * 1024;

/// A parsed text.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    /// `None`: the text cannot be read at all.
    pub(crate) value: Option<Value>,
    pub(crate) places: Places,
    /// What breaks the format. A slip that is understood does not hide the rest of the text.
    pub(crate) found: Vec<Diagnostic>,
}

impl Tree {
    /// Parses `text`. Values are not printed.
    pub(crate) fn parse(text: &str, format: SpecFormat) -> Self {
        let whole = Patched::new(text);
        // The mark says nothing in UTF-8, and two of the parsers do not know it.
        let start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        let text = whole.with(0..start, "");
        match format {
            SpecFormat::Toml => Self::parse_toml(&text),
            SpecFormat::Yaml | SpecFormat::Json => Self::parse_repairing(text, format),
        }
    }

    /// Parses TOML, as if text without quotes had them.
    fn parse_toml(text: &Patched) -> Self {
        let bare = match text.text.len() <= LONGEST_REPAIRED {
            true => toml_tree::bare_texts(&text.text),
            false => Vec::new(),
        };
        let quote = |text: Patched, (span, advice): &(Span, Advice)| match advice {
            Advice::Quote { quoted: Some(quoted), .. } => text.with(span.range(), quoted),
            _ => text,
        };
        let mended = bare.iter().rev().fold(text.clone(), quote);
        let (value, places, found) = toml_tree::parse(&mended.text);
        let mut tree = Self { value: Some(value), places, found }.in_original(&mended);
        tree.found.extend(bare.into_iter().map(|(span, advice)| {
            let mut found = syntax("text without quotes", Some(text.original(span)));
            found.advice = Some(advice);
            found
        }));
        tree
    }

    /// Parses the text. Where a slip explains an error, the text is read as if it was mended.
    fn parse_repairing(mut text: Patched, format: SpecFormat) -> Self {
        let mut slips: Vec<Diagnostic> = Vec::new();
        loop {
            let failed = match parsed(&text.text, format) {
                Ok(mut tree) => {
                    tree = tree.in_original(&text);
                    tree.found.extend(slips);
                    return tree;
                }
                Err(failed) => failed,
            };
            let may = slips.len() < MOST_REPAIRS
                && text.text.len() <= LONGEST_REPAIRED
                && !failed.is_limit;
            let mut failed = failed.found;
            let repaired = may.then(|| repair(&text, format, &failed)).flatten();
            let Some((mut slip, next)) = repaired else {
                failed.span = failed.span.map(|span| text.original(span));
                slips.push(failed);
                return Self { value: None, places: Places::default(), found: slips };
            };
            slip.span = slip.span.map(|span| text.original(span));
            slips.push(slip);
            text = next;
        }
    }

    fn in_original(mut self, text: &Patched) -> Self {
        self.places.map_spans(|span| text.original(span));
        for found in &mut self.found {
            found.span = found.span.map(|span| text.original(span));
            found.others.iter_mut().for_each(|span| *span = text.original(*span));
        }
        self
    }
}

/// The slip that explains the error best, and the text without it: the first that brings the parser
/// to the end, else the first that brings it farther.
fn repair(
    text: &Patched,
    format: SpecFormat,
    failed: &Diagnostic,
) -> Option<(Diagnostic, Patched)> {
    let line = |text: &str, at: usize| text[..at.min(text.len())].matches('\n').count();
    let offset = failed.span.map_or(text.text.len(), |span| span.start).min(text.text.len());
    let reached = line(&text.text, offset);
    let mut best = None;
    for slip in slips::candidates(&text.text, format, offset) {
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
                if line(&next.text, at.min(next.text.len())) > reached {
                    best = Some((found(), next));
                }
            }
            Err(_) => {}
        }
    }
    best
}

/// What keeps a text from being parsed.
struct Failed {
    found: Diagnostic,
    /// Whether the text is too large or too deep.
    is_limit: bool,
}

/// # Errors
/// The first thing that breaks the format.
fn parsed(text: &str, format: SpecFormat) -> Result<Tree, Failed> {
    if format == SpecFormat::Json {
        // JSON is YAML, but not the reverse.
        serde_json::from_str::<IgnoredAny>(text).map_err(|error| json_syntax(&error, text))?;
    }
    let options = serde_saphyr::options! {
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        non_finite_float_policy: serde_saphyr::NonFiniteFloatPolicy::PassThrough,
    };
    let root: Spanned<Node> =
        serde_saphyr::from_str_with_options(text, options).map_err(|error| {
            // The snippet of the text would show what stands in that line.
            let why = error.without_snippet().render_with_formatter(&Placeless);
            let at = error.location().and_then(span).map(|span| {
                let rest = text.get(span.start..).and_then(|rest| rest.chars().next());
                let width = rest.filter(|c| *c != '\n').map_or(0, char::len_utf8);
                Span::new(span.start, span.start + width)
            });
            Failed { found: syntax(why, at), is_limit: is_limit(&error) }
        })?;
    let mut collected = Collected { text, places: Places::default(), found: Vec::new() };
    let first = text.find(|c: char| !c.is_whitespace()).unwrap_or_default();
    let first = Span::new(first, text[first..].find('\n').map_or(text.len(), |len| first + len));
    collected.places.insert(KeyPath::root(), Place { key: None, value: Some(first) });
    let value = collected.value(root, &KeyPath::root());
    Ok(Tree { value: Some(value), places: collected.places, found: collected.found })
}

fn json_syntax(error: &serde_json::Error, text: &str) -> Failed {
    let (line, column) = (error.line(), error.column());
    let why = error.to_string();
    // `serde_json` has no message without the place.
    let why = why.strip_suffix(&format!(" at line {line} column {column}")).unwrap_or(&why);
    let lines = text.split_inclusive('\n').take(line.saturating_sub(1));
    let start = lines.map(str::len).sum::<usize>() + column.saturating_sub(1);
    let start = (start.min(text.len())..=text.len()).find(|at| text.is_char_boundary(*at));
    let start = start.unwrap_or(text.len());
    let width = text[start..].chars().next().filter(|c| *c != '\n').map_or(0, char::len_utf8);
    Failed { found: syntax(why, Some(Span::new(start, start + width))), is_limit: false }
}

/// Whether the text is more than the parser takes, such as aliases of aliases of aliases. Each
/// further attempt would take as long.
fn is_limit(error: &serde_saphyr::Error) -> bool {
    use serde_saphyr::Error;
    match error {
        Error::WithSnippet { error, .. } | Error::AliasError { error, .. } => is_limit(error),
        Error::Budget { .. }
        | Error::AliasReplayCounterOverflow { .. }
        | Error::AliasReplayLimitExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. } => true,
        _ => false,
    }
}

/// The YAML parser's messages without the place.
struct Placeless;

impl MessageFormatter for Placeless {
    fn localizer(&self) -> &dyn Localizer {
        self
    }

    fn format_message<'a>(&self, error: &'a serde_saphyr::Error) -> Cow<'a, str> {
        UserMessageFormatter.format_message(error)
    }
}

impl Localizer for Placeless {
    fn attach_location<'a>(
        &self,
        message: Cow<'a, str>,
        _: serde_saphyr::Location,
    ) -> Cow<'a, str> {
        message
    }
}
