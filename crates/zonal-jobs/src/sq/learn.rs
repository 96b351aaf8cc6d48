//! `sq learn`: gradient descent that sees its target through an oracle, compared with descent through the exact
//! oracle.

use std::sync::Arc;
use zonal::dynamics::{Descent, GradientPath, Source, Step, logarithmic_grid};
use zonal::linalg::Matrix;
use zonal::measure::{moving_energies, residual_energies};
use zonal::network::{Architecture, Layers, Network, Parametrisation, Start};
use zonal::observer::Observer;
use zonal::risk::{GradientOracle, Population, Quadratic};
use zonal::sphere::Dim;
use zonal::statistics::Precision;
use zonal::target::{PowerSpectrum, Target};
use zonal_documents::options::LAYERS;
use zonal_documents::options::SAVE;
use zonal_documents::sq::{Answerer, LearnCheckpoint, LearnConfig, LearnReport, QueryDegree};
use zonal_documents::{Error, Result};
use zonal_io::model::SCHEMA;
use zonal_io::write::write_file;
use zonal_sq::learner::QueryGradients;
use zonal_sq::{Answers, Oracle, Query, Replay, Secret, Unit};

/// The bytes of a stored answer with the description of its query.
const ANSWER_BYTES: u64 = 300;

/// Runs gradient descent through the oracle and through the exact one.
///
/// # Errors
/// [`Error::Usage`]; errors of parameters outside their domains; errors of the oracle.
pub fn learn(config: &LearnConfig, observer: &mut dyn Observer) -> Result<LearnReport> {
    let dim = Dim::new(config.dim)?;
    super::check_save(config.save.as_deref())?;
    let scale = config.scale.value(config.dim).unwrap_or(1.0);
    check_sizes(config)?;
    let target = Target::parse(&config.target, dim, config.seed)?;
    let unit = Unit::new(config.activation.clone(), scale, dim)?;
    let secret = Secret::target(target.clone());
    let source = answer_source(config, &secret)?;
    let gradients = QueryGradients::new(&source, unit.clone());
    let job = Job { config, target: &target, scale, gradients: &gradients };
    let first = job.first_queries(&unit)?;
    let expected = secret.expectations(&first)?;
    if let AnswerSource::Replay(replay) = &source {
        check_replay(replay, &first, &expected)?;
    }
    let result = match config.layers {
        Layers::Both => job.both_layers(observer)?,
        Layers::Output | Layers::Hidden => job.output_layer(observer)?,
    };
    if result.path.iter().any(|c| !c.loss.is_finite()) {
        return Err(Error::Usage("the answers overflow; use a smaller tolerance".into()));
    }
    if let (Some(path), AnswerSource::Oracle(oracle)) = (&config.save, &source) {
        let text = serde_json::to_vec(&oracle.transcript()).map_err(|e| Error::Usage(e.to_string()))?;
        write_file(path, &text)?;
    }
    let distinct = source.distinct();
    let vanishing = secret.largest_unit_answer(&first)?;
    let raw = expected.iter().fold(0.0f64, |max, e| max.max(e.abs()));
    let energies = target.power_spectrum(config.max_degree)?;
    let smallest = |f: fn(&LearnCheckpoint) -> f64| result.path.iter().map(f).fold(f64::INFINITY, f64::min);
    Ok(LearnReport {
        schema: SCHEMA,
        target: config.target.clone(),
        dim: config.dim,
        oracle: config.oracle.to_string(),
        convention: config.convention.to_string(),
        activation: config.activation.to_string(),
        scale,
        width: config.width,
        layers: if config.layers == Layers::Output { "output" } else { "both" }.to_owned(),
        step_size: result.step,
        query_norm: unit.norm(),
        target_norm_sq: target.norm_sq()?,
        target_energy: energies.energies,
        vanishing_tolerance: vanishing,
        vanishing_tolerance_raw: raw,
        queries_distinct: distinct,
        // Each unit asks once for its output weight, and n - 1 times for its direction. Measurements between steps
        // are not counted.
        queries_issued: {
            let each = if config.layers == Layers::Both { config.dim } else { 1 };
            let steps = result.diverged.unwrap_or(config.iterations);
            config.width.saturating_mul(each).saturating_mul(steps)
        },
        smallest_loss: smallest(|c| c.loss),
        smallest_exact_loss: smallest(|c| c.exact_loss),
        diverged: result.diverged,
        path: result.path,
    })
}

