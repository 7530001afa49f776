//! Streams of frames, read by the connection and by tungstenite.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    faucet_common_websocket::testing::fuzz::messages(data);
});
