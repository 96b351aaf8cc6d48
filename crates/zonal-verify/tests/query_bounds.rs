//! Lower bounds on statistical queries: the certified table, exactness, monotony.

use zonal::sphere::{Dim, multiplicity};
use zonal_sq::Family;
use zonal_sq::bound::{
    Bound, Goal, QueryClass, from_separated_fraction, from_unequal_queries, orthonormal_members,
    products_of_signs, random_harmonics, random_subfamily, regression, statistical_dimension,
    zonal_harmonics,
};
use zonal_sq::learner::{rows_that_suffice, rows_that_suffice_without_noise};

fn dim(n: u64) -> Dim {
    Dim::new(n).unwrap()
}

fn half() -> Goal {
    Goal::new(0.5, 0.5).unwrap()
}

const VACUOUS: Option<f64> = None;

/// One bound against one entry of the table: 0.05 in log10, 0.1 above 50; entries within 0.05 of one query may be
/// either vacuous or not.
fn compare(bound: &Bound, entry: Option<f64>, what: &str) {
    let found = bound.log10_queries;
    if let Some(found) = found
        && found.abs() <= 0.05
    {
        assert!(entry.is_none_or(|e| e.abs() <= 0.1), "{what}: {found} against {entry:?}");
        return;
    }
    assert_eq!(bound.vacuous, found.is_none_or(|x| x < 0.0), "{what}");
    match entry {
        None => assert!(bound.vacuous, "{what}: {found:?} against a vacuous entry"),
        Some(entry) => {
            let found = found.unwrap();
            let room = if entry > 50.0 { 0.1 } else { 0.05 };
            // Entries are rounded to one digit after the point.
            assert!((found - entry).abs() <= room + 0.05, "{what}: {found} against {entry}");
            assert!(!bound.vacuous, "{what}: {found}");
        }
    }
}

const TAUS: [f64; 4] = [0.3, 0.1, 0.03, 0.01];

