//! Predictions on test rows, some of them: what a picture of predicted against true values needs.

use crate::error::{Error, Result};
use crate::record::read_text;
use serde::{Deserialize, Serialize};
use std::path::Path;
use zonal::linalg::Matrix;
use zonal::rows::Rows;
use zonal_io::folder::TEST_ROWS;
use zonal_io::results::{Results, Values};

/// A label of a test row and its prediction at the best iteration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TestRow {
    /// The row's number in its file or files, counted from 0.
    pub row: u64,
    /// The label's name.
    pub label: String,
    /// The label, in its unit.
    pub value: f64,
    /// The prediction, in the same unit.
    pub prediction: f64,
}

/// At most so many rows are kept.
const MOST: usize = 1_000;

/// Rows taken at equal distances, whatever their number: when there are too many, every second one goes.
#[derive(Debug)]
pub(super) struct TestSample {
    /// Every so many rows one is taken.
    stride: u64,
    seen: u64,
    rows: Vec<(u64, Vec<[f64; 2]>)>,
}

impl Default for TestSample {
    fn default() -> Self {
        Self { stride: 1, seen: 0, rows: Vec::new() }
    }
}

impl TestSample {
    /// Adds a block of rows with their predictions.
    pub(super) fn add(&mut self, rows: &Rows, predictions: &Matrix) {
        for i in 0..rows.len() {
            if self.seen.is_multiple_of(self.stride) {
                let pairs = rows.labels.row(i).iter().zip(predictions.row(i)).map(|(y, p)| [*y, *p]);
                self.rows.push((rows.numbers[i], pairs.collect()));
            }
            self.seen += 1;
            if self.rows.len() > MOST {
                self.stride *= 2;
                let mut number = 0;
                self.rows.retain(|_| {
                    number += 1;
                    number % 2 == 1
                });
            }
        }
    }

    /// The sample as a table: one line for each row and label.
    pub(super) fn csv(&self, labels: &[String]) -> Result<String> {
        let lines =
            || self.rows.iter().flat_map(|(row, pairs)| labels.iter().zip(pairs).map(move |l| (row, l)));
        let mut table = Results::default();
        table.push("row", Values::Count(lines().map(|(row, _)| Some(*row)).collect()));
        table.push("label", Values::Text(lines().map(|(_, (label, _))| label.clone()).collect()));
        table.push("value", Values::Number(lines().map(|(_, (_, pair))| Some(pair[0])).collect()));
        table.push("prediction", Values::Number(lines().map(|(_, (_, pair))| Some(pair[1])).collect()));
        Ok(table.csv()?)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

/// The test rows that a run has kept; none for a target or without test rows.
///
/// # Errors
/// [`zonal_io::Error::Folder`] for a damaged file, [`zonal_io::Error::System`].
pub fn read_test_rows(folder: &Path) -> Result<Vec<TestRow>> {
    let file = folder.join(TEST_ROWS);
    if !file.is_file() {
        return Ok(Vec::new());
    }
    let text = read_text(&file)?;
    let rows = zonal_io::results::read_csv(&text);
    rows.map_err(|e| {
        let message = format!("has {TEST_ROWS} that cannot be read: {e}");
        Error::from(zonal_io::Error::Folder { path: folder.to_owned(), message })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use zonal::linalg::Matrix;

    #[test]
    fn rows_stand_at_equal_distances_and_are_few() {
        let mut sample = TestSample::default();
        for block in 0..7u64 {
            let numbers: Vec<u64> = (0..1_000).map(|i| 1_000 * block + i).collect();
            let values: Vec<f64> = numbers.iter().map(|n| *n as f64).collect();
            let labels = Matrix::from_rows(1_000, 1, values).unwrap();
            let covered = 1_000 * block..1_000 * (block + 1);
            let rows = Rows { covered, numbers, features: Matrix::zeros(1_000, 1), labels: labels.clone() };
            sample.add(&rows, &labels);
        }
        let numbers: Vec<u64> = sample.rows.iter().map(|r| r.0).collect();
        assert_eq!(numbers, (0..7_000).step_by(8).collect::<Vec<u64>>());
        assert!(sample.rows.iter().all(|(n, pairs)| *n as f64 == pairs[0][0]));
        let text = sample.csv(&["a,b".to_owned()]).unwrap();
        assert!(text.starts_with("row,label,value,prediction\n0,\"a,b\",0,0\n8,"));
    }
}
