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
    ("values_stand_in_url_query_headers_and_in_values", &["values", "query"]),
    (
        "a_call_brings_the_url_and_the_token_of_each_connect",
        &["before_connect", "url_from", "url_hosts"],
    ),
    ("the_script_runs_in_order_before_the_first_subscription", &["session"]),
    (
        "an_answer_that_does_not_come_is_a_lost_connection_and_attempts_go_on_growing",
        &["session_timeout"],
    ),
    (
        "topics_are_subscribed_to_in_batches",
        &["topics", "subscribe", "subscribe.message", "subscribe.batch"],
    ),
    ("answers_are_awaited_together_and_come_in_any_order", &["subscribe.ack"]),
    ("a_message_gets_one_answer_or_one_for_each_topic", &["subscribe.ack_per"]),
    ("an_answer_can_be_a_record_too", &["subscribe.ack_is"]),
    ("a_missing_answer_is_a_lost_connection", &["subscribe.timeout"]),
    ("a_refused_topic_ends_the_run_or_is_left_out", &["subscribe.fail", "subscribe.on_fail"]),
    ("each_action_of_a_rule", &["control"]),
    (
        "heartbeats_go_out_at_their_interval",
        &["heartbeat", "heartbeat.message", "heartbeat.interval"],
    ),
    ("an_idle_heartbeat_waits_for_silence", &["heartbeat.when"]),
    ("the_first_heartbeat_may_come_after_a_random_share", &["heartbeat.first"]),
    ("a_heartbeat_may_begin_during_the_session", &["heartbeat.during_session"]),
    ("an_answer_to_a_heartbeat_is_never_a_record_and_no_data", &["heartbeat.reply"]),
    ("a_heartbeat_without_an_answer_ends_the_connection", &["heartbeat.timeout"]),
    (
        "each_form_of_a_message_is_sent_as_it_is_meant",
        &[
            "heartbeat.message.type",
            "heartbeat.message.data",
            "heartbeat.message.json",
            "heartbeat.message.prefix",
            "heartbeat.message.text",
            "subscribe.message.type",
            "subscribe.message.data",
            "subscribe.message.json",
            "subscribe.message.prefix",
            "subscribe.message.text",
        ],
    ),
    (
        "each_place_of_a_match_tells_messages_apart",
        &[
            "heartbeat.reply.text",
            "heartbeat.reply.prefix",
            "heartbeat.reply.binary",
            "subscribe.ack.text",
            "subscribe.ack.prefix",
            "subscribe.ack.binary",
            "subscribe.fail.text",
            "subscribe.fail.prefix",
            "subscribe.fail.binary",
        ],
    ),
    ("a_connection_without_any_message_is_left", &["silence_timeout"]),
    ("the_last_messages_leave_before_our_close", &["goodbye"]),
    ("a_rule_decides_what_a_close_does", &["close_rules"]),
    ("a_connection_is_left_for_a_planned_reconnect", &["rotate_after"]),
    (
        "no_more_messages_leave_than_the_limit_allows",
        &["send_limit", "send_limit.count", "send_limit.per"],
    ),
    (
        "no_more_connects_are_made_than_the_limit_allows",
        &["connect_limit", "connect_limit.count", "connect_limit.per"],
    ),
    ("messages_are_decompressed_as_it_says", &["decompress"]),
    ("a_zstd_dictionary_comes_from_its_file", &["decompress_dictionary"]),
    ("a_message_may_hold_several_texts", &["framing"]),
    ("data_begins_with_its_prefix_and_anything_else_is_control_at_most", &["data_prefix"]),
    ("an_array_at_the_top_may_be_several_messages", &["split_arrays"]),
    ("a_record_may_stand_inside_of_a_message", &["unwrap", "explode"]),
    (
        "a_reconnect_goes_on_from_the_last_cursor",
        &["resume", "resume.cursor", "resume.order", "resume.rewind", "resume.start"],
    ),
    ("kept_names_live_over_connections_and_others_do_not", &["resume.keep"]),
    ("a_connect_that_resumes_goes_to_the_url_that_was_kept", &["resume.url"]),
    (
        "a_hole_in_the_numbers_is_a_gap_with_its_size",
        &[
            "sequence",
            "sequence.last",
            "sequence.first",
            "sequence.previous",
            "sequence.per",
            "sequence.order",
            "sequence.reset",
        ],
    ),
    (
        "a_message_begins_the_count_anew_by_its_text_or_its_kind",
        &["sequence.reset.text", "sequence.reset.prefix", "sequence.reset.binary"],
    ),
    ("all_messages_count_or_those_that_are_data", &["sequence.messages"]),
    ("a_count_lasts_for_a_connection_or_tells_what_an_outage_cost", &["sequence.scope"]),
    ("a_hole_is_reported_or_ends_the_connection_or_the_run", &["sequence.on_gap"]),
    ("a_repeated_record_is_left_out_and_counted", &["dedup", "dedup.records", "dedup.key"]),
    ("topics_are_spread_over_connections", &["topics_per_connection"]),
    ("an_old_connection_goes_on_until_the_new_one_is_complete", &["handover"]),
];

