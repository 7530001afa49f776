//! One run of a sink, to a file or to standard output.

use async_trait::async_trait;
use faucet_core::{Flushed, Mark, PageWriter, Result, StreamPage};

use crate::gap_line::gap_line;
use crate::writer::Writer;

/// One run of a sink: the calls of the runner become jobs of the thread.
pub(crate) struct SinkRun {
    writer: Writer,
    gap_records: bool,
}

impl SinkRun {
    pub(crate) fn new(writer: Writer, gap_records: bool) -> Self {
        Self { writer, gap_records }
    }
}

#[async_trait]
impl PageWriter for SinkRun {
    async fn write_page(&mut self, page: StreamPage) -> Result<()> {
        self.writer.write_page(page).await
    }

    async fn flush(&mut self) -> Result<Flushed> {
        Ok(match self.writer.flush().await? {
            Some(committed) => Flushed::ALL.with_saved(committed.to_bytes()),
            None => Flushed::ALL,
        })
    }

    async fn mark(&mut self, mark: &Mark) -> Result<()> {
        match mark {
            Mark::Gap(gap) if self.gap_records => {
                let (line, at) = gap_line(gap);
                self.writer.write_gap(line, at).await
            }
            _ => Ok(()),
        }
    }

    async fn close(&mut self) -> Result<()> {
        self.writer.close().await
    }
}
