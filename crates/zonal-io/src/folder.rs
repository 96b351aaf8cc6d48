//! Run folders: numbered or named by the user, never overwriting what is not ours.

use crate::error::{Error, Result};
use crate::write::{TEMPORARY, flush_folder, write_file};
use std::fs::{self, File, TryLockError};
use std::io::Read;
use std::path::{Path, PathBuf};

/// The record that marks a folder as one of ours.
pub const RECORD: &str = "run.json";
/// The metrics, one JSON object a line.
pub const METRICS: &str = "metrics.jsonl";
/// The same as a table.
pub const METRICS_CSV: &str = "metrics.csv";
/// Predictions on test rows.
pub const TEST_ROWS: &str = "test_rows.csv";
/// The trained network.
pub const MODEL: &str = "model.safetensors";

/// The plan of a sweep.
pub const SWEEP: &str = "sweep.toml";
/// The cells of a sweep that are done, one JSON object a line.
pub const CELLS: &str = "cells.jsonl";
/// The table of a sweep as CSV.
pub const TABLE: &str = "table.csv";
/// The table of a sweep as an Arrow file.
pub const ARROW: &str = "table.arrow";

/// The configuration of a training that is not finished.
pub const RESUME: &str = "resume.json";
/// The sums over rows of a training that is not finished.
pub const STATISTICS: &str = "statistics.safetensors";
/// The sums over rows of monomials, likewise.
pub const MONOMIALS: &str = "monomials.safetensors";

/// The weights of a descent that is not finished.
pub const DESCENT: &str = "descent.safetensors";

/// The page for people.
pub const PAGE: &str = "report.html";
/// The folder of figures.
pub const FIGURES: &str = "figures";
/// What a figure of ours holds near its beginning: SVG in its first element, PNG as the program that made it.
pub const FIGURE_MARKS: [&[u8]; 2] = [b"data-made-by=\"zonal\"", b"Software\0zonal"];

/// An output folder of a run. No other program takes it as long as this lives.
#[derive(Debug)]
pub struct RunFolder {
    path: PathBuf,
    created: bool,
    /// Held, not used.
    _lock: Option<File>,
}

/// Everything that a run may write; nothing else in a folder is ever touched. In the order in which it is removed: the record
/// first, and those last that tell what the others are (see [`is_remainder`]).
const FILES: [&str; 14] = [
    RECORD,
    PAGE,
    METRICS_CSV,
    TEST_ROWS,
    MODEL,
    SWEEP,
    TABLE,
    ARROW,
    STATISTICS,
    MONOMIALS,
    DESCENT,
    RESUME,
    METRICS,
    CELLS,
];
/// What only an unfinished run needs.
const UNFINISHED: [&str; 4] = [RESUME, STATISTICS, MONOMIALS, DESCENT];

impl RunFolder {
    /// Finds out, before the work, whether a folder chosen by the user may be written to: it must not exist, be empty,
    /// or with `force` hold a run of ours. Nothing is created.
    ///
    /// # Errors
    /// [`Error::Folder`] for a folder that must not be written to, [`Error::System`].
    pub fn check_named(path: &Path, force: bool) -> Result<()> {
        let refuse =
            |message: &str| Err(Error::Folder { path: path.to_owned(), message: message.to_owned() });
        // A folder that does not exist yet must not lead back through "..", or it would be another one when it does.
        let existing = fs::metadata(path);
        if existing.is_err() && path.components().any(|c| c == std::path::Component::ParentDir) {
            let parent = path.parent().filter(|p| !p.as_os_str().is_empty());
            if path.file_name().is_none() || parent.is_some_and(|p| !p.is_dir()) {
                return refuse("does not exist and its name goes through '..'; name it directly");
            }
        }
        match existing {
            Ok(meta) if !meta.is_dir() => refuse("is a file; choose another name for --out"),
            Ok(_) => {
                let mut entries = fs::read_dir(path).map_err(Error::system(path, "listing"))?;
                let empty = entries.next().is_none();
                let begun = path.join(SWEEP).is_file() && path.join(CELLS).is_file();
                let unfinished = path.join(RESUME).is_file();
                let ours = path.join(RECORD).is_file() || begun || unfinished || is_remainder(path);
                if !empty && !force && unfinished {
                    return refuse(
                        "holds a training that is not finished; go on with it by `zonal train --resume`, or \
                         --force to replace it",
                    );
                }
                if !empty && !force && begun {
                    return refuse(
                        "holds a sweep; go on with it by `zonal sweep --resume`, or --force to replace it",
                    );
                }
                if !empty && !force && is_remainder(path) {
                    return refuse(
                        "holds what a run left that was stopped while it wrote; --force to replace it",
                    );
                }
                if !empty && !force {
                    return refuse("is not empty; choose another one, or --force to replace a run in it");
                }
                lock(path)?;
                if !empty && !ours {
                    return refuse(
                        "is not empty and holds no run.json, so it is not a run of ours: --force does not replace it",
                    );
                }
                check_writable(path)
            }
            Err(_) => check_writable(nearest_existing(path)),
        }
    }

