//! Grown units on a table: K networks, each grown without one fold of a sample and with its own exact path on all rows, whose
//! mean is one network.

use super::accumulate::Prepared;
use super::calibrate::SampledRows;
use super::grown_path::GrownPaths;
use super::growth::{GrowthPlan, HoldOut};
use super::polynomials;
use super::prepare::{TableFindings, TableSubject};
use super::problem::Problem;
use crate::data::for_each_prepared;
use crate::survey::standardise_labels;
use crate::train::grown_layers::GrownLayers;
use crate::train::method::Course;
use crate::train::method::whole_path::WholePath;
use crate::train::run::TrainingRun;
use rayon::prelude::*;
use zonal::activation::Activation;
use zonal::block::FeatureMap;
use zonal::dynamics::Step;
use zonal::linalg::Matrix;
use zonal::measure::{Monomials, best_polynomials};
use zonal::network::{Mixed, Network};
use zonal::observer::{Observer, Stage};
use zonal::risk::Quadratic;
use zonal::rows::{Draw, Part, Rows};
use zonal::statistics::{Precision, Statistics, Sums};
use zonal_documents::Result;
use zonal_io::source::Source;

/// The most test rows, and values of these, on which the networks are compared with each other.
const MOST_UNSEEN: usize = 2_000;
const MOST_UNSEEN_VALUES: usize = 1 << 21;

/// Trains on grown units.
pub(super) fn train(
    subject: &TableSubject<'_>,
    plan: &GrowthPlan,
    method: &WholePath,
    run: &mut TrainingRun<'_>,
) -> Result<(Course, TableFindings)> {
    let grown = match run.units.take() {
        Some(stored) => {
            stored.check(plan.hold_out.networks, plan.columns.width())?;
            stored
        }
        None => {
            let names = &subject.problem.lift.columns;
            plan.grow(&subject.survey.sample, &subject.problem, names, run.observer)?
        }
    };
    let variables = subject.problem.lift.kept.len();
    let most = polynomials::affordable(plan.growth.width, subject.survey.covered.rows());
    let monomials = polynomials::at_most(variables, most);
    let drawn = drawn(subject, plan)?;
    let mut pass = Pass::new(subject, plan.hold_out, &grown, &drawn, &monomials);
    let split = &subject.problem.split;
    pass.read(&subject.source, &|draw| split.part_of(draw), run.observer)?;
    if let Some(source) = &subject.test_source {
        pass.read_test(source, run.observer)?;
    }
    let [sums, drawn_sums, polynomial_sums] = pass.finish()?;
    let labels = &subject.problem.labels;
    let map = |features: &Matrix| Ok(plan.columns.apply(features)?);
    let group = |draw: &Draw| plan.hold_out.group(split.part_of(draw), draw);
    let sample = SampledRows::of(&subject.problem, &subject.survey, &map, &group)?;
    let paths = GrownPaths::new(&sums, method, labels, Some((&sample, &grown)), plan.hold_out, run.observer)?;
    let drawn_losses = drawn_losses(&drawn_sums[0], method, run.observer)?;
    let [train, test] = [&polynomial_sums[0][Part::Train as usize], &polynomial_sums[0][Part::Test as usize]];
    let best_polynomial = polynomials::reports(&best_polynomials(&monomials, train, test)?, labels);
    let calibration = paths.calibration(&sample, &plan.columns.apply(&unseen(subject)?)?, &grown)?;
    let held_out = paths.held_out();
    let course = paths.course(&grown, drawn_losses.as_ref())?;
    Ok((course, TableFindings { best_polynomial, held_out, calibration }))
}

