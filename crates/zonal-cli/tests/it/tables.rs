//! Tables in all their forms: formats, several files and labels, folds, solvers, interruption.

use crate::common::{Place, diabetes, stopped};
use zonal_documents::analyze::AnalyzeReport;
use zonal_documents::predict::PredictReport;
use zonal_documents::train::TrainReport;

/// Rows of three features and two labels, as values row after row.
pub(crate) fn values(rows: usize) -> Vec<[f64; 5]> {
    let at = |i: usize, k: f64| (i as f64 * k).sin();
    (0..rows)
        .map(|i| {
            let (a, b, c) = (at(i, 1.3), at(i, 0.71) + 0.1 * at(i, 2.9), at(i, 17.1));
            [a, b, c, a * b + 0.3 * c, 50.0 * (a - c) + 7.0]
        })
        .collect()
}

pub(crate) fn csv(rows: &[[f64; 5]]) -> String {
    let lines = rows.iter().map(|r| r.map(|x| x.to_string()).join(",") + "\n");
    ["a,b,c,y,z\n".to_owned()].into_iter().chain(lines).collect()
}

/// A matrix as an .npy file.
fn npy(rows: &[[f64; 5]]) -> Vec<u8> {
    let mut header = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': ({}, 5), }}", rows.len());
    while (header.len() + 11) % 64 != 0 {
        header.push(' ');
    }
    header.push('\n');
    let length = u16::try_from(header.len()).unwrap().to_le_bytes();
    let data: Vec<u8> = rows.iter().flatten().flat_map(|x| x.to_le_bytes()).collect();
    [b"\x93NUMPY\x01\x00", &length[..], header.as_bytes(), &data].concat()
}

pub(crate) fn trained(place: &Place, arguments: &[&str]) -> TrainReport {
    let common = [
        "--hidden",
        "drawn",
        "--width",
        "120",
        "--activation",
        "tanh",
        "--iterations",
        "1e6",
        "--format",
        "json",
    ];
    let out = place.succeed(&[&["train"], arguments, &common].concat());
    serde_json::from_str(&out.stdout).unwrap()
}

#[test]
fn one_table_in_several_forms_is_one_training() {
    let place = Place::new();
    let rows = values(900);
    place.file("t.csv", csv(&rows));
    place.file("part-1.csv", csv(&rows[..400]));
    place.file("part-2.csv", csv(&rows[400..]));
    place.file("t.npy", npy(&rows));
    let whole = trained(&place, &["t.csv", "--label", "y,z", "--out", "whole"]);
    trained(&place, &["part-*.csv", "--label", "y", "--label", "z", "--out", "parts"]);
    trained(&place, &["t.npy", "--label", "c4,c5", "--out", "npy"]);
    let read = |run: &str, file: &str| std::fs::read(place.path().join(run).join(file)).unwrap();
    for run in ["parts", "npy"] {
        assert!(read("whole", "metrics.jsonl") == read(run, "metrics.jsonl"), "{run}");
    }
    assert!(read("whole", "model.safetensors") == read("parts", "model.safetensors"));

    // Each label has errors of its own, and predict gives the same bits.
    let errors = whole.label_errors.unwrap();
    assert_eq!(errors.iter().map(|e| e.label.as_str()).collect::<Vec<_>>(), ["y", "z"]);
    assert!(errors[1].test_rmse.unwrap() < 1.0 && errors[0].test_rmse.unwrap() < 0.1);
    let out =
        place.succeed(&["predict", "whole", "t.csv", "--label", "y,z", "--part", "test", "--format", "json"]);
    let report: PredictReport = serde_json::from_str(&out.stdout).unwrap();
    assert_eq!(report.rmse, whole.test_rmse);
    assert_eq!(report.label_rmse.unwrap(), errors.iter().map(|e| e.test_rmse.unwrap()).collect::<Vec<_>>());
    let swapped = ["predict", "whole", "t.csv", "--label", "z,y", "--part", "test", "--format", "json"];
    let again: PredictReport = serde_json::from_str(&place.succeed(&swapped).stdout).unwrap();
    assert_eq!(again.rmse, whole.test_rmse);
    let text = place.succeed(&["predict", "whole", "part-1.csv", "part-2.csv"]).stdout;
    assert!(text.starts_with("row,y,z\n0,") && text.lines().count() == 901);
    // The labels' mean is what the untrained network predicts.
    let mean = whole.path[0].loss;
    assert!((mean.sqrt() / whole.initial_loss.sqrt() - 1.0).abs() < 1e-12);
    place.fail(&["predict", "whole", "t.csv", "--label", "y"], 2, &["names 1 columns", "predicts 2: y, z"]);
}

