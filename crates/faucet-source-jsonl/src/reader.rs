//! One run of the source.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use faucet_core::{
    Ended, Error, Next, PageLimits, PageReader, Pager, Position, Rejected, Result, Scope,
    StreamPage, Timestamp,
};

use crate::decode::{BadLine, Decoder, gap, undecoded};
use crate::error::JsonlError;
use crate::files::{Files, Next as NextFile};
use crate::line_format::OnParseError;
use crate::lines::Found;
use crate::position::Place;

/// How a file is read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ReadOptions {
    pub(crate) decoder: Decoder,
    pub(crate) on_parse_error: OnParseError,
    pub(crate) follow: bool,
    pub(crate) max_messages: Option<u64>,
    pub(crate) max_message_bytes: usize,
    pub(crate) limits: PageLimits,
}

/// How often the source looks whether a file that it follows has grown.
const LOOK: Duration = Duration::from_millis(100);

/// The first bytes of a file that other tools mark as UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The result of a look for something that adds to the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Added,
    /// The page ends before the line that was found: the line is a gap.
    Breaks,
    /// Nothing is there now.
    Later,
    End,
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
    files: Files,
    /// How many records may still be read.
    left: u64,
    pager: Pager,
    opened: Instant,
    /// The place behind the last page that was handed over.
    handed_over: Option<Place>,
    /// Set once nothing more is read.
    over: Option<Over>,
    scope: Scope,
}

impl Reader {
    pub(crate) fn new(options: ReadOptions, files: Files, scope: &Scope) -> Self {
        Self {
            options,
            handed_over: files.place(),
            files,
            left: options.max_messages.unwrap_or(u64::MAX),
            pager: Pager::new(options.limits),
            opened: Instant::now(),
            over: None,
            scope: scope.clone(),
        }
    }

    /// The name of the first file.
    pub(crate) fn file(&self) -> &str {
        self.files.name()
    }

    /// The size of the first record. `None`: there is no record. Used instead of `next_page`.
    pub(crate) async fn first_record_size(&mut self) -> Result<Option<usize>> {
        loop {
            let step = self.read().await?;
            let page = self.pager.take().unwrap_or_default();
            if let Some(record) = page.iter().next() {
                return Ok(Some(record.as_bytes().len()));
            }
            if matches!(step, Step::End | Step::Later) {
                return Ok(None);
            }
        }
    }

    /// Reads lines until one adds to the page. Cancel safe.
    async fn read(&mut self) -> Result<Step> {
        loop {
            let found = self.files.read().await?;
            let is_torn = match found {
                Found::Line => false,
                Found::Unfinished if self.files.may_grow() => match self.files.advance().await? {
                    NextFile::File => continue,
                    _ => return Ok(Step::Later),
                },
                Found::Unfinished => true,
                Found::Nothing => {
                    if !self.files.may_grow() && !self.files.is_whole() {
                        self.handle_torn_frame()?;
                    }
                    match self.files.advance().await? {
                        NextFile::File => continue,
                        NextFile::Later => return Ok(Step::Later),
                        NextFile::End => return Ok(Step::End),
                    }
                }
            };
            if let Some(step) = self.take_line(is_torn)? {
                return Ok(step);
            }
        }
    }

