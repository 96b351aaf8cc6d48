//! Fault injection: real runs of the program are killed, stopped, deprived of disk space and given damaged files.
//! Afterwards they are resumed or started over, and must produce the same bits as an undisturbed run.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};
use zonal_io::folder::{ARROW, SWEEP, TABLE, TEST_ROWS};
use zonal_io::folder::{CELLS, DESCENT, METRICS, METRICS_CSV, MODEL, MONOMIALS, RECORD, RESUME, STATISTICS};

/// A kind of run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A training on a table.
    Table,
    /// A training on a target.
    Target,
    /// Both layers, step by step.
    BothLayers,
    /// A sweep.
    Sweep,
    /// A game of statistical queries.
    Game,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 5] = [Self::Table, Self::Target, Self::BothLayers, Self::Sweep, Self::Game];

    fn name(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Target => "target",
            Self::BothLayers => "both layers",
            Self::Sweep => "sweep",
            Self::Game => "game",
        }
    }

    /// Returns the arguments of the command, which takes about a second, without its folder.
    fn words(self) -> &'static [&'static str] {
        match self {
            Self::Table => &[
                "train",
                "rows.csv",
                "--label",
                "y",
                "--width",
                "300",
                "--activation",
                "tanh",
                "--scale",
                "1",
                "--bias",
                "1",
                "--checkpoint",
                "0",
            ],
            Self::Target => &["train", "--target", "x1*x2 + 0.5*harmonic(3)", "--dim", "6", "--width", "500"],
            Self::BothLayers => &[
                "train",
                "--target",
                "x1*x2",
                "--dim",
                "6",
                "--layers",
                "both",
                "--batch",
                "fresh:64",
                "--width",
                "64",
                "--iterations",
                "8000",
                "--checkpoint",
                "0",
            ],
            Self::Sweep => &["sweep", "plan.toml"],
            Self::Game => &[
                "sq",
                "play",
                "--family",
                "zonal",
                "--dim",
                "8",
                "--degree",
                "3",
                "--tolerance",
                "0.1",
                "--size",
                "1500",
            ],
        }
    }

    /// Returns the files that a run needs to resume.
    fn checkpoints(self) -> &'static [&'static str] {
        match self {
            Self::Table => &[RESUME, STATISTICS, MONOMIALS],
            Self::BothLayers => &[RESUME, DESCENT],
            Self::Sweep => &[SWEEP, CELLS],
            Self::Target | Self::Game => &[],
        }
    }
}

const PLAN: &str = "target = 'harmonic({degree})'\ndim = [4, 6]\ndegree = [1, 2, 3]\nwidth = [100, 200]\nseeds = 3\n\
                    rows = ['exact', 2000]\niterations = [10, 1000]\n";
const ROWS: usize = 60_000;

/// The outcomes of one fault.
#[derive(Clone, Debug, Default)]
struct Tally {
    tried: u64,
    outcomes: BTreeMap<String, u64>,
}

/// The outcomes of all faults, and the violations.
#[derive(Clone, Debug, Default)]
pub struct Report {
    tallies: BTreeMap<(Kind, &'static str), Tally>,
    /// Guarantees that did not hold.
    pub broken: Vec<String>,
    /// Faults that could not be injected on this machine.
    pub skipped: Vec<String>,
}

impl Report {
    fn add(&mut self, kind: Kind, fault: &'static str, outcome: Result<String, String>) {
        let tally = self.tallies.entry((kind, fault)).or_default();
        tally.tried += 1;
        let outcome = outcome.unwrap_or_else(|wrong| {
            self.broken.push(format!("{}, {fault}: {wrong}", kind.name()));
            "**broken**".to_owned()
        });
        *tally.outcomes.entry(outcome).or_default() += 1;
    }

