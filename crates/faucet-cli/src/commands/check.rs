//! `faucet check`: reaches the far end of each component step by step.

use std::process::ExitCode;

use faucet_core::{CheckReport, Error, ErrorKind, Registry, Result, StepOutcome, template};
use faucet_pipeline::Component;

use crate::args::FileArgs;
use crate::exit;
use crate::output::{explain, print_line, time};
use crate::signals::{INTERRUPTED, Signals};
use crate::spec;

/// The exit code is that of the first component that fails.
pub(crate) async fn check(args: FileArgs, registry: &Registry) -> Result<ExitCode> {
    let signals = Signals::install().map_err(|e| Error::new(ErrorKind::Other, e.to_string()))?;
    let reached = spec::reached(&args, registry)?;
    let checked = async {
        let mut failed: Option<Error> = None;
        for (component, scope) in &reached {
            let Some(report) = component.check(scope).await else { continue };
            show(component, &template::fill_target(&report.target, scope), &report)?;
            failed = failed.or(report.into_result().err());
        }
        Ok(failed.map_or(ExitCode::SUCCESS, |error| exit::code(&error)))
    };
    tokio::select! {
        result = checked => result,
        () = signals.asked() => Ok(ExitCode::from(INTERRUPTED)),
    }
}

fn show(component: &Component, target: &str, report: &CheckReport) -> Result<()> {
    let (kind, connector) = (component.kind(), component.info().connector);
    // The id of a short pipeline file is its kind.
    let named = **component.id() != *kind.as_str();
    let name = if named { format!(" {}:", component.id()) } else { String::new() };
    print_line(&format!("{kind}{name} {connector} {target}"))?;
    if report.steps.is_empty() {
        print_line("  nothing to check")?;
    }
    for step in &report.steps {
        let (mark, detail) = match &step.outcome {
            StepOutcome::Passed(detail) => ("ok", detail.clone()),
            StepOutcome::Skipped(why) => ("--", why.clone()),
            StepOutcome::Failed(_) => ("FAILED", String::new()),
            other => ("--", format!("{other:?}")),
        };
        let line = format!("  {:<12} {mark:<7} {:>9}  {detail}", step.name, time(step.took));
        print_line(line.trim_end())?;
        if let StepOutcome::Failed(error) = &step.outcome {
            print_line(&format!("    {}", explain(error).replace('\n', "\n    ")))?;
        }
    }
    Ok(())
}
