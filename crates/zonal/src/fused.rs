//! Loss and gradients of both layers in one pass over tiles of rows: forward product, activation, derivative and both
//! gradients while a tile is in cache. Memory beside weights and rows is one tile times the width.
//!
//! Units stand in panels of two vectors; a panel of weights, of arguments or of gradients is a matrix with so many
//! columns. Each task works on a few panels, takes the gradient of one tile and goes forward on the next, so that tasks
//! meet once a tile. What a task adds up it adds up alone and in a fixed order: the number of threads does not matter.

use crate::activation::{Keep, Scalar};
use crate::error::{Error, Result};
use crate::linalg::Matrix;
use crate::network::{Architecture, Layers, Weights};
use crate::numeric::lanes::Lanes;
use crate::numeric::level::Level;
use pulp::{Simd, WithSimd};
use rayon::prelude::*;

/// Panels that one task works on.
const GROUP: usize = 8;
/// Passes with fewer flops are not worth a second thread.
const SMALL: usize = 8_000_000;

/// How many numbers a vector has, and how many rows a product takes at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shape {
    lanes: usize,
    rows: usize,
}

struct ShapeOf<T>(std::marker::PhantomData<T>);

impl<T: Lanes> WithSimd for ShapeOf<T> {
    type Output = Shape;
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Shape {
        Shape { lanes: T::lanes::<S>(), rows: if many_registers::<S>() { 8 } else { 4 } }
    }
}

/// Sums of 8 rows by two vectors need 16 registers, and as many again must be left.
#[inline(always)]
fn many_registers<S: Simd>() -> bool {
    S::REGISTER_COUNT >= 32
}

/// Rows on which a pass runs, packed for the products of both directions.
#[derive(Debug)]
pub(crate) struct PackedRows<T> {
    tiles: Vec<Tile<T>>,
    rows: usize,
    labels: usize,
    /// Coordinates with the bias's, and the scale that is in them.
    depth: usize,
    scale: f64,
}

#[derive(Debug)]
struct Tile<T> {
    rows: usize,
    /// The rows s x (and 1 where there are biases), a few at a time, coordinate by coordinate.
    forward: Vec<T>,
    /// Their transpose, a few coordinates at a time, row by row.
    backward: Vec<T>,
    /// Row by row.
    labels: Vec<T>,
}

/// The sizes of the blocks that a product takes its rows in: `most` at a time, and powers of two for the rest.
fn blocks(rows: usize, most: usize) -> impl Iterator<Item = usize> {
    let mut left = rows;
    std::iter::from_fn(move || {
        let mut size = most;
        while size > left {
            size /= 2;
        }
        left -= size;
        (size > 0).then_some(size)
    })
}

/// A matrix with so many rows, block of rows by block, column by column within a block; entry (i, j) stands at
/// `i * strides[0] + j * strides[1]` of `values`.
fn packed<T: Copy + Default>(
    rows: usize,
    columns: usize,
    most: usize,
    strides: [usize; 2],
    values: &[T],
) -> Vec<T> {
    let mut out = vec![T::default(); rows * columns];
    let mut first = 0;
    for size in blocks(rows, most) {
        let block = &mut out[first * columns..(first + size) * columns];
        for (j, out) in block.chunks_exact_mut(size).enumerate() {
            let at = first * strides[0] + j * strides[1];
            if strides[0] == 1 {
                out.copy_from_slice(&values[at..at + size]);
            } else {
                for (i, x) in out.iter_mut().enumerate() {
                    *x = values[at + i * strides[0]];
                }
            }
        }
        first += size;
    }
    out
}

