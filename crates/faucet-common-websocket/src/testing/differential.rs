//! One stream, read by this crate and by tungstenite.

use std::time::Instant;

use faucet_core::{MessageKind, Span, Timestamp};

use crate::machine::control::Control;
use crate::machine::frames::{FrameLimits, Frames};
use crate::machine::inbox::{Inbound, Inbox};
use crate::machine::taken::Taken;
use crate::machine::{Pool, Role, Stamp, Utf8Policy, Violation};
use crate::testing::judge::{End, Item, Judge, Refusal};

/// The largest message. Small, so that random streams go beyond it.
pub(crate) const MAX: usize = 3000;

/// How the readers agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Agreement {
    /// On everything.
    Same,
    /// Both refuse the stream, this crate at the header and tungstenite behind the frame.
    Sooner,
    /// Both refuse a frame that breaks two rules, each for another of them.
    OtherReason,
}

/// Reads `stream` twice. `seed` chooses the sizes of buffers and reads, and when messages are taken.
///
/// # Errors
/// The readers deliver different items, or only one refuses the stream.
pub(crate) fn compare(stream: &[u8], role: Role, seed: u64) -> Result<Agreement, String> {
    let mut random = fastrand::Rng::with_seed(seed);
    let (ours, end) = Reader::new(role, &mut random).read(stream, &mut random);
    let mut judge = Judge::new(stream, role, MAX, 1 + random.usize(..500));
    let (mut theirs, mut their_end) = judge.read();
    let mut agreement = Agreement::Same;
    if their_end == End::More && matches!(end, End::Refused(_)) {
        // The judge refuses a frame only when all of it is there.
        agreement = Agreement::Sooner;
        their_end = judge.read_on(1 << 17);
    }
    for (ours, theirs) in ours.iter().zip(&mut theirs) {
        // tungstenite shows 1002, its own answer, in place of a code that it does not know. This
        // crate shows the peer's: the reason beside it may say what is wrong.
        if let (Item::Close(Some(code)), Item::Close(Some(1002))) = (ours, &theirs)
            && !matches!(code, 1000..=1003 | 1007..=1013 | 3000..=4999)
        {
            *theirs = ours.clone();
        }
    }
    if ours != theirs {
        return Err(format!("delivered {ours:?}\ntungstenite {theirs:?}"));
    }
    match (end, their_end) {
        (ours, theirs) if ours == theirs => Ok(agreement),
        (End::Refused(_), End::Refused(_)) => Ok(Agreement::OtherReason),
        _ => Err(format!("ends with {end:?}\ntungstenite {their_end:?}\nbehind {ours:?}")),
    }
}

/// An inbox whose owner takes messages and rests at random.
struct Reader {
    inbox: Inbox,
    most: usize,
    spans: Vec<Span>,
    items: Vec<Item>,
}

impl Reader {
    fn new(role: Role, random: &mut fastrand::Rng) -> Self {
        let limits = FrameLimits { max_message_bytes: MAX as u64, max_fragments: u32::MAX };
        let buffer = [1, 16, 64, 300, 4096, 1 << 16][random.usize(..6)];
        let frames = Frames::new(role, limits, Utf8Policy::Fail);
        Self {
            inbox: Inbox::new(frames, Pool::of(buffer), stamp()),
            most: [1, 8, 700, 1 << 16][random.usize(..4)],
            spans: Vec::new(),
            items: Vec::new(),
        }
    }

    fn read(mut self, mut stream: &[u8], random: &mut fastrand::Rng) -> (Vec<Item>, End) {
        while !stream.is_empty() {
            let space = self.inbox.space();
            let n = (1 + random.usize(..self.most)).min(space.len()).min(stream.len());
            let (now, later) = stream.split_at(n);
            space[..n].copy_from_slice(now);
            self.inbox.filled(n, stamp());
            stream = later;
            if let Some(end) = self.look() {
                self.take();
                return (self.items, end);
            }
            if random.u8(..3) == 0 {
                self.take();
            }
            if random.u8(..3) == 0 {
                self.inbox.rest();
            }
        }
        self.take();
        (self.items, End::More)
    }

