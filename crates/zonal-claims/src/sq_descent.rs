//! Descent through an oracle: with lazy answers it slows down, and at a tolerance of the size of the answers it
//! stalls.

use crate::claim::Claim;
use zonal::activation::Activation;
use zonal::dynamics::{GradientPath, Step};
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
    statement: "Gradient descent is a learner by statistical queries: if the errors of the answers are as large as the \
                true answers, it stays at its starting point for any number of iterations",
    source: "Vempala and Wilmes 2019, lower bounds for statistical queries",
    formulas: "SQ-7, GD-3",
    run,
};

/// The tolerances, in units of the root mean square of the true answers.
const RATIOS: [f64; 5] = [0.1, 0.3, 1.0, 3.0, 6.0];

/// The smallest loss and its standard deviation over seeds, for each policy and ratio, computed by an independent
/// program with other networks. Where the loss is 1, descent does not move except for a few seeds in a hundred, and
/// the median is compared.
const REFERENCE: [(&str, [(f64, f64); 5]); 3] = [
    ("honest", [(0.025, 0.004), (0.039, 0.006), (0.125, 0.017), (0.445, 0.055), (0.770, 0.080)]),
    ("quantised", [(0.025, 0.004), (0.039, 0.006), (0.186, 0.033), (0.503, 0.118), (1.0, 0.0)]),
    ("lazy", [(0.032, 0.005), (0.094, 0.010), (0.419, 0.033), (0.887, 0.045), (1.0, 0.0)]),
];

const REASON: &str = "one standard deviation over the seeds of an independent program";

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

/// The results of one seed.
struct Run {
    /// The smallest loss with exact answers.
    exact: f64,
    /// The smallest losses, for all ratios of the first policy, then of the next.
    losses: Vec<f64>,
    /// The largest distance of the loss from ||g||^2 where no true answer exceeds the tolerance.
    loss_change: f64,
    /// The number of non-zero answers there.
    nonzero_answers: f64,
    /// The number of such combinations of policy and ratio.
    stalls: f64,
}

fn run(size: Size, observer: &mut dyn Observer) -> Result<Vec<Check>> {
    let seeds = size.pick(20, 6);
    let runs = over_seeds(0..seeds, observer, one)?;
    let exact = mean(&runs.iter().map(|r| r.exact).collect::<Vec<f64>>());
    let factor = size.pick(1.0, 1.5);
    let mut checks = vec![Check::near(
        "exact answers: mean of the smallest loss",
        exact.value,
        0.019,
        0.002 * factor,
        REASON,
    )];
    for (p, (name, entries)) in REFERENCE.into_iter().enumerate() {
        for (r, (expected, deviation)) in entries.into_iter().enumerate() {
            let values: Vec<f64> = runs.iter().map(|run| run.losses[p * RATIOS.len() + r]).collect();
            let what = format!("{name} answers, tolerance {} times their root mean square", RATIOS[r]);
            checks.push(if deviation == 0.0 {
                let name = format!("{what}: median of the smallest loss");
                Check::near(
                    &name,
                    median(values),
                    expected,
                    1e-15,
                    "at most half of the seeds get a non-zero answer",
                )
            } else {
                let name = format!("{what}: mean of the smallest loss");
                Check::near(&name, mean(&values).value, expected, deviation * factor, REASON)
            });
        }
    }
    let sum = |f: fn(&Run) -> f64| runs.iter().map(f).sum::<f64>();
    checks.push(Check::at_most(
        "non-zero lazy and quantised answers where the tolerance is at least the largest true answer",
        sum(|r| r.nonzero_answers),
        0.0,
        "by definition",
    ));
    checks.push(Check::at_most(
        "distance of the loss from ||g||^2 in these cases",
        sum(|r| r.loss_change),
        0.0,
        "descent never leaves zero",
    ));
    checks.push(Check::at_least(
        "number of such cases",
        sum(|r| r.stalls),
        1.0,
        "at least one, so that the two checks above are not empty",
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
    let expected = secret.expectations(&queries)?;
    let rms = (expected.iter().map(|e| e * e).sum::<f64>() / expected.len() as f64).sqrt();
    let largest = expected.iter().fold(0.0f64, |max, e| max.max(e.abs()));
    // Each policy and tolerance is a label of the same matrix.
    let mut b = exact.b().row(0).to_vec();
    let mut silent = Vec::new();
    for (name, _) in REFERENCE {
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
    let path = GradientPath::new(&all, Step::Auto, &mut Silent)?;
    let mut grid: Vec<u64> = (4..=24).map(|q| 10f64.powf(f64::from(q) / 4.0).round() as u64).collect();
    grid.insert(0, 0);
    let losses = exact.losses(&path.coefficients(&grid))?;
    let of_label = |l: usize| (0..grid.len()).map(move |t| t * labels + l);
    let smallest = |l: usize| of_label(l).map(|i| losses[i]).fold(f64::INFINITY, f64::min);
    let (mut loss_change, mut nonzero_answers, mut stalls) = (0.0f64, 0.0, 0.0);
    for (l, count) in silent.iter().enumerate().filter_map(|(l, c)| c.map(|c| (l + 1, c))) {
        stalls += 1.0;
        nonzero_answers += count as f64;
        loss_change = of_label(l).map(|i| (losses[i] - 2.0 * exact.c()[0]).abs()).fold(loss_change, f64::max);
    }
    Ok(Run {
        exact: smallest(0),
        losses: (1..labels).map(smallest).collect(),
        loss_change,
        nonzero_answers,
        stalls,
    })
}
