//! The conversation that a provider of live data asks for, from configuration.

pub mod connect;
pub mod hooks;
#[cfg(feature = "http")]
pub mod http;
pub mod keys;
pub mod names;
mod place;
pub mod plan;
pub mod reading;
pub mod script;
pub mod template;
pub mod values;

pub use place::Place;
