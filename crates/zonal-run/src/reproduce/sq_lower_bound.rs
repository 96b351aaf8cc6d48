//! Lower bounds: the certified table of query counts, and games that no learner wins with fewer queries.

use super::{Check, Claim, Size};
use crate::error::Result;
use std::sync::Arc;
use zonal::observer::Observer;
use zonal::sphere::Dim;
use zonal_sq::bound::{Bound, Goal, QueryClass, products_of_signs, random_harmonics, zonal_harmonics};
use zonal_sq::learner::{Limits, Strategy, VersionSpace, identify};
use zonal_sq::{Answering, Directions, Family, Game, GramBounds};

pub(super) const CLAIM: Claim = Claim {
    name: "sq-lower-bound",
    statement: "A target of degree k is one of so many nearly orthogonal ones that no learner by correlational queries finds \
                it with fewer than n^(Omega(k)) of them at a tolerance that does not shrink as fast",
    source: "Vempala and Wilmes 2019, lower bounds for statistical queries",
    formulas: "SQ-0, SQ-1, SQ-2, SQ-4, SQ-5, SQ-9",
    run,
};

const TAUS: [f64; 4] = [0.3, 0.1, 0.03, 0.01];

/// log10 of the number of queries, or a vacuous entry.
type Entries = [Option<f64>; 4];
/// The same at three tolerances.
type Three = [Option<f64>; 3];

/// Zonal harmonics at four tolerances: (n, k, correlational, arbitrary).
const ZONAL: [(u64, usize, Entries, Entries); 4] = [
    (50, 5, [Some(6.7), Some(4.3), Some(3.2), Some(2.2)], [Some(0.3), None, None, None]),
    (100, 4, [Some(10.2), Some(5.6), Some(3.3), Some(2.3)], [Some(3.8), Some(1.4), Some(0.4), None]),
    (1000, 3, [Some(69.2), Some(30.7), Some(13.5), Some(6.6)], [Some(6.9), Some(0.8), None, None]),
    (
        1000,
        6,
        [Some(148.1), Some(91.6), Some(57.3), Some(38.4)],
        [Some(36.3), Some(11.7), Some(3.6), Some(1.4)],
    ),
];

/// Random harmonics of degree 3 at three tolerances: (n, correlational, arbitrary).
const RANDOM: [(u64, Three, Three); 3] = [
    (20, [Some(29.11), Some(2.7), None], [Some(1.7), Some(0.58), None]),
    (50, [Some(430.33), Some(47.28), Some(3.7)], [Some(5.4), Some(2.1), Some(0.70)]),
    (100, [Some(3353.02), Some(372.02), Some(32.9)], [Some(14.0), Some(5.6), Some(1.8)]),
];

/// Products of signs, as whole numbers of queries.
const SIGNS: [(u64, usize, Three); 3] = [
    (20, 3, [Some(52.0), Some(6.0), None]),
    (50, 4, [Some(10_468.0), Some(1_164.0), Some(104.0)]),
    (100, 4, [Some(178_238.0), Some(19_805.0), Some(1_765.0)]),
];

