//! The built command from outside: what it is given, what it prints and writes, and what it exits
//! with.

#![allow(clippy::unwrap_used, reason = "helpers of tests may unwrap as tests do")]

mod authors;
mod broken;
mod check;
mod completions;
mod configuration;
mod demo;
mod examples;
mod exits;
mod explain;
mod faults;
mod feed;
mod files;
mod graph;
mod init;
mod junk;
mod kills;
mod latency;
#[cfg(unix)]
mod pty;
mod receive;
mod reports;
mod run;
mod scripts;
mod secrets;
mod serve;
#[cfg(unix)]
mod signals;
#[cfg(unix)]
mod start;
mod support;
#[cfg(target_os = "linux")]
mod takeaway;
mod tap;
mod tap_connection;
mod tap_file;
mod tap_output;
#[cfg(unix)]
mod tap_page;
mod tap_sending;
#[cfg(unix)]
mod tap_terminal;
mod validate;
mod warnings;
