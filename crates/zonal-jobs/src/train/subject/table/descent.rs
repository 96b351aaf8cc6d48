//! Iterative descent on a table that fits into memory.

use super::accumulate::Prepared;
use super::calibrate::{Calibration, SampledRows};
use super::checks::PREDICTED_ROWS;
use super::polynomials;
use super::prepare::{TableFindings, TableSubject};
use super::problem::{Problem, units};
use super::validation::Validation;
use crate::data::for_each_block;
use crate::survey::standardise_labels;
use crate::train::method::Course;
use crate::train::method::descent::{Descent, DescentInput, Iterate, Selection, check_slope, finite};
use crate::train::run::TrainingRun;
use crate::train::subject::Method;
use zonal::block::FeatureMap;
use zonal::dynamics::{LinearPrediction, Source};
use zonal::lift::Lift;
use zonal::linalg::Matrix;
use zonal::measure::best_polynomials;
use zonal::network::{Architecture, Network, Weights};
use zonal::numeric::sum::tree_sum;
use zonal::observer::{Observer, Stage};
use zonal::rows::Part;
use zonal::statistics::{Precision, Statistics};
use zonal_documents::train::{BatchChoice, BestPolynomialReport, Checkpoint, DescentConfig, DescentMethod};
use zonal_documents::{Error, Result};
use zonal_io::model::{HiddenLayer, Units};

impl Method<TableSubject<'_>> for DescentConfig {
    fn train(
        &self,
        subject: &TableSubject<'_>,
        run: &mut TrainingRun<'_>,
    ) -> Result<(Course, TableFindings)> {
        let Problem { labels, activation, .. } = &subject.problem;
        check_slope(self, activation)?;
        let table = Table::read(subject, run.observer)?;
        let [(points, standard), validation, test] = &table.parts;
        let batch = match self.batch {
            BatchChoice::Rows(count) => Some(count),
            _ => None,
        };
        let layers = self.layers;
        let method = Descent::new(&run.config, self, &subject.problem.report_of_network()?, labels.len())?;
        let Descent { architecture, start, .. } = &method;
        let is_predicted = self.method == DescentMethod::Descent
            && labels.len() == 1
            && batch.is_none()
            && points.rows() as u64 <= PREDICTED_ROWS;
        let prediction = is_predicted
            .then(|| LinearPrediction::new(architecture, layers, start, points, standard))
            .transpose()?;
        // The best iteration is selected in standard units, in which all labels have the same weight.
        let (unit, standard_units) = (units(labels), vec![1.0; labels.len()]);
        let mut measure = |iterate: &Iterate<'_>, _: &mut dyn Observer| {
            let loss = |rows, units: &[f64]| mean_loss(architecture, iterate.weights, rows, units);
            let predicted = prediction.as_ref().map(|p| unit[0] * p.loss(iterate.steps, iterate.iteration));
            let checkpoint = Checkpoint {
                iteration: iterate.iteration,
                loss: loss(&table.parts[0], &unit)?.unwrap_or(f64::NAN),
                validation_loss: loss(validation, &unit)?,
                test_loss: loss(test, &unit)?,
                predicted_loss: predicted.and_then(finite),
                ..Checkpoint::default()
            };
            Ok((checkpoint, loss(validation, &standard_units)?))
        };
        let source = Source::Rows { points, labels: standard, batch };
        let identity = subject.identity(&run.config)?;
        let selection = Selection::SmallestLoss;
        let input = DescentInput { source, basis: None, identity, selection, measure: &mut measure };
        let course = method.train(input, run)?;
        if validation.0.rows() == 0 {
            (run.notes)("no validation rows: the iteration with the smallest training loss is used");
        }
        let best_polynomial = table.polynomials(subject)?;
        let calibration = calibration(subject, &course)?;
        Ok((course, TableFindings { best_polynomial, held_out: None, calibration }))
    }
}

