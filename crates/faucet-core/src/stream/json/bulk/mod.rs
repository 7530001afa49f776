//! The check of all messages of a batch in one pass, 64 bytes at a time.
//!
//! A byte-by-byte scanner decides something at each byte, and the processor guesses many of these
//! decisions wrong. The bulk pass makes *masks* instead: numbers of 64 bits in which bit *i* stands
//! for byte *i* of a block. Comparing 64 bytes with a quote is a few instructions, and so is a rule
//! such as "no value stands behind a value", for all 64 bytes together. Single bytes are looked at
//! only in escapes, in words and fractions, and where brackets nest.
//!
//! The steps of a block, one file each:
//!
//! 1. `masks`: which bytes are quotes, commas, brackets and so on.
//! 2. `strings` and `escapes`: what lies inside strings, and is therefore no token.
//! 3. `tokens`: the tokens outside strings.
//! 4. `order`: which token may follow which.
//! 5. `nesting`: what may stand in an object, in an array, between messages.
//! 6. `scalars`: numbers, `true`, `false` and `null`.
//!
//! What a block needs to know of the block before, a struct of each step carries over.
//!
//! The pass answers "all are JSON" or "ask the judge". It knows less than the judge: tabs, carriage
//! returns and line breaks between tokens are JSON, and the pass asks the judge about them.

pub(crate) mod bits;
pub(crate) mod block;
mod escapes;
pub(crate) mod masks;
mod nesting;
mod order;
#[cfg(test)]
mod properties;
mod run;
mod scalars;
mod strings;
mod tokens;

use fearless_simd::prelude::*;
use fearless_simd::{Level, Simd, dispatch, u8x64};

use crate::stream::json::bulk::block::{BLOCK, Block};
use crate::stream::json::bulk::escapes::Escapes;
use crate::stream::json::bulk::masks::Masks;
use crate::stream::json::bulk::nesting::{LEVELS, Levels, Nesting};
use crate::stream::json::bulk::order::Order;
use crate::stream::json::bulk::strings::Strings;
use crate::stream::json::bulk::tokens::{ScalarRuns, Tokens};
use crate::stream::span::Span;

/// Whether all messages are UTF-8 and JSON, and none has a raw line break. `false` means that at
/// least one may not be: ask [`check`](crate::json::check) about each.
///
/// `chunk` and `spans` are as in a [`Batch`](crate::Batch). One pass over the bytes of all messages
/// takes about half the time of the single checks.
///
/// # Panics
/// When the messages do not lie in the chunk.
pub fn is_all_json(chunk: &[u8], spans: &[Span]) -> bool {
    let level = Level::new();
    // Without SIMD the judge is faster.
    !level.is_fallback() && is_all_json_at(level, chunk, spans)
}

/// [`is_all_json`] with the instructions of `level`.
fn is_all_json_at(level: Level, chunk: &[u8], spans: &[Span]) -> bool {
    let (Some(first), Some(last)) = (spans.first(), spans.last()) else { return true };
    let text = &chunk[first.range().start..last.range().end];
    let payloads: usize = spans.iter().map(|span| span.len as usize).sum();
    // Spans that overlap are against the rules, and no reason to overflow.
    let Some(line_breaks) = text.len().checked_sub(payloads) else { return false };
    let lines = Lines { text, messages: spans.len(), line_breaks };
    match dispatch!(level, simd => lines.check(simd)) {
        Verdict::Json => true,
        // Line breaks stand between the messages, and a line break never lies inside a sequence of
        // UTF-8: so the text is UTF-8 exactly if each message is.
        Verdict::JsonIfUtf8 => simdutf8::basic::from_utf8(text).is_ok(),
        Verdict::AskJudge => false,
    }
}

/// What the pass says.
enum Verdict {
    /// All messages are ASCII and JSON.
    Json,
    /// All messages are JSON if they are UTF-8.
    JsonIfUtf8,
    /// At least one message may not be JSON.
    AskJudge,
}

/// Messages, with line breaks between them.
struct Lines<'a> {
    text: &'a [u8],
    messages: usize,
    /// The number of line breaks between the messages.
    line_breaks: usize,
}

impl Lines<'_> {
    // All functions of a pass are inlined into it: only there the compiler may use the instructions
    // of the level. Their carries are then registers.
    #[inline(always)]
    fn check<S: Simd>(&self, simd: S) -> Verdict {
        let (blocks, rest) = self.text.as_chunks::<BLOCK>();
        // The rest becomes a block by a line break, which ends the last message, and spaces.
        let mut last = [b' '; BLOCK];
        last[..rest.len()].copy_from_slice(rest);
        last[rest.len()] = b'\n';
        let (mut escapes, mut levels) = (Escapes::default(), [0; LEVELS]);
        let mut pass = Pass::new(&mut escapes, &mut levels);
        let mut all_bytes = u8x64::splat(simd, 0);
        for (number, bytes) in blocks.iter().enumerate() {
            all_bytes |= u8x64::from_slice(simd, bytes);
            if !pass.block(simd, Block { bytes, number, text: self.text }) {
                return Verdict::AskJudge;
            }
        }
        all_bytes |= u8x64::from_slice(simd, &last);
        if !pass.block(simd, Block { bytes: &last, number: blocks.len(), text: self.text }) {
            return Verdict::AskJudge;
        }
        let (messages, line_breaks) = pass.order.counts();
        // One count alone is not enough: an empty message and a message with a raw line break
        // between two values cancel out in the number of messages. No string and no container can be
        // open: there the line break behind the text is a fault.
        if messages != self.messages || line_breaks != self.line_breaks + 1 {
            return Verdict::AskJudge;
        }
        match all_bytes.simd_ge(u8x64::splat(simd, 0x80)).any_true() {
            true => Verdict::JsonIfUtf8,
            false => Verdict::Json,
        }
    }
}

/// What the steps carry from block to block.
struct Pass<'a> {
    strings: Strings<'a>,
    runs: ScalarRuns,
    order: Order,
    nesting: Nesting<'a>,
}

impl<'a> Pass<'a> {
    #[inline(always)]
    fn new(escapes: &'a mut Escapes, levels: &'a mut Levels) -> Self {
        Self {
            strings: Strings::new(escapes),
            runs: ScalarRuns::default(),
            order: Order::default(),
            nesting: Nesting::new(levels),
        }
    }

    /// Checks the next block. `false` asks the judge.
    #[inline(always)]
    fn block<S: Simd>(&mut self, simd: S, block: Block<'_>) -> bool {
        let masks = Masks::of(simd, block.bytes);
        let Some(strings) = self.strings.find(simd, &masks, block) else { return false };
        let tokens = Tokens::new(&masks, &strings, &mut self.runs);
        let order = self.order.check(&tokens);
        let Some(misplaced) = self.nesting.check(&tokens, order.misplaced) else { return false };
        if order.faults | misplaced != 0 {
            return false;
        }
        scalars::are_scalars(simd, &tokens.scalar, block)
    }
}
