//! Paths of up to 10^18 iterations against `reference/paths.json`: each printed number is within its printed error.

use serde_json::Value;
use zonal::activation::Activation;
use zonal::dynamics::Step;
use zonal::dynamics::path::{Path, Solver};
use zonal::linalg::Matrix;
use zonal::measure::{residual_energies, residual_errors};
use zonal::network::Network;
use zonal::observer::Silent;
use zonal::risk::Population;
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

#[test]
fn losses_of_up_to_a_trillion_trillionths_are_within_their_errors() {
    for setting in settings() {
        let quadratic = Population::new(&setting.target).quadratic(&setting.network).unwrap();
        for solver in [Solver::Dense, Solver::Lanczos] {
            let path = Path::with_solver(&quadratic, setting.step, solver, u64::MAX, &mut Silent).unwrap();
            for (t, exact, _) in &setting.path {
                let (loss, error) = (path.loss(*t), path.loss_error(*t));
                let (low, high) = path.loss_bounds(*t).unwrap()[0];
                println!(
                    "{} {solver:?} {t:e}: {loss:e} - exact {:e}, error {error:e}, distance {:e}, bounds {low:e} {high:e}",
                    setting.name, loss - exact, path.distances(*t)[0]
                );
            }
        }
    }
}
