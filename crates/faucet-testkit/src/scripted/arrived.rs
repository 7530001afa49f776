//! What came from the client, sorted.

use std::collections::VecDeque;

use bytes::Bytes;

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
            _ => Ok(true),
        }
    }
}
