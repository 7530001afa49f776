//! What scripts say, and what is wrong with them.

mod faults;
mod queries;
mod soup;
mod specification;
mod streams;
mod windows;

use faucet_pipeline::diagnostic::{Diagnostic, SourceText, Span, locate};

use crate::script::parse::{Parsed, parse};
use crate::script::statement::{CreateStream, QueryStatement, Statement};

/// The text without the marks `«` and `»`, and the parts between them.
fn marked(text: &str) -> (String, Vec<Span>) {
    let (mut plain, mut spans, mut begin) = (String::new(), Vec::new(), 0);
    for c in text.chars() {
        match c {
            '«' => begin = plain.len(),
            '»' => spans.push(Span::new(begin, plain.len())),
            c => plain.push(c),
        }
    }
    (plain, spans)
}

/// The one fault of a script that marks its places: first the other places, then the fault's own.
fn only_fault(text: &str) -> Diagnostic {
    let (plain, mut spans) = marked(text);
    let mut faults = parse(&plain).faults;
    locate(&mut faults, &SourceText::new(plain.as_str()));
    assert_eq!(faults.len(), 1, "{text}: {faults:#?}");
    let fault = faults.remove(0);
    let place = spans.pop();
    assert_eq!((fault.span, &fault.others), (place, &spans), "{text}: {fault}");
    fault
}

/// What a fault says: its message, its label, and what to do.
fn words(fault: &Diagnostic) -> String {
    let parts = [Some(fault.message()), fault.label()].into_iter().flatten();
    parts.chain(fault.help()).collect::<Vec<_>>().join(" | ")
}

/// Each script has one fault, at the marked place and in these words.
fn assert_faults(table: &[(&str, &str)]) {
    for (text, wanted) in table {
        assert_eq!(words(&only_fault(text)), *wanted, "{text}");
    }
}

fn sound(text: &str) -> Vec<Statement> {
    let Parsed { statements, faults, .. } = parse(text);
    assert_eq!(faults, [], "{text}");
    statements
}

fn one_stream(text: &str) -> CreateStream {
    match sound(text).remove(0) {
        Statement::Stream(stream) => stream,
        Statement::Query(_) => panic!("{text}"),
    }
}

pub(super) fn one_query(text: &str) -> QueryStatement {
    match sound(text).remove(0) {
        Statement::Query(query) => query,
        Statement::Stream(_) => panic!("{text}"),
    }
}
