//! Loss and gradients of both layers in one pass over tiles of rows: forward product, activation, derivative and both
//! gradients are computed while a tile is in the cache. The memory needed in addition to weights and rows is one tile
//! times the width.
//!
//! Units are grouped in panels of two vectors; a panel of weights, arguments or gradients is a matrix with as many
//! columns as it has units. Each task works on a few panels: it computes the gradient on one tile and the forward pass
//! on the next, so that tasks synchronise once per tile. Each sum is computed by one task in a fixed order, so the
//! result does not depend on the number of threads.

mod operations;
mod rows;
#[cfg(test)]
mod tests;

pub(crate) use rows::PackedRows;

use crate::activation::{Scalar, SlopeFrom};
use crate::error::{Error, Result};
use crate::linalg::Matrix;
use crate::network::{Architecture, Layers, Weights};
use crate::numeric::level::Level;
use operations::{AddScaled, Arguments, Gradients, HiddenGradient, LaneSums, Values};
use rayon::prelude::*;
use rows::{Shape, ShapeOf, Tile};

/// The number of panels per task.
const GROUP: usize = 8;
/// Below this number of flops, a second thread does not make a pass faster.
const SMALL: usize = 8_000_000;

/// A network during training, with the sums of its gradients.
#[derive(Debug)]
pub(crate) struct Fused<T> {
    architecture: Architecture,
    layers: Layers,
    level: Level,
    shape: Shape,
    /// The number of coordinates of a row, including the bias.
    depth: usize,
    panels: usize,
    /// Ordered by panel, then by coordinate.
    hidden: Vec<T>,
    /// Ordered by panel, then by label.
    output: Vec<T>,
    hidden_sums: Vec<T>,
    output_sums: Vec<T>,
    /// The weights before the last step.
    before: Option<[Vec<T>; 2]>,
    /// The values or arguments of the units of each panel on the current tile.
    kept: Vec<T>,
    scratch: Vec<Scratch<T>>,
    residuals: Vec<T>,
}

/// Buffers of one task.
#[derive(Debug)]
struct Scratch<T> {
    slopes: Vec<T>,
    features: Vec<T>,
    /// The sums of the network's values, not yet summed over lanes.
    spread: Vec<T>,
    /// The task's contribution to the network's values on a tile, ordered by label.
    values: Vec<T>,
}

/// The data that one task works on.
struct Task<'a, T> {
    hidden: &'a mut [T],
    output: &'a mut [T],
    hidden_sums: &'a mut [T],
    output_sums: &'a mut [T],
    before: Option<(&'a mut [T], &'a mut [T])>,
    kept: &'a mut [T],
    scratch: &'a mut Scratch<T>,
}

/// The work of a task between two synchronisations.
#[derive(Clone, Copy)]
struct Work<'a, T> {
    /// The tile whose gradient is computed, since its residuals are known, and whether it is the first one.
    gradient: Option<(&'a Tile<T>, bool)>,
    /// The tile for the forward pass.
    forward: Option<&'a Tile<T>>,
    /// The step in units of the sums, present after the last tile.
    step: Option<T>,
}

/// The gradient of (1/2) E sum_l (f_l - y_l)^2.
#[derive(Clone, Debug, PartialEq)]
pub struct Gradient {
    /// With respect to the hidden weights, one unit per row.
    pub hidden: Matrix,
    /// With respect to the biases; zero if there are none.
    pub biases: Vec<f64>,
    /// With respect to the output weights, one label per row.
    pub output: Matrix,
}

impl<T: Scalar> Fused<T> {
    /// Creates a network with the given weights, of which the given layers are trained.
    pub(crate) fn new(architecture: &Architecture, layers: Layers, weights: &Weights) -> Result<Self> {
        Self::at_level(Level::here(), architecture, layers, weights)
    }

