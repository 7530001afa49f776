//! What the benches share: processes of their own, a feed of frames that were encoded before, and a
//! table of medians.

#![allow(clippy::print_stdout, reason = "a program that measures")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

pub(crate) const TRADE: &[u8; 135] = br#"{"e":"trade","E":1672515782136,"s":"BNBBTC","t":12345,"p":"0.00100000","q":"100.00000000","T":1672515782136,"m":true,"M":true,"x":1234}"#;
const ROUNDS: usize = 5;

/// Measures each of `names` in interleaved rounds and prints medians. `measure` returns the line
/// that [`print_result`] printed; the first name is what the others are compared with.
pub(crate) fn compare(names: &[&str], mut measure: impl FnMut(&str) -> String) {
    let mut results = vec![Vec::new(); names.len()];
    for _ in 0..ROUNDS {
        for (name, results) in names.iter().zip(&mut results) {
            let line = measure(name);
            let numbers: Vec<f64> = line.split_whitespace().map(|n| n.parse().unwrap()).collect();
            results.push((numbers[0], numbers[1], numbers[2]));
        }
    }
    println!(
        "{:<18} {:>10} {:>12} {:>8} {:>10} {:>9}",
        "", "M rec/s", "CPU s per M", "RSS MB", "rate ×", "CPU ×"
    );
    let median = |results: &[(f64, f64, f64)], pick: fn(&(f64, f64, f64)) -> f64| {
        let mut values: Vec<f64> = results.iter().map(pick).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    let (rate, cpu) = (median(&results[0], |r| r.0), median(&results[0], |r| r.1));
    for (name, results) in names.iter().zip(&results) {
        let (r, c) = (median(results, |r| r.0), median(results, |r| r.1));
        let rss = median(results, |r| r.2);
        println!("{name:<18} {r:>10.2} {c:>12.3} {rss:>8.1} {:>10.2} {:>9.2}", r / rate, c / cpu);
    }
}

/// Prints rate, CPU seconds per million records and memory of this process, for [`compare`].
pub(crate) fn print_result(started: Instant, millions: u64) {
    let seconds = started.elapsed().as_secs_f64();
    let (cpu, rss) = usage();
    let millions = millions as f64;
    println!("{} {} {rss}", millions / seconds, cpu / millions);
}

/// Starts this program once more and reads the first line that it prints.
pub(crate) fn child(args: &[&str]) -> (Child, String) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(args)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    (child, line.trim().to_owned())
}

/// Serves frames that were encoded before.
pub(crate) fn serve() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    println!("ws://{}/", listener.local_addr().unwrap());
    for stream in listener.incoming() {
        let stream = stream.unwrap();
        std::thread::spawn(move || drop(blast(stream)));
    }
}

fn blast(mut stream: TcpStream) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let key = head
        .lines()
        .find_map(|line| {
            line.split_once(": ").filter(|(k, _)| k.eq_ignore_ascii_case("sec-websocket-key"))
        })
        .map(|(_, value)| value.trim().to_owned())
        .unwrap_or_default();
    let accept = derive_accept_key(key.as_bytes());
    write!(
        stream,
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
    )?;
    let mut chunk = Vec::new();
    for _ in 0..2000 {
        chunk.extend_from_slice(&[0x81, 126, 0, TRADE.len() as u8]);
        chunk.extend_from_slice(TRADE);
    }
    loop {
        stream.write_all(&chunk)?;
    }
}

/// CPU seconds and the peak of resident memory in MB, of this process.
fn usage() -> (f64, f64) {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> =
        stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |index: usize| fields.get(index).and_then(|f| f.parse::<f64>().ok()).unwrap_or(0.0);
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    let kilobytes = peak.trim().trim_end_matches(" kB").parse::<f64>().unwrap_or(0.0);
    ((ticks(11) + ticks(12)) / 100.0, kilobytes / 1000.0)
}
