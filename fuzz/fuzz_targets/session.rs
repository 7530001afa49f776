//! Conversations of a session: a configuration, and what a server does.
#![no_main]

#[allow(dead_code, unused_imports, reason = "the tests of the crate use more of it")]
#[path = "../../crates/faucet-session/tests/session/support/mod.rs"]
mod support;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    support::converse(data);
});
