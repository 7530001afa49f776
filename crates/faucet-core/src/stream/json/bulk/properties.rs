//! The bulk pass against the judge and `serde_json`, with the instructions of every level.

use fearless_simd::Level;
use proptest::prelude::*;
use proptest::sample::Index;

use crate::MessageKind;
use crate::stream::json::bulk::is_all_json_at;
use crate::stream::json::judge::{self, MAX_DEPTH};
use crate::stream::json::levels::levels;
use crate::stream::span::Span;

/// The messages with `breaks` line breaks in front of each, in turn, and bytes around them that the
/// pass must not look at.
fn received(messages: &[&[u8]], breaks: &[usize]) -> (Vec<u8>, Vec<Span>) {
    let (mut chunk, mut spans) = (b"\"{".to_vec(), Vec::new());
    for (message, breaks) in messages.iter().zip(breaks.iter().cycle()) {
        chunk.resize(chunk.len() + breaks, b'\n');
        let (at, len) = (chunk.len() as u32, message.len() as u32);
        spans.push(Span { at, len, kind: MessageKind::Binary });
        chunk.extend_from_slice(message);
    }
    chunk.extend_from_slice(b"\xff\"");
    (chunk, spans)
}

/// What the pass says, which is the same at each level.
fn bulk(messages: &[&[u8]], breaks: &[usize]) -> bool {
    let (chunk, spans) = received(messages, breaks);
    let verdicts: Vec<(Level, bool)> =
        levels().into_iter().map(|level| (level, is_all_json_at(level, &chunk, &spans))).collect();
    let (_, first) = verdicts[0];
    let shown: Vec<_> = messages.iter().map(|message| String::from_utf8_lossy(message)).collect();
    assert!(verdicts.iter().all(|(_, verdict)| *verdict == first), "{verdicts:?} {shown:?}");
    first
}

/// Whether the judge accepts the message, and whether it is one that the pass leaves to the judge.
fn judged(message: &[u8]) -> (bool, bool) {
    let left = message.iter().any(|byte| *byte < b' ');
    (judge::check(message).is_ok(), left)
}

fn assert_agrees(messages: &[&[u8]], breaks: &[usize]) {
    let expected = messages.iter().all(|message| judged(message) == (true, false));
    let shown: Vec<_> = messages.iter().map(|message| String::from_utf8_lossy(message)).collect();
    assert_eq!(bulk(messages, breaks), expected, "{shown:?} {breaks:?}");
}

/// Holds the judge against `serde_json`. Numbers beyond `f64` are the one place where the judge accepts
/// more: messages that may have one are left out.
fn assert_judge_agrees(message: &[u8]) {
    let has_large_exponent = |behind_e: &[u8]| {
        let exponent = behind_e.strip_prefix(b"+").unwrap_or(behind_e);
        exponent.iter().take_while(|byte| byte.is_ascii_digit()).count() > 2
    };
    if !message.split(|byte| matches!(byte, b'e' | b'E')).skip(1).any(has_large_exponent) {
        let expected = serde_json::from_slice::<serde_json::Value>(message).is_ok();
        let shown = String::from_utf8_lossy(message);
        assert_eq!(judge::check(message).is_ok(), expected, "{shown:?}");
    }
}

/// A string message of so many bytes, to move what follows through the blocks.
fn filler(length: usize) -> String {
    format!("\"{}\"", "x".repeat(length))
}

