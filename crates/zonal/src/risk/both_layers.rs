//! Exact expectations for networks whose hidden units move: loss and gradient of (1/2) E (f - g)^2 over the sphere,
//! without sampling.
//!
//! With w_j = l_j u_j and c the factor before the sum, E f^2 = c^2 sum_ij a_i a_j k_ij and E f g = c sum_j a_j q_j.
//! Homogeneous activations of exponent h have k_ij = (l_i l_j)^h kappa(<u_i, u_j>), in closed form for truncated
//! powers. For smooth activations k_ij is the sum over degrees of the products of the coefficients at each unit's own
//! length and bias, continued until it is complete up to rounding. The kernel of the step function is differentiable
//! although the step function is not.

use super::GradientOracle;
use crate::activation::{Activation, Structure};
use crate::error::{Error, Result, check_size};
use crate::fused::Gradient;
use crate::kernel::Kernel;
use crate::legendre::Recurrence;
use crate::linalg::{Matrix, add_scaled, dot};
use crate::network::{Architecture, Layers, Network, Weights};
use crate::numeric::level::Level;
use crate::numeric::sum::{non_negative, tree_sum};
use crate::sphere::{Degree, Dim};
use crate::target::Target;
use crate::units::{Coefficients, Units, cosines};
use pulp::{Simd, WithSimd};
use rayon::prelude::*;

/// The population risk of a target for an architecture.
#[derive(Clone, Debug)]
pub struct BothLayers<'a> {
    labels: Labels<'a>,
    dim: Dim,
    architecture: &'a Architecture,
    layers: Layers,
    norm_sq: f64,
    form: Form,
}

