//! The entries of the fuzz targets. Each panics where a promise is broken.

mod messages;
mod upgrade;
mod url;

pub use messages::messages;
pub use upgrade::upgrade;
pub use url::url;

#[cfg(test)]
mod tests {
    use super::*;

    /// The targets accept what their seeds are made of.
    #[test]
    fn good_input_breaks_no_promise() {
        messages(b"\x00\x01\x02\x81\x03abc\x89\x01p\x88\x00");
        upgrade(
            b"\x80HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
              Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: v1\r\n\r\n",
        );
        upgrade(b"\x80HTTP/1.1 401 No\r\nContent-Length: 20\r\n\r\ncanary-token \x1b[31m x");
        url(b"wss://user:canary@h:9000/{a}/b?c={d}&token=canary\n../x?y");
        url(b"ws://h/{a}\n..");
    }

    #[test]
    fn half_a_secret_is_not_shown_where_the_peer_repeats_all_of_it() {
        let filler = "x".repeat(58);
        upgrade(format!("\u{1}SSH-2.0 {filler} canary-password").as_bytes());
        let filler = "x".repeat(250);
        upgrade(format!("\u{1}HTTP/1.1 401 No\r\n\r\n{filler} canary-token").as_bytes());
    }
}
