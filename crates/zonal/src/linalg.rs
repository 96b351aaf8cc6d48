//! Dense matrices, their products and symmetric eigenproblems: the only module that uses the linear-algebra library
//! directly.
//!
//! Parallelism is a constant passed to each call and never a process-wide setting: the bits of an eigenproblem depend
//! on that value, but not on the number of threads that run it.

use crate::error::{Error, Result, check_size};
use crate::numeric::sum::{tree_sum, tree_sum_vectors};
use faer::linalg::matmul::matmul as general_matmul;
use faer::traits::RealField;
use faer::{Accum, MatMut, MatRef, Par};
use rayon::prelude::*;
use std::ops::{Add, AddAssign, Div, Mul, MulAssign, Sub};

/// A precision of features and their products: f32 or f64. Sums over many rows are always f64.
pub trait Real:
    Products
    + Copy
    + Default
    + PartialOrd
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + AddAssign
    + MulAssign
    + Send
    + Sync
    + 'static
{
    /// Returns the nearest number.
    fn nearest(x: f64) -> Self;
    /// Converts to f64.
    fn wide(self) -> f64;
}

pub(crate) use sealed::{Columns, Products};

/// Requirements of this crate on a precision, private so that the linear-algebra library appears in no public
/// signature.
mod sealed {
    pub trait Products: Sized {
        /// The number of columns in a panel of features (`PANEL`), and in the part of a panel that is multiplied by a
        /// whole panel at a time (`PART`): the widths for which such products are fastest.
        const PANEL: usize;
        /// See [`Self::PANEL`].
        const PART: usize;
        /// Adds A^T B to `sum`, stored by rows, on one thread.
        fn add_product(sum: &mut [f64], a: Columns<'_, Self>, b: Columns<'_, Self>);
        /// Computes out = A B^T on one thread; A and B hold rows of length `columns`, and `out` has one row for each
        /// row of A.
        fn products(a: &[Self], b: &[Self], columns: usize, out: &mut [Self]);
    }

    /// A range of adjacent columns of a matrix that is stored by rows.
    #[derive(Clone, Copy, Debug)]
    pub struct Columns<'a, T> {
        pub(super) values: &'a [T],
        pub(super) rows: usize,
        pub(super) first: usize,
        pub(super) count: usize,
    }
}

impl<'a, T> Columns<'a, T> {
    /// Selects `count` columns from `first`, of a matrix with this many rows.
    pub(crate) fn new(values: &'a [T], rows: usize, first: usize, count: usize) -> Self {
        debug_assert!(first + count <= values.len() / rows);
        Self { values, rows, first, count }
    }

    fn view(&self) -> MatRef<'a, T> {
        let whole = MatRef::from_row_major_slice(self.values, self.rows, self.values.len() / self.rows);
        whole.subcols(self.first, self.count)
    }
}

/// Computes A^T B, or `sum` + A^T B, on one thread.
fn transposed_product<T: RealField>(sum: &mut [T], add: Accum, a: Columns<'_, T>, b: Columns<'_, T>) {
    let sum = MatMut::from_row_major_slice_mut(sum, a.count, b.count);
    general_matmul(sum, add, a.view().transpose(), b.view(), T::one_impl(), Par::Seq);
}

/// [`Products::products`].
fn products<T: RealField>(a: &[T], b: &[T], columns: usize, out: &mut [T]) {
    let (rows, count) = (a.len() / columns, b.len() / columns);
    let a = MatRef::from_row_major_slice(a, rows, columns);
    let b = MatRef::from_row_major_slice(b, count, columns);
    let out = MatMut::from_row_major_slice_mut(out, rows, count);
    general_matmul(out, Accum::Replace, a, b.transpose(), T::one_impl(), Par::Seq);
}

impl Real for f64 {
    fn nearest(x: f64) -> Self {
        x
    }
    fn wide(self) -> f64 {
        self
    }
}

impl Products for f64 {
    const PANEL: usize = 192;
    const PART: usize = 48;
    fn add_product(sum: &mut [f64], a: Columns<'_, f64>, b: Columns<'_, f64>) {
        transposed_product(sum, Accum::Add, a, b);
    }
    fn products(a: &[f64], b: &[f64], columns: usize, out: &mut [f64]) {
        products(a, b, columns, out);
    }
}

