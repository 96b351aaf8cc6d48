//! How far a computed path may be from exact descent (RD-1).

/// What the error of a path depends on, next to the iteration count.
#[derive(Clone, Debug)]
pub(super) struct Rounding {
    /// The step eta.
    pub(super) step: f64,
    /// The largest eigenvalue.
    pub(super) largest: f64,
    /// How far the matrix behind the path may be from K, in the spectral norm.
    pub(super) k: f64,
    /// How far b of each label may be from the exact one, without what was cut.
    pub(super) b: Vec<f64>,
    /// The length of b's share, for each label, in directions that were cut.
    pub(super) cut: Vec<f64>,
    /// Whether there are directions that were cut.
    pub(super) deficient: bool,
    /// No eigenvalue of K is between those that were cut and this one; None where that is not known.
    pub(super) gap: Option<f64>,
}

/// Eigenvalues up to this multiple of rounding times the largest are not told from zero.
const SOLVER: f64 = 4.0;

/// What an eigenvalue must exceed to be told from zero: the accuracy of the eigensolver in numbers of relative accuracy
/// `unit`, or what the most negative eigenvalue of a matrix that has none shows of it.
pub(super) fn floor(values: &[f64], unit: f64) -> f64 {
    let lowest = values.first().copied().unwrap_or(0.0).min(0.0);
    let largest = values.last().copied().unwrap_or(0.0).max(0.0);
    (SOLVER * unit * largest).max(-4.0 * lowest)
}

impl Rounding {
    /// A bound on eta sum_(s<t) |K^(1/2) (1 - eta K)^s|: how far an error of size 1 in every step takes the function.
    pub(super) fn spread(&self, t: u64) -> f64 {
        let (count, eta) = (t as f64, self.step);
        let any = eta.sqrt() * (1.0 + 0.858 * count.sqrt());
        let low = if self.deficient { self.slow(count) } else { 0.0 };
        let split = self.gap.map_or(f64::INFINITY, |gap| low + eta.sqrt() + 1.3 / gap.sqrt());
        // Where a step is longer than 1 / lambda, signs alternate.
        let x = eta * self.largest;
        let alternating = if x > 1.0 { eta * self.largest.sqrt() * count.min(1.0 / (2.0 - x)) } else { 0.0 };
        any.min(split) + alternating
    }

    /// The same over the directions that were cut, whose eigenvalues are small.
    fn slow(&self, count: f64) -> f64 {
        self.step * count * (2.0 * self.k).sqrt()
    }

    /// A bound on (E (f - f_t)^2)^(1/2) between exact descent and the computed path of a label of mean square `label_sq`
    /// after t steps, during which output weights have at most the length `size`.
    pub(super) fn distance(&self, label: usize, size: f64, label_sq: f64, t: u64) -> f64 {
        if t == 0 {
            return 0.0;
        }
        let spread = self.spread(t);
        // The shares of eigenvectors are computed in f64 in any case.
        let shares = 8.0 * f64::EPSILON * label_sq.sqrt();
        shares + spread * (self.b[label] + self.k * size) + spread.min(self.slow(t as f64)) * self.cut[label]
    }

    /// A bound on the difference between the printed loss of these weights and their exact one, for a label of mean
    /// square `label_sq`.
    pub(super) fn evaluation(&self, label: usize, size: f64, label_sq: f64) -> f64 {
        self.k * size * size + 2.0 * self.b[label] * size + 16.0 * f64::EPSILON * label_sq
    }
}
