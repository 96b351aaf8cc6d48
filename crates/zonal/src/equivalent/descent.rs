//! Gradient descent after exactly t steps, as a double integral over ridges (RW-3).

use super::points::Point;
use super::{DegreeError, Equivalent, Prediction, Sizes};
use crate::dynamics::decay;
use crate::error::{Error, Result};
use crate::numeric::contour::Contour;
use num_complex::Complex64;

/// Steps are refused beyond this many times the inverse of the largest eigenvalue; from 2 on descent diverges.
const LARGEST: f64 = 1.9;

impl Equivalent {
    /// Predicts the errors of gradient descent from zero after t steps. The step is fixed; with few rows or units 1 / ||phi||^2
    /// may be refused.
    ///
    /// Cost: 24 solutions of RW-1 and 24^2 sums over degrees for any t from 48; up to 188^2 sums below.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a step that is not positive, or larger than 1.9 over the largest eigenvalue that the equivalent
    /// expects, and for sizes below 1.
    pub fn descent(&self, sizes: Sizes, step: f64, iterations: u64) -> Result<Prediction> {
        let sizes = sizes.check()?;
        if !(step > 0.0 && step.is_finite()) {
            return Err(Error::parameter("the step", step, "a positive number"));
        }
        let edge = self.edge(sizes);
        if step * edge > LARGEST {
            let required =
                format!("at most {:.4e}, 1.9 / (the largest eigenvalue, {edge:.4e})", LARGEST / edge);
            return Err(Error::parameter("the step", step, required));
        }
        if sizes.least() == f64::INFINITY {
            return Ok(self.exact(step, iterations));
        }
        let contour = Contour::of_descent(step, iterations, step * edge);
        let points = self.points(sizes, &contour).ok_or_else(|| {
            let required =
                "a smaller one, or other sizes: the equivalent could not be followed to all ridges";
            Error::parameter("the step", step, required)
        })?;
        let ridge = if iterations == 0 { f64::INFINITY } else { 1.0 / (step * iterations as f64) };
        Ok(self.integrate(sizes, &points, self.regime(sizes, ridge)))
    }

    /// Returns the largest eigenvalue of the second moments of the features on the rows, in the equivalent:
    /// min over k > max alpha_k^2 of k (1 + D/N) (1 + D/m), D = sum N_k alpha_k^2 / (k - alpha_k^2).
    pub(super) fn edge(&self, sizes: Sizes) -> f64 {
        let largest = self.seen().map(|part| part.eigenvalue).fold(0.0, f64::max);
        if sizes.least() == f64::INFINITY {
            return largest;
        }
        let value = |beyond: f64| {
            // k = largest + beyond; the difference to the largest eigenvalue is exact.
            let inverse = |part: &super::Part| part.weight / (largest - part.eigenvalue + beyond);
            let sum = self.seen().map(inverse).sum::<f64>() + self.white / (largest + beyond);
            (largest + beyond) * (1.0 + sum / sizes.rows) * (1.0 + sum / sizes.width)
        };
        // The function of ln(beyond) has one minimum; golden section.
        let scale = self.norm_sq * (1.0 + 1.0 / sizes.rows) * (1.0 + 1.0 / sizes.width);
        let (mut low, mut high) = ((1e-12 * scale).ln(), (4.0 * scale).ln());
        let golden = 0.5 * (5f64.sqrt() - 1.0);
        for _ in 0..60 {
            let [a, b] = [high - golden * (high - low), low + golden * (high - low)];
            if value(a.exp()) < value(b.exp()) { high = b } else { low = a }
        }
        value((0.5 * (low + high)).exp())
    }

    /// Descent on exact expectations at infinite width (GD-1).
    fn exact(&self, step: f64, iterations: u64) -> Prediction {
        let degrees: Vec<DegreeError> = self
            .degrees
            .iter()
            .map(|part| {
                let residual = decay(step * part.eigenvalue, iterations);
                let bias = residual * residual * part.energy;
                DegreeError { energy: part.energy, learned: 1.0 - residual, bias, variance: 0.0 }
            })
            .collect();
        let test_error = self.noise + self.unlisted + degrees.iter().map(|d| d.bias).sum::<f64>();
        let learned = |(part, degree): (&super::Part, &DegreeError)| match part.eigenvalue > 0.0 {
            true => part.multiplicity * degree.learned,
            false => 0.0,
        };
        let white = step * iterations as f64 * self.white;
        let effective_dimension = self.degrees.iter().zip(&degrees).map(learned).sum::<f64>() + white;
        Prediction {
            test_error,
            train_error: test_error,
            noise_factor: 1.0,
            effective_ridge: None,
            effective_dimension,
            degrees,
            unseen: self.unlisted,
            tail_variance: 0.0,
            tail_error: 0.0,
            regime: super::Regime::Regular,
        }
    }

