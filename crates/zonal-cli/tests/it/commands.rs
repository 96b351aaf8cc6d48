//! The commands as their users meet them: the acceptance runs, formats, folders, reproducibility.

use crate::common::{Place, diabetes};
use zonal_documents::predict::PredictReport;
use zonal_documents::spectrum::SpectrumReport;
use zonal_documents::train::TrainReport;

#[test]
#[ignore = "slow"]
fn the_real_table_is_learned_as_well_as_by_least_squares() {
    // Median over the seeds 0-9 of the test error over that of least squares on the same rows.
    let data = diabetes();
    let mut ratios: Vec<f64> = (0..10)
        .map(|seed| {
            let place = Place::new();
            let seed = seed.to_string();
            let out = place.succeed(&[
                "train",
                "--hidden",
                "drawn",
                &data,
                "--label",
                "progression",
                "--activation",
                "relu",
                "--width",
                "2000",
                "--iterations",
                "1e9",
                "--format",
                "json",
                "--out",
                "none",
                "--seed",
                &seed,
            ]);
            let report: TrainReport = serde_json::from_str(&out.stdout).unwrap();
            let least_squares = report.best_polynomial[0].test_error.unwrap().sqrt();
            report.test_rmse.unwrap() / least_squares
        })
        .collect();
    ratios.sort_by(f64::total_cmp);
    let median = 0.5 * (ratios[4] + ratios[5]);
    println!("median ratio {median:.4}, all {ratios:.3?}");
    assert!(median <= 1.03, "{median}");
}

#[test]
fn predict_gives_the_reported_error_to_the_last_digit() {
    let place = Place::new();
    let data = diabetes();
    let out = place.succeed(&[
        "train",
        "--stop",
        "validation",
        &data,
        "--label",
        "progression",
        "--width",
        "300",
        "--out",
        "run",
        "--format",
        "json",
    ]);
    let report: TrainReport = serde_json::from_str(&out.stdout).unwrap();
    for (part, reported) in
        [("test", report.test_rmse), ("train", report.train_rmse), ("validation", report.validation_rmse)]
    {
        let score = ["predict", "run", &data, "--label", "progression", "--part", part];
        let out = place.succeed(&[&score[..], &["--format", "csv"]].concat()).stdout;
        let values: Vec<&str> = out.lines().nth(1).unwrap().split(',').collect();
        assert_eq!(
            (out.lines().next(), values[1]),
            (Some("label,rmse,rows"), &*reported.unwrap().to_string())
        );
        let text = place.succeed(&score).stdout;
        assert!(
            text.starts_with("RMSE ") && text.ends_with(&format!(" over {} rows\n", values[2])),
            "{text}"
        );
    }
    let out = place.succeed(&["predict", "run/model.safetensors", &data]);
    let lines: Vec<&str> = out.stdout.lines().collect();
    assert_eq!(lines[0], "row,prediction");
    assert_eq!(lines.len(), 443);
    let out = place.succeed(&["predict", "run", &data, "--iteration", "0", "--format", "json"]);
    let predictions: PredictReport = serde_json::from_str(&out.stdout).unwrap();
    let first = predictions.predictions.unwrap()[0].prediction[0];
    // Before the first step the network is zero, and the prediction the mean of the training labels.
    assert!((100.0..200.0).contains(&first));
}

#[test]
#[ignore = "slow"]
fn metrics_and_model_are_the_same_bytes_for_any_number_of_threads() {
    let place = Place::new();
    let data = diabetes();
    for (i, threads) in ["1", "2", "4"].into_iter().enumerate() {
        let (table, target) = (format!("table{i}"), format!("target{i}"));
        place.succeed(&[
            "train",
            "--hidden",
            "drawn",
            &data,
            "--label",
            "progression",
            "--width",
            "300",
            "--threads",
            threads,
            "--out",
            &table,
        ]);
        place.succeed(&[
            "train",
            "--target",
            "x1*x2 + neuron(tanh)",
            "--dim",
            "6",
            "--width",
            "300",
            "--threads",
            threads,
            "--out",
            &target,
        ]);
    }
    for kind in ["table", "target"] {
        for file in ["metrics.jsonl", "model.safetensors"] {
            let read = |i: usize| std::fs::read(place.path().join(format!("{kind}{i}")).join(file)).unwrap();
            assert_eq!(read(0), read(1), "{kind}/{file}: 1 and 2 threads");
            assert_eq!(read(0), read(2), "{kind}/{file}: 1 and 4 threads");
        }
    }
}

