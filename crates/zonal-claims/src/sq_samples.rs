//! A learner that uses rows: a few dozen of them identify one product of signs among thousands.
//!
//! Power. The number of candidates that fit the rows and the mean square of the answers are compared with exact
//! expectations; each reason states the detectable error. That descent does not move at the tolerance of 48 rows
//! holds by a wide margin: the largest answer is more than a thousand times smaller. Therefore the claim also states
//! the tolerance at which descent does move.

use crate::claim::Claim;
use std::sync::Arc;
use zonal::activation::Activation;
use zonal::measure::{Estimate, mean};
use zonal::network::Network;
use zonal::observer::Observer;
use zonal::risk::GradientOracle;
use zonal::spectrum::Spectrum;
use zonal::sphere::Dim;
use zonal_documents::Result;
use zonal_documents::claims::{Check, Size};
use zonal_jobs::experiment::over_seeds;
use zonal_sq::learner::{QueryGradients, brute_force, sufficient_noiseless_rows, sufficient_rows};
use zonal_sq::{Convention, Family, Policy, Query, Rows, Secret, Unit};

pub(super) const CLAIM: Claim = Claim {
    name: "sq-samples",
    statement: "What no learner by statistical queries can do, brute force does with ceil(log2(M / eta)) rows, each of \
                which halves the candidates: queries are the limit, not information. The tolerance that corresponds to \
                s rows is 1/sqrt s, and with answers of this tolerance descent does not move; it would at a tolerance \
                more than a thousand times smaller",
    source: "the statistical-query model compared with learning from rows",
    formulas: "SQ-9, SQ-11",
    run,
};

const DIM: u64 = 100;
const DEGREE: usize = 4;
const MEMBERS: usize = 5_000;
const NOISE: f64 = 0.5;
const ROWS: usize = 48;
const ETA: f64 = 1e-3;
/// A number of rows after which several candidates remain, so that they can be counted.
const FEW_ROWS: usize = 6;

fn run(size: Size, observer: &mut dyn Observer) -> Result<Vec<Check>> {
    let family = Arc::new(Family::signs(Dim::new(DIM)?, DEGREE, MEMBERS, 0)?);
    let mut checks = rows(&family, size, observer)?;
    checks.extend(answers(&family, size)?);
    Ok(checks)
}

/// Checks identification of the target from rows.
fn rows(family: &Arc<Family>, size: Size, observer: &mut dyn Observer) -> Result<Vec<Check>> {
    let runs = size.pick(100, 40);
    let enough = sufficient_noiseless_rows(MEMBERS as f64, ETA) as usize;
    let secret_index = |seed: u64| (seed as usize * 47) % MEMBERS;
    let identified = over_seeds(0..runs, observer, |seed| {
        let secret = Secret::member(family.clone(), secret_index(seed))?;
        let by = |count: usize, noise: f64| -> Result<f64> {
            Ok(f64::from(brute_force(family, &secret.rows(count, noise, seed)?)? == secret_index(seed)))
        };
        Ok([by(ROWS, NOISE)?, by(enough, 0.0)?])
    })?;
    let rivals = over_seeds(0..10 * runs, observer, |seed| {
        let secret = Secret::member(family.clone(), secret_index(seed))?;
        let by = |noise: f64| rivals(family, secret_index(seed), &secret.rows(FEW_ROWS, noise, seed)?);
        Ok([by(0.0)?, by(NOISE)?])
    })?;
    let over_runs = |of: &[[f64; 2]], i: usize| mean(&of.iter().map(|x| x[i]).collect::<Vec<f64>>());
    let suffice = sufficient_rows(MEMBERS as f64, 0.01, NOISE);
    let others = (MEMBERS - 1) as f64;
    Ok(vec![
        Check::at_least(
            format!(
                "n = 100, k = 4, M = 5,000, noise 0.5: share of runs in which {ROWS} rows identify the target"
            ),
            over_runs(&identified, 0).value,
            0.99,
            format!(
                "{suffice} rows suffice with probability 0.99 by SQ-11, a bound; in most runs fewer suffice"
            ),
        ),
        Check::at_least(
            format!(
                "without noise: share of runs in which {enough} = ceil(log2(M / {ETA})) rows identify it"
            ),
            over_runs(&identified, 1).value,
            0.99,
            "each row halves the other candidates",
        ),
        Check::mean(
            &format!("without noise: candidates that fit {FEW_ROWS} rows as well as the target"),
            over_runs(&rivals, 0),
            others * 0.5f64.powi(FEW_ROWS as i32),
            "(M - 1) / 2^s, since each row halves the other candidates",
        ),
        Check::mean(
            &format!(
                "with noise {NOISE}: candidates that fit {FEW_ROWS} rows at least as well as the target"
            ),
            over_runs(&rivals, 1),
            others * share_of_rivals(FEW_ROWS as i32),
            "(M - 1) times the mean of Q(sqrt d / sigma) over the number d of rows that distinguish the two",
        ),
    ])
}