type Row = (u64, usize, &'static str, [Option<f64>; 4], [Option<f64>; 4]);

const ZONAL: [Row; 9] = [
    (20, 2, "209", [Some(1.0), Some(0.0), VACUOUS, VACUOUS], [Some(1.0), Some(0.0), VACUOUS, VACUOUS]),
    (20, 4, "8645", [Some(2.6), Some(1.6), Some(0.6), VACUOUS], [Some(1.0), Some(0.0), VACUOUS, VACUOUS]),
    (50, 3, "22050", [Some(3.7), Some(2.0), Some(1.0), Some(0.0)], [Some(0.3), VACUOUS, VACUOUS, VACUOUS]),
    (50, 5, "3140410", [Some(6.7), Some(4.3), Some(3.2), Some(2.2)], [Some(0.3), VACUOUS, VACUOUS, VACUOUS]),
    (100, 3, "171600", [Some(7.1), Some(3.4), Some(1.9), Some(0.9)], [Some(0.7), VACUOUS, VACUOUS, VACUOUS]),
    (
        100,
        4,
        "4416225",
        [Some(10.2), Some(5.6), Some(3.3), Some(2.3)],
        [Some(3.8), Some(1.4), Some(0.4), VACUOUS],
    ),
    (
        100,
        6,
        "1604922825",
        [Some(15.2), Some(9.8), Some(6.6), Some(4.9)],
        [Some(3.8), Some(1.4), Some(0.4), VACUOUS],
    ),
    (
        1000,
        3,
        "167166000",
        [Some(69.2), Some(30.7), Some(13.5), Some(6.6)],
        [Some(6.9), Some(0.8), VACUOUS, VACUOUS],
    ),
    (
        1000,
        6,
        "1409798673533250",
        [Some(148.1), Some(91.6), Some(57.3), Some(38.4)],
        [Some(36.3), Some(11.7), Some(3.6), Some(1.4)],
    ),
];

#[test]
fn the_table_of_zonal_harmonics() {
    for (n, k, multiplicity_text, correlational, arbitrary) in ZONAL {
        assert_eq!(multiplicity(dim(n), k).to_string(), multiplicity_text);
        for (class, entries) in [(QueryClass::Correlational, correlational), (QueryClass::Any, arbitrary)] {
            for (tau, entry) in TAUS.into_iter().zip(entries) {
                let bound = zonal_harmonics(dim(n), k, tau, class, half()).unwrap();
                println!("{n},{k} {class} {tau}: {:?}", bound.log10_queries);
                compare(&bound, entry, &format!("Z {class}, n = {n}, k = {k}, tau = {tau}"));
            }
        }
    }
}

#[test]
fn the_table_of_random_harmonics() {
    type Pair = (Option<f64>, Option<f64>);
    let rows: [(u64, [Pair; 3]); 3] = [
        (20, [(Some(29.11), Some(1.7)), (Some(2.7), Some(0.58)), (VACUOUS, VACUOUS)]),
        (50, [(Some(430.33), Some(5.4)), (Some(47.28), Some(2.1)), (Some(3.7), Some(0.70))]),
        (100, [(Some(3353.02), Some(14.0)), (Some(372.02), Some(5.6)), (Some(32.9), Some(1.8))]),
    ];
    for (n, entries) in rows {
        for (tau, (correlational, arbitrary)) in TAUS.into_iter().zip(entries) {
            for (class, entry) in [(QueryClass::Correlational, correlational), (QueryClass::Any, arbitrary)] {
                let bound = random_harmonics(dim(n), 3, tau, class, half()).unwrap();
                println!("R {n},3 {class} {tau}: {:?}", bound.log10_queries);
                compare(&bound, entry, &format!("R {class}, n = {n}, tau = {tau}"));
            }
        }
    }
}

#[test]
fn products_of_signs_in_whole_queries() {
    let rows: [(u64, usize, [Option<f64>; 3]); 3] = [
        (20, 3, [Some(52.0), Some(6.0), VACUOUS]),
        (50, 4, [Some(10_468.0), Some(1_164.0), Some(104.0)]),
        (100, 4, [Some(178_238.0), Some(19_805.0), Some(1_765.0)]),
    ];
    for (n, k, entries) in rows {
        let size = Family::subsets(dim(n), k);
        for (tau, entry) in TAUS.into_iter().zip(entries) {
            for class in [QueryClass::Any, QueryClass::Lipschitz(2.0), QueryClass::Correlational] {
                let bound = products_of_signs(&size, tau, class, half()).unwrap();
                let queries = bound.log10_queries.filter(|_| !bound.vacuous).map(|x| 10f64.powf(x).ceil());
                assert_eq!(queries, entry, "n = {n}, k = {k}, tau = {tau}");
            }
        }
    }
    // At tolerance 1 no query separates anything: that is not a vacuous bound but one without a number.
    let unbounded = orthonormal_members(&Family::subsets(dim(20), 3), 1.0, half()).unwrap();
    assert!(!unbounded.vacuous && unbounded.log10_queries.is_none());
}

/// log10 with minus infinity for what is not positive.
fn size(bound: &Bound) -> f64 {
    bound.log10_queries.unwrap_or(f64::NEG_INFINITY)
}

#[test]
fn bounds_are_monotone_in_tolerance_dimension_and_delta() {
    let classes = [QueryClass::Correlational, QueryClass::Any];
    // The search for the best exponent is on a grid; a bound may be a little below a neighbour's.
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
    // log10 q is at least that of (delta - 1/(1 + N/2)) N tau^2, whatever the moments give.
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
    // Means of Legendre polynomials far below the smallest square: with the means computed in 50 digits, 10^1.68 queries.
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
    // VSTAT(t): one query separates 3 t kappa^2 at most.
    let found = statistical_dimension(goal, 0.1, 1e-6, 50.0, "some law");
    assert!((size(&found) - (0.5 / 1.5e-4f64).log10()).abs() < 1e-9);
    let success = from_unequal_queries(&[0.1, 0.05, 0.2], 0.01);
    assert!((0.36..0.360_001).contains(&success));
    assert_eq!(from_unequal_queries(&[0.9, 0.9], 0.0), 1.0);
}

#[test]
fn rows_that_suffice_are_those_of_the_formulas() {
    // n = 100, k = 4: all 3,921,225 products, one failure in 32: ceil(log2(M / eta)) = 27.
    assert_eq!(rows_that_suffice_without_noise(3_921_225.0, 1.0 / 32.0), 27);
    // ln(5000 / 0.02) / -ln((1 + e^-2) / 2) = 21.95.
    assert_eq!(rows_that_suffice(5_000.0, 0.01, 0.5), 22);
    // More noise takes more rows, and rounding does not end that.
    assert!(rows_that_suffice(5_000.0, 0.01, 1e6) > 1_000_000_000_000);
}
