//! `cargo bench -p faucet-bench`; see `docs/BENCHMARKS.md`.

use std::process::ExitCode;

fn main() -> ExitCode {
    faucet_bench::main()
}
