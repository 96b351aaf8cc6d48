//! Spectra beyond the named activations: formulas, closures, the limit of infinite dimension, tangent kernels,
//! published decay rates.

use std::collections::BTreeMap;
use zonal::activation::{Activation, Function};
use zonal::kernel::{Kernel, TangentKernel, decay_exponent, tangent_eigenvalues};
use zonal::spectrum::Spectrum;
use zonal::sphere::{Dim, multiplicity};
use zonal_verify::reference::{Table, number, text};

fn dim(n: u64) -> Dim {
    Dim::new(n).unwrap()
}

#[test]
#[ignore = "slow"]
fn fifty_formulas_stay_within_their_printed_error() {
    let table = Table::load("formulas");
    let norms: BTreeMap<String, f64> =
        table.rows("norms").iter().map(|r| (format!("{} {}", text(&r[0]), r[1]), number(&r[3]))).collect();
    let mut largest: BTreeMap<&str, f64> = BTreeMap::new();
    let mut spectra: BTreeMap<String, Spectrum> = BTreeMap::new();
    for row in table.rows("rows") {
        let formula = text(&row[0]);
        let n = row[1].as_u64().unwrap();
        let k = row[3].as_u64().unwrap() as usize;
        let spectrum = spectra.entry(format!("{formula} {n}")).or_insert_with(|| {
            let activation = Activation::parse(formula).unwrap();
            Spectrum::new(&activation, dim(n), number(&row[2]), 12).unwrap()
        });
        let found = spectrum.coefficients()[k];
        let expected = number(&row[4]);
        let norm_sq = norms[&format!("{formula} {n}")];
        assert!((spectrum.norm_sq() / norm_sq - 1.0).abs() < 1e-9, "{formula}, n = {n}: norm");
        let value = found.value.to_f64();
        let printed = found.absolute_error;
        // The reference is truncated at 1e-38, and both are rounded to f64 here.
        let rounding = 2.3e-16 * expected.abs() + 1e-37;
        let error = (value - expected).abs();
        assert!(error <= printed + rounding, "{formula}, n = {n}, k = {k}: {error:e} > {printed:e}");
        let relative = printed / norm_sq.sqrt();
        let entry = largest.entry(formula).or_default();
        *entry = entry.max(relative);
    }
    assert_eq!(largest.len(), 50);
    let sharp = largest.values().filter(|e| **e <= 1e-9).count();
    println!("printed errors at most 1e-9 of the norm: {sharp} of 50");
    for (formula, error) in largest.iter().filter(|(_, e)| **e > 1e-20) {
        println!("  {formula}: printed error up to {error:.1e} of the norm");
    }
    assert!(sharp >= 45);
}

/// Compares spectra with a table of formulas: each coefficient must be within its reported error, the norm within its
/// accuracy. Returns the largest reported error relative to the norm, the number of proven errors, and the number of
/// coefficients.
fn contained(name: &str, degrees: usize) -> (f64, usize, usize) {
    let (mut largest, mut proven, mut count) = (0.0f64, 0, 0);
    for row in Table::load(name).rows("rows") {
        let (formula, n, scale) = (text(&row[0]), row[1].as_u64().unwrap(), number(&row[2]));
        let norm_sq = number(&row[3]);
        let context = format!("{formula}, n = {n}, s = {scale}");
        let activation = Activation::parse(formula).unwrap();
        let spectrum =
            Spectrum::new(&activation, dim(n), scale, degrees).unwrap_or_else(|e| panic!("{context}: {e}"));
        let norm_error = (spectrum.norm_sq() - norm_sq).abs();
        let printed = spectrum.norm_error() + 2.3e-16 * norm_sq;
        assert!(
            norm_error <= printed && printed < 1e-9 * norm_sq,
            "{context}: norm off by {norm_error:e} > {printed:e}"
        );
        for (k, expected) in row[4].as_array().unwrap().iter().enumerate() {
            let (found, expected) = (spectrum.coefficients()[k], number(expected));
            // The truncation of the table, and rounding to f64 here.
            let slack = 2e-29 * norm_sq.sqrt() + 2.3e-16 * expected.abs();
            let error = (found.value.to_f64() - expected).abs();
            let printed = found.absolute_error;
            assert!(error <= printed + slack, "{context}, k = {k}: {error:e} > {printed:e}");
            let relative = printed / norm_sq.sqrt();
            if relative > 1e-15 {
                println!("  {context}, k = {k}: printed error {relative:.1e} of the norm");
            }
            largest = largest.max(relative);
            proven += usize::from(found.proven);
            count += 1;
        }
    }
    (largest, proven, count)
}

