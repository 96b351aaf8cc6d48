//! Activations known through their values, their Taylor coefficients where they are analytic, and the points between
//! which they are.

use super::Apply;
use super::formula::Formula;
use crate::error::Result;
use crate::numeric::{DoubleDouble, Elementary, Jet};
use crate::sphere::Degree;
use std::sync::Arc;

/// A function of one variable in double-double arithmetic.
type Value = Box<dyn Fn(DoubleDouble) -> DoubleDouble + Send + Sync>;
/// Taylor coefficients f^(k)(x) / k!, k = 0..=order.
type Taylor = Arc<dyn Fn(DoubleDouble, Degree) -> Vec<DoubleDouble> + Send + Sync>;

/// What the numerical routes need to know of a function.
pub struct Numeric {
    /// Its value.
    pub value: Value,
    /// Its Taylor coefficients, where they are known.
    pub taylor: Option<Taylor>,
    /// Points between which it is analytic.
    pub breakpoints: Vec<DoubleDouble>,
    /// Relative accuracy of its values.
    pub accuracy: f64,
    /// Whether its form is known to be without narrow features that a coarse rule would miss.
    pub tame: bool,
}

impl std::fmt::Debug for Numeric {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Numeric").field("breakpoints", &self.breakpoints).finish_non_exhaustive()
    }
}

/// One formula for every number type.
pub(super) trait Analytic: Send + Sync + 'static {
    fn at<T: Elementary>(&self, t: &T) -> T;
}

macro_rules! analytic {
    ($($name:ident: |$t:ident| $formula:expr;)*) => {
        $(
            pub(super) struct $name;
            impl Analytic for $name {
                fn at<T: Elementary>(&self, $t: &T) -> T {
                    $formula
                }
            }
        )*
    };
}

analytic! {
    Sigmoid: |t| t.sigmoid();
    Tanh: |t| t.tanh();
    Erf: |t| t.erf();
    Gelu: |t| t.clone() * t.normal_cdf();
    Silu: |t| t.clone() * t.sigmoid();
    Softplus: |t| t.softplus();
    Sin: |t| t.sin();
    Cos: |t| t.cos();
    Exp: |t| t.exp();
}

/// Values in double-double arithmetic carry this relative error.
const DOUBLE_DOUBLE: f64 = 1e-29;

impl Numeric {
    pub(super) fn analytic(function: impl Analytic) -> Self {
        let function = Arc::new(function);
        let jets = Arc::clone(&function);
        Self {
            value: Box::new(move |x| function.at(&x)),
            taylor: Some(Arc::new(move |x, order| jets.at(&Jet::variable(x, order)).coefficients().to_vec())),
            breakpoints: Vec::new(),
            accuracy: DOUBLE_DOUBLE,
            tame: true,
        }
    }

    pub(super) fn formula(formula: &Arc<Formula>, scale: f64) -> Result<Self> {
        let breakpoints = formula.breakpoints(-scale, scale)?;
        let (values, jets) = (Arc::clone(formula), Arc::clone(formula));
        Ok(Self {
            value: Box::new(move |x| values.value(&x)),
            taylor: Some(Arc::new(move |x, order| {
                jets.value(&Jet::variable(x, order)).coefficients().to_vec()
            })),
            breakpoints,
            accuracy: DOUBLE_DOUBLE,
            tame: false,
        })
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
            tame: false,
        }
    }

    /// The derivative, where Taylor coefficients are known.
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
            tame: self.tame,
        })
    }
}
