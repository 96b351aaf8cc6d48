//! Funk-Hecke coefficients of units of any length and bias, x -> phi(s l <u, x> + b) for a unit vector u. They are
//! normalised, A_k = sqrt(N_k) E_t[phi(s l t + b) P_k(t)], so that the unit has energy A_k^2 in degree k and two units
//! have E[..] = sum_k A_k B_k P_k(<u, v>).
//!
//! For homogeneous activations without a bias the coefficients are multiplied by a factor l^h, without loss of
//! accuracy. All others are integrated over t = sin theta, where the weight is cos^(n-2) theta and smooth in every
//! dimension. The range is split at the points where phi is not smooth and at the point where its argument is zero, and
//! pieces are halved until a Gauss-Legendre rule resolves both phi and P_k on each: absolute error below 3e-14 of the
//! largest |phi|, or an error. Units with the same pieces share their nodes.

mod pieces;

use crate::activation::{Activation, Structure};
use crate::error::Result;
use crate::legendre::Recurrence;
use crate::linalg::Matrix;
use crate::spectrum::Spectrum;
use crate::sphere::{Degree, Dim};
use pieces::{Pieces, Sample};
use rayon::prelude::*;

/// The units of an activation, each with its own length and bias.
#[derive(Clone, Copy, Debug)]
pub struct Units<'a> {
    /// phi.
    pub activation: &'a Activation,
    /// s.
    pub scale: f64,
    /// l of each unit.
    pub lengths: &'a [f64],
    /// b of each unit; None if all are zero.
    pub biases: Option<&'a [f64]>,
}

/// Normalised coefficients, one degree per row, one unit per column.
#[derive(Clone, Debug)]
pub struct Coefficients {
    /// A_k.
    pub values: Matrix,
    /// dA_k/dl.
    pub by_length: Matrix,
    /// dA_k/db.
    pub by_bias: Matrix,
    /// E phi^2 of each unit.
    pub norms: Vec<f64>,
}

/// With biases, units with arguments up to this size share nodes: pieces that suit one such unit suit all.
const GENTLE: f64 = 10.0;
/// The number of parts into which each piece is split first for a formula or code, which may have narrow features that
/// long pieces miss.
const PARTS: usize = 8;
/// The number of nodes whose Legendre polynomials are in memory at a time.
const BLOCK: usize = 256;

