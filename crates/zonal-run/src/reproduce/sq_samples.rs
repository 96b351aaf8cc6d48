//! The learner that is not bound to queries: rows in the dozens find one product of signs of thousands.

use super::{Check, Claim, Size};
use crate::error::Result;
use crate::experiment::over_seeds;
use std::sync::Arc;
use zonal::activation::Activation;
use zonal::network::Network;
use zonal::observer::Observer;
use zonal::risk::GradientOracle;
use zonal::sphere::Dim;
use zonal_sq::learner::{AskedGradients, brute_force, rows_that_suffice, rows_that_suffice_without_noise};
use zonal_sq::{Convention, Family, Policy, Query, Secret, Unit};

pub(super) const CLAIM: Claim = Claim {
    name: "sq-samples",
    statement: "What no learner by statistical queries can do, brute force does with ceil(log2(M / eta)) rows: the hardness is \
                that of queries, not of information. At s rows the tolerance is 1/sqrt s, and descent that is answered as badly \
                does not move",
    source: "the statistical-query model against learning from rows",
    formulas: "SQ-9, SQ-11",
    run,
};

const DIM: u64 = 100;
const DEGREE: usize = 4;
const MEMBERS: usize = 5_000;
const NOISE: f64 = 0.5;
const ROWS: usize = 48;
const ETA: f64 = 1e-3;

fn run(size: Size, observer: &mut dyn Observer) -> Result<Vec<Check>> {
    let runs = size.pick(100, 20);
    let dim = Dim::new(DIM)?;
    let family = Arc::new(Family::signs(dim, DEGREE, MEMBERS, 0)?);
    let few = rows_that_suffice_without_noise(MEMBERS as f64, ETA) as usize;
    let unit = Unit::new(Activation::Relu, 1.0, dim)?;
    let width = size.pick(300, 100);
    let network = Network::random(Activation::Relu, 1.0, dim, width, 0)?;
    let tau = 1.0 / (ROWS as f64).sqrt();
    let found = over_seeds(0..runs, observer, |seed| {
        let wanted = (seed as usize * 47) % MEMBERS;
        let secret = Secret::member(family.clone(), wanted)?;
        let noisy = brute_force(&family, &secret.rows(ROWS, NOISE, seed)?)? == wanted;
        let clean = brute_force(&family, &secret.rows(few, 0.0, seed)?)? == wanted;
        Ok((noisy, clean))
    })?;
    // Descent asks about every unit once; its answers for some of the targets.
    let (mut largest, mut moved) = (0.0f64, 0.0);
    let targets = size.pick(10, 2);
    for t in 0..targets {
        let secret = Secret::member(family.clone(), t * 470)?;
        let queries: Vec<Query> = (0..network.width())
            .map(|j| Query::unit(&unit, network.directions().row(j)))
            .collect::<zonal::Result<_>>()?;
        largest = largest.max(secret.largest_unit_answer(&queries)?);
        let oracle = secret.oracle(Policy::Lazy(tau), Convention::Unit, 0)?;
        let b = AskedGradients::new(&oracle, unit.clone()).output_layer(&network)?;
        moved += b.iter().filter(|b| **b != 0.0).count() as f64;
    }
    let share = |f: fn(&(bool, bool)) -> bool| found.iter().filter(|x| f(x)).count() as f64 / runs as f64;
    let suffice = rows_that_suffice(MEMBERS as f64, 0.01, NOISE);
    Ok(vec![
        Check::at_least(
            format!(
                "n = 100, k = 4, M = 5,000, noise 0.5: share of runs in which {ROWS} rows give the target"
            ),
            share(|x| x.0),
            0.99,
            format!("{suffice} rows suffice with probability 0.99 by SQ-11"),
        ),
        Check::at_least(
            format!("without noise: share of runs in which {few} = ceil(log2(M / {ETA})) rows do"),
            share(|x| x.1),
            0.99,
            "each row halves the other candidates",
        ),
        Check::at_most(
            format!("largest answer, by unit norm, to {width} ReLU units and {targets} targets"),
            largest,
            tau,
            "1 / sqrt 48: lazy answers at this tolerance are 0",
        ),
        Check::at_most(
            "answers other than 0 that descent on the output layer gets at that tolerance",
            moved,
            0.0,
            "so that it never moves",
        ),
    ])
}
