//! Sweeps: one table whatever happened on the way.

#![cfg(unix)]

use crate::common::Place;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// 200 cells, 600 trainings.
const GRID: &str = "target = ['harmonic({degree})', 'x1*x2 + 0.5']\ndim = [4, 7]\ndegree = [1, 2]\nactivation = \
                    ['relu', 'tanh(t) + 0.1*t^2']\nwidth = [20, 'n^2', 60, 90, 110]\nrows = ['exact', 100]\nstep = \
                    'auto'\niterations = [10, 1e3, 1e9]\nnoise = 0.1\nscale = [1, 2.5, 'sqrt-dim', 0.5, 3]\nseeds = \
                    3\nmax-degree = 3\n";
const CELLS: usize = 2 * 2 * 2 * 2 * 5 * 2 * 5;

fn start(place: &Place, arguments: &[&str]) -> Child {
    let program = assert_cmd::cargo::cargo_bin!("zonal");
    let mut command = Command::new(program);
    command.current_dir(place.path()).args(arguments).stdout(Stdio::null()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

fn lines(path: &Path) -> usize {
    std::fs::read_to_string(path).map_or(0, |t| t.lines().count())
}

/// Waits until the journal has this many lines, sends the signal and gives the exit code, None for a kill.
fn stop_at(child: &mut Child, journal: &Path, count: usize, signal: &str) -> Option<i32> {
    let began = Instant::now();
    while lines(journal) < count {
        assert!(began.elapsed() < Duration::from_secs(100), "the journal does not grow");
        assert!(child.try_wait().unwrap().is_none(), "the sweep ended before it was stopped");
        std::thread::sleep(Duration::from_millis(5));
    }
    let status = Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
    assert!(status.success());
    child.wait().unwrap().code()
}

#[test]
#[ignore = "slow"]
fn an_interrupted_sweep_resumes_to_the_same_table() {
    let place = Place::new();
    place.file("grid.toml", GRID);
    let whole = place.succeed(&["sweep", "grid.toml", "--out", "whole", "--format", "json"]).json();
    assert_eq!(whole["trainings"], 3 * CELLS);
    assert_eq!(whole["rows"].as_array().unwrap().len(), 3 * CELLS);

    let journal = place.path().join("parts/cells.jsonl");
    let total = 3 * CELLS + 1;
    let mut child = start(&place, &["sweep", "grid.toml", "--out", "parts", "--threads", "2"]);
    assert_eq!(stop_at(&mut child, &journal, total / 4, "-INT"), Some(130));
    let mut said = String::new();
    std::io::Read::read_to_string(&mut child.stderr.take().unwrap(), &mut said).unwrap();
    assert!(said.contains("zonal sweep --resume parts"), "{said}");
    let mut child = start(&place, &["sweep", "--resume", "parts", "--threads", "1"]);
    assert_eq!(stop_at(&mut child, &journal, total / 2, "-KILL"), None);
    // A line that the kill might have cut off.
    let mut torn = std::fs::read(&journal).unwrap();
    torn.extend_from_slice(b"{\"cell\":1,\"se");
    std::fs::write(&journal, torn).unwrap();
    let resumed = place.succeed(&["sweep", "--resume", "parts", "--format", "json"]).json();
    assert!(resumed["trained"].as_u64().unwrap() < 3 * CELLS as u64 * 3 / 4);

    for name in ["table.csv", "table.arrow"] {
        let read = |folder: &str| std::fs::read(place.path().join(folder).join(name)).unwrap();
        assert!(read("whole") == read("parts"), "{name} differs");
    }
    // A finished sweep only writes its table again.
    let again = place.succeed(&["sweep", "--resume", "parts", "--format", "json"]).json();
    assert_eq!(again["trained"], 0);
    assert_eq!(again["rows"], whole["rows"]);
}

#[test]
fn a_cell_is_what_train_gives() {
    let place = Place::new();
    place.file("one.toml", "target = '0.6*harmonic(1) + 0.8*harmonic(2)'\ndim = 5\nwidth = 60\nseeds = 1\niterations = [10, 1e6]");
    let sweep =
        place.succeed(&["sweep", "one.toml", "--out", "none", "--format", "json", "--seed", "7"]).json();
    let train = place
        .succeed(&[
            "train",
            "--target",
            "0.6*harmonic(1) + 0.8*harmonic(2)",
            "--dim",
            "5",
            "--width",
            "60",
            "--at",
            "10,1e6",
            "--out",
            "none",
            "--format",
            "json",
            "--seed",
            "7",
        ])
        .json();
    for (row, at) in [(0, 1), (1, 2)] {
        assert_eq!(sweep["rows"][row]["loss"], train["path"][at]["loss"]);
        assert_eq!(sweep["rows"][row]["energies"][2], train["path"][at]["degrees"][2]["energy"]);
    }
    assert_eq!(sweep["rows"][1]["loss_standard_error"], serde_json::Value::Null);
}

#[test]
fn mistakes_in_sweeps_are_named() {
    let place = Place::new();
    place.file("bad.toml", "target = 'x1'\ndim = 3\nwidht = 4\n");
    place.fail(&["sweep", "bad.toml"], 2, &["bad.toml", "widht"]);
    place.fail(&["sweep", "none.toml"], 1, &["none.toml"]);
    place.file("big.toml", "target = 'x1'\ndim = 3\nwidth = 1e7\n");
    place.fail(&["sweep", "big.toml"], 2, &["memory"]);
    place.file("step.toml", "target = 'x1'\ndim = 3\nwidth = 10\nstep = 1e9\n");
    let large = place.succeed(&["sweep", "step.toml", "--out", "none", "--format", "json"]).json();
    assert_eq!(large["rows"][0]["diverged"], 5);
    assert_eq!(large["rows"][0]["loss"], serde_json::Value::Null);
    place.fail(&["sweep", "--resume", "nowhere", "--seed", "3"], 2, &["--seed has no effect"]);
    place.fail(&["sweep", "--resume", "nowhere"], 1, &["no sweep"]);
    place.fail(&["sweep"], 2, &["FILE.toml"]);
}

#[test]
fn a_changed_or_foreign_journal_is_refused() {
    let place = Place::new();
    place.file("one.toml", "target = 'x1'\ndim = 3\nwidth = 4\nseeds = 1\n");
    place.succeed(&["sweep", "one.toml", "--out", "done"]);
    let folder = place.path().join("done");
    let journal = std::fs::read_to_string(folder.join("cells.jsonl")).unwrap();
    std::fs::write(folder.join("sweep.toml"), "target = 'x1'\ndim = 3\nwidth = 4\niterations = [1, 2]\n")
        .unwrap();
    place.fail(&["sweep", "--resume", "done"], 1, &["sweep.toml", "changed"]);
    // Changed by accident, and written by another version.
    let other = journal.replace("\"version\":\"", "\"version\":\"9");
    std::fs::write(folder.join("cells.jsonl"), &other).unwrap();
    place.fail(&["sweep", "--resume", "done"], 1, &["checksum does not match"]);
    let sealed = |line: &str| {
        let mut bytes = line.as_bytes().to_vec();
        zonal_io::checksum::seal(&mut bytes);
        String::from_utf8(bytes).unwrap() + "\n"
    };
    std::fs::write(folder.join("cells.jsonl"), other.lines().map(sealed).collect::<String>()).unwrap();
    place.fail(&["sweep", "--resume", "done"], 1, &["version 9"]);
    std::fs::write(folder.join("cells.jsonl"), "hello\n").unwrap();
    place.fail(&["sweep", "--resume", "done"], 1, &["no checksum"]);
}
