//! Saved states of a descent: its weights, and the measurements so far.

use super::super::run::SavedState;
use crate::record::json;
use serde::{Deserialize, Serialize};
use std::path::Path;
use zonal::dynamics::{Snapshot, State};
use zonal::network::Weights;
use zonal_documents::options::FORCE;
use zonal_documents::train::Checkpoint;
use zonal_documents::{Error, Result};
use zonal_io::folder::DESCENT;
use zonal_io::model::SCHEMA;
use zonal_io::weights::{load, save};

/// The measurements so far, one for each listed iteration up to the current one.
#[derive(Clone, Debug, Default)]
pub(super) struct Progress {
    pub(super) checkpoints: Vec<Checkpoint>,
    /// Validation losses in standard units, by which the best iteration is selected; None without validation rows.
    pub(super) validation: Vec<Option<f64>>,
    pub(super) weights: Vec<Weights>,
}

/// The state from which a descent can be resumed.
pub(super) struct SavedDescent<'a> {
    /// Everything that determines the result.
    pub(super) identity: &'a str,
    pub(super) snapshot: Snapshot,
    pub(super) progress: &'a Progress,
    /// The last iteration of the training.
    pub(super) last: u64,
}

/// The part of a state other than weights.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Description {
    schema: u32,
    identity: String,
    state: State,
    /// Whether the weights include those of the preceding state.
    has_before: bool,
    /// The number of pairs of differences that L-BFGS remembers.
    #[serde(default)]
    pairs: usize,
    checkpoints: Vec<Checkpoint>,
    /// As [`Progress::validation`].
    judged: Vec<Option<f64>>,
}

impl SavedState for SavedDescent<'_> {
    fn write(&self, folder: &Path) -> Result<()> {
        let Self { identity, snapshot, progress, .. } = self;
        let description = Description {
            schema: SCHEMA,
            identity: (*identity).to_owned(),
            state: snapshot.state.clone(),
            has_before: snapshot.before.is_some(),
            pairs: snapshot.pairs.len(),
            checkpoints: progress.checkpoints.clone(),
            judged: progress.validation.clone(),
        };
        let pairs = snapshot.pairs.iter().flatten();
        let current = [&snapshot.weights].into_iter().chain(&snapshot.before).chain(pairs);
        let weights: Vec<Weights> = current.chain(&progress.weights).cloned().collect();
        Ok(save(&folder.join(DESCENT), &json(&description)?, &weights)?)
    }

    fn position(&self) -> String {
        format!("at iteration {} of {}", self.snapshot.state.iteration, self.last)
    }
}

/// Reads the state in a folder; None if there is none. Rejects a state of another training, and one that was measured
/// at other iterations than the first of `grid`.
pub(super) fn resume(folder: &Path, identity: &str, grid: &[u64]) -> Result<Option<(Snapshot, Progress)>> {
    let path = folder.join(DESCENT);
    if !path.is_file() {
        return Ok(None);
    }
    let refuse = |found: &str| -> Error {
        let message = format!("{found}; start over with {}", FORCE.set());
        zonal_io::Error::Model { path: path.clone(), message }.into()
    };
    let (description, snapshot, progress) = read(&path)?;
    if description.schema != SCHEMA || description.identity != identity {
        return Err(refuse("it belongs to other rows, to other options or to another version"));
    }
    let measured = progress.checkpoints.iter().map(|c| c.iteration);
    if !grid.iter().copied().take(progress.checkpoints.len()).eq(measured) {
        return Err(refuse("its measured iterations differ from those that this training lists"));
    }
    Ok(Some((snapshot, progress)))
}

fn read(path: &Path) -> Result<(Description, Snapshot, Progress)> {
    let refuse = |message: String| zonal_io::Error::Model { path: path.to_owned(), message };
    let (text, mut weights) = load(path)?;
    let mut description: Description =
        serde_json::from_str(&text).map_err(|e| refuse(format!("its description is damaged: {e}")))?;
    let checkpoints = std::mem::take(&mut description.checkpoints);
    let validation = std::mem::take(&mut description.judged);
    let expected = (1 + usize::from(description.has_before) + checkpoints.len())
        .saturating_add(description.pairs.saturating_mul(2));
    if weights.len() != expected || validation.len() != checkpoints.len() {
        let message = format!("expected {expected} snapshots of weights, found {}", weights.len());
        return Err(refuse(message).into());
    }
    let listed = weights.split_off(expected - checkpoints.len());
    let differences = weights.split_off(weights.len() - 2 * description.pairs);
    let pairs = differences.chunks(2).map(|pair| [pair[0].clone(), pair[1].clone()]).collect();
    let before = if description.has_before { weights.pop() } else { None };
    let Some(weights) = weights.pop() else {
        return Err(refuse("it holds no weights".to_owned()).into());
    };
    let snapshot = Snapshot { weights, before, pairs, state: description.state.clone() };
    Ok((description, snapshot, Progress { checkpoints, validation, weights: listed }))
}

/// Returns the number of listed iterations that are measured in the file of a saved descent.
///
/// # Errors
/// [`zonal_io::Error::Model`] for a file that is damaged or was not written by zonal, [`zonal_io::Error::System`].
pub fn measured(path: &Path) -> Result<usize> {
    read(path).map(|(_, _, progress)| progress.checkpoints.len())
}
