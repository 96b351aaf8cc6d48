//! Functions of a symmetric matrix applied to vectors, by Lanczos with full reorthogonalisation: after k products K v,
//! f(K) b is V f(T) V^T b with V an orthonormal basis of the Krylov space and T = V^T K V tridiagonal.
//!
//! Several vectors advance together, so that K is read once per step for all of them; each has its own Krylov space and
//! its own bounds.
//!
//! Source: Golub and Meurant, Matrices, Moments and Quadrature, 2010; the bound on iterates is derived in
//! docs/theory/tables.md (LZ-1).

use crate::error::Result;
use crate::linalg::{Matrix, add_scaled, dot, symmetric_eigen};

/// The Krylov space of one vector, as far as it has been built.
#[derive(Clone, Debug)]
pub struct Lanczos {
    /// |b|.
    norm: f64,
    /// Orthonormal, one step per row.
    basis: Vec<Vec<f64>>,
    diagonal: Vec<f64>,
    /// Entry i couples steps i and i + 1; the last one couples to the next direction outside the space.
    off_diagonal: Vec<f64>,
    /// The direction of the next step; None if the space is invariant.
    next: Option<Vec<f64>>,
}

/// The spectral decomposition of T, with its coupling out of the space.
#[derive(Clone, Debug)]
pub struct Ritz {
    /// Eigenvalues of T, ascending.
    pub values: Vec<f64>,
    /// Row i is the eigenvector of value i.
    pub vectors: Matrix,
    /// The coupling out of the space; zero if the space is invariant.
    pub coupling: f64,
    /// |b|.
    pub norm: f64,
}

/// A vector that orthogonalisation shortens below this fraction of its length is rounding error.
const LOST: f64 = 1e-14;

impl Lanczos {
    /// Creates the space of b alone.
    pub fn new(b: &[f64]) -> Self {
        let norm = dot(b, b).sqrt();
        let next = (norm > 0.0).then(|| b.iter().map(|x| x / norm).collect());
        Self { norm, basis: Vec::new(), diagonal: Vec::new(), off_diagonal: Vec::new(), next }
    }

    /// Returns the number of steps done.
    pub fn steps(&self) -> usize {
        self.basis.len()
    }

    /// Returns whether more steps would not extend the space.
    pub fn is_invariant(&self) -> bool {
        self.next.is_none()
    }

    /// Performs one more step for each of several vectors. Cost 2 m^2 flops and one read of K for all of them, and 8 m
    /// k flops each to orthogonalise.
    pub fn advance(all: &mut [Self], k: &Matrix) {
        let active: Vec<usize> = (0..all.len()).filter(|&i| all[i].next.is_some()).collect();
        let heads: Vec<Vec<f64>> = active.iter().filter_map(|&i| all[i].next.take()).collect();
        let images: Vec<Vec<f64>> = match heads.as_slice() {
            [] => return,
            [one] => vec![k.times_vector(one)],
            many => {
                let values = many.iter().flatten().copied().collect();
                let Ok(block) = Matrix::from_rows(many.len(), k.rows(), values) else { return };
                let product = block.times(k);
                (0..many.len()).map(|i| product.row(i).to_vec()).collect()
            }
        };
        for ((&i, head), image) in active.iter().zip(heads).zip(images) {
            all[i].absorb(head, image);
        }
    }

    /// Extends the space by the direction `head` with its image K head.
    fn absorb(&mut self, head: Vec<f64>, mut image: Vec<f64>) {
        let size = dot(&image, &image).sqrt();
        let diagonal = dot(&head, &image);
        self.basis.push(head);
        self.diagonal.push(diagonal);
        // Two passes are enough (Kahan, Parlett).
        for _ in 0..2 {
            let parts: Vec<f64> = self.basis.iter().map(|v| dot(v, &image)).collect();
            for (v, part) in self.basis.iter().zip(parts) {
                add_scaled(&mut image, -part, v);
            }
        }
        let coupling = dot(&image, &image).sqrt();
        if coupling <= LOST * size || self.basis.len() == image.len() {
            self.off_diagonal.push(0.0);
            return;
        }
        image.iter_mut().for_each(|x| *x /= coupling);
        self.off_diagonal.push(coupling);
        self.next = Some(image);
    }

    /// Computes the spectral decomposition of T.
    ///
    /// # Errors
    /// [`crate::Error::NoConvergence`] if K has entries that are not finite.
    pub fn ritz(&self) -> Result<Ritz> {
        let k = self.steps();
        let mut t = Matrix::zeros(k, k);
        for i in 0..k {
            t.row_mut(i)[i] = self.diagonal[i];
            if i > 0 {
                t.row_mut(i)[i - 1] = self.off_diagonal[i - 1];
                t.row_mut(i - 1)[i] = self.off_diagonal[i - 1];
            }
        }
        let eigen = symmetric_eigen(&t)?;
        let coupling = self.off_diagonal.last().copied().unwrap_or(0.0);
        Ok(Ritz { values: eigen.values, vectors: eigen.vectors, coupling, norm: self.norm })
    }

    /// Computes the Gauss-Radau rule with a node at 0: T with one more step, whose last diagonal entry makes 0 an
    /// eigenvalue. None if T is not positive definite up to rounding.
    pub fn radau(&self) -> Result<Option<Ritz>> {
        let k = self.steps();
        let mut pivot = self.diagonal.first().copied().unwrap_or(0.0);
        for i in 1..k {
            if pivot <= 0.0 {
                return Ok(None);
            }
            pivot = self.diagonal[i] - self.off_diagonal[i - 1].powi(2) / pivot;
        }
        let coupling = self.off_diagonal.last().copied().unwrap_or(0.0);
        if pivot <= 0.0 || coupling == 0.0 {
            return Ok(None);
        }
        let mut longer = self.clone();
        longer.basis.push(Vec::new());
        longer.diagonal.push(coupling * coupling / pivot);
        longer.off_diagonal.push(0.0);
        longer.ritz().map(Some)
    }

