//! What a user probably meant.

/// A slip that the text shows, beside the problem that it brings about.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Advice {
    /// A tab stands in front of a key.
    Tab {
        /// The number of other lines that have one.
        more: usize,
    },
    /// A value of YAML has to stand in quotes, because of how it begins or what it holds.
    Quote {
        /// The value in quotes.
        quoted: Option<String>,
        /// Which part of the value makes it necessary.
        because: &'static str,
    },
    /// A quote is not closed.
    UnclosedQuote,
    /// A bracket is not closed.
    UnclosedBracket {
        /// The bracket.
        bracket: char,
    },
    /// A comma stands before a closing bracket.
    TrailingComma,
    /// JSON has no comments.
    JsonComment,
    /// A key of YAML needs a blank behind its colon.
    BlankAfterColon,
    /// A character that looks like a blank stands in front of a key.
    OddBlank {
        /// The number of other lines that have one.
        more: usize,
    },
    /// A key has no colon.
    NoColon,
    /// A key of TOML has no `=`.
    NoEquals,
    /// A comma is missing behind a value of JSON.
    NoComma,
    /// The text is in the language of another ending.
    OtherFormat {
        /// The language.
        format: &'static str,
        /// Its ending.
        ending: &'static str,
    },
    /// A line is not indented as the keys beside it.
    Indentation {
        /// The number of blanks.
        found: usize,
        /// The number that the lines around it have.
        expected: usize,
    },
    /// A second document begins.
    SecondDocument,
    /// `yes`, `no`, `on` and `off` are text, and `True` is no value of JSON and TOML.
    Boolean {
        /// The value that was meant.
        meant: bool,
    },
    /// A key takes a list, and one item stands there.
    AsList {
        /// The item as a list.
        list: String,
    },
    /// A number or boolean stands in quotes.
    Unquote,
    /// A shell's `$NAME`.
    Dollar {
        /// The name.
        name: String,
    },
    /// The keys stand one level too deep.
    TooDeep,
    /// A section stands inside another one.
    Inside {
        /// The section.
        section: String,
        /// The section around it.
        around: String,
    },
    /// Another tool has this name for a key.
    OtherTool {
        /// The key that pipeline files have.
        ours: &'static str,
    },
    /// One component stands where a map of components belongs.
    OneComponent {
        /// The key for one component.
        short: &'static str,
    },
    /// A map of components stands where one component belongs.
    SeveralComponents {
        /// The key for several components.
        long: &'static str,
    },
    /// The name of a connector stands where a component belongs.
    ConnectorAlone {
        /// The name.
        name: String,
    },
    /// A key of the user's own keeps values for later.
    OwnKey,
    /// The file is empty.
    Empty,
}
