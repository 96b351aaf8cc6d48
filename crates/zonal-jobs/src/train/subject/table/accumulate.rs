//! The second pass over a table: sums over all rows, which are saved periodically so that an interrupted pass can be
//! resumed.

use crate::data::for_each_prepared;
use crate::survey::standardise_labels;
use crate::train::run::{SavedState, TrainingRun};
use std::path::Path;
use zonal::block::FeatureMap;
use zonal::lift::{LabelScale, Lift};
use zonal::linalg::Matrix;
use zonal::measure::Monomials;
use zonal::network::Network;
use zonal::observer::{Observer, Stage, check};
use zonal::rows::{Draw, Rows, Split};
use zonal::statistics::{Batch, Precision, Statistics, Sums};
use zonal_documents::options::RESUME;
use zonal_documents::{Error, Result};
use zonal_io::folder::{MONOMIALS, STATISTICS};
use zonal_io::option::call;
use zonal_io::source::Source;
use zonal_io::statistics::{Shape, load, save};

/// Everything, in addition to the rows, that determines the sums.
pub(super) struct Accumulation<'a> {
    pub(super) network: &'a Network,
    pub(super) monomials: &'a Monomials,
    pub(super) lift: &'a Lift,
    pub(super) labels: &'a [LabelScale],
    pub(super) precision: Precision,
    /// The number of parts.
    pub(super) parts: usize,
    pub(super) split: &'a Split,
    /// Returns the part of the row with this draw.
    pub(super) part: &'a (dyn Fn(&Draw) -> usize + Sync),
}

/// The sums of the network's features and of monomials, one for each part of the rows.
pub(super) struct Accumulated {
    pub(super) features: Vec<Sums>,
    pub(super) monomials: Vec<Sums>,
}

impl Accumulation<'_> {
    /// Returns the shapes of the statistics of features and of monomials.
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

    /// Computes the sums over all rows of a source. Resumes from the sums in the run's folder, if there are any; after
    /// a long pass it saves the complete sums, and notes this. `identity` is everything that determines the sums.
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
        // Otherwise a signal during the last block would be lost.
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
            (run.notes)(&format!(
                "all rows are processed and their sums saved; if interrupted from here on, resume with: {resume}"
            ));
        }
        Ok(Accumulated { features: features.into_parts(), monomials: monomials.into_parts() })
    }

    /// Computes the sums over all rows of a source, without saving states.
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
        // Rows before these are already included in the sums.
        let (first, first_monomials) = (features.next_row(), monomials.next_row());
        let prepare = |rows: &Rows| {
            let parts: Vec<usize> = rows.draws(self.split).iter().map(|draw| (self.part)(draw)).collect();
            let labels = standardise_labels(self.labels, &rows.labels);
            let from = |first, map: Map<'_>| Prepared::new(rows, &parts, &labels, first, map);
            let of_features = from(first, &|rows| Ok(self.lift.apply(rows)?))?;
            Ok([of_features, from(first_monomials, &|rows| Ok(self.lift.standardise(rows)?))?])
        };
        for_each_prepared(source, stage, total, observer, prepare, |_, [of_features, of_monomials]| {
            // In parallel, so that no thread idles at the end of either.
            let (of_features, of_monomials) = rayon::join(
                || of_features.map_or(Ok(()), |p| p.add_to(features, self.network)),
                || of_monomials.map_or(Ok(()), |p| p.add_to(monomials, self.monomials)),
            );
            of_features.and(of_monomials)?;
            every_block([features, monomials])
        })
    }
}

/// Sums over the first rows of a table, from which a later run can resume.
struct SavedSums<'a> {
    sums: [&'a Statistics; 2],
    shapes: [Shape; 2],
    identity: &'a str,
    /// The number of rows of the whole table.
    rows: u64,
}

/// The files of the sums, in the order of [`Accumulation::shapes`].
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

/// Reads the sums in a folder; None if there are none. Rejects sums with another identity or of other shapes.
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
        let message = "the sizes of its sums differ from those of this training".to_owned();
        Err(zonal_io::Error::Model { path, message })
    };
    Ok(Some([read(0)?, read(1)?]))
}

/// A block of rows with their points and standardised labels, ready to be added to statistics.
pub(super) struct Prepared {
    /// The range of rows of the table that the block covers, including dropped rows.
    covered: (u64, u64),
    numbers: Vec<u64>,
    parts: Vec<usize>,
    points: Matrix,
    labels: Matrix,
    weights: Vec<f64>,
}

/// Maps features, one row each, to the points of a feature map.
pub(super) type Map<'a> = &'a dyn Fn(&Matrix) -> Result<Matrix>;

impl Prepared {
    /// Creates a block from rows in memory that form a table of their own, with the part of each row.
    pub(super) fn in_memory(parts: Vec<usize>, points: Matrix, labels: Matrix, weights: Vec<f64>) -> Self {
        let rows = points.rows() as u64;
        Self { covered: (0, rows), numbers: (0..rows).collect(), parts, points, labels, weights }
    }

    /// Prepares the rows from number `first` on; None if there are none.
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

    /// Adds the rows to statistics of this feature map.
    pub(super) fn add_to(&self, statistics: &mut Statistics, map: &impl FeatureMap) -> Result<()> {
        self.add_parts_to(&self.parts, statistics, map)
    }

    /// As [`Self::add_to`], with other parts.
    pub(super) fn add_parts_to(
        &self,
        parts: &[usize],
        statistics: &mut Statistics,
        map: &impl FeatureMap,
    ) -> Result<()> {
        let batch = Batch {
            covered: self.covered,
            numbers: &self.numbers,
            parts,
            points: &self.points,
            labels: &self.labels,
            weights: &self.weights,
        };
        Ok(statistics.update(map, &batch)?)
    }
}