#[test]
fn narrow_bumps_are_not_missed() {
    // A rule whose nodes all miss the bump would give the coefficients of the rest, with a tiny error estimate.
    for (formula, n, degree, expected) in [
        ("tanh(t)+exp(-((t-0.3)/0.0001)^2)", 10, 1, 0.092_725_842_21),
        ("tanh(t)+exp(-((t-0.3)/0.0001)^2)", 10, 3, -9.589_662e-4),
        ("1+1000000*exp(-((t-0.3)/0.00001)^2)", 3, 0, 9.862_269),
        ("tanh(t)+exp(-((t-0.3001)/0.0003)^2)", 2, 3, -0.027_263_47),
        ("tanh(t)+exp(-((t-0.3001)/0.0003)^2)", 2, 1, 0.405_891_09),
    ] {
        let spectrum = Spectrum::new(&Activation::parse(formula).unwrap(), dim(n), 1.0, 6).unwrap();
        let found = spectrum.coefficients()[degree];
        assert!((found.value.to_f64() / expected - 1.0).abs() < 1e-6, "{formula}, k = {degree}: {found:?}");
        assert!(found.proven && found.relative_error < 1e-20, "{formula}, k = {degree}: {found:?}");
    }
}

#[test]
fn what_has_no_finite_mean_square_or_no_value_is_refused() {
    for (formula, n, part) in [
        ("(1+t)^-0.6", 2, "finite"),
        ("abs(t)^-0.5", 5, "finite"),
        ("sqrt(t)", 3, "not finite"),
        // Undefined on one part in ten thousand of the range, between the points that are tried first.
        ("sqrt(t+0.9999)", 3, "not finite"),
        ("1/(t-0.123456)", 3, "not finite"),
    ] {
        let error =
            Spectrum::new(&Activation::parse(formula).unwrap(), dim(n), 1.0, 4).unwrap_err().to_string();
        assert!(error.contains(part), "{formula}: {error}");
    }
}

#[test]
fn sides_that_touch_are_integrated_though_no_interval_tells_them_apart() {
    for (formula, same) in [
        ("max(-1, 4*t^2 - 1)", "4*t^2 - 1"),
        ("abs((t - 0.3)^2) + 1", "(t - 0.3)^2 + 1"),
        ("relu(1 - cos(2*t)) - 0.5", "0.5 - cos(2*t)"),
    ] {
        let [a, b] =
            [formula, same].map(|f| Spectrum::new(&Activation::parse(f).unwrap(), dim(3), 1.0, 6).unwrap());
        for (k, (a, b)) in a.coefficients().iter().zip(b.coefficients()).enumerate() {
            let error = (a.value.to_f64() - b.value.to_f64()).abs();
            let printed = a.absolute_error + 1e-16 * b.value.to_f64().abs();
            assert!(error <= printed && printed < 1e-14, "{formula}, k = {k}: {error:e} > {printed:e}");
        }
    }
}

#[test]
#[ignore = "slow"]
fn a_value_that_is_replaced_by_zero_counts_in_its_error() {
    // An oscillation that no rule resolves gives values below their own errors, which are reported as 0.
    let noise = Function::new("noise", vec![], |t: f64| (1e5 * t).sin() * 1e-3);
    let spectrum = Spectrum::new(&Activation::Function(std::sync::Arc::new(noise)), dim(3), 1.0, 6).unwrap();
    let exact = Spectrum::new(&Activation::Sin, dim(3), 1e5, 6).unwrap();
    for (k, (found, exact)) in spectrum.coefficients().iter().zip(exact.coefficients()).enumerate() {
        let error = (found.value.to_f64() - 1e-3 * exact.value.to_f64()).abs();
        assert!(error <= found.absolute_error, "k = {k}: {error:e} > {:e}", found.absolute_error);
        assert!(!found.proven, "a closure has no enclosures");
    }
}

