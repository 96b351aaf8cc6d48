//! The functions of x on the sphere that occur in queries.

use super::identity::{Hash, Identity};
use super::unit::Unit;
use std::fmt;
use std::sync::Arc;
use zonal::error::check_size;
use zonal::linalg::{Matrix, dot};
use zonal::sphere::{Degree, Dim, sqrt_multiplicity};
use zonal::{Error, Result};

/// A function of x on the sphere.
#[derive(Clone, Debug)]
pub enum Function {
    /// phi(s <w, x>) with w of length 1: the gradient of an output weight.
    Unit {
        /// phi and s.
        unit: Arc<Unit>,
        /// w.
        direction: Arc<[f64]>,
    },
    /// phi'(s <w, x>) <e, x> with e the i-th vector of [`tangents`] of w: the gradient of a hidden weight.
    Derivative {
        /// phi and s.
        unit: Arc<Unit>,
        /// w.
        direction: Arc<[f64]>,
        /// i, from 0 to n - 2.
        tangent: usize,
    },
    /// sqrt(N) P_k(<u, x>).
    Harmonic {
        /// The degree k.
        degree: Degree,
        /// The direction u, of length 1.
        direction: Arc<[f64]>,
    },
    /// A combination of norm 1 of zonal harmonics about common nodes.
    Dense(Arc<Dense>),
    /// prod_{i in S} sgn x_i.
    Signs(Arc<[usize]>),
    /// prod_{i in S} x_i, normalised.
    Monomial(Arc<[usize]>),
    /// A sum of members of a family, of norm 1 up to rounding downwards.
    Sum(Combination),
}

/// A normalised sum of members of a family, see [`crate::Family::combination`].
#[derive(Clone, Debug)]
pub struct Combination {
    parts: Vec<(f64, Function)>,
}

impl Combination {
    pub(crate) fn new(parts: Vec<(f64, Function)>) -> Self {
        Self { parts }
    }

    /// Returns the coefficients and functions.
    pub fn parts(&self) -> &[(f64, Function)] {
        &self.parts
    }
}

/// Nodes of zonal harmonics, one per row, with their hash.
#[derive(Debug)]
pub struct Nodes {
    points: Matrix,
    hash: Identity,
}

impl Nodes {
    pub(crate) fn new(points: Matrix) -> Self {
        let mut hash = Hash::default();
        hash.reals(points.values());
        let hash = hash.finish();
        Self { points, hash }
    }

    /// Returns the hash of all nodes.
    pub(crate) fn identity(&self) -> Identity {
        self.hash
    }
}

impl std::ops::Deref for Nodes {
    type Target = Matrix;
    fn deref(&self) -> &Matrix {
        &self.points
    }
}

/// The function sum_l c_l sqrt(N) P_k(<v_l, x>).
#[derive(Debug)]
pub struct Dense {
    /// The degree k.
    pub degree: Degree,
    /// The nodes v_l, one per row.
    pub nodes: Arc<Nodes>,
    /// The coefficients c_l.
    pub coefficients: Vec<f64>,
    /// Hash of nodes and coefficients, computed once.
    hash: Identity,
}

impl Dense {
    /// Creates the function, whose norm must be 1.
    pub(crate) fn new(degree: Degree, nodes: Arc<Nodes>, coefficients: Vec<f64>) -> Self {
        let mut hash = Hash::default();
        hash.number(degree as u64);
        hash.identity(nodes.hash);
        hash.reals(&coefficients);
        let hash = hash.finish();
        Self { degree, nodes, coefficients, hash }
    }
}

impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scaled =
            |unit: &Unit| if unit.scale() == 1.0 { String::new() } else { format!("{} ", unit.scale()) };
        match self {
            Self::Unit { unit, direction } => {
                write!(f, "{}({}<w,x>), w = {}", unit.activation(), scaled(unit), first_entries(direction))
            }
            Self::Derivative { unit, direction, tangent } => {
                let (phi, s, w) = (&unit.activation(), scaled(unit), first_entries(direction));
                write!(f, "{phi}'({s}<w,x>) <e{},x>, w = {w}", tangent + 1)
            }
            Self::Harmonic { degree, direction } => {
                write!(f, "harmonic({degree})(<u,x>), u = {}", first_entries(direction))
            }
            Self::Dense(dense) => write!(f, "harmonic({}) about {} nodes", dense.degree, dense.nodes.rows()),
            Self::Signs(set) => write_product(f, set, |i| format!("sgn(x{i})")),
            Self::Monomial(set) => write_product(f, set, |i| format!("x{i}")),
            Self::Sum(sum) => match sum.parts.first() {
                Some((_, first)) => write!(f, "a sum of {}, first {first}", sum.parts.len()),
                None => f.write_str("0"),
            },
        }
    }
}

