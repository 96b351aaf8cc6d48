//! A journal: a file of lines that grows while long work runs, so that the work can be taken up where it stopped.
//! Whatever happens, every line but the last is whole; a last line that was cut off is dropped. It belongs to a run folder, which
//! no second program takes meanwhile.

use crate::error::{Error, Result};
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// A journal that lines can be added to.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    /// Length up to the end of the last whole line.
    length: u64,
}

impl Journal {
    /// A new journal.
    ///
    /// # Errors
    /// [`Error::System`], for one that exists already among others.
    pub fn create(path: &Path) -> Result<Self> {
        let file = OpenOptions::new().write(true).create_new(true).open(path);
        let file = file.map_err(Error::system(path, "creating"))?;
        Ok(Self { path: path.to_owned(), file, length: 0 })
    }

    /// The journal of earlier work. A last line without its end is removed from the file.
    ///
    /// # Errors
    /// [`Error::System`].
    pub fn open(path: &Path) -> Result<Self> {
        let fail = |action| Error::system(path, action);
        let mut file = OpenOptions::new().read(true).write(true).open(path).map_err(fail("opening"))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(fail("reading"))?;
        let whole = bytes.iter().rposition(|b| *b == b'\n').map_or(0, |end| end + 1);
        file.set_len(whole as u64).map_err(fail("removing a line that was cut off from"))?;
        file.seek(SeekFrom::End(0)).map_err(fail("reading"))?;
        Ok(Self { path: path.to_owned(), file, length: whole as u64 })
    }

    /// Adds a line and flushes it to disk.
    ///
    /// # Errors
    /// [`Error::System`], for a full disk for example.
    pub fn add(&mut self, line: &str) -> Result<()> {
        let fail = |action| Error::system(&self.path, action);
        if let Err(error) = self.file.write_all(format!("{line}\n").as_bytes()) {
            // A full disk may have taken a part of the line: it must not stand in the middle of the file.
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
    fn a_line_that_was_cut_off_is_dropped_and_work_goes_on() {
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