    fn at_level(
        level: Level,
        architecture: &Architecture,
        layers: Layers,
        weights: &Weights,
    ) -> Result<Self> {
        if layers.hidden() && !architecture.activation.has_slope() {
            let required = "one whose derivative is known; or train the output layer alone";
            return Err(Error::parameter("the activation", &architecture.activation, required));
        }
        weights.check(architecture)?;
        let shape = level.dispatch(ShapeOf::<T>(std::marker::PhantomData));
        let columns = 2 * shape.lanes;
        let (m, n, labels) = (architecture.width, architecture.dim, architecture.labels);
        let depth = n + usize::from(architecture.biases);
        let panels = m.div_ceil(columns);
        let zeros = |count: usize| vec![T::default(); count];
        let [hidden, output] = packed_weights(architecture, shape, weights);
        let scratch = (0..panels.div_ceil(GROUP)).map(|_| Scratch {
            slopes: zeros(T::TILE * columns),
            features: zeros(T::TILE * columns),
            spread: zeros(T::TILE * labels * shape.lanes),
            values: zeros(T::TILE * labels),
        });
        Ok(Self {
            architecture: architecture.clone(),
            layers,
            level,
            shape,
            depth,
            panels,
            hidden_sums: zeros(hidden.len()),
            output_sums: zeros(output.len()),
            before: None,
            kept: zeros(panels * T::TILE * columns),
            scratch: scratch.collect(),
            residuals: zeros(T::TILE * labels),
            hidden,
            output,
        })
    }

    /// Packs rows, each a point and its labels, for this network.
    pub(crate) fn pack(&self, rows: &[(&[f64], &[f64])]) -> PackedRows<T> {
        let scale = T::nearest(self.architecture.scale);
        let one = |rows: &[(&[f64], &[f64])]| Tile::new(rows, scale, self.architecture.biases, self.shape);
        let tiles = if rows.len() * self.depth < SMALL / 100 {
            rows.chunks(T::TILE).map(one).collect()
        } else {
            rows.par_chunks(T::TILE).map(one).collect()
        };
        PackedRows {
            tiles,
            rows: rows.len(),
            labels: self.architecture.labels,
            depth: self.depth,
            scale: self.architecture.scale,
        }
    }

    /// Returns the weights exactly.
    pub(crate) fn weights(&self) -> Weights {
        self.unpacked(&self.hidden, &self.output, 1.0)
    }

    /// Returns whether rows were packed for a network of these sizes and this scale.
    pub(crate) fn fits(&self, rows: &PackedRows<T>) -> bool {
        let (a, b) = ((self.architecture.labels, self.depth), (rows.labels, rows.depth));
        a == b && self.architecture.scale == rows.scale
    }

    /// Replaces the weights by others of the same sizes.
    pub(crate) fn set(&mut self, weights: &Weights) {
        [self.hidden, self.output] = packed_weights(&self.architecture, self.shape, weights);
    }

    /// Returns the network's architecture.
    pub(crate) fn architecture(&self) -> &Architecture {
        &self.architecture
    }

    /// Starts to record the weights before each step, beginning with the given ones; with `None`, stops recording.
    pub(crate) fn keep_before(&mut self, before: Option<&Weights>) {
        self.before = before.map(|weights| packed_weights(&self.architecture, self.shape, weights));
    }

    /// Returns the weights before the last step, if they are recorded.
    pub(crate) fn before(&self) -> Option<Weights> {
        self.before.as_ref().map(|[hidden, output]| self.unpacked(hidden, output, 1.0))
    }

    /// Reverts the last step.
    pub(crate) fn undo(&mut self) {
        if let Some([hidden, output]) = &self.before {
            self.hidden.copy_from_slice(hidden);
            self.output.copy_from_slice(output);
        }
    }

    fn unpacked(&self, hidden: &[T], output: &[T], factor: f64) -> Weights {
        let (n, labels, columns) = (self.architecture.dim, self.architecture.labels, 2 * self.shape.lanes);
        let m = self.architecture.width;
        let mut out =
            Weights { hidden: Matrix::zeros(m, n), biases: vec![0.0; m], output: Matrix::zeros(labels, m) };
        for j in 0..m {
            let (panel, lane) = (j / columns, j % columns);
            let at = |k: usize| factor * hidden[(panel * self.depth + k) * columns + lane].wide();
            for k in 0..n {
                out.hidden.row_mut(j)[k] = at(k);
            }
            if self.architecture.biases {
                out.biases[j] = at(n);
            }
            for l in 0..labels {
                out.output.row_mut(l)[j] = factor * output[(panel * labels + l) * columns + lane].wide();
            }
        }
        out
    }

