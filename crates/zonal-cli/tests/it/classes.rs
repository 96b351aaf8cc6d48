//! Labels that are classes: how they are found, spread over the parts, predicted and scored.

use crate::common::Place;
use zonal_documents::predict::PredictReport;
use zonal_documents::train::{ClassReport, ClassScores, TrainReport};

/// A pseudorandom number in [0, 1).
fn at(i: usize, salt: u64) -> f64 {
    let mut x = (i as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ salt.wrapping_mul(0xD1B5_4A32_D192_ED03);
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    (x ^ (x >> 31)) as f64 / 2f64.powi(64)
}

/// The probability of the class `yes` in a row.
fn chance(i: usize) -> f64 {
    let (a, b) = (4.0 * at(i, 1) - 2.0, 4.0 * at(i, 2) - 2.0);
    1.0 / (1.0 + (-2.0 * a * b).exp())
}

fn is_yes(i: usize) -> bool {
    at(i, 3) < chance(i)
}

/// A table with two columns and a label.
fn table(rows: usize, label: impl Fn(usize) -> String) -> String {
    let line = |i: usize| format!("{},{},{}\n", 4.0 * at(i, 1) - 2.0, 4.0 * at(i, 2) - 2.0, label(i));
    "a,b,answer\n".to_owned() + &(0..rows).map(line).collect::<String>()
}

fn words(i: usize) -> String {
    if is_yes(i) { "yes" } else { "no" }.to_owned()
}

fn trained(place: &Place, arguments: &[&str]) -> TrainReport {
    let iterations = if arguments.contains(&"both") { "500" } else { "1e6" };
    let common = ["--width", "60", "--iterations", iterations, "--format", "json"];
    serde_json::from_str(&place.succeed(&[&["train"], arguments, &common].concat()).stdout).unwrap()
}

fn classes(report: &TrainReport) -> (&ClassReport, &ClassScores) {
    let found = report.classification.as_ref().unwrap();
    (found, found.test.as_ref().unwrap())
}

fn refused(place: &Place, arguments: &[&str]) -> String {
    let out = place.zonal(&[&["train"], arguments, &["--out", "none"]].concat());
    assert!([1, 2].contains(&out.code), "{}", out.stderr);
    out.stderr
}

#[test]
fn probabilities_of_words_come_near_the_best_possible_ones() {
    let place = Place::new();
    place.file("t.csv", table(4_000, words));
    place.file(
        "new.csv",
        table(5_000, words).lines().enumerate().fold(String::new(), |text, (i, line)| {
            // Rows that no training has seen.
            if i == 0 || i > 4_000 { text + line + "\n" } else { text }
        }),
    );
    for options in
        [&["--hidden", "grown"][..], &["--hidden", "drawn"], &["--hidden", "drawn", "--folds", "4"]]
    {
        let report =
            trained(&place, &[&["t.csv", "--label", "answer", "--out", "run", "--force"], options].concat());
        let (found, test) = classes(&report);
        assert_eq!(
            (found.classes.as_slice(), report.labels.as_deref()),
            (["no".to_owned(), "yes".to_owned()].as_slice(), Some(["answer".to_owned()].as_slice()))
        );
        assert!((found.shares.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        assert_eq!(test.rows, report.rows.unwrap().test);
        // The expected log-loss of the true probabilities on rows 4,000 to 5,000, against what was found there.
        let scored = place.succeed(&["predict", "run", "new.csv", "--label", "answer", "--format", "json"]);
        let scored: PredictReport = serde_json::from_str(&scored.stdout).unwrap();
        let scores = scored.class_scores.unwrap();
        let own = |i: usize| if is_yes(i) { chance(i) } else { 1.0 - chance(i) };
        let best = (4_000..5_000).map(|i| -own(i).ln()).sum::<f64>() / 1_000.0;
        assert!(scores.log_loss < best + 0.03, "{options:?}: {} and {best}", scores.log_loss);
        assert!(scores.accuracy > 0.75 && scores.base_rate < 0.6 && scores.base_log_loss > 0.65);
        assert_eq!((scored.rmse, scored.label_rmse), (None, None));
        // Calibrated: the share of right predictions in each tenth is within four standard errors of the probability.
        for bin in &scores.calibration {
            let error = (bin.probability * (1.0 - bin.probability) / bin.rows as f64).sqrt();
            assert!((bin.right - bin.probability).abs() < 4.0 * error + 0.02, "{options:?}: {bin:?}");
        }
    }
}

#[test]
fn predictions_reproduce_the_measures_of_the_training() {
    let place = Place::new();
    let kinds = ["oak", "ash", "elm, wych"];
    let kind = |i: usize| format!("\"{}\"", kinds[if at(i, 9) < 0.1 { 2 } else { usize::from(is_yes(i)) }]);
    place.file("t.csv", table(700, kind));
    for (folder, options) in [
        ("grown", &[][..]),
        ("drawn", &["--hidden", "drawn"]),
        ("both", &["--layers", "both", "--activation", "tanh"]),
    ] {
        let report = trained(
            &place,
            &[&["t.csv", "--label", "answer", "--out", folder, "--at", "200"], options].concat(),
        );
        let (found, test) = classes(&report);
        let score = ["predict", folder, "t.csv", "--label", "answer", "--part", "test", "--format", "json"];
        let scored: PredictReport = serde_json::from_str(&place.succeed(&score).stdout).unwrap();
        assert_eq!(scored.class_scores.as_ref(), Some(test), "{folder}");
        assert_eq!(scored.classes.as_deref(), Some(["ash", "elm, wych", "oak"].map(String::from).as_slice()));
        // Each class has its share of the test rows, to one in each block of 60 rows.
        for (class, share) in found.shares.iter().enumerate() {
            let rows: u64 = test.confusion[class].iter().sum();
            assert!(
                (rows as f64 - share * test.rows as f64).abs() < 4.0,
                "{folder}: {rows} of class {class}"
            );
        }
        // Predictions without labels, as CSV and as JSON.
        let csv = place.succeed(&["predict", folder, "t.csv"]).stdout;
        let header = "row,prediction,answer=ash,\"answer=elm, wych\",answer=oak";
        assert_eq!(csv.lines().next(), Some(header));
        let json = place.succeed(&["predict", folder, "t.csv", "--format", "json"]).stdout;
        let all: PredictReport = serde_json::from_str(&json).unwrap();
        let rows = all.predictions.unwrap();
        assert_eq!((rows.len(), all.rows, all.class_scores), (700, 700, None));
        let mut losses = 0.0;
        for row in &rows {
            assert!((row.prediction.iter().sum::<f64>() - 1.0).abs() < 1e-12);
            let name = row.class.as_deref().unwrap();
            let most = all.classes.as_ref().unwrap().iter().position(|class| class == name).unwrap();
            assert!(row.prediction.iter().all(|p| *p <= row.prediction[most]));
            let own = all
                .classes
                .as_ref()
                .unwrap()
                .iter()
                .position(|class| format!("\"{class}\"") == kind(row.row as usize));
            losses -= row.prediction[own.unwrap()].ln();
        }
        let whole = ["predict", folder, "t.csv", "--label", "answer", "--format", "json"];
        let whole: PredictReport = serde_json::from_str(&place.succeed(&whole).stdout).unwrap();
        assert!((whole.class_scores.unwrap().log_loss - losses / 700.0).abs() < 1e-12);
        let first = rows[0].class.as_deref().unwrap();
        let name = if first.contains(',') { format!("\"{first}\"") } else { first.to_owned() };
        assert!(csv.lines().nth(1).unwrap().starts_with(&format!("0,{name},{}", rows[0].prediction[0])));
    }
}

#[test]
fn booleans_and_numbers_are_classes_only_where_that_is_meant() {
    let place = Place::new();
    place.file("b.csv", table(300, |i| if is_yes(i) { "True" } else { "False" }.to_owned()));
    place.file("n.csv", table(300, |i| if is_yes(i) { "10" } else { "9" }.to_owned()));
    let booleans = trained(&place, &["b.csv", "--label", "answer", "--out", "none"]);
    assert_eq!(classes(&booleans).0.classes, ["false", "true"]);
    let numbers = trained(&place, &["n.csv", "--label", "answer", "--task", "classify", "--out", "none"]);
    assert_eq!(classes(&numbers).0.classes, ["9", "10"]);
    assert_eq!(classes(&numbers).1, classes(&booleans).1);
    let regression = trained(&place, &["n.csv", "--label", "answer", "--out", "none"]);
    assert!(regression.classification.is_none() && regression.test_rmse.is_some());
    let forced = trained(&place, &["b.csv", "--label", "answer", "--task", "regress", "--out", "none"]);
    assert!(forced.classification.is_none());
    let text = place.succeed(&["train", "n.csv", "--label", "answer", "--width", "20", "--out", "none"]);
    assert!(text.stderr.contains("has 2 different values, all whole numbers"), "{}", text.stderr);
}

#[test]
fn labels_that_are_no_classes_are_refused_with_what_to_do() {
    let place = Place::new();
    place.file("t.csv", table(300, words));
    place.file("one.csv", table(60, |_| "yes".to_owned()));
    place.file("late.csv", table(60, |i| if i == 40 { "maybe".to_owned() } else { "1".to_owned() }));
    place.file("many.csv", table(1_200, |i| format!("name{i}")));
    place.file("new.csv", table(60, |i| if i == 40 { "maybe".to_owned() } else { words(i) }));
    let of = |arguments: &[&str]| refused(&place, arguments);
    assert!(
        of(&["one.csv", "--label", "answer"])
            .contains("is 'yes' in all rows, but classification needs at least two")
    );
    assert!(
        of(&["many.csv", "--label", "answer"]).contains("more than 1000 different values, such as 'name0'")
    );
    let late = of(&["late.csv", "--label", "answer"]);
    assert!(late.contains("found 'maybe'") && late.contains("--task classify"), "{late}");
    let several = of(&["t.csv", "--label", "answer,a", "--task", "classify"]);
    assert!(several.contains("needs one label, but 2 are named: answer, a"), "{several}");
    let unknown = of(&["t.csv", "--label", "answer", "--test", "new.csv"]);
    assert!(
        unknown.contains("found 'maybe', but the classes are no, yes") && unknown.contains("line 42"),
        "{unknown}"
    );
    assert!(of(&["t.csv", "--label", "answer", "--task", "regress"]).contains("the label must be a number"));
    trained(&place, &["t.csv", "--label", "answer", "--out", "run"]);
    place.fail(&["predict", "run", "new.csv", "--label", "answer"], 1, &["found 'maybe'", "line 42"]);
}

#[test]
fn text_and_holes_beside_classes_do_not_move_rows_between_parts() {
    let place = Place::new();
    let colour = |i: usize| ["red", "blue", ""][(at(i, 5) * 3.0) as usize];
    let mixed = |label: &dyn Fn(usize) -> String| {
        let line = |i: usize| format!("{},{},{}\n", 4.0 * at(i, 1) - 2.0, colour(i), label(i));
        "a,colour,answer\n".to_owned() + &(0..500).map(line).collect::<String>()
    };
    // Every tenth label is missing.
    place.file("t.csv", mixed(&|i| if i % 10 == 7 { String::new() } else { words(i) }));
    let report = trained(&place, &["t.csv", "--label", "answer", "--out", "run"]);
    let rows = report.rows.unwrap();
    assert_eq!((rows.dropped, rows.train + rows.test), (50, 450));
    let columns = report.encoded_columns.as_ref().unwrap();
    assert_eq!(columns[0].column, "colour");
    assert!(columns[0].treatment.contains(" values ("), "{}", columns[0].treatment);
    let score = ["predict", "run", "t.csv", "--label", "answer", "--part", "test", "--format", "json"];
    let scored: PredictReport = serde_json::from_str(&place.succeed(&score).stdout).unwrap();
    assert_eq!(scored.class_scores.as_ref(), Some(classes(&report).1));
    let unlabelled = place.succeed(&["predict", "run", "t.csv", "--part", "test"]);
    assert_eq!(unlabelled.stdout.lines().count() as u64, 1 + rows.test);
}

#[test]
fn a_run_of_classes_is_repeated_and_shown_on_a_page() {
    let place = Place::new();
    place.file("t.csv", table(300, words));
    trained(&place, &["t.csv", "--label", "answer", "--out", "run"]);
    let again = place.succeed(&["train", "--again", "run"]);
    assert!(again.stdout.starts_with("agrees: identical bit by bit"), "{}", again.stdout);
    let page = std::fs::read_to_string(place.path().join("run/report.html")).unwrap();
    for part in ["Calibration on test rows", "Confusion: test rows", "test accuracy", "log-loss"] {
        assert!(page.contains(part), "{part}");
    }
    let metrics = std::fs::read_to_string(place.path().join("run/metrics.csv")).unwrap();
    assert!(metrics.lines().next().unwrap().contains(",log_loss,"));
}
