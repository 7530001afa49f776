//! Diagnostics for people, beside the lines that they are about.

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use crate::diagnostic::facts::{Diagnostic, Severity};
use crate::diagnostic::mask::Masked;
use crate::diagnostic::position::{Position, Span};
use crate::diagnostic::text::SourceText;
use crate::diagnostic::words;

/// Draws one diagnostic.
pub(crate) fn draw(
    of: &Diagnostic,
    text: &SourceText,
    masked: &Masked,
    command: &str,
    color: bool,
    width: usize,
) -> String {
    let level = match of.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = harmless(&of.message());
    let title = level.primary_title(title).id(of.code().as_str());
    let mut group = match of.span {
        Some(span) => title.element(snippet(of, span, text, masked)),
        None => match text.name() {
            Some(name) => title.element(Origin::path(harmless(name))),
            None => Group::with_title(title),
        },
    };
    for line in of.help() {
        group = group.element(Level::HELP.message(harmless(&line)));
    }
    group = group.element(
        Level::NOTE.with_name("more").message(format!("{command} explain {}", of.topic())),
    );
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let drawn = renderer.term_width(width).render(&[group]);
    // The renderer shows the control characters of ASCII as pictures, and lets the others pass.
    let drawn = drawn.replace(|c| ('\u{7f}'..='\u{9f}').contains(&c), "\u{fffd}");
    // The renderer counts columns in the text with masks.
    match (of.span, of.start, text.name()) {
        (Some(span), Some(start), Some(name)) => {
            let drawn_at = masked.position(masked.span(span).start);
            let place = |at: Position| format!("{}:{}:{}", harmless(name), at.line, at.column);
            drawn.replacen(&place(drawn_at), &place(start), 1)
        }
        _ => drawn,
    }
}

fn snippet<'a>(
    of: &Diagnostic,
    span: Span,
    text: &'a SourceText,
    masked: &'a Masked,
) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
    let shown = masked.span(span);
    let others: Vec<Span> = of.others.iter().map(|other| masked.span(*other)).collect();
    // Only the lines in question: the renderer reads all that it is given, once for each diagnostic.
    let all = || others.iter().chain([&shown]);
    let start = all().map(|span| span.start).min().unwrap_or_default();
    let end = all().map(|span| span.end).max().unwrap_or_default();
    let start = masked.text[..start].rfind('\n').map_or(0, |at| at + 1);
    let end = masked.text[end..].find('\n').map_or(masked.text.len(), |at| end + at);
    let line = memchr::memchr_iter(b'\n', &masked.text.as_bytes()[..start]).count() + 1;
    let within = |span: Span| span.start - start..span.end - start;

    let snippet = Snippet::source(&masked.text[start..end]).line_start(line).fold(true);
    let snippet = match text.name() {
        Some(name) => snippet.path(harmless(name)),
        None => snippet,
    };
    let mut primary = AnnotationKind::Primary.span(within(shown));
    if let Some(label) = of.label() {
        primary = primary.label(harmless(&label));
    }
    let other =
        |span: Span| AnnotationKind::Context.span(within(span)).label(words::other_label(of));
    snippet.annotation(primary).annotations(others.iter().copied().map(other))
}

/// Text that cannot drive a terminal: a file may be somebody else's.
pub(crate) fn harmless(text: &str) -> String {
    let escape = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.into() };
    text.chars().map(escape).collect()
}
