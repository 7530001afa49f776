//! The account that every run has to balance: no record is lost without being counted.

use faucet_core::ComponentKind;
use faucet_pipeline::{Component, Pipeline, Report};

/// A run as one future, and as a task for each component.
pub(crate) const BOTH: [bool; 2] = [false, true];

/// A counter of a component, the runner's or the component's own.
pub(crate) fn count(report: &Report, id: &str, name: &str) -> u64 {
    let component = &report.components[id];
    let own = component.counters.get(name);
    own.or(component.counts.get(name)).copied().unwrap_or_default()
}

/// Checks that all records that were sent to a component were taken, not written, or dropped, and that
/// a sink has delivered, rejected or not confirmed what it has taken.
pub(crate) fn check(pipeline: &Pipeline, report: &Report) {
    let of = |id: &str, name: &str| count(report, id, name);
    let sent = |producer: &str| match pipeline.component(producer).map(Component::kind) {
        // What a source has handed over before there was a consumer.
        Some(ComponentKind::Source) => of(producer, "records") - of(producer, "not_written"),
        _ => of(producer, "records"),
    };
    for component in pipeline.components() {
        let id = &**component.id();
        let pages: u64 = component.from().iter().map(|producer| sent(producer)).sum();
        let letters: u64 = pipeline
            .components()
            .iter()
            .filter(|other| other.dead_letter().is_some_and(|sink| **sink == *id))
            .map(|other| of(other.id(), "rejected"))
            .sum();
        let lost = of(id, "not_written") + of(id, "dropped");
        match component.kind() {
            ComponentKind::Sink => {
                assert_eq!(pages + letters, of(id, "records") + lost, "to {id}: {report:#?}");
                let known = of(id, "delivered") + of(id, "unconfirmed") + of(id, "rejected");
                assert_eq!(of(id, "records"), known, "taken by {id}: {report:#?}");
            }
            ComponentKind::Transform => {
                assert_eq!(pages, of(id, "pushed") + lost, "to {id}: {report:#?}");
            }
            _ => {}
        }
    }
}

/// Runs a pipeline to its end and checks its account.
pub(crate) async fn run(pipeline: &Pipeline) -> Report {
    run_until(pipeline, std::future::pending()).await
}

/// Runs a pipeline until `shutdown` and checks its account.
pub(crate) async fn run_until(
    pipeline: &Pipeline,
    shutdown: impl Future<Output = ()> + Send,
) -> Report {
    let report = pipeline.run_until(shutdown).await;
    check(pipeline, &report);
    report
}
