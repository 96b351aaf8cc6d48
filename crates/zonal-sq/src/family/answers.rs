//! Exact expectations E h(x, f_i(x)) for the members of a family.

use super::{Family, Members, signs};
use crate::query::{Function, Label, Nodes, Query, monomial_norm, tangent_coordinates};
use std::sync::Arc;
use zonal::activation::Activation;
use zonal::kernel::Kernel;
use zonal::legendre::Recurrence;
use zonal::linalg::{Matrix, dot};
use zonal::numeric::special::mean_abs_coordinate;
use zonal::sphere::{Degree, Dim, sqrt_multiplicity};
use zonal::target::Profile;
use zonal::{Error, Result};

impl Family {
    /// Computes a query's expectation for each of these members. The absolute error is about 1e-13 times the query's
    /// norm for plain labels, and that of the kernel's series for clipped labels.
    ///
    /// # Errors
    /// [`Error::Size`] for a query of another dimension; [`Error::Parameter`] for an index out of range and for a query
    /// without an exact expectation for this family.
    pub fn answers(&self, query: &Query, members: &[usize]) -> Result<Vec<f64>> {
        query.function().check(self.dim)?;
        members.iter().try_for_each(|i| self.check_member(*i))?;
        match (&self.members, query.label()) {
            (_, Label::Plain) => self.plain(query.function(), members),
            // Clipping does not change labels of +-1.
            (Members::Signs(_), Label::Clipped) => self.plain(query.function(), members),
            (Members::Zonal(_), Label::Clipped) => {
                self.zonal_answers(query.function(), members, Label::Clipped)
            }
            (Members::Dense { .. } | Members::Monomials(_), Label::Clipped) => Err(Error::parameter(
                "the family",
                self.kind(),
                "zonal or signs for queries of clipped labels: no exact expectation is known for others",
            )),
        }
    }

    fn plain(&self, function: &Function, members: &[usize]) -> Result<Vec<f64>> {
        if let Function::Sum(sum) = function {
            let mut out = vec![0.0; members.len()];
            for (c, part) in sum.parts() {
                let values = self.plain(part, members)?;
                zonal::linalg::add_scaled(&mut out, *c, &values);
            }
            return Ok(out);
        }
        match &self.members {
            Members::Zonal(_) => self.zonal_answers(function, members, Label::Plain),
            Members::Dense { .. } => self.dense_answers(function, members),
            Members::Monomials(sets) => self.monomial_answers(function, sets, members),
            Members::Signs(sets) => self.sign_answers(function, sets, members),
        }
    }

    /// The correlation of a zonal label with a zonal query is a kernel of the inner product.
    fn zonal_answers(&self, function: &Function, members: &[usize], label: Label) -> Result<Vec<f64>> {
        let (profile, direction) = match function {
            Function::Unit { unit, direction } => (unit.profile(), direction),
            Function::Harmonic { degree, direction } => (Profile::Harmonic(*degree), direction),
            // The other functions have one degree: their correlation with a harmonic is their own value at its
            // direction.
            other if label == Label::Plain => return self.by_reproduction(other, members),
            _ => return Err(no_exact("a zonal query for clipped labels", function)),
        };
        let kernel = self.kernel(label, &profile)?;
        let mut rho = self.cosines(direction, members);
        rho.iter_mut().for_each(|r| *r = r.clamp(-1.0, 1.0));
        Ok(kernel.values(&rho))
    }

    /// Computes E clip(y) E g.
    pub(super) fn clipped_mean(&self, query: &Query) -> Result<f64> {
        let profile = match query.function() {
            Function::Unit { unit, .. } => unit.profile(),
            Function::Harmonic { degree, .. } => Profile::Harmonic(*degree),
            other => return Err(no_exact("a zonal query for clipped labels", other)),
        };
        self.kernel(Label::Clipped, &profile)?.energy(0)
    }

    fn cosines(&self, direction: &[f64], members: &[usize]) -> Vec<f64> {
        let Members::Zonal(u) = &self.members else { return Vec::new() };
        members.iter().map(|&i| dot(u.row(i), direction)).collect()
    }

    fn kernel(&self, label: Label, profile: &Profile) -> Result<Arc<Kernel>> {
        let key = format!("{label:?} {}", text_of(profile));
        let mut kernels = self.kernels.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(kernel) = kernels.get(&key) {
            return Ok(kernel.clone());
        }
        let own = match label {
            Label::Plain => Profile::Harmonic(self.degree),
            Label::Clipped => clipped_harmonic(self.dim, self.degree)?,
        };
        let kernel = Arc::new(own.kernel(profile, self.dim, self.degree)?);
        kernels.insert(key, kernel.clone());
        Ok(kernel)
    }

