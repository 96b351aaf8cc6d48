//! Every mistake a user can make with tables, options and folders: an exit code, a message that names what was
//! found, where, and what is needed, and nothing left behind.

use crate::common::{Place, diabetes};

/// A small table that trains.
const GOOD: &str =
    "a,b,y\n1,2,3\n2,1,5\n3,5,1\n4,2,8\n5,0,2\n6,1,9\n7,3,4\n8,2,7\n9,9,1\n10,4,6\n11,3,2\n12,8,5\n";

/// Trains on a table with this text; the call must fail.
fn refused(text: impl AsRef<[u8]>, code: i32, parts: &[&str]) {
    let place = Place::new();
    place.file("data.csv", text);
    place.fail(&["train", "data.csv", "--label", "y", "--width", "16"], code, parts);
}

/// As [`refused`], with exit code 1, by these options.
fn refused_by(options: &[&str], text: String, parts: &[&str]) {
    let place = Place::new();
    place.file("data.csv", text);
    place.fail(&[&["train", "data.csv", "--label", "y", "--width", "16"], options].concat(), 1, parts);
}

#[test]
fn ragged_rows() {
    refused("a,y\n1,2\n3\n", 1, &["data.csv, line 3", "found 1 fields", "first line has 2"]);
}

#[test]
fn text_in_a_numeric_column() {
    let rows: String = (0..40).map(|i| format!("{i},{}\n", i % 7)).collect();
    let words =
        ["line 42, column 'a'", "found 'hello'", "a number is needed, as in", "--categorical", "--features"];
    refused_by(
        &["--test-fraction", "0", "--validation-fraction", "0"],
        format!("a,y\n{rows}hello,3\n"),
        &words,
    );
    refused(
        "a,y\n1,2\n3,hello\n",
        1,
        &["line 3, column 'y'", "the label must be a number, but found 'hello'"],
    );
}

#[test]
fn missing_values() {
    let words = ["line 3, column 'a'", "the value is missing", "--missing drop"];
    refused_by(&["--missing", "reject"], "a,y\n1,2\n,3\n".into(), &words);
    refused_by(
        &["--missing", "reject"],
        "a,y\n1,2\n3,\n".into(),
        &["line 3, column 'y'", "the value is missing"],
    );
    let empty: String = (0..40).map(|i| format!(",{i}\n")).collect();
    refused(format!("a,y\n{empty}"), 1, &["none of the 0 feature columns varies"]);
    let place = Place::new();
    place.file("data.csv", format!("{GOOD},1,2\n3,NA,4\n"));
    let out = place.succeed(&[
        "train",
        "data.csv",
        "--label",
        "y",
        "--missing",
        "drop",
        "--width",
        "16",
        "--format",
        "json",
    ]);
    assert_eq!(out.json()["rows"]["dropped"], 2);
}

#[test]
fn infinities_and_nan() {
    refused("a,y\ninf,2\n", 1, &["line 2, column 'a'", "found 'inf'", "finite"]);
    refused("a,y\n1,NaN\n", 1, &["data.csv", "no usable rows: all 1 have a missing value"]);
}

#[test]
fn duplicate_column_names() {
    refused("a,a,y\n1,2,3\n", 1, &["column 'a'", "columns 1 and 2 have the same name"]);
}

#[test]
fn constant_features() {
    let rows: String = (0..40).map(|i| format!("5,{i}\n")).collect();
    refused(format!("a,y\n{rows}"), 1, &["none of the 1 feature columns varies"]);
    let place = Place::new();
    let rows: String = (0..40).map(|i| format!("5,{},{i}\n", i % 7)).collect();
    place.file("data.csv", format!("always,b,y\n{rows}"));
    let out = place.succeed(&["train", "data.csv", "--label", "y", "--width", "16", "--format", "json"]);
    assert_eq!(out.json()["dropped_columns"][0], "always");
    assert!(out.stderr.contains("constant on the training rows: always"), "{}", out.stderr);
}

