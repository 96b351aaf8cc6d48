//! A thousand bad inputs, generated: values that an option does not take, for every option of every command, and damaged
//! files of every kind. Each call fails, says what was found and what is needed, and writes nothing.

#![cfg(target_os = "linux")]

use crate::common::Place;
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use zonal_cli::options;

/// A call that must fail.
struct Bad {
    words: Vec<String>,
    code: i32,
    /// What the message must name of what was found.
    found: String,
    /// One of these says what is needed.
    needed: &'static [&'static str],
}

/// How messages say what is needed, beside what a kind of option adds.
const NEEDED: [&str; 25] = [
    "did you mean ",
    "write ",
    "must be ",
    "needed",
    "needs ",
    "each need",
    "use ",
    "such as ",
    "as in ",
    "one of ",
    "possible values",
    "the claims are ",
    "the columns are ",
    "at most ",
    "expected ",
    "is missing before",
    "unmatched ",
    "takes 1 argument",
    "is required",
    "no more were expected",
    "integer from",
    "only a number",
    "the model predicts",
    "choose ",
    "not supported",
];

/// What an option takes: values that it does not, and how a message says what is needed.
struct Kind {
    values: &'static [&'static str],
    needed: &'static [&'static str],
    code: i32,
}

const LONG: &str = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";

const COUNT: Kind = Kind {
    values: &["", "xyz", "-1", "1.5", "nan", "0x10", "1_000", "\u{663}", "1e999", LONG],
    needed: &[],
    code: 2,
};
/// Numbers, or lists of them.
const REAL: Kind =
    Kind { values: &["", "xyz", "nan", "-1", "1,,5", "1e999", "\u{bd}", LONG], needed: &[], code: 2 };
const CHOICE: Kind = Kind { values: &["", "xyz", "?", "-1", "\u{1f980}", LONG], needed: &[], code: 2 };
const DELIMITER: Kind = Kind { values: &["", "x", "7", "--", "\u{1f980}"], needed: &[], code: 2 };
const ACTIVATION: Kind = Kind {
    values: &["", "?", "reluu", "t +", "((t", "t)", "2 2", "sin()", "t^^2", "\u{1f980}", LONG],
    needed: &["finite"],
    code: 2,
};
const TARGET: Kind = Kind {
    values: &[
        "",
        "?",
        "x1 +",
        "((x1",
        "x1)",
        "x0",
        "x99999",
        "y",
        "1/x1",
        "harmonic()",
        "harmonic(-1)",
        "0*x1",
        "\u{1f980}",
    ],
    needed: &["ends", "zero everywhere", "is made of", "the coordinates are"],
    code: 2,
};
const COLUMN: Kind =
    Kind { values: &["nowhere", "", ",", "a,a", LONG], needed: &["names no column", "named twice"], code: 1 };
const TABLE: Kind = Kind {
    values: &["nowhere.csv", "", ".", "*.nowhere", "mine/thesis.tex", "empty.csv"],
    needed: &["No such file", "plain file", "no file matches", "no column", "at least one row"],
    code: 1,
};
const FOLDER: Kind = Kind {
    values: &["mine", "text", "text/run", "/proc/zonal", "x/../y"],
    needed: &["--force", "is a file", "failed", "'..'", "did not write"],
    code: 1,
};
const SAVE: Kind = Kind {
    values: &["mine", "text", "text/file", "nowhere/file", "t.csv"],
    needed: &["is a folder", "does not exist", "not a transcript"],
    code: 2,
};
const RUN: Kind = Kind {
    values: &["nowhere", "", "mine", "text", ".", "text/run"],
    needed: &[
        "No such file",
        "Not a directory",
        "holds no resume.json",
        "sweep.toml",
        "name the folder of a ",
        "not a finished run",
    ],
    code: 1,
};
const FIGURES: Kind = Kind { values: &["", "gif", "svg,gif", ",", LONG], needed: &["svg", "png"], code: 2 };

