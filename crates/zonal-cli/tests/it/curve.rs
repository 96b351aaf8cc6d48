//! `zonal curve`.

use crate::common::Place;
use serde_json::Value;

fn curve(place: &Place, options: &[&str]) -> Value {
    let out = place.succeed(&[&["curve", "--format", "json"], options].concat());
    serde_json::from_str(&out.stdout).unwrap()
}

#[test]
fn more_rows_lower_the_error_and_the_limit_is_that_of_exact_expectations() {
    let place = Place::new();
    let options =
        ["--target", "0.8*harmonic(1) + 0.6*harmonic(2)", "--noise", "0.1", "--rows", "10,100,1e4,inf"];
    let report = curve(&place, &options);
    let errors: Vec<f64> =
        report["points"].as_array().unwrap().iter().map(|p| p["test_error"].as_f64().unwrap()).collect();
    assert!(errors.windows(2).all(|pair| pair[0] > pair[1]), "{errors:?}");
    assert!(errors[0] < 1.1 && (errors[3] - 0.1).abs() < 1e-9, "{errors:?}");
    assert_eq!(report["points"][3]["rows"], "inf");
    // About half of degree 2 is learned at 43 rows.
    let half = report["rows_half"][2]["rows"].as_f64().unwrap();
    let interpolating = curve(&place, &["--energies", "0,0.64,0.36", "--rows", "43", "--ridge", "0"]);
    let learned = interpolating["points"][0]["degrees"][2]["learned"].as_f64().unwrap();
    assert!((half - 43.3).abs() < 0.1 && (learned - 0.5).abs() < 0.01, "{half} {learned}");
}

#[test]
fn double_descent_has_its_peak_and_early_stopping_removes_it() {
    let place = Place::new();
    let options = ["--energies", "0,1", "--noise", "0.2", "--rows", "300", "--width", "100,300,1000"];
    let of = |more: &[&str]| -> Vec<Option<f64>> {
        let report = curve(&place, &[&options[..], more].concat());
        report["points"].as_array().unwrap().iter().map(|p| p["test_error"].as_f64()).collect()
    };
    let [Some(narrow), None, Some(wide)] = of(&["--ridge", "0"])[..] else { panic!("no peak") };
    assert!(wide < narrow + 0.2);
    // Without noise none of the infinite error is due to it.
    let clean = curve(&place, &["--energies", "0,1", "--rows", "100", "--width", "100", "--ridge", "0"]);
    let peak = &clean["points"][0];
    assert_eq!((&peak["test_error"], &peak["noise_share"]), (&Value::Null, &Value::from(0.0)));
    assert_eq!(peak["degrees"][1]["variance"], Value::Null);
    let stopped: Vec<f64> = of(&[]).into_iter().flatten().collect();
    assert!(stopped.len() == 3 && stopped[0] > stopped[1] && stopped[1] > stopped[2], "{stopped:?}");
    let text = place.succeed(&[&["curve"], &options[..], &["--ridge", "0,best"]].concat()).stdout;
    assert!(
        text.contains("infinite") && text.contains("best") && text.contains("near interpolation"),
        "{text}"
    );
    let csv = place.succeed(&[&["curve", "--format", "csv"], &options[..]].concat()).stdout;
    assert_eq!(csv.lines().count(), 4);
    assert!(
        csv.starts_with("rows,width,ridge,iterations,best,test_error") && csv.contains("learned_1"),
        "{csv}"
    );
}

#[test]
fn draws_agree_with_the_prediction_and_the_exit_code_says_so() {
    let place = Place::new();
    let options =
        ["--energies", "0.2,0.4,0.3", "--noise", "0.2", "--rows", "300,inf", "--width", "100", "-t"];
    let report = curve(&place, &[&options[..], &["300", "--simulate", "6", "--check"]].concat());
    assert_eq!((&report["holds"], &report["seeds"]), (&Value::Bool(true), &Value::from(6)));
    for point in report["points"].as_array().unwrap() {
        let (simulated, predicted) =
            (point["simulated"].as_f64().unwrap(), point["test_error"].as_f64().unwrap());
        assert!((simulated / predicted - 1.0).abs() < 0.03, "{point}");
        assert!(point["standard_error"].as_f64().unwrap() < 0.02);
    }
    // Few rows in a low dimension near interpolation: the prediction is too low.
    let few = [
        "--energies",
        "0.2,0.4,0.3,0.1",
        "--noise",
        "0.2",
        "-n",
        "5",
        "--rows",
        "40",
        "--width",
        "60",
        "--ridge",
        "1e-9",
    ];
    let call = [&["curve"], &few[..], &["--simulate", "200", "--check"]].concat();
    let out = place.zonal(&call);
    assert_eq!(out.code, 3, "{}", out.stdout);
    assert!(out.stdout.contains("does not agree"), "{}", out.stdout);
}