/// Calibrates the best network on sampled validation rows, or classes on training rows without any.
fn calibration(subject: &TableSubject<'_>, course: &Course) -> Result<Option<Calibration>> {
    let validation = Validation::Rows { refit: false };
    let sample = SampledRows::drawn(&subject.problem, &subject.survey, validation)?;
    let (best, labels) = (course.report.best, subject.problem.labels.len());
    let Some((hidden, coefficients)) = &course.network else { return Ok(None) };
    let network = match hidden {
        HiddenLayer::Fixed(network) => Some(network),
        HiddenLayer::Moving(networks) => networks.get(best),
        HiddenLayer::Grown(..) => None,
    };
    let Some(network) = network else { return Ok(None) };
    let coefficients = coefficients.row_range(best * labels, (best + 1) * labels);
    sample.calibrate(Units::Alike(network), coefficients)
}

/// A table in memory.
struct Table {
    /// The points on the sphere and the labels in standard units of the training, validation and test rows.
    parts: [(Matrix, Matrix); 3],
    /// The standardised columns of the training and test rows, for polynomials.
    columns: [Matrix; 2],
}

/// Computes the mean over labels of the mean squared residual, each multiplied by its unit squared; None without rows.
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
    /// Reads all rows into memory.
    fn read(subject: &TableSubject<'_>, observer: &mut dyn Observer) -> Result<Self> {
        let Problem { lift, labels, split, .. } = &subject.problem;
        let total = subject.survey.covered.rows();
        let mut builders = [(); 3].map(|()| PartBuilder::default());
        for_each_block(&subject.source, Stage::Reading, total, observer, |rows| {
            for (part, rows) in builders.iter_mut().zip(rows.by_part(split)) {
                part.add(&rows.features, &standardise_labels(labels, &rows.labels), lift)?;
            }
            Ok(())
        })?;
        if let Some(source) = &subject.test_source {
            let test = &mut builders[Part::Test as usize];
            for_each_block(source, Stage::Reading, 0, observer, |rows| {
                test.add(&rows.features, &standardise_labels(labels, &rows.labels), lift)
            })?;
        }
        let (dim, columns) = (lift.dim()?.as_usize(), lift.kept.len());
        let matrix =
            |values: &[f64], width: usize| Matrix::from_rows(values.len() / width, width, values.to_vec());
        let part =
            |b: &PartBuilder| Ok::<_, Error>((matrix(&b.points, dim)?, matrix(&b.labels, labels.len())?));
        let [train, validation, test] = &builders;
        Ok(Self {
            parts: [part(train)?, part(validation)?, part(test)?],
            columns: [matrix(&train.columns, columns)?, matrix(&test.columns, columns)?],
        })
    }

    /// Fits the best polynomials to the training rows.
    fn polynomials(self, subject: &TableSubject<'_>) -> Result<Vec<BestPolynomialReport>> {
        let Problem { lift, labels, .. } = &subject.problem;
        let map = polynomials::at_most(lift.kept.len(), polynomials::AFFORDABLE_MONOMIALS);
        let sums = |columns: Matrix, standard: Matrix| {
            let mut statistics = Statistics::new(map.width(), labels.len(), 1, Precision::F64);
            let rows = Prepared::in_memory(vec![0; columns.rows()], columns, standard, Vec::new());
            rows.add_to(&mut statistics, &map)?;
            statistics.close(&map)?;
            Ok::<_, Error>(statistics.part(0))
        };
        let Self { parts: [(_, train), _, (_, test)], columns: [train_columns, test_columns] } = self;
        let (train, test) = (sums(train_columns, train)?, sums(test_columns, test)?);
        Ok(polynomials::reports(&best_polynomials(&map, &train, &test)?, labels))
    }
}

/// The rows of a part that are read so far.
#[derive(Default)]
struct PartBuilder {
    points: Vec<f64>,
    columns: Vec<f64>,
    labels: Vec<f64>,
}

impl PartBuilder {
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
