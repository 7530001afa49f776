//! `faucet tap`: a feed on the terminal or in a pipe, and what is sent to it.

use faucet_core::{Error, ErrorKind, Registry, Result};
use tokio::time::{Instant, sleep};

use crate::args::{FileArgs, TapArgs};
use crate::output::tell;
use crate::signals::Signals;
use crate::spec;
use crate::tap::file_source::{ShowSink, choose, pipeline};
use crate::tap::outlet::Outlet;
use crate::tap::session::{Session, Stop};
use crate::tap::shower::Shower;

pub(crate) async fn tap(args: TapArgs, registry: &Registry) -> Result<()> {
    let signals = Signals::install().map_err(|e| Error::new(ErrorKind::Other, e.to_string()))?;
    let limit = args.show.duration;
    let asked = signals.asked();
    let stop = async move {
        let over = async {
            match limit {
                Some(limit) => {
                    sleep(limit).await;
                    Stop::Time(limit)
                }
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = asked => Stop::Signal,
            over = over => over,
        }
    };
    match args.pipeline {
        Some(_) => tap_file(args, registry, stop).await,
        None if args.source.is_some() || !args.changes.is_empty() => {
            let what = "--source, --set, --context and --input-format are for --pipeline";
            Err(Error::usage(what))
        }
        None => Session::new(&args)?.run(stop).await,
    }
}

/// Shows the records of a source of a pipeline file.
async fn tap_file(
    args: TapArgs,
    registry: &Registry,
    stop: impl Future<Output = Stop> + Send,
) -> Result<()> {
    let TapArgs { pipeline: Some(file), source, changes, show, .. } = args else { return Ok(()) };
    let file = spec::load(&FileArgs { file, changes }, registry)?;
    let source = choose(&file, source.as_deref())?;
    let sink = ShowSink::new(Shower::new(&show)?, Outlet::open(show.record.as_deref())?);
    let complete = sink.complete();
    let run = pipeline(&file, source, sink.clone())?;
    let begun = Instant::now();
    let report = run
        .run_until(async {
            tokio::select! {
                _ = stop => {}
                () = complete => {}
            }
        })
        .await;
    if show.stats {
        tell(&sink.statistics(begun.elapsed()));
    }
    report.into_result().map(drop)
}
