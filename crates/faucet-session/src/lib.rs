//! The conversation that a provider of live data asks for, from configuration.

#[cfg(feature = "http")]
pub mod http;
mod reading;
pub mod values;
