//! Growth in stages.

use crate::candidates::{Candidates, Source, gumbel, largest};
use crate::fit::{Fit, Solution, importances};
use crate::periodic;
use crate::rows::Rows;
use crate::tuning::Objective;
use crate::unit::Units;
use zonal::activation::Activation;
use zonal::dynamics::Lbfgs;
use zonal::error::check_size;
use zonal::linalg::Matrix;
use zonal::network::{Mixed, Network};
use zonal::numeric::random::{Purpose, stream};
use zonal::observer::{Observer, Stage, check};
use zonal::{Error, Result};

/// How units are grown.
#[derive(Clone, Debug, PartialEq)]
pub struct Growth {
    /// The number of units.
    pub width: usize,
    /// The number of stages; each adds an equal share of the units.
    pub stages: usize,
    /// The number of candidates for each unit.
    pub pool: usize,
    /// The number of steps of L-BFGS at the end.
    pub tuning_steps: usize,
    /// The activations of units, each drawn equally often.
    pub activations: Vec<Activation>,
    /// Whether sine units are candidates too, where residuals repeat along a column.
    pub is_periodic: bool,
    /// The seed of all draws.
    pub seed: u64,
}

/// Grown units.
#[derive(Clone, Debug)]
pub struct Grown {
    /// The hidden layer. Its first unit is the constant 1.
    pub network: Mixed,
    /// How much the network moves with each column: the mean square of its derivative, as a share of the sum; zeros if it
    /// is constant.
    pub importances: Vec<f64>,
    /// The mean square of the residuals on the held-out rows at the best iteration, summed over labels. The units were
    /// chosen without these rows, the iteration and the end of the tuning with them.
    pub held_out_loss: f64,
    /// The same before the tuning.
    pub untuned_loss: f64,
}

/// The number of rows from which networks are larger.
const MANY_ROWS: u64 = 2_000;
/// The most rows on which importances are measured.
const SOME_ROWS: usize = 2_000;
/// The most values of these, and of the steps that L-BFGS remembers.
const SOME_VALUES: usize = 1 << 21;
const REMEMBERED_VALUES: usize = 1 << 22;
/// The number of candidates whose features are in memory at a time.
const AT_ONCE: usize = 64;
/// The share of importance that all columns keep.
const EXPLORE: f64 = 0.02;
/// Candidates are chosen by this power of their score.
const POWER: f64 = 4.0;
/// Deviations of candidates below this share of the largest one count as that share.
const LEAST_DEVIATION: f64 = 1e-3;
/// The steps that L-BFGS remembers, its steps between two evaluations on held-out rows, and the stiffness of units.
const MEMORY: [usize; 2] = [4, 10];
const LOOK: usize = 5;
const STIFFNESS: f64 = 1e-3;

impl Growth {
    /// Returns the defaults for a table with this many rows.
    pub fn for_rows(rows: u64) -> Self {
        let is_large = rows >= MANY_ROWS;
        Self {
            width: if is_large { 600 } else { 300 },
            stages: if is_large { 12 } else { 8 },
            pool: 20,
            tuning_steps: if is_large { 60 } else { 80 },
            activations: vec![Activation::Relu, Activation::Tanh],
            is_periodic: true,
            seed: 0,
        }
    }

    /// Returns the default number of networks for a table with this many rows; on small tables each fold has about ten.
    pub fn networks(rows: u64) -> usize {
        if rows >= MANY_ROWS { 4 } else { (rows / 10).clamp(2, 8) as usize }
    }

    /// Returns no units, with all activations that units may have.
    fn no_units(&self, depth: usize) -> Units {
        let mut activations = self.activations.clone();
        activations.extend(self.is_periodic.then_some(Activation::Sin));
        Units::none(activations, depth)
    }

