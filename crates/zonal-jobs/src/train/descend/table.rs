//! Descent step by step on a table that fits into memory.

use super::super::prepare::{Prepared, label_errors, polynomial_reports, prepare, score, units};
use super::super::problem::{Problem, infinite};
use super::super::{Notes, Outcome, Place};
use super::target::{CURVATURE_ROWS, check_given, check_slope, finite, model};
use super::{Setup, first_weights};
use crate::data::for_each_block;
use crate::memory::check_need;
use crate::score::root_mean;
use crate::survey::{Survey, standardise_labels};
use zonal::block::FeatureMap;
use zonal::dynamics::descent::Source;
use zonal::dynamics::linear::LinearPrediction;
use zonal::lift::Lift;
use zonal::linalg::Matrix;
use zonal::measure::{BestPolynomial, Monomials, best_polynomials, monomials};
use zonal::network::{Architecture, Network, Weights};
use zonal::numeric::sum::tree_sum;
use zonal::observer::{Observer, Stage};
use zonal::rows::Part;
use zonal::statistics::{Batch, Precision, Statistics};
use zonal_documents::number::Extended;
use zonal_documents::train::{
    BatchChoice, Checkpoint, DescentConfig, PartRows, TableJob, TrainConfig, TrainReport,
};
use zonal_documents::{Error, Result};
use zonal_io::model::{Description, SCHEMA, TableDescription};
use zonal_io::source::Source as Files;

/// Rows on which the tangent kernel's prediction is made at most.
const PREDICTED_ROWS: usize = 1_500;
/// Best polynomials have at most so many monomials, and this degree.
const FEW_MONOMIALS: usize = 300;
const POLYNOMIAL_DEGREE: usize = 3;

/// The rows of each part on the sphere, labels in standard units.
struct Table {
    parts: [(Matrix, Matrix); 3],
    /// Standardised columns of the training and test rows, for polynomials.
    columns: [Matrix; 2],
}

