//! What the transforms do.

mod conformance;
mod documentation;
