//! Idle, stale and keepalive clocks, and the age of pages, in virtual time.

use std::sync::Arc;
use std::time::Duration;

use faucet_core::{ConnectionState, Ended, ErrorKind, Next, Scope, Source};
use faucet_testkit::{End, Frame, Script, opcode};
use serde_json::json;
use tokio::time::{Instant, sleep, timeout};

use crate::support::*;

/// Adds a sign of life to a script.
type Beat = fn(Script) -> Script;

#[tokio::test(start_paused = true)]
async fn every_inbound_frame_resets_the_idle_clock() {
    let frames: [(&str, Beat); 5] = [
        ("data", |script| script.send_text("1")),
        ("a skipped message", |script| script.send_text("no JSON")),
        ("a ping", |script| script.ping("?")),
        ("a pong", |script| script.pong("heartbeat")),
        ("an empty pong", |script| script.pong("")),
    ];
    for (what, frame) in frames {
        let mut script = Script::accept();
        for _ in 0..3 {
            script = frame(script.pause(secs(4)));
        }
        let keys = json!({"idle_timeout": 5, "on_parse_error": "skip"});
        let (peer, source) = in_memory([script], keys);
        let told = run_paused(&source).await;
        assert_eq!(told.ended(), Ended::Idle, "{what}");
        assert_eq!(told.took.as_secs(), 17, "{what}");
        assert_eq!(peer.connections()[0].close_code(), Some(1000));
    }
}

#[tokio::test(start_paused = true)]
async fn every_byte_of_a_message_keeps_the_clocks_from_running_down() {
    for keys in [
        json!({"idle_timeout": 5}),
        json!({"idle_timeout": 5, "idle_resets_on": "data"}),
        json!({"stale_timeout": 5}),
        json!({"ping_interval": 3, "pong_timeout": 5}),
    ] {
        // One byte a second, and no Pong before the message has ended.
        let message = Frame::text("\"a long message\"").to_bytes();
        let script = message.iter().fold(Script::accept().no_pongs(), |script, byte| {
            script.pause(secs(1)).send_raw(vec![*byte])
        });
        let keys = with(keys, json!({"max_messages": 1}));
        let (peer, source) = in_memory([script], keys.clone());
        let told = run_paused(&source).await;
        assert_eq!(told.texts(), ["\"a long message\""], "{keys}");
        assert_eq!((told.ended(), peer.connections().len()), (Ended::MaxRecords, 1), "{keys}");
    }
}

#[tokio::test(start_paused = true)]
async fn only_data_resets_the_idle_clock_where_that_is_asked_for() {
    let beats: [Beat; 3] = [|script| script.ping("?"), |script| script.pong("!"), |script| script];
    for beat in beats {
        let script =
            (0..9).fold(Script::accept().send_text("1"), |script, _| beat(script.pause(secs(2))));
        let keys = json!({"idle_timeout": 5, "idle_resets_on": "data", "ping_interval": 1});
        let (peer, source) = in_memory([script], keys);
        let told = run_paused(&source).await;
        assert_eq!((told.ended(), told.took.as_secs()), (Ended::Idle, 5));
        let pings = peer.finish().await[0].payloads(opcode::PING).len();
        assert!((4..=5).contains(&pings), "{pings} pings");
    }
}

#[tokio::test(start_paused = true)]
async fn the_pong_to_our_own_ping_resets_the_idle_clock_like_any_byte() {
    let keys = json!({"idle_timeout": 5, "ping_interval": 1});
    let (_, source) = in_memory([Script::accept().pause(secs(60)).close(1000, "")], keys);
    let told = run_paused(&source).await;
    assert_eq!((told.ended(), told.took.as_secs()), (Ended::Closed, 60));
}

