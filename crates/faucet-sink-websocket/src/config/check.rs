//! The checks of the keys, and where they go.

use super::*;

impl WebsocketSinkConfig {
    /// Checks all keys and reports all problems together.
    pub(crate) fn check(self) -> Result<Checked, Problems> {
        let mut problems = Problems::new();
        duration::check("ack_timeout", Some(self.ack_timeout), &mut problems);
        duration::check("write_timeout", Some(self.write_timeout), &mut problems);
        for (key, value) in [
            ("max_unconfirmed_records", self.max_unconfirmed_records),
            ("max_unconfirmed_bytes", self.max_unconfirmed_bytes),
            ("max_write_buffer_bytes", self.max_write_buffer_bytes),
        ] {
            problems.push_if(value == 0, || Problem::out_of_range(key, "at least 1"));
        }
        let encoder = Encoder {
            kind: self.message_type,
            format: self.record_format,
            largest: self.max_write_buffer_bytes,
        };
        let policy = DeliveryPolicy {
            mode: self.delivery,
            limits: Limits {
                records: self.max_unconfirmed_records,
                bytes: self.max_unconfirmed_bytes,
            },
            ack_timeout: self.ack_timeout,
            write_timeout: self.write_timeout,
            reconnect: self.reconnect,
            hands_back: false,
        };
        let endpoint = self.connect_options().check(&mut problems);
        problems.into_result()?;
        let endpoint = endpoint.expect("an endpoint without problems");
        Ok(Checked { endpoint, encoder, policy })
    }

    fn connect_options(self) -> ConnectOptions {
        let longest = default::LONGEST_BACKOFF.max(self.reconnect_backoff);
        ConnectOptions {
            end: ComponentKind::Sink,
            url: self.url,
            request: RequestOptions {
                auth: self.auth,
                headers: self.headers,
                subprotocols: self.subprotocols,
                compression: self.compression,
            },
            proxy: self.proxy,
            tls: self.tls,
            times: TimeOptions {
                connect_timeout: self.connect_timeout,
                ping_interval: self.ping_interval,
                pong_timeout: self.pong_timeout,
            },
            reconnect: ReconnectKeys {
                reconnect: self.reconnect,
                backoff: self.reconnect_backoff,
                max_backoff: self.reconnect_max_backoff.or(Some(longest)),
                jitter: self.reconnect_jitter,
                max_attempts: self.max_reconnect_attempts,
            },
            max_message_bytes: self.max_message_bytes,
            read_buffer_bytes: self.read_buffer_bytes,
            reconnect_patience: self.reconnect_patience,
            feed: FeedOptions::default(),
            checks_json: false,
            session: SessionKeys {
                values: self.values,
                before_connect: self.before_connect,
                route: RouteKeys {
                    url_from: self.url_from,
                    url_hosts: self.url_hosts,
                    query: self.query,
                },
                script: ScriptKeys {
                    session: self.session,
                    session_timeout: self.session_timeout,
                    greeting: self.connect_messages,
                    goodbye: self.goodbye,
                    ..ScriptKeys::default()
                },
                control: self.control,
                watch: WatchKeys {
                    heartbeat: self.heartbeat,
                    silence_timeout: self.silence_timeout,
                    rotate_after: self.rotate_after,
                    close_rules: self.close_rules,
                },
                limits: LimitKeys {
                    send_limit: self.send_limit,
                    connect_limit: self.connect_limit,
                    ..LimitKeys::default()
                },
                ..SessionKeys::default()
            },
        }
    }
}
