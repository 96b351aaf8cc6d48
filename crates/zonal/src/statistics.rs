//! What one pass over rows leaves behind: with fixed hidden units, gradient descent on squared loss depends on the
//! rows through these sums alone. They can be merged, so that rows may be read in any pieces and anywhere.

use crate::block::FeatureMap;
use crate::error::{Error, Result};
use crate::linalg::{Matrix, Packed, Real, add_scaled, lower_gram};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Sums over rows: Phi^T Phi, Phi^T Y, the squares of the labels and the number of rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Sums {
    /// Number of rows.
    pub count: u64,
    /// Phi^T Phi.
    pub gram: Packed,
    /// Phi^T y for each label, one a row.
    pub correlation: Matrix,
    /// y^T y for each label.
    pub label_sq: Vec<f64>,
}

impl Sums {
    /// No rows yet.
    pub fn zeros(width: usize, labels: usize) -> Self {
        Self {
            count: 0,
            gram: Packed::zeros(width),
            correlation: Matrix::zeros(labels, width),
            label_sq: vec![0.0; labels],
        }
    }

    /// Adds the sums over other rows.
    pub fn add(&mut self, other: &Self) {
        self.count += other.count;
        self.gram.add(&other.gram);
        add_scaled(self.correlation.values_mut(), 1.0, other.correlation.values());
        add_scaled(&mut self.label_sq, 1.0, &other.label_sq);
    }

    /// E (f - y)^2 over the rows for each label l and each row of `coefficients`, which holds the output coefficients
    /// of label 0, 1, .. in turn. NaN without rows. Absolute error near 1e-16 times the labels' mean square.
    pub fn losses(&self, coefficients: &Matrix) -> Vec<f64> {
        let forms = self.gram.quadratic_forms(coefficients);
        let labels = self.label_sq.len();
        let loss = |(i, form): (usize, f64)| {
            let label = i % labels;
            let cross = crate::linalg::dot(coefficients.row(i), self.correlation.row(label));
            crate::numeric::sum::non_negative(form - 2.0 * cross + self.label_sq[label]) / self.count as f64
        };
        forms.into_iter().enumerate().map(loss).collect()
    }
}

/// The precision of features and of their products over a tile of rows; sums over tiles are always f64.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// 53 bits.
    #[default]
    F64,
    /// 24 bits: twice as fast; losses are right to about 1e-6 of the labels' mean square.
    F32,
}

/// Rows on the sphere with labels, and the part of the table that each belongs to.
#[derive(Clone, Copy, Debug)]
pub struct Batch<'a> {
    /// The table's rows that this covers, with those that were left out; numbers count from 0 over the whole table.
    pub covered: (u64, u64),
    /// The number of each row, ascending.
    pub numbers: &'a [u64],
    /// The part of each row.
    pub parts: &'a [usize],
    /// The points, one a row.
    pub points: &'a Matrix,
    /// The labels, one row a row, one column a label.
    pub labels: &'a Matrix,
}

/// Rows of a tile: its products are formed at once.
const TILE: usize = 1024;
/// In f32 its products are added to sums in f64, which is worth more rows.
const NARROW_TILE: usize = 4096;
/// Rows of a block up to this width; wider ones need fewer sums beside one another.
const BLOCK: u64 = 16_384;
const ROWS_PER_UNIT: u64 = 8;

/// The sums over each part of a table, block by block in a fixed binary tree over the numbers of blocks. The bits
/// depend on the rows and on which of them came in one piece, not on the sizes of batches or the number of threads.
#[derive(Clone, Debug)]
pub struct Statistics {
    width: usize,
    labels: usize,
    parts: usize,
    precision: Precision,
    /// Finished sums, by the first block that they cover.
    nodes: BTreeMap<u64, Node>,
    open: Option<Open>,
    scratch: Scratch,
}

/// Memory for the features of a tile, kept from one to the next.
#[derive(Clone, Debug, Default)]
struct Scratch {
    wide: Vec<f64>,
    narrow: Vec<f32>,
    gram: Vec<f32>,
}

