//! Sums over rows that one pass computes: with fixed hidden units, gradient descent on squared loss depends on the rows
//! only through these sums. They can be merged, so that rows may be processed in any pieces and on any machine.

use crate::activation::Scalar;
use crate::block::FeatureMap;
use crate::error::{Error, Result, check_size};
use crate::gram::{Gram, TILE};
use crate::linalg::{Matrix, Packed, Products, add_scaled};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Sums over rows with weights w_i: Phi^T W Phi, Phi^T W Y, the squares of the labels and the weights.
#[derive(Clone, Debug, PartialEq)]
pub struct Sums {
    /// The sum of the weights; the number of rows if all weights are equal to 1.
    pub weight: f64,
    /// Phi^T W Phi.
    pub gram: Packed,
    /// Phi^T W y for each label, one label per row.
    pub correlation: Matrix,
    /// y^T W y for each label.
    pub label_sq: Vec<f64>,
}

impl Sums {
    /// Creates sums over no rows.
    pub fn zeros(width: usize, labels: usize) -> Self {
        Self {
            weight: 0.0,
            gram: Packed::zeros(width),
            correlation: Matrix::zeros(labels, width),
            label_sq: vec![0.0; labels],
        }
    }

    /// Adds the sums over other rows.
    ///
    /// # Errors
    /// [`Error::Size`] for sums of other sizes.
    pub fn add(&mut self, other: &Self) -> Result<()> {
        let labels = self.check(self.gram.order())?;
        check_size("labels of sums", other.check(self.gram.order())?, labels)?;
        self.join(other);
        Ok(())
    }

    /// Like [`Self::add`], for sums that are known to have the same sizes.
    fn join(&mut self, other: &Self) {
        self.weight += other.weight;
        self.gram.add(&other.gram);
        add_scaled(self.correlation.values_mut(), 1.0, other.correlation.values());
        add_scaled(&mut self.label_sq, 1.0, &other.label_sq);
    }

    /// Returns whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.weight == 0.0
    }

    /// Computes E (f - y)^2 over the rows for each label l and each row of `coefficients`, which holds the output
    /// coefficients of label 0, 1, .. in turn. NaN without rows. Absolute error near 1e-16 times the labels' mean
    /// square.
    ///
    /// # Errors
    /// [`Error::Size`] if the number of coefficients differs from the number of features, or if the parts of the sums
    /// do not fit.
    pub fn losses(&self, coefficients: &Matrix) -> Result<Vec<f64>> {
        let labels = self.check(coefficients.columns())?;
        let forms = self.gram.quadratic_forms(coefficients);
        let loss = |(i, form): (usize, f64)| {
            let label = i % labels;
            let cross = crate::linalg::dot(coefficients.row(i), self.correlation.row(label));
            crate::numeric::sum::non_negative(form - 2.0 * cross + self.label_sq[label]) / self.weight
        };
        Ok(forms.into_iter().enumerate().map(loss).collect())
    }

    /// Checks that all parts have this width and equal numbers of labels, and returns the number of labels.
    pub(crate) fn check(&self, width: usize) -> Result<usize> {
        let labels = self.label_sq.len();
        check_size("features of sums", self.gram.order(), width)?;
        check_size("features of the labels' sums", self.correlation.columns(), width)?;
        check_size("labels of sums", self.correlation.rows(), labels)?;
        if labels == 0 {
            return Err(Error::Size { what: "labels of sums".into(), found: 0, required: 1 });
        }
        Ok(labels)
    }
}

/// The precision of features and of their products over a tile of rows; sums over tiles are always f64.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// 53 bits.
    #[default]
    F64,
    /// 24 bits: twice as fast; losses are accurate to about 1e-6 of the labels' mean square.
    F32,
}

