//! Pipeline files with mistakes of all kinds, made from good ones: whatever stands in a file, it is
//! looked at to the end, each mistake has a place within the text, and all renderings can be made and
//! show no secret.
//!
//! `FAUCET_MUTATIONS=100000` makes that many, and prints how long the slowest took.

#![allow(clippy::unwrap_used, reason = "helpers of tests may unwrap as tests do")]

use std::path::Path;
use std::time::{Duration, Instant};

use fastrand::Rng;
use faucet_stream::diagnostic::{Format, SourceText, render};
use faucet_stream::{
    Diagnostic, PipelineSpec, Registry, SpecErrors, SpecFormat, Variable, Verdict, registry,
};
use serde_json::Value;

/// How many files the ordinary run makes, and the environment variable for more.
const ORDINARY: usize = 2_000;
const MORE: &str = "FAUCET_MUTATIONS";

/// No text grows beyond this, so that its checks end.
const LONGEST: usize = 64 * 1024;

/// A file with secrets, beside those of the examples.
const WITH_SECRETS: &str = r#"# One feed for two readers.
sources:
  feed:
    type: websocket
    url: wss://reader:hunter2pass@feed.example.com/ws/{symbol}?key=hunter2key
    auth:
      type: bearer
      config:
        token: hunter2token
    headers:
      X-Key: hunter2header
      X-Client: "faucet π"
    tls: { ca_file: ~/ca.pem, server_name: feed.example.com }
    subscribe_messages:
      - '{"op":"subscribe","channel":"trades"}'
      - { type: binary, data: "AAEC/w==" }
    batch_size: 500
    batch_timeout: 250ms
    idle_timeout: 1 min
transforms:
  buys: { type: filter, from: feed, match: { /m: false } }
sinks:
  file:
    type: jsonl
    from: [buys]
    path: "{symbol}.jsonl"
    mode: create
  relay: { type: websocket, from: [feed], url: "${RELAY_URL:-ws://127.0.0.1:9002/}" }
flush: { interval: 1s, bytes: 1MiB }
context:
  symbol: btcusdt
"#;

/// What a value may become.
const VALUES: [&str; 26] = [
    "true",
    "yes",
    "5",
    "-1",
    "1.5",
    "99999999999999999999",
    "null",
    "~",
    "[]",
    "{}",
    "[a, {b: c}]",
    "{a: [b}",
    "\"text\"",
    "\"text",
    "'x",
    "*anchor",
    "&anchor x",
    "<<: *anchor",
    "{symbol}.jsonl",
    "${X",
    "${X:-y}",
    "a: b",
    "|",
    "@at",
    "\u{a0}\u{feff}π€😀",
    ".inf",
];

/// What may be inserted anywhere.
const PIECES: [&str; 20] = [
    "\t",
    " ",
    "\n",
    "\r\n",
    ":",
    "=",
    ",",
    "{",
    "}",
    "[",
    "]",
    "\"",
    "'",
    "#",
    "- ",
    "---\n",
    "\0",
    "\u{1b}[31m",
    "π",
    "\u{2028}",
];

const FORMATS: [SpecFormat; 3] = [SpecFormat::Yaml, SpecFormat::Json, SpecFormat::Toml];

/// The good files, in each language.
fn good() -> Vec<(SpecFormat, String)> {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let files = std::fs::read_dir(examples).unwrap().map(|entry| entry.unwrap().path());
    let files = files.filter(|path| path.extension().is_some_and(|ending| ending == "yaml"));
    let mut texts: Vec<String> = files.map(|path| std::fs::read_to_string(path).unwrap()).collect();
    texts.sort();
    texts.push(WITH_SECRETS.to_owned());
    let mut all = Vec::new();
    for text in texts {
        let mut tree: Value = serde_saphyr::from_str(&text).unwrap();
        let json = serde_json::to_string_pretty(&tree).unwrap();
        without_nulls(&mut tree);
        all.push((SpecFormat::Toml, toml::to_string(&tree).unwrap()));
        all.push((SpecFormat::Json, json));
        all.push((SpecFormat::Yaml, text));
    }
    all
}