/// The source of the label part of the gradient.
#[derive(Clone, Debug)]
enum Labels<'a> {
    /// The target itself.
    Exact(&'a Target),
    /// An oracle.
    Answered(&'a dyn GradientOracle),
}

#[derive(Clone, Debug)]
enum Form {
    /// One kernel, multiplied by a power of the lengths.
    Homogeneous { kernel: Box<Kernel>, slope: Box<Kernel>, power: u32 },
    /// Sums over degrees.
    Smooth,
}

/// Coefficients below this fraction of the unit's norm are rounding errors.
const NOISE: f64 = 2e-14;
/// The fraction of a unit's norm by which the sum of its energies may differ from the norm.
const INCOMPLETE: f64 = 1e-12;
/// The degrees up to which a series is tried, in turn.
const ATTEMPTS: [Degree; 3] = [192, 384, 768];

/// For each unit, with its length, direction and bias: sums over all other units, and the contribution of the target.
struct Meetings {
    /// The derivative with respect to a_i for unit i, without powers of c; the other fields are also divided by a_i.
    value: Vec<f64>,
    by_length: Vec<f64>,
    by_bias: Vec<f64>,
    /// With respect to the direction, before projection on the tangent space of the sphere.
    by_direction: Matrix,
}

impl Form {
    fn homogeneous(architecture: &Architecture, dim: Dim, power: u32) -> Result<Self> {
        let kernel = Kernel::random_feature(&architecture.activation, dim, architecture.scale, 0)?;
        let slope = kernel.slope()?;
        Ok(Self::Homogeneous { kernel: Box::new(kernel), slope: Box::new(slope), power })
    }
}

impl<'a> BothLayers<'a> {
    /// Creates the risk of a target.
    ///
    /// # Errors
    /// [`Error::Parameter`] for an activation with kinks that has biases or is not homogeneous; [`Error::Size`] for
    /// another dimension or several labels.
    pub fn new(target: &'a Target, architecture: &'a Architecture, layers: Layers) -> Result<Self> {
        let dim = target.dim();
        check_sizes(architecture, dim)?;
        let activation = &architecture.activation;
        let form = match (activation.homogeneity(), architecture.biases) {
            (Some(power), false) => Form::homogeneous(architecture, dim, power)?,
            _ if is_smooth(activation) => Form::Smooth,
            _ => {
                let required = "for a homogeneous activation without biases (relu, leaky-relu, abs, step, sign, ..) or a \
                                smooth one (tanh, erf, gelu, ..); batches of fresh points work for all activations";
                return Err(unknown(architecture, required));
            }
        };
        let norm_sq = target.norm_sq()?;
        Ok(Self { labels: Labels::Exact(target), dim, architecture, layers, norm_sq, form })
    }

    /// Creates the risk whose label part an oracle answers, for homogeneous activations without biases. The oracle
    /// reports the correlation of each unit with the target and its derivative as the unit turns; the derivative with
    /// respect to the length follows from homogeneity. `label_sq` is E g^2.
    ///
    /// # Errors
    /// [`Error::Parameter`] for other activations or biases, [`Error::Size`] as for [`Self::new`].
    pub fn answered(
        oracle: &'a dyn GradientOracle,
        label_sq: f64,
        architecture: &'a Architecture,
        layers: Layers,
    ) -> Result<Self> {
        let dim = Dim::new(architecture.dim as u64)?;
        check_sizes(architecture, dim)?;
        let (Some(power), false) = (architecture.activation.homogeneity(), architecture.biases) else {
            return Err(unknown(
                architecture,
                "for a homogeneous activation without biases (relu, leaky-relu, squared-relu, abs, ..) when an oracle \
                 answers for the labels",
            ));
        };
        let form = Form::homogeneous(architecture, dim, power)?;
        Ok(Self { labels: Labels::Answered(oracle), dim, architecture, layers, norm_sq: label_sq, form })
    }

    /// Returns whether there are exact expectations for an activation, with or without trained biases.
    pub fn exists(activation: &Activation, biases: bool) -> bool {
        activation.homogeneity().is_some() && !biases || is_smooth(activation)
    }

    /// Computes E (f - g)^2 and the gradient of half of it. A unit of length zero has no direction and does not move.
    /// Cost for m units: about m^2 (4 n + 20) flops; for smooth activations this cost for each of about twenty degrees.
    ///
    /// # Errors
    /// [`Error::Size`] for weights that are not those of the architecture; as
    /// [`crate::spectrum::Spectrum::new`].
    pub fn gradient(&self, weights: &Weights) -> Result<(f64, Gradient)> {
        weights.check_sizes(self.architecture)?;
        let (m, n) = (weights.hidden.rows(), weights.hidden.columns());
        let lengths: Vec<f64> =
            (0..m).map(|j| dot(weights.hidden.row(j), weights.hidden.row(j)).sqrt()).collect();
        let mut directions = weights.hidden.clone();
        for (j, &l) in lengths.iter().enumerate().filter(|(_, l)| **l > 0.0) {
            directions.row_mut(j).iter_mut().for_each(|x| *x /= l);
        }
        let a = weights.output.row(0);
        let c = self.architecture.factor();
        let (units, target) = match &self.form {
            Form::Homogeneous { kernel, slope, power } => {
                self.homogeneous(kernel, slope, *power, a, &lengths, &directions)?
            }
            Form::Smooth => self.smooth(a, &lengths, &weights.biases, &directions)?,
        };
        let loss = self.norm_sq + c * c * dot(a, &units.value) - 2.0 * c * dot(a, &target.value);
        let both = |x: &[f64], y: &[f64], i: usize| c * c * x[i] - c * y[i];
        let mut gradient =
            Gradient { hidden: Matrix::zeros(m, n), biases: vec![0.0; m], output: Matrix::zeros(1, m) };
        for i in 0..m {
            if self.layers.output() {
                gradient.output.row_mut(0)[i] = both(&units.value, &target.value, i);
            }
            if !self.layers.hidden() {
                continue;
            }
            let by_length = a[i] * both(&units.by_length, &target.by_length, i);
            if self.architecture.biases {
                gradient.biases[i] = a[i] * both(&units.by_bias, &target.by_bias, i);
            }
            let u = directions.row(i);
            let mut moved: Vec<f64> = (0..n)
                .map(|k| a[i] * both(units.by_direction.row(i), target.by_direction.row(i), k))
                .collect();
            let along = dot(&moved, u);
            add_scaled(&mut moved, -along, u);
            let inverse = if lengths[i] > 0.0 { 1.0 / lengths[i] } else { 0.0 };
            for k in 0..n {
                gradient.hidden.row_mut(i)[k] = by_length * u[k] + inverse * moved[k];
            }
        }
        Ok((non_negative(loss), gradient))
    }

    /// Performs a step.
    pub(crate) fn step(&self, weights: &mut Weights, gradient: &Gradient, step: f64) {
        if self.layers.output() {
            add_scaled(weights.output.values_mut(), -step, gradient.output.values());
        }
        if self.layers.hidden() {
            add_scaled(weights.hidden.values_mut(), -step, gradient.hidden.values());
            add_scaled(&mut weights.biases, -step, &gradient.biases);
            if self.architecture.on_sphere {
                for j in 0..weights.hidden.rows() {
                    let row = weights.hidden.row_mut(j);
                    let length = dot(row, row).sqrt();
                    if length > 0.0 {
                        row.iter_mut().for_each(|x| *x /= length);
                    }
                }
            }
        }
    }

    fn homogeneous(
        &self,
        kernel: &Kernel,
        slope: &Kernel,
        power: u32,
        a: &[f64],
        lengths: &[f64],
        directions: &Matrix,
    ) -> Result<(Meetings, Meetings)> {
        let m = a.len();
        let (h, powers): (f64, Vec<f64>) =
            (f64::from(power), lengths.iter().map(|l| l.powi(power as i32)).collect());
        let by_power: Vec<f64> =
            lengths.iter().map(|l| if power == 0 { 0.0 } else { h * l.powi(power as i32 - 1) }).collect();
        let beta: Vec<f64> = a.iter().zip(&powers).map(|(a, l)| a * l).collect();
        let rho = directions.times_transposed(directions);
        let mut slopes = Matrix::zeros(m, m);
        let sums: Vec<f64> = slopes
            .values_mut()
            .par_chunks_mut(m)
            .enumerate()
            .map(|(i, slopes)| {
                let rho = cosines(rho.row(i), directions, i);
                kernel.evaluate(&rho, slopes);
                let sum = dot(slopes, &beta);
                if self.layers.hidden() {
                    slope.evaluate(&rho, slopes);
                    for (s, (b, r)) in slopes.iter_mut().zip(beta.iter().zip(&rho)) {
                        // The interaction of a unit with itself, or with a unit of the same or the opposite direction,
                        // does not turn it: the derivative along the sphere is zero or does not exist.
                        *s = if r.abs() < 1.0 { *s * b } else { 0.0 };
                    }
                }
                sum
            })
            .collect();
        let turned = if self.layers.hidden() {
            slopes.times(directions)
        } else {
            Matrix::zeros(m, directions.columns())
        };
        let units = scaled(&sums, turned, &powers, &by_power);
        let unit = crate::target::Profile::Neuron {
            activation: self.architecture.activation.clone(),
            scale: self.architecture.scale,
        };
        let (values, gradients) = match self.labels {
            Labels::Exact(target) => target.correlation_gradients(&unit, directions)?,
            Labels::Answered(oracle) => self.answers(oracle, directions)?,
        };
        Ok((units, scaled(&values, gradients, &powers, &by_power)))
    }

    fn answers(&self, oracle: &dyn GradientOracle, directions: &Matrix) -> Result<(Vec<f64>, Matrix)> {
        let Architecture { activation, scale, .. } = self.architecture;
        let network = Network::from_directions(activation.clone(), *scale, directions.clone())?;
        let mut values = oracle.output_layer(&network)?;
        check_size("answers for the output layer", values.len(), directions.rows())?;
        values.iter_mut().for_each(|x| *x /= network.factor());
        let gradients = if self.layers.hidden() {
            let gradients = oracle.hidden_layer(&network)?;
            check_size("answers for hidden units", gradients.rows(), directions.rows())?;
            check_size("coordinates of answers", gradients.columns(), directions.columns())?;
            gradients
        } else {
            Matrix::zeros(directions.rows(), directions.columns())
        };
        Ok((values, gradients))
    }

    fn smooth(
        &self,
        a: &[f64],
        lengths: &[f64],
        biases: &[f64],
        directions: &Matrix,
    ) -> Result<(Meetings, Meetings)> {
        let Labels::Exact(target) = self.labels else {
            return Err(unknown(self.architecture, "for a homogeneous activation"));
        };
        let (m, n, dim) = (a.len(), directions.columns(), self.dim);
        let biases = self.architecture.biases.then_some(biases);
        let units = Units {
            activation: &self.architecture.activation,
            scale: self.architecture.scale,
            lengths,
            biases,
        };
        let (coefficients, max_degree) = complete_series(target, &units)?;
        let recurrence = Recurrence::new(dim, max_degree + 1);
        let raised = Recurrence::new(Dim::new(dim.get() + 2)?, max_degree + 1);
        // a_j A_k(j), padded with zeros to whole lanes.
        let padded = m.next_multiple_of(LANES);
        let mut weighted = Matrix::zeros(max_degree + 1, padded);
        for k in 0..=max_degree {
            let row = weighted.row_mut(k).iter_mut().zip(coefficients.values.row(k).iter().zip(a));
            row.for_each(|(x, (value, a))| *x = value * a);
        }
        let rho = directions.times_transposed(directions);
        let columns = |rows: &Matrix| rows.transposed();
        let (values, by_length, by_bias) =
            (columns(&coefficients.values), columns(&coefficients.by_length), columns(&coefficients.by_bias));
        let one = |i: usize| {
            let mut rho = cosines(rho.row(i), directions, i);
            rho.resize(padded, 0.0);
            let mut turned = vec![0.0; padded];
            let pairs = Pairs {
                n: n as f64,
                recurrence: recurrence.factors(),
                raised: raised.factors(),
                own: [values.row(i), by_length.row(i), by_bias.row(i)],
                others: &weighted,
                rho: &rho,
                turned: &mut turned,
            };
            let sums = Level::here().dispatch(pairs);
            turned.truncate(m);
            (sums, directions.transposed_times_vector(&turned))
        };
        let met: Vec<([f64; 3], Vec<f64>)> = (0..m).into_par_iter().map(one).collect();
        let column = |c: usize| met.iter().map(|(sums, _)| sums[c]).collect::<Vec<f64>>();
        let by_direction =
            Matrix::from_rows(m, n, met.iter().flat_map(|(_, t)| t.iter().copied()).collect())?;
        let units = Meetings { value: column(0), by_length: column(1), by_bias: column(2), by_direction };
        let (parts, by_direction) =
            target.part_gradients(&coefficients.values.row_range(0, max_degree + 1), directions)?;
        let against = |rows: &Matrix| {
            let of_unit = |j: usize| (0..=max_degree).map(|k| rows.row(k)[j] * parts.row(k)[j]).sum();
            (0..m).map(of_unit).collect::<Vec<f64>>()
        };
        let target = Meetings {
            value: against(&coefficients.values),
            by_length: against(&coefficients.by_length),
            by_bias: against(&coefficients.by_bias),
            by_direction,
        };
        Ok((units, target))
    }
}

/// Computes the coefficients of all units, and the degree beyond which the units and the target have no energy above
/// rounding.
fn complete_series(target: &Target, units: &Units<'_>) -> Result<(Coefficients, Degree)> {
    let mut incomplete = 0;
    for degree in ATTEMPTS {
        let coefficients = units.coefficients(target.dim(), degree)?;
        let missing = coefficients.missing();
        let complete = |j: usize| missing[j].abs() <= INCOMPLETE * coefficients.norms[j];
        match (0..missing.len()).find(|j| !complete(*j)) {
            Some(j) => incomplete = j,
            None => {
                let needed = needed_degree(&coefficients).max(target.finite_degree().unwrap_or(0));
                if needed <= degree {
                    return Ok((coefficients, needed));
                }
            }
        }
    }
    let last = ATTEMPTS[ATTEMPTS.len() - 1];
    let bias = units.biases.map_or(0.0, |b| b[incomplete]);
    Err(Error::parameter(
        "an exact expectation",
        format!(
            "not complete by degree {last}: unit {incomplete} has arguments up to {:.3}, and the target has degree {}",
            units.scale * units.lengths[incomplete] + bias.abs(),
            target.finite_degree().map_or("infinity".to_owned(), |k| k.to_string())
        ),
        format!("complete by degree {last}; take a smaller scale, or fresh points as batches"),
    ))
}

/// Returns the last degree in which some unit has a coefficient above rounding.
fn needed_degree(coefficients: &Coefficients) -> Degree {
    let needed = |j: usize| {
        let rounding = NOISE * NOISE * coefficients.norms[j];
        (0..coefficients.values.rows()).rev().find(|&k| coefficients.values.row(k)[j].powi(2) > rounding)
    };
    (0..coefficients.norms.len()).filter_map(needed).max().unwrap_or(0)
}

/// The number of units that are processed at a time against another unit, so that the state of the recurrences stays in
/// registers.
const LANES: usize = 16;

/// The interaction of one unit with all others: sum_j w_k(j) P_k(rho_j) times each of its own three series, summed over
/// degrees, and the term that turns it, sum_k A_k w_k(j) P_k'(rho_j), from P_k' = k (k+n-2)/(n-1) P_(k-1) of dimension
/// n + 2.
struct Pairs<'a> {
    n: f64,
    recurrence: &'a [(f64, f64)],
    raised: &'a [(f64, f64)],
    own: [&'a [f64]; 3],
    /// One degree per row; the number of columns is a multiple of [`LANES`], as in the next two fields.
    others: &'a Matrix,
    rho: &'a [f64],
    turned: &'a mut [f64],
}

impl WithSimd for Pairs<'_> {
    type Output = [f64; 3];
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> [f64; 3] {
        let mut sums = [[0.0; LANES]; 3];
        let turned = self.turned.as_chunks_mut::<LANES>().0;
        for (chunk, (t, turned)) in self.rho.as_chunks::<LANES>().0.iter().zip(turned).enumerate() {
            let (mut previous, mut current) = ([0.0; LANES], [1.0; LANES]);
            let (mut previous_slope, mut slope) = ([0.0; LANES], [0.0; LANES]);
            let mut turn = [0.0; LANES];
            for k in 0..self.others.rows() {
                let w = &self.others.row(k).as_chunks::<LANES>().0[chunk];
                let degree = k as f64;
                let factor = degree * (degree + self.n - 2.0) / (self.n - 1.0) * self.own[0][k];
                let (a, b) = self.recurrence[k];
                // The derivative of degree k is one degree lower in dimension n + 2.
                let (c, d) = if k == 0 { (0.0, 0.0) } else { self.raised[k - 1] };
                let [x, y, z] = self.own.map(|own| own[k]);
                for l in 0..LANES {
                    let met = w[l] * current[l];
                    sums[0][l] += x * met;
                    sums[1][l] += y * met;
                    sums[2][l] += z * met;
                    turn[l] += factor * w[l] * slope[l];
                    let next = a * t[l] * current[l] - b * previous[l];
                    previous[l] = current[l];
                    current[l] = next;
                    let next = if k == 0 { 1.0 } else { c * t[l] * slope[l] - d * previous_slope[l] };
                    previous_slope[l] = slope[l];
                    slope[l] = next;
                }
            }
            *turned = turn;
        }
        sums.map(|s| tree_sum(&s))
    }
}