    /// Integrates RW-2 over all pairs of points.
    fn integrate(&self, sizes: Sizes, points: &[Point], regime: super::Regime) -> Prediction {
        let pairs = Pairs::new(self, sizes, points);
        let double = |value: &dyn Fn(&Pair) -> Complex64| pairs.integral(points, value);
        let test_error = double(&|p| p.error);
        // Without rows there is no noise to fit.
        let noise_factor = if sizes.rows == f64::INFINITY { 1.0 } else { double(&|p| 1.0 / p.denominator) };
        let train_error = double(&|p| p.error * p.left);
        let single = |value: &dyn Fn(&Point) -> Complex64| {
            points.iter().map(|p| 2.0 * (p.factor * value(p)).re).sum::<f64>()
        };
        let effective_dimension = single(&|p| p.dimension);
        let degrees = (0..self.degrees.len()).map(|k| {
            let part = self.degrees[k];
            if part.eigenvalue == 0.0 {
                return DegreeError { energy: part.energy, learned: 0.0, bias: part.energy, variance: 0.0 };
            }
            let residual = single(&|p| p.kappa / (part.eigenvalue + p.kappa));
            let bias = residual * residual * part.energy;
            let variance = pairs.variance(points, part.eigenvalue, part.weight);
            DegreeError { energy: part.energy, learned: 1.0 - residual, bias, variance }
        });
        Prediction {
            test_error,
            train_error: train_error.max(0.0),
            noise_factor,
            effective_ridge: None,
            effective_dimension,
            degrees: degrees.collect(),
            unseen: self.unlisted,
            tail_variance: if self.white > 0.0 { pairs.variance(points, 0.0, self.white) } else { 0.0 },
            tail_error: self.worst_tail_error(points),
            regime,
        }
    }

    /// Returns the bound on the relative error of df at the point of the smallest kappa.
    fn worst_tail_error(&self, points: &[Point]) -> f64 {
        let least = points.iter().map(|p| p.kappa.norm()).fold(f64::INFINITY, f64::min);
        self.tail_error(least, self.dimension(least))
    }
}

/// RW-2 at a pair of ridges.
struct Pair {
    /// E(lambda, lambda').
    error: Complex64,
    denominator: Complex64,
    /// (1 - df/N) (1 - df'/N).
    left: Complex64,
    /// The factors of N_k alpha_k^4 and N_k alpha_k^2 in the energy of the networks in degree k.
    from_rows: Complex64,
    from_units: Complex64,
}

/// The pairs of points of the upper half plane, and of such a point and the conjugate of another.
struct Pairs {
    same: Vec<Pair>,
    conjugate: Vec<Pair>,
}

impl Pairs {
    fn new(equivalent: &Equivalent, sizes: Sizes, points: &[Point]) -> Self {
        let table = Table::new(equivalent, points);
        let (mut same, mut conjugate) = (Vec::new(), Vec::new());
        for (i, a) in points.iter().enumerate() {
            for (sums, mirrored) in table.sums(i).into_iter().zip([false, true]) {
                let list = if mirrored { &mut conjugate } else { &mut same };
                for (b, sums) in points.iter().zip(sums) {
                    let b = if mirrored { b.conj() } else { *b };
                    list.push(equivalent.pair(sizes, [*a, b], sums));
                }
            }
        }
        Self { same, conjugate }
    }

    /// Integrates a function of pairs over both contours.
    fn integral(&self, points: &[Point], value: impl Fn(&Pair) -> Complex64) -> f64 {
        let mut sum = 0.0;
        let count = points.len();
        for (i, a) in points.iter().enumerate() {
            let mut row = Complex64::ZERO;
            for (j, b) in points.iter().enumerate() {
                row += value(&self.same[i * count + j]) * b.factor;
                row += value(&self.conjugate[i * count + j]) * b.factor.conj();
            }
            sum += 2.0 * (a.factor * row).re;
        }
        sum
    }