    /// Performs one step of gradient descent on the rows, unless the loss is above `limit` or not a number. Returns the
    /// mean square of the residual of each label before the step.
    pub(crate) fn step(&mut self, rows: &PackedRows<T>, step: f64, limit: f64) -> Vec<f64> {
        self.pass(rows, Some((step, limit)))
    }

    /// Computes the mean square of the residual of each label, and the gradient.
    pub(crate) fn gradient(&mut self, rows: &PackedRows<T>) -> (Vec<f64>, Gradient) {
        let losses = self.pass(rows, None);
        let sums = self.unpacked(
            &self.hidden_sums,
            &self.output_sums,
            self.architecture.parametrisation.factor(self.architecture.width),
        );
        (losses, Gradient { hidden: sums.hidden, biases: sums.biases, output: sums.output })
    }

    fn pass(&mut self, rows: &PackedRows<T>, step: Option<(f64, f64)>) -> Vec<f64> {
        let labels = self.architecture.labels;
        let mut squares = vec![0.0; labels];
        if rows.rows == 0 {
            return squares;
        }
        debug_assert!(self.fits(rows));
        let factor = self.architecture.parametrisation.factor(self.architecture.width);
        let count = rows.rows as f64;
        let tiles = &rows.tiles;
        for t in 0..=tiles.len() {
            let work = Work {
                gradient: t.checked_sub(1).map(|t| (&tiles[t], t == 0)),
                forward: tiles.get(t),
                step: step
                    .filter(|(_, limit)| {
                        t == tiles.len() && squares.iter().map(|s| s / count).sum::<f64>() <= *limit
                    })
                    .map(|(eta, _)| T::nearest(-eta * factor)),
            };
            self.work(work, rows.rows);
            if let Some(tile) = tiles.get(t) {
                self.take_residuals(tile, T::nearest(factor), T::nearest(1.0 / count), &mut squares);
            }
        }
        squares.iter().map(|s| s / count).collect()
    }

    /// Computes r = (f - y) / rows on a tile from the tasks' contributions to f.
    fn take_residuals(&mut self, tile: &Tile<T>, factor: T, norm: T, squares: &mut [f64]) {
        let labels = self.architecture.labels;
        let mut tile_squares = vec![0.0; labels];
        for i in 0..tile.rows {
            for l in 0..labels {
                let mut sum = T::default();
                for scratch in &self.scratch {
                    sum += scratch.values[l * tile.rows + i];
                }
                let residual = factor * sum - tile.labels[i * labels + l];
                tile_squares[l] += residual.wide() * residual.wide();
                self.residuals[i * labels + l] = norm * residual;
            }
        }
        squares.iter_mut().zip(tile_squares).for_each(|(s, t)| *s += t);
    }

