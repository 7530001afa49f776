//! The state that the connections of a scripted HTTP server share.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use super::script::HttpScript;
use super::seen::HttpSeen;
use crate::scripted::log::Log;

/// The scripts that are left, and the log.
#[derive(Debug)]
pub(crate) struct Stage {
    scripts: Mutex<VecDeque<HttpScript>>,
    pub(crate) log: Log<HttpSeen>,
}

impl Stage {
    /// # Panics
    /// When there is no script.
    pub(crate) fn new(scripts: VecDeque<HttpScript>) -> Self {
        assert!(!scripts.is_empty(), "a scripted HTTP server needs a script");
        Self { scripts: Mutex::new(scripts), log: Log::new("request") }
    }

    /// The next request's script. The last one repeats.
    pub(crate) fn next(&self) -> HttpScript {
        let mut scripts = self.scripts.lock().unwrap_or_else(PoisonError::into_inner);
        match scripts.len() {
            1 => scripts[0].clone(),
            _ => scripts.pop_front().expect("there is at least one script"),
        }
    }
}