impl<T: Scalar> Tile<T> {
    fn new(rows: &[(&[f64], &[f64])], scale: T, biases: bool, shape: Shape) -> Self {
        let n = rows.first().map_or(0, |(x, _)| x.len());
        let depth = n + usize::from(biases);
        // Where there are biases, the last coordinate stays 1.
        let mut wide = vec![T::nearest(1.0); rows.len() * depth];
        for (to, (x, _)) in wide.chunks_mut(depth).zip(rows) {
            for (to, x) in to.iter_mut().zip(*x) {
                *to = scale * T::nearest(*x);
            }
        }
        let mut labels = Vec::with_capacity(rows.len() * rows.first().map_or(0, |(_, y)| y.len()));
        for (_, y) in rows {
            labels.extend(y.iter().map(|y| T::nearest(*y)));
        }
        Self {
            rows: rows.len(),
            forward: packed(rows.len(), depth, shape.rows, [depth, 1], &wide),
            backward: packed(depth, rows.len(), shape.rows, [1, depth], &wide),
            labels,
        }
    }
}

/// out\[r\] = sum_k x\[k\]\[r\] panel\[k\], or that added to it, for R rows.
#[inline(always)]
fn block<T: Scalar, S: Simd, const R: usize, const ADD: bool>(
    simd: S,
    x: &[T],
    panel: &[[T::Vector<S>; 2]],
    out: &mut [[T::Vector<S>; 2]],
) {
    let mut sums = [[T::splat(simd, T::default()); 2]; R];
    for (x, p) in x.as_chunks::<R>().0.iter().zip(panel) {
        for r in 0..R {
            let factor = T::splat(simd, x[r]);
            sums[r][0] = T::fused(simd, factor, p[0], sums[r][0]);
            sums[r][1] = T::fused(simd, factor, p[1], sums[r][1]);
        }
    }
    for (out, sum) in out.iter_mut().zip(sums) {
        *out = if ADD { [T::plus(simd, out[0], sum[0]), T::plus(simd, out[1], sum[1])] } else { sum };
    }
}

/// The product of packed rows with a panel that is `depth` deep.
#[inline(always)]
fn product<T: Scalar, S: Simd, const ADD: bool>(simd: S, x: &[T], depth: usize, panel: &[T], out: &mut [T]) {
    let panel = T::vectors::<S>(panel).as_chunks::<2>().0;
    let mut out = T::vectors_mut::<S>(out).as_chunks_mut::<2>().0;
    let mut x = x;
    for size in blocks(out.len(), if many_registers::<S>() { 8 } else { 4 }) {
        let (now, rest) = std::mem::take(&mut out).split_at_mut(size);
        let (rows, after) = x.split_at(size * depth);
        match size {
            8 => block::<T, S, 8, ADD>(simd, rows, panel, now),
            4 => block::<T, S, 4, ADD>(simd, rows, panel, now),
            2 => block::<T, S, 2, ADD>(simd, rows, panel, now),
            _ => block::<T, S, 1, ADD>(simd, rows, panel, now),
        }
        (out, x) = (rest, after);
    }
}

/// The arguments of a panel's units on a tile.
struct Arguments<'a, T> {
    rows: &'a [T],
    depth: usize,
    weights: &'a [T],
    out: &'a mut [T],
}

impl<T: Scalar> WithSimd for Arguments<'_, T> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        product::<T, S, false>(simd, self.rows, self.depth, self.weights, self.out);
    }
}

/// Adds a panel's part of the network's values, still spread over the lanes.
struct Values<'a, T> {
    features: &'a [T],
    /// Label by label.
    output: &'a [T],
    /// Label by label, row by row.
    sums: &'a mut [T],
    rows: usize,
}

impl<T: Scalar> WithSimd for Values<'_, T> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let features = T::vectors::<S>(self.features).as_chunks::<2>().0;
        let output = T::vectors::<S>(self.output).as_chunks::<2>().0;
        let sums = T::vectors_mut::<S>(self.sums);
        for (a, sums) in output.iter().zip(sums.chunks_mut(self.rows)) {
            for (phi, sum) in features.iter().zip(sums) {
                *sum = T::fused(simd, phi[1], a[1], T::fused(simd, phi[0], a[0], *sum));
            }
        }
    }
}

/// The sum over the lanes of each vector. Halves are added until two neighbours are left, so that units and their mirror
/// images, which are neighbours, cancel exactly.
struct LaneSums<'a, T> {
    sums: &'a [T],
    out: &'a mut [T],
}

