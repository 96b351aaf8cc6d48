use super::*;
use crate::activation::Activation;
use crate::sphere::Dim;
use proptest::prelude::*;

const LARGE: f64 = 1e12;

fn equivalent(activation: &str, dim: u64, scale: f64, noise: f64) -> Equivalent {
    let dim = Dim::new(dim).unwrap();
    let spectrum = Spectrum::new(&Activation::parse(activation).unwrap(), dim, scale, 60).unwrap();
    Equivalent::new(&spectrum, &PowerSpectrum::new(dim, vec![0.2, 0.4, 0.3, 0.1], 0.0), noise).unwrap()
}

fn sizes(rows: f64, width: f64) -> Sizes {
    Sizes { rows, width }
}

/// The proportional limit of Mei and Montanari: degrees 0 and 1 and a white tail.
fn proportional(width: f64, dim: f64) -> (Equivalent, Sizes) {
    let mu_0 = 1.0 / (2.0 * std::f64::consts::PI);
    let white = 0.5 - mu_0 - 0.25;
    let degrees = vec![
        Part { eigenvalue: mu_0, weight: 0.0, multiplicity: 0.0, energy: 0.0 },
        Part { eigenvalue: 0.25 / dim, weight: 0.25, multiplicity: dim, energy: 1.0 },
    ];
    let equivalent = Equivalent {
        degrees,
        white,
        white_eigenvalue: 0.0,
        unlisted: 0.0,
        unseen: 0.0,
        noise: 0.2,
        norm_sq: 0.5,
    };
    (equivalent, sizes(3.0 * dim, width * dim))
}

#[test]
fn the_proportional_limit_is_that_of_mei_and_montanari() {
    // ReLU, three rows and `width` units for each dimension, tau^2 = 0.2, lambda = 1e-3: the risk without the noise, from their formula at 40 digits.
    let expected = [
        (1.0, 0.764886800482),
        (2.0, 0.927488387397),
        (3.0, 1.16789359808),
        (4.0, 0.746877311875),
        (6.0, 0.389472262379),
        (10.0, 0.229468857059),
    ];
    for (width, risk) in expected {
        let dim = 1e3;
        let (equivalent, sizes) = proportional(width, dim);
        let found = equivalent.ridge(sizes, 1e-3 / dim).unwrap().test_error - 0.2;
        assert!((found / risk - 1.0).abs() < 1e-10, "{width}: {found} {risk}");
    }
}

#[test]
fn another_program_predicts_the_same_errors() {
    // Predictions of an independent program, ridges relative to ||phi||^2; it found means of 8 to 40 draws near them.
    for (activation, dim, scale, rows, width, ridge, expected) in [
        ("relu", 10, 1.0, 600.0, 300.0, 1e-8, 0.6129),
        ("relu", 5, 1.0, 100.0, 100.0, 1e-3, 0.3751),
        ("tanh", 10, 2.0, 100.0, 300.0, 1e-8, 1.6882),
        ("erf", 30, 5.0, 400.0, 200.0, 1e-1, 1.0456),
        ("relu", 100, 1.0, 400.0, 400.0, 1e-8, 73.98),
    ] {
        let equivalent = equivalent(activation, dim, scale, 0.2);
        let found = equivalent.ridge(sizes(rows, width), ridge * equivalent.norm_sq()).unwrap().test_error;
        assert!((found / expected - 1.0).abs() < 1e-4, "{activation} {dim} {ridge}: {found} {expected}");
    }
    for (activation, dim, scale, rows, width, iterations, expected) in [
        ("relu", 10, 1.0, 600.0, 300.0, 1_000, 0.3479),
        ("relu", 5, 1.0, 300.0, 300.0, 1_000_000, 0.8657),
        ("erf", 10, 3.0, 200.0, 200.0, 100_000, 2.4739),
        ("tanh", 30, 5.0, 200.0, 300.0, 100, 0.9189),
    ] {
        let equivalent = equivalent(activation, dim, scale, 0.2);
        let step = equivalent.step(Step::Auto).unwrap();
        let found = equivalent.descent(sizes(rows, width), step, iterations).unwrap().test_error;
        assert!((found / expected - 1.0).abs() < 1e-4, "{activation} {dim} {iterations}: {found} {expected}");
    }
}