/// TOML has no null.
fn without_nulls(value: &mut Value) {
    if let Value::Object(map) = value {
        map.retain(|_, value| !value.is_null());
        map.values_mut().for_each(without_nulls);
    }
}

/// One mistake more.
fn mutated(text: &str, rng: &mut Rng) -> String {
    let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
    if lines.is_empty() {
        return "x".to_owned();
    }
    let at = rng.usize(..lines.len());
    let other = rng.usize(..lines.len());
    match rng.u32(..10) {
        0 => lines[at] = with_typo(&lines[at], rng),
        1 => lines.swap(at, other),
        2 => lines.insert(other, lines[at].clone()),
        3 => drop(lines.remove(at)),
        4 => {
            let content = lines[at].trim_start().to_owned();
            let blank = if rng.u8(..8) == 0 { "\t" } else { " " };
            lines[at] = blank.repeat(rng.usize(..8)) + &content;
        }
        5 | 6 => {
            if let Some(separator) = lines[at].find([':', '=']) {
                let key = &lines[at][..=separator];
                let space = if rng.u8(..8) == 0 { "" } else { " " };
                lines[at] = format!("{key}{space}{}\n", rng.choice(VALUES).unwrap());
            }
        }
        7 => {
            // A block moves to another place, and one level in or out.
            let end = (at + rng.usize(1..5)).min(lines.len());
            let block: Vec<String> = lines.drain(at..end).collect();
            let to = rng.usize(..=lines.len());
            let moved = block.into_iter().map(|line| match rng.bool() {
                true => format!("  {line}"),
                false => line.strip_prefix("  ").map_or(line.clone(), str::to_owned),
            });
            lines.splice(to..to, moved);
        }
        8 => {
            let whole = lines.concat();
            return whole[..boundary(&whole, rng.usize(..=whole.len()))].to_owned();
        }
        _ => {
            let mut whole = lines.concat();
            let at = boundary(&whole, rng.usize(..=whole.len()));
            whole.insert_str(at, rng.choice(PIECES).unwrap());
            return whole;
        }
    }
    lines.concat()
}

fn boundary(text: &str, at: usize) -> usize {
    (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default()
}

fn with_typo(line: &str, rng: &mut Rng) -> String {
    let mut chars: Vec<char> = line.chars().collect();
    let letters: Vec<usize> = (0..chars.len()).filter(|at| chars[*at].is_alphabetic()).collect();
    let Some(at) = rng.choice(letters) else { return line.to_owned() };
    match rng.u8(..4) {
        0 => drop(chars.remove(at)),
        1 => chars.insert(at, chars[at]),
        2 => chars[at] = chars[at].to_ascii_uppercase(),
        _ if at + 1 < chars.len() => chars.swap(at, at + 1),
        _ => {}
    }
    chars.into_iter().collect()
}

/// The secrets of the file that still stand where they can be told from other text: in a line that no
/// mistake has changed, and a header below `headers`.
fn kept_secrets(text: &str) -> Vec<&'static str> {
    let is_token = |line: &str| {
        let line = line.trim().trim_end_matches(',').replace('"', "");
        line == "token: hunter2token" || line == "token = hunter2token"
    };
    let once = |part: &str| text.matches(part).count() == 1;
    let mut kept = Vec::new();
    if once("hunter2token") && text.lines().any(is_token) {
        kept.push("hunter2token");
    }
    if once("hunter2header") && text.contains("\n    headers:\n      X-Key: hunter2header\n") {
        kept.push("hunter2header");
    }
    if text.contains("wss://reader:hunter2pass@feed.example.com/ws/{symbol}?key=hunter2key") {
        kept.extend(["hunter2pass", "hunter2key"]);
    }
    kept
}

