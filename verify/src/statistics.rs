//! Means, deviations and slopes for statistical tests.

/// Returns the mean and the standard deviation (divisor n - 1).
pub fn mean_and_deviation(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let spread: f64 = values.iter().map(|x| (x - mean) * (x - mean)).sum();
    (mean, (spread / (n - 1.0)).sqrt())
}

/// Returns the slope of the least-squares line through the points.
pub fn slope(x: &[f64], y: &[f64]) -> f64 {
    let n = x.len() as f64;
    let (mx, my) = (x.iter().sum::<f64>() / n, y.iter().sum::<f64>() / n);
    let xy: f64 = x.iter().zip(y).map(|(a, b)| (a - mx) * (b - my)).sum();
    let xx: f64 = x.iter().map(|a| (a - mx) * (a - mx)).sum();
    xy / xx
}
