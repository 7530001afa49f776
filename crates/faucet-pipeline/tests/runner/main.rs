//! The runner against components that do what a test says. Time is paused: a wait costs none.
#![expect(clippy::unwrap_used, reason = "a panic in a test is the report")]

mod accounts;
mod books;
mod buffers;
mod cadence;
mod doubles;
mod ends;
mod halves;
mod kill;
mod marks;
mod opening;
mod panics;
mod pressure;
mod progress;
mod rejected;
mod shutdown;
mod state_file;
mod threads;
mod windows;