    /// Computes E g sqrt(N) P_k(<u, .>) = g_k(u) / sqrt N for functions of degree k; derivatives of units by their
    /// slope.
    fn by_reproduction(&self, function: &Function, members: &[usize]) -> Result<Vec<f64>> {
        let Members::Zonal(u) = &self.members else { return Ok(Vec::new()) };
        let norm = sqrt_multiplicity(self.dim, self.degree);
        match function {
            Function::Dense(dense) if dense.degree == self.degree => {
                Ok(members.iter().map(|&i| function.at(self.dim, u.row(i)) / norm).collect())
            }
            Function::Dense(_) => Ok(vec![0.0; members.len()]),
            Function::Monomial(set) if set.len() == self.degree => {
                Ok(members.iter().map(|&i| function.at(self.dim, u.row(i)) / norm).collect())
            }
            Function::Monomial(_) => Ok(vec![0.0; members.len()]),
            Function::Signs(set) if set.len() == self.degree => {
                let monomial = Function::Monomial(set.clone());
                let factor = sign_overlap(self.dim, set.len()) / norm;
                Ok(members.iter().map(|&i| factor * monomial.at(self.dim, u.row(i))).collect())
            }
            Function::Derivative { unit, direction, tangent } => {
                let (activation, scale) = (unit.activation(), unit.scale());
                let spectrum = self.spectra.spectrum(activation, self.dim, scale, self.degree)?;
                let alpha = spectrum.coefficient(self.degree)?;
                let slope = Slope::new(self.dim, self.degree)?;
                let factor = alpha * norm / scale;
                let one = |&i: &usize| {
                    let along = tangent_coordinates(direction, u.row(i))[*tangent];
                    factor * slope.value(dot(direction, u.row(i))) * along
                };
                Ok(members.iter().map(one).collect())
            }
            other => Err(no_exact("a query of one degree or a unit", other)),
        }
    }

    fn dense_answers(&self, function: &Function, members: &[usize]) -> Result<Vec<f64>> {
        let Members::Dense { dense, .. } = &self.members else { return Ok(Vec::new()) };
        let k = self.degree;
        let nodes = &dense[0].nodes;
        // The query's correlation with the harmonic about each node, combined at the end.
        let correlations: Vec<f64> = match function {
            Function::Unit { unit, direction } => {
                let kernel = self.kernel(Label::Plain, &unit.profile())?;
                let mut rho = nodes.times_vector(direction);
                rho.iter_mut().for_each(|r| *r = r.clamp(-1.0, 1.0));
                kernel.values(&rho)
            }
            Function::Harmonic { degree, .. } if *degree != k => return Ok(vec![0.0; members.len()]),
            Function::Harmonic { direction, .. } => nodes
                .times_vector(direction)
                .into_iter()
                .map(|r| zonal::legendre::value(self.dim, k, r.clamp(-1.0, 1.0)))
                .collect(),
            Function::Dense(other) if other.degree != k => return Ok(vec![0.0; members.len()]),
            Function::Dense(other) => self.node_kernel(nodes, &other.nodes).times_vector(&other.coefficients),
            Function::Monomial(set) | Function::Signs(set) if set.len() != k => {
                if matches!(function, Function::Monomial(_)) {
                    return Ok(vec![0.0; members.len()]);
                }
                return Err(no_exact("a query of one degree or a unit", function));
            }
            Function::Monomial(set) | Function::Signs(set) => {
                let monomial = Function::Monomial(set.clone());
                let factor = match function {
                    Function::Signs(_) => sign_overlap(self.dim, k),
                    _ => 1.0,
                } / sqrt_multiplicity(self.dim, k);
                (0..nodes.rows()).map(|l| factor * monomial.at(self.dim, nodes.row(l))).collect()
            }
            other => return Err(no_exact("a query of one degree or a unit", other)),
        };
        Ok(members.iter().map(|&i| dot(&dense[i].coefficients, &correlations)).collect())
    }

