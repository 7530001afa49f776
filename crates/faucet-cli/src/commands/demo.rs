//! `faucet demo`: a feed, a pipeline and its result in one process.

use std::io::{BufRead as _, BufReader};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use faucet_core::{Error, ErrorKind, Registry, Result};
use faucet_lab::{FeedServer, Numbers, Program, Received, Receiver, ReceiverOptions, number_of};
use faucet_pipeline::{PipelineSpec, Report};
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::args::{DemoArgs, DemoSink};
use crate::live::Show;
use crate::output::{count, counted, note, print_line};
#[cfg(feature = "sql")]
use crate::script::Script;
use crate::signals::Signals;

const SHOWN: usize = 3;

/// The volume-weighted average price of each symbol, second by second.
#[cfg(feature = "sql")]
const VWAP: &str = r#"CREATE STREAM Trades (s STRING, p STRING, q STRING) WITH (
    type = 'source',
    extension = 'websocket',
    format = 'json',
    "websocket.url" = '{url}',
    "websocket.max_messages" = '{records}'
);

SELECT s AS symbol,
       SUM(CAST(p AS DOUBLE) * CAST(q AS DOUBLE)) / SUM(CAST(q AS DOUBLE)) AS vwap,
       COUNT(*) AS trades,
       window_end() AS until,
       window_complete() AS complete
FROM Trades
WINDOW TUMBLING(1 sec)
GROUP BY s
ORDER BY s;
"#;

pub(crate) async fn demo(args: DemoArgs, registry: &Registry) -> Result<()> {
    let signals = Signals::install().map_err(other)?;
    let program = Program::Synthetic {
        rate: NonZeroU32::new(args.rate),
        seed: args.seed,
        drop_after: Some(args.records / 2),
    };
    let server = FeedServer::bind(free_port(), program).await.map_err(other)?;
    let demo = Demo { url: server.url().map_err(other)?, records: args.records, registry, signals };
    let serving = tokio::spawn(server.serve(demo.signals.asked()));
    #[cfg(feature = "sql")]
    if args.sql {
        let result = demo.windows().await;
        serving.abort();
        return result;
    }
    let result = match (args.sink, args.output) {
        (DemoSink::Jsonl, output) => demo.to_file(&output.unwrap_or_else(default_output)).await,
        (DemoSink::Websocket, None) => demo.to_receiver().await,
        (DemoSink::Websocket, Some(_)) => {
            Err(Error::usage("--output: there is no file with --sink websocket"))
        }
    };
    serving.abort();
    result
}

fn other(error: std::io::Error) -> Error {
    Error::new(ErrorKind::Other, "demo").with_source(error)
}

fn free_port() -> std::net::SocketAddr {
    ([127, 0, 0, 1], 0).into()
}

fn default_output() -> PathBuf {
    std::env::temp_dir().join("faucet-demo.jsonl")
}

/// A feed that is served, and how much of it is followed.
struct Demo<'a> {
    url: String,
    records: u64,
    registry: &'a Registry,
    signals: Signals,
}

