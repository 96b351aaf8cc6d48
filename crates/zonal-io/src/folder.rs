//! Run folders: numbered or named by the user, never overwriting what is not ours.

use crate::contents::{Contents, Kind, contents, has_written, is_temporary};
use crate::error::{Error, Result};
use crate::names::UNFINISHED;
use crate::option::{FORCE, OUT, RESUME as RESUME_OPTION, call};
use crate::write::{TEMPORARY, flush_folder, write_file};
use std::fs::{self, File, TryLockError};
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

pub use crate::contents::has_mark;
pub use crate::names::{
    ARROW, CELLS, DESCENT, FIGURE_MARKS, FIGURES, METRICS, METRICS_CSV, MODEL, MONOMIALS, PAGE, PAGE_MARK,
    RECORD, RESUME, STATISTICS, SWEEP, TABLE, TEST_ROWS,
};

/// What only a training needs that is not finished.
const ONLY_UNFINISHED: [&str; 4] = [RESUME, STATISTICS, MONOMIALS, DESCENT];

/// An output folder of a run. No other program takes it as long as this lives.
#[derive(Debug)]
pub struct RunFolder {
    path: PathBuf,
    kind: Kind,
    created: bool,
    /// Held, not used.
    _lock: Option<File>,
}

impl RunFolder {
    /// Finds out, before the work, whether a run of this kind may be written to a folder chosen by the user: it must not exist,
    /// be empty, or with `force` hold a run of ours. Nothing is created.
    ///
    /// # Errors
    /// [`Error::Folder`] for a folder that must not be written to, [`Error::System`].
    pub fn check_named(path: &Path, force: bool, kind: Kind) -> Result<()> {
        match existing_folder(path)? {
            Some(folder) if folder == path => {
                let _lock = lock(path)?;
                replaced(path, force, kind)?;
                check_writable(path)
            }
            above => {
                // A folder that does not exist yet must not lead back through "..", or it would be another one when it does.
                if path.components().any(|c| c == Component::ParentDir) {
                    let parent = path.parent().filter(|p| !p.as_os_str().is_empty());
                    if path.file_name().is_none() || parent.is_some_and(|p| !p.is_dir()) {
                        return refuse(
                            path,
                            "does not exist and its name goes through '..'; name it directly",
                        );
                    }
                }
                check_writable(above.unwrap_or(Path::new(".")))
            }
        }
    }

