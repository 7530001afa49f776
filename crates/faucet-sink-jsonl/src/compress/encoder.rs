//! Makes frames from lines.

use std::io::{self, Write};
use std::ops::RangeInclusive;

use flate2::Compression;
use flate2::write::GzEncoder;
use zstd_safe::zstd_sys::ZSTD_EndDirective;
use zstd_safe::{CCtx, CParameter, InBuffer, OutBuffer, get_error_name};

use crate::compress::Compress;

/// The levels of an algorithm; `None`: it has none.
pub(crate) fn levels(compress: Compress) -> Option<RangeInclusive<u8>> {
    match compress {
        Compress::None => None,
        Compress::Gzip => Some(1..=9),
        Compress::Zstd => Some(1..=19),
    }
}

/// The level of a configuration that names none.
pub(crate) fn default_level(compress: Compress) -> u8 {
    if compress == Compress::Gzip { 6 } else { 1 }
}

/// Makes frames, one after the other.
pub(crate) enum Encoder {
    Gzip {
        level: Compression,
        /// The member that goes on.
        member: Option<Box<GzEncoder<Vec<u8>>>>,
    },
    Zstd(CCtx<'static>),
}

impl Encoder {
    /// `None`: the file is not compressed.
    pub(crate) fn new(compress: Compress, level: u8) -> Option<Self> {
        match compress {
            Compress::None => None,
            Compress::Gzip => {
                Some(Self::Gzip { level: Compression::new(level.into()), member: None })
            }
            Compress::Zstd => {
                let mut codec = CCtx::create();
                for parameter in [
                    CParameter::CompressionLevel(level.into()),
                    // `zstd -t` can then find a byte that has changed.
                    CParameter::ChecksumFlag(true),
                ] {
                    codec.set_parameter(parameter).expect("the level was checked");
                }
                Some(Self::Zstd(codec))
            }
        }
    }

    /// Compresses `bytes`. Frames are appended to `frame`, perhaps later.
    pub(crate) fn push(&mut self, bytes: &[u8], frame: &mut Vec<u8>) -> io::Result<()> {
        match self {
            Self::Gzip { level, member } => {
                let begin = || Box::new(GzEncoder::new(std::mem::take(frame), *level));
                member.get_or_insert_with(begin).write_all(bytes)
            }
            Self::Zstd(codec) => run(codec, bytes, frame, ZSTD_EndDirective::ZSTD_e_continue),
        }
    }

    /// Ends the frame. All of it stands in `frame` then.
    pub(crate) fn finish(&mut self, frame: &mut Vec<u8>) -> io::Result<()> {
        match self {
            Self::Gzip { member, .. } => {
                if let Some(member) = member.take() {
                    *frame = member.finish()?;
                }
                Ok(())
            }
            Self::Zstd(codec) => run(codec, &[], frame, ZSTD_EndDirective::ZSTD_e_end),
        }
    }
}

/// Takes all of `bytes`, and with the end of the frame everything that the codec holds.
fn run(
    codec: &mut CCtx<'_>,
    bytes: &[u8],
    frame: &mut Vec<u8>,
    end: ZSTD_EndDirective,
) -> io::Result<()> {
    let is_end = matches!(end, ZSTD_EndDirective::ZSTD_e_end);
    let mut input = InBuffer::around(bytes);
    loop {
        frame.reserve(CCtx::out_size());
        let at = frame.len();
        let mut output = OutBuffer::around_pos(frame, at);
        let left = codec
            .compress_stream2(&mut output, &mut input, end)
            .map_err(|code| io::Error::other(get_error_name(code)))?;
        if input.pos() == bytes.len() && (left == 0 || !is_end) {
            return Ok(());
        }
    }
}
