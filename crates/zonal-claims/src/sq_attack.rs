//! Attack: queries that are not correlational find the direction of a zonal harmonic.

use crate::claim::Claim;
use std::sync::Arc;
use zonal::linalg::dot;
use zonal::observer::Observer;
use zonal::sphere::Dim;
use zonal_documents::Result;
use zonal_documents::claims::{Check, Size};
use zonal_jobs::experiment::over_seeds;
use zonal_sq::bound::{Goal, QueryClass, zonal_harmonics};
use zonal_sq::learner::Attack;
use zonal_sq::{Answers, Convention, Directions, Family, Policy, Secret};

pub(super) const CLAIM: Claim = Claim {
    name: "sq-attack",
    statement: "One zonal harmonic is hard for correlational queries only: a thousand queries clip(y,-1,1) sgn(x_i), \
                1-Lipschitz in y and with values in [-1,1], find its direction in dimension 1,000, closely at a \
                tolerance of 0.0031 and roughly at 0.01. Correlational queries that reach half of the energy there \
                number in the thousands and millions. There is no contradiction: gradient descent on squared loss asks \
                y g(x), to which the bound applies, and clipping the label gives it energy in degree 1",
    source: "Vempala and Wilmes 2019, lower bounds for correlational queries, of which the claim shows the limits",
    formulas: "SQ-2, SQ-4, SQ-8",
    run,
};

const DIM: u64 = 1_000;
const DEGREE: usize = 3;

fn run(size: Size, observer: &mut dyn Observer) -> Result<Vec<Check>> {
    let targets = size.pick(200, 12);
    let dim = Dim::new(DIM)?;
    let family = Arc::new(Family::zonal(dim, DEGREE, targets, Directions::Random, 0)?);
    let goal = Goal::new(0.5, 0.5)?;
    let learner = Attack::on_harmonics(dim, DEGREE)?;
    let queries = learner.queries()?;
    let mut checks = Vec::new();
    for (tau, cosine, needed) in [(0.0031, 0.9, 3.0), (0.01, 0.5, 6.0)] {
        for policy in [Policy::Honest(tau), Policy::Lazy(tau)] {
            let found = over_seeds(0..targets as u64, observer, |i| {
                let secret = Secret::member(family.clone(), i as usize)?;
                let oracle = secret.oracle(policy, Convention::Range, i)?;
                let direction = learner.direction(&oracle.ask_all(&queries)?)?;
                let expected = family.directions().map(|u| u.row(i as usize).to_vec()).unwrap_or_default();
                Ok(direction.map_or(0.0, |d| dot(&d, &expected).abs()))
            })?;
            let lowest = found.iter().copied().fold(f64::INFINITY, f64::min);
            let mean = found.iter().sum::<f64>() / found.len() as f64;
            checks.push(Check::at_least(
                format!("1,000 queries clip(y,-1,1) sgn(x_i), {policy} of their range [-1,1]: smallest |cos| (mean \
                         {mean:.3})"),
                lowest,
                cosine,
                "queries that transform the label find the direction",
            ));
        }
        let bound = zonal_harmonics(dim, DEGREE, tau, QueryClass::Correlational, goal)?;
        checks.push(Check::at_least(
            format!("correlational queries y g(x), {tau} of their norm ||g||_2: log10 of the number needed"),
            bound.log10_queries.unwrap_or(f64::NEG_INFINITY),
            needed,
            "SQ-2 at the same tolerance; the query sgn(x_i) has norm 1 and range 1, so both conventions agree",
        ));
    }
    Ok(checks)
}