impl Real for f32 {
    fn nearest(x: f64) -> Self {
        x as Self
    }
    fn wide(self) -> f64 {
        f64::from(self)
    }
}

impl Products for f32 {
    const PANEL: usize = 384;
    const PART: usize = 96;
    fn add_product(sum: &mut [f64], a: Columns<'_, f32>, b: Columns<'_, f32>) {
        let mut product = vec![0.0; sum.len()];
        transposed_product(&mut product, Accum::Replace, a, b);
        for (s, x) in sum.iter_mut().zip(product) {
            *s += f64::from(x);
        }
    }
    fn products(a: &[f32], b: &[f32], columns: usize, out: &mut [f32]) {
        products(a, b, columns, out);
    }
}

/// The parallelism value of a large call into the library; results are reproducible only for a fixed value.
fn par() -> Par {
    Par::rayon(8)
}

/// Below this number of values a matrix is processed by a single thread.
const SMALL: usize = 250_000;
/// The number of values that one thread adds at a time.
const COLUMNS: usize = 2048;

/// Returns the parallelism value of a product, which depends only on the sizes: small products use a single thread.
fn par_for(flops: usize) -> Par {
    if flops < 4_000_000 { Par::Seq } else { par() }
}

/// Returns whether memory can address this number of values.
pub(crate) fn is_addressable(rows: usize, columns: usize) -> bool {
    let bytes = rows.checked_mul(columns).and_then(|n| n.checked_mul(size_of::<f64>()));
    bytes.is_some_and(|bytes| isize::try_from(bytes).is_ok())
}

/// A dense matrix, stored by rows.
///
/// Access to elements and products follow the rules of slices: they panic for an index out of range, or if the sizes of
/// the factors do not match.
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix {
    rows: usize,
    columns: usize,
    data: Vec<f64>,
}

impl Matrix {
    /// Returns the zero matrix.
    ///
    /// # Panics
    /// If it has more values than memory can address.
    pub fn zeros(rows: usize, columns: usize) -> Self {
        assert!(is_addressable(rows, columns), "a {rows} x {columns} matrix has too many values");
        Self { rows, columns, data: vec![0.0; rows * columns] }
    }

    /// Creates a matrix from its values, row by row.
    ///
    /// # Errors
    /// [`Error::Size`] if the number of values is not `rows * columns`.
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

