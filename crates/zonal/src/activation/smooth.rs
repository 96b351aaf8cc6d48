//! Activations given by their values, by their Taylor coefficients where they are analytic, and by the points between
//! which they are analytic.

use super::function::Apply;
use super::pieces::Piece;
use super::tree::{Function, Node};
use crate::numeric::{DoubleDouble, Jet};
use crate::sphere::Degree;
use std::sync::Arc;

/// A function of one variable in double-double arithmetic.
type Value = Box<dyn Fn(DoubleDouble) -> DoubleDouble + Send + Sync>;
/// The Taylor coefficients f^(k)(x) / k!, k = 0..=order.
type Taylor = Arc<dyn Fn(DoubleDouble, Degree) -> Vec<DoubleDouble> + Send + Sync>;

/// The properties of a function that the numerical methods need.
pub struct Numeric {
    /// Its value.
    pub value: Value,
    /// Its Taylor coefficients, if they are known.
    pub taylor: Option<Taylor>,
    /// Points between which it is analytic.
    pub breakpoints: Vec<DoubleDouble>,
    /// The relative accuracy of its values.
    pub accuracy: f64,
    /// Its analytic pieces, if values can be enclosed; integrals then have proven error bounds.
    pub pieces: Vec<Piece>,
}

impl std::fmt::Debug for Numeric {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Numeric").field("breakpoints", &self.breakpoints).finish_non_exhaustive()
    }
}

/// The relative error of values in double-double arithmetic.
const DOUBLE_DOUBLE: f64 = 1e-29;

impl Numeric {
    /// Creates the description of a formula from its pieces.
    pub(super) fn tree(root: Arc<Node>, pieces: Vec<Piece>) -> Self {
        let jets = Arc::clone(&root);
        Self {
            value: Box::new(move |x| root.value(&x)),
            taylor: Some(Arc::new(move |x, order| {
                jets.value(&Jet::variable(x, order)).coefficients().to_vec()
            })),
            breakpoints: pieces.iter().skip(1).map(|p| p.from).collect(),
            accuracy: DOUBLE_DOUBLE,
            pieces,
        }
    }

    /// Creates the description of a function of the variable alone that is analytic on the whole line.
    pub(super) fn call(function: Function, scale: f64) -> Self {
        let root = Node::Call(function, vec![Node::Variable]);
        let (from, to) = (DoubleDouble::from(-scale), DoubleDouble::from(scale));
        let pieces = vec![Piece::new(&root, from, to)];
        Self::tree(Arc::new(root), pieces)
    }

    pub(super) fn function(apply: &Arc<Apply>, kinks: &[f64], scale: f64) -> Self {
        let apply = Arc::clone(apply);
        let mut inside: Vec<f64> = kinks.iter().copied().filter(|k| k.abs() < scale).collect();
        inside.sort_by(f64::total_cmp);
        Self {
            value: Box::new(move |x| {
                let mut value = [x.to_f64()];
                apply(&mut value);
                DoubleDouble::from(value[0])
            }),
            taylor: None,
            breakpoints: inside.into_iter().map(DoubleDouble::from).collect(),
            accuracy: 1e-15,
            pieces: Vec::new(),
        }
    }

    /// Returns the derivative, if Taylor coefficients are known.
    pub(super) fn derivative(self) -> Option<Self> {
        let taylor = self.taylor?;
        let jets = Arc::clone(&taylor);
        Some(Self {
            value: Box::new(move |x| taylor(x, 1)[1]),
            taylor: Some(Arc::new(move |x, order| {
                let series = jets(x, order + 1);
                (0..=order).map(|k| series[k + 1] * DoubleDouble::from((k + 1) as f64)).collect()
            })),
            breakpoints: self.breakpoints,
            accuracy: self.accuracy,
            pieces: self.pieces.iter().map(Piece::derivative).collect(),
        })
    }
}
