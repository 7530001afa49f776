//! Makers of named values: a digest, an encoding, the time, random numbers, the output of a program,
//! the text of a file, a signed token.
//!
//! Everything but [`CommandCall::run`] and [`read_file`] is pure: the time and the entropy come in as
//! arguments.

mod child;
mod clock;
mod command;
mod command_failed;
mod encoding;
mod file;
mod hmac;
#[cfg(feature = "http")]
mod jwt;
mod jwt_algorithm;
#[cfg(feature = "http")]
mod jwt_key;
mod line_end;
mod offset;
mod random;
mod tail;

pub use clock::{ClockAs, ClockForm};
pub use command::{Argument, CommandCall, LONGEST_OUTPUT};
pub use command_failed::CommandFailed;
pub use encoding::{DigestForm, Encoding, KeyFault, KeyForm};
pub use file::{FileFailed, LONGEST_FILE, read_file, read_file_bytes};
pub use hmac::HmacAlgorithm;
#[cfg(feature = "http")]
pub use jwt::JwtParts;
pub use jwt_algorithm::JwtAlgorithm;
#[cfg(feature = "http")]
pub use jwt_key::{JwtKey, JwtKeyFault, NotSigned};
pub use offset::Offset;
pub use random::{RandomForm, system_entropy};
