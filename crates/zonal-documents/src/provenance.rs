//! The provenance of a result: version, command, time, machine. It is stored in `run.json` only, so that equal runs
//! have byte-identical metrics and models.

use serde::{Deserialize, Serialize};
use std::time::{Duration, SystemTime};

/// The provenance of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Provenance {
    /// The version of zonal.
    pub version: String,
    /// The arguments of the command line, argv; empty for a library call.
    pub command: Vec<String>,
    /// The working directory of the run. Relative file names in the record start from it.
    pub directory: String,
    /// The start time, RFC 3339 in UTC.
    pub started: String,
    /// The duration in seconds, to a millisecond.
    pub seconds: f64,
    /// Operating system and processor architecture, such as `linux x86_64`.
    pub platform: String,
    /// The vector instructions in use: avx512, avx2 or none. The last digits of results depend on them.
    #[serde(default)]
    pub instructions: String,
    /// The processor by name, model numbers and cache size, where the system reports them (Linux on x86). The
    /// linear-algebra library blocks its products by cache size, which affects the last digits.
    #[serde(default)]
    pub processor: String,
    /// The number of threads.
    pub threads: usize,
}

impl Provenance {
    /// Returns the provenance of a run that began at `started` and ends now.
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

/// Extracts the processor from the text of /proc/cpuinfo; empty if it names none.
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
