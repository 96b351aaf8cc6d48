//! The layout of a sweep: which varying column is the horizontal axis, and which ones separate curves and figures.

use crate::text::{isolate, shorten};
use std::collections::HashMap;
use zonal_documents::number::{short, short_count};
use zonal_documents::sweep::SweepRow;

/// The largest number of curves in one figure.
const CURVES: usize = 8;
/// The largest number of characters of a value in the name of a curve.
const NAME: usize = 24;

/// The position of a row on the horizontal axis.
pub(super) type Coordinate = fn(&SweepRow) -> Option<f64>;

/// A column that a grid can vary.
pub(super) struct Column {
    /// The heading in a table.
    pub(super) heading: &'static str,
    /// The prefix of the value in the name of a curve.
    symbol: &'static str,
    /// The exact value as text.
    key: fn(&SweepRow) -> String,
    /// The displayed value.
    pub(super) text: fn(&SweepRow) -> String,
    /// The horizontal position, if the column can be the horizontal axis.
    position: Option<Coordinate>,
    /// The label of the axis.
    pub(super) axis: &'static str,
}

/// All columns, in the order of the table.
pub(super) const COLUMNS: [Column; 9] = [
    Column {
        heading: "n",
        symbol: "n = ",
        key: |r| r.dim.to_string(),
        text: |r| r.dim.to_string(),
        position: Some(|r| Some(r.dim as f64)),
        axis: "dimension",
    },
    Column {
        heading: "degree",
        symbol: "degree ",
        key: |r| r.degree.map_or("-".to_owned(), |k| k.to_string()),
        text: |r| r.degree.map_or("-".to_owned(), |k| k.to_string()),
        position: Some(|r| r.degree.map(|k| k as f64)),
        axis: "degree",
    },
    Column {
        heading: "target",
        symbol: "",
        key: |r| r.target.clone(),
        text: |r| isolate(&shorten(&r.target, 80)),
        position: None,
        axis: "",
    },
    Column {
        heading: "activation",
        symbol: "",
        key: |r| r.activation.clone(),
        text: |r| isolate(&shorten(&r.activation, 40)),
        position: None,
        axis: "",
    },
    Column {
        heading: "scale",
        symbol: "scale ",
        key: |r| r.scale.to_string(),
        text: |r| short(r.scale),
        position: Some(|r| Some(r.scale)),
        axis: "scale",
    },
    Column {
        heading: "width",
        symbol: "m = ",
        key: |r| r.width.to_string(),
        text: |r| r.width.to_string(),
        position: Some(|r| Some(r.log_n_width)),
        axis: "log_n of the width",
    },
    Column {
        heading: "rows",
        symbol: "rows: ",
        key: |r| r.rows.map_or("exact".to_owned(), |n| n.to_string()),
        text: |r| r.rows.map_or("exact".to_owned(), |n| n.to_string()),
        position: Some(|r| r.log_n_rows),
        axis: "log_n of the rows",
    },
    Column {
        heading: "step",
        symbol: "step ",
        key: |r| r.step.clone(),
        text: |r| r.step.clone(),
        position: None,
        axis: "",
    },
    Column {
        heading: "iterations",
        symbol: "t = ",
        key: |r| r.iterations.to_string(),
        text: |r| short_count(r.iterations),
        position: Some(|r| Some(r.iterations as f64)),
        axis: "iterations",
    },
];

/// Headings of possible horizontal axes, in order of preference.
const X_AXES: [&str; 6] = ["width", "rows", "iterations", "scale", "degree", "n"];

/// Returns the columns that vary over the rows, in the order of the table.
pub(super) fn varying(rows: &[SweepRow]) -> Vec<&'static Column> {
    COLUMNS.iter().filter(|c| values(c, rows) > 1).collect()
}

/// Returns the number of distinct values of a column.
fn values(column: &Column, rows: &[SweepRow]) -> usize {
    distinct(rows.iter().map(column.key).collect())
}