/// What the option of that name takes.
fn kind(command: &str, option: &str) -> &'static Kind {
    match option {
        "format" | "missing" | "task" | "decimal" | "precision" | "solver" | "stop" | "layers" | "hidden"
        | "lift" | "method" | "units" | "parametrisation" | "init" | "kernel" | "directions" | "queries"
        | "answers" | "convention" | "learner" | "part" | "family" | "oracle" | "claim" | "batch" => &CHOICE,
        "delimiter" => &DELIMITER,
        "seed" | "threads" | "dim" | "degree" | "max-degree" | "width" | "iterations" | "iteration"
        | "folds" | "checkpoint" | "size" | "max-queries" | "rows" | "at-once" | "most-monomials" | "at"
        | "verify" | "simulate" => &COUNT,
        "scale"
        | "bias"
        | "interval"
        | "step"
        | "epsilon"
        | "delta"
        | "tolerance"
        | "noise"
        | "patience"
        | "test-fraction"
        | "validation-fraction"
        | "kinks"
        | "decay"
        | "for-degrees"
        | "energies"
        | "ridge" => &REAL,
        "activation" => &ACTIVATION,
        "target" => &TARGET,
        "label" | "features" | "categorical" | "exclude" | "groups" | "time" | "weight" => &COLUMN,
        "test" | "validation" => &TABLE,
        "out" | "page" => &FOLDER,
        "save" => &SAVE,
        "resume" | "again" => &RUN,
        "figures" => &FIGURES,
        _ => panic!("what --{option} of '{command}' takes is not listed in this test"),
    }
}

/// The commands with what they need.
const COMMANDS: [(&str, &[&str]); 13] = [
    ("spectrum", &[]),
    ("plan", &["--target=x1"]),
    ("curve", &["--target=x1", "--rows=100"]),
    ("train", &["t.csv", "--label=y", "--width=16", "--activation=relu", "--bias=1"]),
    ("analyze", &["t.csv", "--label=y"]),
    ("predict", &["run", "t.csv"]),
    ("report", &["run"]),
    ("reproduce", &["--claim=width", "--quick"]),
    ("sweep", &["sweep.toml"]),
    ("sq bound", &["--family=zonal", "--dim=10", "--degree=2", "--tolerance=0.1"]),
    ("sq play", &["--family=monomials", "--dim=8", "--degree=2", "--tolerance=0.25"]),
    ("sq learn", &["--target=x1", "--dim=6", "--iterations=10"]),
    ("man", &["pages"]),
];

/// Options that take no value.
const SWITCHES: [&str; 12] = [
    "check",
    "map",
    "quiet",
    "no-header",
    "on-sphere",
    "refit",
    "force",
    "no-report",
    "biases",
    "quick",
    "help",
    "version",
];
/// Options of every command.
const GLOBAL: [&str; 4] = ["format", "seed", "threads", "quiet"];

/// Calls of every command with every option.
fn options_with_bad_values() -> Vec<Bad> {
    let mut out = Vec::new();
    for (command, base) in COMMANDS {
        let path: Vec<String> = command.split(' ').map(String::from).collect();
        let own: Vec<String> = options(&path).into_iter().map(|(name, _)| name).collect();
        assert!(command == "man" || command == "report" || own.len() > 2, "{command} has {own:?}");
        let mut call = |option: &str, value: &str, code: i32, needed: &'static [&'static str]| {
            let given = format!("--{option}=");
            let mut words = path.clone();
            // Energies replace the target.
            let is_replaced = |w: &str| w.starts_with(&given) || option == "energies" && w == "--target=x1";
            words.extend(base.iter().filter(|w| !is_replaced(w)).map(|w| (*w).to_owned()));
            words.extend(beside(command, option).iter().map(|w| (*w).to_owned()));
            words.push(format!("{given}{value}"));
            if option == "target" && command == "train" || option == "resume" || option == "again" {
                words = vec![path[0].clone(), format!("{given}{value}")];
            }
            // Long values are shortened, empty ones are named by their option.
            let part = value.split([',', '/']).find(|part| !part.is_empty()).unwrap_or_default();
            let found: String = part.chars().take(20).collect();
            out.push(Bad {
                words,
                code,
                found: if found.is_empty() { option.to_owned() } else { found },
                needed,
            });
        };
        for option in own.iter().map(String::as_str).chain(GLOBAL) {
            if SWITCHES.contains(&option) || (option == "bias" && command == "spectrum") {
                call(option, "x", 2, &[]);
                continue;
            }
            let kind = kind(command, option);
            for value in kind.values.iter().filter(|value| !takes(command, option, value)) {
                // Nothing at all, and more labels than a network has, are told without a look at any file.
                let is_one = ["weight", "groups", "time"].contains(&option);
                let code = if value.trim_matches(',').is_empty() && !is_one { 2 } else { kind.code };
                let code = if (command, option, *value) == ("predict", "label", "a,a") { 2 } else { code };
                // A file of the user is refused before the work.
                let code = if option == "page" { 2 } else { code };
                call(option, value, code, kind.needed);
            }
        }
        call("no-such-option", "x", 2, &["--help"]);
    }
    out
}