#[test]
fn draws_scatter_around_the_prediction() {
    let dim = Dim::new(10).unwrap();
    let spectrum = Spectrum::new(&Activation::Relu, dim, 1.0, 40).unwrap();
    let target = PowerSpectrum::new(dim, vec![0.2, 0.4, 0.3, 0.1], 0.0);
    let equivalent = Equivalent::new(&spectrum, &target, 0.2).unwrap();
    let step = equivalent.step(Step::Auto).unwrap();
    for sizes in [sizes(300.0, 200.0), sizes(300.0, f64::INFINITY), sizes(f64::INFINITY, 200.0)] {
        let seeds = 0..6;
        let draws: Vec<Draw> =
            seeds.map(|seed| Draw::new(&spectrum, &target, 0.2, sizes, seed).unwrap()).collect();
        let check = |errors: Vec<f64>, predicted: f64| {
            let found = crate::measure::mean(&errors);
            // 1 % for what the equivalent misses at these sizes, and 5 standard errors.
            let allowed = 0.01 * predicted + 5.0 * found.standard_error;
            assert!((found.value - predicted).abs() < allowed, "{sizes:?}: {found:?} {predicted}");
        };
        for ridge in [1e-3, 1e-1].map(|share| share * spectrum.norm_sq()) {
            let predicted = equivalent.ridge(sizes, ridge).unwrap().test_error;
            check(draws.iter().map(|d| d.ridge(ridge)).collect(), predicted);
        }
        for t in [10, 1_000] {
            let predicted = equivalent.descent(sizes, step, t).unwrap().test_error;
            check(draws.iter().map(|d| d.descent(step, t)).collect(), predicted);
        }
        assert!((draws[0].descent(step, 0) - 1.2).abs() < 1e-12);
    }
}

#[test]
fn the_error_of_a_draw_is_that_of_its_networks_on_new_rows() {
    use crate::network::Network;
    use crate::numeric::random::{Purpose, normal, stream};
    use crate::sphere::uniform_points;
    let dim = Dim::new(4).unwrap();
    let spectrum = Spectrum::new(&Activation::Relu, dim, 1.0, 20).unwrap();
    let target = PowerSpectrum::new(dim, vec![0.0, 0.7, 0.3], 0.0);
    let (rows, width, noise, ridge) = (30, 12, 0.1, 1e-3);
    let draw = Draw::new(&spectrum, &target, noise, sizes(30.0, 12.0), 3).unwrap();
    let network = Network::random(Activation::Relu, 1.0, dim, width, 3).unwrap();
    let points = uniform_points(dim, rows, 3, Purpose::Points);
    let new = uniform_points(dim, 4_000, 8, Purpose::Fresh);
    let (features, new_features) = (network.features(&points).unwrap(), network.features(&new).unwrap());
    let mut moments = features.transposed_times(&features);
    moments.values_mut().iter_mut().for_each(|x| *x /= rows as f64);
    let eigen = crate::linalg::symmetric_eigen(&moments).unwrap();
    let errors: Vec<f64> = (0..400)
        .map(|number| {
            let g = crate::target::Target::parse("0.83666*harmonic(1) + 0.54772*harmonic(2)", dim, number)
                .unwrap();
            let mut rng = stream(number, Purpose::Noise, 0);
            let values_at = |x: &crate::linalg::Matrix| -> Vec<f64> {
                (0..x.rows()).map(|i| g.value(x.row(i)).unwrap()).collect()
            };
            let mut labels = values_at(&points);
            labels.iter_mut().for_each(|y| *y += noise.sqrt() * normal(&mut rng));
            let b: Vec<f64> =
                features.transposed_times_vector(&labels).iter().map(|b| b / rows as f64).collect();
            let rotated = eigen.vectors.times_vector(&b);
            let solved: Vec<f64> = rotated.iter().zip(&eigen.values).map(|(u, l)| u / (l + ridge)).collect();
            let a = eigen.vectors.transposed_times_vector(&solved);
            let predicted = new_features.times_vector(&a);
            let values = values_at(&new);
            let squares = predicted.iter().zip(values).map(|(f, g)| (f - g) * (f - g));
            noise + squares.sum::<f64>() / 4_000.0
        })
        .collect();
    let found = crate::measure::mean(&errors);
    assert!(
        (found.value - draw.ridge(ridge)).abs() < 5.0 * found.standard_error,
        "{found:?} {}",
        draw.ridge(ridge)
    );
}

/// Power series in x, the delay by one step, with some number of terms.
mod series {
    pub(super) type Series = Vec<f64>;

    pub(super) fn product(a: &Series, b: &Series) -> Series {
        let mut out = vec![0.0; a.len()];
        for i in 0..a.len() {
            for j in 0..a.len() - i {
                out[i + j] += a[i] * b[j];
            }
        }
        out
    }

