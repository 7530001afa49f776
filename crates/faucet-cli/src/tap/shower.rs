//! Shows messages: which of them, and in which form.

use std::io::{self, IsTerminal as _};

use faucet_core::{Error, MessageKind, Result, Timestamp};
use jiff::tz::TimeZone;

use crate::output::tell;
use crate::screen;
use crate::tap::args::ShowArgs;
use crate::tap::filter::Filter;
use crate::tap::outlet::Batch;
use crate::tap::pen::Paper;
use crate::tap::tally::Tally;
use crate::tap::view::{Binary, Direction, Screen, to_pipe, to_recording};

/// Where messages are shown.
#[derive(Debug)]
enum Look {
    Screen(Screen),
    Pipe(Binary),
}

/// Shows messages.
#[derive(Debug)]
pub(crate) struct Shower {
    look: Look,
    is_full: bool,
    filter: Filter,
    /// How many more are to be shown.
    left: Option<u64>,
    records: bool,
    shows_pings: bool,
    pub(crate) tally: Tally,
    /// Whether a text message looked like a binary one.
    has_warned: bool,
    batch: Batch,
}

impl Shower {
    /// # Errors
    /// `--raw` on a terminal.
    pub(crate) fn new(args: &ShowArgs) -> Result<Self> {
        let form = &args.form;
        let look = match io::stdout().is_terminal() {
            true if form.raw => {
                let what =
                    "--raw: a terminal takes no bytes as they came; write them to a file or a pipe";
                return Err(Error::usage(what));
            }
            true => Look::Screen(Screen {
                paper: Paper { width: None, colors: screen::has_colors_on_stdout() },
                zone: TimeZone::system(),
                pretty: form.pretty,
                hex: form.hex,
            }),
            false if form.raw => Look::Pipe(Binary::Raw),
            false if form.hex => Look::Pipe(Binary::Hex),
            false => Look::Pipe(Binary::Base64),
        };
        Ok(Self {
            look,
            is_full: form.full,
            filter: Filter::new(&args.filter),
            left: args.count,
            records: args.record.is_some(),
            shows_pings: args.show_pings,
            tally: Tally::default(),
            has_warned: false,
            batch: Batch::default(),
        })
    }

    /// Shows Pings and Pongs, or does not.
    #[must_use]
    pub(crate) fn with_pings(self, shows_pings: bool) -> Self {
        Self { shows_pings, ..self }
    }

    /// Whether as many messages were shown as were wanted.
    pub(crate) fn is_complete(&self) -> bool {
        self.left == Some(0)
    }

    /// Shows and records a message of the peer. Behind the last one that was wanted nothing is looked at.
    pub(crate) fn received(&mut self, at: Timestamp, kind: MessageKind, bytes: &[u8]) {
        if self.is_complete() {
            return;
        }
        self.tally.received(kind, bytes.len());
        if self.records {
            to_recording(at, kind, bytes, &mut self.batch.recorded);
        }
        if !self.filter.shows(kind == MessageKind::Binary, bytes) {
            return;
        }
        self.tally.shown += 1;
        self.left = self.left.map(|left| left - 1);
        let out = &mut self.batch.shown;
        match &self.look {
            Look::Screen(screen) => screen.message(at, Direction::Received, (kind, bytes), out),
            Look::Pipe(form) => {
                if to_pipe(kind, bytes, *form, out) && !self.has_warned {
                    self.has_warned = true;
                    tracing::warn!(
                        "a text message begins as the lines of binary messages do; --record tells \
                         them apart"
                    );
                }
            }
        }
    }

    /// Shows a message that was sent. A pipe gets none.
    pub(crate) fn sent(&mut self, at: Timestamp, kind: MessageKind, bytes: &[u8]) {
        self.tally.sent();
        if let Look::Screen(screen) = &self.look {
            screen.message(at, Direction::Sent, (kind, bytes), &mut self.batch.shown);
        }
    }

    /// Counts a message that the terminal shows already, because it was typed there.
    pub(crate) fn typed(&mut self) {
        self.tally.sent();
    }

    /// Shows a Ping or a Pong, where they are asked for: on stderr beside a pipe.
    pub(crate) fn control(&mut self, direction: Direction, words: &str) {
        if !self.shows_pings {
            return;
        }
        match &self.look {
            Look::Screen(screen) => {
                screen.note(Timestamp::now(), direction, words, &mut self.batch.shown);
            }
            Look::Pipe(_) => match direction {
                Direction::Received => tell(&format!("< {words}")),
                Direction::Sent => tell(&format!("> {words}")),
            },
        }
    }

    /// Takes what waits to be written. The next lines have the width that the terminal has now.
    pub(crate) fn take(&mut self) -> Batch {
        std::mem::take(&mut self.batch)
    }

    /// Looks at the width of the terminal: it may have changed.
    pub(crate) fn measure(&mut self) {
        if let Look::Screen(screen) = &mut self.look {
            screen.paper.width = (!self.is_full).then(screen::width_of_stdout);
        }
    }
}
