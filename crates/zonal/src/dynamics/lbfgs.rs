//! L-BFGS: descent with an approximation of the inverse Hessian from the last steps (Nocedal 1980), and a line search by
//! bisection that also ends at kinks (Lewis and Overton 2013).

use crate::linalg::{add_scaled, dot};
use std::collections::VecDeque;

/// Sufficient decrease and curvature of the line search.
const DECREASE: f64 = 1e-4;
const CURVATURE: f64 = 0.9;
/// A value that is lower by less than this fraction is not lower beyond rounding.
const ROUNDING: f64 = 8.0 * f64::EPSILON;
/// The largest number of evaluations of one line search.
const MOST_EVALUATIONS: usize = 25;

/// A minimisation in progress.
///
/// ```
/// use zonal::dynamics::Lbfgs;
/// // x^4 + (y - 3)^2.
/// let mut f = |x: &[f64]| (x[0].powi(4) + (x[1] - 3.0).powi(2), vec![4.0 * x[0].powi(3), 2.0 * (x[1] - 3.0)]);
/// let mut search = Lbfgs::new(vec![1.0, 1.0], 10, &mut f);
/// while search.value() > 1e-12 && search.step(&mut f) {}
/// assert!(search.value() <= 1e-12 && (search.point()[1] - 3.0).abs() < 1e-5);
/// ```
#[derive(Clone, Debug)]
pub struct Lbfgs {
    point: Vec<f64>,
    value: f64,
    gradient: Vec<f64>,
    /// Differences of points and of gradients, with the inverse of their inner product; the oldest first.
    pairs: VecDeque<(Vec<f64>, Vec<f64>, f64)>,
    memory: usize,
    evaluations: usize,
}

impl Lbfgs {
    /// Begins at a point. `memory` is the number of steps that are remembered; `f` returns value and gradient.
    pub fn new(
        point: Vec<f64>,
        memory: usize,
        f: &mut (impl FnMut(&[f64]) -> (f64, Vec<f64>) + ?Sized),
    ) -> Self {
        Self::resume(point, Vec::new(), memory, f)
    }

    /// Resumes at a point with the [pairs](Self::pairs) that were remembered there, with the same bits if `f` returns the
    /// same ones.
    ///
    /// # Panics
    /// If a pair has another length than the point, at the next step.
    pub fn resume(
        point: Vec<f64>,
        pairs: Vec<[Vec<f64>; 2]>,
        memory: usize,
        f: &mut (impl FnMut(&[f64]) -> (f64, Vec<f64>) + ?Sized),
    ) -> Self {
        let (value, gradient) = f(&point);
        let pair = |[s, y]: [Vec<f64>; 2]| {
            let inverse = 1.0 / dot(&s, &y);
            (s, y, inverse)
        };
        Self { point, value, gradient, pairs: pairs.into_iter().map(pair).collect(), memory, evaluations: 1 }
    }

    /// Returns the differences of points and of gradients that are remembered, the oldest first.
    pub fn pairs(&self) -> impl Iterator<Item = (&[f64], &[f64])> {
        self.pairs.iter().map(|(s, y, _)| (s.as_slice(), y.as_slice()))
    }

    /// Returns the current point.
    pub fn point(&self) -> &[f64] {
        &self.point
    }

    /// Returns the value at the current point.
    pub fn value(&self) -> f64 {
        self.value
    }

    /// Returns the gradient at the current point.
    pub fn gradient(&self) -> &[f64] {
        &self.gradient
    }

    /// Returns the number of evaluations so far.
    pub fn evaluations(&self) -> usize {
        self.evaluations
    }

    /// Performs one step. Returns false, at an unchanged point, if no value is found that is lower beyond rounding.
    ///
    /// # Panics
    /// If `f` returns a gradient of another length than the point.
    pub fn step(&mut self, f: &mut (impl FnMut(&[f64]) -> (f64, Vec<f64>) + ?Sized)) -> bool {
        let mut direction = self.direction();
        let mut slope = dot(&direction, &self.gradient);
        if slope.is_nan() || slope >= 0.0 {
            // The approximation is useless: forget it.
            self.pairs.clear();
            direction = self.direction();
            slope = dot(&direction, &self.gradient);
        }
        if !(slope < 0.0 && slope.is_finite()) {
            return false;
        }
        let Some((point, value, gradient)) = self.search(&direction, slope, f) else {
            // Along kinks a fresh start from the gradient may still find a lower value.
            let again = !self.pairs.is_empty();
            self.pairs.clear();
            return again && self.step(f);
        };
        let difference =
            |new: &[f64], old: &[f64]| new.iter().zip(old).map(|(a, b)| a - b).collect::<Vec<_>>();
        let (s, y) = (difference(&point, &self.point), difference(&gradient, &self.gradient));
        let product = dot(&s, &y);
        if product > 1e-10 * (dot(&s, &s) * dot(&y, &y)).sqrt() {
            if self.pairs.len() == self.memory {
                self.pairs.pop_front();
            }
            self.pairs.push_back((s, y, 1.0 / product));
        }
        (self.point, self.value, self.gradient) = (point, value, gradient);
        true
    }

