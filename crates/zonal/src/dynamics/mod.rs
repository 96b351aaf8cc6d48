//! Gradient descent over time: infinite width by its operator, fixed hidden units by the whole path at once, and moving
//! hidden units step by step.

mod curvature;
mod descent;
mod lbfgs;
mod leave_one_out;
mod linear;
mod operator;
mod path;
mod rounding;
mod search;
mod stepper;

pub use curvature::curvature;
pub use descent::{Descent, Snapshot, Source, State};
pub use lbfgs::Lbfgs;
pub use leave_one_out::LeaveOneOut;
pub(crate) use leave_one_out::RANK;
pub use linear::{LinearPrediction, Steps, has_tangent, share_left, tangent_spectrum};
pub use operator::Operator;
pub use path::{GradientPath, LANCZOS_TOLERANCE, MOST_LANCZOS_STEPS, Solver};
pub use search::SearchState;
pub use stepper::{Batch, Stepper};

/// Computes (1 - x)^t without loss of accuracy: through log1p for 0 <= x < 1, with the parity of t taken into account
/// for x > 1, 0^0 = 1.
///
/// `x` is eta times an eigenvalue. Relative error near 1e-16 (1 + t x).
pub fn decay(x: f64, t: u64) -> f64 {
    let r = 1.0 - x;
    if t == 0 {
        1.0
    } else if x < 1.0 {
        (t as f64 * (-x).ln_1p()).exp()
    } else if r == 0.0 {
        0.0
    } else {
        let sign = if t % 2 == 1 { -1.0 } else { 1.0 };
        sign * (t as f64 * (-r).ln()).exp()
    }
}

/// Computes psi_t(lambda) = (1 - (1 - eta lambda)^t) / lambda, and eta t at lambda = 0: the factor by which t steps of
/// gradient descent multiply the component of b along an eigenvector.
pub fn accumulated(lambda: f64, eta: f64, t: u64) -> f64 {
    let x = eta * lambda;
    if x == 0.0 {
        eta * t as f64
    } else if x < 1.0 {
        -(t as f64 * (-x).ln_1p()).exp_m1() / lambda
    } else {
        (1.0 - decay(x, t)) / lambda
    }
}

/// Computes sum_(s<t) psi_s(lambda) for 0 <= eta lambda <= 1: (t - psi_t / eta) / lambda, or its series where that
/// would lose digits.
pub fn accumulated_sum(lambda: f64, eta: f64, t: u64) -> f64 {
    let (x, n) = (eta * lambda, t as f64);
    if x * n > 1.0 {
        return (n - accumulated(lambda, eta, t) / eta) / lambda;
    }
    // eta (C(t,2) - C(t,3) x + C(t,4) x^2 - ..): each term is at most x t / 3 times the preceding one.
    let mut term = 0.5 * eta * n * (n - 1.0);
    let mut sum = term;
    for j in 2..40 {
        term *= -x * (n - f64::from(j)) / f64::from(j + 1);
        sum += term;
        if term.abs() <= 1e-18 * sum.abs() {
            break;
        }
    }
    sum
}

/// The choice of the step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Step {
    /// 1 / (largest eigenvalue of K); at infinite width 1 / ||phi||^2.
    Auto,
    /// A given step.
    Fixed(f64),
}

/// Returns iteration counts from 0 to `last`, about six for each power of ten.
pub fn logarithmic_grid(last: u64) -> Vec<u64> {
    let mut grid = vec![0];
    for i in 0.. {
        let t = 10f64.powf(f64::from(i) / 6.0).round();
        if t >= last as f64 {
            break;
        }
        grid.push(t as u64);
    }
    grid.push(last);
    grid.dedup();
    grid
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_agree_with_repeated_multiplication() {
        for x in [0.0, 1e-9, 0.3, 1.0, 1.4, 1.99] {
            let mut product = 1.0;
            let mut sum = 0.0;
            for t in 0..60 {
                assert!((decay(x, t) - product).abs() < 1e-13, "x = {x}, t = {t}");
                let lambda = x / 0.5;
                assert!(
                    (accumulated(lambda, 0.5, t) - sum).abs() < 1e-12 * (1.0 + sum.abs()),
                    "x = {x}, t = {t}"
                );
                sum = 0.5 + (1.0 - x) * sum;
                product *= 1.0 - x;
            }
        }
    }

    #[test]
    fn sums_over_counts_agree_with_adding_up() {
        for x in [0.0, 1e-12, 1e-4, 0.01, 0.3, 1.0] {
            let (eta, lambda) = (0.5, x / 0.5);
            let mut sum = 0.0;
            for t in 0..300 {
                let found = accumulated_sum(lambda, eta, t);
                assert!((found - sum).abs() <= 1e-12 * sum, "x = {x}, t = {t}: {found} {sum}");
                sum += accumulated(lambda, eta, t);
            }
        }
    }

    #[test]
    fn huge_counts_and_tiny_eigenvalues_stay_finite() {
        assert_eq!(decay(0.5, u64::MAX), 0.0);
        assert!((accumulated(1e-300, 1.0, 1_000_000_000_000_000_000) - 1e18).abs() < 1e4);
        assert!((accumulated(0.25, 1.0, 1_000_000_000_000_000_000) - 4.0).abs() < 1e-15);
        assert_eq!(accumulated(5e-324, 1e-10, 3), 3e-10);
    }

    #[test]
    fn grids_begin_at_zero_and_end_at_the_last_count() {
        assert_eq!(logarithmic_grid(0), vec![0]);
        assert_eq!(logarithmic_grid(1), vec![0, 1]);
        let grid = logarithmic_grid(1_000_000_000);
        assert_eq!((grid[0], grid[1], *grid.last().unwrap()), (0, 1, 1_000_000_000));
        assert!(grid.windows(2).all(|w| w[0] < w[1]));
        assert!((50..60).contains(&grid.len()));
    }
}
