//! The terminal: its colours and its width.

use std::io::{self, IsTerminal as _};
use std::sync::atomic::{AtomicU8, Ordering};

use clap::ValueEnum;

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless NO_COLOR is set or TERM is `dumb`.
    #[default]
    Auto,
    /// Also in a file or a pipe.
    Always,
    /// Not at all.
    Never,
}

/// The choice of this process.
static CHOICE: AtomicU8 = AtomicU8::new(0);

impl Color {
    /// Makes this the choice of the process.
    pub(crate) fn choose(self) {
        CHOICE.store(self as u8, Ordering::Relaxed);
    }

    fn chosen() -> Self {
        let all = [Self::Auto, Self::Always, Self::Never];
        all.into_iter().find(|one| *one as u8 == CHOICE.load(Ordering::Relaxed)).unwrap_or_default()
    }
}

/// Whether messages on stderr have colours.
pub(crate) fn has_colors() -> bool {
    colors(io::stderr().is_terminal())
}

fn colors(is_terminal: bool) -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    decide(Color::chosen(), is_terminal, set("NO_COLOR"), dumb)
}

/// Whether data on stdout has colours.
pub(crate) fn has_colors_on_stdout() -> bool {
    colors(io::stdout().is_terminal())
}

/// The width of the terminal on stdout in columns.
pub(crate) fn width_of_stdout() -> usize {
    const USUAL: usize = 80;
    match console::Term::stdout().size_checked() {
        Some((_, columns)) if columns > 0 => usize::from(columns),
        _ => USUAL,
    }
}

/// The width of the terminal on stderr in columns; that of a line of a log where there is none.
pub(crate) fn width() -> usize {
    const OF_A_LOG: usize = 140;
    match console::Term::stderr().size_checked() {
        Some((_, columns)) if columns >= 20 => usize::from(columns),
        _ => OF_A_LOG,
    }
}

/// The columns that a live line has on the terminal: the last stays free, where some terminals wrap.
pub(crate) fn columns() -> usize {
    let (_, columns) = console::Term::stderr().size();
    usize::from(columns).saturating_sub(1).max(1)
}

fn decide(choice: Color, is_terminal: bool, no_color: bool, is_dumb: bool) -> bool {
    match choice {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => is_terminal && !no_color && !is_dumb,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_for_terminals_that_want_them() {
        for (choice, is_terminal, no_color, is_dumb, expected) in [
            (Color::Auto, true, false, false, true),
            (Color::Auto, false, false, false, false),
            (Color::Auto, true, true, false, false),
            (Color::Auto, true, false, true, false),
            (Color::Always, false, true, true, true),
            (Color::Never, true, false, false, false),
        ] {
            assert_eq!(decide(choice, is_terminal, no_color, is_dumb), expected, "{choice:?}");
        }
    }
}