    /// Refuses to put a run into a folder where it would take the place of something that it reads, or that is to stay.
    ///
    /// # Errors
    /// [`Error::Folder`].
    pub fn check_spares<'a>(path: &Path, needed: impl IntoIterator<Item = &'a Path>) -> Result<()> {
        let (Ok(folder), Ok(found)) = (path.canonicalize(), contents(path)) else { return Ok(()) };
        let Some(kind) = found.kind() else { return Ok(()) };
        let goes = |file: &Path| {
            // The file that a link leads to, and the link itself.
            let parent = file.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
            let link = file.file_name().and_then(|name| Some(parent.canonicalize().ok()?.join(name)));
            [file.canonicalize().ok(), link].into_iter().flatten().any(|file| {
                let name = file.file_name().unwrap_or_default();
                let ours =
                    kind.files().any(|ours| name == ours) || name.to_string_lossy().starts_with(TEMPORARY);
                ours && file.parent() == Some(&folder)
            })
        };
        match needed.into_iter().find(|file| goes(file)) {
            None => Ok(()),
            Some(file) => refuse(
                path,
                format!(
                    "holds {}, which this run reads and {} would remove; copy it elsewhere, or choose another folder for \
                     {OUT}",
                    file.display(),
                    FORCE.set()
                ),
            ),
        }
    }

    /// Finds out whether numbered folders can be made below `parent`, which need not exist yet.
    ///
    /// # Errors
    /// [`Error::System`], [`Error::Folder`] where something else than a folder is in the way.
    pub fn check_parent(parent: &Path) -> Result<()> {
        check_writable(existing_folder(parent)?.unwrap_or(Path::new(".")))
    }

    /// The folder chosen by the user, made if it does not exist, for a run of this kind. The run that `force` allows to
    /// replace goes first, its record before all else that a run needs: a folder with a record is a complete run at every instant.
    ///
    /// # Errors
    /// As [`Self::check_named`].
    pub fn named(path: &Path, force: bool, kind: Kind) -> Result<Self> {
        Self::check_named(path, force, kind)?;
        let created = !path.exists();
        fs::create_dir_all(path).map_err(Error::system(path, "creating the folder"))?;
        flush_folder(path);
        let _lock = lock(path)?;
        // Another program may have been quicker.
        let replaced = replaced(path, force, kind)?;
        let folder = Self { path: path.to_owned(), kind, created, _lock };
        // Whatever happens while the old run goes, what is left tells that it may be replaced.
        if let Err(error) = folder.mark(replaced.unwrap_or(kind)) {
            folder.give_up();
            return Err(error);
        }
        if let Some(replaced) = replaced {
            folder.remove_figures();
            replaced.files().try_for_each(|name| folder.remove(name))?;
            folder.remove_temporary();
            folder.mark(kind)?;
        }
        Ok(folder)
    }

    /// The next free `parent/name-N`, N = 1, 2, .., for a run of this kind.
    ///
    /// # Errors
    /// [`Error::System`].
    pub fn numbered(parent: &Path, name: &str, kind: Kind) -> Result<Self> {
        fs::create_dir_all(parent).map_err(Error::system(parent, "creating the folder"))?;
        let mut number = 1u32;
        loop {
            let path = parent.join(format!("{name}-{number}"));
            // Creating is the test: two runs at once never get the same folder.
            match fs::create_dir(&path) {
                Ok(()) => {
                    flush_folder(&path);
                    let _lock = lock(&path)?;
                    let folder = Self { path, kind, created: true, _lock };
                    return match folder.mark(kind) {
                        Ok(()) => Ok(folder),
                        Err(error) => {
                            folder.give_up();
                            Err(error)
                        }
                    };
                }
                Err(e) if e.kind() == ErrorKind::AlreadyExists && number < u32::MAX => number += 1,
                Err(e) => return Err(Error::system(path, "creating the folder")(e)),
            }
        }
    }

    /// The folder of a training or sweep that can go on, or of a sweep that is finished. Files that had no name yet when a
    /// program was killed go.
    ///
    /// # Errors
    /// [`Error::Folder`] for one without, or that another program writes; [`Error::System`] when it cannot be written to.
    pub fn begun(path: &Path, kind: Kind) -> Result<Self> {
        let _lock = lock(path)?;
        let found = contents(path)?;
        match (&found, kind) {
            (Contents::Training, Kind::Training)
            | (Contents::Sweep | Contents::Run(Kind::Sweep), Kind::Sweep) => {}
            (Contents::Run(_), _) => {
                return refuse(path, "holds a finished run: there is nothing to go on with");
            }
            _ => {
                return refuse(
                    path,
                    "holds nothing that can go on: its files were written by another program, or are damaged; start it \
                     anew",
                );
            }
        }
        check_writable(path)?;
        let folder = Self { path: path.to_owned(), kind, created: false, _lock };
        folder.remove_temporary();
        if matches!(found, Contents::Run(_)) {
            folder.unmark();
        }
        Ok(folder)
    }

    /// The folder of a finished run, to write its page. What it no longer needs goes.
    ///
    /// # Errors
    /// [`Error::Folder`] for one that holds none, or that another program writes; [`Error::System`] when it cannot be written to.
    pub fn finished_run(path: &Path) -> Result<Self> {
        let _lock = lock(path)?;
        let Contents::Run(kind) = contents(path)? else {
            return refuse(path, "holds no finished run any more");
        };
        check_writable(path)?;
        let folder = Self { path: path.to_owned(), kind, created: false, _lock };
        folder.finished();
        Ok(folder)
    }

    /// Says that a run of this kind is written here.
    fn mark(&self, kind: Kind) -> Result<()> {
        self.write(UNFINISHED, format!("{}\n", kind.word()).as_bytes())
    }

    /// The run is finished, or nothing of it is left.
    fn unmark(&self) {
        // What stays does no harm beside a record.
        let _ = fs::remove_file(self.path.join(UNFINISHED));
    }

    fn remove(&self, name: &str) -> Result<()> {
        let path = self.path.join(name);
        match fs::remove_file(&path) {
            Err(e) if e.kind() != ErrorKind::NotFound => {
                Err(Error::system(path, "removing a file of the run")(e))
            }
            _ => Ok(()),
        }
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
            if is_figure(&entry.path()) || is_temporary(&entry) {
                let _ = fs::remove_file(entry.path());
            }
        }
        // Only an empty folder goes.
        let _ = fs::remove_dir(folder);
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
        let figures = self.path.join(FIGURES);
        let is_link = fs::symlink_metadata(&figures).is_ok_and(|m| m.is_symlink());
        let folders = [Some(&self.path), (!is_link).then_some(&figures)];
        for entry in folders.into_iter().flatten().flat_map(fs::read_dir).flatten().flatten() {
            if is_temporary(&entry) {
                // What stays does no harm.
                let _ = fs::remove_file(entry.path());
            }
        }
    }

    /// Removes what only an unfinished run needs.
    pub fn finished(&self) {
        self.remove_temporary();
        if self.kind == Kind::Training {
            for name in ONLY_UNFINISHED.into_iter().filter(|name| has_written(&self.path.join(name), name)) {
                // What stays does no harm: a folder with a record is finished.
                let _ = self.remove(name);
            }
        }
        self.unmark();
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
        let names = self.kind.files().filter(|name| !(unfinished && ONLY_UNFINISHED.contains(name)));
        // One that cannot go keeps none of the others.
        let stay = names.filter(|name| self.remove(name).is_err()).count();
        self.remove_temporary();
        // Nobody can be told if this failed too; what stays has no record, and can be replaced.
        if !unfinished && stay == 0 {
            self.unmark();
        }
        if self.created && !unfinished {
            let _ = fs::remove_dir(&self.path);
        }
    }

    /// After a failure before anything was finished: a folder that was made for this run goes, unless it can go on.
    pub fn give_up(self) {
        if self.created && !self.is_unfinished() {
            self.abandon();
        }
    }
}

