//! Training with fixed hidden units, for all iteration counts at once, from the quadratic form alone (GD-3).

mod cross_validation;
mod errors;

use super::operator::check_step;
use super::rounding::{Rounding, floor};
use super::{Step, accumulated};
use crate::error::{Error, Result, check_finite};
use crate::lanczos::{Lanczos, Ritz};
use crate::linalg::{Matrix, dot, symmetric_eigen};
use crate::numeric::DoubleDouble;
use crate::numeric::jacobi::{self, UNIT};
use crate::numeric::sum::{non_negative, tree_sum};
use crate::observer::{Observer, Stage, check};
use crate::risk::{Precise, Quadratic};
use serde::{Deserialize, Serialize};

/// The method by which a path is computed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Solver {
    /// Lanczos if its bound is small after few steps, otherwise the eigendecomposition.
    #[default]
    Auto,
    /// The eigendecomposition of K: exact up to rounding at every count.
    Dense,
    /// Lanczos from b: a few products with K, with a bound on the error.
    Lanczos,
}

/// The path of gradient descent from a = 0; the cost of an iterate does not depend on its number.
///
/// ```
/// use zonal::prelude::*;
/// // Two units: K = diag(1, 1/4), b = (1, 1/4), E g^2 = 5/4, so that a = (1, 1) has loss 0.
/// let k = Matrix::from_rows(2, 2, vec![1.0, 0.0, 0.0, 0.25])?;
/// let quadratic = Quadratic::new(k, vec![1.0, 0.25], 0.625)?;
/// let path = GradientPath::new(&quadratic, Step::Fixed(1.0), &mut Silent)?;
/// // The first weight is right after one step, the second approaches 1 by a factor of 3/4 a step.
/// let a = path.coefficients(&[0, 1, 50]);
/// assert_eq!(a.row(0), [0.0, 0.0]);
/// assert!((a.row(1)[0] - 1.0).abs() < 1e-15 && (a.row(1)[1] - 0.25).abs() < 1e-15);
/// assert!((a.row(2)[1] - (1.0 - 0.75f64.powi(50))).abs() < 1e-14);
/// assert!((path.loss(2) - 0.25 * 0.75f64.powi(4)).abs() < 1e-15);
/// # Ok::<(), zonal::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct GradientPath {
    solution: Solution,
    label_sq: Vec<f64>,
    step: f64,
    /// The ridge, by which the eigenvalues exceed those of the rows.
    ridge: f64,
    trace: f64,
    width: usize,
    rounding: Rounding,
}

#[derive(Clone, Debug)]
enum Solution {
    Dense(Dense),
    Krylov(Vec<(Lanczos, Ritz)>),
}

#[derive(Clone, Debug)]
struct Dense {
    eigenvalues: Vec<f64>,
    /// Row i is the eigenvector of eigenvalue i.
    vectors: Matrix,
    /// b of each label in the eigenbasis, one label per row.
    b: Matrix,
    /// The low parts of the eigenvectors beyond f64, if known.
    low: Option<Matrix>,
}

/// A step for which Lanczos has no error bound.
#[derive(Debug)]
struct Refused {
    step: f64,
    limit: f64,
}

/// The automatic solver uses Lanczos if predictions then differ from exact descent by at most this fraction of the
/// labels' root mean square.
pub const LANCZOS_TOLERANCE: f64 = 1e-9;
/// The number of steps between two evaluations of the bound.
const LOOK: usize = 40;
/// Beyond this iteration count, rounding exceeds the accuracy of Lanczos.
const LAST: u64 = 10_000_000_000;
/// The largest number of Lanczos steps if the user selects Lanczos.
pub const MOST_LANCZOS_STEPS: usize = 2_000;