/// The sums over the 2^level blocks from a block on that is a multiple of as many.
#[derive(Clone, Debug, PartialEq)]
struct Node {
    level: u32,
    /// Rows of the table seen, with those left out.
    covered: u64,
    sums: Vec<Sums>,
}

/// The block that is being filled.
#[derive(Clone, Debug)]
struct Open {
    block: u64,
    covered: u64,
    parts: Vec<Filling>,
}

/// The rows of one part that wait for a whole tile, and the sums so far.
#[derive(Clone, Debug)]
struct Filling {
    points: Vec<f64>,
    labels: Vec<f64>,
    count: u64,
    /// Lower triangle; empty before the first tile.
    gram: Matrix,
    correlation: Matrix,
    label_sq: Vec<f64>,
}

/// Rows of a block for a network of this width.
pub fn block_rows(width: usize) -> u64 {
    BLOCK.max((width as u64).saturating_mul(ROWS_PER_UNIT).next_power_of_two())
}

impl Statistics {
    /// No rows yet, for features of this width, this many labels and parts.
    pub fn new(width: usize, labels: usize, parts: usize, precision: Precision) -> Self {
        Self {
            width,
            labels,
            parts,
            precision,
            nodes: BTreeMap::new(),
            open: None,
            scratch: Scratch::default(),
        }
    }

    /// Number of labels.
    pub fn labels(&self) -> usize {
        self.labels
    }

    /// Adds rows. Within one `Statistics` batches come in the order of their numbers.
    ///
    /// Cost: count width (width + 1) flops and the features.
    ///
    /// # Errors
    /// [`Error::Size`] when sizes differ; [`Error::Parameter`] for rows that were added before, or before later ones.
    pub fn update(&mut self, map: &impl FeatureMap, batch: &Batch<'_>) -> Result<()> {
        self.check(map, batch)?;
        let rows = block_rows(self.width);
        let tile = if self.precision == Precision::F32 { NARROW_TILE } else { TILE };
        let (mut first, end) = batch.covered;
        let mut from = 0;
        while first < end {
            let block = first / rows;
            let last = end.min((block + 1) * rows);
            let to = from + batch.numbers[from..].partition_point(|&n| n < last);
            self.open_block(map, block)?;
            let open = self.open.get_or_insert_with(|| Open { block, covered: 0, parts: Vec::new() });
            open.parts.resize_with(self.parts, || Filling::new(self.labels));
            open.covered += last - first;
            for i in from..to {
                let part = &mut open.parts[batch.parts[i]];
                part.points.extend_from_slice(batch.points.row(i));
                part.labels.extend_from_slice(batch.labels.row(i));
                if part.labels.len() == tile * self.labels {
                    part.add_tile(map, self.precision, &mut self.scratch)?;
                }
            }
            (first, from) = (last, to);
            if last == (block + 1) * rows {
                self.close(map)?;
            }
        }
        Ok(())
    }

    fn check(&self, map: &impl FeatureMap, batch: &Batch<'_>) -> Result<()> {
        let size = |what: &str, found: usize, required: usize| {
            if found == required {
                Ok(())
            } else {
                Err(Error::Size { what: what.to_owned(), found, required })
            }
        };
        size("features", map.width(), self.width)?;
        size("labels of a row", batch.labels.columns(), self.labels)?;
        for found in [batch.numbers.len(), batch.parts.len(), batch.labels.rows()] {
            size("numbers, parts and labels", found, batch.points.rows())?;
        }
        let (first, end) = batch.covered;
        let ascending = batch.numbers.windows(2).all(|w| w[0] < w[1]);
        let inside = batch.numbers.iter().all(|n| (first..end).contains(n));
        if !ascending || !inside {
            let found = format!("{:?}", batch.numbers.iter().take(5).collect::<Vec<_>>());
            return Err(Error::parameter(
                "the list of row numbers",
                found,
                "ascending and covered by the batch",
            ));
        }
        if let Some(part) = batch.parts.iter().find(|p| **p >= self.parts) {
            return Err(Error::parameter("a row's part", part, format!("below {}", self.parts)));
        }
        Ok(())
    }

