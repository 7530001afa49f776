//! From the text of a pipeline file to a tree that knows where its keys and values stand.

use std::borrow::Cow;

use faucet_core::{KeyPath, ProblemKind};
use serde::de::IgnoredAny;
use serde_json::Value;
use serde_saphyr::{
    DuplicateKeyPolicy, Localizer, MessageFormatter, Spanned, UserMessageFormatter,
};

use crate::diagnostic::{Diagnostic, Span};
use crate::file::format::SpecFormat;
use crate::file::node::{Collected, Node, span};
use crate::file::patched::Patched;
use crate::file::places::{Place, Places};
use crate::file::toml_tree::{self, syntax};

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
    /// The tree with places in the original of `text`.
    pub(crate) fn in_original(mut self, text: &Patched) -> Self {
        self.places.map_spans(|span| text.original(span));
        for found in &mut self.found {
            found.span = found.span.map(|span| text.original(span));
            found.others.iter_mut().for_each(|span| *span = text.original(*span));
        }
        self
    }
}

/// What keeps a text from being parsed.
pub(crate) struct Failed {
    pub(crate) found: Box<Diagnostic>,
    /// Whether the text is too large or too deep.
    pub(crate) is_limit: bool,
}

/// Parses the text as it is.
///
/// # Errors
/// The first thing that breaks the format.
pub(crate) fn parsed(text: &str, format: SpecFormat) -> Result<Tree, Failed> {
    match format {
        SpecFormat::Toml => return parsed_toml(text),
        SpecFormat::Json => {
            // JSON is YAML, but not the reverse.
            serde_json::from_str::<IgnoredAny>(text).map_err(|error| json_syntax(&error, text))?;
        }
        SpecFormat::Yaml => {}
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
            let at = error.location().map(|at| match span(at) {
                Some(span) => span.start,
                // The scanner counts lines and characters.
                None => offset(text, at.line(), at.column()),
            });
            let found = syntax(why, at.map(|at| character_at(text, at)));
            Failed { found: Box::new(found), is_limit: is_limit(&error) }
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
    let found = Box::new(syntax(why, Some(character_at(text, start))));
    Failed { found, is_limit: false }
}

/// # Errors
/// The first thing that breaks the format.
fn parsed_toml(text: &str) -> Result<Tree, Failed> {
    let (value, places, found) = toml_tree::parse(text);
    let is_syntax = |found: &&Diagnostic| matches!(found.problem.kind, ProblemKind::Syntax { .. });
    match found.iter().filter(is_syntax).min_by_key(|found| found.span) {
        Some(first) => Err(Failed { found: Box::new(first.clone()), is_limit: false }),
        None => Ok(Tree { value: Some(value), places, found }),
    }
}

/// The byte at a line and a column, both from 1; columns are characters.
fn offset(text: &str, line: u64, column: u64) -> usize {
    let before = usize::try_from(line).unwrap_or(usize::MAX).saturating_sub(1);
    let start = text.split_inclusive('\n').take(before).map(str::len).sum::<usize>();
    let column = usize::try_from(column).unwrap_or(usize::MAX).saturating_sub(1);
    let line = text[start..].split('\n').next().unwrap_or_default();
    start + line.char_indices().nth(column).map_or(line.len(), |(at, _)| at)
}

/// The part with the character at `at`, or where the line ends there the place.
fn character_at(text: &str, at: usize) -> Span {
    let start = (at.min(text.len())..=text.len()).find(|at| text.is_char_boundary(*at));
    let start = start.unwrap_or(text.len());
    let width = text[start..].chars().next().filter(|c| *c != '\n').map_or(0, char::len_utf8);
    Span::new(start, start + width)
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
