//! Each key of the configuration has a test that shows what it changes.

use std::path::Path;

use faucet_core::SchemaView;
use faucet_source_websocket::WebsocketSourceConfig;
use faucet_testkit::keys_have_tests;

/// Where the tests are. What both ends share is tested once.
const PLACES: [&str; 3] = ["src", "src/config", "tests/behaviour"];

/// The keys, and the test that shows what they change. The test, or a helper beside it, sets the key.
const TESTS: &[(&str, &[&str])] = &[
    (
        "headers_and_credentials_are_sent_on_every_connect",
        &[
            "auth",
            "auth.type",
            "auth.config",
            "auth.config.headers",
            "auth.config.token",
            "auth.config.username",
            "auth.config.password",
            "headers",
        ],
    ),
    ("a_private_authority_is_trusted_by_its_file_and_only_then", &["tls", "tls.ca_file"]),
    ("another_name_can_be_expected_than_the_urls", &["tls.server_name"]),
    (
        "skipping_verification_takes_any_certificate_and_warns_on_every_connect",
        &["tls.insecure_skip_verify"],
    ),
    (
        "a_server_that_wants_a_client_certificate_gets_it_or_ends_the_run",
        &["tls.client_cert_file", "tls.client_key_file"],
    ),
    ("placeholders_are_filled_anew_for_every_run_and_lead_nowhere_else", &["url"]),
    ("every_connect_subscribes_in_order", &["subscribe_messages"]),
    ("the_other_formats_take_what_is_no_json", &["message_format"]),
    ("messages_that_are_not_json_can_be_skipped_and_are_counted", &["on_parse_error"]),
    ("a_message_is_kept_out_of_errors_where_that_is_asked_for", &["error_excerpts"]),
    ("an_envelope_tells_when_and_from_where", &["envelope"]),
    ("a_peer_that_does_not_pong_is_dropped", &["ping_interval", "pong_timeout"]),
    ("max_messages_is_exact_inside_a_burst_and_closes_with_1000", &["max_messages"]),
    ("every_inbound_frame_resets_the_idle_clock", &["idle_timeout"]),
    ("only_data_resets_the_idle_clock_where_that_is_asked_for", &["idle_resets_on"]),
    ("an_outage_may_not_last_longer_than_max_outage", &["max_outage"]),
    (
        "a_peer_that_breaks_the_protocol_is_told_so_until_the_patience_is_over",
        &["reconnect_patience"],
    ),
    ("text_that_is_not_utf8_can_be_skipped_or_taken_as_binary", &["invalid_utf8"]),
    ("a_stale_feed_is_left_and_reconnected", &["stale_timeout"]),
    ("ctrl_c_ends_a_run_well_and_the_next_ends_the_process", &["stop_on_ctrl_c"]),
    ("wrong_values_are_refused_with_their_key", &["unbounded"]),
    ("with_reconnect_and_records_between_no_close_is_the_end", &["reconnect"]),
    (
        "waits_double_up_to_their_cap_or_stay_the_same",
        &["reconnect_backoff", "reconnect_max_backoff"],
    ),
    ("jitter_only_adds_and_no_more_than_its_share", &["reconnect_jitter"]),
    ("the_number_of_connects_is_one_and_the_attempts", &["max_reconnect_attempts"]),
    ("a_silent_port_times_out_and_is_tried_again", &["connect_timeout"]),
    ("a_message_over_the_limit_is_answered_with_1009_and_fatal", &["max_message_bytes"]),
    ("all_records_between_two_gaps_are_one_page_when_asked_for", &["batch_size"]),
    ("a_page_is_handed_over_at_its_bytes_or_its_count_or_never", &["batch_bytes"]),
    ("a_page_is_handed_over_some_time_after_its_first_record", &["batch_timeout"]),
    ("a_small_read_buffer_takes_fewer_messages_ahead", &["read_buffer_bytes"]),
    ("an_upgrade_in_unusual_words_connects", &["subprotocols"]),
    ("every_kind_of_proxy_brings_the_connection", &["proxy"]),
    (
        "messages_of_both_directions_are_compressed_with_every_choice_of_the_server",
        &["compression"],
    ),
];

#[test]
fn every_key_of_the_schema_has_a_test_that_sets_it() {
    let schema = schemars::schema_for!(WebsocketSourceConfig);
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    keys_have_tests(&SchemaView::new(schema.as_value()), root, &PLACES, TESTS);
}
