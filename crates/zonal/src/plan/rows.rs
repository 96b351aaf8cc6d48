//! Proved bounds on the error of ridge regression on random rows (PL-3).

use super::usable;
use crate::error::{Error, Result};
use crate::spectrum::{Spectrum, check_law};
use crate::target::PowerSpectrum;
use serde::Serialize;

/// Rows and a ridge with the bound that they prove.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ProvedRows {
    /// The number of rows.
    pub rows: u64,
    /// The ridge.
    pub ridge: f64,
    /// The bound on the expectation of the excess error E (g - f)^2 over rows, noise and units, at infinite width.
    pub bound: f64,
}

/// A proved bound on the excess error of ridge regression.
#[derive(Clone, Debug)]
pub struct RowsBound<'a> {
    spectrum: &'a Spectrum,
    /// Degrees that are seen: alpha_k^2, rounded so that the bound holds, and the energy.
    degrees: Vec<(f64, f64)>,
    /// The energy of all other degrees.
    unseen: f64,
    noise: f64,
    norm_sq: f64,
}

/// The number of ridges that are tried for each number of rows, and their range as shares of ||phi||^2.
const RIDGES: usize = 211;
const RANGE: [f64; 2] = [1e-18, 1e3];
/// The ratio of the ends of a block of iterations.
const BLOCK: f64 = 1.02;

impl<'a> RowsBound<'a> {
    /// Creates the bound for a target with noise of this variance on its labels.
    ///
    /// # Errors
    /// [`Error::Size`] for another dimension; [`Error::Parameter`] for the spectrum of infinite dimension and noise that is
    /// negative or not finite.
    pub fn new(target: &PowerSpectrum, spectrum: &'a Spectrum, noise: f64) -> Result<Self> {
        check_law(spectrum.law(), target.dim())?;
        if !(noise >= 0.0 && noise.is_finite()) {
            return Err(Error::parameter("the noise", noise, "at least 0 and finite"));
        }
        let mut unseen = target.tail_energy;
        let mut degrees = Vec::new();
        for (k, &energy) in target.energies.iter().enumerate() {
            match usable(spectrum, k) {
                Some(c) => degrees.push((c.eigenvalue() * (1.0 - c.relative_error).powi(2), energy)),
                None => unseen += energy,
            }
        }
        let norm_sq = spectrum.norm_sq() + spectrum.norm_error();
        Ok(Self { spectrum, degrees, unseen, noise, norm_sq })
    }

    /// Returns the smaller of the bounds PL-3r and PL-3s on the expectation of E (g - f)^2 over rows, noise and units: rows N
    /// and width m from 1, infinity for the kernel limit.
    ///
    /// `bound_sq` is B^2, a bound on |phi(x)|^2 = (1/m) sum_j phi(s <w_j, x>)^2 for all x: the maximum of phi^2 on [-s, s], or
    /// ||phi||^2 at infinite width, where it is this for every x; None for the latter.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a ridge that is not positive, sizes below 1, and a finite width without `bound_sq`.
    pub fn excess(&self, rows: f64, width: f64, ridge: f64, bound_sq: Option<f64>) -> Result<f64> {
        if !(ridge > 0.0 && ridge.is_finite()) {
            return Err(Error::parameter("the ridge", ridge, "a positive number"));
        }
        let bound_sq = self.checked(rows, width, bound_sq)?;
        Ok(self.at(rows, width, ridge, bound_sq))
    }

    /// Checks sizes and returns B^2.
    fn checked(&self, rows: f64, width: f64, bound_sq: Option<f64>) -> Result<f64> {
        for (name, found) in [("the number of rows", rows), ("the width", width)] {
            if found < 1.0 || found.is_nan() {
                return Err(Error::parameter(name, found, "at least 1"));
            }
        }
        match bound_sq {
            Some(bound_sq) => Ok(bound_sq.max(self.norm_sq)),
            None if width == f64::INFINITY => Ok(self.norm_sq),
            None => {
                let required = "given for a finite width: the maximum of phi^2 on [-s, s]";
                Err(Error::parameter("the bound on phi^2", "none", required))
            }
        }
    }

