//! Products of features with each other and with labels, summed over tiles of rows. The symmetric product is stored as
//! blocks of its lower triangle, so that the part of a tile that a block needs stays in the second-level cache.

use crate::linalg::{Columns, Matrix, Packed, Real};
use rayon::prelude::*;
use std::ops::Range;

/// The number of rows of a tile; a panel of it stays in the second-level cache.
pub(crate) const TILE: usize = 512;

/// The sums Phi^T Phi and Phi^T Y over the tiles added so far; always f64, even for f32 features.
#[derive(Clone, Debug)]
pub(crate) struct Gram {
    width: usize,
    labels: usize,
    /// The number of columns in a panel of features.
    panel: usize,
    /// The number of columns in the part of a panel that is multiplied by a whole panel.
    part: usize,
    /// The blocks in the order of [`Self::blocks`].
    sums: Vec<f64>,
    /// The products of each panel with each label.
    correlation: Vec<f64>,
}

/// A block of the lower triangle: its rows are one panel, its columns a part of one.
struct Block {
    panel: usize,
    rows: Range<usize>,
    columns: Range<usize>,
}

/// The sums that one thread updates: a block and, with the first block of a panel, its products with labels.
struct Task<'a> {
    block: Block,
    sum: &'a mut [f64],
    correlation: Option<&'a mut [f64]>,
}

impl Gram {
    /// Creates an empty sum for the given numbers of columns in a panel and in its parts.
    pub(crate) fn zeros(width: usize, labels: usize, [panel, part]: [usize; 2]) -> Self {
        let correlation = vec![0.0; labels * width];
        let mut out = Self { width, labels, panel, part, sums: Vec::new(), correlation };
        let size = out.blocks().map(|b| b.rows.len() * b.columns.len()).sum();
        out.sums = vec![0.0; size];
        out
    }

    /// Resets the sums and retains the memory.
    pub(crate) fn clear(&mut self) {
        self.sums.fill(0.0);
        self.correlation.fill(0.0);
    }

    /// Returns the columns of a panel.
    fn columns(&self, panel: usize) -> Range<usize> {
        panel * self.panel..((panel + 1) * self.panel).min(self.width)
    }

    /// Returns all blocks; those of a panel are consecutive, and the first one has all its rows.
    fn blocks(&self) -> impl Iterator<Item = Block> + use<> {
        let (width, panel, part) = (self.width, self.panel, self.part);
        (0..width.div_ceil(panel)).flat_map(move |index| {
            let (first, end) = (index * panel, ((index + 1) * panel).min(width));
            (0..end).step_by(part).map(move |column| Block {
                panel: index,
                rows: first.max(column)..end,
                columns: column..(column + part).min(end),
            })
        })
    }

    /// Adds a tile: its features in panels, and its labels, one row of the table per row. Each number is summed by one
    /// thread, so the result does not depend on the number of threads.
    pub(crate) fn add<T: Real>(&mut self, features: &[T], labels: &Matrix) {
        let (rows, count, panel) = (labels.rows(), self.labels, self.panel);
        let y: Vec<T> = labels.values().iter().map(|&y| T::nearest(y)).collect();
        let panels: Vec<&[T]> = features.chunks(rows * panel).collect();
        let columns = |index: usize, of: &Range<usize>| {
            Columns::new(panels[index], rows, of.start - index * panel, of.len())
        };
        self.tasks().into_par_iter().for_each(|Task { block, sum, correlation }| {
            let a = columns(block.panel, &block.rows);
            T::add_product(sum, a, columns(block.columns.start / panel, &block.columns));
            if let Some(correlation) = correlation.filter(|_| count > 0) {
                T::add_product(correlation, Columns::new(&y, rows, 0, count), a);
            }
        });
    }

    fn tasks(&mut self) -> Vec<Task<'_>> {
        let (blocks, labels) = (self.blocks(), self.labels);
        let mut sums = self.sums.as_mut_slice();
        let mut correlation = self.correlation.as_mut_slice();
        let mut tasks = Vec::new();
        for block in blocks {
            let (sum, after) = sums.split_at_mut(block.rows.len() * block.columns.len());
            sums = after;
            let of_panel = if block.columns.start == 0 {
                let (panel, after) = correlation.split_at_mut(labels * block.rows.len());
                correlation = after;
                Some(panel)
            } else {
                None
            };
            tasks.push(Task { block, sum, correlation: of_panel });
        }
        tasks
    }

    /// Returns the lower triangle of Phi^T Phi.
    pub(crate) fn packed(&self) -> Packed {
        let mut out = Packed::zeros(self.width);
        let mut sums = self.sums.as_slice();
        for block in self.blocks() {
            let wide = block.columns.len();
            let (sum, after) = sums.split_at(block.rows.len() * wide);
            sums = after;
            for (row, values) in block.rows.zip(sum.chunks(wide)) {
                let to = &mut out.row_mut(row)[block.columns.start..];
                // Only columns left of the diagonal.
                let kept = wide.min(to.len());
                to[..kept].copy_from_slice(&values[..kept]);
            }
        }
        out
    }

    /// Returns Phi^T y for each label, one label per row.
    pub(crate) fn correlation(&self) -> Matrix {
        let mut out = Matrix::zeros(self.labels, self.width);
        let mut rest = self.correlation.as_slice();
        for panel in 0..self.width.div_ceil(self.panel) {
            let columns = self.columns(panel);
            for label in 0..self.labels {
                let (values, after) = rest.split_at(columns.len());
                rest = after;
                out.row_mut(label)[columns.clone()].copy_from_slice(values);
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_add_up_to_the_products() {
        for (width, panel, part) in [(1, 8, 4), (8, 8, 4), (21, 8, 4), (23, 8, 8), (30, 96, 48)] {
            let rows = 37;
            let value = |i: usize, j: usize| ((i * 31 + j * 17) % 23) as f64 - 11.0;
            let labels = Matrix::from_rows(rows, 2, (0..2 * rows).map(|i| (i % 5) as f64).collect()).unwrap();
            let mut features = Vec::new();
            for first in (0..width).step_by(panel) {
                for i in 0..rows {
                    features.extend((first..(first + panel).min(width)).map(|j| value(i, j)));
                }
            }
            let narrow: Vec<f32> = features.iter().map(|x| *x as f32).collect();
            let mut gram = Gram::zeros(width, 2, [panel, part]);
            gram.add(&features, &labels);
            gram.clear();
            gram.add(&features, &labels);
            gram.add(&narrow, &labels);
            let (packed, correlation) = (gram.packed(), gram.correlation());
            for j in 0..width {
                for k in 0..=j {
                    let sum: f64 = (0..rows).map(|i| value(i, j) * value(i, k)).sum();
                    // Integers, exact in both precisions.
                    assert_eq!(packed.row(j)[k], 2.0 * sum);
                }
                for label in 0..2 {
                    let sum: f64 = (0..rows).map(|i| value(i, j) * labels.row(i)[label]).sum();
                    assert_eq!(correlation.row(label)[j], 2.0 * sum);
                }
            }
        }
    }
}
