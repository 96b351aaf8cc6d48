//! SQ-5 and SQ-6: random harmonics c . Y, c uniform on the sphere of all N coefficients.

use super::{Bound, Goal, QueryClass, cantelli, check_degree, check_tolerance, ln_quotient, tail};
use crate::rounding::{above, below, ln_multiplicity};
use ::zonal::Result;
use ::zonal::quadrature::gauss_legendre;
use ::zonal::sphere::{Degree, Dim};
use num_traits::FloatConst;

const PRIOR: &str = "c . Y with c uniform on the unit sphere of R^N, Y an orthonormal basis of degree k";
/// Degrees of a query from this one on, in dimension N, are bounded together.
const LAST: usize = 20;
/// Panels of the quadrature, half of them where the weight is concentrated.
const PANELS: usize = 3_000;
/// Smaller means are replaced by this value, so that logarithms are finite.
const SMALLEST: f64 = 1e-280;
/// The corresponding minimum for means of Legendre polynomials, whose squares are summed.
const SMALLEST_MEAN: f64 = 1e-140;
/// Beyond this degree the panels no longer resolve the polynomials, and only the variance bound is used.
const MAX_RESOLVED_DEGREE: Degree = 300;

/// The largest ln N for which N itself is representable with room for products.
const MAX_LN_N: f64 = 650.0;
const BY_RANGE: &str = "the tolerance is that of a query with values in [-1, 1]; labels have no noise";

/// Computes a lower bound on the queries needed to learn a random harmonic (SQ-5): for correlational queries from the
/// measure of spherical caps, for any other query the better of two bounds.
///
/// # Errors
/// [`Error::Parameter`](::zonal::Error::Parameter) for degree 0 or a tolerance outside (0, 1].
pub fn random_harmonics(dim: Dim, degree: Degree, tau: f64, class: QueryClass, goal: Goal) -> Result<Bound> {
    check_tolerance(tau)?;
    check_degree(degree)?;
    let ln_n = ln_multiplicity(dim, degree);
    let p_plus = cantelli(ln_n, goal.epsilon);
    let bound = |ln_p: f64| {
        Bound::new("SQ-5", class, PRIOR, ln_quotient(goal.delta, p_plus, ln_p)).for_any_query(class)
    };
    // N tau^2, rounded down: a smaller value weakens the bound.
    let ln_v = below(ln_n + 2.0 * tau.ln(), ln_n);
    let v = below(ln_v.min(MAX_LN_N).exp(), 0.0);
    if class == QueryClass::Correlational {
        let ln_p = above(2f64.ln() - 0.5 * v, 0.0).min(0.0);
        return Ok(bound(ln_p).assuming("the tolerance is that of a query y g(x) with E g^2 = 1"));
    }
    let by_variance = bound(above(2f64.ln() - ln_v, 1.0).min(0.0));
    if ln_n > MAX_LN_N || degree > MAX_RESOLVED_DEGREE {
        // Moments in dimension N exceed the range of f64, or the panels do not resolve the polynomials.
        return Ok(by_variance.assuming(BY_RANGE));
    }
    let by_moments = bound(arbitrary(dim, degree, ln_n, tau)?)
        .assuming("theorem used: Nelson's hypercontractivity of Gaussian polynomials in dimension N");
    let best = by_variance.or(by_moments);
    Ok(best.assuming(BY_RANGE))
}

/// Computes the moment bound: X(p) with one weight for each degree of a query in dimension N.
fn arbitrary(dim: Dim, degree: Degree, ln_n: f64, tau: f64) -> Result<f64> {
    let means = Means::new(dim, degree, ln_n.exp())?;
    let weights: Vec<tail::Weight> = (1..LAST)
        .map(|j| (j, if j == 1 { -ln_n } else { above(means.legendre[j].max(SMALLEST_MEAN).ln(), 1.0) }))
        .collect();
    Ok(tail::ln_sum(&weights, above(means.rest.max(SMALLEST).ln(), 1.0), ln_n.exp(), tau))
}

/// Means over x, x' of functions of z = P_(n,k)(<x, x'>).
struct Means {
    /// Upper bounds on E |P_(N,j)(z)|.
    legendre: Vec<f64>,
    /// E (z^2 + (1 - z^2) s^2)^(LAST / 2) with s a coordinate on the sphere in R^(N-1).
    rest: f64,
}