impl GradientPath {
    /// Solves the eigenproblem of K and fixes the step. Cost about 9 m^3 flops.
    ///
    /// # Errors
    /// [`Error::StepTooLarge`], [`Error::Parameter`] for a step that is not positive and for a K that is not positive
    /// semidefinite, [`Error::NoConvergence`], or [`Error::Stopped`] if the observer
    /// requests a stop.
    pub fn new(quadratic: &Quadratic, step: Step, observer: &mut dyn Observer) -> Result<Self> {
        check_b(quadratic)?;
        Self::dense(quadratic, step, observer)
    }

    /// Computes the path with a chosen solver, accurate up to the iteration `last`.
    ///
    /// The bound of Lanczos holds only for eta lambda_max <= 1; a larger given step is rejected.
    ///
    /// # Errors
    /// As [`Self::new`]; [`Error::Parameter`] for Lanczos with a step above 1 / lambda_max.
    pub fn with_solver(
        quadratic: &Quadratic,
        step: Step,
        solver: Solver,
        last: u64,
        observer: &mut dyn Observer,
    ) -> Result<Self> {
        check_b(quadratic)?;
        let m = quadratic.k().rows();
        // Near the ends of the exponent range, lengths of vectors overflow or underflow.
        let in_range = (1e-100..1e100).contains(&trace(quadratic.k()));
        // Below this width the eigendecomposition takes a negligible time.
        let worth_trying = in_range && m >= 300 && last <= LAST && quadratic.labels() * 8 <= m;
        match solver {
            Solver::Lanczos => {
                let most = m.min(MOST_LANCZOS_STEPS);
                Self::krylov(quadratic, step, last, most, observer)?.map_err(|refused| {
                    let required =
                        format!("at most 1 / (largest eigenvalue) = {} for Lanczos", refused.limit);
                    Error::parameter("the step", refused.step, required)
                })
            }
            Solver::Auto if worth_trying => {
                let most = m / (4 * quadratic.labels());
                match Self::krylov(quadratic, step, last, most, observer)? {
                    Ok(path) if path.krylov_error(last) <= LANCZOS_TOLERANCE => Ok(path),
                    _ => Self::dense(quadratic, step, observer),
                }
            }
            _ => Self::dense(quadratic, step, observer),
        }
    }

    fn dense(quadratic: &Quadratic, step: Step, observer: &mut dyn Observer) -> Result<Self> {
        check(observer, Stage::Eigenproblem, 0, 1)?;
        let eigen = symmetric_eigen(quadratic.k())?;
        check(observer, Stage::Eigenproblem, 1, 1)?;
        check_semidefinite(&eigen.values, quadratic.rounding().0)?;
        let largest = eigen.values.last().copied().unwrap_or(0.0).max(0.0);
        let step = chosen(step, largest)?;
        // K is positive semidefinite: negative eigenvalues are rounding errors and show their size. Eigenvalues of that
        // size are not distinguished from zero. Along such a direction the iterate would grow like the rounding of b
        // times the iteration count, so it remains at its start.
        let floor = floor(&eigen.values, f64::EPSILON);
        let unresolved = eigen.values.iter().filter(|x| **x <= floor).count();
        let mut b = quadratic.b().times_transposed(&eigen.vectors);
        let mut cut = Vec::new();
        for label in 0..b.rows() {
            let share = &mut b.row_mut(label)[..unresolved];
            cut.push(dot(share, share).sqrt());
            share.fill(0.0);
        }
        let mut rounding = estimate(quadratic, step, largest, floor, cut);
        rounding.deficient = unresolved > 0;
        rounding.gap = eigen.values.get(unresolved).map(|x| x - rounding.k).filter(|gap| *gap > 0.0);
        let mut eigenvalues = eigen.values;
        eigenvalues[..unresolved].fill(0.0);
        let dense = Dense { eigenvalues, vectors: eigen.vectors, b, low: None };
        Ok(Self::from_parts(Solution::Dense(dense), quadratic, rounding))
    }

