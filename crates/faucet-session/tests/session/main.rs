//! Configurations and conversations, from outside and in virtual time.

mod checks;
mod conversation;
mod random;
mod seeds;
mod support;
