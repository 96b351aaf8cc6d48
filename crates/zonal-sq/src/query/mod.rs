//! Queries as values: functions h(x, y) of a random labelled point with norm, range, Lipschitz constant and identity.

mod function;
mod identity;
mod unit;

pub use function::{Combination, Dense, Function, Nodes, from_tangents, tangents};
pub(crate) use function::{monomial_norm, tangent_coordinates};
pub use identity::Identity;
pub use unit::Unit;

use identity::Hash;
use std::fmt;
use std::sync::Arc;
use zonal::error::check_size;
use zonal::linalg::dot;
use zonal::sphere::Dim;
use zonal::{Error, Result};

/// A query h(x, y) = chi(y) g(x).
#[derive(Clone, Debug)]
pub struct Query {
    label: Label,
    function: Function,
    norm: f64,
    largest: f64,
    identity: Identity,
}

/// The transformation chi of the label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Label {
    /// y itself: a correlational query.
    Plain,
    /// y clipped to [-1, 1]: a Lipschitz query that is not correlational.
    Clipped,
}

impl Query {
    /// Creates the query y phi(s <w, x>) with w of length 1.
    ///
    /// # Errors
    /// [`Error::Parameter`] unless w has length 1, [`Error::Size`] for another dimension.
    pub fn unit(unit: &Arc<Unit>, direction: &[f64]) -> Result<Self> {
        check_direction(unit.dim(), direction)?;
        let function = Function::Unit { unit: unit.clone(), direction: direction.into() };
        Ok(Self::new(Label::Plain, function, unit.norm(), unit.largest()))
    }

    /// Creates the n - 1 queries y phi'(s <w, x>) <e_i, x> for the vectors e_i of [`tangents`] of w.
    ///
    /// # Errors
    /// As [`Self::unit`]; [`Error::Parameter`] for an activation that jumps.
    pub fn derivatives(unit: &Arc<Unit>, direction: &[f64]) -> Result<Vec<Self>> {
        check_direction(unit.dim(), direction)?;
        let Some(norm) = unit.derivative_norm() else {
            let required = "one without jumps and with a known derivative";
            return Err(Error::parameter(
                "the activation of a trained hidden unit",
                unit.activation(),
                required,
            ));
        };
        let direction: Arc<[f64]> = direction.into();
        let one = |tangent| {
            let function = Function::Derivative { unit: unit.clone(), direction: direction.clone(), tangent };
            Self::new(Label::Plain, function, norm, unit.largest_slope())
        };
        Ok((0..unit.dim().as_usize() - 1).map(one).collect())
    }

    /// Creates the query y g(x), for members of families, their combinations and basis functions, all of norm 1.
    ///
    /// # Errors
    /// [`Error::Size`] for a function of another dimension.
    pub fn correlation(function: Function, dim: Dim) -> Result<Self> {
        function.check(dim)?;
        let largest = function.largest_value(dim);
        let norm = match &function {
            Function::Unit { unit, .. } => unit.norm(),
            Function::Derivative { unit, .. } => unit.derivative_norm().unwrap_or(f64::NAN),
            Function::Harmonic { .. }
            | Function::Dense(_)
            | Function::Signs(_)
            | Function::Monomial(_)
            | Function::Sum(_) => 1.0,
        };
        Ok(Self::new(Label::Plain, function, norm, largest))
    }

    /// Returns the query with the same function of x and the label clipped to [-1, 1].
    pub fn clipped(&self) -> Self {
        Self::new(Label::Clipped, self.function.clone(), self.norm, self.largest)
    }

    fn new(label: Label, function: Function, norm: f64, largest: f64) -> Self {
        let mut hash = Hash::default();
        hash.number(match label {
            Label::Plain => 0,
            Label::Clipped => 1,
        });
        function.hash(&mut hash);
        Self { label, function, norm, largest, identity: hash.finish() }
    }

    /// Returns the transformation chi of the label.
    pub fn label(&self) -> Label {
        self.label
    }

    /// Returns the function g of x.
    pub fn function(&self) -> &Function {
        &self.function
    }

    /// Returns the norm ||g||_2.
    pub fn norm(&self) -> f64 {
        self.norm
    }

    /// Returns a bound on |h| for labels with |y| <= `label_bound`. For activations it is the maximum on a fine grid.
    pub fn range(&self, label_bound: f64) -> f64 {
        match self.label {
            Label::Plain => label_bound * self.largest,
            Label::Clipped => label_bound.min(1.0) * self.largest,
        }
    }

    /// Returns a bound on |dh/dy|.
    pub fn lipschitz(&self) -> f64 {
        self.largest
    }

    /// Returns whether h = y g(x).
    pub fn is_correlational(&self) -> bool {
        self.label == Label::Plain
    }

