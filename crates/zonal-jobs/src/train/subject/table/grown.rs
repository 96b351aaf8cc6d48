//! Grown units on a table: K networks, each grown without one fold of a sample and with its own exact path on all rows, whose
//! mean is one network.

use super::accumulate::Prepared;
use super::growth::{AT_ONCE, GrowthPlan};
use super::polynomials;
use super::prepare::{TableFindings, TableSubject};
use super::problem::{Problem, units};
use super::validation::smallest;
use crate::data::for_each_prepared;
use crate::survey::standardise_labels;
use crate::train::grown_layers::GrownLayers;
use crate::train::method::Course;
use crate::train::method::whole_path::WholePath;
use crate::train::run::TrainingRun;
use crate::watchdog::{Cancellation, run_cancellable};
use rayon::prelude::*;
use zonal::activation::Activation;
use zonal::block::FeatureMap;
use zonal::dynamics::{GradientPath, Step};
use zonal::lift::LabelScale;
use zonal::linalg::{Matrix, dot};
use zonal::measure::{Monomials, best_polynomials};
use zonal::network::{Mixed, Network};
use zonal::observer::{Observer, Stage};
use zonal::risk::Quadratic;
use zonal::rows::{Part, Rows};
use zonal::statistics::{Precision, Statistics, Sums};
use zonal_documents::Result;
use zonal_documents::train::{Checkpoint, CourseReport, GrowthReport, Importance, MethodReport};
use zonal_grow::{Grown, grow};
use zonal_io::model::{GrownDescription, HiddenLayer};
use zonal_io::source::Source;

/// Trains on grown units.
pub(super) fn train(
    subject: &TableSubject<'_>,
    plan: &GrowthPlan,
    method: &WholePath,
    run: &mut TrainingRun<'_>,
) -> Result<(Course, TableFindings)> {
    let grown = match run.units.take() {
        Some(stored) => {
            stored.check(plan.networks, plan.columns.width())?;
            stored
        }
        None => grow_all(subject, plan, run.observer)?,
    };
    let variables = subject.problem.lift.kept.len();
    let most = polynomials::affordable(plan.growth.width, subject.survey.covered.rows());
    let monomials = polynomials::at_most(variables, most);
    let drawn = drawn(subject, plan)?;
    let mut pass = Pass::new(subject, plan, &grown.networks, &drawn, &monomials);
    pass.read(&subject.source, &|row| subject.problem.split.part(row) == Part::Test, run.observer)?;
    if let Some(source) = &subject.test_source {
        pass.read_test(source, run.observer)?;
    }
    let [sums, drawn_sums, polynomial_sums] = pass.finish()?;
    let labels = &subject.problem.labels;
    let paths: Vec<NetworkPath> =
        sums.iter().map(|sums| NetworkPath::new(sums, method, run.observer)).collect::<Result<_>>()?;
    let held_out = mean_of(&paths, |p| Some((p.held_weight, p.held_at(p.best, labels.len()))));
    let drawn_losses = drawn_losses(&drawn_sums[0], method, run.observer)?;
    let [train, test] = [&polynomial_sums[0][Part::Train as usize], &polynomial_sums[0][Part::Test as usize]];
    let best_polynomial = polynomials::reports(&best_polynomials(&monomials, train, test)?, labels);
    let held_out = held_out.map(|losses| in_units(&losses, labels));
    let course = course(subject, plan, &grown, &paths, &drawn_losses, method)?;
    Ok((course, TableFindings { best_polynomial, held_out }))
}

/// Grows the networks on the sample, each without the rows of its fold.
fn grow_all(
    subject: &TableSubject<'_>,
    plan: &GrowthPlan,
    observer: &mut dyn Observer,
) -> Result<GrownLayers> {
    let (sample, split) = (&subject.survey.sample, &subject.problem.split);
    let labels = standardise_labels(&subject.problem.labels, &sample.labels);
    let points = plan.columns.apply(&sample.features)?;
    let folds: Vec<usize> = sample.numbers.iter().map(|&row| split.fold(row, plan.networks)).collect();
    let part = |chosen: &[usize]| {
        let weights = if sample.weights.is_empty() { Vec::new() } else { sample.select(chosen).weights };
        zonal_grow::Rows::new(points.select(chosen), labels.select(chosen), weights)
    };
    let one = |network: usize, mut cancellation: &Cancellation| -> Result<Grown> {
        let (held, fitted): (Vec<usize>, Vec<usize>) = (0..folds.len()).partition(|&i| folds[i] == network);
        if held.is_empty() || fitted.len() < 2 {
            let (part, total) = ("validation", folds.len());
            return Err(zonal::Error::TooFewRows { part, found: held.len(), required: 1, total }.into());
        }
        Ok(grow(&part(&fitted)?, &part(&held)?, &plan.growth, network as u64, &mut cancellation)?)
    };
    let numbers: Vec<usize> = (0..plan.networks).collect();
    let mut out = Vec::new();
    for group in numbers.chunks(AT_ONCE) {
        let at = (Stage::Growth, out.len() as u64, plan.networks as u64);
        let grown = run_cancellable(observer, at, |cancellation| {
            let grown: Vec<Result<Grown>> = group.par_iter().map(|&k| one(k, cancellation)).collect();
            grown.into_iter().collect::<Result<Vec<_>>>()
        })?;
        out.extend(grown);
    }
    let importances = importances(subject, plan, &out);
    Ok(GrownLayers { networks: out.into_iter().map(|g| g.network).collect(), importances })
}

