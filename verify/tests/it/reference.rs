//! Every formula compared with tables of 25 to 40 digits. Tolerances follow from the conditioning stated at each test;
//! the largest observed error is printed (`cargo test -- --nocapture`).

use std::collections::BTreeMap;
use zonal::activation::Activation;
use zonal::kernel::Kernel;
use zonal::legendre::Recurrence;
use zonal::numeric::special::mean_abs_coordinate;
use zonal::numeric::{DoubleDouble, Elementary};
use zonal::spectrum::Spectrum;
use zonal::sphere::{Dim, multiplicities, multiplicity};
use zonal_verify::reference::{Table, number, relative_error, text};

fn dim(value: &serde_json::Value) -> Dim {
    Dim::new(value.as_u64().unwrap()).unwrap()
}

#[test]
fn spectra_agree_to_twelve_digits_and_within_their_own_bound() {
    let table = Table::load("spectrum");
    let mut spectra: BTreeMap<String, Spectrum> = BTreeMap::new();
    let mut worst: BTreeMap<String, (f64, usize)> = BTreeMap::new();
    for row in table.rows("rows") {
        let Ok(activation) = Activation::parse(text(&row[0])) else { continue };
        let (n, scale) = (dim(&row[1]), number(&row[2]));
        let degree = row[3].as_u64().unwrap() as usize;
        let spectrum = spectra
            .entry(format!("{activation} {} {scale}", n.get()))
            .or_insert_with(|| Spectrum::new(&activation, n, scale, 64).unwrap());
        let found = spectrum.coefficients()[degree];
        let context = format!("{activation}, n = {}, s = {scale}, k = {degree}", n.get());
        assert_eq!(i64::from(found.value.sign()), row[4].as_i64().unwrap(), "{context}");
        if row[4].as_i64() == Some(0) {
            assert_eq!(found.value.to_f64(), 0.0, "{context}");
            continue;
        }
        // The logarithm represents the value also beyond the range of f64; near alpha = 1 its error is the relative
        // error itself, elsewhere it is rounded to 2^-53 of its size, up to 900.
        let expected = number(&row[6]);
        let error = (found.value.ln_abs() - expected).abs();
        let rounding = 2.3e-16 * expected.abs();
        assert!(
            error <= found.relative_error + rounding,
            "{context}: {error:e} > {:e}",
            found.relative_error
        );
        assert!(error <= 1e-12, "{context}: {error:e}");
        let direct = number(&row[5]);
        if direct.abs() > 1e-290 {
            let error = (found.value.to_f64() / direct - 1.0).abs();
            assert!(error <= 1e-13, "{context}: value off by {error:e}");
            let entry = worst.entry(activation.to_string()).or_default();
            *entry = (entry.0.max(error), entry.1 + 1);
        }
    }
    assert_eq!(worst.len(), Activation::NAMED.len());
    for (name, (error, count)) in worst {
        println!("{name}: largest relative error {error:.2e} over {count} coefficients");
    }
}

#[test]
#[ignore = "slow"]
fn norms_agree_and_parseval_holds_within_the_tail() {
    for row in Table::load("spectrum").rows("norms") {
        let Ok(activation) = Activation::parse(text(&row[0])) else { continue };
        let spectrum = Spectrum::new(&activation, dim(&row[1]), number(&row[2]), 64).unwrap();
        let expected = number(&row[3]);
        let context = format!("{activation}, n = {}, s = {}", row[1], spectrum.scale());
        assert!((spectrum.norm_sq() / expected - 1.0).abs() < 1e-14, "{context}: norm");
        let energies: f64 = spectrum.coefficients().iter().map(|c| c.energy.to_f64()).sum();
        let total = energies + spectrum.tail_energy();
        assert!((total / expected - 1.0).abs() < 1e-13, "{context}: {total} against {expected}");
    }
}

