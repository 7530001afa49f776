//! What the source `jsonl` does.

mod conformance;
mod divert;
mod files;
mod jsonl;
mod keys;
mod resume;
