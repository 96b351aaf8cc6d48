//! The options of the page of finished runs.

use super::output::FigureFormat;
use super::runs::check_named;
use crate::error::{Error, Result};
use crate::table::{lossy, lossy_option};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use zonal_io::folder::is_run_file;
use zonal_io::option::OUT;

/// Write one page of one or several finished runs
#[derive(Clone, Debug, Default, clap::Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ReportRequest {
    /// Folders of finished runs
    #[arg(required = true, value_name = "RUN")]
    #[serde(serialize_with = "lossy")]
    pub runs: Vec<PathBuf>,
    /// The file to write [default: report.html in the folder of the run; comparison.html for several]
    #[arg(long, value_name = "FILE")]
    #[serde(serialize_with = "lossy_option")]
    pub out: Option<PathBuf>,
    /// Overwrite existing files, even those that zonal did not write
    #[arg(long)]
    pub force: bool,
    /// Write the figures as files too, one column wide: svg, png or pdf; separate several by commas
    ///
    /// They are written into the folder figures next to the page.
    #[arg(long, value_name = "FORMATS", value_delimiter = ',')]
    pub figures: Vec<FigureFormat>,
}

impl ReportRequest {
    /// Checks that no run is named twice and that the page does not overwrite a file of a run.
    ///
    /// # Errors
    /// [`Error::Usage`] otherwise.
    pub fn validate(&self) -> Result<()> {
        check_named(&self.runs)?;
        match self.out.as_deref().filter(|out| is_run_file(out)) {
            Some(out) => Err(Error::Usage(format!(
                "{} is the name of a file of a run; choose another name for the page",
                OUT.with(out.display())
            ))),
            None => Ok(()),
        }
    }
}