#[test]
fn solvers_agree_and_say_what_they_did() {
    let place = Place::new();
    place.file("t.csv", csv(&values(2_000)));
    let base = [
        "train",
        "--hidden",
        "drawn",
        "t.csv",
        "--label",
        "y,z",
        "--width",
        "500",
        "--activation",
        "relu",
        "--bias",
        "1",
    ];
    let with = |solver: &'static str| {
        let more = ["--iterations", "1e5", "--solver", solver, "--out", "none", "--format", "json"];
        let out = place.succeed(&[&base[..], &more].concat());
        serde_json::from_str::<TrainReport>(&out.stdout).unwrap()
    };
    let (dense, lanczos, auto) = (with("dense"), with("lanczos"), with("auto"));
    assert_eq!(dense.solver.unwrap().steps, None);
    for report in [&lanczos, &auto] {
        let solver = report.solver.unwrap();
        assert!(solver.steps.unwrap() < 500 && solver.prediction_error.unwrap() <= 1e-9);
        let (low, high) = (solver.loss_lower.unwrap(), solver.loss_upper.unwrap());
        assert!(low <= dense.loss * (1.0 + 1e-9) && dense.loss <= high * (1.0 + 1e-9));
    }
    for (a, b) in dense.path.iter().zip(&lanczos.path) {
        let close = |x: f64, y: f64| (x - y).abs() <= 1e-8 * dense.initial_loss;
        assert!(close(a.loss, b.loss), "{}", a.iteration);
        assert!(close(a.validation_loss.unwrap(), b.validation_loss.unwrap()), "{}", a.iteration);
        assert!(close(a.test_loss.unwrap(), b.test_loss.unwrap()), "{}", a.iteration);
    }
    let step = (1.4 * dense.step_size).to_string();
    place.fail(
        &[&base[..], &["--out", "none", "--solver", "lanczos", "--step", &step]].concat(),
        2,
        &["the step", "Lanczos"],
    );
    place.succeed(&[&base[..], &["--out", "none", "--step", &step, "--iterations", "1000"]].concat());
}

#[test]
#[ignore = "slow"]
fn threads_do_not_change_a_bit_over_several_blocks_and_either_solver() {
    let place = Place::new();
    place.file("t.csv", csv(&values(40_000)));
    let read = |run: &str, file: &str| std::fs::read(place.path().join(run).join(file)).unwrap();
    for (solver, precision) in [("lanczos", "f64"), ("dense", "f32")] {
        let runs = ["1", "2", "4"].map(|threads| {
            let out = format!("{solver}-{threads}");
            let base = [
                "train",
                "--hidden",
                "drawn",
                "t.csv",
                "--label",
                "y,z",
                "--activation",
                "tanh",
                "--scale",
                "2",
                "--bias",
                "1",
            ];
            let more =
                ["--width", "330", "--iterations", "1e5", "--solver", solver, "--precision", precision];
            place.succeed(&[&base[..], &more, &["--threads", threads, "--out", &out]].concat());
            out
        });
        for file in ["metrics.jsonl", "model.safetensors"] {
            assert!(read(&runs[0], file) == read(&runs[1], file), "{solver} {file}: 1 and 2 threads");
            assert!(read(&runs[0], file) == read(&runs[2], file), "{solver} {file}: 1 and 4 threads");
        }
    }
}

