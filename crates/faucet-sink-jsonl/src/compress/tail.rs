//! Finds the end of the last whole frame of a file.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Seek};

use flate2::bufread::GzDecoder;
use thiserror::Error;
use zstd_safe::{DCtx, InBuffer, OutBuffer};

use crate::compress::Compress;

/// The bytes that are read at once.
const ROOM: usize = 128 << 10;

/// Why nothing can be appended to a file.
#[derive(Debug, Error)]
pub(crate) enum TailError {
    #[error("it is no {} file", name(*.0))]
    Foreign(Compress),
    #[error("its frame at byte {at} is damaged")]
    Damaged { at: u64 },
    #[error("it cannot be read")]
    Read(#[source] io::Error),
}

fn name(compress: Compress) -> &'static str {
    match compress {
        Compress::None => "plain",
        Compress::Gzip => "gzip",
        Compress::Zstd => "zstd",
    }
}

/// The end of a frame.
enum Frame {
    Whole,
    /// The file ends in the frame.
    Torn,
    Damaged,
}

/// The length of the file up to the end of its last whole frame. Reads the whole file.
pub(crate) fn whole_length(file: &File, compress: Compress) -> Result<u64, TailError> {
    let mut reader = BufReader::with_capacity(ROOM, file);
    reader.rewind().map_err(TailError::Read)?;
    let mut room = vec![0; ROOM];
    let mut whole = 0;
    loop {
        if reader.fill_buf().map_err(TailError::Read)?.is_empty() {
            return Ok(whole);
        }
        let frame = match compress {
            Compress::None => return Ok(file.metadata().map_err(TailError::Read)?.len()),
            Compress::Gzip => skip_member(&mut reader, &mut room),
            Compress::Zstd => skip_frame(&mut reader, &mut room),
        };
        match frame.map_err(TailError::Read)? {
            Frame::Whole => whole = reader.stream_position().map_err(TailError::Read)?,
            Frame::Torn => return Ok(whole),
            Frame::Damaged if whole == 0 => return Err(TailError::Foreign(compress)),
            Frame::Damaged => return Err(TailError::Damaged { at: whole }),
        }
    }
}

fn skip_member(reader: &mut impl BufRead, room: &mut [u8]) -> io::Result<Frame> {
    let mut member = GzDecoder::new(reader);
    loop {
        match io::Read::read(&mut member, room) {
            Ok(0) => return Ok(Frame::Whole),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(Frame::Torn),
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput
                ) =>
            {
                return Ok(Frame::Damaged);
            }
            Err(error) => return Err(error),
        }
    }
}

fn skip_frame(reader: &mut impl BufRead, room: &mut [u8]) -> io::Result<Frame> {
    let mut codec = DCtx::create();
    loop {
        let bytes = reader.fill_buf()?;
        if bytes.is_empty() {
            return Ok(Frame::Torn);
        }
        let mut input = InBuffer::around(bytes);
        let mut output = OutBuffer::around(room);
        let hint = codec.decompress_stream(&mut output, &mut input);
        let taken = input.pos();
        reader.consume(taken);
        match hint {
            Ok(0) => return Ok(Frame::Whole),
            Ok(_) => {}
            Err(_) => return Ok(Frame::Damaged),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compress::Encoder;
    use std::io::Write;

    /// Two frames, and the length of the first one.
    fn frames(compress: Compress) -> (Vec<u8>, usize) {
        let mut encoder = Encoder::new(compress, 1).unwrap();
        let mut all = Vec::new();
        let mut first = 0;
        for text in ["{\"n\":1}\n", "{\"n\":2}\n{\"n\":3}\n"] {
            let mut frame = Vec::new();
            encoder.push(text.as_bytes(), &mut frame).unwrap();
            encoder.finish(&mut frame).unwrap();
            all.extend(frame);
            first = if first == 0 { all.len() } else { first };
        }
        (all, first)
    }

    fn found(bytes: &[u8], compress: Compress) -> Result<u64, TailError> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        whole_length(&file, compress)
    }

    #[test]
    fn a_file_that_was_cut_at_any_byte_ends_with_its_last_whole_frame() {
        for compress in [Compress::Gzip, Compress::Zstd] {
            let (all, first) = frames(compress);
            for cut in 0..=all.len() {
                let expected = match cut {
                    cut if cut == all.len() => all.len(),
                    cut if cut >= first => first,
                    _ => 0,
                };
                let found = found(&all[..cut], compress).unwrap();
                assert_eq!(found, expected as u64, "{compress:?} {cut}");
            }
        }
    }

    #[test]
    fn other_files_and_damaged_ones_are_refused() {
        for compress in [Compress::Gzip, Compress::Zstd] {
            let foreign = found(b"{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n", compress).unwrap_err();
            assert!(matches!(foreign, TailError::Foreign(_)), "{foreign}");
            let (mut all, first) = frames(compress);
            let length = all.len();
            all.extend_from_slice(b"{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n");
            let damaged = found(&all, compress).unwrap_err();
            let TailError::Damaged { at } = damaged else { panic!("{damaged}") };
            assert!(at == length as u64 && at > first as u64);
        }
    }
}
