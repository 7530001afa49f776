//! Text without its secrets.

use crate::diagnostic::position::{Position, Span};
use crate::diagnostic::secret_names::{is_secret_name, may_be_secret};

/// Stands for a secret. It has the same length for each, which tells nothing of the secret.
pub(crate) const MASK: &str = "***";

/// A text in which masks stand for secrets.
#[derive(Debug, Default)]
pub(crate) struct Masked {
    pub(crate) text: String,
    /// The replaced parts, in order: where they stand in the original and where in `text`.
    parts: Vec<(Span, Span)>,
}

impl Masked {
    pub(crate) fn new(text: &str, secrets: &[Span]) -> Self {
        let mut hidden: Vec<Span> = secrets.to_vec();
        hidden.extend(secrets_of_urls(text));
        hidden.extend(secrets_of_members(text));
        hidden.retain(|span| {
            text.get(span.range()).is_some_and(|found| !found.is_empty() && !is_template(found))
        });
        hidden.sort();
        let mut masked = Self::default();
        let mut done = 0;
        for span in hidden {
            if span.end <= done {
                continue;
            }
            // Lines stay lines: a secret in several of them is several secrets.
            let start = span.start.max(done);
            let mut at = start;
            for line in text[start..span.end].split_inclusive('\n') {
                let content = line.trim_end_matches(['\n', '\r']);
                masked.text.push_str(&text[done..at]);
                let from = masked.text.len();
                let before = masked.parts.last_mut().filter(|(original, _)| original.end == at);
                if let (Some((original, _)), false) = (before, content.is_empty()) {
                    // Two findings of one secret have one mask.
                    original.end = at + content.len();
                    done = original.end;
                } else if !content.trim().is_empty() {
                    masked.text.push_str(MASK);
                    let to = Span::new(from, masked.text.len());
                    masked.parts.push((Span::new(at, at + content.len()), to));
                    done = at + content.len();
                } else {
                    done = at;
                }
                at += line.len();
            }
        }
        masked.text.push_str(&text[done..]);
        masked
    }

    /// The part of [`text`](Self::text) that shows `span` of the original.
    pub(crate) fn span(&self, span: Span) -> Span {
        Span::new(self.offset(span.start, false), self.offset(span.end, true))
    }

    /// The place of the byte at `offset` in [`text`](Self::text).
    pub(crate) fn position(&self, offset: usize) -> Position {
        Position::of(&self.text, offset)
    }

    /// `is_end`: what ends within a mask ends behind it.
    fn offset(&self, offset: usize, is_end: bool) -> usize {
        let before = self.parts.iter().take_while(|(original, _)| {
            original.start < offset
                || (!is_end && original.start == offset && original.end == offset)
        });
        match before.last() {
            None => offset,
            Some((original, shown)) if offset >= original.end => {
                shown.end + (offset - original.end)
            }
            Some((_, shown)) if is_end => shown.end,
            Some((_, shown)) => shown.start,
        }
    }
}

/// The text with masks for what its URLs have of user names, passwords and values of queries.
pub(crate) fn without_secrets(text: &str) -> String {
    Masked::new(text, &[]).text
}

/// Whether the text is a placeholder or a variable, and so no secret by itself.
fn is_template(text: &str) -> bool {
    let text = text.trim_matches(['"', '\'']);
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if text.strip_prefix("${").is_some_and(|name| !name.is_empty() && name.chars().all(is_name)) {
        return true;
    }
    let inside = text.trim_start_matches('$').strip_prefix('{').and_then(|t| t.strip_suffix('}'));
    inside.is_some_and(|inside| !inside.contains(['{', '}']) && !inside.contains(":-"))
}

/// The values behind the names of secrets, also within a message that is JSON in quotes.
fn secrets_of_members(text: &str) -> Vec<Span> {
    const SHORTEST: usize = 8;
    let is_mark = |c: char| matches!(c, '"' | '\'' | '\\');
    let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let mut found = Vec::new();
    for (at, _) in text.match_indices([':', '=']) {
        let before = text[..at].trim_end_matches([' ', '\t']).trim_end_matches(is_mark);
        let word = before.rfind(|c| !is_word(c)).map_or(before, |mark| {
            &before[mark + before[mark..].chars().next().map_or(1, char::len_utf8)..]
        });
        let may_be = may_be_secret(word);
        if word.is_empty() || !(is_secret_name(word) || may_be) {
            continue;
        }
        let behind = &text[at + 1..];
        let blanks = behind.len() - behind.trim_start_matches([' ', '\t']).len();
        let marks = behind[blanks..].len() - behind[blanks..].trim_start_matches(is_mark).len();
        let start = at + 1 + blanks + marks;
        let value = &text[start..];
        let end = match marks {
            0 => value.find(['\n', ',', '}', ']']).unwrap_or(value.len()),
            _ => value.find(|c| is_mark(c) || c == '\n').unwrap_or(value.len()),
        };
        // The quote that ends the text around it, such as a URL, is no part of it.
        let value = value[..end].trim_end().trim_end_matches(is_mark);
        // A JSON pointer names a place.
        let is_long = value.len() >= SHORTEST && !value.starts_with('/');
        if !value.starts_with(['{', '[', '|', '>']) && (!may_be || is_long) {
            found.push(Span::new(start, start + value.len()));
        }
    }
    found
}