#[test]
#[ignore = "slow"]
fn a_thousand_formulas_with_narrow_features_stay_within_their_printed_error() {
    let (largest, proven, count) = contained("bumps", 6);
    println!("{count} coefficients, {proven} with proven errors, largest error {largest:.1e} of the norm");
    assert_eq!(count, 7_000);
    assert!(largest < 1e-9 && proven > 6_900);
}

#[test]
#[ignore = "slow"]
fn singular_formulas_stay_within_their_printed_error() {
    let (largest, proven, count) = contained("singular", 8);
    println!("{count} coefficients, {proven} with proven errors, largest error {largest:.1e} of the norm");
    assert!(count > 2_700 && largest < 1e-9);
}

#[test]
fn closures_agree_with_the_activations_they_copy() {
    for (name, kinks, function) in [
        ("relu", vec![0.0], (|t: f64| t.max(0.0)) as fn(f64) -> f64),
        ("tanh", vec![], f64::tanh),
        ("step", vec![0.0], |t: f64| f64::from(t > 0.0)),
    ] {
        let closure = Activation::Function(std::sync::Arc::new(Function::new(name, kinks, function)));
        let named = Activation::parse(name).unwrap();
        let a = Spectrum::new(&closure, dim(7), 1.0, 9).unwrap();
        let b = Spectrum::new(&named, dim(7), 1.0, 9).unwrap();
        for k in 0..=9 {
            let error = (a.coefficient(k).unwrap() - b.coefficient(k).unwrap()).abs();
            let printed = a.coefficients()[k].absolute_error;
            assert!(error <= printed + 1e-17, "{name}, k = {k}: {error:e} > {printed:e}");
            assert!(printed < 1e-12, "{name}, k = {k}: {printed:e}");
            // A degree in which the named activation vanishes is not distinguished from zero by the closure's values
            // either.
            assert!(b.visible(k).unwrap() || !a.visible(k).unwrap(), "{name}, k = {k}");
        }
    }
}

#[test]
#[ignore = "slow"]
fn a_kink_that_is_not_named_shows_in_the_error() {
    let hidden =
        Activation::Function(std::sync::Arc::new(Function::new("kink", vec![], |t| (t - 0.3).abs())));
    let known = Activation::parse("abs(t - 0.3)").unwrap();
    let a = Spectrum::new(&hidden, dim(5), 1.0, 6).unwrap();
    let b = Spectrum::new(&known, dim(5), 1.0, 6).unwrap();
    for k in 0..=6 {
        let error = (a.coefficient(k).unwrap() - b.coefficient(k).unwrap()).abs();
        let printed = a.coefficients()[k].absolute_error;
        assert!(error <= printed, "k = {k}: {error:e} > {printed:e}");
    }
}

