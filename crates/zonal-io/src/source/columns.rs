//! The selection of columns by name.

use crate::error::{Error, Result, shorten};
use crate::option::{DELIMITER, EXCLUDE, FEATURES};
use std::collections::{HashMap, HashSet};
use std::path::Path;

/// The columns to read.
#[derive(Clone, Debug, Default)]
pub struct Columns {
    /// The label columns; may be empty.
    pub labels: Vec<String>,
    /// The feature columns in order; None for all columns except labels, weight, key and excluded ones.
    pub features: Option<Vec<String>>,
    /// The columns that are no features.
    pub excluded: Vec<String>,
    /// The column that determines the part of a row, if any; it may be a feature too.
    pub key: Option<String>,
    /// The column of row weights, if any.
    pub weight: Option<String>,
}

/// The indices of the chosen columns in a file.
pub(super) struct ColumnIndices {
    pub(super) features: Vec<usize>,
    pub(super) labels: Vec<usize>,
    pub(super) weight: Option<usize>,
    pub(super) key: Option<usize>,
}

impl ColumnIndices {
    pub(super) fn find(path: &Path, names: &[String], columns: &Columns) -> Result<Self> {
        let fail = |column: Option<&str>, message: String| {
            Err(Error::Table { path: path.to_owned(), row: None, column: column.map(str::to_owned), message })
        };
        let indices: HashMap<&str, usize> = names.iter().enumerate().map(|(i, n)| (n.as_str(), i)).collect();
        let find = |wanted: &str| match indices.get(wanted) {
            Some(&i) => Ok(i),
            None => {
                let message = no_such_column(names, wanted);
                Err(Error::Table { path: path.to_owned(), row: None, column: None, message })
            }
        };
        let mut labels = Vec::new();
        for name in &columns.labels {
            let index = find(name)?;
            if labels.contains(&index) {
                return fail(Some(name), "this label is named twice".into());
            }
            labels.push(index);
        }
        let weight = columns.weight.as_deref().map(find).transpose()?;
        if let Some(name) = columns.weight.as_deref().filter(|_| weight.is_some_and(|w| labels.contains(&w)))
        {
            return fail(Some(name), "the label cannot also be the weight; name another column".into());
        }
        let key = columns.key.as_deref().map(find).transpose()?;
        if let Some(name) = columns.key.as_deref().filter(|_| key.is_some_and(|k| labels.contains(&k))) {
            return fail(
                Some(name),
                "the label cannot determine the part of a row; name another column".into(),
            );
        }
        let mut excluded = Vec::new();
        for name in &columns.excluded {
            let index = find(name)?;
            if excluded.contains(&index) {
                return fail(Some(name), format!("this column is named twice in {EXCLUDE}"));
            }
            excluded.push(index);
        }
        let taken =
            |i: &usize| labels.contains(i) || [weight, key].contains(&Some(*i)) || excluded.contains(i);
        let Some(wanted) = &columns.features else {
            let features: Vec<usize> = (0..names.len()).filter(|i| !taken(i)).collect();
            if features.is_empty() {
                let what = if labels.len() == 1 && weight.is_none() && key.is_none() && excluded.is_empty() {
                    "the label is the only column"
                } else {
                    "there are no columns other than those with another role or excluded"
                };
                return fail(None, format!("{what}; at least one feature is needed"));
            }
            return Ok(Self { features, labels, weight, key });
        };
        let not_a_feature = |what| format!("the {what} cannot also be a feature; remove it from {FEATURES}");
        let mut features = Vec::new();
        let mut seen = HashSet::new();
        for name in wanted {
            let index = find(name)?;
            if labels.contains(&index) {
                return fail(Some(name), not_a_feature("label"));
            }
            if weight == Some(index) {
                return fail(Some(name), not_a_feature("weight"));
            }
            if excluded.contains(&index) {
                return fail(
                    Some(name),
                    format!("this column is in {FEATURES} and in {EXCLUDE}; remove it from one"),
                );
            }
            if !seen.insert(index) {
                return fail(Some(name), format!("this column is named twice in {FEATURES}"));
            }
            features.push(index);
        }
        if features.is_empty() {
            return fail(None, format!("{FEATURES} names no column; at least one is needed"));
        }
        Ok(Self { features, labels, weight, key })
    }
}

/// Returns the message about a column that does not exist, with those that do.
fn no_such_column(names: &[String], wanted: &str) -> String {
    let shown: Vec<String> = names.iter().take(20).map(|n| shorten(n)).collect();
    let more = if names.len() > 20 { format!(" and {} more", names.len() - 20) } else { String::new() };
    let list = shown.join(", ");
    // Probably a line that was not split.
    let unsplit = names.len() == 1 && list.contains([',', ';', '\t', ' ', '|', '\u{fffd}']);
    let advice = if unsplit { format!(" (check {DELIMITER})") } else { String::new() };
    let all = || format!("the columns are {list}{more}{advice}");
    let advice = zonal::error::advice(wanted, names.iter().map(String::as_str), all);
    format!("there is no column '{}'; {advice}", shorten(wanted))
}
