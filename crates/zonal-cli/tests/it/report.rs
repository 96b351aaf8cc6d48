//! Pages, figures and metrics that runs leave.

use crate::common::Place;
use std::path::Path;

fn page(place: &Place, path: &str) -> String {
    std::fs::read_to_string(place.path().join(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// What every page keeps to, whatever it shows.
fn check(html: &str) {
    assert!(html.starts_with("<!doctype html>"));
    assert!(html.contains("default-src 'none'"));
    // Nothing is fetched: no address but the name of SVG, which nobody opens.
    let addresses = html.replace("http://www.w3.org/2000/svg", "");
    for fetched in ["http://", "https://", " src=", "<link", "@import", "url(http", "<img", "<iframe"] {
        assert!(!addresses.contains(fetched), "{fetched}");
    }
    assert!(!html.contains("NaN") && !html.contains("inf,") && !html.contains("<td class=\"n\"></td>"));
    // Every id is there once.
    let mut ids: Vec<&str> = html.split(" id=\"").skip(1).filter_map(|s| s.split('"').next()).collect();
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(count, ids.len(), "{ids:?}");
}

fn table(rows: usize) -> String {
    let line = |i: usize| format!("{},{},{}\n", i, (i * 7) % 11, (i as f64 * 0.3).sin() + (i % 5) as f64);
    "a,b,y\n".to_owned() + &(0..rows).map(line).collect::<String>()
}

#[test]
fn every_kind_of_run_leaves_its_page() {
    let place = Place::new();
    place.succeed(&[
        "train",
        "--target",
        "harmonic(1) + 0.5*harmonic(3)",
        "--dim",
        "5",
        "--width",
        "60",
        "--out",
        "target",
    ]);
    place.file("data.csv", table(120));
    place.succeed(&[
        "train",
        "--hidden",
        "drawn",
        "data.csv",
        "--label",
        "y",
        "--width",
        "40",
        "--activation",
        "relu",
        "--out",
        "table",
    ]);
    place.succeed(&[
        "train",
        "--target",
        "x1*x2",
        "--dim",
        "4",
        "--layers",
        "both",
        "--activation",
        "erf",
        "--width",
        "40",
        "-t",
        "50",
        "--out",
        "both",
    ]);
    place.succeed(&["train", "--target", "x1*x2", "--width", "inf", "--out", "limit"]);
    place.file("grid.toml", "target = \"harmonic(1)\"\ndim = [3, 5]\nwidth = [5, 20]\nseeds = 2\n");
    place.succeed(&["sweep", "grid.toml", "--out", "sweep"]);
    place.succeed(&["reproduce", "--quick", "--claim", "relu", "--out", "claims"]);
    place.succeed(&[
        "sq",
        "play",
        "--family",
        "monomials",
        "-n",
        "8",
        "-k",
        "2",
        "-t",
        ".3",
        "--out",
        "game",
    ]);
    place.succeed(&[
        "sq",
        "play",
        "--family",
        "signs",
        "-n",
        "20",
        "-k",
        "2",
        "-t",
        ".3",
        "--learner",
        "brute-force",
        "--out",
        "rows",
    ]);
    let parts = [
        ("target", "relu cannot see degree 3"),
        ("table", "Test rows: y"),
        ("both", "tangent kernel"),
        ("limit", "infinitely many"),
        ("sweep", "Loss against log_n of the width"),
        ("claims", "1 of 1 claims hold"),
        ("game", "Remaining members"),
        ("rows", "not restricted to queries"),
    ];
    for (run, part) in parts {
        let html = page(&place, &format!("{run}/report.html"));
        check(&html);
        assert!(html.contains(part), "{run}: {part}");
        // The page says how to have it again, and can be had again without the run.
        assert!(html.contains(&format!("--out {run}")), "{run}");
        std::fs::remove_file(place.path().join(run).join("report.html")).unwrap();
        let made = place.succeed(&["report", run]).stdout;
        assert_eq!(made.trim(), Path::new(run).join("report.html").display().to_string());
        assert_eq!(page(&place, made.trim()), html, "{run}");
    }
    let pages = |folder: &str| {
        let entries = std::fs::read_dir(place.path().join(folder)).unwrap();
        entries.filter(|e| e.as_ref().unwrap().path().extension().is_some_and(|x| x == "html")).count()
    };
    assert_eq!(pages("sweep"), 1);

    let json = place.succeed(&["report", "target", "both", "table", "--format", "json"]).json();
    assert_eq!((&json["schema"], &json["page"]), (&1.into(), &"comparison.html".into()));
    let html = page(&place, "comparison.html");
    check(&html);
    assert!(html.contains("3 runs compared") && html.contains("learned different targets"));
    let runs: Vec<&str> = parts.iter().map(|p| p.0).collect();
    place.succeed(&[&["report"], runs.as_slice(), &["--out", "all.html"]].concat());
    check(&page(&place, "all.html"));
}

#[test]
fn metrics_are_a_table_too() {
    let place = Place::new();
    let run = [
        "train",
        "--target",
        "harmonic(2)",
        "--dim",
        "5",
        "--width",
        "50",
        "--out",
        "run",
        "--format",
        "csv",
    ];
    let printed = place.succeed(&run).stdout;
    assert_eq!(page(&place, "run/metrics.csv"), printed);
    let lines = page(&place, "run/metrics.jsonl").lines().count();
    assert_eq!(printed.lines().count(), lines + 1);
    assert!(
        printed.starts_with("iteration,loss,validation_loss,test_loss,tail_energy,energy_0,predicted_0,")
    );
}

/// The numbers that the script of a page has.
fn data(html: &str) -> serde_json::Value {
    let text = html.split("id=\"data\">").nth(1).and_then(|s| s.split("</script>").next()).unwrap();
    serde_json::from_str(text).unwrap()
}

#[test]
fn the_slider_has_the_numbers_of_the_run() {
    let place = Place::new();
    let run = [
        "train",
        "--target",
        "0.6*harmonic(1) + 0.8*harmonic(2)",
        "--dim",
        "5",
        "--width",
        "80",
        "--at",
        "0,3,40,1e6",
    ];
    let report = place.succeed(&[&run[..], &["--out", "run", "--format", "json"]].concat()).json();
    let html = page(&place, "run/report.html");
    assert!(html.contains("checked value=\"rest\"") && html.contains(">rest</th>"));
    let data = data(&html);
    let toggles = html.split("checked value=\"degree-").skip(1);
    let degrees: Vec<usize> = toggles.map(|s| s.split('"').next().unwrap().parse().unwrap()).collect();
    assert!(degrees.contains(&1) && degrees.contains(&2));
    assert_eq!(data["stops"], serde_json::json!(["0", "3", "40", "1,000,000"]));
    let path = report["path"].as_array().unwrap();
    let near = |text: &serde_json::Value, value: f64| {
        let shown: f64 = text.as_str().unwrap().parse().unwrap();
        assert!((shown - value).abs() <= 1e-3 * value.abs(), "{shown} {value}");
    };
    let energy = |c: &serde_json::Value, k: usize| c["degrees"][k]["energy"].as_f64().unwrap();
    let heights = data["bars"]["left"].as_array().unwrap();
    let places = data["cursors"]["loss"].as_array().unwrap();
    assert!(places.windows(2).all(|w| w[0].as_f64() < w[1].as_f64()));
    assert_eq!(data["cursors"]["degrees"].as_array().unwrap().len(), 4);
    for (i, checkpoint) in path.iter().enumerate() {
        near(&data["readings"][0][i], checkpoint["loss"].as_f64().unwrap());
        // In addition to the loss: one value and one bar for each degree shown, and the value of the rest.
        let readings = data["readings"].as_array().unwrap();
        assert_eq!((readings.len(), heights.len()), (degrees.len() + 2, degrees.len()));
        let shown: f64 = degrees.iter().map(|&k| energy(checkpoint, k)).sum();
        let rest: f64 = readings[degrees.len() + 1][i].as_str().unwrap().parse().unwrap();
        let loss = checkpoint["loss"].as_f64().unwrap();
        assert!((shown + rest - loss).abs() < 1e-3 * loss, "{shown} + {rest} = {loss}");
        for (number, reading) in readings[1..=degrees.len()].iter().enumerate() {
            let k = degrees[number];
            near(&reading[i], energy(checkpoint, k));
            // Heights are to a tenth of a unit.
            let scale = heights[number][0].as_f64().unwrap() / energy(&path[0], k);
            if energy(&path[0], k) > 0.1 {
                let height = heights[number][i].as_f64().unwrap();
                assert!((height - scale * energy(checkpoint, k)).abs() < 0.2, "{height}");
            }
        }
    }
}

/// The points of the dashed line of a series in a page.
fn dashes(html: &str, figure: &str, series: &str) -> Vec<(f64, f64)> {
    let drawing = html.split(&format!("<title id=\"{figure}-title\">")).nth(1).unwrap();
    let group = drawing.split(&format!("data-name=\"{series}\"><path d=\"M")).nth(1).unwrap();
    let line = group.split('"').next().unwrap();
    let point = |text: &str| {
        let (x, y) = text.split_once(' ').unwrap();
        (x.parse().unwrap(), y.parse().unwrap())
    };
    line.split('L').map(point).collect()
}

#[test]
fn predictions_are_curves_between_few_listed_iterations_too() {
    let place = Place::new();
    let train = |run: &str, more: &[&str]| {
        let base =
            ["train", "--target", "harmonic(1)", "--dim", "5", "--width", "60", "-t", "1e4", "--out", run];
        place.succeed(&[&base, more].concat());
    };
    train("all", &[]);
    train("few", &["--at", "0"]);
    train("smooth", &["--at", "0", "--activation", "tanh"]);
    place.succeed(&["report", "all", "few"]);
    let (own, both) = (page(&place, "few/report.html"), page(&place, "comparison.html"));
    check(&both);
    // The curve does not depend on the listed iterations.
    let places = |html: &str, figure: &str| -> Vec<f64> {
        dashes(html, figure, "degree 1").into_iter().map(|(x, _)| x).collect()
    };
    let expected = places(&page(&place, "all/report.html"), "degrees");
    assert!(expected.len() > 100);
    assert_eq!(places(&own, "degrees"), expected);
    for figure in ["degrees-1", "degrees-2"] {
        assert_eq!(places(&both, figure).len(), expected.len());
    }
    // Iterative training has listed predictions only, which decay geometrically in between.
    let moving = ["train", "--target", "harmonic(1)", "--dim", "5", "--width", "60", "--layers", "both"];
    let options = ["--activation", "tanh", "-t", "40", "--step", "0.1", "--at", "0", "--out", "moving"];
    place.succeed(&[&moving[..], &options].concat());
    assert!(dashes(&page(&place, "moving/report.html"), "degrees", "degree 1").len() > 20);
    // Runs that differ in one option have its value as their names.
    place.succeed(&["report", "few", "smooth"]);
    let html = page(&place, "comparison.html");
    check(&html);
    assert!(html.contains("Trainings side by side: relu (few), tanh (smooth)."));
    assert!(html.contains("Residual energy at the best iteration") && html.contains("By degree: relu"));
}

#[test]
fn pages_and_figures_are_written_as_asked() {
    let place = Place::new();
    let train = |more: &[&str]| {
        let base = ["train", "--target", "harmonic(2)", "--dim", "5", "--width", "50"];
        place.succeed(&[&base, more].concat())
    };
    train(&["--out", "bare", "--no-report"]);
    assert!(!place.path().join("bare/report.html").exists() && !place.path().join("bare/figures").exists());
    train(&["--out", "drawn", "--no-report", "--figures", "svg,png"]);
    assert!(!place.path().join("drawn/report.html").exists());
    for name in ["loss", "degrees", "left", "spectrum"] {
        let svg = page(&place, &format!("drawn/figures/{name}.svg"));
        assert!(svg.starts_with("<svg") && svg.contains("width=\"89mm\""));
        let png = std::fs::read(place.path().join(format!("drawn/figures/{name}.png"))).unwrap();
        // The signature, then the header with the width: 89 mm at 300 points to the inch.
        assert_eq!(&png[..8], b"\x89PNG\r\n\x1a\n");
        assert_eq!(u32::from_be_bytes(png[16..20].try_into().unwrap()), 1_052);
    }
    // A run in place of another leaves no figure of the first one.
    train(&["--out", "drawn", "--force", "--no-report"]);
    assert!(!place.path().join("drawn/figures").exists());
    Place::new().fail(
        &["train", "--target", "x1", "--out", "none", "--figures", "svg"],
        2,
        &["--figures needs a run folder"],
    );
    Place::new().fail(
        &["train", "--target", "x1", "--figures", "gif"],
        2,
        &["'gif' is not a format of figures", "svg"],
    );
}

#[test]
fn a_page_replaces_nothing_that_is_not_ours() {
    let place = Place::new();
    place.succeed(&["train", "--target", "x1", "--width", "20", "--out", "a"]);
    place.succeed(&["train", "--target", "x1", "--width", "30", "--out", "b"]);
    place.file("notes.html", "mine");
    let refused = place.zonal(&["report", "a", "b", "--out", "notes.html"]);
    assert_eq!(refused.code, 1);
    assert!(
        refused.stderr.contains("notes.html") && refused.stderr.contains("--force"),
        "{}",
        refused.stderr
    );
    assert_eq!(page(&place, "notes.html"), "mine");
    place.succeed(&["report", "a", "b", "--out", "notes.html", "--force"]);
    // What is ours is made anew without asking.
    place.succeed(&["report", "b", "a", "--out", "notes.html"]);

    std::fs::create_dir(place.path().join("empty")).unwrap();
    place.file("a/metrics.jsonl", "{}\n");
    for (run, part) in [
        ("empty", "holds no run.json"),
        ("nowhere", "does not exist"),
        ("notes.html", "is a file"),
        ("a", "line 1 cannot be read"),
    ] {
        let refused = place.zonal(&["report", run]);
        assert_eq!(refused.code, 1);
        assert!(refused.stderr.contains(part), "{}", refused.stderr);
    }
    place.file("b/run.json", "{\"schema\": 99}");
    assert!(place.zonal(&["report", "b"]).stderr.contains("another version (its run.json has schema 99"));
}

#[test]
fn figures_replace_nothing_that_is_not_ours() {
    let place = Place::new();
    place.succeed(&["train", "--target", "x1", "--width", "20", "--out", "a"]);
    place.succeed(&["train", "--target", "x1", "--width", "30", "--out", "b", "--figures", "png,svg,png"]);
    let both = ["report", "a", "b", "--out", "pages/both.html", "--figures", "svg"];
    assert_eq!(place.succeed(&both).stdout.lines().count(), 4);
    // Our own are made anew; a file of the user's is not touched, and then nothing is.
    place.succeed(&both);
    let mine = place.file("pages/figures/loss.svg", "<svg>mine</svg>");
    std::fs::remove_file(place.path().join("pages/both.html")).unwrap();
    let refused = place.zonal(&both);
    assert_eq!(refused.code, 1);
    assert!(refused.stderr.contains("loss.svg") && refused.stderr.contains("--force"), "{}", refused.stderr);
    assert_eq!(std::fs::read_to_string(&mine).unwrap(), "<svg>mine</svg>");
    assert!(!place.path().join("pages/both.html").exists());
    place.succeed(&[&both[..], &["--force"]].concat());
    // Nor is a run's own record, whatever is forced.
    let record = std::fs::read(place.path().join("a/run.json")).unwrap();
    let refused = place.zonal(&["report", "a", "b", "--out", "a/run.json", "--force"]);
    assert!(
        refused.code == 2 && refused.stderr.contains("the name of a file of a run"),
        "{}",
        refused.stderr
    );
    assert_eq!(std::fs::read(place.path().join("a/run.json")).unwrap(), record);
    let twice = place.zonal(&["report", "a", "a"]);
    assert_eq!(twice.code, 2);
    assert!(twice.stderr.contains("a is listed twice"));
    #[cfg(unix)]
    {
        let pipe = place.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let refused = place.zonal(&["report", "a", "b", "--out", "pipe", "--force"]);
        assert_eq!(refused.code, 1);
        assert!(refused.stderr.contains("not a regular file"), "{}", refused.stderr);
        assert!(!pipe.is_file());
    }
}

#[test]
fn sentences_are_true_in_every_configuration() {
    let place = Place::new();
    place.file("data.csv", table(2_400));
    place.file("few.csv", table(30));
    let text = |run: &str, arguments: &[&str]| {
        place.succeed(&[&["train"], arguments, &["--out", run]].concat());
        let html = page(&place, &format!("{run}/report.html"));
        check(&html);
        html
    };
    let data = ["data.csv", "--label", "y", "--hidden", "drawn", "--width", "30", "--activation", "relu"];
    let html = text("sample", &[&data[..], &["--test-fraction", "0.6"]].concat());
    let rows = page(&place, "sample/test_rows.csv").lines().count() - 1;
    assert!(rows <= 1_000 && html.contains(&format!("{rows} of 1,")), "{rows}");
    let metrics = page(&place, "sample/metrics.csv");
    let record: serde_json::Value = serde_json::from_str(&page(&place, "sample/run.json")).unwrap();
    let best = record["summary"]["best_iteration"].to_string();
    let test_loss = |iteration: &str| -> f64 {
        let line = metrics.lines().find(|l| l.split(',').next() == Some(iteration)).unwrap();
        line.split(',').nth(3).unwrap().parse().unwrap()
    };
    let part = 1.0 - test_loss(&best) / test_loss("0");
    let told = html.split("the mean squared error is ").nth(1).unwrap();
    let percent: f64 = told.split(' ').next().unwrap().parse().unwrap();
    let side = if part >= 0.0 { "% below" } else { "% above" };
    assert!(
        (percent - 100.0 * part.abs()).abs() <= 1e-3 * percent && told.contains(side),
        "{part} {percent}"
    );
    let html = text("last", &[&data[..], &["--validation-fraction", "0"]].concat());
    assert!(html.contains("the last one") && html.contains("last iteration"));
    let stepwise =
        ["few.csv", "--label", "y", "--width", "20", "--layers", "both", "--activation", "erf", "-t", "30"];
    let html = text("smallest", &[&stepwise[..], &["--validation-fraction", "0"]].concat());
    assert!(html.contains("where the training loss is smallest"));
    let html = text("refit", &[&data[..], &["--stop", "validation", "--refit"]].concat());
    assert!(html.contains("fitted to them too") && html.contains("training and validation"));
    let html = text("folds", &[&data[..], &["--folds", "3"]].concat());
    assert!(html.contains("chosen over 3 folds") && html.contains("held-out"));
    // Folds leave no validation rows that could be trained on.
    assert!(!html.contains("training and validation"));
    let html = text(
        "two",
        &["data.csv", "--label", "a,b", "--features", "y", "--width", "20", "--activation", "relu"],
    );
    // Two units have no common variance.
    assert!(
        html.contains("Test rows: a")
            && html.contains("Test rows: b")
            && !html.contains("that of the training rows")
    );

    let biased = [
        "--target",
        "harmonic(3)",
        "--dim",
        "4",
        "--width",
        "30",
        "--layers",
        "both",
        "--biases",
        "-t",
        "20",
        "--batch",
        "fresh:50",
    ];
    let html = text("biased", &[&biased[..], &["--activation", "relu"]].concat());
    assert!(html.contains("every degree can be learned") && !html.contains("0: invisible"));
    assert!(!html.contains("not learned at any width"));
    let html = text("limit", &["--target", "harmonic(2)", "--dim", "4", "--width", "inf"]);
    assert!(html.contains("What infinite width gives") && !html.contains("Points: measured"));
    let html = text("zero", &["--target", "harmonic(2)", "--dim", "4", "--width", "20", "-t", "0"]);
    assert!(html.contains("In 0 iterations") && !html.contains("id=\"slider\""));
    let diverging = [
        "--target",
        "neuron(tanh)",
        "--dim",
        "5",
        "--width",
        "20",
        "--layers",
        "both",
        "--activation",
        "erf",
        "--step",
        "1e6",
        "--batch",
        "fresh:64",
        "-t",
        "50",
    ];
    let html = text("diverged", &diverging);
    assert!(html.contains("The descent diverged") && html.contains("In 0 iterations"));
}

#[test]
fn sweeps_hide_no_cell() {
    let place = Place::new();
    let sweep = |name: &str, text: &str| {
        place.file(&format!("{name}.toml"), text);
        place.succeed(&["sweep", &format!("{name}.toml"), "--out", name]);
        let html = page(&place, &format!("{name}/report.html"));
        check(&html);
        html
    };
    let html = sweep("scales", "target = \"x1\"\ndim = 4\nwidth = [4, 9]\nscale = [1, 1.0001, 2]\n");
    // Two scales that read alike have a curve each, and stand in the table.
    assert!(html.contains("scale 1.000 (2)") && html.contains("<th scope=\"col\">scale</th>"));
    let html = sweep("rows", "target = \"x1\"\ndim = 4\nwidth = 9\nrows = [\"exact\", 20, 80]\n");
    assert!(html.contains("log_n of the rows") && html.contains("no place on this axis"));
    let html = sweep("dims", "target = \"x1\"\ndim = [4, 8]\nwidth = \"n\"\nscale = \"sqrt-dim\"\n");
    assert!(html.contains("Loss against dimension"));
    let html = sweep(
        "steps",
        "target = \"x1\"\ndim = 4\nwidth = [4, 9]\nstep = [1e9, \"auto\"]\niterations = [1, 10, 100]\n",
    );
    assert!(html.contains("10 of 20 trainings diverged"));
}

#[test]
fn more_degrees_than_looks_are_told() {
    let place = Place::new();
    let terms: Vec<String> = (0..40).map(|k| format!("0.3*harmonic({k})")).collect();
    place.succeed(&[
        "train",
        "--target",
        &terms.join(" + "),
        "--dim",
        "3",
        "--width",
        "60",
        "--activation",
        "relu(t + 0.3)",
        "--out",
        "run",
    ]);
    let html = page(&place, "run/report.html");
    check(&html);
    assert!(html.contains("Figures show the first 28 of 40 degrees"));
    assert!(html.contains(">degree 39</th>"));
}

#[test]
fn a_page_that_fails_loses_no_run() {
    let place = Place::new();
    // The figures' folder cannot be made where a file of that name is.
    place.succeed(&["train", "--target", "x1", "--width", "20", "--out", "run", "--no-report"]);
    place.file("run/figures", "in the way");
    let outcome = place.zonal(&[
        "train",
        "--target",
        "x1",
        "--width",
        "20",
        "--out",
        "run",
        "--force",
        "--figures",
        "svg",
    ]);
    assert_eq!(outcome.code, 1);
    assert!(outcome.stdout.contains("run: run"), "{}", outcome.stdout);
    assert!(
        outcome.stderr.contains("the run is saved in run") && outcome.stderr.contains("figures"),
        "{}",
        outcome.stderr
    );
    assert!(place.path().join("run/model.safetensors").exists());
}

#[test]
fn hostile_names_are_shown_as_text() {
    let place = Place::new();
    let names = [
        "<script>alert(1)</script>".to_owned(),
        "\"'><img src=x onerror=alert(1)>".to_owned(),
        "\u{202e}\u{05e9}\u{05dc}\u{05d5}\u{05dd}".to_owned(),
        "</script><svg onload=alert(1)>".to_owned(),
        "x".repeat(10_000),
    ];
    let quoted = |name: &String| format!("\"{}\"", name.replace('"', "\"\""));
    let header: Vec<String> = names.iter().map(quoted).collect();
    let mut text = header.join(",") + ",constant\n";
    for i in 0..60 {
        text += &format!("{},{},{},{},{},1\n", i, i * i % 7, i % 3, i % 11, (i * 5) % 13);
    }
    let file = "<b>&'x.csv";
    place.file(file, text);
    for (i, label) in names.iter().enumerate() {
        let out = format!("run-{i}");
        // Commas outside brackets split labels; none of these has one.
        place.succeed(&[
            "train",
            "--hidden",
            "drawn",
            file,
            "--label",
            label,
            "--width",
            "20",
            "--activation",
            "relu",
            "--out",
            &out,
        ]);
        let html = page(&place, &format!("{out}/report.html"));
        check(&html.replace(" src=x", ""));
        for raw in ["<script>alert", "<img", "<svg onload", "</script><svg", "<b>&"] {
            assert!(!html.contains(raw), "{raw}");
        }
        assert!(html.contains("&#60;b&#62;&#38;") || html.contains("&lt;b&gt;&amp;"));
        assert!(html.len() < 200_000, "{}", html.len());
    }
}

#[test]
fn a_long_run_of_many_degrees_makes_a_small_page() {
    let place = Place::new();
    let terms: Vec<String> =
        (0..=20).map(|k| format!("{}*harmonic({k})", 0.1 + 0.01 * f64::from(k))).collect();
    let at: Vec<String> = (0..60).map(|i| format!("{}", (1.4f64.powi(i)) as u64)).collect();
    let mut at = at;
    at.dedup();
    let mut last = 1u64 << 40;
    while at.len() < 60 {
        at.push(last.to_string());
        last += 1 << 40;
    }
    place.succeed(&[
        "train",
        "--target",
        &terms.join(" + "),
        "--dim",
        "3",
        "--width",
        "100",
        "--activation",
        "relu(t + 0.3)",
        "--at",
        &at.join(","),
        "--out",
        "run",
    ]);
    let html = page(&place, "run/report.html");
    check(&html);
    assert_eq!(html.matches("<input type=\"checkbox\"").count(), 22);
    assert!(html.len() <= 1_000_000, "{}", html.len());
}
