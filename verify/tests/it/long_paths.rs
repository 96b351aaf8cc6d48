//! Paths of up to 10^18 iterations compared with `reference/paths.json`: each reported number is within its reported
//! error.

use serde_json::Value;
use zonal::activation::Activation;
use zonal::dynamics::{GradientPath, Solver, Step};
use zonal::linalg::Matrix;
use zonal::measure::{residual_energies, residual_errors};
use zonal::network::Network;
use zonal::observer::Silent;
use zonal::risk::{Population, Precise};
use zonal::sphere::Dim;
use zonal::target::Target;
use zonal_verify::reference::{Table, number, text};

/// One setting of the reference.
struct Setting {
    name: String,
    target: Target,
    network: Network,
    step: Step,
    path: Vec<(u64, f64, Vec<f64>)>,
}

fn settings() -> Vec<Setting> {
    let numbers = |values: &Value| values.as_array().unwrap().iter().map(number).collect::<Vec<f64>>();
    let one = |s: &Value| {
        let dim = Dim::new(s["dim"].as_u64().unwrap()).unwrap();
        let rows: Vec<Vec<f64>> = s["directions"].as_array().unwrap().iter().map(numbers).collect();
        let directions = Matrix::from_rows(rows.len(), dim.as_usize(), rows.concat()).unwrap();
        let activation: Activation = text(&s["activation"]).parse().unwrap();
        let listed = s["path"].as_array().unwrap().iter();
        Setting {
            name: text(&s["name"]).to_owned(),
            target: Target::parse(text(&s["target"]), dim, 0).unwrap(),
            network: Network::from_directions(activation, number(&s["scale"]), directions).unwrap(),
            step: Step::Fixed(number(&s["step"])),
            path: listed.map(|r| (r[0].as_u64().unwrap(), number(&r[1]), numbers(&r[2]))).collect(),
        }
    };
    Table::load("paths").rows("settings").iter().map(one).collect()
}

/// Checks |found - exact| <= error, allowing for the rounding of the reference to f64.
fn covered(found: f64, exact: f64, error: f64, what: &str) {
    assert!(error.is_finite() && error >= 0.0, "{what}: error {error}");
    assert!(
        (found - exact).abs() <= error + 1e-16 * exact,
        "{what}: {found:e} +- {error:e}, exact {exact:e}"
    );
}

#[test]
#[ignore = "slow"]
fn losses_of_long_paths_are_within_their_errors_with_both_solvers() {
    for setting in settings() {
        let quadratic = Population::new(&setting.target).quadratic(&setting.network).unwrap();
        for solver in [Solver::Dense, Solver::Lanczos] {
            let path =
                GradientPath::with_solver(&quadratic, setting.step, solver, u64::MAX, &mut Silent).unwrap();
            for (t, exact, _) in &setting.path {
                let (loss, error) = (path.loss(*t), path.loss_error(*t));
                let what = format!("{}, {solver:?}, {t:e}", setting.name);
                covered(loss, *exact, error, &what);
                let (low, high) = path.loss_bounds(*t).unwrap()[0];
                assert!(low <= *exact && *exact <= high, "{what}: {low:e} {exact:e} {high:e}");
                // The error is informative: small if much is known, and never larger than the energy that remains to be
                // learned.
                let useful = match t {
                    0..=1_000 => 1e-11,
                    ..=1_000_000_000 => 1e-5 * exact,
                    _ => 1e-3,
                };
                assert!(error <= useful, "{what}: error {error:e} of {loss:e}");
            }
        }
    }
}

#[test]
#[ignore = "slow"]
fn energies_of_long_paths_are_within_their_errors() {
    for setting in settings() {
        let (target, network) = (&setting.target, &setting.network);
        let quadratic = Population::new(target).quadratic(network).unwrap();
        let path =
            GradientPath::with_solver(&quadratic, setting.step, Solver::Dense, 0, &mut Silent).unwrap();
        let counts: Vec<u64> = setting.path.iter().map(|row| row.0).collect();
        let weights = path.coefficients(&counts);
        let residuals = residual_energies(network, target, &weights, 10, &mut Silent).unwrap();
        let distances: Vec<f64> = counts.iter().map(|&t| path.distances(t)[0]).collect();
        let errors = residual_errors(network, target, &weights, &residuals, &distances).unwrap();
        for (((t, loss, exact), found), error) in setting.path.iter().zip(&residuals).zip(&errors) {
            let what = format!("{}, {t:e}", setting.name);
            for k in 0..=10 {
                covered(found.energies[k], exact[k], error.energies[k], &format!("{what}, degree {k}"));
            }
            let tail = (loss - exact.iter().sum::<f64>()).max(0.0);
            covered(found.tail_energy, tail, error.tail_energy + 1e-15, &format!("{what}, tail"));
        }
    }
}

#[test]
#[ignore = "slow"]
fn small_smooth_networks_are_right_to_the_end() {
    let mut seen = 0;
    for setting in settings() {
        let Some(form) = Precise::new(&setting.target, &setting.network).unwrap() else {
            assert_eq!(setting.name, "relu");
            continue;
        };
        seen += 1;
        let path = GradientPath::precise(&form, setting.step, &mut Silent).unwrap();
        let counts: Vec<u64> = setting.path.iter().map(|row| row.0).collect();
        let distances: Vec<f64> = counts.iter().map(|&t| path.distances(t)[0]).collect();
        let weights = path.precise_coefficients(&counts);
        let found = form.residual_energies(&setting.target, &weights, &distances, 10).unwrap();
        for ((t, exact, energies), (residual, errors)) in setting.path.iter().zip(&found) {
            let what = format!("{}, {t:e}", setting.name);
            let (loss, error) = (path.loss(*t), path.loss_error(*t));
            covered(loss, *exact, error, &what);
            assert!(error <= 1e-9 * exact + 1e-12, "{what}: error {error:e} of {loss:e}");
            for k in 0..=10 {
                let what = format!("{what}, degree {k}");
                covered(residual.energies[k], energies[k], errors.energies[k], &what);
                assert!(errors.energies[k] <= 1e-9, "{what}: error {:e}", errors.energies[k]);
            }
            let tail = (exact - energies.iter().sum::<f64>()).max(0.0);
            covered(residual.tail_energy, tail, errors.tail_energy + 1e-15, &format!("{what}, tail"));
        }
    }
    assert_eq!(seen, 4);
}