/// Values that are good for these.
fn takes(command: &str, option: &str, value: &str) -> bool {
    match (command, option) {
        // The folder of a page may be anywhere.
        ("report", "out") => value == "x/../y" || value == "text",
        ("spectrum" | "curve" | "analyze" | "sq bound" | "sq learn", "out") => {
            value == "mine" || value == "x/../y"
        }
        // Errors of writing follow the result.
        ("curve", "page") => ["x/../y", "text/run", "/proc/zonal"].contains(&value),
        // The curve of a function has no columns, and refuses every value.
        ("curve", "label" | "features" | "exclude") => true,
        // Told as the name of a column that is not there, which names no option.
        ("train", "weight" | "groups" | "time") => value.trim_matches(',').is_empty(),
        // Lists leave out what is empty.
        ("spectrum" | "sq bound" | "curve", "scale" | "kinks" | "tolerance" | "ridge") => {
            value == "1,,5" && option != "tolerance" || value == "-1" && option == "kinks"
        }
        _ => false,
    }
}

/// What else an option needs.
fn beside(command: &str, option: &str) -> &'static [&'static str] {
    match (command, option) {
        ("spectrum", "kinks") => &["--activation=t^2"],
        ("spectrum" | "curve" | "analyze" | "sq bound" | "sq learn", "out" | "force") => &["--figures=svg"],
        ("sq play", "noise") => &["--learner=brute-force", "--size=20"],
        ("train", "units" | "method" | "parametrisation" | "init" | "patience" | "batch") => {
            &["--layers=both"]
        }
        _ => &[],
    }
}

/// Everything below a folder, with what is in it.
fn everything(folder: &Path, out: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            everything(&path, out);
            out.insert(path, Vec::new());
        } else {
            let bytes = std::fs::read(&path).unwrap();
            out.insert(path, bytes);
        }
    }
}

/// Makes every call; all that is wrong with what came of them.
fn complaints(place: &Place, calls: &[Bad]) -> Vec<String> {
    let snapshot = || {
        let mut files = BTreeMap::new();
        everything(place.path(), &mut files);
        files
    };
    let before = snapshot();
    let mut out: Vec<String> = calls
        .par_iter()
        .filter_map(|bad| {
            let words: Vec<&str> = bad.words.iter().map(String::as_str).collect();
            let outcome = place.zonal(&words);
            let said = &outcome.stderr;
            let wrong = if outcome.code != bad.code {
                format!("exit code {}, not {}", outcome.code, bad.code)
            } else if !outcome.stdout.is_empty() {
                "something is printed".to_owned()
            } else if !said.contains("error: ") || said.contains("panicked") {
                "it is no message of ours".to_owned()
            } else if !said.contains(&bad.found) {
                format!("{:?} is not named", bad.found)
            } else if !bad.needed.iter().chain(&NEEDED).any(|part| said.contains(part)) {
                "what is needed is not said".to_owned()
            } else {
                return None;
            };
            Some(format!("zonal {}: {wrong}:\n{said}", bad.words.join(" ")))
        })
        .collect();
    let after = snapshot();
    for path in before.keys().chain(after.keys()) {
        if before.get(path) != after.get(path) {
            out.push(format!("{} was written or changed", path.display()));
        }
    }
    out
}

/// A place with a table, a run, a sweep, and things of somebody else.
fn furnished() -> Place {
    let place = Place::new();
    let rows: String = (0..60).map(|i| format!("{i},{},{}\n", i * i % 17, i % 7)).collect();
    place.file("t.csv", format!("a,b,y\n{rows}"));
    place.file("empty.csv", "");
    place.file("text", "text");
    place.file("sweep.toml", "target = 'x1'\ndim = 4\nwidth = 20\n");
    std::fs::create_dir(place.path().join("mine")).unwrap();
    place.file("mine/thesis.tex", "years of work");
    place.succeed(&[
        "train", "t.csv", "--label", "y", "--width", "16", "-a", "relu", "--bias", "1", "--out", "run",
    ]);
    place
}

#[test]
#[ignore = "slow"]
fn no_option_takes_what_it_should_not() {
    let calls = options_with_bad_values();
    assert!(calls.len() > 1_000, "{} calls", calls.len());
    let wrong = complaints(&furnished(), &calls);
    assert!(wrong.is_empty(), "{} of {} calls:\n{}", wrong.len(), calls.len(), wrong.join("\n"));
}

