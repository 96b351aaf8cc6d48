//! What a sweep varies: which of it goes across, which makes curves, and which makes figures.

use crate::text::{isolated, shorten};
use std::collections::HashMap;
use zonal_documents::number::{short, short_count};
use zonal_documents::sweep::SweepRow;

/// Curves in one figure at most.
const CURVES: usize = 8;
/// Characters of a target in the name of a curve.
const NAME: usize = 24;

/// Where a row stands on the horizontal axis.
pub(super) type Place = fn(&SweepRow) -> Option<f64>;

/// Something that a grid can vary.
pub(super) struct Column {
    /// Its heading in a table.
    pub(super) heading: &'static str,
    /// What stands before its value in the name of a curve.
    symbol: &'static str,
    /// The whole value: what tells rows apart.
    key: fn(&SweepRow) -> String,
    /// The value to be read.
    pub(super) text: fn(&SweepRow) -> String,
    /// Its place, where it can go across.
    place: Option<Place>,
    /// The name of the axis.
    pub(super) axis: &'static str,
}

/// In the order of a table's columns.
pub(super) const COLUMNS: [Column; 9] = [
    Column {
        heading: "n",
        symbol: "n = ",
        key: |r| r.dim.to_string(),
        text: |r| r.dim.to_string(),
        place: Some(|r| Some(r.dim as f64)),
        axis: "dimension",
    },
    Column {
        heading: "degree",
        symbol: "degree ",
        key: |r| r.degree.map_or("-".to_owned(), |k| k.to_string()),
        text: |r| r.degree.map_or("-".to_owned(), |k| k.to_string()),
        place: Some(|r| r.degree.map(|k| k as f64)),
        axis: "degree",
    },
    Column {
        heading: "target",
        symbol: "",
        key: |r| r.target.clone(),
        text: |r| isolated(&shorten(&r.target, 80)),
        place: None,
        axis: "",
    },
    Column {
        heading: "activation",
        symbol: "",
        key: |r| r.activation.clone(),
        text: |r| isolated(&shorten(&r.activation, 40)),
        place: None,
        axis: "",
    },
    Column {
        heading: "scale",
        symbol: "scale ",
        key: |r| r.scale.to_string(),
        text: |r| short(r.scale),
        place: Some(|r| Some(r.scale)),
        axis: "scale",
    },
    Column {
        heading: "width",
        symbol: "m = ",
        key: |r| r.width.to_string(),
        text: |r| r.width.to_string(),
        place: Some(|r| Some(r.log_n_width)),
        axis: "log_n of the width",
    },
    Column {
        heading: "rows",
        symbol: "rows: ",
        key: |r| r.rows.map_or("exact".to_owned(), |n| n.to_string()),
        text: |r| r.rows.map_or("exact".to_owned(), |n| n.to_string()),
        place: Some(|r| r.log_n_rows),
        axis: "log_n of the rows",
    },
    Column {
        heading: "step",
        symbol: "step ",
        key: |r| r.step.clone(),
        text: |r| r.step.clone(),
        place: None,
        axis: "",
    },
    Column {
        heading: "iterations",
        symbol: "t = ",
        key: |r| r.iterations.to_string(),
        text: |r| short_count(r.iterations),
        place: Some(|r| Some(r.iterations as f64)),
        axis: "iterations",
    },
];

/// Headings of what goes across, the most wanted first.
const ACROSS: [&str; 6] = ["width", "rows", "iterations", "scale", "degree", "n"];

/// The columns that vary over the rows, in the order of a table.
pub(super) fn varying(rows: &[SweepRow]) -> Vec<&'static Column> {
    COLUMNS.iter().filter(|c| values(c, rows) > 1).collect()
}

/// How many values a column takes.
fn values(column: &Column, rows: &[SweepRow]) -> usize {
    distinct(rows.iter().map(column.key).collect())
}

fn distinct(mut all: Vec<String>) -> usize {
    all.sort_unstable();
    all.dedup();
    all.len()
}

/// How a grid is drawn.
pub(super) struct Plan {
    /// The axis across.
    pub(super) axis: &'static str,
    /// The place on it.
    pub(super) place: Place,
    curves: Vec<&'static Column>,
    figures: Vec<&'static Column>,
}

impl Plan {
    /// None where nothing that has a place varies.
    pub(super) fn of(rows: &[SweepRow]) -> Option<Self> {
        let mut varying = varying(rows);
        // A width of n is another number in each dimension, and in the same place everywhere.
        let moves = |place: Place| {
            let places = rows.iter().filter_map(place).map(|v| format!("{v:.9e}"));
            distinct(places.collect()) > 1
        };
        // What people set, and not what follows from it.
        let set: Vec<&str> = without_echoes(varying.clone(), rows).iter().map(|c| c.heading).collect();
        let across = ACROSS.iter().find_map(|heading| {
            let column = varying.iter().position(|c| c.heading == *heading)?;
            let place = varying[column].place.filter(|place| moves(*place))?;
            (*heading == "width" || set.contains(heading)).then_some((column, place))
        });
        let (position, place) = across?;
        let axis = varying.remove(position).axis;
        let at = |r: &SweepRow| place(r).map_or("-".to_owned(), |v| format!("{v:.9e}"));
        varying.retain(|c| !determines(rows, &at, &c.key));
        let mut curves = without_echoes(varying, rows);
        // The column with most values stays in the curves; others go to figures of their own while there are too many.
        let mut figures = Vec::new();
        curves.sort_by_key(|c| values(c, rows));
        while curves.len() > 1 && curves.iter().map(|c| values(c, rows)).product::<usize>() > CURVES {
            figures.push(curves.remove(0));
        }
        Some(Self { axis, place, curves, figures })
    }

