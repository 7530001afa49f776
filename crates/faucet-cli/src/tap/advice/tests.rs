//! The advice of a tap names its options and no key.

use std::io;
use std::time::Duration;

use clap::CommandFactory as _;
use faucet_common_websocket::ConnectFailed;
use faucet_stream::registry;

use super::*;
use crate::args::Cli;

/// Each kind of advice. [`words`] has an arm for each, or it does not compile.
const KINDS: [Advice; 23] = [
    Advice::General("check the port"),
    Advice::InFile("raise max_message_bytes"),
    Advice::CheckAuth,
    Advice::CheckAccount,
    Advice::Redirected,
    Advice::CheckSubprotocols { offered: 0 },
    Advice::CheckSubprotocols { offered: 2 },
    Advice::SelfSigned,
    Advice::OldCertificate,
    Advice::TrustCertificate,
    Advice::CheckTls,
    Advice::TrustProxy,
    Advice::ProxyDown,
    Advice::ProxyUnreachable,
    Advice::ProxyCredentials,
    Advice::SlowUpgrade,
    Advice::SlowProxy,
    Advice::SlowTls,
    Advice::SlowNetwork,
    Advice::CheckMessages,
    Advice::WantsExtension,
    Advice::CannotInflate,
    Advice::SlowPong,
];

/// The words of a text that could be a key or an option.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || "_-.".contains(c)))
}

#[test]
fn each_kind_names_options_that_there_are_and_no_key() {
    let command = Cli::command();
    let tap = command.find_subcommand("tap").unwrap();
    let options: Vec<String> =
        tap.get_arguments().filter_map(|arg| Some(format!("--{}", arg.get_long()?))).collect();
    let registry = registry();
    let schema = registry.sources.get("websocket").unwrap().schema();
    let keys: Vec<&String> = schema["properties"].as_object().unwrap().keys().collect();
    assert!(keys.iter().any(|key| *key == "reconnect_patience"));
    let last = [Advice::Reconnect, Advice::ReconnectKey("raise max_reconnect_attempts")];
    let mut named = 0;
    for text in KINDS.into_iter().chain(last).filter_map(words) {
        for part in parts(&text) {
            let is_key = |key: &&String| part == key.as_str() && key.contains('_');
            assert!(!keys.iter().any(is_key) && !part.starts_with("tls."), "{part}: {text}");
            if part.starts_with("--") {
                assert!(options.iter().any(|option| option == part), "{part}: {text}");
                named += 1;
            }
        }
        assert!(!text.contains(": true") && !text.contains(": none"), "{text}");
    }
    assert!(named > 15);
}

#[test]
fn what_names_a_key_is_said_in_other_words_or_left_out() {
    let dropped = || Arc::new(Failure::from(End::Dropped(None)));
    let after = |failure, why| RunFailed::After { failure, why, before: None };
    let silent = End::from(GaveUp::NoPong(Duration::from_secs(4)));
    let (url, lost) =
        ("ws://h/", "WebSocket ws://h/: connection lost without a Close frame (1006)");
    let patience = NoAttempt::NoProgress {
        times: 2,
        within: Duration::from_secs(1),
        limit: Some(Duration::from_secs(300)),
    };
    for (failed, words, hint) in [
        (
            after(dropped(), NoAttempt::ReconnectOff),
            lost.to_owned(),
            Some("--reconnect connects again after such ends"),
        ),
        (
            after(dropped(), patience),
            format!("{lost}; 2 such ends within 1s without a message between"),
            None,
        ),
        (
            after(Arc::new(silent.into()), NoAttempt::Final),
            "WebSocket ws://h/: no Pong for 4s".to_owned(),
            Some("give --ping a longer time if the peer is only slow"),
        ),
    ] {
        let error = of_run(&failed, url);
        assert_eq!((error.to_string(), error.hint()), (words, hint));
    }
    let refused = ConnectFailed::Tcp(io::ErrorKind::ConnectionRefused.into());
    let error = of_failure(&Arc::new(refused.into()), url);
    assert_eq!(error.hint(), Some("is the server running, and is the port right?"));
}
