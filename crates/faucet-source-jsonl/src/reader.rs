//! One run of the source.

use std::time::Instant;

use async_trait::async_trait;
use faucet_core::{
    Ended, Error, Next, PageLimits, PageReader, Pager, Position, Rejected, Result, Scope,
    StreamPage, Timestamp,
};

use crate::decode::{BadLine, Decoder, undecoded};
use crate::error::JsonlError;
use crate::line_format::OnParseError;
use crate::lines::LineReader;
use crate::position::Point;

/// How a file is read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ReadOptions {
    pub(crate) decoder: Decoder,
    pub(crate) on_parse_error: OnParseError,
    pub(crate) max_messages: Option<u64>,
    pub(crate) max_message_bytes: usize,
    pub(crate) limits: PageLimits,
}

/// Why the run reads no further line.
enum Over {
    Ended(Ended),
    /// The next call returns it, once the records before it are handed over.
    Failed(Error),
}

/// One run.
pub(crate) struct Reader {
    options: ReadOptions,
    /// The file's name, in positions and errors.
    file: String,
    lines: LineReader,
    /// How many records may still be read.
    left: u64,
    pager: Pager,
    opened: Instant,
    /// The point behind the last page that was handed over.
    handed_over: Point,
    /// Set once nothing more is read.
    over: Option<Over>,
    scope: Scope,
}

impl Reader {
    pub(crate) fn new(
        options: ReadOptions,
        file: String,
        lines: LineReader,
        scope: &Scope,
    ) -> Self {
        Self {
            options,
            file,
            handed_over: lines.at(),
            lines,
            left: options.max_messages.unwrap_or(u64::MAX),
            pager: Pager::new(options.limits),
            opened: Instant::now(),
            over: None,
            scope: scope.clone(),
        }
    }

    /// The file's name.
    pub(crate) fn file(&self) -> &str {
        &self.file
    }

    /// The size of the first record. `None`: there is no record. Used instead of `next_page`.
    pub(crate) async fn first_record_size(&mut self) -> Result<Option<usize>> {
        loop {
            let found = self.read().await?;
            let page = self.pager.take().unwrap_or_default();
            if let Some(record) = page.iter().next() {
                return Ok(Some(record.as_bytes().len()));
            }
            if !found {
                return Ok(None);
            }
        }
    }

    /// Reads lines until one adds to the page. `false` at the end of the file. Cancel safe.
    async fn read(&mut self) -> Result<bool> {
        loop {
            match self.lines.read().await {
                Ok(true) => {}
                Ok(false) => return Ok(false),
                Err(error) => return Err(error.about(&self.file)),
            }
            let line = self.lines.line();
            if line.trim_ascii().is_empty() {
                self.lines.accept();
                continue;
            }
            let now = Timestamp::now();
            let added = match self.options.decoder.decode(line, now) {
                Ok(record) => {
                    self.left -= 1;
                    // Pages of a file have no limit of age, so the pager needs no clock.
                    self.pager.push(record, self.opened);
                    true
                }
                Err(why) => self.handle_bad_line(why, now)?,
            };
            self.lines.accept();
            if added {
                return Ok(true);
            }
        }
    }

    /// Returns whether the line was added to the page.
    fn handle_bad_line(&mut self, why: BadLine, now: Timestamp) -> Result<bool> {
        let (line, number) = (self.lines.line(), self.lines.number());
        match self.options.on_parse_error {
            OnParseError::Skip => {
                self.scope.counters().skip(why.reason(), 1);
                Ok(false)
            }
            OnParseError::Divert => {
                let reason = format!("line {number}: {why}");
                self.pager.reject(Rejected::new(undecoded(line, now), reason), self.opened);
                Ok(true)
            }
            OnParseError::Fail => {
                let excerpt = why.excerpt(line);
                Err(JsonlError::BadLine { line: number, why, excerpt }.about(&self.file))
            }
        }
    }

    /// Reads until a page is full or there is nothing more to read. Cancel safe.
    async fn fill(&mut self) {
        while self.over.is_none() && !self.pager.is_full() {
            if self.left == 0 {
                self.over = Some(Over::Ended(Ended::MaxRecords));
                return;
            }
            match self.read().await {
                Ok(true) => {}
                Ok(false) => self.over = Some(Over::Ended(Ended::Exhausted)),
                Err(error) => self.over = Some(Over::Failed(error)),
            }
        }
    }

    /// Takes the page off the pager. Every line that was accepted is then handed over, because the
    /// pager is empty.
    fn take(&mut self) -> Option<StreamPage> {
        self.handed_over = self.lines.at();
        self.pager.take()
    }
}

#[async_trait]
impl PageReader for Reader {
    async fn next_page(&mut self) -> Result<Next> {
        self.fill().await;
        if let Some(page) = self.take() {
            return Ok(Next::Page(page));
        }
        match self.over.take() {
            Some(Over::Failed(error)) => {
                self.over = Some(Over::Ended(Ended::default()));
                Err(error)
            }
            Some(Over::Ended(why)) => {
                self.over = Some(Over::Ended(why));
                Ok(Next::End(why))
            }
            // `fill` leaves an empty pager only at the end.
            None => Ok(Next::End(Ended::default())),
        }
    }

    async fn drain(&mut self) -> Result<Option<StreamPage>> {
        self.over.get_or_insert(Over::Ended(Ended::Exhausted));
        Ok(self.take())
    }

    fn position(&self) -> Option<Position> {
        self.lines.is_resumable().then(|| self.handed_over.to_position(&self.file))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::line_format::LineFormat;

    #[tokio::test]
    async fn records_in_the_pager_are_not_handed_over_until_they_are_drained() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        std::fs::write(&path, "1\n\n22\n333\n").unwrap();
        let options = ReadOptions {
            decoder: Decoder { format: LineFormat::Json, envelope: false },
            on_parse_error: OnParseError::Fail,
            max_messages: None,
            max_message_bytes: 10,
            limits: PageLimits::ONE_PAGE,
        };
        let lines = LineReader::open(&path, 10, None).await.unwrap();
        let mut reader = Reader::new(options, "f".into(), lines, &Scope::default());
        let said = |reader: &Reader| reader.position().unwrap().to_string();
        assert!(reader.read().await.unwrap() && reader.read().await.unwrap());
        assert_eq!(said(&reader), r#"{"file":"f","offset":0,"line":0}"#);
        assert_eq!(reader.drain().await.unwrap().map(|page| page.len()), Some(2));
        assert_eq!(said(&reader), r#"{"file":"f","offset":6,"line":3}"#);
        assert!(matches!(reader.next_page().await.unwrap(), Next::End(Ended::Exhausted)));
        assert_eq!(said(&reader), r#"{"file":"f","offset":6,"line":3}"#);
    }
}
