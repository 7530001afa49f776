//! A plain search that looks at each byte. Tests hold the fast search against it.

use std::ops::Range;

use super::pointer::Pointer;

/// Where the value at `place` of the JSON text `text` stands.
pub(super) fn find(text: &[u8], place: &Pointer) -> Option<Range<usize>> {
    let steps: Vec<&str> = place.steps().collect();
    Reader { text, at: 0 }.value(Some(&steps))
}

/// Stands in front of a value, a token or whitespace. Panics where the text is not JSON.
struct Reader<'a> {
    text: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    /// Reads a value. `steps` lead on from the value to the place; `None`: the place is elsewhere.
    fn value(&mut self, steps: Option<&[&str]>) -> Option<Range<usize>> {
        self.token();
        let from = self.at;
        let found = match self.text[from] {
            b'{' | b'[' => self.container(steps.and_then(<[&str]>::split_first)),
            b'"' => {
                self.string();
                None
            }
            _ => {
                let ends = |byte: &u8| b",]} \t\r\n".contains(byte);
                self.at +=
                    self.text[from..].iter().position(ends).unwrap_or(self.text.len() - from);
                None
            }
        };
        if steps == Some(&[]) { Some(from..self.at) } else { found }
    }

    fn container(&mut self, steps: Option<(&&str, &[&str])>) -> Option<Range<usize>> {
        let is_object = self.text[self.at] == b'{';
        let mut found = None;
        for index in 0.. {
            // Behind the opening bracket or a comma.
            self.at += 1;
            if matches!(self.token(), b'}' | b']') {
                break;
            }
            let key = is_object.then(|| {
                let key = self.string();
                assert_eq!(self.token(), b':');
                self.at += 1;
                serde_json::from_slice::<String>(&self.text[key]).unwrap()
            });
            let rest = steps.filter(|(step, _)| match &key {
                Some(key) => key == *step,
                None => **step == "-1" || **step == index.to_string(),
            });
            let inside = self.value(rest.map(|(_, rest)| rest));
            if rest.is_some() {
                found = inside;
            }
            if matches!(self.token(), b'}' | b']') {
                break;
            }
        }
        self.at += 1;
        found
    }

    fn string(&mut self) -> Range<usize> {
        let from = self.at;
        self.at += 1;
        while self.text[self.at] != b'"' {
            self.at += if self.text[self.at] == b'\\' { 2 } else { 1 };
        }
        self.at += 1;
        from..self.at
    }

    /// Skips whitespace and tells the byte behind it.
    fn token(&mut self) -> u8 {
        while matches!(self.text.get(self.at), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
        self.text.get(self.at).copied().unwrap_or_default()
    }
}
