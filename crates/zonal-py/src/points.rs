//! Uniform points of the sphere, and energies of functions from their values at points.

use crate::error::{Failure, exception};
use crate::model::array;
use crate::table::Table;
use crate::work::run as work;
use numpy::{PyArray1, PyArray2};
use pyo3::prelude::*;
use zonal::linalg::Matrix;
use zonal::measure::Estimate;
use zonal::numeric::random::Purpose;
use zonal::observer::Stage;
use zonal::sphere::Dim;
use zonal_jobs::data::for_each_block;

/// Returns independent uniform points of the unit sphere, one per row.
#[pyfunction]
#[pyo3(signature = (dim, count, seed))]
pub(crate) fn uniform_points(
    py: Python<'_>,
    dim: u64,
    count: usize,
    seed: u64,
) -> PyResult<Bound<'_, PyArray2<f64>>> {
    let dim = Dim::new(dim).map_err(|e| Failure::from(e).raise(py))?;
    // Memory for the points and their copy as an array.
    let (needed, free) = (16 * u128::from(dim.get()) * count as u128, zonal_jobs::memory::free());
    if needed > u128::from(zonal_jobs::memory::budget()) {
        let readable = zonal_documents::number::readable_bytes;
        let message = format!(
            "{count} points in dimension {} need about {}; {} of memory is available; request fewer",
            dim.get(),
            readable(u64::try_from(needed).unwrap_or(u64::MAX)),
            readable(free)
        );
        return Err(exception(py, "OutOfMemory", &message));
    }
    let (points, _) =
        work(py, None, move |_| Ok(zonal::sphere::uniform_points(dim, count, seed, Purpose::Points)))?;
    array(py, &points)
}

type Values<'py> = Bound<'py, PyArray1<f64>>;

/// Estimates energies by degree of a function whose values are the only label of a table of points. Returns the mean
/// square with its standard error, the energies, and their standard errors.
#[pyfunction]
#[pyo3(signature = (table, max_degree))]
pub(crate) fn sampled_energies<'py>(
    py: Python<'py>,
    table: &Bound<'_, Table>,
    max_degree: usize,
) -> PyResult<((f64, f64), Values<'py>, Values<'py>)> {
    let source = table.get().source().map_err(|e| Failure::from(e).raise(py))?;
    let columns = source.feature_names().len();
    let (found, _) = work(py, None, move |work| {
        let (mut points, mut values) = (Vec::new(), Vec::new());
        for_each_block(&source, Stage::Reading, 0, &mut work.observer(), |rows| {
            points.extend_from_slice(rows.features.values());
            values.extend_from_slice(rows.labels.values());
            Ok(())
        })?;
        let points = Matrix::from_rows(values.len(), columns, points)?;
        Ok(zonal::measure::sampled_energies(&points, &values, max_degree)?)
    })?;
    let of = |f: fn(&Estimate) -> f64| found.energies.iter().map(f).collect::<Vec<f64>>();
    Ok((
        (found.norm_sq.value, found.norm_sq.standard_error),
        PyArray1::from_vec(py, of(|e| e.value)),
        PyArray1::from_vec(py, of(|e| e.standard_error)),
    ))
}