    /// Takes the line that was found. `None`: nothing comes of it.
    fn take_line(&mut self, is_torn: bool) -> Result<Option<Step>> {
        let Some(lines) = self.files.lines() else { return Ok(None) };
        let mut line = lines.line();
        if lines.number() == 1 {
            line = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line);
        }
        let now = Timestamp::now();
        let added = if line.trim_ascii().is_empty() {
            false
        } else if let Some(gap) = gap(line) {
            if !self.pager.is_empty() {
                // The position must stand before the gap until the page before it is handed over.
                return Ok(Some(Step::Breaks));
            }
            self.pager.gap(gap, self.opened);
            false
        } else {
            match self.options.decoder.decode(line, now) {
                Ok(record) => {
                    self.left -= 1;
                    // Pages of a file have no limit of age, so the pager needs no clock.
                    self.pager.push(record, self.opened);
                    true
                }
                Err(why) => self.handle_bad_line(why, is_torn, now)?,
            }
        };
        if let Some(lines) = self.files.lines() {
            lines.accept();
        }
        Ok(added.then_some(Step::Added))
    }

    /// The file ends inside of a compressed frame.
    fn handle_torn_frame(&mut self) -> Result<()> {
        let line = self.files.lines().map_or(0, |lines| lines.number());
        if self.options.on_parse_error == OnParseError::Fail {
            return Err(JsonlError::TornFrame { line }.about(self.files.name()));
        }
        tracing::warn!("{}: its last compressed frame is torn; left out", self.files.name());
        self.scope.counters().skip("torn_frame", 1);
        Ok(())
    }

    /// Returns whether the line was added to the page.
    fn handle_bad_line(&mut self, why: BadLine, is_torn: bool, now: Timestamp) -> Result<bool> {
        let Some(lines) = self.files.lines() else { return Ok(false) };
        let (line, number) = (lines.line(), lines.number());
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
                let error = match is_torn {
                    true => JsonlError::Torn { line: number, why },
                    false => JsonlError::BadLine { line: number, why, excerpt },
                };
                Err(error.about(self.files.name()))
            }
        }
    }

    /// Reads until a page is to be handed over or there is nothing more to read. Cancel safe.
    async fn fill(&mut self) {
        while self.over.is_none() && !self.pager.is_full() {
            if self.left == 0 {
                self.over = Some(Over::Ended(Ended::MaxRecords));
                return;
            }
            // Somebody waits for the records of a live file; the lines that come next make a page of their own.
            let hands_over = self.files.is_live() && !self.pager.is_empty();
            let step = match hands_over {
                true => tokio::select! {
                    biased;
                    step = self.read() => step,
                    () = std::future::ready(()) => return,
                },
                false => self.read().await,
            };
            match step {
                Ok(Step::Added) => {}
                Ok(Step::Breaks) => return,
                Ok(Step::Later) if !self.pager.is_empty() => return,
                Ok(Step::Later) => tokio::time::sleep(LOOK).await,
                Ok(Step::End) => self.over = Some(Over::Ended(Ended::Exhausted)),
                Err(error) => self.over = Some(Over::Failed(error)),
            }
        }
    }

    /// Takes the page off the pager. Every line that was accepted is then handed over, because the
    /// pager is empty.
    fn take(&mut self) -> Option<StreamPage> {
        self.handed_over = self.files.place();
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
        self.handed_over.as_ref().map(Place::to_position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::LineForm;
    use crate::line_format::LineFormat;

    #[tokio::test]
    async fn records_in_the_pager_are_not_handed_over_until_they_are_drained() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        std::fs::write(&path, "1\n\n22\n333\n").unwrap();
        let options = ReadOptions {
            decoder: Decoder { format: LineFormat::Json, form: LineForm::Bare },
            follow: false,
            on_parse_error: OnParseError::Fail,
            max_messages: None,
            max_message_bytes: 10,
            limits: PageLimits::ONE_PAGE,
        };
        let files = Files::open(&path, 10, false, None).await.unwrap();
        let mut reader = Reader::new(options, files, &Scope::default());
        let said = |reader: &Reader| {
            let said = reader.position().unwrap().to_string();
            said.replace(path.to_str().unwrap(), "f")
        };
        for _ in 0..2 {
            assert_eq!(reader.read().await.unwrap(), Step::Added);
        }
        assert_eq!(said(&reader), r#"{"file":"f","offset":0,"line":0}"#);
        assert_eq!(reader.drain().await.unwrap().map(|page| page.len()), Some(2));
        assert_eq!(said(&reader), r#"{"file":"f","offset":6,"line":3}"#);
        assert!(matches!(reader.next_page().await.unwrap(), Next::End(Ended::Exhausted)));
        assert_eq!(said(&reader), r#"{"file":"f","offset":6,"line":3}"#);
    }
}
