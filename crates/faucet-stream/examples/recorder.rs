//! Reads the counters of a run for a recorder of one's own, while the run goes on.
//!
//! `recorder FILE` prints them each ten seconds.
#![expect(clippy::print_stdout, reason = "a program talks to its user")]

use std::time::Duration;

use faucet_stream::{PipelineSpec, Progress, registry};

/// One number of one component, as a recorder takes it: component, name, number.
pub(crate) type Sample = (String, &'static str, u64);

/// All numbers of a run now. `fixed` are those of the runner, `own` those of the component itself.
pub(crate) fn samples(progress: &Progress) -> Vec<Sample> {
    let mut samples = Vec::new();
    for component in progress.components() {
        let counters = &component.counters;
        for (name, number) in counters.fixed.iter().chain(&counters.own).chain(&counters.skipped) {
            samples.push((component.id.to_string(), *name, *number));
        }
        let is_down = counters.activity.connection.is_down();
        samples.push((component.id.to_string(), "down", is_down.into()));
    }
    samples
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let file = std::env::args().nth(1).ok_or("name a pipeline file")?;
    let spec = PipelineSpec::load(file.as_ref(), |name| std::env::var(name))?;
    let run = spec.build(&registry())?.start();
    let progress = run.progress();
    let recording = async move {
        loop {
            tokio::time::sleep(Duration::from_secs(10)).await;
            samples(&progress).iter().for_each(|sample| println!("{sample:?}"));
        }
    };
    tokio::spawn(recording);
    run.until(std::future::pending()).await.into_result()?;
    Ok(())
}