fn checked(registry: &Registry, bytes: &[u8], format: SpecFormat) -> (SourceText, Vec<Diagnostic>) {
    let lookup = |_: &str| Variable::Unset;
    match PipelineSpec::parse_bytes(bytes, format, "mutated", lookup) {
        Ok(spec) => {
            let Verdict { text, diagnostics, .. } = spec.check(registry);
            (text, diagnostics)
        }
        Err(errors) => of_errors(&errors),
    }
}

fn of_errors(errors: &SpecErrors) -> (SourceText, Vec<Diagnostic>) {
    (errors.text().clone(), errors.diagnostics().to_vec())
}

/// Looks at a text, and proves what holds for every text. Says what is wrong.
fn prove(registry: &Registry, bytes: &[u8], format: SpecFormat) -> Result<(), String> {
    let (text, found) = checked(registry, bytes, format);
    for of in &found {
        for span in of.span.iter().chain(&of.others) {
            let (start, end) = (span.start, span.end);
            let good = start <= end
                && end <= text.text().len()
                && text.text().is_char_boundary(start)
                && text.text().is_char_boundary(end);
            if !good {
                return Err(format!("{start}..{end} is no part of the text: {of:?}"));
            }
        }
        if of.message().is_empty() || of.span.is_some() != of.start.is_some() {
            return Err(format!("no message or no place: {of:?}"));
        }
    }
    let human = |color| Format::Human { color, width: 100, command: "faucet" };
    for format in [human(false), human(true), Format::Short, Format::Json, Format::Github] {
        let drawn = render(&[(&text, &found)], format);
        for secret in kept_secrets(text.text()) {
            if drawn.contains(secret) {
                return Err(format!("{secret} is shown: {drawn}"));
            }
        }
    }
    Ok(())
}

/// What makes `count` mutations from `seed`, and the longest time that one took.
fn mutate(seed: u64, count: usize) -> (Duration, String) {
    let (good, registry) = (good(), registry());
    let mut slowest = (Duration::ZERO, String::new());
    for n in 0..count {
        let mut rng = Rng::with_seed(seed.wrapping_add(n as u64));
        let (format, text) = rng.choice(&good).unwrap();
        let mut text = text.clone();
        for _ in 0..rng.usize(1..5) {
            text = mutated(&text, &mut rng);
        }
        assert!(text.len() < LONGEST, "seed {}: the text grows without end", seed + n as u64);
        let mut bytes = text.clone().into_bytes();
        // A file may have another ending, and bytes that are no text.
        let format = if rng.u8(..20) == 0 { *rng.choice(&FORMATS).unwrap() } else { *format };
        if rng.u8(..10) == 0 {
            bytes.insert(rng.usize(..=bytes.len()), rng.u8(..));
        }
        let started = Instant::now();
        if let Err(why) = prove(&registry, &bytes, format) {
            panic!("seed {}, {format:?}: {why}\n{text}", seed + n as u64);
        }
        let took = started.elapsed();
        if took > slowest.0 {
            slowest = (took, text);
        }
    }
    slowest
}

#[test]
fn files_with_any_mistakes_are_looked_at_to_their_end() {
    let more = std::env::var(MORE).ok().map(|count| count.parse::<usize>().unwrap());
    let (half, started) = (more.unwrap_or(ORDINARY) / 2, Instant::now());
    let first = std::thread::spawn(move || mutate(1, half));
    let second = mutate(1_000_000_000, half);
    let slowest = first.join().unwrap().max(second);
    if more.is_some() {
        let took = started.elapsed();
        eprintln!("{} files in {took:.1?}, the slowest in {:.1?}:", half * 2, slowest.0);
        eprintln!("{}", slowest.1);
    }
}

#[test]
fn a_file_that_is_cut_anywhere_is_looked_at_to_its_end() {
    let registry = registry();
    for (format, text) in good() {
        let step = if format == SpecFormat::Yaml { 3 } else { 7 };
        for end in (0..text.len()).step_by(step) {
            if let Err(why) = prove(&registry, &text.as_bytes()[..end], format) {
                panic!("{format:?} cut at {end}: {why}\n{text}");
            }
        }
    }
}