impl<T: Scalar> WithSimd for LaneSums<'_, T> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        for (out, sum) in self.out.iter_mut().zip(T::vectors::<S>(self.sums)) {
            *out = T::lane_sum(simd, *sum);
        }
    }
}

/// The gradients of a panel's output weights, sum_i r_il phi_ij, and from phi' the derivative of the loss by each argument,
/// phi'_ij sum_l r_il a_lj. Either may be left out.
struct Gradients<'a, T> {
    features: Option<&'a [T]>,
    slopes: Option<&'a mut [T]>,
    /// Row by row, label by label.
    residuals: &'a [T],
    labels: usize,
    /// Label by label.
    output: &'a [T],
    /// Label by label; added to.
    sums: &'a mut [T],
}

impl<T: Scalar> WithSimd for Gradients<'_, T> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let output = T::vectors::<S>(self.output).as_chunks::<2>().0;
        let sums = T::vectors_mut::<S>(self.sums).as_chunks_mut::<2>().0;
        if let (Some(features), Some(slopes), [a], [sum]) =
            (self.features, &mut self.slopes, output, &mut *sums)
        {
            // The usual case in one pass.
            let features = T::vectors::<S>(features).as_chunks::<2>().0;
            let slopes = T::vectors_mut::<S>(slopes).as_chunks_mut::<2>().0;
            let mut total = *sum;
            for ((phi, slope), r) in features.iter().zip(slopes).zip(self.residuals) {
                let r = T::splat(simd, *r);
                for v in 0..2 {
                    total[v] = T::fused(simd, r, phi[v], total[v]);
                    slope[v] = T::times(simd, slope[v], T::times(simd, r, a[v]));
                }
            }
            *sum = total;
            return;
        }
        if let Some(features) = self.features {
            let features = T::vectors::<S>(features).as_chunks::<2>().0;
            for (label, sum) in sums.iter_mut().enumerate() {
                let mut total = *sum;
                for (phi, r) in features.iter().zip(self.residuals.iter().skip(label).step_by(self.labels)) {
                    let r = T::splat(simd, *r);
                    total[0] = T::fused(simd, r, phi[0], total[0]);
                    total[1] = T::fused(simd, r, phi[1], total[1]);
                }
                *sum = total;
            }
        }
        if let Some(slopes) = self.slopes {
            let slopes = T::vectors_mut::<S>(slopes).as_chunks_mut::<2>().0;
            for (slope, r) in slopes.iter_mut().zip(self.residuals.chunks(self.labels)) {
                let mut sum = [T::splat(simd, T::default()); 2];
                for (r, a) in r.iter().zip(output) {
                    let r = T::splat(simd, *r);
                    sum = [T::fused(simd, r, a[0], sum[0]), T::fused(simd, r, a[1], sum[1])];
                }
                *slope = [T::times(simd, slope[0], sum[0]), T::times(simd, slope[1], sum[1])];
            }
        }
    }
}

/// Adds the tile's part of the gradient of the hidden weights, or begins with it.
struct HiddenGradient<'a, T> {
    rows: &'a [T],
    errors: &'a [T],
    count: usize,
    sums: &'a mut [T],
    first: bool,
}

impl<T: Scalar> WithSimd for HiddenGradient<'_, T> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        if self.first {
            product::<T, S, false>(simd, self.rows, self.count, self.errors, self.sums);
        } else {
            product::<T, S, true>(simd, self.rows, self.count, self.errors, self.sums);
        }
    }
}

/// y += factor x.
struct AddScaled<'a, T> {
    y: &'a mut [T],
    factor: T,
    x: &'a [T],
}

impl<T: Scalar> WithSimd for AddScaled<'_, T> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let factor = T::splat(simd, self.factor);
        for (y, x) in T::vectors_mut::<S>(self.y).iter_mut().zip(T::vectors::<S>(self.x)) {
            *y = T::fused(simd, factor, *x, *y);
        }
    }
}

