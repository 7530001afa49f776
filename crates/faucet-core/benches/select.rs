//! The costs of finding places in a message, of matching it and of splitting it.
//!
//! `cargo bench -p faucet-core --bench select [-- WAY TIMES]`
//!
//! The messages are trades of 135 bytes, lists of trades of 600 bytes and order books of 4.3 kB. Rounds
//! of all ways alternate, and medians are shown: the machine may be shared. The ratio is the time of
//! the way in the time of a check by `serde_json` without a tree.
//!
//! With a WAY, such as `135/look`, the program handles all messages TIMES times and measures nothing.
//! Callgrind counts its instructions: the difference between two TIMES, divided by the messages that
//! the program names, is the cost of one message, which no other load on the machine changes.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    missing_docs,
    reason = "a program that measures"
)]

use std::cell::RefCell;
use std::hint::black_box;
use std::time::Instant;

use faucet_core::select::{
    Choice, Edit, Match, MatchSet, Message, Pointer, Pointers, Split, unescape, unescape_into,
};
use serde::de::IgnoredAny;

const ROUNDS: usize = 15;
/// So many bytes of messages make a round.
const ROUND: usize = 4 << 20;
/// Different messages of one size.
const MESSAGES: u64 = 256;

/// A way to handle one message.
type Way = (&'static str, Box<dyn Fn(&[u8])>);

/// Messages of one size, the same with an array of seven, the messages as JSON strings, and the name of
/// their size.
struct Feed {
    name: &'static str,
    messages: Vec<String>,
    arrays: Vec<String>,
    strings: Vec<String>,
}

fn main() {
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let feeds = feeds();
    match &arguments[..] {
        [way, times] => repeat(&feeds, way, times.parse().unwrap()),
        _ => feeds.iter().for_each(measure),
    }
}

fn feeds() -> [Feed; 3] {
    let feed = |name, message: fn(u64) -> String, element: fn(u64) -> String| Feed {
        name,
        messages: (0..MESSAGES).map(message).collect(),
        strings: (0..MESSAGES).map(|n| serde_json::Value::from(message(n)).to_string()).collect(),
        arrays: (0..MESSAGES).map(|n| array(n, element)).collect(),
    };
    [feed("135", trade, level), feed("600", trades, deal), feed("4300", order_book, levels)]
}

/// A number that looks random.
fn noise(n: u64) -> u64 {
    let n = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (n ^ n >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 20
}

fn price(n: u64) -> String {
    format!("{}.{:02}", 90_000 + noise(n) % 20_000, noise(n + 7) % 100)
}

fn quantity(n: u64) -> String {
    format!("{}.{:05}", noise(n) % 30, noise(n + 7) % 100_000)
}

fn trade(n: u64) -> String {
    let (time, id) = (1_732_550_400_123 + n * 3, 4_180_012_345 + n);
    format!(
        r#"{{"stream":"btcusdt@trade","data":{{"e":"trade","E":{time},"s":"BTCUSDT","t":{id},"p":"{}","q":"{}","T":{time},"m":{}}}}}"#,
        price(n),
        quantity(n),
        noise(n).is_multiple_of(2),
    )
}

fn deal(n: u64) -> String {
    let side = if noise(n).is_multiple_of(2) { "Buy" } else { "Sell" };
    format!(
        r#"{{"T":{},"S":"{side}","v":"{}","p":"{}","BT":false}}"#,
        1_732_550_400_123 + n,
        quantity(n),
        price(n),
    )
}

fn trades(n: u64) -> String {
    let deals: Vec<String> = (n * 10..n * 10 + 7).map(deal).collect();
    format!(
        r#"{{"topic":"publicTrade.BTCUSDT","type":"snapshot","ts":1732550400123,"data":[{}]}}"#,
        deals.join(","),
    )
}

fn level(n: u64) -> String {
    format!(r#"["{}"]"#, price(n))
}

fn levels(n: u64) -> String {
    let levels: Vec<String> =
        (n * 100..n * 100 + 26).map(|n| format!(r#"["{}","{}"]"#, price(n), quantity(n))).collect();
    format!(r#"{{"u":{n},"b":[{}]}}"#, levels.join(","))
}

fn order_book(n: u64) -> String {
    let side = |from: u64| {
        let level = |n| format!(r#"["{}","{}"]"#, price(n), quantity(n));
        (from..from + 92).map(level).collect::<Vec<_>>().join(",")
    };
    let (bids, asks) = (side(n * 1000), side(n * 1000 + 500));
    format!(
        r#"{{"stream":"btcusdt@depth","data":{{"e":"depthUpdate","E":1732550400123,"s":"BTCUSDT","U":{n},"b":[{bids}],"a":[{asks}]}}}}"#
    )
}

fn array(n: u64, element: fn(u64) -> String) -> String {
    let elements: Vec<String> = (n * 10..n * 10 + 7).map(element).collect();
    format!(r#"{{"type":"snapshot","data":[{}]}}"#, elements.join(","))
}

fn pointers(texts: &[&str]) -> impl Iterator<Item = Pointer> {
    texts.iter().map(|text| Pointer::parse(text).unwrap())
}

fn rule(text: &str) -> Match {
    serde_json::from_str(text).unwrap()
}

/// All messages of feeds have the member `data`, and none is control.
fn ways() -> Vec<Way> {
    let one = Pointers::new(pointers(&["/data"]));
    let three = Pointers::new(pointers(&["/result", "/error/code", "/data"]));
    let control = [rule(r#"{"/op":"pong"}"#), rule(r#"{"/event":["subscribed","error"]}"#)];
    let set = MatchSet::new(control, pointers(&["/data"]));
    let matcher = rule(r#"{"/data/s":"ETHUSDT"}"#);
    let edit = Edit::new(&Choice::Keep(pointers(&["/data/p", "/data/q"]).collect()), &[]).unwrap();
    let data = pointers(&["/data"]).next().unwrap();
    vec![
        (
            "serde_json",
            Box::new(|text| {
                black_box(serde_json::from_slice::<IgnoredAny>(text).is_ok());
            }),
        ),
        ("find", Box::new(move |text| assert!(data.find(text).is_some()))),
        (
            "find_all, 1 pointer",
            Box::new(move |text| one.find_all(text, |found| assert!(found.range(0).is_some()))),
        ),
        (
            "find_all, 3 pointers",
            Box::new(move |text| three.find_all(text, |found| assert!(found.range(2).is_some()))),
        ),
        (
            "look",
            Box::new(move |text| {
                set.look(Message::json(text), |seen| {
                    assert!(seen.first_match().is_none() && seen.range(0).is_some());
                });
            }),
        ),
        ("is_match", Box::new(move |text| assert!(!matcher.is_match(text)))),
        (
            "edit",
            Box::new(move |text| {
                let mut out = Vec::with_capacity(5000);
                edit.apply(text, &mut out);
                black_box(&out);
            }),
        ),
    ]
}

/// Ways to take the arrays apart.
fn ways_of_arrays() -> Vec<Way> {
    let split = |at: &str| Split::new(Pointer::parse(at).ok(), false).unwrap();
    let count = |split: &Split, text: &[u8]| {
        assert_eq!(split.pieces(text).filter(|piece| black_box(piece).is_ok()).count(), 7);
    };
    let (inner, outer) = (split("/data"), split(""));
    vec![
        ("split", Box::new(move |text| count(&inner, text))),
        (
            "split whole",
            Box::new(move |text| {
                let from = br#"{"type":"snapshot","data":"#.len();
                count(&outer, &text[from..text.len() - 1]);
            }),
        ),
    ]
}

/// Ways to read a string with escapes.
fn ways_of_strings() -> Vec<Way> {
    let out = RefCell::new(Vec::new());
    vec![
        (
            "serde_json, a string",
            Box::new(|text| assert!(serde_json::from_slice::<String>(text).is_ok())),
        ),
        ("unescape", Box::new(|text| assert!(unescape(text).is_some()))),
        (
            "unescape_into",
            Box::new(move |text| {
                let mut out = out.borrow_mut();
                out.clear();
                assert!(unescape_into(text, &mut out));
            }),
        ),
    ]
}

/// The ways of a feed and their messages.
fn ways_of(feed: &Feed) -> impl Iterator<Item = (Way, &[String])> {
    let messages = ways().into_iter().map(|way| (way, &feed.messages[..]));
    let arrays = ways_of_arrays().into_iter().map(|way| (way, &feed.arrays[..]));
    let strings = ways_of_strings().into_iter().map(|way| (way, &feed.strings[..]));
    messages.chain(arrays).chain(strings)
}

fn repeat(feeds: &[Feed], wanted: &str, times: usize) {
    for feed in feeds {
        for ((name, way), messages) in ways_of(feed) {
            if format!("{}/{name}", feed.name) == wanted {
                (0..times).for_each(|_| messages.iter().for_each(|text| way(text.as_bytes())));
                println!("{times} times {} messages", messages.len());
            }
        }
    }
}

fn measure(feed: &Feed) {
    let ways: Vec<_> = ways_of(feed).collect();
    let mut found = vec![Vec::new(); ways.len()];
    for _ in 0..ROUNDS {
        for (((_, way), messages), found) in ways.iter().zip(&mut found) {
            let bytes: usize = messages.iter().map(String::len).sum();
            let times = ROUND / bytes;
            let began = Instant::now();
            (0..times).for_each(|_| messages.iter().for_each(|text| way(text.as_bytes())));
            found.push(began.elapsed().as_nanos() as f64 / (times * messages.len()) as f64);
        }
    }
    let median = |times: &mut Vec<f64>| {
        times.sort_by(f64::total_cmp);
        times[ROUNDS / 2]
    };
    let base = median(&mut found[0]);
    println!("{} B", feed.name);
    for (((name, _), messages), times) in ways.iter().zip(&mut found) {
        let bytes = messages.iter().map(String::len).sum::<usize>() / messages.len();
        let time = median(times);
        println!("  {name:22} {bytes:5} B {time:8.1} ns {:6.2}", time / base);
    }
}
