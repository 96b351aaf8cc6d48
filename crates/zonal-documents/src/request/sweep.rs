//! The options of `sweep`.

use super::heading::RUN;
use super::output::{Output, PageOptions};
use super::values::reject_with;
use crate::error::{Error, Result};
use crate::number::Whole;
use crate::options::SEED;
use crate::table::lossy_option;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use zonal_io::option::RESUME;

/// Train over a grid of dimensions, degrees, widths, rows and more, into one table
#[derive(Clone, Debug, Default, clap::Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SweepRequest {
    /// The description of the sweep
    #[arg(value_name = "FILE.toml", required_unless_present = "resume")]
    #[serde(serialize_with = "lossy_option")]
    pub file: Option<PathBuf>,
    /// The description itself, as TOML, in place of a file.
    #[arg(skip)]
    pub description: Option<String>,
    /// Continue an interrupted sweep
    #[arg(long, value_name = "DIR", help_heading = RUN)]
    #[serde(serialize_with = "lossy_option")]
    pub resume: Option<PathBuf>,
    /// The folder for the results, or none [default: a new folder below runs]
    #[arg(long, value_name = "DIR", help_heading = RUN)]
    #[serde(serialize_with = "lossy_option")]
    pub out: Option<PathBuf>,
    /// Replace a run in the folder given by --out
    #[arg(long, requires = "out", help_heading = RUN)]
    pub force: bool,
    /// The number of trainings to run in parallel [default: the number of threads]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    #[schemars(with = "Option<u16>")]
    pub at_once: Option<Threads>,
    /// The first of the seeds.
    #[arg(skip)]
    pub seed: Option<Whole>,
    /// The page.
    #[command(flatten)]
    #[serde(flatten)]
    pub page: PageOptions,
}

/// A number of threads, from 1 to 1024.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Threads(pub u16);

/// The largest number of threads.
const MAX_THREADS: u16 = 1024;

impl std::str::FromStr for Threads {
    type Err = String;
    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let number = text.parse().ok().filter(|n| (1..=MAX_THREADS).contains(n));
        number.map(Self).ok_or_else(|| format!("'{text}' is not an integer from 1 to {MAX_THREADS}"))
    }
}

impl std::fmt::Display for Threads {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl<'de> Deserialize<'de> for Threads {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        crate::number::text::deserialize(deserializer)
    }
}

/// The description of a sweep, in TOML.
#[derive(Clone, Debug)]
pub enum Description {
    /// A file that holds it.
    File(PathBuf),
    /// Its text.
    Text(String),
}

/// The sweep that the options of `sweep` request.
#[derive(Clone, Debug)]
pub enum SweepStart {
    /// A new sweep.
    New {
        /// Its description.
        description: Description,
        /// The first seed.
        seed: u64,
        /// The destination of the results.
        output: Output,
    },
    /// An interrupted sweep, which is resumed; a finished one is only read.
    Resume(PathBuf),
}

impl SweepRequest {
    /// Returns the requested sweep.
    ///
    /// # Errors
    /// [`Error::Usage`] for conflicting options.
    pub fn start(&self) -> Result<SweepStart> {
        if let Some(folder) = &self.resume {
            if self.seed.is_some() {
                let seed = SEED;
                return Err(Error::Usage(format!(
                    "{seed} has no effect here: a resumed sweep uses its own seeds"
                )));
            }
            reject_with(self, RESUME, |name| ["file", "description", "out", "force"].contains(&name))?;
            return Ok(SweepStart::Resume(folder.clone()));
        }
        let description = match (&self.file, &self.description) {
            (Some(file), None) => Description::File(file.clone()),
            (None, Some(text)) => Description::Text(text.clone()),
            (None, None) => {
                return Err(Error::Usage(format!("no sweep is specified; name a file or {RESUME}")));
            }
            (Some(_), Some(_)) => {
                return Err(Error::Usage("a sweep is described twice: by a file and by values".into()));
            }
        };
        let output = Output::named(self.out.as_deref(), self.force)?;
        self.page.check(&output)?;
        Ok(SweepStart::New { description, seed: self.seed.map_or(0, |seed| seed.0 as u64), output })
    }
}
