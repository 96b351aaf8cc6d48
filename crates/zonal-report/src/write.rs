//! Pages and figures as files.

use crate::chart::Chart;
use crate::draw::file;
use crate::error::{Error, Result};
use crate::page::{self, Page};
use crate::png::png;
use std::path::{Path, PathBuf};
use zonal_documents::request::FigureFormat as Format;
use zonal_documents::saved::{SavedRun, SavedTraining};
use zonal_io::folder::{FIGURES, PAGE, PAGE_MARK, RunFolder, has_mark, is_figure};
use zonal_io::write::write_file;
use zonal_jobs::kept::read;

fn extension(format: Format) -> &'static str {
    match format {
        Format::Svg => "svg",
        Format::Png => "png",
    }
}

/// The page of one run, whatever its kind.
///
/// # Errors
/// As [`page::training`].
pub fn page_of(run: &SavedRun) -> Result<Page> {
    match run {
        SavedRun::Training(run) => page::training(run),
        SavedRun::Sweep(run) => page::sweep(run),
        SavedRun::Reproduce(run) => page::claims(run),
        SavedRun::Game(run) => page::game(run),
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
/// Those of reading the run, and of writing; [`Error::Occupied`] for a file that is no page or figure of ours, unless `force`.
pub fn write_run(folder: &Path, force: bool, formats: &[Format]) -> Result<Written> {
    let (page, _folder) = held(folder)?;
    write_page(&page, &folder.join(PAGE), force, formats)
}

/// The page of a finished run, and its folder, which nobody else writes meanwhile.
fn held(folder: &Path) -> Result<(Page, RunFolder)> {
    // What is wrong with a folder is told by its reader; what it reads may be another run before the folder is held.
    read(folder)?;
    let held = RunFolder::open_finished(folder)?;
    Ok((page_of(&read(folder)?)?, held))
}

/// Writes the figures of a finished run and no page.
///
/// # Errors
/// As [`write_run`].
pub fn write_run_figures(folder: &Path, formats: &[Format]) -> Result<Vec<PathBuf>> {
    let (page, _folder) = held(folder)?;
    write_figures(&page, &folder.join(FIGURES), false, formats)
}

/// The page of several runs: trainings are compared, others follow each other.
///
/// # Errors
/// As [`page::training`].
pub fn page_of_runs(runs: &[(String, SavedRun)]) -> Result<Page> {
    if let [(_, run)] = runs {
        return page_of(run);
    }
    let trainings: Vec<(String, &SavedTraining)> = runs
        .iter()
        .filter_map(|(name, run)| match run {
            SavedRun::Training(training) => Some((name.clone(), &**training)),
            _ => None,
        })
        .collect();
    let mut pages = match trainings.as_slice() {
        [] => Vec::new(),
        [(_, one)] => vec![page::training(one)?],
        several => vec![page::comparison(several)?],
    };
    for (_, run) in runs.iter().filter(|(_, r)| !matches!(r, SavedRun::Training(_))) {
        pages.push(page_of(run)?);
    }
    Ok(page::joined(pages))
}

/// Writes a page to a file of the user's choice, and its figures into `figures` beside it.
///
/// # Errors
/// [`Error::Occupied`] for a file that is no page or figure of ours, unless `force`; those of writing.
pub fn write_page(page: &Page, path: &Path, force: bool, formats: &[Format]) -> Result<Written> {
    if path.exists() && !force && !has_mark(path, PAGE_MARK) {
        return Err(Error::Occupied { path: path.to_owned() });
    }
    let parent = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(parent).map_err(cannot_create(parent))?;
    let figures = write_figures(page, &parent.join(FIGURES), force, formats)?;
    write_file(path, page.html()?.as_bytes())?;
    Ok(Written { page: path.to_owned(), figures })
}

fn cannot_create(folder: &Path) -> impl Fn(std::io::Error) -> Error + '_ {
    move |source| {
        zonal_io::Error::System { path: folder.to_owned(), action: "creating the folder", source }.into()
    }
}

fn write_figures(page: &Page, folder: &Path, force: bool, formats: &[Format]) -> Result<Vec<PathBuf>> {
    let name = |chart: &Chart, format: Format| folder.join(format!("{}.{}", chart.id, extension(format)));
    let mut formats = formats.to_vec();
    formats.sort_unstable();
    formats.dedup();
    let all = page.charts.iter().flat_map(|d| formats.iter().map(move |format| (&d.chart, *format)));
    let all: Vec<(&Chart, Format)> = all.collect();
    // Nothing is written before it is clear that nothing is lost.
    for (chart, format) in &all {
        let path = name(chart, *format);
        if path.exists() && !force && !is_figure(&path) {
            return Err(Error::Occupied { path });
        }
    }
    if all.is_empty() {
        return Ok(Vec::new());
    }
    std::fs::create_dir_all(folder).map_err(cannot_create(folder))?;
    let mut written = Vec::new();
    for (chart, format) in all {
        let path = name(chart, format);
        let svg = file(chart);
        let bytes = match format {
            Format::Svg => (svg + "\n").into_bytes(),
            Format::Png => png(&svg)?,
        };
        write_file(&path, &bytes)?;
        written.push(path);
    }
    Ok(written)
}
