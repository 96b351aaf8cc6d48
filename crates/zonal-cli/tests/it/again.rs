//! `zonal train --again`: a run repeated from its record.

use assert_cmd::Command;
use std::fmt::Write as _;
use std::path::Path;

fn zonal(folder: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_zonal"));
    command.current_dir(folder).args(words).arg("-q");
    command
}

fn table(factor: f64) -> String {
    let mut text = "a,b,y\n".to_owned();
    for i in 0..400 {
        let (a, b) = ((0.37 * f64::from(i)).sin(), (0.11 * f64::from(i)).cos());
        let _ = writeln!(text, "{a:.6},{b:.6},{:.6}", factor * a * b);
    }
    text
}

fn again(folder: &Path, record: &str, simd: Option<&str>) -> (i32, serde_json::Value) {
    let mut command = zonal(folder, &["train", "--again", record, "--format", "json"]);
    if let Some(level) = simd {
        command.env("ZONAL_SIMD", level);
    }
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let code = output.status.code().unwrap();
    (code, serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text} {output:?}")))
}

#[test]
fn a_run_is_repeated_and_agrees() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    std::fs::write(folder.join("t.csv"), table(1.0)).unwrap();
    for (name, words) in [
        ("table", vec!["train", "t.csv", "--label", "y", "--width", "60", "--activation", "tanh"]),
        ("target", vec!["train", "--target", "x1*x2 + x1", "--dim", "4", "--width", "80"]),
        (
            "both",
            vec![
                "train",
                "--target",
                "x1*x2",
                "--dim",
                "4",
                "--layers",
                "both",
                "--batch",
                "fresh:16",
                "--width",
                "30",
                "--iterations",
                "200",
            ],
        ),
    ] {
        zonal(folder, &[&words[..], &["--out", name]].concat()).assert().success();
        // By its folder or its record, and from another folder too.
        let (code, same) = again(folder, &format!("{name}/run.json"), None);
        assert_eq!((code, &same["same_bits"]), (0, &true.into()), "{name}: {same}");
        let elsewhere = tempfile::tempdir().unwrap();
        let (code, same) = again(elsewhere.path(), folder.join(name).to_str().unwrap(), None);
        assert_eq!((code, &same["same_bits"]), (0, &true.into()), "{name}: {same}");
        assert_eq!(std::fs::read_dir(elsewhere.path()).unwrap().count(), 0, "nothing is written");
        for level in ["avx2", "none"] {
            let (code, near) = again(folder, name, Some(level));
            assert_eq!((code, &near["agrees"]), (0, &true.into()), "{name} by {level}: {near}");
        }
    }
}