/// Formats the first entries of a vector.
fn first_entries(v: &[f64]) -> String {
    let shown: Vec<String> = v.iter().take(3).map(|x| format!("{x:.2}")).collect();
    format!("({}{})", shown.join(", "), if v.len() > 3 { ", .." } else { "" })
}

fn write_product(f: &mut fmt::Formatter<'_>, set: &[usize], factor: impl Fn(usize) -> String) -> fmt::Result {
    f.write_str(&set.iter().map(|i| factor(i + 1)).collect::<Vec<_>>().join("*"))
}

impl Function {
    /// Evaluates g(x) at a point of the sphere.
    ///
    /// # Errors
    /// [`Error::Size`] for a point or a function of another dimension.
    pub fn value(&self, dim: Dim, x: &[f64]) -> Result<f64> {
        self.check(dim)?;
        check_size("coordinates of a point", x.len(), dim.as_usize())?;
        Ok(self.at(dim, x))
    }

    /// Checks that the function is defined on the sphere of this dimension.
    pub(crate) fn check(&self, dim: Dim) -> Result<()> {
        let n = dim.as_usize();
        let below = |what: &str, index: Option<usize>, limit: usize| match index {
            Some(index) if index >= limit => {
                Err(Error::Size { what: what.to_owned(), found: index.saturating_add(1), required: limit })
            }
            _ => Ok(()),
        };
        match self {
            Self::Unit { unit, direction } => {
                check_size("dimension of a hidden unit", unit.dim().as_usize(), n)?;
                check_size("coordinates of a query's direction", direction.len(), n)
            }
            Self::Derivative { unit, direction, tangent } => {
                check_size("dimension of a hidden unit", unit.dim().as_usize(), n)?;
                check_size("coordinates of a query's direction", direction.len(), n)?;
                below("tangents of a hidden unit", Some(*tangent), n - 1)
            }
            Self::Harmonic { direction, .. } => {
                check_size("coordinates of a query's direction", direction.len(), n)
            }
            Self::Dense(dense) => {
                check_size("coefficients of nodes", dense.coefficients.len(), dense.nodes.rows())?;
                check_size("coordinates of nodes", dense.nodes.columns(), n)
            }
            Self::Signs(set) | Self::Monomial(set) => {
                below("coordinates of a product", set.iter().max().copied(), n)
            }
            Self::Sum(sum) => sum.parts.iter().try_for_each(|(_, f)| f.check(dim)),
        }
    }

    /// Evaluates as [`Self::value`] without checking sizes.
    pub(crate) fn at(&self, dim: Dim, x: &[f64]) -> f64 {
        match self {
            Self::Unit { unit, direction } => unit.activation().value(unit.scale() * dot(direction, x)),
            Self::Derivative { unit, direction, tangent } => {
                let along = tangent_coordinates(direction, x)[*tangent];
                unit.activation().slope(unit.scale() * dot(direction, x)) * along
            }
            Self::Harmonic { degree, direction } => {
                sqrt_multiplicity(dim, *degree) * zonal::legendre::value(dim, *degree, dot(direction, x))
            }
            Self::Dense(dense) => {
                let value = |l: usize| {
                    dense.coefficients[l]
                        * zonal::legendre::value(dim, dense.degree, dot(dense.nodes.row(l), x))
                };
                let sum: f64 = (0..dense.nodes.rows()).map(value).sum();
                sqrt_multiplicity(dim, dense.degree) * sum
            }
            Self::Signs(set) => set.iter().map(|&i| sign(x[i])).product(),
            Self::Monomial(set) => monomial_norm(dim, set.len()) * set.iter().map(|&i| x[i]).product::<f64>(),
            Self::Sum(sum) => sum.parts.iter().map(|(c, f)| c * f.at(dim, x)).sum(),
        }
    }