    /// Returns the number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Returns the number of columns.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Returns row `i`.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn row(&self, i: usize) -> &[f64] {
        &self.data[i * self.columns..(i + 1) * self.columns]
    }

    /// Returns row `i`, mutable.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn row_mut(&mut self, i: usize) -> &mut [f64] {
        &mut self.data[i * self.columns..(i + 1) * self.columns]
    }

    /// Returns a copy of column `j`.
    ///
    /// # Panics
    /// If there is no such column.
    pub fn column(&self, j: usize) -> Vec<f64> {
        assert!(j < self.columns, "column {j} of a matrix with {} columns", self.columns);
        (0..self.rows).map(|i| self.data[i * self.columns + j]).collect()
    }

    /// Returns all values, row by row.
    pub fn values(&self) -> &[f64] {
        &self.data
    }

    /// Returns all values, row by row, mutable.
    pub fn values_mut(&mut self) -> &mut [f64] {
        &mut self.data
    }

    /// Returns the rows `from..to` as a new matrix.
    ///
    /// # Panics
    /// If the range is not one of its rows.
    pub fn row_range(&self, from: usize, to: usize) -> Self {
        Self {
            rows: to - from,
            columns: self.columns,
            data: self.data[from * self.columns..to * self.columns].to_vec(),
        }
    }

    /// Returns the rows with the given indices.
    ///
    /// # Panics
    /// If an index is out of range.
    pub fn select(&self, rows: &[usize]) -> Self {
        let data = rows.iter().flat_map(|&i| self.row(i)).copied().collect();
        Self { rows: rows.len(), columns: self.columns, data }
    }

    /// Returns the transposed matrix.
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

    /// Computes A B.
    ///
    /// # Panics
    /// Unless A has as many columns as B has rows.
    pub fn times(&self, b: &Self) -> Self {
        assert_eq!(self.columns, b.rows, "columns of A and rows of B");
        let mut out = Self::zeros(self.rows, b.columns);
        let par = par_for(self.data.len() * b.columns);
        general_matmul(out.view_mut(), Accum::Replace, self.view(), b.view(), 1.0, par);
        out
    }

    /// Computes A B^T: for matrices whose rows are points, all inner products.
    ///
    /// # Panics
    /// Unless A and B have the same number of columns.
    pub fn times_transposed(&self, b: &Self) -> Self {
        assert_eq!(self.columns, b.columns, "columns of A and of B");
        let mut out = Self::zeros(self.rows, b.rows);
        let par = par_for(self.data.len() * b.rows);
        general_matmul(out.view_mut(), Accum::Replace, self.view(), b.view().transpose(), 1.0, par);
        out
    }

    /// Computes A^T B.
    ///
    /// # Panics
    /// Unless A and B have the same number of rows.
    pub fn transposed_times(&self, b: &Self) -> Self {
        assert_eq!(self.rows, b.rows, "rows of A and of B");
        let mut out = Self::zeros(self.columns, b.columns);
        let par = par_for(self.data.len() * b.columns);
        general_matmul(out.view_mut(), Accum::Replace, self.view().transpose(), b.view(), 1.0, par);
        out
    }

    /// Computes A x.
    ///
    /// # Panics
    /// Unless x has as many entries as A has columns.
    pub fn times_vector(&self, x: &[f64]) -> Vec<f64> {
        assert_eq!(self.columns, x.len(), "columns of A and entries of x");
        if self.data.len() < SMALL {
            return (0..self.rows).map(|i| dot(self.row(i), x)).collect();
        }
        (0..self.rows).into_par_iter().map(|i| dot(self.row(i), x)).collect()
    }

    /// Computes A^T x.
    ///
    /// # Panics
    /// Unless x has as many entries as A has rows.
    pub fn transposed_times_vector(&self, x: &[f64]) -> Vec<f64> {
        assert_eq!(self.rows, x.len(), "rows of A and entries of x");
        let mut out = vec![0.0; self.columns];
        // Columns are independent: the order of addition does not depend on the number of threads.
        let add = |from: usize, out: &mut [f64]| {
            for (i, &xi) in x.iter().enumerate() {
                add_scaled(out, xi, &self.row(i)[from..from + out.len()]);
            }
        };
        if self.data.len() < SMALL {
            add(0, &mut out);
        } else {
            out.par_chunks_mut(COLUMNS).enumerate().for_each(|(c, out)| add(c * COLUMNS, out));
        }
        out
    }

    /// Returns an entry below the diagonal of a square matrix that differs from its mirror image by more than
    /// `tolerance`.
    pub(crate) fn asymmetric_entry(&self, tolerance: f64) -> Option<(usize, usize)> {
        let differs = |i: usize, j: usize| (self.row(i)[j] - self.row(j)[i]).abs() > tolerance;
        // Strip by strip, so that the mirrored entries stay in cache.
        (0..self.rows).step_by(STRIP).find_map(|from| {
            let entries = |i: usize| (from..i.min(from + STRIP)).map(move |j| (i, j));
            (from..self.rows).flat_map(entries).find(|&(i, j)| differs(i, j))
        })
    }

    /// Copies the lower triangle to the upper one.
    pub(crate) fn mirror_lower(&mut self) {
        for i in 0..self.rows {
            for j in 0..i {
                self.data[j * self.columns + i] = self.data[i * self.columns + j];
            }
        }
    }
}

/// A symmetric matrix of which only the lower triangle is stored, row by row: row i has i + 1 values.
#[derive(Clone, Debug, PartialEq)]
pub struct Packed {
    order: usize,
    data: Vec<f64>,
}

/// The number of rows of a packed matrix that are processed at a time.
const STRIP: usize = 64;

impl Packed {
    /// Returns the zero matrix.
    ///
    /// # Panics
    /// If it has more values than memory can address.
    pub fn zeros(order: usize) -> Self {
        assert!(is_addressable(order, order), "a symmetric matrix of order {order} has too many values");
        Self { order, data: vec![0.0; order * (order + 1) / 2] }
    }

    /// Creates a matrix from the values of its lower triangle, row by row.
    ///
    /// # Errors
    /// [`Error::Size`] if their number is not order (order + 1) / 2.
    pub fn from_values(order: usize, data: Vec<f64>) -> Result<Self> {
        let required = order.saturating_mul(order.saturating_add(1)) / 2;
        if data.len() != required {
            return Err(Error::Size {
                what: format!("values of a symmetric matrix of order {order}"),
                found: data.len(),
                required,
            });
        }
        Ok(Self { order, data })
    }

