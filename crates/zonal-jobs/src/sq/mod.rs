//! `sq`: statistical queries: bounds on their number, games, and gradient descent through an oracle.

mod bound;
mod learn;
mod play;

pub use bound::bound;
pub use learn::learn;
pub use play::play;
pub use zonal_documents::sq::{
    Answerer, Asked, BoundConfig, BoundReport, LearnCheckpoint, LearnConfig, LearnReport, PlayConfig,
    PlayReport, QueryDegree,
};

use crate::record::read_text;
use std::path::Path;
use zonal::sphere::Dim;
use zonal_documents::number::readable_bytes;
use zonal_documents::options::DIRECTIONS;
use zonal_documents::options::SAVE;
use zonal_documents::sq::{FamilyConfig, check_degree};
use zonal_documents::{Error, Result};
use zonal_sq::{Directions, Family, Kind, Transcript};

/// The largest number of members. Correlations of more members take hours.
const MAX_MEMBERS: u64 = 100_000;

/// Checks that something fits into memory.
fn check_memory(what: &str, needed: u64) -> Result<()> {
    let free = crate::memory::free();
    if needed <= crate::memory::budget() {
        return Ok(());
    }
    let (needed, free) = (readable_bytes(needed), readable_bytes(free));
    Err(Error::Usage(format!(
        "{what} needs about {needed}; {free} of memory is available; use smaller values"
    )))
}

fn read_transcript(path: &Path) -> Result<Transcript> {
    let invalid = |reason: String| {
        Error::Usage(format!("{} is not a transcript written by {SAVE}: {reason}", path.display()))
    };
    let text = read_text(path)?;
    serde_json::from_str(&text).map_err(|e| invalid(e.to_string()))
}

/// Checks, before any query, that a transcript can be written.
fn check_save(path: Option<&Path>) -> Result<()> {
    let Some(path) = path else { return Ok(()) };
    let parent = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if path.is_dir() {
        return Err(Error::Usage(format!("{} is a folder; name a file in it", SAVE.with(path.display()))));
    }
    // A mistyped name must not overwrite another file.
    if path.is_file() && read_transcript(path).is_err() {
        return Err(Error::Usage(format!(
            "{} exists and is not a transcript of queries; only transcripts are overwritten; choose another file",
            SAVE.with(path.display())
        )));
    }
    if !parent.is_dir() {
        return Err(Error::Usage(format!(
            "{SAVE} names a file in the folder {}, which does not exist",
            parent.display()
        )));
    }
    Ok(())
}

/// Builds the family of a configuration, if it fits into memory.
fn family(config: &FamilyConfig) -> Result<Family> {
    let dim = Dim::new(config.dim)?;
    check_degree(config.degree)?;
    if config.size > MAX_MEMBERS {
        return Err(Error::Usage(format!(
            "a family has {} members; it must have at most {MAX_MEMBERS}",
            config.size
        )));
    }
    if config.directions != Directions::Random && config.kind != Kind::Zonal {
        return Err(Error::Usage(format!("{DIRECTIONS} needs a zonal family; this one is {}", config.kind)));
    }
    let size = config.size as usize;
    // Memory for directions, or coordinates and nodes, and a few strips of correlations.
    let (per_member, common) = match config.kind {
        Kind::Zonal => (16 * config.dim, 0),
        Kind::Random => (16 * 4_000, 24 * 4_000 * config.dim + 24 * 4_000 * 4_000),
        Kind::Signs | Kind::Monomials => (64 + 16 * config.degree as u64, 0),
    };
    let strips = 8 * 2_000 * config.size;
    let needed = per_member.saturating_mul(config.size).saturating_add(common).saturating_add(strips);
    check_memory(&format!("a family of {} members in dimension {}", config.size, config.dim), needed)?;
    Ok(match config.kind {
        Kind::Zonal => Family::zonal(dim, config.degree, size, config.directions, config.seed)?,
        Kind::Random => Family::random(dim, config.degree, size, config.seed)?,
        Kind::Signs => Family::signs(dim, config.degree, size, config.seed)?,
        Kind::Monomials => Family::monomials(dim, config.degree, size, config.seed)?,
    })
}
