//! L-BFGS on the trained weights of a network: the other rule by which a descent moves (GD-8).

use super::lbfgs::Lbfgs;
use crate::error::Result;
use crate::fused::Gradient;
use crate::network::{Architecture, Layers, Weights};
use serde::{Deserialize, Serialize};

/// The number of steps that are remembered.
const MEMORY: usize = 10;

/// The state of L-BFGS that is needed, with its weights and pairs, to resume it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SearchState {
    /// The number of evaluations of loss and gradient.
    pub evaluations: usize,
    /// The iteration after which no lower loss was found.
    pub ended: Option<u64>,
}

/// L-BFGS in progress on the weights of some layers.
#[derive(Debug)]
pub(super) struct Search {
    lbfgs: Lbfgs,
    trained: Trained,
}

/// Which weights are trained.
#[derive(Clone, Copy, Debug)]
struct Trained {
    layers: Layers,
    biases: bool,
}

impl Search {
    /// Begins at these weights; `value` returns the loss and the gradient of half of it.
    pub(super) fn new(
        architecture: &Architecture,
        layers: Layers,
        weights: &Weights,
        pairs: &[[Weights; 2]],
        value: &mut dyn FnMut(&Weights) -> Result<(f64, Gradient)>,
    ) -> Result<Self> {
        let trained = Trained { layers, biases: architecture.biases };
        let pairs = pairs.iter().map(|pair| pair.each_ref().map(|w| trained.numbers(w))).collect();
        let mut template = weights.clone();
        let lbfgs = trained
            .guarded(&mut template, value, |f| Lbfgs::resume(trained.numbers(weights), pairs, MEMORY, f))?;
        Ok(Self { lbfgs, trained })
    }

    /// Performs one step from these weights, which are replaced. Returns false if no lower loss is found.
    pub(super) fn step(
        &mut self,
        weights: &mut Weights,
        value: &mut dyn FnMut(&Weights) -> Result<(f64, Gradient)>,
    ) -> Result<bool> {
        let Self { lbfgs, trained } = self;
        let moved = trained.guarded(weights, value, |f| lbfgs.step(f))?;
        trained.set(weights, lbfgs.point());
        Ok(moved)
    }

    /// Returns the loss at the current weights.
    pub(super) fn loss(&self) -> f64 {
        2.0 * self.lbfgs.value()
    }

    pub(super) fn evaluations(&self) -> usize {
        self.lbfgs.evaluations()
    }

    /// Returns the differences of weights and of gradients that are remembered, with zero for weights that are not trained.
    pub(super) fn pairs(&self, weights: &Weights) -> Vec<[Weights; 2]> {
        let with = |numbers: &[f64]| {
            let mut out = weights.clone();
            out.hidden.values_mut().fill(0.0);
            out.biases.fill(0.0);
            out.output.values_mut().fill(0.0);
            self.trained.set(&mut out, numbers);
            out
        };
        self.lbfgs.pairs().map(|(s, y)| [with(s), with(y)]).collect()
    }
}

impl Trained {
    /// Calls `work` with the objective on the trained numbers. The first error of `value` is returned; after it, the
    /// objective is NaN, which ends every search.
    fn guarded<T>(
        self,
        weights: &mut Weights,
        value: &mut dyn FnMut(&Weights) -> Result<(f64, Gradient)>,
        work: impl FnOnce(&mut dyn FnMut(&[f64]) -> (f64, Vec<f64>)) -> T,
    ) -> Result<T> {
        let mut failed = None;
        let out = work(&mut |numbers| {
            self.set(weights, numbers);
            match value(weights) {
                Ok((loss, gradient)) => (0.5 * loss, self.of_gradient(&gradient)),
                Err(error) => {
                    failed.get_or_insert(error);
                    (f64::NAN, vec![f64::NAN; numbers.len()])
                }
            }
        });
        failed.map_or(Ok(out), Err)
    }

    fn numbers(self, weights: &Weights) -> Vec<f64> {
        self.chain(weights.hidden.values(), &weights.biases, weights.output.values())
    }

    fn of_gradient(self, gradient: &Gradient) -> Vec<f64> {
        self.chain(gradient.hidden.values(), &gradient.biases, gradient.output.values())
    }

    fn chain(self, hidden: &[f64], biases: &[f64], output: &[f64]) -> Vec<f64> {
        let none: &[f64] = &[];
        let hidden =
            if self.layers.hidden() { [hidden, if self.biases { biases } else { none }] } else { [none; 2] };
        [hidden[0], hidden[1], if self.layers.output() { output } else { none }].concat()
    }

    fn set(self, weights: &mut Weights, numbers: &[f64]) {
        let mut rest = numbers;
        let mut take = |into: &mut [f64]| {
            let (own, others) = rest.split_at(into.len());
            into.copy_from_slice(own);
            rest = others;
        };
        if self.layers.hidden() {
            take(weights.hidden.values_mut());
            if self.biases {
                take(&mut weights.biases);
            }
        }
        if self.layers.output() {
            take(weights.output.values_mut());
        }
    }
}