fn check_sizes(architecture: &Architecture, dim: Dim) -> Result<()> {
    for (what, found, required) in
        [("coordinates of a unit", architecture.dim, dim.as_usize()), ("labels", architecture.labels, 1)]
    {
        if found != required {
            return Err(Error::Size { what: what.into(), found, required });
        }
    }
    Ok(())
}

fn unknown(architecture: &Architecture, required: &str) -> Error {
    let biases = if architecture.biases { " with biases" } else { "" };
    Error::parameter(
        "an exact expectation",
        format!("requested for {}{biases}", architecture.activation),
        required,
    )
}

/// Scales values for unit vectors to the lengths of the units.
fn scaled(values: &[f64], mut by_direction: Matrix, powers: &[f64], by_power: &[f64]) -> Meetings {
    for (j, power) in powers.iter().enumerate() {
        by_direction.row_mut(j).iter_mut().for_each(|x| *x *= power);
    }
    let times = |factors: &[f64]| values.iter().zip(factors).map(|(v, l)| v * l).collect();
    Meetings {
        value: times(powers),
        by_length: times(by_power),
        by_bias: vec![0.0; values.len()],
        by_direction,
    }
}

/// Returns whether the activation is analytic, so that its series converges quickly.
fn is_smooth(activation: &Activation) -> bool {
    match activation.structure(1.0) {
        Ok(Structure::Piecewise(_)) | Err(_) => false,
        Ok(Structure::Polynomial(_) | Structure::Exponential(..)) => true,
        Ok(Structure::Numeric(_)) => activation.is_named(),
    }
}
