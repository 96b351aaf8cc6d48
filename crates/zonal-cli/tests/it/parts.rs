//! What determines the part of a row: groups, times and equal features.

use crate::common::Place;
use std::collections::{HashMap, HashSet};
use zonal_documents::predict::PredictReport;
use zonal_documents::train::TrainReport;

/// A number in [-1, 1] without a pattern.
fn noise(i: usize, k: f64) -> f64 {
    ((i as f64 + 1.0) * k * 12.9898).sin() * 43_758.545_3 % 1.0
}

fn trained(place: &Place, arguments: &[&str]) -> (TrainReport, String) {
    let common = ["--width", "40", "--iterations", "1e5", "--format", "json"];
    let out = place.succeed(&[&["train"], arguments, &common].concat());
    (serde_json::from_str(&out.stdout).unwrap(), out.stderr)
}

/// The numbers of the rows of a part.
fn rows_of(place: &Place, run: &str, table: &str, part: &str) -> HashSet<usize> {
    let out = place.succeed(&["predict", run, table, "--part", part]).stdout;
    out.lines().skip(1).map(|line| line.split(',').next().unwrap().parse().unwrap()).collect()
}

#[test]
fn no_group_is_divided_between_parts_or_folds() {
    let place = Place::new();
    // Each patient has a label of their own, which only rows of the same patient reveal.
    let patient = |i: usize| format!("p{}", i * 7919 % 20);
    let line = |i: usize| {
        let level = noise(i * 7919 % 20, 3.7);
        format!("{},{},{},{}\n", patient(i), 10.0 * level, noise(i, 1.7), noise(i * 7919 % 20, 5.3))
    };
    let table = "patient,height,visit,y\n".to_owned() + &(0..600).map(line).collect::<String>();
    place.file("t.csv", &table);
    for options in
        [&["--hidden", "drawn"][..], &["--hidden", "grown"], &["--hidden", "drawn", "--folds", "5"]]
    {
        let arguments =
            [&["t.csv", "--label", "y", "--exclude", "visit", "--out", "run", "--force"], options].concat();
        let (alone, _) = trained(&place, &arguments);
        let (grouped, _) = trained(&place, &[&arguments[..], &["--groups", "patient"]].concat());
        // The label of a patient is known from other rows, unless none of them is in the training rows.
        assert!(alone.test_rmse.unwrap() < 0.2, "{options:?}: {:?}", alone.test_rmse);
        assert!(grouped.test_rmse.unwrap() > 0.3, "{options:?}: {:?}", grouped.test_rmse);
        assert!(grouped.validation_rmse.unwrap() > 0.3, "{options:?}: {:?}", grouped.validation_rmse);
        let mut part_of = HashMap::new();
        let parts = if options.contains(&"drawn") && options.len() == 2 { 3 } else { 2 };
        for part in ["train", "validation", "test"].iter().filter(|p| parts == 3 || **p != "validation") {
            for row in rows_of(&place, "run", "t.csv", part) {
                assert_eq!(*part_of.entry(patient(row)).or_insert(part), part, "row {row}");
            }
        }
        assert_eq!(part_of.len(), 20);
        let score = ["predict", "run", "t.csv", "--label", "y", "--part", "test", "--format", "json"];
        let scored: PredictReport = serde_json::from_str(&place.succeed(&score).stdout).unwrap();
        assert_eq!(scored.rmse, grouped.test_rmse);
    }
    let group_of_none = table.replacen("\np0,", "\n,", 1);
    place.file("hole.csv", group_of_none);
    // A row without a group takes no draw: what is learned of columns is from the training rows, also after it.
    let (dropped, _) = trained(
        &place,
        &["hole.csv", "--label", "y", "--groups", "patient", "--missing", "drop", "--out", "hole"],
    );
    assert_eq!(dropped.rows.unwrap().dropped, 1);
    place.fail(
        &["train", "hole.csv", "--label", "y", "--groups", "patient", "--missing", "reject"],
        1,
        &["'patient'"],
    );
    place.fail(
        &["train", "t.csv", "--label", "y", "--groups", "y"],
        1,
        &["the label cannot determine the part"],
    );
    place.fail(&["train", "t.csv", "--label", "y", "--groups", "patients"], 1, &["did you mean patient?"]);
    place.fail(&["train", "t.csv", "--label", "y", "--exclude", "visits"], 1, &["did you mean visit?"]);
}