#[test]
fn verdicts_do_not_depend_on_the_place_in_a_block() {
    let texts: [&[u8]; 62] = [
        b"0",
        b"-0",
        b"7",
        b"10",
        b"01",
        b"1e400",
        b"1.",
        b"-",
        b"1.25e-3",
        b"-1x",
        b"12345678901",
        b"true",
        b"false",
        b"null",
        b"tru",
        b"nul",
        b"truefalse",
        b"NaN",
        b"\xef\xbb\xbf1",
        b"",
        b" ",
        b" 1",
        b"1 ",
        b"1 2",
        b"1\n2",
        b"1\n",
        b"\n1",
        b"\t1",
        b"[1,\r\n2]",
        b"\"\"",
        b"\"",
        b"\"\"\"",
        b"\"a\nb\"",
        b"\"a\tb\"",
        b"\"\x7f\"",
        b"\"\\\"\"",
        b"\"\\\\\"",
        b"\"\\\\\\\"",
        b"\"\\x\"",
        b"\"\\u00e9\"",
        b"\"\\u00g9\"",
        b"\"\\ud83d\\ude00\"",
        b"\"\\ud83d\"",
        b"\"\\ude00\"",
        b"\"\\ud83d\\\\ude00\"",
        b"\"\\ud83d\\ud83d\\ude00\"",
        "\"π€😀\"".as_bytes(),
        b"\"\xce\"",
        b"\\n",
        b"\\\"\"",
        b"[]",
        b"{}",
        b"[}",
        b"{]",
        b"]",
        b"[[],{},[{}]]",
        b"{\"a\":[1,{\"b\":2}],\"a\":0}",
        b"{\"a\" : 1 , \"b\" : [ ] }",
        b"{\"a\":\"b\":1}",
        b"[1,]",
        b"{,}",
        b"{\"a\"}",
    ];
    for text in texts {
        for length in 0..70 {
            let filler = filler(length);
            assert_agrees(&[filler.as_bytes(), text, b"1"], &[1, 2]);
            assert_agrees(&[filler.as_bytes(), text], &[3]);
        }
    }
}

/// All sequences of so many tokens at most.
fn sequences(most: usize) -> Vec<Vec<u8>> {
    let tokens: [&[u8]; 12] =
        [b"{", b"}", b"[", b"]", b",", b":", b"\"a\"", b"1", b"null", b" ", b"\n", b"\""];
    let mut texts: Vec<Vec<u8>> = vec![Vec::new()];
    let mut from = 0;
    for _ in 0..most {
        let last = from..texts.len();
        from = last.end;
        for n in last {
            texts.extend(tokens.map(|token| [&texts[n], token].concat()));
        }
    }
    texts
}

#[test]
fn all_short_sequences_of_tokens_are_judged() {
    let filler = filler(57);
    for text in sequences(4) {
        assert_agrees(&[filler.as_bytes(), &text, b"[]"], &[1]);
    }
}

#[test]
fn all_short_sequences_of_tokens_in_containers_are_judged() {
    let fillers = [filler(0), filler(50), filler(57)];
    for (before, behind) in
        [("[\"a\",", "]"), ("{\"a\":1,", "}"), ("[{\"a\":", "}]"), ("{\"a\":[\"b\"", "]}")]
    {
        for tokens in sequences(3) {
            let text = [before.as_bytes(), &tokens, behind.as_bytes()].concat();
            for filler in &fillers {
                assert_agrees(&[filler.as_bytes(), &text, b"[]"], &[1]);
            }
        }
    }
}

#[test]
fn nesting_is_limited_as_by_the_judge() {
    let most = MAX_DEPTH as usize;
    for depth in [most - 1, most, most + 1, most + 2, 1000] {
        for (open, inner, close) in [
            ("[", "", "]"),
            ("[", "[],{}", "]"),
            ("{\"a\":", "0", "}"),
            ("[{\"a\":", "[]", "}]"),
            ("[ ", "{}", " ] "),
            // A bracket a block.
            ("[\"64 bytes in a block, a bracket and this string, and one comma 64\",", "1", "]"),
        ] {
            let times = depth / open.matches(['[', '{']).count();
            let text = format!("{}{inner}{}", open.repeat(times), close.repeat(times));
            let text = text.trim();
            for filler in (0..66).step_by(7).map(filler) {
                assert_agrees(&[filler.as_bytes(), text.as_bytes(), b"{}"], &[2]);
            }
        }
    }
    let unclosed = "[".repeat(100_000);
    assert_agrees(&[unclosed.as_bytes()], &[1]);
    assert_agrees(&["]".repeat(1000).as_bytes()], &[1]);
}