pub(in super::super) fn run(
    config: &TrainConfig,
    options: &DescentConfig,
    job: &TableJob,
    place: &mut Place,
    observer: &mut dyn Observer,
    notes: Notes<'_>,
) -> Result<Outcome> {
    let Extended::Finite(width) = config.width else {
        return Err(infinite());
    };
    if job.folds.is_some() || job.refit {
        return Err(Error::Usage(
            "--folds and --refit need a path that is found at once; with --layers hidden or both the iteration is chosen on \
             --validation-fraction"
                .into(),
        ));
    }
    let batch = match options.batch {
        BatchChoice::Full => None,
        BatchChoice::Rows(count) => Some(count),
        BatchChoice::Fresh(_) | BatchChoice::Exact => {
            return Err(Error::Usage(format!(
                "--batch {} needs a --target; a table has --batch full or a number of rows",
                options.batch
            )));
        }
    };
    check_given(config, options)?;
    if job.weight.is_some() || job.data.memory.as_ref().is_some_and(|m| m.weight.is_some()) {
        let message = "--weight is for the output layer alone; training step by step counts all rows alike";
        return Err(Error::Usage(message.into()));
    }
    let grid = config.grid()?;
    let kept = grid.len() as u64;
    let fits = |survey: &Survey, lift: &Lift, _: Notes<'_>| {
        let (rows, columns, labels) = (survey.rows(), lift.kept.len(), job.labels.len());
        // The rows on the sphere, their columns, and both packings; weights at each listed iteration.
        let row = 8 * (5 * (columns as u64 + 1) + 3 * labels as u64);
        // Weights at each listed iteration and their bytes; rows of the curvature and of the prediction.
        let curvature = 4 * CURVATURE_ROWS.max(if rows <= PREDICTED_ROWS as u64 { rows } else { 0 });
        let unit = 8 * ((columns as u64 + 2 + labels as u64) * (4 * kept + 8) + curvature);
        check_need(width, |m| rows.saturating_mul(row).saturating_add(m.saturating_mul(unit)))
    };
    let (prepared, ()) = prepare(config, job, &fits, &place.output, observer, notes)?;
    let Prepared { source, test_source, survey, problem, .. } = &prepared;
    let Problem { lift, labels, activation, scale, .. } = problem;
    check_slope(options, activation)?;
    place.name(config, activation);
    let dim = lift.dim()?;
    let architecture = Architecture {
        activation: activation.clone(),
        scale: *scale,
        dim: dim.as_usize(),
        width: usize::try_from(width).unwrap_or(usize::MAX),
        labels: labels.len(),
        biases: options.biases,
        on_sphere: options.on_sphere,
        parametrisation: options.parametrisation,
    };
    let table = Table::read(source, test_source.as_ref(), &prepared, survey.covered.rows(), observer)?;
    let [train, validation, test] = &table.parts;
    let start = first_weights(&architecture, options, config.seed)?;
    let prediction = (labels.len() == 1 && batch.is_none() && train.0.rows() <= PREDICTED_ROWS)
        .then(|| LinearPrediction::new(&architecture, options.layers, &start, &train.0, &train.1))
        .transpose()?;
    let unit = units(labels);
    let mut measure = |moment: &super::Moment<'_>, _: &mut dyn Observer| {
        let loss = |rows: &(Matrix, Matrix)| mean_loss(&architecture, moment.weights, rows, &unit);
        let checkpoint = Checkpoint {
            iteration: moment.iteration,
            loss: loss(train)?.unwrap_or(f64::NAN),
            validation_loss: loss(validation)?,
            test_loss: loss(test)?,
            predicted_loss: prediction
                .as_ref()
                .and_then(|p| finite(unit[0] * p.loss(&moment.state.steps, moment.iteration))),
            ..Checkpoint::default()
        };
        // Labels count alike when the iteration is chosen.
        let alike = vec![1.0; unit.len()];
        let judged = mean_loss(&architecture, moment.weights, validation, &alike)?;
        Ok((checkpoint, judged))
    };
    let setup = Setup {
        config,
        options,
        architecture: &architecture,
        start,
        source: Source::Rows { points: &train.0, labels: &train.1, batch },
        grid: &grid,
        basis: None,
        identity: prepared.identity(config, job)?,
    };
    let descended = setup.descend(place, observer, &mut measure, notes)?;
    let best = descended.best();
    if validation.0.rows() == 0 {
        notes("without validation rows the iteration with the smallest training loss is used");
    }
    let best_iteration = descended.checkpoints[best].iteration;
    let description = Description {
        schema: SCHEMA,
        activation: activation.clone(),
        scale: *scale,
        parametrisation: options.parametrisation,
        seed: config.seed,
        step_size: descended.state.step,
        best_iteration,
        target: None,
        table: Some(TableDescription { lift: lift.clone(), labels: labels.clone(), split: problem.split }),
    };
    let model = model(description, &architecture, &descended)?;
    let (scores, test_sample) =
        score(&model, best_iteration, source, test_source.as_ref(), survey.covered.rows(), observer)?;
    let validation_squares = scores[1].mean_squares();
    let report = TrainReport {
        activation: activation.clone(),
        scale: *scale,
        bias: Some(lift.bias),
        dim: dim.get(),
        width: config.width,
        iterations: config.iterations,
        step_size: descended.state.step,
        stop_reason: descended.stop,
        labels: Some(job.labels.clone()),
        initial_loss: descended.checkpoints.first().map_or(f64::NAN, |c| c.loss),
        loss: descended.checkpoints.last().map_or(f64::NAN, |c| c.loss),
        best_polynomial: polynomial_reports(&table.polynomials(lift, labels.len())?, labels),
        best_iteration,
        train_rmse: scores[0].rmse(),
        validation_rmse: validation_squares.as_deref().map(root_mean),
        test_rmse: scores[2].rmse(),
        label_errors: Some(label_errors(labels, &scores, validation_squares.as_deref())),
        precision: Some(options.precision),
        refit: Some(false),
        fingerprint: Some(prepared.fingerprint.to_string()),
        rows: Some(PartRows {
            train: scores[0].rows(),
            validation: scores[1].rows(),
            test: prepared.test_rows,
            dropped: survey.dropped() + prepared.test_dropped,
        }),
        dropped_columns: Some(prepared.dropped_columns.clone()),
        candidates: problem.candidates.clone(),
        descent: Some(descended.report(options, &architecture, None)),
        path: descended.checkpoints.clone(),
        ..TrainReport::empty()
    };
    Ok(Outcome { report, solver: config.solver, model: Some(model), test_rows: test_sample })
}