#[test]
fn large_dimension_approaches_the_hermite_limit() {
    // alpha_k sqrt(N_k) at scale sqrt(n) tends to the Hermite coefficient like 1/n; the test checks this order.
    for activation in Activation::BUILTIN.iter().filter(|a| !a.support().is_finite()) {
        let limit = Spectrum::infinite_dimension(activation, 6).unwrap();
        let difference = |n: u64| -> Vec<f64> {
            let finite = Spectrum::new(activation, dim(n), (n as f64).sqrt(), 6).unwrap();
            (0..=6)
                .map(|k| {
                    let c = finite.coefficients()[k];
                    f64::from(c.value.sign()) * c.energy.to_f64().sqrt() - limit.coefficient(k).unwrap()
                })
                .collect()
        };
        // The scale is rounded to f64, so differences below 1e-15 have no meaning.
        for (k, (near, far)) in difference(10_000).into_iter().zip(difference(1_000_000)).enumerate() {
            assert!(far.abs() < 2e-4, "{activation}, k = {k}: {far:e}");
            if near.abs() > 1e-10 {
                assert!((near / far / 100.0 - 1.0).abs() < 0.01, "{activation}, k = {k}: {near:e} {far:e}");
            }
        }
    }
    // Known values: tanh has E z tanh(z) = E (1 - tanh^2 z), relu E z_+ = 1/sqrt(2 pi), exp sqrt(e).
    let relu = Spectrum::infinite_dimension(&Activation::Relu, 4).unwrap();
    assert!((relu.coefficient(0).unwrap() - 1.0 / (2.0 * std::f64::consts::PI).sqrt()).abs() < 1e-16);
    let exp = Spectrum::infinite_dimension(&Activation::Exp, 4).unwrap();
    for k in 0..=4usize {
        let factorial: f64 = (1..=k).map(|i| i as f64).product();
        assert!((exp.coefficient(k).unwrap() / (0.5f64.exp() / factorial.sqrt()) - 1.0).abs() < 1e-15);
    }
    for k in 0..=8u8 {
        let limit = Spectrum::infinite_dimension(&Activation::Hermite(k), 8).unwrap();
        for j in 0..=8usize {
            let expected = f64::from(u8::from(j == usize::from(k)));
            assert!((limit.coefficient(j).unwrap() - expected).abs() < 1e-25, "He_{k} in degree {j}");
        }
    }
}

#[test]
fn the_tangent_kernel_of_relu_by_degree() {
    let mut worst = 0.0f64;
    let mut values: BTreeMap<u64, Vec<f64>> = BTreeMap::new();
    for row in Table::load("tangent").rows("rows") {
        let n = row[0].as_u64().unwrap();
        let k = row[1].as_u64().unwrap() as usize;
        let eigenvalues = values.entry(n).or_insert_with(|| {
            let all = tangent_eigenvalues(&Activation::Relu, dim(n), 1.0, false, 40).unwrap();
            all.into_iter().map(|e| e.to_f64()).collect()
        });
        if number(&row[2]) == 0.0 {
            assert_eq!(eigenvalues[k], 0.0, "n = {n}, k = {k}");
            continue;
        }
        let error = (eigenvalues[k] / number(&row[2]) - 1.0).abs();
        assert!(error < 1e-12, "n = {n}, k = {k}: {error:e}");
        worst = worst.max(error);
    }
    assert_eq!(values.len(), 5);
    println!("tangent kernel of ReLU: largest relative error {worst:.1e}");
}

#[test]
fn tangent_kernels_in_closed_form_and_by_degree_agree() {
    for (activation, scale) in [
        ("relu", 1.0),
        ("squared-relu", 1.0),
        ("abs", 2.0),
        ("tanh", 1.5),
        ("gelu", 3.0),
        ("sin", 2.0),
        ("cube", 1.0),
    ] {
        let activation = Activation::parse(activation).unwrap();
        for bias in [false, true] {
            let kernel = TangentKernel::new(&activation, dim(7), scale, bias).unwrap();
            let eigenvalues = tangent_eigenvalues(&activation, dim(7), scale, bias, 300).unwrap();
            let recurrence = zonal::legendre::Recurrence::new(dim(7), 300);
            let multiplicities = zonal::sphere::multiplicities(dim(7), 300);
            let energies: Vec<f64> =
                eigenvalues.iter().zip(&multiplicities).map(|(e, m)| e.times_scaled(*m).to_f64()).collect();
            // At rho = 1 the energies themselves add up, so the difference there bounds the series everywhere.
            let missing = kernel.value(1.0) - energies.iter().sum::<f64>();
            assert!(missing > -1e-12 * kernel.value(1.0), "{activation}: {missing:e}");
            for rho in [-1.0, -0.6, 0.0, 0.3, 0.8] {
                let error = (kernel.value(rho) - recurrence.series(&energies, rho).unwrap()).abs();
                assert!(
                    error <= missing.abs() + 1e-12 * kernel.value(1.0),
                    "{activation}, bias {bias}, rho = {rho}: {error:e}"
                );
            }
        }
    }
    assert!(TangentKernel::new(&Activation::Step, dim(7), 1.0, false).is_err());
}

