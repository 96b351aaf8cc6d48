//! Notes about the rows of a table that limit what its errors mean.

use crate::survey::Survey;
use crate::train::trained::Notes;
use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use zonal::rows::Rows;

/// A table with fewer rows is noted.
const FEW_ROWS: u64 = 50;
/// Repetitions are noted if at least this share of the sampled rows has equal features.
const REPEATED_SHARE: f64 = 0.05;

/// Labels that are whole numbers with at most this many different values are probably classes.
const CLASSES: usize = 20;

/// Notes that there are few rows, that rows repeat, and that labels look like classes. `test_rows` is the number of rows for
/// testing; `is_kept_together` states whether equal rows are in the same part.
pub(super) fn note_rows(
    survey: &Survey,
    labels: &[String],
    test_rows: u64,
    is_kept_together: bool,
    notes: Notes<'_>,
) {
    for (i, label) in labels.iter().enumerate() {
        if let Some(values) = whole_numbers(&survey.sample.labels.column(i)) {
            notes(&format!(
                "the label '{label}' has {values} different values, all whole numbers; it is predicted as a number, and not as one of \
                 {values} classes"
            ));
        }
    }
    let rows = survey.rows();
    if rows < FEW_ROWS {
        let mut text = format!("only {rows} rows: with another seed the errors would differ much");
        if test_rows > 0 {
            // The relative standard error of a root mean square of N normal residuals is 1/sqrt(2 N).
            let error = 100.0 / (2.0 * test_rows as f64).sqrt();
            text += &format!(
                "; {test_rows} test rows determine theirs to about {error:.0} % (one standard error)"
            );
        }
        notes(&text);
    }
    let (sampled, repeated) = (survey.sample.len(), repeated(&survey.sample));
    let share = repeated as f64 / sampled.max(1) as f64;
    if share >= REPEATED_SHARE {
        notes(&format!(
            "{repeated} of {sampled} sampled rows ({:.0} %) repeat the features of another row; {}",
            100.0 * share,
            match is_kept_together {
                true => "equal rows are in the same part and fold",
                false =>
                    "equal rows may be both in the training part and among held-out rows, whose errors may therefore be smaller \
                     than those of new rows",
            }
        ));
    }
}

/// Returns the number of different values, if they are few whole numbers but more than one.
fn whole_numbers(values: &[f64]) -> Option<usize> {
    let mut seen = HashSet::new();
    for value in values {
        if value.fract() != 0.0 || (seen.insert(value.to_bits()) && seen.len() > CLASSES) {
            return None;
        }
    }
    (seen.len() > 1).then_some(seen.len())
}

/// Returns the number of rows whose features are those of another row, bit by bit.
fn repeated(rows: &Rows) -> usize {
    let mut counts: HashMap<u64, usize> = HashMap::new();
    for i in 0..rows.len() {
        let mut hasher = DefaultHasher::new();
        rows.features.row(i).iter().for_each(|x| x.to_bits().hash(&mut hasher));
        *counts.entry(hasher.finish()).or_default() += 1;
    }
    counts.values().filter(|count| **count > 1).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use zonal::linalg::Matrix;

    #[test]
    fn few_whole_numbers_look_like_classes() {
        let many: Vec<f64> = (0..21).map(f64::from).collect();
        assert_eq!(whole_numbers(&[1.0, 2.0, 1.0]), Some(2));
        for values in [&[1.0, 1.0][..], &[1.0, 2.5], &many, &[]] {
            assert_eq!(whole_numbers(values), None);
        }
    }

    #[test]
    fn rows_with_equal_features_are_counted() {
        let features = [[1.0, 2.0], [2.0, 1.0], [1.0, 2.0], [1.0, 3.0], [1.0, 2.0]].concat();
        let mut rows = Rows::empty(0..5, 2, 1);
        rows.numbers = (0..5).collect();
        rows.features = Matrix::from_rows(5, 2, features).unwrap();
        rows.labels = Matrix::zeros(5, 1);
        assert_eq!(repeated(&rows), 3);
    }
}
