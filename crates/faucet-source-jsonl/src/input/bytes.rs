//! The text of one file, stdin or device.

use std::io::{self, SeekFrom};
use std::path::Path;

use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt};

use crate::input::paths::STDIN;
use crate::input::stdin::Stdin;
use crate::input::unpack::Unpack;

/// The bytes that are read at once. Each read is a hop to another thread: a large buffer makes them few.
const ROOM: usize = 256 << 10;

#[derive(Debug)]
enum Origin {
    File(File),
    Stdin(Stdin),
}

/// The result of a read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum More {
    /// Text was appended.
    Some,
    /// Nothing more is there now. A file may grow.
    End,
}

/// The text of one file, stdin or device.
#[derive(Debug)]
pub(crate) struct Input {
    origin: Origin,
    /// Whether the file is regular: only then a later run finds the same bytes at an offset.
    pub(crate) regular: bool,
    /// Whether bytes come at the pace of somebody who writes them.
    pub(crate) is_live: bool,
    /// Bytes that were read; those behind `at` are no text yet.
    packed: Vec<u8>,
    at: usize,
    /// `None`: the first bytes were not read yet.
    unpack: Option<Option<Unpack>>,
}

impl Input {
    pub(crate) async fn open(path: &Path) -> io::Result<Self> {
        let (packed, at, unpack) = (Vec::new(), 0, None);
        if path.as_os_str() == STDIN {
            let origin = Origin::Stdin(Stdin::open()?);
            return Ok(Self { origin, regular: false, is_live: true, packed, at, unpack });
        }
        let file = File::open(path).await?;
        let regular = file.metadata().await?.is_file();
        Ok(Self { origin: Origin::File(file), regular, is_live: !regular, packed, at, unpack })
    }

    /// The file, if it is one.
    pub(crate) fn file(&self) -> Option<&File> {
        match &self.origin {
            Origin::File(file) => Some(file),
            Origin::Stdin(_) => None,
        }
    }

    /// Passes over the first `bytes` bytes of a file that is not compressed, and returns how many.
    pub(crate) async fn skip(&mut self, bytes: u64) -> io::Result<u64> {
        let Origin::File(file) = &mut self.origin else { return Ok(0) };
        if bytes == 0 || !self.regular {
            return Ok(0);
        }
        let mut begin = Vec::with_capacity(4);
        (&mut *file).take(4).read_to_end(&mut begin).await?;
        file.rewind().await?;
        if begin.len() == 4 && Unpack::of(&begin).is_none() {
            let length = file.metadata().await?.len();
            let to = bytes.min(length);
            file.seek(SeekFrom::Start(to)).await?;
            self.unpack = Some(None);
            return Ok(to);
        }
        Ok(0)
    }

    /// Appends the next text to `text`. Cancel safe.
    pub(crate) async fn read(&mut self, text: &mut Vec<u8>) -> io::Result<More> {
        loop {
            if let Some(Some(unpack)) = &mut self.unpack
                && self.at < self.packed.len()
            {
                let before = text.len();
                self.at += unpack.push(&self.packed[self.at..], text)?;
                if text.len() > before {
                    return Ok(More::Some);
                }
                continue;
            }
            let is_plain = matches!(self.unpack, Some(None));
            if self.unpack.is_some() {
                self.packed.clear();
                self.at = 0;
            }
            let into = if is_plain { &mut *text } else { &mut self.packed };
            let read = match &mut self.origin {
                Origin::File(file) => {
                    into.reserve(ROOM);
                    file.read_buf(into).await?
                }
                Origin::Stdin(stdin) => {
                    let bytes = stdin.read().await?;
                    into.extend_from_slice(&bytes);
                    bytes.len()
                }
            };
            if read == 0 {
                return Ok(self.end(text));
            }
            if is_plain {
                return Ok(More::Some);
            }
            if self.unpack.is_none() && !Unpack::needs_more(&self.packed) {
                self.find_codec(text);
                if text.is_empty() { continue } else { return Ok(More::Some) }
            }
        }
    }

    fn find_codec(&mut self, text: &mut Vec<u8>) {
        let unpack = Unpack::of(&self.packed);
        if unpack.is_none() {
            text.append(&mut self.packed);
        }
        self.unpack = Some(unpack);
    }

    fn end(&mut self, text: &mut Vec<u8>) -> More {
        if self.unpack.is_some() || self.packed.is_empty() {
            return More::End;
        }
        self.find_codec(text);
        More::Some
    }

    /// Whether the file is compressed.
    pub(crate) fn is_packed(&self) -> bool {
        matches!(self.unpack, Some(Some(_)))
    }

    /// Whether a compressed file ends with a whole frame. Nothing can be read behind this call.
    pub(crate) fn is_whole(&mut self) -> bool {
        match &mut self.unpack {
            Some(Some(unpack)) => unpack.is_whole(),
            _ => true,
        }
    }
}