/// The mean over labels of the mean square of the residual in their units; None without rows.
fn mean_loss(
    architecture: &Architecture,
    weights: &Weights,
    (points, labels): &(Matrix, Matrix),
    units: &[f64],
) -> Result<Option<f64>> {
    if points.rows() == 0 {
        return Ok(None);
    }
    let values = Network::from_weights(architecture, weights)?.values(&weights.output, points)?;
    let of_label = |(l, unit): (usize, &f64)| {
        let squares: Vec<f64> =
            (0..points.rows()).map(|i| (values.row(i)[l] - labels.row(i)[l]).powi(2)).collect();
        unit * tree_sum(&squares) / points.rows() as f64
    };
    Ok(Some(units.iter().enumerate().map(of_label).sum::<f64>() / units.len() as f64))
}

impl Table {
    fn read(
        source: &Files,
        test_source: Option<&Files>,
        prepared: &Prepared,
        total: u64,
        observer: &mut dyn Observer,
    ) -> Result<Self> {
        let Problem { lift, labels, split, .. } = &prepared.problem;
        let mut growing = [(); 3].map(|()| Growing::default());
        for_each_block(source, Stage::Reading, total, observer, |rows| {
            for (part, rows) in growing.iter_mut().zip(rows.by_part(split)) {
                part.add(&rows.features, &standardise_labels(labels, &rows.labels), lift)?;
            }
            Ok(())
        })?;
        if let Some(source) = test_source {
            let test = &mut growing[Part::Test as usize];
            for_each_block(source, Stage::Reading, 0, observer, |rows| {
                test.add(&rows.features, &standardise_labels(labels, &rows.labels), lift)
            })?;
        }
        let (dim, columns) = (lift.dim()?.as_usize(), lift.kept.len());
        let matrix =
            |values: &[f64], width: usize| Matrix::from_rows(values.len() / width, width, values.to_vec());
        let part = |g: &Growing| Ok::<_, Error>((matrix(&g.points, dim)?, matrix(&g.labels, labels.len())?));
        let [train, validation, test] = &growing;
        Ok(Self {
            parts: [part(train)?, part(validation)?, part(test)?],
            columns: [matrix(&train.columns, columns)?, matrix(&test.columns, columns)?],
        })
    }

    fn polynomials(&self, lift: &Lift, labels: usize) -> Result<Vec<BestPolynomial>> {
        let variables = lift.kept.len();
        let degree = (0..=POLYNOMIAL_DEGREE)
            .rev()
            .find(|&k| monomials(variables, k).is_some_and(|n| n <= FEW_MONOMIALS))
            .unwrap_or(0);
        let map = Monomials::new(variables, degree);
        let sums = |columns: &Matrix, labels_of: &Matrix| {
            let mut statistics = Statistics::new(map.width(), labels, 1, Precision::F64);
            let numbers: Vec<u64> = (0..columns.rows() as u64).collect();
            let batch = Batch {
                covered: (0, columns.rows() as u64),
                numbers: &numbers,
                parts: &vec![0; columns.rows()],
                points: columns,
                labels: labels_of,
                weights: &[],
            };
            statistics.update(&map, &batch)?;
            statistics.close(&map)?;
            Ok::<_, Error>(statistics.part(0))
        };
        let train = sums(&self.columns[0], &self.parts[Part::Train as usize].1)?;
        let test = sums(&self.columns[1], &self.parts[Part::Test as usize].1)?;
        Ok(best_polynomials(&map, &train, &test)?)
    }
}

/// Rows of a part as they are read.
#[derive(Default)]
struct Growing {
    points: Vec<f64>,
    columns: Vec<f64>,
    labels: Vec<f64>,
}

impl Growing {
    fn add(&mut self, features: &Matrix, labels: &Matrix, lift: &Lift) -> Result<()> {
        if features.rows() == 0 {
            return Ok(());
        }
        self.points.extend_from_slice(lift.apply(features)?.values());
        self.columns.extend_from_slice(lift.standardise(features)?.values());
        self.labels.extend_from_slice(labels.values());
        Ok(())
    }
}