    fn work(&mut self, work: Work<'_, T>, rows: usize) {
        let columns = 2 * self.shape.lanes;
        let (hidden, output) = (GROUP * self.depth * columns, GROUP * self.architecture.labels * columns);
        let kept = GROUP * T::TILE * columns;
        let mut before = self.before.as_mut().map(|[h, o]| (h.chunks_mut(hidden), o.chunks_mut(output)));
        let mut tasks: Vec<Task<'_, T>> = Vec::with_capacity(self.scratch.len());
        let weights = self.hidden.chunks_mut(hidden).zip(self.output.chunks_mut(output));
        let sums = self.hidden_sums.chunks_mut(hidden).zip(self.output_sums.chunks_mut(output));
        let space = self.kept.chunks_mut(kept).zip(&mut self.scratch);
        for (((hidden, output), (hidden_sums, output_sums)), (kept, scratch)) in weights.zip(sums).zip(space)
        {
            let before = before.as_mut().and_then(|(h, o)| h.next().zip(o.next()));
            tasks.push(Task { hidden, output, hidden_sums, output_sums, before, kept, scratch });
        }
        let kernel = Kernel {
            architecture: &self.architecture,
            layers: self.layers,
            level: self.level,
            columns,
            depth: self.depth,
            panels: self.panels,
            residuals: &self.residuals,
        };
        let run = |(index, task): (usize, Task<'_, T>)| kernel.run(task, index * GROUP, work);
        let flops = 4 * rows.min(T::TILE) * self.panels * columns * self.depth;
        if flops < SMALL || tasks.len() == 1 {
            tasks.into_iter().enumerate().for_each(run);
        } else {
            tasks.into_par_iter().enumerate().for_each(run);
        }
    }
}

/// Packs weights into panels: hidden weights ordered by coordinate, output weights by label.
fn packed_weights<T: Scalar>(architecture: &Architecture, shape: Shape, weights: &Weights) -> [Vec<T>; 2] {
    let (columns, labels) = (2 * shape.lanes, architecture.labels);
    let depth = architecture.dim + usize::from(architecture.biases);
    let panels = architecture.width.div_ceil(columns);
    let mut hidden = vec![T::default(); panels * depth * columns];
    let mut output = vec![T::default(); panels * labels * columns];
    for place in 0..panels * columns {
        let (panel, lane) = (place / columns, place % columns);
        // The last panel is padded with copies of the last unit, with output weight 0; an argument of 0 might be a
        // pole.
        let j = place.min(architecture.width - 1);
        let bias = architecture.biases.then(|| weights.biases[j]);
        for (k, w) in weights.hidden.row(j).iter().copied().chain(bias).enumerate() {
            hidden[(panel * depth + k) * columns + lane] = T::nearest(w);
        }
        for l in (0..labels).filter(|_| place == j) {
            output[(panel * labels + l) * columns + lane] = T::nearest(weights.output.row(l)[j]);
        }
    }
    [hidden, output]
}

/// Data shared by all tasks.
struct Kernel<'a, T> {
    architecture: &'a Architecture,
    layers: Layers,
    level: Level,
    columns: usize,
    depth: usize,
    panels: usize,
    residuals: &'a [T],
}

