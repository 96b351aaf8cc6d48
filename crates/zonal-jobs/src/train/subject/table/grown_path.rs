//! The paths of grown networks, each of its own output layer, and their mean, which is one network.

use super::calibrate::{Calibration, HeldOut, SampledRows, smallest_loss};
use super::growth::HoldOut;
use super::problem::units;
use super::validation::smallest;
use crate::train::grown_layers::GrownLayers;
use crate::train::method::Course;
use crate::train::method::whole_path::WholePath;
use zonal::dynamics::GradientPath;
use zonal::lift::LabelScale;
use zonal::linalg::{Matrix, dot};
use zonal::observer::Observer;
use zonal::risk::Quadratic;
use zonal::rows::Part;
use zonal::statistics::Sums;
use zonal_documents::Result;
use zonal_documents::train::{Checkpoint, CourseReport, GrowthReport, MethodReport};
use zonal_io::model::{GrownDescription, HiddenLayer, Units};

/// The paths of all networks of one training.
pub(super) struct GrownPaths<'a> {
    paths: Vec<NetworkPath>,
    method: &'a WholePath,
    labels: &'a [LabelScale],
    hold_out: HoldOut,
}

impl<'a> GrownPaths<'a> {
    /// Computes the paths from the sums of each network over the rows outside of its fold, in it, and, if there are any, for
    /// testing. If the labels are classes, the best iteration of each network is chosen on the sample, whose groups are folds.
    pub(super) fn new(
        sums: &[Vec<Sums>],
        method: &'a WholePath,
        labels: &'a [LabelScale],
        sample: Option<(&SampledRows<'_>, &GrownLayers)>,
        hold_out: HoldOut,
        observer: &mut dyn Observer,
    ) -> Result<Self> {
        let paths = sums.iter().map(|sums| NetworkPath::new(sums, method, observer));
        let mut paths: Vec<NetworkPath> = paths.collect::<Result<_>>()?;
        if let Some((sample, grown)) = sample {
            for (network, (path, units)) in paths.iter_mut().zip(&grown.networks).enumerate() {
                let all = path.coefficients.clone();
                let held_out = (hold_out.of(network), Units::Mixed(units), all);
                let temperatures = sample.temperatures(&sample.all(&[held_out])?)?;
                if !temperatures.is_empty() {
                    path.best = smallest_loss(&temperatures);
                    path.log_losses = Some(temperatures.iter().map(|temperature| temperature.loss).collect());
                }
            }
        }
        Ok(Self { paths, method, labels, hold_out })
    }

    /// Returns what the sample tells on held-out rows: of their mean if all networks held out the same rows, otherwise of each network, at
    /// its best iteration; their errors are then made those of their mean by the points of rows that none of them has seen.
    pub(super) fn calibration(
        &self,
        sample: &SampledRows<'_>,
        unseen: &Matrix,
        grown: &GrownLayers,
    ) -> Result<Option<Calibration>> {
        let labels = self.labels.len();
        if self.hold_out.is_shared {
            let (hidden, best) =
                (grown.side_by_side()?, side_by_side(&self.paths, labels, |p| p.best * labels)?);
            let predicted = sample.all(&[(self.hold_out.of(0), Units::Mixed(&hidden), best)])?;
            return sample.calibration(&predicted, 0, true);
        }
        let networks = self.paths.iter().zip(&grown.networks).enumerate();
        let at_best = networks.map(|(fold, (path, units))| {
            let place = if sample.is_classified() { path.best } else { self.best_of_others(fold) };
            let coefficients = path.coefficients.row_range(place * labels, (place + 1) * labels);
            (fold, Units::Mixed(units), coefficients)
        });
        let at_best: Vec<HeldOut<'_>> = at_best.collect();
        let calibration = sample.calibration(&sample.all(&at_best)?, 0, true)?;
        let Some(Calibration::Numbers(mut errors)) = calibration else { return Ok(calibration) };
        for (errors, differences) in errors.iter_mut().zip(sample.differences(&at_best, unseen)?) {
            *errors = errors.of_mean(&differences);
        }
        Ok(Some(Calibration::Numbers(errors)))
    }

    /// Returns the iteration with the smallest mean loss on the rows that the other networks held out: the errors of a network on
    /// rows that chose its own iteration are too small.
    fn best_of_others(&self, network: usize) -> usize {
        let labels = self.labels.len();
        let others = || self.paths.iter().enumerate().filter(|(other, _)| *other != network);
        let loss = |place: usize| others().map(|(_, path)| path.held_weight * path.held[place]).sum::<f64>();
        let losses: Vec<f64> = (0..self.method.grid.len() * labels).map(loss).collect();
        smallest(&losses, labels)
    }

    /// Returns the mean over networks of lists of losses with their weights; None if a network has none.
    fn mean_of(&self, losses: impl Fn(&NetworkPath) -> Option<(f64, Vec<f64>)>) -> Option<Vec<f64>> {
        let all: Vec<(f64, Vec<f64>)> = self.paths.iter().map(losses).collect::<Option<_>>()?;
        let weight: f64 = all.iter().map(|(weight, _)| weight).sum();
        let count = all.first()?.1.len();
        let mean = |i: usize| all.iter().map(|(w, losses)| w * losses[i]).sum::<f64>() / weight;
        Some((0..count).map(mean).collect())
    }

    /// Returns the mean squared error of each label on held-out rows, each network at its best iteration; None if the mean of the
    /// networks held them out too.
    pub(super) fn held_out(&self) -> Option<Vec<f64>> {
        if self.hold_out.is_shared {
            return None;
        }
        let labels = self.labels.len();
        let losses = self.mean_of(|p| Some((p.held_weight, p.held_at(p.best, labels))))?;
        Some(self.in_units(&losses))
    }

    /// Converts the losses of the labels from standard units to each label's unit squared.
    fn in_units(&self, losses: &[f64]) -> Vec<f64> {
        losses.iter().zip(units(self.labels)).map(|(loss, unit)| loss * unit).collect()
    }

    /// Returns the course of the mean of the networks. `drawn` are the losses of drawn units on test rows, for comparison: one
    /// for each label at each listed iteration.
    pub(super) fn course(&self, grown: &GrownLayers, drawn: Option<&Vec<f64>>) -> Result<Course> {
        let (paths, grid, count) = (&self.paths, &self.method.grid, self.labels.len());
        let held = self.mean_of(|p| Some((p.held_weight, p.held.clone())));
        let path = self.checkpoints(held.as_ref(), drawn);
        let log_losses = path.iter().map(|checkpoint| checkpoint.log_loss).collect::<Option<Vec<f64>>>();
        let best = match (&log_losses, &held) {
            (Some(losses), _) => smallest(losses, 1),
            (None, Some(losses)) => smallest(losses, count),
            (None, None) => 0,
        };
        let step_size = paths.iter().map(|p| p.step).sum::<f64>() / paths.len() as f64;
        let growth = GrowthReport {
            total_width: grown.networks.iter().map(|n| n.width() as u64 - 1).sum(),
            activations: grown.activations(),
            best_iterations: paths.iter().map(|p| grid[p.best]).collect(),
            importances: grown.importances.clone(),
        };
        let description = GrownDescription {
            columns: grown.columns.clone(),
            groups: grown.groups().map(|g| (g.activation().clone(), g.width())).collect(),
            best_iterations: growth.best_iterations.clone(),
        };
        let report = CourseReport {
            best,
            growth: Some(growth),
            method: MethodReport::WholePath(None),
            ..self.method.report(step_size, path)
        };
        let hidden = grown.side_by_side()?;
        let best = side_by_side(paths, count, |p| p.best * count)?;
        let all: Vec<Matrix> =
            (0..grid.len()).map(|i| side_by_side(paths, count, |_| i * count)).collect::<Result<_>>()?;
        let values = all.iter().flat_map(|rows| rows.values()).copied().collect();
        let coefficients = Matrix::from_rows(grid.len() * count, hidden.width(), values)?;
        let network = Some((HiddenLayer::Grown(hidden, best), coefficients));
        Ok(Course { report, network, grown: Some(description) })
    }

    /// Returns the means over networks at the listed iterations.
    fn checkpoints(&self, held: Option<&Vec<f64>>, drawn: Option<&Vec<f64>>) -> Vec<Checkpoint> {
        let count = self.labels.len();
        let equal = |losses: &Vec<f64>| Some((1.0, losses.clone()));
        let [train, errors, test] = [
            self.mean_of(|p| equal(&p.train)),
            self.mean_of(|p| equal(&p.train_errors)),
            self.mean_of(|p| p.test.as_ref().and_then(equal)),
        ];
        let log_losses = self.mean_of(|p| Some((p.held_weight, p.log_losses.clone()?)));
        let at = |losses: Option<&Vec<f64>>, i: usize| {
            let losses = &losses?[i * count..(i + 1) * count];
            Some(self.in_units(losses).iter().sum::<f64>() / count as f64)
        };
        let checkpoint = |(i, &iteration): (usize, &u64)| Checkpoint {
            iteration,
            loss: at(train.as_ref(), i).unwrap_or(f64::NAN),
            loss_error: at(errors.as_ref(), i),
            validation_loss: at(held, i),
            test_loss: at(test.as_ref(), i),
            drawn_test_loss: at(drawn, i),
            log_loss: log_losses.as_ref().map(|losses| losses[i]),
            ..Checkpoint::default()
        };
        self.method.grid.iter().enumerate().map(checkpoint).collect()
    }
}

/// Returns the output coefficients of the mean of the networks: for each label those of each network from the row `first`
/// on, divided by the number of networks.
fn side_by_side(
    paths: &[NetworkPath],
    labels: usize,
    first: impl Fn(&NetworkPath) -> usize,
) -> Result<Matrix> {
    let factor = 1.0 / paths.len() as f64;
    let mut values = Vec::new();
    for label in 0..labels {
        values.extend(paths.iter().flat_map(|p| p.coefficients.row(first(p) + label)).map(|a| factor * a));
    }
    let columns = values.len() / labels;
    Ok(Matrix::from_rows(labels, columns, values)?)
}

/// The path of one network.
struct NetworkPath {
    step: f64,
    /// Output coefficients with that of the constant unit first: for each listed iteration one row for each label.
    coefficients: Matrix,
    /// For each listed iteration one loss for each label, in standard units.
    train: Vec<f64>,
    train_errors: Vec<f64>,
    held: Vec<f64>,
    test: Option<Vec<f64>>,
    held_weight: f64,
    /// The index of the iteration with the smallest loss on the rows of its fold.
    best: usize,
    /// If the labels are classes, the log-loss on sampled rows of its fold at each listed iteration, which chooses the best one.
    log_losses: Option<Vec<f64>>,
}

impl NetworkPath {
    /// Computes the path from the sums over the rows outside of the network's fold, in it, and for testing.
    fn new(sums: &[Sums], method: &WholePath, observer: &mut dyn Observer) -> Result<Self> {
        let [train, held] = [Part::Train, Part::Validation].map(|part| &sums[part as usize]);
        let test = sums.get(Part::Test as usize).filter(|sums| !sums.is_empty());
        let (quadratic, means) = centred(train)?;
        let path: GradientPath = method.path(quadratic, observer)?;
        let coefficients = means.with_constant(&path.coefficients(&method.grid))?;
        let labels = train.label_sq.len();
        let held_losses = held.losses(&coefficients)?;
        let at = |losses: fn(&GradientPath, u64) -> Vec<f64>| {
            method.grid.iter().flat_map(|&t| losses(&path, t)).collect::<Vec<f64>>()
        };
        let best = smallest(&held_losses, labels);
        let test = test.map(|sums| sums.losses(&coefficients)).transpose()?;
        Ok(Self {
            step: path.step(),
            train: at(GradientPath::losses),
            train_errors: at(GradientPath::loss_errors),
            coefficients,
            held: held_losses,
            test,
            held_weight: held.weight,
            best,
            log_losses: None,
        })
    }