/// The keys of a value.
const OF_A_VALUE: &[(&str, &[&str])] = &[
    ("fixed_values_are_texts", &["secret", "literal"]),
    ("a_text_is_encoded_and_hashed_as_it_says", &["encode", "hmac", "text", "key", "key_is"]),
    ("a_clock_tells_the_time_in_its_form", &["clock", "offset", "as"]),
    ("a_value_is_made_once_for_a_connection_or_for_each_message", &["random", "per"]),
    ("a_file_is_read_anew_for_each_connection", &["file", "pointer"]),
    ("a_program_prints_a_value_without_a_shell", &["command"]),
    ("a_value_that_cannot_be_made_ends_a_run_that_was_never_connected", &["timeout"]),
    (
        "a_token_is_signed_with_its_header_and_its_claims",
        &["jwt", "header", "claims", "expires_in"],
    ),
];

/// The keys of a call.
const OF_A_CALL: &[(&str, &[&str])] = &[
    (
        "a_call_brings_the_url_and_the_token_of_each_connect",
        &["url", "method", "headers", "json", "status", "expect", "take"],
    ),
    ("calls_are_made_in_order_with_what_earlier_ones_took", &["body"]),
    ("a_call_has_its_own_time", &["timeout"]),
    ("an_answer_may_be_any_text", &["expect.text", "expect.prefix", "expect.binary"]),
];

/// The keys of a step, but for those of its call.
const OF_A_STEP: &[(&str, &[&str])] = &[
    ("the_script_runs_in_order_before_the_first_subscription", &["send", "expect", "take"]),
    (
        "each_form_of_a_message_is_sent_as_it_is_meant",
        &["send.type", "send.data", "send.json", "send.prefix", "send.text"],
    ),
    (
        "each_place_of_a_match_tells_messages_apart",
        &[
            "expect.text",
            "expect.prefix",
            "expect.binary",
            "fail.text",
            "fail.prefix",
            "fail.binary",
        ],
    ),
    ("a_step_of_the_session_may_be_a_call", &["request"]),
    ("a_refused_login_is_tried_once_more_with_fresh_values_and_then_ends_the_run", &["fail"]),
    ("as_many_messages_are_awaited_as_count_says", &["count"]),
    ("an_answer_that_does_not_come_is_a_lost_connection_and_attempts_go_on_growing", &["timeout"]),
    ("an_awaited_message_can_be_a_record_too", &["expect_is"]),
    ("kept_names_live_over_connections_and_others_do_not", &["only"]),
];

/// The keys of a control rule.
const OF_A_RULE: &[(&str, &[&str])] = &[
    ("each_action_of_a_rule", &["match", "action"]),
    ("each_place_of_a_match_tells_messages_apart", &["match.text", "match.prefix", "match.binary"]),
    ("a_reply_holds_places_of_the_message_digit_for_digit", &["reply"]),
    (
        "each_form_of_a_message_is_sent_as_it_is_meant",
        &["reply.type", "reply.data", "reply.json", "reply.prefix", "reply.text"],
    ),
    ("a_rule_takes_values_for_later_messages", &["take"]),
    ("a_rule_reconnects_at_once_or_after_its_delay", &["delay"]),
    ("a_rule_gives_the_url_of_the_next_connect_only", &["url"]),
    ("an_answer_may_wait_for_the_flush_of_its_record", &["after"]),
];

/// The keys of a rule for Closes.
const OF_A_CLOSE_RULE: &[(&str, &[&str])] = &[
    ("a_rule_decides_what_a_close_does", &["codes", "contains", "action", "delay"]),
    ("a_rule_decides_about_an_answer_to_the_upgrade", &["status"]),
];

/// Each inner key of the list or the map at `key` has a test.
fn keys_inside(key: &str, tests: &[(&str, &[&str])]) {
    let schema = schemars::schema_for!(WebsocketSourceConfig);
    let mut schema = schema.as_value().clone();
    // A call in a step has the keys of a call.
    schema["$defs"]["SessionStep"]["properties"]["request"] = true.into();
    let outer = SchemaView::new(&schema).property(key)[0].resolve();
    let inside = outer.items().or_else(|| outer.map_values()).unwrap();
    keys_have_tests(&inside, Path::new(env!("CARGO_MANIFEST_DIR")), &PLACES, tests);
}

#[test]
fn every_key_inside_of_a_list_has_a_test_that_sets_it() {
    keys_inside("values", OF_A_VALUE);
    keys_inside("before_connect", OF_A_CALL);
    keys_inside("session", OF_A_STEP);
    keys_inside("control", OF_A_RULE);
    keys_inside("close_rules", OF_A_CLOSE_RULE);
}

#[test]
fn every_key_of_the_schema_has_a_test_that_sets_it() {
    let schema = schemars::schema_for!(WebsocketSourceConfig);
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    keys_have_tests(&SchemaView::new(schema.as_value()), root, &PLACES, TESTS);
}
