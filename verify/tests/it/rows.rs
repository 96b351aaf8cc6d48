//! Predicted errors at finite numbers of rows and units, compared with `reference/rows.json`.

use zonal::activation::Activation;
use zonal::equivalent::{Equivalent, Sizes};
use zonal::spectrum::Spectrum;
use zonal::sphere::Dim;
use zonal::target::PowerSpectrum;
use zonal_verify::reference::{Table, number};

fn equivalent(dim: u64) -> Equivalent {
    let dim = Dim::new(dim).unwrap();
    let spectrum = Spectrum::new(&Activation::Relu, dim, 1.0, 60).unwrap();
    let target = PowerSpectrum::new(dim, vec![0.2, 0.4, 0.3, 0.1], 0.0);
    Equivalent::new(&spectrum, &target, 0.2).unwrap()
}

#[test]
fn ridges_have_the_errors_of_fifty_digits() {
    let table = Table::load("rows");
    for row in table.rows("ridge") {
        let [n, rows, width, ridge, test, train, kappa] = std::array::from_fn(|i| number(&row[i]));
        let found = equivalent(n as u64).ridge(Sizes { rows, width }, ridge).unwrap();
        for (name, found, expected) in [
            ("test error", found.test_error, test),
            ("training error", found.train_error, train),
            ("effective ridge", found.effective_ridge.unwrap(), kappa),
        ] {
            assert!((found / expected - 1.0).abs() < 1e-9, "{row}: {name} {found} instead of {expected}");
        }
    }
}

#[test]
fn descents_have_the_errors_of_fifty_digits() {
    let table = Table::load("rows");
    for row in table.rows("descent") {
        let [n, rows, width, step, _, test, train] = std::array::from_fn(|i| number(&row[i]));
        let iterations = row[4].as_u64().unwrap();
        let found = equivalent(n as u64).descent(Sizes { rows, width }, step, iterations).unwrap();
        assert!((found.test_error / test - 1.0).abs() < 1e-9, "{row}: {}", found.test_error);
        assert!((found.train_error - train).abs() < 1e-9 * test, "{row}: {}", found.train_error);
    }
}
