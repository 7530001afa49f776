//! The work before a connect: calls, values, and the route made of them.

mod call_failed;
mod dialing;
mod dialing_failed;
mod prepare;
mod tools;

pub use call_failed::CallFailed;
pub use dialing::Dialing;
pub use dialing_failed::DialingFailed;
pub use prepare::{Prepared, Taken, run};
pub use tools::Tools;