/// Each message of a pair begins and ends in the middle of JSON, and some pairs have the numbers of
/// values and line breaks of two messages.
#[test]
fn a_text_in_two_parts_is_no_json() {
    for text in
        ["{\"a\":1,\"b\":2}", "[1,2,[3,{\"a\":[4]}],5]", "\"a\\\\\\\"b\"", "[{},[]]", "-12.50e+7"]
    {
        for from in 0..=text.len() {
            for to in from..=text.len().min(from + 6) {
                for filler in [filler(40), filler(50), filler(61)] {
                    let parts = [&text[..from], &text[to..]].map(str::as_bytes);
                    assert_agrees(&[filler.as_bytes(), parts[0], parts[1]], &[1]);
                    assert_agrees(&[parts[0], filler.as_bytes(), parts[1]], &[1]);
                }
            }
        }
    }
}

#[test]
fn long_strings_are_keys_and_values() {
    for length in 0..200 {
        let string = filler(length);
        for text in [
            format!("{{{string}:{string}}}"),
            format!("{{{string} : {string} , {string}:[{string}]}}"),
            format!("{{{string}:{string}:{string}}}"),
            format!("[{string}:{string}]"),
            format!("{{{string},{string}}}"),
            format!("{{{string}{string}}}"),
        ] {
            assert_agrees(&[text.as_bytes()], &[1]);
        }
    }
}

#[test]
fn long_scalars_are_looked_at_as_a_whole() {
    for length in 0..200 {
        let digits = "1234567890".repeat(20);
        let digits = &digits[..length];
        for (before, behind) in [
            ("", ""),
            ("", ".5"),
            ("", ".5.5"),
            ("0", ""),
            ("0.", ""),
            ("-", "e5"),
            ("-0", "e5"),
            ("-1.5e", ""),
            ("1.5", ".5"),
            ("1e+", "e5"),
            ("1", "x"),
            ("1", "\\"),
            ("true", ""),
        ] {
            let run = format!("{before}{digits}{behind}");
            assert_agrees(&[run.as_bytes(), b"1"], &[1]);
            assert_agrees(&[format!("[null,{run},{run}]").as_bytes()], &[1]);
            assert_agrees(&[filler(length).as_bytes(), run.as_bytes()], &[1]);
        }
    }
}

#[test]
fn counts_that_cancel_out_are_seen() {
    // An empty message beside one with two values, and line breaks that a message has too many.
    assert_agrees(&[b"", b"1\n2"], &[1]);
    assert_agrees(&[b"1\n2", b""], &[2]);
    assert_agrees(&[b"1", b"", b"3"], &[1]);
    assert_agrees(&[b"", b"", b""], &[1]);
    assert_agrees(&[b"1\n2", b"3\n", b"", b"4"], &[1, 3]);
    assert_agrees(&[], &[1]);
}

#[test]
fn a_break_of_the_rules_is_no_panic() {
    let span = |at, len| Span { at, len, kind: MessageKind::Text };
    for level in levels() {
        assert!(!is_all_json_at(level, b"\n1\n1", &[span(1, 3), span(1, 3)]));
    }
}