fn run(size: Size, observer: &mut dyn Observer) -> Result<Vec<Check>> {
    let goal = Goal::new(0.5, 0.5)?;
    let mut distances = Distances::default();
    for (n, k, correlational, arbitrary) in ZONAL {
        for (class, entries) in [(QueryClass::Correlational, correlational), (QueryClass::Any, arbitrary)] {
            for (tau, entry) in TAUS.into_iter().zip(entries) {
                distances.add(&zonal_harmonics(Dim::new(n)?, k, tau, class, goal)?, entry);
            }
        }
    }
    for (n, correlational, arbitrary) in RANDOM {
        for (class, entries) in [(QueryClass::Correlational, correlational), (QueryClass::Any, arbitrary)] {
            for (tau, entry) in TAUS.into_iter().zip(entries) {
                distances.add(&random_harmonics(Dim::new(n)?, 3, tau, class, goal)?, entry);
            }
        }
    }
    let mut whole = 0.0f64;
    for (n, k, entries) in SIGNS {
        let members = Family::subsets(Dim::new(n)?, k);
        for (tau, entry) in TAUS.into_iter().zip(entries) {
            let bound = products_of_signs(&members, tau, QueryClass::Any, goal)?;
            let queries = bound.log10_queries.filter(|_| !bound.vacuous).map(|x| 10f64.powf(x).ceil());
            whole = whole.max(match (queries, entry) {
                (Some(found), Some(entry)) => (found - entry).abs(),
                (None, None) => 0.0,
                _ => f64::INFINITY,
            });
        }
    }
    let mut checks = vec![
        Check::at_most(
            "zonal and random harmonics: largest distance of log10 of the queries from the table, entries up to 50",
            distances.small,
            0.1,
            "the table has one digit after the point, or two; 0.05 beside its rounding",
        ),
        Check::at_most(
            "the same for entries above 50",
            distances.large,
            0.15,
            "0.1 beside the table's rounding",
        ),
        Check::at_most(
            "entries that are vacuous here and not in the table, or the other way round",
            distances.disagreements,
            0.0,
            "the same entries say nothing, but for those within 0.05 of one query",
        ),
        Check::at_most(
            "products of signs: largest difference in whole queries",
            whole,
            0.0,
            "exact arithmetic",
        ),
    ];
    checks.extend(games(size, observer)?);
    Ok(checks)
}

#[derive(Default)]
struct Distances {
    small: f64,
    large: f64,
    disagreements: f64,
}

impl Distances {
    fn add(&mut self, bound: &Bound, entry: Option<f64>) {
        let found = bound.log10_queries.unwrap_or(f64::NEG_INFINITY);
        match entry {
            _ if found.abs() <= 0.05 => {}
            None if bound.vacuous => {}
            Some(entry) if !bound.vacuous => {
                let most = if entry > 50.0 { &mut self.large } else { &mut self.small };
                *most = most.max((found - entry).abs());
            }
            _ => self.disagreements += 1.0,
        }
    }
}

/// The game with the learners that see most of the family.
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
    let (mut excess, mut surplus, mut violated) = (f64::NEG_INFINITY, f64::INFINITY, 0.0);
    for (family, tau) in families {
        let family = Arc::new(family);
        let gram = GramBounds::of(&family, observer)?;
        for strategy in [Strategy::Greedy, Strategy::Members] {
            for answering in [Answering::Base, Answering::Interval] {
                let game = Game::new(family.clone(), &gram, tau, answering)?;
                let stop = gram.fit_at_most(0.5);
                let limits = Limits { stop, queries: 5_000, width: 0, seed: 0 };
                let mut space = VersionSpace::new(&family);
                identify(strategy, &mut space, &game, limits, observer)?;
                let (report, tau) = (game.report(), game.effective_tolerance());
                let bound = gram.dropped_at_most(tau);
                excess = excess.max(report.max_dropped as f64 - bound as f64);
                violated += f64::from(report.invariant_held != Some(true));
                if report.live <= stop {
                    let predicted = gram.predicted_queries(tau, 0.5).unwrap_or(u64::MAX);
                    surplus = surplus.min(report.queries_distinct as f64 - predicted as f64);
                }
            }
        }
    }
    Ok(vec![
        Check::at_most(
            "games: most members ruled out by one answer, less the bound K",
            excess,
            0.0,
            "SQ-1: a base answer rules out at most K, the best window fewer",
        ),
        Check::at_most("games in which the invariant was violated", violated, 0.0, "it is a theorem"),
        Check::at_least(
            "games that were won: fewest queries beyond the prediction",
            surplus,
            0.0,
            "nobody wins with fewer than ceil((M - K_plus) / K) - 1",
        ),
    ])
}
