//! Lines for a terminal: cut to its width, coloured, and without anything that drives it. Pure.

use unicode_width::UnicodeWidthChar as _;

/// The colour of a part of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ink {
    Plain,
    Dim,
    Received,
    Sent,
    Key,
    Text,
    Number,
    Word,
}

impl Ink {
    fn code(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Dim => "\x1b[2m",
            Self::Received => "\x1b[32m",
            Self::Sent => "\x1b[36m",
            Self::Key => "\x1b[1;34m",
            Self::Text => "\x1b[32m",
            Self::Number => "\x1b[33m",
            Self::Word => "\x1b[35m",
        }
    }
}

const RESET: &str = "\x1b[0m";
const CUT: char = '…';

/// How lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Paper {
    /// The columns of a line; `None` cuts nothing.
    pub(crate) width: Option<usize>,
    pub(crate) colors: bool,
}

/// Writes lines.
#[derive(Debug)]
pub(crate) struct Pen {
    paper: Paper,
    out: String,
    column: usize,
    /// The end of what leaves room for the mark of a cut.
    safe: usize,
    is_cut: bool,
    ink: Ink,
}

impl Pen {
    pub(crate) fn new(paper: Paper) -> Self {
        Self { paper, out: String::new(), column: 0, safe: 0, is_cut: false, ink: Ink::Plain }
    }

    /// Appends text. What would drive the terminal, or turn the text around, is escaped.
    pub(crate) fn put(&mut self, ink: Ink, text: &str) {
        if self.is_cut {
            return;
        }
        self.dip(ink);
        for c in text.chars() {
            if !drives(c) {
                self.push(c);
                continue;
            }
            match c {
                '\n' | '\r' | '\t' => c.escape_default().for_each(|c| self.push(c)),
                c => c.escape_unicode().for_each(|c| self.push(c)),
            }
        }
    }

    /// Whether there is no room left in the line.
    pub(crate) fn is_full(&self) -> bool {
        self.is_cut
    }

    /// Ends the line.
    pub(crate) fn end_line(&mut self) {
        self.dip(Ink::Plain);
        self.out.push('\n');
        (self.column, self.safe, self.is_cut) = (0, self.out.len(), false);
    }

    pub(crate) fn into_text(self) -> String {
        self.out
    }

    fn dip(&mut self, ink: Ink) {
        if ink == self.ink || !self.paper.colors {
            return;
        }
        if self.ink != Ink::Plain {
            self.out.push_str(RESET);
        }
        self.out.push_str(ink.code());
        self.ink = ink;
    }

    fn push(&mut self, c: char) {
        if self.is_cut {
            return;
        }
        let columns = c.width().unwrap_or(0);
        let room = self.paper.width.unwrap_or(usize::MAX);
        if self.column + columns > room {
            self.out.truncate(self.safe);
            if self.paper.colors {
                // The end of a colour may have been cut off.
                self.out.push_str(RESET);
                self.ink = Ink::Plain;
            }
            self.out.push(CUT);
            self.is_cut = true;
            return;
        }
        self.out.push(c);
        self.column += columns;
        if self.column < room {
            self.safe = self.out.len();
        }
    }
}

/// Control characters, and those that change the direction of text or end its line.
fn drives(c: char) -> bool {
    let turns = matches!(c, '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    c.is_control() || turns || matches!(c, '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(width: usize, colors: bool, parts: &[(Ink, &str)]) -> String {
        let mut pen = Pen::new(Paper { width: Some(width), colors });
        parts.iter().for_each(|(ink, text)| pen.put(*ink, text));
        pen.end_line();
        pen.into_text()
    }

    #[test]
    fn a_line_is_never_wider_than_the_terminal() {
        for (width, text, expected) in [
            (5, "12345", "12345"),
            (5, "123456", "1234…"),
            (5, "日本語", "日本…"),
            (6, "日本語", "日本語"),
            (5, "a日本語", "a日…"),
            (4, "e\u{301}abcd", "e\u{301}ab…"),
            (8, "a\u{1b}b", "a\\u{1b}b"),
            (7, "a\u{1b}b", "a\\u{1b…"),
            (1, "ab", "…"),
        ] {
            assert_eq!(
                line(width, false, &[(Ink::Plain, text)]),
                format!("{expected}\n"),
                "{text}"
            );
        }
    }

    #[test]
    fn nothing_drives_the_terminal_or_turns_the_text() {
        let text = "\n\t\x1b[2J\u{9b}\u{202e}\u{2028}\x7fπ";
        let shown = line(99, false, &[(Ink::Plain, text)]);
        assert_eq!(shown, "\\n\\t\\u{1b}[2J\\u{9b}\\u{202e}\\u{2028}\\u{7f}π\n");
    }

    #[test]
    fn colours_take_no_room_and_end_with_the_line() {
        let parts = [(Ink::Key, "ab"), (Ink::Plain, ":"), (Ink::Number, "1")];
        assert_eq!(line(4, true, &parts), "\x1b[1;34mab\x1b[0m:\x1b[33m1\x1b[0m\n");
        assert_eq!(line(3, true, &parts), "\x1b[1;34mab\x1b[0m…\n");
        assert_eq!(line(4, false, &parts), "ab:1\n");
        let behind = [(Ink::Key, "ab"), (Ink::Plain, ":x")];
        assert_eq!(line(3, true, &behind), "\x1b[1;34mab\x1b[0m…\n");
        let next = [(Ink::Number, "123"), (Ink::Plain, "x")];
        assert_eq!(line(3, true, &next), "\x1b[33m12\x1b[0m…\n");
    }
}