    /// Returns a bound on |g|.
    pub fn largest_value(&self, dim: Dim) -> f64 {
        match self {
            Self::Unit { unit, .. } => unit.largest(),
            Self::Derivative { unit, .. } => unit.largest_slope(),
            Self::Harmonic { degree, .. } => sqrt_multiplicity(dim, *degree),
            // The bound of any harmonic of norm 1, by the reproducing kernel.
            Self::Dense(dense) => sqrt_multiplicity(dim, dense.degree),
            Self::Signs(_) => 1.0,
            Self::Monomial(set) => {
                let k = set.len() as f64;
                monomial_norm(dim, set.len()) * k.powf(-0.5 * k)
            }
            Self::Sum(sum) => sum.parts.iter().map(|(c, f)| c.abs() * f.largest_value(dim)).sum(),
        }
    }

    pub(super) fn hash(&self, hash: &mut Hash) {
        match self {
            Self::Unit { unit, direction } => {
                hash.number(0);
                hash.unit(unit);
                hash.reals(direction);
            }
            Self::Derivative { unit, direction, tangent } => {
                hash.number(1);
                hash.unit(unit);
                hash.reals(direction);
                hash.number(*tangent as u64);
            }
            Self::Harmonic { degree, direction } => {
                hash.number(2);
                hash.number(*degree as u64);
                hash.reals(direction);
            }
            Self::Dense(dense) => {
                hash.number(3);
                hash.identity(dense.hash);
            }
            Self::Signs(set) => {
                hash.number(4);
                hash.set(set);
            }
            Self::Monomial(set) => {
                hash.number(5);
                hash.set(set);
            }
            Self::Sum(sum) => {
                hash.number(6);
                hash.number(sum.parts.len() as u64);
                for (c, f) in &sum.parts {
                    hash.reals(&[*c]);
                    f.hash(hash);
                }
            }
        }
    }
}

/// Returns sgn x with sgn 0 = 0.
fn sign(x: f64) -> f64 {
    if x == 0.0 { 0.0 } else { x.signum() }
}

/// Returns sqrt(n (n+2) .. (n+2k-2)), the factor that gives a squarefree monomial of degree k norm 1.
pub(crate) fn monomial_norm(dim: Dim, degree: usize) -> f64 {
    (0..degree).map(|l| (dim.as_f64() + 2.0 * l as f64).sqrt()).product()
}

/// Computes the inner products of x with n - 1 orthonormal vectors orthogonal to a unit vector w: all columns but the
/// first of the reflection that maps the first axis to w or -w.
///
/// # Errors
/// [`Error::Size`] for vectors of different dimensions, or of none.
pub fn tangents(w: &[f64], x: &[f64]) -> Result<Vec<f64>> {
    check_vectors(w, x.len())?;
    Ok(tangent_coordinates(w, x))
}

fn check_vectors(w: &[f64], coordinates: usize) -> Result<()> {
    if w.is_empty() {
        return Err(Error::Size { what: "coordinates of a unit".into(), found: 0, required: 1 });
    }
    check_size("coordinates of a vector", coordinates, w.len())
}

/// Computes as [`tangents`] without checking sizes.
pub(crate) fn tangent_coordinates(w: &[f64], x: &[f64]) -> Vec<f64> {
    // H = 1 - 2 v v^T / |v|^2 with v = w + sgn(w_1) e_1, which avoids cancellation.
    let head = if w[0] < 0.0 { w[0] - 1.0 } else { w[0] + 1.0 };
    let square = 2.0 * head.abs();
    let along = head * x[0] + dot(&w[1..], &x[1..]);
    let factor = 2.0 * along / square;
    x[1..].iter().zip(&w[1..]).map(|(x, v)| x - factor * v).collect()
}

/// Computes sum_i c_i e_i, the vector of R^n with these coordinates along [`tangents`] of w.
///
/// # Errors
/// [`Error::Size`] unless there is one coordinate fewer than in w.
pub fn from_tangents(w: &[f64], coordinates: &[f64]) -> Result<Vec<f64>> {
    check_vectors(w, coordinates.len() + 1)?;
    let head = if w[0] < 0.0 { w[0] - 1.0 } else { w[0] + 1.0 };
    let factor = dot(&w[1..], coordinates) / head.abs();
    let mut out = vec![-factor * head];
    out.extend(coordinates.iter().zip(&w[1..]).map(|(c, v)| c - factor * v));
    Ok(out)
}
