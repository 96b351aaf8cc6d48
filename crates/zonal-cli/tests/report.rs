//! Pages, figures and metrics that runs leave.

mod common;

use common::Place;
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
        ("game", "Members that are left"),
        ("rows", "not bound to queries"),
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
    assert!(html.contains("3 runs compared") && html.contains("learned different things"));
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
        &["--figures needs a folder"],
    );
    Place::new().fail(&["train", "--target", "x1", "--figures", "pdf"], 2, &["'pdf' is no format", "svg"]);
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
    for (run, part) in
        [("empty", "holds no run.json"), ("nowhere", "is no folder"), ("a", "line 1 cannot be read")]
    {
        let refused = place.zonal(&["report", run]);
        assert_eq!(refused.code, 1);
        assert!(refused.stderr.contains(part), "{}", refused.stderr);
    }
    place.file("b/run.json", "{\"schema\": 99}");
    assert!(place.zonal(&["report", "b"]).stderr.contains("another format (schema 99"));
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
    assert_eq!(html.matches("<input type=\"checkbox\"").count(), 21);
    assert!(html.len() <= 1_000_000, "{}", html.len());
}