#[test]
fn folds_and_refit_use_more_rows_and_leave_the_test_rows_alone() {
    let place = Place::new();
    place.file("t.csv", csv(&values(600)));
    let base = ["t.csv", "--label", "y", "--scale", "2", "--bias", "1", "--out", "none"];
    let split_off = ["--stop", "validation"];
    let plain = trained(&place, &[&base[..], &split_off].concat());
    let refit = trained(&place, &[&base[..], &split_off, &["--refit"]].concat());
    let folds = trained(&place, &[&base[..], &["--folds", "4"]].concat());
    assert_eq!((plain.refit, refit.refit, folds.refit), (Some(false), Some(true), Some(true)));
    assert_eq!(plain.best_iteration, refit.best_iteration);
    // The networks that chose the iteration are the same.
    for (a, b) in plain.path.iter().zip(&refit.path) {
        assert_eq!(a.validation_loss, b.validation_loss);
    }
    assert_ne!(plain.test_rmse, refit.test_rmse);
    // With refit the path is of training and validation rows together, and the table names them.
    let shown = |more: &[&str]| place.succeed(&[&["train"], &base[..], more].concat()).stdout;
    let fitted = "train+validation RMSE";
    assert!(shown(&["--refit", "--stop", "validation"]).contains(fitted) && !shown(&[]).contains(fitted));
    assert!(!shown(&["--folds", "4"]).contains(fitted), "folds leave no validation rows");
    let best = |r: &TrainReport| r.best().unwrap().loss.sqrt();
    assert!((best(&plain) / plain.train_rmse.unwrap() - 1.0).abs() < 1e-9);
    assert!((best(&refit) / refit.train_rmse.unwrap() - 1.0).abs() > 1e-6);
    let (rows, of_folds) = (plain.rows.unwrap(), folds.rows.unwrap());
    assert_eq!((of_folds.train, of_folds.validation), (rows.train + rows.validation, 0));
    assert_eq!(of_folds.test, rows.test);
    assert!(folds.validation_rmse.unwrap() < 0.05 && folds.test_rmse.unwrap() < 0.05);
    let fail = |more: &[&str], parts: &[&str]| {
        place.fail(&[&["train", "t.csv", "--label", "y"], more].concat(), 2, parts);
    };
    fail(&["--folds", "1"], &["--folds is 1", "from 2 to 20"]);
    fail(&["--folds", "3", "--validation-fraction", "0.1"], &["--validation-fraction"]);
}

#[test]
fn the_path_as_csv_has_roots_beside_mean_squares() {
    let place = Place::new();
    place.file("t.csv", csv(&values(300)));
    let base = [
        "train", "--hidden", "drawn", "t.csv", "--label", "y", "-a", "tanh", "--width", "50", "--at",
        "1,100", "--format", "csv",
    ];
    let table = place.succeed(&[&base[..], &["--out", "run"]].concat()).stdout;
    assert_eq!(table, std::fs::read_to_string(place.path().join("run/metrics.csv")).unwrap());
    let cells: Vec<Vec<&str>> = table.lines().map(|line| line.split(',').collect()).collect();
    let column = |name: &str| cells[0].iter().position(|c| *c == name).unwrap();
    for (square, root) in
        [("loss", "rmse"), ("validation_loss", "validation_rmse"), ("test_loss", "test_rmse")]
    {
        for row in &cells[1..] {
            let [square, root] = [square, root].map(|name| row[column(name)].parse::<f64>().unwrap());
            assert_eq!(square.sqrt(), root);
        }
    }
    // On targets the table prints the same mean squares as the CSV.
    let target =
        place.succeed(&["train", "--target", "x1", "--at", "1", "--format", "csv", "--out", "none"]).stdout;
    assert!(!target.contains("rmse"), "{target}");
}