#[test]
fn published_decay_rates_of_the_relu_tangent_kernel_with_bias() {
    // (1 + t)(pi - arccos t) / (4 pi) on S^d is half the contribution of the hidden layer to the tangent kernel with
    // bias. Basri, Jacobs, Kasten, Kritchman, "The convergence rate of neural networks for learned functions of
    // different frequencies" (2019), fit over the degrees 800 to 1000.
    for (d, published) in [(2u64, 2.99833), (4, 4.99165), (10, 10.94511), (50, 49.65366)] {
        let n = dim(d + 1);
        let whole = tangent_eigenvalues(&Activation::Relu, n, 1.0, true, 1000).unwrap();
        let feature = Spectrum::new(&Activation::Relu, n, 1.0, 1000).unwrap();
        let hidden = (800..=1000).map(|k| {
            let output = feature.coefficients()[k].value;
            (k, whole[k].minus(output.times_scaled(output)).ln_abs())
        });
        let fit = decay_exponent(hidden).unwrap();
        println!("d = {d}: {:.5} +- {:.1e}, published {published}", fit.exponent, fit.standard_error);
        assert!((fit.exponent - published).abs() < 1e-4, "d = {d}: {}", fit.exponent);
        assert_eq!(fit.degrees, 201);
    }
}

#[test]
fn multiplicities_beyond_128_bits() {
    assert_eq!(multiplicity(dim(1000), 7).to_string(), "202605816498742800");
    // C(n+k-1, k) - C(n+k-3, k-2) computed in another way: a sum over the last coordinate, N(n, k) = sum of N(n-1, j),
    // j <= k.
    let sum: num_bigint::BigUint = (0..=64).map(|j| multiplicity(dim(99), j)).sum();
    assert_eq!(multiplicity(dim(100), 64), sum);
}

#[test]
fn kernels_of_smooth_activations_are_positive_definite_series() {
    for activation in Activation::NAMED {
        let kernel = Kernel::random_feature(&activation, dim(6), 2.0, 8).unwrap();
        let spectrum = Spectrum::new(&activation, dim(6), 2.0, 8).unwrap();
        assert!((kernel.value(1.0) / spectrum.norm_sq() - 1.0).abs() < 1e-12, "{activation}");
        assert!((0..=8).all(|k| kernel.energy(k).unwrap() >= 0.0));
        assert!(kernel.truncation_error() <= 1e-16 * spectrum.norm_sq());
    }
}

#[test]
fn a_spectrum_prints_and_serialises_every_degree() {
    let spectrum = Spectrum::new(&Activation::Relu, dim(10), 1.0, 5).unwrap();
    let text = spectrum.to_string();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!((lines.len(), lines[0]), (9, "relu, dimension 10, scale 1"));
    let json = serde_json::to_value(&spectrum).unwrap();
    assert_eq!((&json["activation"], &json["law"]["sphere"]), (&"relu".into(), &10.into()));
    for (k, c) in &spectrum {
        let line = lines[k + 2];
        if c.visible() {
            let row: Vec<f64> = line.split_whitespace().map(|x| x.parse().unwrap()).collect();
            let expected = [k as f64, c.value.to_f64(), c.eigenvalue(), c.energy.to_f64()];
            let near = |(x, y): (&f64, &f64)| (x - y).abs() <= 1e-4 * y.abs();
            assert!(row.iter().zip(&expected).all(near), "{line}");
        } else {
            assert_eq!(line, format!("{k:>6}  invisible"));
        }
        assert_eq!(json["coefficients"][k]["value"], c.value.to_f64());
        assert!(format!("{c:?}").contains(&format!("value: {:e},", c.value.to_f64())), "{c:?}");
    }
}
