//! Fuzz entry points: each function here accepts any bytes and must return without a panic, within seconds and a
//! gigabyte of memory. `fuzz/` runs them for a long time, a test for a short time.

use std::path::{Path, PathBuf};
use zonal::activation::Activation;
use zonal::linalg::Matrix;
use zonal::sphere::Dim;
use zonal::target::Target;
use zonal_io::checksum;
use zonal_io::model::Model;
use zonal_io::source::{Columns, Decimal, Dialect, Missing, Source};
use zonal_jobs::train::PartialSums;
use zonal_jobs::{saved_run, sweep, train};
use zonal_sq::{Replay, Transcript};

/// A function that accepts untrusted bytes.
pub type Taker = fn(&[u8]);

/// All entry points: the name of the folder of seeds, whether the input is text, and the function.
pub const ALL: [(&str, bool, Taker); 12] = [
    ("csv", true, csv),
    ("numpy", false, numpy),
    ("parquet", false, parquet),
    ("arrow", false, arrow),
    ("model", false, model),
    ("checkpoint", false, checkpoint),
    ("resume", true, resume),
    ("record", true, record),
    ("target", true, target),
    ("activation", true, activation),
    ("sweep", true, sweep_file),
    ("transcript", true, transcript),
];

/// A temporary folder of this thread, in memory if the system supports it.
struct Place(PathBuf);

