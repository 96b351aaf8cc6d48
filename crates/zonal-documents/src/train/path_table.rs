//! The path of a training as a table with one row for each reported iteration.

use super::{Checkpoint, TrainReport};
use crate::error::Result;
use zonal_io::results::{Results, Values};

impl TrainReport {
    /// Returns the path as CSV: losses, which are mean squared errors; the energy of each degree and its prediction;
    /// and for tables root mean squared errors, the roots of the losses.
    ///
    /// # Errors
    /// None, since all columns have the same length.
    pub fn path_csv(&self) -> Result<String> {
        let path = &self.path;
        let mut table = Results::default();
        let numbers = |f: &dyn Fn(&Checkpoint) -> Option<f64>| Values::Number(path.iter().map(f).collect());
        table.push("iteration", Values::Count(path.iter().map(|c| Some(c.iteration)).collect()));
        table.push("loss", numbers(&|c| Some(c.loss)));
        table.push("validation_loss", numbers(&|c| c.validation_loss));
        table.push("test_loss", numbers(&|c| c.test_loss));
        if path.iter().any(|c| c.drawn_test_loss.is_some()) {
            table.push("drawn_test_loss", numbers(&|c| c.drawn_test_loss));
        }
        if self.classification.is_some() {
            table.push("log_loss", numbers(&|c| c.log_loss));
        }
        table.push("tail_energy", numbers(&|c| c.tail_energy));
        if self.descent.is_some() {
            table.push("predicted_loss", numbers(&|c| c.predicted_loss));
            table.push("alignment", numbers(&|c| c.alignment));
            table.push("hidden_movement", numbers(&|c| c.hidden_movement));
            table.push("output_movement", numbers(&|c| c.output_movement));
        }
        let degrees = path.first().and_then(|c| c.degrees.as_ref()).map_or(0, Vec::len);
        for k in 0..degrees {
            let degree = |c: &Checkpoint| c.degrees.as_ref().and_then(|d| d.get(k).copied());
            table.push(&format!("energy_{k}"), numbers(&|c| degree(c).map(|d| d.energy)));
            table.push(&format!("predicted_{k}"), numbers(&|c| degree(c).and_then(|d| d.predicted)));
        }
        if path.iter().any(|c| c.loss_error.is_some()) {
            table.push("loss_error", numbers(&|c| c.loss_error));
            table.push("tail_energy_error", numbers(&|c| c.tail_energy_error));
            for k in 0..degrees {
                let error = |c: &Checkpoint| c.degrees.as_ref().and_then(|d| d.get(k)?.error);
                table.push(&format!("energy_error_{k}"), numbers(&error));
            }
        }
        if self.target.is_none() {
            table.push("rmse", numbers(&|c| Some(c.loss.sqrt())));
            table.push("validation_rmse", numbers(&|c| c.validation_loss.map(f64::sqrt)));
            table.push("test_rmse", numbers(&|c| c.test_loss.map(f64::sqrt)));
        }
        Ok(table.csv()?)
    }
}
