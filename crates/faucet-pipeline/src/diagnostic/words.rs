//! The sentences of diagnostics. No other file makes them, except for those of slips in `slip_words`.

use std::fmt;

use faucet_core::{KeyPath, NoEffect, Problem, ProblemKind, Step};

use crate::diagnostic::advice::Advice;
use crate::diagnostic::facts::{Diagnostic, Owner};
use crate::diagnostic::slip_words;

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
        // In a language without keys the diagnostic has the name.
        ProblemKind::Duplicate { of: other } if other == path && path.is_root() => match value {
            Some(value) => format!("`{}` is given twice", unquoted(value)),
            None => "this is given twice".to_owned(),
        },
        ProblemKind::Duplicate { of: other } if other == path => format!("`{key}` is given twice"),
        ProblemKind::Duplicate { of: other } => {
            format!("`{key}` means the same as `{}`", name(of, other))
        }
        ProblemKind::Misplaced { to: Some(to) } => misplaced(of, &key, to),
        ProblemKind::Misplaced { to: None } => format!("`{key}` stands in the wrong place"),
        ProblemKind::Syntax { why } => of
            .advice
            .as_ref()
            .and_then(slip_words::message)
            .map_or_else(|| why.clone(), str::to_owned),
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
        ProblemKind::Insecure { what } | ProblemKind::Doubtful { what } => {
            format!("`{key}`: {what}")
        }
        ProblemKind::Unavailable { what, name, .. } => {
            format!("the {what} `{name}` is not part of this build")
        }
        ProblemKind::Placeholder { name, .. } => {
            format!("the placeholder {{{name}}} has no value in context")
        }
        ProblemKind::TakenLater { name: placeholder, by } => {
            format!("{{{placeholder}}} has no value yet: `{}` takes it later", name(of, by))
        }
        kind => kind.to_string(),
    }
}

/// A key in the wrong place, which belongs to `to`.
fn misplaced(of: &Diagnostic, key: &str, to: &KeyPath) -> String {
    match &of.advice {
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

/// A few words for the place.
fn label(of: &Diagnostic) -> Option<String> {
    if let Some(label) = of.advice.as_ref().and_then(slip_words::label) {
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
        ProblemKind::OutOfRange | ProblemKind::Invalid { .. } | ProblemKind::InvalidKey { .. } => {
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
    if let Some(label) = of.other_label {
        return label;
    }
    match &of.problem.kind {
        ProblemKind::Duplicate { .. } => "the first time",
        ProblemKind::SameFile { .. } => "read here",
        ProblemKind::TakenLater { .. } => "taken here",
        _ => "the other key",
    }
}

/// What to do.
fn help(of: &Diagnostic) -> Vec<String> {
    let mut help = Vec::new();
    help.extend(of.advice.as_ref().and_then(|advice| slip_words::help(of, advice)));
    match &of.problem.kind {
        ProblemKind::UnknownName { known, what, .. } if !known.is_empty() && known.len() <= 30 => {
            let what = if *what == "value" { "one of" } else { "known" };
            help.push(format!("{what}: {}", known.join(", ")));
        }
        ProblemKind::UnknownName { what, known, .. } if known.is_empty() => {
            help.push(format!("no {what} is declared"));
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
