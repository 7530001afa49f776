//! A line of parts that fits the terminal.

/// The text between two parts.
const BETWEEN: &str = " · ";

/// A part of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    text: String,
    /// Where the line is too long, the parts of the highest number go first.
    rank: u8,
}

impl Part {
    pub(crate) fn new(rank: u8, text: impl Into<String>) -> Self {
        Self { text: text.into(), rank }
    }
}

/// All parts in a line.
pub(crate) fn whole(parts: &[Part]) -> String {
    parts.iter().map(|part| part.text.as_str()).collect::<Vec<_>>().join(BETWEEN)
}

/// As many parts as `width` columns have room for, in their order. The last that is left is cut.
pub(crate) fn fit(mut parts: Vec<Part>, width: usize) -> String {
    loop {
        let line = whole(&parts);
        if console::measure_text_width(&line) <= width {
            return line;
        }
        let last = parts.iter().enumerate().max_by_key(|(at, part)| (part.rank, *at));
        match last.map(|(at, _)| at) {
            Some(at) if parts.len() > 1 => drop(parts.remove(at)),
            _ => return console::truncate_str(&line, width, "…").into_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_important_parts_go_first() {
        let parts = || {
            vec![
                Part::new(0, "reconnecting"),
                Part::new(2, "5,123 records"),
                Part::new(1, "0/s"),
                Part::new(5, "1.2 MB"),
                Part::new(3, "last 45.0 s ago"),
            ]
        };
        for (width, expected) in [
            (200, "reconnecting · 5,123 records · 0/s · 1.2 MB · last 45.0 s ago"),
            (61, "reconnecting · 5,123 records · 0/s · 1.2 MB · last 45.0 s ago"),
            (60, "reconnecting · 5,123 records · 0/s · last 45.0 s ago"),
            (51, "reconnecting · 5,123 records · 0/s"),
            (33, "reconnecting · 0/s"),
            (17, "reconnecting"),
            (9, "reconnec…"),
            (1, "…"),
        ] {
            assert_eq!(fit(parts(), width), expected, "{width}");
        }
        assert_eq!(fit(Vec::new(), 10), "");
    }
}