    /// The rows of each figure with its name, empty if there is only one.
    pub(super) fn figures<'r>(&self, rows: &'r [SweepRow]) -> Vec<(String, Vec<&'r SweepRow>)> {
        groups(&self.figures, rows.iter().collect())
    }

    /// The rows of each curve with its name, in the order of their places.
    pub(super) fn curves<'r>(&self, rows: &[&'r SweepRow]) -> Vec<(String, Vec<&'r SweepRow>)> {
        let mut curves = groups(&self.curves, rows.to_vec());
        for (_, rows) in &mut curves {
            let place = |r: &SweepRow| (self.place)(r).unwrap_or(f64::NEG_INFINITY);
            rows.sort_by(|a, b| place(a).total_cmp(&place(b)));
        }
        curves
    }
}

/// Rows apart by the whole values of some columns. Names are short; equal ones get a number.
fn groups<'r>(columns: &[&Column], rows: Vec<&'r SweepRow>) -> Vec<(String, Vec<&'r SweepRow>)> {
    let mut places: HashMap<Vec<String>, usize> = HashMap::new();
    let mut taken: HashMap<String, usize> = HashMap::new();
    let mut groups: Vec<(String, Vec<&SweepRow>)> = Vec::new();
    for row in rows {
        let key: Vec<String> = columns.iter().map(|c| (c.key)(row)).collect();
        let place = *places.entry(key).or_insert_with(|| {
            let one = |c: &&Column| c.symbol.to_owned() + &isolated(&shorten(&(c.text)(row), NAME));
            let name = columns.iter().map(one).collect::<Vec<_>>().join(", ");
            let number = taken.entry(name.clone()).and_modify(|n| *n += 1).or_insert(1);
            let name = if *number == 1 { name } else { format!("{name} ({number})") };
            groups.push((name, Vec::new()));
            groups.len() - 1
        });
        groups[place].1.push(row);
    }
    groups
}

/// Whether rows that agree in `a` agree in `b` too.
fn determines(rows: &[SweepRow], a: &dyn Fn(&SweepRow) -> String, b: &dyn Fn(&SweepRow) -> String) -> bool {
    let mut pairs: Vec<(String, String)> = rows.iter().map(|r| (a(r), b(r))).collect();
    pairs.sort_unstable();
    pairs.dedup();
    pairs.windows(2).all(|w| w[0].0 != w[1].0)
}

/// Columns that another one determines, as the dimension does a scale of sqrt n, say nothing more: the later one goes.
fn without_echoes(mut columns: Vec<&'static Column>, rows: &[SweepRow]) -> Vec<&'static Column> {
    let mut kept: Vec<&'static Column> = Vec::new();
    // Of two that determine each other the one that people set stays: dimension and degree before what may follow from them.
    columns.sort_by_key(|c| !["n", "degree"].contains(&c.heading));
    for column in columns {
        if !kept.iter().any(|k| determines(rows, &k.key, &column.key)) {
            kept.push(column);
        }
    }
    kept
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
    fn no_two_cells_share_a_curve_and_a_place() {
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
        let plan = Plan::of(&rows).unwrap();
        assert_eq!(plan.axis, "log_n of the width");
        let mut names = Vec::new();
        let mut count = 0;
        for (figure, rows) in plan.figures(&rows) {
            for (curve, rows) in plan.curves(&rows) {
                let places: Vec<f64> = rows.iter().filter_map(|r| (plan.place)(r)).collect();
                assert!(places.windows(2).all(|w| w[0] < w[1]), "{figure} {curve}: {places:?}");
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
    fn what_stands_still_does_not_go_across() {
        // A width of n: the dimension is what moves.
        let rows: Vec<SweepRow> = [4, 8, 16].map(|n| row(n, "x1", (n as f64).sqrt(), n, None, 5)).into();
        let plan = Plan::of(&rows).unwrap();
        // The scale follows from it, and makes no curves.
        assert_eq!((plan.axis, plan.curves.len()), ("dimension", 0));
        let rows: Vec<SweepRow> = [4, 8, 16].map(|n| row(n, "x1", 1.0, n, None, 5)).into();
        assert_eq!(Plan::of(&rows).unwrap().axis, "dimension");
        assert!(Plan::of(&rows[..1]).is_none());
        let rows = [None, Some(20), Some(80)].map(|s| row(5, "x1", 1.0, 7, s, 5));
        assert_eq!(Plan::of(&rows).unwrap().axis, "log_n of the rows");
    }
}
