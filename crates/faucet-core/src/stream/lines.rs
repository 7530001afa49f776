//! Records as JSON Lines.

use std::ops::Range;

use fearless_simd::prelude::*;
use fearless_simd::{Level, Simd, dispatch, u8x64};

use crate::stream::json::Escaper;
use crate::stream::record::PayloadKind;
use crate::stream::record_ref::{PayloadRef, write_envelope_end, write_envelope_start};
use crate::stream::records::{Records, Run};

/// Appends the JSON renderings of some records to `out`, each with a line break behind it and
/// without another in it. Panics when there are no such records.
pub(crate) fn write_lines(records: &Records, range: Range<usize>, out: &mut Vec<u8>) {
    records.assert_has(&range);
    let lines = Lines { records, range };
    dispatch!(Level::new(), simd => lines.write(simd, out));
}

/// Some records.
struct Lines<'a> {
    records: &'a Records,
    range: Range<usize>,
}

/// What is done about line breaks between the tokens of JSON.
#[derive(Clone, Copy, PartialEq)]
enum LineBreaks {
    /// They are written: there are none, most likely.
    Keep,
    Replace,
}

impl Lines<'_> {
    #[inline(always)]
    fn write<S: Simd>(&self, simd: S, out: &mut Vec<u8>) {
        let begin = out.len();
        let is_checked = self.write_records(simd, LineBreaks::Keep, out);
        // Only JSON that was not made from a checked batch can have line breaks, and it rarely has.
        // One count over all lines costs a fraction of a search in each record.
        if !is_checked && count_line_breaks(simd, &out[begin..]) != self.range.len() {
            out.truncate(begin);
            self.write_records(simd, LineBreaks::Replace, out);
        }
    }

    /// Returns whether all JSON is known to have no line break.
    #[inline(always)]
    fn write_records<S: Simd>(&self, simd: S, breaks: LineBreaks, out: &mut Vec<u8>) -> bool {
        let mut is_checked = true;
        let mut escaper = Escaper::new(simd);
        for (run, places) in self.records.runs_in(self.range.clone()) {
            out.reserve(places.iter().map(|place| place.len + 1).sum());
            let around = Around::new(run);
            for place in places {
                let chunk = &self.records.chunks[place.chunk as usize][..];
                if place.kind == PayloadKind::Json {
                    is_checked &= place.one_line;
                    if breaks == LineBreaks::Keep && run.envelope.is_none() {
                        push_line(chunk, place.range(), out);
                        continue;
                    }
                }
                out.extend_from_slice(&around.before);
                let payload = &chunk[place.range()];
                match place.kind {
                    PayloadKind::Json if breaks == LineBreaks::Keep => {
                        out.extend_from_slice(payload);
                    }
                    PayloadKind::Json => PayloadRef::Json(payload).write_json(out),
                    PayloadKind::Text => escaper.push_string(payload, out),
                    PayloadKind::Binary => PayloadRef::Binary(payload).write_json(out),
                }
                out.extend_from_slice(&around.behind);
            }
        }
        is_checked
    }
}

/// Appends a payload and a line break. One copy takes the payload and the byte behind it, which is
/// then overwritten: this is faster than two appends. Behind the last message of a chunk there may be
/// no byte.
#[inline(always)]
fn push_line(chunk: &[u8], payload: Range<usize>, out: &mut Vec<u8>) {
    if let Some(with_next) = chunk.get(payload.start..=payload.end) {
        out.extend_from_slice(with_next);
        if let Some(last) = out.last_mut() {
            *last = b'\n';
        }
    } else {
        out.extend_from_slice(&chunk[payload]);
        out.push(b'\n');
    }
}

/// What stands around the payloads of a run: all records of a run have the same envelope.
struct Around {
    before: Vec<u8>,
    behind: Vec<u8>,
}

impl Around {
    fn new(run: &Run) -> Self {
        let (mut before, mut behind) = (Vec::new(), Vec::new());
        if let Some(url) = &run.envelope {
            write_envelope_start(&mut before);
            write_envelope_end(run.received_at, url, &mut behind);
        }
        behind.push(b'\n');
        Self { before, behind }
    }
}

/// The number of line breaks: `\n` and `\r`.
#[inline(always)]
fn count_line_breaks<S: Simd>(simd: S, bytes: &[u8]) -> usize {
    let of = |byte: u8| u8x64::splat(simd, byte);
    let is_break = |byte: &&u8| matches!(byte, b'\n' | b'\r');
    let (blocks, rest) = bytes.as_chunks::<64>();
    let count = |block: &[u8; 64]| {
        let block = u8x64::from_slice(simd, block);
        let breaks = block.simd_eq(of(b'\n')) | block.simd_eq(of(b'\r'));
        breaks.to_bitmask().count_ones() as usize
    };
    blocks.iter().map(count).sum::<usize>() + rest.iter().filter(is_break).count()
}
