//! What came from the client, sorted.

use std::collections::VecDeque;

use bytes::Bytes;

use super::conversation::{Matching, shown};
use super::seen::{End, parse_close};
use super::step::Expected;
use super::wire::{ReceivedFrame, opcode};

/// What came from the client and was not yet expected by a step.
#[derive(Default)]
pub(crate) struct Arrived {
    data: VecDeque<(u8, Bytes)>,
    partial: Option<(u8, Vec<u8>)>,
    pings: usize,
    pongs: VecDeque<Bytes>,
    pub(crate) close: Option<Bytes>,
    /// The last data message that a step expected.
    last: Option<Bytes>,
    /// The messages that the current step has passed over.
    passed: Passed,
}

/// Messages that did not match.
#[derive(Debug, Default)]
struct Passed {
    count: usize,
    last: Bytes,
}

impl Arrived {
    pub(crate) fn take(&mut self, frame: &ReceivedFrame) {
        let payload = frame.payload.clone();
        match (frame.opcode, frame.fin) {
            (opcode::PING, _) => self.pings += 1,
            (opcode::PONG, _) => self.pongs.push_back(payload),
            (opcode::CLOSE, _) => self.close = Some(payload),
            (opcode::CONTINUATION, fin) => {
                let (opcode, mut whole) = self.partial.take().unwrap_or_default();
                whole.extend_from_slice(&payload);
                match fin {
                    true => self.data.push_back((opcode, whole.into())),
                    false => self.partial = Some((opcode, whole)),
                }
            }
            (opcode, true) => self.data.push_back((opcode, payload)),
            (opcode, false) => self.partial = Some((opcode, payload.to_vec())),
        }
    }

    /// Whether what is expected has come; it is taken then.
    pub(crate) fn meets(&mut self, expected: &Expected) -> Result<bool, End> {
        let wanted = match expected {
            Expected::Text(text) => Some((opcode::TEXT, text.as_bytes())),
            Expected::Binary(bytes) => Some((opcode::BINARY, &bytes[..])),
            Expected::AnyData => None,
            Expected::Json(matching) => {
                let holds = |opcode, message: &[u8]| matching.holds(opcode, message).then_some(());
                return Ok(self.pass_to(holds).is_some());
            }
            Expected::NextJson(matching) => return self.meets_next(matching),
            Expected::Ping => {
                let met = self.pings > 0;
                self.pings = self.pings.saturating_sub(1);
                return Ok(met);
            }
            Expected::Pong(payload) => {
                let at = self.pongs.iter().position(|pong| pong == payload);
                self.pongs.drain(..at.map_or(0, |at| at + 1));
                return Ok(at.is_some());
            }
            Expected::Close(code) => {
                let Some(payload) = &self.close else { return Ok(false) };
                let (got, reason) = parse_close(payload);
                return match code {
                    Some(_) if *code != got => Err(End::Failure(format!(
                        "expected {expected:?}, got Close {got:?} {reason:?}"
                    ))),
                    _ => Ok(true),
                };
            }
        };
        let Some((opcode, payload)) = self.data.pop_front() else { return Ok(false) };
        match wanted {
            Some(wanted) if wanted != (opcode, &payload[..]) => {
                Err(End::Failure(format!("expected {expected:?}, got opcode {opcode} {payload:?}")))
            }
            _ => {
                self.last = Some(payload);
                Ok(true)
            }
        }
    }

    fn meets_next(&mut self, matching: &Matching) -> Result<bool, End> {
        let Some((opcode, message)) = self.data.pop_front() else { return Ok(false) };
        if !matching.holds(opcode, &message) {
            let mismatch = matching.mismatch(opcode, &message);
            return Err(End::Failure(format!("the next message does not match: {mismatch}")));
        }
        self.last = Some(message);
        Ok(true)
    }

    /// Takes messages until one is accepted, which becomes the last expected message.
    pub(crate) fn pass_to<T>(&mut self, accept: impl Fn(u8, &[u8]) -> Option<T>) -> Option<T> {
        while let Some((opcode, message)) = self.data.pop_front() {
            if let Some(accepted) = accept(opcode, &message) {
                self.last = Some(message);
                return Some(accepted);
            }
            self.passed.count += 1;
            self.passed.last = message;
        }
        None
    }

    /// Forgets what earlier steps have passed over.
    pub(crate) fn begin_step(&mut self) {
        self.passed = Passed::default();
    }

    /// Which messages the current step has passed over; empty when it has passed over none.
    pub(crate) fn passed_over(&self) -> String {
        let Passed { count, last } = &self.passed;
        match count {
            0 => String::new(),
            1 => format!(", one other message came: {}", shown(last)),
            _ => format!(", {count} other messages came, last: {}", shown(last)),
        }
    }

    /// The last data message that a step expected.
    pub(crate) fn last(&self) -> Option<&Bytes> {
        self.last.as_ref()
    }

    /// The number of data messages that no step has taken.
    pub(crate) fn waiting(&self) -> usize {
        self.data.len()
    }

    /// A data message that no step has taken.
    pub(crate) fn data(&self, at: usize) -> Option<(u8, &Bytes)> {
        self.data.get(at).map(|(opcode, message)| (*opcode, message))
    }

    pub(crate) fn remove(&mut self, at: usize) {
        self.data.remove(at);
    }
}