#[test]
fn documents_keep_their_contract() {
    let place = Place::new();
    let out = place.succeed(&["spectrum", "--activation", "tanh", "--dim", "100", "--format", "json"]);
    let report: SpectrumReport = serde_json::from_str(&out.stdout).unwrap();
    assert_eq!(report.degrees.len(), 13);
    for key in ["dim", "activation", "scale", "norm_sq", "tail_energy", "degrees", "schema"] {
        assert!(out.json().get(key).is_some(), "{key}");
    }
    for key in [
        "degree",
        "multiplicity",
        "ln_multiplicity",
        "coefficient",
        "sign",
        "ln_abs_coefficient",
        "eigenvalue",
        "energy",
        "visible",
        "error",
    ] {
        assert!(out.json()["degrees"][1].get(key).is_some(), "{key}");
    }
    let out =
        place.succeed(&["train", "--target", "x1*x2", "--dim", "5", "--width", "inf", "--format", "json"]);
    let report: TrainReport = serde_json::from_str(&out.stdout).unwrap();
    assert_eq!(out.json()["width"], "inf");
    assert_eq!(report.path.last().unwrap().degrees.as_ref().unwrap().len(), 5);
    for key in [
        "run",
        "stop_reason",
        "width",
        "iterations",
        "step_size",
        "initial_loss",
        "loss",
        "path",
        "target_energy",
        "best_polynomial",
        "best_iteration",
        "train_rmse",
        "test_rmse",
        "labels",
    ] {
        assert!(out.json().get(key).is_some(), "{key}");
    }
    assert_eq!(out.json()["stop_reason"], "iteration-limit");
    assert!(!place.path().join("runs/target-x1x2-relu-1/model.safetensors").exists());
    let record = std::fs::read_to_string(place.path().join("runs/target-x1x2-relu-1/run.json")).unwrap();
    let record: serde_json::Value = serde_json::from_str(&record).unwrap();
    assert_eq!(record["schema"], 1);
    assert_eq!(record["provenance"]["version"], env!("CARGO_PKG_VERSION"));
    let metrics =
        std::fs::read_to_string(place.path().join("runs/target-x1x2-relu-1/metrics.jsonl")).unwrap();
    for line in metrics.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(line["schema"], 1);
        assert!(line["loss"].is_f64());
    }
}

#[test]
fn spectra_are_compared_ranked_and_said_in_one_line() {
    let place = Place::new();
    let out = place.succeed(&[
        "spectrum",
        "--activation",
        "relu",
        "--activation",
        "tanh,max(t,0)^2 - 0.1*t",
        "--dim",
        "10,100,inf",
        "--format",
        "json",
    ]);
    let reports: Vec<SpectrumReport> = out.stdout.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(reports.len(), 9);
    assert_eq!(reports[8].activation.name(), "max(t,0)^2 - 0.1*t");
    assert!(reports[2].scale.is_none() && out.stdout.contains("\"dim\":\"inf\""));
    let text = place.succeed(&["spectrum", "--activation", "relu,tanh", "--dim", "10"]).stdout;
    assert!(
        text.contains("relu, n = 10, s = 1.000: cannot learn, at any width: odd degrees from 3 on"),
        "{text}"
    );
    assert!(text.contains("tanh, n = 10, s = 1.000: cannot learn, at any width: even degrees"), "{text}");
    let out = place.succeed(&["spectrum", "--for-degrees", "0..4", "--dim", "20", "--format", "json"]).json();
    assert_eq!(out["ranking"][0]["invisible_degrees"].as_array().unwrap().len(), 0);
    let text = place
        .succeed(&["spectrum", "--kernel", "tangent", "--bias", "--dim", "3", "--decay", "800..1000"])
        .stdout;
    assert!(text.contains("eigenvalues fall like degree^-") && text.contains("local exponent -"), "{text}");
    assert!(!text.contains("standard error") && text.contains("energy of phi"), "{text}");
    let header: Vec<&str> =
        text.lines().find(|l| l.contains("eigenvalue ")).unwrap().split("  ").map(str::trim).collect();
    assert!(header.contains(&"coefficient of phi") && !header.contains(&"error"), "{text}");
    let text = place.succeed(&["spectrum", "--activation", "erf", "--dim", "15", "--decay", "3..9"]).stdout;
    assert!(text.contains("eigenvalues fall faster than a power of the degree: local exponent -"), "{text}");
    let text = place.succeed(&["spectrum", "--activation", "relu,tanh", "--dim", "inf"]).stdout;
    assert!(text.contains("dim inf: the coefficient is the limit of alpha_k sqrt(N_k)"), "{text}");
    let csv = place.succeed(&["spectrum", "--activation", "max(t,0),sin", "--format", "csv"]).stdout;
    assert!(csv.lines().nth(1).unwrap().starts_with("\"max(t,0)\",10,1,0,"), "{csv}");
    // A kink that is given is used in place of those found.
    let found = place.succeed(&["spectrum", "--activation", "abs(t - 0.3)", "--format", "json"]).json();
    let given = place
        .succeed(&["spectrum", "--activation", "abs(t - 0.3)", "--kinks", "0.3", "--format", "json"])
        .json();
    let value = |v: &serde_json::Value| v["degrees"][4]["coefficient"].as_f64().unwrap();
    assert!((value(&found) - value(&given)).abs() < 1e-15);
}