#[test]
fn figures_show_rows_and_widths() {
    let place = Place::new();
    let options =
        ["--energies", "0,1", "--rows", "30,300", "--width", "50,inf", "--figures", "svg", "--simulate", "2"];
    place.succeed(&[&["curve", "--max-degree", "12"], &options[..]].concat());
    let svg = std::fs::read_to_string(place.path().join("curve-rows.svg")).unwrap();
    assert!(svg.contains("infinitely many units") && svg.contains("50 units"));
    assert!(!place.path().join("curve-width.svg").exists());
}

#[test]
fn maps_show_what_is_learned_within_its_boundaries() {
    let place = Place::new();
    let options = ["--energies", "0.2,0.4,0.3,0,0.1", "--map"];
    let text = place.succeed(&[&["curve"], &options[..]].concat()).stdout;
    assert!(
        text.contains("by rows (down) and width (across)") && text.contains("half of degree 4"),
        "{text}"
    );
    let map = &curve(&place, &[&options[..], &["--ridge", "1e-8"]].concat())["map"];
    let boundaries = map["boundaries"].as_array().unwrap();
    assert_eq!(boundaries.len(), 4);
    // At a point of the map the closed form says whether half of degree 2 is learned.
    let number = |value: &Value| value.as_f64().unwrap();
    let list = |name: &str| map[name].as_array().unwrap().iter().map(number).collect::<Vec<f64>>();
    let (rows, widths) = (list("rows"), list("width"));
    assert_eq!((rows.len(), widths.len()), (21, 21));
    for (i, n) in rows.iter().enumerate() {
        for (j, m) in widths.iter().enumerate() {
            let learned = map["degree_learned"][i][j].as_u64().is_some_and(|k| k >= 2);
            if *n < 40.0 || *m < 40.0 {
                assert!(!learned, "{n} {m}");
            } else if *n > 60.0 && *m > 60.0 {
                assert!(learned, "{n} {m}");
            }
        }
    }
    place.succeed(&[&["curve"], &options[..], &["--figures", "svg"]].concat());
    let svg = std::fs::read_to_string(place.path().join("curve-map.svg")).unwrap();
    assert!(svg.contains("degree 4") && svg.contains("degree 1"));
    let csv = place.succeed(&[&["curve", "--format", "csv"], &options[..]].concat()).stdout;
    assert_eq!(
        (csv.lines().count(), csv.lines().next()),
        (442, Some("rows,width,test_error,degree_learned"))
    );
    place.fail(&[&["curve"], &options[..], &["-t", "1,2"]].concat(), 2, &["--map shows one fit", "2"]);
    place.fail(&[&["curve"], &options[..], &["--simulate"]].concat(), 2, &["--simulate", "--map"]);
}