    /// Returns the number of rows.
    pub fn order(&self) -> usize {
        self.order
    }

    /// Returns the values of the lower triangle, row by row.
    pub fn values(&self) -> &[f64] {
        &self.data
    }

    /// Returns row i up to the diagonal.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn row(&self, i: usize) -> &[f64] {
        &self.data[i * (i + 1) / 2..(i + 1) * (i + 2) / 2]
    }

    /// Returns row i up to the diagonal, mutable.
    pub(crate) fn row_mut(&mut self, i: usize) -> &mut [f64] {
        &mut self.data[i * (i + 1) / 2..(i + 1) * (i + 2) / 2]
    }

    /// Returns the sum of the diagonal.
    pub fn trace(&self) -> f64 {
        (0..self.order).map(|i| self.row(i)[i]).sum()
    }

    /// Adds another matrix of the same order.
    pub(crate) fn add(&mut self, other: &Self) {
        self.data.par_chunks_mut(COLUMNS).zip(other.data.par_chunks(COLUMNS)).for_each(|(a, b)| {
            add_scaled(a, 1.0, b);
        });
    }

    /// Returns the whole matrix multiplied by a factor.
    pub fn unpacked(&self, factor: f64) -> Matrix {
        let mut out = Matrix::zeros(self.order, self.order);
        for i in 0..self.order {
            for (x, y) in out.row_mut(i).iter_mut().zip(self.row(i)) {
                *x = factor * y;
            }
        }
        out.mirror_lower();
        out
    }

    /// Returns the leading square block of the given order.
    pub(crate) fn leading(&self, order: usize) -> Self {
        Self { order, data: self.data[..order * (order + 1) / 2].to_vec() }
    }

    /// Computes a . M a for each row a of `vectors`.
    pub(crate) fn quadratic_forms(&self, vectors: &Matrix) -> Vec<f64> {
        let parts: Vec<Vec<f64>> = (0..self.order.div_ceil(STRIP))
            .into_par_iter()
            .map(|strip| {
                let (from, to) = (strip * STRIP, ((strip + 1) * STRIP).min(self.order));
                // Entries left of the diagonal count twice.
                let mut rows = Matrix::zeros(to - from, to);
                for i in from..to {
                    for (x, y) in rows.row_mut(i - from).iter_mut().zip(self.row(i)) {
                        *x = 2.0 * y;
                    }
                    rows.row_mut(i - from)[i] *= 0.5;
                }
                let values = vectors.values();
                let head = MatRef::from_row_major_slice(values, vectors.rows, vectors.columns);
                let mut product = Matrix::zeros(to - from, vectors.rows);
                general_matmul(
                    product.view_mut(),
                    Accum::Replace,
                    rows.view(),
                    head.subcols(0, to).transpose(),
                    1.0,
                    Par::Seq,
                );
                let form = |t: usize| (from..to).map(|i| product.row(i - from)[t] * vectors.row(t)[i]).sum();
                (0..vectors.rows).map(form).collect()
            })
            .collect();
        if parts.is_empty() { vec![0.0; vectors.rows] } else { tree_sum_vectors(parts) }
    }
}

/// Computes the inner product in eight interleaved partial sums, a fixed order that the compiler can vectorise.
///
/// # Panics
/// Unless both have the same number of entries.
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    const LANES: usize = 8;
    assert_eq!(a.len(), b.len(), "entries of an inner product");
    let mut sums = [0.0; LANES];
    let (ca, cb) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let tail: f64 = ca.remainder().iter().zip(cb.remainder()).map(|(x, y)| x * y).sum();
    for (x, y) in ca.zip(cb) {
        for l in 0..LANES {
            sums[l] += x[l] * y[l];
        }
    }
    tree_sum(&sums) + tail
}

/// Computes y += factor x.
///
/// # Panics
/// Unless both have the same number of entries.
pub fn add_scaled(y: &mut [f64], factor: f64, x: &[f64]) {
    assert_eq!(y.len(), x.len(), "entries of a sum");
    for (a, b) in y.iter_mut().zip(x) {
        *a += factor * b;
    }
}