#[test]
fn the_last_rows_are_for_testing() {
    let place = Place::new();
    let day = |i: usize| i * 37 % 400;
    let date =
        |i: usize| format!("20{:02}-{:02}-{:02}", 20 + day(i) / 336, 1 + day(i) / 28 % 12, 1 + day(i) % 28);
    let line = |i: usize| format!("{},{},{}\n", date(i), noise(i, 1.3), noise(i, 1.3) + 0.01 * day(i) as f64);
    place.file("t.csv", "when,a,y\n".to_owned() + &(0..400).map(line).collect::<String>());
    let options = ["t.csv", "--label", "y", "--time", "when", "--hidden", "drawn", "--out", "run"];
    let (report, _) = trained(&place, &options);
    let days = |part| rows_of(&place, "run", "t.csv", part).into_iter().map(day).collect::<Vec<_>>();
    let [train, validation, test] = ["train", "validation", "test"].map(days);
    assert!(train.iter().max() < validation.iter().min() && validation.iter().max() < test.iter().min());
    assert_eq!((train.len() + validation.len() + test.len(), test.len()), (400, 80));
    assert_eq!(report.rows.unwrap().test, 80);
    // What drifts is predicted worse than at random times.
    let (mixed, _) = trained(
        &place,
        &["t.csv", "--label", "y", "--exclude", "when", "--hidden", "drawn", "--out", "none"],
    );
    assert!(report.test_rmse.unwrap() > 1.5 * mixed.test_rmse.unwrap());
    // Grown units hold out intervals of time, and classes are split by time too.
    trained(&place, &["t.csv", "--label", "y", "--time", "when", "--out", "grown"]);
    place.fail(
        &["train", "t.csv", "--label", "y", "--groups", "a", "--time", "when"],
        2,
        &["--groups", "--time"],
    );
    // Other columns may hold text.
    let text = |i: usize| format!("{},{},{}\n", date(i), ["u", "v"][i % 2], noise(i, 1.3));
    place.file("text.csv", "when,kind,y\n".to_owned() + &(0..400).map(text).collect::<String>());
    let (of_text, _) = trained(&place, &["text.csv", "--label", "y", "--time", "when", "--out", "none"]);
    assert_eq!(of_text.rows.unwrap().test, 80);
    place.file("bad.csv", "when,a,y\nsoon,1,2\n2020-01-01,2,3\n");
    place.fail(&["train", "bad.csv", "--label", "y", "--time", "when"], 1, &["found 'soon', but a date"]);
}

/// Pure noise, each row three times: random parts would find the labels of test rows among the training rows.
#[test]
fn equal_rows_do_not_flatter() {
    let place = Place::new();
    let line = |i: usize| {
        let row = i * 7919 % 200;
        format!("{},{},{}\n", noise(row, 1.9), noise(row, 7.7), noise(row, 4.1))
    };
    place.file("t.csv", "a,b,y\n".to_owned() + &(0..600).map(line).collect::<String>());
    let spread = |report: &TrainReport| report.path[0].loss.sqrt();
    for hidden in ["drawn", "grown"] {
        let (report, notes) =
            trained(&place, &["t.csv", "--label", "y", "--hidden", hidden, "--out", hidden]);
        assert!(
            notes.contains("repeat the features of another row; equal rows are in the same part"),
            "{notes}"
        );
        // The error on rows that were not seen is no smaller than the deviation, but for chance: 40 different test rows
        // determine it to 11 % (one standard error).
        assert!(report.test_rmse.unwrap() > 0.7 * spread(&report), "{hidden}: {:?}", report.test_rmse);
        assert!(
            report.validation_rmse.unwrap() > 0.7 * spread(&report),
            "{hidden}: {:?}",
            report.validation_rmse
        );
        let tested: HashSet<usize> =
            rows_of(&place, hidden, "t.csv", "test").into_iter().map(|i| i * 7919 % 200).collect();
        let fitted: HashSet<usize> =
            rows_of(&place, hidden, "t.csv", "train").into_iter().map(|i| i * 7919 % 200).collect();
        assert!(tested.is_disjoint(&fitted) && tested.len() > 20);
    }
    // Combinations of a few values are no copies.
    let few = |i: usize| format!("{},{},{}\n", i % 2, i / 2 % 3, noise(i, 4.1));
    place.file("few.csv", "a,b,y\n".to_owned() + &(0..300).map(few).collect::<String>());
    let (_, notes) = trained(&place, &["few.csv", "--label", "y", "--hidden", "drawn", "--out", "few"]);
    assert!(notes.contains("equal rows may be both in the training part and among held-out rows"), "{notes}");
}

