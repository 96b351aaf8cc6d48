//! Training on a table: split, lift, one pass of statistics, the whole path, the best iteration on validation rows.

use super::choose::{Choice, choose};
use super::result::{BestPolynomialReport, Checkpoint, PartRows, TrainReport};
use super::{Notes, Outcome, TrainConfig};
use crate::error::{Error, Result};
use crate::memory::check_width;
use crate::number::{Auto, Extended};
use serde::Serialize;
use std::path::PathBuf;
use zonal::dynamics::path::Path;
use zonal::lift::{LabelScale, Lift, Moments};
use zonal::linalg::Matrix;
use zonal::measure::{best_polynomial, monomials};
use zonal::network::Network;
use zonal::observer::{Observer, StopReason};
use zonal::risk::Empirical;
use zonal::rows::{Part, Rows, Split};
use zonal::sphere::Dim;
use zonal_io::csv::{Columns, Dialect, Missing, Table, column_names, read};
use zonal_io::model::{Description, Model, SCHEMA, TableDescription};

/// A table to learn.
#[derive(Clone, Debug, Serialize)]
pub struct TableJob {
    /// The file.
    #[serde(serialize_with = "lossy")]
    pub data: PathBuf,
    /// The label's column.
    pub label: String,
    /// The feature columns; all others if None.
    pub features: Option<Vec<String>>,
    /// Whether the first line names the columns.
    pub header: bool,
    /// The character between fields.
    pub delimiter: char,
    /// Whether rows that lack a value are left out instead of being an error.
    pub drop_missing: bool,
    /// Part of the rows for testing.
    pub test_fraction: f64,
    /// Part of the rows for choosing the iteration.
    pub validation_fraction: f64,
    /// A file with the test rows, in place of a part of the data.
    #[serde(serialize_with = "lossy_option")]
    pub test_data: Option<PathBuf>,
    /// The bias of the lift.
    pub bias: Auto<f64>,
}

/// A path as text; bytes that are no text are replaced, since JSON has none.
fn lossy<S: serde::Serializer>(
    path: &std::path::Path,
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    serializer.serialize_str(&path.to_string_lossy())
}

fn lossy_option<S: serde::Serializer>(
    path: &Option<PathBuf>,
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    path.as_ref().map(|p| p.to_string_lossy()).serialize(serializer)
}

/// The bias where none is given.
const DEFAULT_BIAS: f64 = 1.0;
/// Best polynomials up to this degree, as far as their monomials stay below the second number.
const POLYNOMIAL_DEGREE: usize = 3;
const MOST_MONOMIALS: usize = 3_000;
/// Values of all monomials on all rows that are held at once: 400 MB.
const MOST_VALUES: usize = 50_000_000;

/// Rows on the sphere with standardised labels.
pub(super) struct Prepared {
    pub(super) dim: Dim,
    pub(super) train: (Matrix, Vec<f64>),
    pub(super) validation: (Matrix, Vec<f64>),
    pub(super) label: LabelScale,
}

impl TableJob {
    fn dialect(&self) -> Result<Dialect> {
        Ok(Dialect::new(self.header, self.delimiter)?)
    }

    /// Reads rows with the label from one file.
    fn read(&self, file: &std::path::Path, features: Option<Vec<String>>) -> Result<(Rows, u64)> {
        let columns = Columns { label: Some(self.label.clone()), features };
        let missing = if self.drop_missing { Missing::Drop } else { Missing::Reject };
        let table = read(file, self.dialect()?, &columns, missing)?;
        let dropped = table.dropped_rows;
        Ok((rows_of(table, &self.label)?, dropped))
    }
}

/// Rows from a table that was read with its label.
fn rows_of(table: Table, label: &str) -> Result<Rows> {
    let labels = table.labels.unwrap_or_default();
    Ok(Rows::new(table.feature_names, table.features, label.to_owned(), labels, table.numbers)?)
}

