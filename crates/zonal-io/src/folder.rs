//! Run folders, numbered or chosen by the user. Files that zonal did not write are never overwritten.

use crate::error::{Error, Result};
use crate::names::UNFINISHED;
use crate::option::{FORCE, OUT, RESUME as RESUME_OPTION, call};
use crate::ownership::{FolderKind, is_own_file, is_temporary};
use crate::write::{TEMPORARY, flush_folder, write_file};
use std::fs::{self, File, TryLockError};
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

pub use crate::names::{
    ARROW, CELLS, DESCENT, FIGURE_MARKS, FIGURES, METRICS, METRICS_CSV, MODEL, MONOMIALS, PAGE, PAGE_MARK,
    RECORD, RESUME, STATISTICS, SWEEP, TABLE, TEST_ROWS,
};
pub use crate::ownership::{Contents, classify, has_mark};

/// The files that only an unfinished training needs.
const RESUME_FILES: [&str; 4] = [RESUME, STATISTICS, MONOMIALS, DESCENT];

/// An output folder of a run, locked against other programs.
#[derive(Debug)]
pub struct RunFolder {
    path: PathBuf,
    kind: FolderKind,
    created: bool,
    /// Keeps the lock.
    _lock: Option<File>,
}

impl RunFolder {
    /// Checks that [`Self::create`] would succeed, without creating anything: the folder must not exist, be empty, or, with
    /// `force`, hold a run written by zonal.
    ///
    /// # Errors
    /// [`Error::Folder`] for a folder that must not be written to, [`Error::System`].
    pub fn check_create(path: &Path, force: bool, kind: FolderKind) -> Result<()> {
        match existing_folder(path)? {
            Some(folder) if folder == path => {
                let _lock = lock(path)?;
                replaced_kind(path, force, kind)?;
                check_writable(path)
            }
            above => {
                // ".." through a folder that does not exist yet would resolve differently once it exists.
                if path.components().any(|c| c == Component::ParentDir) {
                    let parent = path.parent().filter(|p| !p.as_os_str().is_empty());
                    if path.file_name().is_none() || parent.is_some_and(|p| !p.is_dir()) {
                        return refuse(
                            path,
                            "does not exist and its path contains '..'; give the path without it",
                        );
                    }
                }
                check_writable(above.unwrap_or(Path::new(".")))
            }
        }
    }