#[test]
fn what_is_wrong_is_said() {
    let place = Place::new();
    for (options, code, words) in [
        (&["--rows", "10"][..], 2, &["no function to learn", "--target", "--energies"][..]),
        (&["--target", "x1", "--energies", "1"], 2, &["--energies cannot be used with --target"]),
        (&["--target", "x1", "--check"], 2, &["--check", "--simulate"]),
        (&["--energies", "0,-1"], 2, &["an energy", "-1"]),
        (&["--energies", "0,1", "--noise", "-1"], 2, &["the noise"]),
        (&["--energies", "0,1", "--rows", "0"], 2, &["the number of rows", "at least 1"]),
        (&["--energies", "0,1", "--ridge", "-1"], 2, &["the ridge"]),
        (
            &["--energies", "0,1", "--rows", "100", "-t", "10", "--step", "900"],
            2,
            &["the largest eigenvalue"],
        ),
        (&["--energies", "0,1", "--simulate", "2", "--rows", "1e8", "--width", "10"], 1, &["memory"]),
        (&["--energies", "0,1", "--simulate", "0"], 2, &["--simulate"]),
        (&["--target", "neuron(relu)", "--simulate"], 2, &["--simulate", "last degree", "--energies"]),
        (
            &["--energies", "0,1", "--rows", "2,100", "--width", "2"],
            2,
            &["the step", "at 2 rows and 2 units"],
        ),
    ] {
        place.fail(&[&["curve"], options].concat(), code, words);
    }
}

/// A table of a target that is learned slowly.
fn table(rows: usize) -> String {
    let at = |i: usize, k: f64| (i as f64 * k).sin();
    let line = |i: usize| {
        let (a, b, c) = (at(i, 1.3), at(i, 0.71), at(i, 17.1));
        format!(
            "{a},{b},{c},{},{}\n",
            (3.0 * a).sin() + b * c + 0.1 * at(i, 29.3),
            if a > 0.0 { "yes" } else { "no" }
        )
    };
    ["a,b,c,y,answer\n".to_owned()].into_iter().chain((0..rows).map(line)).collect()
}

/// Trains on the units of a curve: the error of rows left out is the measured one, up to the choice of an iteration or a ridge.
fn assert_near_training(place: &Place, options: &[&str], report: &Value) {
    let bias = report["bias"].to_string();
    let more =
        ["-a", "relu", "--bias", &bias, "--stop", "leave-one-out", "--test-fraction", "0", "--out", "none"];
    let out = place.succeed(&[&["train", "--format", "json"], options, &more].concat()).stdout;
    let trained: Value = serde_json::from_str(&out).unwrap();
    let (stopped, own) =
        (trained["validation_rmse"].as_f64().unwrap(), report["leave_one_out"].as_f64().unwrap());
    assert!((stopped / own - 1.0).abs() < 0.05, "{stopped} {own}");
}

#[test]
fn a_table_has_a_measured_error_and_estimates_at_more_rows() {
    let place = Place::new();
    place.file("t.csv", table(400));
    let options = ["t.csv", "--label", "y", "--exclude", "answer", "--width", "150", "--scale", "2"];
    let report = curve(&place, &options);
    assert_eq!((report["rows"].as_u64(), report["width"].as_u64()), (Some(400), Some(150)));
    let points = report["points"].as_array().unwrap();
    let rows: Vec<u64> = points.iter().map(|p| p["rows"].as_u64().unwrap()).collect();
    assert_eq!(rows, [800, 4_000]);
    let own = report["leave_one_out"].as_f64().unwrap();
    for point in points {
        let [low, high, law, equivalent] =
            ["low", "high", "power_law", "equivalent"].map(|name| point[name].as_f64().unwrap());
        assert!(low == law.min(equivalent) && high == law.max(equivalent) && 0.0 < low && low < own);
    }
    let parts: Vec<u64> =
        report["parts"].as_array().unwrap().iter().map(|p| p["rows"].as_u64().unwrap()).collect();
    assert_eq!(parts, [50, 100, 200, 400]);
    assert_near_training(&place, &options, &report);
    let text = place.succeed(&[&["curve"], &options[..], &["--rows", "1x,1000"]].concat()).stdout;
    assert!(text.contains("measured by leave-one-out") && text.contains("no bounds"), "{text}");
    let csv = place.succeed(&[&["curve", "--format", "csv"], &options[..]].concat()).stdout;
    assert_eq!(csv.lines().count(), 1 + 4 + 2, "{csv}");
    place.succeed(&[&["curve"], &options[..], &["--figures", "svg"]].concat());
    let svg = std::fs::read_to_string(place.path().join("curve.svg")).unwrap();
    assert!(svg.contains("RMSE of y") && svg.contains("power law"));
}