    /// Returns the identity by which answers are cached.
    pub fn identity(&self) -> Identity {
        self.identity
    }

    /// Evaluates h(x, y).
    ///
    /// # Errors
    /// [`Error::Size`] for a point or a query of another dimension.
    pub fn value(&self, dim: Dim, x: &[f64], y: f64) -> Result<f64> {
        self.function.check(dim)?;
        check_size("coordinates of a point", x.len(), dim.as_usize())?;
        Ok(self.at(dim, x, y))
    }

    /// Evaluates as [`Self::value`] without checking sizes.
    pub(crate) fn at(&self, dim: Dim, x: &[f64], y: f64) -> f64 {
        let y = match self.label {
            Label::Plain => y,
            Label::Clipped => y.clamp(-1.0, 1.0),
        };
        y * self.function.at(dim, x)
    }
}

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let label = match self.label {
            Label::Plain => "y",
            Label::Clipped => "clip(y)",
        };
        write!(f, "{label} * {}", self.function)
    }
}

fn check_direction(dim: Dim, direction: &[f64]) -> Result<()> {
    check_size("coordinates of a query's direction", direction.len(), dim.as_usize())?;
    let length = dot(direction, direction).sqrt();
    if (length - 1.0).abs() > 1e-9 {
        return Err(Error::parameter("the length of a query's direction", length, "1"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use zonal::activation::Activation;
    use zonal::numeric::random::Purpose;
    use zonal::sphere::{uniform_point, uniform_points};

    #[test]
    fn identities_distinguish_queries_and_ignore_the_sign_of_zero() {
        let dim = Dim::new(3).unwrap();
        let unit = Unit::new(Activation::Relu, 1.0, dim).unwrap();
        let first = Query::unit(&unit, &[1.0, 0.0, 0.0]).unwrap();
        assert_eq!(first.identity(), Query::unit(&unit, &[1.0, -0.0, 0.0]).unwrap().identity());
        assert_ne!(first.identity(), Query::unit(&unit, &[0.0, 1.0, 0.0]).unwrap().identity());
        assert_ne!(first.identity(), first.clipped().identity());
        let derivatives = Query::derivatives(&unit, &[1.0, 0.0, 0.0]).unwrap();
        assert_ne!(derivatives[0].identity(), derivatives[1].identity());
        // Saved transcripts contain the hash: it must not change.
        assert_eq!(first.identity().to_string(), KNOWN);
        assert!(Query::unit(&unit, &[1.0, 1.0, 0.0]).is_err());
    }

    const KNOWN: &str = "8336278e5b1df2e2c95263ef23f8b914";

    #[test]
    fn tangents_are_orthonormal_and_come_back() {
        let dim = Dim::new(6).unwrap();
        for i in 0..20 {
            let w = uniform_point(dim, 3, Purpose::Points, i);
            let x = uniform_point(dim, 4, Purpose::Points, i);
            let coordinates = tangents(&w, &x).unwrap();
            let back = from_tangents(&w, &coordinates).unwrap();
            let along = dot(&w, &x);
            for ((x, w), b) in x.iter().zip(&w).zip(&back) {
                assert!((x - along * w - b).abs() < 1e-15);
            }
            assert!((dot(&coordinates, &coordinates) + along * along - 1.0).abs() < 1e-14);
        }
    }

    #[test]
    fn norms_are_those_of_sampling() {
        let dim = Dim::new(5).unwrap();
        let points = uniform_points(dim, 100_000, 9, Purpose::Points);
        let w = uniform_point(dim, 2, Purpose::Points, 0);
        for (activation, scale) in [(Activation::Relu, 1.0), (Activation::Tanh, 2.0), (Activation::Abs, 0.5)]
        {
            let unit = Unit::new(activation, scale, dim).unwrap();
            let mut queries = vec![Query::unit(&unit, &w).unwrap()];
            queries.extend(Query::derivatives(&unit, &w).unwrap());
            let set: Arc<[usize]> = vec![0, 2, 3].into();
            queries.push(Query::correlation(Function::Monomial(set), dim).unwrap());
            let harmonic = Function::Harmonic { degree: 2, direction: w.clone().into() };
            queries.push(Query::correlation(harmonic, dim).unwrap());
            for query in queries {
                let squares: Vec<f64> =
                    (0..points.rows()).map(|i| query.function().at(dim, points.row(i)).powi(2)).collect();
                let estimate = zonal::measure::mean(&squares);
                let error = estimate.value - query.norm() * query.norm();
                assert!(error.abs() < 5.0 * estimate.standard_error, "{query}: {error}");
                let largest = squares.iter().fold(0.0f64, |a, b| a.max(*b)).sqrt();
                assert!(largest <= query.lipschitz() * 1.0001, "{query}");
            }
        }
    }
}
