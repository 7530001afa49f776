//! From DEFLATE, zlib and gzip to text.

use zlib_rs::{Inflate, InflateFlush, Status};

use crate::reading::failure::DecompressFailed;
use crate::reading::gzip;
use crate::reading::output::Output;

/// The largest window, which also takes what was compressed with a smaller one.
const WINDOW_BITS: u8 = 15;
/// The bytes that come out of the codec at once.
const ROOM: usize = 16 << 10;

/// The bytes that end each text of a zlib stream: those of an empty block.
const MARK: [u8; 4] = [0, 0, 0xff, 0xff];

/// Inflates the messages of one connection.
pub(super) struct Inflater {
    codec: Inflate,
    /// The last bytes of a stream that goes on from message to message. A message may end inside
    /// of the mark.
    tail: [u8; MARK.len()],
    room: Box<[u8]>,
}

/// Where the compressed bytes stop.
enum Stop {
    /// The stream ends, and so many bytes of the input are behind it.
    End { rest: usize },
    /// The input ends first.
    Hungry,
}

impl Inflater {
    pub(super) fn new() -> Self {
        Self {
            codec: Inflate::new(true, WINDOW_BITS),
            tail: [0xff; MARK.len()],
            room: vec![0; ROOM].into(),
        }
    }

    /// Inflates a message of one or several gzip members.
    pub(super) fn gzip(
        &mut self,
        message: &[u8],
        output: &mut Output<'_>,
    ) -> Result<(), DecompressFailed> {
        let mut rest = message;
        loop {
            let from = output.text().len();
            let deflated = gzip::behind_header(rest)?;
            self.codec.reset(false);
            let Stop::End { rest: length } = self.feed(deflated, output)? else {
                return Err(DecompressFailed::Corrupt);
            };
            let trailer = &deflated[deflated.len() - length..];
            rest = gzip::behind_trailer(trailer, &output.text()[from..])?;
            if rest.is_empty() {
                return Ok(());
            }
        }
    }

    /// Inflates a message that is one zlib stream (`header`) or one raw DEFLATE stream.
    pub(super) fn stream(
        &mut self,
        header: bool,
        message: &[u8],
        output: &mut Output<'_>,
    ) -> Result<(), DecompressFailed> {
        self.codec.reset(header);
        match self.feed(message, output)? {
            Stop::End { rest: 0 } => Ok(()),
            Stop::End { .. } | Stop::Hungry => Err(DecompressFailed::Corrupt),
        }
    }

    /// Inflates the next bytes of a zlib stream that goes on from message to message, and tells
    /// whether they end with the mark or with the stream. Another stream may follow behind its end.
    pub(super) fn go_on(
        &mut self,
        bytes: &[u8],
        output: &mut Output<'_>,
    ) -> Result<bool, DecompressFailed> {
        self.note(bytes);
        let mut rest = bytes;
        let mut ended = false;
        while !rest.is_empty() {
            match self.feed(rest, output)? {
                Stop::Hungry => return Ok(self.tail == MARK),
                Stop::End { rest: length } => rest = &rest[rest.len() - length..],
            }
            self.codec.reset(true);
            ended = true;
        }
        Ok(ended)
    }

    fn note(&mut self, bytes: &[u8]) {
        let last = &bytes[bytes.len().saturating_sub(MARK.len())..];
        self.tail.rotate_left(last.len());
        let kept = MARK.len() - last.len();
        self.tail[kept..].copy_from_slice(last);
    }

    fn feed(
        &mut self,
        mut input: &[u8],
        output: &mut Output<'_>,
    ) -> Result<Stop, DecompressFailed> {
        loop {
            let (ins, outs) = (self.codec.total_in(), self.codec.total_out());
            let status = self.codec.decompress(input, &mut self.room, InflateFlush::NoFlush);
            let status = status.map_err(|_| DecompressFailed::Corrupt)?;
            let taken = (self.codec.total_in() - ins) as usize;
            let made = (self.codec.total_out() - outs) as usize;
            input = &input[taken..];
            output.push(&self.room[..made])?;
            if status == Status::StreamEnd {
                return Ok(Stop::End { rest: input.len() });
            }
            // A codec that has filled its room may have more to write.
            if input.is_empty() && made < self.room.len() {
                return Ok(Stop::Hungry);
            }
            if taken + made == 0 {
                return Err(DecompressFailed::Corrupt);
            }
        }
    }
}