/// JSON texts with `spaces` here and there between tokens.
fn json(spaces: &'static [&'static str]) -> impl Strategy<Value = String> {
    let scalar = prop_oneof![
        r#"(-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,9})?([eE][+-]?[0-9]{1,2})?|true|false|null)"#,
        "-?[1-9][0-9]{0,18}",
        r#""[ -!#-\[\]-~]{0,80}""#,
        r#""([a-zπ€😀{}:,]|\\["\\/bfnrt]|\\u00[0-9a-fA-F]{2}|\\ud83d\\ude0[0-9]){0,20}""#,
    ];
    let space = move || prop_oneof![4 => Just(""), 1 => prop::sample::select(spaces)];
    scalar.prop_recursive(6, 64, 8, move |inner| {
        let item = (space(), inner, space()).prop_map(|(a, value, b)| format!("{a}{value}{b}"));
        let key = (space(), r#""([a-z\\]{0,12}|[a-z]{60,140})""#, space())
            .prop_map(|(a, key, b)| format!("{a}{}{b}", key.replace('\\', "\\\\")));
        prop_oneof![
            prop::collection::vec(item.clone(), 0..8)
                .prop_map(|items| format!("[{}]", items.join(","))),
            prop::collection::vec((key, item), 0..8).prop_map(|items| {
                let items: Vec<String> =
                    items.into_iter().map(|(key, item)| format!("{key}:{item}")).collect();
                format!("{{{}}}", items.join(","))
            }),
        ]
    })
}

const SPACES: [&str; 2] = [" ", "   "];

/// The pass leaves all but spaces to the judge.
const ALL_SPACES: [&str; 6] = [" ", "  ", "", "\n", "\t", "\r\n"];

/// One change of a text.
#[derive(Debug, Clone)]
enum Damage {
    Set(Index, u8),
    Insert(Index, u8),
    Remove(Index),
    Cut(Index),
    Repeat(Index, u8, Index),
}

impl Damage {
    fn apply(self, text: &mut Vec<u8>) {
        let length = text.len();
        if length == 0 {
            return;
        }
        match self {
            Self::Set(at, byte) => text[at.index(length)] = byte,
            Self::Insert(at, byte) => text.insert(at.index(length + 1), byte),
            Self::Remove(at) => drop(text.remove(at.index(length))),
            Self::Cut(at) => text.truncate(at.index(length)),
            Self::Repeat(from, part, to) => {
                let (from, to) = (from.index(length), to.index(length));
                let part = text[from..(from + usize::from(part)).min(length)].to_vec();
                text.splice(to..to, part);
            }
        }
    }
}

fn damage() -> impl Strategy<Value = Damage> {
    let at = any::<Index>;
    let byte = || {
        prop_oneof![
            8 => prop::sample::select(&b"{}[]:,\"\\0123456789.eE+-truefalsn \nud\xce\xc0"[..]),
            1 => any::<u8>(),
        ]
    };
    prop_oneof![
        (at(), byte()).prop_map(|(at, byte)| Damage::Set(at, byte)),
        (at(), byte()).prop_map(|(at, byte)| Damage::Insert(at, byte)),
        at().prop_map(Damage::Remove),
        at().prop_map(Damage::Cut),
        (at(), 1u8..12, at()).prop_map(|(from, length, to)| Damage::Repeat(from, length, to)),
    ]
}

/// Texts that are JSON, that were JSON before they were damaged, and that never were.
fn message() -> impl Strategy<Value = Vec<u8>> {
    let noise = r#"([\[\]{}:,"0-9.eE+ \-]|\\u[dD][89cC]00|\\n|\\|true|null|"[a-f]{0,12}"|π|\{\}|\[\]){0,24}"#;
    prop_oneof![
        48 => json(&SPACES).prop_map(String::into_bytes),
        2 => json(&ALL_SPACES).prop_map(String::into_bytes),
        2 => (json(&SPACES), prop::collection::vec(damage(), 1..4)).prop_map(|(text, damages)| {
            let mut text = text.into_bytes();
            damages.into_iter().for_each(|damage| damage.apply(&mut text));
            text
        }),
        1 => noise.prop_map(String::into_bytes),
        1 => prop::collection::vec(any::<u8>(), 0..20),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn batches_are_judged_as_their_messages(
        messages in prop::collection::vec(message(), 0..8),
        breaks in prop::collection::vec(1usize..15, 1..4),
    ) {
        let all: Vec<&[u8]> = messages.iter().map(Vec::as_slice).collect();
        assert_agrees(&all, &breaks);
        for message in &messages {
            assert_agrees(&[message], &breaks);
            assert_judge_agrees(message);
        }
    }

    #[test]
    fn noise_is_judged(message in prop_oneof![
        (json(&ALL_SPACES), damage()).prop_map(|(text, damage)| {
            let mut text = text.into_bytes();
            damage.apply(&mut text);
            text
        }),
        prop::collection::vec(any::<u8>(), 0..20),
    ]) {
        assert_agrees(&[&message, b"0"], &[1]);
        assert_judge_agrees(&message);
    }
}