/// Checks that the units, and the answers where they are stored, fit into memory.
fn check_sizes(config: &LearnConfig) -> Result<()> {
    let matrices = if config.layers == Layers::Output { 6 } else { 8 };
    let per_unit = 64 * config.dim + 8 * 256;
    let per_pair = if config.layers == Layers::Output { 0 } else { 400 * config.dim };
    crate::memory::check_width(config.width, matrices, per_unit + per_pair)?;
    if config.layers == Layers::Both {
        // Each step asks new queries, and every answer is stored.
        let each_step = config.width.saturating_mul(config.dim + 1);
        let answers = config.iterations.saturating_mul(each_step);
        super::check_memory("storing every answer", answers.saturating_mul(ANSWER_BYTES))?;
    }
    Ok(())
}

/// Returns the oracle of a policy, or the answers of a transcript.
fn answer_source<'a>(config: &LearnConfig, secret: &'a Secret) -> Result<AnswerSource<'a>> {
    match &config.oracle {
        _ if config.layers == Layers::Hidden => Err(Error::Usage(format!(
            "{} is not supported through an oracle; choose output or both",
            LAYERS.with("hidden")
        ))),
        Answerer::Policy(policy) => {
            let oracle = secret.oracle(*policy, config.convention, config.seed)?;
            Ok(AnswerSource::Oracle(oracle))
        }
        Answerer::Replay(_) if config.save.is_some() => Err(Error::Usage(format!(
            "{SAVE} stores the answers of an oracle, and a replay has no new ones; omit it"
        ))),
        Answerer::Replay(path) => Ok(AnswerSource::Replay(Replay::new(&super::read_transcript(path)?)?)),
    }
}

/// Checks that the answers of a transcript are possible for this target. Means over rows have no strict tolerance;
/// theirs is two standard deviations.
fn check_replay(replay: &Replay, queries: &[Query], expected: &[f64]) -> Result<()> {
    let answers = replay.ask_all(queries)?;
    let far = |i: &usize| {
        let tolerance = replay.tolerance(&queries[*i]);
        (answers[*i] - expected[*i]).abs() > 2.5 * tolerance + 1e-9
    };
    match (0..queries.len()).filter(far).count() {
        0 => Ok(()),
        count => Err(Error::Usage(format!(
            "{count} of {} answers of the transcript differ from this target by more than their tolerance; use the target of \
             the transcript",
            queries.len()
        ))),
    }
}

/// An oracle, or recorded answers of one.
#[derive(Debug)]
enum AnswerSource<'a> {
    Oracle(Oracle<'a>),
    Replay(Replay),
}

impl AnswerSource<'_> {
    fn distinct(&self) -> u64 {
        match self {
            Self::Oracle(oracle) => oracle.distinct(),
            Self::Replay(replay) => replay.counts().0,
        }
    }
}

impl Answers for AnswerSource<'_> {
    fn ask_all(&self, queries: &[Query]) -> zonal::Result<Vec<f64>> {
        match self {
            Self::Oracle(oracle) => oracle.ask_all(queries),
            Self::Replay(replay) => replay.ask_all(queries),
        }
    }
    fn tolerance(&self, query: &Query) -> f64 {
        match self {
            Self::Oracle(oracle) => oracle.tolerance(query),
            Self::Replay(replay) => replay.tolerance(query),
        }
    }
}

struct Job<'a> {
    config: &'a LearnConfig,
    target: &'a Target,
    scale: f64,
    gradients: &'a QueryGradients<'a>,
}

struct DescentPath {
    path: Vec<LearnCheckpoint>,
    step: f64,
    diverged: Option<u64>,
}

