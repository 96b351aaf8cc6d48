//! The errors of a table at more rows than it has: measured by leave-one-out at its own number, estimated beyond (RW-7).

use super::left_out::TrainingRows;
use super::prepare::TableSubject;
use crate::train::run::{Repeats, TrainingRun};
use crate::train::trained::Notes;
use std::collections::BTreeSet;
use zonal::dynamics::LeaveOneOut;
use zonal::equivalent::{Measured, PowerLaw};
use zonal::numeric::random::{Purpose, permutation};
use zonal::observer::{Observer, Stage, check};
use zonal_documents::number::Extended;
use zonal_documents::options::{LABEL, ROWS, WIDTH};
use zonal_documents::request::Output;
use zonal_documents::table_curve::{
    PartError, PowerLawReport, RowsChoice, TableCurveConfig, TableCurvePoint, TableCurveReport,
};
use zonal_documents::train::{Input, TableJob};
use zonal_documents::{Error, Result};
use zonal_io::model::SCHEMA;

/// The table is divided into these numbers of parts.
const PARTS: [usize; 3] = [8, 4, 2];
/// The fewest rows of a table, eight in the smallest part.
const FEWEST: usize = 64;
/// Beyond this multiple of the rows nothing was compared with the truth.
const MOST: f64 = 10.0;
/// The fewest units.
const LEAST_WIDTH: u64 = 20;
/// Ridges of a part for each power of ten, and the last powers, relative to the largest eigenvalue.
const EACH: i32 = 3;
const RIDGES: [i32; 2] = [-11, 1];

/// Measures and estimates the errors.
///
/// # Errors
/// Those of the table and of the training; [`Error::Usage`] for classes, several labels, fewer than 64 rows, and numbers of rows below that of the table
/// or above ten times it.
pub fn table_curve(
    config: &TableCurveConfig,
    observer: &mut dyn Observer,
    notes: Notes<'_>,
) -> Result<TableCurveReport> {
    let job = checked(config)?;
    let mut run =
        TrainingRun::new(&config.train, &Output::None, Vec::new(), Repeats::Nothing, observer, notes)?;
    let subject = TableSubject::prepare(job, &mut run)?;
    let problem = &subject.problem;
    let [label] = problem.labels.as_slice() else { return Err(one_label()) };
    let rows = TrainingRows::read(&subject, &problem.network()?, run.observer)?;
    let count = rows.features.rows();
    check_rows(&rows, run.notes)?;
    let wanted =
        config.rows.iter().map(|choice| rows_of(*choice, count)).collect::<Result<BTreeSet<u64>>>()?;
    let measurement = Measurement::new(&rows, config.train.seed, run.observer)?;
    if measurement.parts.iter().any(|part| part.rmse.powi(2) < measurement.own) {
        (run.notes)(
            "a part of the table has a smaller error than all of it: more rows bring nothing that these estimates could show",
        );
    }
    let Measurement { measured, ridge, own, parts, law, .. } = &measurement;
    let (unit, square) = (label.deviation, label.deviation * label.deviation);
    let points = wanted.into_iter().map(|n| measurement.at(n, unit)).collect::<Result<_>>()?;
    Ok(TableCurveReport {
        schema: SCHEMA,
        label: label.name.clone(),
        rows: count as u64,
        width: problem.width as u64,
        activation: problem.activation.clone(),
        scale: problem.scale,
        bias: problem.lift.bias,
        deviation: unit,
        leave_one_out: unit * own.sqrt(),
        ridge: *ridge,
        reach: measured.reach(),
        parts: parts.iter().map(|part| PartError { rmse: unit * part.rmse, ..*part }).collect(),
        power_law: PowerLawReport {
            offset: square * law.offset,
            factor: square * law.factor,
            exponent: law.exponent,
        },
        points,
    })
}

/// Returns the table of a configuration, as far as it can be checked before it is read.
fn checked(config: &TableCurveConfig) -> Result<&TableJob> {
    let Input::Table(job) = &config.train.input else {
        return Err(Error::Usage("a target has no rows of its own".into()));
    };
    if job.labels.len() > 1 {
        return Err(one_label());
    }
    if let Extended::Finite(width @ 0..LEAST_WIDTH) = config.train.width {
        let required = format!("at least {LEAST_WIDTH} for the curve of a table");
        return Err(zonal::Error::parameter(WIDTH.to_string(), width, required).into());
    }
    Ok(job)
}

