//! One file a command.

pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod demo;
pub(crate) mod docs;
pub(crate) mod explain;
pub(crate) mod feed;
pub(crate) mod init;
pub(crate) mod list;
mod listen;
pub(crate) mod new;
pub(crate) mod receive;
pub(crate) mod run;
pub(crate) mod schema;
#[cfg(feature = "sql")]
pub(crate) mod sql;
pub(crate) mod tap;
pub(crate) mod validate;