    /// Computes V x for each row x of `weights`.
    pub fn combine(&self, weights: &Matrix) -> Matrix {
        let m = self.basis.first().map_or(0, Vec::len);
        let basis = Matrix::from_rows(self.steps(), m, self.basis.concat());
        basis.map_or_else(|_| Matrix::zeros(weights.rows(), m), |basis| weights.times(&basis))
    }
}

impl Ritz {
    /// Sums f over the eigenvalues with their weights in the spectral measure of b: |b|^2 times the squared first entry
    /// of the eigenvector.
    pub fn integral(&self, f: impl Fn(f64) -> f64) -> f64 {
        let terms: Vec<f64> = self
            .values
            .iter()
            .enumerate()
            .map(|(i, &x)| (self.norm * self.vectors.row(i)[0]).powi(2) * f(x))
            .collect();
        crate::numeric::sum::tree_sum(&terms)
    }

    /// Computes f(T) e_1 |b|: the coordinates of f(K) b in the basis.
    pub fn coordinates(&self, f: impl Fn(f64) -> f64) -> Vec<f64> {
        let weights: Vec<f64> =
            self.values.iter().enumerate().map(|(i, &x)| self.norm * self.vectors.row(i)[0] * f(x)).collect();
        self.vectors.transposed_times_vector(&weights)
    }

    /// Computes |last entry of f(T) e_1| |b| times the coupling, plus a bound on its rounding: the length of the part
    /// of K f(T) b outside the space.
    pub fn leaving(&self, f: impl Fn(f64) -> f64) -> f64 {
        let last = self.values.len().saturating_sub(1);
        let mut sum = 0.0;
        let mut size = 0.0;
        for (i, &x) in self.values.iter().enumerate() {
            let v = self.vectors.row(i);
            let term = v[0] * v[last] * f(x);
            sum += term;
            size += term.abs();
        }
        let rounding = 4.0 * f64::EPSILON * (1.0 + (self.values.len() as f64).sqrt());
        self.coupling * self.norm * (sum.abs() + rounding * size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(m: usize) -> (Matrix, Vec<f64>) {
        let mut k = Matrix::zeros(m, m);
        for i in 0..m {
            for j in 0..m {
                let (x, y) = (i as f64 / m as f64, j as f64 / m as f64);
                k.row_mut(i)[j] = (-(x - y) * (x - y) * 40.0).exp() / m as f64;
            }
        }
        (k, (0..m).map(|i| (i as f64 * 0.7).sin()).collect())
    }

    #[test]
    fn functions_of_a_matrix_agree_with_its_eigenvectors() {
        let (k, b) = sample(60);
        let eigen = symmetric_eigen(&k).unwrap();
        let f = |x: f64| (-3.0 * x).exp();
        let inside = eigen.vectors.times_vector(&b);
        let weights: Vec<f64> = inside.iter().zip(&eigen.values).map(|(b, &x)| b * f(x)).collect();
        let exact = eigen.vectors.transposed_times_vector(&weights);
        let mut all = [Lanczos::new(&b), Lanczos::new(&vec![0.0; 60]), Lanczos::new(k.row(3))];
        for _ in 0..25 {
            Lanczos::advance(&mut all, &k);
        }
        assert_eq!(all[1].steps(), 0);
        let ritz = all[0].ritz().unwrap();
        let coordinates = ritz.coordinates(f);
        let found = all[0].combine(&Matrix::from_rows(1, coordinates.len(), coordinates).unwrap());
        for (x, y) in found.row(0).iter().zip(&exact) {
            assert!((x - y).abs() < 1e-13);
        }
        // A vector alone follows the same path as one of several, up to rounding.
        let mut single = [Lanczos::new(k.row(3))];
        for _ in 0..10 {
            Lanczos::advance(&mut single, &k);
        }
        assert!((single[0].diagonal[4] - all[2].diagonal[4]).abs() < 1e-14);
    }

    #[test]
    fn gauss_and_radau_enclose_a_completely_monotone_integral() {
        let (k, b) = sample(40);
        let shifted = |x: f64| 1.0 / (x + 1e-3);
        let eigen = symmetric_eigen(&k).unwrap();
        let inside = eigen.vectors.times_vector(&b);
        let exact: f64 = inside.iter().zip(&eigen.values).map(|(b, &x)| b * b * shifted(x.max(0.0))).sum();
        let mut all = [Lanczos::new(&b)];
        for _ in 0..7 {
            Lanczos::advance(&mut all, &k);
            let low = all[0].ritz().unwrap().integral(shifted);
            let high = all[0].radau().unwrap().unwrap().integral(shifted);
            assert!(low <= exact * (1.0 + 1e-12) && exact <= high * (1.0 + 1e-12), "{low} {exact} {high}");
        }
    }

    #[test]
    fn an_invariant_space_ends() {
        let mut k = Matrix::zeros(3, 3);
        (0..3).for_each(|i| k.row_mut(i)[i] = 1.0 + i as f64);
        let mut all = [Lanczos::new(&[1.0, 0.0, 1.0])];
        (0..5).for_each(|_| Lanczos::advance(&mut all, &k));
        assert!(all[0].is_invariant() && all[0].steps() == 2);
        assert_eq!(all[0].ritz().unwrap().coupling, 0.0);
        assert!(all[0].radau().unwrap().is_none());
    }
}