#[test]
fn own_validation_rows_choose_the_iteration_and_are_never_fitted() {
    let place = Place::new();
    // In the validation rows the label has another sign, so that nothing that is learned helps there.
    let line = |i: usize, sign: f64| {
        let x = noise(i, 1.7);
        format!("{},{},{}\n", x, noise(i, 2.9), sign * (3.0 * x).sin())
    };
    let table = |rows: std::ops::Range<usize>, sign: f64| {
        "a,b,y\n".to_owned() + &rows.map(|i| line(i, sign)).collect::<String>()
    };
    place.file("t.csv", table(0..500, 1.0));
    place.file("same.csv", table(500..640, 1.0));
    place.file("other.csv", table(500..640, -1.0));
    for hidden in
        [&["--hidden", "drawn"][..], &["--hidden", "grown"], &["--layers", "both", "--method", "lbfgs"]]
    {
        let train = |validation: &str| {
            let options = ["t.csv", "--label", "y", "--validation", validation, "--out", "run", "--force"];
            trained(&place, &[&options, hidden].concat())
        };
        let (same, _) = train("same.csv");
        let rows = same.rows.unwrap();
        assert_eq!((rows.train + rows.test, rows.validation), (500, 140), "{hidden:?}");
        assert_eq!(same.folds, None);
        let scored = place.succeed(&["predict", "run", "same.csv", "--label", "y", "--format", "json"]);
        let scored = scored.json()["rmse"].as_f64().unwrap();
        assert!((same.validation_rmse.unwrap() - scored).abs() < 1e-12 * scored, "{hidden:?}");
        place.succeed(&["train", "--again", "run", "--out", "none"]);
        // The iteration that is best there is one at which nothing has been learned, and the network was not fitted to these rows.
        let (other, _) = train("other.csv");
        assert!(other.test_rmse.unwrap() > 0.5 && same.test_rmse.unwrap() < 0.3, "{hidden:?}: {other:?}");
        let first = other.path.first().unwrap();
        let best = other.best_iteration.unwrap_or(0);
        assert!(best <= 4 * (first.iteration + 1), "{hidden:?}: {best}");
        if hidden[0] != "--layers" {
            let interval = same.interval.unwrap();
            assert!(interval.rows <= 140 && interval.rows > 100, "{}", interval.rows);
        }
    }
    let refused = |more: &[&str], parts: &[&str]| {
        let options = ["train", "t.csv", "--label", "y", "--validation", "same.csv"];
        place.fail(&[&options, more].concat(), 2, parts);
    };
    refused(&["--folds", "5"], &["--folds cannot be used with --validation"]);
    refused(&["--validation-fraction", "0.1"], &["--validation-fraction cannot be used with --validation"]);
    place.file("short.csv", "a,y\n1,2\n");
    let short = ["train", "t.csv", "--label", "y", "--validation", "short.csv"];
    place.fail(&short, 1, &["short.csv: there is no column 'b'"]);
}

#[test]
fn own_validation_rows_may_hold_text_and_classes() {
    let place = Place::new();
    let line = |i: usize| {
        let colour = ["red", "blue", "green"][(i * 7 + i / 3) % 3];
        let size = noise(i, 1.9);
        let kind = if (colour == "red") == (size > 0.0) { "yes" } else { "no" };
        format!("{colour},{},{kind}\n", if i % 11 == 3 { String::new() } else { size.to_string() })
    };
    let table = |rows: std::ops::Range<usize>, more: &str| {
        "colour,size,kind\n".to_owned() + &rows.map(line).collect::<String>() + more
    };
    place.file("t.csv", table(0..400, ""));
    // A level that the training rows lack.
    place.file("v.csv", table(400..500, "mauve,0.3,yes\n"));
    for hidden in ["drawn", "grown"] {
        let options = ["t.csv", "--label", "kind", "--validation", "v.csv", "--hidden", hidden, "--out", "m"];
        let (report, notes) = trained(&place, &[&options[..], &["--force"]].concat());
        assert!(notes.contains("column 'colour': text with 3 levels"), "{notes}");
        let classes = report.classification.unwrap();
        assert_eq!(classes.held_out.as_ref().unwrap().rows, 101);
        let scored = place.succeed(&["predict", "m", "v.csv", "--label", "kind", "--format", "json"]).json();
        let found = scored["class_scores"]["log_loss"].as_f64().unwrap();
        assert!((found - classes.held_out.unwrap().log_loss).abs() < 1e-12, "{hidden}");
    }
    place.file("v.csv", table(400..420, "red,0.3,perhaps\n"));
    let options = ["train", "t.csv", "--label", "kind", "--validation", "v.csv"];
    place.fail(&options, 1, &["v.csv, line 22, column 'kind': found 'perhaps', but the classes are no, yes"]);
}
