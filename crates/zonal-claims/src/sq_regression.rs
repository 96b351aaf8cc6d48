//! Upper bound: regression on all harmonics up to a degree, through queries.

use crate::claim::Claim;
use num_bigint::BigUint;
use zonal::measure::mean;
use zonal::observer::Observer;
use zonal::sphere::Dim;
use zonal::target::Target;
use zonal_documents::Result;
use zonal_documents::claims::{Check, Size};
use zonal_jobs::experiment::over_seeds;
use zonal_sq::bound::regression as bound;
use zonal_sq::learner::regression;
use zonal_sq::{Convention, Policy, Secret};

pub(super) const CLAIM: Claim = Claim {
    name: "sq-upper-bound",
    statement: "The number of functions of degree at most k is also enough: that many queries at tolerance tau learn \
                the best polynomial of degree k up to an excess of d_k tau^2, with any oracle",
    source: "Vempala and Wilmes 2019: descent does as well as any learner by queries, up to polynomial factors",
    formulas: "SQ-10",
    run,
};

const TARGET: &str = "0.6*harmonic(1) + 0.7*harmonic(3) + 0.3*harmonic(5) + 0.2*x1*x2";

fn run(size: Size, observer: &mut dyn Observer) -> Result<Vec<Check>> {
    let (n, degree) = size.pick((6, 3), (5, 2));
    let dim = Dim::new(n)?;
    let target = Target::parse(TARGET, dim, 0)?;
    let energies = target.power_spectrum(degree)?;
    let secret = Secret::target(target);
    let tau = 0.02;
    let guarantee = bound(dim, degree, energies.tail_energy, tau)?;
    let mut checks = Vec::new();
    for policy in [Policy::Exact, Policy::Honest(tau), Policy::Quantised(tau), Policy::Lazy(tau)] {
        let oracle = secret.oracle(policy, Convention::Unit, 1)?;
        let learned = regression(&oracle, dim, degree, 0)?;
        let expected = secret.expectations(&learned.queries)?;
        let loss = learned.loss(&expected, energies.tail_energy)?;
        checks.push(Check::at_most(
            format!("{policy}: mean squared error, degree up to {degree} in dimension {n}"),
            loss,
            guarantee.error * (1.0 + 1e-9),
            "energy beyond the degree plus d_k tau^2; each of d_k answers errs by at most tau",
        ));
        let asked = BigUint::from(oracle.distinct());
        let difference = if asked == guarantee.queries { 0.0 } else { f64::INFINITY };
        checks.push(Check::at_most(
            format!("{policy}: difference of the number of queries from d_k = {}", guarantee.queries),
            difference,
            0.0,
            "one query for each function of a basis",
        ));
    }
    // With rows shared by all queries: expected excess at most d_k E y^2 / s.
    let (rows, seeds) = size.pick((500u64, 40u64), (500, 10));
    let excess = over_seeds(0..seeds, observer, |seed| {
        let oracle = secret.oracle(Policy::Sampled { rows, shared: true }, Convention::Unit, seed)?;
        let learned = regression(&oracle, dim, degree, 0)?;
        Ok(learned.loss(&secret.expectations(&learned.queries)?, 0.0)?)
    })?;
    let found = mean(&excess);
    let count: f64 = guarantee.queries.to_string().parse().unwrap_or(f64::NAN);
    let expected = count * energies.total() / rows as f64;
    checks.push(Check::at_most(
        format!(
            "answers from {rows} shared rows: mean excess over {seeds} draws, minus four standard errors"
        ),
        found.value - 4.0 * found.standard_error,
        expected,
        "d_k E y^2 / s bounds the mean; four standard errors are exceeded less than once in 10^4",
    ));
    Ok(checks)
}
