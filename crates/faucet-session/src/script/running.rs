//! A session program at work.

use std::collections::VecDeque;
use std::time::Instant;

use crate::hooks::{AnyProgram, Work};

/// A session program at work.
pub(crate) struct Running {
    pub(crate) program: Box<dyn AnyProgram>,
    /// When the program wants to be called.
    pub(crate) wake: Option<Instant>,
    /// Work that waits for its turn.
    pub(crate) works: VecDeque<Work>,
}

impl Running {
    pub(crate) fn new(program: Box<dyn AnyProgram>) -> Self {
        Self { program, wake: None, works: VecDeque::new() }
    }
}

impl std::fmt::Debug for Running {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Running")
    }
}
