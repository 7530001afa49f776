//! Stories: what happens to a conversation, and everything that it does about it, line by line.
//!
//! A line tells what happens:
//!
//! | line | meaning |
//! |---|---|
//! | `connect a=1 b="x"` | the connection stands; calls before it took these values |
//! | `disconnect`, `forget` | the connection is gone; the position is forgotten |
//! | `< text`, `& text` | a text message comes in; and another one with it |
//! | `<b text`, `&b text` | the same for binary messages |
//! | `wait 1.5`, `pause 1.5` | time goes by; the owner does not read meanwhile |
//! | `frame` | a frame of the connection itself leaves |
//! | `brings a "x"`, `fails a` | the call for a value ends |
//! | `answers a="x"`, `refuses` | the HTTP call of a step ends |
//! | `goodbye` | the run ends |
//!
//! Every other line is what the conversation does then: `> text` is sent, `= text` is a record, and so on.
//! `@1.5` in front tells how long after the beginning of a `wait`.

use std::time::Duration;

use faucet_session::connect::CallFailed;
use faucet_session::names::{MakerFailed, ValueFailed};
use faucet_session::template::Token;

use super::talk::{Said, Talk};

/// The words with which lines begin that tell what happens.
const HAPPENS: [&str; 15] = [
    "connect",
    "disconnect",
    "forget",
    "<",
    "&",
    "<b",
    "&b",
    "wait",
    "pause",
    "frame",
    "brings",
    "fails",
    "answers",
    "refuses",
    "goodbye",
];

/// Plays a story with a configuration. Random bytes are all 0x80: a random share is one half.
#[track_caller]
pub(crate) fn play(config: &str, story: &str) {
    let talk = Talk::new(config, 0x80);
    let mut talk = talk.unwrap_or_else(|why| panic!("{config}\n{why:?}"));
    go_on(&mut talk, story);
}

/// As [`play`], from where the conversation is.
#[track_caller]
pub(crate) fn go_on(talk: &mut Talk, story: &str) {
    let lines: Vec<&str> = story.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let (mut found, mut at) = (Vec::new(), 0);
    while at < lines.len() {
        let (word, about) = words(lines[at]);
        let begins = at;
        at += 1;
        if !HAPPENS.contains(&word) {
            continue;
        }
        let mut messages = vec![said(word, about)];
        while let Some((word @ ("&" | "&b"), about)) = lines.get(at).map(|line| words(line)) {
            messages.push(said(word, about));
            at += 1;
        }
        found.extend(lines[begins..at].iter().map(ToString::to_string));
        happens(talk, word, about, &messages);
        found.extend(talk.log());
    }
    assert_eq!(found.join("\n"), lines.join("\n"), "left: found, right: told");
}

fn words(line: &str) -> (&str, &str) {
    line.split_once(' ').unwrap_or((line, ""))
}

fn said(word: &str, about: &str) -> Said {
    match word {
        "<b" | "&b" => Said::binary(about),
        _ => Said::text(about),
    }
}

fn happens(talk: &mut Talk, word: &str, about: &str, said: &[Said]) {
    let seconds = || Duration::try_from_secs_f64(about.parse().expect("seconds")).expect("seconds");
    let values = || {
        about.split_whitespace().map(|pair| {
            let (name, json) = pair.split_once('=').expect("name=value");
            (name, Token::of_json(json.as_bytes()).expect("JSON"))
        })
    };
    match word {
        "connect" => talk.connects(&values().collect::<Vec<_>>()),
        "disconnect" => talk.disconnects(),
        "forget" => talk.conversation.forget(),
        "wait" => talk.waits(seconds()),
        "pause" => talk.pauses(seconds()),
        "frame" => talk.frame_leaves(),
        "brings" => {
            let (name, json) = about.split_once(' ').expect("a name and a value");
            talk.brings(name, Ok(Token::of_json(json.as_bytes()).expect("JSON").secret()));
        }
        "fails" => {
            let why = ValueFailed { name: about.into(), why: MakerFailed::NotSigned };
            talk.brings(about, Err(why));
        }
        "answers" => {
            let taken = values().map(|(name, token)| (name.into(), token.secret()));
            talk.calls_back(Ok(taken.collect()));
        }
        "refuses" => talk.calls_back(Err(CallFailed::NoClient)),
        "goodbye" => talk.says_goodbye(),
        _ => drop(talk.hears(said)),
    }
}
