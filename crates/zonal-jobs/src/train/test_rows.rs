//! Predictions on a sample of test rows, for a figure of predicted against true values.

use crate::record::read_text;
use std::path::Path;
use zonal::linalg::Matrix;
use zonal::rows::Rows;
use zonal_documents::train::TestRow;
use zonal_documents::{Error, Result};
use zonal_io::folder::TEST_ROWS;
use zonal_io::results::{Results, Values};

/// The largest number of rows in the sample.
const MAX_ROWS: usize = 1_000;

/// A sample of evenly spaced rows. When there are too many, every second one is dropped.
#[derive(Debug)]
pub(crate) struct TestSample {
    /// The sample holds every `stride`-th row.
    stride: u64,
    /// The number of rows so far, in the sample or not.
    seen: u64,
    rows: Vec<TestRow>,
}

impl Default for TestSample {
    fn default() -> Self {
        Self { stride: 1, seen: 0, rows: Vec::new() }
    }
}

impl TestSample {
    /// Adds a block of rows with their predictions.
    pub(crate) fn add(&mut self, rows: &Rows, predictions: &Matrix) {
        for i in 0..rows.len() {
            if self.seen.is_multiple_of(self.stride) {
                let pairs = rows.labels.row(i).iter().zip(predictions.row(i)).map(|(y, p)| [*y, *p]);
                self.rows.push(TestRow { row: rows.numbers[i], pairs: pairs.collect() });
            }
            self.seen += 1;
            if self.rows.len() > MAX_ROWS {
                self.stride *= 2;
                let mut number = 0;
                self.rows.retain(|_| {
                    number += 1;
                    number % 2 == 1
                });
            }
        }
    }

    pub(crate) fn into_rows(self) -> Vec<TestRow> {
        self.rows
    }
}

/// Formats test rows as CSV: one line per row, with two columns per label.
pub(super) fn csv(rows: &[TestRow], labels: &[String]) -> Result<String> {
    let mut table = Results::default();
    table.push("row", Values::Count(rows.iter().map(|r| Some(r.row)).collect()));
    for (i, label) in labels.iter().enumerate() {
        for (side, name) in [label.clone(), format!("predicted {label}")].into_iter().enumerate() {
            let column = rows.iter().map(|r| Some(r.pairs[i][side])).collect();
            table.push(&name, Values::Number(column));
        }
    }
    Ok(table.csv()?)
}

/// Reads the predictions on test rows from the folder of a run; empty for a target and without test rows.
///
/// # Errors
/// [`zonal_io::Error::Folder`] for a damaged file, [`zonal_io::Error::System`].
pub fn read_test_rows(folder: &Path) -> Result<Vec<TestRow>> {
    let file = folder.join(TEST_ROWS);
    if !file.is_file() {
        return Ok(Vec::new());
    }
    let rows: Vec<Vec<f64>> =
        zonal_io::results::read_csv(&read_text(&file)?).unwrap_or_else(|_| vec![Vec::new()]);
    let test_row = |numbers: Vec<f64>| {
        let (row, pairs) = numbers.split_first()?;
        let (pairs, []) = pairs.as_chunks::<2>() else { return None };
        Some(TestRow { row: *row as u64, pairs: pairs.to_vec() })
    };
    let rows: Option<Vec<TestRow>> = rows.into_iter().map(test_row).collect();
    rows.ok_or_else(|| {
        let message =
            format!("has a damaged {TEST_ROWS}: each row must hold its number and two values for each label");
        Error::from(zonal_io::Error::Folder { path: folder.to_owned(), message })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use zonal::linalg::Matrix;

    #[test]
    fn the_sample_is_evenly_spaced_and_limited() {
        let mut sample = TestSample::default();
        for block in 0..7u64 {
            let numbers: Vec<u64> = (0..1_000).map(|i| 1_000 * block + i).collect();
            let values: Vec<f64> = numbers.iter().map(|n| *n as f64).collect();
            let labels = Matrix::from_rows(1_000, 1, values).unwrap();
            let covered = 1_000 * block..1_000 * (block + 1);
            let rows = Rows {
                covered,
                numbers,
                features: Matrix::zeros(1_000, 1),
                labels: labels.clone(),
                weights: Vec::new(),
                draws: Vec::new(),
            };
            let predictions = labels.values().iter().map(|y| y + 0.5).collect();
            sample.add(&rows, &Matrix::from_rows(1_000, 1, predictions).unwrap());
        }
        let numbers: Vec<u64> = sample.rows.iter().map(|r| r.row).collect();
        assert_eq!(numbers, (0..7_000).step_by(8).collect::<Vec<u64>>());
        assert!(sample.rows.iter().all(|r| r.pairs == [[r.row as f64, r.row as f64 + 0.5]]));
        let text = csv(&sample.rows, &["a,b".to_owned()]).unwrap();
        assert!(text.starts_with("row,\"a,b\",\"predicted a,b\"\n0,0,0.5\n8,8,8.5\n"));
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(TEST_ROWS), text).unwrap();
        assert_eq!(read_test_rows(folder.path()).unwrap(), sample.rows);
        std::fs::write(folder.path().join(TEST_ROWS), "row,y\n1,2\n").unwrap();
        assert!(read_test_rows(folder.path()).unwrap_err().to_string().contains("damaged"));
    }
}