    /// Returns the outcomes as a table in Markdown.
    pub fn table(&self) -> String {
        let mut out = "| run | fault | tries | outcomes |\n| --- | --- | --- | --- |\n".to_owned();
        for ((kind, fault), tally) in &self.tallies {
            let outcomes: Vec<String> =
                tally.outcomes.iter().map(|(what, n)| format!("{n} {what}")).collect();
            let _ =
                writeln!(out, "| {} | {fault} | {} | {} |", kind.name(), tally.tried, outcomes.join("; "));
        }
        out
    }
}

/// The results of a finished run, without machine and time.
type Results = BTreeMap<String, Vec<u8>>;

fn results(folder: &Path) -> Result<Results, String> {
    let mut out = Results::new();
    for name in [METRICS, METRICS_CSV, TEST_ROWS, MODEL, TABLE, ARROW] {
        if let Ok(bytes) = std::fs::read(folder.join(name)) {
            out.insert(name.to_owned(), bytes);
        }
    }
    let text = std::fs::read_to_string(folder.join(RECORD)).map_err(|e| format!("{RECORD}: {e}"))?;
    let mut record: serde_json::Value = serde_json::from_str(&text).map_err(|e| format!("{RECORD}: {e}"))?;
    if let Some(summary) = record.get_mut("summary").and_then(serde_json::Value::as_object_mut) {
        summary.remove("run");
        summary.remove("seconds");
        out.insert(RECORD.to_owned(), format!("{summary:?}").into_bytes());
    }
    Ok(out)
}

/// A folder with everything that runs need.
struct Bench<'a> {
    program: &'a Path,
    place: PathBuf,
    kind: Kind,
    reference: Results,
    seconds: f64,
    random: ChaCha8Rng,
    count: u64,
}

impl<'a> Bench<'a> {
    fn new(program: &'a Path, place: &Path, kind: Kind) -> Result<Self, String> {
        let place = place.join(kind.name().replace(' ', "-"));
        std::fs::create_dir_all(&place).map_err(|e| e.to_string())?;
        std::fs::write(place.join("plan.toml"), PLAN).map_err(|e| e.to_string())?;
        std::fs::write(place.join("rows.csv"), rows(1)).map_err(|e| e.to_string())?;
        let random = ChaCha8Rng::seed_from_u64(kind as u64);
        let mut bench =
            Self { program, place, kind, reference: Results::new(), seconds: 0.0, random, count: 0 };
        let began = Instant::now();
        let output = bench.command(&bench.place.join("reference")).output().map_err(|e| e.to_string())?;
        bench.seconds = began.elapsed().as_secs_f64();
        if !output.status.success() {
            return Err(format!("the run that nothing happens to fails: {}", said(&output)));
        }
        bench.reference = results(&bench.place.join("reference"))?;
        Ok(bench)
    }

    fn base(&self, words: &[&str]) -> Command {
        let mut command = Command::new(self.program);
        command.args(words).current_dir(&self.place).stdin(Stdio::null());
        command
    }

    fn command(&self, out: &Path) -> Command {
        let mut command = self.base(self.kind.words());
        command.arg("--out").arg(out);
        command
    }

    fn folder(&mut self) -> PathBuf {
        self.count += 1;
        self.place.join(format!("run-{}", self.count))
    }

    /// Starts a run, and draws a random moment of it.
    fn begin(&mut self, out: &Path) -> Result<(Child, Duration), String> {
        let mut command = self.command(out);
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        let child = command.spawn().map_err(|e| e.to_string())?;
        Ok((child, self.moment()))
    }

    /// Draws a random moment of a run.
    fn moment(&mut self) -> Duration {
        Duration::from_secs_f64(self.seconds * self.random.random_range(0.02..1.05))
    }

