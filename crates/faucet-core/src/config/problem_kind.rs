//! The ways in which a configuration can be wrong, as data. `Display` makes the short sentences.

use std::fmt;

use crate::config::code::Code;
use crate::config::path::KeyPath;

/// In which way a configuration is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProblemKind {
    /// There is no such key.
    UnknownKey {
        /// The key that was probably meant, as a path below the place of the mistake.
        near: Option<String>,
    },
    /// A value is none of the words that are allowed, or a name names no registered thing.
    UnknownName {
        /// What the name would name, such as `source`; `value` for a word.
        what: &'static str,
        /// The name, if it may be shown: a value may be a secret that was put in the wrong place.
        name: Option<String>,
        /// The name that was probably meant.
        near: Option<String>,
        /// The names that there are.
        known: Vec<String>,
    },
    /// The key is required.
    Missing,
    /// One of these keys is required.
    MissingOneOf {
        /// The keys that take a value.
        keys: Vec<KeyPath>,
        /// The key that may be set to `true` instead.
        or: Option<KeyPath>,
    },
    /// The value has another type.
    WrongType {
        /// Its type in the words of configuration files.
        found: &'static str,
    },
    /// The value is too small, too large, or empty.
    OutOfRange,
    /// The value is smaller than that of another key.
    Below {
        /// The other.
        key: KeyPath,
    },
    /// The value has the right type and the wrong content.
    Invalid {
        /// In which way, without the value.
        why: String,
    },
    /// The key itself, a name that the user chooses, has the wrong content.
    InvalidKey {
        /// In which way.
        why: String,
    },
    /// The key may not stand beside another.
    Conflict {
        /// The other.
        with: KeyPath,
    },
    /// The key has a meaning only beside another.
    Needs {
        /// The other.
        key: KeyPath,
    },
    /// Two keys mean the same.
    Duplicate {
        /// The other.
        of: KeyPath,
    },
    /// The connector exists and is not part of this build.
    Unavailable {
        /// What it is, such as `source`.
        what: &'static str,
        /// Its name.
        name: String,
        /// The cargo feature that brings it in.
        feature: &'static str,
    },
    /// A `{name}` placeholder has no value.
    Placeholder {
        /// Its name.
        name: String,
        /// The name with a value that was probably meant.
        near: Option<String>,
    },
    /// A `{name}` placeholder gets its value later than it is used.
    TakenLater {
        /// Its name.
        name: String,
        /// The key that takes the value.
        by: KeyPath,
    },
    /// The value of a `{name}` placeholder may not stand where it would.
    PlaceholderValue {
        /// Its name.
        name: String,
        /// Why not, without the value.
        why: &'static str,
    },
    /// An environment variable is not set.
    Variable {
        /// Its name.
        name: String,
    },
    /// The text breaks the rules of its format.
    Syntax {
        /// The parser's words, without the text.
        why: String,
    },
    /// The text is not UTF-8.
    NotUtf8,
    /// The file cannot be read.
    Unreadable {
        /// Why not.
        why: String,
    },
    /// A rule of a connector's own, in its own words.
    Custom(String),
    /// The key has another name, or stands in another place. Its value is read from there.
    Misplaced {
        /// Where it belongs. `None`: nowhere, as the help says.
        to: Option<KeyPath>,
    },
    /// What begins with `${` is no variable.
    BadVariable,
    /// A key changes nothing.
    NoEffect {
        /// The reason.
        reason: NoEffect,
    },
    /// A value of the context is used nowhere.
    UnusedContext {
        /// The placeholder that was probably meant.
        near: Option<String>,
    },
    /// A secret stands in a file that others can read.
    LiteralSecret,
    /// A sink writes the file that a source reads.
    SameFile {
        /// The key with the file of the source.
        source: KeyPath,
    },
    /// A key turns a protection off.
    Insecure {
        /// Which, in a line.
        what: &'static str,
    },
    /// The key does something beside the others that is rarely wanted.
    Doubtful {
        /// The effect, in a line.
        what: &'static str,
    },
}

/// Why a key changes nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoEffect {
    /// It has an effect only beside another key.
    Without {
        /// The other key.
        key: KeyPath,
        /// The values of the other key with which this one has an effect. None: the other key has only
        /// to be given.
        values: Vec<String>,
    },
    /// Another key acts before it could.
    Overtaken {
        /// The other key.
        by: KeyPath,
    },
    /// It is for programs that have no pipeline.
    InPipeline,
}

impl fmt::Display for NoEffect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Without { key, values } => {
                write!(f, "changes nothing without {key}")?;
                match values.is_empty() {
                    true => Ok(()),
                    false => write!(f, ": {}", values.join(" or ")),
                }
            }
            Self::Overtaken { by } => write!(f, "changes nothing: {by} acts before"),
            Self::InPipeline => f.write_str("changes nothing in a pipeline"),
        }
    }
}

