//! Predictions of a model and their errors on the rows of a table. Trainings and `predict` share this code, so that
//! their results are identical bit by bit.

use zonal::classes::{Scored, Tally, largest, probabilities};
use zonal::columns::ColumnMap;
use zonal::linalg::Matrix;
use zonal::numeric::sum::tree_sum;
use zonal::rows::Rows;
use zonal_documents::Result;
use zonal_io::model::{Model, TableDescription, Units};

/// A model at one iteration, applied to the rows of a table.
pub(crate) struct Scorer<'a> {
    table: &'a TableDescription,
    columns: Option<&'a ColumnMap>,
    units: Units<'a>,
    coefficients: Matrix,
    /// The temperature of the probabilities of classes.
    temperature: Option<f64>,
    /// Half the width of the interval of each label; None if there are none.
    half_widths: Option<Vec<f64>>,
}

impl<'a> Scorer<'a> {
    pub(crate) fn new(
        model: &'a Model,
        table: &'a TableDescription,
        (units, coefficients): (Units<'a>, Matrix),
    ) -> Self {
        let columns = model.description.grown.as_ref().map(|grown| &grown.columns);
        let temperature = table.classes.as_ref().map(|classes| classes.temperature);
        Self { table, columns, units, coefficients, temperature, half_widths: None }
    }

    /// Counts the labels that are covered by intervals of this level, if the errors on held-out rows determine them.
    pub(crate) fn with_interval(self, level: f64) -> Self {
        let errors = self.table.errors.as_ref();
        let half_widths = errors.and_then(|all| all.iter().map(|e| e.half_width(level).ok()).collect());
        Self { half_widths, ..self }
    }

    /// Computes predictions in the labels' units, one row per row, one column per label; of classes their probabilities.
    pub(crate) fn predictions(&self, features: &Matrix) -> Result<Matrix> {
        Ok(self.probabilities(self.outputs(features)?))
    }

    /// Makes probabilities of the outputs for classes; other outputs are predictions.
    fn probabilities(&self, mut outputs: Matrix) -> Matrix {
        if let Some(temperature) = self.temperature {
            (0..outputs.rows()).for_each(|i| {
                probabilities(outputs.row_mut(i), temperature);
            });
        }
        outputs
    }

    /// Computes the outputs of the network in the labels' units.
    fn outputs(&self, features: &Matrix) -> Result<Matrix> {
        let points = match self.columns {
            Some(columns) => columns.apply(features)?,
            None => self.table.lift.apply(features)?,
        };
        let mut values = self.units.values(&self.coefficients, &points)?;
        for i in 0..values.rows() {
            for (y, label) in values.row_mut(i).iter_mut().zip(&self.table.labels) {
                *y = label.restore(*y);
            }
        }
        Ok(values)
    }
}

/// Sums of squared errors, accumulated block by block.
#[derive(Clone, Debug, Default)]
pub(crate) struct Score {
    rows: u64,
    weight: f64,
    /// The sum of squared errors of each label, for each block.
    squares: Vec<Vec<f64>>,
    /// The measures of the probabilities of classes.
    tally: Option<Tally>,
    /// The number of labels that intervals cover, for each label.
    covered: Option<Vec<u64>>,
}

impl Score {
    /// Adds a block of rows.
    pub(crate) fn add(&mut self, scorer: &Scorer<'_>, rows: &Rows) -> Result<()> {
        self.add_and(scorer, rows, |_, _| ())
    }

    /// Adds a block of rows and passes its predictions to `show`.
    pub(crate) fn add_and(
        &mut self,
        scorer: &Scorer<'_>,
        rows: &Rows,
        show: impl FnOnce(&Rows, &Matrix),
    ) -> Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        let outputs = scorer.outputs(&rows.features)?;
        let of_label = |label: usize| {
            let squares: Vec<f64> = (0..rows.len())
                .map(|i| rows.weight(i) * (outputs.row(i)[label] - rows.labels.row(i)[label]).powi(2))
                .collect();
            tree_sum(&squares)
        };
        self.squares.push((0..outputs.columns()).map(of_label).collect());
        self.rows += rows.len() as u64;
        self.weight += (0..rows.len()).map(|i| rows.weight(i)).sum::<f64>();
        if let Some(half_widths) = &scorer.half_widths {
            let covered = self.covered.get_or_insert_with(|| vec![0; half_widths.len()]);
            for i in 0..rows.len() {
                for (label, half_width) in half_widths.iter().enumerate() {
                    let error = (outputs.row(i)[label] - rows.labels.row(i)[label]).abs();
                    covered[label] += u64::from(error <= *half_width);
                }
            }
        }
        if let Some(temperature) = scorer.temperature {
            let classes: Vec<usize> = (0..rows.len()).map(|i| largest(rows.labels.row(i))).collect();
            let scored = Scored { scores: &outputs, classes: &classes, weights: &rows.weights };
            self.tally.get_or_insert_with(|| Tally::new(outputs.columns())).add(&scored, temperature);
        }
        show(rows, &scorer.probabilities(outputs));
        Ok(())
    }

    /// Returns the measures of the probabilities of classes; None without rows and for numbers.
    pub(crate) fn tally(&self) -> Option<&Tally> {
        self.tally.as_ref()
    }

    /// Returns the share of rows whose label its interval covers, for each label; None without rows or intervals.
    pub(crate) fn coverage(&self) -> Option<Vec<f64>> {
        let covered = self.covered.as_ref()?;
        Some(covered.iter().map(|count| *count as f64 / self.rows as f64).collect())
    }

    /// Returns the number of rows scored.
    pub(crate) fn rows(&self) -> u64 {
        self.rows
    }

    /// Returns the weighted mean squared error of each label; None without rows.
    pub(crate) fn mean_squares(&self) -> Option<Vec<f64>> {
        let labels = self.squares.first()?.len();
        let of_label = |label: usize| {
            let parts: Vec<f64> = self.squares.iter().map(|s| s[label]).collect();
            tree_sum(&parts) / self.weight
        };
        Some((0..labels).map(of_label).collect())
    }

    /// Returns the root of the mean over labels of the mean squared error; None without rows.
    pub(crate) fn rmse(&self) -> Option<f64> {
        self.mean_squares().map(|m| root_mean(&m))
    }
}

/// Returns the root of the mean.
pub(crate) fn root_mean(mean_squares: &[f64]) -> f64 {
    (mean_squares.iter().sum::<f64>() / mean_squares.len() as f64).sqrt()
}