    /// Returns the bound PL-3g on the expectation of E (g - f_T)^2 over rows, noise and units after T steps of gradient descent on
    /// the same rows. With noise it exceeds nu once the product of step, iterations and B^2 is of the order of the number of rows. Sizes and `bound_sq`
    /// are those of [`Self::excess`].
    ///
    /// # Errors
    /// As [`Self::excess`]; [`Error::Parameter`] for a step that is not positive, or above N / ((N + 1) B^2).
    pub fn descent(
        &self,
        rows: f64,
        width: f64,
        step: f64,
        iterations: u64,
        bound_sq: Option<f64>,
    ) -> Result<f64> {
        let bound_sq = self.checked(rows, width, bound_sq)?;
        // N / (N + 1).
        let lowered = 1.0 - 1.0 / (rows + 1.0);
        if !(step > 0.0 && step * bound_sq <= lowered * (1.0 + 1e-12)) {
            let required = format!("positive and at most {:e}", lowered / bound_sq);
            return Err(Error::parameter("the step", step, required));
        }
        // The training error of all N + 1 rows after t steps.
        let fitted = |t: u64| match t {
            0 => self.degrees.iter().map(|(_, energy)| energy).sum::<f64>() + self.unseen,
            t => self.plain_bias(width, lowered / (2.0 * step * t as f64)),
        };
        if iterations == 0 {
            return Ok(fitted(0));
        }
        let each = if rows == f64::INFINITY { 0.0 } else { step * bound_sq / rows };
        let mut sum = fitted(0).sqrt();
        let mut t = 1;
        // The errors decrease, so that the first of a block bounds all of them.
        while t < iterations && each > 0.0 {
            let next = (t + 1).max((t as f64 * BLOCK) as u64).min(iterations);
            sum += (next - t) as f64 * fitted(t).sqrt();
            t = next;
        }
        let bias = (fitted(iterations).sqrt() + each * sum).powi(2);
        let count = iterations as f64;
        let dimension = self.dimension(lowered / (step * count)).min(width).min(rows + 1.0);
        let noise = self.noise * descent_constant(count) * (1.0 + each * count) * dimension;
        Ok(bias + if rows == f64::INFINITY { 0.0 } else { noise / (rows + 1.0) })
    }

    fn at(&self, rows: f64, width: f64, ridge: f64, bound_sq: f64) -> f64 {
        let leverage = bound_sq / (rows * ridge);
        let (share, lowered) = if rows == f64::INFINITY {
            (0.0, ridge)
        } else {
            (1.0 / (rows + 1.0), ridge * rows / (rows + 1.0))
        };
        let count = width.min(rows + 1.0);
        let noise = |dimension: f64| dimension.min(count) * share;
        let first = noise(self.dimension(lowered));
        let second =
            if rows == f64::INFINITY { 0.0 } else { self.dimension((1.0 + leverage) * ridge) / rows };
        let plain = self.plain_bias(width, lowered) * (1.0 + leverage).powi(2)
            + self.noise * (1.0 + leverage) * first;
        let sharp =
            self.sharp_bias(width, lowered, leverage) + self.noise * (1.0 + leverage) * first.min(second);
        plain.min(sharp)
    }

    /// The bias of PL-3r without its factor: sum G_k h_k / (1 + h_k), h_k = (||phi||^2 / m + lambda') / alpha_k^2 - 1/m.
    fn plain_bias(&self, width: f64, ridge: f64) -> f64 {
        let of =
            |&(eigenvalue, energy): &(f64, f64)| energy * (1.0 - self.comparator(width, ridge, eigenvalue));
        self.degrees.iter().map(of).sum::<f64>() + self.unseen
    }

    /// The factor s_k = 1 / (1 + h_k) of a degree in the comparator.
    fn comparator(&self, width: f64, ridge: f64, eigenvalue: f64) -> f64 {
        1.0 / (1.0 + (self.norm_sq / width + ridge) / eigenvalue - 1.0 / width)
    }

    /// The bias of PL-3s, with the best of three comparators: all of each degree, the shares of PL-3r, or all of those degrees of
    /// which it has at least half.
    fn sharp_bias(&self, width: f64, ridge: f64, leverage: f64) -> f64 {
        let with = |share: &dyn Fn(f64) -> f64| {
            let (mut shrunk, mut missed) = (0.0, self.unseen);
            for &(eigenvalue, energy) in &self.degrees {
                let (s, x) = (share(self.comparator(width, ridge, eigenvalue)), ridge / eigenvalue);
                shrunk += s * s * energy * x * x / (1.0 / (1.0 + leverage) + x);
                missed +=
                    (1.0 - s).powi(2) * energy + s * s * energy * (self.norm_sq / eigenvalue - 1.0) / width;
            }
            ((1.0 + leverage) * (shrunk.sqrt() + missed.sqrt())).powi(2)
        };
        let half = |s: f64| if s >= 0.5 { 1.0 } else { 0.0 };
        with(&|_| 1.0).min(with(&|s| s)).min(with(&half))
    }