/// Returns the features of the first test rows; none if there are no test rows.
fn unseen(subject: &TableSubject<'_>) -> Result<Matrix> {
    let (source, split) = match &subject.test_source {
        Some(source) => (source, None),
        // Nothing is read for want of them, nor for classes, which have no intervals.
        None if subject.test_rows == 0 || subject.problem.classes.is_some() => {
            return Ok(Matrix::zeros(0, subject.source.feature_names().len()));
        }
        None => (&subject.source, Some(&subject.problem.split)),
    };
    let columns = source.feature_names().len();
    let most = MOST_UNSEEN.min(MOST_UNSEEN_VALUES / columns.max(1)) * columns;
    let mut values = Vec::new();
    for rows in source.blocks() {
        let rows = rows?;
        let rows =
            split.map_or_else(|| rows.clone(), |split| rows.by_part(split)[Part::Test as usize].clone());
        values.extend_from_slice(rows.features.values());
        if values.len() >= most {
            values.truncate(most);
            break;
        }
    }
    Ok(Matrix::from_rows(values.len() / columns.max(1), columns, values)?)
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
    let path = method.path(Quadratic::from_sums(train)?, observer)?;
    Ok(Some(test.losses(&path.coefficients(&method.grid))?))
}

/// The pass over all rows: sums of each network over the rows outside of its fold, in its fold, and for testing; and sums of
/// the drawn units and of monomials over the rows for training and testing.
struct Pass<'a> {
    subject: &'a TableSubject<'a>,
    hold_out: HoldOut,
    grown: &'a GrownLayers,
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
        hold_out: HoldOut,
        grown: &'a GrownLayers,
        drawn: &'a Network,
        monomials: &'a Monomials,
    ) -> Self {
        let (labels, parts) = (subject.problem.labels.len(), Part::ALL.len());
        let precision = subject.job.precision;
        let features = grown.networks.iter().map(|n| Statistics::new(n.width(), labels, parts, precision));
        Self {
            subject,
            hold_out,
            grown,
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
        let mut test = Pass::new(self.subject, self.hold_out, self.grown, self.drawn, self.monomials);
        test.read(source, &|_| Part::Test, observer)?;
        let of_test = test.finish()?;
        self.test = Some(of_test);
        Ok(())
    }

    fn read(
        &mut self,
        source: &Source,
        part_of: &(dyn Fn(&Draw) -> Part + Sync),
        observer: &mut dyn Observer,
    ) -> Result<()> {
        let (subject, columns, hold_out) = (self.subject, &self.grown.columns, self.hold_out);
        let problem = &subject.problem;
        let prepare = |rows: &Rows| {
            let labels = standardise_labels(&problem.labels, &rows.labels);
            let draws: Vec<(Part, Draw)> =
                rows.draws(&problem.split).into_iter().map(|draw| (part_of(&draw), draw)).collect();
            let groups: Vec<usize> = draws.iter().map(|(part, draw)| hold_out.group(*part, draw)).collect();
            let parts: Vec<usize> = draws.iter().map(|(part, _)| *part as usize).collect();
            let points = Prepared::new(rows, &parts, &labels, 0, &|rows| Ok(columns.apply(rows)?))?;
            let standard =
                Prepared::new(rows, &parts, &labels, 0, &|rows| Ok(problem.lift.standardise(rows)?))?;
            let lifted = Prepared::new(rows, &parts, &labels, 0, &|rows| Ok(problem.lift.apply(rows)?))?;
            Ok((points, lifted, standard, groups))
        };
        let total = subject.survey.covered.rows();
        let Self { features, of_drawn, of_monomials, grown, drawn, monomials, .. } = self;
        for_each_prepared(
            source,
            Stage::Statistics,
            total,
            observer,
            prepare,
            |_, (points, lifted, standard, groups)| {
                let add = |(network, (statistics, units)): (usize, (&mut Statistics, &Mixed))| {
                    let Some(points) = &points else { return Ok(()) };
                    let part = |&group: &usize| hold_out.part(network, group) as usize;
                    let parts: Vec<usize> = groups.iter().map(part).collect();
                    points.add_parts_to(&parts, statistics, units)
                };
                let grown =
                    || features.par_iter_mut().zip(grown.networks.par_iter()).enumerate().try_for_each(add);
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
        for (statistics, units) in self.features.iter_mut().zip(&self.grown.networks) {
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
