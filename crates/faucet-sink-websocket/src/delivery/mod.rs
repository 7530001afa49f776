//! The fate of each record. Pure: nothing here does I/O, and what depends on time takes `now`.

pub(crate) mod backlog;
pub(crate) mod barriers;
pub(crate) mod connection_lost;
pub(crate) mod delivery_mode;
pub(crate) mod flush_report;
pub(crate) mod in_flight;
pub(crate) mod machine;
pub(crate) mod policy;
pub(crate) mod quarantine;
pub(crate) mod rejection;
pub(crate) mod verdict;
pub(crate) mod window;