    /// An upper bound on df: degrees that are not listed count with an eigenvalue of 0.
    fn dimension(&self, ridge: f64) -> f64 {
        let of = |c: &crate::spectrum::Coefficient| {
            let energy = c.energy.to_f64();
            energy / (ridge + if c.relative_error < 1.0 { c.eigenvalue() } else { 0.0 })
        };
        let listed: f64 = self.spectrum.coefficients().iter().map(of).sum();
        listed + (self.spectrum.tail_energy().max(0.0) + self.spectrum.norm_error()) / ridge
    }

    /// Finds the least number of rows for which a ridge proves an excess error of at most `excess` at infinite width; None if no
    /// number up to 10^18 does.
    ///
    /// The bound of the rows that are returned is evaluated, so that it holds whether or not it falls with every further row.
    pub fn rows_for(&self, excess: f64) -> Option<ProvedRows> {
        let best = |rows: u64| {
            let [low, high] = RANGE.map(|share| (share * self.norm_sq).ln());
            let tried = (0..RIDGES).map(|i| (low + (high - low) * i as f64 / (RIDGES - 1) as f64).exp());
            let found = tried.map(|ridge| (self.at(rows as f64, f64::INFINITY, ridge, self.norm_sq), ridge));
            found.min_by(|a, b| a.0.total_cmp(&b.0)).unwrap_or((f64::INFINITY, 0.0))
        };
        let rows = super::smallest(1, |rows| best(rows).0 <= excess)?;
        let (bound, ridge) = best(rows);
        Some(ProvedRows { rows, ridge, bound })
    }
}