    /// Returns the losses on the fold at a listed iteration, one for each label.
    fn held_at(&self, place: usize, labels: usize) -> Vec<f64> {
        self.held[place * labels..(place + 1) * labels].to_vec()
    }
}

/// Returns the loss as a function of the weights of all units but the first, which is constant and whose weight is always the best
/// one: that of features and labels less their means.
fn centred(sums: &Sums) -> Result<(Quadratic, Means)> {
    let gram = sums.gram.unpacked(1.0 / sums.weight);
    let width = gram.rows() - 1;
    let features = gram.row(0)[1..].to_vec();
    let mean = |label: usize| sums.correlation.row(label)[0] / sums.weight;
    let labels: Vec<f64> = (0..sums.label_sq.len()).map(mean).collect();
    let mut k = Matrix::zeros(width, width);
    for i in 0..width {
        for j in 0..width {
            k.row_mut(i)[j] = gram.row(i + 1)[j + 1] - features[i] * features[j];
        }
    }
    let mut b = Matrix::zeros(labels.len(), width);
    for (label, mean) in labels.iter().enumerate() {
        for j in 0..width {
            b.row_mut(label)[j] = sums.correlation.row(label)[j + 1] / sums.weight - mean * features[j];
        }
    }
    let c =
        labels.iter().zip(&sums.label_sq).map(|(mean, square)| 0.5 * (square / sums.weight - mean * mean));
    let quadratic = Quadratic::with_labels(k, b, c.collect())?;
    Ok((quadratic, Means { features, labels }))
}

/// The means of features and labels.
struct Means {
    /// Without the constant feature.
    features: Vec<f64>,
    labels: Vec<f64>,
}

impl Means {
    /// Puts the weight of the constant unit before the others.
    fn with_constant(&self, coefficients: &Matrix) -> Result<Matrix> {
        let mut out = Vec::new();
        for i in 0..coefficients.rows() {
            let row = coefficients.row(i);
            out.push(self.labels[i % self.labels.len()] - dot(row, &self.features));
            out.extend_from_slice(row);
        }
        Ok(Matrix::from_rows(coefficients.rows(), coefficients.columns() + 1, out)?)
    }
}

#[cfg(test)]
mod tests {
    use super::super::accumulate::Prepared;
    use super::*;
    use zonal::activation::Activation;
    use zonal::dynamics::Solver;
    use zonal::dynamics::Step;
    use zonal::network::{Mixed, Network};
    use zonal::numeric::random::{Purpose, normal, stream};
    use zonal::observer::Silent;
    use zonal::statistics::{Precision, Statistics};