/// Checks that there are enough rows, and notes those that repeat the features of others.
fn check_rows(rows: &TrainingRows, notes: Notes<'_>) -> Result<()> {
    let count = rows.features.rows();
    if count < FEWEST {
        return Err(Error::Usage(format!(
            "the table has {count} rows, those with equal features counted once, but a curve needs at least {FEWEST}"
        )));
    }
    if count < rows.len() {
        notes(&format!(
            "{} of the {} rows repeat the features of others: rows with equal features count once, {count} in all",
            rows.len() - count,
            rows.len()
        ));
    }
    Ok(())
}

/// What is measured on a table. Mean squares are in standard units.
struct Measurement {
    rows: u64,
    measured: Measured,
    ridge: f64,
    /// The mean square of leave-one-out with this ridge.
    own: f64,
    /// The part of it that is the scatter of labels around the means of rows with equal features.
    within: f64,
    parts: Vec<PartError>,
    law: PowerLaw,
}

impl Measurement {
    fn new(rows: &TrainingRows, seed: u64, observer: &mut dyn Observer) -> Result<Self> {
        let left_out = LeaveOneOut::new(&rows.features, &rows.means, &rows.weights)?;
        let measured = Measured::new(&left_out, &rows.means.column(0))?;
        let (ridge, own) = measured.own();
        let (count, within) = (rows.features.rows() as u64, rows.within);
        let own = own + within;
        let mut parts = part_errors(rows, &left_out, seed, observer)?;
        parts.push(PartError { rows: count, parts: 1, rmse: own.sqrt() });
        let nodes: Vec<(f64, f64)> = parts.iter().map(|p| (p.rows as f64, p.rmse * p.rmse)).collect();
        let law = PowerLaw::fit(&nodes).ok_or_else(|| {
            Error::Usage("an error of a part of the table is zero: there is no curve".into())
        })?;
        Ok(Self { rows: count, measured, ridge, own, within, parts, law })
    }

    /// Estimates the error at a number of rows, in the label's unit; at the table's own number it is the measured one.
    fn at(&self, rows: u64, unit: f64) -> Result<TableCurvePoint> {
        let found = self.measured.at(rows as f64)?;
        let is_own = rows == self.rows;
        let estimates =
            if is_own { [self.own; 2] } else { [self.law.at(rows as f64), found.error + self.within] };
        let [power_law, equivalent] = estimates.map(|square| unit * square.sqrt());
        Ok(TableCurvePoint {
            rows,
            low: power_law.min(equivalent),
            high: power_law.max(equivalent),
            power_law,
            equivalent,
            at_most: found.at_most && !is_own,
        })
    }
}

fn one_label() -> Error {
    Error::Usage(format!("{LABEL}: a curve needs one label, which must be a number"))
}

/// Returns a number of rows, which must lie where estimates were compared with the truth.
fn rows_of(choice: RowsChoice, own: usize) -> Result<u64> {
    let (count, shown) = match choice {
        RowsChoice::Count(count) => (count as f64, count.to_string()),
        RowsChoice::Times(times) => ((times * own as f64).round(), format!("{times}x")),
    };
    if !(count >= own as f64 && count <= MOST * own as f64) {
        return Err(Error::Usage(format!(
            "{ROWS} lists {shown}, but the table has {own} rows; from 1x to {MOST}x of them can be estimated"
        )));
    }
    Ok(count as u64)
}

/// Returns the leave-one-out errors of disjoint random parts in standard units, with the ridge that is best for all parts of a size.
fn part_errors(
    rows: &TrainingRows,
    whole: &LeaveOneOut,
    seed: u64,
    observer: &mut dyn Observer,
) -> Result<Vec<PartError>> {
    let order = permutation(rows.features.rows(), seed, Purpose::Parts);
    let ridges: Vec<f64> = (RIDGES[0] * EACH..=RIDGES[1] * EACH)
        .map(|step| whole.largest_eigenvalue() * 10f64.powf(f64::from(step) / f64::from(EACH)))
        .collect();
    let mut out = Vec::new();
    for (done, parts) in PARTS.into_iter().enumerate() {
        let size = order.len() / parts;
        let mut sums = vec![0.0; ridges.len()];
        for part in order.chunks_exact(size).take(parts) {
            check(observer, Stage::Measurement, done as u64, PARTS.len() as u64)
                .map_err(zonal::Error::from)?;
            let weights: Vec<f64> = part.iter().map(|&i| rows.weights[i]).collect();
            let left_out = LeaveOneOut::new(&rows.features.select(part), &rows.means.select(part), &weights)?;
            for (sum, ridge) in sums.iter_mut().zip(&ridges) {
                *sum += left_out.mean_squares(&left_out.ridge_residuals(*ridge)?)?[0] / parts as f64;
            }
        }
        let least = sums.into_iter().fold(f64::INFINITY, f64::min);
        out.push(PartError { rows: size as u64, parts, rmse: (least + rows.within).sqrt() });
    }
    Ok(out)
}
