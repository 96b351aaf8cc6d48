//! Golden runs: small trainings whose records are committed, so that a change of results is detected.

use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::path::Path;
use std::process::Command;

/// The name and command of each run.
const RUNS: [(&str, &str); 7] = [
    ("target", "--target x1*x2+0.5*harmonic(3) --dim 6 --width 60 --at 0,1,10,100,1e4,1e8"),
    ("infinite-width", "--target neuron(tanh) --dim 8 --width inf --activation gelu --at 0,1,10,100,1e4,1e8"),
    ("formula", "--target x1 --dim 5 --width 40 --activation t*sin(2*t) --scale sqrt-dim --at 0,10,1e3"),
    (
        "table",
        "examples/data/diabetes.csv --label progression --width 80 --activation tanh --scale 2 --bias 1 --at 0,1,10,100,1e4",
    ),
    (
        "table-f32",
        "examples/data/diabetes.csv --label progression --width 60 --activation relu --bias 1 --precision f32 --folds 3 \
         --at 0,10,1e3",
    ),
    (
        "both-layers",
        "--target x1*x2 --dim 5 --layers both --activation erf --batch exact --width 20 --at 0,10,100,300",
    ),
    (
        "both-layers-table",
        "examples/data/diabetes.csv --label progression --layers both --biases --batch 32 --activation silu --width 16 --at \
         0,10,100,300",
    ),
];

/// `cargo xtask golden`: regenerates the golden runs.
pub(super) fn golden() -> Result<()> {
    let program = super::rust::checked_program("zonal")?;
    let folder = super::root().join("crates/zonal-cli/tests/golden");
    let place = std::env::temp_dir().join(format!("zonal-golden-{}", std::process::id()));
    for (name, words) in RUNS {
        let run = place.join(name);
        let mut command = Command::new(&program);
        command.current_dir(super::root()).arg("train").args(words.split_whitespace());
        command.args(["--no-report", "-q", "--out"]).arg(&run).stdout(std::process::Stdio::null());
        super::run(name, &mut command)?;
        keep(&run, &folder.join(name)).with_context(|| format!("the golden run {name}"))?;
    }
    std::fs::remove_dir_all(place).context("the runs could not be removed")
}

/// Stores the record, without the machine's folders and clock, and the path.
fn keep(run: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to)?;
    let mut record: Value = serde_json::from_str(&std::fs::read_to_string(run.join("run.json"))?)?;
    let Some(provenance) = record.get_mut("provenance").and_then(Value::as_object_mut) else {
        bail!("run.json has no provenance")
    };
    provenance.insert("directory".into(), "".into());
    provenance.insert("command".into(), Value::Array(Vec::new()));
    if let Some(summary) = record.get_mut("summary").and_then(Value::as_object_mut) {
        summary.insert("run".into(), Value::Null);
    }
    std::fs::write(to.join("run.json"), format!("{record:#}\n"))?;
    std::fs::copy(run.join("metrics.jsonl"), to.join("metrics.jsonl"))?;
    Ok(())
}