/// Returns the network of drawn units to compare with.
fn drawn(subject: &TableSubject<'_>, plan: &GrowthPlan) -> Result<Network> {
    let Problem { lift, seed, .. } = &subject.problem;
    Ok(Network::random(Activation::Relu, 1.0, lift.dim()?, plan.growth.width, *seed)?)
}

/// Returns the losses of the drawn network on test rows, one for each label at each listed iteration; none without test rows.
fn drawn_losses(sums: &[Sums], method: &WholePath, observer: &mut dyn Observer) -> Result<Option<Vec<f64>>> {
    let [train, test] = [Part::Train, Part::Test].map(|part| &sums[part as usize]);
    if test.is_empty() {
        return Ok(None);
    }
    // A step that was given is one for grown units.
    let method = WholePath { step: Step::Auto, grid: method.grid.clone(), ..*method };
    let path = method.path(&Quadratic::from_sums(train)?, observer)?;
    Ok(Some(test.losses(&path.coefficients(&method.grid))?))
}

/// The pass over all rows: sums of each network over the rows outside of its fold, in its fold, and for testing; and sums of
/// the drawn units and of monomials over the rows for training and testing.
struct Pass<'a> {
    subject: &'a TableSubject<'a>,
    plan: &'a GrowthPlan,
    networks: &'a [Mixed],
    drawn: &'a Network,
    monomials: &'a Monomials,
    features: Vec<Statistics>,
    of_drawn: Statistics,
    of_monomials: Statistics,
    /// The sums over separate test rows.
    test: Option<[Vec<Vec<Sums>>; 3]>,
}

impl<'a> Pass<'a> {
    fn new(
        subject: &'a TableSubject<'a>,
        plan: &'a GrowthPlan,
        networks: &'a [Mixed],
        drawn: &'a Network,
        monomials: &'a Monomials,
    ) -> Self {
        let (labels, parts) = (subject.problem.labels.len(), Part::ALL.len());
        let precision = subject.job.precision;
        let features = networks.iter().map(|n| Statistics::new(n.width(), labels, parts, precision));
        Self {
            subject,
            plan,
            networks,
            drawn,
            monomials,
            features: features.collect(),
            of_drawn: Statistics::new(drawn.width(), labels, parts, precision),
            of_monomials: Statistics::new(monomials.width(), labels, parts, Precision::F64),
            test: None,
        }
    }

    /// Reads the separate test rows.
    fn read_test(&mut self, source: &Source, observer: &mut dyn Observer) -> Result<()> {
        let mut test = Pass::new(self.subject, self.plan, self.networks, self.drawn, self.monomials);
        test.read(source, &|_| true, observer)?;
        let of_test = test.finish()?;
        self.test = Some(of_test);
        Ok(())
    }

