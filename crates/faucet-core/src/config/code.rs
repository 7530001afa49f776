//! The codes of configuration problems.

use std::fmt;

/// The code of a configuration problem: a short name that stays as it is when words change.
/// `faucet explain CODE` shows its [`meaning`](Self::meaning).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Code {
    /// The text is no YAML, JSON or TOML.
    Syntax,
    /// The text is not UTF-8.
    NotUtf8,
    /// The file cannot be read.
    Unreadable,
    /// There is no such key.
    UnknownKey,
    /// The key stands in the wrong place.
    MisplacedKey,
    /// The word is none of those that the key takes.
    UnknownValue,
    /// A name names no connector, or no component of the file.
    UnknownName,
    /// A required key is missing.
    MissingKey,
    /// The value has another type.
    WrongType,
    /// The value is too small, too large or empty.
    OutOfRange,
    /// The value has the right type and the wrong content.
    InvalidValue,
    /// Two keys may not stand beside each other.
    Conflict,
    /// The key needs another one.
    NeedsKey,
    /// The key is given twice.
    DuplicateKey,
    /// The connector is not part of this build.
    LeftOut,
    /// A `{placeholder}` has no usable value.
    Placeholder,
    /// An environment variable is not set.
    UnsetVariable,
    /// A `${…}` is not well formed.
    BadVariable,
    /// A rule of the connector's own.
    Refused,
    /// A key changes nothing.
    NoEffect,
    /// A value of the context is used nowhere.
    UnusedContext,
    /// A secret stands in a file that others can read.
    LiteralSecret,
    /// A source reads the file that a sink writes.
    SameFile,
    /// A protection is turned off.
    Insecure,
    /// The keys together do something that is rarely wanted.
    Doubtful,
}

