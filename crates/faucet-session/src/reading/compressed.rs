//! Compressed messages as providers make them, for tests.

use zlib_rs::crc32::crc32;
use zlib_rs::{Deflate, DeflateFlush};
use zstd_safe::zstd_sys::ZSTD_EndDirective;
use zstd_safe::{CCtx, CParameter, InBuffer, OutBuffer};

/// The texts of one raw DEFLATE or zlib (`header`) stream, each with a flush behind it.
pub(super) fn deflated_stream(header: bool, level: i32, texts: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut deflate = Deflate::new(level, header, 15);
    texts.iter().map(|text| deflated(&mut deflate, text, DeflateFlush::SyncFlush)).collect()
}

pub(super) fn deflate(level: i32, text: &[u8]) -> Vec<u8> {
    deflated(&mut Deflate::new(level, false, 15), text, DeflateFlush::Finish)
}

pub(super) fn zlib(level: i32, text: &[u8]) -> Vec<u8> {
    deflated(&mut Deflate::new(level, true, 15), text, DeflateFlush::Finish)
}

fn deflated(deflate: &mut Deflate, text: &[u8], flush: DeflateFlush) -> Vec<u8> {
    let mut out = vec![0; text.len() + text.len() / 8 + 1000];
    let before = deflate.total_out();
    deflate.compress(text, &mut out, flush).unwrap();
    out.truncate((deflate.total_out() - before) as usize);
    out
}

pub(super) fn gzip(level: i32, text: &[u8]) -> Vec<u8> {
    let header = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
    let trailer = [crc32(0, text).to_le_bytes(), (text.len() as u32).to_le_bytes()].concat();
    [&header[..], &deflate(level, text), &trailer].concat()
}

/// How a zstd frame is made.
#[derive(Debug, Clone, Default)]
pub(super) struct Frame {
    pub(super) level: i32,
    pub(super) checksum: bool,
    /// The library chooses it for 0.
    pub(super) window_log: u32,
    pub(super) dictionary: Vec<u8>,
}

impl Frame {
    fn codec(&self) -> CCtx<'static> {
        let mut codec = CCtx::create();
        codec.set_parameter(CParameter::CompressionLevel(self.level)).unwrap();
        codec.set_parameter(CParameter::ChecksumFlag(self.checksum)).unwrap();
        codec.set_parameter(CParameter::WindowLog(self.window_log)).unwrap();
        codec.load_dictionary(&self.dictionary).unwrap();
        codec
    }

    /// A frame that tells its size.
    pub(super) fn zstd(&self, text: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(zstd_safe::compress_bound(text.len()));
        self.codec().compress2(&mut out, text).unwrap();
        out
    }

    /// The texts of one frame that goes on, each with a flush behind it.
    pub(super) fn stream(&self, texts: &[Vec<u8>]) -> Vec<Vec<u8>> {
        let mut codec = self.codec();
        texts.iter().map(|text| zstd(&mut codec, text, ZSTD_EndDirective::ZSTD_e_flush)).collect()
    }

    /// The texts as frames of their own, none of which tells its size.
    pub(super) fn frames(&self, texts: &[Vec<u8>]) -> Vec<Vec<u8>> {
        let mut codec = self.codec();
        let end = |text: &Vec<u8>| {
            let flushed = zstd(&mut codec, text, ZSTD_EndDirective::ZSTD_e_flush);
            [flushed, zstd(&mut codec, b"", ZSTD_EndDirective::ZSTD_e_end)].concat()
        };
        texts.iter().map(end).collect()
    }
}

fn zstd(codec: &mut CCtx<'_>, text: &[u8], end: ZSTD_EndDirective) -> Vec<u8> {
    let mut out = vec![0; 2 * text.len() + 1000];
    let mut room = OutBuffer::around(&mut out[..]);
    let left = codec.compress_stream2(&mut room, &mut InBuffer::around(text), end).unwrap();
    assert_eq!(left, 0);
    let length = room.pos();
    out.truncate(length);
    out
}
