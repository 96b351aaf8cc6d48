//! The attack on zonal harmonics by queries that are not correlational: for any degree k the clipped label has energy
//! in degree 1 (odd k) or 2 (even k), where n or n (n+1)/2 queries recover the direction.

use crate::answers::Answers;
use crate::family::Family;
use crate::query::{Query, Unit};
use std::sync::Arc;
use zonal::activation::Activation;
use zonal::error::check_size;
use zonal::linalg::{Matrix, dot, symmetric_eigen};
use zonal::sphere::{Degree, Dim};
use zonal::{Error, Result};

/// The largest dimension for even degrees.
const MAX_EVEN_DIM: u64 = 600;

/// The queries of the attack for one dimension and degree.
#[derive(Debug)]
pub struct Attack {
    dim: Dim,
    degree: Degree,
    unit: Arc<Unit>,
    /// The coefficient c in E clip(y) s(<w, x>) = c P_2(<u, w>) + smaller terms, for even degrees.
    quadratic: f64,
}

impl Attack {
    /// Creates the attack against a family of zonal harmonics.
    ///
    /// # Errors
    /// [`Error::Parameter`] for other families.
    pub fn new(family: &Family) -> Result<Self> {
        if family.directions().is_none() {
            return Err(Error::parameter("the family for the attack", family.kind(), "zonal"));
        }
        Self::on_harmonics(family.dim(), family.degree())
    }

    /// Creates the attack against sqrt(N) P_k(<u, x>) with unknown u. The queries are clip(y, -1, 1) sgn(x_i) for odd
    /// k, and clip(y, -1, 1) sgn(n <w, x>^2 - 1) for even k, with w along an axis or halfway between two axes. All have
    /// values in [-1, 1] and are 1-Lipschitz in y.
    ///
    /// # Errors
    /// As [`Unit::new`].
    pub fn on_harmonics(dim: Dim, degree: Degree) -> Result<Self> {
        if degree == 0 {
            return Err(Error::parameter("the degree", 0, "at least 1"));
        }
        let even = degree.is_multiple_of(2);
        if even && dim.get() > MAX_EVEN_DIM {
            let required = format!(
                "at most {MAX_EVEN_DIM} for even degrees, which take n (n+1) / 2 queries of n numbers"
            );
            return Err(Error::parameter("the dimension of the attack", dim.get(), required));
        }
        let text = if even { format!("sign({}*t^2 - 1)", dim.get()) } else { "sign".to_owned() };
        let unit = Unit::new(Activation::parse(&text)?, 1.0, dim)?;
        let quadratic = if even {
            let label = crate::family::clipped_harmonic(dim, degree)?;
            label.kernel(&unit.profile(), dim, 2)?.energy(2)?
        } else {
            f64::NAN
        };
        Ok(Self { dim, degree, unit, quadratic })
    }

    /// Returns all queries: n for odd degrees, n (n+1)/2 for even ones, axes first.
    ///
    /// # Errors
    /// None for finite numbers.
    pub fn queries(&self) -> Result<Vec<Query>> {
        let n = self.dim.as_usize();
        let query = |w: &[f64]| Query::unit(&self.unit, w).map(|q| q.clipped());
        let mut w = vec![0.0; n];
        let mut out = Vec::new();
        for i in 0..n {
            w[i] = 1.0;
            out.push(query(&w)?);
            w[i] = 0.0;
        }
        if self.degree.is_multiple_of(2) {
            for i in 0..n {
                for j in i + 1..n {
                    w[i] = std::f64::consts::FRAC_1_SQRT_2;
                    w[j] = w[i];
                    out.push(query(&w)?);
                    (w[i], w[j]) = (0.0, 0.0);
                }
            }
        }
        Ok(out)
    }

    /// Computes the direction, up to its sign, from the answers to [`Self::queries`]. None if all answers are zero.
    ///
    /// # Errors
    /// [`Error::Size`] unless there is one answer per query; as [`symmetric_eigen`].
    pub fn direction(&self, answers: &[f64]) -> Result<Option<Vec<f64>>> {
        let n = self.dim.as_usize();
        let even = self.degree.is_multiple_of(2);
        check_size("answers", answers.len(), if even { n * (n + 1) / 2 } else { n })?;
        let mut u = if even {
            let size = n as f64;
            // P_2(rho) = (n rho^2 - 1) / (n - 1).
            let squares: Vec<f64> =
                answers.iter().map(|a| ((size - 1.0) * a / self.quadratic + 1.0) / size).collect();
            if answers.iter().all(|a| *a == 0.0) {
                return Ok(None);
            }
            let mut products = Matrix::zeros(n, n);
            let mut pairs = squares[n..].iter();
            for i in 0..n {
                products.row_mut(i)[i] = squares[i];
                for j in i + 1..n {
                    // <u, (e_i + e_j)/sqrt 2>^2 = (u_i^2 + u_j^2)/2 + u_i u_j.
                    let between = pairs.next().copied().unwrap_or(0.0);
                    let product = between - 0.5 * (squares[i] + squares[j]);
                    products.row_mut(i)[j] = product;
                    products.row_mut(j)[i] = product;
                }
            }
            symmetric_eigen(&products)?.vectors.row(n - 1).to_vec()
        } else {
            answers.to_vec()
        };
        let length = dot(&u, &u).sqrt();
        if length == 0.0 {
            return Ok(None);
        }
        u.iter_mut().for_each(|x| *x /= length);
        Ok(Some(u))
    }
}

/// Asks all queries and computes the direction.
///
/// # Errors
/// The errors of the oracle.
pub fn attack(answers: &dyn Answers, dim: Dim, degree: Degree) -> Result<Option<Vec<f64>>> {
    let attack = Attack::on_harmonics(dim, degree)?;
    attack.direction(&answers.ask_all(&attack.queries()?)?)
}
