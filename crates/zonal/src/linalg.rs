//! Dense matrices, their products and symmetric eigenproblems: the only file that names the linear-algebra
//! library.
//!
//! Parallelism is a constant passed to each call and never a process-wide setting: the bits of an eigenproblem
//! depend on that value, but not on how many threads then run it.

use crate::error::{Error, Result};
use faer::linalg::matmul::matmul as general_matmul;
use faer::linalg::matmul::triangular::{BlockStructure, matmul as triangular_matmul};
use faer::{Accum, MatMut, MatRef, Par};

/// The parallelism value of a large call into the library; part of the reproducibility promise.
fn par() -> Par {
    Par::rayon(8)
}

/// The parallelism value of a product: small ones are not worth a thread. Depends on the sizes alone.
fn par_for(flops: usize) -> Par {
    if flops < 4_000_000 { Par::Seq } else { par() }
}

/// A dense matrix, stored by rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix {
    rows: usize,
    columns: usize,
    data: Vec<f64>,
}

impl Matrix {
    /// The zero matrix.
    pub fn zeros(rows: usize, columns: usize) -> Self {
        Self { rows, columns, data: vec![0.0; rows * columns] }
    }

    /// A matrix from its rows, one after another.
    ///
    /// # Errors
    /// [`Error::Size`] when the number of values is not `rows * columns`.
    pub fn from_rows(rows: usize, columns: usize, data: Vec<f64>) -> Result<Self> {
        if Some(data.len()) != rows.checked_mul(columns) {
            return Err(Error::Size {
                what: format!("values of a {rows} x {columns} matrix"),
                found: data.len(),
                required: rows.saturating_mul(columns),
            });
        }
        Ok(Self { rows, columns, data })
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Row `i`.
    pub fn row(&self, i: usize) -> &[f64] {
        &self.data[i * self.columns..(i + 1) * self.columns]
    }

    /// Row `i`, mutable.
    pub fn row_mut(&mut self, i: usize) -> &mut [f64] {
        &mut self.data[i * self.columns..(i + 1) * self.columns]
    }

    /// Column `j`, copied.
    pub fn column(&self, j: usize) -> Vec<f64> {
        (0..self.rows).map(|i| self.data[i * self.columns + j]).collect()
    }

    /// All values, row after row.
    pub fn values(&self) -> &[f64] {
        &self.data
    }

    /// All values, row after row, mutable.
    pub fn values_mut(&mut self) -> &mut [f64] {
        &mut self.data
    }

    /// The rows `from..to` as a matrix of their own.
    pub fn row_range(&self, from: usize, to: usize) -> Self {
        Self {
            rows: to - from,
            columns: self.columns,
            data: self.data[from * self.columns..to * self.columns].to_vec(),
        }
    }

    /// The transposed matrix.
    pub fn transposed(&self) -> Self {
        let mut out = Self::zeros(self.columns, self.rows);
        for i in 0..self.rows {
            for j in 0..self.columns {
                out.data[j * self.rows + i] = self.data[i * self.columns + j];
            }
        }
        out
    }

    fn view(&self) -> MatRef<'_, f64> {
        MatRef::from_row_major_slice(&self.data, self.rows, self.columns)
    }

    fn view_mut(&mut self) -> MatMut<'_, f64> {
        MatMut::from_row_major_slice_mut(&mut self.data, self.rows, self.columns)
    }

    /// A B.
    pub fn times(&self, b: &Self) -> Self {
        debug_assert_eq!(self.columns, b.rows);
        let mut out = Self::zeros(self.rows, b.columns);
        let par = par_for(self.data.len() * b.columns);
        general_matmul(out.view_mut(), Accum::Replace, self.view(), b.view(), 1.0, par);
        out
    }

    /// A B^T: for matrices whose rows are points, all inner products.
    pub fn times_transposed(&self, b: &Self) -> Self {
        debug_assert_eq!(self.columns, b.columns);
        let mut out = Self::zeros(self.rows, b.rows);
        let par = par_for(self.data.len() * b.rows);
        general_matmul(out.view_mut(), Accum::Replace, self.view(), b.view().transpose(), 1.0, par);
        out
    }

    /// A^T B.
    pub fn transposed_times(&self, b: &Self) -> Self {
        debug_assert_eq!(self.rows, b.rows);
        let mut out = Self::zeros(self.columns, b.columns);
        let par = par_for(self.data.len() * b.columns);
        general_matmul(out.view_mut(), Accum::Replace, self.view().transpose(), b.view(), 1.0, par);
        out
    }

    /// A x.
    pub fn times_vector(&self, x: &[f64]) -> Vec<f64> {
        debug_assert_eq!(self.columns, x.len());
        (0..self.rows).map(|i| dot(self.row(i), x)).collect()
    }

    /// A^T x.
    pub fn transposed_times_vector(&self, x: &[f64]) -> Vec<f64> {
        debug_assert_eq!(self.rows, x.len());
        let mut out = vec![0.0; self.columns];
        for (i, &xi) in x.iter().enumerate() {
            add_scaled(&mut out, xi, self.row(i));
        }
        out
    }

    /// Adds A^T A to the lower triangle of `self`, which must be square of order `a.columns()`.
    pub(crate) fn add_lower_gram(&mut self, a: &Self) {
        let lower = BlockStructure::TriangularLower;
        triangular_matmul(
            self.view_mut(),
            lower,
            Accum::Add,
            a.view().transpose(),
            BlockStructure::Rectangular,
            a.view(),
            BlockStructure::Rectangular,
            1.0,
            par(),
        );
    }

    /// Copies the lower triangle onto the upper one.
    pub(crate) fn mirror_lower(&mut self) {
        for i in 0..self.rows {
            for j in 0..i {
                self.data[j * self.columns + i] = self.data[i * self.columns + j];
            }
        }
    }
}

