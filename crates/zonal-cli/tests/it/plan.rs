//! Plans and claims from the command line.

use crate::common::Place;

const TARGET: &str = "0.6*harmonic(2) + 0.8*harmonic(1) + 0.3*harmonic(4)";

#[test]
fn a_plan_prints_the_formula_and_training_keeps_it() {
    let place = Place::new();
    let arguments = [
        "plan",
        "--activation",
        "relu",
        "--dim",
        "5",
        "--target",
        TARGET,
        "--degree",
        "2",
        "--epsilon",
        "0.05",
    ];
    let plan = place
        .succeed(&[&arguments[..], &["--format", "json", "--verify", "4", "--delta", "0.1"]].concat())
        .json();
    let number = |name: &str| plan[name].as_f64().unwrap_or_else(|| panic!("{name}: {}", plan[name]));
    assert!((number("best_polynomial_error") - 0.09).abs() < 1e-12);
    assert_eq!(plan["degrees"], serde_json::json!([1, 2]));
    assert_eq!(plan["invisible_degrees"], serde_json::json!([]));
    assert_eq!(number("step_size") * number("norm_sq"), 1.0);
    let (m, t, r_sq) = (number("width"), number("iterations"), number("comparator_norm_sq"));
    let share = |i: usize| plan["shares"][i].as_f64().unwrap().powi(2);
    let energy = 0.64 * share(0) + 0.36 * share(1);
    let bound = number("comparator_error")
        + (number("norm_sq") * r_sq - energy) / m
        + r_sq / (2.0 * number("step_size") * t);
    assert!(number("comparator_error") > 0.09);
    assert!((number("loss_bound") - bound).abs() < 1e-12);
    assert!(bound <= 0.14 && bound > 0.13);
    assert!(number("operator_iterations") < t);
    assert!(plan["verification"]["mean_loss"].as_f64().unwrap() <= bound);
    assert!(plan["single_draw"]["loss_bound"].as_f64().unwrap() > bound);
    assert!(plan["cost"]["memory_bytes"].as_f64().unwrap() >= 8.0 * m * m);

    // The same numbers, given to train, are proved there too.
    let (m, t) = (m.to_string(), t.to_string());
    let train = place
        .succeed(&[
            "train",
            "--target",
            TARGET,
            "--dim",
            "5",
            "--activation",
            "relu",
            "--width",
            &m,
            "--iterations",
            &t,
            "--out",
            "none",
            "--format",
            "json",
        ])
        .json();
    assert!(train["loss_bound"].as_f64().unwrap() <= bound);
    assert!(train["loss"].as_f64().unwrap() <= bound);
    // Times to learn: measured beside predicted, in rising order of the degree.
    let half = |degree: u64| {
        let of = train["learning"].as_array().unwrap();
        of.iter().find(|l| l["degree"] == degree && l["share"] == 0.5).unwrap().clone()
    };
    assert!(half(1)["iteration"].as_u64() < half(2)["iteration"].as_u64());
    assert!(half(2)["predicted"].as_u64() < half(4)["predicted"].as_u64());
}

#[test]
fn an_invisible_degree_is_named_with_what_stays_and_two_ways_out() {
    let place = Place::new();
    let text = place.succeed(&["plan", "--target", "0.6*harmonic(2) + 0.5*harmonic(3)", "--dim", "6"]).stdout;
    assert!(text.contains("Degree 3 is invisible to relu: 0.2500 of the target's energy"), "{text}");
    assert!(
        text.contains("a bias: --activation 'relu(t + ") && text.contains("another activation, "),
        "{text}"
    );
    let plan = place
        .succeed(&["plan", "--target", "0.6*harmonic(2) + 0.5*harmonic(3)", "--dim", "6", "--format", "json"])
        .json();
    assert_eq!(plan["invisible_degrees"], serde_json::json!([3]));
    assert!((plan["invisible_energy"].as_f64().unwrap() - 0.25).abs() < 1e-12);
    // Each way out is a plan of its own in which nothing is invisible.
    for way in plan["ways_out"].as_array().unwrap() {
        let (activation, scale) = (way["activation"].as_str().unwrap(), way["scale"].to_string());
        let epsilon = plan["epsilon"].to_string();
        let other = place
            .succeed(&[
                "plan",
                "--target",
                "0.6*harmonic(2) + 0.5*harmonic(3)",
                "--dim",
                "6",
                "--activation",
                activation,
                "--scale",
                &scale,
                "--epsilon",
                &epsilon,
                "--format",
                "json",
            ])
            .json();
        assert_eq!(other["width"], way["width"]);
        assert_eq!(other["invisible_degrees"], serde_json::json!([]));
    }
}