#[test]
fn legendre_polynomials() {
    // Forward recurrence: each step adds a rounding error of a few 2^-53 that stays bounded, since |P_k| <= 1.
    let mut worst = 0.0f64;
    for row in Table::load("legendre").rows("rows") {
        let (n, k, t) = (dim(&row[0]), row[1].as_u64().unwrap() as usize, number(&row[2]));
        let found = Recurrence::new(n, k).values(t)[k];
        worst = worst.max((found - number(&row[3])).abs());
        assert!((found - zonal::legendre::value(n, k, t)).abs() < 1e-14);
    }
    println!("Legendre polynomials: largest absolute error {worst:.2e}");
    assert!(worst < 64.0 * 4.0 * f64::EPSILON);
}

#[test]
fn multiplicities_exactly() {
    for row in Table::load("multiplicity").rows("rows") {
        let (n, k) = (dim(&row[0]), row[1].as_u64().unwrap() as usize);
        assert_eq!(multiplicity(n, k).to_string(), text(&row[2]));
        let ln: f64 = multiplicities(n, k)[k].ln_abs();
        let exact = text(&row[2]);
        let leading: f64 = format!("0.{exact}").parse().unwrap();
        let expected = leading.ln() + exact.len() as f64 * std::f64::consts::LN_10;
        assert!((ln - expected).abs() <= 1e-14 * (1.0 + expected), "n = {}, k = {k}", n.get());
    }
}

#[test]
fn kernels_in_closed_form_and_by_series() {
    // Both are sums of terms bounded by kappa(1): the absolute error is a few 2^-53 of it.
    let mut worst = 0.0f64;
    for row in Table::load("kernel").rows("rows") {
        let activation = Activation::parse(text(&row[0])).unwrap();
        let kernel = Kernel::random_feature(&activation, dim(&row[1]), number(&row[2]), 4).unwrap();
        let error = (kernel.value(number(&row[3])) - number(&row[4])).abs() / kernel.value(1.0);
        worst = worst.max(error);
        assert!(error < 2e-15, "{row}: {error:e}");
    }
    println!("kernels: largest error {worst:.2e} of kappa(1)");
}

#[test]
fn double_double_functions_to_thirty_digits() {
    let mut worst: BTreeMap<&str, f64> = BTreeMap::new();
    let table = Table::load("special");
    for row in table.rows("rows") {
        let name = text(&row[0]);
        let x = DoubleDouble::from(number(&row[1][0]));
        let found = match name {
            "exp" => x.exp(),
            "tanh" => x.tanh(),
            "sigmoid" => x.sigmoid(),
            "erf" => x.erf(),
            _ => continue,
        };
        if number(&row[2]) == 0.0 {
            assert_eq!(found.to_f64(), 0.0);
            continue;
        }
        let error = relative_error(found, text(&row[2]));
        // Rounding of a few dozen operations; beyond |x| = 8.7 erf is taken as 1, with an error below 1e-33.
        assert!(error < 1e-29, "{name}({}): {error:e}", text(&row[1][0]));
        let entry = worst.entry(name).or_default();
        *entry = entry.max(error);
    }
    assert_eq!(worst.len(), 4);
    println!("double-double: largest relative errors {worst:?}");
}

#[test]
fn ratio_of_gamma_functions() {
    // E|t| = Gamma(n/2) / (sqrt(pi) Gamma(n/2 + 1/2)).
    let table = Table::load("special");
    let mut count = 0;
    for row in table.rows("rows") {
        if text(&row[0]) != "gamma_ratio" || number(&row[1][1]) != 0.5 {
            continue;
        }
        let n = 2.0 * number(&row[1][0]);
        if n.fract() != 0.0 || n < 2.0 {
            continue;
        }
        let expected = 1.0 / (number(&row[2]) * std::f64::consts::PI.sqrt());
        assert!((mean_abs_coordinate(n as u64) / expected - 1.0).abs() < 1e-15, "n = {n}");
        count += 1;
    }
    assert!(count >= 3, "only {count} rows apply");
}