    /// Returns P_k of the inner products of the family's nodes with the nodes of another function. The result is cached
    /// for the next function with the same nodes: a basis has hundreds.
    fn node_kernel(&self, own: &Nodes, other: &Nodes) -> Arc<Matrix> {
        let mut cache = self.node_kernel.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some((identity, matrix)) = cache.as_ref()
            && *identity == other.identity()
        {
            return matrix.clone();
        }
        let mut values = self.legendre_of(own.times_transposed(other));
        if own.identity() == other.identity() {
            for i in 0..own.rows() {
                values.row_mut(i)[i] = 1.0;
            }
        }
        let values = Arc::new(values);
        *cache = Some((other.identity(), values.clone()));
        values
    }

    fn monomial_answers(
        &self,
        function: &Function,
        sets: &[Arc<[usize]>],
        members: &[usize],
    ) -> Result<Vec<f64>> {
        let k = self.degree;
        let at = |w: &[f64], factor: f64| -> Vec<f64> {
            let norm = factor * monomial_norm(self.dim, k);
            members.iter().map(|&i| norm * sets[i].iter().map(|&c| w[c]).product::<f64>()).collect()
        };
        match function {
            Function::Unit { unit, direction } => {
                // Funk-Hecke: E g phi(s <w, .>) = alpha_k g(w).
                let kernel = self.kernel(Label::Plain, &unit.profile())?;
                let alpha = kernel.energy(k)? / sqrt_multiplicity(self.dim, k);
                Ok(at(direction, alpha))
            }
            Function::Harmonic { degree, direction } if *degree == k => {
                Ok(at(direction, 1.0 / sqrt_multiplicity(self.dim, k)))
            }
            Function::Harmonic { .. } => Ok(vec![0.0; members.len()]),
            Function::Dense(dense) if dense.degree == k => {
                let mut out = vec![0.0; members.len()];
                for (l, c) in dense.coefficients.iter().enumerate() {
                    let correlations = at(dense.nodes.row(l), c / sqrt_multiplicity(self.dim, k));
                    zonal::linalg::add_scaled(&mut out, 1.0, &correlations);
                }
                Ok(out)
            }
            Function::Dense(_) => Ok(vec![0.0; members.len()]),
            Function::Monomial(set) => Ok(matches(sets, set, members, 1.0)),
            Function::Signs(set) if set.len() == k => {
                Ok(matches(sets, set, members, sign_overlap(self.dim, k)))
            }
            other => Err(no_exact("a query of one degree or a unit", other)),
        }
    }

    fn sign_answers(
        &self,
        function: &Function,
        sets: &[Arc<[usize]>],
        members: &[usize],
    ) -> Result<Vec<f64>> {
        let (k, dim) = (self.degree, self.dim);
        match function {
            Function::Signs(set) => Ok(matches(sets, set, members, 1.0)),
            Function::Monomial(set) if set.len() == k => {
                Ok(matches(sets, set, members, sign_overlap(dim, k)))
            }
            Function::Harmonic { degree, direction } if *degree == k => {
                // The part of degree k of a product of k signs is a multiple of the monomial.
                let factor = sign_overlap(dim, k) * monomial_norm(dim, k) / sqrt_multiplicity(dim, k);
                let product = |i: &usize| factor * sets[*i].iter().map(|&c| direction[c]).product::<f64>();
                Ok(members.iter().map(product).collect())
            }
            // A product of k signs is odd in k coordinates: it has no part of degree k + 1, nor of any degree below k.
            Function::Harmonic { degree, .. } if *degree < k || (degree - k) % 2 == 1 => {
                Ok(vec![0.0; members.len()])
            }
            Function::Dense(dense) => {
                let mut out = vec![0.0; members.len()];
                for (l, c) in dense.coefficients.iter().enumerate() {
                    let about =
                        Function::Harmonic { degree: dense.degree, direction: dense.nodes.row(l).into() };
                    let correlations = self.sign_answers(&about, sets, members)?;
                    zonal::linalg::add_scaled(&mut out, *c, &correlations);
                }
                Ok(out)
            }
            Function::Unit { .. } if dim.get() > MAX_DIMENSION => {
                let required =
                    format!("at most {MAX_DIMENSION} for correlations of units with products of signs");
                Err(Error::parameter("the dimension", dim.get(), required))
            }
            Function::Unit { unit, direction } => {
                // A multiple of |t| plus a multiple of t, such as relu(t) = t/2 + |t|/2.
                let phi = unit.activation();
                if phi.homogeneity() != Some(1) {
                    return Err(no_exact("a query with relu, leaky-relu or abs", function));
                }
                let (right, left) = (phi.value(1.0), phi.value(-1.0));
                let (even, odd) = (0.5 * (right + left), 0.5 * (right - left));
                let scale = unit.scale();
                let modulus = signs::AbsUnit::new(dim, direction, k);
                let correlation = |i: &usize| {
                    let set = &sets[*i];
                    let linear =
                        if k == 1 { direction[set[0]] * mean_abs_coordinate(dim.get()) } else { 0.0 };
                    scale * (even * modulus.correlation(set) + odd * linear)
                };
                Ok(members.iter().map(correlation).collect())
            }
            other => Err(no_exact("a product of signs, a harmonic of the same degree or a unit", other)),
        }
    }
}

