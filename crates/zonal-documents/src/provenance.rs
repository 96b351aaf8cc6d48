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
    /// The processor by its name, numbers and cache, where the system tells (Linux on x86). Sizes of caches decide how
    /// the linear-algebra library blocks its products, and with that the last digits.
    #[serde(default)]
    pub processor: String,
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
            processor: processor(&std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default()),
            threads: rayon::current_num_threads(),
        }
    }
}

/// The processor of a text such as Linux has in /proc/cpuinfo; empty where it names none.
fn processor(cpuinfo: &str) -> String {
    let value = |name: &str| {
        let line =
            cpuinfo.lines().find_map(|line| line.split_once(':').filter(|(key, _)| key.trim() == name));
        line.map_or("", |(_, value)| value.trim())
    };
    let numbers = ["cpu family", "model", "stepping"].map(value).join("-");
    match (value("vendor_id"), value("model name")) {
        ("", _) => String::new(),
        (vendor, name) => format!("{name} ({vendor} {numbers}, cache {})", value("cache size")),
    }
}

#[cfg(test)]
mod tests {
    use super::processor;

    #[test]
    fn a_processor_is_named_by_what_tells_it_from_others() {
        let text = "processor\t: 0\nvendor_id\t: AuthenticAMD\ncpu family\t: 26\nmodel\t\t: 2\nmodel name\t: AMD EPYC\n\
                    stepping\t: 1\ncache size\t: 1024 KB\n\nprocessor\t: 1\nmodel name\t: another\n";
        assert_eq!(processor(text), "AMD EPYC (AuthenticAMD 26-2-1, cache 1024 KB)");
        assert_eq!(processor("Hardware: some board\n"), "");
    }
}
