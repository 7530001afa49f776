//! The sinks `jsonl` and `stdout`: writing, rotating, resuming, and their keys.

mod conformance;
mod files;
mod jsonl;
mod keys;
mod state;
mod stdout;