    /// Looks at what was read.
    fn look(&mut self) -> Option<End> {
        loop {
            match self.inbox.next() {
                // Without an extension a batch is never full.
                Ok(Inbound::More | Inbound::Full) => return None,
                Ok(Inbound::Control(control)) => {
                    // The messages in front of it were found first.
                    self.take();
                    self.items.push(match control {
                        Control::Ping(payload) => Item::Ping(payload.as_slice().to_vec()),
                        Control::Pong(payload) => Item::Pong(payload.as_slice().to_vec()),
                        Control::Close(close) => Item::Close(close.code),
                    });
                    if matches!(self.items.last(), Some(Item::Close(_))) {
                        return Some(End::Closed);
                    }
                }
                Err(violation) => return Some(End::Refused(refusal(violation))),
            }
        }
    }

    /// Takes the messages that wait, and checks what stands between them.
    fn take(&mut self) {
        let taken = self.inbox.take(&mut self.spans);
        let bytes: &[u8] = match &taken {
            Taken::Shared(bytes) => bytes,
            Taken::Small(bytes) => bytes,
        };
        let mut behind = None;
        for span in &self.spans {
            let range = span.range();
            let gap = &bytes[behind.unwrap_or(range.start.saturating_sub(1))..range.start];
            let is_break = !gap.is_empty() && gap.iter().all(|byte| *byte == b'\n');
            assert!(is_break, "line breaks and nothing else stand between messages: {gap:?}");
            behind = Some(range.end);
            let payload = bytes[range].to_vec();
            self.items.push(match span.kind {
                MessageKind::Text => Item::Text(payload),
                MessageKind::Binary => Item::Binary(payload),
            });
        }
    }
}

fn refusal(violation: Violation) -> Refusal {
    match violation {
        Violation::NotUtf8 | Violation::CloseReason => Refusal::NotUtf8,
        Violation::TooLarge { .. } => Refusal::TooLarge,
        _ => Refusal::Protocol,
    }
}

fn stamp() -> Stamp {
    Stamp { instant: Instant::now(), timestamp: Timestamp::from_unix_millis(0) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::random_stream::random_stream;
    use crate::testing::raw_frame::RawFrame;

    /// 200,000 and more were tried once; the test run tries these.
    const SEEDS: u64 = 12_000;

    #[test]
    fn random_streams_are_read_as_tungstenite_reads_them() {
        let mut counted = [0; 3];
        for seed in 0..SEEDS {
            let role = if seed % 3 == 0 { Role::Server } else { Role::Client };
            let stream = random_stream(role, seed);
            match compare(&stream, role, seed) {
                Ok(agreement) => counted[agreement as usize] += 1,
                Err(difference) => panic!("seed {seed}, {role:?}: {difference}\nin {stream:x?}"),
            }
        }
        let [same, sooner, other_reason] = counted;
        println!("{same} the same, {sooner} refused sooner, {other_reason} for another reason");
        // The streams say something: most are read alike, and each difference is met.
        assert!(same > SEEDS / 2 && sooner > 0 && other_reason > 0, "{counted:?}");
    }

    #[test]
    fn a_difference_would_be_found() {
        // tungstenite refuses 1014, which came later to the registry of codes, with 1002.
        let close = RawFrame::close(1014, "").bytes();
        let (items, _) = Judge::new(&close, Role::Client, MAX, 9).read();
        assert_eq!(items, [Item::Close(Some(1002))]);
        assert_eq!(compare(&close, Role::Client, 1), Ok(Agreement::Same));
        // Only this crate has a limit of fragments, and here there is none.
        let header = [0x82, 127, 0, 0, 0, 0, 0, 0, 0xff, 0xff];
        assert_eq!(compare(&header, Role::Client, 1), Ok(Agreement::Same), "both at the header");
        assert_eq!(compare(&[0xf1, 5], Role::Client, 1), Ok(Agreement::Sooner));
    }
}
