//! Training step by step as a user meets it: both layers, on targets and on tables.

use crate::common::{self, Place};
use serde_json::Value;

const DIABETES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/data/diabetes.csv");

fn read(place: &Place, name: &str) -> Vec<u8> {
    std::fs::read(place.path().join(name)).unwrap()
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

#[test]
#[ignore = "slow"]
fn energies_add_up_and_stand_beside_the_prediction() {
    let place = Place::new();
    let target = "0.6*harmonic(1, axis=e1) + 0.8*harmonic(3, axis=e1)";
    let base =
        ["train", "--target", target, "--dim", "8", "--layers", "both", "--width", "60", "--format", "json"];
    for more in [
        &["--activation", "erf", "--scale", "3", "--iterations", "300"][..],
        &["--activation", "tanh", "--biases", "--scale", "2", "--iterations", "30", "--units", "sphere"],
        &["--activation", "relu", "--batch", "fresh:256", "--iterations", "100", "--precision", "f32"],
        &["--activation", "step", "--iterations", "30", "--parametrisation", "mean-field"],
    ] {
        let report = place.succeed(&[&base[..], more].concat()).json();
        let path = report["path"].as_array().unwrap();
        for c in path {
            let degrees = c["degrees"].as_array().unwrap();
            let sum: f64 = degrees.iter().map(|d| number(&d["energy"])).sum();
            let loss = number(&c["loss"]);
            assert!((sum + number(&c["tail_energy"]) - loss).abs() < 1e-12, "{more:?}: {c}");
        }
        // A symmetric start is the target itself.
        let first = &path[0];
        assert!((number(&first["loss"]) - 1.0).abs() < 1e-12 && number(&first["hidden_movement"]) == 0.0);
        assert!((number(&first["degrees"][3]["energy"]) - 0.64).abs() < 1e-12);
        let has_tangent = !more.contains(&"step");
        assert_eq!(first["predicted_loss"].is_number(), has_tangent, "{more:?}");
        if has_tangent {
            assert!((number(&first["predicted_loss"]) - 1.0).abs() < 1e-9);
        }
        assert!(number(&report["loss"]) < 0.9, "{more:?}: {}", report["loss"]);
        assert_eq!(report["descent"]["layers"], "both");
        assert!((number(&report["descent"]["random_alignment"]) - 0.125).abs() < 1e-15);
    }
    // Units turn towards the only direction that matters.
    let report = place
        .succeed(&[&base[..], &["--activation", "erf", "--scale", "3", "--iterations", "1000"]].concat())
        .json();
    let last = report["path"].as_array().unwrap().last().unwrap();
    assert!(number(&last["alignment"]) > 0.3 && number(&last["degrees"][3]["energy"]) < 0.05, "{last}");
}

#[test]
#[ignore = "slow"]
fn threads_do_not_change_a_bit() {
    let place = Place::new();
    for (i, options) in [
        &[
            "train",
            "--target",
            "x1*x2 + neuron(tanh)",
            "--dim",
            "12",
            "--layers",
            "both",
            "--width",
            "1500",
            "--batch",
            "fresh:700",
            "--iterations",
            "20",
            "--precision",
            "f32",
            "--biases",
        ][..],
        &[
            "train",
            "--target",
            "x1*x2 + neuron(tanh)",
            "--dim",
            "5",
            "--layers",
            "hidden",
            "--width",
            "150",
            "--iterations",
            "20",
            "--activation",
            "gelu",
        ],
        &[
            "train",
            DIABETES,
            "--label",
            "progression",
            "--layers",
            "both",
            "--batch",
            "100",
            "--width",
            "2000",
            "--iterations",
            "40",
            "--activation",
            "tanh",
            "--scale",
            "2",
            "--bias",
            "1",
        ],
    ]
    .into_iter()
    .enumerate()
    {
        for threads in ["1", "2", "4"] {
            let out = format!("{i}-{threads}");
            place.succeed(&[options, &["--threads", threads, "--out", &out]].concat());
            for file in ["metrics.jsonl", "model.safetensors"] {
                let (first, this) = (format!("{i}-1/{file}"), format!("{out}/{file}"));
                assert!(
                    read(&place, &first) == read(&place, &this),
                    "{options:?} {file}: 1 and {threads} threads"
                );
            }
        }
    }
}

#[test]
fn lbfgs_trains_both_layers_in_few_steps() {
    let place = Place::new();
    let table = [
        "train",
        "--hidden",
        "drawn",
        DIABETES,
        "--label",
        "progression",
        "--activation",
        "tanh",
        "--scale",
        "2",
        "--bias",
        "1",
    ];
    let both = ["--layers", "both", "--width", "30", "--at", "20", "--patience", "inf"];
    let trained = |more: &[&str]| {
        place.succeed(&[&table[..], &both, more, &["--format", "json", "--out", "none"]].concat()).json()
    };
    let (descent, lbfgs) = (trained(&[]), trained(&["--method", "lbfgs"]));
    assert!(number(&lbfgs["train_rmse"]) < number(&descent["train_rmse"]));
    assert_eq!(
        (&descent["descent"]["method"], &lbfgs["descent"]["method"]),
        (&"descent".into(), &"lbfgs".into())
    );
    assert!(lbfgs["path"][0]["predicted_loss"].is_null() && descent["path"][0]["predicted_loss"].is_number());
    assert!(descent["descent"]["evaluations"].is_null() && number(&lbfgs["descent"]["evaluations"]) > 20.0);
    // A teacher of smaller width, with exact expectations, is learned.
    let target =
        ["train", "--target", "teacher(erf, units=2)", "--dim", "5", "--activation", "erf", "--width", "12"];
    let exact = place
        .succeed(
            &[
                &target[..],
                &["--layers", "both", "--method", "lbfgs", "--iterations", "3000", "--format", "json"],
            ]
            .concat(),
        )
        .json();
    assert!(number(&exact["loss"]) < 1e-6 * number(&exact["initial_loss"]), "{}", exact["loss"]);
    let text = place
        .succeed(&[&target[..], &["--layers", "both", "--method", "lbfgs", "--iterations", "5"]].concat())
        .stdout;
    assert!(text.contains("both layers by L-BFGS with") && !text.contains(", step"), "{text}");
    assert!(!text.contains("tangent"), "{text}");
    place.succeed(
        &[&target[..], &["--layers", "both", "--method", "lbfgs", "--iterations", "5", "--out", "run"]]
            .concat(),
    );
    let page = String::from_utf8(read(&place, "run/report.html")).unwrap();
    assert!(page.contains("by L-BFGS on both layers") && !page.contains("gradient descent on"));
    assert!(
        page.contains("Points: measured at width 12.") && !page.contains("the tangent kernel at the start")
    );
}

#[cfg(unix)]
#[test]
#[ignore = "slow"]
fn a_killed_descent_goes_on_and_ends_with_the_same_bits() {
    let place = Place::new();
    for (i, options) in [
        &[
            "train",
            "--target",
            "x1*x2 + 0.5*x3",
            "--dim",
            "10",
            "--layers",
            "both",
            "--width",
            "600",
            "--batch",
            "fresh:512",
            "--iterations",
            "1500",
        ][..],
        &[
            "train",
            "--target",
            "neuron(relu)",
            "--dim",
            "6",
            "--layers",
            "both",
            "--width",
            "120",
            "--iterations",
            "600",
        ],
        &[
            "train",
            DIABETES,
            "--label",
            "progression",
            "--layers",
            "both",
            "--batch",
            "64",
            "--width",
            "1000",
            "--iterations",
            "3000",
            "--patience",
            "inf",
            "--activation",
            "relu",
            "--bias",
            "1",
            "--precision",
            "f32",
        ],
        &[
            "train",
            DIABETES,
            "--label",
            "progression",
            "--layers",
            "both",
            "--method",
            "lbfgs",
            "--width",
            "400",
            "--patience",
            "inf",
            "--activation",
            "tanh",
            "--bias",
            "1",
        ],
    ]
    .into_iter()
    .enumerate()
    {
        let (whole, run) = (format!("whole-{i}"), format!("run-{i}"));
        let saved = format!("{run}/descent.safetensors");
        let kept = [options, &["--checkpoint", "0"]].concat();
        place.succeed(&[&kept[..], &["--out", &whole]].concat());
        let (code, _) = common::stopped(&place, &[&kept[..], &["--out", &run]].concat(), &saved, "-KILL");
        assert_eq!(code, None);
        let (code, said) = common::stopped(&place, &["train", "--resume", &run], &saved, "-INT");
        assert_eq!(code, Some(130), "{said}");
        assert!(said.contains(&format!("resume with: zonal train --resume {run}")), "{said}");
        place.succeed(&["train", "--resume", &run]);
        for file in ["metrics.jsonl", "model.safetensors"] {
            let (a, b) = (format!("{whole}/{file}"), format!("{run}/{file}"));
            assert!(read(&place, &a) == read(&place, &b), "{options:?}: {file}");
        }
        assert!(!place.path().join(&saved).exists());
    }
    // A checkpoint that is cut short is refused and nothing is lost.
    let options = [
        "train",
        "--target",
        "x1",
        "--dim",
        "10",
        "--layers",
        "both",
        "--width",
        "600",
        "--batch",
        "fresh:512",
    ];
    let options = [&options[..], &["--iterations", "1e5", "--checkpoint", "0", "--out", "cut"]].concat();
    common::stopped(&place, &options, "cut/descent.safetensors", "-KILL");
    let bytes = read(&place, "cut/descent.safetensors");
    place.file("cut/descent.safetensors", &bytes[..bytes.len() / 2]);
    place.fail(&["train", "--resume", "cut"], 1, &["descent.safetensors", "not a complete"]);
    assert!(place.path().join("cut/resume.json").exists());
    // So is one of another run, whose numbers would pass for those of this one.
    let other = options.iter().map(|word| if *word == "cut" { "other" } else { word });
    let other: Vec<&str> = other.chain(["--seed", "1"]).collect();
    common::stopped(&place, &other, "other/descent.safetensors", "-KILL");
    place.file("cut/descent.safetensors", read(&place, "other/descent.safetensors"));
    place.fail(&["train", "--resume", "cut"], 1, &["descent.safetensors", "other options"]);
}

#[test]
fn a_step_that_diverges_is_a_finding() {
    let place = Place::new();
    let options = [
        "train",
        DIABETES,
        "--label",
        "progression",
        "--layers",
        "both",
        "--activation",
        "tanh",
        "--bias",
        "1",
    ];
    let options = [&options[..], &["--scale", "2", "--width", "200", "--format", "json"]].concat();
    let outcome =
        place.succeed(&[&options[..], &["--iterations", "1000", "--step", "30", "--out", "run"]].concat());
    let report = outcome.json();
    assert_eq!(report["stop_reason"], "diverged");
    assert!(number(&report["descent"]["diverged"]) > 0.0);
    let limit = number(&report["descent"]["largest_stable_step"]);
    assert!(limit > 0.5 && limit < 30.0, "{limit}");
    assert!(outcome.stderr.contains("largest stable step"), "{}", outcome.stderr);
    // The last good state is kept.
    assert!(number(&report["train_rmse"]) < 100.0);
    let predicted = place.succeed(&[
        "predict",
        "run",
        DIABETES,
        "--label",
        "progression",
        "--part",
        "train",
        "--format",
        "json",
    ]);
    assert_eq!(predicted.json()["rmse"], report["train_rmse"]);
    // The automatic step does not diverge, and early stopping ends before the last iteration.
    let report = place.succeed(&[&options[..], &["--out", "none", "--iterations", "1e5"]].concat()).json();
    assert_eq!(report["stop_reason"], "converged");
    assert!(number(&report["test_rmse"]) < 60.0);
}

#[test]
fn mistakes_are_told_before_any_work() {
    let place = Place::new();
    let target = ["train", "--target", "x1*x2", "--dim", "5"];
    let table = ["train", "--hidden", "drawn", DIABETES, "--label", "progression"];
    let both = ["--layers", "both"];
    for (base, more, expected) in [
        (&target[..], &["--layers", "both", "--batch", "32"][..], &["--batch 32", "fresh:N"][..]),
        (&target, &["--units", "sphere"], &["--units", "--layers both"]),
        (&target, &["--biases"], &["--biases", "--layers both"]),
        (&target, &["--biases", "--batch", "fresh:8"], &["--biases", "hidden"]),
        (
            &target,
            &["--layers", "hidden", "--init", "zero"],
            &["--init zero", "gradient of the hidden layer zero"],
        ),
        (&target, &["--layers", "both", "--width", "inf"], &["--width inf", "number"]),
        (&target, &["--layers", "both", "--batch", "fresh:8", "--activation", "step"], &["step", "exact"]),
        (
            &target,
            &["--layers", "both", "--batch", "exact", "--biases"],
            &["exact expectation", "with biases"],
        ),
        (&target, &["--layers", "both", "--batch", "exact", "--precision", "f32"], &["f64"]),
        (&target, &["--method", "lbfgs"], &["--method is for iterative training", "--layers both"]),
        (
            &target,
            &["--layers", "both", "--method", "lbfgs", "--batch", "fresh:8"],
            &["--method lbfgs", "--batch fresh:8"],
        ),
        (&target, &["--layers", "both", "--method", "lbfgs", "--units", "sphere"], &["--units sphere"]),
        (&target, &["--layers", "both", "--method", "lbfgs", "--step", "1"], &["cannot be used with --step"]),
        (&table, &["--layers", "both", "--method", "lbfgs", "--batch", "16"], &["--batch 16"]),
        (&table, &["--layers", "both", "--method", "lbfgs", "--precision", "f32"], &["--precision f32"]),
        (&target, &["--precision", "f32"], &["iterative training"]),
        (&target, &["--layers", "both", "--solver", "lanczos"], &["--solver"]),
        (&target, &["--layers", "both", "--step", "-1"], &["step", "-1", "positive"]),
        (&target, &["--layers", "both", "--patience", "5"], &["--patience", "tables"]),
        (&target, &["--batch", "fresh:8", "--units", "sphere"], &["--units", "hidden"]),
        (&target, &["--layers", "both", "--max-degree", "1000000000000"], &["degree", "20000"]),
        (&table, &["--layers", "both", "--patience", "0.5"], &["--patience", "0.5"]),
        (&table, &["--layers", "both", "--step", "nan"], &["step", "'nan' is not a finite number"]),
        (&table, &["--layers", "both", "--batch", "fresh:10"], &["fresh:10", "--target"]),
        (&table, &["--layers", "both", "--folds", "3"], &["--folds"]),
        (
            &table,
            &["--layers", "both", "--activation", "sign"],
            &["sign", "no information about its hidden units"],
        ),
        (&table, &["--batch", "0"], &["0", "from 1"]),
    ] {
        let outcome = place.zonal(&[base, more].concat());
        assert_eq!(outcome.code, 2, "{more:?}: {}", outcome.stderr);
        for part in expected {
            assert!(outcome.stderr.contains(part), "{more:?}: {}", outcome.stderr);
        }
    }
    assert!(!place.path().join("runs").exists());
    let wide = place.zonal(&[&target[..], &both, &["--width", "1e9"]].concat());
    assert!(wide.code == 1 && wide.stderr.contains("would fit"), "{}", wide.stderr);
}
