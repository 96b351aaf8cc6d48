//! Units phi(<w, x> + b) of several activations, and their features.

use zonal::activation::Activation;
use zonal::linalg::Matrix;

/// A list of units: the weights of each with its bias last, and its activation.
#[derive(Clone, Debug)]
pub(crate) struct Units {
    /// The activations that units may have.
    pub(crate) activations: Vec<Activation>,
    /// The activation of each unit, as an index.
    pub(crate) kinds: Vec<usize>,
    /// One unit after the other, each with as many numbers as a row has coordinates.
    pub(crate) weights: Vec<f64>,
    /// The number of coordinates of a row, including the last one, 1.
    pub(crate) depth: usize,
}

impl Units {
    pub(crate) fn none(activations: Vec<Activation>, depth: usize) -> Self {
        Self { activations, kinds: Vec::new(), weights: Vec::new(), depth }
    }

    pub(crate) fn len(&self) -> usize {
        self.kinds.len()
    }

    pub(crate) fn unit(&self, j: usize) -> &[f64] {
        &self.weights[j * self.depth..(j + 1) * self.depth]
    }

    pub(crate) fn push(&mut self, kind: usize, weights: &[f64]) {
        self.kinds.push(kind);
        self.weights.extend_from_slice(weights);
    }

    /// Returns these units, grouped by activation: within a group in this order.
    pub(crate) fn grouped(&self, mut chosen: Vec<usize>) -> Self {
        chosen.sort_by_key(|&j| self.kinds[j]);
        let mut out = Self::none(self.activations.clone(), self.depth);
        chosen.into_iter().for_each(|j| out.push(self.kinds[j], self.unit(j)));
        out
    }

    /// Returns the units `first..last`.
    pub(crate) fn range(&self, first: usize, last: usize) -> Self {
        let mut out = Self::none(self.activations.clone(), self.depth);
        (first..last).for_each(|j| out.push(self.kinds[j], self.unit(j)));
        out
    }

    pub(crate) fn append(&mut self, other: &Self) {
        self.kinds.extend_from_slice(&other.kinds);
        self.weights.extend_from_slice(&other.weights);
    }

    /// Computes <w_j, x_i> + b_j.
    pub(crate) fn arguments(&self, points: &Matrix) -> Matrix {
        points.times_transposed(&self.matrix())
    }

    pub(crate) fn matrix(&self) -> Matrix {
        let mut out = Matrix::zeros(self.len(), self.depth);
        out.values_mut().copy_from_slice(&self.weights);
        out
    }

    /// Replaces arguments by features.
    pub(crate) fn apply(&self, arguments: &mut Matrix) {
        for i in 0..arguments.rows() {
            let row = arguments.row_mut(i);
            self.each_run(|activation, run| activation.apply(&mut row[run]));
        }
    }

    /// Replaces arguments by slopes, given the features.
    pub(crate) fn slopes(&self, arguments: &mut Matrix, features: &Matrix) {
        for i in 0..arguments.rows() {
            let (row, values) = (arguments.row_mut(i), features.row(i));
            self.each_run(|activation, run| {
                activation.replace_by_slopes(&mut row[run.clone()], &values[run]);
            });
        }
    }

    /// Computes the features of rows.
    pub(crate) fn features(&self, points: &Matrix) -> Matrix {
        let mut out = self.arguments(points);
        self.apply(&mut out);
        out
    }

    /// Calls `f` with the activation and the range of each run of units of one activation.
    fn each_run(&self, mut f: impl FnMut(&Activation, std::ops::Range<usize>)) {
        let mut from = 0;
        for run in self.kinds.chunk_by(|a, b| a == b) {
            f(&self.activations[run[0]], from..from + run.len());
            from += run.len();
        }
    }
}