    pub(super) fn inverse(a: &Series) -> Series {
        let mut out: Series = vec![0.0; a.len()];
        out[0] = 1.0 / a[0];
        for n in 1..a.len() {
            let sum: f64 = (1..=n).map(|i| a[i] * out[n - i]).sum();
            out[n] = -sum / a[0];
        }
        out
    }

    /// a(x) b(x'), added with a factor.
    pub(super) fn add_outer(out: &mut [Series], factor: f64, a: &Series, b: &Series) {
        for (row, x) in out.iter_mut().zip(a) {
            row.iter_mut().zip(b).for_each(|(out, y)| *out += factor * x * y);
        }
    }

    pub(super) fn product_of_two(a: &[Series], b: &[Series]) -> Vec<Series> {
        let n = a.len();
        let mut out = vec![vec![0.0; n]; n];
        for i in 0..n {
            for k in 0..n - i {
                let row = product(&a[i], &b[k]);
                out[i + k].iter_mut().zip(row).for_each(|(out, x)| *out += x);
            }
        }
        out
    }

    pub(super) fn quotient_of_two(a: &[Series], b: &[Series]) -> Vec<Series> {
        let n = a.len();
        let first = inverse(&b[0]);
        let mut out: Vec<Series> = Vec::new();
        for i in 0..n {
            let mut rest = a[i].clone();
            for k in 1..=i {
                let known = product(&b[k], &out[i - k]);
                rest.iter_mut().zip(known).for_each(|(rest, x)| *rest -= x);
            }
            out.push(product(&rest, &first));
        }
        out
    }
}

/// The test error after t = 0, 1, .. steps from the equations in time, as power series: without contours and complex numbers.
fn errors_in_time(equivalent: &Equivalent, sizes: Sizes, step: f64, count: usize) -> Vec<f64> {
    use series::*;
    let parts: Vec<Part> = equivalent.seen().copied().collect();
    let one = |value: f64| {
        let mut out = vec![0.0; count];
        out[0] = value;
        out
    };
    // 1 / kappa and 1 / lambda as series: lambda = (1 - x) / (eta x). The white tail is a degree of eigenvalue 0.
    let inverse_ridge: Series = (0..count).map(|i| if i == 0 { 0.0 } else { step }).collect();
    let mut y = inverse_ridge.clone();
    let factor = |y: &Series, eigenvalue: f64| {
        let mut sum: Series = y.iter().map(|y| eigenvalue * y).collect();
        sum[0] += 1.0;
        inverse(&sum)
    };
    let left = |y: &Series| {
        let mut dimension: Series = y.iter().map(|y| equivalent.white * y).collect();
        for part in &parts {
            let term = product(y, &factor(y, part.eigenvalue));
            dimension.iter_mut().zip(term).for_each(|(sum, x)| *sum += part.weight * x);
        }
        [sizes.rows, sizes.width].map(|size| {
            let mut s: Series = dimension.iter().map(|x| -x / size).collect();
            s[0] += 1.0;
            s
        })
    };
    for _ in 0..count {
        let [s1, s2] = left(&y);
        y = product(&inverse_ridge, &product(&s1, &s2));
    }
    // D, Q/(kappa kappa'), B and T/(kappa kappa') times kappa kappa' where the series need it.
    let zero = || vec![vec![0.0; count]; count];
    let (mut d, mut q, mut b, mut t) = (zero(), zero(), zero(), zero());
    add_outer(&mut q, equivalent.white, &one(1.0), &one(1.0));
    add_outer(&mut b, equivalent.unseen, &one(1.0), &one(1.0));
    for part in &parts {
        let residual = factor(&y, part.eigenvalue);
        let learned = product(&y, &residual);
        add_outer(&mut d, part.weight * part.eigenvalue, &learned, &learned);
        add_outer(&mut q, part.weight, &residual, &residual);
        add_outer(&mut b, part.energy, &residual, &residual);
        add_outer(&mut t, part.energy * part.eigenvalue, &residual, &residual);
    }
    let mut outer = zero();
    add_outer(&mut outer, 1.0, &y, &y);
    let mut spread = d.clone();
    spread.iter_mut().flatten().for_each(|x| *x = -*x);
    spread[0][0] += sizes.width;
    // numerator (m - D) and denominator (m - D).
    let qt = product_of_two(&outer, &product_of_two(&q, &t));
    let qq = product_of_two(&outer, &product_of_two(&q, &q));
    let mut bias = b.clone();
    bias[0][0] += equivalent.noise;
    let mut rest = d.clone();
    rest.iter_mut().flatten().for_each(|x| *x = -*x / sizes.rows);
    rest[0][0] += 1.0;
    let mut numerator = product_of_two(&bias, &spread);
    let mut denominator = product_of_two(&rest, &spread);
    for i in 0..count {
        for j in 0..count {
            numerator[i][j] += qt[i][j];
            denominator[i][j] -= qq[i][j] / sizes.rows;
        }
    }
    let error = quotient_of_two(&numerator, &denominator);
    // Division by (1 - x) (1 - x').
    (0..count).map(|t| error[..=t].iter().flat_map(|row| &row[..=t]).sum()).collect()
}

