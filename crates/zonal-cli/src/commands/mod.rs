//! The commands, one file each: arguments in, a job of `zonal-run`, its result printed.

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

/// Fixes the number of threads for the whole process.
///
/// # Errors
/// When they have been started before.
pub fn set_threads(threads: usize) -> Result<(), rayon::ThreadPoolBuildError> {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build_global()
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

/// The values of an option that can be repeated, each split at commas outside brackets.
pub(crate) fn lists(values: &[String]) -> Vec<String> {
    values.iter().flat_map(|v| split_list(v)).collect()
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
