//! The sentences of diagnostics. No other file makes them.

use std::fmt;

use faucet_core::{KeyPath, NoEffect, Problem, ProblemKind, Step};

use crate::diagnostic::advice::Advice;
use crate::diagnostic::facts::{Diagnostic, Owner};

impl Diagnostic {
    /// What is wrong, in a sentence.
    pub fn message(&self) -> String {
        message(self)
    }

    /// A few words for the place itself.
    pub fn label(&self) -> Option<String> {
        label(self)
    }

    /// What to do: one piece of advice a line.
    pub fn help(&self) -> Vec<String> {
        help(self)
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}]: {}", self.severity.as_str(), self.code(), self.message())?;
        if let Some(label) = self.label() {
            write!(f, ": {label}")?;
        }
        self.start.iter().try_for_each(|start| write!(f, " at {start}"))?;
        let help = self.help();
        if !help.is_empty() {
            write!(f, " (help: {})", help.join("; "))?;
        }
        Ok(())
    }
}

/// What is wrong.
fn message(of: &Diagnostic) -> String {
    let Problem { path, kind, .. } = &of.problem;
    let key = name(of, path);
    let value = of.value.as_deref();
    match kind {
        ProblemKind::UnknownKey { .. } => {
            let last = path.last_key().map_or_else(|| path.to_string(), str::to_owned);
            format!("`{last}` is not a key of {}", holder(of))
        }
        ProblemKind::UnknownName { what: "value", .. } => match value {
            Some(value) => format!("`{key}` cannot be `{}`", unquoted(value)),
            None => format!("`{key}` is not one of its words"),
        },
        // Text in several lines is no name. It may be anything, such as a part of the file.
        ProblemKind::UnknownName { what, name: Some(name), .. }
            if name.len() <= 60 && !name.contains(char::is_control) =>
        {
            format!("there is no {what} `{name}`")
        }
        ProblemKind::UnknownName { what, .. } => format!("there is no such {what}"),
        ProblemKind::Missing if path.is_root() => "the file is empty".to_owned(),
        ProblemKind::Missing if path.steps().len() == 1 => format!("the file has no `{key}`"),
        ProblemKind::Missing => format!("`{key}` is missing"),
        ProblemKind::MissingOneOf { keys, or } => {
            let below = |key: &KeyPath| key.relative_to(path);
            let (keys, or) = (keys.iter().map(below).collect(), or.as_ref().map(below));
            ProblemKind::MissingOneOf { keys, or }.to_string()
        }
        ProblemKind::WrongType { found: "nothing" } => format!("`{key}` has no value"),
        ProblemKind::WrongType { .. } => match &of.problem.expected {
            Some(expected) => format!("`{key}` takes {expected}, and not {}", given(of)),
            None => format!("`{key}` has the wrong type"),
        },
        ProblemKind::OutOfRange => match value {
            Some(value) => format!("`{key}` cannot be {}", unquoted(value)),
            None => format!("`{key}` is out of range"),
        },
        ProblemKind::Invalid { why } if why == "not understood" => match value {
            Some(value) => format!("`{key}` cannot be `{}`", unquoted(value)),
            None => format!("the value of `{key}` is not understood"),
        },
        ProblemKind::Invalid { why }
        | ProblemKind::InvalidKey { why }
        | ProblemKind::Custom(why) => match path.is_root() {
            true => why.clone(),
            false if why.starts_with(path.last_key().unwrap_or("\n")) => why.clone(),
            false => format!("`{key}`: {why}"),
        },
        ProblemKind::Conflict { with } => {
            format!("`{key}` cannot stand beside `{}`", name(of, with))
        }
        ProblemKind::Needs { key: other } => format!("`{key}` needs `{}`", name(of, other)),
        ProblemKind::Below { key: other } => {
            format!("`{key}` cannot be below `{}`", name(of, other))
        }
        ProblemKind::Duplicate { of: other } if other == path => format!("`{key}` is given twice"),
        ProblemKind::Duplicate { of: other } => {
            format!("`{key}` means the same as `{}`", name(of, other))
        }
        ProblemKind::Misplaced { to: Some(to) } => match &of.advice {
            Some(Advice::OtherTool { ours }) => format!("`{key}` is called `{ours}` here"),
            Some(Advice::TooDeep) => format!("the keys below `{key}` stand one level too deep"),
            Some(Advice::Inside { section, around }) => {
                format!("`{section}` stands inside `{around}`")
            }
            Some(Advice::OneComponent { .. }) => {
                format!("`{key}` takes components by name, and holds one component")
            }
            Some(Advice::SeveralComponents { .. }) => {
                format!("`{key}` takes one component, and holds components by name")
            }
            _ => format!("`{key}` belongs to `{to}`"),
        },
        ProblemKind::Misplaced { to: None } => format!("`{key}` stands in the wrong place"),
        ProblemKind::Syntax { why } => {
            of.advice.as_ref().and_then(slip).map_or_else(|| why.clone(), str::to_owned)
        }
        ProblemKind::BadVariable => "what begins with `${` is not a variable".to_owned(),
        ProblemKind::NoEffect { reason } => no_effect(of, &key, reason),
        ProblemKind::UnusedContext { .. } => {
            let last = path.last_key().unwrap_or_default();
            format!("no placeholder is called {{{last}}}, so that its value is used nowhere")
        }
        ProblemKind::LiteralSecret => {
            format!("`{key}` is a secret, and other users of this machine can read the file")
        }
        ProblemKind::SameFile { .. } => "the sink writes the file that the source reads".to_owned(),
        ProblemKind::Insecure { what } => format!("`{key}`: {what}"),
        ProblemKind::Unavailable { what, name, .. } => {
            format!("the {what} `{name}` is not part of this build")
        }
        ProblemKind::Placeholder { name, .. } => {
            format!("the placeholder {{{name}}} has no value in context")
        }
        kind => kind.to_string(),
    }
}