/// A network in training, with the sums of its gradients.
#[derive(Debug)]
pub(crate) struct Fused<T> {
    architecture: Architecture,
    layers: Layers,
    level: Level,
    shape: Shape,
    /// Coordinates of a row, with the bias's.
    depth: usize,
    panels: usize,
    /// Panel by panel, coordinate by coordinate.
    hidden: Vec<T>,
    /// Panel by panel, label by label.
    output: Vec<T>,
    hidden_sums: Vec<T>,
    output_sums: Vec<T>,
    /// The weights before the last step.
    before: Option<[Vec<T>; 2]>,
    /// For each panel the values or arguments of its units on the tile in work.
    kept: Vec<T>,
    scratch: Vec<Scratch<T>>,
    residuals: Vec<T>,
}

/// What one task needs for itself.
#[derive(Debug)]
struct Scratch<T> {
    slopes: Vec<T>,
    features: Vec<T>,
    /// The sums of the network's values, spread over lanes.
    spread: Vec<T>,
    /// The task's part of the network's values on a tile, label by label.
    values: Vec<T>,
}

/// What one task works on.
struct Task<'a, T> {
    hidden: &'a mut [T],
    output: &'a mut [T],
    hidden_sums: &'a mut [T],
    output_sums: &'a mut [T],
    before: Option<(&'a mut [T], &'a mut [T])>,
    kept: &'a mut [T],
    scratch: &'a mut Scratch<T>,
}

/// What a task does between two meetings.
#[derive(Clone, Copy)]
struct Work<'a, T> {
    /// The gradient of this tile, whose residuals are known; whether it is the first one.
    gradient: Option<(&'a Tile<T>, bool)>,
    /// Forward on this one.
    forward: Option<&'a Tile<T>>,
    /// The step in units of the sums, once all tiles are done.
    step: Option<T>,
}

/// The gradient of (1/2) E sum_l (f_l - y_l)^2.
#[derive(Clone, Debug, PartialEq)]
pub struct Gradient {
    /// By the hidden weights, one unit a row.
    pub hidden: Matrix,
    /// By the biases; zero where there are none.
    pub biases: Vec<f64>,
    /// By the output weights, one label a row.
    pub output: Matrix,
}

impl<T: Scalar> Fused<T> {
    /// A network with the given weights, in which these layers are trained.
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
            let required = "one whose derivative is known, or --layers output";
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

    /// Rows for this network: each a point and its labels.
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

    /// The weights, exactly.
    pub(crate) fn weights(&self) -> Weights {
        self.unpacked(&self.hidden, &self.output, 1.0)
    }

    /// Whether rows were packed for a network of these sizes and this scale.
    pub(crate) fn fits(&self, rows: &PackedRows<T>) -> bool {
        let (a, b) = ((self.architecture.labels, self.depth), (rows.labels, rows.depth));
        a == b && self.architecture.scale == rows.scale
    }

    /// Other weights of the same sizes.
    pub(crate) fn set(&mut self, weights: &Weights) {
        [self.hidden, self.output] = packed_weights(&self.architecture, self.shape, weights);
    }

    /// The network without its weights.
    pub(crate) fn architecture(&self) -> &Architecture {
        &self.architecture
    }

    /// Keeps the weights before each step from now on, beginning with these, or does not.
    pub(crate) fn keep_before(&mut self, before: Option<&Weights>) {
        self.before = before.map(|weights| packed_weights(&self.architecture, self.shape, weights));
    }

    /// The weights before the last step, where they are kept.
    pub(crate) fn before(&self) -> Option<Weights> {
        self.before.as_ref().map(|[hidden, output]| self.unpacked(hidden, output, 1.0))
    }

    /// Takes the last step back.
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

    /// One step of gradient descent on the rows, unless the loss is above `limit` or not a number. Returns the mean square
    /// of the residual of each label before it.
    pub(crate) fn step(&mut self, rows: &PackedRows<T>, step: f64, limit: f64) -> Vec<f64> {
        self.pass(rows, Some((step, limit)))
    }

    /// The mean square of the residual of each label, and the gradient.
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

