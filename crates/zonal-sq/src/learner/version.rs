//! The members of a family that every answer so far allows.

use crate::family::Family;
use crate::query::Query;
use zonal::Result;

/// What a learner knows of the target.
#[derive(Clone, Debug)]
pub struct VersionSpace<'a> {
    family: &'a Family,
    live: Vec<usize>,
}

impl<'a> VersionSpace<'a> {
    /// Nothing is known yet.
    pub fn new(family: &'a Family) -> Self {
        Self { family, live: (0..family.size()).collect() }
    }

    /// The family.
    pub fn family(&self) -> &'a Family {
        self.family
    }

    /// Members that are possible, in ascending order.
    pub fn live(&self) -> &[usize] {
        &self.live
    }

    /// Whether a member is possible.
    pub fn is_live(&self, member: usize) -> bool {
        self.live.binary_search(&member).is_ok()
    }

    /// Takes out members whose expectation is further from an answer than the tolerance.
    ///
    /// # Errors
    /// As [`Family::answers`].
    pub fn learn(&mut self, query: &Query, answer: f64, tolerance: f64) -> Result<()> {
        let expectations = self.family.answers(query, &self.live)?;
        let mut allowed = expectations.iter().map(|c| (c - answer).abs() <= tolerance);
        self.live.retain(|_| allowed.next().unwrap_or(true));
        Ok(())
    }
}
