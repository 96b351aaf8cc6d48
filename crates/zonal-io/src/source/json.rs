//! Lines of JSON objects as records: their keys are the columns, and their values are read like the fields of a CSV file.

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::io::{self, BufRead, BufReader, ErrorKind, Read};

/// The lines of a file.
pub(super) struct JsonLines<R> {
    bytes: BufReader<R>,
    /// The number of the last line that was read.
    line: u64,
    /// The bytes up to its end.
    end: u64,
    /// Lines that were read ahead, with their numbers.
    ahead: VecDeque<(u64, Vec<u8>)>,
    columns: HashMap<String, usize>,
}

impl<R: Read> JsonLines<R> {
    pub(super) fn new(bytes: R) -> Self {
        let (ahead, columns) = (VecDeque::new(), HashMap::new());
        Self { bytes: BufReader::new(bytes), line: 0, end: 0, ahead, columns }
    }

    /// Returns the keys of the next lines whose values are not nested, in the order in which they appear. Later keys are not read.
    pub(super) fn names(&mut self, lines: usize, before_each: &dyn Fn()) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        while self.ahead.len() < lines {
            before_each();
            let Some((line, text)) = self.next_line()? else { break };
            for (name, value) in object(line, &text)?.0 {
                if !self.columns.contains_key(&name) && !is_nested(value) {
                    self.columns.insert(name.clone(), names.len());
                    names.push(name);
                }
            }
            self.ahead.push_back((line, text));
        }
        Ok(names)
    }

    /// Reads the next record; false after the last.
    pub(super) fn next(&mut self, record: &mut csv::ByteRecord) -> io::Result<bool> {
        let next = match self.ahead.pop_front() {
            None => self.next_line()?,
            read => read,
        };
        let Some((line, text)) = next else { return Ok(false) };
        let mut fields = vec![String::new(); self.columns.len()];
        for (name, value) in object(line, &text)?.0 {
            if let Some(column) = self.columns.get(&name) {
                if is_nested(value) {
                    let message = format!(
                        "line {line}: the value of '{name}' is an object or a list; one value is needed"
                    );
                    return Err(io::Error::new(ErrorKind::InvalidData, message));
                }
                fields[*column] = field(value)?;
            }
        }
        *record = csv::ByteRecord::from(fields);
        let mut position = csv::Position::new();
        position.set_line(line);
        record.set_position(Some(position));
        Ok(true)
    }

    /// Returns the bytes up to the end of the last line that was read, and the number of lines read ahead.
    pub(super) fn progress(&self) -> (u64, usize) {
        (self.end, self.ahead.len())
    }

    /// Reads the next line that is not blank, with its number.
    fn next_line(&mut self) -> io::Result<Option<(u64, Vec<u8>)>> {
        loop {
            let mut text = Vec::new();
            let read = self.bytes.read_until(b'\n', &mut text)?;
            if read == 0 {
                return Ok(None);
            }
            self.line += 1;
            self.end += read as u64;
            if !text.trim_ascii().is_empty() {
                return Ok(Some((self.line, text)));
            }
        }
    }
}

/// An object with its keys in order, and its values as they are written.
struct Object<'a>(Vec<(String, &'a RawValue)>);

impl<'a> Deserialize<'a> for Object<'a> {
    fn deserialize<D: Deserializer<'a>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'a> Visitor<'a> for Entries {
            type Value = Object<'a>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object with the values of a row, such as {\"x\": 1.5, \"y\": 2}")
            }

            fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<Object<'a>, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Object(entries))
            }
        }
        deserializer.deserialize_map(Entries)
    }
}

fn object(line: u64, text: &[u8]) -> io::Result<Object<'_>> {
    serde_json::from_slice(text).map_err(|e| {
        // The library counts lines within this one.
        let cause = e.to_string().replace(" at line 1 column ", " at byte ");
        let message = format!("line {line} is not a JSON object ({cause}); each line must hold one row");
        io::Error::new(ErrorKind::InvalidData, message)
    })
}

fn is_nested(value: &RawValue) -> bool {
    value.get().starts_with(['{', '['])
}

/// Returns the field of a value: the text of a string, nothing for null, and all else as it is written.
fn field(value: &RawValue) -> io::Result<String> {
    match value.get() {
        "null" => Ok(String::new()),
        text if text.starts_with('"') => Ok(serde_json::from_str(text)?),
        text => Ok(text.to_owned()),
    }
}
