//! Lower bounds: the table of query counts compared with an independent optimum, and games that no learner wins with
//! fewer queries.
//!
//! Power. A bound that is too high by 1.1e-5 in log10 (0.003 %) fails, and so does one that is too low by 0.004 (0.9
//! %). The games check only an inequality: they detect a prediction that a learner beats, not one that is too small.

use crate::claim::Claim;
use std::sync::Arc;
use zonal::observer::Observer;
use zonal::sphere::Dim;
use zonal_documents::Result;
use zonal_documents::claims::{Check, Size};
use zonal_sq::bound::{Bound, Goal, QueryClass, products_of_signs, random_harmonics, zonal_harmonics};
use zonal_sq::learner::{Limits, Strategy, VersionSpace, identify};
use zonal_sq::{AnswerRule, Directions, Family, Game, GramBounds};

pub(super) const CLAIM: Claim = Claim {
    name: "sq-lower-bound",
    statement: "A target of degree k belongs to a large family of nearly orthogonal functions, and no learner by \
                correlational queries finds it with fewer than n^(Omega(k)) of them unless the tolerance shrinks as \
                fast. The bounds are the optima of their formulas: never above, at most 0.004 in log10 below",
    source: "Vempala and Wilmes 2019, lower bounds for statistical queries",
    formulas: "SQ-0, SQ-1, SQ-2, SQ-4, SQ-5, SQ-9",
    run,
};

const TAUS: [f64; 4] = [0.3, 0.1, 0.03, 0.01];

/// log10(1/2): half a query, the smallest value of a bound at delta = 1/2.
const HALF: f64 = -std::f64::consts::LOG10_2;

/// Zonal harmonics at four tolerances: (n, k, log10 of the number of correlational queries, of arbitrary queries).
/// Below 0 a bound is vacuous. The values are from the reference table of generate_queries.py, an independent
/// program.
const ZONAL: [(u64, usize, [f64; 4], [f64; 4]); 4] = [
    (50, 5, [6.66442, 4.33679, 3.15020, 2.19596], [0.33444, HALF, HALF, HALF]),
    (100, 4, [10.15459, 5.63361, 3.34542, 2.34402], [3.75145, 1.40168, 0.35592, HALF]),
    (1000, 3, [69.19123, 30.74676, 13.46207, 6.58386], [6.92491, 0.75151, HALF, HALF]),
    (1000, 6, [148.06967, 91.59650, 57.29691, 38.44510], [36.29771, 11.70659, 3.57392, 1.39837]),
];

/// Random harmonics of degree 3 at three tolerances, from the same program: (n, correlational, arbitrary).
const RANDOM: [(u64, [f64; 3], [f64; 3]); 3] = [
    (20, [29.10254, 2.69744, -0.30217], [1.68114, 0.57864, -0.30217]),
    (50, [430.32656, 47.27883, 3.70715], [5.39298, 2.11564, 0.69551]),
    (100, [3353.01992, 372.02260, 32.93415], [13.96633, 5.55254, 1.81345]),
];

/// Products of signs: the number of queries; None if the bound is vacuous.
const SIGNS: [(u64, usize, [Option<f64>; 3]); 3] = [
    (20, 3, [Some(52.0), Some(6.0), None]),
    (50, 4, [Some(10_468.0), Some(1_164.0), Some(104.0)]),
    (100, 4, [Some(178_238.0), Some(19_805.0), Some(1_765.0)]),
];

fn run(size: Size, observer: &mut dyn Observer) -> Result<Vec<Check>> {
    let mut checks = table()?;
    checks.push(signs()?);
    checks.extend(games(size, observer)?);
    Ok(checks)
}

/// Compares the bounds with the independent optima.
fn table() -> Result<Vec<Check>> {
    let goal = Goal::new(0.5, 0.5)?;
    let classes = [QueryClass::Correlational, QueryClass::Any];
    let mut entries: Vec<(Bound, f64)> = Vec::new();
    for (n, k, correlational, arbitrary) in ZONAL {
        for (class, optima) in classes.into_iter().zip([correlational, arbitrary]) {
            for (tau, optimum) in TAUS.into_iter().zip(optima) {
                entries.push((zonal_harmonics(Dim::new(n)?, k, tau, class, goal)?, optimum));
            }
        }
    }
    for (n, correlational, arbitrary) in RANDOM {
        for (class, optima) in classes.into_iter().zip([correlational, arbitrary]) {
            for (tau, optimum) in TAUS.into_iter().zip(optima) {
                entries.push((random_harmonics(Dim::new(n)?, 3, tau, class, goal)?, optimum));
            }
        }
    }
    let excess = |(bound, optimum): &(Bound, f64)| bound.log10_queries.unwrap_or(f64::NEG_INFINITY) - optimum;
    let highest = entries.iter().map(excess).fold(f64::NEG_INFINITY, f64::max);
    let lowest = entries.iter().map(excess).fold(f64::INFINITY, f64::min);
    let disagreements = entries.iter().filter(|(bound, optimum)| bound.vacuous != (*optimum < 0.0)).count();
    let count = entries.len();
    Ok(vec![
        Check::at_most(
            format!(
                "zonal and random harmonics, {count} bounds: largest excess of log10 of the queries over the optimum"
            ),
            highest,
            1e-5,
            "a bound above the optimum of its formula is not proven; the reference has five decimals",
        ),
        Check::at_least(
            "the same: smallest excess",
            lowest,
            -4e-3,
            "the best exponent is searched on a grid, which loses at most 0.003 here; a bound that is 1 % too low \
             fails",
        ),
        Check::at_most(
            "bounds that are vacuous and should not be, or vice versa",
            disagreements as f64,
            0.0,
            "a bound below one query is vacuous",
        ),
    ])
}