    fn check(&self) -> Result<()> {
        let positive = [
            ("the width", self.width),
            ("the stages", self.stages),
            ("the candidates for each unit", self.pool),
        ];
        for (name, found) in positive {
            if found == 0 {
                return Err(Error::parameter(name, found, "at least 1"));
            }
        }
        if let Some(activation) = self.activations.iter().find(|a| !a.has_slope()) {
            return Err(Error::parameter("the activation", activation, "one whose derivative is known"));
        }
        if self.activations.is_empty() {
            return Err(Error::parameter("the number of activations", 0, "at least 1"));
        }
        Ok(())
    }
}

/// Grows a hidden layer on rows. Held-out rows determine where the output layer is stopped and where the tuning ends, and
/// nothing else. `number` is the number of the network: others have other draws.
///
/// Cost for N rows of d columns, m units and S stages: products N m^2, eigenproblems 3 S m^3, tuning 6 N m d a step.
///
/// # Errors
/// [`Error::Parameter`] for options outside of their domain; [`Error::Size`] for held-out rows with other columns or
/// labels; [`Error::Stopped`] if the observer requests a stop.
pub fn grow(
    rows: &Rows,
    held: &Rows,
    growth: &Growth,
    number: u64,
    observer: &mut dyn Observer,
) -> Result<Grown> {
    growth.check()?;
    check_size("columns of held-out rows", held.columns(), rows.columns())?;
    check_size("labels of held-out rows", held.labels.columns(), rows.labels.columns())?;
    let total = (growth.stages + growth.tuning_steps) as u64;
    let mut growing = Growing::new(rows, held, growth, number);
    for stage in 0..growth.stages {
        check(observer, Stage::Growth, stage as u64, total)?;
        growing.stage(stage)?;
    }
    let solution = growing.fit.solve()?;
    growing.tune(solution, |step| Ok(check(observer, Stage::Growth, (growth.stages + step) as u64, total)?))
}

/// Units during growth.
struct Growing<'a> {
    rows: &'a Rows,
    held: &'a Rows,
    growth: &'a Growth,
    number: u64,
    /// The points of some rows, on which importances are measured.
    some: Matrix,
    units: Units,
    fit: Fit<'a>,
}

impl<'a> Growing<'a> {
    fn new(rows: &'a Rows, held: &'a Rows, growth: &'a Growth, number: u64) -> Self {
        Self {
            rows,
            held,
            growth,
            number,
            some: rows.some(SOME_ROWS.min(SOME_VALUES / (rows.columns() + 1)).max(1)),
            units: growth.no_units(rows.columns() + 1),
            fit: Fit::new(rows, held),
        }
    }

    /// Adds the units of one stage.
    fn stage(&mut self, stage: usize) -> Result<()> {
        let Growth { width, stages, pool, seed, .. } = *self.growth;
        let count = width * (stage + 1) / stages - width * stage / stages;
        if count == 0 {
            return Ok(());
        }
        let columns = self.rows.columns();
        let mut rng = stream(seed, Purpose::Growth, (1 << 62) | (self.number << 10) | stage as u64);
        let (residuals, importances, parents) = if self.units.len() == 0 {
            (self.fit.labels().clone(), vec![1.0 / columns as f64; columns], None)
        } else {
            let solution = self.fit.solve()?;
            let residuals = self.fit.residuals(&solution, &mut rng);
            let importances = explored(&importances(&self.units, &solution.coefficients, &self.some));
            (residuals, importances, Some(shares(&solution, &self.fit.deviations())))
        };
        let source = Source {
            rows: self.rows,
            importances: &importances,
            parents: parents.as_ref().map(|shares| (&self.units, shares.as_slice())),
            kinds: self.growth.activations.len(),
            seed,
            place: [self.number, stage as u64],
        };
        let mut drawn = source.draw(pool * count, &self.growth.no_units(self.units.depth));
        if self.growth.is_periodic && stage > 0 {
            for weights in periodic::candidates(&self.rows.points, &residuals) {
                drawn.push(source.kinds, &weights, None);
            }
        }
        let mut candidates = drawn.grouped();
        let scores = self.scores(&mut candidates, &residuals);
        let keys: Vec<f64> = scores.iter().map(|c| POWER * c.ln() + gumbel(&mut rng)).collect();
        let chosen = candidates.units.grouped(largest(&keys, count));
        self.fit.add(&chosen);
        self.units.append(&chosen);
        Ok(())
    }

