//! The last line that a program writes to its standard error.

use faucet_connect::Secrets;
use tokio::io::{AsyncRead, AsyncReadExt as _};

/// The bytes that are kept: more than a line that is quoted, since the cut comes after the secrets are
/// struck out.
const KEPT: usize = 4096;
/// The longest quote, in bytes.
const LONGEST: usize = 256;

/// Reads a stream to its end and keeps the last bytes.
pub(super) struct Tail<R> {
    from: R,
    last: Vec<u8>,
    is_cut: bool,
}

impl<R: AsyncRead + Unpin> Tail<R> {
    pub(super) fn new(from: R) -> Self {
        Self { from, last: Vec::new(), is_cut: false }
    }

    /// Reads until the stream ends or fails. Cancel safe: a later call goes on.
    pub(super) async fn read(&mut self) {
        let mut piece = [0; 1024];
        while let Ok(length @ 1..) = self.from.read(&mut piece).await {
            self.last.extend_from_slice(&piece[..length]);
            let surplus = self.last.len().saturating_sub(KEPT);
            self.is_cut |= surplus > 0;
            self.last.drain(..surplus);
        }
    }

    /// The last line that is not blank, fit to print: without `secrets`, its control characters
    /// escaped, and cut to 256 bytes. Empty where there is none.
    pub(super) fn last_line(&self, secrets: [&Secrets; 2]) -> String {
        let text = String::from_utf8_lossy(&self.last);
        let lines: Vec<&str> = text.lines().collect();
        let Some(at) = lines.iter().rposition(|line| !line.trim().is_empty()) else {
            return String::new();
        };
        // The first line of what is kept may begin in the middle of a secret.
        if at == 0 && self.is_cut {
            return String::new();
        }
        let line = lines[at].trim().to_owned();
        quote(&secrets.iter().fold(line, |line, secrets| secrets.scrub(&line)))
    }
}

fn quote(text: &str) -> String {
    let mut quoted = String::new();
    for character in text.chars() {
        let escaped = match character {
            // An apostrophe cannot end the quote.
            '\'' => character.to_string(),
            _ => character.escape_debug().to_string(),
        };
        if quoted.len() + escaped.len() > LONGEST {
            quoted.push('…');
            break;
        }
        quoted.push_str(&escaped);
    }
    quoted
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use http::HeaderMap;

    use super::*;

    async fn last_line(text: &[u8], secret: &str) -> String {
        let mut tail = Tail::new(Cursor::new(text.to_vec()));
        tail.read().await;
        let secrets = Secrets::new(&HeaderMap::new(), vec![secret.to_owned()]);
        tail.last_line([Secrets::NONE, &secrets])
    }

    #[tokio::test]
    async fn the_last_line_is_fit_to_print() {
        for (text, line) in [
            (&b""[..], ""),
            (b"\n \n", ""),
            (b"one\ntwo\n\n", "two"),
            (b"one\r\ntwo\r\n", "two"),
            (b"\x1b[31mred \x07", "\\u{1b}[31mred \\u{7}"),
            (b"can't say \"no\"", "can't say \\\"no\\\""),
            (b"no hunter22 here\n", "no *** here"),
            (b"bad \xff byte", "bad \u{fffd} byte"),
        ] {
            assert_eq!(last_line(text, "hunter22").await, line, "{text:?}");
        }
    }

    #[tokio::test]
    async fn a_long_line_is_cut_after_its_secrets_are_struck_out() {
        let line = last_line("ü".repeat(300).as_bytes(), "").await;
        assert_eq!(line, format!("{}…", "ü".repeat(128)));
        let text = format!("{}hunter22", "x".repeat(LONGEST - 4));
        let line = last_line(text.as_bytes(), "hunter22").await;
        assert_eq!(line, format!("{}***", "x".repeat(LONGEST - 4)));
    }

    #[tokio::test]
    async fn only_the_end_is_kept() {
        let text = format!("{}\nend\n", "x".repeat(3 * KEPT));
        assert_eq!(last_line(text.as_bytes(), "").await, "end");
        // Half a secret could stand at the cut.
        assert_eq!(last_line("x".repeat(KEPT + 1).as_bytes(), "").await, "");
    }
}