impl Place {
    fn new(what: &str) -> Self {
        let memory = Path::new("/dev/shm");
        let base = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
        let thread = format!("{:?}", std::thread::current().id());
        let thread: String = thread.chars().filter(char::is_ascii_digit).collect();
        let path = base.join(format!("zonal-hostile-{}-{thread}-{what}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        Self(path)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, bytes).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        path
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // A remaining folder is harmless.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The largest number of blocks that are read: a small file can claim many more.
const MOST_BLOCKS: usize = 100;

/// Reads a table of that name to its end.
fn table(bytes: &[u8], name: &str, dialect: Dialect, missing: Missing) {
    let place = Place::new(name);
    let path = place.write(name, bytes);
    if let Ok(source) = Source::open(&[path], dialect, &Columns::default(), missing) {
        for rows in source.blocks().take(MOST_BLOCKS).flatten() {
            assert_eq!(rows.features.rows(), rows.len());
        }
    }
}

/// Reads a CSV table; the first byte selects the dialect.
pub fn csv(bytes: &[u8]) {
    let (choice, rest) = bytes.split_first().unwrap_or((&0, &[]));
    let delimiter = [b',', b';', b'\t', b' '][usize::from(*choice >> 2 & 3)];
    let missing = if choice & 2 == 0 { Missing::Drop } else { Missing::Reject };
    table(
        rest,
        "t.csv",
        Dialect {
            delimiter,
            header: choice & 1 == 0,
            decimal: if choice & 8 != 0 { Decimal::Comma } else { Decimal::Point },
        },
        missing,
    );
}

/// Reads a NumPy array or archive.
pub fn numpy(bytes: &[u8]) {
    let name = if bytes.starts_with(b"PK") { "t.npz" } else { "t.npy" };
    table(bytes, name, Dialect::default(), Missing::Drop);
}

/// Reads a Parquet file.
pub fn parquet(bytes: &[u8]) {
    table(bytes, "t.parquet", Dialect::default(), Missing::Drop);
}

/// Reads an Arrow file.
pub fn arrow(bytes: &[u8]) {
    table(bytes, "t.arrow", Dialect::default(), Missing::Drop);
}

/// Returns the bytes with a correct checksum, as an attacker who knows the format would write them.
fn resealed(bytes: &[u8]) -> Vec<u8> {
    let mut sealed = bytes.to_vec();
    checksum::seal(&mut sealed);
    sealed
}

/// Like [`resealed`], for a line without its end.
fn resealed_line(line: &[u8]) -> Vec<u8> {
    let end = line.strip_suffix(b"\n").map_or(line.len(), <[u8]>::len);
    [&resealed(&line[..end]), &line[end..]].concat()
}

/// Reads a trained network, and uses it if it is accepted.
pub fn model(bytes: &[u8]) {
    for bytes in [bytes, &resealed(bytes)] {
        let Ok(model) = Model::read(bytes) else { continue };
        let written = model.to_bytes();
        assert!(written.is_ok(), "a network that was read can be written");
        for &t in &model.iterations {
            let (network, coefficients) = model.at(t).expect("each listed iteration is there");
            let point = Matrix::zeros(1, network.coordinates());
            assert!(
                network.values(&coefficients, &point).is_ok(),
                "a network that was read is one that predicts"
            );
        }
    }
}

/// The version that wrote the seeds of checkpoints. Checkpoints of other versions are refused.
const SEEDS_VERSION: &str = "0.1.0";

/// Returns a seed as this version would have written it, with its checksum.
pub fn of_this_version(seed: &[u8]) -> Vec<u8> {
    let version = env!("CARGO_PKG_VERSION");
    with(seed, SEEDS_VERSION, version).unwrap_or_else(|| {
        let text = String::from_utf8_lossy(seed);
        if text.contains(SEEDS_VERSION) {
            resealed(text.replace(SEEDS_VERSION, version).as_bytes())
        } else {
            resealed(seed)
        }
    })
}

/// Returns a file of tensors with another word in its header, and the checksum that an attacker who knows the format
/// would write; None for other bytes.
pub fn with(bytes: &[u8], from: &str, to: &str) -> Option<Vec<u8>> {
    let (length, rest) = bytes.split_first_chunk::<8>()?;
    let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
    let (header, tensors) = rest.split_at_checked(length)?;
    let mut header = std::str::from_utf8(header).ok().filter(|h| h.contains(from))?.replace(from, to);
    while !header.len().is_multiple_of(8) {
        header.push(' ');
    }
    let mut out = (header.len() as u64).to_le_bytes().to_vec();
    out.extend_from_slice(header.as_bytes());
    out.extend_from_slice(tensors);
    checksum::seal(&mut out);
    Some(out)
}

/// Reads sums over rows, and weights of a descent.
pub fn checkpoint(bytes: &[u8]) {
    for bytes in [bytes, &of_this_version(bytes)] {
        let _ = zonal_io::statistics::from_bytes(bytes, None);
        if zonal_io::weights::from_bytes(bytes).is_ok() {
            let place = Place::new("checkpoint");
            let _ = train::measured(&place.write(zonal_io::folder::DESCENT, bytes));
        }
        if let Ok(sums) = PartialSums::from_bytes(bytes) {
            let _ = sums.merge(&sums.without_rows());
        }
    }
}

/// Reads the state of an interrupted training.
pub fn resume(bytes: &[u8]) {
    let place = Place::new("resume");
    for bytes in [bytes, &of_this_version(bytes)] {
        place.write(zonal_io::folder::RESUME, bytes);
        let _ = train::interrupted(&place.0);
    }
}

/// Returns the files of a finished run that the bytes contain: `run.json` and, after lines of `====`, metrics, test
/// rows, the plan of a sweep and its journal.
pub fn record_files(bytes: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    use zonal_io::folder::{CELLS, METRICS, RECORD, SWEEP, TEST_ROWS};
    let text = String::from_utf8_lossy(bytes);
    let parts = [RECORD, METRICS, TEST_ROWS, SWEEP, CELLS].into_iter().zip(text.split("====\n"));
    let file = |(name, part): (&'static str, &str)| match name {
        // Each line of a journal has its own checksum.
        CELLS => (name, part.split_inclusive('\n').flat_map(|line| resealed_line(line.as_bytes())).collect()),
        _ => (name, part.as_bytes().to_vec()),
    };
    parts.map(file).collect()
}

/// Reads a finished run, and renders its page.
pub fn record(bytes: &[u8]) {
    let place = Place::new("record");
    for (name, contents) in record_files(bytes) {
        place.write(name, &contents);
    }
    if let Ok(kept) = saved_run::read(&place.0) {
        let _ = zonal_report::page_of(&kept).and_then(|page| page.html());
    }
}

fn text_of(bytes: &[u8]) -> (u8, String) {
    let (choice, rest) = bytes.split_first().unwrap_or((&0, &[]));
    (*choice, String::from_utf8_lossy(rest).into_owned())
}

/// Parses a target; the first byte selects one of sixteen dimensions. Evaluates it, and computes its spectrum if that
/// needs no integration.
pub fn target(bytes: &[u8]) {
    let (choice, text) = text_of(bytes);
    let Ok(dim) = Dim::new(2 + u64::from(choice & 15)) else { return };
    let Ok(target) = Target::parse(&text, dim, 0) else { return };
    let point = vec![1.0 / dim.as_f64().sqrt(); dim.as_usize()];
    let _ = target.value(&point);
    // Activations are integrated, and the time for that grows without limit with their steepness: it is computation,
    // not parsing.
    if target.finite_degree().is_some() {
        let _ = target.norm_sq();
        let _ = target.power_spectrum(4);
    }
}

/// Parses an activation, and computes its value and its symmetry.
pub fn activation(bytes: &[u8]) {
    let (_, text) = text_of(bytes);
    if let Ok(activation) = Activation::parse(&text) {
        let again = Activation::parse(&activation.name());
        assert_eq!(again.map(|a| a.name()).ok(), Some(activation.name()), "a name is a name of the same");
        let _ = activation.value(0.3);
    }
}

/// Parses a file that describes a sweep.
pub fn sweep_file(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let _ = sweep::trainings(&text, "sweep.toml");
}

/// Parses an oracle's answers, to be replayed.
pub fn transcript(bytes: &[u8]) {
    if let Ok(transcript) = serde_json::from_slice::<Transcript>(bytes) {
        let _ = Replay::new(&transcript);
    }
}
