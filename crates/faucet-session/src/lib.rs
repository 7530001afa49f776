//! The conversation that a provider of live data asks for, from configuration.

pub mod reading;
mod values;
