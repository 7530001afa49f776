//! The conversation that a provider of live data asks for, from configuration.

pub mod keys;
pub mod plan;
pub mod reading;
pub mod template;
pub mod values;