    /// Makes sure that no other block is open, nor this one done.
    fn open_block(&mut self, map: &impl FeatureMap, block: u64) -> Result<()> {
        if self.open.as_ref().is_some_and(|open| open.block != block) {
            self.close(map)?;
        }
        Ok(())
    }

    /// Ends the open block: nothing waits after it.
    ///
    /// # Errors
    /// [`Error::Parameter`] for rows that were added before.
    pub fn close(&mut self, map: &impl FeatureMap) -> Result<()> {
        let Some(open) = self.open.take() else { return Ok(()) };
        let mut sums = Vec::with_capacity(self.parts);
        for mut part in open.parts {
            part.add_tile(map, self.precision, &mut self.scratch)?;
            sums.push(part.finish(self.width, self.labels));
        }
        self.insert(open.block, Node { level: 0, covered: open.covered, sums })
    }

    /// Adds a node, and joins neighbours that are complete.
    fn insert(&mut self, first: u64, node: Node) -> Result<()> {
        let again = |covered: u64, rows: u64| {
            let what = format!("the number of rows in the blocks from {first} on");
            Err(Error::parameter(what, covered, format!("at most {rows}: rows must not be added twice")))
        };
        let rows = block_rows(self.width);
        let (mut first, mut node) = (first, node);
        let end = first + (1 << node.level);
        // A longer run of blocks is there only if each of its rows is.
        let before = self.nodes.range(..=first).next_back();
        let covers = before.is_some_and(|(&at, n)| n.level != node.level && at + (1 << n.level) > first);
        let mut inside = self.nodes.range(first..end);
        if covers || inside.any(|(&at, n)| at != first || n.level != node.level) {
            return again(node.covered + 1, node.covered);
        }
        if let Some(mut there) = self.nodes.remove(&first) {
            there.covered += node.covered;
            there.sums.iter_mut().zip(&node.sums).for_each(|(a, b)| a.add(b));
            node = there;
        }
        if node.covered > rows << node.level {
            return again(node.covered, rows << node.level);
        }
        while node.covered == rows << node.level {
            let sibling = first ^ (1 << node.level);
            let complete = |n: &Node| n.level == node.level && n.covered == rows << n.level;
            if !self.nodes.get(&sibling).is_some_and(complete) {
                break;
            }
            let Some(other) = self.nodes.remove(&sibling) else { break };
            let (mut left, right) = if sibling < first { (other, node) } else { (node, other) };
            left.sums.iter_mut().zip(&right.sums).for_each(|(a, b)| a.add(b));
            left.covered += right.covered;
            left.level += 1;
            first = first.min(sibling);
            node = left;
        }
        self.nodes.insert(first, node);
        Ok(())
    }

    /// The sums over the rows of both, which must have been closed.
    ///
    /// # Errors
    /// [`Error::Size`] for different widths, labels or parts, [`Error::Parameter`] for rows that are in both.
    pub fn merge(mut self, other: Self) -> Result<Self> {
        for (what, found, required) in [
            ("features of merged statistics", other.width, self.width),
            ("labels of merged statistics", other.labels, self.labels),
            ("parts of merged statistics", other.parts, self.parts),
            (
                "blocks still open in merged statistics",
                usize::from(other.open.is_some() || self.open.is_some()),
                0,
            ),
        ] {
            if found != required {
                return Err(Error::Size { what: what.into(), found, required });
            }
        }
        for (first, node) in other.nodes {
            self.insert(first, node)?;
        }
        Ok(self)
    }

    /// The sums over one part, of closed blocks.
    pub fn part(&self, part: usize) -> Sums {
        // From the right, so that the short runs at the end are joined first, as the whole tree would.
        let mut total: Option<Sums> = None;
        for node in self.nodes.values().rev() {
            let mut sums = node.sums[part].clone();
            if let Some(right) = total {
                sums.add(&right);
            }
            total = Some(sums);
        }
        total.unwrap_or_else(|| Sums::zeros(self.width, self.labels))
    }

