//! `sq play`: a learner against an adaptive oracle without a target, which keeps as many members of a family as it
//! can.

use super::check_memory;
use std::sync::Arc;
use zonal::numeric::random::{Purpose, stream, uniform};
use zonal::observer::Observer;
use zonal::sphere::{Dim, multiplicity};
use zonal_documents::options::ROWS;
use zonal_documents::options::SAVE;
use zonal_documents::options::WIDTH;
use zonal_documents::sq::{Asked, PlayConfig, PlayReport};
use zonal_documents::{Error, Result};
use zonal_io::model::SCHEMA;
use zonal_io::write::write_file;
use zonal_sq::learner::{Limits, Strategy, VersionSpace, brute_force, identify, sufficient_rows};
use zonal_sq::{Family, Game, GramBounds, Secret};

/// Plays a game.
///
/// # Errors
/// [`Error::Usage`] for a learner that does not support the family, and for options without effect; errors of
/// parameters outside their domains; [`zonal::Error::Stopped`] if the observer requests a stop.
pub fn play(config: &PlayConfig, observer: &mut dyn Observer) -> Result<PlayReport> {
    check(config)?;
    super::check_save(config.save.as_deref())?;
    let family = Arc::new(super::family(&config.family)?);
    let gram = GramBounds::of(&family, observer)?;
    let game = Game::new(family.clone(), &gram, config.tolerance, config.answering)?;
    let mut report = start(config, &family, &gram, &game)?;
    if config.learner == Strategy::BruteForce {
        play_with_rows(config, &family, &mut report)?;
        return Ok(report);
    }
    let limits = Limits {
        stop: gram.fit_bound(config.epsilon),
        queries: config.max_queries.unwrap_or(10 * family.size() as u64 + 10_000),
        width: config.width,
        seed: config.family.seed,
    };
    let mut space = VersionSpace::new(&family);
    identify(config.learner, &mut space, &game, limits, observer)?;
    let state = game.report();
    let tau = game.effective_tolerance();
    if tau < config.tolerance {
        let rounding = "the tolerance is reduced by 10^-11 for rounding, also in K";
        report.assumptions.push(rounding.into());
    }
    if state.queries_distinct >= limits.queries {
        report
            .assumptions
            .push(format!("the learner stopped at the maximum number of queries, {}", limits.queries));
    }
    report.dropped_per_query_bound = gram.drop_bound(tau);
    report.predicted_queries =
        if config.learner == Strategy::Attack { None } else { gram.predicted_queries(tau, config.epsilon) };
    report.queries_distinct = state.queries_distinct;
    report.queries_issued = state.queries_issued;
    report.live = state.live;
    report.max_dropped = state.max_dropped;
    report.invariant_held = state.invariant_held;
    report.learned = state.live <= limits.stop;
    let transcript = game.transcript();
    if let Some(path) = &config.save {
        let text = serde_json::to_vec(&transcript).map_err(|e| Error::Usage(e.to_string()))?;
        write_file(path, &text)?;
    }
    let entries = transcript.entries.into_iter().zip(game.counts());
    report.transcript = entries
        .map(|(e, (dropped, live))| Asked {
            query: e.query,
            identity: e.identity,
            answer: e.answer,
            dropped,
            live,
        })
        .collect();
    Ok(report)
}

fn check(config: &PlayConfig) -> Result<()> {
    if !(config.epsilon > 0.0 && config.epsilon <= 1.0) {
        return Err(Error::Usage(format!(
            "epsilon is {}, but must be above 0 and at most 1",
            config.epsilon
        )));
    }
    if !(config.noise >= 0.0 && config.noise.is_finite()) {
        return Err(Error::Usage(format!("the noise is {}, but must be at least 0", config.noise)));
    }
    if config.learner == Strategy::Descent && config.width == 0 || config.rows == Some(0) {
        return Err(Error::Usage(format!("{WIDTH} and {ROWS} must be at least 1")));
    }
    Ok(())
}

fn start(config: &PlayConfig, family: &Family, gram: &GramBounds, game: &Game) -> Result<PlayReport> {
    let tau = game.effective_tolerance();
    let mut assumptions = vec![
        "the tolerance is that of a query y g(x) with E g^2 = 1".to_owned(),
        format!("the {} members at seed {}", family.size(), config.family.seed),
    ];
    assumptions.extend(gram.largest_eigenvalue_by.clone());
    if config.learner == Strategy::Attack {
        assumptions
            .push("queries of clipped labels are not correlational: no bound of this family applies".into());
    }
    Ok(PlayReport {
        schema: SCHEMA,
        run: None,
        family: family.kind().to_string(),
        dim: config.family.dim,
        degree: config.family.degree,
        multiplicity: multiplicity(Dim::new(config.family.dim)?, config.family.degree).to_string(),
        family_size: family.size() as u64,
        tolerance: config.tolerance,
        epsilon: config.epsilon,
        learner: config.learner.to_string(),
        answers: config.answering.to_string(),
        dropped_per_query_bound: gram.drop_bound(tau),
        fits_per_hypothesis_bound: gram.fit_bound(config.epsilon),
        predicted_queries: None,
        queries_distinct: 0,
        queries_issued: 0,
        live: family.size() as u64,
        max_dropped: 0,
        invariant_held: None,
        learned: false,
        rows: None,
        transcript: Vec::new(),
        assumptions,
    })
}

/// Plays the brute-force learner: a member is drawn and identified from rows.
fn play_with_rows(config: &PlayConfig, family: &Arc<Family>, report: &mut PlayReport) -> Result<()> {
    if config.save.is_some() {
        return Err(Error::Usage(format!("{SAVE} writes the queries, and brute force asks none; omit it")));
    }
    let failure = 0.01;
    // The formula needs positive noise; any small value works.
    let rows =
        config.rows.unwrap_or_else(|| sufficient_rows(family.size() as f64, failure, config.noise.max(0.05)));
    let draw = uniform(&mut stream(config.family.seed, Purpose::Target, 0));
    let index = ((draw * family.size() as f64) as usize).min(family.size() - 1);
    let secret = Secret::member(family.clone(), index)?;
    let count = usize::try_from(rows).unwrap_or(usize::MAX);
    check_memory(&format!("{rows} rows"), rows.saturating_mul(16 * (config.family.dim + 4)))?;
    let found = brute_force(family, &secret.rows(count, config.noise, config.family.seed)?)?;
    report.learned = found == index;
    report.live = 1;
    report.rows = Some(rows);
    report.assumptions.push(format!(
        "rows and no queries, with label noise of standard deviation {}; 1/sqrt(rows) is a tolerance of {}",
        config.noise,
        zonal_documents::number::short(1.0 / (rows as f64).sqrt())
    ));
    Ok(())
}
