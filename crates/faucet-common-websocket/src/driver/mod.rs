//! The machine on tokio: a socket, a clock and one timer.

mod attempt;
mod chronicle;
#[expect(clippy::module_inception, reason = "the driver is the noun of its folder")]
mod driver;
mod errands;
mod log;
mod received;
mod stream;
#[cfg(test)]
mod tests;
mod timer;

pub use driver::Driver;
pub use received::Received;
pub(crate) use stream::Upgraded;
