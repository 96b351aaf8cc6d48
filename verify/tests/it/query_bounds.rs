//! Lower bounds on statistical queries: the certified table, exactness, monotonicity.

use zonal::sphere::{Dim, multiplicity};
use zonal_sq::Family;
use zonal_sq::bound::{
    Bound, Goal, QueryClass, from_separated_fraction, from_unequal_queries, orthonormal_members,
    products_of_signs, random_harmonics, random_subfamily, regression, statistical_dimension,
    zonal_harmonics,
};
use zonal_sq::learner::{sufficient_noiseless_rows, sufficient_rows};
use zonal_verify::reference::{Table, number, text};

fn dim(n: u64) -> Dim {
    Dim::new(n).unwrap()
}

fn half() -> Goal {
    Goal::new(0.5, 0.5).unwrap()
}

/// Compares every bound with the optimum that `reference/generate_queries.py` finds: it exceeds the optimum at most by
/// the rounding of its six digits, and is at most 0.004 in log10 below it, which the search on a grid may lose.
#[test]
fn bounds_are_the_optima_of_their_formulas() {
    for row in Table::load("queries").rows("rows") {
        let (family, class) = (text(&row[0]), text(&row[1]).parse::<QueryClass>().unwrap());
        let (n, k) = (row[2].as_u64().unwrap(), row[3].as_u64().unwrap() as usize);
        let (tau, optimum) = (number(&row[4]), number(&row[5]));
        let bound = match family {
            "zonal" => zonal_harmonics(dim(n), k, tau, class, half()),
            "random" => random_harmonics(dim(n), k, tau, class, half()),
            _ => products_of_signs(&Family::subsets(dim(n), k), tau, class, half()),
        };
        let bound = bound.unwrap();
        let excess = size(&bound) - optimum;
        assert!((-4e-3..=1e-6).contains(&excess), "{row}: {excess:e}");
        assert_eq!(bound.vacuous, optimum < 0.0, "{row}");
    }
}

#[test]
fn products_of_signs_in_whole_queries() {
    let rows: [(u64, usize, [Option<f64>; 3]); 3] = [
        (20, 3, [Some(52.0), Some(6.0), None]),
        (50, 4, [Some(10_468.0), Some(1_164.0), Some(104.0)]),
        (100, 4, [Some(178_238.0), Some(19_805.0), Some(1_765.0)]),
    ];
    for (n, k, entries) in rows {
        let size = Family::subsets(dim(n), k);
        for (tau, entry) in [0.3, 0.1, 0.03].into_iter().zip(entries) {
            for class in [QueryClass::Any, QueryClass::Lipschitz(2.0), QueryClass::Correlational] {
                let bound = products_of_signs(&size, tau, class, half()).unwrap();
                let queries = bound.log10_queries.filter(|_| !bound.vacuous).map(|x| 10f64.powf(x).ceil());
                assert_eq!(queries, entry, "n = {n}, k = {k}, tau = {tau}");
            }
        }
    }
    // At tolerance 1 no query separates anything: the bound is not vacuous, but has no finite value.
    let unbounded = orthonormal_members(&Family::subsets(dim(20), 3), 1.0, half()).unwrap();
    assert!(!unbounded.vacuous && unbounded.log10_queries.is_none());
}

/// Returns log10, minus infinity for a value that is not positive.
fn size(bound: &Bound) -> f64 {
    bound.log10_queries.unwrap_or(f64::NEG_INFINITY)
}

