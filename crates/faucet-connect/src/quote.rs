//! Text that is not ours, fit to print.

use std::any::Any;
use std::fmt;

use crate::secrets::Secrets;

/// The longest text that is shown.
const LONGEST: usize = 256;

/// Text of a peer or of a plugin, fit to print: without our secrets, cut to 256 characters, its
/// control characters and quotation marks escaped.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Quote(String);

impl Quote {
    /// Makes `text` fit to print. `secrets` are the texts that it may repeat.
    pub fn new(text: &str, secrets: &Secrets) -> Self {
        let text = secrets.scrub(text);
        let mut cut: String = text.chars().take(LONGEST).collect();
        if cut.len() < text.len() {
            cut.push('…');
        }
        Self(cut.escape_debug().to_string())
    }

    /// The first `longest` characters of what [`new`](Self::new) makes of `text`.
    pub fn start(text: &str, secrets: &Secrets, longest: usize) -> Self {
        // Secrets are hidden before the text is cut: half of one is one, too.
        Self(Self::new(text, secrets).0.chars().take(longest).collect())
    }

    /// The text of a panic.
    pub fn of_panic(panic: &(dyn Any + Send), secrets: &Secrets) -> Self {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
        Self::new(text.unwrap_or("no message"), secrets)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the text of the peer has `part` in what is shown of it.
    pub fn contains(&self, part: &str) -> bool {
        self.0.contains(&part.escape_debug().to_string())
    }

    /// Whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Quote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Quote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0)
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;

    #[test]
    fn quotes_are_cut_and_escaped() {
        let quote = |text: &str| Quote::new(text, Secrets::NONE);
        assert_eq!(quote("\x1b[31m\r\n").as_str(), "\\u{1b}[31m\\r\\n");
        assert_eq!(quote(&"x".repeat(999)).as_str().chars().count(), LONGEST + 1);
        assert_eq!(format!("{:?}", quote("a\n")), "\"a\\n\"");
    }

    #[test]
    fn a_secret_is_hidden_before_the_text_is_cut() {
        let secrets = Secrets::new(&HeaderMap::new(), vec!["hunter22".into()]);
        assert_eq!(Quote::new("is hunter22 you?", &secrets).as_str(), "is *** you?");
        assert_eq!(Quote::start("is hunter22 you?", &secrets, 5).as_str(), "is **");
    }
}