impl Job<'_> {
    fn grid(&self) -> Vec<u64> {
        logarithmic_grid(self.config.iterations)
    }

    /// Units that stay as they are.
    fn network(&self) -> Result<Network> {
        let config = self.config;
        let (activation, dim) = (config.activation.clone(), self.target.dim());
        Ok(Network::random(activation, self.scale, dim, config.width as usize, config.seed)?)
    }

    /// Units that move.
    fn architecture(&self) -> Architecture {
        Architecture {
            activation: self.config.activation.clone(),
            scale: self.scale,
            dim: self.target.dim().as_usize(),
            width: self.config.width as usize,
            labels: 1,
            biases: false,
            on_sphere: false,
            parametrisation: Parametrisation::Ntk,
        }
    }

    /// What the first step asks.
    fn first_queries(&self, unit: &Arc<Unit>) -> Result<Vec<Query>> {
        let both = self.config.layers == Layers::Both;
        let directions = if both {
            self.architecture().weights(Start::Symmetric, self.config.seed)?.hidden
        } else {
            self.network()?.directions().clone()
        };
        let mut out = Vec::new();
        for j in 0..directions.rows() {
            out.push(Query::unit(unit, directions.row(j))?);
            if both {
                out.extend(Query::derivatives(unit, directions.row(j))?);
            }
        }
        Ok(out)
    }

    /// Computes both paths at once: one matrix K, with the answers and the true expectations as two labels.
    fn output_layer(&self, observer: &mut dyn Observer) -> Result<DescentPath> {
        let Self { config, target, .. } = *self;
        let network = self.network()?;
        let exact = Population::new(target).quadratic(&network)?;
        let answers = self.gradients.output_layer(&network)?;
        let width = network.width();
        let b = Matrix::from_rows(2, width, [answers, exact.b().row(0).to_vec()].concat())?;
        let both = Quadratic::with_labels(exact.k().clone(), b, vec![exact.c()[0]; 2])?;
        let path = GradientPath::new(&both, config.step, observer)?;
        let grid = self.grid();
        let coefficients = path.coefficients(&grid);
        // Losses are those of the target itself: rows in pairs, all with the true b.
        let residuals = residual_energies(&network, target, &coefficients, config.max_degree, observer)?;
        let losses = exact.losses(&coefficients)?;
        let points = grid.iter().enumerate();
        let checkpoints = points
            .map(|(i, &t)| {
                checkpoint(t, [losses[2 * i], losses[2 * i + 1]], [&residuals[2 * i], &residuals[2 * i + 1]])
            })
            .collect();
        Ok(DescentPath { path: checkpoints, step: path.step(), diverged: None })
    }

    /// Runs two descents with the same step size; the exact one needs no oracle.
    fn both_layers(&self, observer: &mut dyn Observer) -> Result<DescentPath> {
        let Self { config, target, gradients, .. } = *self;
        let architecture = self.architecture();
        let start = architecture.weights(Start::Symmetric, config.seed)?;
        let descend = |source, step| {
            Descent::new(&architecture, Layers::Both, &start, source, step, Precision::F64, config.seed)
        };
        let mut exact = descend(Source::Exact { target }, config.step)?;
        let step = exact.state().step;
        let source = Source::Answered { oracle: gradients, label_sq: target.norm_sq()? };
        // The oracle's gradients are not those of a loss, so its step size is not adapted when a loss rises.
        let mut through_oracle = descend(source, Step::Fixed(step))?;
        let mut path = Vec::new();
        let mut diverged = None;
        for t in self.grid() {
            for descent in [&mut exact, &mut through_oracle] {
                let ended = descent.run(t, config.iterations, observer)?;
                if descent.state().diverged.is_none()
                    && let Some(reason) = ended
                {
                    return Err(zonal::Error::from(reason).into());
                }
            }
            diverged = through_oracle.state().diverged.or(exact.state().diverged);
            if diverged.is_some() {
                break;
            }
            let mut measure = |descent: &Descent<'_>| {
                moving_energies(&architecture, &descent.weights(), target, config.max_degree, observer)
                    .map(|measured| measured.energies)
            };
            let (a, b) = (measure(&through_oracle)?, measure(&exact)?);
            path.push(checkpoint(t, [a.total(), b.total()], [&a, &b]));
        }
        Ok(DescentPath { path, step, diverged })
    }
}

fn checkpoint(iteration: u64, losses: [f64; 2], residuals: [&PowerSpectrum; 2]) -> LearnCheckpoint {
    let pairs = residuals[0].energies.iter().zip(&residuals[1].energies).enumerate();
    let degrees = pairs
        .map(|(degree, (&energy, &exact_energy))| QueryDegree { degree, energy, exact_energy })
        .collect();
    LearnCheckpoint {
        iteration,
        loss: losses[0],
        exact_loss: losses[1],
        tail_energy: residuals[0].tail_energy,
        degrees,
    }
}