#[test]
fn single_precision_is_close_to_double() {
    let place = Place::new();
    place.file("t.csv", csv(&values(3_000)));
    let base = ["t.csv", "--label", "y", "--scale", "2", "--bias", "1", "--out", "none", "--at", "100,10000"];
    let base = [&base[..], &["--stop", "validation"]].concat();
    let wide = trained(&place, &base);
    let narrow = trained(&place, &[&base[..], &["--precision", "f32"]].concat());
    for (a, b) in wide.path.iter().zip(&narrow.path).take(3) {
        assert!((a.loss - b.loss).abs() < 1e-5 * wide.initial_loss, "{}: {} {}", a.iteration, a.loss, b.loss);
        assert_eq!(a.loss == b.loss, a.iteration == 0);
    }
}

#[test]
fn what_a_table_holds_is_said_before_any_network() {
    let place = Place::new();
    let mut rows = values(1_500);
    // Every row twice, with labels that differ by 0.2: a noise floor of 0.1 sqrt 2 (one degree of freedom each).
    let again: Vec<[f64; 5]> = rows.iter().map(|r| [r[0], r[1], r[2], r[3] + 0.2, r[4]]).collect();
    rows.extend(again);
    place.file("t.csv", csv(&rows));
    let out = place.succeed(&["analyze", "t.csv", "--label", "y,z", "--format", "json"]);
    let report: AnalyzeReport = serde_json::from_str(&out.stdout).unwrap();
    let y = &report.labels[0];
    assert_eq!(report.repeated_rows, 3_000);
    assert!((y.noise_rmse.unwrap() - 0.1 * 2f64.sqrt()).abs() < 1e-9);
    assert_eq!(report.labels[1].noise_rmse, Some(0.0));
    // y is a polynomial of degree 2 of the features, z one of degree 1; what stays is half the difference.
    let errors: Vec<f64> = y.best_polynomial.iter().map(|p| p.error).collect();
    assert!(errors[1] > 0.02 && (errors[2] - 0.01).abs() < 1e-3, "{errors:?}");
    assert!(report.labels[1].best_polynomial[1].test_error.unwrap() < 1e-8);
    assert_eq!(y.best_polynomial[4].monomials, 35);
    let text = place
        .succeed(&["analyze", "t.csv", "--label", "y", "--features", "a,b,c", "--most-monomials", "20"])
        .stdout;
    assert!(text.contains("Degree 4 is skipped: it has 35 monomials"), "{text}");
    assert!(text.contains("Noise floor: RMSE 0.1414"), "{text}");
    // CSV has mean squared errors, and the roots that the table prints under names of their own.
    let table = place.succeed(&["analyze", "t.csv", "--label", "y", "--format", "csv"]).stdout;
    let cells: Vec<Vec<&str>> = table.lines().map(|line| line.split(',').collect()).collect();
    let column = |name: &str| cells[0].iter().position(|c| *c == name).unwrap();
    for (square, root) in [("error", "rmse"), ("test_error", "test_rmse")] {
        for row in &cells[1..] {
            let [square, root] = [square, root].map(|name| row[column(name)].parse::<f64>().unwrap());
            assert_eq!(square.sqrt(), root);
        }
    }
    place.fail(&["analyze", "t.csv"], 2, &["--label"]);
    place.fail(&["analyze", "t.csv", "--label", "q"], 1, &["no column 'q'"]);
    place.fail(&["analyze", "t.csv", "--label", "y", "--max-degree", "65"], 2, &["must be at most 64"]);
}

#[test]
fn a_network_that_learned_nothing_says_so() {
    let place = Place::new();
    // Labels that no column explains.
    let line = |i: usize| {
        let noise = |k: u64| ((i as u64 + 1).wrapping_mul(k) >> 20) as f64 % 1_000.0;
        format!(
            "{},{},{}\n",
            noise(0x9e37_79b9_7f4a_7c15),
            noise(0xbf58_476d_1ce4_e5b9),
            noise(0x94d0_49bb_1331_11eb)
        )
    };
    let text: String = ["a,b,y\n".to_owned()].into_iter().chain((0..60).map(line)).collect();
    place.file("t.csv", text);
    let options = ["--activation", "relu", "--scale", "1", "--bias", "1", "--width", "50", "--out", "none"];
    let train = |more: &[&str]| {
        place
            .succeed(&[&["train", "--hidden", "drawn", "t.csv", "--label", "y"], &options[..], more].concat())
    };
    assert!(train(&[]).stderr.contains("note: nothing was learned"), "{}", train(&[]).stderr);
    assert!(!train(&["--validation-fraction", "0"]).stderr.contains("nothing was learned"));
    // A path of the start alone has nothing that could be better.
    assert!(!train(&["--iterations", "0"]).stderr.contains("nothing was learned"));
}

