//! The second reading of a table: sums over all rows, kept on disk from time to time so that a reading that was cut off goes
//! on where it was.

use super::Notes;
use super::keep::Keep;
use crate::data::for_each_prepared;
use crate::survey::standardise_labels;
use rayon::prelude::*;
use std::ops::ControlFlow;
use zonal::block::FeatureMap;
use zonal::lift::{LabelScale, Lift};
use zonal::linalg::Matrix;
use zonal::measure::Monomials;
use zonal::network::Network;
use zonal::observer::{Observer, Stage};
use zonal::rows::Rows;
use zonal::statistics::{Batch, Precision, Statistics, Sums};
use zonal_documents::{Error, Result};
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
    pub(super) part: &'a (dyn Fn(u64) -> usize + Sync),
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
        let width = self.monomials.width();
        [
            Shape { width: self.network.width(), labels, parts, precision: self.precision },
            Shape { width, labels, parts, precision: Precision::F64 },
        ]
    }

    fn empty(&self) -> [Statistics; 2] {
        self.shapes().map(|s| Statistics::new(s.width, s.labels, s.parts, s.precision))
    }

    /// Reads all rows, from where `keep` stopped if it did; says so if the sums are kept for what comes after them.
    pub(super) fn run(
        &self,
        source: &Source,
        total: u64,
        keep: &mut Keep,
        observer: &mut dyn Observer,
        notes: Notes<'_>,
    ) -> Result<Accumulated> {
        let [mut features, mut monomials] = keep.take_up(self.shapes())?.unwrap_or_else(|| self.empty());
        let every_block = |sums: [&Statistics; 2]| keep.save_from_time_to_time(sums);
        let outcome = self.read(
            [&mut features, &mut monomials],
            source,
            Stage::Statistics,
            total,
            observer,
            every_block,
        );
        // A signal that came during the last block would be forgotten.
        let outcome = outcome.and_then(|()| match observer.progress(Stage::Statistics, total, total) {
            ControlFlow::Break(reason) => Err(zonal::Error::from(reason).into()),
            ControlFlow::Continue(()) => Ok(()),
        });
        if let Err(Error::Core(zonal::Error::Stopped(_))) = &outcome {
            return Err(keep.interrupted([&features, &monomials], features.next_row(), total));
        }
        outcome?;
        features.close(self.network)?;
        monomials.close(self.monomials)?;
        if let Some(folder) = keep.save_whole([&features, &monomials])? {
            let folder = folder.display();
            notes(&format!(
                "all rows are summed; should what follows be stopped: zonal train --resume {folder}"
            ));
        }
        Ok(Accumulated { features: features.into_parts(), monomials: monomials.into_parts() })
    }

    /// Reads all rows without keeping anything.
    pub(super) fn run_once(&self, source: &Source, observer: &mut dyn Observer) -> Result<Accumulated> {
        let [mut features, mut monomials] = self.empty();
        self.read([&mut features, &mut monomials], source, Stage::Scoring, 0, observer, |_| Ok(()))?;
        features.close(self.network)?;
        monomials.close(self.monomials)?;
        Ok(Accumulated { features: features.into_parts(), monomials: monomials.into_parts() })
    }

    fn read(
        &self,
        [features, monomials]: [&mut Statistics; 2],
        source: &Source,
        stage: Stage,
        total: u64,
        observer: &mut dyn Observer,
        mut every_block: impl FnMut([&Statistics; 2]) -> Result<()>,
    ) -> Result<()> {
        // What lies before these rows is in the sums already.
        let (first, first_monomials) = (features.next_row(), monomials.next_row());
        let prepare = |rows: &Rows| {
            let part = |&row: &u64| (self.part)(row);
            let parts: Vec<usize> = rows.numbers.par_iter().with_min_len(DRAWN_AT_ONCE).map(part).collect();
            let labels = standardise_labels(self.labels, &rows.labels);
            let from = |first, map: Map<'_>| Prepared::new(rows, &parts, &labels, first, map);
            let of_features = from(first, &|rows| Ok(self.lift.apply(rows)?))?;
            Ok([of_features, from(first_monomials, &|rows| Ok(self.lift.standardise(rows)?))?])
        };
        for_each_prepared(source, stage, total, observer, prepare, |_, [of_features, of_monomials]| {
            // Side by side, so that no thread waits for the last of either.
            let (one, other) = rayon::join(
                || of_features.map_or(Ok(()), |p| p.add_to(features, self.network)),
                || of_monomials.map_or(Ok(()), |p| p.add_to(monomials, self.monomials)),
            );
            one.and(other)?;
            every_block([features, monomials])
        })
    }
}

/// A block of rows, ready to be added.
pub(super) struct Prepared {
    covered: (u64, u64),
    numbers: Vec<u64>,
    parts: Vec<usize>,
    points: Matrix,
    labels: Matrix,
    weights: Vec<f64>,
}

/// Rows whose parts one thread draws at a time, at least.
const DRAWN_AT_ONCE: usize = 256;

/// From features to points.
pub(super) type Map<'a> = &'a dyn Fn(&Matrix) -> Result<Matrix>;

impl Prepared {
    /// The rows from `first` on; None if there are none.
    pub(super) fn new(
        rows: &Rows,
        parts: &[usize],
        labels: &Matrix,
        first: u64,
        map: Map<'_>,
    ) -> Result<Option<Self>> {
        let start = rows.covered.start.max(first);
        if start >= rows.covered.end {
            return Ok(None);
        }
        let from = rows.numbers.partition_point(|&n| n < first);
        Ok(Some(Self {
            covered: (start, rows.covered.end),
            numbers: rows.numbers[from..].to_vec(),
            parts: parts[from..].to_vec(),
            points: map(&rows.features.row_range(from, rows.len()))?,
            labels: labels.row_range(from, rows.len()),
            weights: rows.weights.get(from..).unwrap_or_default().to_vec(),
        }))
    }

    pub(super) fn add_to(&self, statistics: &mut Statistics, map: &impl FeatureMap) -> Result<()> {
        let batch = Batch {
            covered: self.covered,
            numbers: &self.numbers,
            parts: &self.parts,
            points: &self.points,
            labels: &self.labels,
            weights: &self.weights,
        };
        Ok(statistics.update(map, &batch)?)
    }
}
