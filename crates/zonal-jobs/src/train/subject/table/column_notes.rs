//! Notes about the columns of a table that are probably no features: copies of the label or of each other, identifiers, and numbers
//! that are not held exactly.

use crate::analyze::{UNEXPLAINED, determining};
use crate::survey::Survey;
use crate::train::trained::Notes;
use std::collections::HashSet;
use zonal::linalg::dot;
use zonal_documents::Result;
use zonal_io::option::EXCLUDE;

/// The sampled rows that are looked at.
const ROWS: usize = 1_000;
/// Tables with fewer rows have no notes about copies and identifiers, which may be so by chance.
const FEWEST_ROWS: usize = 50;
/// Columns are copies of each other if this share of their variance, or less, is not shared.
const NOT_SHARED: f64 = 1e-6;
/// Columns are compared with each other up to this number.
const COMPARED: usize = 1_000;
/// The columns that a note lists.
const LISTED: usize = 5;
/// From here on f64 does not hold all whole numbers: 2^53.
const EXACT: f64 = 9_007_199_254_740_992.0;
/// Whole numbers of 64 bits are below: 2^64.
const WHOLE: f64 = 18_446_744_073_709_551_616.0;

/// A column that is as it was in the table, with its values in some rows.
type Column<'a> = (&'a String, Vec<f64>);

/// Notes which features look like the label, like each other or like identifiers, and which are not held exactly. `raw` are the names
/// of the columns before their encoding.
pub(super) fn note_columns(
    survey: &Survey,
    [features, labels]: [&[String]; 2],
    raw: &[String],
    notes: Notes<'_>,
) -> Result<()> {
    let sample = &survey.sample;
    let step = sample.len().div_ceil(ROWS).max(1);
    let rows: Vec<usize> = (0..sample.len()).step_by(step).collect();
    let table = sample.features.select(&rows);
    let raw: HashSet<&String> = raw.iter().collect();
    let columns: Vec<Column<'_>> = features
        .iter()
        .enumerate()
        .filter(|(_, name)| raw.contains(name))
        .map(|(j, name)| (name, table.column(j)))
        .collect();
    let of_labels = labels.iter().enumerate().map(|(i, name)| (name, sample.labels.select(&rows).column(i)));
    let inexact =
        [names_of(&columns, is_beyond_exact), names_of(&of_labels.collect::<Vec<_>>(), is_beyond_exact)]
            .concat();
    if !inexact.is_empty() {
        notes(&format!(
            "columns with whole numbers beyond 2^53, of which f64 holds only some: {}; leave out identifiers with {EXCLUDE}",
            listed(&inexact)
        ));
    }
    if rows.len() < FEWEST_ROWS {
        return Ok(());
    }
    let identifiers = names_of(&columns, |values| is_identifier(values, survey.rows()));
    if !identifiers.is_empty() {
        notes(&format!(
            "columns that number the rows, with another whole number in each: {}; leave them out with {EXCLUDE}, unless their order \
             matters",
            listed(&identifiers)
        ));
    }
    for (i, label) in labels.iter().enumerate() {
        let found = determining(features, &table, &sample.labels.select(&rows).column(i))?;
        let found: Vec<String> = found.into_iter().map(|found| format!("'{}'", found.column)).collect();
        if !found.is_empty() {
            notes(&format!(
                "columns that alone determine the label '{label}', but for less than {} % of its variance: {}; if they follow from the \
                 label, the errors are too small: leave them out with {EXCLUDE}",
                100.0 * UNEXPLAINED,
                listed(&found)
            ));
        }
    }
    note_copies(&columns, notes);
    Ok(())
}

/// Notes columns that are others times a factor plus a constant.
fn note_copies(columns: &[Column<'_>], notes: Notes<'_>) {
    let directions: Vec<Column<'_>> =
        columns.iter().take(COMPARED).map(|(name, values)| (*name, direction(values))).collect();
    let mut copies = Vec::new();
    for (k, (name, values)) in directions.iter().enumerate() {
        let is_shared = |(_, other): &&Column<'_>| {
            let cosine = dot(values, other);
            cosine != 0.0 && 1.0 - cosine * cosine <= NOT_SHARED
        };
        if let Some((first, _)) = directions[..k].iter().find(is_shared) {
            copies.push(format!("'{name}' of '{first}'"));
        }
    }
    if !copies.is_empty() {
        notes(&format!(
            "columns are copies of others, up to a factor and a constant: {}; they tell nothing new",
            listed(&copies)
        ));
    }
}

fn names_of(columns: &[Column<'_>], test: impl Fn(&[f64]) -> bool) -> Vec<String> {
    columns.iter().filter(|(_, values)| test(values)).map(|(name, _)| format!("'{name}'")).collect()
}

/// Lists the first of some words.
fn listed(words: &[String]) -> String {
    let more = words.len().saturating_sub(LISTED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    words[..words.len().min(LISTED)].join(", ") + &more
}

/// Returns a column less its mean, of length 1; zeros for a constant one.
fn direction(column: &[f64]) -> Vec<f64> {
    let largest = column.iter().fold(0.0f64, |most, x| most.max(x.abs()));
    let scaled: Vec<f64> = column.iter().map(|x| if largest > 0.0 { x / largest } else { 0.0 }).collect();
    let mean = scaled.iter().sum::<f64>() / scaled.len().max(1) as f64;
    let centred: Vec<f64> = scaled.iter().map(|x| x - mean).collect();
    let length = dot(&centred, &centred).sqrt();
    // Rounding of the mean makes no direction of a constant.
    let is_constant = length <= 1e-13 * (scaled.len() as f64).sqrt();
    centred.iter().map(|x| if is_constant { 0.0 } else { x / length }).collect()
}

/// Returns whether values are whole numbers of which some are beyond those that f64 holds exactly.
fn is_beyond_exact(column: &[f64]) -> bool {
    column.iter().all(|x| x.fract() == 0.0 && x.abs() < WHOLE) && column.iter().any(|x| x.abs() > EXACT)
}

/// Returns whether values are different whole numbers that lie as close as the numbers of the rows do.
fn is_identifier(column: &[f64], rows: u64) -> bool {
    let (low, high) =
        column.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), x| (l.min(*x), h.max(*x)));
    let mut seen = HashSet::new();
    high - low < 2.0 * rows as f64
        && column.iter().all(|x| x.fract() == 0.0 && x.abs() < EXACT && seen.insert(x.to_bits()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_told_apart() {
        let numbers: Vec<f64> = (0..100).map(|i| 1_000.0 + f64::from(i)).collect();
        let odd: Vec<f64> = numbers.iter().map(|x| x * 1e6).collect();
        assert!(is_identifier(&numbers, 100) && !is_identifier(&odd, 100) && !is_identifier(&[1.0, 1.0], 2));
        assert!(!is_identifier(&[0.5, 1.0], 2));
        assert!(is_beyond_exact(&[1.0, 2f64.powi(53) + 2.0]) && !is_beyond_exact(&[1.0, 2f64.powi(53)]));
        assert!(!is_beyond_exact(&[0.5, 2f64.powi(60)]) && !is_beyond_exact(&[1e300, 1e16]));
        assert_eq!(direction(&[0.1; 7]), [0.0; 7]);
        assert!((dot(&direction(&[1e300, -1e300]), &direction(&[3.0, 2.0])) - 1.0).abs() < 1e-15);
    }
}
