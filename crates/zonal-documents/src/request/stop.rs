//! The rows that choose the iteration of a training: what the options of `train` say together.

use super::choice::{PrecisionChoice, StopChoice};
use super::train::TrainRequest;
use super::values::{non_defaults, reject_with};
use crate::error::{Error, Result};
use crate::options::{FOLDS, HIDDEN, PRECISION, STOP, VALIDATION};
use crate::train::Stop;

/// Options of other rows that choose the iteration than all, each left out; groups and times belong together.
const OTHER_ROWS: [&str; 5] = ["validation", "validation_fraction", "folds", "groups", "time"];
/// The default number of folds of drawn units.
const FOLD_COUNT: usize = 5;
impl TrainRequest {
    /// Returns the rows that choose the iteration.
    pub(super) fn stop(&self) -> Stop {
        let set = non_defaults(self);
        let has_other_rows =
            self.has_validation() || set.iter().any(|name| OTHER_ROWS.contains(&name.as_str()));
        match self.stop {
            Some(choice) => choice.value(),
            None if self.folds.is_some() => Stop::Folds,
            None if self.is_grown() || self.is_iterative() || has_other_rows => Stop::Validation,
            None if self.precision == PrecisionChoice::F32 => Stop::Validation,
            None => Stop::Auto,
        }
    }

    /// Checks that the options agree on the rows that choose the iteration.
    pub(super) fn check_stop(&self) -> Result<()> {
        let Some(stop) = self.stop else { return Ok(()) };
        let (name, excluded): (&str, &[&str]) = match stop {
            StopChoice::Validation => ("validation", &["folds"]),
            StopChoice::Folds => ("folds", &["validation", "validation_fraction", "refit"]),
            StopChoice::LeaveOneOut => ("leave-one-out", &OTHER_ROWS),
        };
        let this = STOP.with(name);
        reject_with(self, &this, |name| excluded.contains(&name))?;
        if self.has_validation() && stop != StopChoice::Validation {
            return Err(Error::Usage(format!("{VALIDATION} cannot be used with {this}")));
        }
        if stop == StopChoice::LeaveOneOut && self.precision == PrecisionChoice::F32 {
            return Err(Error::Usage(format!("{this} is computed in f64; omit {}", PRECISION.with("f32"))));
        }
        if self.is_iterative() && stop != StopChoice::Validation {
            return Err(Error::Usage(format!(
                "{this} is for training of the output layer only; iterative training needs {}",
                STOP.with("validation")
            )));
        }
        Ok(())
    }

    /// Checks that the rows that choose the iteration are those that grown units hold out.
    pub(super) fn grown_stop(&self) -> Result<()> {
        let held_out = match self.stop {
            Some(StopChoice::LeaveOneOut) => "leave-one-out",
            Some(StopChoice::Validation) if !self.has_validation() => "validation",
            _ => return Ok(()),
        };
        Err(Error::Usage(format!(
            "{} is for drawn units; units that were grown on the labels of a row have seen it, so that they hold out folds: use {FOLDS}, \
             or {}",
            STOP.with(held_out),
            HIDDEN.with("drawn")
        )))
    }

    /// Returns the number of folds if none is given; None if folds do not choose the iteration, or are those of grown units.
    pub(super) fn default_folds(&self) -> Option<usize> {
        (self.stop() == Stop::Folds && !self.is_grown()).then_some(FOLD_COUNT)
    }
}