#[test]
fn a_label_in_disguise_is_named() {
    let place = Place::new();
    let rows = values(400);
    // The label y with 1 % of noise in another unit, and as a level.
    let line = |r: &[f64; 5]| {
        let [a, b, c, y, z] = r;
        let disguise = (0.5 * y + 0.005 * (7e3 * a).sin()).exp();
        format!("{a},{b},{c},{y},{z},{disguise},{}\n", (10.0 * y).round())
    };
    let text: String =
        ["a,b,c,y,z,disguise,level\n".to_owned()].into_iter().chain(rows.iter().map(line)).collect();
    place.file("t.csv", text);
    let analysis = |label: &str| {
        let out = place.succeed(&["analyze", "t.csv", "--label", label, "--format", "json"]);
        let report: AnalyzeReport = serde_json::from_str(&out.stdout).unwrap();
        report.labels[0].determined_by.iter().map(|d| d.column.clone()).collect::<Vec<_>>()
    };
    assert_eq!(analysis("y"), ["disguise"]);
    assert_eq!(analysis("level")[0], "y");
    assert!(analysis("z").is_empty());
    let text = place.succeed(&["analyze", "t.csv", "--label", "y"]).stdout;
    assert!(text.contains("Column 'disguise' alone explains 99.9"), "{text}");
}

#[test]
fn energies_of_rows_on_the_sphere_are_those_of_the_function() {
    use zonal::{numeric::random::Purpose, sphere::Dim, sphere::uniform_points};
    let points = uniform_points(Dim::new(5).unwrap(), 3_000, 3, Purpose::Points);
    let line = |i: usize| {
        let x = points.row(i);
        let cells: Vec<String> = x.iter().map(f64::to_string).collect();
        // Norms squared 4/5 and 1/35 + 2/35.
        format!("{},{}\n", cells.join(","), 2.0 * x[0] + x[1] * x[2] + 2f64.sqrt() * x[3] * x[4])
    };
    let place = Place::new();
    let text: String = ["p,q,r,s,t,y\n".to_owned()].into_iter().chain((0..3_000).map(line)).collect();
    place.file("t.csv", text);
    let out = place.succeed(&["analyze", "t.csv", "--label", "y", "--format", "json"]);
    let report: AnalyzeReport = serde_json::from_str(&out.stdout).unwrap();
    assert!(report.on_sphere && report.uniformity.iter().all(|z| z.abs() < 5.0), "{:?}", report.uniformity);
    for (degree, expected) in [(1, 0.8), (2, 3.0 / 35.0), (3, 0.0)] {
        let e = report.labels[0].energies[degree];
        assert!((e.energy - expected).abs() < 4.5 * e.standard_error, "{degree}: {e:?}");
    }
    // The test agrees with the program on a table that is not on the sphere.
    let out = place.succeed(&["analyze", &diabetes(), "--label", "progression", "--format", "json"]);
    assert_eq!(out.json()["on_sphere"], false);
}

/// What a training on a table writes last when it saves.
#[cfg(unix)]
const SAVED: &str = "run/monomials.safetensors";

