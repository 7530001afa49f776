//! The waits between attempts, in virtual time.

use std::sync::Arc;
use std::time::Duration;

use faucet_core::ErrorKind;
use faucet_testkit::Script;
use serde_json::{Value, json};

use crate::support::*;

/// The waits between the connects of a run that reaches nobody.
async fn waits(keys: Value) -> Vec<Duration> {
    let dial = Arc::new(NoWay::default());
    let told = run_paused(&source("ws://h/", keys).with_dial(dial.clone())).await;
    assert_eq!(told.error().kind(), ErrorKind::Connect);
    gaps(&dial.asked())
}

#[tokio::test(start_paused = true)]
async fn waits_double_up_to_their_cap_or_stay_the_same() {
    for (keys, expected) in [
        (
            json!({"reconnect_max_backoff": 30, "max_reconnect_attempts": 8}),
            vec![1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000],
        ),
        (
            json!({"reconnect_backoff": 0.5, "reconnect_max_backoff": 1.5,
                "max_reconnect_attempts": 4}),
            vec![500, 1000, 1500, 1500],
        ),
        (json!({"max_reconnect_attempts": 4}), vec![1000; 4]),
        (json!({"reconnect_backoff": 7, "max_reconnect_attempts": 3}), vec![7000; 3]),
    ] {
        let waits = waits(with(json!({"reconnect": true}), keys)).await;
        assert_eq!(rounded(&waits), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn jitter_only_adds_and_no_more_than_its_share() {
    let keys = json!({"reconnect": true, "reconnect_jitter": 0.5, "max_reconnect_attempts": 200});
    let waits = waits(keys).await;
    assert_eq!(waits.len(), 200);
    for wait in &waits {
        // The timer rounds up to its millisecond.
        assert!((ms(1000)..=ms(1502)).contains(wait), "{wait:?}");
    }
    let (least, most) = (waits.iter().min().unwrap(), waits.iter().max().unwrap());
    assert!(*most - *least > ms(100), "always about the same: {least:?} to {most:?}");
}

#[tokio::test(start_paused = true)]
async fn connections_that_fail_at_once_count_as_attempts_and_wait_longer_and_longer() {
    for script in [
        Script::accept().close(1011, ""),
        Script::accept().close(1000, ""),
        Script::accept().hang_up(),
        Script::reject(503),
        Script::hang_up_on_request(),
    ] {
        let keys = json!({"reconnect": true, "reconnect_max_backoff": 30,
            "max_reconnect_attempts": 4});
        let (peer, source) = in_memory([script], keys);
        let told = run_paused(&source).await;
        assert!(told.error().to_string().ends_with(" (attempt 4/4)"), "{:?}", told.error());
        assert_eq!(rounded(&gaps(&accepted(&peer))), [1000, 2000, 4000, 8000]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_record_starts_the_waits_anew_and_a_mere_connect_does_not() {
    let refuse = || Script::reject(503);
    let scripts = [
        refuse(),
        refuse(),
        Script::accept().hang_up(),
        Script::accept().send_text("1").hang_up(),
        refuse(),
        Script::accept().send_text("2"),
    ];
    let keys = json!({"reconnect": true, "reconnect_max_backoff": 30, "max_messages": 2});
    let (peer, source) = in_memory(scripts, keys);
    run_paused(&source).await;
    assert_eq!(rounded(&gaps(&accepted(&peer))), [1000, 2000, 4000, 1000, 2000]);
}

#[tokio::test(start_paused = true)]
async fn ten_stable_seconds_are_a_success_and_less_are_not() {
    for (lasts, connects, error) in
        [(ms(9_900), 3, "without a Close frame (1006) (attempt 2/2)"), (ms(10_000), 10, "404")]
    {
        let stays = Script::accept().pause(lasts).hang_up();
        let scripts = vec![stays; 8].into_iter().chain([Script::reject(404)]);
        let keys = json!({"reconnect": true, "max_reconnect_attempts": 2});
        let (peer, source) = in_memory(scripts, keys);
        let told = run_paused(&source).await;
        assert!(told.error().to_string().contains(error), "{lasts:?}: {:?}", told.error());
        assert_eq!(peer.connections().len(), connects, "{lasts:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_restarts_is_left_alone_for_five_seconds() {
    for (code, backoff, wait) in
        [(1012, 1, 5000), (1013, 1, 5000), (1012, 9, 9000), (1011, 1, 1000), (1014, 1, 1000)]
    {
        let scripts = [Script::accept().close(code, ""), Script::accept().send_text("1")];
        let keys = json!({"reconnect": true, "reconnect_backoff": backoff, "max_messages": 1});
        let (peer, source) = in_memory(scripts, keys);
        run_paused(&source).await;
        assert_eq!(rounded(&gaps(&accepted(&peer))), [wait], "{code}");
    }
}
