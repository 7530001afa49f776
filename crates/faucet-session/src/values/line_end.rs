//! The line end that files and programs put behind a value.

/// The text without the line end behind it, if there is one. Further line ends belong to the text.
pub(super) fn without_line_end(mut text: String) -> String {
    let line = text.strip_suffix('\n').map(|line| line.strip_suffix('\r').unwrap_or(line));
    if let Some(length) = line.map(str::len) {
        text.truncate(length);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_end_is_cut() {
        for (text, cut) in [
            ("", ""),
            ("a", "a"),
            ("a\n", "a"),
            ("a\r\n", "a"),
            ("a\n\n", "a\n"),
            ("a\r", "a\r"),
            ("a\nb", "a\nb"),
            ("\n", ""),
        ] {
            assert_eq!(without_line_end(text.to_owned()), cut, "{text:?}");
        }
    }
}
