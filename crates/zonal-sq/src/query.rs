//! Queries as values: what is asked of a random labelled point (x, y), with norm, range and Lipschitz constant, and an
//! identity by which answers are remembered.

use siphasher::sip128::{Hasher128, SipHasher13};
use std::fmt;
use std::hash::Hasher;
use std::sync::Arc;
use zonal::activation::Activation;
use zonal::kernel::Kernel;
use zonal::linalg::{Matrix, dot};
use zonal::spectrum::Spectrum;
use zonal::sphere::{Degree, Dim};
use zonal::target::Profile;
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

/// What is done to the label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Label {
    /// y: a correlational query.
    Plain,
    /// y cut off at -1 and 1, which is Lipschitz and not correlational.
    Clipped,
}

/// Two queries are the same if this is: 128 bits of a hash of everything that they are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Identity(u128);

impl Identity {
    /// A number for random streams that belong to the query.
    pub(crate) fn index(self) -> u64 {
        self.0 as u64
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// A function of x on the sphere.
#[derive(Clone, Debug)]
pub enum Function {
    /// phi(s <w, x>), w of length 1: what an output weight asks.
    Unit {
        /// phi and s.
        unit: Arc<Unit>,
        /// w.
        direction: Arc<[f64]>,
    },
    /// phi'(s <w, x>) <e, x>, e the i-th vector of [`tangents`] of w: what a hidden weight asks.
    Turn {
        /// phi and s.
        unit: Arc<Unit>,
        /// w.
        direction: Arc<[f64]>,
        /// i, from 0 to n - 2.
        tangent: usize,
    },
    /// sqrt(N) P_k(<u, x>), of norm 1.
    Harmonic {
        /// k.
        degree: Degree,
        /// u, of length 1.
        direction: Arc<[f64]>,
    },
    /// A combination of zonal harmonics about common nodes, of norm 1.
    Dense(Arc<Dense>),
    /// prod_{i in S} sgn x_i, of norm 1.
    Signs(Arc<[usize]>),
    /// prod_{i in S} x_i, normalised.
    Monomial(Arc<[usize]>),
    /// A sum of members of a family, of norm 1 or, by rounding, less.
    Sum(Combination),
}

/// A sum that a family has made, see [`crate::Family::combination`].
#[derive(Clone, Debug)]
pub struct Combination {
    parts: Vec<(f64, Function)>,
}

impl Combination {
    pub(crate) fn new(parts: Vec<(f64, Function)>) -> Self {
        Self { parts }
    }

    /// Coefficients and functions.
    pub fn parts(&self) -> &[(f64, Function)] {
        &self.parts
    }
}

/// Nodes of zonal harmonics, one a row, with the hash that stands for all of them.
#[derive(Debug)]
pub struct Nodes {
    points: Matrix,
    hash: u128,
}

impl Nodes {
    pub(crate) fn new(points: Matrix) -> Self {
        let mut hash = Hash::default();
        hash.reals(points.values());
        let hash = hash.finish().0;
        Self { points, hash }
    }
}

impl std::ops::Deref for Nodes {
    type Target = Matrix;
    fn deref(&self) -> &Matrix {
        &self.points
    }
}

/// sum_l c_l sqrt(N) P_k(<v_l, x>).
#[derive(Debug)]
pub struct Dense {
    /// k.
    pub degree: Degree,
    /// v_l, one a row.
    pub nodes: Arc<Nodes>,
    /// c_l.
    pub coefficients: Vec<f64>,
    /// Of both, so that many functions about the same nodes need not read them each time.
    hash: u128,
}

impl Dense {
    /// The function, whose norm must be 1.
    pub(crate) fn new(degree: Degree, nodes: Arc<Nodes>, coefficients: Vec<f64>) -> Self {
        let mut hash = Hash::default();
        hash.number(degree as u64);
        hash.number(nodes.hash as u64);
        hash.number((nodes.hash >> 64) as u64);
        hash.reals(&coefficients);
        let hash = hash.finish().0;
        Self { degree, nodes, coefficients, hash }
    }
}

/// The function of one variable behind queries about hidden units, with its norms, computed once for all of them.
#[derive(Clone, Debug)]
pub struct Unit {
    activation: Activation,
    scale: f64,
    dim: Dim,
    norm: f64,
    /// None where phi jumps or its derivative is not known.
    turn_norm: Option<f64>,
    largest: f64,
    largest_slope: f64,
}

/// Arguments between -s and s at which a range is looked for.
const GRID: usize = 20_000;

impl Unit {
    /// phi and s in dimension n.
    ///
    /// # Errors
    /// As [`Spectrum::new`].
    pub fn new(activation: Activation, scale: f64, dim: Dim) -> Result<Arc<Self>> {
        let norm = Spectrum::new(&activation, dim, scale, 0)?.norm_sq().sqrt();
        // E_n[phi'^2 (1 - t^2)] / (n - 1) = E_(n+2)[phi'^2] / n: the weight 1 - t^2 is what two more dimensions bring.
        let turn_norm = match activation.derivative_structure(scale) {
            Ok(_) => {
                let raised = Dim::new(dim.get() + 2)?;
                let slope = Kernel::of_derivative(&activation, raised, scale, 0)?.value(1.0);
                Some((slope / dim.as_f64()).sqrt())
            }
            Err(_) => None,
        };
        let grid = (0..=GRID).map(|i| 2.0 * i as f64 / GRID as f64 - 1.0);
        let largest = grid.clone().map(|t| activation.value(scale * t).abs()).fold(0.0, f64::max);
        let slope = |t: f64| activation.slope(scale * t).abs() * (1.0 - t * t).max(0.0).sqrt();
        let largest_slope = if turn_norm.is_some() { grid.map(slope).fold(0.0, f64::max) } else { f64::NAN };
        Ok(Arc::new(Self { activation, scale, dim, norm, turn_norm, largest, largest_slope }))
    }

    /// phi(s t) as a profile.
    pub fn profile(&self) -> Profile {
        Profile::Neuron { activation: self.activation.clone(), scale: self.scale }
    }

    /// phi.
    pub fn activation(&self) -> &Activation {
        &self.activation
    }

    /// s.
    pub fn scale(&self) -> f64 {
        self.scale
    }

    /// E phi(s <w, x>)^2, square-rooted.
    pub fn norm(&self) -> f64 {
        self.norm
    }
}

impl Query {
    /// y phi(s <w, x>) with w of length 1.
    ///
    /// # Errors
    /// [`Error::Parameter`] unless w has length 1, [`Error::Size`] for another dimension.
    pub fn unit(unit: &Arc<Unit>, direction: &[f64]) -> Result<Self> {
        check_direction(unit.dim, direction)?;
        let function = Function::Unit { unit: unit.clone(), direction: direction.into() };
        Ok(Self::new(Label::Plain, function, unit.norm, unit.largest))
    }

    /// y phi'(s <w, x>) <e_i, x> for each of the n - 1 vectors e_i of [`tangents`] of w.
    ///
    /// # Errors
    /// As [`Self::unit`]; [`Error::Parameter`] for an activation that jumps.
    pub fn turns(unit: &Arc<Unit>, direction: &[f64]) -> Result<Vec<Self>> {
        check_direction(unit.dim, direction)?;
        let Some(norm) = unit.turn_norm else {
            let required = "one without jumps and with a known derivative";
            return Err(Error::parameter(
                "the activation of a hidden unit that turns",
                &unit.activation,
                required,
            ));
        };
        let direction: Arc<[f64]> = direction.into();
        let one = |tangent| {
            let function = Function::Turn { unit: unit.clone(), direction: direction.clone(), tangent };
            Self::new(Label::Plain, function, norm, unit.largest_slope)
        };
        Ok((0..unit.dim.as_usize() - 1).map(one).collect())
    }

    /// y g(x): for members of families, their combinations and functions of a basis with norm 1.
    pub fn correlation(function: Function, dim: Dim) -> Self {
        let largest = function.largest_value(dim);
        let norm = match &function {
            Function::Unit { unit, .. } => unit.norm,
            Function::Turn { unit, .. } => unit.turn_norm.unwrap_or(f64::NAN),
            Function::Harmonic { .. }
            | Function::Dense(_)
            | Function::Signs(_)
            | Function::Monomial(_)
            | Function::Sum(_) => 1.0,
        };
        Self::new(Label::Plain, function, norm, largest)
    }

    /// The same function of x, asked of the label cut off at -1 and 1.
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

    /// chi.
    pub fn label(&self) -> Label {
        self.label
    }

    /// g.
    pub fn function(&self) -> &Function {
        &self.function
    }

    /// ||g||_2.
    pub fn norm(&self) -> f64 {
        self.norm
    }

    /// A bound of |h| for labels with |y| <= `label_bound`. For activations, the largest value on a fine grid.
    pub fn range(&self, label_bound: f64) -> f64 {
        match self.label {
            Label::Plain => label_bound * self.largest,
            Label::Clipped => label_bound.min(1.0) * self.largest,
        }
    }

    /// A bound of |dh/dy|.
    pub fn lipschitz(&self) -> f64 {
        self.largest
    }

    /// Whether h = y g(x).
    pub fn is_correlational(&self) -> bool {
        self.label == Label::Plain
    }

    /// By which answers are remembered.
    pub fn identity(&self) -> Identity {
        self.identity
    }

    /// h(x, y).
    pub fn value(&self, dim: Dim, x: &[f64], y: f64) -> f64 {
        let y = match self.label {
            Label::Plain => y,
            Label::Clipped => y.clamp(-1.0, 1.0),
        };
        y * self.function.value(dim, x)
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

impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scaled = |unit: &Unit| if unit.scale == 1.0 { String::new() } else { format!("{} ", unit.scale) };
        match self {
            Self::Unit { unit, direction } => {
                write!(f, "{}({}<w,x>), w = {}", unit.activation, scaled(unit), first_entries(direction))
            }
            Self::Turn { unit, direction, tangent } => {
                let (phi, s, w) = (&unit.activation, scaled(unit), first_entries(direction));
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

/// The beginning of a vector, by which people tell it from others.
fn first_entries(v: &[f64]) -> String {
    let shown: Vec<String> = v.iter().take(3).map(|x| format!("{x:.2}")).collect();
    format!("({}{})", shown.join(", "), if v.len() > 3 { ", .." } else { "" })
}

fn write_product(f: &mut fmt::Formatter<'_>, set: &[usize], factor: impl Fn(usize) -> String) -> fmt::Result {
    f.write_str(&set.iter().map(|i| factor(i + 1)).collect::<Vec<_>>().join("*"))
}

impl Function {
    /// g(x) at a point of the sphere.
    pub fn value(&self, dim: Dim, x: &[f64]) -> f64 {
        match self {
            Self::Unit { unit, direction } => unit.activation.value(unit.scale * dot(direction, x)),
            Self::Turn { unit, direction, tangent } => {
                let along = dot(&tangents(direction, x), &axis(x.len() - 1, *tangent));
                unit.activation.slope(unit.scale * dot(direction, x)) * along
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
            Self::Sum(sum) => sum.parts.iter().map(|(c, f)| c * f.value(dim, x)).sum(),
        }
    }

    /// A bound of |g|.
    pub fn largest_value(&self, dim: Dim) -> f64 {
        match self {
            Self::Unit { unit, .. } => unit.largest,
            Self::Turn { unit, .. } => unit.largest_slope,
            Self::Harmonic { degree, .. } => sqrt_multiplicity(dim, *degree),
            // No harmonic of norm 1 is larger, by the reproducing kernel.
            Self::Dense(dense) => sqrt_multiplicity(dim, dense.degree),
            Self::Signs(_) => 1.0,
            Self::Monomial(set) => {
                let k = set.len() as f64;
                monomial_norm(dim, set.len()) * k.powf(-0.5 * k)
            }
            Self::Sum(sum) => sum.parts.iter().map(|(c, f)| c.abs() * f.largest_value(dim)).sum(),
        }
    }

    fn hash(&self, hash: &mut Hash) {
        match self {
            Self::Unit { unit, direction } => {
                hash.number(0);
                hash.unit(unit);
                hash.reals(direction);
            }
            Self::Turn { unit, direction, tangent } => {
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
                hash.number(dense.hash as u64);
                hash.number((dense.hash >> 64) as u64);
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

/// sgn with sgn 0 = 0, which has probability zero.
fn sign(x: f64) -> f64 {
    if x == 0.0 { 0.0 } else { x.signum() }
}

/// sqrt N(n, k).
pub(crate) fn sqrt_multiplicity(dim: Dim, degree: Degree) -> f64 {
    (0.5 * crate::rounding::ln_multiplicity(dim, degree)).exp()
}

/// sqrt(n (n+2) .. (n+2k-2)), by which a squarefree monomial of degree k has norm 1.
pub(crate) fn monomial_norm(dim: Dim, degree: usize) -> f64 {
    (0..degree).map(|l| (dim.as_f64() + 2.0 * l as f64).sqrt()).product()
}

/// The products of x with n - 1 orthonormal vectors orthogonal to a unit vector w: the columns but the first of the
/// reflection that takes the first axis to w or -w.
pub fn tangents(w: &[f64], x: &[f64]) -> Vec<f64> {
    // v = w + sgn(w_1) e_1, so that no digit is lost; H = 1 - 2 v v^T / |v|^2.
    let head = if w[0] < 0.0 { w[0] - 1.0 } else { w[0] + 1.0 };
    let square = 2.0 * head.abs();
    let along = head * x[0] + dot(&w[1..], &x[1..]);
    let factor = 2.0 * along / square;
    x[1..].iter().zip(&w[1..]).map(|(x, v)| x - factor * v).collect()
}

/// sum_i c_i e_i: from coordinates along [`tangents`] of w back to a vector of R^n.
pub fn from_tangents(w: &[f64], coordinates: &[f64]) -> Vec<f64> {
    let head = if w[0] < 0.0 { w[0] - 1.0 } else { w[0] + 1.0 };
    let factor = dot(&w[1..], coordinates) / head.abs();
    let mut out = vec![-factor * head];
    out.extend(coordinates.iter().zip(&w[1..]).map(|(c, v)| c - factor * v));
    out
}

fn axis(n: usize, i: usize) -> Vec<f64> {
    let mut out = vec![0.0; n];
    out[i] = 1.0;
    out
}

fn check_direction(dim: Dim, direction: &[f64]) -> Result<()> {
    let (found, required) = (direction.len(), dim.as_usize());
    if found != required {
        return Err(Error::Size { what: "coordinates of a query's direction".into(), found, required });
    }
    let length = dot(direction, direction).sqrt();
    if (length - 1.0).abs() > 1e-9 {
        return Err(Error::parameter("the length of a query's direction", length, "1"));
    }
    Ok(())
}

/// Hash of a query's parts.
#[derive(Default)]
struct Hash(SipHasher13);

impl Hash {
    fn number(&mut self, x: u64) {
        self.0.write(&x.to_le_bytes());
    }

    fn reals(&mut self, values: &[f64]) {
        self.number(values.len() as u64);
        for &x in values {
            // Zero has two signs and one value.
            self.number(if x == 0.0 { 0 } else { x.to_bits() });
        }
    }

    fn set(&mut self, set: &[usize]) {
        self.number(set.len() as u64);
        for &i in set {
            self.number(i as u64);
        }
    }

    fn unit(&mut self, unit: &Unit) {
        let name = unit.activation.name();
        self.number(name.len() as u64);
        self.0.write(name.as_bytes());
        self.reals(&[unit.scale]);
    }

    fn finish(&self) -> Identity {
        Identity(self.0.finish128().as_u128())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zonal::numeric::random::Purpose;
    use zonal::sphere::{uniform_point, uniform_points};

    #[test]
    fn identities_tell_queries_apart_and_zero_has_one_sign() {
        let dim = Dim::new(3).unwrap();
        let unit = Unit::new(Activation::Relu, 1.0, dim).unwrap();
        let first = Query::unit(&unit, &[1.0, 0.0, 0.0]).unwrap();
        assert_eq!(first.identity(), Query::unit(&unit, &[1.0, -0.0, 0.0]).unwrap().identity());
        assert_ne!(first.identity(), Query::unit(&unit, &[0.0, 1.0, 0.0]).unwrap().identity());
        assert_ne!(first.identity(), first.clipped().identity());
        let turns = Query::turns(&unit, &[1.0, 0.0, 0.0]).unwrap();
        assert_ne!(turns[0].identity(), turns[1].identity());
        // Transcripts live longer than programs: the hash must not change.
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
            let coordinates = tangents(&w, &x);
            let back = from_tangents(&w, &coordinates);
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
            queries.extend(Query::turns(&unit, &w).unwrap());
            let set: Arc<[usize]> = vec![0, 2, 3].into();
            queries.push(Query::correlation(Function::Monomial(set), dim));
            queries
                .push(Query::correlation(Function::Harmonic { degree: 2, direction: w.clone().into() }, dim));
            for query in queries {
                let squares: Vec<f64> =
                    (0..points.rows()).map(|i| query.function().value(dim, points.row(i)).powi(2)).collect();
                let estimate = zonal::measure::mean(&squares);
                let error = estimate.value - query.norm() * query.norm();
                assert!(error.abs() < 5.0 * estimate.standard_error, "{query}: {error}");
                let largest = squares.iter().fold(0.0f64, |a, b| a.max(*b)).sqrt();
                assert!(largest <= query.lipschitz() * 1.0001, "{query}");
            }
        }
    }
}