    /// Finds out whether numbered folders can be made below `parent`, which need not exist yet.
    ///
    /// # Errors
    /// [`Error::System`].
    pub fn check_parent(parent: &Path) -> Result<()> {
        check_writable(nearest_existing(parent))
    }

    /// The folder chosen by the user, made if it does not exist. The run that `force` allows to replace goes first, its
    /// record before all: a folder with a record is a complete run at every instant.
    ///
    /// # Errors
    /// As [`Self::check_named`].
    pub fn named(path: &Path, force: bool) -> Result<Self> {
        Self::check_named(path, force)?;
        let created = !path.exists();
        fs::create_dir_all(path).map_err(Error::system(path, "creating the folder"))?;
        flush_folder(path);
        let folder = Self { path: path.to_owned(), created, _lock: lock(path)? };
        folder.remove(FILES)?;
        folder.remove_temporary();
        folder.remove_figures();
        Ok(folder)
    }

    /// The next free `parent/name-N`, N = 1, 2, ..
    ///
    /// # Errors
    /// [`Error::System`].
    pub fn numbered(parent: &Path, name: &str) -> Result<Self> {
        fs::create_dir_all(parent).map_err(Error::system(parent, "creating the folder"))?;
        let mut number = 1u32;
        loop {
            let path = parent.join(format!("{name}-{number}"));
            // Creating is the test: two runs at once never get the same folder.
            match fs::create_dir(&path) {
                Ok(()) => {
                    flush_folder(&path);
                    let _lock = lock(&path)?;
                    return Ok(Self { path, created: true, _lock });
                }
                Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists && number < u32::MAX => number += 1,
                Err(e) => return Err(Error::system(path, "creating the folder")(e)),
            }
        }
    }