fn refuse<T>(path: &Path, message: impl Into<String>) -> Result<T> {
    Err(Error::Folder { path: path.to_owned(), message: message.into() })
}

/// What kind of run a new one of this kind takes the place of in a folder; None in an empty one.
fn replaced(path: &Path, force: bool, kind: Kind) -> Result<Option<Kind>> {
    let found = contents(path)?;
    let Some(old) = found.kind() else {
        return match found {
            Contents::Foreign(why) if force => refuse(
                path,
                format!(
                    "is not empty and {why}: it was not created by zonal, so {} does not replace it",
                    FORCE.set()
                ),
            ),
            Contents::Foreign(_) => refuse(path, not_empty()),
            _ => Ok(None),
        };
    };
    if !force {
        let resume = |what: &str, command| {
            let (resume, replace) = (call(command, RESUME_OPTION, path), FORCE.set());
            format!("holds {what}; resume it with `{resume}`, or replace it with {replace}")
        };
        let message = match found {
            Contents::Training => resume("an unfinished training", "train"),
            Contents::Sweep => resume("a sweep", "sweep"),
            Contents::Remainder(_) => {
                format!("holds the remains of an interrupted run; replace them with {}", FORCE.set())
            }
            _ => not_empty(),
        };
        return refuse(path, message);
    }
    let exists = |name: &str| fs::symlink_metadata(path.join(name)).is_ok();
    // Not everything that has a name of ours is ours.
    let is_other = |name: &&str| {
        let ours = old.files().any(|ours| ours == *name) && has_written(&path.join(name), name);
        exists(name) && !ours
    };
    if let Some(name) = old.files().chain(kind.files()).find(is_other) {
        let message = format!(
            "holds a {name} that the run in it has not written; move it elsewhere, then {} replaces the run",
            FORCE.set()
        );
        return refuse(path, message);
    }
    Ok(Some(old))
}

fn not_empty() -> String {
    format!("is not empty; choose another folder, or replace a run in it with {}", FORCE.set())
}

/// Two programs must not write one folder. None where the system knows no locks of folders.
fn lock(path: &Path) -> Result<Option<File>> {
    let Ok(folder) = File::open(path) else { return Ok(None) };
    match folder.try_lock() {
        Ok(()) => Ok(Some(folder)),
        Err(TryLockError::WouldBlock) => refuse(path, "is in use by another program that is still running"),
        Err(TryLockError::Error(_)) => Ok(None),
    }
}

/// Whether a file is called like one that a run needs; its page can be made anew.
pub fn is_run_file(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default();
    Kind::ALL.into_iter().flat_map(Kind::files).any(|ours| ours != PAGE && name == ours)
}

/// Whether a file is a figure of ours: a regular file with our mark.
pub fn is_figure(path: &Path) -> bool {
    let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default();
    ["svg", "png"].contains(&extension) && FIGURE_MARKS.iter().any(|mark| has_mark(path, mark))
}

/// The folder itself or the nearest one above it that exists; None where that is the current one.
fn existing_folder(path: &Path) -> Result<Option<&Path>> {
    for place in path.ancestors().filter(|p| !p.as_os_str().is_empty()) {
        match fs::metadata(place) {
            Ok(found) if found.is_dir() => return Ok(Some(place)),
            Ok(_) => return refuse(place, format!("is a file; choose another path for {OUT}")),
            Err(e) if e.kind() != ErrorKind::NotFound => {
                return Err(Error::system(place, "opening the folder")(e));
            }
            Err(_) if fs::symlink_metadata(place).is_ok() => {
                return refuse(
                    place,
                    format!("is a broken link; remove it, or choose another path for {OUT}"),
                );
            }
            Err(_) => {}
        }
    }
    Ok(None)
}

fn check_writable(folder: &Path) -> Result<()> {
    // A file without a name, where the system has such: a program that is killed here leaves nothing.
    tempfile::tempfile_in(folder)
        .map(drop)
        .map_err(|e| Error::system(folder, "writing into the folder")(without_path(e)))
}

/// The system's own words, without the name of a temporary file.
fn without_path(error: std::io::Error) -> std::io::Error {
    std::io::Error::from(error.kind())
}

#[cfg(test)]
mod tests;