#[test]
fn descent_solves_the_equations_in_time() {
    for (activation, dim, scale, rows, width) in
        [("relu", 5, 1.0, 40.0, 60.0), ("tanh", 10, 2.0, 100.0, 100.0), ("erf", 3, 4.0, 300.0, 20.0)]
    {
        let equivalent = equivalent(activation, dim, scale, 0.3);
        let sizes = sizes(rows, width);
        for share in [0.3, 1.0] {
            let step = share * equivalent.step(Step::Auto).unwrap();
            let expected = errors_in_time(&equivalent, sizes, step, 61);
            for t in [0, 1, 2, 5, 20, 47, 48, 60] {
                let found = equivalent.descent(sizes, step, t).unwrap().test_error;
                let expected = expected[t as usize];
                assert!((found / expected - 1.0).abs() < 1e-9, "{activation} {t}: {found} {expected}");
            }
        }
    }
}

#[test]
fn limits_are_those_of_exact_expectations_and_of_vanishing_ridges() {
    let equivalent = equivalent("relu", 8, 1.0, 0.1);
    let step = equivalent.step(Step::Auto).unwrap();
    for t in [0, 3, 100, 1_000_000] {
        let infinite = equivalent.descent(sizes(f64::INFINITY, f64::INFINITY), step, t).unwrap();
        let large = equivalent.descent(sizes(1e15, 1e15), step, t).unwrap();
        assert!((infinite.test_error - large.test_error).abs() < 1e-9, "{t}");
        assert!(
            (infinite.test_error - infinite.degrees.iter().map(|d| d.bias).sum::<f64>() - 0.1).abs() < 1e-15
        );
    }
    for (rows, width) in [(100.0, 300.0), (300.0, 100.0), (f64::INFINITY, 50.0), (70.0, f64::INFINITY)] {
        let last = equivalent.descent(sizes(rows, width), step, 1_000_000_000_000_000_000).unwrap();
        let ridge = equivalent.ridge(sizes(rows, width), 0.0).unwrap();
        assert!((last.test_error / ridge.test_error - 1.0).abs() < 1e-6, "{rows} {width}");
    }
    let everything = equivalent.ridge(sizes(f64::INFINITY, f64::INFINITY), 0.0).unwrap();
    assert!(
        (everything.test_error - 0.2).abs() < 1e-15 && everything.tail_error == 0.0,
        "{}",
        everything.test_error
    );
    let peak = equivalent.ridge(sizes(80.0, 80.0), 0.0).unwrap();
    assert!(peak.test_error == f64::INFINITY && peak.train_error == 0.0, "{peak:?}");
    // The width that m random units can reach from unlimited rows, and what is beyond the rank of a polynomial.
    let line = Spectrum::new(&Activation::parse("t").unwrap(), Dim::new(8).unwrap(), 1.0, 4).unwrap();
    let target = PowerSpectrum::new(Dim::new(8).unwrap(), vec![0.2, 0.4], 0.3);
    let line = Equivalent::new(&line, &target, 0.1).unwrap();
    for (rows, width) in [(40.0, 20.0), (20.0, f64::INFINITY), (200.0, 8.0)] {
        let found = line.ridge(sizes(rows, width), 0.0).unwrap();
        assert!((found.test_error - 0.6 / (1.0 - 8.0 / rows)).abs() < 1e-12, "{found:?}");
    }
    let full = line.ridge(sizes(8.0, 20.0), 0.0).unwrap();
    assert!(full.test_error == f64::INFINITY && full.degrees[1].variance == f64::INFINITY, "{full:?}");
}

