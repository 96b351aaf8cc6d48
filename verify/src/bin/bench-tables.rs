//! The zonal side of `cargo xtask bench peers`: training on rows in memory, with timings of its parts. Prints one JSON
//! object.
//!
//!     bench-tables peak
//!     bench-tables path ROWS COLUMNS WIDTH f64|f32
//!     bench-tables sums ROWS COLUMNS WIDTH f64|f32
//!     bench-tables lanczos ROWS COLUMNS WIDTH STEPS

use serde_json::{Value, json};
use std::io::Write;
use std::time::Instant;
use zonal::activation::Activation;
use zonal::dynamics::{GradientPath, Solver, Step};
use zonal::linalg::{Matrix, dot};
use zonal::network::Network;
use zonal::numeric::random::Purpose;
use zonal::observer::Silent;
use zonal::risk::Quadratic;
use zonal::sphere::{Dim, uniform_points};
use zonal::statistics::{Batch, Precision, Statistics, Sums};

type Failure = Box<dyn std::error::Error>;

/// Rows on the sphere, in memory, with a label that is not a polynomial of low degree.
struct Table {
    network: Network,
    points: Matrix,
    labels: Matrix,
}

/// The number of rows added at a time, as when they are read from a file.
const BATCH: usize = 8_192;
/// Returns the iteration counts of a path: 0 and 59 more, up to 10^6.
fn counts() -> Vec<u64> {
    let mut out: Vec<u64> = (0..200).map(|i| 10f64.powf(f64::from(i) * 6.0 / 63.0).round() as u64).collect();
    out.insert(0, 0);
    out.dedup();
    out.truncate(59);
    out.push(1_000_000);
    out
}

impl Table {
    fn new(rows: usize, columns: usize, width: usize) -> Result<Self, Failure> {
        let dim = Dim::new(columns as u64)?;
        let points = uniform_points(dim, rows, 1, Purpose::Points);
        let label = |x: &[f64]| (6.0 * x[0]).sin() + x[1].abs() + x[2] * x[3];
        let labels = (0..rows).map(|i| label(points.row(i))).collect();
        let network = Network::random(Activation::Relu, 1.0, dim, width, 0)?;
        Ok(Self { network, points, labels: Matrix::from_rows(rows, 1, labels)? })
    }

    fn sums(&self, precision: Precision) -> Result<Sums, Failure> {
        let mut statistics = Statistics::new(self.network.width(), 1, 1, precision);
        for first in (0..self.points.rows()).step_by(BATCH) {
            let end = (first + BATCH).min(self.points.rows());
            let numbers: Vec<u64> = (first as u64..end as u64).collect();
            let batch = Batch {
                covered: (first as u64, end as u64),
                numbers: &numbers,
                parts: &vec![0; end - first],
                points: &self.points.row_range(first, end),
                labels: &self.labels.row_range(first, end),
                weights: &[],
            };
            statistics.update(&self.network, &batch)?;
        }
        statistics.close(&self.network)?;
        Ok(statistics.part(0))
    }
}

/// Times a whole training on rows in memory: features and sums, the solution, 60 iterates and their losses.
fn path(table: &Table, precision: Precision) -> Result<Value, Failure> {
    let at = counts();
    let began = Instant::now();
    let sums = table.sums(precision)?;
    let summed = began.elapsed().as_secs_f64();
    let quadratic = Quadratic::from_sums(&sums)?;
    let path = GradientPath::with_solver(&quadratic, Step::Auto, Solver::Auto, 1_000_000, &mut Silent)?;
    let solved = began.elapsed().as_secs_f64();
    let losses: Vec<f64> = at.iter().map(|&t| path.loss(t)).collect();
    let coefficients = path.coefficients(&at);
    let total = began.elapsed().as_secs_f64();
    let m = table.network.width() as f64;
    Ok(json!({
        "total": total, "sums": summed, "solve": solved - summed, "path": total - solved,
        "flops": table.points.rows() as f64 * m * (m + 1.0), "steps": path.lanczos_steps(), "counts": at.len(),
        "prediction_error": path.prediction_error(1_000_000), "loss": losses.last(),
        "size": dot(coefficients.row(at.len() - 1), coefficients.row(at.len() - 1)).sqrt(),
    }))
}

/// Compares the path by Lanczos with the given number of plain steps of descent.
fn lanczos(table: &Table, steps: u64) -> Result<Value, Failure> {
    let at: Vec<u64> = counts().into_iter().filter(|t| *t <= steps).chain([steps]).collect();
    let began = Instant::now();
    let quadratic = Quadratic::from_sums(&table.sums(Precision::F64)?)?;
    let summed = began.elapsed().as_secs_f64();
    let path = GradientPath::with_solver(&quadratic, Step::Auto, Solver::Lanczos, 1_000_000, &mut Silent)?;
    let solved = began.elapsed().as_secs_f64();
    let iterates = path.coefficients(&at);
    let whole = path.coefficients(&counts());
    let found = began.elapsed().as_secs_f64();
    let mut a = vec![0.0; table.network.width()];
    let (mut worst, mut worst_loss) = (0.0f64, 0.0f64);
    let row = |a: &[f64]| Matrix::from_rows(1, a.len(), a.to_vec());
    for t in 0..=steps {
        if let Some(i) = at.iter().position(|x| *x == t) {
            let size = dot(&a, &a).sqrt();
            let off: Vec<f64> = iterates.row(i).iter().zip(&a).map(|(x, y)| x - y).collect();
            worst = worst.max(if size > 0.0 { dot(&off, &off).sqrt() / size } else { 0.0 });
            let loss = quadratic.losses(&row(&a)?)?[0];
            worst_loss = worst_loss.max((path.loss(t) / loss - 1.0).abs());
        }
        if t < steps {
            a = quadratic.step(&a, path.step())?;
        }
    }
    Ok(json!({
        "sums": summed, "solve": solved - summed, "path": found - solved, "steps": path.lanczos_steps(),
        "descent": began.elapsed().as_secs_f64() - found, "counts": whole.rows(), "worst_iterate": worst,
        "worst_loss": worst_loss, "bound": path.prediction_error(1_000_000),
    }))
}

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |i: usize| -> Result<usize, Failure> {
        Ok(arguments.get(i).ok_or("an argument is missing")?.parse::<usize>()?)
    };
    let table = || Table::new(number(1)?, number(2)?, number(3)?);
    let precision = || match arguments.get(4).map(String::as_str) {
        Some("f64") => Ok(Precision::F64),
        Some("f32") => Ok(Precision::F32),
        other => Err(format!("f64 or f32 is needed, not {other:?}")),
    };
    let value = match arguments.first().map(String::as_str) {
        Some("peak") => {
            let peak = zonal_verify::peak::peak().ok_or("the peak is not measured on this processor")?;
            json!({"f64": peak.wide, "f32": peak.narrow})
        }
        Some("path") => path(&table()?, precision()?)?,
        Some("sums") => {
            let table = table()?;
            let began = Instant::now();
            let count = table.sums(precision()?)?.weight;
            json!({"rows": count, "seconds": began.elapsed().as_secs_f64()})
        }
        Some("lanczos") => lanczos(&table()?, number(4)? as u64)?,
        other => return Err(format!("peak, path, sums or lanczos is needed, not {other:?}").into()),
    };
    writeln!(std::io::stdout(), "{value}")?;
    Ok(())
}
