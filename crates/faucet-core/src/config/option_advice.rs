//! Options of other engines, and what stands for them here.

/// The option of a connector of ours that does the work of another engine's option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Instead {
    /// An option that has no connector's name in front.
    Plain(&'static str),
    /// A key of the connector, as a dotted path.
    Key(&'static str),
    /// A key of a map of the connector, which the end of the option names.
    Inside(&'static str),
    /// Nothing.
    Nothing,
}

use Instead::{Inside, Key, Nothing, Plain};

/// Names, in lower case, with dots where an engine may write `-` or `_`. A name that ends with `.*`
/// stands for all options that begin so. Of what stands for them, the first counts that the connector
/// has; without any the row does not count.
type Row = (&'static [&'static str], &'static [Instead]);

/// The first row that fits counts. Flink, Arroyo, RisingWave, LaminarDB, SeaTunnel, Vector, Redpanda
/// Connect, EventFlux, Materialize and ksqlDB have such options.
const ROWS: &[Row] = &[
    (&["connector", "connector.type", "connector.name"], &[Plain("extension")]),
    (&["value.format", "data.format", "data.encode", "encode", "codec"], &[Plain("format")]),
    (
        &["uri", "ws.url", "ws.uri", "endpoint", "endpoint.url", "server.url", "base.url", "host"],
        &[Key("url")],
    ),
    (&["hostname", "address", "bootstrap.servers", "brokers"], &[Key("url")]),
    (&["authorization"], &[Key("headers.Authorization")]),
    (&["header.*", "http.headers.*", "request.headers.*"], &[Inside("headers")]),
    (&["bearer.token", "access.token"], &[Key("auth.config.token")]),
    (&["sub.protocol", "protocol", "protocols"], &[Key("subprotocols")]),
    (
        &[
            "subscribe.message",
            "subscribe",
            "subscription.message",
            "subscription.messages",
            "init.message",
            "initial.message",
            "open.message",
            "open.messages",
        ],
        &[Key("subscribe_messages"), Key("connect_messages")],
    ),
    (&["topic", "topics", "channel", "channels"], &[Key("subscribe_messages")]),
    (&["error.retry.max.attempts", "error.retries"], &[Key("max_reconnect_attempts")]),
    (&["error.retry.initial.delay", "error.retry.delay"], &[Key("reconnect_backoff")]),
    (&["error.retry.max.delay"], &[Key("reconnect_max_backoff")]),
    (&["error.*"], &[Key("on_parse_error"), Key("max_reconnect_attempts")]),
    (
        &["bad.data", "on.error", "ignore.parse.errors", "json.ignore.parse.errors"],
        &[Key("on_parse_error")],
    ),
    (&["auto.reconnect", "reconnect.enabled", "retry.enabled"], &[Key("reconnect")]),
    (
        &[
            "reconnect.interval",
            "reconnect.interval.ms",
            "reconnect.delay",
            "reconnect.initial.delay.ms",
            "reconnect.backoff.ms",
            "retry.interval",
            "retry.interval.ms",
            "retry.delay.ms",
            "retry.backoff.ms",
        ],
        &[Key("reconnect_backoff")],
    ),
    (
        &[
            "reconnect.max.delay",
            "reconnect.max.interval.ms",
            "reconnect.backoff.max.ms",
            "max.reconnect.delay.ms",
            "retry.max.delay.ms",
            "retry.backoff.max.ms",
        ],
        &[Key("reconnect_max_backoff")],
    ),
    (
        &[
            "max.retries",
            "max.reconnects",
            "max.attempts",
            "retry.max.attempts",
            "reconnect.max.retries",
            "connection.max.retries",
        ],
        &[Key("max_reconnect_attempts")],
    ),
    (
        &[
            "timeout",
            "timeout.ms",
            "connect.timeout.ms",
            "connect.timeout.secs",
            "connection.timeout",
            "connection.timeout.ms",
            "handshake.timeout",
        ],
        &[Key("connect_timeout")],
    ),
    (
        &[
            "ping.interval",
            "ping.interval.ms",
            "ping.interval.secs",
            "heartbeat.interval",
            "heartbeat.interval.ms",
            "keepalive.interval",
            "keep.alive.interval",
        ],
        &[Key("ping_interval")],
    ),
    (&["ping.timeout", "ping.timeout.ms", "pong.timeout.ms"], &[Key("pong_timeout")]),
    (&["idle.timeout.ms", "read.timeout", "read.timeout.ms"], &[Key("idle_timeout")]),
    (&["max.records"], &[Key("max_messages")]),
    (
        &["max.message.size", "max.frame.size", "max.payload.size", "message.max.bytes"],
        &[Key("max_message_bytes")],
    ),
    (&["batch.size", "batch.max.rows", "max.batch.size"], &[Key("batch_size")]),
    (
        &[
            "batch.interval",
            "batch.interval.ms",
            "flush.interval",
            "flush.interval.ms",
            "linger.ms",
        ],
        &[Key("batch_timeout")],
    ),
    (
        &["buffer.size", "buffer.bytes", "receive.buffer.bytes", "send.buffer.bytes"],
        &[Key("max_write_buffer_bytes"), Key("read_buffer_bytes")],
    ),
    (
        &["sink.delivery.guarantee", "delivery.guarantee", "sink.semantic", "semantics"],
        &[Key("delivery")],
    ),
    (&["frame.type", "payload.type"], &[Key("message_type")]),
    (&["compression.type", "permessage.deflate"], &[Key("compression")]),
    (&["proxy.url", "proxy.address", "proxy.host", "http.proxy"], &[Key("proxy")]),
    (
        &["ssl.truststore.location", "ssl.ca.location", "tls.ca.cert", "tls.root.cas.file"],
        &[Key("tls.ca_file")],
    ),
    (&["tls.skip.cert.verify", "insecure"], &[Key("tls.insecure_skip_verify")]),
    (&["ssl.*"], &[Key("tls")]),
    (
        &["scan.*", "properties.*", "lookup.*", "sink.*", "key.*", "mode", "bind.address"],
        &[Nothing],
    ),
];

/// The option that does the work of the option `name`, for a connector that has what `has` says. With it comes the
/// end of the name, for [`Instead::Inside`].
pub(crate) fn instead_of(name: &str, has: impl Fn(Instead) -> bool) -> Option<(Instead, &str)> {
    let lower = name.to_ascii_lowercase();
    let dotted = lower.replace(['-', '_'], ".");
    ROWS.iter().find_map(|(patterns, choices)| {
        let rest = patterns.iter().find_map(|pattern| match pattern.strip_suffix('*') {
            // The name itself has the dots here: `sink_bytes` begins with no `sink.`.
            Some(family) => lower.starts_with(family).then(|| &name[family.len()..]),
            None => (dotted == *pattern).then_some(""),
        })?;
        choices.iter().find(|choice| has(**choice)).map(|choice| (*choice, rest))
    })
}

/// The advice to write `option`, or to write nothing.
pub(crate) fn help(option: Option<&str>) -> String {
    match option {
        Some(option) => format!("use `{option}`"),
        None => "leave it out: no option here does the same".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_every_spelling_and_families_by_their_beginning() {
        for (name, expected) in [
            ("uri", Some((Key("url"), ""))),
            ("Max-Message_Size", Some((Key("max_message_bytes"), ""))),
            ("error.retry.max-attempts", Some((Key("max_reconnect_attempts"), ""))),
            ("error.handling", Some((Key("on_parse_error"), "handling"))),
            ("header.X-Key", Some((Inside("headers"), "X-Key"))),
            ("scan.startup.mode", Some((Nothing, "startup.mode"))),
            ("error_handling", None),
            ("errors", None),
            ("sink", None),
        ] {
            assert_eq!(instead_of(name, |_| true), expected, "{name}");
        }
    }

    #[test]
    fn the_first_key_counts_that_the_connector_has() {
        let only = |key: &'static str| move |instead| instead == Key(key);
        for (name, key, expected) in [
            ("error.handling", "max_reconnect_attempts", Some("max_reconnect_attempts")),
            ("init.message", "connect_messages", Some("connect_messages")),
            ("init.message", "topics", None),
            ("topic", "url", None),
        ] {
            let found = instead_of(name, only(key)).map(|(instead, _)| instead);
            assert_eq!(found, expected.map(Key), "{name}");
        }
    }

    #[test]
    fn every_row_can_be_reached() {
        for (index, (patterns, choices)) in ROWS.iter().enumerate() {
            assert!(!choices.is_empty(), "{patterns:?}");
            for pattern in *patterns {
                let name = pattern.replace('*', "a");
                let first = ROWS.iter().position(|(others, _)| {
                    others.iter().any(|other| match other.strip_suffix('*') {
                        Some(family) => name.starts_with(family),
                        None => name == *other,
                    })
                });
                assert_eq!(first, Some(index), "{pattern}");
                assert!(!pattern.contains(['-', '_', ' ']), "{pattern}");
                assert_eq!(*pattern, pattern.to_ascii_lowercase());
            }
        }
    }
}