/// Why a key changes nothing.
fn no_effect(of: &Diagnostic, key: &str, reason: &NoEffect) -> String {
    match reason {
        NoEffect::Without { key: other, values } if values.is_empty() => {
            format!("`{key}` changes nothing without `{}`", name(of, other))
        }
        NoEffect::Without { key: other, values } => {
            let other = name(of, other);
            let words: Vec<String> =
                values.iter().map(|value| format!("`{other}: {value}`")).collect();
            format!("`{key}` changes nothing without {}", words.join(" or "))
        }
        NoEffect::Overtaken { by } => {
            format!("`{key}` changes nothing, because `{}` acts before", name(of, by))
        }
        reason => format!("`{key}` {reason}"),
    }
}

/// A slip that breaks the format, in a sentence.
fn slip(advice: &Advice) -> Option<&'static str> {
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
fn label(of: &Diagnostic) -> Option<String> {
    if let Some(label) = of.advice.as_ref().and_then(advice_label) {
        return Some(label);
    }
    let meant = |near: &Option<String>| near.as_ref().map(|near| format!("did you mean `{near}`?"));
    match &of.problem.kind {
        ProblemKind::UnknownKey { near } => {
            meant(near).or_else(|| Some("there is no such key".to_owned()))
        }
        ProblemKind::UnknownName { near, .. } => meant(near),
        ProblemKind::Missing => {
            Some("it belongs below this key".to_owned()).filter(|_| !at_top(of))
        }
        ProblemKind::MissingOneOf { keys, or } if !of.problem.path.is_root() => {
            let it = if keys.len() + or.iter().len() > 1 { "one of them" } else { "it" };
            Some(format!("{it} belongs below this key"))
        }
        ProblemKind::WrongType { found: "nothing" } => {
            of.problem.expected.as_ref().map(|expected| format!("expected {expected}"))
        }
        ProblemKind::WrongType { .. } => Some(format!("this is {}", given(of))),
        ProblemKind::OutOfRange | ProblemKind::Invalid { .. } => {
            of.problem.expected.as_ref().map(|expected| format!("expected {expected}"))
        }
        ProblemKind::Below { key } => Some(format!("less than `{}`", name(of, key))),
        ProblemKind::Duplicate { of: other } if *other == of.problem.path => {
            Some("once more".to_owned())
        }
        ProblemKind::UnusedContext { near: Some(near) } => Some(format!("did you mean `{near}`?")),
        ProblemKind::Variable { name } => Some(format!("{name} has no value")),
        ProblemKind::Placeholder { near: Some(near), .. } => {
            Some(format!("did you mean `{{{near}}}`?"))
        }
        ProblemKind::NotUtf8 => Some("the first byte that is not UTF-8".to_owned()),
        _ => None,
    }
}

/// The words beside the other places.
pub(crate) fn other_label(of: &Diagnostic) -> &'static str {
    match &of.problem.kind {
        ProblemKind::Duplicate { .. } => "the first time",
        ProblemKind::SameFile { .. } => "read here",
        _ => "the other key",
    }
}

