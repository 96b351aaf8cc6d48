//! Journals: append-only files of lines that record the progress of long work, so that it can be resumed after an interruption.
//! Every line but the last is always complete; an incomplete last line is dropped. A journal belongs to a run folder, whose lock
//! excludes other programs.

use crate::error::{Error, Result};
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// A journal that is open for appending.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    /// Length up to the end of the last complete line.
    length: u64,
}

impl Journal {
    /// Creates a new journal.
    ///
    /// # Errors
    /// [`Error::System`], for example if the file exists.
    pub fn create(path: &Path) -> Result<Self> {
        let file = OpenOptions::new().write(true).create_new(true).open(path);
        let file = file.map_err(Error::system(path, "creating"))?;
        Ok(Self { path: path.to_owned(), file, length: 0 })
    }

    /// Opens the journal of interrupted work. An incomplete last line is removed from the file.
    ///
    /// # Errors
    /// [`Error::System`].
    pub fn open(path: &Path) -> Result<Self> {
        let fail = |action| Error::system(path, action);
        let mut file = OpenOptions::new().read(true).write(true).open(path).map_err(fail("opening"))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(fail("reading"))?;
        let complete = bytes.iter().rposition(|b| *b == b'\n').map_or(0, |end| end + 1);
        file.set_len(complete as u64).map_err(fail("removing an incomplete line"))?;
        file.seek(SeekFrom::End(0)).map_err(fail("reading"))?;
        Ok(Self { path: path.to_owned(), file, length: complete as u64 })
    }

    /// Appends a line and flushes it to disk.
    ///
    /// # Errors
    /// [`Error::System`], for example for a full disk.
    pub fn add(&mut self, line: &str) -> Result<()> {
        let fail = |action| Error::system(&self.path, action);
        if let Err(error) = self.file.write_all(format!("{line}\n").as_bytes()) {
            // A full disk may have accepted a part of the line, which must not remain in the middle of the file.
            let _ = self.file.set_len(self.length);
            let _ = self.file.seek(SeekFrom::End(0));
            return Err(fail("writing")(error));
        }
        self.length += line.len() as u64 + 1;
        self.file.sync_data().map_err(fail("flushing to disk"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_incomplete_line_is_dropped_and_work_can_be_resumed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let mut journal = Journal::create(&path).unwrap();
        journal.add("one").unwrap();
        journal.add("two").unwrap();
        drop(journal);
        let whole = std::fs::read(&path).unwrap();
        for cut in 0..=whole.len() {
            std::fs::write(&path, &whole[..cut]).unwrap();
            let mut journal = Journal::open(&path).unwrap();
            let expected: Vec<&str> = ["one", "two"].into_iter().take(cut / 4).collect();
            journal.add("next").unwrap();
            let text = std::fs::read_to_string(&path).unwrap();
            assert_eq!(text.lines().collect::<Vec<_>>(), [expected, vec!["next"]].concat());
        }
        assert!(Journal::create(&path).is_err());
    }
}