    fn read(
        &mut self,
        source: &Source,
        is_test: &(dyn Fn(u64) -> bool + Sync),
        observer: &mut dyn Observer,
    ) -> Result<()> {
        let (subject, plan) = (self.subject, self.plan);
        let problem = &subject.problem;
        let prepare = |rows: &Rows| {
            let labels = standardise_labels(&problem.labels, &rows.labels);
            let fold = |&row: &u64| {
                if is_test(row) { plan.networks } else { problem.split.fold(row, plan.networks) }
            };
            let folds: Vec<usize> = rows.numbers.par_iter().with_min_len(256).map(fold).collect();
            let tested =
                folds.iter().map(|&k| if k == plan.networks { Part::Test } else { Part::Train } as usize);
            let parts: Vec<usize> = tested.collect();
            let points = Prepared::new(rows, &parts, &labels, 0, &|rows| Ok(plan.columns.apply(rows)?))?;
            let standard =
                Prepared::new(rows, &parts, &labels, 0, &|rows| Ok(problem.lift.standardise(rows)?))?;
            let lifted = Prepared::new(rows, &parts, &labels, 0, &|rows| Ok(problem.lift.apply(rows)?))?;
            Ok((points, lifted, standard, folds))
        };
        let total = subject.survey.covered.rows();
        let Self { features, of_drawn, of_monomials, networks, drawn, monomials, .. } = self;
        for_each_prepared(
            source,
            Stage::Statistics,
            total,
            observer,
            prepare,
            |_, (points, lifted, standard, folds)| {
                let add = |(network, (statistics, units)): (usize, (&mut Statistics, &Mixed))| {
                    let Some(points) = &points else { return Ok(()) };
                    let part = |&fold: &usize| match fold {
                        fold if fold == plan.networks => Part::Test,
                        fold if fold == network => Part::Validation,
                        _ => Part::Train,
                    };
                    let parts: Vec<usize> = folds.iter().map(|fold| part(fold) as usize).collect();
                    points.add_parts_to(&parts, statistics, units)
                };
                let grown = || features.par_iter_mut().zip(networks.par_iter()).enumerate().try_for_each(add);
                let others = || {
                    lifted.as_ref().map_or(Ok(()), |rows| rows.add_to(of_drawn, *drawn))?;
                    standard.as_ref().map_or(Ok(()), |rows| rows.add_to(of_monomials, *monomials))
                };
                let (grown, others) = rayon::join(grown, others);
                grown.and(others)
            },
        )
    }

    fn close(&mut self) -> Result<()> {
        for (statistics, units) in self.features.iter_mut().zip(self.networks) {
            statistics.close(units)?;
        }
        self.of_drawn.close(self.drawn)?;
        Ok(self.of_monomials.close(self.monomials)?)
    }

    /// Returns the sums of each part: of each network, of the drawn units and of the monomials.
    fn finish(mut self) -> Result<[Vec<Vec<Sums>>; 3]> {
        self.close()?;
        let features = self.features.into_iter().map(Statistics::into_parts).collect();
        let mut sums = [features, vec![self.of_drawn.into_parts()], vec![self.of_monomials.into_parts()]];
        if let Some(test) = self.test {
            for (own, other) in sums.iter_mut().flatten().zip(test.into_iter().flatten()) {
                own[Part::Test as usize] = other[Part::Test as usize].clone();
            }
        }
        Ok(sums)
    }
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
}

impl NetworkPath {
    /// Computes the path from the sums over the rows outside of the network's fold, in it, and for testing.
    fn new(sums: &[Sums], method: &WholePath, observer: &mut dyn Observer) -> Result<Self> {
        let [train, held, test] =
            [Part::Train, Part::Validation, Part::Test].map(|part| &sums[part as usize]);
        let centred = Centred::new(train)?;
        let path: GradientPath = method.path(&centred.quadratic, observer)?;
        let coefficients = centred.with_constant(&path.coefficients(&method.grid))?;
        let labels = train.label_sq.len();
        let held_losses = held.losses(&coefficients)?;
        let at = |losses: fn(&GradientPath, u64) -> Vec<f64>| {
            method.grid.iter().flat_map(|&t| losses(&path, t)).collect::<Vec<f64>>()
        };
        let best = smallest(&held_losses, labels);
        let test = if test.is_empty() { None } else { Some(test.losses(&coefficients)?) };
        Ok(Self {
            step: path.step(),
            train: at(GradientPath::losses),
            train_errors: at(GradientPath::loss_errors),
            coefficients,
            held: held_losses,
            test,
            held_weight: held.weight,
            best,
        })
    }

    /// Returns the losses on the fold at a listed iteration, one for each label.
    fn held_at(&self, place: usize, labels: usize) -> Vec<f64> {
        self.held[place * labels..(place + 1) * labels].to_vec()
    }
}

/// The loss as a function of the weights of all units but the first, which is constant and whose weight is always the best
/// one: features and labels less their means.
struct Centred {
    quadratic: Quadratic,
    /// The means of the features, without the constant one.
    features: Vec<f64>,
    labels: Vec<f64>,
}

