//! `sq learn`: gradient descent that sees its target through an oracle, beside the same descent through the exact one.

use std::sync::Arc;
use zonal::dynamics::descent::{Descent, Source};
use zonal::dynamics::path::Path;
use zonal::dynamics::{Step, logarithmic_grid};
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

/// An answer with its query in words.
const ANSWER_BYTES: u64 = 300;

/// Descends, twice.
///
/// # Errors
/// [`Error::Usage`] and parameters out of their domains; those of the oracle.
pub fn learn(config: &LearnConfig, observer: &mut dyn Observer) -> Result<LearnReport> {
    let dim = Dim::new(config.dim)?;
    super::check_save(config.save.as_deref())?;
    let scale = config.scale.value(config.dim).unwrap_or(1.0);
    let matrices = if config.layers == Layers::Output { 6 } else { 8 };
    let per_unit = 64 * config.dim + 8 * 256;
    let per_pair = if config.layers == Layers::Output { 0 } else { 400 * config.dim };
    crate::memory::check_width(config.width, matrices, per_unit + per_pair)?;
    if config.layers == Layers::Both {
        // Each step asks other queries, and every answer is remembered.
        let each_step = config.width.saturating_mul(config.dim + 1);
        let answers = config.iterations.saturating_mul(each_step);
        super::check_memory("remembering every answer", answers.saturating_mul(ANSWER_BYTES))?;
    }
    let target = Target::parse(&config.target, dim, config.seed)?;
    let unit = Unit::new(config.activation.clone(), scale, dim)?;
    let secret = Secret::target(target.clone());
    let asker = match &config.oracle {
        _ if config.layers == Layers::Hidden => {
            return Err(Error::Usage(format!("through an oracle {LAYERS} is output or both")));
        }
        Answerer::Policy(policy) => Asker::Oracle(secret.oracle(*policy, config.convention, config.seed)?),
        Answerer::Replay(_) if config.save.is_some() => {
            return Err(Error::Usage(format!(
                "{SAVE} writes the answers of an oracle, and a replay has them already"
            )));
        }
        Answerer::Replay(path) => Asker::Replay(Replay::new(&super::read_transcript(path)?)?),
    };
    let asked = QueryGradients::new(&asker, unit.clone());
    let job = Job { config, target: &target, scale, asked: &asked };
    let first = job.first_queries(&unit)?;
    let truth = secret.expectations(&first)?;
    if let Asker::Replay(replay) = &asker {
        check_replay(replay, &first, &truth)?;
    }
    let descended = match config.layers {
        Layers::Both => job.both_layers(observer)?,
        Layers::Output | Layers::Hidden => job.output_layer(observer)?,
    };
    if descended.path.iter().any(|c| !c.loss.is_finite()) {
        return Err(Error::Usage("the answers leave the range of numbers; take a smaller tolerance".into()));
    }
    if let (Some(path), Asker::Oracle(oracle)) = (&config.save, &asker) {
        let text = serde_json::to_vec(&oracle.transcript()).map_err(|e| Error::Usage(e.to_string()))?;
        write_file(path, &text)?;
    }
    let distinct = asker.distinct();
    let vanishing = secret.largest_unit_answer(&first)?;
    let raw = truth.iter().fold(0.0f64, |most, e| most.max(e.abs()));
    let energies = target.power_spectrum(config.max_degree)?;
    let smallest =
        |f: fn(&LearnCheckpoint) -> f64| descended.path.iter().map(f).fold(f64::INFINITY, f64::min);
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
        step_size: descended.step,
        query_norm: unit.norm(),
        target_norm_sq: target.norm_sq()?,
        target_energy: energies.energies,
        vanishing_tolerance: vanishing,
        vanishing_tolerance_raw: raw,
        queries_distinct: distinct,
        // Each unit asks once, and n - 1 times for its turns; looks at the weights between steps are not counted.
        queries_issued: {
            let each = if config.layers == Layers::Both { config.dim } else { 1 };
            let steps = descended.diverged.unwrap_or(config.iterations);
            config.width.saturating_mul(each).saturating_mul(steps)
        },
        smallest_loss: smallest(|c| c.loss),
        smallest_exact_loss: smallest(|c| c.exact_loss),
        diverged: descended.diverged,
        path: descended.path,
    })
}

