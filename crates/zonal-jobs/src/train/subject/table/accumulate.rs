//! The second reading of a table: sums over all rows, which are saved from time to time so that an interrupted reading can be
//! resumed.

use crate::data::for_each_prepared;
use crate::survey::standardise_labels;
use crate::train::run::{SavedState, TrainingRun};
use rayon::prelude::*;
use std::path::Path;
use zonal::block::FeatureMap;
use zonal::lift::{LabelScale, Lift};
use zonal::linalg::Matrix;
use zonal::measure::Monomials;
use zonal::network::Network;
use zonal::observer::{Observer, Stage, check};
use zonal::rows::Rows;
use zonal::statistics::{Batch, Precision, Statistics, Sums};
use zonal_documents::options::RESUME;
use zonal_documents::{Error, Result};
use zonal_io::folder::{MONOMIALS, STATISTICS};
use zonal_io::option::call;
use zonal_io::source::Source;
use zonal_io::statistics::{Shape, load, save};

/// Everything that decides the sums besides the rows.
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

    /// Reads all rows, from where an interrupted run stopped if this one resumes it; notes when the sums are saved for what
    /// comes after them. `identity` is everything that decides the sums.
    pub(super) fn run(
        &self,
        source: &Source,
        rows: u64,
        identity: &str,
        run: &mut TrainingRun<'_>,
    ) -> Result<Accumulated> {
        let shapes = self.shapes();
        let saved = run.store.resume(|folder| resume(folder, identity, shapes))?;
        let [mut features, mut monomials] = saved.unwrap_or_else(|| self.empty());
        let TrainingRun { config, observer, store, .. } = &mut *run;
        let sums = [&mut features, &mut monomials];
        let every_block =
            |sums: [&Statistics; 2]| store.save_if_due(config, &SavedSums { sums, shapes, identity, rows });
        let outcome = self.read(sums, source, (Stage::Statistics, rows), *observer, every_block);
        // A signal that came during the last block would be forgotten.
        let end = |()| Ok(check(*observer, Stage::Statistics, rows, rows).map_err(zonal::Error::from)?);
        let outcome = outcome.and_then(end);
        if let Err(Error::Core(zonal::Error::Stopped(_))) = &outcome {
            let sums = [&features, &monomials];
            return Err(run.interrupted(&SavedSums { sums, shapes, identity, rows }));
        }
        outcome?;
        self.close([&mut features, &mut monomials])?;
        let state = SavedSums { sums: [&features, &monomials], shapes, identity, rows };
        if let Some(folder) = run.store.save_if_long(&run.config, &state)? {
            let resume = call("train", RESUME, folder);
            (run.notes)(&format!("all rows are summed; if interrupted from here on, resume with: {resume}"));
        }
        Ok(Accumulated { features: features.into_parts(), monomials: monomials.into_parts() })
    }

    /// Reads all rows of a source without saving anything.
    pub(super) fn run_once(&self, source: &Source, observer: &mut dyn Observer) -> Result<Accumulated> {
        let [mut features, mut monomials] = self.empty();
        let sums = [&mut features, &mut monomials];
        self.read(sums, source, (Stage::Scoring, 0), observer, |_| Ok(()))?;
        self.close([&mut features, &mut monomials])?;
        Ok(Accumulated { features: features.into_parts(), monomials: monomials.into_parts() })
    }

    fn close(&self, [features, monomials]: [&mut Statistics; 2]) -> Result<()> {
        features.close(self.network)?;
        Ok(monomials.close(self.monomials)?)
    }

    fn read(
        &self,
        [features, monomials]: [&mut Statistics; 2],
        source: &Source,
        (stage, total): (Stage, u64),
        observer: &mut dyn Observer,
        mut every_block: impl FnMut([&Statistics; 2]) -> Result<()>,
    ) -> Result<()> {
        // Rows before these are in the sums already.
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

/// Sums over the first rows of a table, from which a later run resumes.
struct SavedSums<'a> {
    sums: [&'a Statistics; 2],
    shapes: [Shape; 2],
    identity: &'a str,
    /// Rows of the whole table.
    rows: u64,
}

const FILES: [&str; 2] = [STATISTICS, MONOMIALS];

impl SavedState for SavedSums<'_> {
    fn write(&self, folder: &Path) -> Result<()> {
        for ((sums, shape), file) in self.sums.into_iter().zip(self.shapes).zip(FILES) {
            save(&folder.join(file), sums, shape, self.identity)?;
        }
        Ok(())
    }

    fn position(&self) -> String {
        format!("after {} of {} rows", self.sums[0].next_row(), self.rows)
    }
}

/// The sums in a folder, if there are any: over the same rows, and of the same shapes.
fn resume(folder: &Path, identity: &str, shapes: [Shape; 2]) -> Result<Option<[Statistics; 2]>> {
    if !FILES.iter().all(|file| folder.join(file).is_file()) {
        return Ok(None);
    }
    let read = |i: usize| {
        let path = folder.join(FILES[i]);
        let (statistics, found) = load(&path, Some(identity))?;
        if found == shapes[i] {
            return Ok(statistics);
        }
        let message = "its sums have other sizes than this training".to_owned();
        Err(zonal_io::Error::Model { path, message })
    };
    Ok(Some([read(0)?, read(1)?]))
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
    /// Rows in memory, which are a table of their own, and the part of each.
    pub(super) fn in_memory(parts: Vec<usize>, points: Matrix, labels: Matrix, weights: Vec<f64>) -> Self {
        let rows = points.rows() as u64;
        Self { covered: (0, rows), numbers: (0..rows).collect(), parts, points, labels, weights }
    }

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
