//! Activations given as code.

use std::sync::Arc;

/// An activation given as code. Its coefficients have an error near 1e-15 of its norm.
#[derive(Clone)]
pub struct Function {
    pub(super) name: String,
    pub(super) apply: Arc<Apply>,
    pub(super) kinks: Vec<f64>,
    /// What tells the same code from other code, where it is in memory more than once.
    identity: Option<u128>,
}

/// Replaces every argument by phi of it.
pub(super) type Apply = dyn Fn(&mut [f64]) + Send + Sync;

impl Function {
    /// A function with the points where it is not smooth; a kink that is not named costs accuracy, which the error
    /// estimate of its coefficients shows.
    pub fn new(name: &str, kinks: Vec<f64>, value: impl Fn(f64) -> f64 + Send + Sync + 'static) -> Self {
        Self::of_slices(name, kinks, move |values| values.iter_mut().for_each(|t| *t = value(*t)))
    }

    /// The same for code that works on many arguments at once, each by itself: it replaces them by phi of them.
    pub fn of_slices(
        name: &str,
        kinks: Vec<f64>,
        apply: impl Fn(&mut [f64]) + Send + Sync + 'static,
    ) -> Self {
        Self { name: name.to_owned(), apply: Arc::new(apply), kinks, identity: None }
    }

    /// The same code with an identity: functions of one identity and with the same kinks are equal.
    pub fn identified(self, identity: u128) -> Self {
        Self { identity: Some(identity), ..self }
    }
}

/// Code without an identity is equal to itself alone.
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