    fn draw(rows: usize, columns: usize, seed: u64) -> Matrix {
        let mut rng = stream(seed, Purpose::Points, 0);
        Matrix::from_rows(rows, columns, (0..rows * columns).map(|_| normal(&mut rng)).collect()).unwrap()
    }

    /// A constant unit and others.
    fn units(seed: u64) -> Mixed {
        let constant = Network::with_biases(Activation::Relu, Matrix::zeros(1, 3), vec![1.0]).unwrap();
        let tanh = Network::with_biases(Activation::Tanh, draw(6, 3, seed), vec![0.3; 6]).unwrap();
        Mixed::new(vec![constant, tanh]).unwrap()
    }

    fn sums(units: &Mixed, points: &Matrix, labels: &Matrix) -> Sums {
        let rows = points.rows();
        let mut statistics = Statistics::new(units.width(), labels.columns(), 1, Precision::F64);
        Prepared::in_memory(vec![0; rows], points.clone(), labels.clone(), Vec::new())
            .add_to(&mut statistics, units)
            .unwrap();
        statistics.close(units).unwrap();
        statistics.part(0)
    }

    #[test]
    fn the_path_is_that_of_plain_descent_with_the_best_constant() {
        let (units, points, labels) = (units(1), draw(80, 3, 2), draw(80, 2, 3));
        let rows = sums(&units, &points, &labels);
        let method =
            WholePath { step: Step::Auto, solver: Solver::Dense, grid: vec![0, 1, 1_000], ridge: 0.0 };
        let found = NetworkPath::new(&[rows.clone(), rows.clone(), rows], &method, &mut Silent).unwrap();
        let values = |weights: &[f64]| {
            let row = Matrix::from_rows(1, weights.len(), weights.to_vec()).unwrap();
            units.values(&row, &points).unwrap().column(0)
        };
        let features: Vec<Vec<f64>> = (0..units.width())
            .map(|j| values(&(0..units.width()).map(|i| f64::from(u8::from(i == j))).collect::<Vec<_>>()))
            .collect();
        for label in 0..2 {
            // Steps on all rows, with the constant at its best value in each.
            let y = labels.column(label);
            let mut weights = vec![0.0; units.width()];
            let centre = |weights: &mut Vec<f64>| {
                weights[0] = 0.0;
                let mean = y.iter().zip(values(weights)).map(|(y, f)| y - f).sum::<f64>() / 80.0;
                weights[0] = mean;
            };
            centre(&mut weights);
            for t in 0..=1_000u64 {
                if let Some(i) = method.grid.iter().position(|listed| *listed == t) {
                    for (a, b) in weights.iter().zip(found.coefficients.row(2 * i + label)) {
                        assert!((a - b).abs() < 1e-12, "iteration {t}: {a} {b}");
                    }
                    let squares = y.iter().zip(values(&weights)).map(|(y, f)| (f - y) * (f - y));
                    let loss = squares.sum::<f64>() / 80.0;
                    assert!((loss - found.train[2 * i + label]).abs() < 1e-12);
                    assert!((loss - found.held[2 * i + label]).abs() < 1e-12);
                }
                let residuals: Vec<f64> = y.iter().zip(values(&weights)).map(|(y, f)| y - f).collect();
                for j in 1..weights.len() {
                    weights[j] += found.step * dot(&features[j], &residuals) / 80.0;
                }
                centre(&mut weights);
            }
        }
    }

    #[test]
    fn the_mean_of_networks_is_one_network() {
        let (points, labels) = (draw(80, 3, 2), draw(80, 1, 3));
        let networks = [units(1), units(2), units(5)];
        let method =
            WholePath { step: Step::Auto, solver: Solver::Dense, grid: vec![0, 10, 1_000], ridge: 0.0 };
        let path = |units: &Mixed| {
            let rows = sums(units, &points, &labels);
            NetworkPath::new(&[rows.clone(), rows.clone(), rows], &method, &mut Silent).unwrap()
        };
        let paths: Vec<NetworkPath> = networks.iter().map(path).collect();
        let one = Mixed::new(networks.iter().flat_map(|n| n.groups().to_vec()).collect()).unwrap();
        let values = one.values(&side_by_side(&paths, 1, |_| 2).unwrap(), &points).unwrap();
        for i in 0..80 {
            let each = networks.iter().zip(&paths).map(|(units, path)| {
                units.values(&path.coefficients.row_range(2, 3), &points).unwrap().row(i)[0]
            });
            let mean = each.sum::<f64>() / 3.0;
            assert!((values.row(i)[0] - mean).abs() < 1e-15 * (1.0 + mean.abs()));
        }
    }
}
