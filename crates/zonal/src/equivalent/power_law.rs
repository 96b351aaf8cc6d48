//! Learning curves a + c n^-b through a few measured errors.

/// The exponents that are tried.
const EXPONENTS: [f64; 2] = [0.02, 3.0];
/// Their number, spread evenly over logarithms.
const COUNT: u32 = 200;
/// Sections of the search around the best one.
const SECTIONS: usize = 60;

/// An error a + c n^-b of n rows, with a and c at least 0: a heuristic that has no theory beyond its good fit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PowerLaw {
    /// a, the error of unlimited rows.
    pub offset: f64,
    /// c.
    pub factor: f64,
    /// b.
    pub exponent: f64,
}

impl PowerLaw {
    /// Fits the law to errors at numbers of rows, by least squares of relative differences. None for fewer than three, and for
    /// values that are not positive.
    pub fn fit(errors: &[(f64, f64)]) -> Option<Self> {
        if errors.len() < 3 || errors.iter().any(|(n, e)| !(*n > 0.0 && *e > 0.0 && e.is_finite())) {
            return None;
        }
        let [low, high] = EXPONENTS.map(f64::ln);
        let law = |i: f64| Self::with_exponent(errors, (low + (high - low) * i / f64::from(COUNT)).exp());
        let misfit = |i: f64| law(i).misfit(errors);
        let best = (0..=COUNT).map(f64::from).min_by(|a, b| misfit(*a).total_cmp(&misfit(*b)))?;
        let (mut from, mut to) = ((best - 1.0).max(0.0), (best + 1.0).min(f64::from(COUNT)));
        for _ in 0..SECTIONS {
            let [a, b] = [from + (to - from) / 3.0, to - (to - from) / 3.0];
            if misfit(a) <= misfit(b) { to = b } else { from = a }
        }
        Some(law(0.5 * (from + to)))
    }

    /// Returns the error of this number of rows.
    pub fn at(&self, rows: f64) -> f64 {
        self.offset + self.factor * rows.powf(-self.exponent)
    }

    /// The best law with an exponent: the two unknowns in closed form, or one of them if the other would be negative.
    fn with_exponent(errors: &[(f64, f64)], exponent: f64) -> Self {
        let mut sums = [0.0; 5];
        for (n, error) in errors {
            let (u, v) = (1.0 / error, n.powf(-exponent) / error);
            for (sum, term) in sums.iter_mut().zip([u * u, u * v, v * v, u, v]) {
                *sum += term;
            }
        }
        let [uu, uv, vv, u, v] = sums;
        let determinant = uu * vv - uv * uv;
        let both = [(u * vv - v * uv) / determinant, (v * uu - u * uv) / determinant];
        let law = |offset: f64, factor: f64| Self { offset, factor, exponent };
        let candidates = [law(both[0], both[1]), law(0.0, v / vv), law(u / uu, 0.0)];
        let is_sound = |law: &&Self| law.offset >= 0.0 && law.factor >= 0.0;
        let mut best = candidates[2];
        for candidate in candidates.iter().filter(is_sound) {
            if candidate.misfit(errors) < best.misfit(errors) {
                best = *candidate;
            }
        }
        best
    }

    fn misfit(&self, errors: &[(f64, f64)]) -> f64 {
        errors.iter().map(|(n, error)| (self.at(*n) / error - 1.0).powi(2)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_law_is_found_again() {
        for (offset, factor, exponent) in [(0.2, 3.0, 0.5), (0.0, 1.0, 1.2), (1.5, 0.0, 1.0)] {
            let law = PowerLaw { offset, factor, exponent };
            let errors = [50.0, 100.0, 200.0, 400.0].map(|n| (n, law.at(n)));
            let found = PowerLaw::fit(&errors).unwrap();
            for n in [50.0, 400.0, 800.0, 4_000.0] {
                assert!((found.at(n) / law.at(n) - 1.0).abs() < 1e-2, "{found:?} {law:?}");
            }
        }
        // Errors that rise are no curve that falls: the best law is constant.
        let found = PowerLaw::fit(&[(10.0, 1.0), (20.0, 1.1), (40.0, 1.2)]).unwrap();
        assert!(found.at(10.0) - found.at(1e9) < 1e-9);
        for errors in [&[(10.0, 1.0), (20.0, 1.0)][..], &[(10.0, 1.0), (20.0, 0.0), (30.0, 1.0)]] {
            assert_eq!(PowerLaw::fit(errors), None);
        }
    }
}
