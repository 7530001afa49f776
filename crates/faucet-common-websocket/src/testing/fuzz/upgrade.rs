//! Answers to an upgrade.

use std::sync::Arc;

use faucet_connect::Secrets;
use faucet_core::Scope;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::answer::Answer;
use crate::compression::Compression;
use crate::connect_failed::ConnectFailed;
use crate::machine::Failure;
use crate::upgrade::Request;
use crate::upgrade_failed::UpgradeFailed;
use crate::url::WsUrl;
use crate::url_text::UrlText;

/// The key of the sample in RFC 6455 §1.3, so that a fuzzer can begin with the sample's answer.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
/// The secrets of the request.
const SECRETS: [&str; 3] = ["canary-token", "canary-password", "canary-value"];
/// A part of each.
const CANARY: &str = "canary";
/// The longest message that an error may have. Three texts of the peer stand in one at most.
const LONGEST: usize = 16 * 1024;

/// Reads and judges an answer. The first byte says how much of it arrives first.
///
/// # Panics
/// - The part and the whole are read differently.
/// - httparse accepts the answer, and this crate reads something else.
/// - An error shows a secret of the request or a control character.
pub fn upgrade(data: &[u8]) {
    let Some((first, answer)) = data.split_first() else { return };
    assert_grows(answer, answer.len() * usize::from(*first) / 255);
    let url = secret_url();
    let mut headers = HeaderMap::new();
    let mut token = HeaderValue::from_static("Bearer canary-token");
    token.set_sensitive(true);
    headers.insert(AUTHORIZATION, token);
    let secrets = Secrets::new(&headers, url.secrets());
    let subprotocols = ["v1".to_owned(), "v2".to_owned()];
    let request = Request {
        url: &url,
        headers: &headers,
        subprotocols: &subprotocols,
        compression: Compression::None,
        secrets: &secrets,
    };
    let judged = match request.parse(answer) {
        Ok(None) => return,
        Ok(Some((head, length))) => {
            assert_as_httparse(answer, &head, length);
            match head.status {
                101 => request
                    .judge_switch(&head, KEY)
                    .and_then(|()| request.judge_extensions(&head))
                    .and_then(|_| request.judge_subprotocol(&head))
                    .map(|chosen| assert_legal(&head, chosen)),
                _ => Err(request.judge_refusal(&head, &answer[length..])),
            }
        }
        Err(failed) => Err(failed),
    };
    if let Err(failed) = judged {
        assert_fit_to_print(failed, answer, url.redacted());
    }
}

fn secret_url() -> WsUrl {
    let text = UrlText::from("wss://user:canary-password@feed.example/ws?token=canary-value");
    let resolved = text.check().and_then(|template| template.resolve(&Scope::new("fuzz")));
    resolved.expect("the URL is good")
}

/// The head is found as soon as it is there, and nothing behind it changes it.
fn assert_grows(answer: &[u8], cut: usize) {
    let part = Answer::parse(&answer[..cut]);
    let whole = Answer::parse(answer);
    match (part, whole) {
        (Ok(None), _) | (Err(_), Err(_)) => {}
        (Ok(Some((part, length))), Ok(Some((whole, same)))) => {
            assert_eq!((part.status, length), (whole.status, same));
        }
        (part, whole) => panic!("{cut} bytes: {part:?}, all: {whole:?}"),
    }
}

/// An answer that httparse accepts without exceptions is read in the same way.
fn assert_as_httparse(answer: &[u8], head: &Answer, length: usize) {
    let mut headers = [httparse::EMPTY_HEADER; 128];
    let mut strict = httparse::Response::new(&mut headers);
    let Ok(httparse::Status::Complete(found)) = strict.parse(answer) else { return };
    assert_eq!((length, Some(head.status)), (found, strict.code));
    assert_eq!(head.malformed, None, "nothing is malformed");
    for header in strict.headers.iter() {
        let name = header.name.to_ascii_lowercase();
        let value = String::from_utf8_lossy(header.value).trim().to_owned();
        assert!(head.all(&name).any(|found| found == value), "{name}: {value}");
    }
}

/// The answer has everything that RFC 6455 §4.1 asks for.
fn assert_legal(head: &Answer, chosen: Option<String>) {
    assert!(head.http11 && head.malformed.is_none());
    assert!(head.has_token("upgrade", "websocket") && head.has_token("connection", "upgrade"));
    let accept = derive_accept_key(KEY.as_bytes());
    assert!(head.all("sec-websocket-accept").eq([accept.as_str()]));
    assert!(matches!(chosen.as_deref(), Some("v1" | "v2")), "{chosen:?}");
}

fn assert_fit_to_print(failed: UpgradeFailed, answer: &[u8], url: &str) {
    let failure = Arc::new(Failure::from(ConnectFailed::from(failed)));
    let error = failure.error(url);
    let message = format!("{error} {error:#}");
    assert!(message.len() <= LONGEST, "{} bytes are shown", message.len());
    let text = format!("{message} {failure} {failure:?}");
    let repeated = String::from_utf8_lossy(answer).into_owned();
    // A peer that repeats a part of a secret only is not known to mean the secret.
    let other = SECRETS.iter().fold(repeated, |text, secret| text.replace(secret, ""));
    let shown = text.contains(CANARY) && !other.contains(CANARY);
    assert!(
        !shown && !SECRETS.iter().any(|secret| text.contains(secret)),
        "a secret is shown: {text}"
    );
    assert!(!text.chars().any(char::is_control), "a control character is shown: {text:?}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use faucet_connect::Quote;

    #[test]
    fn a_server_that_repeats_the_secrets_shows_none_of_them() {
        let secrets = SECRETS.join("\x1b");
        let long = secrets.repeat(100);
        for answer in [
            format!("SSH {secrets}"),
            format!("HTTP/1.1 101 x\r\n{secrets}\0: x\r\n\r\n"),
            format!("HTTP/1.1 599 {}\r\n\r\n{long}", SECRETS.join(" ")),
            format!(
                "HTTP/1.1 302 x\r\nLocation: /{}\r\nSec-WebSocket-Version: {}\r\n\r\n{long}",
                SECRETS[0], SECRETS[1]
            ),
            answer_with(&format!("Sec-WebSocket-Extensions: {}; a=b", SECRETS[2])),
            answer_with(&format!("Sec-WebSocket-Protocol: {}", SECRETS[2])),
        ] {
            upgrade(format!("\x7f{answer}").as_bytes());
        }
    }

    #[test]
    #[should_panic(expected = "a secret is shown")]
    fn a_value_that_shows_a_secret_is_found() {
        let failed = UpgradeFailed::NotHttp(Quote::new(SECRETS[0], Secrets::NONE));
        assert_fit_to_print(failed, SECRETS[0].as_bytes(), "ws://h/");
    }

    fn answer_with(header: &str) -> String {
        let accept = derive_accept_key(KEY.as_bytes());
        format!(
            "HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: {accept}\r\n{header}\r\n\r\n"
        )
    }
}
