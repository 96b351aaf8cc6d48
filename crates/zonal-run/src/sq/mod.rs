//! `sq`: the laboratory of statistical queries as jobs: bounds on their number, games, and descent through an oracle.

mod bound;
mod learn;
mod play;

pub use bound::{BoundConfig, BoundReport, bound};
pub use learn::{Answerer, LearnCheckpoint, LearnConfig, LearnReport, QueryDegree, learn};
pub use play::{Asked, PlayConfig, PlayReport, play};

use crate::error::{Error, Result};
use zonal::sphere::{Degree, Dim};
use zonal_sq::{Directions, Family, Kind};

/// Families with more members than this would hold more than a game can use.
const MOST_MEMBERS: u64 = 1_000_000;

/// A family as users name it.
#[derive(Clone, Debug)]
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

impl FamilyConfig {
    fn build(&self) -> Result<Family> {
        let dim = Dim::new(self.dim)?;
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
        // Directions, or coordinates and nodes, and what a strip of correlations takes.
        let per_member = match self.kind {
            Kind::Zonal => 16 * self.dim,
            Kind::Random => 16 * 4_000,
            Kind::Signs | Kind::Monomials => 64 + 16 * self.degree as u64,
        };
        crate::memory::check_need(self.size, |m| {
            m.saturating_mul(per_member + 8 * 600).saturating_add(300_000_000)
        })?;
        Ok(match self.kind {
            Kind::Zonal => Family::zonal(dim, self.degree, size, self.directions, self.seed)?,
            Kind::Random => Family::random(dim, self.degree, size, self.seed)?,
            Kind::Signs => Family::signs(dim, self.degree, size, self.seed)?,
            Kind::Monomials => Family::monomials(dim, self.degree, size, self.seed)?,
        })
    }
}