    /// r = (f - y) / rows on a tile, from the tasks' parts of f.
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

/// Weights in panels: hidden ones coordinate by coordinate, output ones label by label.
fn packed_weights<T: Scalar>(architecture: &Architecture, shape: Shape, weights: &Weights) -> [Vec<T>; 2] {
    let (columns, labels) = (2 * shape.lanes, architecture.labels);
    let depth = architecture.dim + usize::from(architecture.biases);
    let panels = architecture.width.div_ceil(columns);
    let mut hidden = vec![T::default(); panels * depth * columns];
    let mut output = vec![T::default(); panels * labels * columns];
    for place in 0..panels * columns {
        let (panel, lane) = (place / columns, place % columns);
        // The last panel is filled up by copies of the last unit without an output: an argument of 0 might be a pole.
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

/// What all tasks share.
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
        let features: &[T] = match activation.keep() {
            Keep::Value => {
                T::apply(activation, kept);
                kept
            }
            Keep::Argument => {
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
        let features = self.layers.output().then(|| match activation.keep() {
            Keep::Value => kept,
            Keep::Argument => {
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

    /// Divides each unit's direction by its length.
    fn project(&self, hidden: &mut [T]) {
        let directions = &mut hidden[..self.architecture.dim * self.columns];
        let mut squares = vec![T::default(); self.columns];
        for row in directions.chunks(self.columns) {
            squares.iter_mut().zip(row).for_each(|(s, w)| *s += *w * *w);
        }
        let one = T::nearest(1.0);
        // A unit of length zero stays: it is a padding, or has no direction.
        let norms: Vec<T> =
            squares.iter().map(|s| if *s > T::default() { one / s.root() } else { one }).collect();
        for row in directions.chunks_mut(self.columns) {
            row.iter_mut().zip(&norms).for_each(|(w, norm)| *w *= *norm);
        }
    }

    /// Units that only fill the last panel have no output.
    fn clear_padding(&self, output: &mut [T]) {
        let used = self.architecture.width - (self.panels - 1) * self.columns;
        for row in output.chunks_mut(self.columns) {
            row[used..].fill(T::default());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activation::Activation;
    use crate::network::{Parametrisation, Start};
    use crate::numeric::random::Purpose;
    use crate::sphere::uniform_points;

    fn architecture(width: usize, labels: usize, biases: bool) -> Architecture {
        Architecture {
            activation: Activation::Gelu,
            scale: 1.7,
            dim: 11,
            width,
            labels,
            biases,
            on_sphere: false,
            parametrisation: Parametrisation::Ntk,
        }
    }

    /// Points and labels.
    fn rows(count: usize, dim: usize, labels: usize) -> (Matrix, Matrix) {
        let points = uniform_points(crate::sphere::Dim::new(dim as u64).unwrap(), count, 3, Purpose::Points);
        let values = (0..count * labels).map(|i| ((i * 7) % 11) as f64 / 5.0 - 1.0).collect();
        (points, Matrix::from_rows(count, labels, values).unwrap())
    }

    fn pairs((points, labels): &(Matrix, Matrix)) -> Vec<(&[f64], &[f64])> {
        (0..points.rows()).map(|i| (points.row(i), labels.row(i))).collect()
    }

    /// The same gradient, written as the formulas are.
    fn plain(a: &Architecture, weights: &Weights, rows: &(Matrix, Matrix)) -> (Vec<f64>, Gradient) {
        let (points, labels) = rows;
        let (c, count) = (a.factor(), points.rows() as f64);
        let mut gradient = Gradient {
            hidden: Matrix::zeros(a.width, a.dim),
            biases: vec![0.0; a.width],
            output: Matrix::zeros(a.labels, a.width),
        };
        let mut losses = vec![0.0; a.labels];
        for i in 0..points.rows() {
            let z: Vec<f64> = (0..a.width)
                .map(|j| {
                    a.scale * crate::linalg::dot(weights.hidden.row(j), points.row(i)) + weights.biases[j]
                })
                .collect();
            let r: Vec<f64> = (0..a.labels)
                .map(|l| {
                    let f: f64 =
                        (0..a.width).map(|j| weights.output.row(l)[j] * a.activation.value(z[j])).sum();
                    c * f - labels.row(i)[l]
                })
                .collect();
            for j in 0..a.width {
                let mut error = 0.0;
                for l in 0..a.labels {
                    gradient.output.row_mut(l)[j] += c * r[l] * a.activation.value(z[j]) / count;
                    error += c * r[l] * weights.output.row(l)[j] * a.activation.slope(z[j]) / count;
                }
                for k in 0..a.dim {
                    gradient.hidden.row_mut(j)[k] += error * a.scale * points.row(i)[k];
                }
                if a.biases {
                    gradient.biases[j] += error;
                }
            }
            losses.iter_mut().zip(r).for_each(|(s, r)| *s += r * r / count);
        }
        (losses, gradient)
    }

    fn largest_difference(a: &Gradient, b: &Gradient) -> f64 {
        let all = |g: &Gradient| [g.hidden.values(), &g.biases, g.output.values()].concat();
        all(a).iter().zip(all(b)).map(|(x, y)| (x - y).abs()).fold(0.0, f64::max)
    }

    #[test]
    fn every_level_precision_and_size_gives_the_plain_gradient() {
        for (width, labels, count, biases) in
            [(1, 1, 1, false), (37, 1, 5, true), (300, 3, 131, true), (64, 1, 200, false)]
        {
            let a = architecture(width, labels, biases);
            let mut weights = a.weights(Start::Random, 5).unwrap();
            if biases {
                weights.biases.iter_mut().enumerate().for_each(|(j, b)| *b = 0.1 * (j as f64).sin());
            }
            let rows = rows(count, a.dim, labels);
            let (losses, exact) = plain(&a, &weights, &rows);
            for level in Level::all() {
                let mut wide = Fused::<f64>::at_level(level, &a, Layers::Both, &weights).unwrap();
                assert_eq!(wide.weights(), weights);
                let batch = wide.pack(&pairs(&rows));
                let (found, gradient) = wide.gradient(&batch);
                assert!(largest_difference(&gradient, &exact) < 1e-14, "{level:?} {width}");
                found.iter().zip(&losses).for_each(|(x, y)| assert!((x - y).abs() < 1e-13 * y));
                let mut narrow = Fused::<f32>::at_level(level, &a, Layers::Both, &weights).unwrap();
                let batch = narrow.pack(&pairs(&rows));
                let (found, gradient) = narrow.gradient(&batch);
                assert!(largest_difference(&gradient, &exact) < 2e-6, "{level:?} {width}");
                found.iter().zip(&losses).for_each(|(x, y)| assert!((x - y).abs() < 1e-5 * y));
            }
        }
    }

    #[test]
    fn a_symmetric_start_is_exactly_zero() {
        for biases in [false, true] {
            let a = architecture(1001, 2, biases);
            let weights = a.weights(Start::Symmetric, 5).unwrap();
            let (points, _) = rows(150, a.dim, 2);
            let zeros = Matrix::zeros(150, 2);
            for level in Level::all() {
                let rows = (points.clone(), zeros.clone());
                let mut wide = Fused::<f64>::at_level(level, &a, Layers::Both, &weights).unwrap();
                let batch = wide.pack(&pairs(&rows));
                assert_eq!(wide.gradient(&batch).0, [0.0; 2]);
                let mut narrow = Fused::<f32>::at_level(level, &a, Layers::Both, &weights).unwrap();
                let batch = narrow.pack(&pairs(&rows));
                assert_eq!(narrow.gradient(&batch).0, [0.0; 2]);
            }
        }
    }

    #[test]
    fn threads_do_not_change_a_bit() {
        let a = architecture(1500, 1, false);
        let weights = a.weights(Start::Random, 5).unwrap();
        let rows = rows(700, a.dim, 1);
        let run = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                let mut network = Fused::<f32>::new(&a, Layers::Both, &weights).unwrap();
                let batch = network.pack(&pairs(&rows));
                (0..5).for_each(|_| drop(network.step(&batch, 0.3, f64::INFINITY)));
                network.weights()
            })
        };
        let one = run(1);
        assert_eq!(one, run(2));
        assert_eq!(one, run(4));
    }
}
