//! A source of a pipeline file, whose records are shown.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use faucet_core::{
    CheckReport, ComponentKind, Delivery, Error, ErrorKind, Flushed, Info, MessageKind, PageWriter,
    PayloadRef, RecordRef, Result, Scope, Sink, StreamPage,
};
use faucet_pipeline::{Component, Pipeline};
use tokio::sync::watch;

use crate::tap::outlet::Outlet;
use crate::tap::shower::Shower;

/// The source of this name, or the only one.
///
/// # Errors
/// There is none, or there are several.
pub(crate) fn choose<'a>(pipeline: &'a Pipeline, id: Option<&str>) -> Result<&'a Component> {
    let sources: Vec<&Component> = pipeline
        .components()
        .iter()
        .filter(|component| component.kind() == ComponentKind::Source)
        .collect();
    let names: Vec<&str> = sources.iter().map(|source| &**source.id()).collect();
    let named = id.map(|id| sources.iter().find(|source| **source.id() == *id));
    match (named, &sources[..]) {
        (Some(Some(source)), _) => Ok(source),
        (None, [only]) => Ok(only),
        (Some(None), _) => {
            let what =
                format!("--source: the file has no such source; it has {}", names.join(", "));
            Err(Error::usage(what))
        }
        (None, _) => {
            let what = format!("the file has several sources: name one of {}", names.join(", "));
            Err(Error::usage(what).with_hint("--source ID"))
        }
    }
}

/// A pipeline from the source of a file to the screen.
///
/// # Errors
/// The component is no source, or they form no pipeline.
pub(crate) fn pipeline(file: &Pipeline, source: &Component, sink: ShowSink) -> Result<Pipeline> {
    let id = source.id();
    let Some(shared) = source.source() else {
        return Err(Error::usage("only a source can be tapped"));
    };
    let mut builder = Pipeline::builder().source(id, shared).context(file.context().clone()).sink(
        &format!("{id}_shown"),
        sink.clone(),
        &[id],
    );
    if source.info().diverts {
        let rejected = format!("{id}_rejected");
        builder = builder.sink(&rejected, sink.rejected(), &[]).dead_letter(id, &rejected);
    }
    Ok(builder.build()?)
}

/// Shows the records of a source.
#[derive(Debug, Clone)]
pub(crate) struct ShowSink {
    shown: Arc<Mutex<(Shower, Option<Outlet>)>>,
    complete: watch::Sender<bool>,
    /// Whether it takes what the source cannot decode, and shows nothing of it.
    rejects: bool,
}

impl ShowSink {
    pub(crate) fn new(shower: Shower, outlet: Outlet) -> Self {
        let shown = Arc::new(Mutex::new((shower, Some(outlet))));
        Self { shown, complete: watch::Sender::new(false), rejects: false }
    }

    fn rejected(&self) -> Self {
        Self { rejects: true, ..self.clone() }
    }

    /// Completes when as many records were shown as were wanted.
    pub(crate) fn complete(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut complete = self.complete.subscribe();
        async move {
            if complete.wait_for(|complete| *complete).await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// What was seen, as a line.
    pub(crate) fn statistics(&self, elapsed: std::time::Duration) -> String {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner).0.tally.line(elapsed)
    }
}

#[async_trait]
impl Sink for ShowSink {
    fn info(&self) -> Info {
        Info::new("tap", "stdout", Delivery::AtMostOnce)
    }

    async fn open(&self, _: &Scope) -> Result<Box<dyn PageWriter>> {
        Ok(Box::new(self.clone()))
    }

    async fn check(&self, _: &Scope) -> CheckReport {
        CheckReport::new("stdout")
    }
}

#[async_trait]
impl PageWriter for ShowSink {
    async fn write_page(&mut self, page: StreamPage) -> Result<()> {
        if self.rejects {
            tracing::warn!("{} records are not what the source takes them for", page.len());
            return Ok(());
        }
        let (batch, is_complete, outlet) = {
            let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
            let (shower, outlet) = &mut *shown;
            shower.measure();
            page.iter().for_each(|record| show(shower, &record));
            (shower.take(), shower.is_complete(), outlet.take())
        };
        let mut outlet = outlet.ok_or_else(|| Error::new(ErrorKind::Sink, "stdout"))?;
        if !batch.is_empty() {
            outlet.write(batch);
        }
        let written = std::future::poll_fn(|cx| outlet.poll(cx)).await;
        self.shown.lock().unwrap_or_else(PoisonError::into_inner).1 = Some(outlet);
        self.complete.send_replace(is_complete);
        written
    }

    async fn flush(&mut self) -> Result<Flushed> {
        Ok(Flushed::ALL)
    }
}

/// Shows a record as the source reads it.
fn show(shower: &mut Shower, record: &RecordRef<'_>) {
    let at = record.received_at();
    let mut rendered = Vec::new();
    match record.payload() {
        _ if record.has_envelope() => {
            record.write_json(&mut rendered);
            shower.received(at, MessageKind::Text, &rendered);
        }
        PayloadRef::Json(bytes) | PayloadRef::Text(bytes) => {
            shower.received(at, MessageKind::Text, bytes);
        }
        _ => shower.received(at, MessageKind::Binary, record.as_bytes()),
    }
}
