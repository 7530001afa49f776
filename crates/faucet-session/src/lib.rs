//! The conversation that a provider of live data asks for, from configuration.

mod reading;
mod values;
