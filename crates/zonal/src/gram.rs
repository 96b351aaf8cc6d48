//! Products of features with each other and with labels, summed over tiles of rows. The symmetric product is kept as
//! square blocks of its lower triangle, so that what one block needs of a tile stays in the second-level cache.

use crate::linalg::{Matrix, Packed, Real};
use rayon::prelude::*;

/// Rows of a tile: two panels of it stay in the second-level cache.
pub(crate) const TILE: usize = 512;

/// Phi^T Phi and Phi^T Y over the tiles added so far; always f64, whatever the features are.
#[derive(Clone, Debug)]
pub(crate) struct Gram {
    width: usize,
    labels: usize,
    /// Columns of a panel of features: a block of the symmetric product is one panel times another.
    panel: usize,
    /// For each panel of rows its blocks from the first panel of columns to the diagonal.
    blocks: Vec<f64>,
    /// For each panel its products with each label.
    correlation: Vec<f64>,
}

/// What one thread adds to at a time: a block, and on the diagonal the panel's products with labels.
struct Task<'a> {
    row: usize,
    column: usize,
    block: &'a mut [f64],
    correlation: Option<&'a mut [f64]>,
}

impl Gram {
    /// No tiles yet.
    pub(crate) fn zeros(width: usize, labels: usize, panel: usize) -> Self {
        let mut out =
            Self { width, labels, panel, blocks: Vec::new(), correlation: vec![0.0; labels * width] };
        let sizes = pairs(out.panels()).map(|(row, column)| out.columns(row) * out.columns(column));
        out.blocks = vec![0.0; sizes.sum()];
        out
    }

    fn panels(&self) -> usize {
        self.width.div_ceil(self.panel)
    }

    /// Columns of a panel.
    fn columns(&self, panel: usize) -> usize {
        (self.width - panel * self.panel).min(self.panel)
    }

    /// Forgets all tiles and keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.blocks.fill(0.0);
        self.correlation.fill(0.0);
    }

    /// Adds a tile: its features in panels, and its labels, one row a row. Each number is summed
    /// by one thread, so that their number does not matter.
    pub(crate) fn add<T: Real>(&mut self, features: &[T], labels: &Matrix) {
        let rows = labels.rows();
        let y: Vec<T> = labels.values().iter().map(|&y| T::nearest(y)).collect();
        let panels: Vec<&[T]> = features.chunks(rows * self.panel).collect();
        let count = self.labels;
        self.tasks().into_par_iter().for_each(|task| {
            let (a, b) = (panels[task.row], panels[task.column]);
            T::add_product(task.block, a, b, rows);
            if let Some(correlation) = task.correlation.filter(|_| count > 0) {
                T::add_product(correlation, &y, a, rows);
            }
        });
    }

    fn tasks(&mut self) -> Vec<Task<'_>> {
        let count = self.panels();
        let sizes: Vec<usize> = (0..count).map(|panel| self.columns(panel)).collect();
        let mut blocks = self.blocks.as_mut_slice();
        let mut correlation = self.correlation.as_mut_slice();
        let mut tasks = Vec::with_capacity(count * (count + 1) / 2);
        for (row, column) in pairs(count) {
            let (block, after) = blocks.split_at_mut(sizes[row] * sizes[column]);
            blocks = after;
            let mut task = Task { row, column, block, correlation: None };
            if row == column {
                let (panel, after) = correlation.split_at_mut(self.labels * sizes[row]);
                correlation = after;
                task.correlation = Some(panel);
            }
            tasks.push(task);
        }
        tasks
    }

    /// The lower triangle of Phi^T Phi.
    pub(crate) fn packed(&self) -> Packed {
        let mut out = Packed::zeros(self.width);
        let mut blocks = self.blocks.as_slice();
        for (row, column) in pairs(self.panels()) {
            let wide = self.columns(column);
            let (block, after) = blocks.split_at(self.columns(row) * wide);
            blocks = after;
            for (i, values) in block.chunks(wide).enumerate() {
                let to = &mut out.row_mut(row * self.panel + i)[column * self.panel..];
                // Left of the diagonal only.
                let kept = wide.min(to.len());
                to[..kept].copy_from_slice(&values[..kept]);
            }
        }
        out
    }

    /// Phi^T y of each label, one a row.
    pub(crate) fn correlation(&self) -> Matrix {
        let mut out = Matrix::zeros(self.labels, self.width);
        let mut rest = self.correlation.as_slice();
        for panel in 0..self.panels() {
            for label in 0..self.labels {
                let (values, after) = rest.split_at(self.columns(panel));
                rest = after;
                out.row_mut(label)[panel * self.panel..][..values.len()].copy_from_slice(values);
            }
        }
        out
    }
}

/// The blocks of the lower triangle as (panel of rows, panel of columns), in the order in which they are kept.
fn pairs(count: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..count).flat_map(|row| (0..=row).map(move |column| (row, column)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_add_up_to_the_products() {
        for (width, panel) in [(1, 8), (8, 8), (21, 8), (30, 96)] {
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
            let mut gram = Gram::zeros(width, 2, panel);
            gram.add(&features, &labels);
            gram.clear();
            gram.add(&features, &labels);
            gram.add(&narrow, &labels);
            let (packed, correlation) = (gram.packed(), gram.correlation());
            for j in 0..width {
                for k in 0..=j {
                    let sum: f64 = (0..rows).map(|i| value(i, j) * value(i, k)).sum();
                    // Whole numbers: exact in both precisions.
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