#[test]
fn plans_that_learn_nothing_are_said_to() {
    let place = Place::new();
    let plan = |more: &[&str]| place.succeed(&[&["plan", "--dim", "10"], more].concat()).stdout;
    let text = plan(&["--target", "harmonic(3)"]);
    assert!(
        text.contains("none: relu sees no degree of this target") && !text.contains("none needed"),
        "{text}"
    );
    let text = plan(&["--target", "x1", "--epsilon", "10"]);
    assert!(text.contains("none needed: predicting 0 already meets the goal"), "{text}");
    // Little of a degree that is costly is used, and the plan states how much.
    let text = plan(&["--target", "harmonic(1) + 0.1*harmonic(4)", "--epsilon", "0.05"]);
    assert!(text.contains("1, 4 (share 0.0"), "{text}");
    let text = plan(&["--target", "harmonic(1)", "--delta", "0.05"]);
    let words = "That is vacuous: hardly better than predicting 0; choose --epsilon below 0.05000, which is --delta times the energy";
    assert!(text.contains(words), "{text}");
    let text = plan(&["--target", "harmonic(1)", "--delta", "0.05", "--epsilon", "0.01"]);
    assert!(text.contains("except with probability") && !text.contains("vacuous"), "{text}");
    let text = place
        .succeed(&[
            "plan",
            "--dim",
            "5",
            "--target",
            "harmonic(1)+harmonic(4)",
            "--activation",
            "tanh(3*t)+0.1*t^2",
        ])
        .stdout;
    assert!(
        text.contains("The coefficient of tanh(3*t)+0.1*t^2 in degree 4 is below its error bound"),
        "{text}"
    );
}

#[test]
fn impossible_goals_are_refused_with_what_would_do() {
    let place = Place::new();
    let base = ["plan", "--target", "harmonic(2)"];
    let fails = |more: &[&str], parts: &[&str]| place.fail(&[&base[..], more].concat(), 2, parts);
    fails(&["--width", "100"], &["the width is 100", "at least", "epsilon"]);
    fails(&["--iterations", "10"], &["the number of iterations is 10", "at least"]);
    fails(&["--epsilon", "0"], &["epsilon is 0", "positive"]);
    fails(&["--epsilon", "nan"], &["'nan' is not a finite number"]);
    fails(&["--delta", "1.5"], &["delta is 1.5"]);
    fails(&["--width", "0"], &["at least 1"]);
    fails(&["--width", "-5"], &["'-5' is not a count"]);
    fails(&["--degree", "-1"], &["'-1' is not a count"]);
    fails(&["--degree", "5000"], &["at most 1000"]);
    fails(&["--dim", "1"], &["dimension"]);
    place.fail(&["plan"], 2, &["--target"]);
    place.fail(&["plan", "--target", "harmonic(30)", "--dim", "50"], 2, &["no width"]);
    place.fail(&["plan", "--target", "harmonic(6)", "--dim", "50", "--verify"], 1, &["memory"]);
}

/// The claims at their smaller sizes: every one of them, with everything that the contract promises.
#[test]
#[ignore = "slow"]
fn every_claim_holds_at_the_smaller_sizes() {
    let place = Place::new();
    let report = place.succeed(&["reproduce", "--quick", "--format", "json"]).json();
    let claims = report["claims"].as_array().unwrap();
    let names: Vec<&str> = claims.iter().map(|c| c["name"].as_str().unwrap()).collect();
    let expected = [
        "convergence",
        "width",
        "iterations",
        "representation",
        "frequency",
        "operator",
        "invisible",
        "sigmoid",
        "relu",
        "batches",
        "circle",
        "double-descent",
        "staircase",
        "leave-one-out",
        "rows-bounds",
        "tangent-limit",
        "both-layers",
        "sq-lower-bound",
        "sq-descent-stalls",
        "sq-attack",
        "sq-samples",
        "sq-upper-bound",
    ];
    assert_eq!(names, expected);
    for claim in claims {
        assert_eq!(claim["holds"], true, "{claim:#}");
        for text in ["statement", "source", "formulas", "reason", "quantity"] {
            assert!(!claim[text].as_str().unwrap().is_empty());
        }
        assert!(claim["measured"].is_number() && claim["threshold"].is_number());
        assert!(!claim["checks"].as_array().unwrap().is_empty());
    }
    // A claim of upper bounds alone would hold for any bound that is too large.
    for name in ["convergence", "width", "representation", "frequency", "operator", "sq-samples"] {
        let claim = claims.iter().find(|c| c["name"] == name).unwrap();
        let mut checks = claim["checks"].as_array().unwrap().iter();
        assert!(checks.any(|c| c["relation"] == "within"), "{name} has bounds only");
    }
    // Eight cases, three comparisons of each, and two of the iterations' term: --quick leaves none out.
    assert_eq!(claims[0]["checks"].as_array().unwrap().len(), 26);
    let one = place.succeed(&["reproduce", "--quick", "--claim", "iterations"]).stdout;
    assert!(one.contains("Smaller sizes (--quick)"));
    assert!(one.contains("PL-2") && one.contains("infinite width") && one.contains("holds"));
    Place::new().fail(
        &["reproduce", "--claim", "magic"],
        2,
        &["unknown claim 'magic'", "convergence, width"],
    );
}
