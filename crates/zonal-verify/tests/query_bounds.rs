//! Lower bounds on statistical queries: the certified table, exactness, monotony.

use zonal::sphere::{Dim, multiplicity};
use zonal_sq::Family;
use zonal_sq::bound::{
    Bound, Goal, QueryClass, orthonormal_members, products_of_signs, random_harmonics, random_subfamily,
    regression, zonal_harmonics,
};

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
    (100, 4, "4416225", [Some(10.2), Some(5.6), Some(3.3), Some(2.3)], [Some(3.8), Some(1.4), Some(0.4), VACUOUS]),
    (100, 6, "1604922825", [Some(15.2), Some(9.8), Some(6.6), Some(4.9)], [Some(3.8), Some(1.4), Some(0.4), VACUOUS]),
    (1000, 3, "167166000", [Some(69.2), Some(30.7), Some(13.5), Some(6.6)], [Some(6.9), Some(0.8), VACUOUS, VACUOUS]),
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
    let rows: [(u64, [(Option<f64>, Option<f64>); 3]); 3] = [
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