/// Returns whether the Cholesky factorisation of a symmetric matrix, of which the lower triangle is read, succeeds in
/// f64. If it does, the matrix plus (order + 1) 2^-52 trace times the identity is positive definite, for any order of
/// the sums (S. M. Rump, Verification of positive definiteness, BIT 46, 2006; the constant here is larger). Cost m^3 /
/// 3 flops.
///
/// # Errors
/// [`Error::Size`] for a matrix that is not square.
pub fn has_cholesky(a: &Matrix) -> Result<bool> {
    check_size("columns of a symmetric matrix", a.columns(), a.rows())?;
    let lower = faer::Mat::from_fn(a.rows(), a.rows(), |i, j| if i >= j { a.row(i)[j] } else { a.row(j)[i] });
    Ok(lower.llt(faer::Side::Lower).is_ok())
}

/// The eigenvalues of a symmetric matrix in ascending order, and its eigenvectors.
#[derive(Clone, Debug)]
pub struct SymmetricEigen {
    /// Eigenvalues, ascending.
    pub values: Vec<f64>,
    /// Row i is the unit eigenvector of value i.
    pub vectors: Matrix,
}

/// Solves the symmetric eigenproblem of `a`, of which the lower triangle is read. The backward error is a small
/// multiple of 2^-53 times the largest eigenvalue; cost about 9 m^3 flops.
///
/// # Errors
/// [`Error::Size`] for a matrix that is not square, [`Error::NoConvergence`] for one with NaN or infinite entries.
pub fn symmetric_eigen(a: &Matrix) -> Result<SymmetricEigen> {
    let size = a.rows();
    check_size("columns of a symmetric matrix", a.columns(), size)?;
    let fail = || Error::NoConvergence { size };
    if !a.values().iter().all(|x| x.is_finite()) {
        return Err(fail());
    }
    let largest = a.values().iter().fold(0.0f64, |m, x| m.max(x.abs()));
    // The library fails near the ends of the exponent range, so the largest entry is scaled to be near one.
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
    #[should_panic(expected = "has too many values")]
    fn a_matrix_beyond_memory_panics_as_documented() {
        Matrix::zeros(1 << 62, 4);
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
        let d = sample(5, 3);
        let mut sum = vec![1.0; 21];
        f64::add_product(&mut sum, Columns::new(a.values(), 5, 0, 7), Columns::new(d.values(), 5, 0, 3));
        let whole = a.transposed_times(&d);
        for (x, y) in sum.iter().zip(whole.values()) {
            assert!((x - 1.0 - y).abs() < 1e-14);
        }
        let mut part = vec![0.0; 4];
        f64::add_product(&mut part, Columns::new(a.values(), 5, 3, 2), Columns::new(d.values(), 5, 1, 2));
        assert!((part[2] - whole.row(4)[1]).abs() < 1e-14);
    }

    #[test]
    fn packed_matrices_agree_with_whole_ones() {
        let a = sample(150, 130);
        let whole = a.transposed_times(&a);
        let lower = (0..130).flat_map(|i| whole.row(i)[..=i].to_vec()).collect();
        let packed = Packed::from_values(130, lower).unwrap();
        assert_eq!(packed.row(129), whole.row(129));
        let vectors = sample(3, 130);
        for (t, form) in packed.quadratic_forms(&vectors).into_iter().enumerate() {
            let expected = dot(&whole.times_vector(vectors.row(t)), vectors.row(t));
            assert!((form / expected - 1.0).abs() < 1e-13);
        }
        let mut twice = packed.clone();
        twice.add(&packed);
        assert_eq!(twice.leading(4).unpacked(0.5).row(3), &whole.row(3)[..4]);
        assert!((packed.trace() - (0..130).map(|i| whole.row(i)[i]).sum::<f64>()).abs() < 1e-12);
        assert!(Packed::from_values(3, vec![0.0; 5]).is_err());
    }

    #[test]
    fn large_products_with_vectors_are_those_of_small_ones() {
        let a = sample(600, 500);
        let x: Vec<f64> = (0..600).map(|i| f64::from(i).sin()).collect();
        let small: Vec<f64> = (0..500).map(|j| dot(&a.column(j), &x)).collect();
        for (p, q) in a.transposed_times_vector(&x).into_iter().zip(small) {
            assert!((p - q).abs() < 1e-12);
        }
        let y = &x[..500];
        assert_eq!(a.times_vector(y)[7], dot(a.row(7), y));
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
