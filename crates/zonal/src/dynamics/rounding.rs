//! Bounds on the difference between a computed path and exact descent (RD-1).

/// The quantities that determine the error of a path, in addition to the iteration count.
#[derive(Clone, Debug)]
pub(super) struct Rounding {
    /// The step eta.
    pub(super) step: f64,
    /// The largest eigenvalue.
    pub(super) largest: f64,
    /// The error of the matrix behind the path relative to K, in the spectral norm.
    pub(super) k: f64,
    /// The error of b of each label, without the directions that were truncated.
    pub(super) b: Vec<f64>,
    /// For each label, the length of the component of b in truncated directions.
    pub(super) cut: Vec<f64>,
    /// Whether directions were truncated.
    pub(super) deficient: bool,
    /// A lower end of the remaining spectrum: no eigenvalue of K is between the truncated ones and this one. None if
    /// not known.
    pub(super) gap: Option<f64>,
}

/// Eigenvalues up to this multiple of rounding times the largest one are not distinguished from zero.
const SOLVER: f64 = 4.0;

/// Returns the threshold above which an eigenvalue is distinguished from zero: the accuracy of the eigensolver for
/// numbers of relative accuracy `unit`, or the accuracy shown by the most negative eigenvalue of a positive
/// semidefinite matrix.
pub(super) fn floor(values: &[f64], unit: f64) -> f64 {
    let lowest = values.first().copied().unwrap_or(0.0).min(0.0);
    let largest = values.last().copied().unwrap_or(0.0).max(0.0);
    (SOLVER * unit * largest).max(-4.0 * lowest)
}

impl Rounding {
    /// Returns a bound on eta sum_(s<t) |K^(1/2) (1 - eta K)^s|: the change of the function caused by an error of size
    /// 1 in every step.
    pub(super) fn spread(&self, t: u64) -> f64 {
        let (count, eta) = (t as f64, self.step);
        let any = eta.sqrt() * (1.0 + 0.858 * count.sqrt());
        let low = if self.deficient { self.slow(count) } else { 0.0 };
        let split = self.gap.map_or(f64::INFINITY, |gap| low + eta.sqrt() + 1.3 / gap.sqrt());
        // Signs alternate if the step exceeds 1 / lambda.
        let x = eta * self.largest;
        let alternating = if x > 1.0 { eta * self.largest.sqrt() * count.min(1.0 / (2.0 - x)) } else { 0.0 };
        any.min(split) + alternating
    }

    /// Like [`Self::spread`], over the truncated directions, whose eigenvalues are small.
    fn slow(&self, count: f64) -> f64 {
        self.step * count * (2.0 * self.k).sqrt()
    }

    /// Returns a bound on (E (f - f_t)^2)^(1/2) between exact descent and the computed path of a label of mean square
    /// `label_sq` after t steps during which the length of the output weights is at most `size`.
    pub(super) fn distance(&self, label: usize, size: f64, label_sq: f64, t: u64) -> f64 {
        if t == 0 {
            return 0.0;
        }
        let spread = self.spread(t);
        // The components along eigenvectors are always computed in f64.
        let shares = 8.0 * f64::EPSILON * label_sq.sqrt();
        shares + spread * (self.b[label] + self.k * size) + spread.min(self.slow(t as f64)) * self.cut[label]
    }

    /// Returns a bound on the difference between the reported loss of these weights and their exact loss, for a label
    /// of mean square `label_sq`.
    pub(super) fn evaluation(&self, label: usize, size: f64, label_sq: f64) -> f64 {
        self.k * size * size + 2.0 * self.b[label] * size + 16.0 * f64::EPSILON * label_sq
    }
}
