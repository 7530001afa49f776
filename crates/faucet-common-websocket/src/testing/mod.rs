//! Support for tests of this crate and of the connectors above it.

#[cfg(test)]
pub(crate) mod raw_frame;