/// Compares the bounds for products of signs.
fn signs() -> Result<Check> {
    let goal = Goal::new(0.5, 0.5)?;
    let mut largest = 0.0f64;
    for (n, k, entries) in SIGNS {
        let members = Family::subsets(Dim::new(n)?, k);
        for (tau, entry) in TAUS.into_iter().zip(entries) {
            let bound = products_of_signs(&members, tau, QueryClass::Any, goal)?;
            let queries = bound.log10_queries.filter(|_| !bound.vacuous).map(|x| 10f64.powf(x).ceil());
            largest = largest.max(match (queries, entry) {
                (Some(found), Some(entry)) => (found - entry).abs(),
                (None, None) => 0.0,
                _ => f64::INFINITY,
            });
        }
    }
    let quantity = "products of signs: largest difference in queries";
    Ok(Check::at_most(quantity, largest, 0.0, "exact arithmetic: one query too many or too few fails"))
}

/// Plays games with the learners that use most of the family.
fn games(size: Size, observer: &mut dyn Observer) -> Result<Vec<Check>> {
    let random = |n, k, members| Family::zonal(Dim::new(n)?, k, members, Directions::Random, 1);
    let mut families = vec![
        (Family::monomials(Dim::new(12)?, 3, 220, 1)?, 0.25),
        (Family::zonal(Dim::new(25)?, 3, 125, Directions::DeVore, 1)?, 0.5),
        (random(10, 3, 400)?, 0.35),
    ];
    if size == Size::Whole {
        families.push((Family::zonal(Dim::new(25)?, 4, 125, Directions::DeVore, 1)?, 0.3));
        families.push((random(20, 3, 800)?, 0.2));
        families.push((Family::random(Dim::new(10)?, 3, 400, 1)?, 0.3));
    }
    let families_played = families.len();
    let (mut excess, mut surplus, mut violated) = (f64::NEG_INFINITY, f64::INFINITY, 0.0);
    for (family, tau) in families {
        let family = Arc::new(family);
        let gram = GramBounds::of(&family, observer)?;
        for strategy in [Strategy::Greedy, Strategy::Members] {
            for answering in [AnswerRule::Base, AnswerRule::Interval] {
                let game = Game::new(family.clone(), &gram, tau, answering)?;
                let stop = gram.fit_bound(0.5);
                let limits = Limits { stop, queries: 5_000, width: 0, seed: 0 };
                let mut space = VersionSpace::new(&family);
                identify(strategy, &mut space, &game, limits, observer)?;
                let (report, tau) = (game.report(), game.effective_tolerance());
                let bound = gram.drop_bound(tau);
                excess = excess.max(report.max_dropped as f64 - bound as f64);
                violated += f64::from(report.invariant_held != Some(true));
                if report.live <= stop {
                    let predicted = gram.predicted_queries(tau, 0.5).unwrap_or(u64::MAX);
                    surplus = surplus.min(report.queries_distinct as f64 - predicted as f64);
                }
            }
        }
    }
    // By hand: K = 15 and K_plus = 2, so ceil(218 / 15) - 1.
    let by_hand = GramBounds::orthonormal(220).predicted_queries(0.25, 0.5).map_or(f64::NAN, |q| q as f64);
    Ok(vec![
        Check::near(
            "prediction for 220 orthonormal members at tolerance 0.25",
            by_hand,
            14.0,
            0.0,
            "exact arithmetic: one query too many or too few fails",
        ),
        Check::at_most(
            format!(
                "games on {families_played} families (6 at full size): most members excluded by one answer, minus the \
                 bound K"
            ),
            excess,
            0.0,
            "SQ-1: a base answer excludes at most K members, the best interval fewer",
        ),
        Check::at_most("games in which the invariant was violated", violated, 0.0, "SQ-1"),
        Check::at_least(
            "games that were won: fewest queries above the prediction",
            surplus,
            0.0,
            "a bound: no learner wins with fewer than ceil((M - K_plus) / K) - 1; greedy learners need up to several \
             times as many",
        ),
    ])
}
