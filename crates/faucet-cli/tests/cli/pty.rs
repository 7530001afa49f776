//! A terminal of a test's own.

use std::ffi::CString;
use std::fs::File;
use std::io::Write as _;
use std::process::Stdio;

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

/// A terminal: what a command writes to it can be read, and what is typed reaches the command.
pub(crate) struct Pty {
    ours: File,
    name: CString,
}

impl Pty {
    /// A terminal so many columns wide.
    pub(crate) fn new(columns: u16) -> Self {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY;
        // A child that has this end keeps the terminal open.
        #[cfg(target_os = "linux")]
        let flags = flags | OpenptFlags::CLOEXEC;
        let ours = openpt(flags).unwrap();
        grantpt(&ours).unwrap();
        unlockpt(&ours).unwrap();
        let size = Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        let name = ptsname(&ours, Vec::new()).unwrap();
        let pty = Self { ours: ours.into(), name };
        // Some systems know a size only while somebody has the other end.
        let theirs = pty.theirs();
        tcsetwinsize(&theirs, size).unwrap();
        pty
    }

    fn theirs(&self) -> File {
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        rustix::fs::open(self.name.as_c_str(), flags, Mode::empty()).unwrap().into()
    }

    /// The end of the command.
    pub(crate) fn end(&self) -> Stdio {
        self.theirs().into()
    }

    /// The end of the test, to read what is on the screen.
    pub(crate) fn screen(&self) -> tokio::fs::File {
        tokio::fs::File::from_std(self.ours.try_clone().unwrap())
    }

    pub(crate) fn type_in(&self, text: &str) {
        (&self.ours).write_all(text.as_bytes()).unwrap();
    }
}
