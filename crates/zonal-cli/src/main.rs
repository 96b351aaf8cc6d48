//! The program `zonal`.

#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    zonal_cli::main()
}
