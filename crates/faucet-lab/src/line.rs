//! Messages as lines of JSON.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use faucet_common_websocket::Frame;

/// Writes a message on a line of its own: text as it is, so that JSON stays JSON, and bytes as a
/// JSON string of their base64. Control characters are escaped, so that no message drives a
/// terminal.
pub(crate) fn render_json(frame: &Frame, out: &mut Vec<u8>) {
    match frame {
        Frame::Text(bytes) => {
            for c in String::from_utf8_lossy(bytes).chars() {
                match c {
                    '\n' | '\r' | '\t' => out.push(b' '),
                    c if c.is_control() => out.extend(format!("\\u{:04x}", u32::from(c)).bytes()),
                    c => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
                }
            }
        }
        Frame::Binary(bytes) => {
            out.push(b'"');
            out.extend(STANDARD.encode(bytes).bytes());
            out.push(b'"');
        }
    }
    out.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_stays_json_and_cannot_drive_the_terminal_either() {
        let mut out = Vec::new();
        for text in ["{\"a\":\n1}", "\"\u{7f}\u{9b}2J\"", "\x1b[31mred", "", "\"π\""] {
            render_json(&Frame::Text(text.into()), &mut out);
        }
        render_json(&Frame::Binary(b"\xff\x00"[..].into()), &mut out);
        let lines = "{\"a\": 1}\n\"\\u007f\\u009b2J\"\n\\u001b[31mred\n\n\"π\"\n\"/wA=\"\n";
        assert_eq!(String::from_utf8(out).unwrap(), lines);
    }
}