#[test]
fn another_table_and_another_result_are_told() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    std::fs::write(folder.join("t.csv"), table(1.0)).unwrap();
    let words = ["train", "t.csv", "--label", "y", "--width", "40", "--activation", "relu", "--out", "run"];
    zonal(folder, &words).assert().success();
    std::fs::write(folder.join("t.csv"), table(2.0)).unwrap();
    let output = zonal(folder, &["train", "--again", "run"]).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(3), "{text}");
    assert!(text.starts_with("does not agree: the table differs from that of the first run"), "{text}");
    std::fs::write(folder.join("t.csv"), table(1.0)).unwrap();
    let record = folder.join("run/run.json");
    let seed = std::fs::read_to_string(&record).unwrap().replace("\"seed\": 0", "\"seed\": 1");
    std::fs::write(&record, seed).unwrap();
    let output = zonal(folder, &["train", "--again", "run"]).output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    let output = zonal(folder, &["train", "--again", "t.csv"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    zonal(folder, &["train", "--again", "run", "--width", "3"]).assert().code(2);
    // The run that is repeated is not replaced by its repetition.
    let before = std::fs::read(&record).unwrap();
    let output = zonal(folder, &["train", "--again", "run", "--out", "./run", "--force"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(2) && said.contains("choose another folder for --out"), "{said}");
    assert_eq!(std::fs::read(&record).unwrap(), before);
}

#[test]
fn what_can_no_longer_be_compared_and_what_was_edited_is_told() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    std::fs::write(folder.join("t.csv"), table(1.0)).unwrap();
    let words = ["train", "t.csv", "--label", "y", "--width", "40", "--activation", "relu", "--out", "run"];
    zonal(folder, &words).assert().success();
    let (code, same) = again(folder, "run", None);
    let everything = serde_json::json!(["the summary", "the path", "the network", "the test rows"]);
    assert_eq!((code, &same["compared"]), (0, &everything), "{same}");
    let edited = |name: &str, from: &str, to: &str| {
        let file = folder.join("run").join(name);
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(text.contains(from), "{name}: {text}");
        std::fs::write(&file, text.replacen(from, to, 1)).unwrap();
        let output = zonal(folder, &["train", "--again", "run"]).output().unwrap();
        std::fs::write(&file, text).unwrap();
        let said = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
        (output.status.code().unwrap(), said.concat())
    };
    let row = std::fs::read_to_string(folder.join("run/test_rows.csv")).unwrap();
    let row = row.lines().nth(1).unwrap().to_owned();
    let (code, said) = edited("test_rows.csv", &row, &format!("9{row}"));
    assert!(code == 3 && said.contains("  the test rows\n"), "{code} {said}");
    let (code, said) = edited("metrics.jsonl", "\"loss\":", "\"loss\":1");
    assert!(code == 3 && said.contains("  the path\n"), "{code} {said}");
    let (code, said) = edited("metrics.jsonl", "\"schema\":1", "\"schema\":2");
    assert!(code == 1 && said.contains("line 1 is of another version"), "{code} {said}");
    // A record that was changed by hand is refused, whatever stands in it.
    let (code, said) = edited("run.json", "\"labels\": [\n          \"y\"\n        ]", "\"labels\": []");
    assert!(code == 2 && said.contains("no label is specified"), "{code} {said}");
    let (code, said) = edited("run.json", "\"scale\": \"auto\"", "\"scale\": {}");
    assert!(code == 1 && said.contains("a number or a string is needed"), "{code} {said}");
    std::fs::remove_file(folder.join("run/model.safetensors")).unwrap();
    let (code, same) = again(folder, "run", None);
    assert!(code == 0 && !same["compared"].to_string().contains("network"), "{same}");
    let output = Command::new(env!("CARGO_BIN_EXE_zonal"))
        .current_dir(folder)
        .args(["train", "--again", "run"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("the network cannot be compared"), "{said}");
}

#[test]
fn files_may_have_moved() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    std::fs::write(folder.join("t.csv"), table(1.0)).unwrap();
    std::fs::write(folder.join("u.csv"), table(0.5)).unwrap();
    let words = [
        "train",
        "t.csv",
        "--test",
        "u.csv",
        "--label",
        "y",
        "--width",
        "40",
        "--activation",
        "relu",
        "--out",
        "run",
    ];
    zonal(folder, &words).assert().success();
    std::fs::create_dir(folder.join("far")).unwrap();
    for name in ["t.csv", "u.csv"] {
        std::fs::rename(folder.join(name), folder.join("far").join(name)).unwrap();
    }
    let code = |words: &[&str]| {
        let output = zonal(folder, words).output().unwrap();
        (output.status.code().unwrap(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (lost, said) = code(&["train", "--again", "run"]);
    assert!(lost == 1 && said.contains("t.csv"), "{said}");
    assert_eq!(code(&["train", "--again", "run", "far/t.csv"]).0, 1, "the test rows are lost too");
    assert_eq!(code(&["train", "far/t.csv", "--again", "run", "--test", "far/u.csv"]), (0, String::new()));
    assert_eq!(code(&["train", "far/u.csv", "--again", "run", "--test", "far/t.csv"]).0, 3);
    // Files that the run had none of.
    let words =
        ["train", "far/t.csv", "--label", "y", "--width", "40", "--activation", "relu", "--out", "part"];
    zonal(folder, &words).assert().success();
    zonal(folder, &["train", "--target", "x1", "--width", "20", "--out", "target"]).assert().success();
    for words in
        [["part", "--test", "far/u.csv"], ["target", "--test", "far/u.csv"], ["target", "--", "far/t.csv"]]
    {
        let (refused, said) = code(&[&["train", "--again"], &words[..]].concat());
        assert!(refused == 2 && said.contains("omit it"), "{refused} {said}");
    }
}
