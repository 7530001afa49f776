//! A file of frames.

use std::io;

use crate::compress::encoder::Encoder;
use crate::files::Target;
use crate::medium::Medium;

/// The most bytes of lines in a frame. The frame is in memory until it ends.
const MOST: usize = 8 << 20;

/// A file that may be compressed. A frame is written whole or not at all, so that the file always ends with
/// a whole one.
pub(crate) struct Pack {
    pub(crate) target: Target,
    /// `None`: the lines stand in the file as they are.
    encoder: Option<Encoder>,
    frame: Vec<u8>,
    /// How many bytes of lines the frame has.
    held: usize,
    /// The frame has its end, and is not in the file yet.
    has_ended: bool,
}

impl Pack {
    pub(crate) fn new(target: Target, encoder: Option<Encoder>) -> Self {
        Self { target, encoder, frame: Vec::new(), held: 0, has_ended: false }
    }

    /// Writes the whole frame, or nothing of it. A later call tries again.
    fn put(&mut self) -> io::Result<()> {
        let mut at = 0;
        while at < self.frame.len() {
            let cause = match self.target.write(&self.frame[at..]) {
                Ok(0) => io::ErrorKind::WriteZero.into(),
                Ok(n) => {
                    at += n;
                    continue;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => error,
            };
            if at > 0 {
                self.target.take_back(at as u64)?;
            }
            return Err(cause);
        }
        self.frame.clear();
        (self.held, self.has_ended) = (0, false);
        Ok(())
    }
}

impl Medium for Pack {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.encoder.is_none() {
            return self.target.write(bytes);
        }
        if self.has_ended || self.held >= MOST {
            self.finish()?;
        }
        if let Some(encoder) = &mut self.encoder {
            encoder.push(bytes, &mut self.frame)?;
        }
        self.held += bytes.len();
        Ok(bytes.len())
    }

    fn take_back(&mut self, n: u64) -> io::Result<()> {
        match self.encoder {
            None => self.target.take_back(n),
            // The frame takes all bytes of a write or none.
            Some(_) => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    fn finish(&mut self) -> io::Result<()> {
        let Some(encoder) = self.encoder.as_mut().filter(|_| self.held > 0) else { return Ok(()) };
        if !self.has_ended {
            encoder.finish(&mut self.frame)?;
            self.has_ended = true;
        }
        self.put()
    }

    fn sync(&mut self) -> io::Result<()> {
        self.target.sync()
    }

    fn length(&self) -> io::Result<Option<u64>> {
        self.target.length()
    }
}
