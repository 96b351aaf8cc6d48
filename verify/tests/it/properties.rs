//! Properties that hold for every input: orthogonality, the addition theorem, bounds, parity, invariances, gradients.

use proptest::prelude::*;
use zonal::activation::{Activation, Numeric};
use zonal::dynamics::{accumulated, decay};
use zonal::legendre::Recurrence;
use zonal::linalg::{Matrix, dot};
use zonal::network::Network;
use zonal::numeric::DoubleDouble;
use zonal::numeric::random::Purpose;
use zonal::quadrature::{Law, funk_hecke, gauss_legendre};
use zonal::risk::{Empirical, Population};
use zonal::spectrum::Spectrum;
use zonal::sphere::{Dim, multiplicities, uniform_point, uniform_points};
use zonal::target::Target;

/// Cases that once failed are stored next to the sources and tried first.
fn config() -> ProptestConfig {
    let regressions = proptest::test_runner::FileFailurePersistence::WithSource("regressions");
    ProptestConfig {
        cases: 64,
        failure_persistence: Some(Box::new(regressions)),
        ..ProptestConfig::default()
    }
}

fn activations() -> impl Strategy<Value = Activation> {
    prop::sample::select(Activation::NAMED.to_vec())
}

/// Computes the mean of f over a coordinate of the sphere in R^n, t = sin psi. For a polynomial f the integrand is
/// entire, and a kink at 0 does not reduce the accuracy.
fn mean_over_coordinate(n: u64, f: impl Fn(f64) -> f64) -> f64 {
    let (mut sum, mut mass) = (0.0, 0.0);
    for (x, w) in gauss_legendre(48).unwrap() {
        let psi = (1.0 + x) * std::f64::consts::FRAC_PI_4;
        let weight = w * psi.cos().powi(n as i32 - 2);
        sum += weight * (f(psi.sin()) + f(-psi.sin()));
        mass += 2.0 * weight;
    }
    sum / mass
}