    /// Recovers from the fault: resumes the run, starts it over with --force, or does nothing if it is finished.
    /// Returns which.
    fn again(&self, out: &Path) -> Result<&'static str, String> {
        let has = |name: &str| out.join(name).is_file();
        if has(RECORD) {
            // Its page may be missing or incomplete.
            let output =
                self.base(&["report", &out.display().to_string()]).output().map_err(|e| e.to_string())?;
            if !output.status.success() {
                return Err(format!("report: {}", said(&output)));
            }
            self.same(out)?;
            return Ok("finished before it");
        }
        let empty = std::fs::read_dir(out).map(|mut entries| entries.next().is_none()).unwrap_or(true);
        let folder = out.display().to_string();
        let (words, what) = match self.kind {
            Kind::Table | Kind::BothLayers if has(RESUME) => (vec!["train", "--resume", &folder], "went on"),
            Kind::Sweep if has(SWEEP) && has(CELLS) => (vec!["sweep", "--resume", &folder], "went on"),
            _ => {
                let mut words = self.kind.words().to_vec();
                words.extend(["--out", &folder]);
                if !empty {
                    words.push("--force");
                }
                (words, "ran anew")
            }
        };
        let output = self.base(&words).output().map_err(|e| e.to_string())?;
        if !output.status.success() {
            return Err(format!("{}: {}", words.join(" "), said(&output)));
        }
        self.same(out)?;
        Ok(what)
    }

    /// Checks that the folder has the results of an undisturbed run.
    fn same(&self, out: &Path) -> Result<(), String> {
        let found = results(out)?;
        let differ: Vec<&String> =
            self.reference.keys().filter(|name| found.get(*name) != self.reference.get(*name)).collect();
        if !differ.is_empty() || found.len() != self.reference.len() {
            return Err(format!(
                "{} differ from those of a run that nothing happened to: {differ:?}",
                out.display()
            ));
        }
        let left: Vec<String> = std::fs::read_dir(out)
            .map_err(|e| e.to_string())?
            .flatten()
            .map(|e| e.file_name().to_string_lossy().into_owned())
            .filter(|name| name.starts_with(".zonal-"))
            .collect();
        if left.is_empty() { Ok(()) } else { Err(format!("{} holds {left:?}", out.display())) }
    }

    /// Checks that earlier output is unchanged.
    fn earlier(&self) -> Result<(), String> {
        self.same(&self.place.join("reference")).map_err(|e| format!("earlier output: {e}"))
    }

    fn clean(&self, out: &Path) {
        // A remaining folder takes space but is harmless.
        let _ = std::fs::remove_dir_all(out);
    }

    /// Sends a signal at a random moment, and resumes the run.
    fn signalled(&mut self, signal: &str) -> Result<String, String> {
        let out = self.folder();
        let (mut child, moment) = self.begin(&out)?;
        std::thread::sleep(moment);
        let _ = Command::new("kill").arg(signal).arg(child.id().to_string()).stderr(Stdio::null()).status();
        let status = child.wait().map_err(|e| e.to_string())?;
        let expected = match signal {
            "-INT" => Some(130),
            "-TERM" => Some(143),
            _ => None,
        };
        if expected.is_some() && status.code() != expected && !status.success() {
            // Before the program handles signals, a signal ends it without an exit code.
            if status.code().is_some() {
                return Err(format!("{signal} ends with {status}"));
            }
        }
        let what = self.again(&out)?;
        self.earlier()?;
        self.clean(&out);
        Ok(format!("{what}, same bits"))
    }

    /// Kills a run that replaces a finished one, in a folder with a foreign file.
    fn killed_replacing(&mut self) -> Result<String, String> {
        let out = self.folder();
        std::fs::create_dir(&out).map_err(|e| e.to_string())?;
        let reference = std::fs::read_dir(self.place.join("reference")).map_err(|e| e.to_string())?;
        for entry in reference.flatten().filter(|entry| entry.path().is_file()) {
            std::fs::copy(entry.path(), out.join(entry.file_name())).map_err(|e| e.to_string())?;
        }
        let notes = out.join("notes.txt");
        std::fs::write(&notes, "mine").map_err(|e| e.to_string())?;
        let mut command = self.command(&out);
        let child = command.arg("--force").stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let mut child = child.map_err(|e| e.to_string())?;
        std::thread::sleep(self.moment());
        let _ = child.kill();
        child.wait().map_err(|e| e.to_string())?;
        let what = match self.again(&out)? {
            "finished before it" => "left a whole run",
            what => what,
        };
        if std::fs::read(&notes).ok().as_deref() != Some(b"mine") {
            return Err("a foreign file is lost".to_owned());
        }
        self.earlier()?;
        self.clean(&out);
        Ok(format!("{what}, same bits"))
    }

    /// Returns a folder with checkpoints of a stopped run.
    fn stopped(&mut self) -> Result<Option<PathBuf>, String> {
        for _ in 0..20 {
            let out = self.folder();
            let (mut child, moment) = self.begin(&out)?;
            std::thread::sleep(moment);
            let _ =
                Command::new("kill").arg("-INT").arg(child.id().to_string()).stderr(Stdio::null()).status();
            child.wait().map_err(|e| e.to_string())?;
            let has = |name: &&str| out.join(name).is_file();
            if !self.kind.checkpoints().is_empty() && self.kind.checkpoints().iter().all(has) && !has(&RECORD)
            {
                return Ok(Some(out));
            }
            self.clean(&out);
        }
        Ok(None)
    }

    /// Damages one checkpoint: it must be rejected with a reason, or the bits must be the same.
    fn damaged(&mut self, cut: bool) -> Result<String, String> {
        let Some(out) = self.stopped()? else { return Err("was never stopped with a checkpoint".into()) };
        let files = self.kind.checkpoints();
        let name = files[self.random.random_range(0..files.len())];
        let path = out.join(name);
        let mut bytes = std::fs::read(&path).map_err(|e| e.to_string())?;
        if bytes.is_empty() {
            return Ok("nothing to damage".into());
        }
        let at = self.random.random_range(0..bytes.len());
        if cut {
            bytes.truncate(at);
        } else {
            bytes[at] ^= 1 << self.random.random_range(0..8);
        }
        std::fs::write(&path, &bytes).map_err(|e| e.to_string())?;
        let folder = out.display().to_string();
        let command = if self.kind == Kind::Sweep { "sweep" } else { "train" };
        let output = self.base(&[command, "--resume", &folder]).output().map_err(|e| e.to_string())?;
        let outcome = if output.status.success() {
            self.same(&out)?;
            "went on, same bits"
        } else {
            refused(&output)?;
            if out.join(RECORD).exists() {
                return Err("a run that was refused has a record".into());
            }
            "refused with its reason"
        };
        self.earlier()?;
        self.clean(&out);
        Ok(outcome.into())
    }

    /// Changes or removes the table while it is read.
    fn table_lost(&mut self, gone: bool) -> Result<String, String> {
        let out = self.folder();
        let data = self.place.join("rows.csv");
        let (mut child, moment) = self.begin(&out)?;
        std::thread::sleep(moment);
        if gone {
            std::fs::remove_file(&data).map_err(|e| e.to_string())?;
        } else {
            std::fs::write(&data, rows(2)).map_err(|e| e.to_string())?;
        }
        let status = child.wait().map_err(|e| e.to_string())?;
        let outcome = if status.success() {
            self.same(&out).map(|()| "had been read, same bits".to_owned())
        } else if status.code() != Some(1) {
            Err(format!("ends with {status}"))
        } else if out.join(RECORD).exists() {
            Err("a run that failed has a record".to_owned())
        } else {
            Ok("refused with its reason".to_owned())
        };
        std::fs::write(&data, rows(1)).map_err(|e| e.to_string())?;
        let outcome = outcome?;
        if !status.success() && out.exists() {
            self.again(&out)?;
        }
        self.earlier()?;
        self.clean(&out);
        Ok(outcome)
    }

    /// Closes the pipe to which the run prints.
    fn closed_pipe(&mut self) -> Result<String, String> {
        let out = self.folder();
        let mut command = self.command(&out);
        command.args(["--format", "json"]).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|e| e.to_string())?;
        drop(child.stdout.take());
        drop(child.stderr.take());
        let status = child.wait().map_err(|e| e.to_string())?;
        if !status.success() {
            return Err(format!("ends with {status}"));
        }
        self.same(&out)?;
        self.earlier()?;
        self.clean(&out);
        Ok("ran to its end, same bits".into())
    }

    /// Runs with a folder on a file system of limited size, or one that is read-only.
    fn starved(&mut self, mount: &Mount, bytes: Option<u64>) -> Result<String, String> {
        mount.make(bytes)?;
        let out = mount.path.join("run");
        let output = self.command(&out).output();
        let outcome = output.map_err(|e| e.to_string()).and_then(|output| {
            if output.status.success() {
                self.same(&out)?;
                return Ok("had room enough, same bits".to_owned());
            }
            refused(&output)?;
            if out.join(RECORD).exists() {
                // The run is written before its page; a missing page is reported and can be written again.
                self.same(&out)?;
                return Ok("finished without room for its page, same bits".to_owned());
            }
            Ok("refused with its reason".to_owned())
        });
        let outcome = outcome.and_then(|what| {
            if bytes.is_some() && what.starts_with("refused") {
                mount.enlarge()?;
                let again = self.again(&out)?;
                return Ok(format!("{what}, with room {again}, same bits"));
            }
            Ok(what)
        });
        mount.remove();
        self.earlier()?;
        outcome
    }
}

