//! Makers of named values: a digest, an encoding, the time, random numbers, the output of a program,
//! the text of a file, a signed token.
//!
//! Everything but [`command`] and [`file`] is pure: the time and the entropy come in as arguments.

mod child;
pub mod clock;
pub mod command;
pub mod command_failed;
pub mod encoding;
pub mod file;
pub mod hmac;
#[cfg(feature = "http")]
pub mod jwt;
pub mod jwt_algorithm;
#[cfg(feature = "http")]
pub mod jwt_key;
mod line_end;
pub mod offset;
pub mod random;
mod tail;
