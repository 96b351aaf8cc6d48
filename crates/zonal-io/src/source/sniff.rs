//! The dialect of CSV files, as their names and the first lines of the first of them suggest.

use super::bytes;
use super::dialect::Decimal;
use super::field::{decimal_comma, text, with_thousands};
use super::format::{Format, check_plain_file, format, matches};
use super::reader::table;
use crate::error::Result;
use crate::option::DELIMITER;
use std::io::Read;
use std::path::{Path, PathBuf};

/// The delimiters that are recognised. In a tie the first one counts.
const DELIMITERS: [char; 4] = [',', ';', '\t', '|'];
/// The bytes of a file that are looked at.
const SNIFFED_BYTES: u64 = 1 << 16;

/// Returns the delimiter of CSV files, and how they write decimals: what is given, and otherwise what the files suggest. The delimiter
/// is a tab for the extension `.tsv`, else what a first line such as `sep=;` says, and else the one of comma, semicolon, tab and bar that
/// the first line of the first CSV file has most often, comments aside. The decimal mark is a comma if some fields of the first lines can
/// only be decimals with a comma, such as 1,5 but not 1,500, and none, or one in twenty as many, has a point between digits; commas
/// mark thousands if some fields have such a point or can only be so read, and none is a decimal with a comma. Files may be patterns as
/// for [`Source::open`](super::Source::open); pipes are not looked at.
///
/// # Errors
/// [`crate::Error::Table`] if some files need a tab and others do not, and for invalid patterns.
pub fn default_dialect(
    files: &[&PathBuf],
    delimiter: Option<char>,
    decimal: Option<Decimal>,
) -> Result<(char, Decimal)> {
    let by_name = if delimiter.is_none() { delimiter_by_name(files)? } else { delimiter };
    if let (Some(delimiter), Some(decimal)) = (by_name, decimal) {
        return Ok((delimiter, decimal));
    }
    let text = first_text(files)?.and_then(|file| beginning(&file)).unwrap_or_default();
    let text = text.trim_start_matches(|c: char| c.is_whitespace());
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    let first = lines.first().copied().unwrap_or_default();
    let header = text.lines().take_while(|line| line.starts_with('#')).last();
    let named = header.and_then(|header| shared_delimiter(header, first));
    let delimiter = by_name.or_else(|| separator(first)).or(named).unwrap_or_else(|| delimiter_of(first));
    let rows = || lines[usize::from(named.is_none()).min(lines.len())..].join("\n");
    Ok((delimiter, decimal.unwrap_or_else(|| decimal_of(&rows(), delimiter))))
}

/// Returns the delimiter of a comment if it gives the line below as many fields, so that the comment may be their header.
fn shared_delimiter(comment: &str, line: &str) -> Option<char> {
    let delimiter = delimiter_of(comment);
    let fields = |line: &str| line.split(delimiter).count();
    (fields(comment) > 1 && fields(comment) == fields(line)).then_some(delimiter)
}

/// Returns the delimiter in a line such as sep=;
fn separator(line: &str) -> Option<char> {
    let mut characters = line.strip_prefix("sep=")?.chars();
    characters.next().filter(|_| characters.next().is_none())
}

/// Returns a tab if the extensions of the files say so. Files without an extension do not count.
fn delimiter_by_name(files: &[&PathBuf]) -> Result<Option<char>> {
    let (mut tabs, mut others) = (None, None);
    for pattern in files {
        for file in matches(pattern)? {
            let name = file.to_string_lossy().to_lowercase();
            let name = name.strip_suffix(".gz").or_else(|| name.strip_suffix(".zst")).unwrap_or(&name);
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

/// Returns the first text file.
fn first_text(files: &[&PathBuf]) -> Result<Option<PathBuf>> {
    for pattern in files {
        for file in matches(pattern)? {
            if check_plain_file(&file).is_ok() && format(&file).is_ok_and(|format| format == Format::Text) {
                return Ok(Some(file));
            }
        }
    }
    Ok(None)
}

/// Reads the first complete lines of a file; None if it cannot be read, which is an error once it is opened.
fn beginning(path: &Path) -> Option<String> {
    let mut first = Vec::new();
    bytes::open(path).ok()?.take(SNIFFED_BYTES).read_to_end(&mut first).ok()?;
    if first.len() as u64 == SNIFFED_BYTES {
        let end = first.iter().rposition(|&b| b == b'\n')?;
        first.truncate(end);
    }
    Some(text(&first).into_owned())
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

/// Returns how these lines write decimals.
fn decimal_of(lines: &str, delimiter: char) -> Decimal {
    let (mut commas, mut points, mut thousands) = (0, 0, 0);
    let mut builder = csv::ReaderBuilder::new();
    builder.has_headers(false).flexible(true).delimiter(u8::try_from(delimiter).unwrap_or(b','));
    for record in builder.from_reader(lines.as_bytes()).records().flatten() {
        for field in record.iter().map(str::trim) {
            match field.rsplit_once(',') {
                _ if with_thousands(field, false).is_some() => thousands += 1,
                // 1,500 may be a number with a thousands mark, 0,500 and 1.234,500 may not.
                Some((whole, decimals)) if decimal_comma(field).is_some() => {
                    let is_sure = decimals.len() != 3 || with_thousands(field, true).is_none();
                    commas += usize::from(is_sure && !whole.is_empty());
                }
                _ => points += usize::from(field.parse::<f64>().is_ok() && decimal_comma(field).is_none()),
            }
        }
    }
    if commas > COMMAS_FOR_A_POINT * points && thousands == 0 {
        Decimal::Comma
    } else if commas == 0 && points + thousands > 0 {
        Decimal::PointWithThousands
    } else {
        Decimal::Point
    }
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
        use Decimal::{Comma, Point, PointWithThousands};
        for (text, comma) in [
            ("1,5;2\n", Comma),
            ("1,500;2\n", Point),
            ("1,500;2\n1,25;3\n", Comma),
            ("1,5;2.5\n", Point),
            ("0,500;2\n", Comma),
            ("1,500;2.5\n", PointWithThousands),
            ("1,500;1,500,000\n", PointWithThousands),
            ("1.234,5;1.000\n", Comma),
            ("2;3\n", Point),
            ("x;\"3,25\"\n", Comma),
            ("1,2,3;4\n", Point),
        ] {
            assert_eq!(decimal_of(text, ';'), comma, "{text}");
        }
        // One text that looks like a number with a point.
        let rows = |commas: usize| "1,5;x\n".repeat(commas) + "2;19.1";
        assert_eq!([rows(21), rows(20)].map(|rows| decimal_of(&rows, ';')), [Decimal::Comma, Decimal::Point]);
    }
}