/// Files of every kind that lack their end, or hold what they should not.
struct Files<'a> {
    place: &'a Place,
    calls: Vec<Bad>,
}

impl Files<'_> {
    /// Writes a file and asks for a call with its name in place of `{}`, which must fail and name it.
    fn bad(&mut self, name: &str, bytes: &[u8], words: &[&str], needed: &'static [&'static str]) {
        let folder = format!("bad-{}", self.calls.len());
        std::fs::create_dir(self.place.path().join(&folder)).unwrap();
        let path = format!("{folder}/{name}");
        self.place.file(&path, bytes);
        let code = if words[0] == "sweep" { 2 } else { 1 };
        let words = words.iter().map(|w| w.replace("{}", &path)).collect();
        self.calls.push(Bad { words, code, found: name.to_owned(), needed });
    }

    /// The same file cut off at so many places.
    fn cut(
        &mut self,
        name: &str,
        bytes: &[u8],
        places: usize,
        words: &[&str],
        needed: &'static [&'static str],
    ) {
        for i in 0..places {
            self.bad(name, &bytes[..bytes.len() * i / places], words, needed);
        }
    }

    /// A run with one of its files damaged: cut off and, where it carries a checksum, with a flipped bit.
    fn damaged_run(
        &mut self,
        run: &str,
        file: &str,
        words: &[&str],
        flipped: bool,
        needed: &'static [&'static str],
    ) {
        let bytes = std::fs::read(self.place.path().join(run).join(file)).unwrap();
        const PLACES: usize = 8;
        for i in 0..PLACES * (1 + usize::from(flipped)) {
            let folder = format!("bad-{}", self.calls.len());
            let path = self.place.path().join(&folder);
            copied(&self.place.path().join(run), &path);
            let mut damaged = bytes[..bytes.len() * (i % PLACES) / PLACES].to_vec();
            if i >= PLACES {
                damaged = bytes.clone();
                damaged[bytes.len() * (i - PLACES) / PLACES] ^= 1 << (i - PLACES);
            }
            std::fs::write(path.join(file), damaged).unwrap();
            let words = words.iter().map(|w| w.replace("{}", &folder)).collect();
            self.calls.push(Bad { words, code: 1, found: folder, needed });
        }
    }
}

fn copied(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

/// A file that the readers are tried with, too.
fn seed(path: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds").join(path)).unwrap()
}

#[test]
#[ignore = "slow"]
fn no_file_is_taken_for_what_it_is_not() {
    let place = furnished();
    let mut files = Files { place: &place, calls: Vec::new() };
    let table = |label: &'static str| ["train", "{}", "--label", label, "--width", "16"];
    csv(&mut files);
    let good = std::fs::read_to_string(place.path().join("t.csv")).unwrap();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut gzip, good.as_bytes()).unwrap();
    files.cut(
        "t.csv.gz",
        &gzip.finish().unwrap(),
        15,
        &table("y"),
        &["not a complete gzip file", "is not a valid"],
    );
    for (name, from, label) in [
        ("t.npy", "numpy/matrix-npy", "c1"),
        ("t.npy", "numpy/fortran-npy", "c1"),
        ("t.npz", "numpy/stored-npz", "y"),
        ("t.npz", "numpy/deflated-npz", "y"),
        ("t.parquet", "parquet/plain", "y"),
        ("t.parquet", "parquet/snappy", "y"),
        ("t.arrow", "arrow/plain", "y"),
        ("t.arrow", "arrow/zstd", "y"),
    ] {
        files.cut(
            name,
            &seed(from),
            15,
            &table(label),
            &["not a complete", "is truncated", "is not a valid"],
        );
    }
    sweeps(&mut files);
    let needed = &["not a complete", "checksum", "was changed or damaged"];
    files.damaged_run("run", "model.safetensors", &["predict", "{}", "t.csv"], true, needed);
    files.damaged_run("run", "run.json", &["train", "--again", "{}"], false, &["restore it"]);
    files.damaged_run("run", "run.json", &["report", "{}"], false, &["restore it"]);
    files.damaged_run("run", "metrics.jsonl", &["report", "{}"], false, &["restore it", "must list"]);
    let calls = files.calls;
    let wrong = complaints(&place, &calls);
    assert!(calls.len() > 300, "{} files", calls.len());
    assert!(wrong.is_empty(), "{} of {} files:\n{}", wrong.len(), calls.len(), wrong.join("\n"));
}

