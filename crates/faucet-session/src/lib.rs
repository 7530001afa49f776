//! The conversation that a provider of live data asks for, from configuration.

#[cfg(feature = "http")]
pub mod http;
pub mod keys;
pub mod names;
pub mod plan;
pub mod reading;
pub mod script;
pub mod template;
pub mod values;