/// Counts the members other than the target whose squared error on the rows is at most the target's.
fn rivals(family: &Family, target: usize, rows: &Rows) -> Result<f64> {
    let error = |i: usize| -> Result<f64> {
        let of_row = |(j, y): (usize, &f64)| Ok((y - family.value(i, rows.points.row(j))?).powi(2));
        rows.labels.iter().enumerate().map(of_row).sum()
    };
    let errors: Vec<f64> = (0..family.size()).map(error).collect::<Result<_>>()?;
    let others = errors.iter().enumerate().filter(|(i, _)| *i != target);
    Ok(others.filter(|(_, error)| **error <= errors[target]).count() as f64)
}

/// Returns the probability that another member fits s noisy rows at least as well as the target. On d of the rows the
/// two differ by 2, and with noise sigma the sum of d differences decides.
fn share_of_rivals(rows: i32) -> f64 {
    let (mut choose, mut sum) = (1.0, 0.0);
    for d in 0..=rows {
        // If no row distinguishes them, they fit equally well.
        let tail = if d == 0 { 1.0 } else { upper_tail(f64::from(d).sqrt() / NOISE) };
        sum += choose * tail;
        choose *= f64::from(rows - d) / f64::from(d + 1);
    }
    sum * 0.5f64.powi(rows)
}

/// Returns P[z > x] for a standard Gaussian z.
fn upper_tail(x: f64) -> f64 {
    0.5 * (1.0 - Activation::Erf.value(x * std::f64::consts::FRAC_1_SQRT_2))
}

/// Checks the answers to the queries of descent on the output layer.
fn answers(family: &Arc<Family>, size: Size) -> Result<Vec<Check>> {
    let dim = family.dim();
    let unit = Unit::new(Activation::Relu, 1.0, dim)?;
    let width = size.pick(300, 100);
    let network = Network::random(Activation::Relu, 1.0, dim, width, 0)?;
    let queries: Vec<Query> =
        (0..width).map(|j| Query::unit(&unit, network.directions().row(j))).collect::<zonal::Result<_>>()?;
    let secret = Secret::member(family.clone(), 0)?;
    let largest = secret.largest_unit_answer(&queries)?;
    let nonzero_answers = |tau: f64| -> Result<f64> {
        let oracle = secret.oracle(Policy::Lazy(tau), Convention::Unit, 0)?;
        let b = QueryGradients::new(&oracle, unit.clone()).output_layer(&network)?;
        Ok(b.iter().filter(|b| **b != 0.0).count() as f64)
    };
    let tau = 1.0 / (ROWS as f64).sqrt();
    let (low, high) = mean_square_answer(dim)?;
    let found = mean_square(family, &queries)?;
    Ok(vec![
        Check::at_most(
            format!("non-zero answers to {width} ReLU units at the tolerance 1 / sqrt {ROWS} = {tau:.3}"),
            nonzero_answers(tau)?,
            0.0,
            format!("descent never moves: the largest answer, for queries of norm 1, is {largest:.1e}"),
        ),
        Check::at_most(
            format!("non-zero answers at the tolerance {largest:.1e}, the largest answer"),
            nonzero_answers(largest * (1.0 + 1e-9))?,
            0.0,
            "lazy answers are 0 up to the tolerance",
        ),
        Check::near(
            "non-zero answers at 0.9999 of that tolerance",
            nonzero_answers(0.9999 * largest)?,
            1.0,
            0.0,
            "descent moves as soon as one answer exceeds the tolerance: an error of 0.01 % in the tolerance is \
             detected",
        ),
        Check::mean(
            &format!(
                "mean square of the answers, for queries of norm 1, to {width} units over {MEMBERS} targets"
            ),
            found,
            0.5 * (low + high),
            "alpha_4^2 times the target's energy in degree 4 plus at most alpha_6^2 times the rest, a range of 0.7 %",
        ),
    ])
}

/// Returns the mean of the squared answers over members and units, with the standard error over units.
fn mean_square(family: &Family, queries: &[Query]) -> Result<Estimate> {
    let members: Vec<usize> = (0..family.size()).collect();
    let of_unit = |query: &Query| -> Result<f64> {
        let answers = family.answers(query, &members)?;
        let squares: f64 = answers.iter().map(|a| a * a).sum();
        Ok(squares / members.len() as f64 / query.norm().powi(2))
    };
    Ok(mean(&queries.iter().map(of_unit).collect::<Result<Vec<f64>>>()?))
}

/// Returns bounds on the mean over directions of the squared answer to queries of norm 1, sum_j alpha_j^2 ||f_j||^2 /
/// ||phi||^2. A product of k signs has a single harmonic of degree k, the monomial, no lower degree, and by parity
/// none of degree k + 1.
fn mean_square_answer(dim: Dim) -> Result<(f64, f64)> {
    let spectrum = Spectrum::new(&Activation::Relu, dim, 1.0, DEGREE + 2)?;
    let n = dim.as_f64();
    // (E prod |x_i|)^2 / E prod x_i^2 for k = 4.
    let lowest = std::f64::consts::FRAC_2_PI.powi(4) * (n + 4.0) * (n + 6.0) / (n * (n + 2.0));
    let low = spectrum.eigenvalue(DEGREE)? * lowest / spectrum.norm_sq();
    let rest = spectrum.eigenvalue(DEGREE + 2)? * (1.0 - lowest) / spectrum.norm_sq();
    Ok((low, low + rest))
}
