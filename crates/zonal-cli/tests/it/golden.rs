//! Golden runs: records that are committed, repeated. On the processor that made them the bits must be the same; elsewhere, and
//! with other vector instructions, losses agree to what is promised. `cargo xtask golden` makes them anew, which belongs under
//! "Numerical changes" in the changelog.

use assert_cmd::Command;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// Differences between processors and instruction sets that are seen, as parts of the first loss, with room; the promise of
/// `--again` is a thousand times wider.
const SEEN: f64 = 1e-9;

#[test]
fn golden_runs_are_repeated() {
    let folder = root().join("crates/zonal-cli/tests/golden");
    let mut runs: Vec<PathBuf> = std::fs::read_dir(&folder).unwrap().map(|e| e.unwrap().path()).collect();
    runs.sort();
    assert!(runs.len() >= 6, "{runs:?}");
    for run in runs {
        // The best instructions of the processor, and the two below.
        for level in ["", "avx2", "none"] {
            let agreement = again(&run, level);
            let name = format!("{} {level}", run.file_name().unwrap().display());
            println!("{name}: {agreement}");
            assert!(agreement["agrees"] == true, "{name}: {agreement}");
            assert!(agreement["loss_difference"].as_f64().unwrap() <= SEEN, "{name}: {agreement}");
        }
    }
}

fn again(run: &Path, level: &str) -> serde_json::Value {
    let mut zonal = Command::new(env!("CARGO_BIN_EXE_zonal"));
    // Names of tables are meant from here.
    zonal.current_dir(root()).args(["train", "-q", "--format", "json", "--again"]).arg(run);
    let output = zonal.env("ZONAL_SIMD", level).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{}: {e}: {said}", run.display()))
}