impl Demo<'_> {
    async fn to_file(&self, file: &Path) -> Result<()> {
        note(&format!(
            "A synthetic exchange trades on {}. This pipeline follows it to {} trades; halfway the \
             exchange drops the connection.\n",
            self.url,
            count(self.records)
        ));
        let sink = json!({ "type": "jsonl", "path": file, "mode": "create" });
        let report = self.run(sink).await?;
        // Without a trade there is no file, or that of the demo before.
        let told = if report.records > 0 { tell_file(&report, file) } else { Ok(()) };
        report.into_result().and(told)
    }

    async fn to_receiver(&self) -> Result<()> {
        let options = ReceiverOptions {
            drop_after: Some((self.records / 3).max(1)),
            ..ReceiverOptions::default()
        };
        let receiver = Receiver::bind(free_port(), options).await.map_err(other)?;
        let url = receiver.url().map_err(other)?;
        note(&format!(
            "A synthetic exchange trades on {}. This pipeline sends {} of its trades to a receiver \
             on {url}. The receiver drops the connection after a third of them, the exchange after \
             half.\n",
            self.url,
            count(self.records)
        ));
        let received = receiver.received();
        let (end, ended) = oneshot::channel::<()>();
        let receiving = tokio::spawn(receiver.serve(async { drop(ended.await) }));
        let sink = json!({ "type": "websocket", "url": url, "delivery": "at_least_once" });
        let report = self.run(sink).await;
        drop(end);
        receiving.await.map_err(|e| Error::new(ErrorKind::Other, "demo").with_source(e))??;
        let report = report?;
        let told = tell_received(&report, &received);
        report.into_result().and(told)
    }

    /// A script that aggregates the trades: its rows go to stdout as its windows close.
    #[cfg(feature = "sql")]
    async fn windows(&self) -> Result<()> {
        let script =
            VWAP.replace("{url}", &self.url).replace("{records}", &self.records.to_string());
        note(&format!(
            "A synthetic exchange trades on {}. This script follows it to {} trades, and halfway the \
             exchange drops the connection: `complete` is false for the windows that miss trades.\n\n\
             {script}",
            self.url,
            count(self.records)
        ));
        let verdict = Script::parse(&script).check(self.registry);
        let (pipeline, _) = verdict.into_result()?;
        let run = pipeline.start();
        let progress = run.progress();
        let report = Show::new(false).during(progress, run.until(self.signals.asked())).await;
        let told = tell_report(&report);
        report.into_result().and(told)
    }

    async fn run(&self, sink: Value) -> Result<Report> {
        let source = json!({
            "type": "websocket",
            "url": self.url,
            "reconnect": true,
            "max_messages": self.records,
            "idle_timeout": 10,
            "batch_timeout": 0.2,
        });
        let pipeline = PipelineSpec::from_value(json!({ "source": source, "sink": sink }));
        let run = pipeline.build(self.registry)?.start();
        let progress = run.progress();
        Ok(Show::new(false).during(progress, run.until(self.signals.asked())).await)
    }
}

/// Says where the file is, what it begins with, what is missing in it, and how the run went.
fn tell_file(report: &Report, file: &Path) -> Result<()> {
    let unreadable = |e| {
        Error::new(ErrorKind::Sink, format!("{} cannot be read back", file.display()))
            .with_source(e)
    };
    let lines = BufReader::new(std::fs::File::open(file).map_err(unreadable)?).lines();
    let (mut numbers, mut previous, mut first) = (Numbers::default(), None, Vec::new());
    for line in lines {
        let line = line.map_err(unreadable)?;
        if let Some(number) = number_of(line.as_bytes()) {
            numbers.see(previous, number);
            previous = Some(number);
        }
        if first.len() < SHOWN {
            first.push(line);
        }
    }
    note(&format!("\nThe trades are in {}, which begins:", file.display()));
    for line in &first {
        print_line(line)?;
    }
    note(&format!(
        "\n{}, {}, over {}. {}",
        counted(numbers.seen(), "trade"),
        numbers.order(),
        counted(report.reconnects, "reconnect"),
        made_meanwhile(&numbers)
    ));
    tell_report(report)
}

/// Says what the receiver got, what it got twice, and how the run went.
fn tell_received(report: &Report, received: &Received) -> Result<()> {
    let (numbers, connections) =
        received.look(|tally| (tally.numbers().clone(), tally.connections()));
    let lost = match report.records.saturating_sub(numbers.distinct()) {
        0 => "nothing that was read is lost".to_owned(),
        lost => format!("{} that were read are lost", count(lost)),
    };
    note(&format!(
        "\nThe receiver got {}, {}, over {}. {} that were not confirmed were sent again, {} of \
         them had arrived: {lost}.",
        counted(numbers.distinct(), "trade"),
        numbers.order(),
        counted(connections, "connection"),
        count(report.resent),
        count(numbers.repeated()),
    ));
    note(&made_meanwhile(&numbers));
    tell_report(report)
}

fn made_meanwhile(numbers: &Numbers) -> String {
    format!(
        "{} more were made while the connection was away: a live feed cannot be resumed, but the \
         loss can be counted.",
        count(numbers.missing())
    )
}

fn tell_report(report: &Report) -> Result<()> {
    note("\nThe report of the run (faucet run --report FILE writes it):");
    let text = serde_json::to_string_pretty(report)
        .map_err(|e| Error::new(ErrorKind::Other, "the report").with_source(e))?;
    print_line(&text)
}
