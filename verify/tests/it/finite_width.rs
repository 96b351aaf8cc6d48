//! Finite width approaches infinite width: over random hidden units the residual's energies have a spread of order
//! m^(-1/2) around a mean with a bias of O(1/m).

use rayon::prelude::*;
use zonal::activation::Activation;
use zonal::dynamics::{Operator, Step};
use zonal::linalg::Matrix;
use zonal::measure::residual_energies;
use zonal::network::Network;
use zonal::observer::Silent;
use zonal::risk::Population;
use zonal::spectrum::Spectrum;
use zonal::sphere::Dim;
use zonal::target::Target;
use zonal_verify::statistics::{mean_and_deviation, slope};

const TARGET: &str =
    "0.3*harmonic(0) + 0.4*harmonic(1) + 0.7*harmonic(2) + 0.2*harmonic(3) + 0.3*harmonic(4)";
const STEP: f64 = 20.0;
const SEEDS: u64 = 200;
const WIDTHS: [usize; 5] = [100, 200, 400, 800, 1600];
/// (degree, iteration) of the comparisons.
const POINTS: [(usize, usize); 6] = [(1, 1), (1, 3), (1, 10), (2, 1), (2, 10), (2, 100)];

/// Returns the residual's energies at the points of comparison, for one draw of hidden units and axes.
fn energies(width: usize, seed: u64) -> Vec<f64> {
    let dim = Dim::new(10).unwrap();
    let target = Target::parse(TARGET, dim, seed).unwrap();
    let network = Network::random(Activation::Relu, 1.0, dim, width, seed).unwrap();
    let quadratic = Population::new(&target).quadratic(&network).unwrap();
    let counts = [1, 3, 10, 100];
    let mut coefficients = Matrix::zeros(counts.len(), width);
    let mut a = vec![0.0; width];
    for t in 1..=100 {
        a = quadratic.step(&a, STEP).unwrap();
        if let Some(i) = counts.iter().position(|c| *c == t) {
            coefficients.row_mut(i).copy_from_slice(&a);
        }
    }
    let residuals = residual_energies(&network, &target, &coefficients, 2, &mut Silent).unwrap();
    let at = |t: usize| counts.iter().position(|c| *c == t).unwrap();
    POINTS.iter().map(|&(k, t)| residuals[at(t)].energies[k]).collect()
}

/// Hypothesis: the standard deviation over seeds has slope -1/2 against the width on logarithmic axes, and m times the
/// difference between the mean and the operator is bounded. With 200 seeds a standard deviation is known to about 6 %
/// (allowing for kurtosis), a slope over five widths to 0.03: a band of 0.15 is five standard errors, and six such
/// comparisons raise a false alarm for fewer than 1 in 10^5 choices of seeds. A slope of -0.35 or -0.65 is detected
/// half of the time.
#[test]
#[ignore = "slow"]
fn spread_falls_like_the_root_of_the_width_and_bias_like_its_inverse() {
    let spectrum = Spectrum::new(&Activation::Relu, Dim::new(10).unwrap(), 1.0, 2).unwrap();
    let operator = Operator::new(&spectrum, Step::Fixed(STEP)).unwrap();
    let target_energy = [0.09, 0.16, 0.49];
    let mut deviations = vec![Vec::new(); POINTS.len()];
    for width in WIDTHS {
        let runs: Vec<Vec<f64>> = (0..SEEDS).into_par_iter().map(|seed| energies(width, seed)).collect();
        for (i, &(k, t)) in POINTS.iter().enumerate() {
            let values: Vec<f64> = runs.iter().map(|r| r[i]).collect();
            let (mean, deviation) = mean_and_deviation(&values);
            let predicted = target_energy[k] * operator.remaining(k, t as u64).unwrap();
            let scaled = width as f64 * (mean - predicted);
            let noise = width as f64 * deviation / (SEEDS as f64).sqrt();
            println!(
                "m = {width}, degree {k}, t = {t}: deviation {deviation:.2e}, m (mean - theory) {scaled:.3} +- {noise:.3}"
            );
            deviations[i].push(deviation);
            assert!(
                scaled.abs() < BIAS_BOUNDS[k - 1] + 4.0 * noise,
                "degree {k}, t = {t}, m = {width}: {scaled}"
            );
        }
    }
    let logs: Vec<f64> = WIDTHS.iter().map(|m| (*m as f64).ln()).collect();
    for (deviations, (k, t)) in deviations.iter().zip(POINTS) {
        let ln: Vec<f64> = deviations.iter().map(|d| d.ln()).collect();
        let slope = slope(&logs, &ln);
        println!("degree {k}, t = {t}: slope {slope:.3}");
        assert!((slope + 0.5).abs() <= 0.15, "degree {k}, t = {t}: slope {slope}");
    }
}

/// Bounds on m |mean - theory| for the degrees 1 and 2. They are not derived: they are about twice the largest values
/// measured over these widths, 0.7 and 6.8 (printed by the test), so a change that doubles the bias is detected.
const BIAS_BOUNDS: [f64; 2] = [1.6, 13.0];
