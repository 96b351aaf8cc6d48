//! Batches: with fresh random rows in place of exact expectations, gradient descent reaches the same error, up to
//! noise that falls like 1 / batch size.

use super::trial::{Trial, logarithmic_slope};
use crate::claim::Claim;
use zonal::dynamics::Step;
use zonal::linalg::Matrix;
use zonal::measure::mean;
use zonal::network::Network;
use zonal::numeric::random::Purpose;
use zonal::observer::Observer;
use zonal::risk::Population;
use zonal::sphere::uniform_point;
use zonal_documents::Result;
use zonal_documents::claims::{Check, Size};
use zonal_jobs::experiment::over_seeds;

pub(super) const CLAIM: Claim = Claim {
    name: "batches",
    statement: "Fresh random batches in place of exact expectations reach the same error, up to noise that falls like \
                1 / batch size",
    source: "Vempala and Wilmes 2019, gradients estimated from samples",
    formulas: "GD-3 (no bound is proved)",
    run,
};

const STEPS: u64 = 300;

fn run(size: Size, observer: &mut dyn Observer) -> Result<Vec<Check>> {
    let trial = Trial::new("relu", 1.0, 5, "0.8*harmonic(1) + 0.6*harmonic(2)")?;
    let width = size.pick(200, 80);
    let seeds = size.pick(24, 12);
    let batches: &[usize] = size.pick(&[32, 128, 512, 2048], &[32, 128, 512]);
    let step = 0.5 / trial.spectrum(2)?.norm_sq();
    let exact = trial.mean_loss(width, Step::Fixed(step), STEPS, seeds, observer)?;
    let mut checks = Vec::new();
    let mut curve = Vec::new();
    for &batch in batches {
        let excess = over_seeds(0..seeds, observer, |seed| fresh(&trial, width as usize, step, batch, seed))?;
        curve.push((batch as f64, mean(&excess).value));
    }
    let list: Vec<String> = curve.iter().map(|(b, e)| format!("{e:.1e} with {b} rows")).collect();
    checks.push(Check::near(
        &format!("slope of the excess loss from noise against the batch size ({})", list.join(", ")),
        logarithmic_slope(&curve),
        -1.0,
        size.pick(0.15, 0.25),
        "the covariance of a mean over a batch is proportional to 1 / batch size; small batches add a second order",
    ));
    let largest = curve.last().map_or(f64::NAN, |c| c.1);
    checks.push(Check::at_most(
        format!(
            "excess loss with the largest batch after {STEPS} steps; exact expectations reach {:.4}",
            exact.value
        ),
        largest,
        0.001,
        "at most a thousandth of the target's energy above the loss with exact expectations",
    ));
    Ok(checks)
}

/// Returns the noise of fresh rows, E (f_T - h_T)^2: f is trained with fresh rows in each step and h with exact
/// expectations, on the same hidden units. The mean of f_T over the rows is h_T, so this is the mean excess of the
/// loss, without the fluctuation of the cross term.
fn fresh(trial: &Trial, width: usize, step: f64, batch: usize, seed: u64) -> Result<f64> {
    let dim = trial.target.dim();
    let network = Network::random(trial.activation.clone(), trial.scale, dim, width, seed)?;
    let quadratic = Population::new(&trial.target).quadratic(&network)?;
    let mut a = vec![0.0; width];
    let mut exact = a.clone();
    for t in 0..STEPS {
        let mut points = Matrix::zeros(batch, dim.as_usize());
        for i in 0..batch {
            let row = uniform_point(dim, seed, Purpose::Points, t * batch as u64 + i as u64);
            points.row_mut(i).copy_from_slice(&row);
        }
        let features = network.features(&points)?;
        let fitted = features.times_vector(&a);
        let residual = |i: usize| -> Result<f64> { Ok(trial.target.value(points.row(i))? - fitted[i]) };
        let residual: Vec<f64> = (0..batch).map(residual).collect::<Result<_>>()?;
        let gradient = features.transposed_times_vector(&residual);
        zonal::linalg::add_scaled(&mut a, step / batch as f64, &gradient);
        exact = quadratic.step(&exact, step)?;
    }
    let difference: Vec<f64> = a.iter().zip(&exact).map(|(a, b)| a - b).collect();
    Ok(zonal::linalg::dot(&difference, &quadratic.k().times_vector(&difference)))
}
