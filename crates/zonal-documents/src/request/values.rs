//! Values of options: read from JSON, split where they were typed, and compared with their defaults.

use crate::error::{Error, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::fmt::Display;
use zonal_io::option::{OptionId, named};

/// Builds a request from the options in a JSON object; missing options have their defaults.
pub(super) fn read<T: Default + Serialize + DeserializeOwned>(options: Map<String, Value>) -> Result<T> {
    let mut all = object(&T::default());
    for (name, value) in options {
        let option = named(&name);
        let Some(default) = all.get(&name).cloned() else {
            let known = all.keys().map(String::as_str);
            let near =
                zonal::error::nearest(&name, known).map(|near| format!("; did you mean {}?", named(near)));
            let near = near.unwrap_or_default();
            return Err(Error::Usage(format!("{option} is not an option of this command{near}")));
        };
        all.insert(name.clone(), value.clone());
        let checked: std::result::Result<T, _> = serde_json::from_value(Value::Object(all.clone()));
        if let Err(error) = checked {
            all.insert(name, default);
            let (reason, value) = (error.to_string(), value.to_string().replace('"', "'"));
            // Most reasons quote the value themselves.
            let quoted = reason.contains(value.trim_matches('\''));
            let found = if quoted { option } else { format!("{option} is {value}") };
            return Err(Error::Usage(format!("{found}: {reason}")));
        }
    }
    serde_json::from_value(Value::Object(all)).map_err(|e| Error::Usage(e.to_string()))
}

fn object(request: &impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(request) {
        Ok(Value::Object(map)) => map,
        // Unreachable: a request is a struct of plain values.
        _ => Map::new(),
    }
}

/// Returns the names of the options that differ from their defaults.
pub(super) fn non_defaults<T: Default + Serialize>(request: &T) -> Vec<String> {
    let default = object(&T::default());
    object(request)
        .into_iter()
        .filter(|(name, value)| default.get(name) != Some(value))
        .map(|(name, _)| name)
        .collect()
}

/// Rejects a request that sets an excluded option together with `other`.
pub(super) fn reject_with<T: Default + Serialize>(
    request: &T,
    other: impl Display,
    excluded: impl Fn(&str) -> bool,
) -> Result<()> {
    match non_defaults(request).iter().find(|name| excluded(name)) {
        Some(name) => Err(Error::Usage(format!("{} cannot be used with {other}", named(name)))),
        None => Ok(()),
    }
}

/// Splits the text of an option at commas outside brackets.
pub(super) fn split_list(text: &str) -> Vec<String> {
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

/// Returns the values of an option that can be repeated, each split at commas outside brackets; empty if the option
/// is not set.
pub(super) fn split_values(values: &[String], option: OptionId) -> Result<Vec<String>> {
    let out: Vec<String> = values.iter().flat_map(|v| split_list(v)).collect();
    if out.is_empty() && !values.is_empty() {
        return Err(Error::Usage(format!(
            "{option} is empty; write a value, or several separated by commas"
        )));
    }
    Ok(out)
}

/// Parses the values of an option that can be repeated or separated by commas.
pub(super) fn parse_values<T>(
    values: &[String],
    option: OptionId,
    read: impl Fn(&str) -> std::result::Result<T, String>,
) -> Result<Vec<T>> {
    let one = |text: &String| read(text).map_err(|e| Error::Usage(format!("{option}: {e}")));
    split_values(values, option)?.iter().map(one).collect()
}

/// Splits the column names of the command line at commas outside brackets.
pub(super) fn split_names(names: &mut Vec<String>, option: OptionId) -> Result<()> {
    *names = split_values(names, option)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_split_outside_brackets() {
        assert_eq!(split_list("a, b(1,2),c,"), vec!["a", "b(1,2)", "c"]);
        assert!(split_list(" , ").is_empty());
    }
}