impl<T: Scalar> Kernel<'_, T> {
    fn run(&self, task: Task<'_, T>, first: usize, work: Work<'_, T>) {
        let Task { hidden, output, hidden_sums, output_sums, mut before, kept, scratch } = task;
        let labels = self.architecture.labels;
        let (per_hidden, per_output) = (self.depth * self.columns, labels * self.columns);
        let per_spread = labels * self.columns / 2;
        if let Some(tile) = work.forward {
            scratch.spread[..tile.rows * per_spread].fill(T::default());
        }
        for p in 0..hidden.len() / per_hidden {
            let of_hidden = p * per_hidden..(p + 1) * per_hidden;
            let of_output = p * per_output..(p + 1) * per_output;
            let (hidden, output) = (&mut hidden[of_hidden.clone()], &mut output[of_output.clone()]);
            let (hidden_sums, output_sums) =
                (&mut hidden_sums[of_hidden.clone()], &mut output_sums[of_output.clone()]);
            let kept = &mut kept[p * T::TILE * self.columns..(p + 1) * T::TILE * self.columns];
            if let Some((tile, is_first)) = work.gradient {
                let kept = &mut kept[..tile.rows * self.columns];
                self.gradient(tile, is_first, kept, output, hidden_sums, output_sums, scratch);
            }
            if let Some(step) = work.step {
                if let Some((hidden_before, output_before)) = &mut before {
                    hidden_before[of_hidden].copy_from_slice(hidden);
                    output_before[of_output].copy_from_slice(output);
                }
                self.step(step, hidden, output, hidden_sums, output_sums);
                if first + p + 1 == self.panels {
                    self.clear_padding(output);
                }
            }
            if let Some(tile) = work.forward {
                let kept = &mut kept[..tile.rows * self.columns];
                self.forward(tile, kept, hidden, output, scratch);
            }
        }
        if let Some(tile) = work.forward {
            let lanes = self.columns / 2;
            let count = labels * tile.rows;
            let sums = &scratch.spread[..count * lanes];
            self.level.dispatch(LaneSums { sums, out: &mut scratch.values[..count] });
        }
    }

    fn forward(&self, tile: &Tile<T>, kept: &mut [T], hidden: &[T], output: &[T], scratch: &mut Scratch<T>) {
        let activation = &self.architecture.activation;
        self.level.dispatch(Arguments { rows: &tile.forward, depth: self.depth, weights: hidden, out: kept });
        let features: &[T] = match activation.slope_from() {
            SlopeFrom::Value => {
                T::apply(activation, kept);
                kept
            }
            SlopeFrom::Argument => {
                let features = &mut scratch.features[..kept.len()];
                features.copy_from_slice(kept);
                T::apply(activation, features);
                features
            }
        };
        let sums = &mut scratch.spread[..tile.rows * self.architecture.labels * self.columns / 2];
        self.level.dispatch(Values { features, output, sums, rows: tile.rows });
    }

    #[allow(clippy::too_many_arguments, reason = "the parts of one panel")]
    fn gradient(
        &self,
        tile: &Tile<T>,
        is_first: bool,
        kept: &[T],
        output: &[T],
        hidden_sums: &mut [T],
        output_sums: &mut [T],
        scratch: &mut Scratch<T>,
    ) {
        let activation = &self.architecture.activation;
        let labels = self.architecture.labels;
        let residuals = &self.residuals[..tile.rows * labels];
        if is_first {
            output_sums.fill(T::default());
        }
        let features = self.layers.output().then(|| match activation.slope_from() {
            SlopeFrom::Value => kept,
            SlopeFrom::Argument => {
                let features = &mut scratch.features[..kept.len()];
                features.copy_from_slice(kept);
                T::apply(activation, features);
                &*features
            }
        });
        let mut slopes = self.layers.hidden().then(|| {
            let slopes = &mut scratch.slopes[..kept.len()];
            T::slopes(activation, kept, slopes);
            slopes
        });
        let sums = output_sums;
        self.level.dispatch(Gradients {
            features,
            slopes: slopes.as_deref_mut(),
            residuals,
            labels,
            output,
            sums,
        });
        if let Some(errors) = slopes {
            let (rows, count) = (&tile.backward, tile.rows);
            self.level.dispatch(HiddenGradient { rows, errors, count, sums: hidden_sums, first: is_first });
        }
    }

    fn step(&self, step: T, hidden: &mut [T], output: &mut [T], hidden_sums: &[T], output_sums: &[T]) {
        if self.layers.output() {
            self.level.dispatch(AddScaled { y: output, factor: step, x: output_sums });
        }
        if self.layers.hidden() {
            self.level.dispatch(AddScaled { y: hidden, factor: step, x: hidden_sums });
            if self.architecture.on_sphere {
                self.project(hidden);
            }
        }
    }

    /// Normalises the direction of each unit.
    fn project(&self, hidden: &mut [T]) {
        let directions = &mut hidden[..self.architecture.dim * self.columns];
        let mut squares = vec![T::default(); self.columns];
        for row in directions.chunks(self.columns) {
            squares.iter_mut().zip(row).for_each(|(s, w)| *s += *w * *w);
        }
        let one = T::nearest(1.0);
        // A unit of length zero is not changed: it is padding, or has no direction.
        let norms: Vec<T> =
            squares.iter().map(|s| if *s > T::default() { one / s.root() } else { one }).collect();
        for row in directions.chunks_mut(self.columns) {
            row.iter_mut().zip(&norms).for_each(|(w, norm)| *w *= *norm);
        }
    }

    /// Sets the output weights of padding units to zero.
    fn clear_padding(&self, output: &mut [T]) {
        let used = self.architecture.width - (self.panels - 1) * self.columns;
        for row in output.chunks_mut(self.columns) {
            row[used..].fill(T::default());
        }
    }
}
