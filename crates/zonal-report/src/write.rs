//! Writes pages and figures to files.

use crate::chart::Chart;
use crate::draw::svg_file;
use crate::error::{Error, Result};
use crate::page::{self, Page};
#[cfg(feature = "png")]
use crate::pdf::pdf;
#[cfg(feature = "png")]
use crate::png::png;
use std::path::{Path, PathBuf};
use zonal_documents::request::FigureFormat as Format;
use zonal_documents::saved::{SavedRun, SavedTraining};
use zonal_io::folder::{FIGURES, PAGE, PAGE_MARK, RunFolder, has_mark, is_figure};
use zonal_io::write::write_file;
use zonal_jobs::saved_run::read;

fn extension(format: Format) -> &'static str {
    match format {
        Format::Svg => "svg",
        Format::Png => "png",
        Format::Pdf => "pdf",
    }
}

/// Builds the page of a run of any kind.
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

/// The files that were written.
#[derive(Clone, Debug, Default)]
pub struct WrittenFiles {
    /// The page.
    pub page: PathBuf,
    /// The figures.
    pub figures: Vec<PathBuf>,
}

/// Writes the page of a finished run and its figures into the folder of the run.
///
/// # Errors
/// Errors of reading and writing; [`Error::Occupied`] for a file that zonal did not write, unless `force`.
pub fn write_run(folder: &Path, force: bool, formats: &[Format]) -> Result<WrittenFiles> {
    let (page, _folder) = open_run(folder)?;
    write_page(&page, &folder.join(PAGE), force, formats)
}

/// Opens the locked folder of a finished run, and builds its page.
fn open_run(folder: &Path) -> Result<(Page, RunFolder)> {
    // The reader has the better error messages; but only what is read under the lock is certain to be the same run.
    read(folder)?;
    let locked = RunFolder::open_finished(folder)?;
    Ok((page_of(&read(folder)?)?, locked))
}

/// Writes only the figures of a finished run.
///
/// # Errors
/// As [`write_run`].
pub fn write_run_figures(folder: &Path, formats: &[Format]) -> Result<Vec<PathBuf>> {
    let (page, _folder) = open_run(folder)?;
    write_figures(&page, &folder.join(FIGURES), false, formats)
}

/// Builds the page of several runs: trainings are compared, other runs follow one after another.
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
    Ok(page::join(pages))
}

/// Checks that a page can be written to a file: that zonal wrote the file that is there, if any, unless `force`.
///
/// # Errors
/// [`Error::Occupied`].
pub fn check_page(path: &Path, force: bool) -> Result<()> {
    if path.exists() && !force && !has_mark(path, PAGE_MARK) {
        return Err(Error::Occupied { path: path.to_owned() });
    }
    Ok(())
}

/// Writes a page to a file, and its figures into the folder `figures` next to it.
///
/// # Errors
/// [`Error::Occupied`] for a file that zonal did not write, unless `force`; errors of writing.
pub fn write_page(page: &Page, path: &Path, force: bool, formats: &[Format]) -> Result<WrittenFiles> {
    check_page(path, force)?;
    let parent = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(parent).map_err(cannot_create(parent))?;
    let figures = write_figures(page, &parent.join(FIGURES), force, formats)?;
    write_file(path, page.html()?.as_bytes())?;
    Ok(WrittenFiles { page: path.to_owned(), figures })
}

/// Checks that this build can write figures in these formats.
///
/// # Errors
/// [`Error::Picture`] for PNG and PDF in a build without them.
pub fn check_formats(formats: &[Format]) -> Result<()> {
    if cfg!(feature = "png") || formats.iter().all(|format| *format == Format::Svg) {
        return Ok(());
    }
    let message =
        "this build of zonal has neither PNG nor PDF; choose SVG, or build it with the feature `png`";
    Err(Error::Picture { message: message.to_owned() })
}

/// Refuses PNG and PDF in a build without them.
#[cfg(not(feature = "png"))]
fn png(_svg: &str) -> Result<Vec<u8>> {
    check_formats(&[Format::Png]).map(|()| Vec::new())
}

#[cfg(not(feature = "png"))]
use png as pdf;

fn cannot_create(folder: &Path) -> impl Fn(std::io::Error) -> Error + '_ {
    move |source| {
        zonal_io::Error::System { path: folder.to_owned(), action: "creating the folder", source }.into()
    }
}

fn write_figures(page: &Page, folder: &Path, force: bool, formats: &[Format]) -> Result<Vec<PathBuf>> {
    write_charts(page.charts.iter().map(|drawn| &drawn.chart), folder, force, formats)
}

/// Writes charts as files into a folder, which is created if necessary.
///
/// # Errors
/// [`Error::Occupied`] for a file that zonal did not write, unless `force`; errors of writing.
pub fn write_charts<'a>(
    charts: impl Iterator<Item = &'a Chart>,
    folder: &Path,
    force: bool,
    formats: &[Format],
) -> Result<Vec<PathBuf>> {
    let name = |chart: &Chart, format: Format| folder.join(format!("{}.{}", chart.id, extension(format)));
    let mut formats = formats.to_vec();
    formats.sort_unstable();
    formats.dedup();
    let all: Vec<(&Chart, Format)> =
        charts.flat_map(|chart| formats.iter().map(move |format| (chart, *format))).collect();
    // All files are checked before the first is written.
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
        let svg = svg_file(chart);
        let bytes = match format {
            Format::Svg => (svg + "\n").into_bytes(),
            Format::Png => png(&svg)?,
            Format::Pdf => pdf(&svg)?,
        };
        write_file(&path, &bytes)?;
        written.push(path);
    }
    Ok(written)
}