    /// Scales the candidates, and returns for each the correlation of its features with the residuals, as a length over labels.
    fn scores(&self, candidates: &mut Candidates, residuals: &Matrix) -> Vec<f64> {
        let (mut lengths, mut deviations) = (Vec::new(), Vec::new());
        for first in (0..candidates.units.len()).step_by(AT_ONCE) {
            let last = (first + AT_ONCE).min(candidates.units.len());
            let some = candidates.units.range(first, last);
            let mut features = some.arguments(&self.rows.points);
            candidates.scale(first..last, &mut features);
            some.apply(&mut features);
            self.rows.centre(&mut features);
            let mut squares = vec![0.0; some.len()];
            for i in 0..features.rows() {
                squares.iter_mut().zip(features.row(i)).for_each(|(sum, x)| *sum += x * x);
            }
            let products = residuals.transposed_times(&features);
            let length =
                |j: usize| (0..products.rows()).map(|l| products.row(l)[j].powi(2)).sum::<f64>().sqrt();
            lengths.extend((0..some.len()).map(length));
            deviations.extend(squares.into_iter().map(f64::sqrt));
        }
        let least = LEAST_DEVIATION * deviations.iter().fold(0.0f64, |a, &b| a.max(b));
        let score = |(length, deviation): (f64, f64)| {
            let score = length / deviation.max(least);
            if score > 0.0 { score } else { f64::MIN_POSITIVE }
        };
        lengths.into_iter().zip(deviations).map(score).collect()
    }

    /// Moves all weights by some steps of L-BFGS; keeps those with the smallest loss on held-out rows.
    fn tune(&self, solution: Solution, mut step: impl FnMut(usize) -> Result<()>) -> Result<Grown> {
        let order = self.units.grouped((0..self.units.len()).collect());
        // `grouped` sorts by activation and keeps the order within a group, and so does this.
        let mut places: Vec<usize> = (0..self.units.len()).collect();
        places.sort_by_key(|&j| self.units.kinds[j]);
        let labels = self.rows.labels.columns();
        let mut output = Matrix::zeros(labels, order.len());
        let mut constants = vec![0.0; labels];
        for label in 0..labels {
            let row = solution.coefficients.row(label);
            output.row_mut(label).iter_mut().zip(&places).for_each(|(a, &j)| *a = row[j]);
            let mean: f64 = row.iter().zip(&self.fit.means).map(|(a, mean)| a * mean).sum();
            constants[label] = self.fit.label_means[label] - mean;
        }
        let ridge = 1.0 / (solution.step * solution.iterations as f64);
        let objective = Objective::new(self.rows, &order, ridge, STIFFNESS);
        let mut f = |x: &[f64]| objective.value(x);
        let start = objective.start(&output, &constants);
        let memory = (REMEMBERED_VALUES / start.len()).clamp(MEMORY[0], MEMORY[1]);
        let mut search = Lbfgs::new(start, memory, &mut f);
        let mut best = (solution.held_out, order.clone(), output);
        for done in 1..=self.growth.tuning_steps {
            step(done)?;
            let moved = search.step(&mut f);
            if !moved || done % LOOK == 0 || done == self.growth.tuning_steps {
                let (units, output, constants) = objective.network(search.point());
                let loss = self.held.loss(&units, &output, &constants);
                if loss < best.0 {
                    best = (loss, units, output);
                }
            }
            if !moved {
                break;
            }
        }
        let (held_out_loss, units, output) = best;
        let importances = importances(&units, &output, &self.some);
        let network = mixed(&units)?;
        Ok(Grown { network, importances, held_out_loss, untuned_loss: solution.held_out })
    }
}

