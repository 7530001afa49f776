//! How CI checks the crate that brings DataFusion.

/// The crate, a member of the workspace and no default member.
pub(crate) const SQL: &str = "faucet-sql";

/// The lints of the crate, of the umbrella and of the command with all their features, and the documentation.
///
/// Cargo compiles a crate once for each set of features, also where the features are those of a crate far below,
/// and packages that are selected together have one set. The lints of all three are therefore one command:
/// DataFusion is checked once for it, and once more for the documentation, which needs no crate of the tests.
pub(crate) const CHECKS: [&str; 2] = [
    "clippy -p faucet-sql -p faucet-stream -p faucet-cli --all-targets --all-features -- -D warnings",
    "doc -p faucet-sql -p faucet-stream -p faucet-cli --no-deps --all-features",
];