/// Returns an upper bound on C_T, the supremum of (1 - (1 - u/T)^T)^2 (1 + u) / u over 0 < u <= T.
fn descent_constant(iterations: f64) -> f64 {
    /// Below the first u the function is below u (1 + u), above the last one below (1 + u) / u: less than at T in both.
    const RANGE: [f64; 2] = [0.1, 40.0];
    /// The ratio of the ends of a cell, on which the two factors are bounded at one end each.
    const CELL: f64 = 1.001;
    let learned = |u: f64| -(iterations * (-u / iterations).ln_1p()).exp_m1();
    let last = iterations.min(RANGE[1]);
    let (mut u, mut most) = (RANGE[0], 0.0f64);
    while u < last {
        let next = (u * CELL).min(last);
        most = most.max(learned(next).powi(2) * (1.0 + u) / u);
        u = next;
    }
    most
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activation::Activation;
    use crate::equivalent::{Draw, Sizes};
    use crate::sphere::Dim;
    use proptest::prelude::*;

    fn problem(activation: &str, n: u64, scale: f64, energies: &[f64]) -> (Spectrum, PowerSpectrum) {
        let dim = Dim::new(n).unwrap();
        let spectrum = Spectrum::new(&Activation::parse(activation).unwrap(), dim, scale, 40).unwrap();
        (spectrum, PowerSpectrum::new(dim, energies.to_vec(), 0.0))
    }

    #[test]
    fn rows_are_those_of_the_proof() {
        // ReLU in dimension 10, noise 0.1, excess 0.1, infinite width: about 1,480 rows by PL-3s.
        for (activation, n, scale, energies, noise, excess, rows) in [
            ("relu", 10, 1.0, &[0.2, 0.5, 0.3][..], 0.1, 0.1, 1_480),
            ("tanh", 10, 2.0, &[0.0, 1.0], 0.1, 0.05, 140),
            ("relu", 30, 1.0, &[0.0, 1.0], 0.2, 0.1, 677),
        ] {
            let (spectrum, target) = problem(activation, n, scale, energies);
            let found = RowsBound::new(&target, &spectrum, noise).unwrap().rows_for(excess).unwrap();
            let expected = f64::from(rows);
            assert!((found.rows as f64 / expected - 1.0).abs() < 0.1, "{activation} {n}: {found:?}");
            assert!(found.bound <= excess);
        }
        // Energy that is not seen cannot be proved away.
        let (spectrum, target) = problem("relu", 10, 1.0, &[0.0, 0.5, 0.0, 0.2]);
        let bound = RowsBound::new(&target, &spectrum, 0.0).unwrap();
        assert_eq!(bound.rows_for(0.19), None);
        assert!(bound.rows_for(0.3).is_some());
        assert!(
            bound.excess(100.0, 50.0, 0.1, None).is_err() && bound.excess(0.0, 50.0, 0.1, Some(1.0)).is_err()
        );
    }

    /// PL-3r as it is stated, where it is below PL-3s: a large ridge.
    #[test]
    fn large_ridges_have_the_plain_bound() {
        let (spectrum, target) = problem("relu", 8, 1.0, &[0.2, 0.4, 0.3, 0.1]);
        let bound = RowsBound::new(&target, &spectrum, 0.5).unwrap();
        let norm_sq = spectrum.norm_sq();
        let mut plain = 0;
        for (rows, width, share) in
            [(30.0, f64::INFINITY, 3.0), (200.0, f64::INFINITY, 1.0), (50.0, 40.0, 20.0)]
        {
            let bound_sq = if width == f64::INFINITY { norm_sq } else { 1.0 };
            let ridge = share * norm_sq;
            let (b, lowered) = (bound_sq / (rows * ridge), ridge * rows / (rows + 1.0));
            let bias: f64 = (0..4)
                .map(|k| {
                    let eigenvalue = spectrum.eigenvalue(k).unwrap();
                    let h = (norm_sq / width + lowered) / eigenvalue - 1.0 / width;
                    target.energies[k] * if eigenvalue > 0.0 { h / (1.0 + h) } else { 1.0 }
                })
                .sum();
            let seen: f64 =
                spectrum.iter().map(|(_, c)| c.energy.to_f64() / (c.eigenvalue() + lowered)).sum();
            let dimension = seen + spectrum.tail_energy() / lowered;
            let noise = 0.5 * (1.0 + b) * dimension.min(width).min(rows + 1.0) / (rows + 1.0);
            let expected = (1.0 + b).powi(2) * bias + noise;
            let found = bound.excess(rows, width, ridge, Some(bound_sq)).unwrap();
            assert!(found <= expected * (1.0 + 1e-9), "{found} {expected}");
            plain += usize::from((found / expected - 1.0).abs() < 1e-9);
        }
        assert!(plain >= 2, "{plain}");
    }

    #[test]
    fn the_constant_of_descent_is_that_of_the_proof() {
        for (iterations, expected) in
            [(1.0, 2.0), (2.0, 1.5246), (3.0, 1.3999), (5.0, 1.3150), (10.0, 1.2591), (1e18, 1.2093)]
        {
            let found = descent_constant(iterations);
            assert!(found >= expected - 1e-4 && found < 1.002 * expected, "{iterations}: {found}");
        }
    }

    /// PL-3g as it is stated, for few enough iterations that each is a block of its own.
    #[test]
    fn descent_on_rows_has_the_bound_of_the_proof() {
        let (spectrum, target) = problem("relu", 8, 1.0, &[0.2, 0.4, 0.3, 0.1]);
        let (noise, norm_sq) = (0.5, spectrum.norm_sq());
        let bound = RowsBound::new(&target, &spectrum, noise).unwrap();
        for (rows, width, iterations) in
            [(30.0f64, f64::INFINITY, 7u64), (500.0, f64::INFINITY, 40), (60.0, 50.0, 3)]
        {
            let bound_sq = if width == f64::INFINITY { norm_sq } else { 1.0 };
            let step = 0.9 * rows / ((rows + 1.0) * bound_sq);
            let fitted = |t: u64| -> f64 {
                let ridge = rows / ((rows + 1.0) * 2.0 * step * t as f64);
                let of = |k: usize| {
                    let eigenvalue = spectrum.eigenvalue(k).unwrap();
                    let h = (norm_sq / width + ridge) / eigenvalue - 1.0 / width;
                    target.energies[k] * if eigenvalue > 0.0 && t > 0 { h / (1.0 + h) } else { 1.0 }
                };
                (0..4).map(of).sum()
            };
            let roots: f64 = (0..iterations).map(|t| fitted(t).sqrt()).sum();
            let count = iterations as f64;
            let bias = (fitted(iterations).sqrt() + step * bound_sq / rows * roots).powi(2);
            let ridge = rows / ((rows + 1.0) * step * count);
            let seen: f64 = spectrum.iter().map(|(_, c)| c.energy.to_f64() / (c.eigenvalue() + ridge)).sum();
            let dimension = (seen + spectrum.tail_energy() / ridge).min(width).min(rows + 1.0);
            let supremum = (1..=100_000)
                .map(|i| f64::from(i) * count / 100_000.0)
                .map(|u| (1.0 - (1.0 - u / count).powf(count)).powi(2) * (1.0 + u) / u)
                .fold(0.0, f64::max);
            let variance =
                noise * supremum * (1.0 + bound_sq * step * count / rows) * dimension / (rows + 1.0);
            let found = bound.descent(rows, width, step, iterations, Some(bound_sq)).unwrap();
            let expected = bias + variance;
            assert!(found >= expected * (1.0 - 1e-6) && found < 1.002 * expected, "{found} {expected}");
        }
    }

    #[test]
    fn descent_on_unlimited_rows_has_the_bound_of_the_plan() {
        let (spectrum, target) = problem("relu", 8, 1.0, &[0.2, 0.4, 0.3, 0.1]);
        let bound = RowsBound::new(&target, &spectrum, 0.5).unwrap();
        let (step, t) = (0.5 / spectrum.norm_sq(), 1_000);
        let expected = bound.plain_bias(f64::INFINITY, 1.0 / (2.0 * step * t as f64));
        let found = bound.descent(f64::INFINITY, f64::INFINITY, step, t, None).unwrap();
        assert!((found / expected - 1.0).abs() < 1e-12, "{found} {expected}");
        assert!((bound.descent(50.0, f64::INFINITY, step, 0, None).unwrap() - 1.0).abs() < 1e-12);
        // The cost does not depend on the count.
        assert!(bound.descent(50.0, f64::INFINITY, step, 1_000_000_000_000_000_000, None).unwrap() > 1.0);
        for step in [0.0, f64::NAN, 1.0 / spectrum.norm_sq()] {
            assert!(bound.descent(50.0, f64::INFINITY, step, 10, None).is_err(), "{step}");
        }
        assert!(bound.descent(50.0, 10.0, 0.1, 10, None).is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

        /// A mean of draws minus five standard errors is below the bound: with 40 settings one of them would be above in fewer
        /// than one of 50,000 runs, if the errors were normal.
        #[test]
        fn no_mean_of_draws_is_above_the_bound(
            activation in prop::sample::select(vec!["relu", "tanh", "erf"]),
            n in 3u64..30,
            rows in 5u32..120,
            width in prop_oneof![3 => (5u32..120).prop_map(f64::from), 1 => Just(f64::INFINITY)],
            ridge in -4.0f64..0.5,
            noise in 0.0f64..3.0,
            iterations in 0.0f64..4.0,
            share in 0.05f64..1.0,
            seed in 0u64..1_000,
        ) {
            let (spectrum, target) = problem(activation, n, 1.0, &[0.2, 0.4, 0.3, 0.1]);
            let largest = spectrum.activation().value(1.0).powi(2).max(spectrum.activation().value(-1.0).powi(2));
            let bound_sq = if width.is_finite() { largest } else { spectrum.norm_sq() };
            let ridge = 10f64.powf(ridge) * bound_sq;
            let bound = RowsBound::new(&target, &spectrum, noise).unwrap();
            let given = width.is_finite().then_some(bound_sq);
            let rows = f64::from(rows);
            let (step, t) = (share * rows / ((rows + 1.0) * bound_sq), 10f64.powf(iterations) as u64);
            let bounds = [
                bound.excess(rows, width, ridge, given).unwrap(),
                bound.descent(rows, width, step, t, given).unwrap(),
            ];
            let draws: Vec<Draw> = (0..12)
                .map(|i| Draw::new(&spectrum, &target, noise, Sizes { rows, width }, 1_000 * seed + i).unwrap())
                .collect();
            let of = |error: &dyn Fn(&Draw) -> f64| {
                crate::measure::mean(&draws.iter().map(|draw| error(draw) - noise).collect::<Vec<_>>())
            };
            let found = [of(&|draw| draw.ridge(ridge)), of(&|draw| draw.descent(step, t))];
            for (found, bound) in found.iter().zip(bounds) {
                prop_assert!(found.value - 5.0 * found.standard_error <= bound, "{found:?} {bound}");
            }
        }
    }
}
