//! Orthonormal bases of the harmonics of one degree, as combinations of zonal harmonics about random nodes.

use crate::query::{Dense, Nodes};
use num_traits::ToPrimitive;
use rayon::prelude::*;
use std::sync::Arc;
use zonal::linalg::{Matrix, symmetric_eigen};
use zonal::numeric::random::Purpose;
use zonal::sphere::{Degree, Dim, multiplicity, uniform_points};
use zonal::{Error, Result};

/// N orthonormal harmonics Y_i = sum_l W_il sqrt(N) P_k(<v_l, x>).
#[derive(Clone, Debug)]
pub struct Basis {
    degree: Degree,
    nodes: Arc<Nodes>,
    coefficients: Matrix,
}

/// Eigenvalues of the nodes' Gram matrix below this fraction of the largest are rounding errors.
const NEGLIGIBLE: f64 = 1e-9;

impl Basis {
    /// The largest N for which a basis is computed: the eigenproblem of 1.3 N nodes takes half a minute.
    pub const MAX_SIZE: usize = 2_500;

    /// Returns whether N(n, k) is at most [`Self::MAX_SIZE`].
    pub fn is_affordable(dim: Dim, degree: Degree) -> bool {
        multiplicity(dim, degree).to_usize().is_some_and(|n| n <= Self::MAX_SIZE)
    }

    /// Computes a basis of all harmonics of a degree, orthonormal to about 1e-12. Costs about 20 N^3 flops.
    ///
    /// # Errors
    /// [`Error::Parameter`] if N is above [`Self::MAX_SIZE`].
    pub fn new(dim: Dim, degree: Degree, seed: u64) -> Result<Self> {
        let all = multiplicity(dim, degree);
        let Some(n) = all.to_usize().filter(|n| *n <= Self::MAX_SIZE) else {
            let required = format!("at most {} for a basis to be computed", Self::MAX_SIZE);
            return Err(Error::parameter(
                format!("the number of harmonics of degree {degree}"),
                all,
                required,
            ));
        };
        let out = Self::of_span(dim, degree, n + n * 3 / 10 + 8, seed)?;
        if out.len() == n {
            return Ok(out);
        }
        Err(Error::Size {
            what: "independent harmonics found about random nodes".into(),
            found: out.len(),
            required: n,
        })
    }

    /// Computes an orthonormal basis of the span of the zonal harmonics about this number of random nodes.
    ///
    /// # Errors
    /// [`Error::Parameter`] for zero nodes.
    pub fn of_span(dim: Dim, degree: Degree, nodes: usize, seed: u64) -> Result<Self> {
        if nodes == 0 {
            return Err(Error::parameter("the number of nodes", 0, "at least 1"));
        }
        // The altered seed makes these nodes independent of the members' directions.
        let nodes = uniform_points(dim, nodes, seed ^ 0x5eed_ba51_5000_0000 ^ degree as u64, Purpose::Family);
        let count = nodes.rows();
        let mut gram = nodes.times_transposed(&nodes);
        gram.values_mut().par_chunks_mut(count).enumerate().for_each(|(i, row)| {
            for (j, r) in row.iter_mut().enumerate() {
                *r = if i == j { 1.0 } else { zonal::legendre::value(dim, degree, r.clamp(-1.0, 1.0)) };
            }
        });
        let eigen = symmetric_eigen(&gram)?;
        let largest = eigen.values.last().copied().unwrap_or(0.0);
        let significant: Vec<usize> =
            (0..count).rev().filter(|&i| eigen.values[i] > NEGLIGIBLE * largest).collect();
        let mut coefficients = eigen.vectors.select(&significant);
        for (row, &i) in significant.iter().enumerate() {
            let factor = 1.0 / eigen.values[i].sqrt();
            coefficients.row_mut(row).iter_mut().for_each(|c| *c *= factor);
        }
        Ok(Self { degree, nodes: Arc::new(Nodes::new(nodes)), coefficients })
    }

    /// Returns the number of functions.
    pub fn len(&self) -> usize {
        self.coefficients.rows()
    }

    /// Returns whether the basis is empty.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the nodes v_l, one per row.
    pub fn nodes(&self) -> &Arc<Nodes> {
        &self.nodes
    }

    /// Returns the coefficients W, one function per row.
    pub fn coefficients(&self) -> &Matrix {
        &self.coefficients
    }

    /// Returns function i.
    ///
    /// # Panics
    /// If there is no function i.
    pub fn function(&self, i: usize) -> Dense {
        Dense::new(self.degree, self.nodes.clone(), self.coefficients.row(i).to_vec())
    }
}
