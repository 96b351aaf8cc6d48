//! Statistical queries from the command line.

use crate::common::Place;

#[test]
fn a_bound_says_what_it_is_and_a_grid_is_one_line_for_each_entry() {
    let place = Place::new();
    let found = place
        .succeed(&[
            "sq",
            "bound",
            "--family",
            "zonal",
            "--dim",
            "1000",
            "--degree",
            "3",
            "--tolerance",
            ".01",
            "--format",
            "json",
        ])
        .json();
    assert_eq!(found["multiplicity"], "167166000");
    assert_eq!(
        (found["theorem"].as_str(), found["query_class"].as_str()),
        (Some("SQ-2"), Some("correlational"))
    );
    assert!((found["log10_queries"].as_f64().unwrap() - 6.6).abs() < 0.05);
    assert_eq!(found["vacuous"], false);
    assert!(found["assumptions"].as_array().unwrap().len() >= 2 && found["prior"].is_string());

    let base = ["sq", "bound", "--family", "zonal", "--dim", "1000", "--degree", "3", "--tolerance", ".01"];
    let text = place.succeed(&base).stdout;
    let (assumptions, uses) = text.split_once("Uses:\n").unwrap();
    assert!(!assumptions.contains("Nelson") && uses.contains("Nelson's hypercontractivity"), "{text}");
    assert!(text.contains("(SQ-2 in docs/theory/queries.md)"), "{text}");

    let grid = place.succeed(&[
        "sq",
        "bound",
        "--family",
        "zonal",
        "--dim",
        "20,100",
        "--degree",
        "2,4",
        "--tolerance",
        ".3,.01",
        "--queries",
        "any",
        "--format",
        "json",
    ]);
    let lines: Vec<serde_json::Value> =
        grid.stdout.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(lines.len(), 8);
    assert!(lines.iter().any(|l| l["vacuous"] == true));
    let table = place.succeed(&[
        "sq",
        "bound",
        "--family",
        "zonal",
        "--dim",
        "20,100",
        "--degree",
        "2,4",
        "--tolerance",
        ".3,.01",
        "--queries",
        "any",
    ]);
    assert!(table.stdout.contains("vacuous") && table.stdout.contains("4416225"));
    // What vacuous means is explained where something is.
    let legend = "Vacuous: the bound is below one query";
    assert!(table.stdout.contains(legend), "{}", table.stdout);
    let none = ["sq", "bound", "--family", "zonal", "--dim", "20", "--degree", "3", "--tolerance", ".3,.1"];
    let none = place.succeed(&none).stdout;
    assert!(!none.to_lowercase().contains("vacuous"), "{none}");
    // A finite family has another bound, and its own members.
    let finite = place
        .succeed(&[
            "sq",
            "bound",
            "--family",
            "zonal",
            "--dim",
            "25",
            "--degree",
            "3",
            "--size",
            "125",
            "--directions",
            "devore",
            "--tolerance",
            ".5",
            "--format",
            "json",
        ])
        .json();
    assert_eq!((finite["theorem"].as_str(), finite["size"].as_str()), (Some("SQ-1"), Some("125")));
}

#[test]
fn a_game_is_played_saved_and_the_same_for_any_number_of_threads() {
    let place = Place::new();
    let play = [
        "sq",
        "play",
        "--family",
        "monomials",
        "--dim",
        "12",
        "--degree",
        "3",
        "--tolerance",
        ".25",
        "--learner",
        "greedy",
        "--format",
        "json",
        // The same name for both, which the output tells.
        "--out",
        "game",
        "--force",
    ];
    let one = place.succeed(&[&play[..], &["--threads", "1", "--save", "kept.json"]].concat());
    let two = place.succeed(&[&play[..], &["--threads", "2"]].concat());
    assert_eq!(one.stdout, two.stdout);
    let report = one.json();
    assert_eq!(report["family_size"], 220);
    assert_eq!(report["dropped_per_query_bound"], 15);
    assert_eq!(report["predicted_queries"], 14);
    assert_eq!(report["invariant_held"], true);
    assert_eq!(report["learned"], true);
    let asked = report["queries_distinct"].as_u64().unwrap();
    assert!(asked >= 14 && report["transcript"].as_array().unwrap().len() as u64 == asked);
    let kept: serde_json::Value =
        serde_json::from_slice(&std::fs::read(place.path().join("kept.json")).unwrap()).unwrap();
    assert_eq!(kept["entries"].as_array().unwrap().len() as u64, asked);
    let rows = place
        .succeed(&[
            "sq",
            "play",
            "--family",
            "signs",
            "--dim",
            "40",
            "--degree",
            "4",
            "--size",
            "2000",
            "--tolerance",
            ".1",
            "--learner",
            "brute-force",
            "--noise",
            ".5",
            "--rows",
            "48",
            "--format",
            "json",
        ])
        .json();
    assert_eq!((rows["learned"].as_bool(), rows["rows"].as_u64()), (Some(true), Some(48)));
    let attack = place
        .succeed(&[
            "sq",
            "play",
            "--family",
            "zonal",
            "--dim",
            "30",
            "--degree",
            "3",
            "--size",
            "50",
            "--tolerance",
            ".02",
            "--learner",
            "attack",
            "--format",
            "json",
        ])
        .json();
    assert!(attack["invariant_held"].is_null() && attack["predicted_queries"].is_null());
}

