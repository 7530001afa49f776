//! `faucet run`: runs a pipeline file or a script.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::Path;
use std::time::Duration;

use faucet_core::{Delivery, Error, ErrorKind, Registry, Result};
use faucet_pipeline::{ComponentReport, End, Flusher, Pipeline, Progress, Report};
use tokio::time::timeout;

use crate::args::RunArgs;
use crate::graph::described;
use crate::live::Show;
use crate::logging;
use crate::output::{count, counted, explain, nonzero, reconnects, size, time};
use crate::running::{log_report, name_of};
use crate::serve::{Board, Options};
use crate::signals::Signals;
use crate::spec;
use crate::supervisor::{stopping, supervise};

/// How long a report may take.
const REPORTED_WITHIN: Duration = Duration::from_secs(2);

pub(crate) async fn run(args: RunArgs, registry: &Registry) -> Result<()> {
    let signals = Signals::install().map_err(|e| Error::new(ErrorKind::Other, e.to_string()))?;
    logging::name_pipeline(&name_of(&args.file.file));
    if let Some(file) = &args.report {
        is_writable(file)?;
    }
    let (report, pipeline) = match spec::load(&args.file, registry) {
        Ok(pipeline) => {
            let serve = match args.serve.serve {
                Some(at) => Some(Options::new(at, args.serve.serve_token_file.as_deref())?),
                None => None,
            };
            (execute(&pipeline, signals, &args, serve).await?, Some(pipeline))
        }
        Err(error) => (Report::failed(error), None),
    };
    let written = match &args.report {
        Some(file) => write_report(&report, file).await,
        None => Ok(()),
    };
    if report.ended == End::Shutdown {
        tell_not_written(&report);
    }
    if let Some(pipeline) = &pipeline
        && report.error.is_none()
    {
        tell_unconfirmed(&report, pipeline);
    }
    if report.error.is_none() && !args.quiet {
        log_report(&report, &summary(&report));
    }
    match (report.into_result(), written) {
        (Ok(_), written) => written,
        // Why the run failed matters more.
        (Err(error), written) => {
            if let Err(unwritten) = written {
                tracing::error!("{}", explain(&unwritten));
            }
            Err(error)
        }
    }
}

/// A shutdown that a component outlasts is what was asked for, but not for free.
fn tell_not_written(report: &Report) {
    for (id, of) in &report.components {
        if let Some(lost) = of.counts.get("not_written") {
            let lost = counted(*lost, "record");
            tracing::error!("{id}: not done in time; not written: {lost} that had been read");
        }
    }
}

/// A sink that promised more than it could prove is an error; another one is a warning.
fn tell_unconfirmed(report: &Report, pipeline: &Pipeline) {
    for component in pipeline.components() {
        let of = report.components.get(&**component.id());
        let unconfirmed =
            of.and_then(|of| of.counts.get("unconfirmed")).copied().unwrap_or_default();
        if unconfirmed == 0 {
            continue;
        }
        let records = counted(unconfirmed, "record");
        let what = "were sent, but the peer is not known to have read them: they may be lost";
        let id = component.id();
        match component.info().delivery {
            Delivery::AtMostOnce => tracing::warn!("{id}: {records} {what}"),
            _ => tracing::error!("{id}: {records} {what}"),
        }
    }
}

async fn execute(
    pipeline: &Pipeline,
    signals: Signals,
    args: &RunArgs,
    serve: Option<Options>,
) -> Result<Report> {
    let run = pipeline.start();
    if !args.quiet {
        tracing::info!("{}", described(pipeline));
    }
    let (progress, flusher) = (run.progress(), run.flusher());
    let board = || {
        Board::new(name_of(&args.file.file), pipeline.clone(), progress.clone())
            .with_redacted_records(args.serve.serve_redact)
    };
    let _server = serve.map(|serve| serve.begin(board())).transpose()?;
    let asked = signals.asked();
    let until = run.until(async {
        asked.await;
        stopping().await;
    });
    let shown = Show::new(args.quiet).during(progress.clone(), until);
    Ok(tokio::select! {
        report = shown => report,
        never = tell_state(pipeline, &progress, &flusher, signals.clone(), args) => never,
        never = supervise(&progress) => match never {},
    })
}

