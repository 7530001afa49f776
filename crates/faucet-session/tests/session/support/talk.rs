//! A conversation in virtual time, with everything that it does written down.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use faucet_connect::Secrets;
use faucet_core::{MessageKind, Problems, Scope, Span};
use faucet_session::connect::{CallFailed, Dialing, Taken};
use faucet_session::names::ValueFailed;
use faucet_session::plan::Sent;
use faucet_session::script::{At, Batch, Conversation, Effect, Entropy, MarkKind, Note};
use faucet_session::template::Token;

use super::keys::Keys;

/// The wall clock at the beginning: 2026-11-25T16:00:00Z.
const WALL: Duration = Duration::from_secs(1_795_622_400);

/// A message of the server.
#[derive(Clone)]
pub(crate) struct Said {
    pub(crate) kind: MessageKind,
    pub(crate) payload: Vec<u8>,
}

impl Said {
    pub(crate) fn text(text: &str) -> Self {
        Self { kind: MessageKind::Text, payload: text.into() }
    }

    pub(crate) fn binary(payload: impl Into<Vec<u8>>) -> Self {
        Self { kind: MessageKind::Binary, payload: payload.into() }
    }
}

/// A conversation, its owner and its clock.
pub(crate) struct Talk {
    pub(crate) conversation: Conversation,
    begin: Instant,
    now: Instant,
    /// Whether the owner reads.
    reads: bool,
    /// Everything that the conversation did since it was asked last.
    log: Vec<String>,
    /// Whether the conversation has left the connection.
    pub(crate) is_over: bool,
    /// The calls that are out: names of values, or `#` and the number of a step.
    pub(crate) out: VecDeque<String>,
    /// Whether steps that are done are written down.
    tells_steps: bool,
    /// How many records there were.
    records: usize,
}

impl Talk {
    /// A conversation that has not begun. Random bytes are all `random`.
    pub(crate) fn new(config: &str, random: u8) -> Result<Self, Problems> {
        let tree = serde_json::from_str(config).unwrap_or_else(|why| panic!("{config}: {why}"));
        let entropy = Entropy::new(move |bytes| bytes.fill(random));
        Self::with_entropy(faucet_core::decode(tree)?, entropy)
    }

    pub(crate) fn with_entropy(keys: Keys, entropy: Entropy) -> Result<Self, Problems> {
        let (keys, surroundings) = keys.split();
        let mut problems = Problems::new();
        let plan = keys.check(&surroundings.around(), &mut problems);
        problems.into_result()?;
        let scope = Scope::new("source").with_values(std::collections::BTreeMap::from([(
            "room".to_owned(),
            "lobby".to_owned(),
        )]));
        let now = Instant::now();
        Ok(Self {
            conversation: Conversation::new(Arc::new(plan), &scope, entropy),
            begin: now,
            now,
            reads: true,
            log: Vec::new(),
            is_over: false,
            out: VecDeque::new(),
            tells_steps: false,
            records: 0,
        })
    }

    /// How many records there were so far.
    pub(crate) fn records(&self) -> usize {
        self.records
    }

    /// Steps that are done are written down, too.
    pub(crate) fn tell_steps(&mut self) {
        self.tells_steps = true;
    }

    fn at(&self) -> At {
        At { now: self.now, wall: SystemTime::UNIX_EPOCH + WALL + (self.now - self.begin) }
    }

    /// The connection stands. `taken` is what the calls before it brought.
    pub(crate) fn connects(&mut self, taken: &[(&str, Token)]) {
        let mut dialing = self.conversation.dialing();
        for (name, token) in taken {
            dialing.book.take((*name).into(), token.clone());
        }
        if dialing.resumes {
            self.log.push("resumes".into());
        }
        self.log.extend(dialing.next_url.iter().map(|url| format!("to {url}")));
        self.connects_with(dialing);
    }

    pub(crate) fn connects_with(&mut self, dialing: Dialing) {
        self.is_over = false;
        self.out.clear();
        self.conversation.connected(dialing, Secrets::NONE, self.at());
        self.obey();
    }

    /// The connection is gone.
    pub(crate) fn disconnects(&mut self) {
        self.conversation.disconnected();
        assert!(self.conversation.poll_effect().is_none());
    }

    /// Messages come in at once, as a page of them.
    pub(crate) fn hears(&mut self, said: &[Said]) -> Batch {
        let (mut bytes, mut spans) = (Vec::new(), Vec::new());
        for each in said {
            bytes.push(b'\n');
            let (at, len) = (bytes.len() as u32, each.payload.len() as u32);
            spans.push(Span { at, len, kind: each.kind });
            bytes.extend(&each.payload);
        }
        let batch = self.conversation.look(&bytes, &mut spans, self.at());
        self.obey();
        let made = batch.made.as_deref().unwrap_or(&bytes);
        self.records += spans.len();
        let mut marks = batch.marks.iter().peekable();
        for (index, span) in spans.iter().enumerate() {
            while let Some(mark) = marks.next_if(|mark| mark.at <= index) {
                self.log.push(shown_mark(&mark.what));
            }
            let kind = if span.kind == MessageKind::Binary { "=b" } else { "=" };
            self.log.push(format!("{kind} {}", shown(&made[span.range()])));
        }
        for mark in marks {
            assert_eq!(mark.at, spans.len(), "a mark stands behind the last record");
            self.log.push(shown_mark(&mark.what));
        }
        if batch.unmatched > 0 {
            self.log.push(format!("unmatched {}", batch.unmatched));
        }
        batch
    }