#[test]
fn coefficients_that_may_vanish_are_neither_visible_nor_invisible() {
    let place = Place::new();
    let row = |arguments: &[&str], degree: &str| -> Vec<String> {
        let text = place.succeed(&[&["spectrum"], arguments].concat()).stdout;
        let row = text.lines().find(|l| l.split_whitespace().next() == Some(degree));
        row.unwrap_or_else(|| panic!("{text}")).split_whitespace().map(str::to_owned).collect()
    };
    // An even function at a degree that rounding hides, and a symmetric one.
    let found = row(&["--activation", "relu(t+2)", "--dim", "10"], "3");
    assert!(found[2].starts_with("<") && found[3].starts_with("<") && found[5] == "unknown", "{found:?}");
    assert_eq!(row(&["--activation", "relu", "--dim", "10"], "3")[5], "no");
    let found = row(&["--activation", "erf", "--dim", "15", "--max-degree", "120"], "97");
    assert!(found[2].starts_with("<") && found[5] == "yes", "{found:?}");
    // Formats for programs keep their numbers.
    let csv =
        place.succeed(&["spectrum", "--activation", "relu(t+2)", "--dim", "10", "--format", "csv"]).stdout;
    assert!(!csv.contains('<') && !csv.contains("unknown"), "{csv}");
    let train = ["train", "--target", "harmonic(4)", "--dim", "5", "--activation", "tanh(3*t)+0.1*t^2"];
    let note = place.succeed(&[&train[..], &["--width", "20", "--out", "none"]].concat()).stderr;
    assert!(
        note.contains("degree 4: the coefficient of tanh(3*t)+0.1*t^2 is not distinguished from zero"),
        "{note}"
    );
    assert!(note.contains("of this degree will probably remain"), "{note}");
}

#[test]
fn a_formula_trains_and_predicts_like_a_named_activation() {
    let place = Place::new();
    let data = diabetes();
    let train = |activation: &'static str, out: &'static str| {
        let arguments = [
            "train",
            "--hidden",
            "drawn",
            &data,
            "--label",
            "progression",
            "--activation",
            activation,
            "--scale",
            "1",
            "--bias",
            "1",
            "--width",
            "100",
            "--out",
            out,
            "--format",
            "json",
        ];
        let report: TrainReport = serde_json::from_str(&place.succeed(&arguments).stdout).unwrap();
        report.test_rmse.unwrap()
    };
    assert!((train("relu", "a") / train("max(t,0)", "b") - 1.0).abs() < 1e-12);
    place.succeed(&["predict", "b", &data, "--label", "progression", "--part", "test"]);
    let out = place.succeed(&[
        "train",
        "--target",
        "neuron(t*tanh(t)) + x1",
        "--dim",
        "5",
        "--activation",
        "t*tanh(t) + t",
        "--width",
        "50",
        "--scale",
        "2",
        "--format",
        "json",
    ]);
    assert!(out.json()["loss"].as_f64().unwrap() < 1e-3);
}

#[test]
fn invisible_degrees_are_said_and_kept() {
    let place = Place::new();
    let out = place.succeed(&[
        "train",
        "--target",
        "0.3*harmonic(0) + 0.4*harmonic(1) + 0.7*harmonic(2) + 0.2*harmonic(3) + 0.3*harmonic(4)",
        "--dim",
        "10",
        "--activation",
        "relu",
        "--width",
        "200",
        "--out",
        "none",
        "--format",
        "json",
    ]);
    assert!(out.stderr.contains("degree 3 is invisible to relu"), "{}", out.stderr);
    // A norm of 0.2^2 is not 0.04000000000000001 to a reader, nor one of 1/440 0.0022727272727272726.
    for (target, energy) in [("0.2*harmonic(3)", "0.04000"), ("0.04767312946227962*harmonic(3)", "0.002273")]
    {
        let note = place
            .succeed(&["train", "--target", target, "--dim", "4", "--width", "20", "--out", "none"])
            .stderr;
        assert!(note.contains(&format!("invisible to relu: {energy} of the target's energy")), "{note}");
    }
    let lost = ["train", "--target", "harmonic(3)", "--dim", "4", "--width", "20", "--out", "none"];
    let text = place.succeed(&lost).stdout;
    assert!(
        text.contains("(a worst-case bound, which counts the energy 1.000 of degree 3 as not learned)"),
        "{text}"
    );
    assert_eq!(out.json()["invisible_degrees"], serde_json::json!([3]));
    assert!(out.json()["run"].is_null());
}

