//! All sentences about connections: the runner's errors are made here, and nowhere else.
//!
//! `Display` of a typed value says what happened. The files of this folder put the URL in front and
//! add the kind, the step, the advice, and the typed value itself as the cause.

mod advice;
mod connect;
mod end;
mod explanation;
mod failure;
mod never_ponged;
mod proxy;
mod run_failed;
mod session;
mod upgrade;

pub use advice::Advice;
pub use never_ponged::never_ponged;

#[cfg(test)]
mod tests;