    /// The first row after all that were added without a gap from row 0 on.
    pub fn next_row(&self) -> u64 {
        let rows = block_rows(self.width);
        let mut next = 0;
        for (first, node) in &self.nodes {
            if first * rows != next || node.covered != rows << node.level {
                return next.max(if first * rows == next { next + node.covered } else { next });
            }
            next += node.covered;
        }
        next
    }

    /// Everything as plain values, for saving; blocks must be closed.
    pub fn export(&self) -> Vec<Exported<'_>> {
        let node = |(&first, n): (&u64, &'_ Node)| (first, n.level, n.covered);
        self.nodes
            .iter()
            .map(|entry| {
                let (first_block, level, covered) = node(entry);
                Exported { first_block, level, covered, sums: &entry.1.sums }
            })
            .collect()
    }

    /// Takes up sums that were saved.
    ///
    /// # Errors
    /// [`Error::Size`] when they do not fit, [`Error::Parameter`] as [`Self::merge`].
    pub fn import(&mut self, first_block: u64, level: u32, covered: u64, sums: Vec<Sums>) -> Result<()> {
        let fits = sums.len() == self.parts
            && sums.iter().all(|s| {
                s.gram.order() == self.width
                    && (s.correlation.rows(), s.correlation.columns()) == (self.labels, self.width)
                    && s.label_sq.len() == self.labels
            });
        if !fits || level > 40 || !first_block.is_multiple_of(1 << level) || first_block > 1 << 50 {
            return Err(Error::Size {
                what: format!("saved sums from block {first_block} on"),
                found: sums.len(),
                required: self.parts,
            });
        }
        self.insert(first_block, Node { level, covered, sums })
    }
}

/// The sums over a run of blocks as they are saved.
#[derive(Clone, Copy, Debug)]
pub struct Exported<'a> {
    /// The first block.
    pub first_block: u64,
    /// It covers 2^level blocks.
    pub level: u32,
    /// Rows of the table in them, with those left out.
    pub covered: u64,
    /// The sums of each part.
    pub sums: &'a [Sums],
}

impl Filling {
    fn new(labels: usize) -> Self {
        Self {
            points: Vec::new(),
            labels: Vec::new(),
            count: 0,
            gram: Matrix::zeros(0, 0),
            correlation: Matrix::zeros(0, 0),
            label_sq: vec![0.0; labels],
        }
    }

    fn add_tile(&mut self, map: &impl FeatureMap, precision: Precision, scratch: &mut Scratch) -> Result<()> {
        let labels = self.label_sq.len();
        let rows = self.labels.len() / labels;
        if rows == 0 {
            return Ok(());
        }
        let columns = self.points.len() / rows;
        let points = Matrix::from_rows(rows, columns, std::mem::take(&mut self.points))?;
        let tile = Matrix::from_rows(rows, labels, std::mem::take(&mut self.labels))?;
        let width = map.width();
        if self.gram.rows() == 0 {
            self.gram = Matrix::zeros(width, width);
            self.correlation = Matrix::zeros(labels, width);
        }
        match precision {
            Precision::F64 => {
                let features = resized(&mut scratch.wide, rows * width);
                map.fill(&points, features);
                lower_gram(self.gram.values_mut(), features, width, true);
                add_correlation(&mut self.correlation, features, &tile);
            }
            Precision::F32 => {
                let features = resized(&mut scratch.narrow, rows * width);
                map.fill(&points, features);
                let gram = resized(&mut scratch.gram, width * width);
                lower_gram(gram, features, width, false);
                add_lower(&mut self.gram, gram);
                add_correlation(&mut self.correlation, features, &tile);
            }
        }
        for i in 0..rows {
            for (sum, y) in self.label_sq.iter_mut().zip(tile.row(i)) {
                *sum += y * y;
            }
        }
        self.count += rows as u64;
        Ok(())
    }

    fn finish(self, width: usize, labels: usize) -> Sums {
        if self.count == 0 {
            return Sums::zeros(width, labels);
        }
        Sums {
            count: self.count,
            gram: Packed::lower_of(&self.gram),
            correlation: self.correlation,
            label_sq: self.label_sq,
        }
    }
}

