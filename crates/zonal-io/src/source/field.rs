//! The fields of text files: numbers, booleans, dates, missing values and texts.

use super::dialect::Decimal;
use super::reader::DATES;
use crate::error::shorten;
use crate::option::{CATEGORICAL, DECIMAL, FEATURES};
use std::borrow::Cow;

/// Fields that stand for a missing value, in addition to the empty field.
const MISSING: [&str; 7] = ["na", "n/a", "nan", "null", "none", "?", "-"];

/// The characters of Windows-1252 from 0x80 to 0x9f; others are those of Latin-1.
const WINDOWS: &str = "€\u{81}‚ƒ„…†‡ˆ‰Š‹Œ\u{8d}Ž\u{8f}\u{90}‘’“”•–—˜™š›œ\u{9d}žŸ";

/// Returns the text of a field. Bytes that are not UTF-8 are read as Windows-1252, which has the characters of Latin-1.
pub(super) fn text(field: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(field) {
        Ok(text) => text.into(),
        Err(_) => {
            let character = |byte: &u8| match byte {
                0x80..0xa0 => WINDOWS.chars().nth(usize::from(byte - 0x80)).unwrap_or('\u{fffd}'),
                byte => char::from(*byte),
            };
            field.iter().map(character).collect::<String>().into()
        }
    }
}

/// Returns whether a field begins like a date, such as 2024-01-31 or 2024/1/31.
fn is_date(field: &[u8]) -> bool {
    let year = field.iter().take_while(|b| b.is_ascii_digit()).count();
    year == 4 && matches!(field[year..], [b'-' | b'/', b'0'..=b'9', ..])
}

/// Returns whether a text begins like a date or is a number with a decimal comma.
pub(super) fn looks_like_a_number(text: &str) -> bool {
    is_date(text.as_bytes()) || has_decimal_comma(text)
}

/// Returns the advice for a number with a comma.
pub(super) fn decimals() -> String {
    let [comma, point] = ["comma", "point"].map(|mark| DECIMAL.with(mark));
    format!("; use {comma} if the comma marks decimals, or {point} if it marks thousands")
}

/// Returns the message for a text in a column of numbers.
pub(super) fn not_a_number(text: &str) -> String {
    let needed = format!("found '{}', but a number is needed", shorten(text));
    if has_decimal_comma(text) {
        return needed + &decimals();
    }
    if is_date(text.as_bytes()) {
        return format!("{needed}; {DATES}");
    }
    format!("{needed}; select other columns with {FEATURES}")
}

/// Returns whether a text is a number with a comma in place of the point, such as -1,5.
pub(super) fn has_decimal_comma(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let unsigned = text.trim().trim_start_matches(['-', '+']);
    unsigned.split_once(',').is_some_and(|(whole, decimals)| digits(whole) && digits(decimals))
}

/// Parses a number whose decimal mark is a comma and whose thousands may be marked by points, such as -1.234,5.
pub(super) fn decimal_comma(text: &str) -> Option<f64> {
    let (whole, decimals) = text.split_once(',').map_or((text, None), |(whole, rest)| (whole, Some(rest)));
    if whole.contains('.') && thousands(whole, '.') == 0 || decimals.is_some_and(|d| d.contains(['.', ','])) {
        return None;
    }
    parse(&whole.replace('.', ""), decimals)
}

/// Parses a number whose thousands are marked by commas, such as -1,234.5; if `is_sure` is false, only those whose commas can mean
/// nothing else: not 1,234.
pub(super) fn with_thousands(text: &str, is_sure: bool) -> Option<f64> {
    let (whole, decimals) = text.split_once('.').map_or((text, None), |(whole, rest)| (whole, Some(rest)));
    let marks = thousands(whole, ',');
    let is_clear = marks > 1 || marks == 1 && (is_sure || decimals.is_some());
    if !is_clear || decimals.is_some_and(|d| d.contains(['.', ','])) {
        return None;
    }
    parse(&whole.replace(',', ""), decimals)
}

fn parse(whole: &str, decimals: Option<&str>) -> Option<f64> {
    decimals.map_or_else(|| whole.to_owned(), |decimals| format!("{whole}.{decimals}")).parse().ok()
}

/// Returns the number of thousands marks of a whole number; 0 unless all marks stand where they should.
fn thousands(whole: &str, mark: char) -> usize {
    let digits = whole.strip_prefix(['-', '+']).unwrap_or(whole);
    let mut groups = digits.split(mark);
    let are_digits = |group: &str| group.bytes().all(|b| b.is_ascii_digit());
    let first = groups
        .next()
        .is_some_and(|group| (1..=3).contains(&group.len()) && are_digits(group) && !group.starts_with('0'));
    if first && groups.all(|group| group.len() == 3 && are_digits(group)) {
        digits.matches(mark).count()
    } else {
        0
    }
}