/// What to do.
fn help(of: &Diagnostic) -> Vec<String> {
    let mut help = Vec::new();
    help.extend(of.advice.as_ref().and_then(|advice| advice_help(of, advice)));
    match &of.problem.kind {
        ProblemKind::UnknownName { known, what, .. } if !known.is_empty() && known.len() <= 30 => {
            let what = if *what == "value" { "one of" } else { "known" };
            help.push(format!("{what}: {}", known.join(", ")));
        }
        ProblemKind::UnknownName { what, known, .. } if known.is_empty() => {
            help.push(format!("the file has no {what}"));
        }
        ProblemKind::Missing if at_top(of) && !of.problem.path.is_root() => {
            let section = name(of, &of.problem.path);
            help.push(format!("add `{section}` with a `type`; `faucet list` shows the choice"));
        }
        ProblemKind::WrongType { found: "a list" | "text", .. }
            if of.advice.is_none() && of.problem.expected.as_deref() == Some("a map") =>
        {
            help.push("write keys and values below it, such as `key: value`".to_owned());
        }
        ProblemKind::Missing => {
            help.extend(of.problem.expected.as_ref().map(|expected| format!("expected: {expected}")));
        }
        ProblemKind::Conflict { .. } => help.push("leave one of the two out".to_owned()),
        ProblemKind::Needs { key } if of.problem.help.is_none() => {
            help.push(format!("add `{}`, or leave this key out", name(of, key)));
        }
        ProblemKind::Duplicate { .. } => {
            help.push("leave one of the two out".to_owned());
            if let [Step::Key(section)] = of.problem.path.steps()
                && matches!(&**section, "source" | "transform" | "sink")
            {
                help.push(format!("for several give them names below `{section}s`"));
            }
        }
        ProblemKind::Unavailable { feature, .. } => {
            help.push(format!("build with the cargo feature `{feature}`"));
        }
        ProblemKind::NoEffect { reason: NoEffect::Without { key, values } } => {
            let set = match values.first() {
                Some(value) => format!("{}: {value}", name(of, key)),
                None => name(of, key),
            };
            help.push(format!("set `{set}`, or leave this key out"));
        }
        ProblemKind::UnusedContext { near: None } => {
            let name = of.problem.path.last_key().unwrap_or_default();
            help.push(format!("leave it out, or use it: {{{name}}} in a url or a path"));
        }
        ProblemKind::LiteralSecret => help.push(
            "put it into an environment variable, `${NAME}`, or take the permission away: chmod 600"
                .to_owned(),
        ),
        ProblemKind::SameFile { .. } => {
            help.push("the pipeline would read its own records; write another file".to_owned());
        }
        ProblemKind::Variable { name } if of.problem.help.is_none() => {
            help.push(format!("set it, or give a default: ${{{name}:-default}}"));
        }
        _ => {}
    }
    help.extend(of.problem.help.clone());
    help
}

fn at_top(of: &Diagnostic) -> bool {
    of.problem.path.steps().len() < 2
}

fn advice_label(advice: &Advice) -> Option<String> {
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
        Advice::MessageAsText => "this is a map".to_owned(),
        Advice::OwnKey => "a file has no keys of your own".to_owned(),
        Advice::TooDeep
        | Advice::Inside { .. }
        | Advice::OneComponent { .. }
        | Advice::SeveralComponents { .. }
        | Advice::ConnectorAlone { .. }
        | Advice::Empty => return None,
    })
}

fn advice_help(of: &Diagnostic, advice: &Advice) -> Option<String> {
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
        Advice::TooDeep => {
            let kind = owner.map_or("source", |owner| owner.kind);
            format!("the keys of a connector stand directly below `{kind}`, beside `type`")
        }
        Advice::Inside { section, .. } => {
            format!("`{section}` stands at the top of the file: indent it less")
        }
        Advice::OtherTool { ours: "from" } => {
            "name the components whose records it takes: from: [a, b]".to_owned()
        }
        Advice::OtherTool { ours } => format!("write `{ours}`"),
        Advice::OneComponent { short } => format!("write `{short}` for one component"),
        Advice::SeveralComponents { long } => format!("write `{long}` for several components"),
        Advice::MessageAsText => {
            let is_json = |text: &&str| serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
            let text = of.value.as_deref().filter(is_json).unwrap_or(r#"{"op":"subscribe"}"#);
            format!("write the message as text, in quotes: '{text}'")
        }
        Advice::ConnectorAlone { name } => {
            format!("write `type: {name}` below it, and the other keys of the connector")
        }
        Advice::OwnKey => "name an anchor where its value is used first, `reconnect: &name true`, \
                           and write `*name` at the other places"
            .to_owned(),
        Advice::Empty => "`faucet init` writes a file to start from".to_owned(),
    })
}

/// The key as it is called in its component.
fn name(of: &Diagnostic, path: &KeyPath) -> String {
    let Some(Owner { place, .. }) = &of.owner else { return path.to_string() };
    path.relative_to(place).to_string()
}

/// What holds the key.
fn holder(of: &Diagnostic) -> String {
    let path = &of.problem.path;
    let Some(outer) = path.parent().filter(|outer| !outer.is_root()) else {
        return "a pipeline file".to_owned();
    };
    match &of.owner {
        Some(Owner { place, kind, connector, .. }) if *place == outer => match connector {
            Some(connector) => format!("the {connector} {kind}"),
            None => format!("a {kind}"),
        },
        _ => match outer.steps().last() {
            // A place in a list has no name of its own.
            Some(Step::Index(_)) => format!("`{}`", name(of, &outer.parent().unwrap_or_default())),
            _ => format!("`{}`", name(of, &outer)),
        },
    }
}

/// The type of the value in words.
fn given(of: &Diagnostic) -> &'static str {
    let ProblemKind::WrongType { found } = &of.problem.kind else { return "something else" };
    let is_whole = |expected: &String| expected.contains("whole number");
    match *found {
        "a number" if of.problem.expected.as_ref().is_some_and(is_whole) => "a fraction",
        found => found,
    }
}

fn unquoted(value: &str) -> &str {
    let quoted = |quote: char| value.strip_prefix(quote).and_then(|v| v.strip_suffix(quote));
    quoted('"').or_else(|| quoted('\'')).unwrap_or(value)
}