#[test]
fn bounds_are_monotone_in_tolerance_dimension_and_delta() {
    let classes = [QueryClass::Correlational, QueryClass::Any];
    // The search for the best exponent is on a grid; a bound may be slightly below a neighbour's.
    let room = 1e-3;
    for class in classes {
        for k in [1usize, 2, 3, 4, 6] {
            for n in [5u64, 20, 100, 1000] {
                let at = |n: u64, tau: f64, delta: f64| {
                    let goal = Goal::new(delta, 0.5).unwrap();
                    [
                        size(&zonal_harmonics(dim(n), k, tau, class, goal).unwrap()),
                        size(&random_harmonics(dim(n), k, tau, class, goal).unwrap()),
                    ]
                };
                let taus = [0.9, 0.5, 0.3, 0.1, 0.05, 0.02, 0.01];
                for pair in taus.windows(2) {
                    let (coarse, fine) = (at(n, pair[0], 0.5), at(n, pair[1], 0.5));
                    for (coarse, fine) in coarse.iter().zip(fine) {
                        assert!(*coarse >= fine - room, "tau: n {n} k {k} {class}: {coarse} {fine}");
                    }
                }
                for (small, large) in at(n, 0.1, 0.4).iter().zip(at(n, 0.1, 0.6)) {
                    assert!(large >= *small, "delta: n {n} k {k} {class}");
                }
                for (small, large) in at(n, 0.1, 0.5).iter().zip(at(2 * n, 0.1, 0.5)) {
                    assert!(large >= small - room, "n: {n} k {k} {class}: {small} {large}");
                }
            }
        }
    }
    for k in [2usize, 3, 4] {
        let signs = |n: u64, tau: f64| {
            size(&products_of_signs(&Family::subsets(dim(n), k), tau, QueryClass::Any, half()).unwrap())
        };
        assert!(signs(40, 0.1) > signs(20, 0.1) && signs(40, 0.2) > signs(40, 0.1));
    }
}

#[test]
fn the_tail_is_never_above_chebyshev() {
    // log10 q is at least that of (delta - 1/(1 + N/2)) N tau^2, independently of the moments.
    for (n, k) in [(5u64, 2usize), (20, 3), (100, 4), (1000, 2)] {
        let count: f64 = multiplicity(dim(n), k).to_string().parse().unwrap();
        for tau in [0.9, 0.3, 0.1, 0.03] {
            let bound = zonal_harmonics(dim(n), k, tau, QueryClass::Correlational, half()).unwrap();
            let simple = ((0.5 - 1.0 / (1.0 + 0.5 * count)) * count * tau * tau).log10();
            assert!(size(&bound) >= simple - 1e-12, "{n} {k} {tau}");
        }
    }
}

#[test]
fn a_finite_family_of_random_harmonics_holds_against_lipschitz_queries() {
    let found = random_subfamily(dim(100), 3, 0.3, 1.0, half()).unwrap();
    // (delta - 2/(N eps)) (N - 1) tau^2 / (4 pi J), J = 11 / (6 sqrt pi).
    let j = 11.0 / (6.0 * std::f64::consts::PI.sqrt());
    let expected = ((0.5 - 4.0 / 171_600.0) * 171_599.0 * 0.09 / (4.0 * std::f64::consts::PI * j)).log10();
    assert!((size(&found.bound) - expected).abs() < 1e-9 && size(&found.bound) <= expected);
    let twice = random_subfamily(dim(100), 3, 0.3, 2.0, half()).unwrap();
    assert!((size(&found.bound) - size(&twice.bound) - 4f64.log10()).abs() < 1e-9);
    assert!(found.log10_size > 6.0 && found.log10_size < 9.0, "{}", found.log10_size);
}

#[test]
fn regression_counts_every_function() {
    for (n, k) in [(3u64, 4usize), (10, 3), (1000, 6)] {
        let all: num_bigint::BigUint = (0..=k).map(|j| multiplicity(dim(n), j)).sum();
        let found = regression(dim(n), k, 0.25, 0.1).unwrap();
        assert_eq!(found.queries, all);
        let count: f64 = all.to_string().parse().unwrap();
        assert!(found.error >= 0.25 + count * 0.01 && found.error < 0.2501 + count * 0.010_001);
    }
}