/// Rows on the sphere with labels, and the part of the split that each belongs to.
#[derive(Clone, Copy, Debug)]
pub struct Batch<'a> {
    /// The range of the table's rows that the batch covers, including omitted ones; rows are counted from 0 over the
    /// whole table.
    pub covered: (u64, u64),
    /// The number of each row, ascending.
    pub numbers: &'a [u64],
    /// The part of each row, as an index.
    pub parts: &'a [usize],
    /// The points, one per row.
    pub points: &'a Matrix,
    /// The labels, one point per row, one label per column.
    pub labels: &'a Matrix,
    /// The weight of each row, positive; empty if all weights are 1.
    pub weights: &'a [f64],
}

/// The number of rows of a block up to this width; wider networks need fewer concurrent sums.
const BLOCK: u64 = 16_384;
const ROWS_PER_UNIT: u64 = 8;

/// The sums over each part of a split. Sums over other rows of the same table can be merged.
///
/// ```
/// use zonal::prelude::*;
/// let points = uniform_points(Dim::new(3)?, 6, 0, Purpose::Points);
/// let network = Network::random(Activation::Relu, 1.0, Dim::new(3)?, 5, 0)?;
/// let labels = Matrix::from_rows(6, 1, vec![1.0, -1.0, 2.0, 0.0, 1.0, 1.0])?;
/// let mut statistics = Statistics::new(5, 1, 2, Precision::F64);
/// // Rows 0 to 5 of the table; rows 4 and 5 are in part 1.
/// let (numbers, parts) = ([0, 1, 2, 3, 4, 5], [0, 0, 0, 0, 1, 1]);
/// let (points, labels) = (&points, &labels);
/// let batch = Batch { covered: (0, 6), numbers: &numbers, parts: &parts, points, labels, weights: &[] };
/// statistics.update(&network, &batch)?;
/// statistics.close(&network)?;
/// assert_eq!((statistics.part(0).weight, statistics.part(0).label_sq[0]), (4.0, 6.0));
/// # Ok::<(), zonal::Error>(())
/// ```
///
/// Sums are taken block by block in a fixed binary tree over the numbers of blocks. The bits depend on the rows and on
/// which of them were added to the same `Statistics`, not on the sizes of batches or the number of threads.
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

/// Memory that is reused from one tile and block to the next: allocating it costs more than filling it.
#[derive(Clone, Debug, Default)]
struct Scratch {
    wide: Vec<f64>,
    narrow: Vec<f32>,
    grams: Vec<Gram>,
}

/// The sums over 2^level blocks from a block that is a multiple of 2^level.
#[derive(Clone, Debug, PartialEq)]
struct Node {
    level: u32,
    /// The number of rows of the table that are covered, including omitted ones.
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

/// The rows of one part that do not fill a tile yet, and the sums so far.
#[derive(Clone, Debug)]
struct Filling {
    points: Vec<f64>,
    labels: Vec<f64>,
    /// Square roots of the weights, if there are any.
    roots: Vec<f64>,
    weight: f64,
    /// None before the first tile.
    gram: Option<Gram>,
    label_sq: Vec<f64>,
}

/// Returns the number of rows of a block for a network of this width.
pub fn block_rows(width: usize) -> u64 {
    BLOCK.max((width as u64).saturating_mul(ROWS_PER_UNIT).next_power_of_two())
}

impl Statistics {
    /// Creates sums over no rows, for the given numbers of features, labels and parts.
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

    /// Returns the number of labels.
    pub fn labels(&self) -> usize {
        self.labels
    }