    /// Computes the path of a form that is known in double-double arithmetic. Eigenvalues and b in the eigenbasis each
    /// have the relative accuracy of f64, so rounding grows with the iteration count only at the level of 2^-104. Cost
    /// about 50 m^3 operations in double-double arithmetic.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn precise(form: &Precise, step: Step, observer: &mut dyn Observer) -> Result<Self> {
        check(observer, Stage::Eigenproblem, 0, 1)?;
        let (values, vectors) = jacobi::eigen(&form.matrix())?;
        check(observer, Stage::Eigenproblem, 1, 1)?;
        let mut eigenvalues: Vec<f64> = values.iter().map(|x| x.to_f64()).collect();
        let largest = eigenvalues.last().copied().unwrap_or(0.0).max(0.0);
        let step = chosen(step, largest)?;
        let floor = floor(&eigenvalues, 8.0 * UNIT);
        let unresolved = eigenvalues.iter().filter(|x| **x <= floor).count();
        let b = form.b();
        let inside =
            |v: &Vec<DoubleDouble>| v.iter().zip(&b).map(|(&v, &b)| v * b).sum::<DoubleDouble>().to_f64();
        let mut share: Vec<f64> = vectors.iter().map(inside).collect();
        let cut = dot(&share[..unresolved], &share[..unresolved]).sqrt();
        share[..unresolved].fill(0.0);
        eigenvalues[..unresolved].fill(0.0);
        let (k_error, b_error) = form.errors();
        let k = k_error + floor;
        let length = dot(&share, &share).sqrt();
        let rounding = Rounding {
            step,
            largest,
            k,
            b: vec![b_error + 4.0 * UNIT * length],
            cut: vec![cut],
            deficient: unresolved > 0,
            gap: eigenvalues.get(unresolved).map(|x| x - k).filter(|gap| *gap > 0.0),
        };
        let m = b.len();
        let part = |low: bool| {
            let value = |x: &DoubleDouble| if low { x.parts().1 } else { x.parts().0 };
            Matrix::from_rows(m, m, vectors.iter().flatten().map(value).collect())
        };
        let trace = values.iter().map(|x| x.to_f64()).sum();
        let dense = Dense {
            eigenvalues,
            vectors: part(false)?,
            b: Matrix::from_rows(1, m, share)?,
            low: Some(part(true)?),
        };
        let label_sq = vec![form.norm_sq()];
        Ok(Self { solution: Solution::Dense(dense), label_sq, step, ridge: 0.0, trace, width: m, rounding })
    }

    /// Returns the output weights of one label as [`Self::coefficients`], in double-double arithmetic, for a path of
    /// [`Self::precise`]: for large weights, f64 is not accurate enough for energies by degree.
    pub fn precise_coefficients(&self, iterations: &[u64]) -> Vec<Vec<DoubleDouble>> {
        let Solution::Dense(Dense { eigenvalues, vectors, b, low: Some(low) }) = &self.solution else {
            let rounded = self.coefficients(iterations);
            let row = |i| rounded.row(i).iter().map(|&a| DoubleDouble::from(a)).collect();
            return (0..rounded.rows()).map(row).collect();
        };
        let one = |&t: &u64| {
            let mut out = vec![DoubleDouble::ZERO; self.width];
            for (i, (&x, &b)) in eigenvalues.iter().zip(b.row(0)).enumerate() {
                let weight = DoubleDouble::from(b * accumulated(x, self.step, t));
                for ((a, &high), &low) in out.iter_mut().zip(vectors.row(i)).zip(low.row(i)) {
                    *a = *a + weight * DoubleDouble::from_sum(high, low);
                }
            }
            out
        };
        iterations.iter().map(one).collect()
    }

    fn from_parts(solution: Solution, quadratic: &Quadratic, rounding: Rounding) -> Self {
        Self {
            solution,
            label_sq: quadratic.c().iter().map(|c| 2.0 * c).collect(),
            step: rounding.step,
            ridge: quadratic.ridge(),
            trace: trace(quadratic.k()),
            width: quadratic.k().rows(),
            rounding,
        }
    }

    /// Performs Lanczos steps until the bound is small or `most` steps are done; rejects a step for which there is no
    /// bound.
    fn krylov(
        quadratic: &Quadratic,
        step: Step,
        last: u64,
        most: usize,
        observer: &mut dyn Observer,
    ) -> Result<std::result::Result<Self, Refused>> {
        let mut spaces: Vec<Lanczos> =
            (0..quadratic.labels()).map(|l| Lanczos::new(quadratic.b().row(l))).collect();
        loop {
            for _ in 0..LOOK {
                let done = spaces.iter().map(Lanczos::steps).max().unwrap_or(0);
                check(observer, Stage::Eigenproblem, done as u64, most as u64)?;
                if done >= most {
                    break;
                }
                Lanczos::advance(&mut spaces, quadratic.k());
            }
            let ritz = spaces.iter().map(Lanczos::ritz).collect::<Result<Vec<Ritz>>>()?;
            ritz.iter().try_for_each(|r| check_semidefinite(&r.values, quadratic.rounding().0))?;
            let largest = ritz.iter().filter_map(|r| r.values.last()).fold(0.0f64, |a, &b| a.max(b));
            let step = chosen(step, largest)?;
            if step * largest > 1.0 + 1e-12 {
                return Ok(Err(Refused { step, limit: 1.0 / largest }));
            }
            let ended = spaces.iter().all(|s| s.is_invariant() || s.steps() >= most);
            let floor = ritz.iter().map(|r| floor(&r.values, f64::EPSILON)).fold(0.0, f64::max);
            let mut rounding = estimate(quadratic, step, largest, floor, Vec::new());
            // A Krylov space that is the whole space has the eigenvalues of K.
            if spaces.iter().all(|s| s.steps() == quadratic.k().rows()) {
                let all = || ritz.iter().flat_map(|r| &r.values);
                rounding.deficient = all().any(|x| *x <= floor);
                let least = all().filter(|x| **x > floor).fold(f64::INFINITY, |a, &b| a.min(b));
                rounding.gap = Some(least - rounding.k).filter(|gap| *gap > 0.0 && gap.is_finite());
            }
            let pairs = spaces.into_iter().zip(ritz).collect();
            let mut path = Self::from_parts(Solution::Krylov(pairs), quadratic, rounding);
            path.rounding.cut = path.unresolved_shares();
            if ended || path.krylov_error(last) <= LANCZOS_TOLERANCE {
                return Ok(Ok(path));
            }
            // The Krylov spaces are extended from their current state.
            spaces = match path.solution {
                Solution::Krylov(pairs) => pairs.into_iter().map(|(space, _)| space).collect(),
                Solution::Dense(_) => Vec::new(),
            };
        }
    }

    /// Returns the step eta.
    pub fn step(&self) -> f64 {
        self.step
    }

    /// Returns the number of Lanczos steps; None for the eigendecomposition.
    pub fn lanczos_steps(&self) -> Option<usize> {
        match &self.solution {
            Solution::Dense(_) => None,
            Solution::Krylov(spaces) => Some(spaces.iter().map(|s| s.0.steps()).max().unwrap_or(0)),
        }
    }

    /// Returns the eigenvalues of K, ascending; with Lanczos, those of T.
    pub fn eigenvalues(&self) -> &[f64] {
        match &self.solution {
            Solution::Dense(dense) => &dense.eigenvalues,
            Solution::Krylov(spaces) => spaces.first().map_or(&[], |s| &s.1.values),
        }
    }

    /// Returns the number of labels.
    pub fn labels(&self) -> usize {
        self.label_sq.len()
    }

    /// Computes the output coefficients a_t: for each iteration count, one row for each label. Cost 2 m^2 flops a row,
    /// with Lanczos 2 m k.
    pub fn coefficients(&self, iterations: &[u64]) -> Matrix {
        let labels = self.labels();
        match &self.solution {
            Solution::Dense(dense) => {
                let mut weights = Matrix::zeros(iterations.len() * labels, dense.eigenvalues.len());
                for (i, &t) in iterations.iter().enumerate() {
                    for label in 0..labels {
                        let row = weights.row_mut(i * labels + label);
                        for (j, w) in row.iter_mut().enumerate() {
                            *w = dense.b.row(label)[j] * accumulated(dense.eigenvalues[j], self.step, t);
                        }
                    }
                }
                weights.times(&dense.vectors)
            }
            Solution::Krylov(spaces) => {
                let mut out = Matrix::zeros(iterations.len() * labels, self.width);
                for (label, (space, ritz)) in spaces.iter().enumerate().filter(|(_, s)| s.0.steps() > 0) {
                    let mut weights = Matrix::zeros(iterations.len(), space.steps());
                    for (i, &t) in iterations.iter().enumerate() {
                        let coordinates =
                            ritz.coordinates(|x| share(ritz, x, |x| accumulated(x, self.step, t)));
                        weights.row_mut(i).copy_from_slice(&coordinates);
                    }
                    let combined = space.combine(&weights);
                    for i in 0..iterations.len() {
                        out.row_mut(i * labels + label).copy_from_slice(combined.row(i));
                    }
                }
                out
            }
        }
    }

    /// Computes the loss E (f_t - g)^2 of each label on the expectation or rows behind the quadratic form: ||g||^2
    /// minus sum_i b_i^2 psi_2t(lambda_i), and with a ridge minus its penalty. Cost m, with Lanczos k.
    pub fn losses(&self, iteration: u64) -> Vec<f64> {
        let twice = iteration.saturating_mul(2);
        let penalty = |x: f64| match self.ridge {
            0.0 => 0.0,
            ridge => ridge * accumulated(x, self.step, iteration).powi(2),
        };
        let part = |x: f64| accumulated(x, self.step, twice) + penalty(x);
        let learned: Vec<f64> = match &self.solution {
            Solution::Dense(dense) => (0..self.labels())
                .map(|label| {
                    let terms: Vec<f64> = dense
                        .b
                        .row(label)
                        .iter()
                        .zip(&dense.eigenvalues)
                        .map(|(b, &lambda)| b * b * part(lambda))
                        .collect();
                    tree_sum(&terms)
                })
                .collect(),
            Solution::Krylov(spaces) => {
                spaces.iter().map(|(_, ritz)| ritz.integral(|x| share(ritz, x, part))).collect()
            }
        };
        self.label_sq.iter().zip(learned).map(|(y, x)| non_negative(y - x)).collect()
    }

    /// Returns the mean over labels of [`Self::losses`].
    pub fn loss(&self, iteration: u64) -> f64 {
        let losses = self.losses(iteration);
        losses.iter().sum::<f64>() / losses.len() as f64
    }
}

