//! Claims of the theory as executable checks. Each claim is a module with its statement, its source, the measured
//! quantities and their thresholds.

#![forbid(unsafe_code)]
// No input may cause a panic.
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::todo))]

mod batches;
mod both_layers;
mod circle;
mod claim;
mod comparator;
mod convergence;
mod frequency;
mod invisible;
mod iterations;
mod operator;
mod relu;
mod representation;
mod rows;
mod sigmoid;
mod sq_attack;
mod sq_descent;
mod sq_lower_bound;
mod sq_regression;
mod sq_samples;
mod tangent;
mod trial;
mod width;

pub use zonal_documents::claims::{Check, Relation};

use claim::Claim;
use zonal::observer::{Observer, Stage};
use zonal_documents::claims::{ClaimReport, ReproduceReport, Size};
use zonal_documents::{Error, Result, SCHEMA};

/// All claims, in the order of the report.
const CLAIMS: [Claim; 22] = [
    convergence::CLAIM,
    width::CLAIM,
    iterations::CLAIM,
    representation::CLAIM,
    frequency::CLAIM,
    operator::CLAIM,
    invisible::CLAIM,
    sigmoid::CLAIM,
    relu::CLAIM,
    batches::CLAIM,
    circle::CLAIM,
    rows::DOUBLE_DESCENT,
    rows::STAIRCASE,
    rows::LEAVE_ONE_OUT,
    rows::BOUNDS,
    tangent::CLAIM,
    both_layers::CLAIM,
    sq_lower_bound::CLAIM,
    sq_descent::CLAIM,
    sq_attack::CLAIM,
    sq_samples::CLAIM,
    sq_regression::CLAIM,
];

/// Returns the names of all claims.
pub fn names() -> Vec<&'static str> {
    CLAIMS.iter().map(|c| c.name).collect()
}

/// Checks the named claims, or all of them if none is named. When the observer requests a stop, the report holds the
/// claims checked so far.
///
/// # Errors
/// [`Error::Usage`] for an unknown name, [`Error::Interrupted`] if no claim was checked before the stop.
pub fn reproduce(requested: &[String], size: Size, observer: &mut dyn Observer) -> Result<ReproduceReport> {
    if let Some(name) = requested.iter().find(|name| CLAIMS.iter().all(|c| c.name != name.as_str())) {
        let advice = zonal::error::advice(name, names(), || format!("the claims are {}", names().join(", ")));
        return Err(Error::Usage(format!("unknown claim '{name}'; {advice}")));
    }
    let is_requested = |c: &&Claim| requested.is_empty() || requested.iter().any(|name| name == c.name);
    let chosen: Vec<&Claim> = CLAIMS.iter().filter(is_requested).collect();
    let mut claims = Vec::new();
    for claim in &chosen {
        if observer.progress(Stage::Claims, claims.len() as u64, chosen.len() as u64).is_break() {
            break;
        }
        match (claim.run)(size, observer) {
            Ok(checks) => claims.push(judge(claim, checks)?),
            Err(Error::Core(zonal::Error::Stopped(_))) => break,
            // A failed training fails its claim, and the other claims are still reported.
            Err(error) => {
                claims.push(judge(claim, vec![Check::at_most("it runs", f64::NAN, 0.0, error.to_string())])?)
            }
        }
    }
    if claims.is_empty() {
        let message = "interrupted before the first claim was checked; no results were saved".to_owned();
        return Err(Error::Interrupted { message });
    }
    let not_reached: Vec<String> = chosen[claims.len()..].iter().map(|c| c.name.to_owned()).collect();
    let holds = not_reached.is_empty() && claims.iter().all(|c: &ClaimReport| c.holds);
    Ok(ReproduceReport { schema: SCHEMA, run: None, quick: size == Size::Quick, holds, not_reached, claims })
}

fn judge(claim: &Claim, checks: Vec<Check>) -> Result<ClaimReport> {
    let nearest = checks.iter().min_by(|a, b| a.margin().total_cmp(&b.margin()));
    let Some(nearest) = nearest.cloned() else {
        return Err(Error::Usage(format!("the claim '{}' made no comparison", claim.name)));
    };
    Ok(ClaimReport {
        name: claim.name.to_owned(),
        statement: claim.statement.to_owned(),
        source: claim.source.to_owned(),
        formulas: claim.formulas.to_owned(),
        quantity: nearest.quantity,
        measured: nearest.measured,
        predicted: nearest.predicted,
        relation: nearest.relation,
        threshold: nearest.threshold,
        reason: nearest.reason,
        holds: checks.iter().all(|c| c.holds),
        checks,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim() -> Claim {
        Claim { name: "test", statement: "", source: "", formulas: "", run: |_, _| Ok(Vec::new()) }
    }

    #[test]
    fn one_failed_check_fails_the_claim_and_represents_it() {
        let checks = vec![
            Check::at_most("near", 0.99, 1.0, "r"),
            Check::at_least("broken", 1.0, 2.0, "r"),
            Check::at_most("far", 0.0, 1.0, "r"),
            Check::near("close", 0.51, 0.5, 0.1, "r"),
        ];
        let report = judge(&claim(), checks).unwrap();
        assert!(!report.holds);
        assert_eq!((report.quantity.as_str(), report.measured, report.threshold), ("broken", 1.0, 2.0));
        let report = judge(&claim(), vec![Check::at_most("near", 0.99, 1.0, "r")]).unwrap();
        assert!(report.holds);
        for wrong in [0.61, 0.39, f64::NAN] {
            assert!(!judge(&claim(), vec![Check::near("far off", wrong, 0.5, 0.1, "r")]).unwrap().holds);
        }
    }

    #[test]
    fn a_mean_holds_within_four_standard_errors_on_either_side() {
        let check = |value: f64, standard_error: f64| {
            Check::mean("mean", zonal::measure::Estimate { value, standard_error }, 2.0, "exact")
        };
        let held = check(2.39, 0.1);
        assert!(held.holds && held.predicted == Some(2.0) && (held.threshold - 0.4).abs() < 1e-15);
        assert!(held.reason.contains("an error of 35.00 % is detected"), "{}", held.reason);
        for (value, standard_error) in [(2.41, 0.1), (1.59, 0.1), (f64::NAN, 0.1), (2.0, f64::NAN)] {
            assert!(!check(value, standard_error).holds, "{value} {standard_error}");
        }
    }

    #[test]
    fn what_is_not_a_number_does_not_hold() {
        let report = judge(&claim(), vec![Check::at_most("x", f64::NAN, 1.0, "r")]).unwrap();
        assert!(!report.holds && report.measured.is_nan());
        assert!(judge(&claim(), Vec::new()).is_err());
    }

    #[test]
    fn names_are_known_and_others_are_refused() {
        assert!(names().contains(&"rows-bounds"));
        let error = reproduce(&["magic".to_owned()], Size::Quick, &mut zonal::observer::Silent).unwrap_err();
        assert!(error.is_usage() && error.to_string().contains("convergence"));
    }
}