    /// Adds rows. Batches must be added to one `Statistics` in the order of their row numbers.
    ///
    /// Cost: count width (width + 1) flops and the cost of the features.
    ///
    /// # Errors
    /// [`Error::Size`] if sizes differ; [`Error::Parameter`] for no feature or no label, and for rows that were added
    /// before, or before later ones.
    pub fn update(&mut self, map: &impl FeatureMap, batch: &Batch<'_>) -> Result<()> {
        self.check(map, batch)?;
        let rows = block_rows(self.width);
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
                part.weigh(batch.weights.get(i).copied());
                if part.labels.len() == TILE * self.labels {
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
        check_size("features", map.width(), self.width)?;
        check_size("coordinates of a point", batch.points.columns(), map.coordinates())?;
        check_size("labels of a row", batch.labels.columns(), self.labels)?;
        if self.width == 0 || self.labels == 0 {
            return Err(Error::parameter("the number of features and of labels", 0, "at least 1"));
        }
        for found in [batch.numbers.len(), batch.parts.len(), batch.labels.rows()] {
            check_size("numbers, parts and labels", found, batch.points.rows())?;
        }
        if !batch.weights.is_empty() {
            check_size("weights", batch.weights.len(), batch.points.rows())?;
            if let Some(w) = batch.weights.iter().find(|w| !(**w > 0.0 && w.is_finite())) {
                return Err(Error::parameter("the weight of a row", w, "a positive number"));
            }
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

    /// Ensures that no other block is open and that this one is not complete.
    fn open_block(&mut self, map: &impl FeatureMap, block: u64) -> Result<()> {
        if self.open.as_ref().is_some_and(|open| open.block != block) {
            self.close(map)?;
        }
        Ok(())
    }

    /// Completes the open block, so that all rows are part of closed sums.
    ///
    /// # Errors
    /// [`Error::Size`] for a map of another width, [`Error::Parameter`] for rows that were added before.
    pub fn close(&mut self, map: &impl FeatureMap) -> Result<()> {
        check_size("features", map.width(), self.width)?;
        let Some(open) = self.open.take() else { return Ok(()) };
        let mut sums = Vec::with_capacity(self.parts);
        for mut part in open.parts {
            part.add_tile(map, self.precision, &mut self.scratch)?;
            sums.push(part.finish(self.width, self.labels, &mut self.scratch));
        }
        self.insert(open.block, Node { level: 0, covered: open.covered, sums })
    }

    /// Checks that the rows of a node are disjoint from those already added.
    fn check_room(&self, first: u64, node: &Node) -> Result<()> {
        let again = |covered: u64, rows: u64| {
            let what = format!("the number of rows in the blocks from {first} on");
            Err(Error::parameter(what, covered, format!("at most {rows}: rows must not be added twice")))
        };
        let rows = block_rows(self.width) << node.level;
        let end = first + (1 << node.level);
        // A longer run of blocks can exist only if each of its rows has been added.
        let before = self.nodes.range(..=first).next_back();
        let covers = before.is_some_and(|(&at, n)| n.level != node.level && at + (1 << n.level) > first);
        let mut inside = self.nodes.range(first..end);
        if covers || inside.any(|(&at, n)| at != first || n.level != node.level) {
            return again(node.covered + 1, node.covered);
        }
        let covered = node.covered + self.nodes.get(&first).map_or(0, |there| there.covered);
        if covered > rows { again(covered, rows) } else { Ok(()) }
    }

    /// Adds a node, and joins complete neighbours.
    fn insert(&mut self, first: u64, node: Node) -> Result<()> {
        self.check_room(first, &node)?;
        let rows = block_rows(self.width);
        let (mut first, mut node) = (first, node);
        if let Some(mut there) = self.nodes.remove(&first) {
            there.covered += node.covered;
            there.sums.iter_mut().zip(&node.sums).for_each(|(a, b)| a.join(b));
            node = there;
        }
        while node.covered == rows << node.level {
            let sibling = first ^ (1 << node.level);
            let complete = |n: &Node| n.level == node.level && n.covered == rows << n.level;
            if !self.nodes.get(&sibling).is_some_and(complete) {
                break;
            }
            let Some(other) = self.nodes.remove(&sibling) else { break };
            let (mut left, right) = if sibling < first { (other, node) } else { (node, other) };
            left.sums.iter_mut().zip(&right.sums).for_each(|(a, b)| a.join(b));
            left.covered += right.covered;
            left.level += 1;
            first = first.min(sibling);
            node = left;
        }
        self.nodes.insert(first, node);
        Ok(())
    }

    /// Returns the sums over the rows of both, which must have been closed.
    ///
    /// # Errors
    /// [`Error::Size`] for different widths, labels or parts, [`Error::Parameter`] for rows that are in both.
    pub fn merge(mut self, other: Self) -> Result<Self> {
        self.absorb(other)?;
        Ok(self)
    }

    /// Adds the sums over the rows of `other`; both must have been closed. If an error is returned, nothing has been
    /// added.
    ///
    /// # Errors
    /// As [`Self::merge`].
    pub fn absorb(&mut self, other: Self) -> Result<()> {
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
        other.nodes.iter().try_for_each(|(first, node)| self.check_room(*first, node))?;
        other.nodes.into_iter().try_for_each(|(first, node)| self.insert(first, node))
    }

    /// Returns the sums over one part, for closed blocks.
    ///
    /// # Panics
    /// If there is no such part.
    pub fn part(&self, part: usize) -> Sums {
        assert!(part < self.parts, "part {part} of {}", self.parts);
        // From the right, so that the short runs at the end are joined first, in the order of the whole tree.
        let mut total: Option<Sums> = None;
        for node in self.nodes.values().rev() {
            let mut sums = node.sums[part].clone();
            if let Some(right) = total {
                sums.join(&right);
            }
            total = Some(sums);
        }
        total.unwrap_or_else(|| Sums::zeros(self.width, self.labels))
    }

    /// Returns the sums over every part, for closed blocks.
    pub fn parts(&self) -> Vec<Sums> {
        (0..self.parts).map(|part| self.part(part)).collect()
    }

    /// Like [`Self::parts`], without copying sums that need no addition.
    pub fn into_parts(mut self) -> Vec<Sums> {
        // As in [`Self::part`].
        let mut total: Option<Vec<Sums>> = None;
        while let Some((_, node)) = self.nodes.pop_last() {
            let mut sums = node.sums;
            if let Some(right) = total {
                sums.iter_mut().zip(&right).for_each(|(a, b)| a.join(b));
            }
            total = Some(sums);
        }
        total.unwrap_or_else(|| vec![Sums::zeros(self.width, self.labels); self.parts])
    }

    /// Returns the number of the first row after those that were added without a gap from row 0.
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

    /// Returns all sums as plain values, for saving; blocks must be closed.
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

    /// Adds saved sums.
    ///
    /// # Errors
    /// [`Error::Size`] if they do not fit, [`Error::Parameter`] as [`Self::merge`].
    pub fn import(&mut self, first_block: u64, level: u32, covered: u64, sums: Vec<Sums>) -> Result<()> {
        let fits = sums.len() == self.parts
            && sums.iter().all(|s| {
                s.gram.order() == self.width
                    && (s.correlation.rows(), s.correlation.columns()) == (self.labels, self.width)
                    && s.label_sq.len() == self.labels
            });
        // The rows after its last one must have valid numbers too.
        let end = 1u64.checked_shl(level).and_then(|blocks| first_block.checked_add(blocks));
        let sound = level <= 40
            && first_block.is_multiple_of(1 << level)
            && end.is_some_and(|end| end.checked_mul(block_rows(self.width)).is_some())
            && covered <= block_rows(self.width) << level;
        if !fits || !sound {
            return Err(Error::Size {
                what: format!("saved sums from block {first_block} on"),
                found: sums.len(),
                required: self.parts,
            });
        }
        self.insert(first_block, Node { level, covered, sums })
    }
}

/// The sums over a run of blocks in the form in which they are saved.
#[derive(Clone, Copy, Debug)]
pub struct Exported<'a> {
    /// The first block.
    pub first_block: u64,
    /// The run has 2^level blocks.
    pub level: u32,
    /// The number of rows of the table in them, including omitted ones.
    pub covered: u64,
    /// The sums of each part.
    pub sums: &'a [Sums],
}

impl Filling {
    fn new(labels: usize) -> Self {
        Self {
            points: Vec::new(),
            labels: Vec::new(),
            roots: Vec::new(),
            weight: 0.0,
            gram: None,
            label_sq: vec![0.0; labels],
        }
    }

    /// Records the weight of the row that was added last; 1 without a weight.
    fn weigh(&mut self, weight: Option<f64>) {
        self.weight += weight.unwrap_or(1.0);
        if weight.is_some() || !self.roots.is_empty() {
            // Rows before the first one with a weight have weight 1.
            self.roots.resize(self.labels.len() / self.label_sq.len() - 1, 1.0);
            self.roots.push(weight.unwrap_or(1.0).sqrt());
        }
    }

    /// Adds the pending rows.
    fn add_tile(&mut self, map: &impl FeatureMap, precision: Precision, scratch: &mut Scratch) -> Result<()> {
        let labels = self.label_sq.len();
        let rows = self.labels.len() / labels;
        if rows == 0 {
            return Ok(());
        }
        let columns = self.points.len() / rows;
        check_size("coordinates of a point", columns, map.coordinates())?;
        let points = Matrix::from_rows(rows, columns, std::mem::take(&mut self.points))?;
        let mut tile = Matrix::from_rows(rows, labels, std::mem::take(&mut self.labels))?;
        let roots = std::mem::take(&mut self.roots);
        for (i, root) in roots.iter().enumerate() {
            tile.row_mut(i).iter_mut().for_each(|y| *y *= root);
        }
        let width = map.width();
        let panel = match precision {
            Precision::F64 => [f64::PANEL, f64::PART],
            Precision::F32 => [f32::PANEL, f32::PART],
        };
        let gram = self.gram.get_or_insert_with(|| match scratch.grams.pop() {
            Some(mut used) => {
                used.clear();
                used
            }
            None => Gram::zeros(width, labels, panel),
        });
        match precision {
            Precision::F64 => add_features(gram, map, &points, &tile, &roots, &mut scratch.wide),
            Precision::F32 => add_features(gram, map, &points, &tile, &roots, &mut scratch.narrow),
        }
        for i in 0..rows {
            for (sum, y) in self.label_sq.iter_mut().zip(tile.row(i)) {
                *sum += y * y;
            }
        }
        Ok(())
    }

    /// Returns the sums and gives the memory back to `scratch`.
    fn finish(self, width: usize, labels: usize, scratch: &mut Scratch) -> Sums {
        let Some(gram) = self.gram else { return Sums::zeros(width, labels) };
        let sums = Sums {
            weight: self.weight,
            gram: gram.packed(),
            correlation: gram.correlation(),
            label_sq: self.label_sq,
        };
        scratch.grams.push(gram);
        sums
    }
}

/// Adds the features of a tile, computed in a reused buffer.
fn add_features<T: Scalar>(
    gram: &mut Gram,
    map: &impl FeatureMap,
    points: &Matrix,
    labels: &Matrix,
    roots: &[f64],
    buffer: &mut Vec<T>,
) {
    let length = points.rows() * map.width();
    if buffer.len() < length {
        buffer.resize(length, T::default());
    }
    let features = &mut buffer[..length];
    map.fill(points, T::PANEL, features);
    if !roots.is_empty() {
        weigh(features, points.rows(), roots);
    }
    gram.add(features, labels);
}

/// Multiplies the features of each row, which are stored in panels, by the square root of its weight.
fn weigh<T: Scalar>(features: &mut [T], rows: usize, roots: &[f64]) {
    for panel in features.chunks_mut(rows * T::PANEL) {
        let columns = panel.len() / rows;
        for (row, root) in panel.chunks_mut(columns).zip(roots) {
            let root = T::nearest(*root);
            row.iter_mut().for_each(|x| *x *= root);
        }
    }
}

#[cfg(test)]
mod tests;
