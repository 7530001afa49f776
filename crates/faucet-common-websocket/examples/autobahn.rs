//! The client under test of the Autobahn testsuite: echoes every message of every case.
//!
//! `scripts/autobahn.py` starts the testsuite's fuzzing server, runs this program, and counts.
#![allow(clippy::print_stdout, reason = "a program")]

use std::error::Error;
use std::future::poll_fn;

use faucet_common_websocket::{Compression, ConnectOptions, Driver, Event, Over, Received, Taken};
use faucet_core::{Problems, Scope, Span};

type Result<T, E = Box<dyn Error>> = std::result::Result<T, E>;

const AGENT: &str = "faucet";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let server = std::env::args().nth(1).ok_or("the URL of the fuzzing server is missing")?;
    let count: u32 = String::from_utf8(first_message(&server, "/getCaseCount").await?)?.parse()?;
    for case in 1..=count {
        let mut driver = connect(&format!("{server}/runCase?case={case}&agent={AGENT}")).await?;
        echo(&mut driver).await;
    }
    let mut driver = connect(&format!("{server}/updateReports?agent={AGENT}")).await?;
    echo(&mut driver).await;
    println!("{count} cases");
    Ok(())
}

async fn connect(url: &str) -> Result<Driver> {
    let mut problems = Problems::new();
    let mut options = ConnectOptions::new(url);
    if std::env::args().any(|argument| argument == "--deflate") {
        options.request.compression = Compression::Deflate;
    }
    let endpoint = options.check(&mut problems).ok_or_else(|| problems.to_string())?;
    Ok(endpoint.connect(&Scope::default()).await?)
}

/// The first message of a connection.
async fn first_message(server: &str, path: &str) -> Result<Vec<u8>> {
    let mut driver = connect(&format!("{server}{path}")).await?;
    let mut spans = Vec::new();
    loop {
        match poll_fn(|cx| driver.poll_event(cx, None)).await {
            Event::Messages => {
                let taken = driver.take(&mut spans).ok_or("no connection")?.bytes;
                return Ok(bytes(&taken)[spans[0].range()].to_vec());
            }
            Event::Over(over) => return Err(format!("no message came: {over:?}").into()),
            _ => {}
        }
    }
}

/// Sends back every message until the connection is over.
async fn echo(driver: &mut Driver) {
    let mut spans: Vec<Span> = Vec::new();
    loop {
        match poll_fn(|cx| driver.poll_event(cx, None)).await {
            Event::Messages => {
                let Some(Received { bytes: taken, .. }) = driver.take(&mut spans) else { continue };
                let messages: Vec<_> = spans
                    .iter()
                    .map(|span| (span.kind, bytes(&taken)[span.range()].to_vec()))
                    .collect();
                for (kind, message) in messages {
                    if let Some(outbox) = driver.outbox() {
                        outbox.message(kind, &message);
                    }
                }
            }
            Event::Over(Over::Closed(_) | Over::Failed { .. } | Over::Left(_)) => return,
            _ => {}
        }
    }
}

fn bytes<'a>(taken: &'a Taken<'_>) -> &'a [u8] {
    match taken {
        Taken::Shared(bytes) => bytes,
        Taken::Small(bytes) => bytes,
    }
}
