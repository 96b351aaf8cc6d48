//! Version spaces: the members of a family that are consistent with every answer so far.

use crate::family::Family;
use crate::query::Query;
use zonal::Result;

/// A learner's knowledge of the target: the members that remain possible.
#[derive(Clone, Debug)]
pub struct VersionSpace<'a> {
    family: &'a Family,
    live: Vec<usize>,
}

impl<'a> VersionSpace<'a> {
    /// Creates the version space of all members.
    pub fn new(family: &'a Family) -> Self {
        Self { family, live: (0..family.size()).collect() }
    }

    /// Returns the family.
    pub fn family(&self) -> &'a Family {
        self.family
    }

    /// Returns the remaining members in ascending order.
    pub fn live(&self) -> &[usize] {
        &self.live
    }

    /// Returns whether a member remains.
    pub fn is_live(&self, member: usize) -> bool {
        self.live.binary_search(&member).is_ok()
    }

    /// Removes members whose expectation differs from the answer by more than the tolerance.
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