impl Centred {
    fn new(sums: &Sums) -> Result<Self> {
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
        let c = labels
            .iter()
            .zip(&sums.label_sq)
            .map(|(mean, square)| 0.5 * (square / sums.weight - mean * mean));
        let quadratic = Quadratic::with_labels(k, b, c.collect())?;
        Ok(Self { quadratic, features, labels })
    }

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

/// Returns the mean over networks of lists of losses with their weights; None if a network has none.
fn mean_of(
    paths: &[NetworkPath],
    losses: impl Fn(&NetworkPath) -> Option<(f64, Vec<f64>)>,
) -> Option<Vec<f64>> {
    let all: Vec<(f64, Vec<f64>)> = paths.iter().map(losses).collect::<Option<_>>()?;
    let weight: f64 = all.iter().map(|(weight, _)| weight).sum();
    let count = all.first()?.1.len();
    let mean = |i: usize| all.iter().map(|(w, losses)| w * losses[i]).sum::<f64>() / weight;
    Some((0..count).map(mean).collect())
}

/// Converts the losses of the labels from standard units to each label's unit squared.
fn in_units(losses: &[f64], labels: &[LabelScale]) -> Vec<f64> {
    losses.iter().zip(units(labels)).map(|(loss, unit)| loss * unit).collect()
}

/// Returns the course of the mean of the networks.
fn course(
    subject: &TableSubject<'_>,
    plan: &GrowthPlan,
    grown: &GrownLayers,
    paths: &[NetworkPath],
    drawn: &Option<Vec<f64>>,
    method: &WholePath,
) -> Result<Course> {
    let labels = &subject.problem.labels;
    let count = labels.len();
    let equal = |losses: &Vec<f64>| Some((1.0, losses.clone()));
    let [train, errors, held, test] = [
        mean_of(paths, |p| equal(&p.train)),
        mean_of(paths, |p| equal(&p.train_errors)),
        mean_of(paths, |p| Some((p.held_weight, p.held.clone()))),
        mean_of(paths, |p| p.test.as_ref().and_then(equal)),
    ];
    let at = |losses: &Option<Vec<f64>>, i: usize| {
        let losses = &losses.as_ref()?[i * count..(i + 1) * count];
        Some(in_units(losses, labels).iter().sum::<f64>() / count as f64)
    };
    let checkpoint = |(i, &iteration): (usize, &u64)| Checkpoint {
        iteration,
        loss: at(&train, i).unwrap_or(f64::NAN),
        loss_error: at(&errors, i),
        validation_loss: at(&held, i),
        test_loss: at(&test, i),
        drawn_test_loss: at(drawn, i),
        ..Checkpoint::default()
    };
    let path: Vec<Checkpoint> = method.grid.iter().enumerate().map(checkpoint).collect();
    let best = held.as_ref().map_or(0, |losses| smallest(losses, count));
    let step_size = paths.iter().map(|p| p.step).sum::<f64>() / paths.len() as f64;
    let growth = GrowthReport {
        total_width: (plan.growth.width * plan.networks) as u64,
        activations: plan.growth.activations.clone(),
        best_iterations: paths.iter().map(|p| method.grid[p.best]).collect(),
        importances: grown.importances.clone(),
    };
    let description = GrownDescription {
        columns: plan.columns.clone(),
        groups: groups(&grown.networks).map(|g| (g.activation().clone(), g.width())).collect(),
        best_iterations: growth.best_iterations.clone(),
    };
    let report = CourseReport {
        best,
        growth: Some(growth),
        method: MethodReport::WholePath(None),
        ..method.report(step_size, path)
    };
    let hidden = Mixed::new(groups(&grown.networks).cloned().collect())?;
    let best = side_by_side(paths, count, |p| p.best * count)?;
    let all: Vec<Matrix> =
        (0..method.grid.len()).map(|i| side_by_side(paths, count, |_| i * count)).collect::<Result<_>>()?;
    let values = all.iter().flat_map(|rows| rows.values()).copied().collect();
    let coefficients = Matrix::from_rows(method.grid.len() * count, hidden.width(), values)?;
    let network = Some((HiddenLayer::Grown(hidden, best), coefficients));
    Ok(Course { report, network, grown: Some(description) })
}

fn groups(networks: &[Mixed]) -> impl Iterator<Item = &Network> {
    networks.iter().flat_map(Mixed::groups)
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

/// Returns how much the mean of the networks moves with each feature, the largest first.
fn importances(subject: &TableSubject<'_>, plan: &GrowthPlan, grown: &[Grown]) -> Vec<Importance> {
    let names = &subject.problem.lift.columns;
    let mut shares = vec![0.0; names.len()];
    for network in grown {
        for (column, share) in network.importances.iter().enumerate() {
            shares[plan.columns.feature_of(column)] += share / grown.len() as f64;
        }
    }
    let named = names.iter().zip(shares).filter(|(_, share)| *share > 0.0);
    let mut out: Vec<Importance> =
        named.map(|(feature, share)| Importance { feature: feature.clone(), share }).collect();
    out.sort_by(|a, b| b.share.total_cmp(&a.share));
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use zonal::dynamics::Solver;
    use zonal::numeric::random::{Purpose, normal, stream};
    use zonal::observer::Silent;

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
        let method = WholePath { step: Step::Auto, solver: Solver::Dense, grid: vec![0, 1, 1_000] };
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
        let method = WholePath { step: Step::Auto, solver: Solver::Dense, grid: vec![0, 10, 1_000] };
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