#[cfg(unix)]
#[test]
#[ignore = "slow"]
fn a_killed_training_goes_on_and_ends_with_the_same_bits() {
    let place = Place::new();
    place.file("t.csv", csv(&values(150_000)));
    let options = [
        "train",
        "--hidden",
        "drawn",
        "t.csv",
        "--label",
        "y",
        "--width",
        "250",
        "--activation",
        "tanh",
        "--scale",
        "2",
        "--bias",
        "1",
        "--iterations",
        "1e6",
        "--checkpoint",
        "0",
    ];
    place.succeed(&[&options[..], &["--out", "whole"]].concat());
    let (code, _) = stopped(&place, &[&options[..], &["--out", "run"]].concat(), SAVED, "-KILL");
    assert_eq!(code, None);
    assert!(!place.path().join("run/run.json").exists());
    let outcome = place.zonal(&[&options[..], &["--out", "run"]].concat());
    assert!(outcome.code == 1 && outcome.stderr.contains("zonal train --resume"), "{}", outcome.stderr);
    let (code, said) = stopped(&place, &["train", "--resume", "run"], SAVED, "-INT");
    assert_eq!(code, Some(130), "{said}");
    assert!(said.contains("resume with: zonal train --resume run"), "{said}");
    // Names of files are meant from where the run was begun, wherever it goes on.
    let elsewhere = place.path().join("elsewhere");
    std::fs::create_dir(&elsewhere).unwrap();
    let mut command = assert_cmd::cargo::cargo_bin_cmd!("zonal");
    command.current_dir(&elsewhere).args(["train", "--resume", "../run", "-q"]).assert().success();
    let record = std::fs::read_to_string(place.path().join("run/run.json")).unwrap();
    let record: serde_json::Value = serde_json::from_str(&record).unwrap();
    let directory = std::path::Path::new(record["provenance"]["directory"].as_str().unwrap());
    assert_eq!(directory.canonicalize().unwrap(), place.path().canonicalize().unwrap());
    assert_eq!(record["configuration"]["input"]["table"]["data"]["files"][0], "t.csv");
    for file in ["metrics.jsonl", "model.safetensors"] {
        let read = |run: &str| std::fs::read(place.path().join(run).join(file)).unwrap();
        assert!(read("whole") == read("run"), "{file}");
    }
    assert!(!place.path().join("run/statistics.safetensors").exists());
    place.fail(&["train", "--resume", "run"], 1, &["finished run"]);
    place.fail(
        &["train", "--resume", "nowhere"],
        1,
        &["does not exist", "name the folder of an interrupted training"],
    );

    // Other rows are noticed.
    std::fs::remove_dir_all(place.path().join("run")).unwrap();
    stopped(&place, &[&options[..], &["--out", "run"]].concat(), SAVED, "-KILL");
    place.file("t.csv", csv(&values(149_000)));
    let outcome = place.zonal(&["train", "--resume", "run"]);
    assert!(outcome.code == 1 && outcome.stderr.contains("sums are of other data"), "{}", outcome.stderr);
}