impl Means {
    /// Integrates over psi with t = sin(psi), where every integrand is smooth. On each panel E|P| is bounded by
    /// sqrt(E 1 E P^2), which has no kinks and is loose only on panels where P changes sign.
    fn new(dim: Dim, degree: Degree, big: f64) -> Result<Self> {
        let n = dim.as_f64();
        let rule = gauss_legendre(8)?;
        let moments = even_moments(big);
        let mut legendre = vec![0.0; LAST];
        let (mut rest, mut total) = (0.0, 0.0);
        for (from, to) in panels(n) {
            let (mut mass, mut squares) = (0.0, vec![0.0; LAST]);
            for (x, w) in &rule {
                let psi = 0.5 * (from + to) + 0.5 * (to - from) * x;
                let w = 0.5 * (to - from) * w * (0.5 * (n - 2.0) * (-psi.sin().powi(2)).ln_1p()).exp();
                let z = ::zonal::legendre::value(dim, degree, psi.sin());
                mass += w;
                rest += w * power_mean(z, &moments);
                let (mut previous, mut current) = (1.0, z);
                for j in 1..LAST {
                    squares[j] += w * current * current;
                    let d = j as f64;
                    let next = ((2.0 * d + big - 2.0) * z * current - d * previous) / (d + big - 2.0);
                    (previous, current) = (current, next);
                }
            }
            total += mass;
            for (mean, square) in legendre.iter_mut().zip(&squares) {
                *mean += (mass * square).sqrt();
            }
        }
        // A margin far above the quadrature error of smooth functions.
        let factor = (1.0 + 1e-9) / total;
        legendre.iter_mut().for_each(|x| *x *= factor);
        Ok(Self { legendre, rest: rest * factor })
    }
}

/// Computes E s^(2i) for i <= LAST/2 with s a coordinate on the sphere in R^(N-1).
fn even_moments(big: f64) -> Vec<f64> {
    (0..=LAST / 2).map(|i| ::zonal::numeric::special::even_moment(big - 1.0, i as u32)).collect()
}

/// Computes E (z^2 + (1 - z^2) s^2)^(LAST/2) over s by the binomial theorem.
fn power_mean(z: f64, moments: &[f64]) -> f64 {
    let power = moments.len() - 1;
    let (zz, rest) = (z * z, (1.0 - z * z).max(0.0));
    let mut binomial = 1.0;
    let mut sum = 0.0;
    for (i, moment) in moments.iter().enumerate() {
        sum += binomial * zz.powi((power - i) as i32) * rest.powi(i as i32) * moment;
        binomial *= (power - i) as f64 / (i + 1) as f64;
    }
    sum
}

/// Returns panels of psi from 0 to pi/2, half of them within forty standard deviations of the weight cos^(n-2).
fn panels(n: f64) -> Vec<(f64, f64)> {
    let end = f64::FRAC_PI_2();
    let near = end.min(40.0 / n.sqrt());
    let half = PANELS / 2;
    let mut edges: Vec<f64> = (0..=half).map(|i| near * i as f64 / half as f64).collect();
    if near < end {
        let ratio = (end / near).ln();
        edges.extend((1..=half).map(|i| near * (ratio * i as f64 / half as f64).exp()));
    }
    // Exactly pi/2, without rounding errors of the powers.
    if let Some(last) = edges.last_mut() {
        *last = end;
    }
    edges.windows(2).map(|e| (e[0], e[1])).collect()
}

/// A finite family of harmonics that remains hard for Lipschitz queries (SQ-6): its sufficient size and its bound.
#[derive(Clone, Debug, PartialEq)]
pub struct RandomSubfamily {
    /// log10 of the smallest size covered by the theorem, rounded up.
    pub log10_size: f64,
    /// The bound for any size from there.
    pub bound: Bound,
}

/// Computes SQ-6: for sizes M >= (R0 (N-1) / (2 J)) ln(4 + 2 R0 (N-1) / J) / (2 ln 2 - 1) there are M harmonics of
/// degree k that need (delta - 2/(N epsilon)) (N-1) tau^2 / (4 pi J L^2) queries with |dh/dy| <= L, where J = 11/(6
/// sqrt pi) and R0 = 2 + (3^(3/4) + 2^(3k/2))/3.
///
/// # Errors
/// As [`random_harmonics`].
pub fn random_subfamily(
    dim: Dim,
    degree: Degree,
    tau: f64,
    lipschitz: f64,
    goal: Goal,
) -> Result<RandomSubfamily> {
    check_tolerance(tau)?;
    check_degree(degree)?;
    let ln_n = ln_multiplicity(dim, degree);
    let j = 11.0 / (6.0 * f64::PI().sqrt());
    let r0 = 2.0 + (3f64.powf(0.75) + 2f64.powf(1.5 * degree as f64)) / 3.0;
    let ln_ratio = r0.ln() + ln_n - j.ln();
    let ln_size = ln_ratio - 2f64.ln() + (4.0 + 2.0 * ln_ratio.exp()).ln().max(2f64.ln() + ln_ratio).ln()
        - (2.0 * std::f64::consts::LN_2 - 1.0).ln();
    let p_plus = above(2.0 * (-ln_n).exp() / goal.epsilon, 0.0);
    // N - 1 as N (1 - 1/N).
    let ln_less = ln_n + (-(-ln_n).exp()).ln_1p();
    let ln_p = (4.0 * f64::PI() * j).ln() + 2.0 * lipschitz.ln() - ln_less - 2.0 * tau.ln();
    let class = QueryClass::Lipschitz(lipschitz);
    let prior = "uniform on a certain finite set of harmonics of degree k";
    let bound = Bound::new("SQ-6", class, prior, ln_quotient(goal.delta, p_plus, above(ln_p, ln_n)))
        .assuming("the family exists by a random choice that succeeds with positive probability")
        .assuming("theorem used: the intrinsic matrix Chernoff bound");
    Ok(RandomSubfamily { log10_size: above(ln_size / std::f64::consts::LN_10, 1.0), bound })
}