#[test]
fn activations_have_the_parity_they_claim_and_no_other() {
    let (dim, last) = (Dim::new(5).unwrap(), 8);
    let recurrence = Recurrence::new(dim, last);
    for a in Activation::NAMED {
        let spectra = [0.5, 1.0, 3.0].map(|scale| Spectrum::new(&a, dim, scale, last).unwrap());
        for (k, multiplicity) in multiplicities(dim, last).into_iter().enumerate() {
            let is_seen = |spectrum: &Spectrum| {
                let phi = |t: f64| a.value(spectrum.scale() * t) * recurrence.values(t)[k];
                let expected = mean_over_coordinate(dim.get(), phi);
                let (found, norm) = (spectrum.coefficient(k).unwrap(), spectrum.norm_sq().sqrt());
                assert!((found - expected).abs() < 1e-14 * norm, "{a}, degree {k}: {found} {expected}");
                expected.abs() * multiplicity.to_f64().sqrt() > 1e-9 * norm
            };
            // Each is evaluated separately, so that all are compared.
            let seen = spectra.each_ref().map(is_seen);
            assert_eq!(seen.contains(&true), !a.vanishes_at(k), "{a}, degree {k}: {seen:?}");
        }
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn legendre_polynomials_are_bounded_even_or_odd_and_one_at_one(
        n in 2u64..2000, k in 0usize..80, t in -1.0f64..=1.0
    ) {
        let recurrence = Recurrence::new(Dim::new(n).unwrap(), k);
        let p = recurrence.values(t)[k];
        prop_assert!(p.abs() <= 1.0 + 1e-12);
        let mirrored = recurrence.values(-t)[k];
        let expected = if k % 2 == 0 { mirrored } else { -mirrored };
        prop_assert!((p - expected).abs() < 1e-13);
        prop_assert!((recurrence.values(1.0)[k] - 1.0).abs() < 1e-11);
    }

    #[test]
    fn legendre_polynomials_are_orthogonal(n in 2u64..300, j in 0usize..24) {
        // E[P_j P_k] = delta / N_j, by the quadrature rule itself with f = P_j.
        let dim = Dim::new(n).unwrap();
        let value = move |x: DoubleDouble| {
            let (mut previous, mut current) = (DoubleDouble::ZERO, DoubleDouble::ONE);
            for k in 0..j {
                let k = k as f64;
                let next = if k == 0.0 { x } else {
                    (DoubleDouble::from(2.0 * k + n as f64 - 2.0) * x * current - DoubleDouble::from(k) * previous)
                        / DoubleDouble::from(k + n as f64 - 2.0)
                };
                previous = current;
                current = next;
            }
            current
        };
        let f = Numeric {
            value: Box::new(value),
            taylor: None,
            breakpoints: Vec::new(),
            accuracy: 1e-29,
            pieces: Vec::new(),
        };
        let result = funk_hecke(Law::Sphere(dim), 1.0, 24, &f, &|_| false);
        let n_j = multiplicities(dim, j)[j].to_f64();
        for (k, c) in result.unwrap().coefficients.iter().enumerate() {
            let scaled = c.value.to_f64() * n_j;
            let expected = f64::from(u8::from(j == k));
            prop_assert!((scaled - expected).abs() < 1e-9, "n = {}, j = {}, k = {}: {}", n, j, k, scaled);
        }
    }

    #[test]
    fn the_addition_theorem_holds(n in 3u64..8, k in 1usize..8, seed in 0u64..1000) {
        // E_x[P_k(<u,x>) P_k(<v,x>)] = P_k(<u,v>) / N_k; the expectation is computed by quadrature over <u,x> and the
        // coordinate of the remainder of x in the plane of u and v.
        let dim = Dim::new(n).unwrap();
        let target = Target::parse(&format!("harmonic({k}) + harmonic({k})"), dim, seed).unwrap();
        let directions = target.zonal_terms();
        let rho = dot(&directions[0].direction, &directions[1].direction);
        let legendre = Recurrence::new(dim, k);
        let p = |t: f64| legendre.values(t)[k];
        let expectation = mean_over_coordinate(n, |t| {
            let across = ((1.0 - rho * rho) * (1.0 - t * t)).sqrt();
            p(t) * mean_over_coordinate(n - 1, |s| p(rho * t + across * s))
        });
        let multiplicity = multiplicities(dim, k)[k].to_f64();
        prop_assert!((expectation * multiplicity - p(rho)).abs() < 1e-11);
        // The same holds for the energy of a sum of two harmonics.
        let energy = target.power_spectrum(k).unwrap().energies[k];
        prop_assert!((energy - 2.0 - 2.0 * multiplicity * expectation).abs() < 1e-11);
    }

    #[test]
    fn values_are_even_or_odd_to_the_last_bit(a in activations(), t in 0.001f64..40.0) {
        if a.vanishes_at(1) && a.vanishes_at(3) {
            prop_assert_eq!(a.value(t), a.value(-t));
        }
        if a.vanishes_at(0) && a.vanishes_at(2) {
            prop_assert_eq!(a.value(t), -a.value(-t));
        }
        let mut values = [t, -t];
        a.apply(&mut values);
        prop_assert_eq!(values, [a.value(t), a.value(-t)]);
    }

    #[test]
    fn energies_do_not_depend_on_the_names_of_coordinates(seed in 0u64..1000) {
        let dim = Dim::new(5).unwrap();
        let a = Target::parse("x1^3*x2 + 2*x3^2 - x1", dim, seed).unwrap().power_spectrum(5).unwrap();
        let b = Target::parse("x4^3*x1 + 2*x5^2 - x4", dim, seed).unwrap().power_spectrum(5).unwrap();
        for (x, y) in a.energies.iter().zip(&b.energies) {
            prop_assert!((x - y).abs() < 1e-15);
        }
    }

    #[test]
    #[ignore = "slow"]
    fn energies_of_a_target_agree_with_its_mean_square(seed in 0u64..200) {
        // Parseval: the energies add up to E g^2, estimated here from 4,000 points; 5 standard errors.
        let dim = Dim::new(4).unwrap();
        let target = Target::parse("x1*x2^2 + harmonic(2) + 0.5*neuron(sigmoid, scale=3)", dim, seed).unwrap();
        let squares: Vec<f64> = (0..4000)
            .map(|i| target.value(&uniform_point(dim, seed + 1, Purpose::Points, i)).unwrap().powi(2))
            .collect();
        let (mean, deviation) = zonal_verify::statistics::mean_and_deviation(&squares);
        let total = target.power_spectrum(3).unwrap().total();
        prop_assert!((mean - total).abs() < 5.0 * deviation / 4000f64.sqrt());
        prop_assert!((total - target.norm_sq().unwrap()).abs() < 1e-13 * total);
    }

    #[test]
    fn the_gradient_is_the_derivative_of_the_loss(a in activations(), seed in 0u64..100) {
        let dim = Dim::new(5).unwrap();
        let target = Target::parse("x1*x2 + harmonic(1) + 0.4", dim, seed).unwrap();
        let network = Network::random(a.clone(), 1.3, dim, 12, seed).unwrap();
        let points = uniform_points(dim, 50, seed, Purpose::Points);
        let labels: Vec<f64> = (0..50).map(|i| target.value(points.row(i)).unwrap()).collect();
        let forms = [
            Population::new(&target).quadratic(&network).unwrap(),
            Empirical::new(&points, &labels).quadratic(&network).unwrap(),
        ];
        for form in forms {
            let at: Vec<f64> = (0..12).map(|j| (j as f64 - 5.0) * 0.1).collect();
            let after = form.step(&at, 1.0).unwrap();
            for j in 0..12 {
                // The loss is quadratic, so a central difference is exact up to rounding; descent uses half of it.
                let loss = |h: f64| {
                    let mut x = at.clone();
                    x[j] += h;
                    0.5 * form.losses(&Matrix::from_rows(1, 12, x).unwrap()).unwrap()[0]
                };
                let derivative = (loss(0.5) - loss(-0.5)) / 1.0;
                prop_assert!((at[j] - after[j] - derivative).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn filters_are_consistent(x in 0.0f64..2.0, t in 0u64..1_000_000_000_000) {
        // lambda psi_t(lambda) + (1 - eta lambda)^t = 1.
        let (eta, lambda) = (0.7, x / 0.7);
        let sum = lambda * accumulated(lambda, eta, t) + decay(eta * lambda, t);
        prop_assert!((sum - 1.0).abs() < 1e-12);
    }
}
