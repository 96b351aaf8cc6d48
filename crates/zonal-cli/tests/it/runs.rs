//! `zonal runs`: lists, comparisons and removal of runs.

use crate::common::Place;

/// Trains on x1 into a numbered folder below `runs`.
fn train(place: &Place, activation: &str, width: &str) {
    let target = ["train", "-q", "--target", "x1", "--dim", "4", "--iterations", "100"];
    place.succeed(&[&target[..], &["--activation", activation, "--width", width]].concat());
}

/// The names of the options that differ, of the first run.
fn differences(list: &serde_json::Value) -> Vec<&str> {
    let settings = list["runs"][0]["differences"].as_array().unwrap();
    settings.iter().map(|setting| setting["name"].as_str().unwrap()).collect()
}

#[test]
fn runs_are_listed_and_compared_by_what_differs() {
    let place = Place::new();
    train(&place, "relu", "10");
    train(&place, "tanh", "20");
    std::fs::create_dir(place.path().join("runs/notes")).unwrap();
    place.file("runs/notes/todo.txt", "not a run");
    let list = place.succeed(&["runs", "--format", "json"]).json();
    assert_eq!(list["runs"].as_array().unwrap().len(), 2, "{list}");
    assert_eq!(differences(&list), ["activation", "width"]);
    for run in list["runs"].as_array().unwrap() {
        assert_eq!((&run["kind"], &run["state"]), (&"train".into(), &"finished".into()));
        assert!(run["loss"].as_f64().unwrap() >= 0.0 && run["test_rmse"].is_null(), "{run}");
    }
    let text = place.succeed(&["runs"]).stdout;
    let header: Vec<&str> = text.lines().next().unwrap().split_whitespace().collect();
    assert_eq!(header[..4], ["run", "activation", "width", "loss"]);
    assert!(text.contains("runs/target-x1-relu-1") && !text.contains("iterations"), "{text}");
    let csv = place.succeed(&["runs", "--format", "csv"]).stdout;
    assert!(csv.starts_with("run,kind,state,started,seconds,activation,width,loss,"), "{csv}");
    assert_eq!(csv.lines().count(), 3);
    let pair = ["runs", "compare", "runs/target-x1-tanh-1", "runs/target-x1-relu-1"];
    let text = place.succeed(&pair).stdout;
    let row: Vec<&str> =
        text.lines().find(|l| l.contains("activation")).unwrap().split_whitespace().collect();
    // In the order in which they are named.
    assert_eq!(row, ["activation", "tanh", "relu"]);
    let same = place.succeed(&[
        "runs",
        "compare",
        "runs/target-x1-relu-1",
        "runs/target-x1-relu-1/../target-x1-relu-1",
    ]);
    assert!(!same.stdout.contains("activation"), "{}", same.stdout);
    for (words, message) in [
        (&["runs", "nowhere"][..], "does not exist"),
        (
            &["runs", "remove", "runs/nosuch"],
            "the folder runs/nosuch does not exist; name the folder of a run",
        ),
        (&["runs", "compare", "runs/target-x1-relu-1", "runs/nosuch"], "does not exist"),
        (&["runs", "runs/target-x1-relu-1"], "is itself a run"),
        (
            &["runs", "compare", "runs/target-x1-relu-1", "runs/notes"],
            "runs/notes is not the folder of a run",
        ),
    ] {
        let outcome = place.zonal(words);
        assert_eq!(outcome.code, 1, "{words:?}");
        assert!(outcome.stderr.contains(message), "{words:?}: {}", outcome.stderr);
    }
}

#[test]
fn trainings_on_tables_are_listed_with_errors_on_other_rows() {
    let place = Place::new();
    let rows: String = (0..100).map(|i| format!("{i},{},{}\n", (i * 7) % 11, (i * i) % 13)).collect();
    place.file("t.csv", format!("a,b,y\n{rows}"));
    let options = ["--label", "y", "--width", "10", "--activation", "relu", "--iterations", "100"];
    place.succeed(&[&["train", "-q", "t.csv"][..], &options].concat());
    let header = |text: &str| text.lines().next().unwrap().to_owned();
    let text = header(&place.succeed(&["runs"]).stdout);
    assert!(
        text.contains("validation RMSE") && text.contains("test RMSE") && !text.contains("loss"),
        "{text}"
    );
    train(&place, "relu", "10");
    let text = place.succeed(&["runs"]).stdout;
    assert!(header(&text).contains("loss") && header(&text).contains("test RMSE"), "{text}");
}

#[test]
fn only_runs_are_removed_and_nothing_if_one_folder_holds_something_else() {
    let place = Place::new();
    for activation in ["relu", "tanh", "erf"] {
        train(&place, activation, "10");
    }
    place.succeed(&["report", "runs/target-x1-erf-1", "--figures", "svg"]);
    let folder = |name: &str| place.path().join("runs").join(name);
    place.file("runs/target-x1-tanh-1/notes.txt", "mine");
    let refused = place.zonal(&["runs", "remove", "runs/target-x1-relu-1", "runs/target-x1-tanh-1"]);
    assert_eq!(refused.code, 1);
    assert!(refused.stderr.contains("notes.txt, which the run did not write"), "{}", refused.stderr);
    assert!(folder("target-x1-relu-1").is_dir() && folder("target-x1-tanh-1/run.json").is_file());
    place.file("runs/target-x1-erf-1/figures/loss.svg", "a drawing of another program");
    let refused = place.zonal(&["runs", "remove", "runs/target-x1-erf-1"]);
    assert!(refused.stderr.contains("figures/loss.svg, which the run did not write"), "{}", refused.stderr);
    std::fs::remove_file(folder("target-x1-erf-1/figures/loss.svg")).unwrap();
    std::fs::create_dir(place.path().join("mine")).unwrap();
    place.file("mine/thesis.tex", "years of work");
    for foreign in ["mine", "mine/thesis.tex", ".", "nowhere"] {
        assert_eq!(place.zonal(&["runs", "remove", foreign]).code, 1, "{foreign}");
    }
    let both = ["runs", "remove", "runs/target-x1-relu-1", "runs/target-x1-erf-1"];
    let removed = place.succeed(&both).stdout;
    assert_eq!(removed, "removed runs/target-x1-relu-1\nremoved runs/target-x1-erf-1\n");
    assert!(!folder("target-x1-relu-1").exists() && !folder("target-x1-erf-1").exists());
    assert!(place.path().join("mine/thesis.tex").is_file() && folder("target-x1-tanh-1").is_dir());
}

#[cfg(unix)]
#[test]
fn an_interrupted_training_is_listed_and_removed() {
    let place = Place::new();
    let rows: String = (0..400).map(|i| format!("{i},{},{}\n", i * i % 17, i % 7)).collect();
    place.file("t.csv", format!("a,b,y\n{rows}"));
    let train =
        ["train", "t.csv", "--label", "y", "--layers", "both", "--activation", "tanh", "--width", "50"];
    let long = ["--iterations", "1e9", "--patience", "inf", "--checkpoint", "0", "--out", "runs/long"];
    crate::common::stopped(&place, &[&train[..], &long].concat(), "runs/long/descent.safetensors", "-INT");
    let list = place.succeed(&["runs", "--format", "json"]).json();
    assert_eq!(
        (&list["runs"][0]["state"], &list["runs"][0]["loss"]),
        (&"resumable".into(), &serde_json::Value::Null)
    );
    place.succeed(&["runs", "remove", "runs/long"]);
    assert_eq!(place.succeed(&["runs"]).stdout, "no runs\n");
}