#[test]
fn weights_are_a_column_and_rows_of_none_are_left_out() {
    let place = Place::new();
    let rows = values(600);
    let with = |weight: &dyn Fn(usize) -> f64| {
        let lines = rows.iter().enumerate().map(|(i, r)| {
            let cells = r.map(|x| x.to_string()).join(",");
            format!("{cells},{}\n", weight(i))
        });
        ["a,b,c,y,z,w\n".to_owned()].into_iter().chain(lines).collect::<String>()
    };
    place.file("t.csv", csv(&rows));
    place.file("ones.csv", with(&|_| 1.0));
    place.file("some.csv", with(&|i| if i < 50 { 0.0 } else { 1.0 + (i % 2) as f64 }));
    let options = ["--features", "a,b,c", "--label", "y", "--out", "none"];
    let plain = trained(&place, &[&["t.csv"], &options[..]].concat());
    let ones = trained(&place, &[&["ones.csv", "--weight", "w"], &options[..]].concat());
    assert_eq!(plain, ones);
    let some = trained(&place, &["some.csv", "--weight", "w", "--label", "y", "--out", "none"]);
    let parts = some.rows.unwrap();
    let text = place.succeed(&[
        "train", "--hidden", "drawn", "some.csv", "--weight", "w", "--label", "y", "--out", "none",
        "--width", "20", "-a", "tanh",
    ]);
    assert!(text.stdout.contains("50 rows with missing values or weight 0 dropped"), "{}", text.stdout);
    // The label z is a feature now, the weight is none.
    assert_eq!((parts.dropped, parts.train + parts.validation + parts.test, some.dim), (50, 550, 5));
    assert_ne!(some.test_rmse, plain.test_rmse);

    place.file("bad.csv", with(&|i| if i == 7 { -2.0 } else { 1.0 }));
    let fails = |arguments: &[&str], words: &str| {
        let out = place.zonal(&[&["train"], arguments, &["--out", "none"]].concat());
        assert!(out.code != 0 && out.stderr.contains(words), "{}", out.stderr);
    };
    fails(&["bad.csv", "--weight", "w", "--label", "y"], "row 7 (counted from 0) has the weight -2");
    fails(&["t.csv", "--weight", "none", "--label", "y"], "no column 'none'");
    fails(&["ones.csv", "--weight", "y", "--label", "y"], "the label cannot also be the weight");
    fails(
        &["ones.csv", "--weight", "w", "--label", "y", "--features", "a,w"],
        "the weight cannot also be a feature",
    );
    fails(
        &["ones.csv", "--weight", "w", "--label", "y", "--layers", "both"],
        "--weight is supported only for training of the output layer",
    );
}

#[test]
fn booleans_of_a_csv_file_are_one_and_zero() {
    let place = Place::new();
    // A feature, a label and a weight that are true or false.
    let table = |yes: &[&str], no: &[&str]| {
        let word = |i: usize, value: bool| {
            let words = if value { yes } else { no };
            words[i % words.len()].to_owned()
        };
        let lines = values(500).into_iter().enumerate().map(|(i, [a, b, c, ..])| {
            let [flag, label, weight] = [word(i, a > 0.0), word(i, b > 0.2), word(i, c > -0.9)];
            format!("{a},{b},{flag},{label},{weight}\n")
        });
        ["a,b,flag,y,w\n".to_owned()].into_iter().chain(lines).collect::<String>()
    };
    place.file("numbers.csv", table(&["1"], &["0"]));
    place.file("words.csv", table(&["True", "true", "TRUE", " true "], &["False", "false", "FALSE"]));
    let options = ["--label", "y", "--task", "regress", "--weight", "w", "--out", "none"];
    let [numbers, words] =
        ["numbers.csv", "words.csv"].map(|file| trained(&place, &[&[file], &options[..]].concat()));
    assert_eq!(numbers, words);
    let missing = table(&["True", "true", "TRUE"], &["False", "false", ""]);
    place.file("missing.csv", missing);
    place.fail(
        &["train", "missing.csv", "--label", "y", "--missing", "reject"],
        1,
        &["the value is missing"],
    );
    // A first line of values is a row, with booleans in it too; booleans alone may be names.
    place.file("bare.csv", "1,True,0.5\n2,False,0.25\n");
    place.fail(&["train", "bare.csv", "--label", "0.5"], 1, &["column names are needed", "--no-header"]);
}