/// A small file system in memory, if mounting is permitted.
struct Mount {
    path: PathBuf,
}

impl Mount {
    fn run(words: &[&str], path: &Path) -> Result<(), String> {
        let output =
            Command::new(words[0]).args(&words[1..]).arg(path).output().map_err(|e| e.to_string())?;
        if output.status.success() {
            Ok(())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    }

    /// Mounts a file system of this size, or a read-only one.
    fn make(&self, bytes: Option<u64>) -> Result<(), String> {
        std::fs::create_dir_all(&self.path).map_err(|e| e.to_string())?;
        let options = match bytes {
            Some(bytes) => format!("size={bytes}"),
            None => "size=1m,ro".to_owned(),
        };
        Self::run(&["mount", "-t", "tmpfs", "-o", &options, "zonal-faults"], &self.path)
    }

    fn enlarge(&self) -> Result<(), String> {
        Self::run(&["mount", "-o", "remount,size=200m"], &self.path)
    }

    fn remove(&self) {
        // A remaining file system is empty.
        let _ = Self::run(&["umount"], &self.path);
    }
}

/// Checks that a failed command reports a reason, and does not panic.
fn refused(output: &Output) -> Result<(), String> {
    let text = said(output);
    let well =
        matches!(output.status.code(), Some(1 | 2)) && text.contains("error: ") && !text.contains("panicked");
    if well { Ok(()) } else { Err(format!("ends with {} and: {text}", output.status)) }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).trim().to_owned()
}

