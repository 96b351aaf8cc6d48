//! Our side of `cargo xtask bench descent`: steps of descent on both layers, on rows drawn beforehand. Prints one JSON
//! object.
//!
//!     bench-descent DIM WIDTH BATCH f64|f32 ACTIVATION SECONDS

use serde_json::json;
use std::io::Write;
use std::time::Instant;
use zonal::activation::Activation;
use zonal::dynamics::descent::Stepper;
use zonal::linalg::Matrix;
use zonal::network::{Architecture, Layers, Parametrisation, Start};
use zonal::numeric::random::Purpose;
use zonal::sphere::{Dim, uniform_points};
use zonal::statistics::Precision;

type Failure = Box<dyn std::error::Error>;

/// Batches drawn beforehand, taken in turn.
const BATCHES: usize = 16;

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
    let (mut steps, mut loss, mut elapsed) = (0usize, 0.0, 0.0);
    let mut failure = None;
    // On a thread of the pool, as a training is.
    rayon::scope(|_| {
        let began = Instant::now();
        // Rows are made ready within the time, as they would have to be if they were new.
        while elapsed < seconds && failure.is_none() {
            for (points, labels) in &batches {
                let step = stepper.batch(points, labels).and_then(|rows| stepper.step(&rows, 0.1, f64::MAX));
                match step {
                    Ok(losses) => loss = losses[0],
                    Err(error) => failure = Some(error),
                }
                steps += 1;
            }
            elapsed = began.elapsed().as_secs_f64();
        }
    });
    if let Some(error) = failure {
        return Err(error.into());
    }
    let peak = zonal_verify::peak::peak().map(|p| if wide { p.wide } else { p.narrow });
    let flops = 4.0 * (width * rows) as f64 * (dim + 1) as f64;
    let rate = steps as f64 / elapsed;
    let value = json!({"rate": rate, "loss": loss, "flops": flops * rate, "part_of_peak": peak.map(|p| flops * rate / p)});
    writeln!(std::io::stdout(), "{value}")?;
    Ok(())
}
