//! The short form of `cargo xtask faults`: every kind of run, every fault, a few times.

use std::path::Path;
use zonal_verify::faults::{Kind, try_all};

#[test]
#[ignore = "slow"]
fn nothing_is_lost_when_the_world_breaks() {
    let place = tempfile::tempdir().unwrap();
    let program = Path::new(env!("CARGO_BIN_EXE_zonal"));
    let report = try_all(program, place.path(), &Kind::ALL, 3, 1).unwrap();
    println!("{}", report.table());
    report.skipped.iter().for_each(|what| println!("skipped: {what}"));
    assert!(report.broken.is_empty(), "{}", report.broken.join("\n"));
}
