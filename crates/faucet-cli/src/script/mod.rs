//! Scripts of SQL: those of `faucet-sql`, or in a build without it a type that has no values.

#[cfg(not(feature = "sql"))]
mod left_out;

#[cfg(feature = "sql")]
pub(crate) use faucet_sql::Script;
#[cfg(not(feature = "sql"))]
pub(crate) use left_out::Script;