impl ProblemKind {
    /// The code of the problem.
    pub fn code(&self) -> Code {
        match self {
            Self::UnknownKey { .. } => Code::UnknownKey,
            Self::UnknownName { what: "value", .. } => Code::UnknownValue,
            Self::UnknownName { .. } => Code::UnknownName,
            Self::Missing | Self::MissingOneOf { .. } => Code::MissingKey,
            Self::WrongType { .. } => Code::WrongType,
            Self::OutOfRange | Self::Below { .. } => Code::OutOfRange,
            Self::Invalid { .. } | Self::InvalidKey { .. } => Code::InvalidValue,
            Self::Conflict { .. } => Code::Conflict,
            Self::Needs { .. } => Code::NeedsKey,
            Self::Duplicate { .. } => Code::DuplicateKey,
            Self::Unavailable { .. } => Code::LeftOut,
            Self::Placeholder { .. } | Self::PlaceholderValue { .. } | Self::TakenLater { .. } => {
                Code::Placeholder
            }
            Self::Variable { .. } => Code::UnsetVariable,
            Self::Syntax { .. } => Code::Syntax,
            Self::NotUtf8 => Code::NotUtf8,
            Self::Unreadable { .. } => Code::Unreadable,
            Self::Custom(_) => Code::Refused,
            Self::Misplaced { .. } => Code::MisplacedKey,
            Self::BadVariable => Code::BadVariable,
            Self::NoEffect { .. } => Code::NoEffect,
            Self::UnusedContext { .. } => Code::UnusedContext,
            Self::LiteralSecret => Code::LiteralSecret,
            Self::SameFile { .. } => Code::SameFile,
            Self::Insecure { .. } => Code::Insecure,
            Self::Doubtful { .. } => Code::Doubtful,
        }
    }

    /// The other keys that the problem is about.
    pub fn mentions(&self) -> Vec<&KeyPath> {
        match self {
            Self::Conflict { with: key }
            | Self::Needs { key }
            | Self::Below { key }
            | Self::Duplicate { of: key }
            | Self::NoEffect { reason: NoEffect::Without { key, .. } }
            | Self::NoEffect { reason: NoEffect::Overtaken { by: key } }
            | Self::TakenLater { by: key, .. }
            | Self::SameFile { source: key } => vec![key],
            Self::MissingOneOf { keys, or } => keys.iter().chain(or).collect(),
            Self::Misplaced { to } => to.iter().collect(),
            _ => Vec::new(),
        }
    }

    /// Whether the key itself is wrong, and not its value.
    pub fn is_about_key(&self) -> bool {
        matches!(
            self,
            Self::UnknownKey { .. }
                | Self::InvalidKey { .. }
                | Self::Missing
                | Self::MissingOneOf { .. }
                | Self::Conflict { .. }
                | Self::Needs { .. }
                | Self::Duplicate { .. }
                | Self::Misplaced { .. }
                | Self::NoEffect { .. }
                | Self::UnusedContext { .. }
        )
    }
}

impl fmt::Display for ProblemKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let meant = |f: &mut fmt::Formatter<'_>, near: &Option<String>| match near {
            Some(near) => write!(f, " (did you mean `{near}`?)"),
            None => Ok(()),
        };
        match self {
            Self::UnknownKey { near } => {
                f.write_str("unknown key")?;
                meant(f, near)
            }
            Self::UnknownName { what, name, near, known } => {
                write!(f, "unknown {what}")?;
                name.iter().try_for_each(|name| write!(f, " {name:?}"))?;
                meant(f, near)?;
                match known.len() {
                    0 => write!(f, "; no {what} is registered"),
                    _ => write!(f, "; known: {}", known.join(", ")),
                }
            }
            Self::Missing => f.write_str("missing"),
            Self::MissingOneOf { keys, or } => {
                let names: Vec<String> = keys.iter().map(KeyPath::to_string).collect();
                let at_least = if names.len() > 1 { "at least one of " } else { "" };
                write!(f, "{at_least}{} must be set", names.join(" or "))?;
                or.iter().try_for_each(|key| write!(f, " (or {key}: true)"))
            }
            Self::WrongType { found } => write!(f, "wrong type: {found}"),
            Self::OutOfRange => f.write_str("out of range"),
            Self::Invalid { why }
            | Self::InvalidKey { why }
            | Self::Custom(why)
            | Self::Syntax { why } => f.write_str(why),
            Self::Below { key } => write!(f, "out of range, below {key}"),
            Self::NotUtf8 => f.write_str("the text is not UTF-8"),
            Self::Unreadable { why } => write!(f, "cannot be read: {why}"),
            Self::Conflict { with } => write!(f, "not together with {with}"),
            Self::Needs { key } => write!(f, "needs {key}"),
            Self::Duplicate { of } => write!(f, "means the same as {of}; give one of them"),
            Self::Unavailable { what, name, feature } => write!(
                f,
                "the {what} {name:?} is not part of this build; enable the cargo feature `{feature}`"
            ),
            Self::Placeholder { name, near } => {
                write!(f, "the placeholder {{{name}}} has no value in context")?;
                near.iter().try_for_each(|near| write!(f, " (did you mean {{{near}}}?)"))
            }
            Self::TakenLater { name, by } => {
                write!(f, "{{{name}}} has no value yet: {by} takes it later")
            }
            Self::PlaceholderValue { name, why } => write!(f, "the value of {{{name}}} {why}"),
            Self::Variable { name } => write!(f, "the environment variable {name} is not set"),
            Self::Misplaced { to: Some(to) } => {
                write!(f, "stands in the wrong place (meant is `{to}`)")
            }
            Self::Misplaced { to: None } => f.write_str("stands in the wrong place"),
            Self::BadVariable => f.write_str("not a variable"),
            Self::NoEffect { reason } => reason.fmt(f),
            Self::UnusedContext { near } => {
                f.write_str("no placeholder has this name")?;
                near.iter().try_for_each(|near| write!(f, " (did you mean {{{near}}}?)"))
            }
            Self::LiteralSecret => f.write_str("a secret in a file that others can read"),
            Self::SameFile { source } => write!(f, "the file that {source} reads"),
            Self::Insecure { what } | Self::Doubtful { what } => f.write_str(what),
        }
    }
}
