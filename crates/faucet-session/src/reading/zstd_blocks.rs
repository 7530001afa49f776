//! Where the blocks of a zstd stream end (RFC 8878 §3.1).
//!
//! A sender that flushes ends a block. The library does not tell where one ends.

const BLOCK_HEADER: usize = 3;
const CHECKSUM: usize = 4;
/// The mark and the length of a frame that holds no text.
const SKIPPED_HEADER: usize = 8;
/// The second to fourth byte of the mark of such a frame.
const SKIPPED: [u8; 3] = [0x2a, 0x4d, 0x18];

/// Follows a stream that the codec has accepted, and tells whether it stands between two blocks.
#[derive(Debug, Default)]
pub(super) struct Blocks {
    part: Part,
    /// The bytes of a header so far.
    header: Vec<u8>,
    /// Whether a checksum ends the frame.
    checksum: bool,
}

/// The part of the stream that the next byte belongs to.
#[derive(Debug, Default, Clone, Copy)]
enum Part {
    #[default]
    FrameHeader,
    BlockHeader,
    /// A block of so many more bytes.
    Block {
        left: usize,
        last: bool,
    },
    /// A checksum or a skipped frame of so many more bytes.
    Tail {
        left: usize,
    },
}

impl Blocks {
    /// Whether the stream stands behind a block or a frame, and not inside of either.
    pub(super) fn is_between(&self) -> bool {
        self.header.is_empty() && matches!(self.part, Part::FrameHeader | Part::BlockHeader)
    }

    /// Goes on behind `bytes`.
    pub(super) fn pass(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            match &mut self.part {
                Part::Block { left, .. } | Part::Tail { left } => {
                    let passed = bytes.len().min(*left);
                    *left -= passed;
                    bytes = &bytes[passed..];
                }
                Part::FrameHeader | Part::BlockHeader => {
                    self.header.push(bytes[0]);
                    bytes = &bytes[1..];
                }
            }
            self.advance();
        }
    }

    /// Enters the next part where the current one is whole.
    fn advance(&mut self) {
        let tail = CHECKSUM * usize::from(self.checksum);
        let next = match self.part {
            Part::FrameHeader => self.behind_frame_header(),
            Part::BlockHeader => block(&self.header),
            Part::Block { left: 0, last: true } if tail > 0 => Some(Part::Tail { left: tail }),
            Part::Block { left: 0, last: true } | Part::Tail { left: 0 } => Some(Part::FrameHeader),
            Part::Block { left: 0, last: false } => Some(Part::BlockHeader),
            Part::Block { .. } | Part::Tail { .. } => None,
        };
        let Some(next) = next else { return };
        self.header.clear();
        self.part = next;
        // A part without bytes is whole at once.
        if matches!(next, Part::Block { left: 0, .. } | Part::Tail { left: 0 }) {
            self.advance();
        }
    }

    fn behind_frame_header(&mut self) -> Option<Part> {
        let header = &self.header;
        if header.get(1..4).is_some_and(|mark| mark == SKIPPED) {
            let length = header.get(4..SKIPPED_HEADER)?;
            let length = length.iter().rev().fold(0, |sum, byte| sum << 8 | usize::from(*byte));
            return Some(Part::Tail { left: length });
        }
        let descriptor = *header.get(4)?;
        let single_segment = descriptor >> 5 & 1;
        let window = usize::from(1 - single_segment);
        let dictionary = [0, 1, 2, 4][usize::from(descriptor & 3)];
        let size = [usize::from(single_segment), 2, 4, 8][usize::from(descriptor >> 6)];
        self.checksum = descriptor >> 2 & 1 == 1;
        (header.len() == 5 + window + dictionary + size).then_some(Part::BlockHeader)
    }
}

/// The block behind the header `header`.
fn block(header: &[u8]) -> Option<Part> {
    let &[a, b, c] = header.first_chunk::<BLOCK_HEADER>()?;
    let header = u32::from_le_bytes([a, b, c, 0]);
    // One repeated byte stands for the whole block.
    let is_run = header >> 1 & 3 == 1;
    let left = if is_run { 1 } else { header as usize >> 3 };
    Some(Part::Block { left, last: header & 1 == 1 })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

    #[test]
    fn between_blocks_and_nowhere_else() {
        // Each piece ends where the stream stands between two blocks.
        let pieces: [&[u8]; 7] = [
            // A frame with a window, a dictionary's number of 2 bytes, a size of 4, a checksum.
            &[&MAGIC[..], &[0b1000_0110, 0, 1, 2, 1, 2, 3, 4]].concat(),
            // Three bytes as they are, a run of 5 bytes, an empty block.
            &[3 << 3, 0, 0, 7, 7, 7],
            &[5 << 3 | 1 << 1, 0, 0, 7],
            &[0, 0, 0],
            // The last block and the checksum.
            &[1 << 3 | 1, 0, 0, 7, 1, 2, 3, 4],
            // A skipped frame.
            &[0x5f, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 9, 9],
            // A frame of one segment without a block that has bytes.
            &[&MAGIC[..], &[0b0010_0000, 0, 1, 0, 0]].concat(),
        ];
        let mut blocks = Blocks::default();
        assert!(blocks.is_between());
        for (number, piece) in pieces.iter().enumerate() {
            for (at, byte) in piece.iter().enumerate() {
                blocks.pass(&[*byte]);
                // A frame of one segment stands between its header and its block, too.
                let end = at + 1 == piece.len() || (number == 6 && at == 5);
                assert_eq!(blocks.is_between(), end, "byte {at} of piece {number}");
            }
        }
        let mut at_once = Blocks::default();
        at_once.pass(&pieces.concat());
        assert!(at_once.is_between() && blocks.is_between());
    }

    #[test]
    fn headers_fit() {
        let mut blocks = Blocks::default();
        blocks.pass(&[&MAGIC[..], &[0b1100_0011], &[0; 12]].concat());
        assert!(!blocks.is_between());
        blocks.pass(&[0]);
        assert!(blocks.is_between());
    }
}
