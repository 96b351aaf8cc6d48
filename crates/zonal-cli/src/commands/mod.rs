//! The commands, one file each: arguments in, a job of `zonal-jobs`, its result printed.

pub(crate) mod analyze;
pub(crate) mod completions;
pub(crate) mod man;
pub(crate) mod plan;
pub(crate) mod predict;
pub(crate) mod report;
pub(crate) mod reproduce;
pub(crate) mod spectrum;
pub(crate) mod sq;
pub(crate) mod sweep;
pub(crate) mod train;

use std::path::PathBuf;
use zonal_documents::Error;

/// Fixes the number of threads for the whole process.
///
/// # Errors
/// When they have been started before.
pub fn set_threads(threads: usize) -> Result<(), rayon::ThreadPoolBuildError> {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build_global()
}

/// The most threads that may be asked for.
const MOST_THREADS: u16 = 1024;

/// Reads a number of threads.
pub(crate) fn threads(text: &str) -> Result<u16, String> {
    let number = text.parse().ok().filter(|n| (1..=MOST_THREADS).contains(n));
    number.ok_or_else(|| format!("'{text}' is not a whole number from 1 to {MOST_THREADS}"))
}

/// Reads the character between fields.
pub(crate) fn delimiter(text: &str) -> Result<char, String> {
    let mut chars = text.chars();
    match (text, chars.next(), chars.next()) {
        ("tab" | "\\t", ..) => Ok('\t'),
        (_, Some(c), None) => Ok(c),
        _ => Err("one character is needed, such as ';', or tab".to_owned()),
    }
}

/// The character between fields: the given one, or what the names of the files stand for.
///
/// # Errors
/// As [`zonal_io::source::default_delimiter`].
pub(crate) fn delimiter_of(given: Option<char>, files: &[&[PathBuf]]) -> Result<char, Error> {
    match given {
        Some(delimiter) => Ok(delimiter),
        None => Ok(zonal_io::source::default_delimiter(files.iter().copied().flatten())?),
    }
}

/// The values of an option that can be repeated, each split at commas outside brackets; none where it is not given.
///
/// # Errors
/// Where it is given without any.
pub(crate) fn lists(values: &[String], option: &str) -> Result<Vec<String>, Error> {
    let out: Vec<String> = values.iter().flat_map(|v| split_list(v)).collect();
    if out.is_empty() && !values.is_empty() {
        return Err(Error::Usage(format!(
            "{option} is empty; write a value, or several with commas between"
        )));
    }
    Ok(out)
}

/// The numbers of an option that can be repeated or have commas.
pub(crate) fn reals(texts: &[String], option: &str) -> Result<Vec<f64>, Error> {
    let read =
        |t: &String| zonal_documents::number::real(t).map_err(|e| Error::Usage(format!("{option}: {e}")));
    lists(texts, option)?.iter().map(read).collect()
}

/// The columns of --features, where it is given.
pub(crate) fn columns(values: &[String]) -> Result<Option<Vec<String>>, Error> {
    let names = lists(values, "--features")?;
    Ok((!names.is_empty()).then_some(names))
}

/// Splits an option's text at commas outside brackets.
pub(crate) fn split_list(text: &str) -> Vec<String> {
    let mut depth = 0i32;
    let mut out = vec![String::new()];
    for c in text.chars() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if c == ',' && depth == 0 {
            out.push(String::new());
        } else if let Some(last) = out.last_mut() {
            last.push(c);
        }
    }
    out.into_iter().map(|s| s.trim().to_owned()).filter(|s| !s.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn lists_are_split_outside_brackets() {
        assert_eq!(super::split_list("a, b(1,2),c,"), vec!["a", "b(1,2)", "c"]);
        assert!(super::split_list(" , ").is_empty());
    }
}
