//! Grown hidden units on tables.

use crate::common::Place;
use zonal_documents::predict::PredictReport;
use zonal_documents::train::TrainReport;

/// A label with a step, a kink and an interaction, which all-column units learn slowly; one column is noise.
fn table(rows: usize, odd_cell: Option<f64>) -> String {
    let at = |i: usize, k: f64| (i as f64 * k).sin();
    let mut text = "a,b,c,noise,w,y,z\n".to_owned();
    for i in 0..rows {
        let (a, b, c, noise) = (at(i, 1.3), at(i, 0.71), at(i, 2.9), at(i, 17.1));
        let step = if b > 0.2 { 1.0 } else { 0.0 };
        let (y, z) = (step + (a - c).abs() + 0.1 * at(i, 31.7), 5.0 * a * b + 100.0);
        let shown = odd_cell.filter(|_| i == 3).unwrap_or(a);
        text += &format!("{shown},{b},{c},{noise},{},{y},{z}\n", 1 + i % 3);
    }
    text
}

const SMALL: [&str; 8] = ["--hidden", "grown", "--width", "60", "--folds", "3", "--format", "json"];

fn trained(place: &Place, arguments: &[&str]) -> TrainReport {
    let out = place.succeed(&[&["train", "t.csv", "--features", "a,b,c,noise"], arguments].concat());
    serde_json::from_str(&out.stdout).unwrap()
}

#[test]
fn grown_units_learn_what_drawn_ones_do_not_and_say_what_they_are() {
    let place = Place::new();
    place.file("t.csv", table(700, None));
    let grown = trained(&place, &[&["--label", "y", "--out", "g"], &SMALL[..]].concat());
    let drawn = trained(
        &place,
        &["--label", "y", "--hidden", "drawn", "--width", "180", "--out", "none", "--format", "json"],
    );
    let (a, b) = (grown.test_rmse.unwrap(), drawn.test_rmse.unwrap());
    assert!(a < 0.9 * b, "{a} {b}");
    assert_eq!((grown.networks, grown.total_width, grown.folds), (Some(3), Some(180), Some(3)));
    assert_eq!((grown.best_iteration, grown.bias, grown.activation.clone()), (None, None, None));
    assert_eq!(grown.best_iterations.as_ref().unwrap().len(), 3);
    let importances = grown.importances.as_ref().unwrap();
    assert_eq!(importances.last().unwrap().feature, "noise");
    assert!(importances.last().unwrap().share < 0.05, "{importances:?}");

    // The file predicts with the bits of the training; so does another number of threads and a repetition.
    let score =
        place.succeed(&["predict", "g", "t.csv", "--label", "y", "--part", "test", "--format", "json"]);
    let score: PredictReport = serde_json::from_str(&score.stdout).unwrap();
    assert_eq!(score.rmse, grown.test_rmse);
    trained(&place, &[&["--label", "y", "--out", "one", "--threads", "1"], &SMALL[..]].concat());
    let read = |run: &str, file: &str| std::fs::read(place.path().join(run).join(file)).unwrap();
    for file in ["metrics.jsonl", "model.safetensors"] {
        assert!(read("g", file) == read("one", file), "{file}");
    }
    assert!(place.succeed(&["train", "--again", "g"]).stdout.contains("identical bit by bit"));
    // A network's file of other units cannot be repeated on.
    place.succeed(&[
        "train",
        "t.csv",
        "--features",
        "a,b",
        "--label",
        "y",
        "--width",
        "6",
        "--folds",
        "3",
        "--out",
        "o",
    ]);
    std::fs::copy(place.path().join("o/model.safetensors"), place.path().join("one/model.safetensors"))
        .unwrap();
    let other = place.zonal(&["train", "--again", "one"]);
    assert!(other.code == 1 && other.stderr.contains("columns of the units of the file"), "{}", other.stderr);
    let options =
        [&["train", "t.csv", "--features", "a,b,c,noise", "--label", "y", "--out", "none"], &SMALL[..6]];
    let text = place.succeed(&options.concat());
    for part in ["mean of 3 networks of 60 grown units (relu, tanh and sin)", "guarantee: does not apply"] {
        assert!(text.stdout.contains(part), "{}", text.stdout);
    }
    let page = std::fs::read_to_string(place.path().join("g/report.html")).unwrap();
    assert!(page.contains("do not apply") && page.contains("What the network moves with"));
    // The curve for comparison is that of drawn units.
    let drawn = ["--hidden", "drawn", "--activation", "relu", "--bias", "1", "--validation-fraction", "0"];
    let rest = ["--label", "y", "--width", "60", "--out", "none", "--format", "json"];
    let drawn = trained(&place, &[&drawn[..], &rest].concat());
    for (a, b) in grown.path.iter().zip(&drawn.path) {
        let (a, b) = (a.drawn_test_loss.unwrap(), b.test_loss.unwrap());
        assert!((a - b).abs() < 1e-9 * b, "{a} {b}");
    }
    assert!(page.contains("test, drawn units") && page.contains("60 ReLU units drawn at random"));
}

#[test]
fn several_labels_and_weights_are_learned_together() {
    let place = Place::new();
    place.file("t.csv", table(600, None));
    let both = trained(&place, &[&["--label", "y,z", "--weight", "w", "--out", "none"], &SMALL[..]].concat());
    let errors = both.label_errors.unwrap();
    // Deviations of the labels are about 0.7 and 2.5.
    assert!(errors[0].test_rmse.unwrap() < 0.3 && errors[1].test_rmse.unwrap() < 0.5, "{errors:?}");
    let one =
        trained(&place, &[&["--label", "y", "--activation", "gelu", "--out", "none"], &SMALL[..]].concat());
    assert_eq!(one.activation.unwrap().name(), "gelu");
}

#[test]
fn one_cell_far_away_is_named_and_does_little_harm() {
    let place = Place::new();
    place.file("t.csv", table(700, None));
    let options = [&["--label", "y", "--out", "none"], &SMALL[..]].concat();
    let plain = trained(&place, &options);
    place.file("t.csv", table(700, Some(1e15)));
    let out = place.succeed(&[&["train", "t.csv", "--features", "a,b,c,noise"], &options[..]].concat());
    let odd: TrainReport = serde_json::from_str(&out.stdout).unwrap();
    assert!(out.stderr.contains("column 'a' has the value 1.000e15, far outside"), "{}", out.stderr);
    let (a, b) = (odd.test_rmse.unwrap(), plain.test_rmse.unwrap());
    assert!(a <= 1.1 * b, "{a} {b}");
}

#[test]
fn options_of_drawn_units_are_refused_by_name() {
    let place = Place::new();
    place.file("t.csv", table(60, None));
    let base = ["train", "t.csv", "--label", "y", "--out", "none", "--hidden", "grown"];
    for (option, part) in [
        (&["--refit"][..], "--refit cannot be used with --hidden grown"),
        (&["--validation-fraction", "0.1"], "--validation-fraction cannot be used with --hidden"),
        (&["--scale", "2"], "--scale cannot be used with --hidden"),
        (&["--layers", "both"], "for iterative training use --hidden drawn"),
    ] {
        place.fail(&[&base[..], option].concat(), 2, &[part]);
    }
    place.fail(
        &["train", "--target", "x1", "--hidden", "grown"],
        2,
        &["--hidden cannot be used with --target"],
    );
    // Sizes whose squares exceed 128 bits.
    place.fail(&[&base[..], &["--width", "1e18"]].concat(), 1, &["width"]);
    // Too few rows for two folds.
    place.file("t.csv", table(4, None));
    place.fail(&base, 1, &["the train part has"]);
}
