//! Run folders: numbered or named by the user, never overwriting what is not ours.

use crate::contents::{Contents, Kind, contents, is_temporary};
use crate::error::{Error, Result};
use crate::names::UNFINISHED;
use crate::write::{flush_folder, write_file};
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

pub use crate::contents::begins_with_mark;
pub use crate::names::{
    ARROW, CELLS, DESCENT, FIGURE_MARKS, FIGURES, METRICS, METRICS_CSV, MODEL, MONOMIALS, PAGE, RECORD,
    RESUME, STATISTICS, SWEEP, TABLE, TEST_ROWS,
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
            Ok(meta) if !meta.is_dir() => return refuse("is a file; choose another name for --out"),
            Ok(_) => {}
            Err(_) => return check_writable(nearest_existing(path)),
        }
        let found = contents(path)?;
        if !force {
            match found {
                Contents::Nothing => {}
                Contents::Training => {
                    return refuse(
                        "holds a training that is not finished; go on with it by `zonal train --resume`, or \
                         --force to replace it",
                    );
                }
                Contents::Sweep => {
                    return refuse(
                        "holds a sweep; go on with it by `zonal sweep --resume`, or --force to replace it",
                    );
                }
                Contents::Remainder(_) => {
                    return refuse(
                        "holds what a run left that was stopped while it wrote; --force to replace it",
                    );
                }
                Contents::Run(_) | Contents::Foreign(_) => {
                    return refuse("is not empty; choose another one, or --force to replace a run in it");
                }
            }
        }
        lock(path)?;
        if let Contents::Foreign(why) = found {
            return refuse(&format!(
                "is not empty and {why}, so it is not a run of ours: --force does not replace it"
            ));
        }
        // A run is removed whole or not at all.
        let mut names = found.kind().into_iter().flat_map(Kind::files);
        if let Some(name) = names.find(|name| path.join(name).is_dir()) {
            return refuse(&format!(
                "holds a folder {name} where a run has a file; move it elsewhere, and --force will replace the run"
            ));
        }
        check_writable(path)
    }

    /// Refuses to replace the run in a folder that something still needed lies in.
    ///
    /// # Errors
    /// [`Error::Folder`].
    pub fn check_spares<'a>(path: &Path, needed: impl IntoIterator<Item = &'a Path>) -> Result<()> {
        let (Ok(folder), Ok(found)) = (path.canonicalize(), contents(path)) else { return Ok(()) };
        let Some(kind) = found.kind() else { return Ok(()) };
        let goes = |file: &Path| {
            let Ok(file) = file.canonicalize() else { return false };
            file.parent() == Some(&folder) && kind.files().any(|name| file.file_name() == Some(name.as_ref()))
        };
        match needed.into_iter().find(|file| goes(file)) {
            None => Ok(()),
            Some(file) => Err(Error::Folder {
                path: path.to_owned(),
                message: format!(
                    "holds {}, which this run reads and --force would remove; copy it elsewhere, or choose another folder \
                     for --out",
                    file.display()
                ),
            }),
        }
    }

    /// Finds out whether numbered folders can be made below `parent`, which need not exist yet.
    ///
    /// # Errors
    /// [`Error::System`].
    pub fn check_parent(parent: &Path) -> Result<()> {
        check_writable(nearest_existing(parent))
    }

    /// The folder chosen by the user, made if it does not exist, for a run of this kind. The run that `force` allows to
    /// replace goes first, its record before all else that a run needs: a folder with a record is a complete run at every instant.
    ///
    /// # Errors
    /// As [`Self::check_named`].
    pub fn named(path: &Path, force: bool, kind: Kind) -> Result<Self> {
        Self::check_named(path, force)?;
        let created = !path.exists();
        fs::create_dir_all(path).map_err(Error::system(path, "creating the folder"))?;
        flush_folder(path);
        let folder = Self { path: path.to_owned(), kind, created, _lock: lock(path)? };
        let replaced = contents(path)?.kind();
        // Whatever happens while the old run goes, what is left tells that it may be replaced.
        if let Err(error) = folder.mark(replaced.unwrap_or(kind)) {
            if created {
                folder.abandon();
            }
            return Err(error);
        }
        if let Some(replaced) = replaced {
            folder.remove_figures();
            folder.remove(replaced.files())?;
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
                            folder.abandon();
                            Err(error)
                        }
                    };
                }
                Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists && number < u32::MAX => number += 1,
                Err(e) => return Err(Error::system(path, "creating the folder")(e)),
            }
        }
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
        let _lock = lock(path)?;
        let found = contents(path)?;
        let kind = found.kind().unwrap_or(Kind::Record);
        let folder = Self { path: path.to_owned(), kind, created: false, _lock };
        folder.remove_temporary();
        if matches!(found, Contents::Run(_)) {
            folder.unmark();
        }
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
        if self.kind == Kind::Training {
            // What stays does no harm: a folder with a record is finished.
            let _ = self.remove(ONLY_UNFINISHED);
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
        // Nobody can be told if this fails too, and what stays has no record.
        let _ = self.remove(names);
        self.remove_temporary();
        if !unfinished {
            self.unmark();
        }
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

/// Whether a file is a figure of ours: a regular file with our mark.
pub fn is_figure(path: &Path) -> bool {
    let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default();
    ["svg", "png"].contains(&extension) && FIGURE_MARKS.iter().any(|mark| begins_with_mark(path, mark))
}

/// The folder itself or the nearest one above it that exists.
fn nearest_existing(path: &Path) -> &Path {
    let mut above = path.ancestors().filter(|p| !p.as_os_str().is_empty() && p.exists());
    above.next().unwrap_or_else(|| Path::new("."))
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
mod tests {
    use super::*;

    const A_RECORD: &str = r#"{"schema":1,"kind":"train","configuration":{},"provenance":{},"summary":{}}"#;

    fn place() -> (tempfile::TempDir, PathBuf) {
        let place = tempfile::tempdir().unwrap();
        let run = place.path().join("run");
        fs::create_dir(&run).unwrap();
        (place, run)
    }

    fn refused(run: &Path, force: bool) -> String {
        RunFolder::check_named(run, force).unwrap_err().to_string()
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<String> =
            entries.map(|e| e.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn only_figures_of_ours_are_removed() {
        let (place, run) = place();
        fs::create_dir_all(run.join(FIGURES)).unwrap();
        fs::write(run.join(RECORD), A_RECORD).unwrap();
        let ours = [("loss.svg", FIGURE_MARKS[0]), ("truth-2.png", FIGURE_MARKS[1])];
        for (name, mark) in ours {
            fs::write(run.join(FIGURES).join(name), [b"x", mark].concat()).unwrap();
        }
        fs::write(run.join(FIGURES).join("degrees.svg"), "mine").unwrap();
        RunFolder::named(&run, true, Kind::Training).unwrap();
        assert_eq!(names(&run.join(FIGURES)), ["degrees.svg"]);
        // Through a link nothing is removed.
        #[cfg(unix)]
        {
            let elsewhere = place.path().join("elsewhere");
            fs::rename(run.join(FIGURES), &elsewhere).unwrap();
            fs::write(elsewhere.join("loss.svg"), FIGURE_MARKS[0]).unwrap();
            std::os::unix::fs::symlink(&elsewhere, run.join(FIGURES)).unwrap();
            fs::write(run.join(RECORD), A_RECORD).unwrap();
            RunFolder::named(&run, true, Kind::Training).unwrap();
            assert!(elsewhere.join("loss.svg").exists());
        }
    }

    #[test]
    fn files_that_are_only_named_like_ours_are_nobodys_to_replace() {
        let others: [&[(&str, &str)]; 5] = [
            &[(RECORD, r#"{"name":"npm","scripts":{}}"#)],
            &[(RECORD, "not even JSON")],
            &[(RESUME, r#"{"basics":{"name":"a curriculum vitae"},"configuration":{}}"#)],
            &[(METRICS, "{\"loss\":1}\n"), (MODEL, "of another program")],
            &[(SWEEP, "method = \"grid\""), (CELLS, "{}"), (TABLE, "a,b\n")],
        ];
        for files in others {
            let (_place, run) = place();
            files.iter().for_each(|(name, text)| fs::write(run.join(name), text).unwrap());
            assert!(refused(&run, true).contains("not a run of ours"), "{files:?}");
            files
                .iter()
                .for_each(|(name, text)| assert_eq!(fs::read_to_string(run.join(name)).unwrap(), *text));
        }
    }

    #[test]
    fn what_a_killed_run_left_can_be_replaced_and_what_others_put_there_stays() {
        let (_place, run) = place();
        let begin = |force| RunFolder::named(&run, force, Kind::Training).unwrap();
        let begun = begin(false);
        begun.write(METRICS, b"{}").unwrap();
        fs::write(run.join(".zonal-x1"), "half").unwrap();
        fs::write(run.join("thesis.tex"), "mine").unwrap();
        fs::write(run.join(TABLE), "mine too: no training writes it").unwrap();
        // Killed here.
        drop(begun);
        assert!(refused(&run, false).contains("stopped while it wrote"));
        drop(begin(true));
        assert_eq!(names(&run), [UNFINISHED, TABLE, "thesis.tex"]);
        let folder = begin(true);
        folder.write(RECORD, A_RECORD.as_bytes()).unwrap();
        folder.finished();
        drop(folder);
        assert_eq!(names(&run), [RECORD, TABLE, "thesis.tex"]);
        assert!(refused(&run, false).contains("is not empty"));
        // Killed while it made room for another one, at any file.
        for removed in 0..=Kind::Training.files().count() {
            fs::write(run.join(UNFINISHED), "training\n").unwrap();
            Kind::Training.files().for_each(|name| fs::write(run.join(name), A_RECORD).unwrap());
            Kind::Training.files().take(removed).for_each(|name| fs::remove_file(run.join(name)).unwrap());
            drop(RunFolder::named(&run, true, Kind::Sweep).unwrap());
            assert_eq!(names(&run), [UNFINISHED, TABLE, "thesis.tex"], "after {removed}");
        }
        // Killed before anything had a name.
        let (_place, run) = place();
        fs::write(run.join(".zonal-x1"), "").unwrap();
        assert!(RunFolder::check_named(&run, true).is_ok());
    }

    #[test]
    fn a_run_is_removed_whole_or_not_at_all() {
        let (_place, run) = place();
        for name in Kind::Training.files().filter(|name| *name != TEST_ROWS) {
            fs::write(run.join(name), A_RECORD).unwrap();
        }
        fs::create_dir(run.join(TEST_ROWS)).unwrap();
        let before = names(&run);
        assert!(refused(&run, true).contains("a folder test_rows.csv where a run has a file"));
        assert!(RunFolder::named(&run, true, Kind::Training).is_err());
        assert_eq!(names(&run), before);
    }

    #[test]
    fn what_a_run_reads_is_not_removed_for_it() {
        let (place, run) = place();
        fs::write(run.join(RECORD), A_RECORD).unwrap();
        let spares = |file: &Path| RunFolder::check_spares(&run, [file]);
        for (name, stays) in [(TEST_ROWS, false), (METRICS_CSV, false), (TABLE, true), ("rows.csv", true)] {
            let file = run.join(name);
            fs::write(&file, "a,y\n").unwrap();
            assert_eq!(spares(&file).is_ok(), stays, "{name}");
        }
        assert!(spares(&place.path().join("nowhere.csv")).is_ok());
        #[cfg(unix)]
        {
            let link = place.path().join("link.csv");
            std::os::unix::fs::symlink(run.join(TEST_ROWS), &link).unwrap();
            assert!(spares(&link).unwrap_err().to_string().contains("copy it elsewhere"));
        }
    }

    #[test]
    fn a_folder_that_is_being_written_is_left_alone() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("run");
        let folder = RunFolder::named(&path, false, Kind::Record).unwrap();
        folder.write(RECORD, A_RECORD.as_bytes()).unwrap();
        let refused = |error: Error| assert!(error.to_string().contains("another program"), "{error}");
        refused(RunFolder::named(&path, true, Kind::Record).unwrap_err());
        refused(RunFolder::existing(&path).unwrap_err());
        fs::write(path.join(".zonal-x1"), "half").unwrap();
        drop(folder);
        drop(RunFolder::existing(&path).unwrap());
        assert_eq!(names(&path), [RECORD]);
    }

    #[test]
    fn a_failed_write_leaves_what_a_training_needs_to_go_on() {
        let place = tempfile::tempdir().unwrap();
        let begun = |name: &str, files: &[&str]| {
            let folder = RunFolder::named(&place.path().join(name), false, Kind::Training).unwrap();
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