    fn remove(&self, names: impl IntoIterator<Item = &'static str>) -> Result<()> {
        for name in names {
            let path = self.path.join(name);
            match fs::remove_file(&path) {
                Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
                    return Err(Error::system(path, "removing the run to replace")(e));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Figures of the run to replace would be taken for those of the new one. What somebody else has put there stays, and what
    /// cannot be removed does no harm.
    fn remove_figures(&self) {
        let folder = self.path.join(FIGURES);
        // A link leads somewhere else, where nothing is ours.
        if !fs::symlink_metadata(&folder).is_ok_and(|m| m.is_dir()) {
            return;
        }
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            if is_figure(&entry.path()) {
                let _ = fs::remove_file(entry.path());
            }
        }
        // Only an empty folder goes.
        let _ = fs::remove_dir(folder);
    }

    /// A folder of earlier work that is taken up again. Files that had no name yet when a program was killed go.
    ///
    /// # Errors
    /// [`Error::System`] when it cannot be written to, [`Error::Folder`] when another program writes it.
    pub fn existing(path: &Path) -> Result<Self> {
        check_writable(path)?;
        let folder = Self { path: path.to_owned(), created: false, _lock: lock(path)? };
        folder.remove_temporary();
        Ok(folder)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes one file of the run.
    ///
    /// # Errors
    /// [`Error::System`].
    pub fn write(&self, name: &str, contents: &[u8]) -> Result<()> {
        write_file(&self.path.join(name), contents)
    }

    /// Files that had no name yet when a program was killed.
    fn remove_temporary(&self) {
        for entry in fs::read_dir(&self.path).into_iter().flatten().flatten() {
            if is_temporary(&entry) {
                // What stays does no harm.
                let _ = fs::remove_file(entry.path());
            }
        }
    }

    /// Removes what only an unfinished run needs.
    pub fn finished(&self) {
        self.remove_temporary();
        for name in UNFINISHED {
            // What stays does no harm: a folder with a record is finished.
            let _ = fs::remove_file(self.path.join(name));
        }
    }

    /// Whether it holds what an unfinished training needs to go on.
    pub fn is_unfinished(&self) -> bool {
        let has = |name: &str| self.path.join(name).is_file();
        has(RESUME) && (has(DESCENT) || has(STATISTICS) && has(MONOMIALS))
    }

    /// Takes back what was written after a failure, and the folder if it was made for this run. What a training needs to go
    /// on stays.
    pub fn abandon(self) {
        let unfinished = self.is_unfinished();
        let names = FILES.into_iter().filter(|name| !(unfinished && UNFINISHED.contains(name)));
        // Nobody can be told if this fails too, and what stays has no record.
        let _ = self.remove(names);
        self.remove_temporary();
        if self.created && !unfinished {
            let _ = fs::remove_dir(&self.path);
        }
    }
}

/// Two programs must not write one folder. None where the system knows no locks of folders.
fn lock(path: &Path) -> Result<Option<File>> {
    let Ok(folder) = File::open(path) else { return Ok(None) };
    match folder.try_lock() {
        Ok(()) => Ok(Some(folder)),
        Err(TryLockError::WouldBlock) => Err(Error::Folder {
            path: path.to_owned(),
            message: "is being written by another program that still runs".to_owned(),
        }),
        Err(TryLockError::Error(_)) => Ok(None),
    }
}

/// Whether a regular file is one that has no name yet.
fn is_temporary(entry: &fs::DirEntry) -> bool {
    let ours = entry.file_name().to_string_lossy().starts_with(TEMPORARY);
    ours && entry.file_type().is_ok_and(|t| t.is_file())
}

/// Whether a folder without a record holds nothing but files of a run that was killed while it wrote.
fn is_remainder(path: &Path) -> bool {
    let entries = fs::read_dir(path).map(|entries| entries.collect::<std::io::Result<Vec<_>>>());
    let Ok(Ok(entries)) = entries else { return false };
    let ours = |entry: &fs::DirEntry| {
        let name = entry.file_name();
        is_temporary(entry) || FILES.iter().any(|f| name == *f) || name == FIGURES
    };
    // A table or a page alone may be anybody's.
    let marks = |entry: &fs::DirEntry| {
        is_temporary(entry) || [METRICS, CELLS, RESUME].iter().any(|f| entry.file_name() == *f)
    };
    let finished = entries.iter().any(|entry| entry.file_name() == RECORD);
    !finished && entries.iter().all(ours) && entries.iter().any(marks)
}

/// Whether a file is a figure of ours: a regular file with our mark.
pub fn is_figure(path: &Path) -> bool {
    let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default();
    ["svg", "png"].contains(&extension) && FIGURE_MARKS.iter().any(|mark| begins_with_mark(path, mark))
}

/// Whether a regular file, and no link to one, has these bytes near its beginning.
pub fn begins_with_mark(path: &Path, mark: &[u8]) -> bool {
    if !fs::symlink_metadata(path).is_ok_and(|m| m.is_file()) {
        return false;
    }
    let mut start = Vec::new();
    let read = fs::File::open(path).and_then(|file| file.take(4_096).read_to_end(&mut start));
    read.is_ok() && start.windows(mark.len()).any(|w| w == mark)
}

/// The folder itself or the nearest one above it that exists.
fn nearest_existing(path: &Path) -> &Path {
    let mut above = path.ancestors().filter(|p| !p.as_os_str().is_empty() && p.exists());
    above.next().unwrap_or_else(|| Path::new("."))
}

fn check_writable(folder: &Path) -> Result<()> {
    tempfile::Builder::new()
        .prefix(TEMPORARY)
        .tempfile_in(folder)
        .map(drop)
        .map_err(|e| Error::system(folder, "writing into the folder")(without_path(e)))
}

/// The system's own words, without the name of a temporary file.
fn without_path(error: std::io::Error) -> std::io::Error {
    std::io::Error::from(error.kind())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_figures_of_ours_are_removed() {
        let place = tempfile::tempdir().unwrap();
        let run = place.path().join("run");
        fs::create_dir_all(run.join(FIGURES)).unwrap();
        fs::write(run.join(RECORD), "{}").unwrap();
        let ours = [("loss.svg", FIGURE_MARKS[0]), ("truth-2.png", FIGURE_MARKS[1])];
        for (name, mark) in ours {
            fs::write(run.join(FIGURES).join(name), [b"x", mark].concat()).unwrap();
        }
        fs::write(run.join(FIGURES).join("degrees.svg"), "mine").unwrap();
        RunFolder::named(&run, true).unwrap();
        let left: Vec<_> = fs::read_dir(run.join(FIGURES)).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(left, ["degrees.svg"]);
        // Through a link nothing is removed.
        #[cfg(unix)]
        {
            let elsewhere = place.path().join("elsewhere");
            fs::rename(run.join(FIGURES), &elsewhere).unwrap();
            fs::write(elsewhere.join("loss.svg"), FIGURE_MARKS[0]).unwrap();
            std::os::unix::fs::symlink(&elsewhere, run.join(FIGURES)).unwrap();
            fs::write(run.join(RECORD), "{}").unwrap();
            RunFolder::named(&run, true).unwrap();
            assert!(elsewhere.join("loss.svg").exists());
        }
    }

    #[test]
    fn what_a_killed_run_left_can_be_replaced_and_nothing_else() {
        let place = tempfile::tempdir().unwrap();
        let run = place.path().join("run");
        fs::create_dir_all(&run).unwrap();
        let refused = |force| RunFolder::check_named(&run, force).unwrap_err().to_string();
        fs::write(run.join(METRICS), "{}").unwrap();
        fs::write(run.join(".zonal-x1"), "half").unwrap();
        assert!(refused(false).contains("stopped while it wrote"));
        assert!(RunFolder::check_named(&run, true).is_ok());
        fs::write(run.join("thesis.tex"), "mine").unwrap();
        assert!(refused(true).contains("not a run of ours"));
        fs::remove_file(run.join("thesis.tex")).unwrap();
        fs::write(run.join(RECORD), "{}").unwrap();
        assert!(refused(false).contains("is not empty"));
        RunFolder::named(&run, true).unwrap();
        assert_eq!(fs::read_dir(&run).unwrap().count(), 0);
        // Killed while it replaced another run: after each file the rest can be replaced.
        for removed in 0..FILES.len() {
            FILES[removed..].iter().for_each(|name| fs::write(run.join(name), "x").unwrap());
            assert!(RunFolder::check_named(&run, true).is_ok(), "without {:?}", &FILES[..removed]);
            RunFolder::named(&run, true).unwrap();
        }
    }

    #[test]
    fn a_folder_that_is_being_written_is_left_alone() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("run");
        let folder = RunFolder::named(&path, false).unwrap();
        folder.write(RECORD, b"{}").unwrap();
        let refused = |error: Error| assert!(error.to_string().contains("another program"), "{error}");
        refused(RunFolder::named(&path, true).unwrap_err());
        refused(RunFolder::existing(&path).unwrap_err());
        fs::write(path.join(".zonal-x1"), "half").unwrap();
        drop(folder);
        drop(RunFolder::existing(&path).unwrap());
        assert!(!path.join(".zonal-x1").exists() && path.join(RECORD).exists());
    }

    #[test]
    fn a_failed_write_leaves_what_a_training_needs_to_go_on() {
        let place = tempfile::tempdir().unwrap();
        let begun = |name: &str, files: &[&str]| {
            let folder = RunFolder::named(&place.path().join(name), false).unwrap();
            files.iter().for_each(|file| folder.write(file, b"x").unwrap());
            let path = folder.path().to_owned();
            folder.abandon();
            path
        };
        let path = begun("long", &[RESUME, STATISTICS, MONOMIALS, METRICS]);
        for name in [RESUME, STATISTICS, MONOMIALS] {
            assert!(path.join(name).is_file(), "{name}");
        }
        let path = begun("moving", &[RESUME, DESCENT, METRICS]);
        assert!(path.join(RESUME).is_file() && path.join(DESCENT).is_file());
        assert!(!path.join(METRICS).exists());
        assert!(!begun("short", &[METRICS, MODEL]).exists());
    }
}
