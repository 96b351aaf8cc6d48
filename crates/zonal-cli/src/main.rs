//! The program `zonal`.

use std::process::ExitCode;

fn main() -> ExitCode {
    zonal_cli::main()
}
