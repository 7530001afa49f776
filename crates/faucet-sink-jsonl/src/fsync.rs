//! When data goes to the disk.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::JsonlError;
use crate::line_writer::LineWriter;
use crate::medium::Medium;

/// When the sink waits until the disk has the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Fsync {
    /// Never: the operating system decides.
    Never,
    /// With every flush of the pipeline.
    Flush,
    /// With every page.
    Page,
}

/// A moment at which the disk may be awaited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    Page,
    Flush,
}

impl Fsync {
    /// Whether the disk is awaited then.
    pub(crate) fn awaits(self, moment: Moment) -> bool {
        match (self, moment) {
            (Self::Never, _) | (Self::Flush, Moment::Page) => false,
            (Self::Page, _) | (Self::Flush, Moment::Flush) => true,
        }
    }

    /// Waits for the disk, where the configuration says so.
    pub(crate) fn settle(
        self,
        lines: &mut LineWriter<impl Medium>,
        moment: Moment,
    ) -> Result<(), JsonlError> {
        match self.awaits(moment) {
            true => lines.sync().map_err(JsonlError::Sync),
            false => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rendering::Rendering;
    use std::io;

    /// Counts how often the disk is awaited.
    #[derive(Default)]
    struct Disk {
        syncs: u32,
        is_full: bool,
    }

    impl Medium for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            Ok(bytes.len())
        }

        fn take_back(&mut self, _: u64) -> io::Result<()> {
            Ok(())
        }

        fn sync(&mut self) -> io::Result<()> {
            self.syncs += 1;
            if self.is_full { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
        }

        fn length(&self) -> io::Result<Option<u64>> {
            Ok(None)
        }
    }

    fn lines(is_full: bool) -> LineWriter<Disk> {
        LineWriter::new(Disk { is_full, ..Disk::default() }, false, Rendering::Records)
    }

    #[test]
    fn the_disk_is_awaited_when_the_configuration_says_so() {
        for (fsync, expected) in
            [(Fsync::Never, [0, 0, 0]), (Fsync::Flush, [0, 1, 1]), (Fsync::Page, [2, 2, 2])]
        {
            let mut lines = lines(false);
            for _ in 0..2 {
                lines.write_line(b"1").unwrap();
                fsync.settle(&mut lines, Moment::Page).unwrap();
            }
            let mut found = vec![lines.medium().syncs];
            // A second flush has nothing to wait for.
            for _ in 0..2 {
                fsync.settle(&mut lines, Moment::Flush).unwrap();
                found.push(lines.medium().syncs);
            }
            assert_eq!(found, expected, "{fsync:?}");
        }
    }

    #[test]
    fn a_sync_that_fails_is_tried_again() {
        let mut lines = lines(true);
        lines.write_line(b"1").unwrap();
        for _ in 0..2 {
            let failed = Fsync::Flush.settle(&mut lines, Moment::Flush);
            assert!(matches!(failed, Err(JsonlError::Sync(_))));
        }
    }
}
