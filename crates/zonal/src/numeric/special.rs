//! Special functions with the accuracy that the constants of the theory need.

/// Computes E|t| = Gamma(n/2) / (sqrt(pi) Gamma((n+1)/2)) for t one coordinate of a uniform point of the sphere
/// S^(n-1).
///
/// The difference of two logarithms of Gamma would lose as many digits as the logarithm is large; here the ratio is a
/// product for small n and Stirling's series of the ratio for large n. Domain n >= 2, relative error below 1e-15.
///
/// ```
/// assert_eq!(zonal::numeric::special::mean_abs_coordinate(3), 0.5);
/// ```
pub fn mean_abs_coordinate(n: u64) -> f64 {
    if n >= 64 {
        // Gamma(x + 1/2) / Gamma(x) at x = n/2: the sum of the terms B_2j (1 - 2^(1-2j)) ..; the next one is below
        // 1e-19.
        let x = n as f64 / 2.0;
        let y = 1.0 / (x * x);
        let series = (-1.0 / 8.0
            + y * (1.0 / 192.0 + y * (-1.0 / 640.0 + y * (17.0 / 14336.0 - y * 31.0 / 18432.0))))
            / x;
        return 1.0 / (std::f64::consts::PI * x).sqrt() * (-series).exp();
    }
    let (mut value, mut m) = if n.is_multiple_of(2) { (std::f64::consts::FRAC_2_PI, 2) } else { (0.5, 3) };
    while m < n {
        value *= m as f64 / (m + 1) as f64;
        m += 2;
    }
    value
}

/// Computes E t^(2q) for t one coordinate of a uniform point of S^(n-1): (2q-1)!! / (n (n+2) .. (n+2q-2)).
pub fn even_moment(n: f64, q: u32) -> f64 {
    (0..q).map(|i| f64::from(2 * i + 1) / (n + f64::from(2 * i))).product()
}

/// Computes the Hermite polynomial He_K(t) / sqrt(K!) by its three-term recurrence.
pub fn hermite(degree: u8, t: f64) -> f64 {
    let (mut previous, mut current) = (0.0, 1.0);
    for k in 0..degree {
        let k = f64::from(k);
        let next = (t * current - k.sqrt() * previous) / (k + 1.0).sqrt();
        previous = current;
        current = next;
    }
    current
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_branches_of_the_mean_agree() {
        // c(n) c(n+1) = 2 / (pi n) exactly, also across the change of branch.
        for n in [2u64, 3, 10, 61, 62, 63, 64, 65, 100, 1000, 1_000_000] {
            let product = mean_abs_coordinate(n) * mean_abs_coordinate(n + 1);
            let expected = std::f64::consts::FRAC_2_PI / n as f64;
            assert!((product / expected - 1.0).abs() < 1e-15, "n = {n}: {:e}", product / expected - 1.0);
        }
    }
}