/// Estimates the effect of rounding on K and b: the estimates of the form and the contribution of the solver.
fn estimate(quadratic: &Quadratic, step: f64, largest: f64, floor: f64, cut: Vec<f64>) -> Rounding {
    let (k, b) = quadratic.rounding();
    let of_label = |label: usize| {
        let row = quadratic.b().row(label);
        b.get(label).copied().unwrap_or(0.0) + 4.0 * f64::EPSILON * dot(row, row).sqrt()
    };
    Rounding {
        step,
        largest,
        k: k + floor,
        b: (0..quadratic.labels()).map(of_label).collect(),
        cut,
        deficient: false,
        gap: None,
    }
}

/// Returns the step, by default 1 / (largest eigenvalue).
fn chosen(step: Step, largest: f64) -> Result<f64> {
    match step {
        Step::Auto if largest > 0.0 => Ok(1.0 / largest),
        Step::Auto => Ok(1.0),
        Step::Fixed(step) => check_step(step, largest, 1.0 / largest),
    }
}

fn trace(k: &Matrix) -> f64 {
    (0..k.rows()).map(|i| k.row(i)[i]).sum()
}

/// Returns an eigenvalue of T, or zero if it cannot be distinguished from zero.
fn floored(ritz: &Ritz, x: f64) -> f64 {
    if x <= floor(&ritz.values, f64::EPSILON) { 0.0 } else { x }
}

