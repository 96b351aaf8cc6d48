//! The folder of a run, and its page.

use super::heading::{FIGURES as FIGURES_HEADING, PAGE, RUN};
use crate::error::{Error, Result};
use crate::options::FIGURES;
use crate::record::RunKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use zonal_io::folder::RunFolder;
use zonal_io::option::{OUT, OptionId};

/// The destination of a run.
#[derive(Clone, Debug)]
pub enum Output {
    /// Nothing is written.
    None,
    /// The next free numbered folder below this one.
    Numbered(PathBuf),
    /// This folder, which must be empty or, with `force`, contain a run created by zonal.
    Folder {
        /// The path of the folder.
        path: PathBuf,
        /// Whether to replace a run in it.
        force: bool,
    },
    /// The folder of an interrupted run, which is resumed.
    Resume(PathBuf),
}

impl Output {
    /// Returns the destination for the option `out`: a new folder below `runs` if it is not set, nothing for `none`.
    ///
    /// # Errors
    /// [`Error::Usage`] for a path that is not valid UTF-8.
    pub fn named(out: Option<&Path>, force: bool) -> Result<Self> {
        let Some(path) = out else { return Ok(Self::Numbered(PathBuf::from("runs"))) };
        // The path is part of the report and the record, which are JSON.
        if path.to_str().is_none() {
            let path = path.display();
            return Err(Error::Usage(format!("{OUT} {path} is not valid text (UTF-8); choose another name")));
        }
        Ok(match path.as_os_str() == "none" {
            true => Self::None,
            false => Self::Folder { path: path.to_owned(), force },
        })
    }

    /// Checks, before any work, that a run of this kind can be written.
    ///
    /// # Errors
    /// As [`RunFolder::check_create`].
    pub fn check(&self, kind: RunKind) -> Result<()> {
        match self {
            Self::None | Self::Resume(_) => {}
            Self::Folder { path, force } => RunFolder::check_create(path, *force, kind.files())?,
            Self::Numbered(parent) => RunFolder::check_parent(parent)?,
        }
        Ok(())
    }

    /// Checks that a file that is not part of the run is not in the run's folder, which must contain nothing else.
    ///
    /// # Errors
    /// [`Error::Usage`] for a file in the run's folder.
    pub fn check_outside(&self, option: OptionId, file: &Path) -> Result<()> {
        let Self::Folder { path, .. } = self else { return Ok(()) };
        let parent = file.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        match (path.canonicalize(), parent.canonicalize()) {
            (Ok(folder), Ok(parent)) if folder == parent => Err(Error::Usage(format!(
                "{} is in the folder of {OUT}, which holds only files of the run; choose a file in another folder",
                option.with(file.display())
            ))),
            _ => Ok(()),
        }
    }

    /// Checks that replacing a run does not delete a file that the new run reads.
    ///
    /// # Errors
    /// As [`RunFolder::check_inputs`].
    pub fn check_spares<'a>(&self, needed: impl IntoIterator<Item = &'a Path>) -> Result<()> {
        match self {
            Self::Folder { path, force: true } => Ok(RunFolder::check_inputs(path, needed)?),
            _ => Ok(()),
        }
    }

    /// Creates the folder of a run of this kind; None if nothing is written.
    ///
    /// # Errors
    /// As [`RunFolder::create`], [`RunFolder::create_numbered`] and [`RunFolder::resume`].
    pub fn folder(&self, name: &str, kind: RunKind) -> Result<Option<RunFolder>> {
        let kind = kind.files();
        Ok(match self {
            Self::None => None,
            Self::Resume(path) => Some(RunFolder::resume(path, kind)?),
            Self::Folder { path, force } => Some(RunFolder::create(path, *force, kind)?),
            Self::Numbered(parent) => Some(RunFolder::create_numbered(parent, name, kind)?),
        })
    }
}

/// The file format of a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum FigureFormat {
    /// Vector graphics.
    Svg,
    /// Pixels, 300 per inch.
    Png,
    /// Vector graphics on a page of their size, with text as outlines.
    Pdf,
}

impl std::str::FromStr for FigureFormat {
    type Err = String;
    fn from_str(text: &str) -> std::result::Result<Self, String> {
        match text {
            "svg" => Ok(Self::Svg),
            "png" => Ok(Self::Png),
            "pdf" => Ok(Self::Pdf),
            _ => Err(format!("'{text}' is not a format of figures; use svg, png or pdf")),
        }
    }
}

impl<'de> Deserialize<'de> for FigureFormat {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        crate::number::text::deserialize(deserializer)
    }
}

/// The page of a run.
#[derive(Clone, Debug, Default, clap::Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PageOptions {
    /// Do not write report.html
    #[arg(long, help_heading = PAGE, hide_short_help = true)]
    pub no_report: bool,
    /// Write the figures as files too, one column wide: svg, png or pdf; separate several by commas
    #[arg(long, value_name = "FORMATS", value_delimiter = ',', help_heading = PAGE)]
    pub figures: Vec<FigureFormat>,
}

impl PageOptions {
    /// Checks that figures are requested only for a run with a folder.
    ///
    /// # Errors
    /// [`Error::Usage`] otherwise.
    pub fn check(&self, output: &Output) -> Result<()> {
        if !self.figures.is_empty() && matches!(output, Output::None) {
            let figures = FIGURES;
            return Err(Error::Usage(format!(
                "{figures} needs a run folder; {} writes none",
                OUT.with("none")
            )));
        }
        Ok(())
    }
}

/// The figures of a result that has no run folder.
#[derive(Clone, Debug, Default, clap::Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct FigureOptions {
    /// Write the figures as files too, one column wide: svg, png or pdf; separate several by commas
    #[arg(long, value_name = "FORMATS", value_delimiter = ',', help_heading = FIGURES_HEADING)]
    pub figures: Vec<FigureFormat>,
    /// The folder of the figures [default: the current folder]
    #[arg(long, value_name = "DIR", requires = "figures", help_heading = FIGURES_HEADING)]
    #[serde(serialize_with = "crate::table::lossy_option")]
    pub out: Option<PathBuf>,
    /// Overwrite existing files, even those that zonal did not write
    #[arg(long, requires = "figures", help_heading = FIGURES_HEADING, hide_short_help = true)]
    pub force: bool,
}

impl FigureOptions {
    /// Returns the folder of the figures; empty for the current folder.
    pub fn folder(&self) -> &Path {
        self.out.as_deref().unwrap_or(Path::new(""))
    }
}

/// The folder of a run that has only a record and a page.
#[derive(Clone, Debug, Default, clap::Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct FolderOptions {
    /// The folder for the run, or none [default: a new folder below runs]
    #[arg(long, value_name = "DIR", help_heading = RUN)]
    #[serde(serialize_with = "crate::table::lossy_option")]
    pub out: Option<PathBuf>,
    /// Replace a run in the folder given by --out
    #[arg(long, requires = "out", help_heading = RUN)]
    pub force: bool,
    /// The page.
    #[command(flatten)]
    #[serde(flatten)]
    pub page: PageOptions,
}

impl FolderOptions {
    /// Returns the destination of a run and checks, before any work, that it can be written.
    ///
    /// # Errors
    /// [`Error::Usage`], and as [`Output::check`].
    pub fn output(&self, kind: RunKind) -> Result<Output> {
        let output = Output::named(self.out.as_deref(), self.force)?;
        self.page.check(&output)?;
        output.check(kind)?;
        Ok(output)
    }
}