/// Returns the probabilities of columns to be used: their importances, with a small share for all of them.
fn explored(importances: &[f64]) -> Vec<f64> {
    let uniform = 1.0 / importances.len() as f64;
    let mixed: Vec<f64> = importances.iter().map(|share| share + EXPLORE * uniform).collect();
    let total: f64 = mixed.iter().sum();
    mixed.into_iter().map(|p| p / total).collect()
}

/// Returns, for each unit, its share in the network: the largest output weight times the unit's deviation.
fn shares(solution: &Solution, deviations: &[f64]) -> Vec<f64> {
    let labels = solution.coefficients.rows();
    let weight = |j: usize| (0..labels).map(|l| solution.coefficients.row(l)[j].abs()).fold(0.0, f64::max);
    deviations.iter().enumerate().map(|(j, deviation)| weight(j) * deviation).collect()
}

/// Returns the hidden layer of these units, which are grouped by activation, after a constant unit.
fn mixed(units: &Units) -> Result<Mixed> {
    let depth = units.depth;
    let mut one = vec![0.0; depth];
    one[depth - 1] = 1.0;
    let mut groups = vec![group(&Activation::Relu, &[&one])?];
    for (kind, activation) in units.activations.iter().enumerate() {
        let own: Vec<&[f64]> =
            (0..units.len()).filter(|&j| units.kinds[j] == kind).map(|j| units.unit(j)).collect();
        if !own.is_empty() {
            groups.push(group(activation, &own)?);
        }
    }
    Mixed::new(groups)
}

fn group(activation: &Activation, units: &[&[f64]]) -> Result<Network> {
    let columns = units[0].len() - 1;
    let hidden = units.iter().flat_map(|unit| &unit[..columns]).copied().collect();
    let biases = units.iter().map(|unit| unit[columns]).collect();
    Network::with_biases(activation.clone(), Matrix::from_rows(units.len(), columns, hidden)?, biases)
}

#[cfg(test)]
mod tests {
    use super::*;
    use zonal::numeric::random::uniform;
    use zonal::observer::{Silent, StopReason};

    /// Rows with three columns, of which the label uses two, and a second label.
    fn rows(count: usize, seed: u64, weights: Vec<f64>) -> Rows {
        let mut rng = stream(seed, Purpose::Points, 0);
        let points: Vec<f64> = (0..3 * count).map(|_| 3.4 * uniform(&mut rng) - 1.7).collect();
        let label = |x: &[f64]| [(2.0 * x[0]).sin() + (x[1] - 0.3).abs() - 0.8, x[0] * x[1]];
        let labels = points.chunks(3).flat_map(label).collect();
        let points = Matrix::from_rows(count, 3, points).unwrap();
        Rows::new(points, Matrix::from_rows(count, 2, labels).unwrap(), weights).unwrap()
    }

    fn small() -> Growth {
        Growth { width: 60, stages: 3, tuning_steps: 20, ..Growth::for_rows(300) }
    }

