//! Help, manual pages, completions, and suggestions for misspelt words.

use crate::common::Place;

/// Every command with a page of help.
const COMMANDS: [&str; 18] = [
    "",
    "spectrum",
    "plan",
    "train",
    "analyze",
    "predict",
    "report",
    "runs",
    "runs compare",
    "runs remove",
    "reproduce",
    "sweep",
    "sq",
    "sq bound",
    "sq play",
    "sq learn",
    "completions",
    "man",
];

#[test]
fn every_page_of_help_has_examples_and_fits_a_hundred_columns() {
    let place = Place::new();
    for command in COMMANDS {
        for flag in ["-h", "--help"] {
            let words: Vec<&str> = command.split_whitespace().chain([flag]).collect();
            let help = place.succeed(&words).stdout;
            assert!(help.contains("Examples:"), "{command} {flag}");
            // Calls are not broken, so that they can be copied.
            let is_call = |line: &str| line.trim_start().starts_with("zonal ");
            let long = help.lines().find(|line| line.chars().count() > 100 && !is_call(line));
            assert_eq!(long, None, "{command} {flag}");
            let global = help.find("Global options:");
            assert!(
                global.is_some_and(|at| at > help.rfind("Options:").unwrap_or(0)),
                "{command} {flag}:\n{help}"
            );
        }
    }
}

#[test]
fn options_of_train_are_grouped_and_the_summary_has_the_common_ones() {
    let place = Place::new();
    let long = place.succeed(&["train", "--help"]).stdout;
    let headings =
        ["Table:", "Target:", "Network:", "Training:", "Iterative training", "Run folder:", "Report page:"];
    let at: Vec<usize> =
        headings.iter().map(|h| long.find(&format!("\n{h}")).unwrap_or_else(|| panic!("{h}"))).collect();
    assert!(at.is_sorted(), "{at:?}");
    let short = place.succeed(&["train", "-h"]).stdout;
    assert!(short.contains("--label") && !short.contains("--checkpoint") && long.contains("--checkpoint"));
    assert!(short.lines().count() < 70, "{}", short.lines().count());
}

#[test]
fn manual_pages_have_the_examples_of_the_help() {
    let place = Place::new();
    place.succeed(&["man", "pages"]);
    for command in COMMANDS {
        let name = format!("pages/zonal {command}").trim_end().replace(' ', "-") + ".1";
        let page =
            std::fs::read_to_string(place.path().join(&name)).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert!(page.contains("\n.SH EXAMPLES\n"), "{name}");
    }
    let page = std::fs::read_to_string(place.path().join("pages/zonal-train.1")).unwrap();
    assert!(page.contains("zonal train data.csv \\-\\-label y"), "{page}");
}

#[test]
fn completions_have_the_names_of_activations_families_and_claims() {
    let text = Place::new().succeed(&["completions", "bash"]).stdout;
    for words in ["leaky-relu squared-relu", "zonal random signs monomials", "sq-lower-bound"] {
        assert!(text.contains(words), "{words}");
    }
}

#[test]
fn misspelt_words_get_the_nearest_one() {
    let place = Place::new();
    place.file("t.csv", "a,b,y\n1,2,3\n");
    place.file("sweep.toml", "target = 'x1'\ndim = 4\nwidht = 20\n");
    let bound = ["sq", "bound", "--dim", "9", "--degree", "3", "--tolerance", ".1"];
    for (words, code, message) in [
        (&["spectrum", "--activation", "Relu"][..], 2, "unknown activation 'Relu'; did you mean relu?"),
        (&["spectrum", "--activation", "rleu"], 2, "unknown activation 'rleu'; did you mean relu?"),
        (&["spectrum", "--activation", "swish"], 2, "did you mean silu?"),
        (&["spectrum", "--activation", "hermite3"], 2, "did you mean hermite-3?"),
        (&["spectrum", "--activation", "Tanh(t)"], 2, "'Tanh' is not known: did you mean tanh?"),
        (&["plan", "--target", "harmonics(2)"], 2, "did you mean harmonic?"),
        (&[&bound[..], &["--family", "Zonal"]].concat(), 2, "unknown family 'Zonal'; did you mean zonal?"),
        (&["reproduce", "--claim", "frequncy"], 2, "unknown claim 'frequncy'; did you mean frequency?"),
        (&["train", "t.csv", "--label", "Y"], 1, "there is no column 'Y'; did you mean y?"),
        (&["sweep", "sweep.toml"], 2, "did you mean width?"),
        (&["train", "t.csv", "--lr", "1"], 2, "the option is --step"),
        (&["train", "t.csv", "y"], 2, "did you mean --label y?"),
        (&["compare", "a", "b"], 2, "the command is zonal runs compare"),
    ] {
        place.fail(words, code, &[message]);
    }
    place.fail(&["sq", "learn", "--target", "x0", "--dim", "4"], 2, &["\nfor help: zonal sq learn --help\n"]);
}

#[test]
fn results_without_a_run_folder_have_figures() {
    let place = Place::new();
    let rows: String = (0..60).map(|i| format!("{i},{},{}\n", i * i % 17, i % 7)).collect();
    place.file("t.csv", format!("a,b,y\n{rows}"));
    for (words, file) in [
        (&["spectrum"][..], "spectrum"),
        (&["spectrum", "--activation", "relu,tanh"], "spectrum-2"),
        (&["analyze", "t.csv", "--label", "y"], "polynomials"),
        (
            &["sq", "bound", "--family", "zonal", "--dim", "1000", "--degree", "3", "--tolerance", ".01,.02"],
            "bounds",
        ),
        (&["sq", "learn", "--target", "harmonic(2)", "--dim", "6", "--iterations", "10"], "descent"),
    ] {
        let out = place.succeed(&[words, &["--figures", "svg,png,pdf", "--out", "figures"]].concat());
        for (extension, beginning) in [("svg", &b"<svg"[..]), ("png", b"\x89PNG"), ("pdf", b"%PDF-")] {
            let path = format!("figures/{file}.{extension}");
            let bytes = std::fs::read(place.path().join(&path)).unwrap_or_else(|e| panic!("{path}: {e}"));
            assert!(bytes.starts_with(beginning), "{path}");
            assert!(out.stderr.contains(&format!("note: wrote {path}")), "{}", out.stderr);
        }
    }
    place.file("spectrum.svg", "a drawing of another program");
    let refused = place.zonal(&["spectrum", "--figures", "svg"]);
    assert_eq!(refused.code, 1);
    assert!(
        refused.stderr.contains("spectrum.svg exists and was not written by zonal"),
        "{}",
        refused.stderr
    );
    assert!(refused.stdout.contains("eigenvalue"), "the result is printed all the same");
    place.succeed(&["spectrum", "--figures", "svg", "--force"]);
    assert!(!place.path().join("spectrum.png").exists());
}