#[test]
fn curves_of_tables_refuse_by_name() {
    let place = Place::new();
    place.file("t.csv", table(400));
    place.file("small.csv", table(63));
    let base = ["curve", "t.csv", "--label", "y", "--exclude", "answer", "--width", "40", "--scale", "1"];
    for (more, words) in [
        (&["--rows", "0.5x"][..], &["--rows", "0.5x", "from 1x to 10x"][..]),
        (&["--rows", "11x"], &["11x", "from 1x to 10x"]),
        (&["--rows", "399"], &["399", "has 400 rows"]),
        (&["--rows", "inf"], &["--rows", "'inf'", "such as 2x"]),
        (&["--target", "x1"], &["--target", "DATA"]),
        (&["--ridge", "0"], &["--ridge", "DATA"]),
        (&["--map"], &["--map", "DATA"]),
        (&["--simulate"], &["--simulate", "DATA"]),
        (&["--check"], &["--check"]),
        (&["--dim", "4"], &["--dim", "DATA"]),
    ] {
        place.fail(&[&base[..], more].concat(), 2, words);
    }
    place.fail(&["curve", "t.csv"], 2, &["--label"]);
    place.fail(&["curve", "t.csv", "--label", "y,a", "--width", "40"], 2, &["one label", "a number"]);
    place.fail(&["curve", "t.csv", "--label", "y", "--width", "3"], 2, &["--width is 3", "at least 20"]);
    place.fail(
        &["curve", "t.csv", "--label", "y", "--width", "40,80"],
        2,
        &["--width", "one number of units"],
    );
    place.fail(
        &["curve", "t.csv", "--label", "answer", "--width", "40", "--scale", "1"],
        2,
        &["one label", "must be a number"],
    );
    place.fail(
        &["curve", "small.csv", "--label", "y", "--exclude", "answer", "--width", "40"],
        2,
        &["63 rows", "at least 64"],
    );
    place.fail(&["curve", "--energies", "0,1", "--label", "y"], 2, &["--label", "name a table"]);
    place.fail(&["curve", "absent.csv", "--label", "y"], 1, &["absent.csv"]);
}

#[test]
fn pages_show_curves_and_a_map() {
    let place = Place::new();
    place.file("t.csv", table(200));
    let widths = "10,20,40,80,100,120,160,320,640,1280";
    let options =
        ["--energies", "0,0.5,0.4,0.1", "--noise", "0.1", "--rows", "30,100,300", "--width", widths];
    let more = ["-t", "100,1e4,best", "--page", "pages/curve.html"];
    let outcome = place.succeed(&[&["curve"], &options[..], &more].concat());
    assert!(outcome.stderr.contains("wrote pages/curve.html"), "{}", outcome.stderr);
    let html = std::fs::read_to_string(place.path().join("pages/curve.html")).unwrap();
    for part in [
        "Test error by the number of rows",
        "Test error by the width",
        "Degrees learned",
        "Only some numbers of units are shown",
        "does not see degree 3",
        "rows for half of degree 2",
        "--page pages/curve.html",
    ] {
        assert!(html.contains(part), "{part}");
    }
    // At most eight lines in a figure.
    let figure = html.split("</figure>").find(|f| f.contains("by the number of rows")).unwrap();
    assert!(figure.matches("units, ").count() <= 2 * 8, "{}", figure.matches("units, ").count());
    // Its own pages are replaced, and no others.
    place.succeed(&[
        "curve",
        "t.csv",
        "--label",
        "y",
        "--exclude",
        "answer",
        "--width",
        "60",
        "--page",
        "pages/curve.html",
    ]);
    let html = std::fs::read_to_string(place.path().join("pages/curve.html")).unwrap();
    for part in ["y from more rows", "leave-one-out RMSE", "Estimated RMSE", "neither is a bound"] {
        assert!(html.contains(part), "{part}");
    }
    place.file("mine.html", "mine");
    place.fail(
        &["curve", "--energies", "0,1", "--rows", "100", "--page", "mine.html"],
        2,
        &["--page mine.html", "choose another"],
    );
    assert_eq!(std::fs::read_to_string(place.path().join("mine.html")).unwrap(), "mine");
}

