//! The zonal side of `cargo xtask bench descent`: steps of descent on both layers, on rows drawn beforehand. Prints one
//! JSON object.
//!
//!     bench-descent DIM WIDTH BATCH f64|f32 ACTIVATION SECONDS

use serde_json::json;
use std::io::Write;
use std::time::Instant;
use zonal::activation::Activation;
use zonal::dynamics::Stepper;
use zonal::linalg::Matrix;
use zonal::network::{Architecture, Layers, Parametrisation, Start};
use zonal::numeric::random::Purpose;
use zonal::sphere::{Dim, uniform_points};
use zonal::statistics::Precision;

type Failure = Box<dyn std::error::Error>;

/// The number of batches, which are drawn beforehand and used in turn.
const BATCHES: usize = 16;

/// Measures the steps per second of `step`, which receives the number of its batch, on a thread of the pool as in a
/// training.
fn timed(
    seconds: f64,
    mut step: impl FnMut(usize) -> Result<(), zonal::Error> + Send,
) -> Result<f64, zonal::Error> {
    let (mut steps, mut elapsed) = (0usize, 0.0);
    let mut outcome = Ok(());
    rayon::scope(|_| {
        let began = Instant::now();
        while elapsed < seconds && outcome.is_ok() {
            outcome = (0..BATCHES).try_for_each(&mut step);
            steps += BATCHES;
            elapsed = began.elapsed().as_secs_f64();
        }
    });
    outcome.map(|()| steps as f64 / elapsed)
}

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [dim, width, batch, precision, activation, seconds] = arguments.as_slice() else {
        return Err("DIM WIDTH BATCH f64|f32 ACTIVATION SECONDS are needed".into());
    };
    let (dim, width, rows): (usize, usize, usize) = (dim.parse()?, width.parse()?, batch.parse()?);
    let (precision, wide) = match precision.as_str() {
        "f64" => (Precision::F64, true),
        "f32" => (Precision::F32, false),
        other => return Err(format!("f64 or f32 is needed, not {other}").into()),
    };
    let seconds: f64 = seconds.parse()?;
    let architecture = Architecture {
        activation: Activation::parse(activation)?,
        scale: 1.0,
        dim,
        width,
        labels: 1,
        biases: false,
        on_sphere: false,
        parametrisation: Parametrisation::Ntk,
    };
    let weights = architecture.weights(Start::Random, 0)?;
    let mut stepper = Stepper::new(&architecture, Layers::Both, &weights, precision)?;
    let all = uniform_points(Dim::new(dim as u64)?, rows * BATCHES, 1, Purpose::Points);
    let label = |x: &[f64]| x[0] * x[1] + x[2];
    let batches: Vec<(Matrix, Matrix)> = (0..BATCHES)
        .map(|b| {
            let points = all.row_range(b * rows, (b + 1) * rows);
            let labels = (0..rows).map(|i| label(points.row(i))).collect();
            Ok((points, Matrix::from_rows(rows, 1, labels)?))
        })
        .collect::<Result<_, Failure>>()?;
    let ready = batches.iter().map(|(x, y)| stepper.batch(x, y)).collect::<Result<Vec<_>, zonal::Error>>()?;
    // First with rows prepared beforehand in the precision and layout of the program, as those of the peers are; then
    // with rows prepared for each step.
    let rate = timed(seconds, |i| stepper.step(&ready[i], 0.1, f64::MAX).map(drop))?;
    let packing = timed(seconds / 2.0, |i| {
        let rows = stepper.batch(&batches[i].0, &batches[i].1)?;
        stepper.step(&rows, 0.1, f64::MAX).map(drop)
    })?;
    let peak = zonal_verify::peak::peak().map(|p| if wide { p.wide } else { p.narrow });
    let flops = 4.0 * (width * rows) as f64 * (dim + 1) as f64;
    let value = json!({"rate": rate, "packing": packing, "flops": flops * rate, "part_of_peak": peak.map(|p| flops * rate / p)});
    writeln!(std::io::stdout(), "{value}")?;
    Ok(())
}
