//! What is wrong with a script, at its place.

use faucet_core::{KeyPath, Problem, ProblemKind};
#[cfg(test)]
use faucet_pipeline::diagnostic::SourceText;
use faucet_pipeline::diagnostic::{Advice, Diagnostic, Severity, Span};

/// What was read, or the fault that ends the statement.
pub(crate) type Read<T> = Result<T, Box<Diagnostic>>;

/// An error at a place of the script. `None`: it has no place.
pub(crate) fn fault(span: Option<Span>, kind: ProblemKind) -> Diagnostic {
    let mut made = Diagnostic::new(Severity::Error, Problem::new(KeyPath::root(), kind));
    made.span = span;
    made
}

/// The text breaks the rules of the language.
pub(crate) fn syntax(span: Span, why: impl Into<String>) -> Diagnostic {
    fault(Some(span), ProblemKind::Syntax { why: why.into() })
}

/// The text follows the rules of the language and has the wrong content.
pub(crate) fn invalid(span: Span, why: impl Into<String>) -> Diagnostic {
    fault(Some(span), ProblemKind::Invalid { why: why.into() })
}

/// `what` is given once more, after `first`.
pub(crate) fn twice(what: &str, first: Span, again: Span) -> Diagnostic {
    let mut made = fault(Some(again), ProblemKind::Duplicate { of: KeyPath::root() });
    made.value = Some(what.to_owned());
    made.with_other(first, "the first time")
}

/// There is no `what` of this name.
pub(crate) fn unknown(
    span: Span,
    what: &'static str,
    name: &str,
    near: Option<&str>,
    known: &[&str],
) -> Diagnostic {
    let known = known.iter().map(|known| (*known).to_owned()).collect();
    let (name, near) = (Some(name.to_owned()), near.map(str::to_owned));
    fault(Some(span), ProblemKind::UnknownName { what, name, near, known })
}

/// Puts more into a fault.
pub(crate) trait With {
    /// Says what to do.
    fn with_help(self, help: impl Into<String>) -> Self;
    /// Names the slip.
    fn with_advice(self, advice: Advice) -> Self;
    /// Shows another part of the script that the fault is about.
    fn with_other(self, other: Span, label: &'static str) -> Self;
}

impl With for Diagnostic {
    fn with_help(mut self, help: impl Into<String>) -> Self {
        self.problem.help = Some(help.into());
        self
    }

    fn with_advice(mut self, advice: Advice) -> Self {
        self.advice = Some(advice);
        self
    }

    fn with_other(mut self, other: Span, label: &'static str) -> Self {
        self.others.push(other);
        self.other_label = Some(label);
        self
    }
}

/// The faults in the order of their places, with lines and columns. Those without a place come last.
#[cfg(test)]
pub(crate) fn located(mut faults: Vec<Diagnostic>, text: &SourceText) -> Vec<Diagnostic> {
    for fault in &mut faults {
        fault.start = fault.span.map(|span| text.position(span.start));
        fault.end = fault.span.map(|span| text.position(span.end));
    }
    faults.sort_by_key(|fault| (fault.span.is_none(), fault.span));
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_come_in_the_order_of_their_places() {
        let text = SourceText::new("a\nbc");
        let nowhere = fault(None, ProblemKind::Missing);
        let faults =
            vec![nowhere, syntax(Span::new(2, 4), "second"), syntax(Span::new(0, 1), "first")];
        let shown: Vec<_> = located(faults, &text)
            .iter()
            .map(|fault| {
                (fault.start.map(|at| (at.line, at.column)), fault.end.map(|at| at.column))
            })
            .collect();
        assert_eq!(shown, [(Some((1, 1)), Some(2)), (Some((2, 1)), Some(3)), (None, None)]);
    }
}
