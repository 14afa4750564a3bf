//! The `herdbook` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    herdbook::cli::main()
}