fn distinct(mut all: Vec<String>) -> usize {
    all.sort_unstable();
    all.dedup();
    all.len()
}

/// The assignment of columns to axis, curves and figures.
pub(super) struct Layout {
    /// The label of the horizontal axis.
    pub(super) axis: &'static str,
    /// The position on it.
    pub(super) position: Coordinate,
    curves: Vec<&'static Column>,
    figures: Vec<&'static Column>,
}

impl Layout {
    /// Chooses a layout; None if no column with a position varies.
    pub(super) fn of(rows: &[SweepRow]) -> Option<Self> {
        let mut varying = varying(rows);
        // A width of n is a different number in each dimension, but log_n of it is the same everywhere.
        let moves = |position: Coordinate| {
            let positions = rows.iter().filter_map(position).map(|v| format!("{v:.9e}"));
            distinct(positions.collect()) > 1
        };
        // Independent columns, without those determined by others.
        let set: Vec<&str> = without_redundant(varying.clone(), rows).iter().map(|c| c.heading).collect();
        let x_axis = X_AXES.iter().find_map(|heading| {
            let column = varying.iter().position(|c| c.heading == *heading)?;
            let position = varying[column].position.filter(|position| moves(*position))?;
            (*heading == "width" || set.contains(heading)).then_some((column, position))
        });
        let (index, position) = x_axis?;
        let axis = varying.remove(index).axis;
        let at = |r: &SweepRow| position(r).map_or("-".to_owned(), |v| format!("{v:.9e}"));
        varying.retain(|c| !determines(rows, &at, &c.key));
        let mut curves = without_redundant(varying, rows);
        // While there are too many curves, the column with the fewest values is split into figures.
        let mut figures = Vec::new();
        curves.sort_by_key(|c| values(c, rows));
        while curves.len() > 1 && curves.iter().map(|c| values(c, rows)).product::<usize>() > CURVES {
            figures.push(curves.remove(0));
        }
        Some(Self { axis, position, curves, figures })
    }

    /// Returns the rows of each figure with its name, which is empty for a single figure.
    pub(super) fn figures<'r>(&self, rows: &'r [SweepRow]) -> Vec<(String, Vec<&'r SweepRow>)> {
        groups(&self.figures, rows.iter().collect())
    }

    /// Returns the rows of each curve, sorted by position, with its name.
    pub(super) fn curves<'r>(&self, rows: &[&'r SweepRow]) -> Vec<(String, Vec<&'r SweepRow>)> {
        let mut curves = groups(&self.curves, rows.to_vec());
        for (_, rows) in &mut curves {
            let position = |r: &SweepRow| (self.position)(r).unwrap_or(f64::NEG_INFINITY);
            rows.sort_by(|a, b| position(a).total_cmp(&position(b)));
        }
        curves
    }
}

/// Groups rows by the exact values of some columns. Names are truncated; equal names are numbered.
fn groups<'r>(columns: &[&Column], rows: Vec<&'r SweepRow>) -> Vec<(String, Vec<&'r SweepRow>)> {
    let mut indices: HashMap<Vec<String>, usize> = HashMap::new();
    let mut taken: HashMap<String, usize> = HashMap::new();
    let mut groups: Vec<(String, Vec<&SweepRow>)> = Vec::new();
    for row in rows {
        let key: Vec<String> = columns.iter().map(|c| (c.key)(row)).collect();
        let index = *indices.entry(key).or_insert_with(|| {
            let one = |c: &&Column| c.symbol.to_owned() + &isolate(&shorten(&(c.text)(row), NAME));
            let name = columns.iter().map(one).collect::<Vec<_>>().join(", ");
            let number = taken.entry(name.clone()).and_modify(|n| *n += 1).or_insert(1);
            let name = if *number == 1 { name } else { format!("{name} ({number})") };
            groups.push((name, Vec::new()));
            groups.len() - 1
        });
        groups[index].1.push(row);
    }
    groups
}