/// Answers of a transcript must be possible ones for this target. Means over rows have no hard tolerance: what they say is
/// two deviations.
fn check_replay(replay: &Replay, queries: &[Query], truth: &[f64]) -> Result<()> {
    let answers = replay.ask_all(queries)?;
    let far = |i: &usize| {
        let tolerance = replay.tolerance(&queries[*i]);
        (answers[*i] - truth[*i]).abs() > 2.5 * tolerance + 1e-9
    };
    match (0..queries.len()).filter(far).count() {
        0 => Ok(()),
        count => Err(Error::Usage(format!(
            "{count} of {} answers of the transcript are further from this target than their tolerance: it belongs to another \
             target",
            queries.len()
        ))),
    }
}

/// An oracle, or what one said.
#[derive(Debug)]
enum Asker<'a> {
    Oracle(Oracle<'a>),
    Replay(Replay),
}

impl Asker<'_> {
    fn distinct(&self) -> u64 {
        match self {
            Self::Oracle(oracle) => oracle.distinct(),
            Self::Replay(replay) => replay.counts().0,
        }
    }
}

impl Answers for Asker<'_> {
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
    asked: &'a QueryGradients<'a>,
}

struct Descended {
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

    /// Both paths at once: one matrix K, the answers and the true expectations as two labels.
    fn output_layer(&self, observer: &mut dyn Observer) -> Result<Descended> {
        let Self { config, target, .. } = *self;
        let network = self.network()?;
        let exact = Population::new(target).quadratic(&network)?;
        let answered = self.asked.output_layer(&network)?;
        let width = network.width();
        let b = Matrix::from_rows(2, width, [answered, exact.b().row(0).to_vec()].concat())?;
        let both = Quadratic::with_labels(exact.k().clone(), b, vec![exact.c()[0]; 2])?;
        let path = Path::new(&both, config.step, observer)?;
        let grid = self.grid();
        let coefficients = path.coefficients(&grid);
        // The loss is that of the target, whatever was answered: rows in pairs, all against the true b.
        let residuals = residual_energies(&network, target, &coefficients, config.max_degree, observer)?;
        let losses = exact.losses(&coefficients)?;
        let listed = grid.iter().enumerate();
        let path_of = listed
            .map(|(i, &t)| {
                checkpoint(t, [losses[2 * i], losses[2 * i + 1]], [&residuals[2 * i], &residuals[2 * i + 1]])
            })
            .collect();
        Ok(Descended { path: path_of, step: path.step(), diverged: None })
    }

    /// Two descents with the same step; the exact one asks nobody.
    fn both_layers(&self, observer: &mut dyn Observer) -> Result<Descended> {
        let Self { config, target, asked, .. } = *self;
        let architecture = self.architecture();
        let start = architecture.weights(Start::Symmetric, config.seed)?;
        let descend = |source, step| {
            Descent::new(&architecture, Layers::Both, &start, source, step, Precision::F64, config.seed)
        };
        let mut exact = descend(Source::Exact { target }, config.step)?;
        let step = exact.state().step;
        let source = Source::Answered { oracle: asked, label_sq: target.norm_sq()? };
        // The oracle's gradients belong to no loss, so its step is not chosen anew when a loss rises.
        let mut through = descend(source, Step::Fixed(step))?;
        let mut path = Vec::new();
        let mut diverged = None;
        for t in self.grid() {
            for descent in [&mut exact, &mut through] {
                let ended = descent.run(t, config.iterations, observer)?;
                if descent.state().diverged.is_none()
                    && let Some(reason) = ended
                {
                    return Err(zonal::Error::from(reason).into());
                }
            }
            diverged = through.state().diverged.or(exact.state().diverged);
            if diverged.is_some() {
                break;
            }
            let mut measure = |descent: &Descent<'_>| {
                moving_energies(&architecture, &descent.weights(), target, config.max_degree, observer)
                    .map(|measured| measured.energies)
            };
            let (a, b) = (measure(&through)?, measure(&exact)?);
            path.push(checkpoint(t, [a.total(), b.total()], [&a, &b]));
        }
        Ok(Descended { path, step, diverged })
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