impl Units<'_> {
    /// Computes A_k and its derivatives for k <= `max_degree`. Derivatives are zero for an activation without a
    /// derivative.
    ///
    /// # Errors
    /// As [`Spectrum::new`]; [`crate::Error::Parameter`] for a unit that oscillates too fast to be integrated.
    pub fn coefficients(&self, dim: Dim, max_degree: Degree) -> Result<Coefficients> {
        self.with_slopes(self.activation.has_slope(), dim, max_degree)
    }

    /// Computes A_k alone; the derivatives are set to zero.
    ///
    /// # Errors
    /// As [`Self::coefficients`].
    pub(crate) fn values(&self, dim: Dim, max_degree: Degree) -> Result<Coefficients> {
        self.with_slopes(false, dim, max_degree)
    }

    fn with_slopes(&self, slopes: bool, dim: Dim, max_degree: Degree) -> Result<Coefficients> {
        match (self.activation.homogeneity(), self.biases) {
            (Some(power), None) => self.homogeneous(dim, power, max_degree),
            _ => self.integrated(slopes, dim, max_degree),
        }
    }

    fn homogeneous(&self, dim: Dim, power: u32, max_degree: Degree) -> Result<Coefficients> {
        let spectrum = Spectrum::new(self.activation, dim, self.scale, max_degree)?;
        let (m, h) = (self.lengths.len(), f64::from(power));
        let mut out = Coefficients::zeros(max_degree, m);
        let norm = |l: &f64| spectrum.norm_sq() * l.powi(2 * power as i32);
        out.norms = self.lengths.iter().map(norm).collect();
        for (k, c) in spectrum.coefficients().iter().enumerate() {
            // Computed with logarithms: alpha_k may underflow where sqrt(N_k) overflows.
            let unit = f64::from(c.value.sign()) * (0.5 * c.energy.ln_abs()).exp();
            let unit = if c.value.sign() == 0 { 0.0 } else { unit };
            for (j, l) in self.lengths.iter().enumerate() {
                out.values.row_mut(k)[j] = unit * l.powi(power as i32);
                out.by_length.row_mut(k)[j] =
                    if power == 0 { 0.0 } else { unit * h * l.powi(power as i32 - 1) };
            }
        }
        Ok(out)
    }

    fn integrated(&self, slopes: bool, dim: Dim, max_degree: Degree) -> Result<Coefficients> {
        let integrals = Integrals {
            pieces: Pieces::new(dim, max_degree)?,
            recurrence: Recurrence::normalised(dim, max_degree),
            slopes,
        };
        let reach = self.lengths.iter().fold(0.0, |a: f64, l| a.max(self.scale * l.abs()))
            + self.biases.unwrap_or_default().iter().fold(0.0, |a: f64, b| a.max(b.abs()));
        let Shape { breaks, smooth, parts } = self.shape(reach)?;
        let m = self.lengths.len();
        // If the argument is zero at t = 0, or phi has no kink and no steep slope, all units share their nodes.
        let at_zero = self.biases.is_none() && breaks.iter().all(|z| *z == 0.0);
        let mut out = if at_zero || smooth && reach <= GENTLE {
            let end = integrals.pieces.end;
            integrals.of(self, &divided(&[-end, 0.0, end], parts))?
        } else {
            let one = |j: usize| {
                let biases = self.biases.map(|b| &b[j..=j]);
                let unit = Units { lengths: &self.lengths[j..=j], biases, ..*self };
                integrals.of(&unit, &divided(&unit.ends(&breaks, integrals.pieces.end), parts))
            };
            let all: Result<Vec<Coefficients>> = (0..m).into_par_iter().map(one).collect();
            Coefficients::side_by_side(max_degree, &all?)
        };
        self.clear_invisible(&mut out);
        Ok(out)
    }

    fn shape(&self, reach: f64) -> Result<Shape> {
        let structure = self.activation.structure(reach.max(f64::MIN_POSITIVE))?;
        let mut breaks: Vec<f64> = match &structure {
            Structure::Numeric(numeric) => numeric.breakpoints.iter().map(|b| b.to_f64()).collect(),
            _ => Vec::new(),
        };
        let tame = self.activation.is_named();
        let smooth = breaks.is_empty() && !matches!(structure, Structure::Piecewise(_));
        breaks.push(0.0);
        Ok(Shape { breaks, smooth, parts: if tame { 1 } else { PARTS } })
    }

    /// Returns the ends of the pieces of the first unit, as angles.
    fn ends(&self, breaks: &[f64], end: f64) -> Vec<f64> {
        let (slope, bias) = (self.scale * self.lengths[0], self.biases.map_or(0.0, |b| b[0]));
        let inside = |z: &f64| Some(((z - bias) / slope).asin()).filter(|x| x.abs() < end);
        let mut ends: Vec<f64> = breaks.iter().filter_map(inside).chain([-end, end]).collect();
        ends.sort_by(f64::total_cmp);
        ends.dedup();
        ends
    }

    /// Returns the arguments of all units at nodes, one node per row.
    fn arguments(&self, nodes: &[(f64, f64)]) -> Vec<f64> {
        let argument =
            |j: usize, t: f64| self.scale * self.lengths[j] * t + self.biases.map_or(0.0, |b| b[j]);
        nodes.iter().flat_map(|(t, _)| (0..self.lengths.len()).map(move |j| argument(j, *t))).collect()
    }

    /// Sets degrees that vanish by symmetry to exactly zero if there is no bias.
    fn clear_invisible(&self, coefficients: &mut Coefficients) {
        if self.biases.is_some() {
            return;
        }
        for k in (0..coefficients.values.rows()).filter(|&k| self.activation.vanishes_at(k)) {
            coefficients.values.row_mut(k).fill(0.0);
            coefficients.by_length.row_mut(k).fill(0.0);
        }
    }
}