    /// Returns minus the gradient times the approximate inverse Hessian, by the two-loop recursion.
    fn direction(&self) -> Vec<f64> {
        let mut q: Vec<f64> = self.gradient.iter().map(|g| -g).collect();
        let mut factors = Vec::with_capacity(self.pairs.len());
        for (s, y, inverse) in self.pairs.iter().rev() {
            let factor = inverse * dot(s, &q);
            add_scaled(&mut q, -factor, y);
            factors.push(factor);
        }
        let scale = match self.pairs.back() {
            Some((_, y, inverse)) => 1.0 / (inverse * dot(y, y)),
            // The first step has length 1, or that of the gradient if it is shorter.
            None => 1.0 / dot(&q, &q).sqrt().max(1.0),
        };
        q.iter_mut().for_each(|x| *x *= scale);
        for ((s, y, inverse), factor) in self.pairs.iter().zip(factors.into_iter().rev()) {
            let back = inverse * dot(y, &q);
            add_scaled(&mut q, factor - back, s);
        }
        q
    }

    /// Returns a point along a direction with sufficient decrease, if possible one with a flatter slope.
    fn search(
        &mut self,
        direction: &[f64],
        slope: f64,
        f: &mut (impl FnMut(&[f64]) -> (f64, Vec<f64>) + ?Sized),
    ) -> Option<(Vec<f64>, f64, Vec<f64>)> {
        let (mut low, mut high, mut length) = (0.0, f64::INFINITY, 1.0);
        let mut best: Option<(Vec<f64>, f64, Vec<f64>)> = None;
        for _ in 0..MOST_EVALUATIONS {
            let mut point = self.point.clone();
            add_scaled(&mut point, length, direction);
            let (value, gradient) = f(&point);
            self.evaluations += 1;
            let is_lower = value <= self.value + DECREASE * length * slope;
            if is_lower && self.value - value > ROUNDING * self.value.abs() {
                let is_flat = dot(&gradient, direction) >= CURVATURE * slope;
                if best.as_ref().is_none_or(|(_, least, _)| value < *least) {
                    best = Some((point, value, gradient));
                }
                if is_flat {
                    break;
                }
                low = length;
            } else {
                high = length;
            }
            length = if high.is_finite() { 0.5 * (low + high) } else { 2.0 * low };
        }
        best
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_narrow_valley_and_a_kink_are_followed_to_the_minimum() {
        // Rosenbrock in 10 variables.
        let mut f = |x: &[f64]| {
            let mut gradient = vec![0.0; x.len()];
            let mut value = 0.0;
            for i in 0..x.len() - 1 {
                let (a, b) = (x[i + 1] - x[i] * x[i], 1.0 - x[i]);
                value += 100.0 * a * a + b * b;
                gradient[i] += -400.0 * a * x[i] - 2.0 * b;
                gradient[i + 1] += 200.0 * a;
            }
            (value, gradient)
        };
        let mut search = Lbfgs::new(vec![-1.0; 10], 10, &mut f);
        let mut before = search.value();
        for _ in 0..200 {
            if !search.step(&mut f) {
                break;
            }
            assert!(search.value() <= before);
            before = search.value();
        }
        assert!(search.value() < 1e-15, "{} after {}", search.value(), search.evaluations());
        let mut kink = |x: &[f64]| (x[0].abs() + x[1] * x[1], vec![x[0].signum(), 2.0 * x[1]]);
        let mut search = Lbfgs::new(vec![0.37, -2.0], 10, &mut kink);
        (0..60).take_while(|_| search.step(&mut kink)).for_each(drop);
        assert!(search.value() < 1e-6, "{}", search.value());
    }

    #[test]
    fn values_that_are_not_numbers_end_the_search() {
        let mut f = |x: &[f64]| (f64::NAN, vec![f64::NAN; x.len()]);
        assert!(!Lbfgs::new(vec![1.0], 5, &mut f).step(&mut f));
    }
}