#[test]
fn rows_for_an_excess_reach_it_and_the_half_of_a_degree_is_where_it_is_said() {
    let equivalent = equivalent("relu", 10, 1.0, 0.1);
    for (excess, width) in [(0.2, 400.0), (0.15, f64::INFINITY), (0.3, 50.0)] {
        let found = equivalent.rows_for(excess, width).unwrap().unwrap();
        let at =
            |rows: f64, ridge: f64| equivalent.ridge(sizes(rows, width), ridge).unwrap().test_error - 0.1;
        assert!((at(found.rows, found.ridge) / excess - 1.0).abs() < 1e-3, "{found:?}");
        let best = |rows: f64| {
            (0..200)
                .map(|i| at(rows, found.ridge * 10f64.powf(0.02 * f64::from(i) - 2.0)))
                .fold(9.0, f64::min)
        };
        assert!(best(0.97 * found.rows) > excess && best(1.03 * found.rows) < excess, "{found:?}");
    }
    for (rows, share) in [(1_000.0, 0.0), (200.0, 0.1), (5_000.0, 0.4)] {
        let ridge = share * equivalent.degrees[2].eigenvalue;
        let width = equivalent.width_half(2, rows, ridge).unwrap();
        let learned = equivalent.ridge(sizes(rows, width), ridge).unwrap().degrees[2].learned;
        assert!((learned - 0.5).abs() < 1e-9, "{rows} {share}: {learned}");
    }
    assert_eq!(equivalent.width_half(2, 30.0, 0.0), None);
    // Degree 3 is invisible: its energy cannot be learned.
    assert_eq!(equivalent.rows_for(0.09, f64::INFINITY).unwrap(), None);
    assert_eq!(equivalent.rows_half(3), None);
    for k in [0, 1, 2, 4] {
        let rows = equivalent.rows_half(k).unwrap();
        let learned = |s: Sizes| equivalent.ridge(s, 0.0).unwrap().degrees[k].learned;
        assert!((learned(sizes(rows, f64::INFINITY)) - 0.5).abs() < 1e-9);
        assert!((learned(sizes(f64::INFINITY, rows)) - 0.5).abs() < 1e-9);
    }
}

#[test]
fn steps_that_diverge_are_refused_and_others_are_followed() {
    let equivalent = equivalent("relu", 10, 1.0, 0.1);
    let edge = equivalent.edge(sizes(200.0, 300.0));
    assert!(edge > equivalent.degrees[0].eigenvalue && edge < equivalent.norm_sq());
    assert!(equivalent.descent(sizes(200.0, 300.0), 1.85 / edge, 100).is_ok());
    let refused = equivalent.descent(sizes(200.0, 300.0), 1.95 / edge, 100).unwrap_err().to_string();
    assert!(refused.contains("the largest eigenvalue"), "{refused}");
    for (sizes, ridge) in [(sizes(0.5, 3.0), 1.0), (sizes(f64::NAN, 3.0), 1.0), (sizes(3.0, 3.0), -1.0)] {
        assert!(matches!(equivalent.ridge(sizes, ridge), Err(Error::Parameter { .. })));
    }
}

fn size() -> impl Strategy<Value = f64> {
    prop_oneof![9 => (0.7f64..LARGE.ln()).prop_map(|x| x.exp().round()), 1 => Just(f64::INFINITY)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn parts_add_up_and_nothing_is_negative(
        activation in prop::sample::select(vec!["relu", "tanh", "erf", "gelu", "abs"]),
        dim in prop_oneof![2u64..12, 12u64..100_000],
        rows in size(),
        width in size(),
        ridge in -20.0f64..2.0,
        iterations in 0.0f64..18.0,
        noise in 0.0f64..2.0,
    ) {
        let equivalent = equivalent(activation, dim, 1.0, noise);
        let sizes = sizes(rows, width);
        let step = equivalent.step(Step::Auto).unwrap();
        let ridge = equivalent.ridge(sizes, 10f64.powf(ridge) * equivalent.norm_sq()).unwrap();
        let found = [Ok(ridge), equivalent.descent(sizes, step, 10f64.powf(iterations) as u64)];
        for found in found {
            let found = match found {
                Ok(found) => found,
                // Few rows may have eigenvalues beyond the inverse of the automatic step.
                Err(error) if sizes.least() < 10.0 => {
                    prop_assert!(error.to_string().contains("the largest eigenvalue"), "{}", error);
                    continue;
                }
                Err(error) => return Err(TestCaseError::fail(error.to_string())),
            };
            let parts: f64 = found.degrees.iter().map(|d| d.bias + d.variance).sum();
            let total = noise + parts + found.unseen + found.tail_variance;
            prop_assert!((total / found.test_error - 1.0).abs() < 1e-7 || total == found.test_error, "{total} {}", found.test_error);
            prop_assert!(found.noise_factor >= 1.0 - 1e-9 && found.train_error >= 0.0, "{found:?}");
            prop_assert!(found.effective_dimension <= sizes.least() * (1.0 + 1e-9), "{found:?}");
            for d in &found.degrees {
                prop_assert!(d.variance >= 0.0 && d.learned > -1e-9 && d.learned < 1.0 + 1e-9, "{found:?}");
            }
        }
    }
}