/// Tables as text.
fn csv(files: &mut Files<'_>) {
    let train = ["train", "{}", "--label", "y", "--width", "16"];
    let rows: Vec<String> = (0..40).map(|i| format!("{i},{},{}", i * i % 17, i % 7)).collect();
    let faults: [(&str, &'static [&'static str]); 9] = [
        ("1,2", &["first line has 3"]),
        ("1,2,3,4", &["first line has 3"]),
        ("1,two,3", &["a number is needed"]),
        ("1,2,high", &["the label must be a number"]),
        (",2,3", &["--missing drop"]),
        ("1,2,", &["--missing drop"]),
        ("1,inf,3", &["only finite numbers"]),
        ("1,2,-1e999", &["only finite numbers"]),
        ("1,\"2,3", &["first line has 3"]),
    ];
    for (row, needed) in faults {
        for at in [0, 1, 17, 39] {
            let mut rows = rows.clone();
            row.clone_into(&mut rows[at]);
            let words = [&train[..], &["--missing", "reject"]].concat();
            files.bad("t.csv", format!("a,b,y\n{}\n", rows.join("\n")).as_bytes(), &words, needed);
        }
    }
    let heads: [(&str, &'static [&'static str]); 7] = [
        ("a,b,b", &["rename one"]),
        ("a,b,z", &["no column 'y'"]),
        ("1,2,3", &["--no-header"]),
        ("a;b;y", &["first line has 3"]),
        ("a,b,y,c", &["first line has 4"]),
        ("a,\u{fffd},b,y", &["first line has 4"]),
        ("", &["no column 'y'", "only column", "rename one"]),
    ];
    for (head, needed) in heads {
        files.bad("t.csv", format!("{head}\n{}\n", rows.join("\n")).as_bytes(), &train, needed);
    }
    files.bad("t.csv", &[0; 100], &train, &["UTF-8"]);
    files.bad("t.csv", &[0xff; 100], &train, &["not a complete Arrow file"]);
}

/// Files that describe a sweep.
fn sweeps(files: &mut Files<'_>) {
    let keys = [
        "target",
        "dim",
        "degree",
        "activation",
        "scale",
        "width",
        "rows",
        "noise",
        "step",
        "iterations",
        "seeds",
        "max-degree",
    ];
    let good: BTreeMap<&str, &str> =
        [("target", "'harmonic({degree})'"), ("dim", "4"), ("degree", "2"), ("width", "20")].into();
    let mut write = |entries: &BTreeMap<&str, &str>, needed| {
        let text: String = entries.iter().map(|(key, value)| format!("{key} = {value}\n")).collect();
        files.bad("sweep.toml", text.as_bytes(), &["sweep", "{}"], needed);
    };
    for key in keys {
        for value in ["-1", "'x y'", "[]", "{}", "true", "nan", "1979-05-27", "[[1]]"] {
            // A constant to learn, and to learn it with.
            if value == "-1" && ["target", "activation"].contains(&key) {
                continue;
            }
            let mut entries = good.clone();
            entries.insert(key, value);
            write(&entries, &["expected", "at least one value", "is made of"]);
        }
    }
    for missing in ["target", "dim", "width"] {
        let mut entries = good.clone();
        entries.remove(missing);
        write(&entries, &["missing field"]);
    }
    let mut entries = good.clone();
    entries.insert("widht", "20");
    write(&entries, &["unknown", "expected"]);
    for text in ["", "target", "target = ", "dim = [1,", "dim = 4\ndim = 5\n", "[dim]\n", "\u{1f980}"] {
        files.bad(
            "sweep.toml",
            text.as_bytes(),
            &["sweep", "{}"],
            &["expected", "missing field", "duplicate key", "needed"],
        );
    }
    files.bad("sweep.toml", &[0xff; 50], &["sweep", "{}"], &["UTF-8"]);
    if let Some(bytes) = files.calls.last_mut() {
        // What is no text at all is a file that cannot be read, not a sweep that is wrong.
        bytes.code = 1;
    }
    let nested = format!("dim = {}1{}\n", "[".repeat(5_000), "]".repeat(5_000));
    files.bad("sweep.toml", nested.as_bytes(), &["sweep", "{}"], &["max recursion depth"]);
    files.bad("sweep.toml", &vec![b'#'; 2 << 20], &["sweep", "{}"], &["at most"]);
}