/// The first `length` values of a buffer that has at least as many.
fn resized<T: Copy + Default>(buffer: &mut Vec<T>, length: usize) -> &mut [T] {
    if buffer.len() < length {
        buffer.resize(length, T::default());
    }
    &mut buffer[..length]
}

/// Adds the lower triangle of a square matrix in f32.
fn add_lower(sum: &mut Matrix, gram: &[f32]) {
    let order = sum.rows();
    let rows = sum.values_mut().par_chunks_mut(order).zip(gram.par_chunks(order)).enumerate();
    rows.for_each(|(i, (sum, row))| {
        for (s, x) in sum[..=i].iter_mut().zip(row) {
            *s += f64::from(*x);
        }
    });
}

/// Columns of the features that one thread handles at a time.
const COLUMNS: usize = 512;

/// Adds Y^T Phi, one row for each label.
fn add_correlation<T: Real>(sum: &mut Matrix, features: &[T], labels: &Matrix) {
    let width = sum.columns();
    for label in 0..labels.columns() {
        let y = labels.column(label);
        sum.row_mut(label).par_chunks_mut(COLUMNS).enumerate().for_each(|(c, sum)| {
            for (row, y) in features.chunks(width).zip(&y) {
                for (s, x) in sum.iter_mut().zip(&row[c * COLUMNS..]) {
                    *s += y * x.wide();
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activation::Activation;
    use crate::network::Network;
    use crate::numeric::random::Purpose;
    use crate::sphere::{Dim, uniform_points};

    struct Table {
        network: Network,
        points: Matrix,
        labels: Matrix,
        parts: Vec<usize>,
    }

    fn table(rows: usize) -> Table {
        let dim = Dim::new(4).unwrap();
        let points = uniform_points(dim, rows, 1, Purpose::Points);
        let labels = (0..rows).flat_map(|i| [points.row(i)[0], points.row(i)[1].exp()]).collect();
        Table {
            network: Network::random(Activation::Tanh, 2.0, dim, 30, 0).unwrap(),
            labels: Matrix::from_rows(rows, 2, labels).unwrap(),
            parts: (0..rows).map(|i| usize::from(i % 7 == 3)).collect(),
            points,
        }
    }

    impl Table {
        /// Adds rows in batches of a size.
        fn add(&self, s: &mut Statistics, from: usize, to: usize, size: usize) -> Result<()> {
            for first in (from..to).step_by(size) {
                let end = (first + size).min(to);
                let numbers: Vec<u64> = (first as u64..end as u64).collect();
                let batch = Batch {
                    covered: (first as u64, end as u64),
                    numbers: &numbers,
                    parts: &self.parts[first..end],
                    points: &self.points.row_range(first, end),
                    labels: &self.labels.row_range(first, end),
                };
                s.update(&self.network, &batch)?;
            }
            s.close(&self.network)
        }

        fn statistics(&self, from: usize, to: usize, size: usize) -> Statistics {
            let mut s = Statistics::new(30, 2, 2, Precision::F64);
            self.add(&mut s, from, to, size).unwrap();
            s
        }
    }

    const ROWS: usize = 3 * BLOCK as usize + 1_234;

    #[test]
    fn bits_do_not_depend_on_batches_or_on_where_whole_blocks_were_summed() {
        let t = table(ROWS);
        let whole = t.statistics(0, ROWS, ROWS);
        for size in [700, 4_096, 20_000] {
            assert_eq!(t.statistics(0, ROWS, size).part(0), whole.part(0), "batches of {size}");
        }
        let block = BLOCK as usize;
        let pieces = [(2 * block, ROWS), (0, block), (block, 2 * block)];
        let mut pieces = pieces.map(|(from, to)| t.statistics(from, to, 999)).into_iter();
        let first = pieces.next().unwrap();
        let merged = pieces.fold(first, |a, b| a.merge(b).unwrap());
        for part in [0, 1] {
            assert_eq!(merged.part(part), whole.part(part));
        }
        assert_eq!(merged.next_row(), ROWS as u64);
        assert_eq!(t.statistics(block, ROWS, ROWS).next_row(), 0);
    }

    #[test]
    fn pieces_that_cut_a_block_agree_up_to_rounding() {
        let t = table(ROWS);
        let whole = t.statistics(0, ROWS, ROWS).part(1);
        let merged = t.statistics(0, 20_001, 500).merge(t.statistics(20_001, ROWS, 800)).unwrap().part(1);
        assert_eq!(merged.count, whole.count);
        for (a, b) in merged.gram.values().iter().zip(whole.gram.values()) {
            assert!((a - b).abs() <= 1e-13 * whole.count as f64);
        }
    }

    #[test]
    fn sums_are_those_of_the_features() {
        let t = table(500);
        let sums = t.statistics(0, 500, 77).part(0);
        let chosen: Vec<usize> = (0..500).filter(|i| t.parts[*i] == 0).collect();
        assert_eq!(sums.count, chosen.len() as u64);
        let features = t.network.features(&t.points);
        let f = |i: usize, j: usize| features.row(i)[j];
        let gram: f64 = chosen.iter().map(|&i| f(i, 5) * f(i, 3)).sum();
        assert!((sums.gram.row(5)[3] - gram).abs() < 1e-12);
        let cross: f64 = chosen.iter().map(|&i| f(i, 7) * t.labels.row(i)[1]).sum();
        assert!((sums.correlation.row(1)[7] - cross).abs() < 1e-12);
        let coefficients = Matrix::from_rows(2, 30, (0..60).map(|i| f64::from(i).sin()).collect()).unwrap();
        for (label, loss) in sums.losses(&coefficients).into_iter().enumerate() {
            let error = |i: usize| {
                crate::linalg::dot(features.row(i), coefficients.row(label)) - t.labels.row(i)[label]
            };
            let exact = chosen.iter().map(|&i| error(i).powi(2)).sum::<f64>() / chosen.len() as f64;
            assert!((loss / exact - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn rows_are_not_taken_twice() {
        let t = table(ROWS);
        let mut s = t.statistics(0, ROWS, ROWS);
        assert!(t.add(&mut s.clone(), 0, 100, 100).is_err());
        assert!(s.clone().merge(s.clone()).is_err());
        // A block that was cut takes the rest of its rows, and no more.
        let rest = (ROWS..ROWS + 10).map(|i| i as u64).collect::<Vec<_>>();
        let extra = table(10);
        let batch = Batch {
            covered: (ROWS as u64, 4 * BLOCK),
            numbers: &rest,
            parts: &[0; 10],
            points: &extra.points,
            labels: &extra.labels,
        };
        s.update(&t.network, &batch).unwrap();
        assert_eq!(s.next_row(), 4 * BLOCK);
        assert!(s.update(&t.network, &batch).is_err());
    }

    #[test]
    fn saved_sums_come_back() {
        let t = table(ROWS);
        let whole = t.statistics(0, ROWS, 5_000);
        let mut again = Statistics::new(30, 2, 2, Precision::F64);
        for e in whole.export() {
            again.import(e.first_block, e.level, e.covered, e.sums.to_vec()).unwrap();
        }
        assert_eq!(again.part(0), whole.part(0));
        let e = whole.export()[0];
        assert!(again.import(e.first_block, e.level, e.covered, e.sums.to_vec()).is_err());
        assert!(again.import(64, 3, 10, vec![Sums::zeros(30, 2)]).is_err());
        assert!(again.import(1, 3, 10, e.sums.to_vec()).is_err());
    }

    #[test]
    fn single_precision_is_close() {
        let t = table(3_000);
        let mut narrow = Statistics::new(30, 2, 2, Precision::F32);
        t.add(&mut narrow, 0, 3_000, 1_000).unwrap();
        let (narrow, wide) = (narrow.part(0), t.statistics(0, 3_000, 1_000).part(0));
        for (a, b) in narrow.gram.values().iter().zip(wide.gram.values()) {
            assert!((a - b).abs() <= 1e-6 * wide.count as f64 / 30.0);
        }
    }
}
