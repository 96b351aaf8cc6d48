//! Fuzzing of every reader, with two processes at a time, under the guaranteed limits: 5 s and 1 GB per input.

use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The limits on seconds and MB per input.
const MOST_SECONDS: u32 = 5;
const MOST_MB: u32 = 1_024;
/// The number of processes that fuzz one reader.
const PROCESSES: usize = 2;

/// `cargo xtask fuzz [--seconds N] [--page] [READER ..]`.
pub(super) fn fuzz(arguments: &[String]) -> Result<()> {
    let (mut seconds, mut page, mut chosen) = (60, false, Vec::new());
    let mut rest = arguments.iter();
    while let Some(word) = rest.next() {
        if word == "--seconds" {
            let text = rest.next().context("--seconds needs a number")?;
            seconds = text.parse().with_context(|| format!("--seconds {text} is not an integer"))?;
        } else if word == "--page" {
            page = true;
        } else {
            chosen.push(word.clone());
        }
    }
    let folder = super::root().join("fuzz");
    let all = readers(&folder)?;
    if let Some(unknown) = chosen.iter().find(|c| !all.contains(c)) {
        bail!("there is no reader '{unknown}'; choose among {}", all.join(", "));
    }
    if chosen.is_empty() {
        chosen = all;
    }
    if !super::cargo_has("fuzz") {
        bail!("cargo-fuzz is needed (cargo install cargo-fuzz)");
    }
    // The sanitizer needs a flag that only nightly compilers accept by default.
    let mut build = super::cargo();
    build.current_dir(&folder).env("RUSTC_BOOTSTRAP", "1").args(["fuzz", "build", "--release"]);
    super::run("fuzzers", &mut build)?;
    let mut failed = Vec::new();
    println!("{:<12} {:>14} {:>10} {:>10}", "reader", "executions", "a second", "most MB");
    for reader in &chosen {
        let outcome = one(&folder, reader, seconds)?;
        let rate = outcome.executions / u64::from(seconds.max(1));
        println!("{reader:<12} {:>14} {rate:>10} {:>10}", outcome.executions, outcome.most_mb);
        if !outcome.well {
            failed.push(reader.as_str());
        } else if page {
            write_row(reader, seconds, &outcome)?;
        }
    }
    if failed.is_empty() {
        return Ok(());
    }
    bail!(
        "inputs that fail are in {}: {}; add each to the seeds once the fault is fixed",
        folder.join("artifacts").display(),
        failed.join(", ")
    )
}

const BEGIN: &str = "<!-- fuzzing: written by cargo xtask fuzz --page -->";
const END: &str = "<!-- end of fuzzing -->";
const HEAD: &str =
    "| reader | seconds | processes | executions | most MB |\n| --- | ---: | ---: | ---: | ---: |\n";

/// Writes the outcome of a reader into the page, replacing its previous row.
fn write_row(reader: &str, seconds: u32, outcome: &Outcome) -> Result<()> {
    let page = super::reliability();
    let text = std::fs::read_to_string(&page)?;
    let (before, rest) = text.split_once(BEGIN).context("the page has no place for the table")?;
    let (table, after) = rest.split_once(END).context("the place for the table has no end")?;
    let first = |row: &str| row.trim_start_matches("| ").split(' ').next().unwrap_or_default().to_owned();
    let mut rows: Vec<String> =
        table.lines().filter(|l| l.starts_with("| ")).skip(2).map(str::to_owned).collect();
    rows.retain(|row| first(row) != reader);
    let Outcome { executions, most_mb, .. } = outcome;
    rows.push(format!("| {reader} | {seconds} | {PROCESSES} | {executions} | {most_mb} |"));
    rows.sort();
    let rows = rows.join("\n");
    std::fs::write(page, format!("{before}{BEGIN}\n\n{HEAD}{rows}\n\n{END}{after}"))?;
    Ok(())
}

fn readers(folder: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder.join("fuzz_targets"))? {
        if let Some(name) = entry?.path().file_stem() {
            names.push(name.to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

struct Outcome {
    executions: u64,
    most_mb: u64,
    well: bool,
}

fn one(folder: &Path, reader: &str, seconds: u32) -> Result<Outcome> {
    let corpus = folder.join("corpus").join(reader);
    let artifacts = folder.join("artifacts").join(reader);
    for place in [&corpus, &artifacts] {
        std::fs::create_dir_all(place)?;
    }
    let program = program(folder, reader)?;
    let start = || {
        Command::new(&program)
            .args([&corpus, &folder.join("seeds").join(reader)])
            .arg(format!("-max_total_time={seconds}"))
            .arg(format!("-timeout={MOST_SECONDS}"))
            .arg(format!("-rss_limit_mb={MOST_MB}"))
            .arg(format!("-malloc_limit_mb={MOST_MB}"))
            .arg(format!("-artifact_prefix={}/", artifacts.display()))
            .args(["-max_len=8192", "-print_final_stats=1", "-reload=1"])
            // Inputs that take long are tried less often than others, but not never.
            .arg("-entropic_scale_per_exec_time=1")
            // Threads of the pool would fuzz against each other.
            .env("RAYON_NUM_THREADS", "1")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
    };
    let children = (0..PROCESSES).map(|_| start()).collect::<std::io::Result<Vec<_>>>()?;
    // Each pipe is read by its own thread; otherwise a process would wait for its reader.
    let waiting: Vec<_> =
        children.into_iter().map(|child| std::thread::spawn(|| child.wait_with_output())).collect();
    let mut outcome = Outcome { executions: 0, most_mb: 0, well: true };
    for thread in waiting {
        let output = thread.join().map_err(|_| anyhow::anyhow!("a thread that waits panicked"))??;
        let text = String::from_utf8_lossy(&output.stderr);
        let number = |name: &str| {
            let line = text.lines().rev().find(|l| l.starts_with(name));
            line.and_then(|l| l.rsplit(' ').next()?.parse::<u64>().ok()).unwrap_or(0)
        };
        outcome.executions += number("stat::number_of_executed_units:");
        outcome.most_mb = outcome.most_mb.max(number("stat::peak_rss_mb:"));
        if !output.status.success() {
            outcome.well = false;
            let tail: Vec<&str> = text.lines().rev().take(40).collect();
            eprintln!("{}", tail.into_iter().rev().collect::<Vec<_>>().join("\n"));
        }
    }
    Ok(outcome)
}

/// Returns the path of a fuzzer built by cargo-fuzz: below the name of the platform.
fn program(folder: &Path, reader: &str) -> Result<PathBuf> {
    for entry in std::fs::read_dir(folder.join("target"))? {
        let program = entry?.path().join("release").join(reader);
        if program.is_file() {
            return Ok(program);
        }
    }
    bail!("the fuzzer of '{reader}' was not built")
}
