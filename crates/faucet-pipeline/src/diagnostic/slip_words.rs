//! The sentences of slips, for `words`.

use faucet_core::ProblemKind;

use crate::diagnostic::advice::Advice;
use crate::diagnostic::facts::Diagnostic;

/// A slip that breaks the format, in a sentence.
pub(crate) fn message(advice: &Advice) -> Option<&'static str> {
    Some(match advice {
        Advice::Tab { .. } => "a tab stands in front of a key",
        Advice::Quote { .. } => "this value has to stand in quotes",
        Advice::UnclosedQuote => "a quote is not closed",
        Advice::UnclosedBracket { .. } => "a bracket is not closed",
        Advice::TrailingComma => "a comma stands before the closing bracket",
        Advice::JsonComment => "JSON has no comments",
        Advice::BlankAfterColon => "a key is not followed by a blank",
        Advice::OddBlank { .. } => "what stands in front of a key only looks like a blank",
        Advice::NoColon => "a key is not followed by a colon",
        Advice::NoEquals => "a key of TOML is not followed by `=`",
        Advice::NoComma => "a comma is missing",
        Advice::Boolean { .. } => "`true` and `false` are written in lower case",
        Advice::OtherFormat { .. } => "the file is not in the language that its ending names",
        Advice::Indentation { .. } => "this line is not indented as the lines around it",
        Advice::SecondDocument => "the file has more than one document",
        _ => return None,
    })
}

/// A few words for the place.
pub(crate) fn label(advice: &Advice) -> Option<String> {
    Some(match advice {
        Advice::Tab { .. } => "a tab".to_owned(),
        Advice::Quote { because, .. } => (*because).to_owned(),
        Advice::UnclosedQuote => "the quote begins here and does not end".to_owned(),
        Advice::UnclosedBracket { bracket } => format!("this `{bracket}` is not closed"),
        Advice::TrailingComma => "nothing follows this comma".to_owned(),
        Advice::JsonComment => "a comment".to_owned(),
        Advice::BlankAfterColon => "a blank is missing behind the colon".to_owned(),
        Advice::OddBlank { .. } => "no blank".to_owned(),
        Advice::NoColon => "a colon is missing behind this".to_owned(),
        Advice::NoEquals => "`=` is missing behind this".to_owned(),
        Advice::NoComma => "a comma is missing behind this".to_owned(),
        Advice::OtherFormat { format, .. } => format!("this looks like {format}"),
        Advice::Indentation { found, expected } => {
            let s = if *found == 1 { "" } else { "s" };
            format!("{found} blank{s}, and the keys beside it have {expected}")
        }
        Advice::SecondDocument => "a second document begins".to_owned(),
        Advice::Boolean { meant } => format!("did you mean `{meant}`?"),
        Advice::AsList { .. } => "this is one item".to_owned(),
        Advice::Unquote => "this is text, because of the quotes".to_owned(),
        Advice::Dollar { name } => format!("did you mean `${{{name}}}`?"),
        Advice::OtherTool { ours } => format!("did you mean `{ours}`?"),
        Advice::OwnKey => "a file has no keys of your own".to_owned(),
        Advice::TooDeep
        | Advice::Inside { .. }
        | Advice::OneComponent { .. }
        | Advice::SeveralComponents { .. }
        | Advice::ConnectorAlone { .. }
        | Advice::Empty => return None,
    })
}

/// What to do.
pub(crate) fn help(of: &Diagnostic, advice: &Advice) -> Option<String> {
    let owner = of.owner.as_ref();
    Some(match advice {
        Advice::Tab { more: 0 } => "YAML is indented with blanks; replace the tab".to_owned(),
        Advice::Tab { more } => {
            format!("YAML is indented with blanks; replace the tab, also in {more} more lines")
        }
        Advice::Quote { quoted: Some(quoted), .. } if quoted.len() <= 80 => {
            format!("put it in quotes: {quoted}")
        }
        Advice::Quote { .. } => "put the value in quotes".to_owned(),
        Advice::UnclosedQuote => "add the quote at the end of the value".to_owned(),
        Advice::UnclosedBracket { bracket: '{' } => "add the `}`".to_owned(),
        Advice::UnclosedBracket { .. } => "add the `]`".to_owned(),
        Advice::TrailingComma => "remove the comma".to_owned(),
        Advice::JsonComment => {
            "JSON has no comments; remove it, or write the file as YAML".to_owned()
        }
        Advice::BlankAfterColon => "write `key: value`".to_owned(),
        Advice::OddBlank { more: 0 } => "replace it by a blank".to_owned(),
        Advice::OddBlank { more } => format!("replace it by a blank, also in {more} more lines"),
        Advice::NoColon => "add the colon".to_owned(),
        Advice::NoEquals => "write `key = value`".to_owned(),
        Advice::NoComma => "add the comma".to_owned(),
        Advice::OtherFormat { ending, .. } => {
            format!("let its name end in .{ending}, or use --input-format {ending}")
        }
        Advice::Boolean { meant } if matches!(of.problem.kind, ProblemKind::Syntax { .. }) => {
            format!("write `{meant}`")
        }
        Advice::Indentation { expected: 0, .. } => "begin the line without blanks".to_owned(),
        Advice::Indentation { expected, .. } => {
            let s = if *expected == 1 { "" } else { "s" };
            format!("indent the line with {expected} blank{s}")
        }
        Advice::SecondDocument => "a file has one pipeline; write another file".to_owned(),
        Advice::Boolean { meant } => {
            format!("`yes`, `no`, `on` and `off` are text; write `{meant}`")
        }
        Advice::AsList { list } => format!("write a list: {list}"),
        Advice::Unquote => "write the value without quotes".to_owned(),
        Advice::Dollar { name } => {
            format!("variables are written `${{{name}}}`")
        }
        Advice::TooDeep if matches!(&of.problem.kind, ProblemKind::Misplaced { to: Some(to) } if to.is_root()) => {
            "`source`, `transform` and `sink` stand at the top of the file: indent them less"
                .to_owned()
        }
        Advice::TooDeep => {
            let kind = owner.map_or("source", |owner| owner.kind);
            format!("the keys of a connector stand directly below `{kind}`, beside `type`")
        }
        Advice::Inside { section, .. } if is_setting(section) => format!(
            "`{section}` stands at the top of the file: indent it less, or in TOML write it above \
             the first `[section]`"
        ),
        Advice::Inside { section, .. } => {
            format!("`{section}` stands at the top of the file: indent it less")
        }
        Advice::OtherTool { ours: "from" }
            if matches!(of.problem.kind, ProblemKind::Misplaced { to: None }) =>
        {
            "name this component in the `from` of a transform or sink".to_owned()
        }
        Advice::OtherTool { ours: "from" } => {
            "name the components whose records it takes: from: [a, b]".to_owned()
        }
        Advice::OtherTool { ours } => format!("write `{ours}`"),
        Advice::OneComponent { short } => format!("write `{short}` for one component"),
        Advice::SeveralComponents { long } => format!("write `{long}` for several components"),
        Advice::ConnectorAlone { name } => {
            format!("write `type: {name}` below it, and the other keys of the connector")
        }
        Advice::OwnKey => "name an anchor where its value is used first, `reconnect: &name true`, \
                           and write `*name` at the other places"
            .to_owned(),
        Advice::Empty => "`faucet init` writes a file to start from".to_owned(),
    })
}

fn is_setting(section: &str) -> bool {
    matches!(section, "flush" | "state" | "grace" | "parallel" | "context")
}
