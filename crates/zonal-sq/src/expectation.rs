//! Exact expectations of queries for a target with a known spectrum.

use crate::query::{Function, Identity, Label, Query, tangent_coordinates};
use std::collections::BTreeMap;
use zonal::linalg::{Matrix, dot};
use zonal::network::Network;
use zonal::risk::{GradientOracle, Population};
use zonal::sphere::{Degree, sqrt_multiplicity};
use zonal::target::{Profile, Target};
use zonal::{Error, Result};

/// Returns max |y| of a target that is a single zonal harmonic; for sums and polynomials no bound is known.
pub(crate) fn label_bound(target: &Target) -> Option<f64> {
    let [term] = target.zonal_terms() else { return None };
    let Profile::Harmonic(degree) = term.profile else { return None };
    // An additional polynomial part would show in the energies.
    let spectrum = target.power_spectrum(degree).ok()?;
    let rest: f64 = spectrum.total() - spectrum.energies[degree];
    let own = term.coefficient * term.coefficient;
    let alone = rest.abs() <= 1e-14 * own && (spectrum.energies[degree] - own).abs() <= 1e-12 * own;
    alone.then(|| term.coefficient.abs() * sqrt_multiplicity(target.dim(), degree))
}

/// A key for queries that share their intermediate results.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Group {
    Unit(String),
    Derivative(String),
    Harmonic(Degree),
    Dense(Degree, Identity),
}

/// Computes E h(x, g(x)) for each query.
///
/// # Errors
/// [`Error::Parameter`] for a query without an exact expectation.
pub(crate) fn of_target(target: &Target, queries: &[Query]) -> Result<Vec<f64>> {
    let mut groups: BTreeMap<Group, Vec<usize>> = BTreeMap::new();
    for (i, query) in queries.iter().enumerate() {
        let group = match query.function() {
            _ if query.label() == Label::Clipped => return Err(no_exact(query, "y times a function of x")),
            Function::Unit { unit, .. } => Group::Unit(format!("{} {:e}", unit.activation(), unit.scale())),
            Function::Derivative { unit, .. } => {
                Group::Derivative(format!("{} {:e}", unit.activation(), unit.scale()))
            }
            Function::Harmonic { degree, .. } => Group::Harmonic(*degree),
            Function::Dense(dense) => Group::Dense(dense.degree, dense.nodes.identity()),
            _ => return Err(no_exact(query, "a unit, a derivative of a unit or a harmonic")),
        };
        groups.entry(group).or_default().push(i);
    }
    let mut out = vec![0.0; queries.len()];
    for members in groups.into_values() {
        let values = of_group(target, &members.iter().map(|&i| queries[i].function()).collect::<Vec<_>>())?;
        for (i, value) in members.into_iter().zip(values) {
            out[i] = value;
        }
    }
    Ok(out)
}

/// Computes the correlations of the functions of one group.
fn of_group(target: &Target, functions: &[&Function]) -> Result<Vec<f64>> {
    if let Function::Dense(first) = functions[0] {
        // E g sqrt(N) P_k(<v, .>) is the normalised part of degree k at v.
        let parts = target.parts(&first.nodes, first.degree)?;
        let combined = |f: &&Function| match f {
            Function::Dense(dense) => dot(parts.row(dense.degree), &dense.coefficients),
            _ => f64::NAN,
        };
        return Ok(functions.iter().map(combined).collect());
    }
    let directions: Vec<&[f64]> = functions.iter().filter_map(|f| direction(f)).collect();
    // Derivatives of one unit are adjacent and share its direction.
    let mut rows: Vec<&[f64]> = directions.clone();
    rows.dedup();
    let matrix = Matrix::from_rows(rows.len(), target.dim().as_usize(), rows.concat())?;
    let mut row = 0;
    let row_of: Vec<usize> = directions
        .iter()
        .map(|d| {
            row += usize::from(*d != rows[row]);
            row
        })
        .collect();
    let of_row: Vec<f64> = match functions[0] {
        Function::Unit { unit, .. } => target.correlations(&unit.profile(), &matrix, 0)?.total,
        Function::Harmonic { degree, .. } => target.parts(&matrix, *degree)?.row(*degree).to_vec(),
        Function::Derivative { unit, .. } => {
            let network = Network::from_directions(unit.activation().clone(), unit.scale(), matrix)?;
            let gradients = Population::new(target).hidden_layer(&network)?;
            let along: Vec<Vec<f64>> =
                rows.iter().enumerate().map(|(r, w)| tangent_coordinates(w, gradients.row(r))).collect();
            let one = |(f, &r): (&&Function, &usize)| match f {
                Function::Derivative { tangent, .. } => along[r][*tangent] / unit.scale(),
                _ => f64::NAN,
            };
            return Ok(functions.iter().zip(&row_of).map(one).collect());
        }
        _ => return Ok(Vec::new()),
    };
    Ok(row_of.into_iter().map(|r| of_row[r]).collect())
}

fn direction(function: &Function) -> Option<&[f64]> {
    match function {
        Function::Unit { direction, .. }
        | Function::Derivative { direction, .. }
        | Function::Harmonic { direction, .. } => Some(direction),
        _ => None,
    }
}

fn no_exact(query: &Query, required: &str) -> Error {
    Error::parameter("the query", query, format!("{required}: no exact expectation is known for others"))
}
