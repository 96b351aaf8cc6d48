//! Where a result comes from: version, command, time, machine. Kept in `run.json` and nowhere else, so that metrics
//! and models of equal runs are equal files.

use serde::{Deserialize, Serialize};
use std::time::{Duration, SystemTime};

/// The circumstances of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Provenance {
    /// Version of the program.
    pub version: String,
    /// The words of the command line, or none for a library call.
    pub command: Vec<String>,
    /// The folder in which it was called, from which names of files are meant.
    pub directory: String,
    /// When it began, UTC.
    pub started: String,
    /// How long it took.
    pub seconds: f64,
    /// Operating system and processor family.
    pub platform: String,
    /// Vector instructions that loops use: avx512, avx2 or none. Others give the last digits otherwise.
    #[serde(default)]
    pub instructions: String,
    /// Threads used.
    pub threads: usize,
}

impl Provenance {
    /// Of a run that began at `started` and ends now.
    pub fn now(command: Vec<String>, started: SystemTime) -> Self {
        let seconds = started.elapsed().unwrap_or(Duration::ZERO).as_secs_f64();
        Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            command,
            directory: std::env::current_dir().map_or(String::new(), |d| d.display().to_string()),
            started: humantime::format_rfc3339_seconds(started).to_string(),
            seconds: (seconds * 1000.0).round() / 1000.0,
            platform: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            instructions: zonal::numeric::instructions().to_owned(),
            threads: rayon::current_num_threads(),
        }
    }
}
