//! Descent through an oracle: with lazy answers it slows down and stands still at a tolerance of the size of the answers.

use crate::claim::Claim;
use zonal::activation::Activation;
use zonal::dynamics::Step;
use zonal::dynamics::path::Path;
use zonal::linalg::Matrix;
use zonal::measure::mean;
use zonal::network::Network;
use zonal::observer::{Observer, Silent};
use zonal::risk::{GradientOracle, Population, Quadratic};
use zonal::sphere::Dim;
use zonal::target::Target;
use zonal_documents::Result;
use zonal_documents::claims::{Check, Size};
use zonal_jobs::experiment::over_seeds;
use zonal_sq::learner::QueryGradients;
use zonal_sq::{Convention, Policy, Query, Secret, Unit};

pub(super) const CLAIM: Claim = Claim {
    name: "sq-descent-stalls",
    statement: "Gradient descent is a learner by statistical queries: answers that err by as much as the true ones are large \
                leave it where it started, however long it runs",
    source: "Vempala and Wilmes 2019, lower bounds for statistical queries",
    formulas: "SQ-7, GD-3",
    run,
};

/// Tolerances in units of the root mean square of the true answers.
const RATIOS: [f64; 5] = [0.1, 0.3, 1.0, 3.0, 6.0];

/// Smallest loss and its deviation over seeds, found by an independent program with other networks: for each policy
/// and ratio. Where it is 1 descent never moves but for a few seeds in a hundred, and the median is compared.
const FOUND: [(&str, [(f64, f64); 5]); 3] = [
    ("honest", [(0.025, 0.004), (0.039, 0.006), (0.125, 0.017), (0.445, 0.055), (0.770, 0.080)]),
    ("quantised", [(0.025, 0.004), (0.039, 0.006), (0.186, 0.033), (0.503, 0.118), (1.0, 0.0)]),
    ("lazy", [(0.032, 0.005), (0.094, 0.010), (0.419, 0.033), (0.887, 0.045), (1.0, 0.0)]),
];

const REASON: &str = "one deviation over seeds of an independent program";

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values[values.len() / 2]
}

fn policy(name: &str, tau: f64) -> Policy {
    match name {
        "honest" => Policy::Honest(tau),
        "quantised" => Policy::Quantised(tau),
        _ => Policy::Lazy(tau),
    }
}

/// What one seed gives.
struct Run {
    exact: f64,
    /// Smallest losses, one policy after the other.
    losses: Vec<f64>,
    /// Largest distance of the loss from ||g||^2, and number of answers that are not zero, wherever no true answer is beyond the
    /// tolerance.
    moved: f64,
    answered: f64,
    stuck: f64,
}

fn run(size: Size, observer: &mut dyn Observer) -> Result<Vec<Check>> {
    let seeds = size.pick(20, 6);
    let runs = over_seeds(0..seeds, observer, one)?;
    let exact = mean(&runs.iter().map(|r| r.exact).collect::<Vec<f64>>());
    let more = size.pick(1.0, 1.5);
    let mut checks = vec![Check::near(
        "exact answers: mean of the smallest loss",
        exact.value,
        0.019,
        0.002 * more,
        REASON,
    )];
    for (p, (name, entries)) in FOUND.into_iter().enumerate() {
        for (r, (expected, deviation)) in entries.into_iter().enumerate() {
            let values: Vec<f64> = runs.iter().map(|run| run.losses[p * RATIOS.len() + r]).collect();
            let what = format!("{name} answers, tolerance {} times their root mean square", RATIOS[r]);
            checks.push(if deviation == 0.0 {
                let name = format!("{what}: median of the smallest loss");
                Check::near(&name, median(values), expected, 1e-15, "at most half of the seeds get an answer")
            } else {
                let name = format!("{what}: mean of the smallest loss");
                Check::near(&name, mean(&values).value, expected, deviation * more, REASON)
            });
        }
    }
    let sum = |f: fn(&Run) -> f64| runs.iter().map(f).sum::<f64>();
    checks.push(Check::at_most(
        "lazy and quantised answers other than 0 where the tolerance is at least the largest true one",
        sum(|r| r.answered),
        0.0,
        "by definition",
    ));
    checks.push(Check::at_most(
        "distance of the loss from ||g||^2 there",
        sum(|r| r.moved),
        0.0,
        "descent never leaves zero",
    ));
    checks.push(Check::at_least(
        "seeds and policies of that kind",
        sum(|r| r.stuck),
        1.0,
        "or nothing was seen",
    ));
    Ok(checks)
}

fn one(seed: u64) -> Result<Run> {
    let dim = Dim::new(10)?;
    let target = Target::parse("harmonic(2)", dim, 1_000 + seed)?;
    let network = Network::random(Activation::Relu, 1.0, dim, 324, seed)?;
    let unit = Unit::new(Activation::Relu, 1.0, dim)?;
    let secret = Secret::target(target.clone());
    let exact = Population::new(&target).quadratic(&network)?;
    let queries: Vec<Query> = (0..network.width())
        .map(|j| Query::unit(&unit, network.directions().row(j)))
        .collect::<zonal::Result<_>>()?;
    let truth = secret.expectations(&queries)?;
    let rms = (truth.iter().map(|e| e * e).sum::<f64>() / truth.len() as f64).sqrt();
    let largest = truth.iter().fold(0.0f64, |most, e| most.max(e.abs()));
    // Every policy and tolerance is one label of the same matrix.
    let mut b = exact.b().row(0).to_vec();
    let mut silent = Vec::new();
    for (name, _) in FOUND {
        for ratio in RATIOS {
            let tau = ratio * rms;
            let oracle = secret.oracle(policy(name, tau), Convention::Raw, seed)?;
            let answers = QueryGradients::new(&oracle, unit.clone()).output_layer(&network)?;
            silent.push(
                (name != "honest" && tau >= largest).then(|| answers.iter().filter(|a| **a != 0.0).count()),
            );
            b.extend(answers);
        }
    }
    let labels = b.len() / network.width();
    let b = Matrix::from_rows(labels, network.width(), b)?;
    let all = Quadratic::with_labels(exact.k().clone(), b, vec![exact.c()[0]; labels])?;
    let path = Path::new(&all, Step::Auto, &mut Silent)?;
    let mut grid: Vec<u64> = (4..=24).map(|q| 10f64.powf(f64::from(q) / 4.0).round() as u64).collect();
    grid.insert(0, 0);
    let losses = exact.losses(&path.coefficients(&grid))?;
    let of_label = |l: usize| (0..grid.len()).map(move |t| t * labels + l);
    let smallest = |l: usize| of_label(l).map(|i| losses[i]).fold(f64::INFINITY, f64::min);
    let (mut moved, mut answered, mut stuck) = (0.0f64, 0.0, 0.0);
    for (l, count) in silent.iter().enumerate().filter_map(|(l, c)| c.map(|c| (l + 1, c))) {
        stuck += 1.0;
        answered += count as f64;
        moved = of_label(l).map(|i| (losses[i] - 2.0 * exact.c()[0]).abs()).fold(moved, f64::max);
    }
    Ok(Run { exact: smallest(0), losses: (1..labels).map(smallest).collect(), moved, answered, stuck })
}