#[test]
fn labels_and_features_that_do_not_fit() {
    let place = Place::new();
    place.file("data.csv", GOOD);
    place.fail(&["train", "data.csv", "--label", "z"], 1, &["no column 'z'", "a, b, y"]);
    place.file("other.csv", GOOD.replace(',', "~"));
    place.fail(&["train", "other.csv", "--label", "y"], 1, &["no column 'y'", "a~b~y"]);
    place.file("other.csv", GOOD.replace(',', ";"));
    let words = ["train", "other.csv", "--label", "y", "--delimiter", ","];
    place.fail(&words, 1, &["no column 'y'", "a;b;y", "--delimiter"]);
    place.fail(&["train", "data.csv", "--label", "y", "--features", "a,y"], 1, &["cannot also be a feature"]);
    place.fail(&["train", "data.csv", "--label", "y", "--features", "a,q"], 1, &["no column 'q'"]);
    place.fail(&["train", "data.csv", "--label", "y", "--features", ","], 2, &["--features is empty"]);
    place.fail(&["train", "data.csv"], 2, &["--label"]);
    place.fail(&["train"], 2, &["DATA"]);
}

#[test]
fn empty_files_and_files_without_rows() {
    refused("", 1, &["the file is empty"]);
    refused("a,y\n", 1, &["no rows"]);
    refused("a,y\n1,2\n", 1, &["train part", "needs at least"]);
    refused("y\n1\n2\n", 1, &["only column"]);
}

#[test]
fn what_is_not_a_file() {
    let place = Place::new();
    place.fail(&["train", "-", "--label", "y"], 1, &["standard input, a pipe", "plain file"]);
    place.fail(&["train", ".", "--label", "y"], 1, &["a folder", "plain file"]);
    std::fs::create_dir(place.path().join("tables")).unwrap();
    let names = "tables is a folder, but a plain file is needed; name its files, such as 'tables/*.csv'";
    place.fail(&["train", "tables", "--label", "y"], 1, &[names]);
    place.fail(&["train", "nowhere.csv", "--label", "y"], 1, &["nowhere.csv", "opening failed"]);
    #[cfg(unix)]
    {
        let pipe = place.path().join("pipe.csv");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        place.fail(&["train", "pipe.csv", "--label", "y"], 1, &["pipe.csv", "a pipe"]);
    }
    place.file("data.parquet", "PAR1");
    place.file("data.xlsx", "PK");
    place.fail(&["train", "data.xlsx", "--label", "y"], 1, &["data.xlsx", "save the table as CSV"]);
    place.fail(&["train", "data-*.csv", "--label", "y"], 1, &["data-*.csv", "no file matches"]);
    place.fail(
        &["train", "data.parquet", "--label", "y"],
        1,
        &["data.parquet", "not a complete Parquet file"],
    );
}

