//! `faucet demo`: a feed, a pipeline and its result in one process.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};

use faucet_core::{Error, ErrorKind, Registry, Result};
use faucet_pipeline::{PipelineSpec, Report};
use serde_json::{Value, json};

use crate::args::DemoArgs;
use crate::feed::{FeedServer, Program};
use crate::live::Show;
use crate::output::{count, counted, note, print_line};
use crate::signals::Signals;

const SHOWN: usize = 3;

pub(crate) async fn demo(args: DemoArgs, registry: &Registry) -> Result<()> {
    let other = |e: std::io::Error| Error::new(ErrorKind::Other, "demo").with_source(e);
    let signals = Signals::install().map_err(other)?;
    let program = Program::Synthetic {
        rate: (args.rate > 0).then_some(args.rate),
        seed: args.seed,
        drop_after: Some(args.records / 2),
    };
    let address = ([127, 0, 0, 1], 0).into();
    let server = FeedServer::bind(address, program).await.map_err(other)?;
    let url = server.url().map_err(other)?;
    let file = args.output.clone().unwrap_or_else(default_output);
    note(&format!(
        "A synthetic exchange trades on {url}. This pipeline follows it to {} trades; halfway the \
         exchange drops the connection.\n",
        count(args.records)
    ));
    let pipeline = PipelineSpec::from_value(pipeline(&url, &file, args.records));
    let run = pipeline.build(registry)?.start();
    let progress = run.progress();
    let serving = tokio::spawn(server.serve(signals.asked()));
    let report = Show::new(false).during(progress, run.until(signals.asked())).await;
    serving.abort();
    // Without a trade there is no file, or that of the demo before.
    let told = if report.records > 0 { tell(&report, &file) } else { Ok(()) };
    report.into_result().and(told)
}

fn default_output() -> PathBuf {
    std::env::temp_dir().join("faucet-demo.jsonl")
}

fn pipeline(url: &str, file: &Path, records: u64) -> Value {
    json!({
        "source": {
            "type": "websocket",
            "url": url,
            "reconnect": true,
            "max_messages": records,
            "idle_timeout": 10,
            "batch_timeout": 0.2,
        },
        "sink": { "type": "jsonl", "path": file, "mode": "create" },
    })
}

/// Says where the file is, what it begins with, what is missing in it, and how the run went.
fn tell(report: &Report, file: &Path) -> Result<()> {
    let unreadable = |e| {
        Error::new(ErrorKind::Sink, format!("{} cannot be read back", file.display()))
            .with_source(e)
    };
    let lines = BufReader::new(std::fs::File::open(file).map_err(unreadable)?).lines();
    let (mut numbers, mut first) = (Numbers::default(), Vec::new());
    for line in lines {
        let line = line.map_err(unreadable)?;
        numbers.see(&line);
        if first.len() < SHOWN {
            first.push(line);
        }
    }
    note(&format!("\nThe trades are in {}, which begins:", file.display()));
    for line in &first {
        print_line(line)?;
    }
    note(&format!("\n{}", numbers.tell(report.reconnects)));
    note("\nThe report of the run (faucet run --report FILE writes it):");
    let text = serde_json::to_string_pretty(report)
        .map_err(|e| Error::new(ErrorKind::Other, "the report").with_source(e))?;
    print_line(&text)
}

/// The numbers of the trades in a file, to see what is missing.
#[derive(Debug, Default)]
struct Numbers {
    seen: u64,
    missing: u64,
    last: Option<u64>,
    disordered: u64,
}

impl Numbers {
    fn see(&mut self, line: &str) {
        let trade: Value = serde_json::from_str(line).unwrap_or_default();
        let Some(number) = trade["t"].as_u64() else { return };
        self.seen += 1;
        if let Some(last) = self.last {
            match number.checked_sub(last + 1) {
                Some(gap) => self.missing += gap,
                None => self.disordered += 1,
            }
        }
        self.last = Some(number);
    }

    fn tell(&self, reconnects: u64) -> String {
        let order = match self.disordered {
            0 => "in order",
            _ => "not all in order",
        };
        format!(
            "{}, {order}, over {}. {} more were made while the connection was away: a live feed \
             cannot be resumed, but the loss can be counted.",
            counted(self.seen, "trade"),
            counted(reconnects, "reconnect"),
            count(self.missing)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_and_disorder_are_counted() {
        let mut numbers = Numbers::default();
        for number in [1, 2, 5, 6, 4] {
            numbers.see(&format!("{{\"t\":{number}}}"));
        }
        numbers.see("not a trade");
        assert_eq!((numbers.seen, numbers.missing, numbers.disordered), (5, 2, 1));
    }
}