#[test]
fn listed_iterations_and_numbered_folders() {
    let place = Place::new();
    let arguments =
        ["train", "--target", "x1", "--width", "20", "--at", "5,1e2,7", "--format", "csv", "--quiet"];
    let out = place.succeed(&arguments);
    let first: Vec<&str> = out.stdout.lines().map(|l| l.split(',').next().unwrap()).collect();
    assert_eq!(first, vec!["iteration", "0", "5", "7", "100"]);
    place.succeed(&arguments);
    assert!(place.path().join("runs/target-x1-relu-2/run.json").exists());
}

#[test]
fn test_rows_from_a_file_of_their_own() {
    let place = Place::new();
    let rows = |from: usize, to: usize| -> String {
        (from..to).map(|i| format!("{},{},{}\n", i % 13, (i * i) % 17, 2 * (i % 13) + 1)).collect()
    };
    place.file("train.csv", format!("a,b,y\n{}", rows(0, 200)));
    place.file(
        "test.csv",
        format!(
            "b,a,y\n{}",
            rows(0, 30)
                .lines()
                .map(|l| {
                    let f: Vec<&str> = l.split(',').collect();
                    format!("{},{},{}\n", f[1], f[0], f[2])
                })
                .collect::<String>()
        ),
    );
    let out = place.succeed(&[
        "train",
        "--hidden",
        "drawn",
        "train.csv",
        "--label",
        "y",
        "--test",
        "test.csv",
        "--width",
        "100",
        "--format",
        "json",
        "--activation",
        "relu",
    ]);
    assert_eq!(out.json()["rows"]["test"], 30);
    // Columns are matched by name, so the other order of the test file does no harm.
    let report: TrainReport = serde_json::from_str(&out.stdout).unwrap();
    assert!(report.best_polynomial[0].test_error.unwrap() < 1e-10);
}

#[test]
fn help_has_an_example_for_every_command_and_completions_know_them() {
    let place = Place::new();
    for command in ["spectrum", "train", "predict", "completions", "man"] {
        let help = place.succeed(&[command, "--help"]).stdout;
        assert!(help.contains("Example"), "{command}");
        assert!(help.contains(&format!("zonal {command}")), "{command}");
    }
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let text = place.succeed(&["completions", shell]).stdout;
        assert!(text.contains("spectrum") && text.contains("max-degree"), "{shell}");
    }
    place.succeed(&["man", "pages"]);
    let page = std::fs::read_to_string(place.path().join("pages/zonal-train.1")).unwrap();
    assert!(page.contains("target"));
    assert_eq!(place.succeed(&["--version"]).stdout.trim(), concat!("zonal ", env!("CARGO_PKG_VERSION")));
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_says_so_in_its_exit_code_and_leaves_nothing_half_done() {
    for (signal, code) in [("-INT", 130), ("-TERM", 143)] {
        let place = Place::new();
        let child = std::process::Command::new(assert_cmd::cargo::cargo_bin!("zonal"))
            .current_dir(place.path())
            .args(["train", "--target", "harmonic(2)", "--width", "4000", "--max-degree", "60"])
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        std::thread::sleep(std::time::Duration::from_millis(300));
        let pid = child.id().to_string();
        assert!(std::process::Command::new("kill").args([signal, &pid]).status().unwrap().success());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{signal}");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            said.lines().last().is_some_and(|line| line.starts_with("interrupted: nothing was saved")),
            "{said}"
        );
        let left = std::fs::read_dir(place.path().join("runs")).map_or(0, Iterator::count);
        assert_eq!(left, 0, "nothing was finished, so no folder stays");
    }
}

#[test]
fn rounding_does_not_grow_with_the_iteration_count() {
    // 279 rows leave most of 1,000 directions undetermined: nothing may move along them, however long.
    let place = Place::new();
    let out = place.succeed(&[
        "train",
        "--hidden",
        "drawn",
        &diabetes(),
        "--label",
        "progression",
        "-a",
        "relu",
        "--width",
        "1000",
        "--at",
        "1e13,1e18",
        "--format",
        "json",
        "--out",
        "none",
    ]);
    let report: TrainReport = serde_json::from_str(&out.stdout).unwrap();
    let at = |i: usize| report.path[i].validation_loss.unwrap();
    assert!((at(2) / at(1) - 1.0).abs() < 1e-3, "{} {}", at(1), at(2));
}