#[tokio::test(start_paused = true)]
async fn an_outage_may_not_last_longer_than_max_outage() {
    let scripts = || [Script::accept().send_text("1").then_refuse().pause(secs(9)).hang_up()];
    for (backoff, ended_after) in [(1, 9 + 5), (60, 9 + 5)] {
        let keys = json!({"reconnect": true, "reconnect_backoff": backoff, "max_outage": 5});
        let (_, source) = in_memory(scripts(), keys);
        let told = run_paused(&source).await;
        assert_eq!((told.texts(), told.took.as_secs()), (vec!["1".to_owned()], ended_after));
        let message = told.error().to_string();
        assert!(
            message.starts_with("WebSocket ws://feed.test/: no connection for 5s"),
            "{message}"
        );
        assert_eq!(told.error().kind(), ErrorKind::Connect);
    }
}

#[tokio::test(start_paused = true)]
async fn a_feed_of_pings_or_pongs_alone_runs_on() {
    let beats: [Beat; 2] = [|script| script.ping("?"), |script| script.pong("!")];
    for beat in beats {
        let script = (0..100).fold(Script::accept(), |script, _| beat(script.pause(secs(4))));
        let (peer, source) = in_memory([script.close(1000, "")], json!({"idle_timeout": 5}));
        let told = run_paused(&source).await;
        assert_eq!((told.ended(), told.took.as_secs()), (Ended::Closed, 400));
        assert_eq!(peer.connections().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn the_idle_timeout_caps_outages_waits_and_dials() {
    let keys = json!({"idle_timeout": 5, "reconnect": true, "reconnect_backoff": 60});
    let slow = json!({"idle_timeout": 5, "reconnect": true, "connect_timeout": 3600});
    for (dial, keys) in [(NoWay::default(), keys.clone()), (NoWay::hanging(), slow.clone())] {
        let dial = Arc::new(dial);
        let told = run_paused(&source("ws://h/", keys).with_dial(dial.clone())).await;
        assert_eq!((told.ended(), told.took.as_secs()), (Ended::Idle, 5));
        assert_eq!(dial.asked().len(), 1);
    }
    for (script, keys) in [
        (Script::silent(), slow),
        (Script::accept().close(1001, ""), json!({"idle_timeout": 5, "reconnect": true})),
        (Script::reject(503).header("Retry-After", "100"), keys),
    ] {
        let (_, source) = in_memory([script], keys);
        let told = run_paused(&source).await;
        assert_eq!((told.ended(), told.took.as_secs()), (Ended::Idle, 5));
    }
}

#[tokio::test(start_paused = true)]
async fn the_idle_clock_spans_reconnects_and_hands_over_what_there_is() {
    let scripts = [
        Script::accept().pause(secs(3)).send_text("1").pause(secs(1)).hang_up(),
        Script::accept().pause(secs(1)).hang_up(),
    ];
    let keys = json!({"idle_timeout": 5, "reconnect": true, "batch_timeout": 3600});
    let (peer, source) = in_memory(scripts, keys);
    let told = run_paused(&source).await;
    assert_eq!((told.texts(), told.ended()), (vec!["1".to_owned()], Ended::Idle));
    assert_eq!(told.took.as_secs(), 3 + 5);
    assert!(peer.connections().len() > 2, "it did reconnect meanwhile");
}

#[tokio::test(start_paused = true)]
async fn the_idle_clock_stands_still_while_the_consumer_has_a_page() {
    let script = Script::accept()
        .send_text("1")
        .pause(secs(63))
        .send_text("2")
        .pause(secs(4))
        .send_text("3");
    let (_, source) = in_memory([script], json!({"idle_timeout": 5, "batch_size": 1}));
    let mut reader = open(&source).await;
    page_within(&mut *reader, secs(1)).await;
    sleep(secs(60)).await;
    assert_eq!(texts(&page_within(&mut *reader, secs(4)).await), ["2"]);
    assert_eq!(texts(&page_within(&mut *reader, secs(5)).await), ["3"]);
    let silent_from = Instant::now();
    let Next::End(ended) = reader.next_page().await.unwrap() else { panic!("a page") };
    assert_eq!((ended, silent_from.elapsed().as_secs()), (Ended::Idle, 5));
}

#[tokio::test(start_paused = true)]
async fn a_stale_feed_is_left_and_reconnected() {
    let beats: [Beat; 3] = [|script| script, |script| script.ping("?"), |script| script.pong("!")];
    for beat in beats {
        let beating =
            |script| (0..20).fold(script, |script: Script, _| beat(script.pause(secs(1))));
        let scripts = [
            beating(Script::accept().pause(secs(2)).send_text("1")),
            beating(Script::accept()),
            Script::accept().send_text("2"),
        ];
        let keys = json!({"stale_timeout": 4, "reconnect": true, "max_messages": 2});
        let (peer, source) = in_memory(scripts, keys);
        let told = run_paused(&source).await;
        assert_eq!((told.texts().len(), told.reconnects()), (2, 2));
        assert_eq!(rounded(&gaps(&accepted(&peer))), [2000 + 4000 + 1000, 4000 + 1000]);
        for seen in &peer.connections()[..2] {
            assert_eq!(seen.close_code(), Some(3008), "a Close with another code than 1000");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_stale_feed_without_reconnect_is_an_error() {
    let script = Script::accept().send_text("1");
    let (_, source) = in_memory([script], json!({"stale_timeout": 4}));
    let told = run_paused(&source).await;
    assert_eq!(told.texts(), ["1"]);
    let message = told.error().to_string();
    assert_eq!(message, "WebSocket ws://feed.test/: no data for 4s (stale_timeout)");
    assert_eq!(told.error().kind(), ErrorKind::Timeout);
}

#[tokio::test(start_paused = true)]
async fn skipped_messages_are_data_to_the_stale_clock() {
    let feed = |script: Script| {
        (0..10).fold(script, |script, _| script.pause(secs(3)).send_text("no JSON"))
    };
    let scripts = [feed(Script::accept()).close(1000, "")];
    let (peer, source) = in_memory(scripts, json!({"stale_timeout": 4, "on_parse_error": "skip"}));
    assert_eq!(run_paused(&source).await.ended(), Ended::Closed);
    assert_eq!(peer.connections().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_does_not_pong_is_dropped() {
    for (script, keys, dead_after) in [
        (Script::accept().no_pongs(), json!({"ping_interval": 10, "pong_timeout": 4}), 14),
        (Script::accept().stall(), json!({"ping_interval": 10, "pong_timeout": 4}), 14),
        (Script::accept().no_pongs(), json!({"ping_interval": 10}), 20),
        // Bytes are life: the time starts anew with each.
        (
            (0..9).fold(Script::accept().no_pongs(), |script, _| script.pause(secs(2)).pong("!")),
            json!({"ping_interval": 10, "pong_timeout": 4}),
            18 + 4,
        ),
        (
            (0..90).fold(Script::accept().no_pongs(), |script, _| {
                script.pause(ms(200)).send_text("no JSON")
            }),
            json!({"ping_interval": 10, "pong_timeout": 4, "on_parse_error": "skip"}),
            18 + 4,
        ),
    ] {
        let scripts = [script, Script::accept().send_text("1")];
        let keys = with(keys, json!({"reconnect": true, "max_messages": 1}));
        let (peer, source) = in_memory(scripts, keys);
        let told = run_paused(&source).await;
        assert_eq!((told.texts(), told.reconnects()), (vec!["1".to_owned()], 1));
        assert_eq!(rounded(&gaps(&accepted(&peer))), [(dead_after + 1) * 1000]);
    }
    let keys = json!({"ping_interval": 10, "pong_timeout": 4});
    let (peer, source) = in_memory([Script::accept().no_pongs()], keys);
    let told = run_paused(&source).await;
    assert!(
        told.error().to_string().contains("no Pong for 4s (pong_timeout)"),
        "{:?}",
        told.error()
    );
    assert_eq!(told.error().kind(), ErrorKind::Timeout);
    assert_eq!(peer.connections()[0].close_code(), Some(3008));
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_does_not_pong_is_dropped_though_its_pages_keep_the_consumer_busy() {
    let script = (0..100).fold(Script::accept().no_pongs(), |script, i| {
        script.send_text(i.to_string()).pause(ms(100))
    });
    let keys = json!({"ping_interval": 10, "pong_timeout": 4, "batch_size": 1});
    let (_, source) = in_memory([script], keys);
    let mut reader = open(&source).await;
    let begin = Instant::now();
    let error = loop {
        match reader.next_page().await {
            Ok(Next::Page(_)) => {}
            Ok(_) => panic!("the run ended well"),
            Err(error) => break error,
        }
        // The consumer takes half of the time.
        let _ = timeout(ms(50), reader.hold()).await;
    };
    assert!(error.to_string().contains("no Pong for 4s (pong_timeout)"), "{error}");
    assert!((14..30).contains(&begin.elapsed().as_secs()), "{:?}", begin.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_pongs_is_never_dropped() {
    let script = Script::accept().pause(secs(305)).close(1000, "");
    let (peer, source) = in_memory([script], json!({"ping_interval": 10, "pong_timeout": 1}));
    assert_eq!(run_paused(&source).await.ended(), Ended::Closed);
    let pings = peer.finish().await[0].payloads(opcode::PING);
    assert_eq!(pings.len(), 30);
    let distinct: std::collections::BTreeSet<_> = pings.iter().collect();
    assert_eq!(distinct.len(), pings.len(), "no two pings are alike");
}

#[tokio::test(start_paused = true)]
async fn a_page_is_handed_over_some_time_after_its_first_record() {
    let script = (0..5).fold(Script::accept().pause(secs(3)), |script, i: i32| {
        script.send_text(i.to_string()).pause(ms(400))
    });
    for (keys, first, second) in [
        (json!({}), (3050, 1), (3450, 1)),
        (json!({"batch_timeout": 1}), (3000 + 1000, 3), (4200 + 1000, 2)),
        (json!({"batch_timeout": 0.1}), (3100, 1), (3500, 1)),
        (json!({"batch_timeout": 0}), (3000, 1), (3400, 1)),
    ] {
        let (_, source) = in_memory([script.clone()], keys);
        let mut reader = open(&source).await;
        let begin = Instant::now();
        for (at, records) in [first, second] {
            let page = page_within(&mut *reader, secs(60)).await;
            let took = begin.elapsed();
            assert!((ms(at)..ms(at + 5)).contains(&took), "{took:?}");
            assert_eq!(page.len(), records);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_is_handed_over_at_its_bytes_or_its_count_or_never() {
    let script =
        (0..9).fold(Script::accept(), |script, i| script.send_text(format!("{:0>10}", i + 10)));
    let raw = json!({"message_format": "raw_string"});
    for (keys, sizes) in [
        (json!({"batch_bytes": 25}), vec![3, 3, 3]),
        (json!({"batch_bytes": 30}), vec![3, 3, 3]),
        (json!({"batch_bytes": 31}), vec![4, 4, 1]),
        (json!({"batch_bytes": 1}), vec![1; 9]),
        (json!({"batch_size": 4}), vec![4, 4, 1]),
        (json!({"batch_size": 4, "batch_bytes": 20}), vec![2, 2, 2, 2, 1]),
        (json!({"batch_size": 0}), vec![9]),
    ] {
        let (_, source) =
            in_memory([script.clone().pause(secs(60)).close(1000, "")], with(raw.clone(), keys));
        assert_eq!(run_paused(&source).await.page_sizes(), sizes);
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_in_progress_survives_an_outage() {
    let scripts = [
        Script::accept().send_text("1").hang_up(),
        Script::reject(503),
        Script::accept().send_text("2"),
    ];
    let keys = json!({"reconnect": true, "batch_timeout": 10});
    let (_, source) = in_memory(scripts, keys);
    let mut reader = open(&source).await;
    let begin = Instant::now();
    // The gap ends the page.
    assert_eq!(texts(&page_within(&mut *reader, secs(60)).await), ["1"]);
    assert_eq!(begin.elapsed().as_secs(), 2, "two waits of a second");
    let page = page_within(&mut *reader, secs(60)).await;
    assert_eq!((texts(&page), page.gaps().len()), (vec!["2".to_owned()], 1));
    assert_eq!(begin.elapsed().as_secs(), 12);
    drop(reader);

    let (_, source) = in_memory(
        [Script::accept().send_text("1").then_refuse().hang_up()],
        json!({"reconnect": true, "batch_timeout": 1}),
    );
    let mut reader = open(&source).await;
    let begin = Instant::now();
    assert_eq!(texts(&page_within(&mut *reader, secs(60)).await), ["1"]);
    assert_eq!(begin.elapsed().as_secs(), 1, "an outage does not hold a page back");
}

#[tokio::test(start_paused = true)]
async fn the_link_is_reported_for_the_live_line() {
    let scripts = [Script::accept().pause(secs(1)).close(1012, ""), Script::accept()];
    let (peer, source) = in_memory(scripts, json!({"reconnect": true}));
    let scope = Scope::default();
    let mut reader = source.open(&scope).await.unwrap();
    let link = || scope.counters().read().activity.connection;
    assert_eq!(link(), ConnectionState::Connecting);
    no_page_for(&mut *reader, ms(500)).await;
    assert_eq!(link(), ConnectionState::Up);
    no_page_for(&mut *reader, secs(2)).await;
    assert_eq!(link(), ConnectionState::Waiting);
    no_page_for(&mut *reader, secs(5)).await;
    assert_eq!((link(), scope.counters().get_own("reconnects")), (ConnectionState::Up, 1));
    assert!(stop(&mut *reader).await.is_none());
    assert_eq!(link(), ConnectionState::None);
    assert_eq!(peer.finish().await[1].end, Some(End::ClientClosed));
}

#[tokio::test(start_paused = true)]
async fn arrivals_pings_and_what_ended_connections_are_counted_at_once() {
    let scripts = [
        Script::accept().send_text("1").send_text("[2]").pause(secs(3)).close(1012, ""),
        Script::reject(503),
        Script::accept().pause(secs(1)).no_pongs().pause(secs(60)),
        Script::accept().stall(),
    ];
    let keys = json!({
        "reconnect": true, "batch_timeout": 30, "ping_interval": 2, "pong_timeout": 5,
        "max_reconnect_attempts": 9,
    });
    let (_peer, source) = in_memory(scripts, keys);
    let scope = Scope::default();
    let mut reader = source.open(&scope).await.unwrap();
    let begin = Instant::now();
    let read = || scope.counters().read();
    no_page_for(&mut *reader, secs(1)).await;
    // The page is not handed over yet.
    let activity = read().activity;
    assert_eq!((activity.arrived, activity.arrived_bytes), (2, 4));
    assert_eq!(activity.last_arrival, Some(begin.into_std()));
    assert_eq!((activity.round_trip, read().fixed["records"]), (None, 0));
    no_page_for(&mut *reader, secs(2)).await;
    assert_eq!(read().activity.round_trip, Some(Duration::ZERO));
    no_page_for(&mut *reader, secs(20)).await;
    // The attempt that was refused in between ended no connection.
    let causes: Vec<_> = read().reconnects.into_iter().collect();
    assert_eq!(causes, [("silent", 1), ("transient", 1)]);
    assert_eq!(scope.counters().get_own("reconnects"), 2);
    assert_eq!(read().activity.last_arrival, Some(begin.into_std()));
}

#[tokio::test(start_paused = true)]
async fn the_idle_clock_waits_for_the_first_page_to_be_asked_for() {
    let (_peer, source) =
        in_memory([Script::accept().send_text("1")], json!({"idle_timeout": 30, "batch_size": 1}));
    let mut reader = source.open(&Scope::default()).await.unwrap();
    hold_for(&mut *reader, Duration::from_secs(40)).await;
    page_of(reader.next_page().await.unwrap());
}