/// The user names, passwords and values of queries of all URLs in `text`.
fn secrets_of_urls(text: &str) -> Vec<Span> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = text[from..].find("://").map(|at| from + at + 3) {
        let ends = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '<' | '>');
        let end = text[at..].find(ends).map_or(text.len(), |len| at + len);
        let url = &text[at..end];
        if let Some(user) = user_info(url) {
            found.push(Span::new(at, at + user));
        }
        if let Some(fragment) = url.find('#') {
            found.push(Span::new(at + fragment + 1, at + url.len()));
        }
        if let Some(query) = url.find('?') {
            let query_end = url.find('#').filter(|hash| *hash > query).unwrap_or(url.len());
            let mut start = query + 1;
            for pair in url[query + 1..query_end].split('&') {
                let value = pair.find('=').map_or(0, |equals| equals + 1);
                found.push(Span::new(at + start + value, at + start + pair.len()));
                start += pair.len() + 1;
            }
        }
        from = end;
    }
    // A proxy without its scheme has a password all the same.
    let ends = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ',' | '{' | '}' | '[' | ']');
    for (at, _) in text.match_indices('@') {
        let start = text[..at]
            .rfind(ends)
            .map_or(0, |mark| mark + text[mark..].chars().next().map_or(1, char::len_utf8));
        // In front of a slash stands the scheme of a URL with a mistake.
        let start = text[start..at].rfind('/').map_or(start, |slash| start + slash + 1);
        if text[start..at].contains(':') {
            found.push(Span::new(start, at));
        }
    }
    found
}

/// How long the user name and the password are in a URL without its scheme.
fn user_info(url: &str) -> Option<usize> {
    let authority = &url[..url.find(['/', '?', '#']).unwrap_or(url.len())];
    if let Some(at) = authority.rfind('@') {
        return Some(at);
    }
    // A password may have a `/` that nobody has encoded: what looks like a port is then no number.
    let (_, port) = authority.rsplit_once(':')?;
    port.parse::<u16>().is_err().then(|| url.split(['?', '#']).next()?.rfind('@')).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(text: &str) -> String {
        Masked::new(text, &[]).text
    }

    #[test]
    fn urls_keep_what_is_no_secret() {
        for (text, shown) in [
            ("url: ws://h:80/a/{b}?c=d&e=f#g x", "url: ws://h:80/a/{b}?c=***&e=***#*** x"),
            ("url: \"wss://user:pw@h/\"", "url: \"wss://***@h/\""),
            ("a ws://h/?s={symbol}&t=${T} b", "a ws://h/?s={symbol}&t=${T} b"),
            ("ws://h/?token", "ws://h/?***"),
            ("ws://u:p/w@h/", "ws://***@h/"),
            ("ws://h:80/@trade", "ws://h:80/@trade"),
            ("ws://h/btc@trade", "ws://h/btc@trade"),
            ("ws://h/?a=${T:-s3cret}", "ws://h/?a=***"),
            ("proxy: u:pw@h:80", "proxy: ***@h:80"),
            ("url: wss:/u:pw@h", "url: wss:/***@h"),
            ("url: wss//u:pw@h", "url: wss//***@h"),
            ("ws://h/?a=${T", "ws://h/?a=${T"),
            ("ws://h/?a=${T-s3cret", "ws://h/?a=***"),
            ("none", "none"),
        ] {
            assert_eq!(masked(text), shown);
        }
    }

    #[test]
    fn members_with_the_names_of_secrets_keep_only_the_name() {
        for (text, shown) in [
            ("tokn: hunter2 # x", "tokn: ***"),
            (
                "- '{\"op\":\"auth\",\"key\":\"hunter2hunter2\",\"a\":1}'",
                "- '{\"op\":\"auth\",\"key\":\"***\",\"a\":1}'",
            ),
            (r#""{\"apiKey\": \"hunter2\", \"x\": 1}""#, r#""{\"apiKey\": \"***\", \"x\": 1}""#),
            ("{password: hunter2, a: b}", "{password: ***, a: b}"),
            ("token = 'hunter2'", "token = '***'"),
            ("config: {token: \"${T}\"}", "config: {token: \"${T}\"}"),
            ("buffer: {key: /data/symbol}", "buffer: {key: /data/symbol}"),
            ("key: short", "key: short"),
            ("symbol: btc", "symbol: btc"),
        ] {
            assert_eq!(masked(text), shown);
        }
    }

    #[test]
    fn places_move_with_the_text() {
        let text = "a: hunter2long\nb: x\n";
        let masked = Masked::new(text, &[Span::new(3, 14)]);
        assert_eq!(masked.text, "a: ***\nb: x\n");
        assert_eq!(masked.span(Span::new(0, 1)), Span::new(0, 1));
        assert_eq!(masked.span(Span::new(3, 14)), Span::new(3, 6));
        assert_eq!(masked.span(Span::new(18, 19)), Span::new(10, 11));
        assert_eq!(masked.span(Span::new(5, 8)), Span::new(3, 6));
        let lines = Masked::new("k: |\n  one\n  two\nz", &[Span::new(7, 17)]);
        assert_eq!(lines.text.lines().count(), 4, "{:?}", lines.text);
        assert!(!lines.text.contains("two"), "{:?}", lines.text);
    }
}
