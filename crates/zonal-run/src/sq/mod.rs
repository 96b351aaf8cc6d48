//! `sq`: the laboratory of statistical queries as jobs: bounds on their number, games, and descent through an oracle.

mod bound;
mod learn;
mod play;

pub use bound::{BoundConfig, BoundReport, bound};
pub use learn::{Answerer, LearnCheckpoint, LearnConfig, LearnReport, QueryDegree, learn};
pub use play::{Asked, PlayConfig, PlayReport, play};

use crate::error::{Error, Result};
use crate::number::readable_bytes;
use serde::{Deserialize, Serialize};
use std::path::Path;
use zonal::sphere::{Degree, Dim};
use zonal_sq::{Directions, Family, Kind};

/// Correlations of more members than this take hours.
const MOST_MEMBERS: u64 = 100_000;

/// A family as users name it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FamilyConfig {
    /// Its kind.
    pub kind: Kind,
    /// The dimension n.
    pub dim: u64,
    /// The degree k.
    pub degree: Degree,
    /// The number M of members.
    pub size: u64,
    /// The directions of zonal members.
    pub directions: Directions,
    /// Their seed.
    pub seed: u64,
}

/// Refuses what does not fit into memory.
fn check_memory(what: &str, needed: u64) -> Result<()> {
    let free = crate::memory::free();
    if needed <= crate::memory::budget() {
        return Ok(());
    }
    let (needed, free) = (readable_bytes(needed), readable_bytes(free));
    Err(Error::Usage(format!("{what} needs about {needed}, but {free} of memory is free here; take fewer")))
}

/// A transcript's folder must be there before anything is asked.
fn check_save(path: Option<&Path>) -> Result<()> {
    let Some(path) = path else { return Ok(()) };
    let parent = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if path.is_dir() {
        return Err(Error::Usage(format!("--save {} is a folder; name a file in it", path.display())));
    }
    // A file of somebody else is not lost by a wrong name.
    if path.is_file() && learn::read_transcript(path).is_err() {
        return Err(Error::Usage(format!(
            "--save {} is there already and is no transcript of queries, which alone would be replaced; name another file",
            path.display()
        )));
    }
    if !parent.is_dir() {
        return Err(Error::Usage(format!(
            "--save needs the folder {}, which does not exist",
            parent.display()
        )));
    }
    Ok(())
}

/// Degrees beyond this one have multiplicities that take minutes to write down.
const MOST_DEGREE: Degree = 10_000;

/// Refuses a degree that no family has here.
///
/// # Errors
/// [`Error::Usage`].
pub fn check_degree(degree: Degree) -> Result<()> {
    if (1..=MOST_DEGREE).contains(&degree) {
        return Ok(());
    }
    Err(Error::Usage(format!("the degree is {degree}, but must be from 1 to {MOST_DEGREE}")))
}

impl FamilyConfig {
    fn build(&self) -> Result<Family> {
        let dim = Dim::new(self.dim)?;
        check_degree(self.degree)?;
        if self.size > MOST_MEMBERS {
            return Err(Error::Usage(format!(
                "a family of {} members is too large to be held; at most {MOST_MEMBERS}",
                self.size
            )));
        }
        if self.directions != Directions::Random && self.kind != Kind::Zonal {
            return Err(Error::Usage(format!(
                "--directions is for zonal families, and this one is {}",
                self.kind
            )));
        }
        let size = self.size as usize;
        // Directions, or coordinates and nodes, and a few strips of correlations.
        let (per_member, common) = match self.kind {
            Kind::Zonal => (16 * self.dim, 0),
            Kind::Random => (16 * 4_000, 24 * 4_000 * self.dim + 24 * 4_000 * 4_000),
            Kind::Signs | Kind::Monomials => (64 + 16 * self.degree as u64, 0),
        };
        let strips = 8 * 2_000 * self.size;
        let needed = per_member.saturating_mul(self.size).saturating_add(common).saturating_add(strips);
        check_memory(&format!("a family of {} members in dimension {}", self.size, self.dim), needed)?;
        Ok(match self.kind {
            Kind::Zonal => Family::zonal(dim, self.degree, size, self.directions, self.seed)?,
            Kind::Random => Family::random(dim, self.degree, size, self.seed)?,
            Kind::Signs => Family::signs(dim, self.degree, size, self.seed)?,
            Kind::Monomials => Family::monomials(dim, self.degree, size, self.seed)?,
        })
    }
}
