//! Families of targets of one degree, each of norm 1: zonal harmonics (Z), random harmonics (R), products of signs (B)
//! and squarefree monomials. Expectations of queries are exact for every member, and no M x M matrix is stored.

mod answers;
mod build;
mod directions;
mod gram;
mod kind;
mod signs;

pub(crate) use answers::clipped_harmonic;

pub use directions::Directions;
pub use gram::GramBounds;
pub use kind::Kind;

use crate::query::{Combination, Dense, Function, Identity, Label, Query};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex};
use zonal::kernel::Kernel;
use zonal::linalg::{Matrix, dot};
use zonal::spectrum::SpectrumCache;
use zonal::sphere::{Degree, Dim};
use zonal::{Error, Result};

/// M functions on the sphere S^(n-1), each with E f = 0 and E f^2 = 1.
#[derive(Debug)]
pub struct Family {
    dim: Dim,
    degree: Degree,
    members: Members,
    /// Kernels of zonal queries with zonal labels, by the text of both.
    kernels: Mutex<HashMap<String, Arc<Kernel>>>,
    /// Spectra of the units in queries.
    spectra: SpectrumCache,
    /// P_k of the inner products of a random family's nodes with the nodes of the last query.
    node_kernel: Mutex<Option<(Identity, Arc<Matrix>)>>,
}

#[derive(Debug)]
enum Members {
    /// sqrt(N) P_k(<u_i, x>), one direction per row.
    Zonal(Matrix),
    /// Combinations of zonal harmonics about common nodes. `coordinates` refer to an orthonormal basis of their span:
    /// inner products of its rows are correlations.
    Dense { dense: Vec<Arc<Dense>>, coordinates: Matrix },
    /// prod_{i in S} sgn x_i.
    Signs(Vec<Arc<[usize]>>),
    /// prod_{i in S} x_i, normalised.
    Monomials(Vec<Arc<[usize]>>),
}

impl Family {
    fn from_members(dim: Dim, degree: Degree, members: Members) -> Self {
        Self {
            dim,
            degree,
            members,
            kernels: Mutex::default(),
            spectra: SpectrumCache::default(),
            node_kernel: Mutex::default(),
        }
    }

    /// Returns the dimension n.
    pub fn dim(&self) -> Dim {
        self.dim
    }

    /// Returns the degree k.
    pub fn degree(&self) -> Degree {
        self.degree
    }

    /// Returns the number M of members.
    pub fn size(&self) -> usize {
        match &self.members {
            Members::Zonal(directions) => directions.rows(),
            Members::Dense { dense, .. } => dense.len(),
            Members::Signs(sets) | Members::Monomials(sets) => sets.len(),
        }
    }

    /// Returns the kind of the family.
    pub fn kind(&self) -> Kind {
        match &self.members {
            Members::Zonal(_) => Kind::Zonal,
            Members::Dense { .. } => Kind::Random,
            Members::Signs(_) => Kind::Signs,
            Members::Monomials(_) => Kind::Monomials,
        }
    }

    /// Returns the directions of zonal members, one per row; None for other kinds.
    pub fn directions(&self) -> Option<&Matrix> {
        match &self.members {
            Members::Zonal(directions) => Some(directions),
            _ => None,
        }
    }

    /// Returns member i as a function of x.
    ///
    /// # Panics
    /// If there is no member i.
    pub fn member(&self, i: usize) -> Function {
        match &self.members {
            Members::Zonal(directions) => {
                Function::Harmonic { degree: self.degree, direction: directions.row(i).into() }
            }
            Members::Dense { dense, .. } => Function::Dense(dense[i].clone()),
            Members::Signs(sets) => Function::Signs(sets[i].clone()),
            Members::Monomials(sets) => Function::Monomial(sets[i].clone()),
        }
    }

    /// Evaluates member i at a point of the sphere.
    ///
    /// # Errors
    /// [`Error::Parameter`] for an index out of range, [`Error::Size`] for a point of another dimension.
    pub fn value(&self, i: usize, x: &[f64]) -> Result<f64> {
        self.check_member(i)?;
        self.member(i).value(self.dim, x)
    }

    pub(crate) fn check_member(&self, i: usize) -> Result<()> {
        if i < self.size() {
            return Ok(());
        }
        Err(Error::parameter("the member", i, format!("below the family's size, {}", self.size())))
    }

    /// Computes E f_i f_j up to a few roundings.
    ///
    /// # Panics
    /// If there is no member i or j.
    pub fn correlation(&self, i: usize, j: usize) -> f64 {
        assert!(i.max(j) < self.size(), "members {i} and {j} of {}", self.size());
        match &self.members {
            _ if i == j => 1.0,
            Members::Zonal(u) => {
                zonal::legendre::value(self.dim, self.degree, dot(u.row(i), u.row(j)).clamp(-1.0, 1.0))
            }
            Members::Dense { coordinates, .. } => dot(coordinates.row(i), coordinates.row(j)),
            Members::Signs(_) | Members::Monomials(_) => 0.0,
        }
    }

