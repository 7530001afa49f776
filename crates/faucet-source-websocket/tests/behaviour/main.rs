//! The source at every fault of the catalogue, against a scripted peer: in memory and
//! with paused time wherever no socket is needed.

#![allow(clippy::unwrap_used, reason = "helpers of tests may unwrap as tests do")]

mod backoff;
mod cancel;
mod check;
mod clocks;
mod compression;
mod conformance;
mod connecting;
mod counted;
mod credentials;
#[cfg(unix)]
mod ctrl_c;
mod ends;
mod examples;
mod formats;
mod gaps;
mod hold;
mod keys;
mod memory;
mod options;
mod proxies;
mod session_check;
mod session_closes;
mod session_continuity;
mod session_control;
mod session_decoder;
mod session_forms;
mod session_heartbeat;
#[cfg(feature = "session-http")]
mod session_http;
mod session_limits;
mod session_login;
mod session_program;
mod session_reading;
mod session_resume;
mod session_script;
mod session_topics;
mod session_urls;
mod session_values;
mod streaming;
mod support;
mod tls;
mod upgrade;
mod violations;
