//! The commit before the first page.

use std::sync::Arc;

use faucet_core::{Cancel, Result, Resume};
use futures_util::future::{join, join_all};

use crate::graph::guard::{caught, caught_now};
use crate::graph::hold::hold_until;
use crate::graph::opening::Opened;
use crate::graph::plan::Plan;
use crate::graph::state::State;
use crate::graph::store::Store;

/// Commits before the first page what sinks save, if a sink saves something that the state does not
/// have. A crash before the first flush then finds what each sink had at the start: without it a file
/// could not be cut back to where this run began.
///
/// # Errors
/// A sink does not flush, a source panics, or the state cannot be saved.
pub(crate) async fn commit(
    plan: &Plan,
    opened: &mut Opened,
    store: &Store,
    state: State,
) -> Result<State> {
    let Opened { readers, writers, .. } = opened;
    let mut next = state.clone();
    next.epoch += 1;
    let saves = |id: &Arc<str>| {
        let component = plan.component(id);
        component.is_some_and(|component| component.info().resume == Resume::Positions)
    };
    for (id, reader) in readers.iter().filter(|(id, _)| saves(id)) {
        let position = caught_now("position", || reader.position())
            .map_err(|error| error.with_component(id))?;
        if let (Some(position), Some(saved)) = (position, next.components.get_mut(&**id)) {
            saved.position = Some(position.as_str().to_owned());
        }
    }
    let done = Cancel::new();
    let flushing = async {
        let all = join_all(writers.iter_mut().map(|(id, writer)| async move {
            let flushed = caught("flush", async { writer.flush().await }).await;
            flushed.map(|flushed| (id, flushed)).map_err(|error| error.with_component(id))
        }));
        let flushed = all.await;
        done.cancel();
        flushed
    };
    let holding = join_all(readers.iter_mut().map(|(id, reader)| {
        let until = done.cancelled().wait();
        async move { hold_until(reader, until).await.map_err(|error| error.with_component(id)) }
    }));
    let (flushed, held) = join(flushing, holding).await;
    held.into_iter().collect::<Result<Vec<()>>>()?;
    let mut news = false;
    for flushed in flushed {
        let (id, flushed) = flushed?;
        if let (Some(bytes), Some(saved)) = (flushed.saved(), next.components.get_mut(&**id)) {
            news |= saved.bytes().as_ref() != Some(bytes);
            saved.set(bytes);
        }
    }
    if !news {
        return Ok(state);
    }
    store.save(next.clone()).await?;
    Ok(next)
}
