//! Intervals around predictions: their coverage, and where there are none.

use crate::common::{Place, diabetes};
use zonal_documents::predict::PredictReport;
use zonal_documents::train::TrainReport;

/// Rows with noise whose deviation does not depend on the row, and a second label.
fn table(rows: usize) -> String {
    let unit = |i: usize, k: f64| ((i as f64 + 1.0) * k).sin() * 43_758.545_3 % 1.0;
    let line = |i: usize| {
        let (a, b) = (unit(i, 12.9898), unit(i, 78.233));
        // The sum of four numbers, nearly normal.
        let noise: f64 = [3.1, 5.7, 9.3, 11.9].iter().map(|k| unit(i, *k)).sum();
        format!("{a},{b},{},{}\n", a * b + 0.2 * noise, 100.0 * (a - b) + 10.0 * noise)
    };
    "a,b,y,z\n".to_owned() + &(0..rows).map(line).collect::<String>()
}

fn trained(place: &Place, arguments: &[&str]) -> TrainReport {
    let common = ["--width", "60", "--iterations", "1e5", "--format", "json"];
    serde_json::from_str(&place.succeed(&[&["train"], arguments, &common].concat()).stdout).unwrap()
}

#[test]
fn intervals_cover_test_rows_as_often_as_they_say() {
    let place = Place::new();
    place.file("t.csv", table(4_000));
    for (options, out) in [
        (&["--hidden", "drawn"][..], "drawn"),
        (&["--hidden", "drawn", "--folds", "4"], "folds"),
        (&["--hidden", "drawn", "--refit"], "refit"),
        (&["--hidden", "grown"], "grown"),
        (&["--layers", "both", "--method", "lbfgs", "--activation", "tanh"], "both"),
    ] {
        let common = ["t.csv", "--label", "y,z", "--interval", "0.8", "--out", out];
        let report = trained(&place, &[&common[..], options].concat());
        let interval = report.interval.unwrap();
        let coverage = interval.test_coverage.unwrap();
        // About 800 test rows and as many held-out ones: five standard errors of both together.
        let slack = 5.0 * (2.0 * 0.16 / 800.0_f64).sqrt();
        assert!(coverage.iter().all(|share| (share - 0.8).abs() < slack), "{out}: {coverage:?}");
        assert!(interval.rows >= 700 && interval.half_width[1] > 10.0 * interval.half_width[0]);
        let score = [
            "predict",
            out,
            "t.csv",
            "--label",
            "y,z",
            "--part",
            "test",
            "--interval",
            "0.8",
            "--format",
            "json",
        ];
        let scored: PredictReport = serde_json::from_str(&place.succeed(&score).stdout).unwrap();
        assert_eq!(scored.coverage, Some(coverage));
        let csv = place.succeed(&["predict", out, "t.csv", "--interval", "0.8"]).stdout;
        assert_eq!(csv.lines().next(), Some("row,y,y lower,y upper,z,z lower,z upper"));
        let cells: Vec<f64> =
            csv.lines().nth(1).unwrap().split(',').map(|cell| cell.parse().unwrap()).collect();
        assert!((cells[1] - cells[2] - interval.half_width[0]).abs() < 1e-12);
        let json = place.succeed(&["predict", out, "t.csv", "--interval", "0.8", "--format", "json"]).stdout;
        let all: PredictReport = serde_json::from_str(&json).unwrap();
        assert_eq!(all.predictions.unwrap()[0].interval.as_ref().unwrap()[1], [cells[5], cells[6]]);
        // A wider interval covers more.
        let wide = [
            "predict",
            out,
            "t.csv",
            "--label",
            "y,z",
            "--part",
            "test",
            "--interval",
            "0.95",
            "--format",
            "json",
        ];
        let wide: PredictReport = serde_json::from_str(&place.succeed(&wide).stdout).unwrap();
        assert!(wide.coverage.unwrap()[0] > scored.coverage.unwrap()[0] + 0.05);
    }
}

#[test]
fn where_there_are_no_intervals_the_reason_is_said() {
    let place = Place::new();
    place.file("t.csv", table(300));
    let table_of_patients = diabetes();
    let d = table_of_patients.as_str();
    let text = place.succeed(&["train", d, "--label", "progression", "--out", "d"]).stdout;
    assert!(
        text.contains("90.00 % intervals: prediction +- ") && text.contains(" % of the test rows"),
        "{text}"
    );
    let all =
        ["t.csv", "--label", "y", "--hidden", "drawn", "--validation-fraction", "0", "--out", "none-held"];
    assert!(trained(&place, &all).interval.is_none());
    place.fail(&["predict", "none-held", "t.csv", "--interval", "0.9"], 2, &["no rows were held out"]);
    place.fail(&["predict", "d", d, "--interval", "0.9999"], 2, &["at most 0.99", "rows were held out"]);
    place.fail(&["predict", "d", d, "--interval", "1"], 2, &["above 0 and below 1"]);
    place.fail(
        &["predict", "d", d, "--interval", "0.9", "--iteration", "0"],
        2,
        &["those of the best iteration"],
    );
    place.fail(&["train", "t.csv", "--label", "y", "--interval", "1.5"], 2, &["--interval"]);
    let few = place.succeed(&[
        "train",
        "t.csv",
        "--label",
        "y",
        "--interval",
        "0.999",
        "--out",
        "none",
        "--width",
        "20",
    ]);
    assert!(few.stderr.contains("no interval is reported"), "{}", few.stderr);
    let words =
        (0..300).map(|i| format!("{},{}\n", i * 37 % 101, if i * 37 % 101 < 50 { "low" } else { "high" }));
    place.file("c.csv", "a,kind\n".to_owned() + &words.collect::<String>());
    trained(&place, &["c.csv", "--label", "kind", "--out", "c"]);
    place.fail(&["predict", "c", "c.csv", "--interval", "0.9"], 2, &["the network predicts classes"]);
}