#[test]
fn options_out_of_range() {
    let place = Place::new();
    place.file("data.csv", GOOD);
    let train = |extra: &[&'static str]| [&["train", "data.csv", "--label", "y"], extra].concat();
    place.fail(&train(&["--test-fraction", "1.5"]), 2, &["test fraction", "1.5", "below 1"]);
    place.fail(
        &train(&["--test-fraction", "0.6", "--validation-fraction", "0.6"]),
        2,
        &["1.2", "rows remain"],
    );
    place.fail(&train(&["--width", "0"]), 2, &["width", "at least 1"]);
    place.fail(&train(&["--width", "many"]), 2, &["'many' is not a count"]);
    place.fail(&train(&["--width", "inf"]), 2, &["needs a --target"]);
    place.fail(&train(&["--iterations", "1.5"]), 2, &["'1.5' is not a count"]);
    place.fail(&train(&["--scale", "-1"]), 2, &["'-1' is not a scale"]);
    place.fail(&train(&["--scale", "0"]), 2, &["'0' is not a scale"]);
    place.fail(&train(&["--step", "0"]), 2, &["step", "positive"]);
    place.fail(&train(&["--bias", "-1"]), 2, &["bias", "-1", "at least 0"]);
    place.fail(&train(&["--activation", "swash"]), 2, &["'swash'", "relu, leaky-relu", "hermite-K"]);
    place.fail(&train(&["--delimiter", "5"]), 2, &["delimiter '5'"]);
    place.fail(&train(&["--at", "1,x"]), 2, &["--at: 'x' is not a count"]);
    place.fail(&train(&["--at", "10", "--iterations", "5"]), 2, &["10", "beyond the last iteration 5"]);
    place.fail(&train(&["--threads", "0"]), 2, &["--threads"]);
    place.fail(&train(&["--target", "x1"]), 2, &["cannot be used with"]);
    place.fail(&["spectrum", "--dim", "1"], 2, &["dimension is 1", "from 2 to"]);
    place.fail(&["spectrum", "--dim", "-5"], 2, &["--dim", "'-5' is not a count"]);
    place.fail(&["spectrum", "--activation", "foo(t)"], 2, &["character 1", "'foo' is not known", "^^^"]);
    place.fail(&["spectrum", "--activation", "1/t"], 2, &["near t = 0", "not finite"]);
    place.fail(&["spectrum", "--activation", "sqrt(t)"], 2, &["not finite"]);
    place.fail(&["spectrum", "--activation", "relu", "--kinks", "0"], 2, &["kinks", "an expression in t"]);
    place.fail(&["spectrum", "--activation", "step", "--kernel", "tangent"], 2, &["step", "without jumps"]);
    place.fail(&["spectrum", "--dim", "inf", "--kernel", "tangent"], 2, &["finite --dim"]);
    place.fail(&["spectrum", "--dim", "inf", "--scale", "2"], 2, &["sqrt-dim"]);
    place.fail(&["spectrum", "--for-degrees", "4..0"], 2, &["'4..0'", "first must be at most the last"]);
    place.fail(&["spectrum", "--decay", "800"], 2, &["'800' is not a range", "0..4"]);
    place.fail(
        &["spectrum", "--activation", "exp", "--scale", "1e6"],
        2,
        &["value of 'exp'", "not finite", "use another scale"],
    );
    place.fail(&["spectrum", "--max-degree", "20000"], 2, &["largest degree is 20000", "at most 199"]);
    place.fail(&["spectrum", "--scale", "nan"], 2, &["'nan' is not a scale"]);
}

#[test]
fn decimal_commas() {
    let place = Place::new();
    let fails = |text: &str, parts: &[&str]| {
        place.file("t.csv", text);
        let words = ["train", "t.csv", "--delimiter", ";", "--decimal", "point", "--label", "y"];
        place.fail(&words, 1, parts);
    };
    let rows: String = (0..60).map(|i| format!("117,0099;{i}\n")).collect();
    let advice = "use --decimal comma if the comma marks decimals, or --decimal point if it marks thousands";
    fails(&format!("a;y\n{rows}"), &["found '117,0099', but a number is needed", advice]);
    fails("a;y\n1;-2,5\n", &["the label must be a number, but found '-2,5'", advice]);
    let rows: String = (0..60).map(|i| format!("1.5;{i}\n")).collect();
    place.file("t.csv", format!("a;y\n{rows}"));
    let words = ["found '1.5'", "decimals have a comma here", "--decimal point"];
    place.fail(&["train", "t.csv", "--decimal", "comma", "--label", "y"], 1, &words);
    // It may be a thousand, so that it is not read as a decimal without being told.
    place.file("t.csv", "a;y\n1;1,500\n2;2,250\n");
    place.fail(&["train", "t.csv", "--label", "y"], 1, &["found '1,500'", advice]);
}

#[test]
fn marks_below_a_formula_are_the_end_of_its_message() {
    let place = Place::new();
    let outcome = place.zonal(&["train", "--target", "x1", "--activation", "t^^2"]);
    assert_eq!(outcome.code, 2);
    assert!(outcome.stderr.contains("^") && !outcome.stderr.contains("auto"), "{}", outcome.stderr);
    let words = ["in infinite dimension phi must grow more slowly than exp(t^2/4)", "finite for |t| up to"];
    place.fail(&["spectrum", "--activation", "exp(t^2/3)", "--dim", "inf"], 2, &words);
}

#[test]
fn columns_without_a_name_are_noted() {
    let place = Place::new();
    let rows: String = (0..60).map(|i| format!("{i},{},{}\n", (i * 7) % 11, (i * i) % 13)).collect();
    place.file("t.csv", format!(",a,y\n{rows}"));
    let note = "column 1 of t.csv has no name and is used as the feature c1; if it numbers the rows, leave it out of --features";
    let options = ["--label", "y", "--width", "10", "--activation", "relu", "--out", "none"];
    let train = [&["train", "t.csv"][..], &options].concat();
    assert!(place.succeed(&train).stderr.contains(note));
    assert!(place.succeed(&["analyze", "t.csv", "--label", "y"]).stderr.contains(note));
    let without = place.succeed(&[&train[..], &["--features", "a"]].concat()).stderr;
    assert!(!without.contains("has no name"), "{without}");
}

#[test]
fn targets_that_make_no_sense() {
    let place = Place::new();
    place.fail(&["train", "--target", "x1 + x9", "--dim", "5"], 2, &["character 6", "x1 to x5", "^^"]);
    place.fail(&["train", "--target", "harmonic(2"], 2, &["unmatched '('"]);
    place.fail(
        &["train", "--target", "sin(x1)"],
        2,
        &["for a function of one direction write neuron(sin(t))"],
    );
    place.fail(&["train", "--target", "x1", "--dim", "1"], 2, &["dimension is 1"]);
    place.fail(&["train", "--target", "0*x1"], 2, &["zero everywhere"]);
    place.fail(&["train", "--target", ""], 2, &["the text ends"]);
}

#[test]
fn a_step_that_must_diverge() {
    let place = Place::new();
    let arguments = ["train", "--target", "x1", "--width", "50", "--step", "1e6"];
    place.fail(&arguments, 2, &["1000000", "diverge", "must be below", "auto"]);
    let arguments = ["train", "--target", "x1", "--width", "inf", "--step", "1e6"];
    place.fail(&arguments, 2, &["diverge", "must be below"]);
    let table = diabetes();
    let arguments = ["train", &table, "--label", "progression", "--activation", "relu", "--bias", "1"];
    let fail = |step: &str, parts: &[&str]| {
        place.fail(&[&arguments[..], &["--step", step]].concat(), 2, parts);
    };
    // Clearly too large by a few rows, before the work; too large by all of them, after it.
    fail("1e6", &["1000000", "below about", "diverges; auto"]);
    let report = place.succeed(&[&arguments[..], &["--out", "none", "--format", "json"]].concat()).json();
    fail(&(2.05 * report["step_size"].as_f64().unwrap()).to_string(), &["diverge", "must be below"]);
}

#[test]
fn faults_of_test_rows_come_before_the_work() {
    let place = Place::new();
    place.file("test.csv", "age,y\n1,2\nx,3\n");
    place.file("none.csv", "age,y\n1,\n,3\n");
    let rows: String = (0..60).map(|i| format!("{i},{}\n", i % 7)).collect();
    place.file("t.csv", format!("age,y\n{rows}"));
    let train = ["train", "t.csv", "--label", "y", "--test"];
    place.fail(&[&train[..], &["test.csv"]].concat(), 1, &["test.csv, line 3, column 'age'"]);
    let dropped = ["none.csv", "--missing", "drop"];
    place.fail(&[&train[..], &dropped].concat(), 1, &["test"]);
}

#[test]
fn a_width_that_does_not_fit() {
    let place = Place::new();
    let arguments = ["train", "--target", "x1", "--width", "10000000"];
    place.fail(&arguments, 1, &["a width of 10000000 needs about", "is available", "would fit"]);
    place.file("data.csv", GOOD);
    let arguments = ["train", "data.csv", "--label", "y", "--width", "10000000"];
    place.fail(&arguments, 1, &["needs about", "would fit"]);
}

#[test]
fn output_folders() {
    let place = Place::new();
    let train =
        |extra: &[&'static str]| [&["train", "--target", "x1", "--width", "20", "--out"], extra].concat();
    let foreign = place.path().join("mine");
    std::fs::create_dir(&foreign).unwrap();
    std::fs::write(foreign.join("thesis.tex"), "years of work").unwrap();
    place.fail(&train(&["mine"]), 1, &["mine is not empty", "--force"]);
    place.fail(&train(&["mine", "--force"]), 1, &["no run.json", "not created by zonal"]);
    let file = place.file("file", "text");
    place.fail(&train(&["file"]), 1, &["is a file"]);
    assert_eq!(std::fs::read_to_string(foreign.join("thesis.tex")).unwrap(), "years of work");
    assert_eq!(std::fs::read_dir(&foreign).unwrap().count(), 1);
    assert_eq!(std::fs::read_to_string(file).unwrap(), "text");

    place.succeed(&train(&["run"]));
    std::fs::write(place.path().join("run/notes.txt"), "kept").unwrap();
    place.fail(&train(&["run"]), 1, &["not empty"]);
    place.succeed(&train(&["run", "--force"]));
    assert_eq!(std::fs::read_to_string(place.path().join("run/notes.txt")).unwrap(), "kept");

    place.fail(&["train", "--target", "x1", "--force"], 2, &["--out"]);
    place.fail(&["train", "--target", "x1 +", "--out", "new"], 2, &["the text ends"]);
    assert!(!place.path().join("new").exists(), "a failed run leaves no folder");
}

#[cfg(unix)]
#[test]
fn a_folder_on_a_full_or_unwritable_disk() {
    let place = Place::new();
    // /proc refuses new files for everybody, root included.
    let arguments = ["train", "--target", "x1", "--out", "/proc/zonal"];
    place.fail(&arguments, 1, &["/proc", "writing into the folder"]);
}

#[cfg(unix)]
#[test]
fn a_closed_pipe_is_no_failure() {
    use std::io::Read;
    let place = Place::new();
    let program = assert_cmd::cargo::cargo_bin!("zonal");
    for arguments in
        [&["spectrum", "--max-degree", "2000"][..], &["train", "--target", "x1", "--width", "20"][..]]
    {
        let mut child = std::process::Command::new(program)
            .current_dir(place.path())
            .args(arguments)
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let mut said = String::new();
        child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(0), "{said}");
        assert!(!said.contains("panicked"), "{said}");
    }
    assert!(place.path().join("runs/target-x1-relu-1/run.json").exists(), "the run is saved all the same");
}

#[test]
fn models_that_are_none() {
    let place = Place::new();
    let data = diabetes();
    place.succeed(&[
        "train",
        &data,
        "--label",
        "progression",
        "--activation",
        "relu",
        "--width",
        "20",
        "--out",
        "run",
    ]);
    let model = std::fs::read(place.path().join("run/model.safetensors")).unwrap();
    place.file("cut.safetensors", &model[..model.len() / 2]);
    place.fail(&["predict", "cut.safetensors", &data], 1, &["cut.safetensors", "not a complete safetensors"]);
    place.file("text.safetensors", "hello");
    place.fail(&["predict", "text.safetensors", &data], 1, &["text.safetensors"]);
    // A header that announces more than the file holds.
    place.file("huge.safetensors", [&u64::MAX.to_le_bytes()[..], b"{}"].concat());
    place.fail(&["predict", "huge.safetensors", &data], 1, &["huge.safetensors"]);
    place.fail(
        &["predict", "nowhere", &data],
        1,
        &["the folder nowhere does not exist; name the folder of a run"],
    );
    place.fail(&["predict", &data, &data], 1, &["neither a run folder nor a model"]);
    place.file("data.csv", GOOD);
    place.fail(&["predict", "run", "data.csv"], 1, &["no column 'age'"]);
    place.fail(
        &["predict", "run", &data, "--iteration", "17"],
        2,
        &["iteration 17", "the nearest are", "--at 17"],
    );
    place.succeed(&["train", "--target", "x1", "--width", "inf", "--out", "no-network"]);
    place.fail(&["predict", "no-network", &data], 1, &["no model.safetensors", "finite width"]);
    place.succeed(&["train", "--target", "x1", "--width", "20", "--out", "of-target"]);
    place.fail(&["predict", "of-target", &data], 2, &["target 'x1'", "not on a table"]);
}

#[test]
fn numbers_out_of_range_are_said_and_never_read_as_learned() {
    let place = Place::new();
    place.file("data.csv", GOOD);
    let cases: [(&[&str], i32, &[&str]); 7] = [
        (&["train", "--target", "1e200*x1"], 2, &["target", "1e290"]),
        (&["train", "--target", "1e-200*x1"], 2, &["target", "1e-290"]),
        (
            &["train", "--target", "x1", "--scale", "1e-160", "--width", "20"],
            2,
            &["norm of relu", "another scale"],
        ),
        (&["train", "data.csv", "--label", "y", "--scale", "1e-160", "-a", "relu"], 2, &["scale"]),
        (
            &["train", "--target", "2*(2*(2*(2*(2*(2*x1^2-1)^2-1)^2-1)^2-1)^2-1)^2-1", "--dim", "3"],
            2,
            &["lose", "digits"],
        ),
        (&["train", "--target", "((((9^64)^64)^64)^64)*x1"], 2, &["in bits"]),
        (&["train", "--target", "x1^16*x2^16*x3^16*x4^16"], 2, &["exact arithmetic", "fewer variables"]),
    ];
    for (arguments, code, parts) in cases {
        place.fail(arguments, code, parts);
    }
    let rows: String = (0..40).map(|i| format!("{i},{}e300\n", i % 7)).collect();
    place.file("huge.csv", format!("a,y\n{rows}"));
    place.fail(&["train", "huge.csv", "--label", "y"], 1, &["deviation of column 'y'", "larger unit"]);
    let rows: String = (0..40).map(|i| format!("{i},{}e-200\n", i % 7)).collect();
    place.file("tiny.csv", format!("a,y\n{rows}"));
    place.fail(&["train", "tiny.csv", "--label", "y"], 1, &["deviation of the label 'y'", "smaller unit"]);
}

#[test]
fn formulas_that_are_not_numbers_end() {
    let place = Place::new();
    place.fail(
        &["spectrum", "--activation", "sqrt(t+0.9999)", "--kinks", "5"],
        2,
        &["value of 'sqrt(t+0.9999)'", "not finite"],
    );
}

#[cfg(target_os = "linux")]
#[test]
fn file_names_that_are_no_text() {
    use std::os::unix::ffi::OsStrExt;
    let place = Place::new();
    let name = std::ffi::OsStr::from_bytes(b"d\xff.csv");
    std::fs::write(place.path().join(name), GOOD).unwrap();
    let output = assert_cmd::cargo::cargo_bin_cmd!("zonal")
        .current_dir(place.path())
        .args(["train", "--label", "y", "--width", "16", "--seed", "3"])
        .arg(name)
        .output()
        .unwrap();
    // The record could not name it.
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(2) && said.contains("rename the file"), "{said}");
    assert!(!place.path().join("runs").exists());
}