/// Returns whether `a` determines `b` on these rows.
fn determines(rows: &[SweepRow], a: &dyn Fn(&SweepRow) -> String, b: &dyn Fn(&SweepRow) -> String) -> bool {
    let mut pairs: Vec<(String, String)> = rows.iter().map(|r| (a(r), b(r))).collect();
    pairs.sort_unstable();
    pairs.dedup();
    pairs.windows(2).all(|w| w[0].0 != w[1].0)
}

/// Removes columns that another column determines, as the dimension determines a scale of sqrt n.
fn without_redundant(mut columns: Vec<&'static Column>, rows: &[SweepRow]) -> Vec<&'static Column> {
    let mut independent: Vec<&'static Column> = Vec::new();
    // Of two columns that determine each other, dimension and degree are kept.
    columns.sort_by_key(|c| !["n", "degree"].contains(&c.heading));
    for column in columns {
        if !independent.iter().any(|k| determines(rows, &k.key, &column.key)) {
            independent.push(column);
        }
    }
    independent
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A row of a sweep over these.
    fn row(dim: u64, target: &str, scale: f64, width: u64, rows: Option<u64>, iterations: u64) -> SweepRow {
        let ln = (dim as f64).ln();
        SweepRow {
            dim,
            degree: None,
            target: target.to_owned(),
            activation: "relu".to_owned(),
            scale,
            width,
            rows,
            step: "auto".to_owned(),
            iterations,
            log_n_width: (width as f64).ln() / ln,
            log_n_rows: rows.map(|n| (n as f64).ln() / ln),
            seeds: 1,
            diverged: 0,
            step_size: 1.0,
            target_energy: 1.0,
            loss: Some(0.5),
            loss_standard_error: None,
            train_loss: None,
            train_loss_standard_error: None,
            predicted_loss: None,
            loss_bound: None,
            best_polynomial_error: None,
            energies: Vec::new(),
            tail_energy: None,
        }
    }

    #[test]
    fn no_two_cells_share_a_curve_and_a_position() {
        let long = "0.7*harmonic(1) + 0.6*harmonic";
        let targets = [format!("{long}(2)"), format!("{long}(3)")];
        let mut rows = Vec::new();
        for dim in [4, 9] {
            for target in &targets {
                for scale in [1.0, 1.000_01] {
                    for width in [3, 10] {
                        rows.extend([1, 10].map(|t| row(dim, target, scale, width, None, t)));
                    }
                }
            }
        }
        let layout = Layout::of(&rows).unwrap();
        assert_eq!(layout.axis, "log_n of the width");
        let mut names = Vec::new();
        let mut count = 0;
        for (figure, rows) in layout.figures(&rows) {
            for (curve, rows) in layout.curves(&rows) {
                let positions: Vec<f64> = rows.iter().filter_map(|r| (layout.position)(r)).collect();
                assert!(positions.windows(2).all(|w| w[0] < w[1]), "{figure} {curve}: {positions:?}");
                names.push((figure.clone(), curve));
                count += rows.len();
            }
        }
        assert_eq!(count, rows.len());
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
    }

    #[test]
    fn a_constant_column_is_not_the_horizontal_axis() {
        // With a width of n only the dimension varies.
        let rows: Vec<SweepRow> = [4, 8, 16].map(|n| row(n, "x1", (n as f64).sqrt(), n, None, 5)).into();
        let layout = Layout::of(&rows).unwrap();
        // The dimension determines the scale, which therefore does not separate curves.
        assert_eq!((layout.axis, layout.curves.len()), ("dimension", 0));
        let rows: Vec<SweepRow> = [4, 8, 16].map(|n| row(n, "x1", 1.0, n, None, 5)).into();
        assert_eq!(Layout::of(&rows).unwrap().axis, "dimension");
        assert!(Layout::of(&rows[..1]).is_none());
        let rows = [None, Some(20), Some(80)].map(|s| row(5, "x1", 1.0, 7, s, 5));
        assert_eq!(Layout::of(&rows).unwrap().axis, "log_n of the rows");
    }
}
