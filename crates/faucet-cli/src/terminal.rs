//! A sink for eyes: messages as they are, one line each.

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use faucet_core::{
    CheckReport, Delivery, Error, ErrorKind, Flushed, Info, PageWriter, Result, Scope, Sink,
    StreamPage,
};

use crate::output::print_bytes;

/// Writes each message's text to stdout on a line of its own, with control characters escaped;
/// bytes that are no text as base64.
#[derive(Debug)]
pub(crate) struct TerminalSink;

#[async_trait]
impl Sink for TerminalSink {
    fn info(&self) -> Info {
        Info::new("terminal", "stdout", Delivery::AtMostOnce)
    }

    async fn open(&self, _: &Scope) -> Result<Box<dyn PageWriter>> {
        Ok(Box::new(TerminalWriter))
    }

    async fn check(&self, _: &Scope) -> CheckReport {
        CheckReport::new("stdout")
    }
}

struct TerminalWriter;

#[async_trait]
impl PageWriter for TerminalWriter {
    async fn write_page(&mut self, page: StreamPage) -> Result<()> {
        let mut text = Vec::with_capacity(page.payload_bytes() + page.len());
        page.iter().for_each(|record| render(record.as_bytes(), &mut text));
        // A slow reader of stdout must not stop the timers of the connection.
        let written = tokio::task::spawn_blocking(move || print_bytes(&text)).await;
        written.map_err(|e| Error::new(ErrorKind::Sink, "stdout").with_source(e))?
    }

    async fn flush(&mut self) -> Result<Flushed> {
        Ok(Flushed::ALL)
    }
}

fn render(bytes: &[u8], out: &mut Vec<u8>) {
    match std::str::from_utf8(bytes) {
        Ok(text) => {
            for c in text.chars() {
                match c {
                    '\n' | '\r' | '\t' => out.push(b' '),
                    c if c.is_control() => out.extend(c.escape_default().map(|c| c as u8)),
                    c => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
                }
            }
        }
        Err(_) => out.extend(STANDARD.encode(bytes).bytes()),
    }
    out.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_message_is_one_line_that_cannot_drive_the_terminal() {
        let mut out = Vec::new();
        for bytes in ["{\"a\":\n1}".as_bytes(), b"\x1b[31mred", b"", "π".as_bytes(), b"\xff\x00"] {
            render(bytes, &mut out);
        }
        assert_eq!(String::from_utf8(out).unwrap(), "{\"a\": 1}\n\\u{1b}[31mred\n\nπ\n/wA=\n");
    }
}