/// Inner product, in four interleaved partial sums (a fixed order that the compiler can vectorise).
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    const LANES: usize = 8;
    let mut sums = [0.0; LANES];
    let (ca, cb) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let tail: f64 = ca.remainder().iter().zip(cb.remainder()).map(|(x, y)| x * y).sum();
    for (x, y) in ca.zip(cb) {
        for l in 0..LANES {
            sums[l] += x[l] * y[l];
        }
    }
    crate::numeric::sum::tree_sum(&sums) + tail
}

/// y += factor x.
pub fn add_scaled(y: &mut [f64], factor: f64, x: &[f64]) {
    for (a, b) in y.iter_mut().zip(x) {
        *a += factor * b;
    }
}

/// Eigenvalues in ascending order and eigenvectors of a symmetric matrix.
#[derive(Clone, Debug)]
pub struct SymmetricEigen {
    /// Eigenvalues, ascending.
    pub values: Vec<f64>,
    /// Row i is the unit eigenvector of value i.
    pub vectors: Matrix,
}

/// Solves the symmetric eigenproblem of `a`, of which the lower triangle is read. Backward error a small multiple
/// of 2^-53 times the largest eigenvalue; cost about 9 m^3 flops.
///
/// # Errors
/// [`Error::NoConvergence`] for a matrix with NaN or infinite entries.
pub fn symmetric_eigen(a: &Matrix) -> Result<SymmetricEigen> {
    let size = a.rows();
    let fail = || Error::NoConvergence { size };
    if !a.values().iter().all(|x| x.is_finite()) {
        return Err(fail());
    }
    let largest = a.values().iter().fold(0.0f64, |m, x| m.max(x.abs()));
    // The library fails near the ends of the exponent range, so bring the largest entry near one.
    let scale = if largest > 0.0 { libm::scalbn(1.0, -libm::ilogb(largest).clamp(-1000, 1000)) } else { 1.0 };
    let scaled = faer::Mat::from_fn(size, size, |i, j| scale * a.row(i)[j]);
    let params = Default::default();
    let mut values = faer::diag::Diag::<f64>::zeros(size);
    let mut vectors = faer::Mat::<f64>::zeros(size, size);
    let scratch = faer::linalg::evd::self_adjoint_evd_scratch::<f64>(
        size,
        faer::linalg::evd::ComputeEigenvectors::Yes,
        par(),
        params,
    );
    let mut buffer = faer::dyn_stack::MemBuffer::new(scratch);
    faer::linalg::evd::self_adjoint_evd(
        scaled.as_ref(),
        values.as_mut(),
        Some(vectors.as_mut()),
        par(),
        faer::dyn_stack::MemStack::new(&mut buffer),
        params,
    )
    .map_err(|_| fail())?;
    let values = (0..size).map(|i| values.column_vector()[i] / scale).collect();
    let mut rows = Matrix::zeros(size, size);
    for i in 0..size {
        let column = vectors.col(i);
        for (j, v) in rows.row_mut(i).iter_mut().enumerate() {
            *v = column[j];
        }
    }
    Ok(SymmetricEigen { values, vectors: rows })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(rows: usize, columns: usize) -> Matrix {
        let data = (0..rows * columns).map(|i| ((i * i * 37 + 11 * i) % 101) as f64 / 101.0 - 0.5).collect();
        Matrix::from_rows(rows, columns, data).unwrap()
    }

    #[test]
    fn products_agree_with_their_definition() {
        let (a, b) = (sample(5, 7), sample(7, 4));
        let c = a.times(&b);
        for i in 0..5 {
            for j in 0..4 {
                let expected: f64 = (0..7).map(|l| a.row(i)[l] * b.row(l)[j]).sum();
                assert!((c.row(i)[j] - expected).abs() < 1e-14);
            }
        }
        assert_eq!(a.times_transposed(&b.transposed()).values().len(), 20);
        for (x, y) in a.transposed().transposed_times(&b).values().iter().zip(c.values()) {
            assert!((x - y).abs() < 1e-14);
        }
        let mut gram = Matrix::zeros(7, 7);
        gram.add_lower_gram(&a);
        gram.mirror_lower();
        for (x, y) in gram.values().iter().zip(a.transposed_times(&a).values()) {
            assert!((x - y).abs() < 1e-14);
        }
    }

    #[test]
    fn eigenvectors_rebuild_the_matrix_at_any_scale() {
        for scale in [1e-300, 1e-5, 1.0, 1e300] {
            let a = sample(30, 12);
            let mut k = a.transposed_times(&a);
            k.values_mut().iter_mut().for_each(|x| *x *= scale);
            let e = symmetric_eigen(&k).unwrap();
            assert!(e.values.windows(2).all(|w| w[0] <= w[1]));
            for i in 0..12 {
                let kv = k.times_vector(e.vectors.row(i));
                for (x, y) in kv.iter().zip(e.vectors.row(i)) {
                    assert!((x - e.values[i] * y).abs() < 1e-13 * e.values[11]);
                }
            }
        }
    }

    #[test]
    fn nan_is_an_error_and_not_a_panic() {
        let mut k = Matrix::zeros(3, 3);
        k.row_mut(1)[1] = f64::NAN;
        assert!(matches!(symmetric_eigen(&k), Err(Error::NoConvergence { size: 3 })));
    }
}
