//! What the sinks `jsonl` and `stdout` do.

mod conformance;
mod files;
mod jsonl;
mod keys;
mod state;
mod stdout;