/// The largest dimension for units with products of signs, which need some hundred numbers per coordinate.
const MAX_DIMENSION: u64 = 1_000_000;

/// Returns E f g for members that equal g, with this value, or are orthogonal to it.
fn matches(sets: &[Arc<[usize]>], wanted: &[usize], members: &[usize], value: f64) -> Vec<f64> {
    members.iter().map(|&i| if sets[i].as_ref() == wanted { value } else { 0.0 }).collect()
}

/// Computes E prod_{i in S} |x_i| times the norm of the monomial: the correlation of a product of k signs with its
/// monomial. By Gaussian vectors, E prod |z_i| = (2/pi)^(k/2) = E prod |x_i| E r^k.
fn sign_overlap(dim: Dim, degree: Degree) -> f64 {
    // E r^k = prod over steps of two, and E r = sqrt(2/pi) / E|x_1|.
    let n = dim.as_f64();
    let mut moment = 1.0;
    let mut remaining = degree;
    while remaining >= 2 {
        moment *= n + (remaining as f64 - 2.0);
        remaining -= 2;
    }
    let c = std::f64::consts::FRAC_2_PI;
    if remaining == 1 {
        moment *= c.sqrt() / mean_abs_coordinate(dim.get());
    }
    c.powf(0.5 * degree as f64) / moment * monomial_norm(dim, degree)
}

/// The derivative P_k' = k (k + n - 2) / (n - 1) P_(k-1), the latter in dimension n + 2.
struct Slope {
    factor: f64,
    raised: Recurrence,
    degree: Degree,
}

impl Slope {
    fn new(dim: Dim, degree: Degree) -> Result<Self> {
        let (n, k) = (dim.as_f64(), degree as f64);
        let raised = Recurrence::new(Dim::new(dim.get() + 2)?, degree);
        Ok(Self { factor: k * (k + n - 2.0) / (n - 1.0), raised, degree })
    }

    fn value(&self, t: f64) -> f64 {
        self.factor * self.raised.values(t.clamp(-1.0, 1.0))[self.degree - 1]
    }
}

/// Returns clip(sqrt(N) P_k(t), -1, 1) as a function of one variable.
pub(crate) fn clipped_harmonic(dim: Dim, degree: Degree) -> Result<Profile> {
    let n = dim.as_f64();
    let (mut previous, mut current) = (vec![0.0], vec![1.0]);
    for k in 0..degree {
        let k = k as f64;
        let (a, b) =
            if k == 0.0 { (1.0, 0.0) } else { ((2.0 * k + n - 2.0) / (k + n - 2.0), k / (k + n - 2.0)) };
        let mut next = vec![0.0; current.len() + 1];
        for (i, c) in current.iter().enumerate() {
            next[i + 1] += a * c;
        }
        for (i, c) in previous.iter().enumerate() {
            next[i] -= b * c;
        }
        (previous, current) = (current, next);
    }
    let norm = sqrt_multiplicity(dim, degree);
    let terms: Vec<String> = current
        .iter()
        .enumerate()
        .filter(|(_, c)| **c != 0.0)
        .map(|(i, c)| format!("({:e})*t^{i}", norm * c))
        .collect();
    let activation = Activation::parse(&format!("max(-1, min(1, {}))", terms.join(" + ")))?;
    Ok(Profile::Neuron { activation, scale: 1.0 })
}

fn text_of(profile: &Profile) -> String {
    match profile {
        Profile::Harmonic(k) => format!("harmonic {k}"),
        Profile::Neuron { activation, scale } => format!("{activation} {scale:e}"),
    }
}

fn no_exact(required: &str, function: &Function) -> Error {
    Error::parameter("the query", function, format!("{required}: no exact expectation is known for others"))
}
