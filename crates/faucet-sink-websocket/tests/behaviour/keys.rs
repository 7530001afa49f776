//! Each key of the configuration has a test that shows what it changes.

use std::path::Path;

use faucet_core::SchemaView;
use faucet_sink_websocket::WebsocketSinkConfig;
use faucet_testkit::keys_have_tests;

/// Where the tests are. What both ends share is tested once.
const PLACES: [&str; 2] = ["tests/behaviour", "../faucet-source-websocket/tests/behaviour"];

/// The keys, and the test that shows what they change. The test, or a helper beside it, sets the key.
const TESTS: &[(&str, &[&str])] = &[
    ("headers_credentials_and_the_subprotocol_are_sent", &["auth", "headers", "subprotocols"]),
    (
        "headers_and_credentials_are_sent_on_every_connect",
        &[
            "auth.type",
            "auth.config",
            "auth.config.headers",
            "auth.config.token",
            "auth.config.username",
            "auth.config.password",
        ],
    ),
    ("a_private_authority_is_trusted_when_it_is_named", &["tls", "tls.ca_file"]),
    ("another_name_can_be_expected_than_the_urls", &["tls.server_name"]),
    (
        "skipping_verification_takes_any_certificate_and_warns_on_every_connect",
        &["tls.insecure_skip_verify"],
    ),
    (
        "a_server_that_wants_a_client_certificate_gets_it_or_ends_the_run",
        &["tls.client_cert_file", "tls.client_key_file"],
    ),
    ("wrong_values_are_refused_with_their_key", &["url"]),
    ("a_sink_connects_through_its_proxy", &["proxy"]),
    ("records_are_compressed_where_the_server_chose_it", &["compression"]),
    ("connect_messages_come_first_on_every_connection", &["connect_messages"]),
    ("binary_takes_any_bytes", &["message_type"]),
    ("what_may_not_be_sent_is_named_and_nothing_of_its_page_is_sent", &["record_format"]),
    ("check_fails_for_a_peer_without_pongs_only_where_they_are_needed", &["delivery"]),
    (
        "without_a_pong_in_ack_timeout_the_connection_is_dropped_and_its_records_sent_again",
        &["ack_timeout"],
    ),
    (
        "what_is_unconfirmed_is_bounded_and_at_least_eight_pings_are_on_their_way",
        &["max_unconfirmed_records", "max_unconfirmed_bytes"],
    ),
    ("a_socket_that_takes_nothing_for_write_timeout_is_left", &["write_timeout"]),
    ("what_may_not_be_sent_is_named_and_nothing_of_its_page_is_sent", &["max_write_buffer_bytes"]),
    (
        "a_peer_that_breaks_the_protocol_is_told_so_until_the_patience_is_over",
        &["reconnect_patience"],
    ),
    ("keepalive_pings_go_out_and_a_dead_peer_is_left", &["ping_interval", "pong_timeout"]),
    ("without_reconnect_a_write_on_a_lost_connection_fails_at_once", &["reconnect"]),
    (
        "waits_double_up_to_thirty_seconds_and_there_are_exactly_n_connects",
        &[
            "reconnect_backoff",
            "reconnect_max_backoff",
            "reconnect_jitter",
            "max_reconnect_attempts",
        ],
    ),
    ("connect_timeout_is_the_budget_of_a_connect", &["connect_timeout"]),
    ("a_message_from_the_peer_over_max_message_bytes_ends_the_run", &["max_message_bytes"]),
    ("a_small_read_buffer_takes_fewer_messages_ahead", &["read_buffer_bytes"]),
    ("values_reach_the_query_and_the_headers_of_the_upgrade", &["values", "query"]),
    ("a_call_brings_a_token_before_each_connect", &["before_connect"]),
    ("a_url_from_outside_needs_a_host_that_is_listed", &["url_from", "url_hosts"]),
    ("the_session_is_complete_before_the_first_record", &["session"]),
    ("a_session_that_fails_is_the_error_of_open", &["session_timeout"]),
    ("a_control_rule_reconnects_or_fails", &["control"]),
    (
        "heartbeats_and_replies_leave_while_nothing_is_written",
        &["heartbeat", "heartbeat.message", "heartbeat.interval", "heartbeat.reply"],
    ),
    (
        "a_heartbeat_without_an_answer_drops_the_connection_and_its_records_are_sent_again",
        &["heartbeat.timeout"],
    ),
    ("an_idle_heartbeat_waits_for_silence", &["heartbeat.when"]),
    ("the_first_heartbeat_may_come_after_a_random_share", &["heartbeat.first"]),
    ("a_heartbeat_may_begin_during_the_session", &["heartbeat.during_session"]),
    (
        "each_form_of_a_message_is_sent_as_it_is_meant",
        &[
            "heartbeat.message.type",
            "heartbeat.message.data",
            "heartbeat.message.json",
            "heartbeat.message.prefix",
            "heartbeat.message.text",
        ],
    ),
    (
        "each_place_of_a_match_tells_messages_apart",
        &["heartbeat.reply.text", "heartbeat.reply.prefix", "heartbeat.reply.binary"],
    ),
    ("a_silent_server_is_left_and_records_are_sent_again", &["silence_timeout"]),
    ("the_last_messages_follow_the_last_record", &["goodbye"]),
    ("a_close_rule_decides_and_records_are_sent_again", &["close_rules"]),
    ("a_planned_reconnect_loses_no_record", &["rotate_after"]),
    (
        "limits_hold_for_the_messages_of_the_session_and_for_connects",
        &[
            "send_limit",
            "send_limit.count",
            "send_limit.per",
            "connect_limit",
            "connect_limit.count",
            "connect_limit.per",
        ],
    ),
];

#[test]
fn every_key_of_the_schema_has_a_test_that_sets_it() {
    let schema = schemars::schema_for!(WebsocketSinkConfig);
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    keys_have_tests(&SchemaView::new(schema.as_value()), root, &PLACES, TESTS);
}