    /// Time goes by, and every limit acts when it is reached.
    pub(crate) fn waits(&mut self, time: Duration) {
        let (from, until) = (self.now, self.now + time);
        while let Some(due) = self.next().filter(|due| *due <= until) {
            let before = self.log.len();
            self.acts_at(due);
            let passed = (self.now - from).as_secs_f64();
            for line in &mut self.log[before..] {
                line.insert_str(0, &format!("@{passed} "));
            }
        }
        self.now = until;
    }

    fn acts_at(&mut self, due: Instant) {
        self.now = self.now.max(due);
        self.conversation.handle_timeout(self.at(), self.reads);
        self.obey();
        let next = self.next();
        assert!(
            next.is_none_or(|due| due > self.now),
            "a limit stays in the past: {:?}",
            self.conversation
        );
    }

    fn next(&self) -> Option<Instant> {
        self.conversation.next_timeout(self.reads)
    }

    /// The owner does not read for this long.
    pub(crate) fn pauses(&mut self, time: Duration) {
        self.reads = false;
        self.waits(time);
        self.reads = true;
        self.conversation.resumed(time, self.now);
    }

    /// A frame of the connection itself leaves.
    pub(crate) fn frame_leaves(&mut self) {
        self.conversation.frame_sent(self.now);
    }

    /// The call for a value ends.
    pub(crate) fn brings(&mut self, name: &str, brought: Result<Token, ValueFailed>) {
        assert_eq!(self.out.pop_front().as_deref(), Some(name), "the call that is out");
        self.conversation.errand_done(name.into(), brought, self.at());
        self.obey();
    }

    /// The HTTP call of a step ends.
    pub(crate) fn calls_back(&mut self, brought: Result<Taken, CallFailed>) {
        let out = self.out.pop_front().expect("a call is out");
        let step = out.strip_prefix('#').and_then(|step| step.parse().ok());
        self.conversation.call_done(step.expect("a call is out"), brought, self.at());
        self.obey();
    }

    /// The run ends.
    pub(crate) fn says_goodbye(&mut self) {
        let sent = self.conversation.goodbye(self.at());
        self.log.extend(sent.iter().map(shown_message));
        self.obey();
    }

    /// Everything that the conversation did since the last call.
    pub(crate) fn log(&mut self) -> Vec<String> {
        std::mem::take(&mut self.log)
    }

    fn obey(&mut self) {
        while let Some(effect) = self.conversation.poll_effect() {
            assert!(!self.is_over, "nothing is done on a connection that is left: {effect:?}");
            let line = match effect {
                Effect::Send(sent) => shown_message(&sent),
                Effect::Errand(errand) => {
                    assert!(self.out.is_empty(), "one call at a time");
                    self.out.push_back(errand.name.to_string());
                    format!("runs {}", errand.name)
                }
                Effect::Call { step, call } => {
                    assert!(self.out.is_empty(), "one call at a time");
                    self.out.push_back(format!("#{step}"));
                    format!("calls {call:?}")
                }
                Effect::Complete => "complete".into(),
                Effect::End(end) => {
                    self.is_over = true;
                    format!("end {end}")
                }
                Effect::Note(Note::Done { .. }) if !self.tells_steps => continue,
                Effect::Note(note) => shown_note(&note),
                other => format!("{other:?}"),
            };
            self.log.push(line);
        }
    }
}

/// Text as it is, other bytes escaped.
fn shown(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.contains(char::is_control) => text.to_owned(),
        _ => bytes.escape_ascii().to_string(),
    }
}

fn shown_message(sent: &Sent) -> String {
    match sent.kind {
        MessageKind::Text => {
            let text = std::str::from_utf8(&sent.payload).expect("text is UTF-8");
            format!("> {}", text.replace('\u{1e}', "\\x1e"))
        }
        _ => format!(">b {}", sent.payload.escape_ascii()),
    }
}

fn shown_mark(mark: &MarkKind) -> String {
    match mark {
        MarkKind::Cursor(cursor) => {
            format!("cursor {}", cursor.as_ref().map_or("none".into(), |cursor| cursor.json()))
        }
        MarkKind::Kept(kept) => {
            let names: Vec<&str> = kept.keys().map(|name| &**name).collect();
            format!("kept {}", names.join(", "))
        }
        MarkKind::Number(number) => {
            let resets = if number.resets { " resets" } else { "" };
            let previous = number.previous.map(|n| format!(" after {n}")).unwrap_or_default();
            let key = String::from_utf8_lossy(&number.key).replace('\0', "/");
            format!("number {}..{} of {key:?}{previous}{resets}", number.first, number.last)
        }
        MarkKind::CountReset(key) => {
            format!("count of {:?} anew", String::from_utf8_lossy(key).replace('\0', "/"))
        }
        MarkKind::Reply(sent) => format!("flushed {}", shown_message(sent)),
        other => format!("{other:?}"),
    }
}

fn shown_note(note: &Note) -> String {
    match note {
        Note::Done { place, verb, took } => format!("done {place} {verb} {took:?}"),
        Note::TopicsRefused { topics, count, words } => {
            format!("refused {}: {words}", Note::refused(topics, *count))
        }
        Note::Warned { rule, words } => format!("warned {rule}: {words}"),
        Note::Clamped { interval } => format!("clamped {interval:?}"),
        other => format!("{other:?}"),
    }
}

/// Time by steps of the conversation: a heartbeat of a nanosecond never lets a second go by.
impl Talk {
    /// So many limits act, each when it is reached.
    pub(crate) fn ticks(&mut self, most: usize) {
        for _ in 0..most {
            let Some(due) = self.next() else { return };
            self.acts_at(due);
        }
    }

    /// Half of the time until the next limit goes by, at most half an hour, and nobody calls the
    /// conversation.
    pub(crate) fn half_ticks(&mut self) {
        let Some(due) = self.next() else { return };
        let time = due.saturating_duration_since(self.now);
        self.now += time.min(Duration::from_secs(3600)) / 2;
    }
}
