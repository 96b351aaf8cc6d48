//! The compiled part of the Python package `zonal`: jobs from requests, tables of NumPy arrays, networks, sums over
//! shards of a table. The public interface (names, defaults, documentation, results) is in Python, under `python/`.

#![deny(unsafe_code)]
// No input may cause a panic.
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::todo))]

mod code;
mod error;
mod job;
mod model;
mod partial;
mod points;
#[allow(unsafe_code, reason = "columns of NumPy arrays are read where they are")]
mod table;
mod work;

use pyo3::prelude::*;

/// The compiled part of zonal.
#[pymodule]
mod _native {
    use pyo3::prelude::*;

    #[pymodule_export]
    use crate::code::{Code, close};
    #[pymodule_export]
    use crate::job::{Report, claims, load, options, run};
    #[pymodule_export]
    use crate::model::Model;
    #[pymodule_export]
    use crate::partial::{Sums, Survey};
    #[pymodule_export]
    use crate::points::{sampled_energies, uniform_points};
    #[pymodule_export]
    use crate::table::Table;
    #[pymodule_export]
    use crate::work::set_threads;

    /// Sets the style of messages: options are named as keywords.
    #[pymodule_init]
    fn init(_module: &Bound<'_, PyModule>) -> PyResult<()> {
        zonal_io::option::set_style(zonal_io::option::Style::Python);
        Ok(())
    }

    /// The version of the package.
    #[pymodule_export]
    #[expect(non_upper_case_globals, reason = "Python's own spelling")]
    const __version__: &str = env!("CARGO_PKG_VERSION");
}