pub(super) fn run(
    config: &TrainConfig,
    job: &TableJob,
    observer: &mut dyn Observer,
    notes: Notes<'_>,
) -> Result<Outcome> {
    let Extended::Finite(width) = config.width else {
        return Err(Error::Usage("--width inf needs a --target; on a table the width is a number".into()));
    };
    let grid = config.grid()?;
    let test_fraction = if job.test_data.is_some() { 0.0 } else { job.test_fraction };
    let split = Split::new(config.seed, job.validation_fraction, test_fraction)?;

    // The header alone tells whether the columns exist: mistakes in names come before any long reading.
    column_names(&job.data, job.dialect()?)?;
    let (rows, dropped) = job.read(&job.data, job.features.clone())?;
    let train = rows.part(&split, Part::Train);
    let validation = rows.part(&split, Part::Validation);
    let test = match &job.test_data {
        Some(file) => job.read(file, Some(rows.feature_names().to_vec()))?.0,
        None => rows.part(&split, Part::Test),
    };
    check_parts(&rows, &train, &validation, &test, job)?;

    let label = LabelScale::learn(&job.label, train.labels())?;
    let bias = job.bias.given().unwrap_or(DEFAULT_BIAS);
    let lift = Lift::learn(rows.feature_names(), &Moments::of(train.features()), bias)?;
    let dropped_columns = lift.dropped();
    if !dropped_columns.is_empty() {
        notes(&format!("left out, since constant on the training rows: {}", dropped_columns.join(", ")));
    }
    let dim = lift.dim()?;
    // K of each part, its eigenvectors and the copies that the eigenproblem makes.
    check_width(width, 7, 8 * (dim.get() + 4 * grid.len() as u64 + 300))?;
    let width = usize::try_from(width).unwrap_or(usize::MAX);

    let prepare = |part: &Rows| -> Result<(Matrix, Vec<f64>)> {
        Ok((lift.apply(part.features())?, label.standardise(part.labels())))
    };
    let data =
        Prepared { dim, train: prepare(&train)?, validation: prepare(&validation)?, label: label.clone() };
    let test_points = prepare(&test)?;
    let Choice { activation, scale, candidates } = choose(config, &data, width, observer)?;
    for c in candidates.iter().flatten() {
        notes(&format!(
            "tried {} at scale {:.3}: validation RMSE {:.5}",
            c.activation, c.scale, c.validation_rmse
        ));
    }

    let network = Network::random(activation.clone(), scale, dim, width, config.seed)?;
    let path = {
        let quadratic = Empirical::new(&data.train.0, &data.train.1).quadratic(&network)?;
        Path::new(&quadratic, config.step(), observer)?
    };
    let coefficients = path.coefficients(&grid);
    let unit = label.deviation * label.deviation;
    let losses = |rows: &(Matrix, Vec<f64>)| -> Result<Option<Vec<f64>>> {
        if rows.1.is_empty() {
            return Ok(None);
        }
        let losses = Empirical::new(&rows.0, &rows.1).quadratic(&network)?.losses(&coefficients);
        Ok(Some(losses.into_iter().map(|l| unit * l).collect()))
    };
    let validation_losses = losses(&data.validation)?;
    let test_losses = losses(&test_points)?;
    let checkpoints: Vec<Checkpoint> = grid
        .iter()
        .enumerate()
        .map(|(i, &t)| Checkpoint {
            iteration: t,
            loss: unit * path.loss(t),
            validation_loss: validation_losses.as_ref().map(|l| l[i]),
            test_loss: test_losses.as_ref().map(|l| l[i]),
            tail_energy: None,
            degrees: None,
        })
        .collect();
    let best = match &validation_losses {
        Some(losses) => smallest(losses),
        None => {
            notes("without validation rows the last iteration is used");
            grid.len() - 1
        }
    };

    let description = Description {
        schema: SCHEMA,
        activation: activation.clone(),
        scale,
        seed: config.seed,
        step_size: path.step(),
        best_iteration: grid[best],
        target: None,
        table: Some(TableDescription { lift: lift.clone(), label: label.clone(), split }),
    };
    let model = Model { description, network, iterations: grid.clone(), coefficients };
    // Root mean squared errors come from the rows themselves, by the code that `predict` uses: the same bits.
    let rmse = |part: &Rows| -> Result<Option<f64>> {
        if part.is_empty() { Ok(None) } else { crate::predict::rmse(&model, part, grid[best]).map(Some) }
    };
    let report = TrainReport {
        schema: SCHEMA,
        run: None,
        stop_reason: StopReason::IterationLimit,
        activation,
        scale,
        bias: Some(bias),
        dim: dim.get(),
        width: config.width,
        iterations: config.iterations,
        step_size: path.step(),
        target: None,
        labels: Some(vec![job.label.clone()]),
        initial_loss: checkpoints.first().map_or(f64::NAN, |c| c.loss),
        loss: checkpoints.last().map_or(f64::NAN, |c| c.loss),
        loss_bound: None,
        target_energy: None,
        invisible_degrees: None,
        learning: None,
        best_polynomial: polynomials(&lift, &label, &train, &test, notes)?,
        best_iteration: grid[best],
        train_rmse: rmse(&train)?,
        validation_rmse: rmse(&validation)?,
        test_rmse: rmse(&test)?,
        rows: Some(PartRows { train: train.len(), validation: validation.len(), test: test.len(), dropped }),
        dropped_columns: Some(dropped_columns),
        candidates,
        path: checkpoints,
    };
    Ok(Outcome { report, model: Some(model) })
}

