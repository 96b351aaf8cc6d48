//! Pages and figures as files.

use crate::draw::file;
use crate::error::{Error, Result};
use crate::page::{self, GENERATOR, Page};
use crate::png::png;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use zonal_io::folder::{FIGURES, PAGE};
use zonal_io::write::write_file;
use zonal_run::kept::{Kept, KeptTraining, read};

/// A format of a figure's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Lines and text, to any size.
    Svg,
    /// Points, 300 to the inch.
    Png,
}

impl Format {
    fn extension(self) -> &'static str {
        match self {
            Self::Svg => "svg",
            Self::Png => "png",
        }
    }
}

impl FromStr for Format {
    type Err = String;
    fn from_str(text: &str) -> std::result::Result<Self, String> {
        match text {
            "svg" => Ok(Self::Svg),
            "png" => Ok(Self::Png),
            _ => Err(format!("'{text}' is no format of figures; write svg, png or svg,png")),
        }
    }
}

/// The page of one run, whatever its kind.
///
/// # Errors
/// As [`page::training`].
pub fn page_of(run: &Kept) -> Result<Page> {
    match run {
        Kept::Training(run) => page::training(run),
        Kept::Sweep(run) => page::sweep(run),
        Kept::Reproduce(run) => page::claims(run),
        Kept::Game(run) => page::game(run),
    }
}

/// What was written.
#[derive(Clone, Debug, Default)]
pub struct Written {
    /// The page.
    pub page: PathBuf,
    /// Files of figures.
    pub figures: Vec<PathBuf>,
}

/// Writes the page of a finished run into its folder, and its figures beside it.
///
/// # Errors
/// Those of reading the run, and of writing.
pub fn write_run(folder: &Path, formats: &[Format]) -> Result<Written> {
    let page = page_of(&read(folder)?)?;
    let path = folder.join(PAGE);
    write_file(&path, page.html()?.as_bytes())?;
    let figures = write_figures(&page, &folder.join(FIGURES), formats)?;
    Ok(Written { page: path, figures })
}

/// Writes the figures of a finished run and no page.
///
/// # Errors
/// As [`write_run`].
pub fn write_run_figures(folder: &Path, formats: &[Format]) -> Result<Vec<PathBuf>> {
    write_figures(&page_of(&read(folder)?)?, &folder.join(FIGURES), formats)
}

/// The page of several runs: trainings are compared, others follow each other.
///
/// # Errors
/// As [`page::training`].
pub fn page_of_runs(runs: &[(String, Kept)]) -> Result<Page> {
    if let [(_, run)] = runs {
        return page_of(run);
    }
    let trainings: Vec<(String, &KeptTraining)> = runs
        .iter()
        .filter_map(|(name, run)| match run {
            Kept::Training(training) => Some((name.clone(), &**training)),
            _ => None,
        })
        .collect();
    let mut pages = match trainings.as_slice() {
        [] => Vec::new(),
        [(_, one)] => vec![page::training(one)?],
        several => vec![page::comparison(several)?],
    };
    for (_, run) in runs.iter().filter(|(_, r)| !matches!(r, Kept::Training(_))) {
        pages.push(page_of(run)?);
    }
    Ok(page::joined(pages))
}

/// Writes a page to a file of the user's choice, and its figures into `figures` beside it.
///
/// # Errors
/// [`Error::Occupied`] for a file that is no page of ours, unless `force`; those of writing.
pub fn write_page(page: &Page, path: &Path, force: bool, formats: &[Format]) -> Result<Written> {
    if path.exists() && !force && !is_page(path) {
        return Err(Error::Occupied { path: path.to_owned() });
    }
    write_file(path, page.html()?.as_bytes())?;
    let parent = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let figures = write_figures(page, &parent.join(FIGURES), formats)?;
    Ok(Written { page: path.to_owned(), figures })
}

/// Whether a file begins as our pages do.
fn is_page(path: &Path) -> bool {
    use std::io::Read;
    let mut start = Vec::new();
    let read = std::fs::File::open(path).and_then(|f| f.take(4_096).read_to_end(&mut start));
    let mark = format!("<meta name=\"generator\" content=\"{GENERATOR} ");
    read.is_ok() && String::from_utf8_lossy(&start).contains(&mark)
}

fn write_figures(page: &Page, folder: &Path, formats: &[Format]) -> Result<Vec<PathBuf>> {
    let mut written = Vec::new();
    if formats.is_empty() {
        return Ok(written);
    }
    std::fs::create_dir_all(folder).map_err(|source| zonal_io::Error::System {
        path: folder.to_owned(),
        action: "creating the folder",
        source,
    })?;
    for chart in &page.charts {
        let svg = file(chart);
        for format in formats {
            let path = folder.join(format!("{}.{}", chart.id, format.extension()));
            let bytes = match format {
                Format::Svg => (svg.clone() + "\n").into_bytes(),
                Format::Png => png(&svg)?,
            };
            write_file(&path, &bytes)?;
            written.push(path);
        }
    }
    Ok(written)
}
