//! From zstd to text.
//!
//! The C library rather than ruzstd: ruzstd keeps a whole window of text back until a frame ends,
//! so that it never gives the texts of a stream out.

use zstd_safe::zstd_sys::ZSTD_ErrorCode;
use zstd_safe::{DCtx, DParameter, ErrorCode, InBuffer, OutBuffer, ResetDirective};

use crate::reading::failure::{DecompressFailed, DictionaryUnusable};
use crate::reading::output::Output;
use crate::reading::zstd_blocks::Blocks;

/// The first bytes of a frame.
pub(super) const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// The largest window, 8 MiB: RFC 9659 asks it of every receiver, and lets no sender exceed it.
const WINDOW_LOG: u32 = 23;
/// The bytes that come out of the codec at once.
const ROOM: usize = 16 << 10;

/// Decompresses the messages of one connection.
pub(super) struct Unzstd {
    codec: DCtx<'static>,
    /// Where a stream stands that goes on from message to message.
    blocks: Blocks,
    room: Box<[u8]>,
}

impl Unzstd {
    pub(super) fn new() -> Self {
        let mut codec = DCtx::create();
        let limit = codec.set_parameter(DParameter::WindowLogMax(WINDOW_LOG));
        limit.expect("the library takes windows of 1 KiB to 1 GiB");
        Self { codec, blocks: Blocks::default(), room: vec![0; ROOM].into() }
    }

    /// Copies a dictionary for all frames.
    pub(super) fn load(&mut self, dictionary: &[u8]) -> Result<(), DictionaryUnusable> {
        self.codec.load_dictionary(dictionary).map(drop).map_err(|_| DictionaryUnusable)
    }

    /// Decompresses a message of one or several frames.
    pub(super) fn whole(
        &mut self,
        message: &[u8],
        output: &mut Output<'_>,
    ) -> Result<(), DecompressFailed> {
        // The dictionary stays.
        self.codec.reset(ResetDirective::SessionOnly).map_err(failure)?;
        if self.feed(message, output)? { Ok(()) } else { Err(DecompressFailed::Corrupt) }
    }

    /// Decompresses the next bytes of a stream that goes on from message to message, and tells
    /// whether they end with a block.
    pub(super) fn go_on(
        &mut self,
        bytes: &[u8],
        output: &mut Output<'_>,
    ) -> Result<bool, DecompressFailed> {
        self.feed(bytes, output)?;
        self.blocks.pass(bytes);
        Ok(self.blocks.is_between())
    }

    /// Decompresses `bytes`, and tells whether they end with a frame.
    fn feed(&mut self, bytes: &[u8], output: &mut Output<'_>) -> Result<bool, DecompressFailed> {
        let mut input = InBuffer::around(bytes);
        let mut wanted = usize::MAX;
        // The codec counts calls that lead nowhere, and refuses a stream after some of them.
        let mut more = !bytes.is_empty();
        while more {
            let mut room = OutBuffer::around(&mut self.room[..]);
            wanted = self.codec.decompress_stream(&mut room, &mut input).map_err(failure)?;
            output.push(room.as_slice())?;
            // A codec that has filled its room may have more to write.
            more = input.pos < bytes.len() || (room.pos() == ROOM && wanted > 0);
        }
        Ok(wanted == 0)
    }
}

fn failure(code: ErrorCode) -> DecompressFailed {
    // The library returns the negative number of an error.
    let is = |error: ZSTD_ErrorCode| code == (error as usize).wrapping_neg();
    if is(ZSTD_ErrorCode::ZSTD_error_frameParameter_windowTooLarge) {
        DecompressFailed::WindowTooLarge { max: 1 << WINDOW_LOG }
    } else if is(ZSTD_ErrorCode::ZSTD_error_dictionary_wrong) {
        DecompressFailed::OtherDictionary
    } else {
        DecompressFailed::Corrupt
    }
}
