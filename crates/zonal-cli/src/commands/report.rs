//! `zonal report`, and the page that every run leaves.

use crate::Global;
use crate::format::Format;
use crate::output::{print, print_json};
use anyhow::Result;
use std::path::{Path, PathBuf};
use zonal_documents::Error;
use zonal_documents::record::{PageReport, RunKind};
use zonal_documents::saved::Kept;
use zonal_io::folder::is_run_file;
use zonal_jobs::kept::read;
use zonal_jobs::record::Output;
use zonal_report::{Format as FigureFormat, WrittenFiles, page_of_runs, write_page, write_run};

/// One page of one or several finished runs
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Of one run the page goes into its folder, of several into comparison.html or the file of --out. Trainings are \
                  compared; sweeps, checked claims and games follow each other.\n\nExamples:\n  zonal report \
                  runs/data-relu-1\n  zonal report runs/a runs/b --out both.html\n  zonal report runs/a --figures svg,png"
)]
pub(crate) struct Args {
    /// Folders of finished runs
    #[arg(required = true, value_name = "RUN")]
    runs: Vec<PathBuf>,
    /// The file of the page [default: report.html in the folder of a single run, else comparison.html]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Replace files that are no pages or figures of ours
    #[arg(long)]
    force: bool,
    /// Also the figures as files, sized for a column: svg, png or svg,png; they go into the folder figures beside the page
    #[arg(long, value_name = "FORMATS", value_delimiter = ',')]
    figures: Vec<FigureFormat>,
}

/// What a run leaves for people.
#[derive(clap::Args, Clone, Debug)]
pub struct PageArgs {
    /// No report.html in the run's folder
    #[arg(long)]
    no_report: bool,
    /// Also the figures as files, sized for a column: svg, png or svg,png
    #[arg(long, value_name = "FORMATS", value_delimiter = ',')]
    figures: Vec<FigureFormat>,
}

/// Where a run of nothing but its record is written.
#[derive(clap::Args, Debug)]
pub(crate) struct FolderArgs {
    /// The folder for the run, or none [default: a new folder below runs]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Replace a run in the folder of --out
    #[arg(long, requires = "out")]
    force: bool,
    #[command(flatten)]
    pub(crate) page: PageArgs,
}

impl FolderArgs {
    /// Where the run goes; refused before the work where that cannot be.
    pub(crate) fn output(&self, kind: RunKind) -> Result<Output> {
        let output = output(self.out.as_deref(), self.force)?;
        self.page.check(&output)?;
        output.check(kind)?;
        Ok(output)
    }
}

/// Where a run goes that was given this --out.
pub(crate) fn output(out: Option<&Path>, force: bool) -> Result<Output, Error> {
    // The name stands in the report and the record, which are text.
    if let Some(path) = out.filter(|p| p.to_str().is_none()) {
        return Err(Error::Usage(format!(
            "--out {} is not valid text (UTF-8); choose another name",
            path.display()
        )));
    }
    Ok(match out {
        None => Output::Numbered(PathBuf::from("runs")),
        Some(path) if path.as_os_str() == "none" => Output::None,
        Some(path) => Output::Folder { path: path.to_owned(), force },
    })
}

impl PageArgs {
    /// Figures need a folder.
    pub(crate) fn check(&self, output: &Output) -> Result<(), Error> {
        if !self.figures.is_empty() && matches!(output, Output::None) {
            return Err(Error::Usage("--figures needs a folder, but --out is none".into()));
        }
        Ok(())
    }

    /// Writes the page of a run that is there already, so that a failure loses nothing but the page.
    ///
    /// # Errors
    /// Those of reading the run and of writing, with what to do.
    pub fn write(&self, run: Option<&str>) -> Result<()> {
        let Some(run) = run else { return Ok(()) };
        let written = match (self.no_report, self.figures.is_empty()) {
            (true, true) => return Ok(()),
            (true, false) => zonal_report::write_run_figures(Path::new(run), &self.figures).map(|_| ()),
            (false, _) => write_run(Path::new(run), false, &self.figures).map(|_| ()),
        };
        written.map_err(|e| {
            anyhow::Error::from(e).context(format!(
                "the run is saved in {run}, but not its page; once mended: zonal report {run}"
            ))
        })
    }
}

pub(crate) fn run(args: &Args, global: &Global) -> Result<()> {
    global.refuse_seed("a page draws nothing at random")?;
    if let Some(twice) = args.runs.iter().enumerate().find(|(i, r)| args.runs[..*i].contains(r)) {
        return Err(Error::Usage(format!("{} is named twice", twice.1.display())).into());
    }
    if let Some(out) = args.out.as_deref().filter(|out| is_run_file(out)) {
        let message = format!(
            "--out {} is called like a file that a run needs; name another one for the page",
            out.display()
        );
        return Err(Error::Usage(message).into());
    }
    let written = match (args.runs.as_slice(), &args.out) {
        ([run], None) => write_run(run, args.force, &args.figures)?,
        (runs, out) => {
            let kept: Vec<(String, Kept)> =
                runs.iter().map(|r| Ok((name(r, runs), read(r)?))).collect::<Result<_, Error>>()?;
            let path = out.clone().unwrap_or_else(|| PathBuf::from("comparison.html"));
            write_page(&page_of_runs(&kept)?, &path, args.force, &args.figures)?
        }
    };
    let text = |path: &Path| path.display().to_string();
    let WrittenFiles { page, figures } = written;
    let report = PageReport {
        schema: zonal_documents::SCHEMA,
        page: text(&page),
        figures: figures.iter().map(|f| text(f)).collect(),
    };
    match global.format {
        Format::Json => print_json(&report),
        Format::Csv | Format::Table => {
            let lines = [&report.page].into_iter().chain(&report.figures).map(|f| format!("{f}\n"));
            print(&lines.collect::<String>())
        }
    }
}

/// What a run is called beside others: its folder's name, or its path where another folder has the same name.
fn name(run: &Path, runs: &[PathBuf]) -> String {
    let same = runs.iter().filter(|r| r.file_name() == run.file_name()).count();
    match run.file_name().filter(|_| same == 1) {
        Some(name) => name.to_string_lossy().into_owned(),
        None => run.display().to_string(),
    }
}
