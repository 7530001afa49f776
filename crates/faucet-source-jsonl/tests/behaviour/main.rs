//! The source `jsonl`: reading, following, resuming, and its keys.

mod conformance;
mod divert;
mod files;
mod jsonl;
mod keys;
mod resume;
mod support;
