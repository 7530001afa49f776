//! Stdout and the recording: written in the background, so that a slow reader stops no timer of the
//! connection.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use faucet_core::{Error, ErrorKind, Result};
use tokio::task::JoinHandle;

use crate::output::{print_bytes, print_bytes_in_order};

/// Bytes for both.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub(crate) shown: Vec<u8>,
    pub(crate) recorded: Vec<u8>,
}

impl Batch {
    pub(crate) fn is_empty(&self) -> bool {
        self.shown.is_empty() && self.recorded.is_empty()
    }
}

/// Writes to stdout, and to the recording if there is one.
#[derive(Debug)]
pub(crate) struct Outlet {
    recording: Option<Arc<Recording>>,
    /// Whether nothing was shown yet: what stderr says about the connection stands in front.
    is_first: bool,
    writing: Option<JoinHandle<Result<()>>>,
}

#[derive(Debug)]
struct Recording {
    name: String,
    file: File,
}

impl Outlet {
    /// Opens the recording. What it holds already stays.
    pub(crate) fn open(recording: Option<&Path>) -> Result<Self> {
        let recording = match recording {
            None => None,
            Some(path) => {
                let name = path.display().to_string();
                let opened = OpenOptions::new().append(true).create(true).open(path);
                let file = opened.map_err(|error| failed(&name, error))?;
                Some(Arc::new(Recording { name, file }))
            }
        };
        Ok(Self { recording, is_first: true, writing: None })
    }

    /// Whether a batch is being written.
    pub(crate) fn is_busy(&self) -> bool {
        self.writing.is_some()
    }

    /// Begins to write a batch. None may be on its way.
    pub(crate) fn write(&mut self, batch: Batch) {
        let recording = self.recording.clone();
        let is_first = self.is_first && !batch.shown.is_empty();
        self.is_first &= batch.shown.is_empty();
        self.writing = Some(tokio::task::spawn_blocking(move || {
            // The recording comes first: a reader of stdout that has seen enough is no reason to lose
            // what was received.
            if let Some(Recording { name, file }) = recording.as_deref() {
                let mut file = file;
                file.write_all(&batch.recorded).map_err(|error| failed(name, error))?;
            }
            match batch.shown.is_empty() {
                true => Ok(()),
                false if is_first => print_bytes_in_order(&batch.shown),
                false => print_bytes(&batch.shown),
            }
        }));
    }

    /// Ready when the batch is written.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        let Some(writing) = &mut self.writing else { return Poll::Ready(Ok(())) };
        let written = ready!(Pin::new(writing).poll(cx));
        self.writing = None;
        Poll::Ready(
            written.unwrap_or_else(|error| {
                Err(Error::new(ErrorKind::Sink, "stdout").with_source(error))
            }),
        )
    }
}

fn failed(name: &str, error: std::io::Error) -> Error {
    Error::new(ErrorKind::Sink, format!("cannot write to {name}")).with_source(error)
}
