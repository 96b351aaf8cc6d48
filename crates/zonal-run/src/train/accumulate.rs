//! The second reading of a table: sums over all rows, kept on disk from time to time so that a reading that was cut off goes
//! on where it was.

use super::keep::Keep;
use crate::data::for_each_block;
use crate::error::{Error, Result};
use crate::survey::standardised;
use zonal::lift::{LabelScale, Lift};
use zonal::measure::Monomials;
use zonal::network::Network;
use zonal::observer::{Observer, Stage};
use zonal::rows::Rows;
use zonal::statistics::{Batch, Precision, Statistics, Sums};
use zonal_io::source::Source;
use zonal_io::statistics::Shape;

/// Everything that decides the sums beside the rows.
pub(super) struct Accumulation<'a> {
    pub(super) network: &'a Network,
    pub(super) monomials: &'a Monomials,
    pub(super) lift: &'a Lift,
    pub(super) labels: &'a [LabelScale],
    pub(super) precision: Precision,
    /// How many parts there are, and the part of each row.
    pub(super) parts: usize,
    pub(super) part: &'a dyn Fn(u64) -> usize,
}

/// The sums over each part, of the network's features and of monomials.
pub(super) struct Accumulated {
    pub(super) features: Vec<Sums>,
    pub(super) monomials: Vec<Sums>,
}

impl Accumulation<'_> {
    /// The shapes of both statistics.
    pub(super) fn shapes(&self) -> [Shape; 2] {
        let (labels, parts) = (self.labels.len(), self.parts);
        let width = zonal::block::FeatureMap::width(self.monomials);
        [
            Shape { width: self.network.width(), labels, parts, precision: self.precision },
            Shape { width, labels, parts, precision: Precision::F64 },
        ]
    }

    /// Reads all rows, from where `keep` stopped if it did.
    pub(super) fn run(
        &self,
        source: &Source,
        total: u64,
        keep: &mut Keep,
        observer: &mut dyn Observer,
    ) -> Result<Accumulated> {
        let [mut features, mut monomials] = match keep.take_up(self.shapes())? {
            Some(both) => both,
            None => self.shapes().map(|s| Statistics::new(s.width, s.labels, s.parts, s.precision)),
        };
        // What lies before these rows is in the sums already.
        let (first, first_monomials) = (features.next_row(), monomials.next_row());
        let outcome = for_each_block(source, Stage::Statistics, total, observer, |rows| {
            if let Some(rows) = after(&rows, first) {
                self.add(&mut features, self.network, &self.lift.apply(&rows.features)?, &rows)?;
            }
            if let Some(rows) = after(&rows, first_monomials) {
                self.add(&mut monomials, self.monomials, &self.lift.standardise(&rows.features), &rows)?;
            }
            keep.save_from_time_to_time([&features, &monomials])
        });
        if let Err(Error::Core(zonal::Error::Stopped(_))) = &outcome {
            return Err(keep.interrupted([&features, &monomials], features.next_row(), total));
        }
        outcome?;
        features.close(self.network)?;
        monomials.close(self.monomials)?;
        Ok(Accumulated { features: features.into_parts(), monomials: monomials.into_parts() })
    }

    fn add(
        &self,
        statistics: &mut Statistics,
        map: &impl zonal::block::FeatureMap,
        points: &zonal::linalg::Matrix,
        rows: &Rows,
    ) -> Result<()> {
        let parts: Vec<usize> = rows.numbers.iter().map(|&n| (self.part)(n)).collect();
        let labels = standardised(self.labels, &rows.labels);
        let batch = Batch {
            covered: (rows.covered.start, rows.covered.end),
            numbers: &rows.numbers,
            parts: &parts,
            points,
            labels: &labels,
        };
        Ok(statistics.update(map, &batch)?)
    }
}

/// The rows from a number on; None if there are none.
fn after(rows: &Rows, first: u64) -> Option<std::borrow::Cow<'_, Rows>> {
    if rows.covered.start >= first {
        return Some(std::borrow::Cow::Borrowed(rows));
    }
    if rows.covered.end <= first {
        return None;
    }
    let chosen: Vec<usize> = (0..rows.len()).filter(|&i| rows.numbers[i] >= first).collect();
    let mut rest = rows.select(&chosen);
    rest.covered.start = first;
    Some(std::borrow::Cow::Owned(rest))
}
