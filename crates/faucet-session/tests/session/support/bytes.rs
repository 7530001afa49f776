//! A conversation that bytes tell.

use faucet_session::connect::CallFailed;
use faucet_session::names::{MakerFailed, ValueFailed};
use faucet_session::script::Entropy;
use faucet_session::template::Token;

use super::keys::Keys;
use super::talk::{Said, Talk};

/// More limits than a session without heartbeats has.
const MOST_TICKS: usize = 300;

/// Holds the conversation of `data`: parts that are separated by zeros. First comes a configuration as JSON,
/// then what the server does; the first byte of each part tells what. Returns whether the configuration is in
/// order.
///
/// # Panics
/// A promise is broken: a session is neither complete nor over in its time, something is done after the end,
/// or a time limit stays in the past.
pub(crate) fn converse(data: &[u8]) -> bool {
    let mut parts = data.split(|byte| *byte == 0);
    let Ok(keys) = serde_json::from_slice::<Keys>(parts.next().unwrap_or_default()) else {
        return false;
    };
    let has_beat = keys.has_beat();
    let mut talk = match Talk::with_entropy(keys, Entropy::new(|bytes| bytes.fill(0x80))) {
        Ok(talk) => talk,
        Err(problems) => {
            assert!(problems.iter().all(|problem| !format!("{problem:#}").is_empty()));
            return false;
        }
    };
    talk.connects(&[]);
    for part in parts {
        if let Some((what, about)) = part.split_first() {
            acts(&mut talk, *what, about);
        }
    }
    // Now the server is silent.
    talk.ticks(MOST_TICKS);
    let is_settled = talk.is_over || talk.conversation.is_complete();
    assert!(has_beat || is_settled, "neither complete nor over: {:?}", talk.conversation);
    talk.says_goodbye();
    talk.log();
    true
}

fn acts(talk: &mut Talk, what: u8, about: &[u8]) {
    let text = String::from_utf8_lossy(about);
    match what {
        b'b' => drop(talk.hears(&[Said::binary(about)])),
        b'm' => {
            // Several messages in one page.
            let said: Vec<Said> = text.split('\u{1}').map(Said::text).collect();
            talk.hears(&said);
        }
        b'w' => talk.ticks(about.len().min(9) + 1),
        b'p' => talk.half_ticks(),
        b'f' => talk.frame_leaves(),
        b'c' => match talk.out.front().cloned() {
            Some(step) if step.starts_with('#') => talk.calls_back(match about.is_empty() {
                true => Err(CallFailed::NoClient),
                false => Ok(vec![("called".into(), Token::text(text).secret())]),
            }),
            Some(name) => {
                let why = ValueFailed { name: name.as_str().into(), why: MakerFailed::NotSigned };
                let brought =
                    if about.is_empty() { Err(why) } else { Ok(Token::text(text).secret()) };
                talk.brings(&name, brought);
            }
            None => {}
        },
        b'r' => {
            talk.disconnects();
            if !about.is_empty() {
                talk.conversation.forget();
            }
            talk.connects(&[]);
        }
        _ => drop(talk.hears(&[Said::text(&text)])),
    }
}
