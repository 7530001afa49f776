//! The bytes of the files, stdin and devices that are read.

mod bytes;
mod paths;
mod stdin;
mod unpack;

pub(crate) use bytes::{Input, More};
pub(crate) use paths::{Paths, PathsError};