#[test]
fn a_run_does_not_replace_what_it_reads() {
    let place = Place::new();
    place.succeed(&["train", &diabetes(), "--label", "progression", "-a", "relu", "-m", "20", "--out", "r"]);
    let train = ["train", "r/test_rows.csv", "--label", "progression", "-m", "20", "--out", "r", "--force"];
    place.fail(&train, 1, &["r/test_rows.csv", "copy it elsewhere"]);
    place.fail(&[&train[..], &["--layers", "both"]].concat(), 1, &["r/test_rows.csv", "copy it elsewhere"]);
    let diabetes = diabetes();
    let train = ["train", &diabetes, "--label", "progression", "--out", "r", "--force", "--test"];
    place.file("r/mine.csv", std::fs::read(&diabetes).unwrap());
    place.file("sweep.toml", "target = 'x1'\ndim = 3\nwidth = 20\nseeds = 1\niterations = 10\n");
    place.succeed(&["sweep", "sweep.toml", "--out", "s"]);
    place.fail(
        &["sweep", "s/sweep.toml", "--out", "s", "--force"],
        1,
        &["s/sweep.toml", "copy it elsewhere"],
    );
    assert!(place.path().join("r/run.json").exists() && place.path().join("s/run.json").exists());
    // What is not a run's stays where it is.
    place.succeed(&[&train[..], &["r/mine.csv"]].concat());
    assert!(place.path().join("r/mine.csv").exists());
}