/// Position of the smallest value, the first of equals.
fn smallest(values: &[f64]) -> usize {
    let mut best = 0;
    for (i, v) in values.iter().enumerate() {
        if *v < values[best] {
            best = i;
        }
    }
    best
}

/// Every part that was asked for needs rows, and training needs two.
fn check_parts(rows: &Rows, train: &Rows, validation: &Rows, test: &Rows, job: &TableJob) -> Result<()> {
    let total = rows.len();
    let few =
        |part, found, required| Err(Error::Core(zonal::Error::TooFewRows { part, found, required, total }));
    if train.len() < 2 {
        return few(Part::Train.name(), train.len(), 2);
    }
    if job.validation_fraction > 0.0 && validation.is_empty() {
        return few(Part::Validation.name(), 0, 1);
    }
    if (job.test_fraction > 0.0 || job.test_data.is_some()) && test.is_empty() {
        return few(Part::Test.name(), 0, 1);
    }
    Ok(())
}

fn polynomials(
    lift: &Lift,
    label: &LabelScale,
    train: &Rows,
    test: &Rows,
    notes: Notes<'_>,
) -> Result<Vec<BestPolynomialReport>> {
    let unit = label.deviation * label.deviation;
    let (x, y) = (lift.standardise(train.features()), label.standardise(train.labels()));
    let (test_x, test_y) = (lift.standardise(test.features()), label.standardise(test.labels()));
    let mut out = Vec::new();
    for degree in 1..=POLYNOMIAL_DEGREE {
        let count = monomials(x.columns(), degree).unwrap_or(usize::MAX);
        if count > MOST_MONOMIALS || count.saturating_mul(x.rows()) > MOST_VALUES {
            notes(&format!(
                "best polynomials stop at degree {}: degree {degree} has {count} monomials on {} rows, and at most \
                 {MOST_MONOMIALS} monomials and {MOST_VALUES} values are fitted",
                degree - 1,
                x.rows()
            ));
            break;
        }
        let fit = best_polynomial((&x, &y), (&test_x, &test_y), degree)?;
        out.push(BestPolynomialReport {
            degree,
            monomials: Some(fit.monomials),
            rank: Some(fit.rank),
            error: unit * fit.error,
            test_error: fit.test_error.map(|e| unit * e),
        });
    }
    Ok(out)
}
