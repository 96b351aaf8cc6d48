//! What a descent keeps on disk: its configuration, its weights, and what it has measured so far.

use super::super::Place;
use super::super::keep::write_resume;
use crate::record::json;
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::time::{Duration, Instant};
use zonal::dynamics::descent::{Snapshot, State};
use zonal::network::Weights;
use zonal_documents::train::{Checkpoint, TrainConfig};
use zonal_documents::{Error, Result};
use zonal_io::folder::DESCENT;
use zonal_io::model::SCHEMA;
use zonal_io::weights::{load, save};

/// What has been measured, and the weights at each listed iteration.
#[derive(Clone, Debug, Default)]
pub(super) struct Progress {
    pub(super) checkpoints: Vec<Checkpoint>,
    /// The validation loss in standard units.
    pub(super) judged: Vec<Option<f64>>,
    pub(super) kept: Vec<Weights>,
}

/// Everything but the weights.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    schema: u32,
    identity: String,
    state: State,
    has_before: bool,
    checkpoints: Vec<Checkpoint>,
    judged: Vec<Option<f64>>,
}

/// What a file holds.
struct Kept {
    schema: u32,
    identity: String,
    snapshot: Snapshot,
    done: Progress,
}

fn read(path: &Path) -> Result<Kept> {
    let refuse = |message: String| zonal_io::Error::Model { path: path.to_owned(), message };
    let (text, mut weights) = load(path)?;
    let Record { schema, identity, state, has_before, checkpoints, judged } =
        serde_json::from_str(&text).map_err(|e| refuse(format!("what it was measured is damaged: {e}")))?;
    let moments = 1 + usize::from(has_before) + checkpoints.len();
    if weights.len() != moments || judged.len() != checkpoints.len() {
        let message = format!("it holds the weights of {} moments where {moments} are needed", weights.len());
        return Err(refuse(message).into());
    }
    let kept = weights.split_off(moments - checkpoints.len());
    let before = if has_before { weights.pop() } else { None };
    let Some(weights) = weights.pop() else {
        return Err(refuse("it holds no weights".to_owned()).into());
    };
    let snapshot = Snapshot { weights, before, state };
    Ok(Kept { schema, identity, snapshot, done: Progress { checkpoints, judged, kept } })
}

/// How many iterations a file of a descent has measured.
///
/// # Errors
/// [`zonal_io::Error::Model`] for a file that is damaged or not ours, [`zonal_io::Error::System`].
pub fn measured(path: &Path) -> Result<usize> {
    read(path).map(|kept| kept.done.checkpoints.len())
}

/// Longer than any run.
const FOR_EVER: Duration = Duration::from_secs(100 * 365 * 86_400);

/// Where a descent is kept, if anywhere.
pub(super) struct Keep<'a> {
    place: &'a mut Place,
    config: &'a TrainConfig,
    every: Duration,
    last: Instant,
    identity: String,
}

impl<'a> Keep<'a> {
    pub(super) fn new(
        place: &'a mut Place,
        config: &'a TrainConfig,
        every: Duration,
        identity: String,
    ) -> Self {
        Self { place, config, every, last: Instant::now(), identity }
    }

    /// When it is time to save.
    pub(super) fn due(&self) -> Instant {
        // A run that keeps nothing is never due.
        let wait = if self.place.keeps() { self.every.min(FOR_EVER) } else { FOR_EVER };
        self.last + wait
    }

    /// Everything that decides the result: the version, the configuration and the rows.
    fn identity(&self) -> Result<String> {
        let all = (env!("CARGO_PKG_VERSION"), self.config, &self.identity);
        json(&all)
    }

    /// What an earlier run has kept, which has measured at the first of the `grid` iterations.
    pub(super) fn take_up(&self, grid: &[u64]) -> Result<Option<(Snapshot, Progress)>> {
        let Some(folder) = self.place.existing() else { return Ok(None) };
        let path = folder.path().join(DESCENT);
        if !path.is_file() {
            return Ok(None);
        }
        let refuse =
            |message: &str| zonal_io::Error::Model { path: path.clone(), message: message.to_owned() };
        let Kept { schema, identity, snapshot, done } = read(&path)?;
        if schema != SCHEMA || identity != self.identity()? {
            let message =
                "it belongs to other rows, to other options or to another version; start the training anew";
            return Err(refuse(message).into());
        }
        if !grid.iter().copied().take(done.checkpoints.len()).eq(done.checkpoints.iter().map(|c| c.iteration))
        {
            let message =
                "it was measured at other iterations than this training lists; start the training anew";
            return Err(refuse(message).into());
        }
        Ok(Some((snapshot, done)))
    }

    pub(super) fn save(&mut self, snapshot: &Snapshot, done: &Progress) -> Result<()> {
        let command = self.place.command.clone();
        let began = Instant::now();
        let identity = self.identity()?;
        if let Some(folder) = self.place.folder(self.config)? {
            write_resume(folder, self.config, command)?;
            let record = Record {
                schema: SCHEMA,
                identity,
                state: snapshot.state.clone(),
                has_before: snapshot.before.is_some(),
                checkpoints: done.checkpoints.clone(),
                judged: done.judged.clone(),
            };
            let text = json(&record)?;
            let moments: Vec<Weights> =
                [&snapshot.weights].into_iter().chain(&snapshot.before).chain(&done.kept).cloned().collect();
            save(&folder.path().join(DESCENT), &text, &moments)?;
        }
        self.last = Instant::now();
        // Saving takes a twentieth of the time at most.
        self.every = self.every.max(20 * began.elapsed());
        Ok(())
    }

    /// Saves what there is, and says how to go on.
    pub(super) fn interrupted(&mut self, snapshot: &Snapshot, done: &Progress, total: u64) -> Error {
        let t = snapshot.state.iteration;
        if let Some(why) = self.place.why_not_kept() {
            let message = format!("stopped at iteration {t} of {total}; nothing was kept, {why}");
            return Error::Interrupted { message };
        }
        if let Err(error) = self.save(snapshot, done) {
            return error;
        }
        let path = self.place.existing().map(|f| f.path().display().to_string()).unwrap_or_default();
        Error::Interrupted {
            message: format!("stopped at iteration {t} of {total}; go on with: zonal train --resume {path}"),
        }
    }
}