    #[test]
    fn what_is_useful_is_found_and_the_other_column_is_not_used() {
        let grown =
            grow(&rows(300, 1, Vec::new()), &rows(100, 2, Vec::new()), &small(), 0, &mut Silent).unwrap();
        // The labels have mean squares of about 1 and 0.9.
        assert!(grown.held_out_loss < 0.05, "{}", grown.held_out_loss);
        assert!(grown.held_out_loss <= grown.untuned_loss);
        assert!(grown.importances[2] < 0.05, "{:?}", grown.importances);
        assert!((grown.importances.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        assert_eq!(grown.network.width(), 61);
        let constant = grown.network.groups()[0].features(&Matrix::zeros(2, 3)).unwrap();
        assert_eq!(constant.values(), [1.0, 1.0]);
    }

    #[test]
    fn bits_depend_on_seed_and_number_and_not_on_threads() {
        let (fitted, held) = (rows(400, 1, Vec::new()), rows(100, 2, Vec::new()));
        let bits = |threads: usize, growth: &Growth, number: u64| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let grown = pool.install(|| grow(&fitted, &held, growth, number, &mut Silent)).unwrap();
            let groups = grown.network.groups().iter();
            groups.flat_map(|g| g.directions().values().to_vec()).map(f64::to_bits).collect::<Vec<u64>>()
        };
        let one = bits(1, &small(), 0);
        assert_eq!(one, bits(3, &small(), 0));
        assert_ne!(one, bits(1, &small(), 1));
        assert_ne!(one, bits(1, &Growth { seed: 1, ..small() }, 0));
    }

    #[test]
    fn scores_do_not_depend_on_how_many_candidates_are_in_memory() {
        let (fitted, held, growth) = (rows(80, 1, Vec::new()), rows(20, 2, Vec::new()), small());
        let growing = Growing::new(&fitted, &held, &growth, 0);
        let mut units = Units::none(vec![Activation::Relu], 4);
        (0..AT_ONCE + 7).for_each(|j| units.push(0, &[(j as f64).sin(), (0.3 * j as f64).cos(), 0.4, 0.1]));
        let scores = |units: Units| {
            let sizes = (0..units.len()).map(|j| (j % 2 == 0).then_some(2.0)).collect();
            growing.scores(&mut Candidates { units, sizes }, growing.fit.labels())
        };
        let all = scores(units.clone());
        assert_eq!(all.len(), units.len());
        for (j, score) in all.iter().enumerate() {
            let alone = scores(units.range(j, j + 1))[0];
            assert!((score - alone).abs() < 1e-9 * alone, "{j}: {score} {alone}");
        }
    }

    #[test]
    fn held_out_rows_do_not_choose_units() {
        let fitted = rows(300, 1, Vec::new());
        // Without later stages and without tuning there is no iteration to choose.
        let growth = Growth { stages: 1, tuning_steps: 0, ..small() };
        let units = |held: &Rows| {
            let grown = grow(&fitted, held, &growth, 0, &mut Silent).unwrap();
            let groups = grown.network.groups().iter();
            groups.flat_map(|g| g.directions().values().to_vec()).map(f64::to_bits).collect::<Vec<u64>>()
        };
        assert_eq!(units(&rows(100, 2, Vec::new())), units(&rows(50, 7, Vec::new())));
    }

    #[test]
    fn a_row_of_weight_two_counts_as_two_rows() {
        let (fitted, held) = (rows(200, 1, Vec::new()), rows(50, 2, Vec::new()));
        let twice = |x: &Matrix| x.select(&(0..200).chain(0..100).collect::<Vec<_>>());
        let points = |x: &Rows| {
            let mut out = Vec::new();
            (0..x.len()).for_each(|i| out.extend_from_slice(&x.points.row(i)[..3]));
            Matrix::from_rows(x.len(), 3, out).unwrap()
        };
        let weights: Vec<f64> = (0..200).map(|i| if i < 100 { 2.0 } else { 1.0 }).collect();
        let weighted = Rows::new(points(&fitted), fitted.labels.clone(), weights).unwrap();
        let doubled = Rows::new(twice(&points(&fitted)), twice(&fitted.labels), Vec::new()).unwrap();
        let mut units = Units::none(vec![Activation::Tanh], 4);
        (0..6).for_each(|j| units.push(0, &[1.0, 0.3 * f64::from(j), -0.5, 0.2 * f64::from(j)]));
        let solve = |rows: &Rows| {
            let mut fit = Fit::new(rows, &held);
            fit.add(&units);
            let solution = fit.solve().unwrap();
            let residuals = fit.residuals(&solution, &mut stream(0, Purpose::Growth, 0));
            let objective = Objective::new(rows, &units, 0.1, 0.2);
            let (value, _) = objective.value(&objective.start(&solution.coefficients, &[0.1, 0.2]));
            (solution.held_out, residuals.row(150)[0] / rows.weights[150].sqrt(), value)
        };
        let (a, b) = (solve(&weighted), solve(&doubled));
        assert!((a.0 - b.0).abs() < 1e-10 * a.0, "{a:?} {b:?}");
        assert!((a.2 - b.2).abs() < 1e-10 * a.2, "{a:?} {b:?}");
        // The leverage of a row counts copies of it, but this row has none.
        assert!((a.1 - b.1).abs() < 1e-8, "{a:?} {b:?}");
    }

    #[test]
    fn leave_one_out_residuals_are_derivatives_of_the_fit() {
        let (fitted, held) = (rows(60, 1, Vec::new()), rows(30, 2, Vec::new()));
        let mut units = Units::none(vec![Activation::Relu], 4);
        (0..8).for_each(|j| {
            units.push(0, &[f64::from(j % 3) - 1.0, 0.4 * f64::from(j) - 1.0, 0.2, 0.1 * f64::from(j)])
        });
        // The fit at a row is linear in its label: its slope is the leverage.
        let with = |shift: f64| {
            let mut moved = fitted.clone();
            moved.labels.row_mut(7)[0] += shift;
            let mut fit = Fit::new(&moved, &held);
            fit.add(&units);
            let solution = fit.solve().unwrap();
            let value = moved.labels.row(7)[0] - fit.label_means[0] - fit.labels().row(7)[0];
            assert!(value.abs() < 1e-14);
            let residuals = fit.residuals(&solution, &mut stream(0, Purpose::Growth, 0));
            (residuals.row(7)[0], solution.iterations, fit.plain_residual(&solution, 7))
        };
        let (moved, base) = (with(1e-6), with(0.0));
        assert_eq!(moved.1, base.1);
        // d(y - f)/dy = 1 - h.
        let slope = (moved.2 - base.2) / 1e-6;
        assert!((base.0 * slope - base.2).abs() < 1e-7, "{base:?} {slope}");
    }

    #[test]
    fn mistakes_are_errors_and_a_stop_is_heeded() {
        let (fitted, held) = (rows(40, 1, Vec::new()), rows(20, 2, Vec::new()));
        for growth in [
            Growth { width: 0, ..small() },
            Growth { stages: 0, ..small() },
            Growth { activations: Vec::new(), ..small() },
            Growth { activations: vec![Activation::from_fn("f", |t| t)], ..small() },
        ] {
            assert!(matches!(grow(&fitted, &held, &growth, 0, &mut Silent), Err(Error::Parameter { .. })));
        }
        let other = Rows::new(Matrix::zeros(3, 2), Matrix::zeros(3, 2), Vec::new()).unwrap();
        assert!(matches!(grow(&fitted, &other, &small(), 0, &mut Silent), Err(Error::Size { .. })));
        assert!(Rows::new(Matrix::zeros(3, 2), Matrix::zeros(2, 1), Vec::new()).is_err());
        assert!(Rows::new(Matrix::zeros(3, 2), Matrix::zeros(3, 1), vec![1.0, 0.0, 1.0]).is_err());
        struct Impatient(u64);
        impl Observer for Impatient {
            fn progress(&mut self, _: Stage, done: u64, _: u64) -> std::ops::ControlFlow<StopReason> {
                if done >= self.0 {
                    std::ops::ControlFlow::Break(StopReason::Interrupted)
                } else {
                    std::ops::ControlFlow::Continue(())
                }
            }
        }
        for done in [0, 1, 4] {
            let stopped = grow(&fitted, &held, &small(), 0, &mut Impatient(done));
            assert!(matches!(stopped, Err(Error::Stopped(_))));
        }
    }

    #[test]
    fn labels_without_variance_and_columns_without_use_do_not_panic() {
        let constant =
            |rows: usize| Rows::new(Matrix::zeros(rows, 2), Matrix::zeros(rows, 1), Vec::new()).unwrap();
        // All features are constant.
        assert!(grow(&constant(30), &constant(10), &small(), 0, &mut Silent).is_err());
    }
}