pub(super) fn is_number(field: &[u8]) -> bool {
    std::str::from_utf8(field).is_ok_and(|text| text.trim().parse::<f64>().is_ok())
}

/// Parses a boolean, ignoring case, as 0 or 1.
pub(super) fn boolean(field: &[u8]) -> Option<f64> {
    let field = field.trim_ascii();
    if field.eq_ignore_ascii_case(b"true") {
        return Some(1.0);
    }
    field.eq_ignore_ascii_case(b"false").then_some(0.0)
}

/// Parses a finite number or a boolean.
pub(super) fn finite(field: &[u8], decimal: Decimal) -> Option<f64> {
    let number = |text: &str| match decimal {
        Decimal::Comma => decimal_comma(text),
        _ => {
            text.parse::<f64>().ok().or_else(|| with_thousands(text, decimal == Decimal::PointWithThousands))
        }
    };
    let found = std::str::from_utf8(field).ok().and_then(number);
    found.filter(|x| x.is_finite()).or_else(|| boolean(field))
}

/// Returns whether a text stands for a missing value.
pub(super) fn is_missing(text: &str) -> bool {
    text.is_empty() || MISSING.contains(&text.to_ascii_lowercase().as_str())
}

/// A column is text if at least this share of its values is not a number. Fewer are probably mistakes.
const TEXT_SHARE: f64 = 0.1;

/// Returns whether this share of texts among the values of a column suggests that they are mistakes.
pub(super) fn is_mistake(texts: u64, values: u64) -> bool {
    (texts as f64) < TEXT_SHARE * values as f64
}

/// Returns why a column, in which this is the first text that is no date, does not hold levels; None if it does. `dates` of
/// its `texts` are dates.
pub(super) fn not_levels(text: &str, dates: u64, texts: u64, values: u64) -> Option<String> {
    let found = shorten(text);
    if 2 * dates > texts {
        return Some(format!(
            "found '{found}', but a date such as 2024-01-31 is needed, as in {dates} of the {values} values of this column; correct \
             the others, use {} if all are levels, or leave the column out of {FEATURES}",
            CATEGORICAL.set()
        ));
    }
    let needed = format!("found '{found}', but a number is needed");
    if has_decimal_comma(text) {
        return Some(needed + &decimals());
    }
    if is_date(text.as_bytes()) {
        return Some(format!("{needed}; {DATES}"));
    }
    if !is_mistake(texts, values) {
        return None;
    }
    Some(format!(
        "{needed}, as in {} of the {values} values of this column; correct the others, use {} if all are levels, or leave the \
         column out of {FEATURES}",
        values - texts,
        CATEGORICAL.set()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_are_thousands_or_decimals() {
        let point = |text: &str| finite(text.as_bytes(), Decimal::Point);
        let sure = |text: &str| finite(text.as_bytes(), Decimal::PointWithThousands);
        let comma = |text: &str| finite(text.as_bytes(), Decimal::Comma);
        for (text, by_point, by_sure, by_comma) in [
            ("1234.5", Some(1234.5), Some(1234.5), None),
            ("1,234.5", Some(1234.5), Some(1234.5), None),
            ("-1,234,567", Some(-1_234_567.0), Some(-1_234_567.0), None),
            ("1,234", None, Some(1234.0), Some(1.234)),
            ("12,34", None, None, Some(12.34)),
            ("0,123", None, None, Some(0.123)),
            ("1.234,5", None, None, Some(1234.5)),
            ("1.234.567", None, None, Some(1_234_567.0)),
            // Not a thousand.
            ("0.123", Some(0.123), Some(0.123), None),
            ("1,23,456", None, None, None),
            ("1,,234", None, None, None),
            (",5", None, None, Some(0.5)),
            ("1,234.5.6", None, None, None),
            ("1e3", Some(1e3), Some(1e3), Some(1e3)),
            ("", None, None, None),
        ] {
            assert_eq!([point(text), sure(text), comma(text)], [by_point, by_sure, by_comma], "{text}");
        }
    }

    #[test]
    fn texts_are_utf_8_or_latin_1() {
        assert_eq!(text("Größe".as_bytes()), "Größe");
        assert_eq!(text(b"Gr\xf6\xdfe"), "Größe");
        assert_eq!(text(b"\x80\x8e\x9f\xa0\xff"), "€ŽŸ\u{a0}ÿ");
        assert_eq!(WINDOWS.chars().count(), 32);
    }
}