    /// Integrates the energy of the networks in a degree.
    fn variance(&self, points: &[Point], eigenvalue: f64, weight: f64) -> f64 {
        let shares: Vec<Complex64> = points.iter().map(|p| p.factor / (eigenvalue + p.kappa)).collect();
        let count = points.len();
        let mut sum = 0.0;
        for (i, a) in shares.iter().enumerate() {
            let mut row = Complex64::ZERO;
            for (j, b) in shares.iter().enumerate() {
                let value = |p: &Pair| eigenvalue * p.from_rows + p.from_units;
                row += value(&self.same[i * count + j]) * b;
                row += value(&self.conjugate[i * count + j]) * b.conj();
            }
            sum += 2.0 * (a * row).re;
        }
        (weight * sum).max(0.0)
    }
}

impl Point {
    fn conj(self) -> Self {
        Self {
            kappa: self.kappa.conj(),
            left: self.left.map(|s| s.conj()),
            dimension: self.dimension.conj(),
            factor: self.factor.conj(),
        }
    }
}

impl Equivalent {
    fn pair(&self, sizes: Sizes, [a, b]: [Point; 2], [weights, energies, learned]: [Complex64; 3]) -> Pair {
        let Sizes { rows, width } = sizes;
        let product = a.kappa * b.kappa;
        // Divided by kappa kappa': Q, B and T of RW-2.
        let weights = weights + self.white / product;
        let bias = self.unseen + product * energies;
        // m - D over m, and the denominator without differences of nearly equal numbers, as for real ridges.
        let spread = b.left[1] + a.kappa * weights / width;
        let denominator = (a.left[0] * b.left[1]
            + a.kappa * weights * a.left[0] / width
            + b.kappa * weights * b.left[1] / rows)
            / spread;
        let units = 1.0 / width / spread;
        let error = (self.noise + bias + units * product * weights * learned) / denominator;
        let from_rows = error / rows;
        let from_units = units * product * (learned + weights * from_rows);
        Pair { error, denominator, left: a.left[0] * b.left[0], from_rows, from_units }
    }
}

/// 1 / (alpha_k^2 + kappa_j), by degree and point, for sums over degrees at all pairs.
struct Table {
    count: usize,
    real: Vec<f64>,
    imaginary: Vec<f64>,
    /// The factors of the three sums, by degree.
    factors: Vec<[f64; 3]>,
}

impl Table {
    fn new(equivalent: &Equivalent, points: &[Point]) -> Self {
        let (mut real, mut imaginary, mut factors) = (Vec::new(), Vec::new(), Vec::new());
        for part in equivalent.seen() {
            let inverses = points.iter().map(|p| 1.0 / (part.eigenvalue + p.kappa));
            let (re, im): (Vec<f64>, Vec<f64>) = inverses.map(|c| (c.re, c.im)).unzip();
            real.extend(re);
            imaginary.extend(im);
            factors.push([part.weight, part.energy, part.energy * part.eigenvalue]);
        }
        Self { count: points.len(), real, imaginary, factors }
    }

    /// Returns, for the point i with all points and with all conjugates, the sums over degrees of N_k alpha_k^2, G_k and
    /// G_k alpha_k^2, over (alpha_k^2 + kappa_i) (alpha_k^2 + kappa_j).
    fn sums(&self, i: usize) -> [Vec<[Complex64; 3]>; 2] {
        let count = self.count;
        // Products of real and imaginary parts: re re, im im, re im, im re.
        let mut products = vec![[0.0f64; 4]; 3 * count];
        for (k, factors) in self.factors.iter().enumerate() {
            let (re, im) =
                (&self.real[k * count..(k + 1) * count], &self.imaginary[k * count..(k + 1) * count]);
            for (which, factor) in factors.iter().enumerate().filter(|(_, factor)| **factor != 0.0) {
                let (a, b) = (factor * re[i], factor * im[i]);
                let out = &mut products[which * count..(which + 1) * count];
                for ((out, x), y) in out.iter_mut().zip(re).zip(im) {
                    out[0] += a * x;
                    out[1] += b * y;
                    out[2] += a * y;
                    out[3] += b * x;
                }
            }
        }
        let of = |sign: f64| {
            let value = |j: usize, which: usize| {
                let [rr, ii, ri, ir] = products[which * count + j];
                Complex64::new(rr - sign * ii, sign * ri + ir)
            };
            (0..count).map(|j| [0, 1, 2].map(|which| value(j, which))).collect()
        };
        [of(1.0), of(-1.0)]
    }
}