/// Each time that somebody asks for the state (SIGUSR1): lets the sinks look at their files, logs a line and
/// writes the report.
async fn tell_state(
    pipeline: &Pipeline,
    progress: &Progress,
    flusher: &Flusher,
    mut signals: Signals,
    args: &RunArgs,
) -> Report {
    loop {
        signals.asked_for_state().await;
        flusher.flush();
        let report = pipeline.report_so_far(progress);
        log_report(&report, &summary(&report));
        if let Some(file) = &args.report
            && let Err(unwritten) = write_report(&report, file).await
        {
            tracing::error!("{}", explain(&unwritten));
        }
    }
}

/// Finds out before a run, which may take months, whether its report can be written. Leaves things
/// as they are; a pipe or a device is not touched at all.
fn is_writable(file: &Path) -> Result<()> {
    let tried = match fs::metadata(file) {
        Ok(found) if found.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
        Ok(found) if found.is_file() => OpenOptions::new().append(true).open(file).map(drop),
        Ok(_) => Ok(()),
        // A link that leads nowhere yet.
        Err(_) if fs::symlink_metadata(file).is_ok() => Ok(()),
        Err(_) => OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(file)
            .and_then(|_| fs::remove_file(file)),
    };
    tried.map_err(|e| {
        Error::usage(format!("--report {}: cannot be written", file.display())).with_source(e)
    })
}

/// Writes the report. A pipe that nobody reads takes no more than [`REPORTED_WITHIN`].
async fn write_report(report: &Report, file: &Path) -> Result<()> {
    let failed = |e: io::Error| {
        let what = format!("--report {}: cannot be written", file.display());
        Error::new(ErrorKind::Sink, what).with_source(e)
    };
    let mut text = serde_json::to_string_pretty(report).map_err(|e| failed(e.into()))?;
    text.push('\n');
    let file = file.to_owned();
    let writing = tokio::task::spawn_blocking(move || fs::write(file, text));
    match timeout(REPORTED_WITHIN, writing).await {
        Ok(Ok(written)) => written.map_err(failed),
        Ok(Err(panicked)) => Err(failed(io::Error::other(panicked))),
        Err(_) => Err(failed(io::ErrorKind::TimedOut.into())),
    }
}

/// A report in a line.
pub(crate) fn summary(report: &Report) -> String {
    let state = match report.ended {
        End::Running => "running".to_owned(),
        ended => format!("ended: {}", ended.as_str()),
    };
    let mut parts = vec![
        state,
        format!("{} ({})", counted(report.records, "record"), size(report.bytes)),
        format!("{} delivered", count(report.delivered)),
    ];
    parts.extend(nonzero([(report.unconfirmed, "unconfirmed"), (report.resent, "sent again")]));
    parts.push(reconnects(report.reconnects, report.sink_reconnects));
    let gaps = report.gaps.len() as u64 + report.more_gaps;
    if gaps > 0 {
        let away = Duration::from_secs_f64(report.disconnected_seconds);
        parts.push(format!("{} ({})", counted(gaps, "gap"), time(away)));
    }
    for (reason, number) in &report.skipped {
        parts.push(format!("{} skipped ({reason})", count(*number)));
    }
    parts.push(time(Duration::from_secs_f64(report.elapsed_seconds)));
    let mut text = parts.join(" · ");
    if report.components.len() > 2 {
        let mut components: Vec<_> = report.components.iter().collect();
        components.sort_by_key(|(_, of)| {
            ["source", "transform", "sink"].iter().position(|k| *k == of.kind)
        });
        components.iter().for_each(|(id, of)| text.push_str(&component(id, of)));
    }
    text
}

/// A component of a report in a line.
fn component(id: &str, report: &ComponentReport) -> String {
    let of = |name: &str| report.counts.get(name).copied().unwrap_or_default();
    let mut parts = vec![counted(of("records"), "record")];
    let others = ["delivered", "unconfirmed", "not_written", "dropped", "rejected", "gaps"];
    parts.extend(nonzero(others.map(|name| (of(name), name))));
    parts.extend(nonzero(report.counters.iter().map(|(name, n)| (*n, *name))));
    for (reason, number) in &report.skipped {
        parts.push(format!("{} skipped ({reason})", count(*number)));
    }
    format!("\n  {} {id}: {}", report.kind, parts.join(" · "))
}