#[test]
#[ignore = "slow"]
fn what_is_out_of_range_is_refused_and_extremes_are_not() {
    for tau in [0.0, -0.1, 1.1, f64::NAN, f64::INFINITY] {
        assert!(zonal_harmonics(dim(10), 2, tau, QueryClass::Correlational, half()).is_err());
        assert!(random_harmonics(dim(10), 2, tau, QueryClass::Any, half()).is_err());
    }
    for (delta, epsilon) in [(0.0, 0.5), (1.5, 0.5), (0.5, 0.0), (0.5, 2.0), (f64::NAN, 0.5)] {
        assert!(Goal::new(delta, epsilon).is_err());
    }
    assert!(zonal_harmonics(dim(10), 0, 0.1, QueryClass::Any, half()).is_err());
    for n in [2u64, 3, 1_000_000, 1_000_000_000] {
        for k in [1usize, 2, 5, 40, 300] {
            for tau in [1.0, 1e-3, 1e-150, 5e-324] {
                for class in [QueryClass::Correlational, QueryClass::Any] {
                    let z = zonal_harmonics(dim(n), k, tau, class, half()).unwrap();
                    let r = random_harmonics(dim(n), k, tau, class, half()).unwrap();
                    for bound in [z, r] {
                        assert!(bound.log10_queries.is_none_or(f64::is_finite), "{n} {k} {tau} {class}");
                    }
                }
            }
        }
    }
}

#[test]
fn tiny_tolerances_and_huge_families_stay_bounds() {
    // Counts beyond 64 bits: (M / 2 - 2) / (ceil(1/tau^2) - 1).
    let size = Family::subsets(dim(1_000_000_000), 6);
    let found = products_of_signs(&size, 1e-15, QueryClass::Any, half()).unwrap().log10_queries.unwrap();
    let members: f64 = size.to_string().parse().unwrap();
    assert!((found - (0.5 * members / 1e30).log10()).abs() < 1e-9, "{found}");
    // Means of Legendre polynomials far below the smallest square: with the means computed in 50 digits, 10^1.68
    // queries.
    let deep = random_harmonics(dim(1_000_000_000), 24, 1e-95, QueryClass::Any, half()).unwrap();
    assert!(deep.log10_queries.unwrap() < 1.69, "{:?}", deep.log10_queries);
    // Any query includes the correlational ones, up to the unit of the tolerance.
    for (n, k) in [(3u64, 100_000usize), (10, 400), (1_000_000, 40)] {
        let any = random_harmonics(dim(n), k, 0.3, QueryClass::Any, half()).unwrap();
        let correlational = random_harmonics(dim(n), k, 0.3, QueryClass::Correlational, half()).unwrap();
        assert!(any.log10_queries <= correlational.log10_queries, "{n} {k}");
    }
}

#[test]
fn the_frame_counts_separated_fractions() {
    let goal = Goal::new(0.6, 0.5).unwrap();
    let found = from_separated_fraction(goal, 0.1, 1e-3, QueryClass::Any, "some law");
    assert!((size(&found) - 500f64.log10()).abs() < 1e-9 && size(&found) <= 500f64.log10());
    assert!(from_separated_fraction(goal, 0.7, 1e-3, QueryClass::Any, "some law").vacuous);
    // VSTAT(t): one query separates at most 3 t kappa^2.
    let found = statistical_dimension(goal, 0.1, 1e-6, 50.0, "some law");
    assert!((size(&found) - (0.5 / 1.5e-4f64).log10()).abs() < 1e-9);
    let success = from_unequal_queries(&[0.1, 0.05, 0.2], 0.01);
    assert!((0.36..0.360_001).contains(&success));
    assert_eq!(from_unequal_queries(&[0.9, 0.9], 0.0), 1.0);
}

#[test]
fn rows_that_suffice_are_those_of_the_formulas() {
    // n = 100, k = 4: all 3,921,225 products, one failure in 32: ceil(log2(M / eta)) = 27.
    assert_eq!(sufficient_noiseless_rows(3_921_225.0, 1.0 / 32.0), 27);
    // ln(5000 / 0.02) / -ln((1 + e^-2) / 2) = 21.95.
    assert_eq!(sufficient_rows(5_000.0, 0.01, 0.5), 22);
    // More noise requires more rows, also where rounding could hide this.
    assert!(sufficient_rows(5_000.0, 0.01, 1e6) > 1_000_000_000_000);
}
