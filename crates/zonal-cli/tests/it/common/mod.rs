//! Runs the program in a folder of its own.

#![allow(dead_code, unreachable_pub, missing_docs, reason = "each test file uses a part of this")]

use assert_cmd::cargo::cargo_bin_cmd;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// What a call gave.
pub struct Outcome {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Outcome {
    /// Standard output as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|e| panic!("{e}: {}\n{}", self.stdout, self.stderr))
    }
}

/// Starts a long training and sends it a signal once it has written a file again; its exit code and what it said.
#[cfg(unix)]
pub fn stopped(place: &Place, arguments: &[&str], saved: &str, signal: &str) -> (Option<i32>, String) {
    let mut child = Command::new(assert_cmd::cargo::cargo_bin!("zonal"))
        .current_dir(place.path())
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let saved = place.path().join(saved);
    let saved_at = |path: &Path| std::fs::metadata(path).and_then(|m| m.modified()).ok();
    let (before, began) = (saved_at(&saved), Instant::now());
    while saved_at(&saved) == before {
        assert!(child.try_wait().unwrap().is_none(), "it ended before it was stopped");
        assert!(began.elapsed() < Duration::from_secs(100), "nothing is saved");
        std::thread::sleep(Duration::from_millis(3));
    }
    assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
    let code = child.wait().unwrap().code();
    let mut said = String::new();
    std::io::Read::read_to_string(&mut child.stderr.take().unwrap(), &mut said).unwrap();
    (code, said)
}

/// A folder that goes when the test ends.
pub struct Place {
    folder: TempDir,
}

impl Place {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file and answers with its path.
    pub fn file(&self, name: &str, contents: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        std::fs::write(&path, contents).unwrap();
        path
    }

    /// Runs the program here.
    pub fn zonal(&self, arguments: &[&str]) -> Outcome {
        let output = cargo_bin_cmd!("zonal").current_dir(self.path()).args(arguments).output().unwrap();
        Outcome {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Runs the program, which must succeed.
    pub fn succeed(&self, arguments: &[&str]) -> Outcome {
        let outcome = self.zonal(arguments);
        assert_eq!(outcome.code, 0, "{arguments:?}: {}", outcome.stderr);
        outcome
    }

    /// Runs the program, which must fail with this code, say every part, and leave no run behind.
    pub fn fail(&self, arguments: &[&str], code: i32, parts: &[&str]) {
        let outcome = self.zonal(arguments);
        assert_eq!(outcome.code, code, "{arguments:?}\n{}{}", outcome.stdout, outcome.stderr);
        assert!(outcome.stdout.is_empty(), "{arguments:?} printed {}", outcome.stdout);
        for part in parts {
            assert!(
                outcome.stderr.contains(part),
                "{arguments:?}: {part:?} is missing in\n{}",
                outcome.stderr
            );
        }
        let left: Vec<_> =
            std::fs::read_dir(self.path().join("runs")).into_iter().flatten().flatten().collect();
        assert!(left.is_empty(), "{arguments:?} left {left:?}");
    }
}

/// The real table of the examples.
pub fn diabetes() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/data/diabetes.csv");
    path.canonicalize().unwrap().to_string_lossy().into_owned()
}