/// Returns f of an eigenvalue of T, or 0 for one that is not distinguished from 0: as for the eigendecomposition, such
/// directions remain at their start.
fn share(ritz: &Ritz, x: f64, f: impl Fn(f64) -> f64) -> f64 {
    if x <= floor(&ritz.values, f64::EPSILON) { 0.0 } else { f(x) }
}

/// The largest negative eigenvalue that can be rounding, relative to the largest eigenvalue; sums of products in f32 have
/// errors near 1e-6. Bounds on errors include smaller ones (RD-1).
const INDEFINITE: f64 = 1e-4;

/// Checks that K is positive semidefinite, given its eigenvalues in ascending order and the error of K.
fn check_semidefinite(eigenvalues: &[f64], error: f64) -> Result<()> {
    let (Some(least), Some(largest)) = (eigenvalues.first(), eigenvalues.last()) else { return Ok(()) };
    // Numbers near the smallest f64 have no relative accuracy.
    if *least < -(INDEFINITE * largest.max(0.0) + 4.0 * error + f64::MIN_POSITIVE) {
        return Err(Error::parameter("the least eigenvalue of K", least, "at least 0, except for rounding"));
    }
    Ok(())
}

fn check_b(quadratic: &Quadratic) -> Result<()> {
    let b = quadratic.b();
    check_finite("the label part of the gradient", b.values(), b.columns())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observer::Silent;

    #[test]
    fn an_indefinite_matrix_is_refused() {
        for (last, refused) in [(-1.0, true), (-1e-3, true), (-1e-9, false)] {
            let k = Matrix::from_rows(2, 2, vec![1.0, 0.0, 0.0, last]).unwrap();
            let quadratic = Quadratic::new(k, vec![0.5, 0.5], 0.5).unwrap();
            for solver in [Solver::Dense, Solver::Lanczos] {
                let found = GradientPath::with_solver(&quadratic, Step::Auto, solver, 100, &mut Silent);
                assert_eq!(matches!(found, Err(Error::Parameter { .. })), refused, "{last} {solver:?}");
            }
        }
    }

    /// Returns a smooth kernel matrix with a rapidly decaying spectrum, and two labels.
    fn quadratic(m: usize) -> Quadratic {
        let mut k = Matrix::zeros(m, m);
        for i in 0..m {
            for j in 0..m {
                let (x, y) = (i as f64 / m as f64, j as f64 / m as f64);
                k.row_mut(i)[j] = (1.0 + (x - y).abs()).recip().powi(3) / m as f64;
            }
        }
        let mut b = Matrix::zeros(2, m);
        for j in 0..m {
            b.row_mut(0)[j] = (j as f64 * 0.02).cos() / m as f64;
            b.row_mut(1)[j] = (1.0 + j as f64 / m as f64).ln() / m as f64;
        }
        Quadratic::with_labels(k, b, vec![0.5, 0.4]).unwrap()
    }

    /// Returns the root mean square, over the rows behind K, of the difference of two networks.
    fn distance(q: &Quadratic, a: &[f64], b: &[f64]) -> f64 {
        let difference: Vec<f64> = a.iter().zip(b).map(|(x, y)| x - y).collect();
        dot(&q.k().times_vector(&difference), &difference).max(0.0).sqrt()
    }

    #[test]
    fn both_solvers_give_the_same_path_within_the_bound() {
        let q = quadratic(400);
        let dense = GradientPath::with_solver(&q, Step::Auto, Solver::Dense, 0, &mut Silent).unwrap();
        let step = Step::Fixed(0.9 * dense.step());
        let dense = GradientPath::with_solver(&q, step, Solver::Dense, 0, &mut Silent).unwrap();
        let counts = [0, 1, 7, 100, 2_000, 40_000];
        let exact = dense.coefficients(&counts);
        let mut seen = Vec::new();
        for last in [100, 2_000, 40_000] {
            let path = GradientPath::with_solver(&q, step, Solver::Lanczos, last, &mut Silent).unwrap();
            let steps = path.lanczos_steps().unwrap();
            seen.push(steps);
            let found = path.coefficients(&counts);
            for (i, t) in counts.iter().enumerate().filter(|(_, t)| **t <= last) {
                for label in 0..2 {
                    let row = 2 * i + label;
                    let difference = distance(&q, found.row(row), exact.row(row));
                    let bound = path.distances(*t)[label] + dense.distances(*t)[label];
                    assert!(difference <= bound, "t = {t}: {difference} > {bound}");
                    let (low, high) = path.loss_bounds(*t).unwrap()[label];
                    let (least, most) = dense.loss_bounds(*t).unwrap()[label];
                    assert!(low <= most && least <= high, "t = {t}: {low} {high}, {least} {most}");
                }
            }
        }
        assert!(seen[0] <= seen[2] && seen[2] < 400, "{seen:?}");
    }

    /// Computes output weights and loss of exact descent on the given sums, from the eigenproblem in double-double
    /// arithmetic.
    fn exact(
        q: &Quadratic,
        (values, vectors): &(Vec<DoubleDouble>, Vec<Vec<DoubleDouble>>),
        step: f64,
        t: u64,
    ) -> (Vec<f64>, f64) {
        let mut weights = vec![DoubleDouble::ZERO; q.k().rows()];
        let mut loss = DoubleDouble::from(2.0 * q.c()[0]);
        for (value, vector) in values.iter().zip(vectors) {
            let b: DoubleDouble =
                vector.iter().zip(q.b().row(0)).map(|(&v, &b)| v * DoubleDouble::from(b)).sum();
            let x = value.to_f64().max(0.0) + q.ridge();
            let weight = b * DoubleDouble::from(accumulated(x, step, t));
            weights.iter_mut().zip(vector).for_each(|(a, &v)| *a = *a + weight * v);
            loss = loss - b * b * DoubleDouble::from(accumulated(x, step, 2 * t));
            loss = loss - weight * weight * DoubleDouble::from(q.ridge());
        }
        (weights.iter().map(|a| a.to_f64()).collect(), loss.to_f64())
    }

    #[test]
    fn both_solvers_are_within_their_errors_of_descent_in_double_double() {
        use crate::activation::Activation;
        use crate::numeric::random::Purpose;
        use crate::sphere::{Dim, uniform_points};
        let dim = Dim::new(8).unwrap();
        let points = uniform_points(dim, 300, 1, Purpose::Points);
        let labels: Vec<f64> =
            (0..300).map(|i| (3.0 * points.row(i)[0]).sin() + points.row(i)[1].abs()).collect();
        for (activation, width) in [(Activation::Exp, 90), (Activation::Relu, 120), (Activation::Tanh, 60)] {
            let network = crate::network::Network::random(activation.clone(), 1.0, dim, width, 3).unwrap();
            let plain = crate::risk::Empirical::new(&points, &labels).quadratic(&network).unwrap();
            let lower = |i: usize| plain.k().row(i)[..=i].iter().map(|&x| DoubleDouble::from(x)).collect();
            let eigen = jacobi::eigen(&(0..width).map(lower).collect::<Vec<_>>()).unwrap();
            for (ridge, solver) in [0.0, 1e-9, 1e-3, 0.3]
                .into_iter()
                .flat_map(|ridge| [Solver::Dense, Solver::Lanczos].map(|solver| (ridge, solver)))
            {
                let q = plain.clone().with_ridge(ridge).unwrap();
                let step = 0.99 * GradientPath::new(&q, Step::Auto, &mut Silent).unwrap().step();
                let path =
                    GradientPath::with_solver(&q, Step::Fixed(step), solver, 1_000_000_000, &mut Silent)
                        .unwrap();
                for t in [1, 1_000, 1_000_000, 1_000_000_000, 1_000_000_000_000] {
                    let (weights, loss) = exact(&q, &eigen, step, t);
                    let found = path.coefficients(&[t]);
                    let off = distance(&q, found.row(0), &weights);
                    let what = format!("{activation} {ridge:e} {solver:?} {t:e}");
                    assert!(off <= path.distances(t)[0], "{what}: {off:e} > {:e}", path.distances(t)[0]);
                    let error = path.loss_error(t);
                    assert!((path.loss(t) - loss).abs() <= error, "{what}");
                    let evaluated = q.losses(&found).unwrap()[0];
                    assert!((evaluated - loss).abs() <= error + 1e-9, "{what}: {evaluated:e} {loss:e}");
                    let (low, high) = path.loss_bounds(t).unwrap()[0];
                    assert!(low <= loss && loss <= high, "{what}: {low:e} {loss:e} {high:e}");
                }
            }
        }
    }

    #[test]
    fn a_ridge_ends_at_ridge_regression() {
        let k = Matrix::from_rows(2, 2, vec![1.0, 0.0, 0.0, 0.25]).unwrap();
        let q = Quadratic::new(k, vec![1.0, 0.25], 0.625).unwrap().with_ridge(0.25).unwrap();
        assert_eq!((q.ridge(), q.k().row(1)), (0.25, &[0.0, 0.5][..]));
        let path = GradientPath::new(&q, Step::Auto, &mut Silent).unwrap();
        let a = path.coefficients(&[1_000_000]);
        assert!((a.row(0)[0] - 0.8).abs() < 1e-15 && (a.row(0)[1] - 0.5).abs() < 1e-15);
        // The loss of the network alone: 0.2^2 + 0.5^2 / 4.
        assert!((path.loss(1_000_000) - 0.1025).abs() < 1e-15);
        assert!((q.losses(&a).unwrap()[0] - 0.1025).abs() < 1e-15);
        for ridge in [-1.0, f64::NAN, f64::INFINITY] {
            assert!(matches!(quadratic(2).with_ridge(ridge), Err(Error::Parameter { .. })), "{ridge}");
        }
    }

    #[test]
    fn the_bound_notices_a_space_that_is_too_small() {
        let q = quadratic(400);
        let dense = GradientPath::with_solver(&q, Step::Auto, Solver::Dense, 0, &mut Silent).unwrap();
        let small =
            GradientPath::krylov(&q, Step::Fixed(dense.step()), 1_000_000, 6, &mut Silent).unwrap().unwrap();
        assert_eq!(small.lanczos_steps(), Some(6));
        for t in [10, 1_000, 100_000] {
            let (found, exact) = (small.coefficients(&[t]), dense.coefficients(&[t]));
            for label in 0..2 {
                let off = distance(&q, found.row(label), exact.row(label));
                let bound = small.distances(t)[label];
                assert!(off <= bound, "t = {t}: {off} > {bound}");
            }
        }
        assert!(small.prediction_error(100_000) > LANCZOS_TOLERANCE);
    }

    #[test]
    fn the_choice_follows_the_bound() {
        let q = quadratic(400);
        let path = |last| GradientPath::with_solver(&q, Step::Auto, Solver::Auto, last, &mut Silent).unwrap();
        assert!(path(100).lanczos_steps().is_some());
        assert!(path(u64::MAX).lanczos_steps().is_none());
        let large = Step::Fixed(1.5 * path(100).step());
        assert!(GradientPath::with_solver(&q, large, Solver::Lanczos, 10, &mut Silent).is_err());
        let auto = GradientPath::with_solver(&q, large, Solver::Auto, 10, &mut Silent).unwrap();
        assert!(auto.lanczos_steps().is_none());
    }
}
