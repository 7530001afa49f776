//! URLs, and values of their placeholders.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    faucet_common_websocket::testing::fuzz::url(data);
});
