//! The energies by degree that `analyze` prints, compared with functions of known energies: they are unbiased, and
//! their standard errors cover.

use std::ops::Range;
use std::sync::Arc;
use zonal::legendre;
use zonal::linalg::Matrix;
use zonal::measure::mean;
use zonal::numeric::random::{Purpose, normal, stream};
use zonal::observer::Silent;
use zonal::sphere::{Dim, sqrt_multiplicity, uniform_points};
use zonal_documents::analyze::{AnalyzeConfig, EnergyEstimate};
use zonal_documents::table::{Data, Memory};
use zonal_io::source::Table;
use zonal_jobs::analyze::analyze;

/// Points, with a label in the last column.
#[derive(Debug)]
struct Rows(Matrix);

impl Table for Rows {
    fn rows(&self) -> u64 {
        self.0.rows() as u64
    }

    fn columns(&self) -> usize {
        self.0.columns()
    }

    fn read(&self, rows: Range<u64>, out: &mut [f64]) {
        let columns = self.0.columns();
        out.copy_from_slice(&self.0.values()[rows.start as usize * columns..rows.end as usize * columns]);
    }
}

const DIM: usize = 4;
const ROWS: usize = 800;
const TABLES: u64 = 200;
const DEGREES: usize = 4;

/// Returns the energies of one table of independent rows: sum_k c_k sqrt(N_k) P_k(x1) and noise.
fn energies(coefficients: &[f64], noise: f64, seed: u64) -> Vec<EnergyEstimate> {
    let dim = Dim::new(DIM as u64).unwrap();
    let points = uniform_points(dim, ROWS, seed, Purpose::Points);
    let mut table = Matrix::zeros(ROWS, DIM + 1);
    for i in 0..ROWS {
        let x = points.row(i);
        let term = |(k, c): (usize, &f64)| c * sqrt_multiplicity(dim, k) * legendre::value(dim, k, x[0]);
        let signal: f64 = coefficients.iter().enumerate().map(term).sum();
        table.row_mut(i)[..DIM].copy_from_slice(x);
        table.row_mut(i)[DIM] = signal + noise * normal(&mut stream(seed, Purpose::Noise, i as u64));
    }
    let memory = Memory {
        validation: None,
        table: Arc::new(Rows(table)),
        features: (1..=DIM).map(|j| format!("x{j}")).collect(),
        labels: vec!["y".to_owned()],
        classes: None,
        weight: None,
        key: None,
        first_row: 0,
    };
    let config = AnalyzeConfig {
        data: Data::in_memory(memory, false),
        labels: vec!["y".to_owned()],
        features: None,
        test_fraction: 0.0,
        max_degree: DEGREES,
        most_monomials: 100,
        seed,
    };
    let report = analyze(&config, &mut Silent).unwrap();
    assert!(report.on_sphere);
    report.labels[0].energies.clone()
}

/// Fewer than this number of 200 intervals cover with a probability of at most 5e-5 if each does with 0.9545, the
/// nominal rate of two standard errors (binomial distribution).
const LEAST: usize = 178;

/// Ten estimates of bias and ten of coverage: the test fails by chance with a probability of at most 10 x 6e-5 + 10 x
/// 5e-5, up to the skewness of 200 means.
#[test]
#[ignore = "slow"]
fn energies_of_tables_are_unbiased_and_two_standard_errors_cover_for_every_degree() {
    // One case with a mean and energies in all degrees; one with a mean, one further degree and three degrees without
    // energy.
    for (coefficients, noise) in [([0.5, 0.6, -0.4, 0.3, 0.3], 0.3), ([-2.0, 0.5, 0.0, 0.0, 0.0], 0.5)] {
        let tables: Vec<_> = (0..TABLES).map(|seed| energies(&coefficients, noise, 1_000 + seed)).collect();
        for (k, c) in coefficients.iter().enumerate() {
            let exact = c * c;
            let values: Vec<f64> = tables.iter().map(|t| t[k].energy).collect();
            let over_tables = mean(&values);
            let z = (over_tables.value - exact) / over_tables.standard_error;
            let near = |e: &EnergyEstimate| (e.energy - exact).abs() <= 2.0 * e.standard_error;
            let covered = tables.iter().filter(|t| t[k].degree == k && near(&t[k])).count();
            println!("degree {k}, energy {exact}: z = {z:.2}, {covered} of {TABLES} cover");
            assert!(z.abs() < 4.0, "degree {k}: z = {z}");
            assert!(covered >= LEAST, "degree {k}: {covered} of {TABLES}");
        }
    }
}

/// A label without a mean: the energy of degree 0 is zero within its error, which a squared mean never is on average.
#[test]
#[ignore = "slow"]
fn a_label_without_a_mean_has_no_energy_in_degree_zero_on_average() {
    let values: Vec<f64> =
        (0..TABLES).map(|seed| energies(&[0.0, 0.6, 0.3], 0.5, 5_000 + seed)[0].energy).collect();
    let found = mean(&values);
    // Fails by chance with a probability of 6e-5.
    assert!(found.value.abs() < 4.0 * found.standard_error, "{found:?}");
}
