//! The folder of a run and its page.

use crate::error::{Error, Result};
use crate::options::FIGURES;
use crate::record::RunKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use zonal_io::folder::RunFolder;
use zonal_io::option::{OUT, OptionId};

/// Where a run is written.
#[derive(Clone, Debug)]
pub enum Output {
    /// Nowhere.
    None,
    /// The next free numbered folder below this one.
    Numbered(PathBuf),
    /// This folder, which must be empty or, with `force`, hold a run of ours.
    Folder {
        /// The folder.
        path: PathBuf,
        /// Replace a run in it.
        force: bool,
    },
    /// The folder of an interrupted run, which goes on there.
    Resume(PathBuf),
}

impl Output {
    /// The output that the option `out` asks for: a new folder below `runs` if it is not given, nothing for `none`.
    ///
    /// # Errors
    /// [`Error::Usage`] for a name that is no text.
    pub fn named(out: Option<&Path>, force: bool) -> Result<Self> {
        let Some(path) = out else { return Ok(Self::Numbered(PathBuf::from("runs"))) };
        // The name is part of the report and the record, which are text.
        if path.to_str().is_none() {
            let path = path.display();
            return Err(Error::Usage(format!("{OUT} {path} is not valid text (UTF-8); choose another name")));
        }
        Ok(match path.as_os_str() == "none" {
            true => Self::None,
            false => Self::Folder { path: path.to_owned(), force },
        })
    }

    /// Finds out before the work whether a run of this kind can be written.
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

    /// Refuses to put a file of this name, which is no part of the run, into its folder: the folder must be empty, or hold a run.
    ///
    /// # Errors
    /// [`Error::Usage`].
    pub fn check_apart(&self, option: OptionId, file: &Path) -> Result<()> {
        let Self::Folder { path, .. } = self else { return Ok(()) };
        let parent = file.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        match (path.canonicalize(), parent.canonicalize()) {
            (Ok(folder), Ok(parent)) if folder == parent => Err(Error::Usage(format!(
                "{} is in the folder of {OUT}, which is for the files of the run alone; name a file elsewhere",
                option.with(file.display())
            ))),
            _ => Ok(()),
        }
    }

    /// Refuses to replace a run by one that reads a file of it.
    ///
    /// # Errors
    /// As [`RunFolder::check_inputs`].
    pub fn check_spares<'a>(&self, needed: impl IntoIterator<Item = &'a Path>) -> Result<()> {
        match self {
            Self::Folder { path, force: true } => Ok(RunFolder::check_inputs(path, needed)?),
            _ => Ok(()),
        }
    }

    /// The folder of a run of this kind, made now; None where nothing is written.
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

/// A format of the file of a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum FigureFormat {
    /// Lines and text, to any size.
    Svg,
    /// Points, 300 to the inch.
    Png,
}

impl std::str::FromStr for FigureFormat {
    type Err = String;
    fn from_str(text: &str) -> std::result::Result<Self, String> {
        match text {
            "svg" => Ok(Self::Svg),
            "png" => Ok(Self::Png),
            _ => Err(format!("'{text}' is not a format of figures; use svg, png or svg,png")),
        }
    }
}

impl<'de> Deserialize<'de> for FigureFormat {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        crate::number::words::deserialize(deserializer)
    }
}

/// The page of a run.
#[derive(Clone, Debug, Default, clap::Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PageOptions {
    /// No report.html in the run's folder
    #[arg(long)]
    pub no_report: bool,
    /// Also write the figures as files, sized for a column: svg, png or svg,png
    #[arg(long, value_name = "FORMATS", value_delimiter = ',')]
    pub figures: Vec<FigureFormat>,
}

impl PageOptions {
    /// Refuses figures of a run without a folder.
    ///
    /// # Errors
    /// [`Error::Usage`].
    pub fn check(&self, output: &Output) -> Result<()> {
        if !self.figures.is_empty() && matches!(output, Output::None) {
            let figures = FIGURES;
            return Err(Error::Usage(format!("{figures} needs a folder, but {}", OUT.with("none"))));
        }
        Ok(())
    }
}

/// The folder of a run of nothing but its record, and its page.
#[derive(Clone, Debug, Default, clap::Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct FolderOptions {
    /// The folder for the run, or none [default: a new folder below runs]
    #[arg(long, value_name = "DIR")]
    #[serde(serialize_with = "crate::table::lossy_option")]
    pub out: Option<PathBuf>,
    /// Replace a run in the folder given by --out
    #[arg(long, requires = "out")]
    pub force: bool,
    /// The page.
    #[command(flatten)]
    #[serde(flatten)]
    pub page: PageOptions,
}

impl FolderOptions {
    /// The output of a run, refused before the work where it cannot be written.
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