#[test]
fn files_of_others_stay_as_they_are() {
    let place = Place::new();
    let read = |name: &str| std::fs::read_to_string(place.path().join(name)).unwrap();
    place.succeed(&["train", "--target", "x1", "-m", "20", "--out", "r", "--no-report"]);
    place.file("sweep.toml", "target = 'x1'\ndim = 3\nwidth = 20\nseeds = 1\niterations = 10\n");
    // A run of another kind would write over it.
    for (name, text) in [("table.csv", "precious"), ("cells.jsonl", "mine"), ("report.html", "<p>mine")] {
        place.file(&format!("r/{name}"), text);
        place.fail(&["sweep", "sweep.toml", "--out", "r", "--force"], 1, &[name, "move it elsewhere"]);
        assert_eq!(read(&format!("r/{name}")), text);
        assert!(place.path().join("r/run.json").exists());
        if name == "report.html" {
            place.fail(&["report", "r"], 1, &["r/report.html", "--force"]);
            assert_eq!(read("r/report.html"), text);
        }
        std::fs::remove_file(place.path().join("r").join(name)).unwrap();
    }
    // What is no sweep of ours is not cut to whole lines.
    std::fs::create_dir(place.path().join("grid")).unwrap();
    place.file("grid/sweep.toml", "method = 'grid'");
    place.file("grid/cells.jsonl", "{\"only\":\"one line\"}");
    place.fail(&["sweep", "--resume", "grid"], 1, &["nothing that can be resumed", "another program"]);
    assert_eq!(read("grid/cells.jsonl"), "{\"only\":\"one line\"}");
    // A transcript in the folder of the game would be in its way.
    std::fs::create_dir(place.path().join("g")).unwrap();
    let play =
        ["sq", "play", "--family", "signs", "--dim", "6", "--degree", "2", "--tolerance", ".3", "--out", "g"];
    place.fail(
        &[&play[..], &["--save", "g/t.json"]].concat(),
        2,
        &["--save g/t.json", "choose a file in another folder"],
    );
    place.succeed(&[&play[..], &["--save", "t.json"]].concat());
}

