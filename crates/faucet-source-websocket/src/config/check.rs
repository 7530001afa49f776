//! The checks of the keys, and where they go.

use super::*;

impl WebsocketSourceConfig {
    /// Checks all keys and reports all problems together.
    pub(crate) fn check(self) -> Result<Checked, Problems> {
        let mut problems = Problems::new();
        let stop = self.check_stop(&mut problems);
        let page = self.check_page(&mut problems);
        let (format, on_parse_error) = (self.message_format, self.on_parse_error);
        let (envelope, excerpts) = (self.envelope, self.error_excerpts);
        let stop_on_ctrl_c = self.stop_on_ctrl_c;
        let endpoint = self.connect_options().check(&mut problems);
        problems.into_result()?;
        let endpoint = endpoint.expect("an endpoint without problems");
        Ok(Checked {
            endpoint,
            format,
            on_parse_error,
            excerpts,
            envelope,
            stop,
            stop_on_ctrl_c,
            page,
        })
    }

    fn check_stop(&self, problems: &mut Problems) -> StopRule {
        problems.push_if(self.max_messages == Some(0), || {
            Problem::out_of_range("max_messages", "at least 1")
        });
        let endless = self.max_messages.is_none() && self.idle_timeout.is_none();
        problems.push_if(endless && !self.unbounded, || {
            let keys = vec!["max_messages".into(), "idle_timeout".into()];
            let or = Some("unbounded".into());
            Problem::new(KeyPath::root(), ProblemKind::MissingOneOf { keys, or })
        });
        StopRule::new(self.max_messages.and_then(NonZeroU64::new))
    }

    fn check_page(&self, problems: &mut Problems) -> PageLimits {
        let (bytes, timeout) = (self.batch_bytes, self.batch_timeout);
        duration::check_or_zero("batch_timeout", timeout.unwrap_or_default(), problems);
        problems
            .push_if(bytes == Some(0), || Problem::out_of_range("batch_bytes", "at least 1 byte"));
        let Some(records) = NonZeroUsize::new(self.batch_size) else {
            // A timeout of 0, the default of the option map, asks for nothing that one page breaks.
            let given = [
                ("batch_bytes", bytes.is_some()),
                ("batch_timeout", timeout.is_some_and(|timeout| !timeout.is_zero())),
            ];
            for (key, given) in given {
                problems.push_if(given, || {
                    Problem::conflict(key, "batch_size")
                        .help("batch_size: 0 is the whole run in one page")
                });
            }
            return PageLimits::ONE_PAGE;
        };
        PageLimits::records(Some(records))
            .with_bytes(NonZeroUsize::new(bytes.unwrap_or(default::BATCH_BYTES)))
            .with_age(Some(timeout.unwrap_or(default::BATCH_TIMEOUT)))
    }

    fn connect_options(self) -> ConnectOptions {
        ConnectOptions {
            end: ComponentKind::Source,
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
                max_backoff: self.reconnect_max_backoff,
                jitter: self.reconnect_jitter,
                max_attempts: self.max_reconnect_attempts,
            },
            max_message_bytes: self.max_message_bytes,
            read_buffer_bytes: self.read_buffer_bytes,
            reconnect_patience: self.reconnect_patience,
            feed: FeedOptions {
                stale_timeout: self.stale_timeout,
                idle_timeout: self.idle_timeout,
                idle_on_data: self.idle_resets_on == IdleResetsOn::Data,
                max_outage: self.max_outage,
                invalid_utf8: self.invalid_utf8,
            },
            checks_json: self.message_format == WsMessageFormat::Json,
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
                    topics: self.topics,
                    subscribe: self.subscribe,
                    greeting: self.subscribe_messages,
                    goodbye: self.goodbye,
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
                    topics_per_connection: self.topics_per_connection,
                },
                reading: ReadingKeys {
                    decompress: self.decompress,
                    decompress_dictionary: self.decompress_dictionary,
                    framing: self.framing,
                    data_prefix: self.data_prefix,
                    split_arrays: self.split_arrays,
                    unwrap: self.unwrap,
                    explode: self.explode,
                },
                continuity: ContinuityKeys {
                    resume: self.resume,
                    dedup: self.dedup,
                    sequence: self.sequence,
                    handover: self.handover,
                },
            },
        }
    }
}
