//! Activations given as code.

use std::sync::Arc;

/// An activation given as code. Its coefficients have an error near 1e-15 of its norm.
#[derive(Clone)]
pub struct Function {
    pub(super) name: String,
    pub(super) apply: Arc<Apply>,
    pub(super) kinks: Vec<f64>,
    /// Identifies the code, which may be loaded more than once.
    identity: Option<u128>,
}

/// Replaces every argument by the value of phi there.
pub(super) type Apply = dyn Fn(&mut [f64]) + Send + Sync;

impl Function {
    /// Creates a function from a closure and the points at which it is not smooth. A missing kink reduces accuracy,
    /// which the error estimate of the coefficients shows; kinks that are not finite are refused where the function is
    /// used.
    pub fn new(
        name: &str,
        kinks: impl Into<Vec<f64>>,
        value: impl Fn(f64) -> f64 + Send + Sync + 'static,
    ) -> Self {
        Self::of_slices(name, kinks, move |values| values.iter_mut().for_each(|t| *t = value(*t)))
    }

    /// Like [`Self::new`], for code that evaluates many arguments in one call: it replaces each argument by the value
    /// of phi there.
    pub fn of_slices(
        name: &str,
        kinks: impl Into<Vec<f64>>,
        apply: impl Fn(&mut [f64]) + Send + Sync + 'static,
    ) -> Self {
        Self { name: name.to_owned(), apply: Arc::new(apply), kinks: kinks.into(), identity: None }
    }

    /// Returns the same function with an identity: functions with equal identities and equal kinks are equal.
    pub fn identified(self, identity: u128) -> Self {
        Self { identity: Some(identity), ..self }
    }
}

/// A function without an identity is equal only to itself.
impl PartialEq for Function {
    fn eq(&self, other: &Self) -> bool {
        let same = self.identity.is_some() && (self.identity, &self.kinks) == (other.identity, &other.kinks);
        same || std::ptr::eq(self, other)
    }
}

impl std::fmt::Debug for Function {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Function")
            .field("name", &self.name)
            .field("kinks", &self.kinks)
            .finish_non_exhaustive()
    }
}
