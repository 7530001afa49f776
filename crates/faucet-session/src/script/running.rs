//! A session program at work.

use std::collections::VecDeque;
use std::time::Instant;

use crate::hooks::{AnyProgram, Work};

/// A session program at work.
pub(crate) struct Running {
    /// `None`: the program has panicked, and its state may be half done.
    pub(crate) program: Option<Box<dyn AnyProgram>>,
    /// When the program wants to be called.
    pub(crate) wake: Option<Instant>,
    /// Work that waits for its turn.
    pub(crate) works: VecDeque<Work>,
    /// Whether a piece of work is out.
    pub(crate) is_working: bool,
}

impl Running {
    pub(crate) fn new(program: Box<dyn AnyProgram>) -> Self {
        Self { program: Some(program), wake: None, works: VecDeque::new(), is_working: false }
    }

    /// The next piece of work, if none is out.
    pub(crate) fn next_work(&mut self) -> Option<Work> {
        if self.is_working {
            return None;
        }
        let work = self.works.pop_front()?;
        self.is_working = true;
        Some(work)
    }
}

impl std::fmt::Debug for Running {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Running")
    }
}