#[test]
fn descent_through_an_oracle_stands_still_and_its_answers_can_be_replayed() {
    let place = Place::new();
    let learn = [
        "sq",
        "learn",
        "--target",
        "harmonic(2)",
        "--dim",
        "6",
        "--width",
        "60",
        "--iterations",
        "1e4",
        "--format",
        "json",
    ];
    let free =
        place.succeed(&[&learn[..], &["--oracle", "lazy:0.05", "--save", "said.json"]].concat()).json();
    let stuck_at = free["vanishing_tolerance"].as_f64().unwrap();
    assert!(free["smallest_loss"].as_f64().unwrap() < 1.0);
    assert_eq!(
        (free["queries_distinct"].as_u64(), free["queries_issued"].as_u64()),
        (Some(60), Some(600_000))
    );
    let stuck = place
        .succeed(&[&learn[..], &["--oracle", &format!("lazy:{}", stuck_at * 1.000_001)]].concat())
        .json();
    let path = stuck["path"].as_array().unwrap();
    assert!(path.iter().all(|c| c["loss"] == stuck["target_norm_sq"]));
    assert!(stuck["smallest_exact_loss"].as_f64().unwrap() < 0.2);
    let again = place.succeed(&[&learn[..], &["--oracle", "replay:said.json"]].concat()).json();
    assert_eq!(again["path"], free["path"]);
    // Another learner asks what the transcript does not hold.
    let other = ["--oracle", "replay:said.json", "--seed", "3"];
    place.fail(&[&learn[..], &other].concat(), 2, &["transcript", "the seed that produced it"]);
    let both = place
        .succeed(&[
            "sq",
            "learn",
            "--target",
            "harmonic(2)",
            "--dim",
            "5",
            "--width",
            "20",
            "--layers",
            "both",
            "--iterations",
            "50",
            "--oracle",
            "lazy:0.02",
            "--format",
            "json",
        ])
        .json();
    assert!(both["queries_distinct"].as_u64().unwrap() > 1000);
}

#[test]
fn mistakes_are_told() {
    let place = Place::new();
    let bound = |more: &[&str], parts: &[&str]| {
        let first = ["sq", "bound", "--dim", "20", "--degree", "3"];
        place.fail(&[&first[..], more].concat(), 2, parts);
    };
    bound(&["--family", "zonal", "--tolerance", "0"], &["tolerance", "above 0"]);
    bound(&["--family", "zonal", "--tolerance", "nan"], &["tolerance"]);
    bound(&["--family", "cubes", "--tolerance", ".1"], &["zonal, random, signs or monomials"]);
    bound(&["--family", "monomials", "--tolerance", ".1", "--queries", "any"], &["y^2 x_i^2"]);
    bound(&["--family", "zonal", "--tolerance", ".1", "--size", "9", "--queries", "any"], &["SQ-8"]);
    bound(&["--family", "signs", "--tolerance", ".1", "--size", "100000"], &["1140"]);
    bound(&["--family", "zonal", "--tolerance", ".1", "--delta", "2"], &["delta", "at most 1"]);
    bound(&["--family", "zonal", "--tolerance", ".1", "--queries", "lipschitz:-1"], &["lipschitz:L"]);
    let play = |more: &[&str], parts: &[&str]| {
        let first = ["sq", "play", "--tolerance", ".3", "--degree", "3"];
        place.fail(&[&first[..], more].concat(), 2, parts);
    };
    play(&["--family", "zonal", "--dim", "30", "--directions", "devore"], &["square of a prime", "25"]);
    play(&["--family", "signs", "--dim", "10", "--learner", "attack"], &["zonal"]);
    play(&["--family", "signs", "--dim", "10", "--rows", "5"], &["--rows is for --learner brute-force"]);
    play(&["--family", "zonal", "--dim", "10", "--size", "0"], &["at least 1"]);
    let learn = |more: &[&str], parts: &[&str]| {
        let first = ["sq", "learn", "--target", "harmonic(2)", "--dim", "5"];
        place.fail(&[&first[..], more].concat(), 2, parts);
    };
    learn(&["--oracle", "lazy"], &["lazy:TAU", "replay:FILE"]);
    learn(&["--oracle", "honest:-1"], &["positive"]);
    learn(&["--layers", "both", "--activation", "tanh"], &["homogeneous"]);
    let replay = ["sq", "learn", "--target", "harmonic(2)", "--dim", "5", "--oracle", "replay:nowhere.json"];
    place.fail(&replay, 1, &["nowhere.json"]);
}