/// Returns a table of numbers.
fn rows(seed: u64) -> String {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut text = "a,b,c,y\n".to_owned();
    for _ in 0..ROWS {
        let [a, b, c] = [0; 3].map(|_| random.random_range(-1.0..1.0f64));
        let _ = writeln!(text, "{a:+.4},{b:+.4},{c:+.4},{:+.4}", a * b - c);
    }
    text
}

/// Injects every fault into every kind of run: SIGKILL `kills` times, and each other fault `others` times.
///
/// # Errors
/// A message if an undisturbed run fails.
pub fn try_all(
    program: &Path,
    place: &Path,
    kinds: &[Kind],
    kills: u64,
    others: u64,
) -> Result<Report, String> {
    let mut report = Report::default();
    let mount = Mount { path: place.join("small") };
    let mounts = match mount.make(Some(1 << 20)) {
        Ok(()) => {
            mount.remove();
            true
        }
        Err(e) => {
            let why = e.trim();
            report
                .skipped
                .push(format!("full disk and read-only folder: no file system can be mounted here ({why})"));
            false
        }
    };
    for &kind in kinds {
        let mut bench = Bench::new(program, place, kind)?;
        for _ in 0..kills {
            let outcome = bench.signalled("-KILL");
            report.add(kind, "SIGKILL", outcome);
        }
        for _ in 0..others {
            for (fault, signal) in [("SIGTERM", "-TERM"), ("Ctrl-C", "-INT")] {
                let outcome = bench.signalled(signal);
                report.add(kind, fault, outcome);
            }
            let outcome = bench.killed_replacing();
            report.add(kind, "SIGKILL while it replaces a run", outcome);
            if !kind.checkpoints().is_empty() {
                let outcome = bench.damaged(false);
                report.add(kind, "a flipped bit in a checkpoint", outcome);
                let outcome = bench.damaged(true);
                report.add(kind, "a truncated checkpoint", outcome);
            }
            if kind == Kind::Table {
                let outcome = bench.table_lost(false);
                report.add(kind, "the table changes", outcome);
                let outcome = bench.table_lost(true);
                report.add(kind, "the table disappears", outcome);
            }
            let outcome = bench.closed_pipe();
            report.add(kind, "closed pipe", outcome);
            if mounts {
                let bytes = 4_096 * bench.random.random_range(1..60);
                let outcome = bench.starved(&mount, Some(bytes));
                report.add(kind, "full disk", outcome);
                let outcome = bench.starved(&mount, None);
                report.add(kind, "read-only folder", outcome);
            }
        }
    }
    Ok(report)
}
