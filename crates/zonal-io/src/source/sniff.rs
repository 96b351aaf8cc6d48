//! The dialect of CSV files, as their names and the first lines of the first of them suggest.

use super::csv::decimal_comma;
use super::format::{Format, check_plain_file, format, matches};
use super::reader::table;
use crate::error::Result;
use crate::option::DELIMITER;
use flate2::read::MultiGzDecoder;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// The delimiters that are recognised. In a tie the first one counts.
const DELIMITERS: [char; 4] = [',', ';', '\t', '|'];
/// The bytes of a file that are looked at.
const SNIFFED_BYTES: u64 = 1 << 16;

/// Returns the delimiter of CSV files, and whether their decimal mark is a comma: what is given, and otherwise what the files suggest. The
/// delimiter is a tab for the extension `.tsv`, and else the one of comma, semicolon, tab and bar that the first line of the first CSV
/// file has most often. The decimal mark is a comma if some fields of the first lines can only be
/// decimals with a comma, such as 1,5 but not 1,500, and none, or one in twenty as many, has a point between digits. Files may be patterns as for [`Source::open`](super::Source::open); pipes are not
/// looked at.
///
/// # Errors
/// [`crate::Error::Table`] if some files need a tab and others do not, and for invalid patterns.
pub fn default_dialect(
    files: &[&PathBuf],
    delimiter: Option<char>,
    has_decimal_comma: Option<bool>,
) -> Result<(char, bool)> {
    let by_name = if delimiter.is_none() { delimiter_by_name(files)? } else { delimiter };
    if let (Some(delimiter), Some(comma)) = (by_name, has_decimal_comma) {
        return Ok((delimiter, comma));
    }
    let text = first_csv(files)?.and_then(|file| beginning(&file)).unwrap_or_default();
    let mut lines = text.lines();
    let first = lines.next().unwrap_or_default();
    let delimiter = by_name.unwrap_or_else(|| delimiter_of(first));
    let comma = has_decimal_comma.unwrap_or_else(|| delimiter != ',' && has_commas(lines, delimiter));
    Ok((delimiter, comma))
}

/// Returns a tab if the extensions of the files say so. Files without an extension do not count.
fn delimiter_by_name(files: &[&PathBuf]) -> Result<Option<char>> {
    let (mut tabs, mut others) = (None, None);
    for pattern in files {
        for file in matches(pattern)? {
            let name = file.to_string_lossy().to_lowercase();
            let name = name.strip_suffix(".gz").unwrap_or(&name);
            match Path::new(name).extension().and_then(|e| e.to_str()) {
                Some("tsv") => tabs = Some(file),
                None | Some("parquet" | "arrow" | "feather" | "npy" | "npz") => {}
                Some(_) => others = Some(file),
            }
        }
    }
    match (tabs, others) {
        (Some(tabs), Some(others)) => Err(table(
            &tabs,
            format!(
                "its extension means fields separated by tabs, that of {} fields separated by commas; all files need the \
                 same delimiter; save them with one extension, or set {DELIMITER}",
                others.display()
            ),
        )),
        (Some(_), None) => Ok(Some('\t')),
        (None, _) => Ok(None),
    }
}

/// Returns the first CSV file with its format.
fn first_csv(files: &[&PathBuf]) -> Result<Option<(PathBuf, Format)>> {
    for pattern in files {
        for file in matches(pattern)? {
            if check_plain_file(&file).is_err() {
                continue;
            }
            if let Ok(format @ (Format::Csv | Format::GzipCsv)) = format(&file) {
                return Ok(Some((file, format)));
            }
        }
    }
    Ok(None)
}

/// Reads the first complete lines of a file; None if it cannot be read, which is an error once it is opened.
fn beginning((path, format): &(PathBuf, Format)) -> Option<String> {
    let file = File::open(path).ok()?;
    let mut bytes = Vec::new();
    match format {
        Format::GzipCsv => MultiGzDecoder::new(file).take(SNIFFED_BYTES).read_to_end(&mut bytes).ok()?,
        _ => file.take(SNIFFED_BYTES).read_to_end(&mut bytes).ok()?,
    };
    if bytes.len() as u64 == SNIFFED_BYTES {
        let end = bytes.iter().rposition(|&b| b == b'\n')?;
        bytes.truncate(end);
    }
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

fn delimiter_of(line: &str) -> char {
    let mut counts = [0usize; DELIMITERS.len()];
    let mut is_quoted = false;
    for c in line.chars() {
        is_quoted ^= c == '"';
        if let Some(at) = DELIMITERS.iter().position(|d| *d == c).filter(|_| !is_quoted) {
            counts[at] += 1;
        }
    }
    let most = counts.iter().max().copied().unwrap_or(0);
    counts.iter().position(|count| *count == most).map_or(',', |at| DELIMITERS[at])
}

/// With more than this many fields with a comma for each one with a point, those with a point are texts, such as version numbers.
const COMMAS_FOR_A_POINT: usize = 20;

/// Returns whether the decimal mark in these lines is a comma.
fn has_commas<'a>(lines: impl Iterator<Item = &'a str>, delimiter: char) -> bool {
    let (mut commas, mut points) = (0, 0);
    for field in lines.flat_map(|line| line.split(delimiter)) {
        let field = field.trim().trim_matches('"');
        match field.rsplit_once(',') {
            // 1,500 may be a number with a thousands mark, 1.234,500 may not.
            Some((whole, decimals)) if decimal_comma(field).is_some() => {
                commas += usize::from(decimals.len() != 3 || whole.contains('.'));
            }
            _ => points += usize::from(field.parse::<f64>().is_ok() && decimal_comma(field).is_none()),
        }
    }
    commas > COMMAS_FOR_A_POINT * points
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delimiters_are_those_of_the_first_line() {
        for (line, delimiter) in
            [("a,b;c,d", ','), ("a;b", ';'), ("a\tb,c\td", '\t'), ("\"a,b,c\"|d", '|'), ("a", ','), ("", ',')]
        {
            assert_eq!(delimiter_of(line), delimiter, "{line}");
        }
    }

    #[test]
    fn decimal_commas_are_seen_where_nothing_speaks_against_them() {
        for (text, comma) in [
            ("1,5;2\n", true),
            ("1,500;2\n", false),
            ("1,500;2\n1,25;3\n", true),
            ("1,5;2.5\n", false),
            ("1.234,5;1.000\n", true),
            ("2;3\n", false),
            ("x;\"3,25\"\n", true),
            ("1,2,3;4\n", false),
        ] {
            assert_eq!(has_commas(text.lines(), ';'), comma, "{text}");
        }
        // One text that looks like a number with a point.
        let rows = |commas: usize| "1,5;x\n".repeat(commas) + "2;19.1";
        assert!(has_commas(rows(21).lines(), ';') && !has_commas(rows(20).lines(), ';'));
    }
}
