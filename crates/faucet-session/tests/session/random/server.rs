//! A server that does as it likes.

use std::time::Duration;

use fastrand::Rng;
use faucet_session::connect::CallFailed;
use faucet_session::names::{MakerFailed, ValueFailed};
use faucet_session::template::Token;
use serde_json::Value;

use crate::support::{Said, Talk};

/// The server does something, or nothing for a while.
pub(super) fn acts(talk: &mut Talk, configuration: &Value, rng: &mut Rng) {
    match rng.u8(0..12) {
        0..=2 => talk.waits(Duration::from_millis(rng.u64(0..9000))),
        3 => talk.pauses(Duration::from_millis(rng.u64(0..60_000))),
        4 if !talk.out.is_empty() => calls_end(talk, rng),
        5 => talk.frame_leaves(),
        6 if rng.u8(0..8) == 0 => {
            let flood = vec![Said::text(r#"{"ping":1}"#); rng.usize(50..250)];
            hears(talk, configuration, &flood);
        }
        _ => {
            let said: Vec<Said> = (0..rng.u8(0..6)).map(|_| message(rng)).collect();
            hears(talk, configuration, &said);
        }
    }
}

/// Asks for an answer. `false`: an error ended the conversation.
pub(super) fn asks(talk: &mut Talk) -> bool {
    talk.hears(&[Said::text(r#"{"ping":1}"#)]);
    !talk.is_over
}

/// Every message is taken by exactly one part, unless it is cut into pieces or joined with others.
fn hears(talk: &mut Talk, configuration: &Value, said: &[Said]) {
    let before = talk.records();
    let batch = talk.hears(said);
    let cuts = ["framing", "split_arrays", "explode", "decompress"];
    if batch.is_whole || cuts.iter().all(|key| configuration.get(key).is_none()) {
        let taken = (talk.records() - before) as u64 + batch.control + batch.unmatched;
        assert_eq!(taken, said.len() as u64, "each message is taken once");
    }
}

fn calls_end(talk: &mut Talk, rng: &mut Rng) {
    let good = rng.u8(0..4) > 0;
    match talk.out.front().cloned() {
        Some(step) if step.starts_with('#') => talk.calls_back(match good {
            true => Ok(vec![("called".into(), Token::text("c4ll3d").secret())]),
            false => Err(CallFailed::NoClient),
        }),
        Some(name) => talk.brings(
            &name,
            match good {
                true => Ok(Token::text("brought").secret()),
                false => {
                    Err(ValueFailed { name: name.as_str().into(), why: MakerFailed::NotSigned })
                }
            },
        ),
        None => {}
    }
}

fn message(rng: &mut Rng) -> Said {
    let number = rng.u8(0..8);
    let id = [
        r#""abc""#,
        "7",
        "2500",
        "null",
        r#""a\nb""#,
        "[1,2]",
        "1e400",
        "-3",
        r#"{"a":"\u0000"}"#,
        "18446744073709551617",
    ];
    let id = id[rng.usize(0..id.len())];
    let text = match rng.u8(0..16) {
        0..=4 => format!(r#"{{"ok":{number},"id":{id}}}"#),
        5 => format!(r#"{{"no":{number},"why":"hunter2hunter2"}}"#),
        6 => format!(r#"{{"ping":{id}}}"#),
        7 => format!(r#"{{"pong":{number}}}"#),
        8 => "pong".to_owned(),
        9 => format!(r#"{{"do":{number},"id":{id}}}"#),
        10 => format!(r#"{{"beat":{id}}}"#),
        11 if rng.bool() => format!(r#"{{"set":{id}}}"#),
        11 => format!(r#"{{"c":{id},"data":[{id},{{"a":1}}]}}"#),
        12 => format!("[{{\"ok\":{number}}},{id},[],{{\"do\":{number}}}]"),
        13 => format!("42{{\"data\":{id}}}"),
        14 => format!("{{\"ok\":{number}}}\n{{\"c\":{number}}}\u{1e}{{\"ping\":1}}"),
        _ => String::new(),
    };
    match rng.u8(0..10) {
        // A piece of a message, and no text at all.
        0 => Said::text(&text[..rng.usize(0..=text.len())]),
        1 => Said::binary((0..rng.u8(0..40)).map(|_| rng.u8(..)).collect::<Vec<u8>>()),
        2 => Said::binary(text),
        _ => Said::text(&text),
    }
}