/// Sweeps train networks on sampled rows: their mean losses are those that the curve predicts, within four standard errors and 3 %.
#[test]
fn sweeps_over_rows_agree() {
    let place = Place::new();
    let target = "0.8*harmonic(1) + 0.6*harmonic(2)";
    place.file(
        "sweep.toml",
        format!(
            "name = 'rows'\ntarget = '{target}'\ndim = 10\nactivation = 'relu'\nwidth = 80\nrows = [60, 200]\nnoise = 0.3\n\
             step = 8.0\niterations = [20, 300, 3000]\nseeds = 40\n"
        ),
    );
    let out = place.succeed(&["sweep", "sweep.toml", "--format", "json", "--out", "none"]).stdout;
    let sweep: Value = serde_json::from_str(&out).unwrap();
    // The sweep's noise is a deviation, the curve's a variance.
    let options = ["--target", target, "--noise", "0.09", "--rows", "60,200", "--width", "80", "--step", "8"];
    let report = curve(&place, &[&options[..], &["-t", "20,300,3000"]].concat());
    let mut compared = 0;
    for row in sweep["rows"].as_array().unwrap() {
        let is_same = |p: &&Value| p["rows"] == row["rows"] && p["iterations"] == row["iterations"];
        let Some(point) = report["points"].as_array().unwrap().iter().find(is_same) else { continue };
        let [mean, error] = ["loss", "loss_standard_error"].map(|name| row[name].as_f64().unwrap());
        let expected = point["excess"].as_f64().unwrap();
        assert!(
            (mean - expected).abs() < 4.0 * error + 0.03 * expected,
            "{row}: {mean} +- {error}, {expected}"
        );
        compared += 1;
    }
    assert_eq!(compared, 6);
}

/// Labels around the mean of rows with equal features are errors that nothing predicts.
#[test]
fn rows_with_equal_features_keep_the_scatter_of_their_labels() {
    let place = Place::new();
    let at = |i: usize, k: f64| (i as f64 * k).sin();
    let line =
        |i: usize| format!("{},{},{}\n", at(i % 150, 1.3), at(i % 150, 0.7), at(i % 150, 1.3) + at(i, 29.3));
    let rows = ["a,b,y\n".to_owned()].into_iter().chain((0..600).map(line)).collect::<String>();
    place.file("t.csv", rows);
    let base = ["t.csv", "--label", "y", "--width", "60", "--scale", "1"];
    let options = [&base[..], &["--rows", "1x,2x,2x"]].concat();
    let report = curve(&place, &options);
    assert_eq!(report["rows"], 150);
    let own = report["leave_one_out"].as_f64().unwrap();
    // The scatter has a mean square of 1/2; with four labels each the mean of a group is known to 1/8.
    assert!(own > 0.9 * 0.5f64.sqrt() && own < 1.2, "{own}");
    let points = report["points"].as_array().unwrap();
    assert_eq!(points.len(), 2, "repeated numbers count once");
    assert_eq!((points[0]["low"].as_f64(), points[0]["high"].as_f64()), (Some(own), Some(own)));
    assert!(points[1]["low"].as_f64().unwrap() > 0.9 * 0.5f64.sqrt());
    assert_near_training(&place, &base, &report);
    let notes = place.succeed(&[&["curve"], &options[..]].concat()).stderr;
    assert!(notes.contains("450 of the 600 rows repeat") && notes.contains("150 in all"), "{notes}");
}

#[test]
fn checks_compare_something() {
    let place = Place::new();
    let base = ["curve", "--energies", "0,1", "--noise", "0.2"];
    let fail = |more: &[&str], words: &[&str]| place.fail(&[&base[..], more].concat(), 2, words);
    fail(&["--rows", "inf", "--simulate", "4", "--check"], &["--check has nothing to compare"]);
    fail(
        &["--rows", "50", "--width", "50", "--ridge", "0", "--simulate", "4", "--check"],
        &["nothing to compare"],
    );
    fail(&["--rows", "50", "--simulate", "1", "--check"], &["--simulate 2"]);
    let one = [&base[..], &["--rows", "200", "-t", "100", "--simulate", "20", "--check"]].concat();
    assert!(place.succeed(&one).stdout.contains("1 point with a simulation agrees"));
}