/// The properties of phi that integration needs.
struct Shape {
    /// The arguments between which it is smooth, including zero.
    breaks: Vec<f64>,
    /// Whether phi has no kink.
    smooth: bool,
    /// The number of parts into which each piece is split first.
    parts: usize,
}

/// Returns the ends with each piece split into equal parts.
fn divided(ends: &[f64], parts: usize) -> Vec<f64> {
    let part = |w: &[f64], i: usize| w[0] + (w[1] - w[0]) * i as f64 / parts as f64;
    let starts = ends.windows(2).flat_map(|w| (0..parts).map(move |i| part(w, i)));
    starts.chain(ends.last().copied()).collect()
}

/// The data that the integrals of all units of a call share.
struct Integrals {
    pieces: Pieces,
    /// The recurrence of sqrt(N_k) P_k.
    recurrence: Recurrence,
    /// Whether derivatives are computed.
    slopes: bool,
}

impl Integrals {
    /// Computes the integrals of units that share the ends of their pieces.
    fn of(&self, units: &Units<'_>, ends: &[f64]) -> Result<Coefficients> {
        let m = units.lengths.len();
        let values = |nodes: &[(f64, f64)]| {
            let mut values = units.arguments(nodes);
            values.par_chunks_mut(BLOCK * m.max(1)).for_each(|v| units.activation.apply(v));
            values
        };
        let Sample { nodes, values } = self.pieces.sample(ends, m, &values)?;
        let mut out = Coefficients::zeros(self.recurrence.max_degree(), m);
        for (row, (_, w)) in values.chunks(m).zip(&nodes) {
            out.norms.iter_mut().zip(row).for_each(|(norm, v)| *norm += w * v * v);
        }
        for (nodes, values) in nodes.chunks(BLOCK).zip(values.chunks(BLOCK * m)) {
            let mut table = self.table(nodes);
            let values = Matrix::from_rows(nodes.len(), m, values.to_vec())?;
            add(&mut out.values, &table.times(&values));
            if !self.slopes {
                continue;
            }
            let mut slopes = Matrix::from_rows(nodes.len(), m, units.arguments(nodes))?;
            units.activation.replace_by_slopes(slopes.values_mut(), values.values());
            add(&mut out.by_bias, &table.times(&slopes));
            for k in 0..table.rows() {
                table.row_mut(k).iter_mut().zip(nodes).for_each(|(x, (t, _))| *x *= units.scale * t);
            }
            add(&mut out.by_length, &table.times(&slopes));
        }
        Ok(out)
    }

    /// Returns w_q sqrt(N_k) P_k(t_q), one degree per row.
    fn table(&self, nodes: &[(f64, f64)]) -> Matrix {
        let degrees = self.recurrence.max_degree();
        let t: Vec<f64> = nodes.iter().map(|n| n.0).collect();
        let (mut previous, mut current) = (vec![0.0; t.len()], vec![1.0; t.len()]);
        let mut table = Matrix::zeros(degrees + 1, t.len());
        for k in 0..=degrees {
            table.row_mut(k).iter_mut().zip(nodes.iter().zip(&current)).for_each(|(x, (n, p))| *x = n.1 * p);
            if k < degrees {
                self.recurrence.advance(k, &t, &mut previous, &mut current);
            }
        }
        table
    }
}

fn add(sum: &mut Matrix, term: &Matrix) {
    crate::linalg::add_scaled(sum.values_mut(), 1.0, term.values());
}

/// Returns the inner products of the unit vector in row i with all rows, from products with rounding errors: within
/// [-1, 1], and exactly 1 for equal rows. The square roots in closed kernels would amplify 1 - 2^-53, and mirrored
/// units would not cancel.
pub(crate) fn cosines(products: &[f64], directions: &Matrix, i: usize) -> Vec<f64> {
    // A few rounding errors of a sum of n squares.
    let near = 1.0 - 8.0 * f64::EPSILON * (16.0 + directions.columns() as f64);
    let own = directions.row(i);
    let cosine = |(j, &r): (usize, &f64)| {
        if j == i || r > near && directions.row(j) == own { 1.0 } else { r.clamp(-1.0, 1.0) }
    };
    products.iter().enumerate().map(cosine).collect()
}