    /// Bounds the error of a correlation between members: rounding of inner products, magnified by the slope of P_k at
    /// 1.
    pub(crate) fn correlation_error(&self) -> f64 {
        let (n, k) = (self.dim.as_f64(), self.degree as f64);
        let slope = k * (k + n - 2.0) / (n - 1.0);
        1e-12 + 4.0 * f64::EPSILON * slope * (10.0 + n.sqrt())
    }

    /// Returns the answer that does not depend on the member: the mean of a query's expectation over the distribution
    /// that the family represents. Zero except for clipped labels of even zonal harmonics, whose mean is not zero.
    ///
    /// # Errors
    /// As [`Self::answers`].
    pub fn target_free(&self, query: &Query) -> Result<f64> {
        query.function().check(self.dim)?;
        match (&self.members, query.label()) {
            (Members::Zonal(_), Label::Clipped) if self.degree.is_multiple_of(2) => self.clipped_mean(query),
            _ => Ok(0.0),
        }
    }

    /// Returns whether the members are exactly orthonormal and this is one of them or a sum of them: then correlations
    /// are exact.
    pub(crate) fn is_exact(&self, function: &Function) -> bool {
        match (&self.members, function) {
            (_, Function::Sum(sum)) => sum.parts().iter().all(|(_, f)| self.is_exact(f)),
            (Members::Signs(_), Function::Signs(_)) | (Members::Monomials(_), Function::Monomial(_)) => true,
            _ => false,
        }
    }

    /// Computes the correlations of the members `rows` with the members `columns`.
    fn correlations(&self, rows: Range<usize>, columns: Range<usize>) -> Matrix {
        let mut block = match &self.members {
            Members::Zonal(u) => {
                let rho = u
                    .row_range(rows.start, rows.end)
                    .times_transposed(&u.row_range(columns.start, columns.end));
                self.legendre_of(rho)
            }
            Members::Dense { coordinates: c, .. } => {
                c.row_range(rows.start, rows.end).times_transposed(&c.row_range(columns.start, columns.end))
            }
            Members::Signs(_) | Members::Monomials(_) => Matrix::zeros(rows.len(), columns.len()),
        };
        for i in rows.start.max(columns.start)..rows.end.min(columns.end) {
            block.row_mut(i - rows.start)[i - columns.start] = 1.0;
        }
        block
    }

    /// Replaces every entry by its P_k.
    fn legendre_of(&self, mut rho: Matrix) -> Matrix {
        let recurrence = zonal::legendre::Recurrence::new(self.dim, self.degree);
        rho.values_mut().iter_mut().for_each(|r| *r = r.clamp(-1.0, 1.0));
        recurrence.replace_by_last(rho.values_mut());
        rho
    }

    /// Bounds |f| over all members.
    pub fn largest_value(&self) -> f64 {
        match &self.members {
            Members::Signs(_) => 1.0,
            Members::Zonal(_) | Members::Dense { .. } => {
                zonal::sphere::sqrt_multiplicity(self.dim, self.degree)
            }
            Members::Monomials(_) => self.member(0).largest_value(self.dim),
        }
    }

    /// Returns the function sum_i c_i f_i / || . ||, whose norm is at most 1 even after rounding.
    ///
    /// # Errors
    /// [`Error::Parameter`] for an index out of range, and for a sum that is zero.
    pub fn combination(&self, parts: &[(usize, f64)]) -> Result<Function> {
        parts.iter().try_for_each(|(i, _)| self.check_member(*i))?;
        let mut square = 0.0;
        for (a, (i, c)) in parts.iter().enumerate() {
            square += c * c;
            for (j, d) in &parts[..a] {
                square += 2.0 * c * d * self.correlation(*i, *j);
            }
        }
        if square.is_nan() || square <= 1e-12 {
            return Err(Error::parameter("the square norm of a combination", square, "above 1e-12"));
        }
        if !parts.iter().all(|(i, _)| self.is_exact(&self.member(*i))) {
            let sizes: f64 = parts.iter().map(|(_, c)| c.abs()).sum();
            square += self.correlation_error() * sizes * sizes;
        }
        let norm = square.sqrt() * (1.0 + 4.0 * (1 + parts.len()) as f64 * f64::EPSILON);
        Ok(Function::Sum(Combination::new(parts.iter().map(|(i, c)| (c / norm, self.member(*i))).collect())))
    }
}
