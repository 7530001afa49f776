//! Conversations of a session. Parts are separated by zeros: the configuration as JSON, then what the server
//! does. The first byte of each part tells what: a text message, a binary one, time, a call that ends.
#![no_main]

use std::time::Duration;

use faucet_session::connect::CallFailed;
use faucet_session::names::{MakerFailed, ValueFailed};
use faucet_session::script::Entropy;
use faucet_session::template::Token;

#[allow(dead_code, unused_imports, reason = "the tests of the crate use more of it")]
#[path = "../../crates/faucet-session/tests/session/support/mod.rs"]
mod support;

use support::{Keys, Said, Talk};

/// A heartbeat of a nanosecond would never let the time go by.
const MOST_TICKS: usize = 300;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let mut parts = data.split(|byte| *byte == 0);
    let Ok(keys) = serde_json::from_slice::<Keys>(parts.next().unwrap_or_default()) else { return };
    let has_beat = keys.has_beat();
    let mut talk = match Talk::with_entropy(keys, Entropy::new(|bytes| bytes.fill(0x80))) {
        Ok(talk) => talk,
        Err(problems) => {
            assert!(problems.iter().all(|problem| !format!("{problem:#}").is_empty()));
            return;
        }
    };
    talk.connects(&[]);
    for part in parts {
        let Some((what, about)) = part.split_first() else { continue };
        acts(&mut talk, *what, about);
    }
    // Now the server is silent.
    talk.ticks(MOST_TICKS);
    let is_settled = talk.is_over || talk.conversation.is_complete();
    assert!(has_beat || is_settled, "neither complete nor over: {:?}", talk.conversation);
    talk.says_goodbye();
    talk.log();
});

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
        b'p' => {
            if let Some(due) = talk.due() {
                talk.passes(due.min(Duration::from_secs(3600)) / 2);
            }
        }
        b'f' => talk.frame_leaves(),
        b'c' => match talk.out.front().cloned() {
            Some(step) if step.starts_with('#') => talk.calls_back(match about.is_empty() {
                true => Err(CallFailed::NoClient),
                false => Ok(vec![("called".into(), Token::text(text).secret())]),
            }),
            Some(name) => {
                let why = ValueFailed { name: name.as_str().into(), why: MakerFailed::NotSigned };
                let brought = if about.is_empty() { Err(why) } else { Ok(Token::text(text).secret()) };
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