#[cfg(unix)]
#[test]
fn folders_that_cannot_be_made_are_told_before_the_work() {
    let place = Place::new();
    std::os::unix::fs::symlink("nowhere", place.path().join("link")).unwrap();
    for out in ["link", "link/x"] {
        place.fail(&["train", "--target", "x1", "-m", "20", "--out", out], 1, &["broken link"]);
    }
    let long = "x".repeat(300);
    place.fail(&["train", "--target", "x1", "-m", "20", "--out", &long], 1, &["opening the folder", "long"]);
}

#[cfg(unix)]
#[test]
fn pipes_keep_nobody_waiting() {
    let place = Place::new();
    place.succeed(&["train", "--target", "x1", "-m", "20", "--out", "r"]);
    let pipe = |name: &str| {
        let path = place.path().join(name);
        let _ = std::fs::remove_file(&path);
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
    };
    pipe("r/metrics.jsonl");
    let outcome = place.zonal(&["report", "r"]);
    assert!(outcome.code == 1 && outcome.stderr.contains("not a plain file"), "{}", outcome.stderr);
    pipe("answers");
    let learn = ["sq", "learn", "--target", "x1", "--dim", "3", "--oracle", "replay:answers"];
    place.fail(&learn, 1, &["answers", "not a plain file"]);
    // Nobody writes the plan of a sweep: the first signal ends the wait.
    pipe("plan");
    let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin!("zonal"))
        .current_dir(place.path())
        .args(["sweep", "plan"])
        .spawn()
        .unwrap();
    std::thread::sleep(std::time::Duration::from_millis(300));
    let sent = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(sent.unwrap().success() && child.wait().unwrap().code() == Some(130));
}

#[test]
fn words_of_the_environment_are_read_too() {
    let place = Place::new();
    let output = assert_cmd::cargo::cargo_bin_cmd!("zonal")
        .current_dir(place.path())
        .env("ZONAL_SIMD", "AVX2")
        .args(["spectrum"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(2) && said.contains("ZONAL_SIMD is AVX2"), "{said}");
}

#[test]
fn a_replaced_run_leaves_nothing_of_the_old_one() {
    let place = Place::new();
    let data = diabetes();
    place.succeed(&["train", &data, "--label", "progression", "-a", "relu", "--width", "20", "--out", "r"]);
    place.succeed(&["train", "--target", "x1", "--width", "inf", "--out", "r", "--force"]);
    assert!(!place.path().join("r/model.safetensors").exists());
    place.fail(&["train", "--target", "x1", "--out", "x/b/.."], 1, &["'..'"]);
}