impl Coefficients {
    fn zeros(max_degree: Degree, units: usize) -> Self {
        let zeros = || Matrix::zeros(max_degree + 1, units);
        Self { values: zeros(), by_length: zeros(), by_bias: zeros(), norms: vec![0.0; units] }
    }

    /// Joins the coefficients of single units, one unit per column.
    fn side_by_side(max_degree: Degree, all: &[Self]) -> Self {
        let mut out = Self::zeros(max_degree, all.len());
        for (j, one) in all.iter().enumerate() {
            out.norms[j] = one.norms[0];
            for k in 0..=max_degree {
                out.values.row_mut(k)[j] = one.values.row(k)[0];
                out.by_length.row_mut(k)[j] = one.by_length.row(k)[0];
                out.by_bias.row_mut(k)[j] = one.by_bias.row(k)[0];
            }
        }
        out
    }

    /// Returns E phi^2 of each unit minus the energies held: the energy of higher degrees. Rounding can make it
    /// slightly negative; a larger negative value means wrong coefficients.
    pub(crate) fn missing(&self) -> Vec<f64> {
        let mut missing = self.norms.clone();
        for k in 0..self.values.rows() {
            missing.iter_mut().zip(self.values.row(k)).for_each(|(m, a)| *m -= a * a);
        }
        missing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coefficients_are_those_of_the_spectrum_at_each_scale() {
        for (name, n) in
            [("relu", 5), ("tanh", 2), ("tanh", 12), ("gelu", 40), ("erf", 1000), ("max(t,0.2)-t^2", 7)]
        {
            let (activation, dim) = (Activation::parse(name).unwrap(), Dim::new(n).unwrap());
            let lengths = [0.3, 1.0, 4.5];
            let units = Units { activation: &activation, scale: 1.3, lengths: &lengths, biases: None };
            let found = units.coefficients(dim, 9).unwrap();
            // Through quadrature although there is a shorter way.
            let zeros = [0.0; 3];
            let integrated = Units { biases: Some(&zeros), ..units }.coefficients(dim, 9).unwrap();
            for (j, l) in lengths.iter().enumerate() {
                let spectrum = Spectrum::new(&activation, dim, 1.3 * l, 9).unwrap();
                let norm = spectrum.norm_sq().sqrt();
                for (k, c) in spectrum.coefficients().iter().enumerate() {
                    let exact = f64::from(c.value.sign()) * c.energy.to_f64().sqrt();
                    for coefficients in [&found, &integrated] {
                        let error = (coefficients.values.row(k)[j] - exact).abs();
                        assert!(error < 3e-14 * norm, "{name}, n = {n}, l = {l}, k = {k}: {error}");
                    }
                }
            }
        }
    }

    /// Pieces as long as the whole interval, arguments that oscillate, and steep ones; no energy may appear or be
    /// missing.
    #[test]
    fn high_degrees_of_any_unit_are_those_of_the_spectrum() {
        for (name, scale, bias, n) in [
            ("sigmoid", 8.0, 9.5, 3),
            ("tanh", 4.0, 7.0, 2),
            ("sin", 140.0, 0.0, 3),
            ("sin", 120.0, 30.0, 4),
            ("cos", 150.0, 0.0, 2),
            ("tanh", 150.0, 40.0, 3),
            ("gelu", 20.0, 20.5, 50),
            ("relu", 2.0, 0.7, 3),
        ] {
            let (activation, dim) = (Activation::parse(name).unwrap(), Dim::new(n).unwrap());
            let (lengths, biases) = ([1.0, 0.5], [bias, bias]);
            let units = Units { activation: &activation, scale, lengths: &lengths, biases: Some(&biases) };
            let found = units.coefficients(dim, 192).unwrap();
            let shifted = activation.with_bias(bias).unwrap();
            for (j, l) in lengths.iter().enumerate() {
                let spectrum = Spectrum::new(&shifted, dim, scale * l, 192).unwrap();
                let norm = spectrum.norm_sq().sqrt();
                for (k, c) in spectrum.coefficients().iter().enumerate() {
                    let exact = f64::from(c.value.sign()) * c.energy.to_f64().sqrt();
                    let error = (found.values.row(k)[j] - exact).abs();
                    assert!(error < 3e-14 * norm, "{name}, {scale}, {bias}, l = {l}, k = {k}: {error:e}");
                }
                let missing = found.missing()[j] - spectrum.tail_energy();
                assert!(missing.abs() < 1e-13 * norm * norm, "{name}, {scale}, {bias}, l = {l}: {missing:e}");
            }
        }
    }

    #[test]
    fn narrow_features_and_kinks_without_a_name_are_integrated() {
        let dim = Dim::new(3).unwrap();
        let bump = Activation::parse("tanh(t)+exp(-((t-0.3)/0.002)^2)").unwrap();
        // E[e^(-((t - 0.3)/w)^2)^2] = w sqrt(pi/2) / 2 for the uniform t in [-1, 1], and E[tanh^2] = 1 - tanh 1.
        let cross = 0.3f64.tanh() * 0.002 * std::f64::consts::PI.sqrt();
        let exact = 1.0 - 1f64.tanh() + 0.001 * (0.5 * std::f64::consts::PI).sqrt() + cross;
        let units = |activation| Units { activation, scale: 1.0, lengths: &[1.0], biases: Some(&[0.0]) };
        let found = units(&bump).coefficients(dim, 20).unwrap().norms[0];
        assert!((found - exact).abs() < 1e-6, "{found} {exact}");
        let jump =
            crate::activation::Function::new("jump", Vec::new(), |t| if t > 0.123 { 1.0 } else { 0.0 });
        let jump = Activation::Function(std::sync::Arc::new(jump));
        let found = units(&jump).coefficients(dim, 20).unwrap();
        assert!((found.norms[0] - 0.5 * (1.0 - 0.123)).abs() < 1e-14);
        // sqrt(3) times the integral of t / 2 from 0.123 to 1.
        let first = 3f64.sqrt() * 0.25 * (1.0 - 0.123 * 0.123);
        assert!((found.values.row(1)[0] - first).abs() < 1e-14);
        let pole = Activation::parse("cos(exp(9*t))").unwrap();
        assert!(units(&pole).coefficients(dim, 20).is_ok());
        let fast = Units { scale: 1e9, ..units(&Activation::Sin) };
        assert!(fast.coefficients(dim, 20).unwrap_err().to_string().contains("oscillates too fast"));
    }

    #[test]
    fn derivatives_are_those_of_differences() {
        for name in ["relu", "tanh", "softplus"] {
            let (activation, dim) = (Activation::parse(name).unwrap(), Dim::new(4).unwrap());
            let at = |l: f64, b: f64| {
                let (lengths, biases) = ([l], [b]);
                let units =
                    Units { activation: &activation, scale: 0.8, lengths: &lengths, biases: Some(&biases) };
                units.coefficients(dim, 6).unwrap()
            };
            let (l, b, h) = (1.4, 0.3, 1e-5);
            let here = at(l, b);
            let (up, down) = (at(l + h, b), at(l - h, b));
            let (right, left) = (at(l, b + h), at(l, b - h));
            for k in 0..=6 {
                let by_length = (up.values.row(k)[0] - down.values.row(k)[0]) / (2.0 * h);
                let by_bias = (right.values.row(k)[0] - left.values.row(k)[0]) / (2.0 * h);
                assert!((here.by_length.row(k)[0] - by_length).abs() < 1e-9, "{name} {k}");
                assert!((here.by_bias.row(k)[0] - by_bias).abs() < 1e-9, "{name} {k}");
            }
        }
    }
}
