//! Random conversations: whatever the server does, the machine keeps its promises.

mod configuration;
mod server;

use std::panic::resume_unwind;
use std::time::Duration;

use faucet_session::script::Entropy;
use serde_json::Value;

use crate::support::Talk;

/// How many conversations are held.
const CONVERSATIONS: u64 = 10_000;

/// A machine that remembers more than this many bytes of debug text remembers without end.
const MOST_REMEMBERED: usize = 400_000;

#[test]
fn every_conversation_keeps_the_promises() {
    // The test would be the last one of its program for half a minute.
    let told = std::thread::scope(|scope| {
        let halves = [0, 1].map(|first| scope.spawn(move || conversations(first)));
        let told = halves.map(|half| half.join().unwrap_or_else(|panic| resume_unwind(panic)));
        told.into_iter().fold(Told::default(), Told::and)
    });
    // A generator of conversations that all end at once would prove nothing.
    let enough = CONVERSATIONS / 5;
    assert!(told.complete > enough && told.ended > enough && told.records > enough, "{told:?}");
}

/// Every second conversation, from the seed `first` on.
fn conversations(first: u64) -> Told {
    let held = |seed| {
        let held = std::panic::catch_unwind(|| converse(seed));
        held.unwrap_or_else(|_| panic!("the conversation of seed {seed}"))
    };
    (first..CONVERSATIONS).step_by(2).map(held).fold(Told::default(), Told::and)
}

/// The counts of a random conversation.
#[derive(Debug, Default)]
struct Told {
    complete: u64,
    ended: u64,
    records: u64,
}

impl Told {
    fn and(self, other: Self) -> Self {
        Self {
            complete: self.complete + other.complete,
            ended: self.ended + other.ended,
            records: self.records + other.records,
        }
    }
}

/// Holds one conversation over some connections.
fn converse(seed: u64) -> Told {
    let mut rng = fastrand::Rng::with_seed(seed);
    let configuration = configuration::random(&mut rng);
    let mut random = rng.fork();
    let entropy = Entropy::new(move |bytes| random.fill(bytes));
    let text = configuration.to_string();
    // Without the schema, which would take most of the time.
    let keys = serde_json::from_value(configuration.clone()).expect("the generator knows the keys");
    let talk = Talk::with_entropy(keys, entropy);
    let mut talk = talk.unwrap_or_else(|why| panic!("seed {seed}: {why:?}\n{text}"));
    let mut told = Told::default();
    for _ in 0..rng.u8(1..4) {
        talk.connects(&[]);
        let mut log = Vec::new();
        for _ in 0..rng.u8(0..20) {
            server::acts(&mut talk, &configuration, &mut rng);
            log.extend(talk.log());
        }
        // Now the server says nothing any more, or asks without end.
        let asks = rng.bool();
        let mut rest = patience(&configuration);
        while !talk.is_over && !talk.conversation.is_complete() && !rest.is_zero() {
            if asks && !server::asks(&mut talk) {
                break;
            }
            let wait = rest.min(Duration::from_secs(3));
            talk.waits(wait);
            rest -= wait;
        }
        log.extend(talk.log());
        assert!(
            talk.is_over || talk.conversation.is_complete(),
            "seed {seed}: neither complete nor over\n{text}\n{}",
            log.join("\n")
        );
        told.ended += u64::from(talk.is_over);
        told.records += log.iter().filter(|line| line.starts_with('=')).count() as u64;
        let complete = log.iter().filter(|line| line.ends_with("complete")).count();
        assert!(complete <= 1, "seed {seed}: complete {complete} times");
        told.complete += complete as u64;
        numbers_are_in_order(&log, seed);
        talk.says_goodbye();
        talk.log();
        if seed.is_multiple_of(8) {
            let remembered = format!("{:?}", talk.conversation).len();
            assert!(remembered < MOST_REMEMBERED, "seed {seed}: {remembered} bytes\n{text}");
        }
        talk.disconnects();
        if rng.u8(0..4) == 0 {
            talk.conversation.forget();
        }
    }
    told
}

/// The longest time that a session may take: its own, and that in which our messages wait for the limit.
fn patience(configuration: &Value) -> Duration {
    let seconds = |key: &str| configuration.pointer(key).and_then(Value::as_u64);
    let own = seconds("/session_timeout").unwrap_or(30);
    let waits = match (seconds("/send_limit/count"), seconds("/send_limit/per")) {
        (Some(count), Some(per)) => (200 / count + 1) * per,
        _ => 0,
    };
    Duration::from_secs(own + waits + 1)
}

/// The numbers of the messages of a connection are 1, 2, 3 and so on.
fn numbers_are_in_order(log: &[String], seed: u64) {
    let number = |line: &String| {
        let (_, text) = line.split_once("> ")?;
        text.rsplit_once("\"seq\":")?.1.split_once('}')?.0.parse().ok()
    };
    let mut numbers: Vec<u64> = log.iter().filter_map(number).collect();
    // An answer that waits for the sinks has its number since it was made.
    if log.iter().any(|line| line.starts_with("flushed")) {
        numbers.sort_unstable();
    }
    let expected: Vec<u64> = (1..=numbers.len() as u64).collect();
    assert_eq!(numbers, expected, "seed {seed}\n{}", log.join("\n"));
}