    /// Checks that replacing the run in a folder would not remove any of these input files.
    ///
    /// # Errors
    /// [`Error::Folder`].
    pub fn check_inputs<'a>(path: &Path, inputs: impl IntoIterator<Item = &'a Path>) -> Result<()> {
        let (Ok(folder), Ok(found)) = (path.canonicalize(), classify(path)) else { return Ok(()) };
        let Some(kind) = found.kind() else { return Ok(()) };
        let would_be_removed = |file: &Path| {
            // The target of a link, and the link itself.
            let parent = file.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
            let link = file.file_name().and_then(|name| Some(parent.canonicalize().ok()?.join(name)));
            [file.canonicalize().ok(), link].into_iter().flatten().any(|file| {
                let name = file.file_name().unwrap_or_default();
                let is_own =
                    kind.files().any(|own| name == own) || name.to_string_lossy().starts_with(TEMPORARY);
                is_own && file.parent() == Some(&folder)
            })
        };
        match inputs.into_iter().find(|file| would_be_removed(file)) {
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

    /// Checks that numbered folders can be created below `parent`, which need not exist yet.
    ///
    /// # Errors
    /// [`Error::System`]; [`Error::Folder`] if part of the path is not a folder.
    pub fn check_parent(parent: &Path) -> Result<()> {
        check_writable(existing_folder(parent)?.unwrap_or(Path::new(".")))
    }

    /// Opens the folder chosen by the user for a new run of this kind, and creates it if necessary. With `force` a run in it is
    /// removed first, starting with its record: at every instant a folder with a record is a complete run.
    ///
    /// # Errors
    /// As [`Self::check_create`].
    pub fn create(path: &Path, force: bool, kind: FolderKind) -> Result<Self> {
        Self::check_create(path, force, kind)?;
        let created = !path.exists();
        fs::create_dir_all(path).map_err(Error::system(path, "creating the folder"))?;
        flush_folder(path);
        let _lock = lock(path)?;
        // Another program may have written to the folder since the check.
        let replaced = replaced_kind(path, force, kind)?;
        let folder = Self { path: path.to_owned(), kind, created, _lock };
        // If removing the old run is interrupted, the marker shows that the remains may be replaced.
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

    /// Creates the next free folder `parent/name-N`, N = 1, 2, .., for a run of this kind.
    ///
    /// # Errors
    /// [`Error::System`].
    pub fn create_numbered(parent: &Path, name: &str, kind: FolderKind) -> Result<Self> {
        fs::create_dir_all(parent).map_err(Error::system(parent, "creating the folder"))?;
        let mut number = 1u32;
        loop {
            let path = parent.join(format!("{name}-{number}"));
            // Creation is atomic: two simultaneous runs never get the same folder.
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

    /// Opens the folder of a training or sweep that can be resumed, or of a finished sweep. Removes temporary files of a killed
    /// program.
    ///
    /// # Errors
    /// [`Error::Folder`] if there is nothing to resume or another program uses the folder; [`Error::System`] if it is not
    /// writable.
    pub fn resume(path: &Path, kind: FolderKind) -> Result<Self> {
        let _lock = lock(path)?;
        let found = classify(path)?;
        match (&found, kind) {
            (Contents::Training, FolderKind::Training)
            | (Contents::Sweep | Contents::Run(FolderKind::Sweep), FolderKind::Sweep) => {}
            (Contents::Run(_), _) => {
                return refuse(path, "holds a finished run; there is nothing to resume");
            }
            _ => {
                return refuse(
                    path,
                    "holds nothing that can be resumed: its files are damaged or were written by another program; start over",
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

    /// Opens the folder of a finished run, to write its page. Removes files that only an unfinished run needs.
    ///
    /// # Errors
    /// [`Error::Folder`] if there is no finished run or another program uses the folder; [`Error::System`] if it is not writable.
    pub fn open_finished(path: &Path) -> Result<Self> {
        let _lock = lock(path)?;
        let Contents::Run(kind) = classify(path)? else {
            return refuse(path, "no longer holds a finished run");
        };
        check_writable(path)?;
        let folder = Self { path: path.to_owned(), kind, created: false, _lock };
        folder.finish();
        Ok(folder)
    }

    /// Marks the folder as an unfinished run of this kind.
    fn mark(&self, kind: FolderKind) -> Result<()> {
        self.write(UNFINISHED, format!("{}\n", kind.word()).as_bytes())
    }

    /// Removes the marker once the run is finished or completely removed.
    fn unmark(&self) {
        // A marker next to a record is harmless.
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

    /// Removes the figures of a replaced run, which would be mistaken for those of the new one. Other files stay, and figures
    /// that cannot be removed are harmless.
    fn remove_figures(&self) {
        let folder = self.path.join(FIGURES);
        // Files behind a link are not part of the run.
        if !fs::symlink_metadata(&folder).is_ok_and(|m| m.is_dir()) {
            return;
        }
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            if is_figure(&entry.path()) || is_temporary(&entry) {
                let _ = fs::remove_file(entry.path());
            }
        }
        // Fails unless the folder is empty.
        let _ = fs::remove_dir(folder);
    }

    /// Returns the path of the folder.
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

    /// Removes the temporary files of a killed program.
    fn remove_temporary(&self) {
        let figures = self.path.join(FIGURES);
        let is_link = fs::symlink_metadata(&figures).is_ok_and(|m| m.is_symlink());
        let folders = [Some(&self.path), (!is_link).then_some(&figures)];
        for entry in folders.into_iter().flatten().flat_map(fs::read_dir).flatten().flatten() {
            if is_temporary(&entry) {
                // A remaining temporary file is harmless.
                let _ = fs::remove_file(entry.path());
            }
        }
    }

    /// Removes the files that only an unfinished run needs.
    pub fn finish(&self) {
        self.remove_temporary();
        if self.kind == FolderKind::Training {
            for name in RESUME_FILES.into_iter().filter(|name| is_own_file(&self.path.join(name), name)) {
                // A remaining file is harmless: a folder with a record is finished.
                let _ = self.remove(name);
            }
        }
        self.unmark();
    }

    /// Returns whether the folder holds the files to resume a training.
    pub fn is_resumable(&self) -> bool {
        let has = |name: &str| self.path.join(name).is_file();
        has(RESUME) && (has(DESCENT) || has(STATISTICS) && has(MONOMIALS))
    }

    /// Removes the files of a failed run, and the folder if it was created for this run. Files to resume a training are kept.
    pub fn abandon(self) {
        let resumable = self.is_resumable();
        let names = self.kind.files().filter(|name| !(resumable && RESUME_FILES.contains(name)));
        // Tries to remove every file, even after a failure.
        let failures = names.filter(|name| self.remove(name).is_err()).count();
        self.remove_temporary();
        // Failures are not reported: the remains have no record, and can be replaced.
        if !resumable && failures == 0 {
            self.unmark();
        }
        if self.created && !resumable {
            let _ = fs::remove_dir(&self.path);
        }
    }

    /// Removes a run, finished or not, with its figures and its folder.
    ///
    /// # Errors
    /// As [`Self::check_delete`]; [`Error::System`] for a file that cannot be removed.
    pub fn delete(path: &Path) -> Result<()> {
        let kind = deletable(path)?;
        let folder = Self { path: path.to_owned(), kind, created: false, _lock: lock(path)? };
        // If the removal is interrupted, the marker shows that the remains are those of a run.
        folder.mark(kind)?;
        folder.remove_figures();
        kind.files().try_for_each(|name| folder.remove(name))?;
        folder.remove_temporary();
        folder.unmark();
        fs::remove_dir(path).map_err(Error::system(path, "removing the folder"))
    }

    /// Checks, without removing anything, that [`Self::delete`] would remove only files written by zonal.
    ///
    /// # Errors
    /// [`Error::Folder`] for a folder that holds no run, is in use, or holds a file that zonal did not write;
    /// [`Error::System`] if it cannot be listed.
    pub fn check_delete(path: &Path) -> Result<()> {
        let _lock = lock(path)?;
        deletable(path).map(|_| ())
    }

    /// Removes a folder that was created for a run that failed early, unless the run can be resumed.
    pub fn give_up(self) {
        if self.created && !self.is_resumable() {
            self.abandon();
        }
    }
}

fn refuse<T>(path: &Path, message: impl Into<String>) -> Result<T> {
    Err(Error::Folder { path: path.to_owned(), message: message.into() })
}

/// Returns the kind of the run in a folder that holds nothing else.
fn deletable(path: &Path) -> Result<FolderKind> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => {}
        Ok(found) if found.is_symlink() => {
            return refuse(path, "is a link; name the folder of the run itself");
        }
        Ok(_) => return refuse(path, "is a file; name the folder of a run"),
        Err(e) => return Err(Error::system(path, "opening the folder")(e)),
    }
    let Some(kind) = classify(path)?.kind() else {
        return refuse(path, "holds no run written by zonal; nothing is removed");
    };
    let entries = |folder: &Path| {
        let listed = fs::read_dir(folder).and_then(Iterator::collect::<std::io::Result<Vec<_>>>);
        listed.map_err(Error::system(folder, "listing"))
    };
    for entry in entries(path)? {
        let name = entry.file_name();
        let foreign = if name == FIGURES && entry.file_type().is_ok_and(|t| t.is_dir()) {
            let is_foreign = |e: &fs::DirEntry| !is_figure(&e.path()) && !is_temporary(e);
            entries(&entry.path())?
                .iter()
                .find(|e| is_foreign(e))
                .map(|e| Path::new(FIGURES).join(e.file_name()))
        } else {
            let own = |own: &str| name == own && is_own_file(&entry.path(), own);
            let is_own = name == UNFINISHED || is_temporary(&entry) || kind.files().any(own);
            (!is_own).then(|| PathBuf::from(&name))
        };
        if let Some(file) = foreign {
            let file = file.display();
            return refuse(
                path,
                format!("holds {file}, which the run did not write; move it elsewhere first"),
            );
        }
    }
    Ok(kind)
}

/// Returns whether a program that is still running uses a folder.
pub fn is_in_use(path: &Path) -> bool {
    lock(path).is_err()
}

/// Returns the kind of the run that a new run of this kind would replace; None for an empty folder.
fn replaced_kind(path: &Path, force: bool, kind: FolderKind) -> Result<Option<FolderKind>> {
    let found = classify(path)?;
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
    // A file may have the name of a run file and still be foreign.
    let is_foreign = |name: &&str| {
        let is_own = old.files().any(|own| own == *name) && is_own_file(&path.join(name), name);
        exists(name) && !is_own
    };
    if let Some(name) = old.files().chain(kind.files()).find(is_foreign) {
        let message = format!(
            "holds a {name} that the run in it did not write; move it elsewhere, then {} replaces the run",
            FORCE.set()
        );
        return refuse(path, message);
    }
    Ok(Some(old))
}

fn not_empty() -> String {
    format!("is not empty; choose another folder, or replace a run in it with {}", FORCE.set())
}

/// Locks a folder against other programs. None if the system cannot lock folders.
fn lock(path: &Path) -> Result<Option<File>> {
    let Ok(folder) = File::open(path) else { return Ok(None) };
    match folder.try_lock() {
        Ok(()) => Ok(Some(folder)),
        Err(TryLockError::WouldBlock) => refuse(path, "is in use by another program that is still running"),
        Err(TryLockError::Error(_)) => Ok(None),
    }
}

/// Returns whether a file has the name of a run file other than the page, which can be written again.
pub fn is_run_file(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default();
    FolderKind::ALL.into_iter().flat_map(FolderKind::files).any(|own| own != PAGE && name == own)
}

/// Returns whether a file is a figure written by zonal: a regular file with its mark.
pub fn is_figure(path: &Path) -> bool {
    let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default();
    ["svg", "png", "pdf"].contains(&extension) && FIGURE_MARKS.iter().any(|mark| has_mark(path, mark))
}

/// Returns the folder itself or its nearest existing ancestor; None if that is the current folder.
fn existing_folder(path: &Path) -> Result<Option<&Path>> {
    for folder in path.ancestors().filter(|p| !p.as_os_str().is_empty()) {
        match fs::metadata(folder) {
            Ok(found) if found.is_dir() => return Ok(Some(folder)),
            Ok(_) => return refuse(folder, format!("is a file; choose another path for {OUT}")),
            Err(e) if e.kind() != ErrorKind::NotFound => {
                return Err(Error::system(folder, "opening the folder")(e));
            }
            Err(_) if fs::symlink_metadata(folder).is_ok() => {
                return refuse(
                    folder,
                    format!("is a broken link; remove it, or choose another path for {OUT}"),
                );
            }
            Err(_) => {}
        }
    }
    Ok(None)
}

fn check_writable(folder: &Path) -> Result<()> {
    // An unnamed file where the system supports it: a program killed here leaves nothing behind.
    tempfile::tempfile_in(folder)
        .map(drop)
        .map_err(|e| Error::system(folder, "writing into the folder")(without_path(e)))
}

/// Removes the name of a temporary file from the system's error.
fn without_path(error: std::io::Error) -> std::io::Error {
    std::io::Error::from(error.kind())
}

#[cfg(test)]
mod tests;