impl Code {
    /// All codes: first those of errors, then those of warnings.
    pub const ALL: &'static [Self] = &[
        Self::Syntax,
        Self::NotUtf8,
        Self::Unreadable,
        Self::UnknownKey,
        Self::MisplacedKey,
        Self::UnknownValue,
        Self::UnknownName,
        Self::MissingKey,
        Self::WrongType,
        Self::OutOfRange,
        Self::InvalidValue,
        Self::Conflict,
        Self::NeedsKey,
        Self::DuplicateKey,
        Self::LeftOut,
        Self::Placeholder,
        Self::UnsetVariable,
        Self::BadVariable,
        Self::Refused,
        Self::NoEffect,
        Self::UnusedContext,
        Self::LiteralSecret,
        Self::SameFile,
        Self::Insecure,
        Self::Doubtful,
    ];

    /// The code as messages show it, such as `unknown-key`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Syntax => "syntax",
            Self::NotUtf8 => "not-utf8",
            Self::Unreadable => "unreadable",
            Self::UnknownKey => "unknown-key",
            Self::MisplacedKey => "misplaced-key",
            Self::UnknownValue => "unknown-value",
            Self::UnknownName => "unknown-name",
            Self::MissingKey => "missing-key",
            Self::WrongType => "wrong-type",
            Self::OutOfRange => "out-of-range",
            Self::InvalidValue => "invalid-value",
            Self::Conflict => "conflict",
            Self::NeedsKey => "needs-key",
            Self::DuplicateKey => "duplicate-key",
            Self::LeftOut => "left-out",
            Self::Placeholder => "placeholder",
            Self::UnsetVariable => "unset-variable",
            Self::BadVariable => "bad-variable",
            Self::Refused => "refused",
            Self::NoEffect => "no-effect",
            Self::UnusedContext => "unused-context",
            Self::LiteralSecret => "literal-secret",
            Self::SameFile => "same-file",
            Self::Insecure => "insecure",
            Self::Doubtful => "doubtful",
        }
    }

    /// The code of this name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.as_str() == name)
    }

    /// Whether the code is that of a warning: the pipeline runs all the same.
    pub const fn is_warning(self) -> bool {
        matches!(
            self,
            Self::NoEffect
                | Self::UnusedContext
                | Self::LiteralSecret
                | Self::SameFile
                | Self::Insecure
                | Self::Doubtful
        )
    }

    /// The meaning, and the way out: the text of `faucet explain`.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Syntax => {
                "The text breaks the rules of its format, so that it cannot be read to its end.\n\n\
                 In YAML the common causes are a tab in front of a key (use spaces), a value that \
                 begins with `{`, `[`, `*`, `&`, `%`, `@` or a backtick (put it in quotes), `: ` in \
                 a value (put it in quotes), and a quote that is not closed. In JSON they are a \
                 comma before `}` or `]`, and a comment. In TOML they are text without quotes."
            }
            Self::NotUtf8 => {
                "The file has bytes that are not UTF-8.\n\nSave the file as UTF-8 in your editor. \
                 The message names the first such byte."
            }
            Self::Unreadable => {
                "The file cannot be read.\n\nThe message has the reason that the operating system \
                 gives: a wrong name, a missing permission, a directory."
            }
            Self::UnknownKey => {
                "There is no such key at this place.\n\nThe message names the key that was probably \
                 meant. `faucet explain sink.jsonl` lists the keys of a connector."
            }
            Self::MisplacedKey => {
                "The key exists, and stands in the wrong place, or has the name that another tool \
                 gives it.\n\nA pipeline file has `source`, `transform` and `sink` at the top. The \
                 keys of a connector stand directly below, beside `type`. A component takes its \
                 records from the components that its `from` names."
            }
            Self::UnknownValue => {
                "The key takes one of a few words, and the value is none of them.\n\nWords are \
                 written in lower case, as they are listed."
            }
            Self::UnknownName => {
                "A name names nothing: `type` no connector of this build, or `from` or `dead_letter` \
                 no component of the file.\n\n`faucet list` shows the connectors."
            }
            Self::MissingKey => {
                "A key that is required is missing, or one of several keys of which one is \
                 required."
            }
            Self::WrongType => {
                "The value is, for example, text where the key takes a number.\n\nYAML takes only \
                 `true` and `false` for a boolean; `yes`, `no`, `on` and `off` are text. A number \
                 stands without quotes. The value of a variable (`${NAME}`) is always text; use \
                 `--set KEY=VALUE` for a key that takes a number."
            }
            Self::OutOfRange => "The value is too small, too large, or empty.",
            Self::InvalidValue => {
                "The value has the right type, and its content does not fit: a URL without a host, a \
                 duration with an unknown unit, text that is no base64, a header name with a blank."
            }
            Self::Conflict => "Two keys exclude each other. Leave one of them out.",
            Self::NeedsKey => "The key has a meaning only together with another one.",
            Self::DuplicateKey => {
                "The key is given twice, or two keys mean the same. Only one of the two values could \
                 hold; leave the other out."
            }
            Self::LeftOut => {
                "The connector exists, and this build was made without it. Build with the cargo \
                 feature that the message names."
            }
            Self::Placeholder => {
                "A `{name}` is filled with the value that `context` in the file, or `--context \
                 NAME=VALUE`, has for the name. There is no value, or the value may not stand \
                 there."
            }
            Self::UnsetVariable => {
                "`${NAME}` stands for the environment variable NAME, which is not set.\n\nSet it, or \
                 give a default: `${NAME:-default}`. `faucet validate --no-env` accepts variables \
                 that are not set, for machines without the secrets."
            }
            Self::BadVariable => {
                "Variables are written `${NAME}`, `${NAME:-default}` or `${NAME:?message}`. A plain \
                 `${` is written `$${`. One does not stand inside another."
            }
            Self::Refused => "The component has a rule of its own, which the message states.",
            Self::NoEffect => {
                "The key is correct, and changes nothing beside the other keys of the file. Leave it \
                 out, or set the key that the message names."
            }
            Self::UnusedContext => {
                "No `{placeholder}` has this name, so that the value is used nowhere. Often the \
                 placeholder, or the name, is misspelled."
            }
            Self::LiteralSecret => {
                "A secret stands in a file that other users of the machine can read.\n\nPut it into \
                 an environment variable, `${NAME}`, or take the permission away: `chmod 600 FILE`."
            }
            Self::SameFile => {
                "A source reads the file to which a sink writes. The pipeline would read its own \
                 records."
            }
            Self::Doubtful => {
                "The keys are correct, and together they do something that is rarely wanted. The message \
                 says what."
            }
            Self::Insecure => {
                "The key turns a protection off. Everyone on the way can read and change the data."
            }
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_found_by_its_name_and_has_a_meaning() {
        for (index, code) in Code::ALL.iter().enumerate() {
            assert_eq!(Code::of(code.as_str()), Some(*code));
            assert_eq!(*code as usize, index, "{code} is not listed once, in its place");
            assert!(code.meaning().len() > 20, "{code}");
        }
        assert_eq!(Code::ALL.last().map(|code| *code as usize), Some(Code::Doubtful as usize));
        assert_eq!(Code::of("E0001"), None);
    }
}