#[test]
fn files_that_end_in_tsv_have_tabs_between_fields() {
    use std::io::Write;
    let place = Place::new();
    let commas = csv(&values(400));
    let tabs = commas.replace(',', "\t");
    place.file("t.csv", &commas);
    place.file("t.tsv", &tabs);
    place.file("T2.TSV", &tabs);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(tabs.as_bytes()).unwrap();
    place.file("t.tsv.gz", gzip.finish().unwrap());
    place.file("commas.tsv", &commas);
    let train = |file: &str, more: &[&str]| trained(&place, &[&[file, "--label", "y,z"], more].concat());
    train("t.csv", &["--out", "m"]);
    let expected = train("t.csv", &["--out", "none"]);
    for file in ["t.tsv", "T2.TSV", "t.tsv.gz", "T2.*"] {
        assert_eq!(train(file, &["--out", "none"]), expected, "{file}");
    }
    assert_eq!(train("commas.tsv", &["--out", "none", "--delimiter", ","]), expected);
    train("t.tsv", &["--out", "none", "--test", "t.tsv.gz"]);
    let predicted = |file| place.succeed(&["predict", "m", file]).stdout;
    assert_eq!(predicted("t.tsv"), predicted("t.csv"));
    let analyzed = |file| place.succeed(&["analyze", file, "--label", "y,z"]).stdout;
    assert_eq!(analyzed("t.tsv"), analyzed("t.csv"));
    let words = ["t.tsv", "tabs", "that of t.csv fields separated by commas", "--delimiter"];
    place.fail(&["predict", "m", "t.csv", "t.tsv"], 1, &words);
    place.fail(&["train", "t.csv", "--label", "y", "--test", "t.tsv", "--out", "none"], 1, &words);
    place.fail(&["train", "commas.tsv", "--label", "y"], 1, &["no column 'y'", "--delimiter"]);
}

#[test]
fn points_of_the_sphere_are_taken_as_they_are() {
    let place = Place::new();
    let lines = (0..500).map(|i| {
        let angle = i as f64 * 0.7;
        format!("{},{},{}\n", angle.cos(), angle.sin(), (3.0 * angle).cos())
    });
    place.file("circle.csv", ["a,b,y\n".to_owned()].into_iter().chain(lines).collect::<String>());
    let on = trained(&place, &["circle.csv", "--label", "y", "--on-sphere", "--scale", "3", "--out", "none"]);
    assert_eq!((on.dim, on.bias), (2, Some(0.0)));
    assert!(on.test_rmse.unwrap() < 0.05, "{:?}", on.test_rmse);
    place.file("t.csv", csv(&values(100)));
    let out = place.zonal(&[
        "train",
        "--hidden",
        "drawn",
        "t.csv",
        "--label",
        "y",
        "--features",
        "a,b,c",
        "--on-sphere",
        "--out",
        "none",
    ]);
    assert!(out.stderr.contains("has length"), "{}", out.stderr);
}

#[test]
fn rows_that_are_not_normalised_are_trained_and_predicted_alike() {
    let place = Place::new();
    // The label depends on the length of a row, which a point of the sphere without a bias does not show.
    let lines = (0..600).map(|i| {
        let (a, b) = ((0.37 * f64::from(i)).sin() * 2.0, (0.91 * f64::from(i)).cos() * 2.0);
        format!("{a},{b},{}\n", (1.5 * a - b).tanh())
    });
    place.file("t.csv", ["a,b,y\n".to_owned()].into_iter().chain(lines).collect::<String>());
    let common = ["t.csv", "--label", "y", "--bias", "0", "--scale", "3"];
    let run = |options: &[&str]| trained(&place, &[&common[..], options].concat());
    let (sphere, none) = (run(&["--out", "none"]), run(&["--lift", "none", "--out", "m"]));
    assert_eq!((sphere.normalised, none.normalised), (Some(true), Some(false)));
    let [sphere, flat] = [&sphere, &none].map(|report| report.test_rmse.unwrap());
    // What depends on the direction alone leaves an error of 0.118 at any width.
    assert!(sphere > 0.11 && flat < 0.05, "{sphere} {flat}");
    // Predictions of the stored network have the error of the report.
    let scored =
        place.succeed(&["predict", "m", "t.csv", "--label", "y", "--part", "test", "--format", "json"]);
    let rmse = scored.json()["rmse"].as_f64().unwrap();
    assert!((rmse - flat).abs() < 1e-12 * flat, "{rmse} {flat}");
    place.succeed(&["train", "--again", "m", "--out", "n"]);
    for (options, word) in [
        (&["--lift", "none", "--on-sphere"][..], "--on-sphere"),
        (&["--lift", "none", "--hidden", "grown"], "--hidden grown"),
        (&["--lift", "flat"], "sphere"),
    ] {
        place.fail(&[&["train", "t.csv", "--label", "y"][..], options].concat(), 2, &["--lift", word]);
    }
}
